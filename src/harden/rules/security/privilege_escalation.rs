//! KR-SEC-021: no process can gain more privileges than its parent.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::is_false;
use crate::harden::violation::{Class, Edit, Severity, Violation, plain};

pub(super) static PRIVILEGE_ESCALATION: Rule = Rule {
    id: "KR-SEC-021",
    name: "privilege-escalation",
    text: text!("KR-SEC-021"),
    severity: Severity::Error,
    score: Some(7.0),
    scope: PodSecurity::restricted("allowPrivilegeEscalation", 8),
    fix_order: 30,
    needs: Needs::Object(Check::Container(judge)),
};

const FIELD: &str = "allowPrivilegeEscalation";

fn judge(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let value = container.security(FIELD);
    if is_false(value) || (scene.pod_security() >= 25 && pod.is_windows()) {
        return Vec::new();
    }
    let (class, message) = match value {
        Some(_) => {
            (Class::Override, "may gain privileges: `allowPrivilegeEscalation` is not false")
        }
        None => (Class::Safe, "may gain privileges: `allowPrivilegeEscalation` is not set"),
    };
    let violation = container.violation_of_security(FIELD, message);
    let is_admin = |name| matches!(name, "SYS_ADMIN" | "CAP_SYS_ADMIN");
    let is_refused = container.is_privileged() || container.capabilities("add").any(is_admin);
    if is_refused || pod.is_bound_to_windows() {
        return vec![violation];
    }
    let edits = vec![Edit::Set(violation.path.clone(), plain("false"))];
    vec![violation.fix(class, edits)]
}
