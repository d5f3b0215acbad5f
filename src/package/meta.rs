//! Identifying fields of resources. Of duplicate keys the last counts, and empty fields are absent, as in kyaml.

use std::collections::BTreeMap;

use super::Item;
use crate::error::{Code, Error, Result};
use crate::yaml::Node;
use crate::yaml::de::form;

/// The fields of a resource that identify it; absent ones are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meta<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

impl<'a> Meta<'a> {
    pub(super) fn of(root: &'a Node) -> Self {
        let text = |node: Option<&'a Node>, key| {
            let value = node.and_then(|node| field(node, key)).filter(|value| !value.is_empty());
            value.and_then(Node::as_text).unwrap_or_default()
        };
        let metadata = field(root, "metadata");
        Self {
            api_version: text(Some(root), "apiVersion"),
            kind: text(Some(root), "kind"),
            namespace: text(metadata, "namespace"),
            name: text(metadata, "name"),
        }
    }
}

/// The value of the last entry with this key.
pub(super) fn field<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    let mut entries = node.as_mapping()?.iter().rev();
    entries.find(|(known, _)| known.text() == key).map(|(_, value)| value)
}

/// The value of an annotation; `None` if it is absent.
pub(super) fn annotation<'a>(root: &'a Node, key: &str) -> Option<&'a str> {
    let annotations = field(field(root, "metadata")?, "annotations")?;
    let value = field(annotations, key)?;
    Some(if value.is_null() { "" } else { value.as_text().unwrap_or_default() })
}

/// True for a resource that is for local tools only, whatever the value of the annotation.
#[must_use]
pub fn is_local(item: &Item) -> bool {
    annotation(&item.root, "config.kubernetes.io/local-config").is_some()
}

/// The number of resources of each kind, sorted by kind.
#[must_use]
pub fn count_by_kind(items: &[Item]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(Meta::of(&item.root).kind).or_default() += 1;
    }
    counts
}

/// The error for a node of another kind than expected.
#[cold]
pub(super) fn unexpected(node: &Node, what: &str, expected: &str) -> Error {
    let message = format!("found {} {what}, expected {expected}", form(node));
    Error::new(Code::InvalidType, message).at(node.span())
}

/// Checks that a document can have annotations: it is a mapping, and so are its metadata and annotations.
///
/// # Errors
/// [`Code::InvalidType`].
pub(super) fn check(root: &Node) -> Result<()> {
    if root.as_mapping().is_none() {
        return Err(unexpected(root, "in place of a resource", "a mapping"));
    }
    let Some(metadata) = field(root, "metadata").filter(|node| !node.is_null()) else {
        return Ok(());
    };
    if metadata.as_mapping().is_none() {
        return Err(unexpected(metadata, "in `metadata`", "a mapping"));
    }
    match field(metadata, "annotations") {
        Some(annotations)
            if annotations.as_sequence().is_some_and(|list| !list.items().is_empty()) =>
        {
            Err(unexpected(annotations, "in `metadata.annotations`", "a mapping"))
        }
        _ => Ok(()),
    }
}
