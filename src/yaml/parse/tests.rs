//! Texts and the documents that they are parsed into. A document is shown in its `Debug` form: plain text as it is,
//! quoted text in quotes.

use super::*;
use crate::source::Sources;

fn read_all(text: &str) -> String {
    let sources = Sources::new();
    let source = sources.add("text.yaml", text).unwrap();
    match documents(&source) {
        Ok(documents) => {
            let shown: Vec<String> =
                documents.iter().map(|document| format!("{:?}", document.root)).collect();
            shown.join(" --- ")
        }
        Err(error) => {
            let place = sources.locate(error.span()).unwrap();
            format!("{} at {}:{}", error.code(), place.line, place.column)
        }
    }
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(read_all(text), *expected, "for {text:?}");
    }
}

#[test]
fn block_collections() {
    check(&[
        ("a: 1\nb:\n  c: x y\n", "{a: 1, b: {c: x y}}"),
        ("a:\n- 1\n- b: 2\n  c: 3\nd: 4\n", "{a: [1, {b: 2, c: 3}], d: 4}"),
        ("a:\n  - 1\n  -\n  - - x\n    - y\n", "{a: [1, , [x, y]]}"),
        ("a:\nb:\n", "{a: , b: }"),
        ("? a\n: b\n? c\n", "{a: b, c: }"),
        ("- a: {}\n- []\n", "[{a: {}}, []]"),
        ("a:\n|\n  text\n", r#"{a: "text\n"}"#),
        ("key with spaces   : v\n\"q\" : v\n", r#"{key with spaces: v, "q": v}"#),
        ("!!str : empty\n", r#"{!!Str "": empty}"#),
    ]);
}

#[test]
fn flow_collections() {
    check(&[
        ("{a: 1, 'b': [x, \"y\", ]}", r#"{a: 1, "b": [x, "y"]}"#),
        (r#"{"a":1,"b":{"c":null}}"#, r#"{"a": 1, "b": {"c": null}}"#),
        ("[a: b, c, ? d, ? e : f]", "[{a: b}, c, {d: }, {e: f}]"),
        ("{a, b: , ? c}", "{a: , b: , c: }"),
        ("{a:, b:c}", "{a:: , b:c: }"),
        ("[\n  one\n  two,\n# comment\n\tthree]", "[one two, three]"),
        ("{a: 1} and what follows is not read", "{a: 1}"),
    ]);
}

#[test]
fn plain_scalars() {
    check(&[
        ("a: b #c\n", "{a: b}"),
        ("a: b#c\n", "{a: b#c}"),
        ("a: http://x:1/y\n", "{a: http://x:1/y}"),
        ("a: b\n  c\n\n  d\ne: f\n", "{a: b c\nd, e: f}"),
        ("a: -x\nb: ?x\nc: :x\n", "{a: -x, b: ?x, c: :x}"),
        ("a:\tb\n", "{a: b}"),
    ]);
}

#[test]
fn quoted_scalars() {
    check(&[
        ("a: 'it''s'\n", r#"{a: "it's"}"#),
        ("a: \"\\x41\\u00e9\\U0001F600\\t\\\n   b\"\n", r#"{a: "Aé😀\tb"}"#),
        ("a: 'one\n  two\n\n  three'\n", r#"{a: "one two\nthree"}"#),
        ("a: \"b\"#c\n", r#"{a: "b"}"#),
    ]);
}

#[test]
fn block_scalars_with_every_chomping() {
    check(&[
        ("a: |\n  x\n   y\n\n", r#"{a: "x\n y\n"}"#),
        ("a: |-\n  x\n\n", r#"{a: "x"}"#),
        ("a: |+\n  x\n\nb: 1\n", r#"{a: "x\n\n", b: 1}"#),
        ("a: >\n  x\n  y\n\n  z\n    w\n", r#"{a: "x y\nz\n  w\n"}"#),
        ("a: |2-\n   x\n", r#"{a: " x"}"#),
        ("a: |1+ # comment\n x\n", r#"{a: "x\n"}"#),
        ("a: |\nb: 1\n", r#"{a: "", b: 1}"#),
        ("- |\n x", r#"["x"]"#),
    ]);
}

#[test]
fn documents_and_directives() {
    check(&[
        ("a: 1\n---\nb: 2\n--- # next\n\n---\nc: 3\n", "{a: 1} --- {b: 2} --- {c: 3}"),
        ("---\na: 1\n---\n", "{a: 1}"),
        ("a: 1\n...\nb: 2\n", "{a: 1}"),
        ("# nothing\n", ""),
        ("null\n---\n~\n", ""),
        ("%YAML 1.1\n---", ""),
        ("a: |\n  --- no separator\n  x\n", r#"{a: "--- no separator\nx\n"}"#),
        ("\u{feff}a: 1\n", "{a: 1}"),
        ("a: 1\r\nb: |\r\n  x\r\n  y\r\n---\r\nc: 2\r\n", r#"{a: 1, b: "x\ny\n"} --- {c: 2}"#),
    ]);
}

#[test]
fn anchors_aliases_and_merge_keys() {
    check(&[
        ("a: &x [1]\nb: *x\n", "{a: [1], b: [1]}"),
        ("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "{a: 1, b: 1, c: 2, d: 2}"),
        ("&k a: 1\nb: *k\n*k : 2\n", "{a: 1, b: a, a: 2}"),
        ("a: &x\n  p: 1\n  q: 2\nb:\n  <<: *x\n  q: 3\n", "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}"),
        (
            "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n",
            "{a: {p: 1}, b: {p: 2, q: 2}, c: {p: 1, q: 2}}",
        ),
        ("a: {'<<': {b: 1}}\n", "{a: {}}"),
        ("!!map &a\n&b k: v\n", "{k: v}"),
    ]);
}

#[test]
fn a_merge_key_of_configuration_wins_over_what_stands_before_it() {
    for (text, expected) in [
        ("a: 1\n<<: {a: 2, b: 2}\nc: 3\n", "{a: 2, b: 2, c: 3}"),
        ("<<: {a: 2, b: 2}\na: 1\n", "{a: 1, b: 2}"),
        ("<<: [{a: 1}, {a: 2, b: 2}]\n", "{a: 1, b: 2}"),
        ("<<: {a: 1}\n<<: {a: 2}\n", "{a: 2}"),
        ("a: 1\n<<: {a: 2, <<: {a: 3}}\n", "{a: 3}"),
        ("'<<': {a: 1}\n", "{\"<<\": {a: 1}}"),
        ("<<: {a: 1}\na: 2\na: 3\n", "{a: 2, a: 3}"),
    ] {
        let source = Sources::new().add("text.yaml", text).unwrap();
        assert_eq!(format!("{:?}", document(&source).unwrap().unwrap().root), expected, "{text}");
    }
}

#[test]
fn a_comment_behind_empty_lines_makes_them_one_more() {
    check(&[
        ("a: |+\n  x\n\n# c\n", r#"{a: "x\n\n\n"}"#),
        ("a:\n- >+\n  x\n\n # c\n", r#"{a: ["x\n\n\n"]}"#),
        ("a: |+\n  x\n\n", r#"{a: "x\n\n"}"#),
        ("a: |\n  x\n\n# c\n", r#"{a: "x\n"}"#),
        ("a: |+\n  x\n\nb: 1\n# c\n", r#"{a: "x\n\n", b: 1}"#),
        ("a: \"x\\n\\n\"\n# c\n", r#"{a: "x\n\n"}"#),
    ]);
}

#[test]
fn line_ends_of_resources() {
    check(&[
        ("a: |\n  x\r\r\n  y\n", r#"{a: "x\ny\n"}"#),
        ("a: |\n  x\r\r\r\n  y\n", r#"{a: "x\n\ny\n"}"#),
        ("a: 'x\r\r\n  y'\n", r#"{a: "x y"}"#),
    ]);
}

#[test]
fn tags() {
    check(&[
        ("a: !!str 1\n", r#"{a: !!Str "1"}"#),
        ("a: ! 1\n", "{a: 1}"),
        ("a: !custom 1\n", r#"{a: !!Other "1"}"#),
        ("a: !<tag:yaml.org,2002:int> '1'\n", r#"{a: !!Int "1"}"#),
        ("%TAG !k! tag:yaml.org,2002:\n---\na: !k!bool x\n", "malformed-yaml at 2:1"),
        ("a: !k!bool x\n", "malformed-yaml at 1:4"),
    ]);
}

#[test]
fn what_is_refused_has_its_place() {
    check(&[
        ("a: b: c\n", "malformed-yaml at 1:5"),
        ("a:\n  b: 1\n c: 2\n", "malformed-yaml at 3:2"),
        ("a\nb: 1\n", "malformed-yaml at 2:2"),
        ("a: 1\nb\n", "malformed-yaml at 2:1"),
        ("a:\n\tb: 1\n", "malformed-yaml at 2:1"),
        ("a: 'open\n", "malformed-yaml at 1:4"),
        ("a: [1, 2\nb: 3\n", "malformed-yaml at 2:2"),
        ("a: {b\n", "malformed-yaml at 1:4"),
        ("a: @x\n", "malformed-yaml at 1:4"),
        ("a: - b\n", "malformed-yaml at 1:4"),
        ("a: \"\\q\"\n", "malformed-yaml at 1:5"),
        ("a: |x\n", "malformed-yaml at 1:5"),
        ("a: \u{7}\n", "malformed-yaml at 1:4"),
        ("a: *x\n", "unknown-anchor at 1:4"),
        ("a: &x [*x]\n", "anchor-cycle at 1:8"),
        ("a: {<<: 1}\n", "invalid-merge at 1:5"),
        ("a: &a [{b: 1}]\nc: {<<: *a}\n", "invalid-merge at 2:5"),
        ("a: &a [{b: 1}]\nc:\n  <<: [*a]\n", "invalid-merge at 3:3"),
        ("a: &a []\nc:\n  <<: *a\n", "invalid-merge at 3:3"),
        ("{[a], b: c}\n", "invalid-key at 1:2"),
        ("a: 1\n[b]\n", "invalid-key at 2:1"),
        ("a: [b]: c\n", "invalid-key at 1:4"),
        ("[a,\n b]: c\n", "invalid-key at 1:1"),
        ("{{ a }}: b\n", "invalid-key at 1:2"),
        ("a: 1\n--- b\n", "malformed-yaml at 2:5"),
        ("{{ template }}\n", "invalid-key at 1:2"),
    ]);
}

#[test]
fn keys_that_are_collections_are_kept_until_they_are_written() {
    check(&[
        ("? [a]\n: 1\n", r#"{!!Seq "": 1}"#),
        ("{[a]: 1, b: [{c: d}: e, f]}\n", r#"{!!Seq "": 1, b: [{!!Map "": e}, f]}"#),
        ("[a, {b: c}]: d\ne: f\n", r#"{!!Seq "": d, e: f}"#),
        (
            "a: b\n{c: d}:\n  - [e]: [f]\n    g: h\ni: j\n",
            r#"{a: b, !!Map "": [{!!Seq "": [f], g: h}], i: j}"#,
        ),
        ("a: &x [b]\n*x : c\n", r#"{a: [b], !!Seq "": c}"#),
        ("a:\n  []: {}\n  b: c\n", r#"{a: {!!Seq "": {}, b: c}}"#),
    ]);
    let source = Sources::new().add("k.yaml", "[a]: b\n").unwrap();
    assert_eq!(document(&source).unwrap_err().code(), Code::InvalidKey);
}

#[test]
fn configuration_is_the_first_document() {
    let sources = Sources::new();
    let read = |text: &str| document(&sources.add("k.yaml", text).unwrap()).unwrap();
    assert_eq!(format!("{:?}", read("a: 1\n---\nb: 2\n").unwrap().root), "{a: 1}");
    assert_eq!(
        format!(
            "{:?}",
            read("%YAML 1.1\n%TAG !k! tag:yaml.org,2002:\n---\na: !k!str 1\n").unwrap().root
        ),
        r#"{a: !!Str "1"}"#
    );
    assert!(read("# comment\n---\n---\nb: 2\n").is_none());
}

/// The text that each comment belongs to.
fn commented(text: &str) -> Vec<String> {
    let sources = Sources::new();
    sources.add("before.yaml", "a: b\n").unwrap();
    let source = sources.add("c.yaml", text).unwrap();
    let documents = documents(&source).unwrap();
    let place = |comment: &Comment| sources.locate(comment.node).unwrap().range;
    let comments = documents.iter().flat_map(|document| &document.comments);
    comments.map(|comment| source.text()[place(comment)].to_owned()).collect()
}

#[test]
fn comments_that_look_like_json_are_kept_with_what_they_belong_to() {
    for (text, nodes) in [
        ("a: 1 # {x}\n# plain\nc: 2\n", &["1"][..]),
        ("a: # {x}\n- 1\n", &["a"]),
        ("a : #{x}\n  b: 1\n", &["a"]),
        ("? a # {x}\n: - 1\n", &["a"]),
        ("a: [1,\n  2] # {x}\n", &["[1,\n  2]"]),
        ("a: [[1]] # {x}\n", &["[[1]]"]),
        ("- 1 # {x}\n- 2\n", &["1"]),
        ("## {x}\na: 1\n", &["a"]),
        ("  # {x}\na: 1\n", &["a"]),
        ("b: 1\n---\n  # {x}\na: 1\n", &["a"]),
        ("b: 1\n  # {x}\na: 1\n", &["a"]),
        ("b:\n- 1\n# {x}\na: 1\n", &["a"]),
        ("- {b: 1}\n  # {x}\n- a: 1\n", &["a: 1"]),
        ("b:\n  c: 1\n# {x}\na: 1\n", &["a"]),
        ("b:\n# {x}\n  c: 1\n", &["c"]),
        ("# {x}\n# more\na: 1\n", &["a"]),
        ("# {x}\n- a: 1\n  b: 2\n", &["a: 1\n  b: 2"]),
        ("a: # {x}\n# {y}\n- 1\n", &["a", "1"]),
        // After an anchor the comment goes to the next scalar.
        ("a: &b # {x}\n- 1\n", &["1"]),
        // In order: not the first line of its block, an empty line below it, after a key with a comment of its own, a
        // comment of the node above.
        ("# more\n# {x}\na: 1\n", &[]),
        ("# {x}\n\na: 1\n", &[]),
        ("# {x}\na: # more\n- 1\n", &[]),
        ("b:\n  c: 1\n  # {x}\na: 1\n", &[]),
        ("b:\n    c: 1\n  # {x}\na: 1\n", &[]),
        ("- b: 1\n  # {x}\n- a: 1\n", &[]),
        ("a: [ # {x}\n  1]\n", &[]),
        ("a: 1\n# {x}\n", &[]),
    ] {
        assert_eq!(commented(text), nodes, "{text}");
    }
}

#[test]
fn spans_name_the_text() {
    let sources = Sources::new();
    let source = sources.add("s.yaml", "a:\n  - 'b'\n  - {c: d}\n").unwrap();
    let root = document(&source).unwrap().unwrap().root;
    let text = |node: &Node| {
        let place = sources.locate(node.span()).unwrap();
        source.text()[place.range].to_owned()
    };
    let list = root.get("a").unwrap();
    assert_eq!(text(&list.as_sequence().unwrap().items()[0]), "'b'");
    assert_eq!(text(&list.as_sequence().unwrap().items()[1]), "{c: d}");
    assert_eq!(text(list), "- 'b'\n  - {c: d}");
    assert_eq!(text(&root), "a:\n  - 'b'\n  - {c: d}");
}

#[test]
fn a_document_made_to_explode_ends_at_once() {
    let levels = (1..40).map(|level| {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        format!("a{level}: &a{level} [{aliases}]\n")
    });
    let text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned() + &levels.collect::<String>();
    assert!(read_all(&text).starts_with("alias-expansion at 7:"), "{}", read_all(&text));
}

#[test]
fn deep_nesting_ends_in_an_error_on_a_small_stack() {
    let body = || {
        let deep = |open: &str, count: usize| read_all(&open.repeat(count));
        assert_eq!(deep("[", 10_001), "nesting-too-deep at 1:10001");
        assert_eq!(deep("- ", 10_001), "nesting-too-deep at 1:20001");
        assert!(deep("- ", 9_999).starts_with("[["));
    };
    std::thread::Builder::new().stack_size(8 << 20).spawn(body).unwrap().join().unwrap();
    let parse_only = || {
        let sources = Sources::new();
        let text = format!("{}1{}", "{a: [".repeat(4_999), "]}".repeat(4_999));
        let source = sources.add("deep.yaml", text).unwrap();
        assert_eq!(documents(&source).unwrap().len(), 1);
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(parse_only).unwrap().join().unwrap();
}
