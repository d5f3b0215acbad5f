//! KR-SEC-023: nobody asks for the user 0.

use crate::harden::pod::Pod;
use crate::harden::rule::{Judge, PodSecurity, Rule, Severity};
use crate::harden::scene::Scene;
use crate::harden::value::integer;
use crate::harden::violation::{Class, Violation, plain};

pub(super) static RUN_AS_ROOT_UID: Rule = Rule {
    id: "KR-SEC-023",
    name: "run-as-root-uid",
    severity: Severity::Error,
    score: "7",
    scope: PodSecurity::restricted("runAsUser", 23),
    summary: "Nobody asks for the user 0.",
    why: "The user 0 is root, in the container and for the kernel, whatever the image says.",
    condition: "`runAsUser` of the pod or of a container of any list is 0. From v1.35 on not for pods with `hostUsers: false`.",
    fixes: &[(Class::Override, "sets the user of `values.runAsUser` (10001)")],
    advice: "set `runAsUser` to a number from 1000 on that owns what the program writes, or remove it",
    bad: pod!(
        "  securityContext:\n    runAsUser: 0\n  containers:\n  - name: web\n    image: web:1.0\n"
    ),
    good: pod!(
        "  securityContext:\n    runAsUser: 10001\n  containers:\n  - name: web\n    image: web:1.0\n"
    ),
    elsewhere: "trivy KSV-0105; checkov CKV_K8S_23",
    judge: Judge::Pod(judge),
};

const FIELD: &str = "runAsUser";

fn judge(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.pod_security() >= 35 && pod.has_own_users() {
        return Vec::new();
    }
    let user = scene.settings.values.run_as_user.to_string();
    let mut found = Vec::new();
    if pod.security(FIELD).and_then(integer) == Some(0) {
        found.push(pod.violation_of_security(FIELD, "the pod runs as root: `runAsUser` is 0"));
    }
    for container in &pod.containers {
        if container.security(FIELD).and_then(integer) == Some(0) {
            found.push(container.violation_of_security(FIELD, "runs as root: `runAsUser` is 0"));
        }
    }
    let is_refused = pod.is_bound_to_windows();
    let fixed = found.into_iter().map(|violation| match is_refused {
        true => violation,
        false => violation.replace(plain(&user)),
    });
    fixed.collect()
}
