//! Violations that matter less where they stand: each keeps its place in the report, with a lower severity and the reason.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::drivers::Driver;
use super::images::is_tool;
use super::pod::{Container, Pod};
use super::profile::Set;
use super::rule::{Rule, Topic};
use super::scene::{Render, Scene};
use super::value::is_false;
use super::violation::{Easing, List, Severity, Violation};
use crate::resource::{CLUSTER, ImageReference};
use crate::yaml::Node;
use crate::yaml::path::{Path, PathStep};

/// A lower severity, the reason, and the statement about it.
type Eased = (Severity, Easing, String);

/// The rules of fields that the usual Security Context Constraints set.
const SET_BY_CONSTRAINTS: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-024 KR-SEC-025";

/// The rules whose fields have no effect on a privileged container, and none on Windows.
const MOOT_ELSEWHERE: &str = "KR-SEC-021 KR-SEC-024 KR-SEC-025";

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

/// The rules about what a Job takes of its node.
const TAKEN_BY_JOBS: &str = "KR-RES-002 KR-RES-003";

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
}

/// Facts about a pod.
struct Facts<'a> {
    pod: &'a Pod<'a>,
    /// True if the usual Security Context Constraints restrict it.
    is_restricted: bool,
    /// The driver of nodes that it is, if it is one.
    driver: Option<Driver<'a>>,
}

impl<'a, 'b> Easings<'a, 'b> {
    /// Those of an object of a render. In a `check`, objects may say that the platform is `OpenShift`; a build that must not
    /// pass asks the configuration alone.
    pub(super) fn new(scene: Scene<'a>, render: &'b Render<'a>, by_evidence: bool) -> Self {
        Self { scene, render, by_evidence, pods: OnceCell::new(), is_room: OnceCell::new() }
    }

    /// The violation, eased if something makes it matter less: the purpose of the target, and in the profile `recommended`
    /// the platform and other fields of the object. Rules of the Pod Security Standards are not eased where a namespace
    /// of the render enforces `restricted`.
    pub(super) fn ease(&self, rule: &Rule, mut violation: Violation) -> Violation {
        let severity = violation.severity.unwrap_or(rule.severity);
        let eased = match severity {
            Severity::Note => self.without_copies(rule),
            _ => self.of_trial(rule).or_else(|| self.of_recommended(rule, &violation)),
        };
        let Some((lower, easing, told)) = eased.filter(|(lower, ..)| *lower <= severity) else {
            return violation;
        };
        if !told.is_empty() {
            violation.message = format!("{}; {told}", violation.message);
        }
        violation.eased = Some(easing);
        violation.severity(lower)
    }

    /// In a target that is not for production, violations of rules about operation are notes, and in inputs of tests all.
    fn of_trial(&self, rule: &Rule) -> Option<Eased> {
        let trial = self.render.trial?;
        // A pod without a controller is one of operation, too.
        let is_of_operation = rule.topic().is_of_operation() || rule.id == "KR-K8S-006";
        let is_less = is_of_operation || trial.is_of_tests();
        is_less.then(|| (Severity::Note, Easing::Trial, trial.told()))
    }

    /// In such a target, what the level `restricted` asks for and nothing contradicts is a note, and so are warnings about
    /// security; ports of the node are a warning.
    fn of_restricted_trial(&self, rule: &Rule, violation: &Violation) -> Option<Eased> {
        let trial = self.render.trial?;
        let is_unsaid = || is_among(SET_BY_CONSTRAINTS, rule) && !self.is_written(violation);
        let severity = match rule.id {
            // Clusters on one machine are reached by ports of the node.
            "KR-SEC-006" => Severity::Warning,
            _ if is_unsaid() => Severity::Note,
            _ if rule.topic() == Topic::Security
                && violation.severity.unwrap_or(rule.severity) == Severity::Warning =>
            {
                Severity::Note
            }
            _ => return None,
        };
        (!self.is_enforced()).then(|| (severity, Easing::Trial, trial.told()))
    }

    /// True if the field of a violation has a value.
    fn is_written(&self, violation: &Violation) -> bool {
        let node = violation.path.find(self.scene.object.node());
        node.is_some_and(|node| !node.is_null())
    }

    fn of_recommended(&self, rule: &Rule, violation: &Violation) -> Option<Eased> {
        if self.scene.facts.profile.set != Set::Recommended {
            return None;
        }
        let of_object = |(severity, told)| (severity, Easing::Object, told);
        self.of_platform(rule, violation)
            .or_else(|| self.without_copies(rule))
            .or_else(|| self.of_bundle(rule).map(of_object))
            .or_else(|| self.of_part(rule, violation).map(of_object))
            .or_else(|| self.of_pod(rule, violation).map(of_object))
            .or_else(|| self.of_restricted_trial(rule, violation))
            .or_else(|| self.of_job(rule).map(of_object))
            .or_else(|| self.of_nodes(rule, violation).map(of_object))
    }

    /// On `OpenShift`, a note about what its Security Context Constraints set at admission.
    fn of_platform(&self, rule: &Rule, violation: &Violation) -> Option<Eased> {
        let platform = self.render.platform;
        if !(platform.is_told || self.by_evidence && platform.is_seen) {
            return None;
        }
        let easing = if platform.is_told { Easing::Object } else { Easing::Platform };
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
    fn without_copies(&self, rule: &Rule) -> Option<Eased> {
        let is_about_running = rule.topic().is_of_operation() || rule.topic() == Topic::References;
        let acting = &self.render.acting;
        let take_room_only = || self.scene.pods.iter().all(takes_room_only);
        let room = || *self.is_room.get_or_init(take_room_only);
        let is_idle = is_about_running
            && !self.scene.pods.is_empty()
            && self.scene.object.kind() != "Job"
            && acting.copies(self.scene.object).is_some_and(|(_, most)| most == 0);
        let told = match is_idle {
            true => "no pod runs: `replicas` is 0",
            false
                if (rule.topic().is_of_operation() || rule.id == "KR-SEC-035")
                    && !self.scene.pods.is_empty()
                    && room() =>
            {
                "the image `pause` does nothing but take room"
            }
            false => return None,
        };
        Some((Severity::Note, Easing::Object, told.to_owned()))
    }

    /// In a bundle of the Operator Lifecycle Manager, which replaces images, and whose subscriptions set resources.
    fn of_bundle(&self, rule: &Rule) -> Option<(Severity, String)> {
        if !is_among(SET_FOR_BUNDLES, rule) || !self.render.is_bundle {
            return None;
        }
        let told = "assumed: it is input of a bundle of the Operator Lifecycle Manager, for which it is set later";
        Some((Severity::Note, told.to_owned()))
    }

    /// In a part of a kubebuilder project, in whose namespace `system` nothing is applied, what includes it may set requests,
    /// limits and probes.
    fn of_part(&self, rule: &Rule, violation: &Violation) -> Option<(Severity, String)> {
        let namespace = self.scene.namespace();
        if !is_among(SET_BY_WHOLE, rule) || namespace != "system" {
            return None;
        }
        let facts = self.facts_of(violation)?;
        self.render.is_part_with(namespace, facts.pod).then(|| {
            let told = "assumed: no kustomization that includes this one, and has the ServiceAccount, sets it";
            (Severity::Warning, told.to_owned())
        })
    }

    fn of_pod(&self, rule: &Rule, violation: &Violation) -> Option<(Severity, String)> {
        let rules = [
            MOOT_ELSEWHERE,
            NEEDED_BY_DRIVERS,
            USER_OF_DRIVERS,
            SET_BY_CONSTRAINTS,
            WRITES_OF_TOOLS,
        ];
        if !rules.iter().any(|rules| is_among(rules, rule)) || self.is_enforced() {
            return None;
        }
        let facts = self.facts_of(violation)?;
        let container = self.container(violation, facts.pod);
        let is_privileged = container.as_ref().is_some_and(Container::is_privileged);
        let of_driver = facts.driver.as_ref();
        let of_driver = of_driver
            .and_then(|driver| self.of_driver(rule, violation, driver, container.as_ref()));
        if of_driver.is_some() {
            return of_driver;
        }
        if is_privileged && is_among(MOOT_ELSEWHERE, rule) {
            return Some((
                Severity::Note,
                "it is privileged, so that this has no effect".to_owned(),
            ));
        }
        if facts.pod.is_bound_to_windows()
            && is_among(MOOT_ELSEWHERE, rule)
            && !self.is_written(violation)
        {
            let told = "its nodes run Windows, where this has no effect";
            return Some((Severity::Note, told.to_owned()));
        }
        let container = container?;
        if is_tool(container.image())
            && (!container.is_running() || self.scene.is_job())
            && !self.is_written(violation)
        {
            return Some((Severity::Note, "a tool that ends soon".to_owned()));
        }
        let user = container.user(facts.pod);
        match (rule.id, user) {
            ("KR-SEC-022", Some(user))
                if user > 0 && container.security("runAsNonRoot").is_none() =>
            {
                // The message has the user.
                Some((Severity::Note, String::new()))
            }
            ("KR-SEC-022", None)
                if container.security("runAsNonRoot").is_none()
                    && self.scene.facts.runs_as_non_root(container.image()) =>
            {
                Some((
                    Severity::Warning,
                    "assumed: its image has a user other than root".to_owned(),
                ))
            }
            ("KR-SEC-025", _)
                if container.is_non_root(facts.pod)
                    && is_false(container.security("allowPrivilegeEscalation"))
                    && container.capabilities("add").next().is_none() =>
            {
                let told = "as it is not root and cannot gain privileges, it has none in effect";
                Some((Severity::Note, told.to_owned()))
            }
            _ => None,
        }
    }

    /// Lower severities for what a driver of nodes needs: the container itself works in a folder of drivers, or one of the
    /// pod for what concerns the pod.
    fn of_driver(
        &self,
        rule: &Rule,
        violation: &Violation,
        driver: &Driver<'a>,
        container: Option<&Container<'a>>,
    ) -> Option<(Severity, String)> {
        let folder = match container {
            Some(container) => driver.folder_of(container)?,
            None if violation.container.is_some() => return None,
            None => driver.folder,
        };
        let told = |needed: &str| {
            format!("assumed: a driver of nodes, which works in `{folder}`, {needed}")
        };
        if is_among(NEEDED_BY_DRIVERS, rule) {
            // The violation is at `hostPath.path` of a volume.
            let volume = violation.path.parent().and_then(|path| path.parent());
            let volume = volume.as_ref().and_then(|path| path.find(self.scene.object.node()));
            if volume.is_some_and(|volume| driver.writes_to_all(volume)) {
                return None;
            }
            let severity = match violation.severity.unwrap_or(rule.severity) {
                Severity::Error => Severity::Warning,
                _ => Severity::Note,
            };
            return Some((severity, told("needs this")));
        }
        let is_of_user = is_among(USER_OF_DRIVERS, rule);
        is_of_user
            .then(|| (Severity::Note, told("runs as root, and not in a restricted namespace")))
    }

    /// A note about the memory that a Job may take: it ends.
    fn of_job(&self, rule: &Rule) -> Option<(Severity, String)> {
        let is_of_job = is_among(TAKEN_BY_JOBS, rule) && self.scene.object.kind() == "Job";
        is_of_job
            .then(|| (Severity::Note, "assumed: the Job ends soon, and needs little".to_owned()))
    }

    /// Nodes may set the profile of seccomp for all pods.
    fn of_nodes(&self, rule: &Rule, violation: &Violation) -> Option<(Severity, String)> {
        let may_be_set =
            rule.id == "KR-SEC-024" && !self.is_written(violation) && !self.is_enforced();
        may_be_set.then(|| {
            let told = "assumed: the nodes do not set it for all pods (`seccompDefault`)";
            (Severity::Warning, told.to_owned())
        })
    }

    /// True if the namespace of the object enforces `restricted`, so that a pod is refused.
    fn is_enforced(&self) -> bool {
        let namespace = self.render.named("Namespace", CLUSTER, self.scene.namespace());
        namespace.is_some_and(|one| {
            one.labels().any(|label| label == ("pod-security.kubernetes.io/enforce", "restricted"))
        })
    }

    /// Facts about the pod of a violation.
    fn facts_of(&self, violation: &Violation) -> Option<&Facts<'a>> {
        let pods = self.pods.get_or_init(|| {
            let Scene { facts, object, pods } = self.scene;
            let of = |pod: &'a Pod<'a>| {
                let is_restricted = self.render.views.constraints().restrict(object, facts, pod);
                let driver = Driver::of(object, pod);
                (pod.path(&[]), Facts { pod, is_restricted, driver })
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

/// True for a pod that only takes room, so that it can be evicted: its containers have the image `pause`.
fn takes_room_only(pod: &Pod<'_>) -> bool {
    let does_nothing = |container: &Container<'_>| {
        let name = ImageReference::new(container.image()).name;
        name.rsplit('/').next() == Some("pause")
    };
    !pod.containers.is_empty() && pod.containers.iter().all(does_nothing)
}

fn is_among(rules: &str, rule: &Rule) -> bool {
    rules.split(' ').any(|id| id == rule.id)
}
