//! KR-SEC-006: no container takes a port of the node.

use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Judge, PodSecurity, Rule, Severity};
use crate::harden::scene::Scene;
use crate::harden::value::{integer, items, present};
use crate::harden::violation::{Class, Violation};

pub(super) static HOST_PORT: Rule = Rule {
    id: "KR-SEC-006",
    name: "host-port",
    severity: Severity::Error,
    score: "5",
    scope: PodSecurity::baseline("hostPorts", 0),
    summary: "No container takes a port of the node.",
    why: "A port of the node is reached past network policies, and one node holds only one pod that takes it.",
    condition: "A port of a container of any list has a `hostPort` other than 0.",
    fixes: &[(Class::Override, "removes `hostPort`")],
    advice: "remove `hostPort`, and reach the pod through a Service",
    bad: pod!(
        "  containers:\n  - name: web\n    image: web:1.0\n    ports:\n    - containerPort: 8080\n      hostPort: 80\n"
    ),
    good: pod!(
        "  containers:\n  - name: web\n    image: web:1.0\n    ports:\n    - containerPort: 8080\n"
    ),
    elsewhere: "polaris hostPortSet; trivy KSV-0024; checkov CKV_K8S_26; kubescape C-0044",
    judge: Judge::Container(judge),
};

fn judge(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let ports = items(container.node.get("ports")).iter().enumerate();
    let taken = ports.filter_map(|(index, port)| {
        let port = present(port, "hostPort").filter(|port| integer(port) != Some(0))?;
        let message = format!("takes port {} of the node", port.as_text().unwrap_or_default());
        let mut violation = container.violation(&["ports"], message);
        violation.path = violation.path.index(index).keys(&["hostPort"]);
        Some(violation.remove())
    });
    taken.collect()
}
