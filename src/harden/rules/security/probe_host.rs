//! KR-SEC-014: probes and hooks connect only to their own pod.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{below, text};
use crate::harden::violation::{Severity, Violation};

pub(super) static PROBE_HOST: Rule = Rule {
    id: "KR-SEC-014",
    name: "probe-host",
    text: text!("KR-SEC-014"),
    severity: Severity::Error,
    score: Some(5.0),
    scope: PodSecurity::baseline("hostProbesAndHostLifecycle", 34),
    fix_order: 0,
    needs: Needs::Object(Check::Container(judge)),
};

const CALLS: &[&[&str]] = &[
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

fn judge(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for keys in CALLS {
        let Some(call) = below(container.node, keys) else { continue };
        for handler in ["httpGet", "tcpSocket"] {
            let host = below(call, &[handler]).and_then(|handler| text(handler, "host"));
            if let Some(host) = host.filter(|host| !host.is_empty()) {
                let name = keys.last().copied().unwrap_or_default();
                let message = format!("has a `{name}` that calls the host `{host}`");
                let mut violation = container.violation(keys, message);
                violation.path = violation.path.keys(&[handler, "host"]);
                found.push(violation.remove());
            }
        }
    }
    found
}
