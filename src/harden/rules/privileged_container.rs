//! KR-SEC-001: no container is privileged.

use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Judge, PodSecurity, Rule, Severity};
use crate::harden::scene::Scene;
use crate::harden::violation::{Class, Violation, plain};

pub(super) static PRIVILEGED_CONTAINER: Rule = Rule {
    id: "KR-SEC-001",
    name: "privileged-container",
    severity: Severity::Error,
    score: "9.5",
    scope: PodSecurity::baseline("privileged", 0),
    summary: "No container is privileged.",
    why: "A privileged container has every capability and every device of its node: whoever takes it over has the node, and all pods on it.",
    condition: "A container of any list has `securityContext.privileged: true`.",
    fixes: &[(Class::Override, "sets `privileged: false`")],
    advice: "remove `privileged`, and add the one capability that the program needs",
    bad: pod!(
        "  containers:\n  - name: web\n    image: web:1.0\n    securityContext:\n      privileged: true\n"
    ),
    good: pod!(
        "  containers:\n  - name: web\n    image: web:1.0\n    securityContext:\n      privileged: false\n"
    ),
    elsewhere: "kube-linter privileged-container; kube-score container-security-context-privileged; polaris runAsPrivileged; trivy KSV-0017; checkov CKV_K8S_16; kubescape C-0057",
    judge: Judge::Container(judge),
};

fn judge(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if !container.is_privileged() {
        return Vec::new();
    }
    vec![container.violation_of_security("privileged", "is privileged").replace(plain("false"))]
}
