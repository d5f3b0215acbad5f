use proptest::prelude::*;

use super::*;
use crate::source::Sources;
use crate::yaml::analysis::{analyze, is_plain_in_one_look};
use crate::yaml::sample::{document, drawn};

/// The output for a document, or the errors.
fn printed(text: &str) -> String {
    let sources = Sources::new();
    let mut out = String::from("before\n");
    match emit(&document(&sources, text).unwrap(), &mut out) {
        Ok(()) => out["before\n".len()..].to_owned(),
        Err(error) => {
            assert_eq!(out, "before\n");
            drawn(&error, &sources)
        }
    }
}

/// The output after `k: ` for a value.
fn value(scalar: Scalar) -> String {
    let root = Node::mapping(vec![(Scalar::string("k", Span::NONE), scalar.into())], Span::NONE);
    let mut out = String::new();
    match emit(&root, &mut out) {
        Ok(()) => out["k:".len()..].trim_start_matches(' ').trim_end_matches('\n').to_owned(),
        Err(error) => format!("{}: {}", error.code(), error.message()),
    }
}

fn string(text: &str) -> String {
    value(Scalar::parsed(text, Tag::None, Style::DoubleQuoted, Span::NONE))
}

#[test]
fn collections_are_blocks_and_keys_are_sorted() {
    let text = "
b: {y: [1, [2, 3], {d: 4, c: 5}], x: {}}
a:
- []
- - - deep
- k: v
  j:
  - l
c: text
";
    let expected = "
a:
- []
- - - deep
- j:
  - l
  k: v
b:
  x: {}
  \"y\":
  - 1
  - - 2
    - 3
  - c: 5
    d: 4
c: text
";
    assert_eq!(printed(text), expected[1..]);
}

#[test]
fn a_document_may_be_anything() {
    assert_eq!(printed("{}"), "{}\n");
    assert_eq!(printed("[]"), "[]\n");
    assert_eq!(printed("- a: 1\n- b"), "- a: 1\n- b\n");
    assert_eq!(printed("text"), "text\n");
    assert_eq!(printed("|\n  a\n  b\n"), "|\n  a\n  b\n");
    assert_eq!(printed("''"), "\"\"\n");
}

#[test]
fn values_are_typed_by_v3_and_quoted_for_yaml_1_1() {
    let table = [
        ("~", "null"),
        ("True", "true"),
        ("yes", "\"yes\""),
        ("0777", "511"),
        ("0o17", "15"),
        ("1_000", "1000"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("1.0", "1"),
        ("-0.0", "0"),
        ("1e6", "1000000"),
        ("1e19", "10000000000000000000"),
        ("1e20", "1e+20"),
        ("-1e19", "-1e+19"),
        ("123456.5", "123456.5"),
        ("1234567.5", "1.2345675e+06"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("1e-7", "1e-07"),
        ("2001-12-14t21:59:43.10-05:00", "\"2001-12-14T21:59:43.1-05:00\""),
        ("1:30", "\"1:30\""),
        ("1e400", "1e400"),
        ("<<", "<<"),
        ("'1'", "\"1\""),
        ("!!str 1", "\"1\""),
        ("!!float 1", "1"),
        ("!!binary aGk=", "hi"),
        ("!other 1", "\"1\""),
    ];
    for (text, expected) in table {
        assert_eq!(printed(&format!("k: {text}")), format!("k: {expected}\n"), "{text}");
    }
}

#[test]
fn strings_take_the_form_that_v2_chooses() {
    let table = [
        ("", r#""""#),
        ("plain text", "plain text"),
        ("--flag=a:b", "--flag=a:b"),
        ("- a", "'- a'"),
        ("-", "'-'"),
        ("---", "'---'"),
        ("...a", "'...a'"),
        (" a", "' a'"),
        ("a ", "'a '"),
        ("a: b", "'a: b'"),
        ("a:", "'a:'"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("?a", "?a"),
        ("? a", "'? a'"),
        ("[a]", "'[a]'"),
        ("it's", "it's"),
        ("'it''s'", "'''it''''s'''"),
        ("a\tb", r#""a\tb""#),
        ("a\rb", r#""a\rb""#),
        ("é\u{A0}あ", "é\u{A0}あ"),
        ("😀", r#""\U0001F600""#),
        ("\0\u{7}\u{1B}\u{1}\"\\ ", r#""\0\a\e\x01\"\\ ""#),
        ("\u{FEFF} a", r#""\uFEFF\x20\x61""#),
        ("a\u{FEFF}", r#""a\uFEFF""#),
        ("a\u{2028}b", "'a\u{2028}  b'"),
        ("a \u{2028}b", r#""a \Lb""#),
        ("a\nb", "|-\n  a\n  b"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\n\n", "|+\n  a\n"),
        ("\n", "|2+\n"),
        ("\n a", "|2-\n\n   a"),
        ("a \nb", r#""a \nb""#),
        ("a\n\tb", r#""a\n\tb""#),
        ("a\nb ", r#""a\nb ""#),
        ("a\nb\u{2028}c", "|-\n  a\n  b\u{2028}  c"),
    ];
    for (text, expected) in table {
        assert_eq!(string(text), expected.trim_end_matches('\n'), "{text:?}");
    }
}

#[test]
fn lines_fold_behind_the_80th_column() {
    // After `k: ` this ends in column 78.
    let words = "word ".repeat(15);
    let table = [
        (format!("{words}12 a b"), format!("{words}12 a\n  b")),
        (format!("{words}123 a b"), format!("{words}123\n  a b")),
        (format!("{words}é2 a b"), format!("{words}é2 a\n  b")),
        (format!("{words}123  a b"), format!("{words}123  a\n  b")),
        (format!("{words}1- #"), format!("'{words}1-\n  #'")),
        (format!("- {words}- '#"), format!("'- {words}-\n  ''#'")),
        (format!("\t{words}12  a"), format!("\"\\t{words}12\n  \\ a\"")),
        (format!("\t{words}12 "), format!("\"\\t{words}12 \"")),
    ];
    for (text, expected) in table {
        assert_eq!(string(&text), expected);
    }
    let words = "word ".repeat(14);
    let long = format!("[[[{{k: {words}12 a b}}]]]");
    assert_eq!(printed(&long), format!("- - - k: {words}12\n        a b\n"));
}

#[test]
fn long_keys_and_keys_of_several_lines_stand_alone() {
    let long = "k".repeat(129);
    let text =
        format!("{long}: 1\nj{long}: {{a: b}}\ni{long}: [a, b]\n\"a\\nb\\n\": 1\n\"a\\rb\": []\n");
    let expected = format!(
        "? |\n  a\n  b\n: 1\n? \"a\\rb\"\n: []\n? i{long}\n: - a\n  - b\n? j{long}\n: a: b\n? {long}\n: 1\n"
    );
    assert_eq!(printed(&text), expected);
}

#[test]
fn keys_are_quoted_as_values_are_and_never_folded() {
    let words = "word ".repeat(20);
    let text = format!("'on': 1\n'a: b': 2\n\"a\\tb\": 3\n'': 4\n{words}: 5\n? 'a#{words}'\n: 6\n");
    let expected = format!(
        "\"\": 4\n\"a\\tb\": 3\n'a#{words}': 6\n'a: b': 2\n\"on\": 1\n{}: 5\n",
        words.trim_end()
    );
    assert_eq!(printed(&text), expected);
}

#[test]
fn what_v3_does_not_read_back_changes() {
    // A folded text gains a line break above lines that are indented more.
    assert_eq!(printed("k: >\n  a\n\n    b\n"), "k: |\n  a\n\n\n    b\n");
    // An empty value of a flow collection becomes a string, as does a time with colons.
    assert_eq!(
        printed("k: [~, {a: , b: }, 2001-01-01 1:2:3]"),
        "k:\n- null\n- a: \"\"\n  b: \"\"\n- \"2001-01-01 1:2:3\"\n"
    );
    // So does an empty key.
    assert_eq!(printed("k: {? : 1}"), "k:\n  \"\": 1\n");
    let tab = value(Scalar::parsed("\ta\n", Tag::Str, Style::Literal, Span::NONE));
    assert_eq!(tab, "unrepresentable-value: text of several lines begins with a tab");
    assert_eq!(
        value(Scalar::parsed("\ta\n ", Tag::Str, Style::Literal, Span::NONE)),
        r#""\ta\n ""#
    );
}

#[test]
fn what_json_leaves_for_v2_to_read_changes() {
    assert_eq!(string("a \u{85} b"), "a b");
    assert_eq!(string("a\u{85}\u{85}b\u{85}"), "\"a\\nb \"");
    assert_eq!(string("\u{85}"), "' '");
    assert!(string("a\u{85}--- b").starts_with("unrepresentable-value"));
    assert_eq!(string("a\u{85}---"), "a ---");
    assert_eq!(
        string("a\u{7F}"),
        "unrepresentable-value: the text holds U+007F, which YAML does not allow"
    );
}

#[test]
fn an_untagged_scalar_means_what_its_text_says() {
    assert_eq!(value(Scalar::untagged("1e5", Span::NONE)), "100000");
    assert_eq!(value(Scalar::string("1e5", Span::NONE)), "\"1e5\"");
    assert_eq!(value(Scalar::untagged("a: b", Span::NONE)), "'a: b'");
    assert_eq!(value(Scalar::untagged("a\nb\n", Span::NONE)), "|\n  a\n  b");
}

#[test]
fn keys_at_the_top_are_text_and_never_null() {
    assert_eq!(
        printed("1.0: a\ntrue: b\n!!null '': c\n2001-01-01: d\n!!binary eA==: e"),
        "\"1.0\": a\n\"2001-01-01\": d\n\"true\": b\nx: e\n"
    );
    for key in ["~", "null", "!!null x"] {
        assert!(printed(&format!("a: 1\n{key}: 2")).starts_with("2:"), "{key}");
    }
    assert_eq!(printed("2001-1-1T1:2:3+24:00: a"), "\"2001-1-1T1:2:3+24:00\": a\n");
}

#[test]
fn a_merge_key_that_an_edit_wrote_merges() {
    let entry = |key: &str, value: Node| (Scalar::untagged(key, Span::NONE), value);
    let text = |text: &str| Node::from(Scalar::string(text, Span::NONE));
    let mapping = |entries| Node::mapping(entries, Span::NONE);
    let first = mapping(vec![entry("a", text("1")), entry("b", text("first"))]);
    let second = mapping(vec![
        entry("b", text("2")),
        entry("c", text("3")),
        entry("<<", mapping(vec![entry("d", text("4"))])),
    ]);
    let list = Node::sequence(vec![first, second], Span::NONE);
    let mut out = String::new();
    emit(&mapping(vec![entry("<<", list), entry("a", text("own"))]), &mut out).unwrap();
    assert_eq!(out, "a: own\nb: first\nc: \"3\"\nd: \"4\"\n");
    let error = emit(&mapping(vec![entry("<<", text("x"))]), &mut out).unwrap_err();
    assert_eq!(error.code(), Code::InvalidMerge);
}

#[test]
fn failures_name_their_place_and_what_to_do() {
    let table = [
        (
            "a:\n  x: 1\n  y: 2\n  'x': 3\n",
            "4:3 duplicate-key: the mapping has the key `x` twice (remove one of them, or give it another name) [2:3 the first one]",
        ),
        (
            "a: {1: b}",
            "1:5 invalid-key: the mapping key `1` is an integer, and only strings can be keys (put it in quotes: `\"1\"`)",
        ),
        (
            "a:\n  ~: b\n",
            "2:3 invalid-key: the mapping key `~` is null, and only strings can be keys (put it in quotes: `\"~\"`)",
        ),
        (
            "a: .inf",
            "1:4 unrepresentable-value: `.inf` is a number that JSON has no form for (put it in quotes if it is a string: `\".inf\"`)",
        ),
        (
            "a: !!int x",
            "1:10 invalid-value: found `x`, expected an integer (correct the value, or remove the tag `!!int`)",
        ),
        (
            "a: \"\\x7f\"",
            "1:4 unrepresentable-value: the text holds U+007F, which YAML does not allow (remove that character, or keep the content encoded in base64)",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(printed(text), expected);
    }
    let long = format!("? {}\n: 1\n", "k".repeat(1023));
    assert!(printed(&long).starts_with("1:3 unrepresentable-value: the mapping key `kkk"));
    assert!(printed(&format!("? {}\n: 1\n", "k".repeat(1022))).starts_with("? kkk"));
}

#[test]
fn depth_costs_no_stack() {
    let body = || {
        let mut node = Node::from(Scalar::untagged("x", Span::NONE));
        for depth in 0..MAX_DEPTH {
            let (key, other) =
                (Scalar::untagged("k", Span::NONE), Scalar::untagged("j", Span::NONE));
            node = match depth % 3 {
                0 => Node::sequence(vec![node], Span::NONE),
                1 => Node::mapping(vec![(key, node)], Span::NONE),
                _ => Node::mapping(vec![(key, node), (other.clone(), other.into())], Span::NONE),
            };
        }
        let mut out = String::new();
        emit(&node, &mut out).unwrap();
        assert!(out.starts_with("- j: j\n  k:\n    k:\n"));
        let deeper = Node::sequence(vec![node], Span::NONE);
        assert_eq!(emit(&deeper, &mut out).unwrap_err().code(), Code::NestingTooDeep);
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
}

/// Text that exercises the choice of styles: blanks, line breaks, indicators, words of other types, and characters
/// beyond ASCII.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,9}",
        3 => "[ \n:#-]{1,2}",
        1 => prop::sample::select(vec!["yes", "~", "1e3", "0x1F", "2001-01-01", "1:30", ".5", "'", "\"", "\\", "\t", "\r", "[", "é", "あ", "😀", "\u{A0}", "\u{FEFF}", "\u{2028}", "\0"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// A document whose scalars are quoted strings, so that each value is the text itself.
fn tree() -> impl Strategy<Value = Node> {
    let quoted = |text: &str| Scalar::parsed(text, Tag::None, Style::DoubleQuoted, Span::NONE);
    text().prop_map(move |text| Node::from(quoted(&text))).prop_recursive(5, 40, 5, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..5)
            .prop_map(|items| Node::sequence(items, Span::NONE));
        let mapping = prop::collection::btree_map(text(), inner, 0..5).prop_map(move |entries| {
            Node::mapping(
                entries.into_iter().map(|(key, value)| (quoted(&key), value)).collect(),
                Span::NONE,
            )
        });
        prop_oneof![list, mapping]
    })
}

/// The values without styles, as an independent library represents them.
fn values(node: &Node) -> serde_yaml::Value {
    if let Some(sequence) = node.as_sequence() {
        return sequence.items().iter().map(values).collect();
    }
    if let Some(mapping) = node.as_mapping() {
        let mapping: serde_yaml::Mapping =
            mapping.iter().map(|(key, value)| (key.text().into(), values(value))).collect();
        return mapping.into();
    }
    node.as_text().unwrap().into()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_as_what_was_meant(node in tree()) {
        let mut out = String::new();
        emit(&node, &mut out).unwrap();
        let read = document(&Sources::new(), &out).unwrap();
        prop_assert_eq!(values(&read), values(&node), "{}", &out);
        let mut again = String::new();
        emit(&read, &mut again).unwrap();
        prop_assert_eq!(again, out);
    }

    #[test]
    fn an_independent_reader_agrees(node in tree()) {
        let mut out = String::new();
        emit(&node, &mut out).unwrap();
        // `serde_yaml` does not treat a byte order mark and a line separator as libyaml does.
        if !out.contains(['\u{2028}', '\u{FEFF}']) {
            let read: serde_yaml::Value = serde_yaml::from_str(&out).unwrap();
            prop_assert_eq!(read, values(&node), "{}", out);
        }
    }

    #[test]
    fn one_look_agrees_with_a_close_one(text in text()) {
        prop_assert!(!is_plain_in_one_look(&text) || analyze(&text).plain);
    }
}
