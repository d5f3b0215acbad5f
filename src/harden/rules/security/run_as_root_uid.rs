//! KR-SEC-023: no container sets the user 0.

use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::integer;
use crate::harden::violation::{Severity, Violation, plain};

pub(super) static RUN_AS_ROOT_UID: Rule = Rule {
    id: "KR-SEC-023",
    name: "run-as-root-uid",
    text: text!("KR-SEC-023"),
    severity: Severity::Error,
    score: Some(7.0),
    scope: PodSecurity::restricted("runAsUser", 23),
    fix_order: 0,
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
