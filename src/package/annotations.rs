//! The annotations of paths, indices and ids, which have two spellings each.

use super::Item;
use super::meta::{annotation, check};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Node, Scalar, Style, Tag};

/// The path of a file in its package.
pub(super) const PATH: Names =
    Names { internal: "internal.config.kubernetes.io/path", legacy: "config.kubernetes.io/path" };
/// The index of a resource in its file.
pub(super) const INDEX: Names =
    Names { internal: "internal.config.kubernetes.io/index", legacy: "config.kubernetes.io/index" };
pub(super) const ID: Names =
    Names { internal: "internal.config.kubernetes.io/id", legacy: "config.k8s.io/id" };
pub(super) const ALL: [(Names, &str); 3] = [(PATH, "path"), (INDEX, "index"), (ID, "id")];
/// The indentation of lists in a file; other programs set it.
pub(super) const LIST_INDENTATION: &str = "internal.config.kubernetes.io/seqindent";

/// The two spellings of an annotation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) internal: &'static str,
    pub(super) legacy: &'static str,
}

/// Sets an annotation in single quotes; one that is there keeps its place and its style. Empty annotations and metadata
/// are removed before. (kyaml, `AnnotationSetter`.)
///
/// # Errors
/// [`Code::InvalidType`] for a node in the way.
pub(super) fn set(root: &mut Node, key: &str, value: &str) -> Result<()> {
    check(root)?;
    clear_empty(root);
    let mut node = root;
    for name in ["metadata", "annotations"] {
        let Some(mapping) = node.as_mapping_mut() else { return Ok(()) };
        let known = mapping.iter().rposition(|(known, _)| known.text() == name);
        let place = known.unwrap_or_else(|| {
            let empty = Node::mapping(Vec::new(), Span::NONE);
            mapping.push(Scalar::untagged(name, Span::NONE), empty);
            mapping.len() - 1
        });
        let Some(next) = mapping.value_at_mut(place) else { return Ok(()) };
        node = next;
    }
    let Some(annotations) = node.as_mapping_mut() else { return Ok(()) };
    let text = |style| Node::from(Scalar::parsed(value, Tag::Str, style, Span::NONE));
    let known = annotations.iter().rposition(|(known, _)| known.text() == key);
    match known {
        Some(place) => {
            if let Some(old) = annotations.value_at_mut(place) {
                *old = text(old.as_scalar().map_or(Style::Plain, Scalar::style));
            }
        }
        None => annotations.push(Scalar::untagged(key, Span::NONE), text(Style::SingleQuoted)),
    }
    Ok(())
}

/// Removes an annotation. The mapping stays, even if it is empty then.
pub(super) fn clear(root: &mut Node, key: &str) {
    if annotation(root, key).is_none() {
        return;
    }
    let annotations = root.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(annotations) = annotations.and_then(Node::as_mapping_mut) {
        annotations.remove(key);
    }
}

/// Removes the annotations of paths and indices.
pub(super) fn remove(root: &mut Node) {
    for key in [PATH.internal, PATH.legacy, INDEX.internal, INDEX.legacy] {
        clear(root, key);
    }
    clear_empty(root);
}

/// Removes annotations, and then metadata, that are empty.
pub(super) fn clear_empty(root: &mut Node) {
    let is_empty = |node: &Node| match node.as_mapping() {
        Some(mapping) => mapping.is_empty(),
        None => node.as_sequence().is_none_or(|list| list.items().is_empty()),
    };
    if root.get("metadata").and_then(|it| it.get("annotations")).is_some_and(is_empty)
        && let Some(metadata) = root.get_mut("metadata").and_then(Node::as_mapping_mut)
    {
        metadata.remove("annotations");
    }
    if root.get("metadata").is_some_and(is_empty)
        && let Some(mapping) = root.as_mapping_mut()
    {
        mapping.remove("metadata");
    }
}

/// Gives a resource the other spelling of each annotation of which it has only one.
pub(super) fn complete(root: &mut Node) -> Result<()> {
    for (Names { internal, legacy }, _) in ALL {
        let value = |key| annotation(root, key).filter(|value| !value.is_empty());
        let missing = match (value(internal), value(legacy)) {
            (Some(value), None) => Some((legacy, value.to_owned())),
            (None, Some(value)) => Some((internal, value.to_owned())),
            (Some(_), Some(_)) | (None, None) => None,
        };
        if let Some((key, value)) = missing {
            set(root, key, &value)?;
        }
    }
    Ok(())
}

/// Resources whose annotations have both spellings. [`Prepared::finish`] removes the spelling that none of them had before.
#[derive(Debug)]
pub struct Prepared {
    /// The resources; those that are not wanted may be removed.
    pub items: Vec<Item>,
    /// True for spellings that all resources with such annotations have: internal, and legacy.
    spellings: Result<(bool, bool)>,
}

impl Prepared {
    /// Prepares resources.
    ///
    /// # Errors
    /// [`Code::InvalidType`] for an item that is no mapping, and [`Code::InvalidValue`] for spellings that contradict each
    /// other.
    pub fn new(mut items: Vec<Item>) -> Result<Self> {
        items.iter().try_for_each(|item| check(&item.root))?;
        let spellings = spellings(&items);
        for Item { root, .. } in &mut items {
            clear_empty(root);
            complete(root)?;
            agree(root)?;
        }
        Ok(Self { items, spellings })
    }

    /// The resources with the spelling that they had before.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] if some resources have one spelling, and some the other.
    pub fn finish(self) -> Result<Vec<Item>> {
        let Self { mut items, spellings } = self;
        if items.is_empty() {
            return Ok(items);
        }
        let (internal, legacy) = spellings?;
        for Item { root, .. } in &mut items {
            for (names, _) in ALL {
                if !internal {
                    clear(root, names.internal);
                }
                if !legacy {
                    clear(root, names.legacy);
                }
            }
        }
        Ok(items)
    }
}

/// The spellings that resources have.
pub(super) fn spellings(items: &[Item]) -> Result<(bool, bool)> {
    let mut known: Option<(bool, bool)> = None;
    for Item { root, .. } in items {
        let has = |name: fn(&Names) -> &'static str| {
            ALL.iter().any(|(names, _)| annotation(root, name(names)).is_some())
        };
        let found = (has(|names| names.internal), has(|names| names.legacy));
        match known {
            _ if found == (false, false) => {}
            None => known = Some(found),
            Some(known) if known == found => {}
            Some(_) => {
                let message = format!(
                    "some resources have annotations such as `{}`, and others such as `{}`",
                    PATH.internal, PATH.legacy
                );
                return Err(Error::new(Code::InvalidValue, message)
                    .at(root.span())
                    .help("use the same ones for all resources"));
            }
        }
    }
    Ok(known.unwrap_or_default())
}

/// Refuses two spellings with different values.
pub(super) fn agree(root: &Node) -> Result<()> {
    for (Names { internal, legacy }, what) in ALL {
        let (one, other) = (annotation(root, internal), annotation(root, legacy));
        if let (Some(one), Some(other)) = (one, other)
            && one != other
            && !one.is_empty()
            && !other.is_empty()
        {
            let message =
                format!("the {what} is `{one}` in `{internal}`, and `{other}` in `{legacy}`");
            return Err(Error::new(Code::InvalidValue, message)
                .at(root.span())
                .help("remove one of the annotations"));
        }
    }
    Ok(())
}
