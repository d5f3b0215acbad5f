//! Findings of all rules of `check`, before and after: those that are new, resolved, or accepted only now.
//!
//! A finding is the same before and after if its rule, its object and its container are: renamed objects are paired as
//! in the rest of a review. The spans and texts of findings do not count, so that moved lines are no difference.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pair, Rendered, Side, Target};
use crate::harden::{Finding, RuleRef, Settings, Severity, check};
use crate::resource::ResMap;
use crate::source::Sources;
use crate::yaml::Node;

/// A finding that only one side has, or that is accepted only after the change.
#[derive(Clone, Debug)]
pub struct FindingChange {
    /// The change.
    pub turned: TurnedFinding,
    /// The rule.
    pub rule: RuleRef,
    /// The severity.
    pub severity: Severity,
    /// The object for people: its kind, and in backticks its namespace and name.
    pub object: String,
    /// The description.
    pub message: String,
    /// The object, until masks have been applied to what is said of it.
    pub(super) node: Option<Node>,
}

/// The change of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TurnedFinding {
    /// It is there only after the change.
    New,
    /// A suppression accepts it only after the change.
    Accepted,
    /// It was there only before the change.
    Resolved,
}

impl TurnedFinding {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Accepted => "accepted",
            Self::Resolved => "resolved",
        }
    }
}

/// Identity of a finding: rule and part of it, number of the pair of objects, container.
type Key<'a> = (&'a str, Option<&'a str>, usize, Option<&'a str>);

/// Checks both sides of a target. Empty if one of them is missing: `check` tells all of a new target. Takes as long as
/// two checks; comparing them is linear.
#[must_use]
pub fn findings(
    target: &Target,
    pairs: &[Pair],
    sources: &Sources,
    settings: &Settings,
) -> Vec<FindingChange> {
    let (Side::Rendered(before), Side::Rendered(after)) = (&target.before, &target.after) else {
        return Vec::new();
    };
    let checked = |side: &Rendered| check(&side.resources, sources, settings);
    let sides = [before, after].map(|side| &side.resources);
    compare(&checked(before), &checked(after), pairs, sides)
}

fn compare(
    before: &[Finding],
    after: &[Finding],
    pairs: &[Pair],
    sides: [&ResMap; 2],
) -> Vec<FindingChange> {
    let numbers = |place: fn(&Pair) -> Option<usize>| -> BTreeMap<usize, usize> {
        let numbered = pairs.iter().enumerate();
        numbered.filter_map(|(number, pair)| Some((place(pair)?, number))).collect()
    };
    let (old_pairs, new_pairs) = (numbers(|pair| pair.before), numbers(|pair| pair.after));
    let (old, new) = (by_key(before, &old_pairs), by_key(after, &new_pairs));
    let mut found = Vec::new();
    for (key, Of { open, accepted }) in &new {
        let known = old.get(key);
        let (was_open, was_accepted) =
            known.map_or((&[][..], 0), |known| (&*known.open, known.accepted.len()));
        let more = open.len().saturating_sub(was_open.len());
        // What is accepted no longer is no new violation, but counts again.
        found.extend(news(open, was_open).take(more).map(|one| (TurnedFinding::New, key, one)));
        let more = accepted.len().saturating_sub(was_accepted);
        let accepted = accepted.iter().rev().take(more);
        found.extend(accepted.map(|one| (TurnedFinding::Accepted, key, *one)));
    }
    for (key, Of { open, .. }) in &old {
        // With its object, also the findings about it are gone.
        if pairs.get(key.2).is_some_and(|pair| pair.after.is_none()) {
            continue;
        }
        let now = new.get(key);
        let (is_open, is_accepted) =
            now.map_or((&[][..], 0), |now| (&*now.open, now.accepted.len()));
        let less = open.len().saturating_sub(is_open.len() + is_accepted);
        let resolved = news(open, is_open).take(less);
        found.extend(resolved.map(|one| (TurnedFinding::Resolved, key, one)));
    }
    told(found, sides)
}

/// The findings of a key: open ones, and those that a suppression accepts.
#[derive(Default)]
struct Of<'a> {
    open: Vec<&'a Finding>,
    accepted: Vec<&'a Finding>,
}

fn by_key<'a>(
    findings: &'a [Finding],
    pairs: &BTreeMap<usize, usize>,
) -> BTreeMap<Key<'a>, Of<'a>> {
    let mut keys: BTreeMap<Key<'a>, Of<'a>> = BTreeMap::new();
    for finding in findings {
        let Some(number) = pairs.get(&finding.place) else { continue };
        let container = finding.container.as_ref().map(|(_, name)| &**name);
        let key = (finding.rule.id(), finding.part.as_deref(), *number, container);
        let of = keys.entry(key).or_default();
        if finding.suppressed.is_some() { &mut of.accepted } else { &mut of.open }.push(finding);
    }
    keys
}

/// The findings of a key, first those with messages that the other side does not have.
fn news<'f, 'a>(own: &'f [&'a Finding], other: &[&Finding]) -> impl Iterator<Item = &'a Finding> {
    let known: BTreeSet<&str> = other.iter().map(|one| &*one.message).collect();
    let (old, new): (Vec<&'a Finding>, Vec<&'a Finding>) =
        own.iter().partition(|one| known.contains(&*one.message));
    new.into_iter().chain(old)
}

/// The changes, without findings that only moved to a container with another name.
fn told(
    found: Vec<(TurnedFinding, &Key<'_>, &Finding)>,
    sides: [&ResMap; 2],
) -> Vec<FindingChange> {
    let rule = |key: &Key<'_>| (key.0.to_owned(), key.1.map(str::to_owned), key.2);
    let mut moved: BTreeMap<_, [usize; 2]> = BTreeMap::new();
    for (turned, key, _) in found.iter().filter(|(_, key, _)| key.3.is_some()) {
        let [new, resolved] = moved.entry(rule(key)).or_default();
        match turned {
            TurnedFinding::New => *new += 1,
            TurnedFinding::Resolved => *resolved += 1,
            TurnedFinding::Accepted => {}
        }
    }
    let object = |turned: TurnedFinding, place: usize| {
        let side = if turned == TurnedFinding::Resolved { sides[0] } else { sides[1] };
        side.get(place).map(|object| object.node().clone())
    };
    let is_moved = |turned: TurnedFinding, key: &Key<'_>| {
        let equal = moved.get(&rule(key)).is_some_and(|[new, resolved]| new == resolved);
        turned != TurnedFinding::Accepted && key.3.is_some() && equal
    };
    let mut changes: Vec<FindingChange> = found
        .into_iter()
        .filter(|(turned, key, _)| !is_moved(*turned, key))
        .map(|(turned, _, finding)| FindingChange {
            turned,
            rule: finding.rule.clone(),
            severity: finding.severity,
            object: finding.subject(),
            message: finding.message.clone(),
            node: object(turned, finding.place),
        })
        .collect();
    changes.sort_by(|one, other| {
        let key = |of: &FindingChange| {
            (of.turned, std::cmp::Reverse(of.severity), of.rule.clone(), of.object.clone())
        };
        key(one).cmp(&key(other))
    });
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::{review, target};
    use crate::harden::Profile;

    fn changes(before: &str, after: &str) -> Vec<String> {
        let settings = Settings::of("restricted".parse::<Profile>().unwrap());
        let pairs = review(before, after).pairs;
        let found = findings(&target(before, after), &pairs, &Sources::new(), &settings);
        let told = |one: &FindingChange| {
            format!("{} {} {}", one.turned.as_str(), one.rule.name(), one.object)
        };
        found.iter().map(told).collect()
    }

    fn pod(name: &str, annotations: &str, spec: &str, container: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, annotations: {{{annotations}}}}}, spec: {{{spec}containers: [{{name: {container}}}]}}}}\n---\n"
        )
    }

    #[test]
    fn findings_are_new_or_resolved() {
        let plain = pod("a", "", "", "c");
        let open = pod("a", "", "hostPID: true, ", "c");
        assert_eq!(changes(&plain, &plain), [""; 0]);
        assert_eq!(changes(&plain, &open), ["new host-pid Pod `a`"]);
        assert_eq!(changes(&open, &plain), ["resolved host-pid Pod `a`"]);
        assert_eq!(changes(&plain, &pod("prod-a", "", "", "c")), [""; 0], "a renamed object");
        assert_eq!(changes(&plain, &pod("a", "", "", "d")), [""; 0], "a renamed container");
        let other = format!("{plain}{}", pod("b", "", "hostPID: true, ", "c"));
        assert!(changes(&plain, &other).contains(&"new host-pid Pod `b`".to_owned()));
        assert_eq!(changes(&other, &plain), [""; 0], "gone with its object");
    }

    #[test]
    fn suppressions_that_are_added_are_told() {
        let open = pod("a", "", "hostPID: true, ", "c");
        let accepted = pod("a", "ignore.krender.dev/host-pid: it must", "hostPID: true, ", "c");
        let told = changes(&open, &accepted);
        assert!(told.iter().any(|one| one.starts_with("accepted host-pid")), "{told:?}");
        assert!(!told.iter().any(|one| one.starts_with("resolved host-pid")), "{told:?}");
    }
}
