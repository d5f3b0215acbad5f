//! KR-PRB-004, 005, 006, 009: seconds and counts of probes suit each other.

use super::OF_PROBES;
use super::runtimes::Times;
use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{items, present, text};
use crate::harden::violation::{Class, Edit, Severity, Violation, plain};
use crate::yaml::Node;

pub(super) static IDENTICAL_PROBES: Rule = Rule {
    id: "KR-PRB-004",
    name: "identical-probes",
    text: text!("KR-PRB-004"),
    needs: Needs::Render(RenderCheck::Container(identical)),
    ..OF_PROBES
};

pub(super) static TIMEOUT_EXCEEDS_PERIOD: Rule = Rule {
    id: "KR-PRB-005",
    name: "timeout-exceeds-period",
    text: text!("KR-PRB-005"),
    fix_order: 0,
    needs: Needs::Object(Check::Container(exceeds)),
    ..OF_PROBES
};

pub(super) static LIVENESS_FASTER_THAN_READINESS: Rule = Rule {
    id: "KR-PRB-006",
    name: "liveness-faster-than-readiness",
    text: text!("KR-PRB-006"),
    fix_order: 0,
    needs: Needs::Object(Check::Container(faster)),
    ..OF_PROBES
};

pub(super) static EXEC_PROBE_COST: Rule = Rule {
    id: "KR-PRB-009",
    name: "exec-probe-cost",
    text: text!("KR-PRB-009"),
    severity: Severity::Note,
    fix_order: 0,
    needs: Needs::Object(Check::Container(cost)),
    ..OF_PROBES
};

/// The liveness and readiness probes of a running container.
fn both<'a>(container: &Container<'a>, scene: Scene<'_>) -> Option<(&'a Node, &'a Node)> {
    if !container.is_running() || scene.is_job() {
        return None;
    }
    let [liveness, readiness] =
        ["livenessProbe", "readinessProbe"].map(|name| present(container.node, name));
    Some((liveness?, readiness?))
}

fn identical(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let Some((liveness, readiness)) = both(container, scene) else { return Vec::new() };
    let (Some(alive), Some(ready)) = (Times::of(liveness), Times::of(readiness)) else {
        return Vec::new();
    };
    if !is_same(liveness, readiness) || alive.window() > ready.window() {
        return Vec::new();
    }
    let message = format!(
        "is restarted after {} seconds by the same check that takes it out of service after {}",
        alive.window(),
        ready.window()
    );
    let mut violation = container.violation(&["livenessProbe"], message);
    // Without requests, no work is lost. A connection fails only if the program is gone or hangs.
    let is_of_connection = present(liveness, "tcpSocket").is_some();
    if is_of_connection || !render.acting.services().serves(scene.namespace(), pod) {
        violation = violation.severity(Severity::Note);
    }
    if alive.period < 1 {
        return vec![violation];
    }
    let path = container.path(&["livenessProbe", "failureThreshold"]);
    let window = ready.window().saturating_mul(2);
    let failures = window.saturating_add(alive.period - 1) / alive.period;
    let class = match present(liveness, "failureThreshold") {
        Some(_) => Class::Override,
        None => Class::Unsafe,
    };
    vec![violation.fix(class, vec![Edit::Set(path, plain(&failures.to_string()))])]
}

/// True if two probes have the same handler.
fn is_same(one: &Node, other: &Node) -> bool {
    let fields = |probe: &Node, handler: &str, keys: &[&str]| -> Option<Vec<String>> {
        let handler = present(probe, handler)?;
        Some(keys.iter().map(|key| text(handler, key).unwrap_or_default().to_owned()).collect())
    };
    let told = |probe: &Node| {
        let command = present(probe, "exec").map(|exec| {
            let words = items(exec.get("command")).iter().filter_map(Node::as_text);
            words.map(str::to_owned).collect::<Vec<_>>()
        });
        let mut request = fields(probe, "httpGet", &["path", "port", "scheme", "host"]);
        if let Some(request) = &mut request
            && let [path, _, scheme, _] = &mut request[..]
        {
            // The defaults of the API server.
            *path = if path.is_empty() { "/".to_owned() } else { path.clone() };
            *scheme = if scheme.is_empty() { "HTTP".to_owned() } else { scheme.clone() };
        }
        let socket = fields(probe, "tcpSocket", &["port", "host"]);
        (command, request, socket, fields(probe, "grpc", &["port", "service"]))
    };
    let told_one = told(one);
    told_one != (None, None, None, None) && told_one == told(other)
}

fn exceeds(container: &Container<'_>, _: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if !container.is_running() || scene.is_job() {
        return Vec::new();
    }
    let names = ["livenessProbe", "readinessProbe", "startupProbe"].into_iter();
    let found = names.filter_map(|name| {
        let times = Times::of(present(container.node, name)?)?;
        (times.timeout > times.period).then(|| {
            let message = format!(
                "waits up to {} seconds for its `{name}`, which is due every {}",
                times.timeout, times.period
            );
            let (effect, is_note) = match name {
                "startupProbe" => (": only the time to start grows by it", true),
                // Attempts do not overlap.
                _ if times.timeout <= times.period.saturating_mul(2) => {
                    (": only a hanging answer is noticed later", true)
                }
                _ => ("", false),
            };
            let message = format!("{message}{effect}");
            let violation = container.violation(&[name, "timeoutSeconds"], message);
            if is_note { violation.severity(Severity::Note) } else { violation }
        })
    });
    found.collect()
}

fn faster(container: &Container<'_>, _: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let Some((liveness, readiness)) = both(container, scene) else { return Vec::new() };
    let (Some(alive), Some(ready)) = (Times::of(liveness), Times::of(readiness)) else {
        return Vec::new();
    };
    // KR-PRB-004 reports the same handler.
    if alive.window() >= ready.window() || is_same(liveness, readiness) {
        return Vec::new();
    }
    let message = format!(
        "is restarted {} seconds after it stops answering, and taken out of service after {}",
        alive.window(),
        ready.window()
    );
    vec![container.violation(&["livenessProbe"], message)]
}

/// The shortest period, in seconds, in which starting an interpreter is no burden.
const SHORT: i64 = 10;

fn cost(container: &Container<'_>, _: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if !container.is_running() || scene.is_job() {
        return Vec::new();
    }
    // Startup probes end soon.
    let names = ["livenessProbe", "readinessProbe"].into_iter();
    let found = names.filter_map(|name| {
        let probe = present(container.node, name)?;
        let period = Times::of(probe)?.period;
        let word = items(present(probe, "exec")?.get("command")).first().and_then(Node::as_text)?;
        let program = word.rsplit('/').next().unwrap_or(word);
        let is_heavy =
            matches!(program, "bash" | "curl" | "java" | "node" | "python" | "python3" | "sh");
        (is_heavy && period < SHORT).then(|| {
            let message = format!("starts `{word}` every {period} seconds for its `{name}`");
            container.violation(&[name, "exec"], message)
        })
    });
    found.collect()
}
