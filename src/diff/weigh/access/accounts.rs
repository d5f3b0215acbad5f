//! Workloads that run as a `ServiceAccount` which has rights: as another one than before, or as new workloads; and
//! tokens of accounts in Secrets.

use std::collections::BTreeSet;

use super::held::known;
use super::rights::{Rights, RoleKey, Subject};
use super::roles::{dangers, told};
use super::sets::{Held, beyond};
use super::usual::{ORDERED, strength};
use crate::diff::weigh::workload::{account_of, pods};
use crate::diff::weigh::{Judgement, Phrase, Sides, Whole, namespace_of};
use crate::harden::differences::PRIVILEGE_GRANTED;
use crate::harden::value::{below, text};
use crate::harden::{Severity, pod_templates};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::yaml::Node;

const PATH: &str = "spec.serviceAccountName";

/// Judges the rights of a workload whose pods run as another `ServiceAccount`, or that is new.
pub(in crate::diff::weigh) fn runs_as(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if sides.before.is_none() {
        return found.extend(starts(sides));
    }
    for [before, after] in pods(sides) {
        let (old, new) = (account_of(before.spec), account_of(after.spec));
        let namespaces = [0, 1].map(|side| sides.namespace(side));
        let [was, is] = [account(namespaces[0], old), account(namespaces[1], new)];
        let gains = |side| gained(sides, side, Some(&was), &is, runs(&is));
        let judged = match namespaces[0] == namespaces[1] {
            true if old == new || sides.renames().follows(old, new).is_some() => None,
            true => gains(1),
            // An account that moves along is told with its bindings.
            false if is_moved(sides.whole, &was, &is) => None,
            false => gains(0).and_then(|_| gains(1)),
        };
        found.extend(judged);
    }
}

fn is_moved(whole: &Whole<'_>, was: &Subject, is: &Subject) -> bool {
    let place = (is.1.clone(), is.2.clone());
    whole.moved(&was.1, &was.2) == Some(&place)
}

fn runs(account: &Subject) -> Phrase {
    Phrase::new("runs as the ServiceAccount ").name(&account.2)
}

/// A `ServiceAccount`.
fn account(namespace: &str, name: &str) -> Subject {
    ("ServiceAccount".to_owned(), namespace.to_owned(), name.to_owned())
}

/// The judgements on a new workload: its accounts had rights by which one gets others, or everything. What an account
/// gains by this change is told of its roles and bindings.
fn starts(sides: &Sides<'_, '_>) -> Vec<Judgement> {
    let read = |node: &Node| Resource::new(node.clone(), &Schema::built_in()).ok();
    let Some(object) = sides.after.and_then(read) else { return Vec::new() };
    let pods = pod_templates(&object);
    let names: BTreeSet<&str> = pods.iter().map(|pod| account_of(pod.spec)).collect();
    let judged = |name: &str| {
        let place = (sides.namespace(1).to_owned(), name.to_owned());
        // A workload that ran as the account is gone: the new one may be that under another name.
        if sides.whole.left_accounts().contains(&place) {
            return None;
        }
        let account = account(sides.namespace(1), name);
        let grave = |side| {
            let judged = gained(sides, side, None, &account, runs(&account));
            // What is too much to be compared is told.
            let is_over = sides.whole.work.is_over();
            judged.filter(|one| is_over || one.severity == Severity::Error)
        };
        grave(0).and_then(|_| grave(1))
    };
    names.into_iter().filter_map(judged).collect()
}

/// The namespaces and names of accounts as which removed workloads ran. Linear in these.
pub(in crate::diff::weigh) fn left<'a>(
    gone: impl Iterator<Item = &'a Resource>,
) -> BTreeSet<(String, String)> {
    let of = |object: &'a Resource| {
        let pods = pod_templates(object);
        let names: Vec<String> = pods.iter().map(|pod| account_of(pod.spec).to_owned()).collect();
        names.into_iter().map(|name| (namespace_of(object).to_owned(), name))
    };
    gone.flat_map(of).collect()
}

/// The maximum number of namespaces in which the rights of an account are compared.
const MOST_PLACES: usize = 16;

/// The judgement on rights that bindings of a side give to the second account, and not to the first, after a phrase.
fn gained(
    sides: &Sides<'_, '_>,
    side: usize,
    old: Option<&Subject>,
    new: &Subject,
    phrase: Phrase,
) -> Option<Judgement> {
    let (rights, work) = (sides.whole.rights(side), &sides.whole.work);
    let own = new.1.as_str();
    let places: BTreeSet<&str> = rights.all_bindings_for(new).map(|one| &*one.namespace).collect();
    if places.is_empty() {
        return None;
    }
    let others = places.iter().copied().filter(|place| !place.is_empty() && *place != own);
    let first = [("", places.contains("")), (own, places.contains(own))];
    let first = first.into_iter().filter_map(|(place, is_meant)| is_meant.then_some(place));
    let mut worst: Option<Judgement> = None;
    let mut roles: BTreeSet<RoleKey> = BTreeSet::new();
    for place in first.chain(others.take(MOST_PLACES)) {
        let of = |one: &Subject| known(sides, side, one, place);
        let (had, gets) = (old.map(of), of(new));
        let is_news =
            |role: &&RoleKey| !had.as_ref().is_some_and(|one| one.unknown.contains(*role));
        roles.extend(gets.unknown.iter().filter(is_news).cloned());
        let held: Vec<&Held<'_>> = had.iter().map(|one| &one.held).collect();
        let grown = beyond(&held, &gets.rules, work);
        let Some(judged) = told(&grown, None) else { continue };
        if worst.as_ref().is_some_and(|known| known.severity >= judged.severity) {
            continue;
        }
        let phrase = match usual_role(rights, new, place) {
            // All that such a role allows is too much to be told.
            Some(role) => {
                let words = dangers(&grown).unwrap_or_default();
                Phrase::new(", which has the role ").name(role).and(words)
            }
            None => Phrase::new(", and ").and(judged.phrase),
        };
        let phrase = match place {
            place if place == own => phrase,
            "" => phrase.say(" in the whole cluster"),
            place => phrase.say(" in namespace ").name(place),
        };
        worst = Some(Judgement { phrase, ..judged });
    }
    if let Some(judged) = worst {
        let phrase = phrase.and(judged.phrase);
        return Some(Judgement { phrase, ..judged }.at(PATH.to_owned()));
    }
    let judgement =
        |phrase| Judgement::new(&PRIVILEGE_GRANTED, PATH, phrase).with_severity(Severity::Warning);
    if work.is_over() {
        let words = ", of which the rights are too many to be compared";
        return Some(judgement(phrase.say(words)));
    }
    let names: Vec<&str> = roles.iter().map(|role| &*role[2]).collect();
    let has_unknown = old.is_some() && !names.is_empty();
    has_unknown.then(|| {
        let words = ", of which the rules are not in the render";
        judgement(phrase.say(", which has the role ").few(names).say(words))
    })
}

/// The role `edit` or `admin` of each cluster, if a subject has it in a place.
fn usual_role(rights: &Rights<'_>, subject: &Subject, place: &str) -> Option<&'static str> {
    let bound = rights.bindings_for(subject, place);
    let usual = bound.filter(|one| rights.role(&one.role).is_none());
    let strongest = usual.filter_map(|one| strength(&one.role)).max()?;
    ORDERED.get(strongest).copied().filter(|name| matches!(*name, "edit" | "admin"))
}

/// Judges a Secret for which Kubernetes makes a token of an account.
pub(in crate::diff::weigh) fn token(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let of = |side: usize, node: Option<&Node>| -> Option<Subject> {
        let node = node.filter(|node| text(node, "type") == Some(TOKEN))?;
        let annotations = below(node, &["metadata", "annotations"])?;
        let name = text(annotations, "kubernetes.io/service-account.name")?;
        Some(account(sides.namespace(side), name))
    };
    let Some(new) = of(1, sides.after) else { return };
    let is_known = of(0, sides.before).is_some_and(|old| {
        old == new
            || is_moved(sides.whole, &old, &new)
            || old.1 == new.1 && sides.renames().follows(&old.2, &new.2).is_some()
    });
    if is_known {
        return;
    }
    let phrase = Phrase::new("has a token of the ServiceAccount ").name(&new.2);
    let phrase = phrase.say(" that does not expire");
    let (severity, phrase) = match gained(sides, 1, None, &new, phrase.clone()) {
        Some(judged) => (judged.severity, judged.phrase),
        None => (Severity::Warning, phrase),
    };
    found.push(Judgement::new(&PRIVILEGE_GRANTED, "type", phrase).with_severity(severity));
}

/// The type of a Secret with the token of an account.
const TOKEN: &str = "kubernetes.io/service-account-token";
