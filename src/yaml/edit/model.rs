//! The expected result of a change, as a tree with aliases and merge keys unresolved, and the comparison of two such
//! trees.

use super::change::{Change, refused};
use super::place::{Place, Text};
use crate::error::Result;
use crate::source::Span;
use crate::yaml::node::{Kind, Node, Scalar, Style, Tag, View};
use crate::yaml::scalar::{Value, resolve};

/// The document that a change asks for.
pub(super) fn changed(text: &Text<'_>, place: &Place, change: &Change<'_>) -> Result<Node> {
    let mut root = text.outline.tree(text.source);
    apply(&mut root, text, place, change)?;
    Ok(root)
}

/// Makes a change in a tree.
pub(super) fn apply(
    root: &mut Node,
    text: &Text<'_>,
    place: &Place,
    change: &Change<'_>,
) -> Result<()> {
    let way = match change {
        Change::Set { .. } | Change::InsertEntry { .. } | Change::InsertItems { .. } => {
            &place.way[..]
        }
        Change::Remove { .. } | Change::Rename { .. } => {
            let Some((_, around)) = place.way.split_last() else {
                return Err(
                    refused("the root of a document can only be set").at(text.span_of(place))
                );
            };
            around
        }
    };
    let last = place.way.last().copied().unwrap_or_default();
    let Some(node) = root.at_mut(way) else {
        return Err(refused("no node at this path").at(text.span_of(place)));
    };
    match change {
        Change::Set { value, .. } => *node = (*value).clone(),
        Change::InsertEntry { at, key, value, .. } => {
            if is_nothing(node) {
                *node = Node::mapping(Vec::new(), node.span());
            }
            let Some(mapping) = node.as_mapping_mut() else {
                return Err(
                    refused("expected a mapping to add an entry to").at(text.span_of(place))
                );
            };
            if mapping.get(key).is_some() {
                return Err(has_key(key).at(text.span_of(place)));
            }
            let at = position(*at, mapping.len(), text.span_of(place))?;
            let entry = (Scalar::string(key, Span::NONE), (*value).clone());
            mapping.entries_mut().insert(at, entry);
        }
        Change::InsertItems { at, values, .. } => {
            if is_nothing(node) {
                *node = Node::sequence(Vec::new(), node.span());
            }
            let Some(list) = node.as_sequence_mut() else {
                return Err(refused("expected a list to add elements to").at(text.span_of(place)));
            };
            let at = position(*at, list.items().len(), text.span_of(place))?;
            list.items_mut().splice(at..at, values.iter().cloned());
        }
        Change::Remove { .. } => match node.kind() {
            Kind::Mapping => drop(node.as_mapping_mut().map(|map| map.entries_mut().remove(last))),
            _ => drop(node.as_sequence_mut().map(|list| list.items_mut().remove(last))),
        },
        Change::Rename { key, .. } => {
            let Some(mapping) = node.as_mapping_mut() else {
                return Err(refused("an element of a list has no key").at(text.span_of(place)));
            };
            if mapping.get(key).is_some() {
                return Err(has_key(key).at(text.span_of(place)));
            }
            if let Some((old, _)) = mapping.entries_mut().get_mut(last) {
                *old = Scalar::string(key, Span::NONE);
            }
        }
    }
    Ok(())
}

/// True for a null. A text that is only tagged as null, such as `!!null text`, is no value that can be replaced.
fn is_nothing(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| matches!(resolve(scalar), Ok(Value::Null)))
}

fn position(at: Option<usize>, length: usize, span: Span) -> Result<usize> {
    match at {
        None => Ok(length),
        Some(at) if at <= length => Ok(at),
        Some(at) => {
            Err(refused(format!("found {length} entries, expected at least {at}")).at(span))
        }
    }
}

#[cold]
fn has_key(key: &str) -> crate::error::Error {
    refused(format!("the mapping has the key `{key}` already")).help("set its value instead")
}

/// True if two trees have the same values in the same order, whatever their styles.
pub(super) fn means_same(left: &Node, right: &Node) -> bool {
    let mut pending = vec![(left, right)];
    while let Some((left, right)) = pending.pop() {
        let is_same = match (left.view(), right.view()) {
            (View::Scalar(left), View::Scalar(right)) => same_scalar(left, right),
            (View::Sequence(left), View::Sequence(right)) => {
                pending.extend(left.items.iter().zip(&right.items));
                left.items.len() == right.items.len()
            }
            (View::Mapping(left), View::Mapping(right)) => {
                pending.extend(left.iter().zip(right.iter()).map(|((_, l), (_, r))| (l, r)));
                left.len() == right.len()
                    && left.iter().zip(right.iter()).all(|((l, _), (r, _))| same_scalar(l, r))
            }
            _ => false,
        };
        if !is_same {
            return false;
        }
    }
    true
}

fn same_scalar(left: &Scalar, right: &Scalar) -> bool {
    if (left.tag(), left.text()) == (right.tag(), right.text()) && left.style() == right.style() {
        return true;
    }
    let is_other = |scalar: &Scalar| scalar.tag() == Tag::Other && scalar.style() == Style::Plain;
    matches!((resolve(left), resolve(right)), (Ok(left), Ok(right)) if left == right)
        && is_other(left) == is_other(right)
}
