//! Documents before and after they are written again.

use super::*;
use crate::yaml::Kind;

fn rewritten(text: &str) -> String {
    let source = Source::detached(text);
    let root = as_written(&source).unwrap().unwrap();
    let mut out = String::new();
    match rewrite(&root, &source, &mut out) {
        Ok(()) => out,
        Err(error) => error.code().to_string(),
    }
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(rewritten(text), *expected, "{text}");
    }
}

#[test]
fn styles_stay_and_indentation_does_not() {
    check(&[
        ("a:   1\n", "a: 1\n"),
        ("a:\n    b: 'x'\n    c: \"y\"\n", "a:\n  b: 'x'\n  c: \"y\"\n"),
        ("a:\n  - x\n  -   b: 1\n      c: 2\n", "a:\n- x\n- b: 1\n  c: 2\n"),
        ("- - a\n  - b\n-\n  - c\n", "- - a\n  - b\n- - c\n"),
        ("a: { b : 1,c: [ x,y ] }\n", "a: {b: 1, c: [x, y]}\n"),
        ("a: |\n    x\n     y\n\nb: >-\n  f\n  g\n", "a: |\n  x\n   y\nb: >-\n  f g\n"),
        ("a: |+\n  x\n\n", "a: |+\n  x\n\n"),
        ("a:\nb: ~\nc: ''\n", "a:\nb: ~\nc: ''\n"),
        ("a: \"tab\\t\\u00e9\\x07\"\n", "a: \"tab\\té\\a\"\n"),
        ("---\na: 1\n---\nb: 2\n", "a: 1\n"),
    ]);
}

#[test]
fn comments_stay_with_what_they_are_about() {
    check(&[
        ("# head\na: 1 # line\n# foot\n\nb: 2\n", "# head\na: 1 # line\n# foot\n\nb: 2\n"),
        ("# document\n\n# key\na: 1\n", "# document\n\n# key\na: 1\n"),
        (
            "a: # about the list\n- x # first\n# second\n- y\n",
            "a: # about the list\n- x # first\n# second\n- y\n",
        ),
        ("a:\n    # inner\n    b: 1\n    # end\nc: 2\n", "a:\n  # inner\n  b: 1\n  # end\nc: 2\n"),
        ("a: |  # block\n  # text\n", "a: | # block\n  # text\n"),
        ("a: [x, # first\n  y]\n", "a: [x, # first\n  y]\n"),
        ("a: 1\n\n\nb: 2\n# end\n", "a: 1\nb: 2\n# end\n"),
        ("\u{feff}# head\na: 1 # line\n", "# head\na: 1 # line\n"),
    ]);
}

#[test]
fn tags_anchors_and_aliases_stay() {
    check(&[
        ("a: !Ref b\nc: !!str 5\n", "a: !Ref b\nc: !!str 5\n"),
        ("a: !list\n- x\n", "a: !list\n- x\n"),
        ("a: !<tag:yaml.org,2002:int> 1\nb: ! 2\n", "a: !!int 1\nb: 2\n"),
        ("a: &x 1\nb: *x\n", "a: &x 1\nb: *x\n"),
        ("a:   &x   # c\n    k: v\nb: *x # d\n", "a: &x\n  k: v # c\nb: *x # d\n"),
        ("a: !t &x [y]\nb: [*x, *x]\n", "a: &x !t [y]\nb: [*x, *x]\n"),
        ("- &a\n- *a\n- &b !t\n- &c\n  - d\n", "- &a\n- *a\n- &b !t\n- &c\n  - d\n"),
        ("&r\n&k a: 1\n", "&r\n&k a: 1\n"),
        ("a: &k x\n*k : y\n", "a: &k x\n*k: y\n"),
        (
            "# c\n\n# head\na: &x\n  # b\n  b: 1\n# d\nd: *x\n",
            "# c\n\n# head\na: &x\n  # b\n  b: 1\n# d\nd: *x\n",
        ),
    ]);
}

#[test]
fn merge_keys_stay_as_go_yaml_writes_them() {
    check(&[
        ("a: &x {k: 1}\nb:\n  <<: *x\n  l: 2\n", "a: &x {k: 1}\nb:\n  !!merge <<: *x\n  l: 2\n"),
        ("a: &x {k: 1}\nb: {<<: [*x], k: 2}\n", "a: &x {k: 1}\nb: {!!merge <<: [*x], k: 2}\n"),
        ("'<<': {a: 1}\n", "'<<': {a: 1}\n"),
    ]);
}

#[test]
fn keys_behind_question_marks_stay_where_they_need_them() {
    check(&[
        ("? a\n: b\n? c # d\n", "a: b\nc: # d\n"),
        ("? [a, b]\n: c\n", "? [a, b]\n: c\n"),
        ("? - a\n  - b\n: - c\n", "? - a\n  - b\n: - c\n"),
        ("? {a: 1}\n: &x\n  b: {? [c] : d}\n", "? {a: 1}\n: &x\n  b: {? [c] : d}\n"),
        ("{}: a\n", "{}: a\n"),
        ("? |\n  a\n  b\n: c\n", "? |\n  a\n  b\n: c\n"),
        ("[? a : b, c: d]\n", "[{a: b}, {c: d}]\n"),
    ]);
}

#[test]
fn directives_go_and_their_tags_are_written_out() {
    check(&[
        ("%YAML 1.1 # c\n---\na: 1\n", "a: 1\n"),
        (
            "%TAG !e! tag:example.com,2026:\n%TAG ! !local-\n---\na: !e!x y\nb: !z c\n",
            "a: !<tag:example.com,2026:x> y\nb: !local-z c\n",
        ),
    ]);
}

#[test]
fn text_of_a_type_is_written_with_the_tag_that_it_needs() {
    let number = Scalar::parsed("5", Tag::None, Style::Plain, Span::NONE);
    let string = Scalar::parsed("x", Tag::None, Style::Plain, Span::NONE);
    let set = Scalar::untagged("x", Span::NONE);
    for (old, new, expected) in [
        (&number, "6", "6\n"),
        (&number, "x", "!!int x\n"),
        (&string, "6", "\"6\"\n"),
        (&string, "y", "y\n"),
        (&set, "6", "6\n"),
    ] {
        let mut out = String::new();
        rewrite(&old.with_text(new, Span::NONE).into(), &Source::detached(""), &mut out).unwrap();
        assert_eq!(out, expected);
    }
}

#[test]
fn depth_costs_no_stack() {
    let body = || {
        for text in ["- ".repeat(5000) + "x\n", "[".repeat(5000) + &"]".repeat(5000)] {
            let source = Source::detached(&text);
            let root = as_written(&source).unwrap().unwrap();
            assert_eq!(root.kind(), Kind::Sequence);
            let mut out = String::new();
            rewrite(&root, &source, &mut out).unwrap();
            assert_eq!(out.trim_end(), text.trim_end());
        }
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
}
