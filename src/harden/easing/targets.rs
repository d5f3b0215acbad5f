//! Violations that matter less by what is around the object: its target, its platform, and other objects.

use super::object::{Easings, Lower, SET_BY_CONSTRAINTS, is_among, is_error, one_lower};
use crate::harden::rule::{Rule, Topic};
use crate::harden::violation::{Easing, Severity, Violation};
use crate::yaml::path::PathStep;

/// The rules about what the Operator Lifecycle Manager sets when it installs a bundle.
const SET_FOR_BUNDLES: &str = "KR-IMG-001 KR-RES-001 KR-RES-002 KR-RES-003";

/// The rules about fields that overlays often set.
const SET_BY_WHOLE: &str = "KR-PRB-001 KR-RES-002 KR-RES-003";

impl Easings<'_, '_> {
    /// In a target that is not for production, violations of rules about operation are notes, and in inputs of tests all.
    pub(super) fn of_trial(&self, rule: &Rule) -> Option<Lower> {
        let trial = self.render.trial_of(self.scene.object)?;
        // A pod without a controller is one of operation, too.
        let is_of_operation = rule.topic().is_of_operation() || rule.id == "KR-K8S-006";
        let is_less = is_of_operation || trial.is_of_tests();
        is_less.then(|| Lower::to(Severity::Note, trial.easing(), trial.told()))
    }

    /// The lower severity that the rule assumes for the object, unless a target for trials lowers as much.
    pub(super) fn of_assumption(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let assumption = violation.assumption.as_ref()?;
        let trial = self.of_restricted_trial(rule, violation);
        let is_lower = trial.is_none_or(|trial| assumption.severity < trial.severity);
        is_lower.then(|| Lower::to(assumption.severity, assumption.by, assumption.told.clone()))
    }

    /// In such a target, what the level `restricted` asks for and nothing contradicts is a note, and so are ports of the
    /// node. Other findings about security and rights are one level lower.
    pub(super) fn of_restricted_trial(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let trial = self.render.trial_of(self.scene.object)?;
        let is_unsaid = || is_among(SET_BY_CONSTRAINTS, rule) && !self.is_written(violation);
        let severity = match rule.topic() {
            // Clusters on one machine are reached by ports of the node.
            _ if rule.id == "KR-SEC-006" || is_unsaid() => Severity::Note,
            // One without a score breaks what the author meant.
            Topic::Security | Topic::Rights if rule.score.is_some() => {
                one_lower(violation.severity.unwrap_or(rule.severity))
            }
            _ => return None,
        };
        (!self.is_enforced()).then(|| Lower::to(severity, trial.easing(), trial.told()))
    }

    /// On `OpenShift`, a note about what its Security Context Constraints set at admission.
    pub(super) fn of_platform(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let platform = self.render.platform;
        if !(platform.is_told || self.by_evidence && platform.is_seen) {
            return None;
        }
        let easing = if platform.is_told { Easing::Configuration } else { Easing::Platform };
        let note = |told: &str| Some(Lower::to(Severity::Note, easing, told.to_owned()));
        if rule.id == "KR-SEC-053" && !self.is_written(violation) {
            return note(
                "assumed: on OpenShift, Security Context Constraints decide on its pods, and set the label",
            );
        }
        // What a pod drops, the constraints complete. They refuse a pod with another value of the other fields.
        let completes = || matches!(violation.path.steps().last(), Some(PathStep::Key(key)) if **key == *"drop");
        if !is_among(SET_BY_CONSTRAINTS, rule) || self.is_written(violation) && !completes() {
            return None;
        }
        self.facts_of(violation).filter(|facts| facts.is_restricted)?;
        note("assumed: the Security Context Constraints of OpenShift set this at admission")
    }

    /// A note about the level of a namespace of which no pod is rendered.
    pub(super) fn of_namespace(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_less = rule.id == "KR-SEC-053"
            && !self.is_written(violation)
            && !self.render.has_pods_in(self.scene.object.name());
        let told = "assumed: its pods, which are not rendered, come with what sets it";
        is_less.then(|| Lower::to(Severity::Note, Easing::Unseen, told.to_owned()))
    }

    /// A note about a version of an API that is no longer served, if another target has the same object in one that is:
    /// this one is for older clusters.
    pub(super) fn of_others(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        if rule.id != "KR-K8S-003" || !is_error(rule, violation) {
            return None;
        }
        let newer = self.render.newer_elsewhere(self.scene.object)?;
        let told =
            format!("assumed: it is for older clusters, as another target has it as `{newer}`");
        Some(Lower::to(Severity::Note, Easing::Elsewhere, told))
    }

    /// In a bundle of the Operator Lifecycle Manager, which replaces images, and whose subscriptions set resources.
    pub(super) fn of_bundle(&self, rule: &Rule) -> Option<Lower> {
        if !is_among(SET_FOR_BUNDLES, rule) || !self.render.bundles.has(self.scene.object) {
            return None;
        }
        let told = "assumed: it is input of a bundle of the Operator Lifecycle Manager, for which it is set later";
        Some(Lower::to(Severity::Note, Easing::Bundle, told.to_owned()))
    }

    /// In a part of a kubebuilder project, in whose namespace `system` nothing can be applied, what includes it may set requests,
    /// limits and probes.
    pub(super) fn of_part(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        if !is_among(SET_BY_WHOLE, rule) {
            return None;
        }
        let facts = self.facts_of(violation)?;
        self.scene.is_part(self.render, facts.pod).then(|| {
            let told = "assumed: no kustomization that includes this one, and has the ServiceAccount, sets it";
            Lower::to(Severity::Note, Easing::Part, told.to_owned())
        })
    }
}
