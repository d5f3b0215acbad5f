//! KR-SEC-010, 026: `/proc` is masked as the runtime does it.

use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Judge, PodSecurity, Rule, Severity};
use crate::harden::scene::Scene;
use crate::harden::violation::{Class, Violation};
use crate::yaml::Node;

pub(super) static PROC_MOUNT: Rule = Rule {
    id: "KR-SEC-010",
    name: "proc-mount",
    severity: Severity::Error,
    score: "6",
    scope: PodSecurity::replaced("procMount", 0, 35),
    summary: "`/proc` is masked as the runtime does it.",
    why: "Unmasked, `/proc` shows and takes settings of the kernel that all pods of the node share.",
    condition: "A container of any list has a `procMount` other than `Default`. From v1.35 on not for pods with `hostUsers: false`.",
    fixes: &[(Class::Override, "removes `procMount`")],
    advice: "remove `procMount`",
    bad: pod!(
        "  containers:\n  - name: web\n    image: web:1.0\n    securityContext:\n      procMount: Unmasked\n"
    ),
    good: pod!(
        "  containers:\n  - name: web\n    image: web:1.0\n    securityContext:\n      procMount: Default\n"
    ),
    elsewhere: "kube-linter unsafe-proc-mount; polaris procMount; trivy KSV-0027",
    judge: Judge::Container(|container, pod, scene| {
        match scene.pod_security() >= 35 && pod.has_own_users() {
            true => Vec::new(),
            false => judge(container, pod, scene),
        }
    }),
};

pub(super) static PROC_MOUNT_STRICT: Rule = Rule {
    id: "KR-SEC-026",
    name: "proc-mount-strict",
    severity: Severity::Error,
    score: "6",
    scope: PodSecurity::restricted("procMount_restricted", 35),
    summary: "`/proc` is masked as the runtime does it, also where users are those of the pod.",
    why: "Unmasked, `/proc` shows settings of the kernel that all pods of the node share.",
    condition: "A container of any list has a `procMount` other than `Default`.",
    fixes: &[(Class::Override, "removes `procMount`")],
    advice: "remove `procMount`",
    bad: pod!(
        "  hostUsers: false\n  containers:\n  - name: web\n    image: web:1.0\n    securityContext:\n      procMount: Unmasked\n"
    ),
    good: pod!("  hostUsers: false\n  containers:\n  - name: web\n    image: web:1.0\n"),
    elsewhere: "",
    judge: Judge::Container(judge),
};

fn judge(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mount = container.security("procMount").and_then(Node::as_text);
    let Some(mount) = mount.filter(|mount| *mount != "Default") else { return Vec::new() };
    let message = format!("has `procMount: {mount}`");
    vec![container.violation_of_security("procMount", message).remove()]
}
