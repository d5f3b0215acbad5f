//! Rights that subjects have by all bindings of a render.

use std::collections::BTreeSet;
use std::slice::from_ref;

use super::rights::{RoleKey, Subject};
use crate::diff::weigh::Sides;
use crate::yaml::Node;

/// The rules that a subject had before the change, as far as they are known: in a namespace, or in the whole cluster if
/// it is empty.
pub(super) fn held_before(sides: &Sides<'_, '_>, subject: &Subject, namespace: &str) -> Vec<Node> {
    let rules = |old: Subject| {
        // In the namespace of an account that has moved, the rights of its former one count.
        let is_moved = namespace == subject.1 && old.1 != subject.1;
        let place = if is_moved { old.1.clone() } else { namespace.to_owned() };
        known(sides, 0, from_ref(&old), &place).0
    };
    formerly(sides, subject).into_iter().flat_map(rules).collect()
}

/// The rules that bindings of a render give to subjects as far as they are known, and the other roles.
pub(super) fn known(
    sides: &Sides<'_, '_>,
    side: usize,
    subjects: &[Subject],
    scope: &str,
) -> (Vec<Node>, BTreeSet<RoleKey>) {
    let (rights, work) = (sides.whole.rights(side), &sides.whole.work);
    let (mut rules, mut unknown) = (Vec::new(), BTreeSet::new());
    let mut seen = BTreeSet::new();
    for binding in subjects.iter().flat_map(|one| rights.bindings_for(one, scope)) {
        if !work.takes(1) {
            break;
        }
        if !seen.insert(&binding.role) {
            continue;
        }
        match rights.rules(&binding.role, &|steps| work.takes(steps)) {
            Some(more) if work.takes(more.len()) => rules.extend(more),
            Some(_) => break,
            None => {
                unknown.insert(binding.role.clone());
            }
        }
    }
    (rules, unknown)
}

/// A subject where it was before the change: where its `ServiceAccount` was, or the same.
pub(super) fn formerly(sides: &Sides<'_, '_>, subject: &Subject) -> Vec<Subject> {
    let (kind, namespace, name) = subject;
    let mut olds = vec![subject.clone()];
    if kind == "ServiceAccount"
        && let Some((namespace, name)) = sides.whole.formerly(namespace, name)
    {
        olds.push((kind.clone(), namespace.clone(), name.clone()));
    }
    olds
}
