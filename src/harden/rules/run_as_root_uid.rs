//! KR-SEC-023: no container sets the user 0.

use crate::harden::foreign::Tool;
use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::value::integer;
use crate::harden::violation::{Class, Severity, Violation, plain};

pub(super) static RUN_AS_ROOT_UID: Rule = Rule {
    id: "KR-SEC-023",
    name: "run-as-root-uid",
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(7.0),
    scope: PodSecurity::restricted("runAsUser", 23),
    summary: "No container sets `runAsUser: 0`.",
    why: "The user 0 is root, in the container and for the kernel, whatever the image says.",
    condition: "`runAsUser` of the pod or of a container of any list is 0. From v1.35 on not for pods with `hostUsers: false`.",
    fixes: &[(
        Class::Override,
        "sets the user of `values.runAsUser` (10001), or that of the image in `images.runAsUser`",
    )],
    fix_order: 0,
    advice: "set `runAsUser` to a number from 1000 on that owns what the program writes, or remove it",
    example: example!("run-as-root-uid"),
    elsewhere: &[(Tool::Trivy, &["KSV-0105"]), (Tool::Checkov, &["CKV_K8S_23"])],
    needs: Needs::Object(Check::Pod(judge)),
};

const FIELD: &str = "runAsUser";

fn judge(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.pod_security() >= 35 && pod.has_own_users() {
        return Vec::new();
    }
    let values = &scene.facts.values;
    let mut found = Vec::new();
    let mut set = |violation: Violation, user: i64| {
        found.push(match pod.is_bound_to_windows() {
            true => violation,
            false => violation.replace(plain(&user.to_string())),
        });
    };
    if pod.security(FIELD).and_then(integer) == Some(0) {
        let message = "the pod runs as root: `runAsUser` is 0";
        set(pod.violation_of_security(FIELD, message), values.run_as_user);
    }
    for container in &pod.containers {
        if container.security(FIELD).and_then(integer) == Some(0) {
            let violation =
                container.violation_of_security(FIELD, "runs as root: `runAsUser` is 0");
            set(violation, values.user_of(container.image()));
        }
    }
    found
}
