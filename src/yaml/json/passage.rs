//! The conversion of a document to JSON and back, as the reference does it for JSON patches.

use crate::error::Result;
use crate::source::Span;
use crate::yaml::analysis::{analyze, is_plain_in_one_look};
use crate::yaml::node::{CollectionStyle, Mapping, Node, Scalar, Sequence, Style, Tag, View};
use crate::yaml::scalar::{Value, is_string, is_string_1_1, number};
use crate::yaml::typed::{self, Order, TypedEntry, TypedPlace};

/// Converts a document as kustomize does when it passes it from YAML to JSON, into Go values, and back.
///
/// Every number is a float64, written as Go does it (`1234567` becomes `1.234567e+06`); timestamps are strings; tags
/// are dropped, and styles are those that go-yaml v3 chooses: an empty collection is a flow collection, a string is
/// plain unless it could be read as another type, text of several lines is a block. Keys are text, sorted and unique.
/// Spans stay.
///
/// # Errors
/// As [`super::to_json`]; the document stays as it was.
pub fn json_passage(root: &mut Node) -> Result<()> {
    *root = passed(root)?;
    Ok(())
}

/// A collection that is being built.
struct Building<'a> {
    rest: Rest<'a>,
    in_flow: bool,
    span: Span,
    /// The children built so far: either `items` or `entries` is used.
    items: Vec<Node>,
    entries: Vec<(Scalar, Node)>,
    /// The key of the entry that is being built.
    key: Option<Scalar>,
}

enum Rest<'a> {
    Items(std::slice::Iter<'a, Node>),
    Entries(std::vec::IntoIter<TypedEntry<'a>>),
}

fn passed(root: &Node) -> Result<Node> {
    let mut open: Vec<Building<'_>> = Vec::new();
    let mut complete = begin(root, true, false, &mut open)?;
    while let Some(building) = open.last_mut() {
        if let Some(node) = complete.take() {
            building.add(node);
        }
        let next = match &mut building.rest {
            Rest::Items(items) => items.next(),
            Rest::Entries(entries) => match entries.next() {
                Some(entry) => {
                    building.key = Some(string(&entry.key, entry.name)?);
                    Some(entry.value)
                }
                None => None,
            },
        };
        let in_flow = building.in_flow;
        complete = match next {
            Some(node) => begin(node, false, in_flow, &mut open)?,
            None => open.pop().map(Building::finish),
        };
    }
    Ok(complete.unwrap_or_else(|| root.clone()))
}

/// Returns a scalar as a complete node; a collection is pushed to `open`.
fn begin<'a>(
    node: &'a Node,
    root: bool,
    in_flow: bool,
    open: &mut Vec<Building<'a>>,
) -> Result<Option<Node>> {
    let (rest, style) = match node.view() {
        View::Scalar(found) => return Ok(Some(scalar(found, in_flow)?.into())),
        View::Sequence(sequence) => (Rest::Items(sequence.items.iter()), sequence.style),
        View::Mapping(mapping) => {
            let place =
                TypedPlace { root, in_flow: in_flow || mapping.style == CollectionStyle::Flow };
            let mut entries = Vec::new();
            typed::collect(mapping, place, Order::Natural, &mut entries)?;
            (Rest::Entries(entries.into_iter()), mapping.style)
        }
    };
    let in_flow = in_flow || style == CollectionStyle::Flow;
    let (items, entries) = match &rest {
        Rest::Items(rest) => (Vec::with_capacity(rest.len()), Vec::new()),
        Rest::Entries(rest) => (Vec::new(), Vec::with_capacity(rest.len())),
    };
    open.push(Building { rest, in_flow, span: node.span(), items, entries, key: None });
    Ok(None)
}

impl Building<'_> {
    fn add(&mut self, node: Node) {
        match self.key.take() {
            Some(key) => self.entries.push((key, node)),
            None => self.items.push(node),
        }
    }

    fn finish(self) -> Node {
        let Self { rest, span, items, entries, .. } = self;
        let style = if items.is_empty() && entries.is_empty() {
            CollectionStyle::Flow
        } else {
            CollectionStyle::Block
        };
        match rest {
            Rest::Items(_) => Sequence { items, span, style, tag: Tag::None }.into(),
            Rest::Entries(_) => {
                Mapping { entries: entries.into(), span, style, tag: Tag::None }.into()
            }
        }
    }
}

fn scalar(scalar: &Scalar, in_flow: bool) -> Result<Scalar> {
    let float = match typed::value(scalar, in_flow)? {
        Value::Null => return Ok(written("null", Style::Plain, scalar)),
        Value::Bool(bool) => {
            return Ok(written(if bool { "true" } else { "false" }, Style::Plain, scalar));
        }
        Value::Str(text) => return string(&text, scalar),
        Value::Timestamp(text) => return string(&text, scalar),
        Value::Int(integer) => integer as f64,
        Value::Uint(integer) => integer as f64,
        Value::Float(float) => float,
    };
    if !float.is_finite() {
        return Err(typed::no_number(scalar));
    }
    let mut text = String::new();
    number::push_general(float, &mut text);
    Ok(written(&text, Style::Plain, scalar))
}

/// A string in the style that go-yaml v3 chooses for a Go string.
fn string(text: &str, origin: &Scalar) -> Result<Scalar> {
    if is_plain_in_one_look(text) && is_string(text) && is_string_1_1(text) {
        return Ok(written(text, Style::Plain, origin));
    }
    let analysis = analyze(text);
    let style = if text.contains('\n') {
        if analysis.block { Style::Literal } else { Style::DoubleQuoted }
    } else if !is_string(text) || !is_string_1_1(text) {
        Style::DoubleQuoted
    } else if analysis.plain {
        Style::Plain
    } else if analysis.single_quoted {
        Style::SingleQuoted
    } else {
        Style::DoubleQuoted
    };
    if style == Style::Literal && text.starts_with('\t') {
        return Err(typed::begins_with_tab(origin));
    }
    Ok(written(text, style, origin))
}

/// The original scalar if it has this form already, because its text is shared then; otherwise a new one.
fn written(text: &str, style: Style, origin: &Scalar) -> Scalar {
    if origin.tag() == Tag::None && origin.style() == style && origin.text() == text {
        origin.clone().into_parsed()
    } else {
        Scalar::parsed(text, Tag::None, style, origin.span())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::source::Sources;
    use crate::yaml::sample::document;

    /// The only value of a document after the passage.
    fn value(text: &str) -> Node {
        let mut root = document(&Sources::new(), &format!("k: {text}")).unwrap();
        json_passage(&mut root).unwrap();
        root.get("k").unwrap().clone()
    }

    #[test]
    fn scalars_are_those_of_a_fresh_parse() {
        let table = [
            ("~", "null", Style::Plain),
            ("True", "true", Style::Plain),
            ("0x1F", "31", Style::Plain),
            ("999999", "999999", Style::Plain),
            ("1000000", "1e+06", Style::Plain),
            ("1234567", "1.234567e+06", Style::Plain),
            ("12345678901234567", "1.2345678901234568e+16", Style::Plain),
            ("1.50", "1.5", Style::Plain),
            ("-0.0", "-0", Style::Plain),
            ("2001-01-01", "2001-01-01T00:00:00Z", Style::DoubleQuoted),
            ("'text'", "text", Style::Plain),
            ("!!str 1", "1", Style::DoubleQuoted),
            ("'on'", "on", Style::DoubleQuoted),
            ("\"- a\"", "- a", Style::SingleQuoted),
            ("\"a\\tb\"", "a\tb", Style::DoubleQuoted),
            ("\"a\\nb\"", "a\nb", Style::Literal),
            ("\"a \\nb\"", "a \nb", Style::DoubleQuoted),
            ("\"a\\n\\tb\"", "a\n\tb", Style::Literal),
            ("!!binary aGk=", "hi", Style::Plain),
            (">\n  a\n   b\n", "a\n\n b\n", Style::Literal),
        ];
        for (text, expected, style) in table {
            let value = value(text);
            let scalar = value.as_scalar().unwrap();
            assert_eq!(
                (scalar.text(), scalar.style(), scalar.tag()),
                (expected, style, Tag::None),
                "{text}"
            );
        }
    }

    #[test]
    fn collections_are_blocks_unless_they_are_empty() {
        let text = "{b: [1], a: [], c: !!map {}}";
        let value = value(text);
        assert_eq!(format!("{value:?}"), "{a: [], b: [1], c: {}}");
        let value = value.as_mapping().unwrap();
        let style = |key| value.get(key).unwrap().as_sequence().unwrap().style();
        assert_eq!(
            (value.style(), style("a"), style("b")),
            (CollectionStyle::Block, CollectionStyle::Flow, CollectionStyle::Block)
        );
        assert_eq!(value.get("c").unwrap().as_mapping().unwrap().style(), CollectionStyle::Flow);
        assert_eq!(value.get("c").unwrap().tag(), Tag::None);
    }

    #[test]
    fn places_stay_and_keys_become_text() {
        let sources = Sources::new();
        let mut root = document(&sources, "b: 0x10\n1: {a: 'x'}\n").unwrap();
        let spans = |root: &Node, number: &str| {
            let spans = [
                root.get("b"),
                root.get(number),
                root.get(number).and_then(|inner| inner.get("a")),
            ];
            spans.map(|node| node.unwrap().span())
        };
        let before = spans(&root, "1");
        json_passage(&mut root).unwrap();
        assert_eq!(spans(&root, "1"), before);
        let (key, _) = root.as_mapping().unwrap().get_entry("1").unwrap();
        assert_eq!(
            (key.style(), sources.locate(key.span()).unwrap().line),
            (Style::DoubleQuoted, 2)
        );
    }

    #[test]
    fn a_failure_leaves_the_document() {
        for (text, code) in [
            ("a: 1\nb: {c: 1, c: 2}", Code::DuplicateKey),
            ("a: .inf", Code::UnrepresentableValue),
            ("a: {1: b}", Code::InvalidKey),
            ("a: \"\\tb\\n\"", Code::UnrepresentableValue),
        ] {
            let mut root = document(&Sources::new(), text).unwrap();
            let before = root.clone();
            assert_eq!(json_passage(&mut root).unwrap_err().code(), code);
            assert_eq!(root, before);
        }
    }
}
