//! KR-SEC-008: nobody turns `AppArmor` off.

use crate::harden::pod::Pod;
use crate::harden::rule::{Judge, PodSecurity, Rule, Severity};
use crate::harden::scene::Scene;
use crate::harden::value::text;
use crate::harden::violation::{Class, Violation};

pub(super) static APP_ARMOR_PROFILE: Rule = Rule {
    id: "KR-SEC-008",
    name: "apparmor-profile",
    severity: Severity::Error,
    score: "5",
    scope: PodSecurity::baseline("appArmorProfile", 0),
    summary: "Nobody turns AppArmor off.",
    why: "AppArmor keeps a program from files and mounts that no container needs, on nodes that have it.",
    condition: "`appArmorProfile.type` of the pod or of a container is not `RuntimeDefault` or `Localhost`; or an annotation `container.apparmor.security.beta.kubernetes.io/…` of the pod is not empty, `runtime/default` or `localhost/…`.",
    fixes: &[(Class::Override, "removes the profile")],
    advice: "remove the profile: the one of the runtime holds then",
    bad: pod!(
        "  securityContext:\n    appArmorProfile:\n      type: Unconfined\n  containers:\n  - name: web\n    image: web:1.0\n"
    ),
    good: pod!(
        "  securityContext:\n    appArmorProfile:\n      type: RuntimeDefault\n  containers:\n  - name: web\n    image: web:1.0\n"
    ),
    elsewhere: "trivy KSV-0002; kubesec ApparmorUnconfined",
    judge: Judge::Pod(judge),
};

const ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

fn judge(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let is_bad = |profile| {
        let profile = text(profile, "type").unwrap_or_default();
        !matches!(profile, "RuntimeDefault" | "Localhost")
    };
    if pod.security("appArmorProfile").is_some_and(is_bad) {
        let message = "the pod turns AppArmor off";
        found.push(pod.violation_of_security("appArmorProfile", message).remove());
    }
    for container in &pod.containers {
        if container.security("appArmorProfile").is_some_and(is_bad) {
            let message = "turns AppArmor off";
            found.push(container.violation_of_security("appArmorProfile", message).remove());
        }
    }
    for (key, value) in pod.annotations() {
        let is_allowed = matches!(value, "" | "runtime/default") || value.starts_with("localhost/");
        if let Some(name) = key.strip_prefix(ANNOTATION).filter(|_| !is_allowed) {
            let message = format!("an annotation turns AppArmor off for the container `{name}`");
            found.push(Violation::at(pod.annotation_path(key), message).remove());
        }
    }
    found
}
