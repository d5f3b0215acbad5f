//! KR-SEC-001: no container is privileged.

use crate::harden::foreign::Tool;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::violation::{Class, Severity, Violation, plain};

pub(super) static PRIVILEGED_CONTAINER: Rule = Rule {
    id: "KR-SEC-001",
    name: "privileged-container",
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(9.5),
    scope: PodSecurity::baseline("privileged", 0),
    summary: "No container is privileged.",
    why: "A privileged container has every capability and every device of its node: an attacker in it controls the node, and all pods on it.",
    condition: "A container of any list has `securityContext.privileged: true`.",
    fixes: &[(Class::Override, "sets `privileged: false`")],
    fix_order: 0,
    advice: "remove `privileged`, and add the one capability that the program needs",
    example: example!("privileged-container"),
    elsewhere: &[
        (Tool::KubeLinter, &["privileged-container"]),
        (Tool::KubeScore, &["container-security-context-privileged"]),
        (Tool::Polaris, &["runAsPrivileged"]),
        (Tool::Trivy, &["KSV-0017"]),
        (Tool::Checkov, &["CKV_K8S_16"]),
        (Tool::Kubescape, &["C-0057"]),
    ],
    needs: Needs::Object(Check::Container(judge)),
};

fn judge(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if !container.is_privileged() {
        return Vec::new();
    }
    vec![container.violation_of_security("privileged", "is privileged").replace(plain("false"))]
}
