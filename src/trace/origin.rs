//! The fields of an object, each with its states.

use super::{Chain, FieldPath};

/// A field without fields below it: a scalar, or an empty collection.
#[derive(Clone, Debug)]
pub struct Leaf<'t> {
    /// Its path.
    pub path: FieldPath,
    /// Its states.
    pub chain: Chain<'t>,
}

/// The fields below a field that have a value and no fields below them, in the order of the document; with `removed` also
/// those that were removed, behind the others of their mapping. The cost is that of the document, and of the states of its
/// collections times their entries.
#[must_use]
pub fn leaves(path: FieldPath, chain: Chain<'_>, removed: bool) -> Vec<Leaf<'_>> {
    let mut leaves = Vec::new();
    let mut pending = vec![(path, chain)];
    while let Some((path, chain)) = pending.pop() {
        let mut children = if chain.value().is_none() { Vec::new() } else { chain.children() };
        let is_leaf = children.is_empty();
        if removed && chain.value().is_some() {
            children.extend(chain.removed());
        }
        let children = children.into_iter().rev();
        pending.extend(children.map(|(segment, chain)| (path.with(segment), chain)));
        if is_leaf {
            leaves.push(Leaf { path, chain });
        }
    }
    leaves
}
