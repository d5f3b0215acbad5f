//! The difference that hardening makes in an object, as few changes of fields.

use crate::harden::Change;
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Kind, Node};

/// The change of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Delta {
    /// The field, by its indices in the object before the change.
    pub(super) path: Path,
    /// The change.
    pub(super) what: What,
}

/// The kinds of changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// The field gets this value. All mappings around it exist.
    Set(Node),
    /// A list gets elements at its end.
    Append(Vec<Node>),
    /// The field or element is removed.
    Remove,
}

/// The changes that turn one document into the other, in the order of the document. Removed elements of a list come last
/// first, behind all other changes of the list, so that the changes can be made one after the other.
pub(super) fn deltas(before: &Node, after: &Node) -> Vec<Delta> {
    let mut found = Vec::new();
    let mut pending = vec![(Path::default(), before, after)];
    while let Some((path, before, after)) = pending.pop() {
        if before.is_same(after) || before == after {
            continue;
        }
        let below = match (before.kind(), after.kind()) {
            (Kind::Mapping, Kind::Mapping) => Some(of_mappings(&path, before, after)),
            (Kind::Sequence, Kind::Sequence) => of_lists(&path, before, after),
            _ => None,
        };
        match below {
            Some((changes, rest)) => {
                found.extend(changes);
                pending.extend(rest.into_iter().rev());
            }
            None => found.push(Delta { path, what: What::Set(after.clone()) }),
        }
    }
    // The order of the document is that of the visits, but a removal must not move elements that are changed later.
    found.sort_by_key(|delta| delta.is_removed_element());
    found
}

/// Pairs of nodes to compare.
type Pairs<'n> = Vec<(Path, &'n Node, &'n Node)>;

fn of_mappings<'n>(path: &Path, before: &'n Node, after: &'n Node) -> (Vec<Delta>, Pairs<'n>) {
    let at = |key: &str| path.clone().keys(&[key]);
    let gone = before.entries().iter().filter(|(key, _)| after.get(key.text()).is_none());
    let mut changes: Vec<Delta> =
        gone.map(|(key, _)| Delta { path: at(key.text()), what: What::Remove }).collect();
    let mut pairs = Vec::new();
    for (key, value) in after.entries() {
        match before.get(key.text()) {
            Some(old) => pairs.push((at(key.text()), old, value)),
            None => {
                changes.push(Delta { path: at(key.text()), what: What::Set(value.clone()) });
            }
        }
    }
    (changes, pairs)
}

/// The changes of a list whose elements stay in their order; `None` if it is another one.
fn of_lists<'n>(path: &Path, before: &'n Node, after: &'n Node) -> Option<(Vec<Delta>, Pairs<'n>)> {
    let (old, new) = (before.items(), after.items());
    let is_alike = |(old, new): (&Node, &Node)| {
        old == new
            || old.as_mapping().is_some() && new.as_mapping().is_some() && name(old) == name(new)
    };
    if new.len() >= old.len() {
        if !old.iter().zip(new).all(is_alike) || old.is_empty() {
            return None;
        }
        let pairs = old.iter().zip(new).enumerate();
        let pairs =
            pairs.map(|(index, (old, new))| (path.clone().index(index), old, new)).collect();
        let added = &new[old.len()..];
        let append = Delta { path: path.clone(), what: What::Append(added.to_vec()) };
        return Some((if added.is_empty() { Vec::new() } else { vec![append] }, pairs));
    }
    let (mut left, mut gone, mut pairs) = (new.iter().peekable(), Vec::new(), Vec::new());
    for (index, item) in old.iter().enumerate() {
        match left.next_if(|next| item.as_scalar().is_none() && is_alike((item, next))) {
            Some(next) => pairs.push((path.clone().index(index), item, next)),
            None => gone.push(index),
        }
    }
    let remove = |index| Delta { path: path.clone().index(index), what: What::Remove };
    left.next().is_none().then(|| (gone.into_iter().rev().map(remove).collect(), pairs))
}

fn name(node: &Node) -> Option<&str> {
    node.get("name").and_then(Node::as_text)
}

impl Delta {
    fn is_removed_element(&self) -> bool {
        self.what == What::Remove && matches!(self.path.steps().last(), Some(PathStep::Index(_)))
    }

    /// The fixes that ask for it, one for each rule: those that change the field, a field below it, or one around it.
    pub(super) fn causes<'c>(&self, changes: &[&'c Change]) -> Vec<&'c Change> {
        let own = self.path.steps();
        let touches = |change: &&&Change| {
            change.operations.iter().any(|operation| {
                let other = operation.parts().1.steps();
                own.starts_with(other) || other.starts_with(own)
            })
        };
        let mut causes: Vec<&Change> = Vec::new();
        for change in changes.iter().filter(touches) {
            if !causes.iter().any(|one| one.rule == change.rule) {
                causes.push(change);
            }
        }
        causes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::parse::document;

    fn told(before: &str, after: &str) -> Vec<String> {
        let node = |text: &str| document(&Source::detached(text)).unwrap().unwrap().root;
        let told = |delta: Delta| match delta.what {
            What::Set(node) => format!("{} = {node:?}", delta.path),
            What::Append(nodes) => format!("{} += {nodes:?}", delta.path),
            What::Remove => format!("{} gone", delta.path),
        };
        deltas(&node(before), &node(after)).into_iter().map(told).collect()
    }

    #[test]
    fn only_what_differs_is_changed() {
        let one = |before, after| told(before, after).join("; ");
        assert_eq!(one("{a: 1, b: {c: 2}}", "{a: 1, b: {c: 2}}"), "");
        assert_eq!(one("{a: {b: 1}}", "{a: {b: 1, c: {d: 2}}}"), "/a/c = {d: 2}");
        assert_eq!(one("{a: ~}", "{a: {b: 1}}"), "/a = {b: 1}");
        assert_eq!(one("{a: 1, b: 2}", "{b: 3}"), "/a gone; /b = 3");
        assert_eq!(one("{l: [{name: x}]}", "{l: [{name: x, a: 1}]}"), "/l/0/a = 1");
        assert_eq!(
            one("{l: [{name: x}], m: 1}", "{l: [{name: x, a: 1}, {name: y}], m: 2}"),
            "/l += [{name: y}]; /l/0/a = 1; /m = 2"
        );
        // Elements are removed last first, behind all other changes.
        assert_eq!(
            one("{l: [{name: x}, {name: y}, {name: z}], m: 1}", "{l: [{name: y, a: 1}]}"),
            "/m gone; /l/1/a = 1; /l/2 gone; /l/0 gone"
        );
        assert_eq!(one("{l: [a, b]}", "{l: [a]}"), "/l = [a]");
        assert_eq!(one("{l: []}", "{l: [a]}"), "/l = [a]");
        assert_eq!(one("{l: [{name: x}]}", "{l: [{name: y}]}"), "/l = [{name: y}]");
    }
}
