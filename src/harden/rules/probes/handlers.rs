//! KR-PRB-001, 002, 007, 008, 012, 013: probes exist, and check the right thing.

use super::OF_PROBES;
use super::runtimes::{add_default, defaults, has_port, runtime};
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::runtime::Runtime;
use crate::harden::scene::{Render, Scene};
use crate::harden::traffic::{AssumedPort, Minor};
use crate::harden::value::{below, integer, present, text};
use crate::harden::violation::{Class, Severity, Violation};
use crate::yaml::Node;

pub(super) static READINESS_MISSING: Rule = Rule {
    id: "KR-PRB-001",
    name: "readiness-missing",
    text: text!("KR-PRB-001"),
    severity: Severity::Error,
    needs: Needs::Render(RenderCheck::Container(missing)),
    ..OF_PROBES
};

pub(super) static LIVENESS_MISSING: Rule = Rule {
    id: "KR-PRB-002",
    name: "liveness-missing",
    text: text!("KR-PRB-002"),
    severity: Severity::Note,
    scope: Scope::Paranoid,
    needs: Needs::Object(Check::Container(not_alive)),
    ..OF_PROBES
};

pub(super) static PORT_UNKNOWN: Rule = Rule {
    id: "KR-PRB-007",
    name: "port-unknown",
    text: text!("KR-PRB-007"),
    severity: Severity::Error,
    fix_order: 0,
    needs: Needs::Object(Check::Container(unknown_ports)),
    ..OF_PROBES
};

pub(super) static ILLEGAL_FIELD: Rule = Rule {
    id: "KR-PRB-008",
    name: "illegal-field",
    text: text!("KR-PRB-008"),
    severity: Severity::Error,
    fix_order: 0,
    needs: Needs::Object(Check::Container(illegal)),
    ..OF_PROBES
};

pub(super) static LIVENESS_DEPENDS_ON_OTHERS: Rule = Rule {
    id: "KR-PRB-012",
    name: "liveness-depends-on-others",
    text: text!("KR-PRB-012"),
    severity: Severity::Note,
    fix_order: 0,
    needs: Needs::Object(Check::Container(depends)),
    ..OF_PROBES
};

pub(super) static READINESS_IS_TCP_ONLY: Rule = Rule {
    id: "KR-PRB-013",
    name: "readiness-is-tcp-only",
    text: text!("KR-PRB-013"),
    severity: Severity::Note,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Container(tcp_only)),
    ..OF_PROBES
};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
const HANDLERS: [&str; 4] = ["exec", "grpc", "httpGet", "tcpSocket"];

fn missing(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let has_probe = present(container.node, "readinessProbe").is_some();
    let has_no_copy = render.acting.copies(scene.object).is_some_and(|(_, most)| most == 0);
    if has_probe || has_no_copy || !container.is_running() || scene.is_job() {
        return Vec::new();
    }
    let namespace = scene.namespace();
    // A container is not ready before its startup probe succeeds.
    let starts_unseen = present(container.node, "startupProbe").is_none();
    let services = render.acting.services();
    let violation = if starts_unseen && services.has_traffic(namespace, pod, container) {
        // A Service that publishes pods before they are ready does not wait for a probe.
        let waits = !services.take_all(namespace, pod);
        let message = "gets requests of a Service before it is ready";
        let violation = |message: &str| container.violation(&["readinessProbe"], message);
        match services.assumed_port_of_single(namespace, pod) {
            _ if !waits => violation(message).severity(Severity::Note),
            _ if is_alone(scene, render) => {
                let message =
                    format!("{message}; as the only copy, it answers none until then anyway");
                violation(&message).severity(Severity::Note)
            }
            Some(AssumedPort { number, is_told }) => {
                let assumed = format!(
                    "assumed: it listens on the port `{number}`, which it does not declare"
                );
                let severity = if *is_told { Severity::Warning } else { Severity::Note };
                violation(&format!("{message}; {assumed}")).severity(severity)
            }
            None => match services.minor_of_container(namespace, pod, container) {
                Some(minor) => {
                    let message = format!("{message}; {}", minor.told());
                    // What the API server asks is refused until then.
                    let is_refused = matches!(minor, Minor::Admission | Minor::Conversion);
                    let severity = if is_refused { Severity::Warning } else { Severity::Note };
                    violation(&message).severity(severity)
                }
                None => violation(message),
            },
        }
    } else if scene.facts.is_paranoid() {
        let message = "has no `readinessProbe`";
        container.violation(&["readinessProbe"], message).severity(Severity::Note)
    } else {
        return Vec::new();
    };
    let told = defaults(container, scene).and_then(|probes| probes.readiness.as_ref());
    let timing = told.and_then(|_| runtime(container, pod, scene)).map(|one| one.runtime);
    let timing = timing.map(Runtime::readiness);
    let path = violation.path.clone();
    vec![match add_default(container, path, told, timing) {
        Some(edits) => violation.fix(Class::Unsafe, edits),
        None => violation,
    }]
}

/// True for a workload whose only pod ends before the next one starts.
fn is_alone(scene: Scene<'_>, render: &Render<'_>) -> bool {
    let strategy = below(scene.object.node(), &["spec", "strategy", "type"]);
    let is_first_gone = scene.object.kind() == "StatefulSet"
        || strategy.and_then(Node::as_text) == Some("Recreate");
    is_first_gone && render.acting.copies(scene.object).is_some_and(|(_, most)| most == 1)
}

fn not_alive(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let has_probe = present(container.node, "livenessProbe").is_some();
    if has_probe || !container.is_running() || scene.is_job() {
        return Vec::new();
    }
    let violation = container.violation(&["livenessProbe"], "has no `livenessProbe`");
    let told = defaults(container, scene).and_then(|probes| probes.liveness.as_ref());
    let timing = told.and_then(|_| runtime(container, pod, scene)).map(|one| one.runtime);
    let timing = timing.map(Runtime::liveness);
    let path = violation.path.clone();
    vec![match add_default(container, path, told, timing) {
        Some(edits) => violation.fix(Class::Unsafe, edits),
        None => violation,
    }]
}

fn unknown_ports(container: &Container<'_>, _: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.is_job() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for name in PROBES {
        let Some(probe) = present(container.node, name) else { continue };
        for handler in &HANDLERS[2..] {
            let port = present(probe, handler).and_then(|handler| text(handler, "port"));
            // A program may listen at numbers that no manifest declares.
            let Some(port) = port.filter(|port| !has_port(container, port)) else { continue };
            let message = format!("has a `{name}` of the port `{port}`, and no port of this name");
            found.push(container.violation(&[name, handler, "port"], message));
        }
    }
    found
}

fn illegal(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for name in PROBES {
        let Some(probe) = present(container.node, name) else { continue };
        let mut complain = |keys: &[&str], message: String| {
            let mut violation = container.violation(&[name], message);
            violation.path = violation.path.keys(keys);
            found.push(violation);
        };
        if !container.is_running() {
            complain(&[], format!("has a `{name}`, and does not run as long as its pod"));
            continue;
        }
        let handlers = HANDLERS.iter().filter(|handler| present(probe, handler).is_some()).count();
        if handlers != 1 {
            complain(&[], format!("has a `{name}` with {handlers} handlers; it must have one"));
        }
        let port = present(probe, "grpc").and_then(|handler| present(handler, "port"));
        if let Some(port) = port.filter(|port| integer(port).is_none()).and_then(Node::as_text) {
            let message =
                format!("has a `{name}` of the gRPC port `{port}`, which must be a number");
            complain(&["grpc", "port"], message);
        }
        let (grace, threshold) = ("terminationGracePeriodSeconds", "successThreshold");
        if name == "readinessProbe" {
            if present(probe, grace).is_some() {
                complain(&[grace], format!("has `{grace}` in its `{name}`"));
            }
        } else if present(probe, threshold)
            .and_then(Node::as_text)
            .is_some_and(|count| count != "1")
        {
            complain(&[threshold], format!("has a `{name}` with a `{threshold}` other than 1"));
        }
    }
    found
}

/// Words of paths that check other programs too.
const DEPENDING: [&str; 5] = ["ready", "readiness", "health/db", "health/deps", "dependencies"];

fn depends(container: &Container<'_>, _: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if !container.is_running() || scene.is_job() {
        return Vec::new();
    }
    let probe = present(container.node, "livenessProbe");
    let path = probe.and_then(|probe| text(present(probe, "httpGet")?, "path"));
    let is_part = |path: &str, word: &str| {
        let mut parts = path.match_indices(word);
        // `readyz` and `-/ready` count; `already` does not.
        parts.any(|(at, _)| !path[..at].ends_with(|before: char| before.is_ascii_alphanumeric()))
    };
    let asks_others = |path: &&str| DEPENDING.iter().any(|word| is_part(path, word));
    let Some(path) = path.filter(asks_others) else { return Vec::new() };
    let message = format!(
        "is restarted if `{path}` fails, which by its name is about readiness for requests"
    );
    vec![container.violation(&["livenessProbe", "httpGet", "path"], message)]
}

fn tcp_only(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let probe = present(container.node, "readinessProbe");
    let socket = probe.and_then(|probe| present(probe, "tcpSocket"));
    let Some(port) = socket.and_then(|socket| text(socket, "port")) else { return Vec::new() };
    if !container.is_running() || scene.is_job() {
        return Vec::new();
    }
    let services = render.acting.services();
    let is_spoken = services.is_spoken(scene.namespace(), pod, container, port);
    if !is_spoken {
        return Vec::new();
    }
    let message = format!(
        "is ready as soon as the port `{port}` is open, at which its Service expects answers of HTTP or gRPC"
    );
    vec![container.violation(&["readinessProbe", "tcpSocket"], message)]
}
