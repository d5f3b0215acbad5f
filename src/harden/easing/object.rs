//! An object whose violations may be eased, with facts about its pods that are found once.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::harden::agents::Kubelet;
use crate::harden::drivers::{Driver, written};
use crate::harden::endless::runs_on;
use crate::harden::host::{Views, views};
use crate::harden::images::does_nothing;
use crate::harden::pod::{Container, Pod};
use crate::harden::rule::Rule;
use crate::harden::scene::{Render, Scene};
use crate::harden::violation::{Easing, Elsewhere, List, Severity, Violation};
use crate::harden::{demos, eviction, readiness};
use crate::yaml::Node;
use crate::yaml::path::{Path, PathStep};
/// A lower severity, with the reason.
pub(super) struct Lower {
    pub(super) severity: Severity,
    pub(super) by: Easing,
    /// The statement about it, to follow the message.
    pub(super) told: String,
    /// The findings of which one must be told.
    pub(super) elsewhere: Option<Elsewhere>,
}

impl Lower {
    /// A lower severity by the object and its fields.
    pub(super) fn to(severity: Severity, by: Easing, told: impl Into<String>) -> Self {
        Self { severity, by, told: told.into(), elsewhere: None }
    }

    /// The same, if one of these rules has a finding about a field or what is below it, and at least as severe.
    pub(super) fn told_by(self, rules: &'static str, field: Path, least: Severity) -> Self {
        let from = self.severity;
        Self { elsewhere: Some(Elsewhere { rules, field, least, from }), ..self }
    }
}

/// The eased violations of an object.
pub(in crate::harden) struct Easings<'a, 'b> {
    pub(super) scene: Scene<'a>,
    pub(super) render: &'b Render<'a>,
    /// True if objects may say that the platform is `OpenShift`.
    pub(super) by_evidence: bool,
    /// The pods by their paths, with facts about each.
    pub(super) pods: OnceCell<BTreeMap<Path, Facts<'a>>>,
    /// True if the pods only take room.
    pub(super) is_room: OnceCell<bool>,
    /// True if there are no pods to run.
    pub(super) is_idle: OnceCell<bool>,
    /// True if no other finding says more.
    pub(super) is_alone: bool,
}

/// Facts about a pod.
pub(super) struct Facts<'a> {
    pub(super) pod: &'a Pod<'a>,
    /// True if the usual Security Context Constraints restrict it.
    pub(super) is_restricted: bool,
    /// The driver of nodes that it is, if it is one.
    pub(super) driver: Option<Driver<'a>>,
    /// The names of volumes that a container may write to.
    pub(super) written: BTreeSet<&'a str>,
    /// The volumes of the node, by what containers see of them.
    pub(super) views: Views<'a>,
    /// Facts about the commands of its containers, each of which is read once.
    commands: OnceCell<Vec<Command<'a>>>,
    /// More facts, which only some rules ask for.
    pub(super) more: OnceCell<More<'a>>,
}

/// Facts about the command of a container.
#[derive(Default)]
struct Command<'a> {
    /// True if it shows that the container runs on.
    runs_on: OnceCell<bool>,
    /// The sign that the container is a demonstration.
    demo: OnceCell<Option<&'a str>>,
}

impl<'a> Facts<'a> {
    /// True if a container does not end, or any of the pod without one.
    pub(super) fn runs_on(&self, container: Option<&Container<'a>>) -> bool {
        let runs_on = |(container, facts): (&Container<'a>, &Command<'a>)| {
            *facts.runs_on.get_or_init(|| runs_on(container))
        };
        match container {
            Some(container) => self.command(container).is_some_and(runs_on),
            None => self.pod.containers.iter().zip(self.commands()).any(runs_on),
        }
    }

    /// The sign that a container is a demonstration.
    pub(super) fn demo(&self, container: &Container<'a>) -> Option<&'a str> {
        let (container, facts) = self.command(container)?;
        *facts.demo.get_or_init(|| demos::sign(container))
    }

    fn commands(&self) -> &[Command<'a>] {
        let all = || self.pod.containers.iter().map(|_| Command::default()).collect();
        self.commands.get_or_init(all)
    }

    /// A container of the pod with the facts about its command.
    fn command(&self, container: &Container<'a>) -> Option<(&Container<'a>, &Command<'a>)> {
        let all = &self.pod.containers;
        let first = all.partition_point(|one| one.list < container.list);
        let place = first.checked_add(container.index()?)?;
        Some((all.get(place)?, self.commands().get(place)?))
    }
}

/// More facts about a pod, of which each is found in one pass over its containers.
pub(super) struct More<'a> {
    /// The container that sidecars help.
    pub(super) main: Option<String>,
    /// The container whose readiness probe decides when the pod gets requests.
    pub(super) gate: Option<String>,
    /// The first container that runs and is privileged.
    pub(super) privileged: Option<(Path, String)>,
    /// The volumes with the state of the kubelet.
    pub(super) kubelet: Kubelet<'a>,
    /// True if only webhooks ask it, each of which may fail.
    pub(super) may_fail: bool,
    /// True if it is that of a controller that goes on where it was.
    pub(super) is_controller: bool,
}

impl<'a, 'b> Easings<'a, 'b> {
    /// Those of an object of a render. In a `check`, objects may say that the platform is `OpenShift`; a build that must not
    /// pass asks the configuration alone.
    pub(in crate::harden) fn new(
        scene: Scene<'a>,
        render: &'b Render<'a>,
        by_evidence: bool,
    ) -> Self {
        Self {
            scene,
            render,
            by_evidence,
            pods: OnceCell::new(),
            is_room: OnceCell::new(),
            is_idle: OnceCell::new(),
            is_alone: false,
        }
    }

    /// True if the field of a violation has a value.
    pub(super) fn is_written(&self, violation: &Violation) -> bool {
        let node = violation.path.find(self.scene.object.node());
        node.is_some_and(|node| !node.is_null())
    }

    /// True if the namespace of the object enforces `restricted`, so that a pod is refused.
    pub(super) fn is_enforced(&self) -> bool {
        self.render.enforces_restricted(self.scene.namespace())
    }

    /// True if the workload is switched off.
    pub(super) fn is_idle(&self) -> bool {
        *self.is_idle.get_or_init(|| {
            !self.scene.pods.is_empty()
                && self.scene.object.kind() != "Job"
                && self.render.acting.copies(self.scene.object).is_some_and(|(_, most)| most == 0)
        })
    }

    /// True if there are pods, and all they do is to take room.
    pub(super) fn takes_room_only(&self) -> bool {
        let pods = self.scene.pods;
        *self.is_room.get_or_init(|| !pods.is_empty() && pods.iter().all(takes_room_only))
    }

    /// True if the container of a violation, or any of its pod, does not end.
    pub(super) fn runs_on(&self, violation: &Violation) -> bool {
        let Some(facts) = self.facts_of(violation) else { return false };
        facts.runs_on(self.container(violation, facts.pod).as_ref())
    }

    /// Facts about the pod of a violation.
    pub(super) fn facts_of(&self, violation: &Violation) -> Option<&Facts<'a>> {
        let pods = self.pods.get_or_init(|| {
            let Scene { object, pods, .. } = self.scene;
            let of = |pod: &'a Pod<'a>| {
                let is_restricted = self.render.is_restricted(object, pod);
                let driver = Driver::of(self.scene, pod);
                let (written, views) = (written(pod), views(pod));
                let (commands, more) = (OnceCell::new(), OnceCell::new());
                (
                    pod.path(&[]),
                    Facts { pod, is_restricted, driver, written, views, commands, more },
                )
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

    /// The same, where no other finding says more.
    pub(super) fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    /// More facts about a pod.
    pub(super) fn more<'f>(&self, facts: &'f Facts<'a>) -> &'f More<'a> {
        let (scene, render, pod) = (self.scene, self.render, facts.pod);
        facts.more.get_or_init(|| More {
            main: eviction::main_of(pod),
            gate: readiness::gate(pod),
            privileged: privileged(pod),
            kubelet: Kubelet::of(pod),
            may_fail: eviction::may_fail(scene, render, pod),
            is_controller: eviction::is_controller(scene, render, pod),
        })
    }

    /// The container of a violation.
    pub(super) fn container(&self, violation: &Violation, pod: &Pod<'_>) -> Option<Container<'a>> {
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

/// The rules of fields that the usual Security Context Constraints set.
pub(super) const SET_BY_CONSTRAINTS: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-024 KR-SEC-025";

/// The rules about rights that a pod which ends has only for a moment.
pub(super) const LESS_IN_JOBS: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-025";

/// The first container that runs and is privileged: its path and its label.
fn privileged(pod: &Pod<'_>) -> Option<(Path, String)> {
    let mut running = pod.containers.iter().filter(|one| one.is_running());
    running.find(|one| one.is_privileged()).map(|one| (one.path(&[]), one.label()))
}

/// True for a rule of a list.
pub(super) fn is_among(rules: &str, rule: &Rule) -> bool {
    rules.split(' ').any(|id| id == rule.id)
}

/// True for a violation that is an error.
pub(super) fn is_error(rule: &Rule, violation: &Violation) -> bool {
    violation.severity.unwrap_or(rule.severity) == Severity::Error
}

/// The next lower severity.
pub(super) const fn one_lower(severity: Severity) -> Severity {
    match severity {
        Severity::Error => Severity::Warning,
        _ => Severity::Note,
    }
}

/// True for a pod that only takes room, so that it can be evicted: its containers have the image `pause`.
fn takes_room_only(pod: &Pod<'_>) -> bool {
    let mut containers = pod.containers.iter();
    !pod.containers.is_empty() && containers.all(|one| does_nothing(one.image()))
}
