//! Severities that are lower because another finding says more: it must be told.

use std::collections::BTreeMap;
use std::iter;

use super::Easings;
use crate::harden::finding::Finding;
use crate::harden::handle::RuleRef;
use crate::harden::scene::{Render, Scene};
use crate::harden::settings::{Phase, Settings};
use crate::harden::violation::{Elsewhere, Severity, Violation};
use crate::yaml::path::Path;

/// A rule, the index of an object, and a field of it.
type Place<'r> = (&'r str, usize, Path);

/// Raises the findings that are lower by others which are not told: their rules are off or not asked for, they are accepted, or
/// lower themselves. Linear.
pub(in crate::harden) fn settle<'a>(
    findings: &mut [Finding],
    scenes: &[Scene<'a>],
    render: &Render<'a>,
    settings: &Settings,
) {
    let is_by_others = |one: &Finding| elsewhere(one).is_some();
    if !findings.iter().any(is_by_others) {
        return;
    }
    let mut told = BTreeMap::<Place<'_>, Severity>::new();
    for finding in findings.iter().filter(|one| one.suppressed.is_none()) {
        let Some(rule) = TELLING.into_iter().find(|rule| *rule == finding.rule.id()) else {
            continue;
        };
        for path in iter::successors(Some(finding.path.clone()), Path::parent) {
            let known = told.entry((rule, finding.place, path)).or_insert(finding.severity);
            *known = finding.severity.max(*known);
        }
    }
    for finding in findings.iter_mut() {
        let Some(elsewhere) = elsewhere(finding) else { continue };
        let is_told = |rule: &str| {
            let known = told.get(&(rule, finding.place, elsewhere.field.clone()));
            known.is_some_and(|known| *known >= elsewhere.least)
        };
        if elsewhere.rules.split(' ').any(is_told) {
            continue;
        }
        let from = elsewhere.from;
        let (Some(scene), RuleRef::Known(rule)) = (scenes.get(finding.place), finding.rule.clone())
        else {
            continue;
        };
        finding.restore();
        let mut violation = Violation::at(finding.path.clone(), finding.message.clone());
        violation.container.clone_from(&finding.container);
        let easings = Easings::new(*scene, render, settings.phase == Phase::Complete).alone();
        let violation = easings.ease(rule, violation.severity(from));
        let severity = violation.severity.unwrap_or(from);
        finding.severity = settings.severity_of(&finding.rule, severity);
        finding.message = violation.message;
        finding.eased = violation.eased;
    }
}

/// The rules whose findings say more than others.
const TELLING: [&str; 4] = ["KR-SEC-001", "KR-SEC-038", "KR-SEC-039", "KR-SEC-040"];

fn elsewhere(finding: &Finding) -> Option<&Elsewhere> {
    finding.eased.as_ref()?.elsewhere.as_ref()
}
