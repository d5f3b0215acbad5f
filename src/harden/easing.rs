//! Violations that matter less where they stand: each keeps its place in the report, with a lower severity and the reason.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::agents::Kubelet;
use super::drivers::{Driver, Need, is_daemon_set, written};
use super::endless::runs_on;
use super::host::open_secrets;
use super::images::{ImageUser, does_nothing, is_tool};
use super::pod::{Container, Pod};
use super::profile::Set;
use super::programs::{Role, role, stream};
use super::rule::{Rule, Topic};
use super::scene::{Render, Scene};
use super::steps::{is_needed_by_builds, is_of_step};
use super::value::{is_false, text};
use super::violation::{Eased, Easing, List, Severity, Violation};
use super::{demos, eviction, readiness, servers};
use crate::yaml::Node;
use crate::yaml::path::{Path, PathStep};

/// A lower severity, the reason, and the statement about it.
type Lower = (Severity, Easing, String);

/// The rules of fields that the usual Security Context Constraints set.
const SET_BY_CONSTRAINTS: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-024 KR-SEC-025";

/// The rules whose fields have no effect on a privileged container, and none on Windows.
const MOOT_ELSEWHERE: &str = "KR-SEC-021 KR-SEC-024 KR-SEC-025";

/// The rules about rights that are few beside those of a privileged container of the same pod.
const LESS_BESIDE_PRIVILEGED: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-025";

/// The rules about what a driver of nodes needs.
const NEEDED_BY_DRIVERS: &str = "KR-SEC-001 KR-SEC-002 KR-SEC-039 KR-SEC-040";

/// The rules about the user of a driver of nodes, and about what admission asks of it.
const USER_OF_DRIVERS: &str = "KR-SEC-022 KR-SEC-023 KR-SEC-048";

/// The rules about what the Operator Lifecycle Manager sets when it installs a bundle.
const SET_FOR_BUNDLES: &str = "KR-IMG-001 KR-RES-001 KR-RES-002 KR-RES-003";

/// The rules about fields that overlays often set.
const SET_BY_WHOLE: &str = "KR-PRB-001 KR-RES-002 KR-RES-003";

/// The rule about the files of a container.
const WRITES_OF_TOOLS: &str = "KR-SEC-030";

/// The rules about what a pod that ends does not need, or has only for a moment: what it takes of its node, and the files
/// that it writes.
const MINOR_IN_JOBS: &str = "KR-RES-002 KR-RES-003 KR-SEC-024 KR-SEC-030";

/// The rules about operation whose errors the image or other fields of the pod may explain.
const OF_OPERATION: &str = "KR-IMG-001 KR-PRB-001 KR-RES-002 KR-RES-003";

/// The rules about rights that a pod which ends has only for a moment.
const LESS_IN_JOBS: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-025";

/// The rules about what agents of nodes need: each has its node for itself, and looks at it.
const NEEDED_BY_AGENTS: &str = "KR-SEC-006 KR-SEC-020 KR-SEC-039";

/// The rules about fields that harm no one without a running pod.
const MOOT_WITHOUT_PODS: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-024 KR-SEC-025 KR-SEC-030 KR-SEC-035";

/// The eased violations of an object.
pub(super) struct Easings<'a, 'b> {
    scene: Scene<'a>,
    render: &'b Render<'a>,
    /// True if objects may say that the platform is `OpenShift`.
    by_evidence: bool,
    /// The pods by their paths, with facts about each.
    pods: OnceCell<BTreeMap<Path, Facts<'a>>>,
    /// True if the pods only take room.
    is_room: OnceCell<bool>,
    /// True if there are no pods to run.
    is_idle: OnceCell<bool>,
}

/// Facts about a pod.
struct Facts<'a> {
    pod: &'a Pod<'a>,
    /// True if the usual Security Context Constraints restrict it.
    is_restricted: bool,
    /// The driver of nodes that it is, if it is one.
    driver: Option<Driver<'a>>,
    /// The names of volumes that a container may write to.
    written: BTreeSet<&'a str>,
    /// The names of volumes with secrets of the node that a container can read which may be root.
    open_secrets: BTreeSet<&'a str>,
    /// More facts, which only some rules ask for.
    more: OnceCell<More<'a>>,
}

/// More facts about a pod, of which each is found in one pass over its containers.
struct More<'a> {
    /// The container that sidecars help.
    main: Option<String>,
    /// The container whose readiness probe decides when the pod gets requests.
    gate: Option<String>,
    /// The first container that runs and is privileged.
    privileged: Option<String>,
    /// The sign that it is a demonstration.
    demo: Option<&'a str>,
    /// The volumes with the state of the kubelet.
    kubelet: Kubelet<'a>,
    /// True if only webhooks ask it, each of which may fail.
    may_fail: bool,
    /// True if it is that of a controller that goes on where it was.
    is_controller: bool,
}

impl<'a, 'b> Easings<'a, 'b> {
    /// Those of an object of a render. In a `check`, objects may say that the platform is `OpenShift`; a build that must not
    /// pass asks the configuration alone.
    pub(super) fn new(scene: Scene<'a>, render: &'b Render<'a>, by_evidence: bool) -> Self {
        Self {
            scene,
            render,
            by_evidence,
            pods: OnceCell::new(),
            is_room: OnceCell::new(),
            is_idle: OnceCell::new(),
        }
    }

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
        let is_lower = |(lower, ..): &Lower| *lower <= severity;
        let (by_fields, by_evidence) = (by_fields.filter(is_lower), by_evidence.filter(is_lower));
        // What the object is counts more than what is assumed of it.
        let kept = by_fields.as_ref().map_or(severity, |(lower, ..)| *lower);
        let by_evidence = by_evidence.filter(|(lower, ..)| by_fields.is_none() || *lower < kept);
        let (from, lower) = match by_evidence {
            Some(lower) => (kept, Some(lower)),
            None => (severity, by_fields),
        };
        let Some((lower, by, told)) = lower else { return violation };
        if !told.is_empty() {
            violation.message = format!("{}; {told}", violation.message);
        }
        let assumption = violation.assumption.take().filter(|one| one.by == by);
        let proofs = assumption.map(|one| one.proofs).unwrap_or_default();
        violation.eased = Some(Eased { by, from, told, proofs });
        violation.severity(lower)
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

    /// In a target that is not for production, violations of rules about operation are notes, and in inputs of tests all.
    fn of_trial(&self, rule: &Rule) -> Option<Lower> {
        let trial = self.render.trial?;
        // A pod without a controller is one of operation, too.
        let is_of_operation = rule.topic().is_of_operation() || rule.id == "KR-K8S-006";
        let is_less = is_of_operation || trial.is_of_tests();
        is_less.then(|| (Severity::Note, trial.easing(), trial.told()))
    }

    /// The lower severity that the rule assumes for the object, unless a target for trials lowers as much.
    fn of_assumption(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let assumption = violation.assumption.as_ref()?;
        let trial = self.of_restricted_trial(rule, violation);
        let is_lower = trial.is_none_or(|(severity, ..)| assumption.severity < severity);
        is_lower.then(|| (assumption.severity, assumption.by, assumption.told.clone()))
    }

    /// In such a target, what the level `restricted` asks for and nothing contradicts is a note, and so are ports of the
    /// node. Other findings about security and rights are one level lower.
    fn of_restricted_trial(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let trial = self.render.trial?;
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
        (!self.is_enforced()).then(|| (severity, trial.easing(), trial.told()))
    }

    /// True if the field of a violation has a value.
    fn is_written(&self, violation: &Violation) -> bool {
        let node = violation.path.find(self.scene.object.node());
        node.is_some_and(|node| !node.is_null())
    }

    /// On `OpenShift`, a note about what its Security Context Constraints set at admission.
    fn of_platform(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let platform = self.render.platform;
        if !(platform.is_told || self.by_evidence && platform.is_seen) {
            return None;
        }
        let easing = if platform.is_told { Easing::Configuration } else { Easing::Platform };
        let note = |told: &str| Some((Severity::Note, easing, told.to_owned()));
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

    /// No program runs: what concerns running pods is a note.
    fn without_copies(&self, rule: &Rule) -> Option<Lower> {
        let is_of_operation = || rule.topic().is_of_operation();
        let (by, told) = match self.is_idle() {
            true if is_of_operation() || rule.topic() == Topic::References => {
                (Easing::Idle, NO_POD_RUNS)
            }
            _ if self.takes_room_only() && (is_of_operation() || rule.id == "KR-SEC-035") => {
                (Easing::Room, "the image `pause` does nothing but take room")
            }
            _ => return None,
        };
        Some((Severity::Note, by, told.to_owned()))
    }

    /// True if there are pods, and all they do is to take room.
    fn takes_room_only(&self) -> bool {
        let pods = self.scene.pods;
        *self.is_room.get_or_init(|| !pods.is_empty() && pods.iter().all(takes_room_only))
    }

    /// True if the workload is switched off.
    fn is_idle(&self) -> bool {
        *self.is_idle.get_or_init(|| {
            !self.scene.pods.is_empty()
                && self.scene.object.kind() != "Job"
                && self.render.acting.copies(self.scene.object).is_some_and(|(_, most)| most == 0)
        })
    }

    /// A note about what a pod lacks that never runs.
    fn without_pods(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_moot = is_among(MOOT_WITHOUT_PODS, rule)
            && !self.is_written(violation)
            && self.is_idle()
            && !self.is_enforced();
        is_moot.then(|| (Severity::Note, Easing::Idle, NO_POD_RUNS.to_owned()))
    }

    /// A note about the level of a namespace of which no pod is rendered.
    fn of_namespace(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_less = rule.id == "KR-SEC-053"
            && !self.is_written(violation)
            && !self.render.has_pods_in(self.scene.object.name());
        let told = "assumed: its pods, which are not rendered, come with what sets it";
        is_less.then(|| (Severity::Note, Easing::Unseen, told.to_owned()))
    }

    /// A note about a version of an API that is no longer served, if another target has the same object in one that is:
    /// this one is for older clusters.
    fn of_others(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        if rule.id != "KR-K8S-003" || !is_error(rule, violation) {
            return None;
        }
        let newer = self.render.newer_elsewhere(self.scene.object)?;
        let told =
            format!("assumed: it is for older clusters, as another target has it as `{newer}`");
        Some((Severity::Note, Easing::Elsewhere, told))
    }

    /// In a bundle of the Operator Lifecycle Manager, which replaces images, and whose subscriptions set resources.
    fn of_bundle(&self, rule: &Rule) -> Option<Lower> {
        if !is_among(SET_FOR_BUNDLES, rule) || !self.render.bundles.has(self.scene.object) {
            return None;
        }
        let told = "assumed: it is input of a bundle of the Operator Lifecycle Manager, for which it is set later";
        Some((Severity::Note, Easing::Bundle, told.to_owned()))
    }

    /// In a part of a kubebuilder project, in whose namespace `system` nothing can be applied, what includes it may set requests,
    /// limits and probes.
    fn of_part(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        if !is_among(SET_BY_WHOLE, rule) {
            return None;
        }
        let facts = self.facts_of(violation)?;
        self.scene.is_part(self.render, facts.pod).then(|| {
            let told = "assumed: no kustomization that includes this one, and has the ServiceAccount, sets it";
            (Severity::Note, Easing::Part, told.to_owned())
        })
    }

    fn of_pod(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let rules = [MOOT_ELSEWHERE, SET_BY_CONSTRAINTS, WRITES_OF_TOOLS];
        if !rules.iter().any(|rules| is_among(rules, rule)) || self.is_enforced() {
            return None;
        }
        let facts = self.facts_of(violation)?;
        let container = self.container(violation, facts.pod);
        let is_privileged = container.as_ref().is_some_and(Container::is_privileged);
        if is_privileged && is_among(MOOT_ELSEWHERE, rule) {
            return Some((
                Severity::Note,
                Easing::Fields,
                "it is privileged, so that this has no effect".to_owned(),
            ));
        }
        if facts.pod.is_bound_to_windows()
            && is_among(MOOT_ELSEWHERE, rule)
            && !self.is_written(violation)
        {
            let told = "its nodes run Windows, where this has no effect";
            return Some((Severity::Note, Easing::Windows, told.to_owned()));
        }
        let container = container?;
        if is_tool(container.image())
            && (!container.is_running() || self.scene.ends(facts.pod))
            && !runs_on(&container)
            && !self.is_written(violation)
        {
            return Some((Severity::Note, Easing::Tool, "a tool that ends soon".to_owned()));
        }
        let user = container.user(facts.pod);
        match (rule.id, user) {
            ("KR-SEC-022", Some(user))
                if user > 0 && container.security("runAsNonRoot").is_none() =>
            {
                // The message has the user.
                Some((Severity::Note, Easing::Fields, String::new()))
            }
            ("KR-SEC-022", None) if container.security("runAsNonRoot").is_none() => {
                let user = self.scene.facts.user_of_image(container.image())?;
                Some((Severity::Warning, Easing::Image, of_image_user(user)?))
            }
            ("KR-SEC-025", _)
                if container.is_non_root(facts.pod)
                    && is_false(container.security("allowPrivilegeEscalation"))
                    && container.capabilities("add").next().is_none() =>
            {
                let told = "as it is not root and cannot gain privileges, it has none in effect";
                Some((Severity::Note, Easing::Fields, told.to_owned()))
            }
            // Of a user with a name, too: what counts is what the image does, not what the kubelet can verify.
            ("KR-SEC-025", None)
                if is_false(container.security("allowPrivilegeEscalation"))
                    && container.capabilities("add").next().is_none() =>
            {
                let user = self.scene.facts.user_of_image(container.image())?;
                let told = "assumed: its image does not run as root, and it cannot gain privileges";
                let is_root = user == ImageUser::Root;
                (!is_root).then(|| (Severity::Warning, Easing::Image, told.to_owned()))
            }
            _ => None,
        }
    }

    /// A lower severity for rights of a container that is not privileged beside one that is.
    fn of_privileged(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_less = is_among(LESS_BESIDE_PRIVILEGED, rule)
            && is_error(rule, violation)
            && !self.is_written(violation)
            && !self.is_enforced();
        let facts = self.facts_of(violation).filter(|_| is_less)?;
        let container = self.container(violation, facts.pod)?;
        let other = self.more(facts).privileged.as_ref().filter(|_| !container.is_privileged())?;
        let told = format!("{other} of its pod is privileged, which weighs more");
        Some((Severity::Warning, Easing::Fields, told))
    }

    /// Lower severities for what a driver of nodes needs: the container itself works in a folder of drivers, or one of the
    /// pod for what concerns the pod.
    fn of_driver(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_among = |rules: &str| is_among(rules, rule);
        if !is_among(NEEDED_BY_DRIVERS) && !is_among(USER_OF_DRIVERS) || self.is_enforced() {
            return None;
        }
        let facts = self.facts_of(violation)?;
        let driver = facts.driver.as_ref()?;
        let folder = match self.container(violation, facts.pod) {
            Some(container) => driver.folder_of(&container)?,
            None if violation.container.is_some() => return None,
            None => driver.folder,
        };
        let told = |needed: &str| {
            format!("assumed: a driver of nodes, which works in `{folder}`, {needed}")
        };
        if is_among(NEEDED_BY_DRIVERS) {
            // The violation is at `hostPath.path` of a volume.
            let volume = violation.path.parent().and_then(|path| path.parent());
            let volume = volume.as_ref().and_then(|path| path.find(self.scene.object.node()));
            if volume.is_some_and(|volume| driver.writes_to_all(volume)) {
                return None;
            }
            let severity = match volume.and_then(Driver::need) {
                Some(Need::No) if rule.id == "KR-SEC-039" => return None,
                Some(Need::Own) if rule.id == "KR-SEC-039" => Severity::Note,
                _ => one_lower(violation.severity.unwrap_or(rule.severity)),
            };
            return Some((severity, Easing::Driver, told("needs this")));
        }
        let needed = told("runs as root, and not in a restricted namespace");
        Some((Severity::Note, Easing::Driver, needed))
    }

    /// A lower severity for what an agent of nodes needs: a `DaemonSet` runs it on each. It may not write to the node, and not
    /// read its secrets. KR-SEC-038, 039 and 040 judge which folders it has.
    fn of_agent(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_of_agent = is_among(NEEDED_BY_AGENTS, rule)
            && self.facts_of(violation).is_some_and(|one| is_daemon_set(self.scene.maker(one.pod)))
            && !self.is_enforced();
        if !is_of_agent || rule.id == "KR-SEC-020" && !is_host_path(violation) {
            return None;
        }
        // The violation is at `hostPath.path` of a volume.
        let volume = || violation.path.parent()?.parent();
        let harms = || {
            let volume = volume();
            let volume = volume.as_ref();
            self.is_written_to(violation, volume) || self.has_open_secrets(violation, volume)
        };
        let severity = match rule.id {
            "KR-SEC-039" if harms() => return None,
            "KR-SEC-020" => Severity::Note,
            _ => one_lower(violation.severity.unwrap_or(rule.severity)),
        };
        Some((severity, Easing::Agent, "assumed: an agent of nodes needs it".to_owned()))
    }

    /// A warning about an agent that reads the state of the kubelet: about the folder, and about its user if it may do nothing
    /// else.
    fn of_kubelet(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_known = is_among("KR-SEC-022 KR-SEC-023 KR-SEC-039", rule)
            && is_error(rule, violation)
            && !self.is_enforced();
        let facts = is_known.then(|| self.facts_of(violation))??;
        if !is_daemon_set(self.scene.maker(facts.pod)) {
            return None;
        }
        let kubelet = &self.more(facts).kubelet;
        let is_meant = match self.container(violation, facts.pod) {
            Some(container) => kubelet.is_bare_reader(&container),
            None => {
                let volume = violation.path.parent().and_then(|path| path.parent());
                let volume = volume.as_ref().and_then(|path| path.find(self.scene.object.node()));
                let name = volume.and_then(|volume| text(volume, "name"));
                name.is_some_and(|name| kubelet.is_read(name))
            }
        };
        let told = "assumed: an agent of nodes reads what the kubelet says of its pods there";
        is_meant.then(|| (Severity::Warning, Easing::Agent, told.to_owned()))
    }

    /// A warning about a folder of the node that no container may write to. KR-SEC-039 reports those with secrets.
    fn of_reader(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        if rule.id != "KR-SEC-020" || !is_host_path(violation) || self.is_enforced() {
            return None;
        }
        let is_read = !self.is_written_to(violation, violation.path.parent().as_ref());
        let told = "assumed: it only looks at the node";
        is_read.then(|| (Severity::Warning, Easing::Agent, told.to_owned()))
    }

    /// True if a container may write to a volume of the pod of a violation.
    fn is_written_to(&self, violation: &Violation, volume: Option<&Path>) -> bool {
        self.is_of_volumes(violation, volume, |facts| &facts.written)
    }

    /// True if a volume of the pod of a violation has secrets that a container can read which may be root.
    fn has_open_secrets(&self, violation: &Violation, volume: Option<&Path>) -> bool {
        self.is_of_volumes(violation, volume, |facts| &facts.open_secrets)
    }

    /// True if a volume of the pod of a violation is one of these, or not known.
    fn is_of_volumes<'s>(
        &'s self,
        violation: &Violation,
        volume: Option<&Path>,
        volumes: impl FnOnce(&'s Facts<'a>) -> &'s BTreeSet<&'a str>,
    ) -> bool {
        let volume = volume.and_then(|path| path.find(self.scene.object.node()));
        let name = volume.and_then(|volume| text(volume, "name"));
        let facts = self.facts_of(violation);
        let (Some(name), Some(facts)) = (name, facts) else { return true };
        volumes(facts).contains(name)
    }

    /// Lower severities in a Job: it ends, and gets no requests. A pod alone that is not started again is like one.
    fn of_job(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
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
            return Some((Severity::Note, Easing::Job, told.to_owned()));
        }
        let told = match is_job {
            true => "a Job runs it only for a while",
            false => "the pod runs it once (`restartPolicy`)",
        };
        is_among(LESS_IN_JOBS, rule).then(|| (Severity::Warning, Easing::Job, told.to_owned()))
    }

    /// A warning about what builds need, in a step of a pipeline.
    fn of_step(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_less = is_error(rule, violation)
            && is_of_step(self.scene.object, violation)
            && is_needed_by_builds(rule.id, violation)
            && !self.is_enforced();
        let told = "assumed: a step of a pipeline works for a while on the files of others";
        is_less.then(|| (Severity::Warning, Easing::Step, told.to_owned()))
    }

    /// A warning about operation, and about what is not set, if a command of the pod shows that it is a demonstration.
    fn of_demo(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_of_security = is_among(LESS_IN_JOBS, rule);
        let is_unsaid = || !self.is_written(violation) && !self.is_enforced();
        let is_less = is_error(rule, violation)
            && (is_among(OF_OPERATION, rule) || is_of_security && is_unsaid());
        let sign = self.more(is_less.then(|| self.facts_of(violation))??).demo?;
        let told = format!("assumed: a demonstration, by `{sign}`");
        Some((Severity::Warning, Easing::Demo, told))
    }

    /// A warning about a pod that others do without for a while: only webhooks ask it that may fail, or it is a controller.
    fn of_answers(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
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
        Some((Severity::Warning, by, told))
    }

    /// A warning about operation if the image or other fields of the pod say why it matters less.
    fn of_operation(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_known = is_among(OF_OPERATION, rule) && is_error(rule, violation);
        let facts = is_known.then(|| self.facts_of(violation))??;
        if rule.id == "KR-IMG-001" {
            let (by, told) = self.of_image(violation, facts.pod)?;
            return Some((Severity::Warning, by, told));
        }
        let container = self.container(violation, facts.pod)?;
        let more = self.more(facts);
        let (by, told) = match rule.id {
            "KR-PRB-001" => {
                (Easing::Fields, readiness::told(&container, facts.pod, more.gate.as_deref())?)
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
        Some((Severity::Warning, by, told))
    }

    /// The reason for which a tag that moves matters less.
    fn of_image(&self, violation: &Violation, pod: &Pod<'_>) -> Option<(Easing, String)> {
        let image = violation.path.find(self.scene.object.node()).and_then(Node::as_text)?;
        let is_job = self.scene.maker(pod).1 == "Job" && self.scene.ends(pod);
        let ends = |one: &Container<'_>| (!one.is_running() || is_job) && !runs_on(one);
        let is_client = role(image) == Some(Role::Client);
        // A step of a pipeline is in no list of containers.
        if is_client && self.container(violation, pod).as_ref().is_some_and(ends) {
            return Some((Easing::Tool, "a client that runs once".to_owned()));
        }
        let stream = stream(image)?;
        let told = format!("assumed: it moves within the version that its name has, `{stream}`");
        Some((Easing::Stream, told))
    }

    /// A warning about the network of the node and its capabilities for what cannot work without.
    fn of_server(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let rules = "KR-SEC-002 KR-SEC-021 KR-SEC-025";
        let is_known = is_among(rules, rule) && is_error(rule, violation) && !self.is_enforced();
        let pod = is_known.then(|| self.facts_of(violation))??.pod;
        let told = match (rule.id, self.container(violation, pod)) {
            ("KR-SEC-002", _) => servers::told(pod)?,
            ("KR-SEC-021", Some(container)) => {
                let is_needed = servers::has_capabilities_of_files(&container, pod);
                let told = "as it is not root, it has the capabilities that it adds only by this";
                is_needed.then(|| told.to_owned())?
            }
            ("KR-SEC-025", Some(container)) => {
                servers::told_of_capabilities(&container, pod, &violation.values)?
            }
            _ => return None,
        };
        let by = if rule.id == "KR-SEC-021" { Easing::Fields } else { Easing::Agent };
        Some((Severity::Warning, by, told))
    }

    /// True if the container of a violation, or any of its pod, does not end.
    fn runs_on(&self, violation: &Violation) -> bool {
        let Some(facts) = self.facts_of(violation) else { return false };
        match self.container(violation, facts.pod) {
            Some(container) => runs_on(&container),
            None => facts.pod.containers.iter().any(runs_on),
        }
    }

    /// Nodes may set the profile of seccomp for all pods.
    fn of_nodes(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let may_be_set =
            rule.id == "KR-SEC-024" && !self.is_written(violation) && !self.is_enforced();
        may_be_set.then(|| {
            let told = "assumed: the nodes do not set it for all pods (`seccompDefault`)";
            (Severity::Warning, Easing::Nodes, told.to_owned())
        })
    }

    /// True if the namespace of the object enforces `restricted`, so that a pod is refused.
    fn is_enforced(&self) -> bool {
        self.render.enforces_restricted(self.scene.namespace())
    }

    /// Facts about the pod of a violation.
    fn facts_of(&self, violation: &Violation) -> Option<&Facts<'a>> {
        let pods = self.pods.get_or_init(|| {
            let Scene { facts, object, pods } = self.scene;
            let of = |pod: &'a Pod<'a>| {
                let is_restricted = self.render.views.constraints().restrict(object, facts, pod);
                let driver = Driver::of(self.scene, pod);
                let (written, open_secrets) = (written(pod), open_secrets(pod));
                let more = OnceCell::new();
                (pod.path(&[]), Facts { pod, is_restricted, driver, written, open_secrets, more })
            };
            pods.iter().map(of).collect()
        });
        let mut path = violation.path.clone();
        loop {
            if let Some(facts) = pods.get(&path) {
                return Some(facts);
            }
            path = path.parent()?;
        }
    }

    /// More facts about a pod.
    fn more<'f>(&self, facts: &'f Facts<'a>) -> &'f More<'a> {
        let (scene, render, pod) = (self.scene, self.render, facts.pod);
        facts.more.get_or_init(|| More {
            main: eviction::main_of(pod),
            gate: readiness::gate(pod),
            privileged: privileged(pod),
            demo: demos::sign(pod),
            kubelet: Kubelet::of(pod),
            may_fail: eviction::may_fail(scene, render, pod),
            is_controller: eviction::is_controller(scene, render, pod),
        })
    }

    /// The container of a violation.
    fn container(&self, violation: &Violation, pod: &Pod<'_>) -> Option<Container<'a>> {
        let start = pod.path(&[]);
        let [PathStep::Key(key), index @ PathStep::Index(_), ..] =
            violation.path.steps().get(start.steps().len()..)?
        else {
            return None;
        };
        let list = List::ALL.into_iter().find(|list| *list.field() == **key)?;
        let path = start.keys(&[list.field()]).step(index.clone());
        let node: &'a Node = path.find(self.scene.object.node())?;
        Some(Container::new(node, list, path))
    }
}

fn privileged(pod: &Pod<'_>) -> Option<String> {
    let mut running = pod.containers.iter().filter(|one| one.is_running());
    running.find(|one| one.is_privileged()).map(Container::label)
}

/// The statement about a workload that is switched off.
const NO_POD_RUNS: &str = "no pod runs: `replicas` is 0";

/// True for a violation that is an error.
fn is_error(rule: &Rule, violation: &Violation) -> bool {
    violation.severity.unwrap_or(rule.severity) == Severity::Error
}

/// The statement about an image that runs as another user than root.
fn of_image_user(user: ImageUser<'_>) -> Option<String> {
    Some(match user {
        ImageUser::Root => return None,
        ImageUser::NonRoot => "assumed: its image has a user other than root".to_owned(),
        ImageUser::Number(user) => format!("assumed: its image runs as user {user}"),
        ImageUser::Named(user) => format!(
            "assumed: its image runs as the user `{user}`, which the kubelet cannot verify, so that `runAsNonRoot` needs `runAsUser`"
        ),
    })
}

/// The next lower severity.
const fn one_lower(severity: Severity) -> Severity {
    match severity {
        Severity::Error => Severity::Warning,
        _ => Severity::Note,
    }
}

/// True for a violation at a `hostPath` of a volume.
fn is_host_path(violation: &Violation) -> bool {
    matches!(violation.path.steps().last(), Some(PathStep::Key(key)) if **key == *"hostPath")
}

/// True for a pod that only takes room, so that it can be evicted: its containers have the image `pause`.
fn takes_room_only(pod: &Pod<'_>) -> bool {
    let mut containers = pod.containers.iter();
    !pod.containers.is_empty() && containers.all(|one| does_nothing(one.image()))
}

fn is_among(rules: &str, rule: &Rule) -> bool {
    rules.split(' ').any(|id| id == rule.id)
}
