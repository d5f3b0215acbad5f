//! KR-PRB-003, 010, 011: programs have enough time to start.

use super::OF_PROBES;
use super::runtimes::{Known, Times, add_default, add_timing, defaults, runtime};
use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::runtime::Timing;
use crate::harden::scene::Scene;
use crate::harden::value::{integer, present};
use crate::harden::violation::{Class, Edit, Severity, Violation, mapping};
use crate::yaml::Node;

pub(super) static STARTUP_MISSING: Rule = Rule {
    id: "KR-PRB-003",
    name: "startup-missing",
    text: text!("KR-PRB-003"),
    needs: Needs::Object(Check::Container(missing)),
    ..OF_PROBES
};

pub(super) static STARTUP_BUDGET: Rule = Rule {
    id: "KR-PRB-010",
    name: "startup-budget",
    text: text!("KR-PRB-010"),
    fix_order: 0,
    needs: Needs::Object(Check::Container(budget)),
    ..OF_PROBES
};

pub(super) static LIVENESS_KILLS_SLOW_START: Rule = Rule {
    id: "KR-PRB-011",
    name: "liveness-kills-slow-start",
    text: text!("KR-PRB-011"),
    needs: Needs::Object(Check::Container(kills)),
    ..OF_PROBES
};

/// A delay of the first liveness check that stands for a startup probe.
const LONG: i64 = 30;

/// The period of added startup probes where the runtime is not known.
const PERIOD: i64 = 5;

/// A liveness probe without a startup probe.
struct Unstarted<'a> {
    liveness: &'a Node,
    times: Times,
    known: Option<Known>,
}

impl<'a> Unstarted<'a> {
    fn of(container: &Container<'a>, pod: &Pod<'a>, scene: Scene<'_>) -> Option<Self> {
        let liveness = present(container.node, "livenessProbe")?;
        if present(container.node, "startupProbe").is_some()
            || !container.is_running()
            || scene.is_job()
        {
            return None;
        }
        let times = Times::of(liveness)?;
        Some(Self { liveness, times, known: runtime(container, pod, scene) })
    }

    /// The runtime, if programs on it may take longer to start than the liveness probe allows. Only slow ones are
    /// assumed.
    fn too_slow(&self) -> Option<&Known> {
        let known = self.known.as_ref()?;
        let counts = known.assumed.is_none() || known.runtime.is_slow();
        (counts && self.times.since_start() < known.runtime.startup().window()).then_some(known)
    }

    /// The edits that add a startup probe, unless a rollout would end before it.
    fn edits(&self, container: &Container<'_>, scene: Scene<'_>) -> Option<Vec<Edit>> {
        let allowed = self.times.since_start();
        let mut timing = match &self.known {
            Some(known) => known.runtime.startup(),
            None => Timing { period: PERIOD, timeout: None, failures: 0 },
        };
        let least = allowed.saturating_add(timing.period - 1) / timing.period;
        timing.failures = timing.failures.max(least).max(1);
        if scene.is_knative() || deadline(scene).is_some_and(|most| timing.window() > most) {
            return None;
        }
        let path = container.path(&["startupProbe"]);
        let told = defaults(container, scene).and_then(|probes| probes.startup.as_ref());
        if told.is_some() {
            return add_default(container, path, told, Some(timing));
        }
        let kinds = ["exec", "grpc", "httpGet", "tcpSocket"];
        let mut handlers = kinds.into_iter().filter_map(|kind| {
            let mut handler = present(self.liveness, kind)?.clone();
            // The kubelet asks the pod: a host may lead elsewhere.
            handler.as_mapping_mut().map(|fields| fields.remove("host"));
            Some((kind, handler))
        });
        let (Some(handler), None) = (handlers.next(), handlers.next()) else { return None };
        let mut probe = mapping(&[handler]);
        if let Some(fields) = probe.as_mapping_mut() {
            let timeout = self.times.timeout.min(timing.period);
            let timeout = Some(timeout).filter(|timeout| *timeout > 1);
            add_timing(fields, Timing { timeout, ..timing });
        }
        Some(vec![Edit::Set(path, probe)])
    }

    fn violation(
        &self,
        container: &Container<'_>,
        scene: Scene<'_>,
        message: String,
    ) -> Vec<Violation> {
        let violation = container.violation(&["livenessProbe"], message);
        vec![match self.edits(container, scene) {
            Some(edits) => violation.fix(Class::Unsafe, edits),
            None => violation,
        }]
    }
}

/// True if a readiness probe keeps requests away from a program that has not started.
fn waits(container: &Container<'_>) -> bool {
    present(container.node, "readinessProbe").is_some()
}

fn missing(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let Some(unstarted) = Unstarted::of(container, pod, scene) else { return Vec::new() };
    // KR-PRB-011 reports the rest.
    if unstarted.too_slow().is_some() {
        return Vec::new();
    }
    let told = unstarted.known.as_ref().filter(|known| known.assumed.is_none());
    let initial = unstarted.times.initial;
    let message = match told.filter(|known| known.runtime.is_slow()) {
        _ if initial >= LONG => format!(
            "has a `livenessProbe` that waits {initial} seconds, and no `startupProbe`, which would end that time as soon as it has started"
        ),
        Some(known) => {
            format!(
                "runs on `{}`, which starts slowly, and has no `startupProbe`",
                known.runtime.as_str()
            )
        }
        None => return Vec::new(),
    };
    let mut found = unstarted.violation(container, scene, message);
    // The first check is late by less than the checks take to find a program that hangs.
    let is_minor = initial == LONG || initial <= unstarted.times.window() || waits(container);
    if is_minor && initial >= LONG {
        found.iter_mut().for_each(|violation| violation.severity = Some(Severity::Note));
    }
    found
}

fn kills(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let Some(unstarted) = Unstarted::of(container, pod, scene) else { return Vec::new() };
    let Some(known) = unstarted.too_slow() else { return Vec::new() };
    let (runtime, allowed) = (known.runtime, unstarted.times.since_start());
    let assumed = known.assumed.as_ref().map(|from| format!(" (assumed from {from})"));
    let message = format!(
        "is restarted if it does not answer {allowed} seconds after its start; programs on `{}`{} may take {}",
        runtime.as_str(),
        assumed.unwrap_or_default(),
        runtime.startup().window()
    );
    unstarted.violation(container, scene, message)
}

/// The seconds after which a rollout fails if a pod has not started; `None` for kinds without such a deadline.
fn deadline(scene: Scene<'_>) -> Option<i64> {
    if !matches!(scene.object.kind(), "Deployment" | "Rollout") {
        return None;
    }
    let spec = scene.object.node().get("spec");
    let number = |key: &str, usual| match spec.and_then(|spec| present(spec, key)) {
        None => Some(usual),
        Some(node) => integer(node),
    };
    let ready = number("minReadySeconds", 0)?;
    Some(number("progressDeadlineSeconds", 600)?.saturating_sub(ready))
}

fn budget(container: &Container<'_>, _: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let probe = present(container.node, "startupProbe").filter(|_| container.is_running());
    let times = probe.and_then(Times::of);
    let (Some(times), Some(most)) = (times, deadline(scene)) else { return Vec::new() };
    let total = times.since_start();
    if total <= most {
        return Vec::new();
    }
    let message = format!(
        "may take {total} seconds to start, but its rollout fails after {most} (`progressDeadlineSeconds` without `minReadySeconds`)"
    );
    vec![container.violation(&["startupProbe"], message)]
}
