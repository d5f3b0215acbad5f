//! KR-SEC-014: probes and hooks speak to their own pod.

use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Judge, PodSecurity, Rule, Severity};
use crate::harden::scene::Scene;
use crate::harden::value::{below, text};
use crate::harden::violation::{Class, Violation};

pub(super) static PROBE_HOST: Rule = Rule {
    id: "KR-SEC-014",
    name: "probe-host",
    severity: Severity::Error,
    score: "5",
    scope: PodSecurity::baseline("hostProbesAndHostLifecycle", 34),
    summary: "Probes and hooks speak to their own pod.",
    why: "The kubelet makes these calls from the node: with a `host` it calls what the pod itself may not reach.",
    condition: "`httpGet` or `tcpSocket` of a probe, `postStart` or `preStop` of a container of any list has a `host`.",
    fixes: &[(Class::Override, "removes `host`: the kubelet then calls the pod")],
    advice: "remove `host`, and name a virtual host in `httpHeaders`",
    bad: pod!(
        "  containers:\n  - name: web\n    image: web:1.0\n    livenessProbe:\n      httpGet:\n        host: example.com\n        port: 80\n"
    ),
    good: pod!(
        "  containers:\n  - name: web\n    image: web:1.0\n    livenessProbe:\n      httpGet:\n        port: 80\n"
    ),
    elsewhere: "",
    judge: Judge::Container(judge),
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
