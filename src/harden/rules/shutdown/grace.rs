//! KR-SHD-004, 005, 008: the grace period is neither too short nor too long.

use super::OF_SHUTDOWN;
use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{integer, present};
use crate::harden::violation::{Severity, Violation, plain};

pub(super) static ZERO_GRACE: Rule = Rule {
    id: "KR-SHD-004",
    name: "zero-grace",
    text: text!("KR-SHD-004"),
    severity: Severity::Error,
    fix_order: 69,
    needs: Needs::Object(Check::Pod(zero)),
    ..OF_SHUTDOWN
};

pub(super) static HUGE_GRACE: Rule = Rule {
    id: "KR-SHD-005",
    name: "huge-grace",
    text: text!("KR-SHD-005"),
    severity: Severity::Note,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(huge)),
    ..OF_SHUTDOWN
};

pub(super) static LIVENESS_GRACE: Rule = Rule {
    id: "KR-SHD-008",
    name: "liveness-grace",
    text: text!("KR-SHD-008"),
    severity: Severity::Note,
    fix_order: 0,
    needs: Needs::Object(Check::Container(of_liveness)),
    ..OF_SHUTDOWN
};

const KEY: &str = "terminationGracePeriodSeconds";

/// The grace period of the API server.
const USUAL: &str = "30";

/// The longest grace period that is no trouble for the restart of a container that hangs, in seconds.
const PATIENT: i64 = 120;

fn zero(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let Some(grace) = pod.get(&[KEY]).and_then(integer).filter(|grace| (0..=1).contains(grace))
    else {
        return Vec::new();
    };
    // Agents of nodes give way to their successor at once, and Jobs end by themselves.
    if scene.is_job() || scene.object.kind() == "DaemonSet" {
        return Vec::new();
    }
    // The next pod of a StatefulSet may start while the killed one still writes.
    let is_certain = grace == 0 && scene.object.kind() == "StatefulSet";
    let severity = if is_certain { Severity::Error } else { Severity::Warning };
    let message = match grace {
        0 => "the pod is killed without a signal: it cannot finish its work".to_owned(),
        _ => format!("the pod is killed {grace} second after its signal"),
    };
    let violation = pod.violation(&[KEY], message).severity(severity);
    vec![if scene.is_knative() { violation } else { violation.replace(plain(USUAL)) }]
}

fn huge(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let most = scene.facts.values.max_grace_seconds;
    let grace = pod.grace();
    if grace <= most || scene.is_job() {
        return Vec::new();
    }
    let message =
        format!("the pod may take {grace} seconds to end: drains of its node wait for it");
    vec![pod.violation(&[KEY], message)]
}

fn of_liveness(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let Some(probe) = present(container.node, "livenessProbe") else { return Vec::new() };
    if scene.is_job() {
        return Vec::new();
    }
    let grace = pod.grace();
    let message = match present(probe, KEY).map(integer) {
        Some(Some(own)) if own > grace => {
            format!("gets {own} seconds to end if it hangs, more than the {grace} of its pod")
        }
        None if grace > PATIENT => {
            format!("takes up to {grace} seconds to restart if it hangs: the whole grace period")
        }
        _ => return Vec::new(),
    };
    vec![container.violation(&["livenessProbe", KEY], message)]
}
