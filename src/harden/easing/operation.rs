//! Violations that matter less by what the programs of a pod do, and for how long.

use super::object::{Easings, Facts, LESS_IN_JOBS, Lower, is_among, is_error};
use crate::harden::programs::{Role, role, stream};
use crate::harden::rule::{Rule, Topic};
use crate::harden::steps::{is_needed_by_builds, is_of_step};
use crate::harden::violation::{Easing, Severity, Violation};
use crate::harden::{eviction, readiness};
use crate::yaml::Node;

/// The rules about what a pod that ends does not need, or has only for a moment: what it takes of its node, and the files
/// that it writes.
const MINOR_IN_JOBS: &str = "KR-RES-002 KR-RES-003 KR-SEC-024 KR-SEC-030";

/// The rules about operation whose errors the image or other fields of the pod may explain.
const OF_OPERATION: &str = "KR-IMG-001 KR-PRB-001 KR-RES-002 KR-RES-003";

impl<'a> Easings<'a, '_> {
    /// Lower severities in a Job: it ends, and gets no requests. A pod alone that is not started again is like one.
    pub(super) fn of_job(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_less = is_among(MINOR_IN_JOBS, rule) || is_among(LESS_IN_JOBS, rule);
        let pod = self.facts_of(violation).filter(|_| is_less)?.pod;
        let is_job = self.scene.maker(pod).1 == "Job" && self.scene.ends(pod);
        let is_alone = is_among(LESS_IN_JOBS, rule) && self.scene.is_pod_that_ends(pod);
        if !is_job && !is_alone {
            return None;
        }
        let is_of_security = rule.topic() == Topic::Security;
        if is_of_security && (self.is_written(violation) || self.is_enforced()) {
            return None;
        }
        if self.runs_on(violation) {
            return None;
        }
        if is_among(MINOR_IN_JOBS, rule) {
            let told = "assumed: the Job ends soon, and needs little";
            return Some(Lower::to(Severity::Note, Easing::Job, told.to_owned()));
        }
        let told = match is_job {
            true => "a Job runs it only for a while",
            false => "the pod runs it once (`restartPolicy`)",
        };
        is_among(LESS_IN_JOBS, rule)
            .then(|| Lower::to(Severity::Warning, Easing::Job, told.to_owned()))
    }

    /// A warning about what builds need, in a step of a pipeline.
    pub(super) fn of_step(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_less = is_error(rule, violation)
            && is_of_step(self.scene.object, violation)
            && is_needed_by_builds(rule.id, violation)
            && !self.is_enforced();
        let told = "assumed: a step of a pipeline works for a while on the files of others";
        is_less.then(|| Lower::to(Severity::Warning, Easing::Step, told.to_owned()))
    }

    /// A warning about operation, and about what is not set, if its command shows that the container is a demonstration.
    pub(super) fn of_demo(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_of_security = is_among(LESS_IN_JOBS, rule);
        let is_unsaid = || !self.is_written(violation) && !self.is_enforced();
        let is_less = is_error(rule, violation)
            && (is_among(OF_OPERATION, rule) || is_of_security && is_unsaid());
        let facts = is_less.then(|| self.facts_of(violation))??;
        let sign = facts.demo(&self.container(violation, facts.pod)?)?;
        let told = format!("assumed: a demonstration, by `{sign}`");
        Some(Lower::to(Severity::Warning, Easing::Demo, told))
    }

    /// A warning about a pod that others do without for a while: only webhooks ask it that may fail, or it is a controller.
    pub(super) fn of_answers(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let rules = "KR-PRB-001 KR-RES-002";
        let is_known = is_among(rules, rule) && is_error(rule, violation);
        let more = self.more(is_known.then(|| self.facts_of(violation))??);
        let (by, told) = if more.may_fail {
            let told = "only webhooks ask it, and the API server goes on without an answer";
            (Easing::Hook, format!("{told} (`failurePolicy: Ignore`)"))
        } else if rule.id == "KR-RES-002" && more.is_controller {
            let told = "assumed: a controller, which goes on after an eviction where it was";
            (Easing::Controller, told.to_owned())
        } else {
            return None;
        };
        Some(Lower::to(Severity::Warning, by, told))
    }

    /// A lower severity for operation if the image or other fields of the pod say why it matters less.
    pub(super) fn of_operation(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_known = is_among(OF_OPERATION, rule) && is_error(rule, violation);
        let facts = is_known.then(|| self.facts_of(violation))??;
        if rule.id == "KR-IMG-001" {
            let (by, told) = self.of_image(violation, facts)?;
            return Some(Lower::to(Severity::Warning, by, told));
        }
        let container = self.container(violation, facts.pod)?;
        let more = self.more(facts);
        let (by, told) = match rule.id {
            "KR-PRB-001" => {
                let gate = more.gate.as_deref();
                let (severity, told) = readiness::told(&container, facts.pod, gate)?;
                return Some(Lower::to(severity, Easing::Fields, told));
            }
            "KR-RES-002" => {
                (Easing::Fields, eviction::told(&container, facts.pod, more.main.as_deref())?)
            }
            "KR-RES-003" => {
                let is_meant = container.request("memory").is_some()
                    && role(container.image()) == Some(Role::Unlimited);
                let told = "assumed: its makers publish it with this request and no limit";
                is_meant.then(|| (Easing::Maker, told.to_owned()))?
            }
            _ => return None,
        };
        Some(Lower::to(Severity::Warning, by, told))
    }

    /// The reason for which a tag that moves matters less.
    fn of_image(&self, violation: &Violation, facts: &Facts<'a>) -> Option<(Easing, String)> {
        let image = violation.path.find(self.scene.object.node()).and_then(Node::as_text)?;
        // A step of a pipeline is in no list of containers.
        if role(image) == Some(Role::Client)
            && let Some(container) = self.container(violation, facts.pod)
        {
            let is_job = self.scene.maker(facts.pod).1 == "Job" && self.scene.ends(facts.pod);
            if (!container.is_running() || is_job) && !facts.runs_on(Some(&container)) {
                return Some((Easing::Tool, "a client that runs once".to_owned()));
            }
        }
        let stream = stream(image)?;
        let told = format!("assumed: it moves within the version that its name has, `{stream}`");
        Some((Easing::Stream, told))
    }
}
