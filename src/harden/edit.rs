//! Edits that fixes make in a document, and the same edits as a JSON patch (RFC 6902).

use super::violation::{Edit, key};
use crate::source::Span;
use crate::yaml::Node;
use crate::yaml::path::{Path, PathStep};

/// An operation of a JSON patch.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Adds a field.
    Add(Path, Node),
    /// Replaces the value of a field.
    Replace(Path, Node),
    /// Removes a field.
    Remove(Path),
}

impl Operation {
    /// The name, the path, and the value, if it has one.
    #[must_use]
    pub const fn parts(&self) -> (&'static str, &Path, Option<&Node>) {
        match self {
            Self::Add(path, value) => ("add", path, Some(value)),
            Self::Replace(path, value) => ("replace", path, Some(value)),
            Self::Remove(path) => ("remove", path, None),
        }
    }
}

/// Edits a document, and returns the operations. Edits without an effect are omitted.
pub(super) fn apply(root: &mut Node, edits: &[Edit]) -> Vec<Operation> {
    let mut done = Vec::new();
    for edit in edits {
        if let Some(operation) = operation(root, edit) {
            carry_out(root, &operation);
            done.push(operation);
        }
    }
    done
}

/// The operation that makes an edit; `None` if it has no effect.
pub(super) fn operation(root: &Node, edit: &Edit) -> Option<Operation> {
    match edit {
        Edit::Set(path, value) => setting(root, path, value),
        Edit::Append(path, value) => match path.find(root).and_then(Node::as_sequence) {
            Some(list) => {
                Some(Operation::Add(path.clone().index(list.items().len()), value.clone()))
            }
            None => setting(root, path, &Node::sequence(vec![value.clone()], Span::NONE)),
        },
        Edit::Remove(path) => path.find(root).map(|_| Operation::Remove(alone(root, path))),
    }
}

/// The operation that sets a field, with missing mappings on its path (a null counts as missing); `None` if it has the
/// value already.
fn setting(root: &Node, path: &Path, value: &Node) -> Option<Operation> {
    let steps = path.steps();
    let mut there = Path::default();
    let mut node = root;
    for (depth, step) in steps.iter().enumerate() {
        let here = there.clone().step(step.clone());
        let rest = &steps[depth + 1..];
        match step.down(node) {
            None => return Some(Operation::Add(here, within(rest, value))),
            Some(found) if found.is_null() => {
                return Some(Operation::Replace(here, within(rest, value)));
            }
            Some(found) => node = found,
        }
        there = here;
    }
    (node != value).then(|| Operation::Replace(there, value.clone()))
}

/// A value inside of new collections for some steps.
fn within(steps: &[PathStep], value: &Node) -> Node {
    steps.iter().rev().fold(value.clone(), |inner, step| match step {
        PathStep::Key(name) => Node::mapping(vec![(key(name), inner)], Span::NONE),
        PathStep::Index(_) => Node::sequence(vec![inner], Span::NONE),
    })
}

/// The path to remove for a field: that of the outermost mapping which contains only this field, or of the field
/// itself.
fn alone(root: &Node, path: &Path) -> Path {
    let mut path = path.clone();
    while let Some(parent) = path.parent() {
        let is_alone =
            parent.find(root).and_then(Node::as_mapping).is_some_and(|mapping| mapping.len() == 1);
        let is_field = matches!(parent.steps().last(), Some(PathStep::Key(_)));
        if !(is_alone && is_field) {
            break;
        }
        path = parent;
    }
    path
}

/// Makes the change of an operation.
pub(super) fn carry_out(root: &mut Node, operation: &Operation) {
    let (_, path, value) = operation.parts();
    let Some((last, way)) = path.steps().split_last() else { return };
    let parent = way.iter().try_fold(root, |node, step| match step {
        PathStep::Key(key) => node.get_mut(key),
        PathStep::Index(index) => node.as_sequence_mut()?.items_mut().get_mut(*index),
    });
    let Some(parent) = parent else { return };
    match (last, value) {
        (PathStep::Key(name), Some(value)) => {
            if let Some(mapping) = parent.as_mapping_mut() {
                mapping.insert(key(name), value.clone());
            }
        }
        (PathStep::Key(key), None) => {
            if let Some(mapping) = parent.as_mapping_mut() {
                mapping.remove(key);
            }
        }
        (PathStep::Index(index), value) => {
            let Some(list) = parent.as_sequence_mut() else { return };
            let items = list.items_mut();
            match (items.get_mut(*index), value) {
                (Some(item), Some(value)) => *item = value.clone(),
                (None, Some(value)) => items.push(value.clone()),
                (Some(_), None) => drop(items.remove(*index)),
                (None, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harden::violation::plain;
    use crate::resource::sample::resource;

    fn edited(text: &str, edit: Edit) -> (String, Vec<String>) {
        let mut root =
            resource(&format!("{{kind: A, metadata: {{name: a}}, s: {text}}}")).node().clone();
        let done = apply(&mut root, &[edit]);
        let told = done.iter().map(|operation| {
            let (name, path, _) = operation.parts();
            format!("{name} {path}")
        });
        (format!("{:?}", root.get("s")), told.collect())
    }

    #[test]
    fn what_is_missing_on_the_way_is_made() {
        let set = || Edit::Set(Path::of(&["s", "a", "b"]), plain("1"));
        let one = |text: &str| edited(text, set());
        assert_eq!(one("{}"), ("Some({a: {b: 1}})".to_owned(), vec!["add /s/a".to_owned()]));
        assert_eq!(one("{a: ~}").1, ["replace /s/a"]);
        assert_eq!(one("{a: {b: 2}}").1, ["replace /s/a/b"]);
        // Equal in text is not enough: `1` and `"1"` are not the same.
        assert_eq!(one("{a: {b: 1}}").1, [""; 0]);
        assert_eq!(one("{a: {b: '1'}}").1, ["replace /s/a/b"]);
    }

    #[test]
    fn what_becomes_empty_goes_too() {
        let remove = |text: &str| edited(text, Edit::Remove(Path::of(&["s", "a", "b"])));
        assert_eq!(
            remove("{c: 1, a: {b: 1}}"),
            ("Some({c: 1})".to_owned(), vec!["remove /s/a".to_owned()])
        );
        assert_eq!(remove("{a: {b: 1, c: {}}}").0, "Some({a: {c: {}}})");
        assert_eq!(remove("{a: {}}").1, [""; 0]);
    }
}
