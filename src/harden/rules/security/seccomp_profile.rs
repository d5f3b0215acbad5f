//! KR-SEC-011, 024: pods set a seccomp profile.

use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::text;
use crate::harden::violation::{Class, Severity, Violation, mapping, plain};
use crate::yaml::Node;

pub(super) static SECCOMP_UNCONFINED: Rule = Rule {
    id: "KR-SEC-011",
    name: "seccomp-unconfined",
    text: text!("KR-SEC-011"),
    severity: Severity::Error,
    score: Some(6.0),
    scope: PodSecurity::replaced("seccompProfile_baseline", 0, 19),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, scene| match scene.pod_security() >= 19 {
        true => unconfined(pod),
        false => unconfined_by_annotation(pod),
    })),
};

pub(super) static SECCOMP_PROFILE: Rule = Rule {
    id: "KR-SEC-024",
    name: "seccomp-profile",
    text: text!("KR-SEC-024"),
    severity: Severity::Error,
    score: Some(5.0),
    scope: PodSecurity::restricted("seccompProfile_restricted", 19),
    fix_order: 10,
    needs: Needs::Object(Check::Pod(profile)),
};

const FIELD: &str = "seccompProfile";

fn profile(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.pod_security() >= 25 && pod.is_windows() {
        return Vec::new();
    }
    let mut found = unconfined(pod);
    if pod.security(FIELD).is_some() {
        return found;
    }
    let value = mapping(&[("type", plain("RuntimeDefault"))]);
    let lacking = pod.containers.iter().filter(|container| container.security(FIELD).is_none());
    found.extend(lacking.map(|container| {
        let message = "has no `seccompProfile`, and neither has its pod";
        let violation = container.violation_of_security(FIELD, message);
        if pod.is_bound_to_windows() {
            return violation;
        }
        let edits = pod.set_security(FIELD, &value, container, scene.placement());
        violation.fix(Class::Safe, edits)
    }));
    found
}

fn unconfined(pod: &Pod<'_>) -> Vec<Violation> {
    fn bad(profile: Option<&Node>) -> Option<&str> {
        let kind = text(profile?, "type").unwrap_or_default();
        (!matches!(kind, "RuntimeDefault" | "Localhost")).then_some(kind)
    }
    let keys = ["securityContext", FIELD, "type"];
    let mut found = Vec::new();
    if let Some(kind) = bad(pod.security(FIELD)) {
        found.push(pod.violation(&keys, format!("the pod has the seccomp profile `{kind}`")));
    }
    for container in &pod.containers {
        if let Some(kind) = bad(container.security(FIELD)) {
            found.push(container.violation(&keys, format!("has the seccomp profile `{kind}`")));
        }
    }
    found.into_iter().map(|violation| violation.replace(plain("RuntimeDefault"))).collect()
}

const OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

fn unconfined_by_annotation(pod: &Pod<'_>) -> Vec<Violation> {
    let bad = pod.annotations().filter(|(key, value)| {
        let is_allowed = matches!(*value, "runtime/default" | "docker/default")
            || value.starts_with("localhost/");
        (*key == OF_POD || key.starts_with(OF_CONTAINER)) && !is_allowed
    });
    let violations = bad.map(|(key, value)| {
        let message = format!("an annotation asks for the seccomp profile `{value}`");
        Violation::at(pod.annotation_path(key), message).replace(plain("runtime/default"))
    });
    violations.collect()
}
