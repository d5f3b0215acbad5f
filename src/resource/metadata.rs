//! Labels and annotations as kyaml reads and rewrites them: every value is text.

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Kind, Mapping, Node, Scalar, Text};

pub(super) const METADATA: &str = "metadata";
pub(super) const ANNOTATIONS: &str = "annotations";
pub(super) const LABELS: &str = "labels";

/// The entries of a field of `metadata` as written, in order: a number is its digits, a null its word, and what is no
/// scalar is empty. Where a key stands twice the last one counts.
pub(super) fn entries<'a>(
    root: &'a Node,
    field: &str,
) -> impl DoubleEndedIterator<Item = (&'a str, &'a str)> {
    let mapping =
        root.get(METADATA).and_then(|metadata| metadata.get(field)).and_then(Node::as_mapping);
    mapping
        .into_iter()
        .flat_map(Mapping::iter)
        .map(|(key, value)| (key.text(), value.as_text().unwrap_or_default()))
}

/// Texts by key, each with who wrote its key and its value.
pub(super) type Texts = BTreeMap<Text, (Text, Span, Span)>;

/// Takes the labels or annotations out of a resource. A field that stands twice is one field, and the first wins
/// where both have a key.
///
/// # Errors
/// [`Code::InvalidType`] when the field is a list.
pub(super) fn take(root: &mut Node, field: &str) -> Result<Texts> {
    let mut taken = Texts::new();
    let Some(metadata) = root.get_mut(METADATA).and_then(Node::as_mapping_mut) else {
        return Ok(taken);
    };
    let named = metadata.entries_mut().extract_if(.., |(key, _)| key.text() == field);
    let mut values: Vec<Node> = named.map(|(_, value)| value).collect();
    while let Some(value) = values.pop() {
        if value.kind() == Kind::Sequence && !value.is_empty() {
            return Err(is_a_list(field, value.span()));
        }
        for (key, value) in value.as_mapping().into_iter().flat_map(Mapping::iter) {
            let text = value.as_scalar().map(Scalar::shared_text).cloned().unwrap_or_default();
            taken.insert(key.shared_text().clone(), (text, key.span(), value.span()));
        }
    }
    Ok(taken)
}

/// Labels or annotations that are no mapping.
pub(super) fn is_a_list(field: &str, span: Span) -> Error {
    Error::new(Code::InvalidType, format!("`metadata.{field}` is a list"))
        .at(span)
        .label("expected a mapping")
}

/// Writes labels or annotations, sorted and as strings; none of them, no field. There is a mapping `metadata`
/// afterwards, unless it is null.
///
/// # Errors
/// [`Code::InvalidType`] when `metadata` is a list or text.
pub(super) fn put(root: &mut Node, field: &str, texts: Texts) -> Result<()> {
    let Some(metadata) = metadata_mut(root)? else {
        return Ok(());
    };
    if !texts.is_empty() {
        metadata.insert(Scalar::untagged(field, Span::NONE), mapping(texts));
    }
    Ok(())
}

/// A mapping of strings, as kyaml makes it: keys have no tag, and values are in quotes where YAML 1.1 would read
/// something else. What is set in their place later inherits the quotes.
pub(super) fn mapping(texts: Texts) -> Node {
    let entry = |(key, (value, key_span, value_span)): (Text, (Text, Span, Span))| {
        (Scalar::untagged(&key, key_span), Scalar::new_string(&value, value_span).into())
    };
    Node::mapping(texts.into_iter().map(entry).collect(), Span::NONE)
}

/// The mapping `metadata`, made when it is missing; nothing when it is null, where the reference writes into the
/// void.
///
/// # Errors
/// [`Code::InvalidType`] when it is a list or text.
pub(super) fn metadata_mut(root: &mut Node) -> Result<Option<&mut Mapping>> {
    let span = root.span();
    let Some(root) = root.as_mapping_mut() else {
        return Err(Error::new(Code::NotAResource, "a resource is a mapping").at(span));
    };
    if root.get(METADATA).is_none() {
        root.insert(Scalar::untagged(METADATA, Span::NONE), Node::mapping(Vec::new(), Span::NONE));
    }
    let Some(metadata) = root.get_mut(METADATA).filter(|metadata| !metadata.is_null()) else {
        return Ok(None);
    };
    let (kind, span) = (metadata.kind(), metadata.span());
    match metadata.as_mapping_mut() {
        Some(metadata) => Ok(Some(metadata)),
        None => Err(Error::new(Code::InvalidType, format!("`metadata` is {kind}"))
            .at(span)
            .label("expected a mapping")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Style;

    #[test]
    fn strings_are_quoted_where_they_must_be() {
        let texts =
            ["1", "a", "a\nb"].map(|text| (text.into(), (text.into(), Span::NONE, Span::NONE)));
        let mapping = mapping(texts.into_iter().collect());
        let style = |(_, value): (&Scalar, &Node)| value.as_scalar().unwrap().style();
        let styles: Vec<Style> = mapping.as_mapping().unwrap().iter().map(style).collect();
        assert_eq!(styles, [Style::DoubleQuoted, Style::Plain, Style::Literal]);
    }
}
