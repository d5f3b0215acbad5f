//! Bindings: new ones, new subjects, and roles with more rights.

use std::collections::BTreeSet;

use super::rights::{Grown, grown};
use super::roles::told;
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::differences::PRIVILEGE_GRANTED;
use crate::harden::value::{below, items, present, text};
use crate::yaml::Node;

/// The roles of Kubernetes for people, the weakest first: each has the rights of those before it.
const ORDERED: [&str; 4] = ["view", "edit", "admin", "cluster-admin"];

/// A subject: kind, namespace, name.
type Subject = (String, String, String);

/// Judges a `RoleBinding` or a `ClusterRoleBinding`.
pub(in crate::diff::weigh) fn binding(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let Some((kind, name)) = role(after) else { return };
    let old: BTreeSet<Subject> = match sides.before {
        // The subjects under the names and in the namespaces that their objects have now.
        Some(before) => subjects(before, sides.namespace(0))
            .into_iter()
            .flat_map(|subject| moved(sides, subject))
            .collect(),
        None => BTreeSet::new(),
    };
    let gained: Vec<Subject> = subjects(after, sides.namespace(1))
        .into_iter()
        .filter(|subject| !old.contains(subject))
        .collect();
    let is_of_cluster = sides.kind == "ClusterRoleBinding";
    let reach = if is_of_cluster { " in the whole cluster" } else { "" };
    if !gained.is_empty() {
        let phrase = Phrase::new("gives ").name(name).say(format!("{reach} to "));
        let phrase = phrase.each(&gained, |phrase, (kind, namespace, name)| {
            let dash = if namespace.is_empty() { "" } else { "/" };
            phrase.name(&format!("{kind} {namespace}{dash}{name}"))
        });
        let severity = severity(name, is_of_cluster, &gained);
        let path = if sides.before.is_some() { "subjects" } else { "" };
        found.push(Judgement::new(&PRIVILEGE_GRANTED, path, phrase).with_severity(severity));
    }
    if let Some(before) = sides.before
        && let Some((old_kind, old_name)) = role(before)
    {
        found.extend(role_changed(sides, (old_kind, old_name), (kind, name), is_of_cluster));
    }
}

/// The judgement on a binding that leads to another role.
fn role_changed(
    sides: &Sides<'_>,
    (old_kind, old_name): (&str, &str),
    (kind, name): (&str, &str),
    is_of_cluster: bool,
) -> Option<Judgement> {
    let is_renamed = || sides.renames().follows(old_name, name).is_some();
    if (old_kind, old_name) == (kind, name) || old_kind == kind && is_renamed() {
        return None;
    }
    let strength = |kind: &str, name: &str| {
        ORDERED.iter().position(|one| *one == name).filter(|_| kind == "ClusterRole")
    };
    if let (Some(old), Some(new)) = (strength(old_kind, old_name), strength(kind, name))
        && new < old
    {
        return None;
    }
    // The first role of all others is `cluster-admin`: nothing has more rights.
    if (old_kind, old_name) == ("ClusterRole", "cluster-admin") {
        return None;
    }
    let rules = |side: usize, kind: &str, name: &str| {
        let role = sides.role(side, kind, name)?;
        Some(items(present(role, "rules")))
    };
    let phrase = Phrase::new("leads to ").name(name).say(" in place of ").name(old_name);
    let usual = if is_strong(name, is_of_cluster) { Severity::Error } else { Severity::Warning };
    let (severity, phrase) = match (rules(0, old_kind, old_name), rules(1, kind, name)) {
        (Some(old), Some(new)) => {
            let grown = grown(old, new, sides.renames(), &sides.work());
            if matches!(&grown, Grown::By(rights) if rights.is_empty()) {
                return None;
            }
            let judged = told(&grown)?;
            (judged.severity, phrase.say(": ").and(judged.phrase))
        }
        _ => (usual, phrase),
    };
    Some(Judgement::new(&PRIVILEGE_GRANTED, "roleRef.name", phrase).with_severity(severity))
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
fn moved(sides: &Sides<'_>, subject: Subject) -> Vec<Subject> {
    let (kind, namespace, name) = &subject;
    let mut places = Vec::new();
    if kind == "ServiceAccount" {
        let with =
            |namespace: &str, name: &str| (kind.clone(), namespace.to_owned(), name.to_owned());
        let moved = sides.whole.moved(namespace, name);
        places.extend(moved.map(|(namespace, name)| with(namespace, name)));
        if namespace == sides.namespace(0) {
            places.push(with(sides.namespace(1), name));
        }
    }
    places.push(subject);
    places
}

/// The kind and the name of the role of a binding.
fn role(binding: &Node) -> Option<(&str, &str)> {
    let role = below(binding, &["roleRef"])?;
    Some((text(role, "kind")?, text(role, "name")?))
}

fn subjects(binding: &Node, namespace: &str) -> Vec<Subject> {
    let subject = |node: &Node| {
        let (kind, name) = (text(node, "kind")?, text(node, "name")?);
        let own = match kind {
            "ServiceAccount" => text(node, "namespace").unwrap_or(namespace),
            _ => "",
        };
        Some((kind.to_owned(), own.to_owned(), name.to_owned()))
    };
    items(present(binding, "subjects")).iter().filter_map(subject).collect()
}
