//! Violations that matter less where they stand: each keeps its place in the report, with a lower severity and the reason.

mod fields;
mod nodes;
mod object;
mod operation;
mod targets;
mod untold;

use super::profile::Set;
use super::rule::Rule;
use super::violation::{Eased, Elsewhere, Severity, Violation};
use object::Lower;

pub(in crate::harden) use object::Easings;
pub(in crate::harden) use untold::settle;

impl Easings<'_, '_> {
    /// The violation, eased if something makes it matter less: the purpose of the target, and in the profile `recommended`
    /// the platform and other fields of the object. Rules of the Pod Security Standards are not eased where a namespace
    /// of the render enforces `restricted`.
    pub(super) fn ease(&self, rule: &Rule, mut violation: Violation) -> Violation {
        if self.scene.facts.keeps_severities {
            return violation;
        }
        let severity = violation.severity.unwrap_or(rule.severity);
        let (by_fields, by_evidence) = match severity {
            Severity::Note => (self.without_copies(rule), None),
            _ => (self.by_fields(rule, &violation), self.by_evidence(rule, &violation)),
        };
        let is_lower = |lower: &Lower| lower.severity <= severity;
        let (by_fields, by_evidence) = (by_fields.filter(is_lower), by_evidence.filter(is_lower));
        // What the object is counts more than what is assumed of it.
        let kept = by_fields.as_ref().map_or(severity, |lower| lower.severity);
        let by_evidence = by_evidence.filter(|lower| by_fields.is_none() || lower.severity < kept);
        let elsewhere = by_fields.as_ref().and_then(|lower| lower.elsewhere.clone());
        let elsewhere = elsewhere.map(|one| Elsewhere { from: severity, ..one });
        let (from, lower) = match by_evidence {
            Some(lower) => (kept, Some(lower)),
            None => (severity, by_fields),
        };
        let Some(Lower { severity, by, told, .. }) = lower else { return violation };
        if !told.is_empty() {
            violation.message = format!("{}; {told}", violation.message);
        }
        let assumption = violation.assumption.take().filter(|one| one.by == by);
        let proofs = assumption.map(|one| one.proofs).unwrap_or_default();
        violation.eased = Some(Box::new(Eased { by, from, told, proofs, elsewhere }));
        violation.severity(severity)
    }

    /// Lowered by what the fields of the object decide.
    fn by_fields(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        if self.scene.facts.profile.set != Set::Recommended {
            return None;
        }
        self.without_copies(rule)
            .or_else(|| self.without_pods(rule, violation))
            .or_else(|| self.of_pod(rule, violation))
            .or_else(|| self.of_agent(rule, violation))
            .or_else(|| self.of_kubelet(rule, violation))
            .or_else(|| self.of_reader(rule, violation))
            .or_else(|| self.of_job(rule, violation))
            .or_else(|| self.of_step(rule, violation))
            .or_else(|| self.of_operation(rule, violation))
            .or_else(|| self.of_server(rule, violation))
            .or_else(|| self.of_demo(rule, violation))
            .or_else(|| self.of_nodes(rule, violation))
            .or_else(|| self.of_privileged(rule, violation))
    }

    /// Lowered by evidence of what is around the object, or of what it is meant for.
    fn by_evidence(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        self.of_trial(rule).or_else(|| {
            if self.scene.facts.profile.set != Set::Recommended {
                return None;
            }
            self.of_platform(rule, violation)
                .or_else(|| self.of_bundle(rule))
                .or_else(|| self.of_part(rule, violation))
                .or_else(|| self.of_answers(rule, violation))
                .or_else(|| self.of_driver(rule, violation))
                .or_else(|| self.of_assumption(rule, violation))
                .or_else(|| self.of_restricted_trial(rule, violation))
                .or_else(|| self.of_namespace(rule, violation))
                .or_else(|| self.of_others(rule, violation))
        })
    }
}
