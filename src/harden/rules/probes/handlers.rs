//! KR-PRB-001, 007, 008: probes exist and work.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{integer, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::yaml::Node;

pub(super) static READINESS_MISSING: Rule = Rule {
    id: "KR-PRB-001",
    name: "readiness-missing",
    text: text!("KR-PRB-001"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Container(missing)),
};

pub(super) static PORT_UNKNOWN: Rule = Rule {
    id: "KR-PRB-007",
    name: "port-unknown",
    text: text!("KR-PRB-007"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(unknown_ports)),
};

pub(super) static ILLEGAL_FIELD: Rule = Rule {
    id: "KR-PRB-008",
    name: "illegal-field",
    text: text!("KR-PRB-008"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(illegal)),
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
    if has_probe || !container.is_running() || scene.is_job() {
        return Vec::new();
    }
    vec![match render.is_served(scene.namespace(), pod, container) {
        true => container
            .violation(&["readinessProbe"], "gets requests of a Service before it is ready"),
        false => container
            .violation(&["readinessProbe"], "has no `readinessProbe`")
            .severity(Severity::Note),
    }]
}

fn unknown_ports(container: &Container<'_>, _: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.is_job() {
        return Vec::new();
    }
    let ports = items(container.node.get("ports"));
    let has = |key, wanted| ports.iter().any(|port| text(port, key) == Some(wanted));
    let mut found = Vec::new();
    for name in PROBES {
        let Some(probe) = present(container.node, name) else { continue };
        for handler in &HANDLERS[1..] {
            let port = present(probe, handler).and_then(|handler| present(handler, "port"));
            let Some((port, wanted)) = port.and_then(|port| Some((port, port.as_text()?))) else {
                continue;
            };
            let is_known = match integer(port) {
                Some(_) => ports.is_empty() || has("containerPort", wanted),
                None => has("name", wanted),
            };
            if !is_known {
                let message =
                    format!("has a `{name}` of the port `{wanted}`, which it does not have");
                found.push(container.violation(&[name, handler, "port"], message));
            }
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
