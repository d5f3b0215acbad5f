//! The document that is read from the output.

use std::borrow::Cow;

use super::emit::{self, emit};
use super::node::{CollectionStyle, Mapping, Node, Scalar, Sequence, Style, Tag, View};
use super::parse;
use super::scalar::{Value, begins_like_string};
use super::typed::{self, LONGEST_SIMPLE_KEY, Order, TypedPlace, is_ordinary};
use crate::error::Result;
use crate::source::Source;

/// The document that is read from what [`emit()`] writes of a document: the same values with sorted keys, in the styles of
/// the output. What is not another in the output is shared; spans of other nodes may be those of the output.
///
/// Linear, and mostly without writing: nearly all nodes show how they are written.
///
/// # Errors
/// Those of [`emit()`].
pub fn as_printed(root: &Node) -> Result<Node> {
    if let Some(node) = node(root, 0, false) {
        return Ok(node.into_owned());
    }
    let mut text = String::new();
    emit(root, &mut text)?;
    let document = parse::document(&Source::detached(&text))?;
    Ok(document.map_or_else(|| root.clone(), |document| document.root))
}

/// Maximum depth of collections that is looked at.
const DEPTH: usize = 64;

/// The node as printed, borrowed if it is the same. `None` if only writing shows that.
fn node(node: &Node, depth: usize, in_flow: bool) -> Option<Cow<'_, Node>> {
    match node.view() {
        View::Scalar(one) => Some(
            scalar(one, in_flow)?.map_or(Cow::Borrowed(node), |other| Cow::Owned(other.into())),
        ),
        _ if depth == DEPTH => None,
        View::Sequence(list) => sequence(node, list, depth + 1, in_flow),
        View::Mapping(entries) => mapping(node, entries, depth + 1, in_flow),
    }
}

/// The style of a collection in the output.
const fn style(is_empty: bool) -> CollectionStyle {
    if is_empty { CollectionStyle::Flow } else { CollectionStyle::Block }
}

fn sequence<'a>(
    whole: &'a Node,
    list: &'a Sequence,
    depth: usize,
    in_flow: bool,
) -> Option<Cow<'a, Node>> {
    let in_flow = in_flow || list.style == CollectionStyle::Flow;
    let items = list.items.iter().map(|item| node(item, depth, in_flow));
    let items = items.collect::<Option<Vec<_>>>()?;
    let style = style(items.is_empty());
    let is_same = list.style == style && list.tag == Tag::None;
    if is_same && items.iter().all(|item| matches!(item, Cow::Borrowed(_))) {
        return Some(Cow::Borrowed(whole));
    }
    let items = items.into_iter().map(Cow::into_owned).collect();
    Some(Cow::Owned(Sequence { items, span: list.span, style, ..Sequence::default() }.into()))
}

fn mapping<'a>(
    whole: &'a Node,
    mapping: &'a Mapping,
    depth: usize,
    in_flow: bool,
) -> Option<Cow<'a, Node>> {
    let in_flow = in_flow || mapping.style == CollectionStyle::Flow;
    let is_in_order = typed::is_in_order(mapping, Order::Natural);
    let mut entries = Vec::new();
    if is_in_order {
        entries.reserve_exact(mapping.len());
        for (name, value) in mapping.iter() {
            entries.push((name, key(name)?, node(value, depth, in_flow)?));
        }
    } else {
        let mut sorted = Vec::new();
        let place = TypedPlace { root: depth == 1, in_flow };
        typed::collect(mapping, place, Order::Natural, &mut sorted).ok()?;
        entries.reserve_exact(sorted.len());
        for entry in &sorted {
            entries.push((entry.name, key(entry.name)?, node(entry.value, depth, in_flow)?));
        }
    }
    let style = style(entries.is_empty());
    let is_same = is_in_order && mapping.style == style && mapping.tag == Tag::None;
    let is_entry_same = |(_, key, value): &(&Scalar, Option<Scalar>, Cow<'_, Node>)| {
        key.is_none() && matches!(value, Cow::Borrowed(_))
    };
    if is_same && entries.iter().all(is_entry_same) {
        return Some(Cow::Borrowed(whole));
    }
    let entries = entries
        .into_iter()
        .map(|(name, key, value)| (key.unwrap_or_else(|| name.clone()), value.into_owned()));
    let entries: Vec<_> = entries.collect();
    let printed =
        Mapping { entries: entries.into(), span: mapping.span, style, ..Mapping::default() };
    Some(Cow::Owned(printed.into()))
}

/// The outer `None` if only writing shows how a key is printed, the inner one if it is the same.
fn key(name: &Scalar) -> Option<Option<Scalar>> {
    let text = name.text();
    let is_simple = is_ordinary(name) && text.len() <= LONGEST_SIMPLE_KEY && !text.contains('\n');
    Some(other(name, text, emit::written_style(text).filter(|_| is_simple)?))
}

/// The outer `None` if only writing shows how a value is printed, the inner one if it is the same.
fn scalar(scalar: &Scalar, in_flow: bool) -> Option<Option<Scalar>> {
    let text = scalar.text();
    let is_plain = scalar.tag() == Tag::None && scalar.style() == Style::Plain;
    if is_plain && begins_like_string(text) {
        return Some(other(scalar, text, emit::written_style(text)?));
    }
    let mut printed = String::new();
    match typed::value(scalar, in_flow).ok()? {
        Value::Str(text) => return Some(other(scalar, &text, emit::written_style(&text)?)),
        Value::Timestamp(text) => return Some(other(scalar, &text, emit::written_style(&text)?)),
        Value::Null => printed.push_str("null"),
        Value::Bool(value) => printed.push_str(if value { "true" } else { "false" }),
        Value::Int(integer) => emit::push_integer(integer, &mut printed),
        Value::Uint(integer) => emit::push_integer(integer, &mut printed),
        Value::Float(float) if float.is_finite() => emit::push_float(float, &mut printed),
        Value::Float(_) => return None,
    }
    Some(other(scalar, &printed, Style::Plain))
}

/// A scalar with this text and style, if it is not the same already.
fn other(scalar: &Scalar, text: &str, style: Style) -> Option<Scalar> {
    if scalar.text() != text {
        return Some(Scalar::parsed(text, Tag::None, style, scalar.span()));
    }
    let is_same = (scalar.tag(), scalar.style()) == (Tag::None, style) && !scalar.is_untagged();
    (!is_same).then(|| scalar.in_style(style))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::source::Sources;
    use crate::yaml::sample::{document, nested};

    fn root(text: &str) -> Node {
        document(&Sources::new(), text).unwrap()
    }

    /// A document as it is read from its output.
    fn read_again(root: &Node) -> Node {
        let mut text = String::new();
        emit(root, &mut text).unwrap();
        document(&Sources::new(), &text).unwrap()
    }

    #[test]
    fn what_is_as_in_the_output_is_shared() {
        let text =
            "a: x\nb:\n- 1\n- z: true\nc: {}\nd: []\ne: |\n  two\n  lines\nf: \"1\"\ng: null\n";
        let root = root(text);
        let printed = as_printed(&root).unwrap();
        assert!(printed.is_same(&root));
        let changed = document(&Sources::new(), &format!("{text}h: 'x'\n")).unwrap();
        let printed = as_printed(&changed).unwrap();
        assert!(!printed.is_same(&changed));
        assert!(printed.get("b").unwrap().is_same(changed.get("b").unwrap()));
    }

    #[test]
    fn keys_are_sorted_and_styles_are_those_of_the_output() {
        for text in [
            "b: 'x'\na: \"y\"\n",
            "a: {c: [1, '2', yes, \"no\", ~, 0x10, 1.0, 1e3], b: }\n",
            "a: >\n  folded\n  text\nb: |2\n   spaces\n",
            "10: a\n9: b\n",
            "a: 2001-01-01\nb: !!str 1\nc: !!binary aGk=\n",
            ".dot: ./x\n\"y\": 'n'\n'a: b': '# no comment'\n",
            "a: {b: x:y, c: 12:30:45}\n",
            "long: aaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb ccccccccccccccccccccccc ddddddddd eeee\n",
            "a: \"\\u0085\"\nb: \"\\t\"\nc: \"x\\r\\ny\"\nd: \"\\n\"\ne: \"\\ufeff\"\n",
            "&a a: &b [x]\nc: *b\n",
        ] {
            let root = root(text);
            assert_eq!(as_printed(&root).unwrap(), read_again(&root), "{text}");
        }
        let deep = nested(DEPTH + 10);
        assert_eq!(as_printed(&deep).unwrap(), read_again(&deep));
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        for (text, code) in [
            ("a: .inf\n", Code::UnrepresentableValue),
            ("a: 1\na: 2\n", Code::DuplicateKey),
            ("a: {1: b}\n", Code::InvalidKey),
            ("a: !!int x\n", Code::InvalidValue),
        ] {
            assert_eq!(as_printed(&root(text)).unwrap_err().code(), code, "{text}");
        }
    }
}
