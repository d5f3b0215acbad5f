//! KR-SEC-001: no container is privileged.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::violation::{Severity, Violation, plain};

pub(super) static PRIVILEGED_CONTAINER: Rule = Rule {
    id: "KR-SEC-001",
    name: "privileged-container",
    text: text!("KR-SEC-001"),
    severity: Severity::Error,
    score: Some(9.5),
    scope: PodSecurity::baseline("privileged", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Container(judge)),
};

fn judge(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if !container.is_privileged() {
        return Vec::new();
    }
    vec![container.violation_of_security("privileged", "is privileged").replace(plain("false"))]
}
