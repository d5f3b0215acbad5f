//! Roles: rules that allow more, and the ways by which the rules of a role reach other roles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::gains::Gains;
use super::rights::{RoleKey, conditions};
use super::sets::{Grown, On, Right, grown};
use crate::diff::weigh::selectors::Conditions;
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::differences::PRIVILEGE_GRANTED;
use crate::harden::selector::labels;
use crate::harden::value::{below, items, present};
use crate::resource::Resource;
use crate::yaml::Node;

/// The roles of Kubernetes that collect the rules of others, by the label that asks for it; the weakest last.
const COLLECTING: [(&str, &str); 3] = [
    ("rbac.authorization.k8s.io/aggregate-to-admin", "admin"),
    ("rbac.authorization.k8s.io/aggregate-to-edit", "edit"),
    ("rbac.authorization.k8s.io/aggregate-to-view", "view"),
];

/// Judges a Role or a `ClusterRole`.
pub(in crate::diff::weigh) fn role(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let (before, whole) = (sides.before, sides.whole);
    let key = |side: usize| -> Option<RoleKey> {
        let id = sides.object.ids[side].as_ref()?;
        let namespace = if sides.kind == "Role" { sides.namespace(side) } else { "" };
        Some([sides.kind, namespace, &id.name].map(str::to_owned))
    };
    let takes = |steps| whole.work.takes(steps);
    let rules = |side: usize| whole.rights(side).rules(&key(side)?, &takes);
    let (old, new) = (rules(0).unwrap_or_default(), rules(1).unwrap_or_default());
    let collectors = whole.rights(1).collectors(Some(after), &takes);
    let cluster = |name: &str| ["ClusterRole", "", name].map(str::to_owned);
    let mut reached: Vec<RoleKey> = key(1).into_iter().collect();
    reached.extend(collectors.iter().map(|name| cluster(name)));
    let parts = parts(Some(after));
    reached.extend(parts.iter().map(|name| cluster(name)));
    let growth = match after.get("aggregationRule") {
        None => grown(&old, &new, sides.renames(), &sides.work()),
        Some(_) => grown(&old, &new, sides.renames(), &whole.work),
    };
    if before.is_some() || !was_there(sides, &new) {
        let is_part = before.is_some() && !parts.is_empty();
        let phrase = match parts.last().filter(|_| is_part) {
            Some(part) => {
                Phrase::new(" as a part of the role ").name(part).say(" of each namespace")
            }
            None => Phrase::default(),
        };
        found.extend(beyond(sides, (&reached, parts.len()), &growth, [&old, &new], phrase));
    }
    let was = whole.rights(0).collectors(before, &takes);
    for collector in collectors.difference(&was) {
        let key = cluster(collector);
        let Some(old) = whole.rights(0).rules(&key, &takes) else { continue };
        let growth = grown(&old, &new, sides.renames(), &whole.work);
        let phrase = whole.rights(1).reached(Phrase::default(), std::slice::from_ref(&key));
        let Some(judged) = told(&growth, Some(phrase)) else { continue };
        let phrase = Phrase::new("its rules become part of the ClusterRole ").name(collector);
        let phrase = phrase.say(", which ").and(judged.phrase);
        found.push(judgement("metadata.labels", phrase).with_severity(judged.severity));
    }
    found.extend(collected(sides, after, &new));
    found.extend(aggregated(before, after));
    if whole.work.is_over() {
        let phrase = Phrase::new("is not judged with the other roles: they are too many");
        found.push(judgement("rules", phrase).with_severity(Severity::Warning));
    }
}

/// The judgement on rules that have grown: on the rights that are new for those who have the role, or one that it is a part
/// of. The last of the roles are those of each cluster. Who has a role that the render gives to none is not known.
fn beyond(
    sides: &Sides<'_, '_>,
    (reached, usual): (&[RoleKey], usize),
    growth: &Grown,
    rules: [&[&Node]; 2],
    phrase: Phrase,
) -> Option<Judgement> {
    if matches!(growth, Grown::By(rights) if rights.is_empty()) {
        return None;
    }
    let gains = match growth {
        Grown::By(_) => Gains::of(sides, reached.split_at(reached.len() - usual), rules),
        Grown::Unknown => None,
    };
    match gains {
        // A ClusterRole that was there may be given elsewhere, to others.
        Some(gains)
            if sides.before.is_some() && sides.kind == "ClusterRole" && gains.are_for_others() =>
        {
            told(growth, Some(phrase.say(", for those to whom other renders give it")))
        }
        Some(gains) => told(&gains.rights(), Some(gains.told(phrase))),
        None => told(growth, Some(sides.whole.rights(1).reached(phrase, reached))),
    }
}

/// True if a role that is new only has the rules of one of the same kind and namespace that is gone or has lost some of
/// them, or those of a `ClusterRole` that is.
fn was_there<'a>(sides: &Sides<'_, 'a>, new: &[&Node]) -> bool {
    let whole = sides.whole;
    let is_within = |new: &[&Node], old: &[&Node]| {
        whole.work.takes(old.len() + new.len()) && {
            let grown = grown(old, new, sides.renames(), &whole.work);
            matches!(grown, Grown::By(rights) if rights.is_empty())
        }
    };
    whole.left_roles().iter().any(|(before, after)| {
        let Some(role) = whole.renders[0].get(*before) else { return false };
        let after = after.and_then(|after| whole.renders[1].get(after));
        let is_meant = role.gvk().group == sides.group
            && (role.kind() == "ClusterRole"
                || role.kind() == sides.kind
                    && role.id().effective_namespace() == sides.namespace(1));
        let rules = |role: &'a Resource| -> Vec<&'a Node> {
            items(present(role.node(), "rules")).iter().collect()
        };
        is_meant
            && is_within(new, &rules(role))
            && after.is_none_or(|after| !is_within(new, &rules(after)))
    })
}

/// The judgement on rights that have grown, with words at its end.
pub(super) fn told(grown: &Grown, end: Option<Phrase>) -> Option<Judgement> {
    let rights = match grown {
        Grown::By(rights) if rights.is_empty() => return None,
        Grown::By(rights) => rights,
        Grown::Unknown => {
            let phrase = Phrase::new("may allow more: its rules are too many to be compared");
            return Some(judgement("rules", phrase).with_severity(Severity::Warning));
        }
    };
    let end = end.unwrap_or_default();
    let dangers: BTreeSet<Danger> = rights.iter().filter_map(dangerous).collect();
    if dangers.contains(&Danger::Everything) {
        let phrase = Phrase::new("may now do everything on all resources").and(end);
        return Some(judgement("rules", phrase));
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
    let words = in_words(&dangers);
    let severity = if words.is_none() { Severity::Warning } else { Severity::Error };
    let phrase = phrase.and(words.unwrap_or_default());
    Some(judgement("rules", phrase.and(end)).with_severity(severity))
}

/// The dangers of rights that have grown, in brackets. `None` if there are none, or if everything is allowed.
pub(super) fn dangers(grown: &Grown) -> Option<Phrase> {
    match grown {
        Grown::By(rights) => {
            let dangers: BTreeSet<Danger> = rights.iter().filter_map(dangerous).collect();
            let is_all = dangers.contains(&Danger::Everything);
            if is_all { None } else { in_words(&dangers) }
        }
        Grown::Unknown => None,
    }
}

fn in_words(dangers: &BTreeSet<Danger>) -> Option<Phrase> {
    let words: Vec<&str> = dangers.iter().filter_map(|danger| danger.words()).collect();
    match &words[..] {
        [] => None,
        words if words.len() <= MOST_WORDS => Some(Phrase::new(format!(" ({})", words.join("; ")))),
        words => {
            let (shown, others) = words.split_at(MOST_WORDS);
            let words = format!(" ({}; and {} more)", shown.join("; "), others.len());
            Some(Phrase::new(words))
        }
    }
}

/// The maximum number of dangers of which the words are told.
const MOST_WORDS: usize = 3;

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

/// A danger that a right brings; the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Danger {
    /// Everything is allowed.
    Everything,
    /// A row of the table.
    Row(usize),
}

impl Danger {
    /// The words for the rights.
    fn words(self) -> Option<&'static str> {
        match self {
            Self::Everything => None,
            // Rows with the same words are one danger.
            Self::Row(place) => DANGEROUS.get(place).map(|row| row.words),
        }
    }
}

/// A row of the table of dangerous rights.
struct Row {
    group: &'static str,
    resources: Vec<&'static str>,
    verbs: Vec<&'static str>,
    words: &'static str,
}

impl Row {
    /// True if a resource, which may be a wildcard, is one of this row.
    fn has(&self, resource: &str) -> bool {
        let subresource = |of: &str| of.split_once('/').map(|(_, part)| part.to_owned());
        let part = resource.strip_prefix("*/");
        resource == "*"
            || self.resources.iter().any(|own| {
                *own == resource
                    || part.is_some_and(|part| subresource(own).is_some_and(|own| own == part))
                    || own.strip_suffix('*').is_some_and(|stem| resource.starts_with(stem))
            })
    }
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
    let is_meant = |row: &Row| {
        (group == "*" || *group == row.group)
            && row.has(resource)
            && row.verbs.iter().any(|verb| has(verb))
    };
    let place = DANGEROUS.iter().position(is_meant)?;
    // The first row with these words.
    let words = DANGEROUS.get(place)?.words;
    DANGEROUS.iter().position(|row| row.words == words).map(Danger::Row)
}

/// The roles of Kubernetes of which a role is a part by its labels, the weakest last.
fn parts(node: Option<&Node>) -> Vec<&'static str> {
    let of = node.and_then(|node| below(node, &["metadata", "labels"]));
    let wanted: BTreeSet<&str> =
        labels(of).filter(|(_, value)| *value == "true").map(|(key, _)| key).collect();
    COLLECTING.iter().filter(|(key, _)| wanted.contains(key)).map(|(_, role)| *role).collect()
}

/// The role becomes a part of another one of Kubernetes, which did not have all of its rules.
fn collected(sides: &Sides<'_, '_>, after: &Node, rules: &[&Node]) -> Option<Judgement> {
    let (old, new) = (parts(sides.before), parts(Some(after)));
    // A part of `edit` is not one of `view`, but of `admin`.
    let is_news = |role: &&&str| {
        let at = |role: &str| COLLECTING.iter().position(|(_, one)| *one == role);
        !old.iter().any(|known| at(known) >= at(role))
    };
    let gained = new.iter().rev().find(is_news)?;
    let (whole, key) = (sides.whole, ["ClusterRole", "", gained].map(str::to_owned));
    let held = whole.rights(0).rules(&key, &|steps| whole.work.takes(steps)).unwrap_or_default();
    // A role without rules may get some elsewhere.
    if !rules.is_empty()
        && matches!(grown(&held, rules, sides.renames(), &whole.work), Grown::By(more) if more.is_empty())
    {
        return None;
    }
    let phrase = Phrase::new("its rules become part of the role ").name(gained);
    Some(judgement("metadata.labels", phrase.say(" of each namespace")))
}

/// The role collects the rules of more roles.
fn aggregated(before: Option<&Node>, after: &Node) -> Option<Judgement> {
    let old = before.map(conditions).unwrap_or_default();
    let is_known = |own: &Conditions| old.iter().take(MOST_SELECTORS).any(|one| own.is_within(one));
    let new = conditions(after);
    let more: Vec<&Conditions> =
        new.iter().take(MOST_SELECTORS).filter(|own| !is_known(own)).collect();
    if more.iter().any(|one| one.is_empty()) {
        let phrase = Phrase::new("collects the rules of all ClusterRoles");
        return Some(judgement("aggregationRule", phrase));
    }
    let words: Vec<String> = more.iter().map(|one| one.told().join(" and ")).collect();
    if words.is_empty() && new.len() <= MOST_SELECTORS {
        return None;
    }
    let phrase = Phrase::new("collects the rules of more ClusterRoles");
    let phrase = match words.is_empty() {
        true => phrase.say(": its selectors are too many to be compared"),
        false => phrase.say(", those with ").few(words.iter().map(String::as_str)),
    };
    Some(judgement("aggregationRule", phrase).with_severity(Severity::Warning))
}

/// The maximum number of selectors of a role that are compared with each other.
const MOST_SELECTORS: usize = 256;
