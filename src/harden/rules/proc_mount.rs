//! KR-SEC-010, 026: `/proc` has the default masks of the runtime.

use crate::harden::foreign::Tool;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::violation::{Class, Severity, Violation};
use crate::yaml::Node;

pub(super) static PROC_MOUNT: Rule = Rule {
    id: "KR-SEC-010",
    name: "proc-mount",
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(6.0),
    scope: PodSecurity::replaced("procMount", 0, 35),
    summary: "Containers have the default masks of `/proc`.",
    why: "An unmasked `/proc` shows kernel settings that all pods of the node share, and allows changes of them.",
    condition: "A container of any list has a `procMount` other than `Default`. From v1.35 on not for pods with `hostUsers: false`.",
    fixes: &[(Class::Override, "removes `procMount`")],
    fix_order: 0,
    advice: "remove `procMount`",
    example: example!("proc-mount"),
    elsewhere: &[
        (Tool::KubeLinter, &["unsafe-proc-mount"]),
        (Tool::Polaris, &["procMount"]),
        (Tool::Trivy, &["KSV-0027"]),
    ],
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
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(6.0),
    scope: PodSecurity::restricted("procMount_restricted", 35),
    summary: "Containers have the default masks of `/proc`, even with a user namespace of the pod.",
    why: "An unmasked `/proc` shows kernel settings that all pods of the node share.",
    condition: "A container of any list has a `procMount` other than `Default`.",
    fixes: &[(Class::Override, "removes `procMount`")],
    fix_order: 0,
    advice: "remove `procMount`",
    example: example!("proc-mount-strict"),
    elsewhere: &[],
    needs: Needs::Object(Check::Container(judge)),
};

fn judge(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mount = container.security("procMount").and_then(Node::as_text);
    let Some(mount) = mount.filter(|mount| *mount != "Default") else { return Vec::new() };
    let message = format!("has `procMount: {mount}`");
    vec![container.violation_of_security("procMount", message).remove()]
}
