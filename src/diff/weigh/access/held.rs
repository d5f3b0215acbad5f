//! Rights that subjects have by all bindings of a render.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::rights::{Known, Subject};
use super::sets::Held;
use super::usual;
use crate::diff::weigh::Sides;

/// The rights of a subject before the change, as far as they are known: in a namespace, or in the whole cluster if it is
/// empty.
pub(super) fn held_before<'a>(
    sides: &Sides<'_, 'a>,
    subject: &Subject,
    namespace: &str,
) -> Vec<Rc<Known<'a>>> {
    let of = |old: Subject| {
        // In the namespace of an account that has moved, the rights of its former one count.
        let is_moved = namespace == subject.1 && old.1 != subject.1;
        let place = if is_moved { old.1.clone() } else { namespace.to_owned() };
        known(sides, 0, &old, &place)
    };
    formerly(sides, subject).into_iter().map(of).collect()
}

/// The rules that bindings of a render give to a subject as far as they are known, and the other roles. They are collected
/// once: many roles may be given to one subject.
pub(super) fn known<'a>(
    sides: &Sides<'_, 'a>,
    side: usize,
    subject: &Subject,
    scope: &str,
) -> Rc<Known<'a>> {
    let (rights, work) = (sides.whole.rights(side), &sides.whole.work);
    let key = (subject.clone(), scope.to_owned());
    if let Some(known) = rights.known.borrow().get(&key) {
        return Rc::clone(known);
    }
    let (mut rules, mut unknown) = (Vec::new(), BTreeSet::new());
    // The API server asks no role for this group.
    if is_master(subject) {
        rules.extend(
            usual::rules(&["ClusterRole", "", "cluster-admin"].map(str::to_owned))
                .unwrap_or_default(),
        );
    }
    let mut seen = BTreeSet::new();
    for binding in rights.bindings_for(subject, scope) {
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
    let held = Held::of(rules.iter().copied(), sides.renames(), work);
    let known = Rc::new(Known { rules, held, unknown });
    rights.known.borrow_mut().insert(key, Rc::clone(&known));
    known
}

/// True for the group that may do everything in each cluster, whatever is bound to it.
pub(super) fn is_master((kind, _, name): &Subject) -> bool {
    kind == "Group" && name == "system:masters"
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
