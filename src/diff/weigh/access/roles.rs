//! Roles: rules that allow more, and the ways by which the rules of a role reach other roles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::rights::{Grown, On, Right, grown};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::differences::PRIVILEGE_GRANTED;
use crate::harden::selector::labels;
use crate::harden::value::{below, items, present};
use crate::yaml::Node;

/// The roles of Kubernetes that collect the rules of others, by the label that asks for it; the weakest last.
const COLLECTING: [(&str, &str); 3] = [
    ("rbac.authorization.k8s.io/aggregate-to-admin", "admin"),
    ("rbac.authorization.k8s.io/aggregate-to-edit", "edit"),
    ("rbac.authorization.k8s.io/aggregate-to-view", "view"),
];

/// Judges a Role or a `ClusterRole`.
pub(in crate::diff::weigh) fn role(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let before = sides.before;
    let old = items(before.and_then(|before| present(before, "rules")));
    let new = items(present(after, "rules"));
    found.extend(told(&grown(old, new, sides.renames(), &sides.work())));
    found.extend(collected(before, after));
    found.extend(aggregated(before, after));
}

/// The judgement on rights that have grown.
pub(super) fn told(grown: &Grown) -> Option<Judgement> {
    let rights = match grown {
        Grown::By(rights) if rights.is_empty() => return None,
        Grown::By(rights) => rights,
        Grown::Unknown => {
            let phrase = Phrase::new("may allow more: its rules are too many to be compared");
            return Some(judgement("rules", phrase).with_severity(Severity::Warning));
        }
    };
    let danger = rights.iter().find_map(dangerous);
    let severity = if danger.is_some() { Severity::Error } else { Severity::Warning };
    if let Some(Danger::Everything) = danger {
        return Some(judgement("rules", Phrase::new("may now do everything on all resources")));
    }
    // Those with the same verbs together; first the dangerous ones.
    let mut by_verbs: BTreeMap<(bool, &[String]), BTreeSet<&On>> = BTreeMap::new();
    for right in rights {
        let is_harmless = dangerous(right).is_none();
        by_verbs.entry((is_harmless, &right.verbs)).or_default().insert(&right.on);
    }
    let phrase = Phrase::new("may now ").apart("; ", by_verbs, |phrase, ((_, verbs), on)| {
        let phrase = match verbs {
            [all] if all == "*" => phrase.say("do everything on "),
            verbs => phrase.few(verbs.iter().map(String::as_str)).say(" "),
        };
        phrase.each(on, subject)
    });
    let phrase = match danger {
        Some(Danger::By(words)) => phrase.say(format!(" ({words})")),
        Some(Danger::Everything) | None => phrase,
    };
    Some(judgement("rules", phrase).with_severity(severity))
}

fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&PRIVILEGE_GRANTED, path, phrase)
}

fn subject(phrase: Phrase, on: &On) -> Phrase {
    match on {
        On::Url(url) => phrase.name(url),
        On::Resource { group, resource, is_named } => {
            let phrase = match (&**resource, &**group) {
                ("*", "*") => phrase.say("all resources"),
                ("*", "") => phrase.say("all resources of the core group"),
                ("*", group) => phrase.say("all resources of ").name(group),
                (resource, "") => phrase.name(resource),
                (resource, "*") => phrase.name(resource).say(" of all groups"),
                (resource, group) => phrase.name(&format!("{resource}.{group}")),
            };
            if *is_named { phrase.say(" of some names") } else { phrase }
        }
    }
}

/// A danger that a right brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Danger {
    /// Everything is allowed.
    Everything,
    /// The words for the rights.
    By(&'static str),
}

/// A row of the table of dangerous rights.
struct Row {
    group: &'static str,
    resources: Vec<&'static str>,
    verbs: Vec<&'static str>,
    words: &'static str,
}

static DANGEROUS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let text = include_str!("dangerous.txt");
    let row = |line: &'static str| {
        let mut columns = line.split('\t');
        let group = columns.next().map(|group| if group == "core" { "" } else { group })?;
        let mut list = || Some(columns.next()?.split(',').collect());
        let (resources, verbs) = (list()?, list()?);
        Some(Row { group, resources, verbs, words: columns.next()? })
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
});

fn dangerous(right: &Right) -> Option<Danger> {
    let On::Resource { group, resource, is_named } = &right.on else { return None };
    let has = |verb: &str| right.verbs.iter().any(|one| one == verb || one == "*");
    if resource == "*" && matches!(&**group, "" | "*") && right.verbs == ["*"] && !is_named {
        return Some(Danger::Everything);
    }
    let is_meant = |row: &&Row| {
        (group == "*" || *group == row.group)
            && (resource == "*" || row.resources.contains(&&**resource))
            && row.verbs.iter().any(|verb| has(verb))
    };
    let row = DANGEROUS.iter().find(is_meant)?;
    Some(Danger::By(row.words))
}

/// The role becomes a part of another one of Kubernetes.
fn collected(before: Option<&Node>, after: &Node) -> Option<Judgement> {
    let parts = |node: Option<&Node>| -> Vec<&'static str> {
        let of = node.and_then(|node| below(node, &["metadata", "labels"]));
        let wanted: BTreeSet<&str> =
            labels(of).filter(|(_, value)| *value == "true").map(|(key, _)| key).collect();
        COLLECTING.iter().filter(|(key, _)| wanted.contains(key)).map(|(_, role)| *role).collect()
    };
    let (old, new) = (parts(before), parts(Some(after)));
    // A part of `edit` is not one of `view`, but of `admin`.
    let is_news = |role: &&&str| {
        let at = |role: &str| COLLECTING.iter().position(|(_, one)| *one == role);
        !old.iter().any(|known| at(known) >= at(role))
    };
    let gained = new.iter().rev().find(is_news)?;
    let phrase = Phrase::new("its rules become part of the role ").name(gained);
    Some(judgement("metadata.labels", phrase.say(" of each namespace")))
}

/// The role collects the rules of more roles.
fn aggregated(before: Option<&Node>, after: &Node) -> Option<Judgement> {
    let selectors = |node: Option<&Node>| -> BTreeSet<String> {
        let rule = node.and_then(|node| below(node, &["aggregationRule", "clusterRoleSelectors"]));
        items(rule).iter().map(crate::diff::weigh::canonical).collect()
    };
    let old = selectors(before);
    if selectors(Some(after)).is_subset(&old) {
        return None;
    }
    let phrase = Phrase::new("collects the rules of more ClusterRoles, by their labels");
    Some(judgement("aggregationRule", phrase).with_severity(Severity::Warning))
}
