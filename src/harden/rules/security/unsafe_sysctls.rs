//! KR-SEC-012: pods set only safe kernel parameters.

use super::capabilities::quoted;
use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{items, text};
use crate::harden::violation::{Severity, Violation};
use crate::source::Span;
use crate::yaml::Node;

pub(super) static UNSAFE_SYSCTLS: Rule = Rule {
    id: "KR-SEC-012",
    name: "unsafe-sysctls",
    text: text!("KR-SEC-012"),
    severity: Severity::Error,
    score: Some(6.0),
    scope: PodSecurity::baseline("sysctls", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(judge)),
};

/// The allowed parameters, with the first minor version that allows each.
const ALLOWED: &[(u16, &str)] = &[
    (0, "kernel.shm_rmid_forced"),
    (0, "net.ipv4.ip_local_port_range"),
    (0, "net.ipv4.ip_unprivileged_port_start"),
    (0, "net.ipv4.ping_group_range"),
    (0, "net.ipv4.tcp_syncookies"),
    (27, "net.ipv4.ip_local_reserved_ports"),
    (29, "net.ipv4.tcp_fin_timeout"),
    (29, "net.ipv4.tcp_keepalive_intvl"),
    (29, "net.ipv4.tcp_keepalive_probes"),
    (29, "net.ipv4.tcp_keepalive_time"),
    (32, "net.ipv4.tcp_rmem"),
    (32, "net.ipv4.tcp_wmem"),
    (37, "net.ipv4.tcp_notsent_lowat"),
    (37, "net.ipv4.tcp_slow_start_after_idle"),
];

fn judge(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let sysctls = pod.security("sysctls");
    let version = scene.pod_security();
    let is_allowed = |sysctl: &&Node| {
        let name = text(sysctl, "name").unwrap_or_default();
        ALLOWED.iter().any(|(since, allowed)| *since <= version && *allowed == name)
    };
    let bad = items(sysctls).iter().filter(|sysctl| !is_allowed(sysctl));
    let (bad, values): (Vec<&str>, Vec<String>) = bad
        .map(|sysctl| ["name", "value"].map(|key| text(sysctl, key).unwrap_or_default()))
        .map(|[name, value]| (name, format!("{name}={value}")))
        .unzip();
    if bad.is_empty() {
        return Vec::new();
    }
    let message = format!("the pod sets the kernel parameters {}", quoted(&bad));
    let violation = pod.violation_of_security("sysctls", message).values(values);
    let kept: Vec<Node> = items(sysctls).iter().filter(is_allowed).cloned().collect();
    vec![match kept.is_empty() {
        true => violation.remove(),
        false => violation.replace(Node::sequence(kept, sysctls.map_or(Span::NONE, Node::span))),
    }]
}
