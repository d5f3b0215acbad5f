//! Findings of `check` that a change makes or resolves, each once with its targets.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::words::{self, Words};
use crate::diff::{FindingChange, Review, TurnedFinding};
use crate::harden::Severity;

/// Maximum number of findings with a line each.
const MOST: usize = 40;

/// A finding with the targets that have it.
pub(super) struct Found<'a> {
    pub(super) change: &'a FindingChange,
    /// Indices of the targets.
    pub(super) targets: Vec<usize>,
}

/// The findings, each once: new ones first, the most severe first.
pub(super) fn found(review: &Review) -> Vec<Found<'_>> {
    type Key<'a> = (TurnedFinding, Reverse<Severity>, &'a str, &'a str, &'a str);
    let mut found: BTreeMap<Key<'_>, Found<'_>> = BTreeMap::new();
    for (target, of) in review.targets.iter().enumerate() {
        for change in &of.findings {
            let FindingChange { turned, rule, severity, object, message, .. } = change;
            let key = (*turned, Reverse(*severity), rule.id(), &**object, &**message);
            let new = || Found { change, targets: Vec::new() };
            let targets = &mut found.entry(key).or_insert_with(new).targets;
            if targets.last() != Some(&target) {
                targets.push(target);
            }
        }
    }
    found.into_values().collect()
}

/// Lines for people: a line with the counts, and one for each of the first findings.
pub(super) fn lines(review: &Review) -> Vec<(TurnedFinding, Words)> {
    let all = found(review);
    let mut lines: Vec<(TurnedFinding, Words)> =
        all.iter().take(MOST).map(|one| line(review, one)).collect();
    if let Some(next) = all.get(MOST) {
        let words = format!("{} more findings", all.len() - MOST);
        lines.push((next.change.turned, Words::new(words)));
    }
    lines
}

fn line(review: &Review, Found { change, targets }: &Found<'_>) -> (TurnedFinding, Words) {
    let FindingChange { turned, rule, severity, object, message, .. } = change;
    let verb = match turned {
        TurnedFinding::New => format!("new {}", severity.as_str()),
        TurnedFinding::Accepted => format!("accepted from now on, {}", severity.as_str()),
        TurnedFinding::Resolved => format!("resolved {}", severity.as_str()),
    };
    let words = Words::new(format!("{verb} ")).name(rule.title()).say(": ");
    let words = words.name(object.replace('`', "")).say(": ").name(message.replace('`', ""));
    let words = match review.targets.len() {
        1 => words,
        _ => words.say(" — ").and(words::briefly(review, targets)),
    };
    (*turned, words)
}
