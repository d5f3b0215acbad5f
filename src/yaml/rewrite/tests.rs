//! What documents are when they are written anew.

use super::*;
use crate::yaml::Kind;

fn rewritten(text: &str) -> String {
    let source = Source::detached(text);
    let root = parse::document(&source).unwrap().unwrap().root;
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
    ]);
}

#[test]
fn tags_stay_and_what_cannot_be_written_is_refused() {
    check(&[
        ("a: !Ref b\nc: !!str 5\n", "a: !Ref b\nc: !!str 5\n"),
        ("a: !list\n- x\n", "a: !list\n- x\n"),
        ("a: &x 1\nb: *x\n", "not-supported-yet"),
        ("<<: {a: 1}\n", "not-supported-yet"),
        ("? a\n: b\n", "not-supported-yet"),
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
            let root = parse::document(&source).unwrap().unwrap().root;
            assert_eq!(root.kind(), Kind::Sequence);
            let mut out = String::new();
            rewrite(&root, &source, &mut out).unwrap();
            assert_eq!(out.trim_end(), text.trim_end());
        }
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
}
