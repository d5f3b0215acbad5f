//! Random values of any shape, and their conversion to and from documents.

use krender::source::Span;
use krender::yaml::{self, Kind, Node, Scalar, Style, Tag};
use proptest::prelude::*;
use serde_yaml::Value;

/// A mapping, as every Kubernetes object is.
pub(crate) fn mapping() -> impl Strategy<Value = Value> {
    entries(value())
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        float().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            entries(inner)
        ]
    })
}

fn entries(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    // A key `<<` is a merge key even if it is quoted: kyaml removes it.
    let key = text().prop_filter("a merge key", |key| key != "<<");
    proptest::collection::btree_map(key, value, 0..6)
        .prop_map(|map| mapping_of(map.into_iter().map(|(key, value)| (Value::from(key), value))))
}

/// A float that is written as one: `2.0` is written as the integer 2, as in the reference.
fn float() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("not finite, or an integer", |float| {
        float.is_finite() && (float.fract() != 0.0 || float.abs() >= 1e21)
    })
}

/// Text that looks like other types, text of special characters, and text of any characters.
fn text() -> impl Strategy<Value = String> {
    let tricky = prop::sample::select(vec![
        "",
        " ",
        "~",
        "null",
        "true",
        "Yes",
        "y",
        "on",
        "N",
        "0",
        "-0",
        "007",
        "08",
        "0x1F",
        "0o17",
        "0b11",
        "1_000",
        "+1",
        "1.5",
        ".5",
        "1e3",
        "1e400",
        ".inf",
        "-.Inf",
        ".nan",
        "1:30",
        "190:20:30",
        "2001-01-01",
        "2001-1-1 0:0:0",
        "=",
        "<<",
        "-",
        "?",
        ":",
        "- a",
        "? a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "`a",
        "'",
        "\"",
        "---",
        "--- a",
        "...",
        "[]",
        "{}",
        "a\n",
        "\na",
        " a",
        "a ",
        "a\nb",
        "a\n\n",
        "a \nb",
        "a\n b",
        "\ta",
        "a\tb",
        "\u{feff}a",
        "😀",
        "\u{2028}",
    ]);
    let long = proptest::collection::vec("[a-z.,:#'\"-]{1,12} {1,2}", 0..30)
        .prop_map(|words| words.concat());
    let any =
        any::<String>().prop_filter("no form in the output", |text| text.chars().all(has_form));
    prop_oneof![tricky.prop_map(str::to_owned), "[a-z0-9 :#\n\t'\"\\-]{0,20}", long, any]
}

/// True if the reference can write a character and read it back.
fn has_form(character: char) -> bool {
    !matches!(character, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// The value as a document. Text is double-quoted: that style keeps every character.
pub(crate) fn node(value: &Value) -> Node {
    let plain = |text: String| Node::from(Scalar::untagged(&text, Span::NONE));
    let quoted = |text: &str| Scalar::parsed(text, Tag::None, Style::DoubleQuoted, Span::NONE);
    match value {
        Value::Null => Scalar::null(Span::NONE).into(),
        Value::Bool(value) => plain(value.to_string()),
        Value::Number(number) => plain(number.to_string()),
        Value::String(text) => quoted(text).into(),
        Value::Sequence(items) => Node::sequence(items.iter().map(node).collect(), Span::NONE),
        Value::Mapping(entries) => {
            let key = |key: &Value| quoted(key.as_str().expect("keys are drawn as text"));
            Node::mapping(
                entries.iter().map(|(name, value)| (key(name), node(value))).collect(),
                Span::NONE,
            )
        }
        Value::Tagged(_) => unreachable!("no tags are drawn"),
    }
}

/// The value of a document.
pub(crate) fn read(node: &Node) -> Value {
    match node.kind() {
        Kind::Scalar => read_scalar(node.as_scalar().expect("it is a scalar")),
        Kind::Sequence => {
            node.as_sequence().expect("it is a sequence").items().iter().map(read).collect()
        }
        Kind::Mapping => {
            let entries = node.as_mapping().expect("it is a mapping").iter();
            mapping_of(entries.map(|(key, value)| (read_scalar(key), read(value))))
        }
    }
}

fn read_scalar(text: &Scalar) -> Value {
    match yaml::resolve(text).expect("it has a type") {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(value) => value.into(),
        yaml::Value::Int(value) => value.into(),
        yaml::Value::Uint(value) => value.into(),
        yaml::Value::Float(value) => value.into(),
        yaml::Value::Timestamp(text) => format!("timestamp {text}").into(),
        yaml::Value::Str(text) => text.into_owned().into(),
    }
}

fn mapping_of(entries: impl Iterator<Item = (Value, Value)>) -> Value {
    Value::Mapping(entries.collect())
}
