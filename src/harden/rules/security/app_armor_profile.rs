//! KR-SEC-008: no pod disables `AppArmor`.

use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::text;
use crate::harden::violation::{Severity, Violation};

pub(super) static APP_ARMOR_PROFILE: Rule = Rule {
    id: "KR-SEC-008",
    name: "apparmor-profile",
    text: text!("KR-SEC-008"),
    severity: Severity::Error,
    score: Some(5.0),
    scope: PodSecurity::baseline("appArmorProfile", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(judge)),
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
