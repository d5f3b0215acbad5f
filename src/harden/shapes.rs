//! Shapes of objects: their kinds and the names of their fields, without values. The objects of a render have few shapes, so
//! a rule about names looks at one object of each.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};

use crate::index::Hashes;
use crate::resource::Resource;
use crate::yaml::Node;

/// Maximum depth of an object with a known shape.
const DEEPEST: usize = 48;

/// The hashes of the shapes of objects in which a rule finds nothing.
#[derive(Default)]
pub(super) struct Shapes {
    found_nothing: RefCell<BTreeSet<u64>>,
    hashes: Hashes,
}

impl Shapes {
    /// The violations that a rule finds in an object. They must depend on its shape alone: an object has none if another one
    /// of this shape has none.
    pub(super) fn find<T>(&self, object: &Resource, look: impl FnOnce() -> Vec<T>) -> Vec<T> {
        let Some(hash) = self.hash(object) else { return look() };
        if self.found_nothing.borrow().contains(&hash) {
            return Vec::new();
        }
        let found = look();
        if found.is_empty() {
            self.found_nothing.borrow_mut().insert(hash);
        }
        found
    }

    /// The hash of the shape of an object; `None` for one that is very deep.
    fn hash(&self, object: &Resource) -> Option<u64> {
        let mut hasher = self.hashes.build_hasher();
        for text in [&*object.gvk().api_version(), object.kind()] {
            write(text, &mut hasher);
        }
        add(object.node(), 0, &mut hasher)?;
        Some(hasher.finish())
    }
}

/// Adds the length, too: two texts are not another two.
fn write(text: &str, hasher: &mut impl Hasher) {
    hasher.write(text.as_bytes());
    hasher.write_usize(text.len());
}

/// Adds the names of the fields of a node, and whether each has null, another scalar, or a collection.
fn add(node: &Node, depth: usize, hasher: &mut impl Hasher) -> Option<()> {
    if depth == DEEPEST {
        return None;
    }
    let (entries, items) = (node.entries(), node.items());
    hasher.write_usize(entries.len());
    for (key, value) in entries {
        write(key.text(), hasher);
        match value.as_scalar() {
            Some(_) => hasher.write_usize(usize::MAX - usize::from(value.is_null())),
            None => add(value, depth + 1, hasher)?,
        }
    }
    hasher.write_usize(items.len());
    for item in items.iter().filter(|item| item.as_scalar().is_none()) {
        add(item, depth + 1, hasher)?;
    }
    // The end: a field of this node is none of the last one in it.
    hasher.write_usize(usize::MAX - 2);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    #[test]
    fn objects_of_one_shape_are_looked_at_once() {
        let shapes = Shapes::default();
        let looked = |text: &str, found: Vec<u8>| {
            let mut is_looked_at = false;
            let result = shapes.find(&resource(text), || {
                is_looked_at = true;
                found.clone()
            });
            assert_eq!(result, if is_looked_at { found } else { Vec::new() });
            is_looked_at
        };
        let start = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n";
        assert!(looked(start, Vec::new()));
        assert!(!looked("apiVersion: v1\nkind: A\nmetadata: {name: other}\n", Vec::new()));
        for other in [
            "apiVersion: v2\nkind: A\nmetadata: {name: a}\n",
            "apiVersion: v1\nkind: B\nmetadata: {name: a}\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a, b: c}\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: c\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: ~\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: {}\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: {c: d}\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: {}\nc: d\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: [{c: d}]\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: [{c: d}, {}]\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: [[{c: d}]]\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: {c: {d: e}}\n",
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nb: {c: {}, d: e}\n",
        ] {
            assert!(looked(other, Vec::new()), "{other}");
            assert!(!looked(other, vec![1]), "{other}");
        }
        // What was found is looked for again.
        let bad = format!("{start}bad: a\n");
        assert!(looked(&bad, vec![1]) && looked(&bad, vec![1]));
        let deep = format!("{start}a: {}{}\n", "{a: ".repeat(60), "}".repeat(60));
        assert!(looked(&deep, Vec::new()) && looked(&deep, Vec::new()));
    }
}
