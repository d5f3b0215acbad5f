//! KR-SEC-010, 026: `/proc` has the default masks of the runtime.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::violation::{Severity, Violation};
use crate::yaml::Node;

pub(super) static PROC_MOUNT: Rule = Rule {
    id: "KR-SEC-010",
    name: "proc-mount",
    text: text!("KR-SEC-010"),
    severity: Severity::Error,
    score: Some(6.0),
    scope: PodSecurity::replaced("procMount", 0, 35),
    fix_order: 0,
    needs: Needs::Object(Check::Container(|container, pod, scene| {
        match scene.pod_security() >= 35 && pod.has_own_users() {
            true => Vec::new(),
            false => judge(container, pod, scene),
        }
    })),
};

pub(super) static PROC_MOUNT_STRICT: Rule = Rule {
    id: "KR-SEC-026",
    name: "proc-mount-strict",
    text: text!("KR-SEC-026"),
    severity: Severity::Error,
    score: Some(6.0),
    scope: PodSecurity::restricted("procMount_restricted", 35),
    fix_order: 0,
    needs: Needs::Object(Check::Container(judge)),
};

fn judge(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mount = container.security("procMount").and_then(Node::as_text);
    let Some(mount) = mount.filter(|mount| *mount != "Default") else { return Vec::new() };
    let message = format!("has `procMount: {mount}`");
    vec![container.violation_of_security("procMount", message).remove()]
}
