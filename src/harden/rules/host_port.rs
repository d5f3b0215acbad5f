//! KR-SEC-006: no container uses a port of the node.

use crate::harden::foreign::Tool;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::value::{integer, items, present};
use crate::harden::violation::{Class, Severity, Violation};

pub(super) static HOST_PORT: Rule = Rule {
    id: "KR-SEC-006",
    name: "host-port",
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(5.0),
    scope: PodSecurity::baseline("hostPorts", 0),
    summary: "No container uses a port of the node (`hostPort`).",
    why: "Network policies do not apply to ports of the node, and a node can run only one pod that uses the port.",
    condition: "A port of a container of any list has a `hostPort` other than 0.",
    fixes: &[(Class::Override, "removes `hostPort`")],
    fix_order: 0,
    advice: "remove `hostPort`, and reach the pod through a Service",
    example: example!("host-port"),
    elsewhere: &[
        (Tool::Polaris, &["hostPortSet"]),
        (Tool::Trivy, &["KSV-0024"]),
        (Tool::Checkov, &["CKV_K8S_26"]),
        (Tool::Kubescape, &["C-0044"]),
    ],
    needs: Needs::Object(Check::Container(judge)),
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
