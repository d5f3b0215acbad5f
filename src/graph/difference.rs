//! The effect of a step on resources, as numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::resource::{Names, ResMap, Resource};
use crate::yaml::{self, Mapping, Node, Sequence};

/// The effect of an entry on the resources of a build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Number of objects that it adds.
    pub added: usize,
    /// Number of objects that a generator replaces, or merges entries into.
    pub merged: usize,
    /// Number of objects that it removes.
    pub removed: usize,
    /// Number of objects that it changes.
    pub changed: usize,
    /// Number of fields of these that it sets, adds or removes: scalars, and collections that are empty.
    pub fields: usize,
    /// True if a part of it matched nothing.
    pub is_idle: bool,
}

impl Effect {
    /// Adds the numbers of another one.
    pub(super) const fn join(&mut self, other: Self) {
        self.added += other.added;
        self.merged += other.merged;
        self.removed += other.removed;
        self.changed += other.changed;
        self.fields += other.fields;
        self.is_idle |= other.is_idle;
    }

    /// True if it did nothing.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.added == 0 && self.merged == 0 && self.removed == 0 && self.changed == 0
    }
}

/// The resources before a step. Documents are shared with them.
pub(super) struct Snapshot(Vec<(Node, Arc<Names>)>);

impl Snapshot {
    pub(super) fn of(resources: &ResMap) -> Self {
        let one = |resource: &Resource| (resource.node().clone(), Arc::clone(resource.names()));
        Self(resources.iter().map(one).collect())
    }

    /// The difference to the resources after the step. Linear in the number of resources and the size of those that
    /// changed. A step that only changes their order has no effect.
    pub(super) fn until(&self, resources: &ResMap) -> Effect {
        let mut effect = Effect::default();
        let mut before = self.0.iter().peekable();
        let mut left = resources.len();
        for after in resources {
            while let Some((_, names)) = before.peek()
                && before.len() > left
                && !is_same(names, after)
            {
                before.next();
                effect.removed += 1;
            }
            left -= 1;
            match before.peek() {
                Some((node, names)) if is_same(names, after) => {
                    let fields = fields(node, after.node());
                    effect.changed += usize::from(fields > 0);
                    effect.fields += fields;
                    before.next();
                }
                Some(_) if resources.len() <= self.0.len() => return Effect::default(),
                _ => effect.added += 1,
            }
        }
        effect.removed += before.len();
        effect
    }
}

fn is_same(names: &Arc<Names>, resource: &Resource) -> bool {
    Arc::ptr_eq(names, resource.names()) || names.original_id() == resource.original_id()
}

/// The number of fields that differ.
fn fields(before: &Node, after: &Node) -> usize {
    let mut count = 0;
    let mut pending = vec![(before, after)];
    while let Some((before, after)) = pending.pop() {
        if let (Some(before), Some(after)) = (before.as_mapping(), after.as_mapping()) {
            if !std::ptr::eq(before, after) {
                count += entries(before, after, &mut pending);
            }
        } else if let (Some(before), Some(after)) = (before.as_sequence(), after.as_sequence()) {
            if !std::ptr::eq(before, after) {
                count += items(before, after, &mut pending);
            }
        } else if !is_printed_alike(before, after) {
            count += leaves(before).max(leaves(after));
        }
    }
    count
}

/// True if two scalars are equal, or differ only in tags and styles that the output does not show.
fn is_printed_alike(before: &Node, after: &Node) -> bool {
    let printed = |node: &Node| {
        let mut text = String::new();
        yaml::emit(node, &mut text).ok().map(|()| text)
    };
    before == after
        || before.as_text().is_some()
            && before.as_text() == after.as_text()
            && printed(before) == printed(after)
}

/// Counts the fields that only one of two mappings has; common entries are left to compare.
fn entries<'n>(
    before: &'n Mapping,
    after: &'n Mapping,
    pending: &mut Vec<(&'n Node, &'n Node)>,
) -> usize {
    let mut count = 0;
    for (place, (key, value)) in after.iter().enumerate() {
        let at_place = before.entries().get(place).filter(|(old, _)| old.text() == key.text());
        match at_place.map(|(_, old)| old).or_else(|| before.get(key.text())) {
            Some(old) => pending.push((old, value)),
            None => count += leaves(value),
        }
    }
    let gone = before.iter().filter(|(key, _)| after.get(key.text()).is_none());
    count + gone.map(|(_, value)| leaves(value)).sum::<usize>()
}

/// Counts the fields of items that only one of two lists has. Items correspond to each other by `name`, or else by their
/// place between the equal items at both ends.
fn items<'n>(
    before: &'n Sequence,
    after: &'n Sequence,
    pending: &mut Vec<(&'n Node, &'n Node)>,
) -> usize {
    let (mut before, mut after) = (before.items(), after.items());
    while let ([first, old @ ..], [other, new @ ..]) = (before, after)
        && first == other
    {
        (before, after) = (old, new);
    }
    while let ([old @ .., last], [new @ .., other]) = (before, after)
        && last == other
    {
        (before, after) = (old, new);
    }
    let is_named = |items: &[Node]| items.iter().all(|item| name(item).is_some());
    if is_named(before) && is_named(after) {
        let by_name = |items: &'n [Node]| {
            // Of several elements with a name, the first one counts.
            let named = items.iter().rev().map(|item| (name(item), item));
            named.collect::<BTreeMap<_, _>>()
        };
        let (old, new) = (by_name(before), by_name(after));
        let mut count = 0;
        for item in after {
            match old.get(&name(item)) {
                Some(old) => pending.push((*old, item)),
                None => count += leaves(item),
            }
        }
        let gone = before.iter().filter(|item| !new.contains_key(&name(item)));
        return count + gone.map(leaves).sum::<usize>();
    }
    pending.extend(before.iter().zip(after));
    let rest = before.iter().skip(after.len()).chain(after.iter().skip(before.len()));
    rest.map(leaves).sum()
}

fn name(item: &Node) -> Option<&str> {
    item.get("name").and_then(Node::as_text)
}

/// The number of scalars and empty collections in a node.
fn leaves(node: &Node) -> usize {
    node.walk().filter(|node| node.items().is_empty() && node.entries().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::sample;

    #[track_caller]
    fn differ(before: &str, after: &str) -> usize {
        let sources = Sources::new();
        let read = |text: &str| sample::document(&sources, text).unwrap();
        fields(&read(before), &read(after))
    }

    #[test]
    fn fields_are_counted() {
        assert_eq!(differ("{a: 1, b: {c: 2}}", "{a: 1, b: {c: 2}}"), 0);
        assert_eq!(differ("{a: 1, b: {c: 2}}", "{a: 2, b: {c: 3}}"), 2);
        assert_eq!(differ("{a: 1}", "{b: {c: 1, d: [x, y], e: {}}}"), 5);
        assert_eq!(differ("{a: 1, b: 2}", "{b: 2, a: 1}"), 0, "the order is no field");
        assert_eq!(differ("{a: {b: 1, c: 2}}", "{a: 1}"), 2);
    }

    #[test]
    fn items_of_lists_correspond() {
        assert_eq!(differ("[{name: a, v: 1}, {name: b}]", "[{name: b}, {name: a, v: 2}]"), 1);
        assert_eq!(differ("[{name: a}, {name: b}]", "[{name: c, v: 1}, {name: a}, {name: b}]"), 2);
        assert_eq!(differ("[x, y, z]", "[w, x, y, z]"), 1);
        assert_eq!(differ("[x, y, z]", "[x, z]"), 1);
        assert_eq!(differ("[x, y]", "[z, y, w]"), 2);
    }
}
