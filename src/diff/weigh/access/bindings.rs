//! Bindings: subjects that get rights which they did not have, by whatever role and binding.

use std::collections::BTreeSet;

use super::held::{formerly, held_before, known};
use super::rights::{RoleKey, Subject, role_of, subjects, told as subject_told};
use super::roles::{dangers, told};
use super::sets::{Grown, Held, beyond, grown};
use super::usual::{ORDERED, strength};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::differences::PRIVILEGE_GRANTED;
use crate::harden::value::present;
use crate::yaml::Node;

/// Judges a `RoleBinding` or a `ClusterRoleBinding`.
pub(in crate::diff::weigh) fn binding(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let scope = |side: usize| match sides.kind {
        "ClusterRoleBinding" => "",
        _ if sides.before.is_none() => sides.namespace(1),
        _ => sides.namespace(side),
    };
    let Some(role) = role_of(after, scope(1)) else { return };
    let is_moved = scope(0) != scope(1);
    let old: BTreeSet<Subject> = match sides.before {
        // The subjects under the names and in the namespaces that their objects have now.
        Some(before) => subjects(before, scope(0))
            .into_iter()
            .flat_map(|subject| moved(sides, subject))
            .collect(),
        None => BTreeSet::new(),
    };
    let mut gained: Vec<Subject> = Vec::new();
    let mut rights = None;
    let (mut dangerous, mut worst) = (None, Severity::Note);
    for subject in subjects(after, scope(1)) {
        if old.contains(&subject) || gained.contains(&subject) {
            continue;
        }
        match gain(sides, &subject, &role, [scope(0), scope(1)]) {
            Gain::Nothing => continue,
            Gain::Role => {}
            Gain::Rights(judged) => rights = Some(judged),
            Gain::Dangers(words, of) => {
                (dangerous, worst) = (words, worst.max(of));
            }
        }
        gained.push(subject);
        if gained.len() >= MOST_SUBJECTS {
            break;
        }
    }
    let is_of_cluster = sides.kind == "ClusterRoleBinding";
    if !gained.is_empty() {
        let phrase = Phrase::new("gives ").name(&role[2]);
        let phrase = match (is_of_cluster, is_moved) {
            (true, _) => phrase.say(" in the whole cluster"),
            (false, true) => phrase.say(" in namespace ").name(scope(1)),
            (false, false) => phrase,
        };
        let phrase = phrase.say(" to ").each(&gained, subject_told);
        let mut severity = severity(&role[2], is_of_cluster, &gained).max(worst);
        let phrase = match dangerous {
            Some(words) => phrase.and(words),
            None => phrase,
        };
        let phrase = match rights {
            // The rules of a role that has changed are told with it.
            Some(judged) if is_known(sides, &role, scope(0)) => {
                severity = severity.max(judged.severity);
                phrase.say(": ").and(judged.phrase)
            }
            Some(judged) => {
                severity = severity.max(judged.severity);
                phrase
            }
            None => phrase,
        };
        let path = match sides.before {
            Some(_) if is_moved => "metadata.namespace",
            Some(_) => "subjects",
            None => "",
        };
        found.push(Judgement::new(&PRIVILEGE_GRANTED, path, phrase).with_severity(severity));
    }
    if let Some(before) = sides.before
        && let Some(old) = role_of(before, scope(0))
    {
        found.extend(role_changed(sides, after, scope(1), [&old, &role]));
    }
}

/// The maximum number of subjects that are told, and compared.
const MOST_SUBJECTS: usize = 1024;

/// True if a role has the same rules on both sides; one of a namespace may have been in another one.
fn is_known(sides: &Sides<'_, '_>, role: &RoleKey, old_scope: &str) -> bool {
    let [kind, _, name] = role;
    let old_scope = if kind == "Role" { old_scope } else { "" };
    let was = [kind.as_str(), old_scope, name.as_str()].map(str::to_owned);
    let old = sides.whole.rights(0).role(role).or_else(|| sides.whole.rights(0).role(&was));
    let (Some(old), Some(new)) = (old, sides.whole.rights(1).role(role)) else { return false };
    ["rules", "aggregationRule"].iter().all(|key| present(old, key) == present(new, key))
}

/// The gain of a subject by a role.
enum Gain {
    Nothing,
    /// The role, of which the rules are not known.
    Role,
    Rights(Judgement),
    /// The rights of a role that each cluster has: those that are dangerous, if there are some.
    Dangers(Option<Phrase>, Severity),
}

/// The gain of a subject by a role in a namespace, compared with what it could do there before.
fn gain(sides: &Sides<'_, '_>, subject: &Subject, role: &RoleKey, scopes: [&str; 2]) -> Gain {
    let whole = sides.whole;
    // The places of a moved account before, with the namespaces in which its rights count; it may have been in the new
    // one.
    let olds: Vec<(Subject, &str)> = formerly(sides, subject)
        .into_iter()
        .map(|old| if old == *subject { (old, scopes[1]) } else { (old, scopes[0]) })
        .collect();
    let mut bindings =
        olds.iter().flat_map(|(old, scope)| whole.rights(0).bindings_for(old, scope));
    let has_role = |one: &RoleKey| {
        one == role
            || one[0] == role[0]
                && (sides.renames().follows(&one[2], &role[2]).is_some() || is_weaker(role, one))
    };
    if bindings.any(|one| {
        whole.work.takes(1) && has_role(&one.role) && has_same_rules(sides, &one.role, role)
    }) {
        return Gain::Nothing;
    }
    let takes = |steps| whole.work.takes(steps);
    let new = whole.rights(1).rules(role, &takes);
    let Some(new) = new else { return Gain::Role };
    let had: Vec<_> = olds.iter().map(|(old, scope)| known(sides, 0, old, scope)).collect();
    let has_others = had.iter().any(|one| !one.unknown.is_empty());
    let held: Vec<&Held<'_>> = had.iter().map(|one| &one.held).collect();
    let grown = beyond(&held, &new, &whole.work);
    match told(&grown, None) {
        // Roles that are not in the render may have given the rights.
        Some(_) if has_others || whole.work.is_over() => Gain::Role,
        Some(judged) if is_usual(sides, role) => Gain::Dangers(dangers(&grown), judged.severity),
        Some(judged) => Gain::Rights(judged),
        // A role without rules may get some elsewhere.
        None if new.is_empty() => Gain::Role,
        None => Gain::Nothing,
    }
}

/// True for a role that each cluster has, and that the render does not replace.
fn is_usual(sides: &Sides<'_, '_>, role: &RoleKey) -> bool {
    strength(role).is_some() && sides.whole.rights(1).role(role).is_none()
}

/// True if the rules of a role that has another name are the same, as far as both are known.
fn has_same_rules(sides: &Sides<'_, '_>, old: &RoleKey, new: &RoleKey) -> bool {
    let takes = |steps| sides.whole.work.takes(steps);
    let rules = |side: usize, key| sides.whole.rights(side).rules(key, &takes);
    match (rules(0, old), rules(1, new)) {
        // What a role of the same name gains is told with the role.
        _ if old == new => true,
        (Some(old), Some(new)) => {
            let grown = grown(&old, &new, sides.renames(), &sides.whole.work);
            matches!(grown, Grown::By(rights) if rights.is_empty())
        }
        _ => true,
    }
}

/// True if a role of each cluster has no rights that the other one does not have.
fn is_weaker(role: &RoleKey, other: &RoleKey) -> bool {
    match (strength(role), strength(other)) {
        (Some(own), Some(other)) => own <= other,
        // The first role of all others is `cluster-admin`: it has all rights.
        (None, Some(other)) => other + 1 == ORDERED.len(),
        _ => false,
    }
}

/// The judgement on a binding that leads to another role.
fn role_changed(
    sides: &Sides<'_, '_>,
    after: &Node,
    scope: &str,
    [old, new]: [&RoleKey; 2],
) -> Option<Judgement> {
    let is_renamed = || sides.renames().follows(&old[2], &new[2]).is_some();
    let is_same = (&old[0], &old[2]) == (&new[0], &new[2]);
    if is_same || old[0] == new[0] && is_renamed() || is_weaker(new, old) {
        return None;
    }
    let phrase = Phrase::new("leads to ").name(&new[2]).say(" in place of ").name(&old[2]);
    let is_strong = is_strong(&new[2], sides.kind == "ClusterRoleBinding");
    let usual = if is_strong { Severity::Error } else { Severity::Warning };
    let (severity, phrase) = match by_other_role(sides, after, scope, [old, new]) {
        Some((grown, is_known)) => {
            let judged = told(&grown, None)?;
            match (is_known, is_usual(sides, new)) {
                (false, _) => (usual.max(judged.severity), phrase),
                (true, true) => (judged.severity, phrase.and(dangers(&grown).unwrap_or_default())),
                (true, false) => (judged.severity, phrase.say(": ").and(judged.phrase)),
            }
        }
        None => (usual, phrase),
    };
    Some(Judgement::new(&PRIVILEGE_GRANTED, "roleRef.name", phrase).with_severity(severity))
}

/// The rights that the subjects of a binding get by another role, beyond what they had by the old one and by others; and
/// true if the rules of the old one are known. `None` if those of the new one are not.
fn by_other_role(
    sides: &Sides<'_, '_>,
    after: &Node,
    scope: &str,
    [old, new]: [&RoleKey; 2],
) -> Option<(Grown, bool)> {
    let takes = |steps| sides.whole.work.takes(steps);
    let rules = |side: usize, key| sides.whole.rights(side).rules(key, &takes);
    let (old, new) = (rules(0, old), rules(1, new)?);
    let is_known = old.is_some();
    let old = old.unwrap_or_default();
    let mut gained = grown(&old, &new, sides.renames(), &sides.whole.work);
    let is_none = |grown: &Grown| matches!(grown, Grown::By(rights) if rights.is_empty());
    let subjects = subjects(after, scope);
    if is_none(&gained) || subjects.is_empty() || subjects.len() > MOST_SUBJECTS {
        return Some((gained, is_known));
    }
    let own = Held::of(old.iter().copied(), sides.renames(), &sides.whole.work);
    let gains = |subject: &Subject| {
        let had = held_before(sides, subject, scope);
        let held: Vec<&Held<'_>> =
            std::iter::once(&own).chain(had.iter().map(|one| &one.held)).collect();
        !is_none(&beyond(&held, &new, &sides.whole.work))
    };
    if !subjects.iter().any(gains) && !sides.whole.work.is_over() {
        gained = Grown::By(Vec::new());
    }
    Some((gained, is_known))
}

/// True for the roles of Kubernetes that may change anything where they are bound.
fn is_strong(role: &str, is_of_cluster: bool) -> bool {
    role == "cluster-admin" || is_of_cluster && matches!(role, "admin" | "edit")
}

fn severity(role: &str, is_of_cluster: bool, gained: &[Subject]) -> Severity {
    let is_everyone = |(_, _, name): &Subject| {
        matches!(
            name.as_str(),
            "system:anonymous" | "system:unauthenticated" | "system:authenticated"
        ) || matches!(name.as_str(), "system:masters" | "system:serviceaccounts")
    };
    match is_strong(role, is_of_cluster) || gained.iter().any(is_everyone) {
        true => Severity::Error,
        false => Severity::Warning,
    }
}

/// A subject where it is after the change: where its `ServiceAccount` is, or in the namespace of the binding; or the same.
fn moved(sides: &Sides<'_, '_>, subject: Subject) -> Vec<Subject> {
    let (kind, namespace, name) = &subject;
    let mut places = Vec::new();
    if kind == "ServiceAccount" {
        let with =
            |namespace: &str, name: &str| (kind.clone(), namespace.to_owned(), name.to_owned());
        let moved = sides.whole.moved(namespace, name);
        places.extend(moved.map(|(namespace, name)| with(namespace, name)));
        // One that is in no render, as `default`, may move too; one that stays does not.
        let stays = || sides.whole.account(1, namespace, name).is_some();
        if namespace == sides.namespace(0) && !stays() {
            places.push(with(sides.namespace(1), name));
        }
    }
    // In another namespace a subject has other rights, even if it stays.
    if sides.kind == "ClusterRoleBinding" || sides.namespace(0) == sides.namespace(1) {
        places.push(subject);
    }
    places
}
