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

/// The fields below a field that have a value and no fields below them, in the order of the document. The cost is that of the
/// document, and of the states of its collections times their entries.
#[must_use]
pub fn leaves(path: FieldPath, chain: Chain<'_>) -> Vec<Leaf<'_>> {
    let mut leaves = Vec::new();
    let mut pending = vec![(path, chain)];
    while let Some((path, chain)) = pending.pop() {
        if chain.value().is_none() {
            continue;
        }
        let children = chain.children();
        if children.is_empty() {
            leaves.push(Leaf { path, chain });
            continue;
        }
        pending
            .extend(children.into_iter().rev().map(|(segment, chain)| (path.with(segment), chain)));
    }
    leaves
}
