//! KR-SEC-009: `SELinux` types are those of containers, and users and roles are not set.

use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::text;
use crate::harden::violation::{Severity, Violation};
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static SELINUX_OPTIONS: Rule = Rule {
    id: "KR-SEC-009",
    name: "selinux-options",
    text: text!("KR-SEC-009"),
    severity: Severity::Error,
    score: Some(5.0),
    scope: PodSecurity::baseline("seLinuxOptions", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(judge)),
};

fn judge(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let field = ["securityContext", "seLinuxOptions"];
    let mut found = Vec::new();
    if let Some(options) = pod.security("seLinuxOptions") {
        let of_pod = bad(options, &pod.path(&field), scene);
        found.extend(
            of_pod
                .into_iter()
                .map(|(path, message)| Violation::at(path, format!("the pod {message}"))),
        );
    }
    for container in &pod.containers {
        if let Some(options) = container.security("seLinuxOptions") {
            let of_container = bad(options, &container.path(&field), scene);
            found.extend(
                of_container
                    .into_iter()
                    .map(|(path, message)| Violation::at(path, message).of_container(container)),
            );
        }
    }
    found.into_iter().map(Violation::remove).collect()
}

/// The keys with values that are not allowed, and messages.
fn bad(options: &Node, path: &Path, scene: Scene<'_>) -> Vec<(Path, String)> {
    let is_allowed = |key: &str, value: &str| match (key, value) {
        (_, "") => true,
        ("type", "container_t" | "container_init_t" | "container_kvm_t") => true,
        ("type", "container_engine_t") => scene.pod_security() >= 31,
        _ => false,
    };
    let bad = ["type", "user", "role"].into_iter().filter_map(|key| {
        let value = text(options, key).filter(|value| !is_allowed(key, value))?;
        Some((path.clone().keys(&[key]), format!("sets the SELinux {key} `{value}`")))
    });
    bad.collect()
}
