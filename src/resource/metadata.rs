//! Labels and annotations as kyaml reads and rewrites them: every value is text.

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence, Text};

pub(super) const METADATA: &str = "metadata";
pub(super) const ANNOTATIONS: &str = "annotations";
pub(super) const LABELS: &str = "labels";

/// The entries of a field of `metadata` as written, in order: a number gives its digits, a null its word, and a
/// collection an empty text. Of duplicate keys the last counts.
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

/// Texts by key, each with the spans of its key and its value.
pub(super) type Texts = BTreeMap<Text, (Text, Span, Span)>;

/// Removes and returns the labels or annotations of a resource: the first field of this name, and of duplicate keys the
/// last. The elements of a list are taken as alternating keys and values. (kyaml, `getMapFromMeta` and `Clear`.)
///
/// # Errors
/// [`Code::InvalidType`] for a list that ends with a key without value.
pub(super) fn take(root: &mut Node, field: &str) -> Result<Texts> {
    let metadata = root.get_mut(METADATA).and_then(Node::as_mapping_mut);
    let Some((_, value)) = metadata.and_then(|metadata| metadata.remove(field)) else {
        return Ok(Texts::new());
    };
    let text = |node: &Node| node.as_scalar().map(Scalar::shared_text).cloned().unwrap_or_default();
    let pairs = value.as_sequence().map_or(&[][..], Sequence::items).chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(is_a_list(field, value.span()));
    }
    let pairs =
        pairs.map(|pair| (text(&pair[0]), (text(&pair[1]), pair[0].span(), pair[1].span())));
    let entries =
        value.as_mapping().into_iter().flat_map(Mapping::iter).map(|(key, value)| {
            (key.shared_text().clone(), (text(value), key.span(), value.span()))
        });
    Ok(entries.chain(pairs).collect())
}

/// The error for labels or annotations that are not a mapping.
pub(super) fn is_a_list(field: &str, span: Span) -> Error {
    Error::new(Code::InvalidType, format!("`metadata.{field}` is a list"))
        .at(span)
        .label("expected a mapping")
}

/// Writes labels or annotations, sorted and as strings; the field is omitted if there are none. They are merged into a
/// second field of the same name, if there is one. Creates the mapping `metadata` unless it is null.
///
/// # Errors
/// [`Code::InvalidType`] if `metadata` is a list or text, [`Code::InvalidKey`] for an empty key.
pub(super) fn put(root: &mut Node, field: &str, texts: Texts) -> Result<()> {
    let Some(metadata) = metadata_mut(root)? else {
        return Ok(());
    };
    if texts.is_empty() {
        return Ok(());
    }
    if let Some((_, key, value)) = texts.get("") {
        let place = if key.is_none() { value } else { key };
        return Err(Error::new(Code::InvalidKey, format!("found an empty key in `{field}`"))
            .at(*place)
            .help("give it a name, or remove it"));
    }
    match metadata.get_mut(field).and_then(Node::as_mapping_mut) {
        Some(other) => {
            for (key, (text, key_span, value_span)) in texts {
                other.set_string(&key, &text, key_span, value_span);
            }
        }
        None => metadata.insert(Scalar::untagged(field, Span::NONE), mapping(texts)),
    }
    Ok(())
}

/// Writes a field without entries.
///
/// # Errors
/// As [`put`].
pub(super) fn put_empty(root: &mut Node, field: &str) -> Result<()> {
    if let Some(metadata) = metadata_mut(root)?
        && metadata.get(field).is_none()
    {
        metadata.push(Scalar::untagged(field, Span::NONE), Node::mapping(Vec::new(), Span::NONE));
    }
    Ok(())
}

/// True if there are two fields `metadata`, or two fields `annotations` in the first.
pub(super) fn is_double(root: &Node) -> bool {
    let is_twice = |mapping: &Mapping, field: &str| {
        mapping.iter().filter(|(key, _)| key.text() == field).nth(1).is_some()
    };
    let metadata = root.get(METADATA).and_then(Node::as_mapping);
    root.as_mapping().is_some_and(|root| is_twice(root, METADATA))
        || metadata.is_some_and(|metadata| is_twice(metadata, ANNOTATIONS))
}

/// Removes an empty field `annotations`, and then an empty field `metadata`, each the first of its name: kyaml does
/// this before it sets an annotation (`ClearEmptyAnnotations`).
pub(super) fn clear_empty(root: &mut Node) {
    fn clear(mapping: &mut Mapping, field: &str) {
        let is_empty = |value: &Node| value.kind() == Kind::Scalar || value.is_empty();
        let found = mapping.iter().position(|(key, value)| key.text() == field && is_empty(value));
        if let Some(place) = found {
            mapping.entries_mut().remove(place);
        }
    }
    if let Some(metadata) = root.get_mut(METADATA).and_then(Node::as_mapping_mut) {
        clear(metadata, ANNOTATIONS);
    }
    if let Some(root) = root.as_mapping_mut() {
        clear(root, METADATA);
    }
}

/// A mapping of strings in kyaml's style: keys have no tag, and values are quoted if YAML 1.1 would read another type.
/// Values that replace them later inherit the quotes.
pub(super) fn mapping(texts: Texts) -> Node {
    let entry = |(key, (value, key_span, value_span)): (Text, (Text, Span, Span))| {
        (Scalar::untagged(&key, key_span), Scalar::new_string(&value, value_span).into())
    };
    Node::mapping(texts.into_iter().map(entry).collect(), Span::NONE)
}

/// The mapping `metadata`, created if missing; `None` if it is null, in which case kustomize's write is lost.
///
/// # Errors
/// [`Code::InvalidType`] if it is a list or text.
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
