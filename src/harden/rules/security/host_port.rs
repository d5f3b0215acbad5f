//! KR-SEC-006: no container uses a port of the node.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{integer, items, present};
use crate::harden::violation::{Severity, Violation};

pub(super) static HOST_PORT: Rule = Rule {
    id: "KR-SEC-006",
    name: "host-port",
    text: text!("KR-SEC-006"),
    severity: Severity::Error,
    score: Some(5.0),
    scope: PodSecurity::baseline("hostPorts", 0),
    fix_order: 0,
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
