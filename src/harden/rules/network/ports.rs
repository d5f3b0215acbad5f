//! KR-NET-007: containers offer no remote shell, and need no right for their ports.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{integer, is_true, items, present, text};
use crate::harden::violation::{Severity, Violation};

pub(super) static SENSITIVE_CONTAINER_PORT: Rule = Rule {
    id: "KR-NET-007",
    name: "sensitive-container-port",
    text: text!("KR-NET-007"),
    severity: Severity::Note,
    score: Some(3.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(judge)),
};

const SSH: i64 = 22;
/// The first port that needs no right by default.
const FIRST_FREE: i64 = 1024;

fn judge(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, port) in items(container.node.get("ports")).iter().enumerate() {
        let Some(number) = present(port, "containerPort").and_then(integer) else { continue };
        let message = if number == SSH {
            "listens on port 22: people who log in there are not seen by the API server".to_owned()
        } else if number < FIRST_FREE && scene.facts.is_paranoid() && lacks_right(container, pod) {
            format!(
                "listens on port {number} without the capability for it, which some runtimes refuse"
            )
        } else {
            continue;
        };
        let violation = container.violation(&["ports"], message);
        let path = violation.path.clone().index(index).keys(&["containerPort"]);
        found.push(Violation { path, ..violation });
    }
    found
}

/// True if a container does not run as root, has no capability for low ports, and no setting that makes them free.
fn lacks_right(container: &Container<'_>, pod: &Pod<'_>) -> bool {
    let is_free =
        |one: &crate::yaml::Node| text(one, "name") == Some("net.ipv4.ip_unprivileged_port_start");
    container.is_non_root(pod)
        && container.capabilities("drop").any(|name| name == "ALL")
        && !container.capabilities("add").any(|name| name == "NET_BIND_SERVICE")
        && !items(pod.security("sysctls")).iter().any(is_free)
        && !is_true(pod.get(&["hostNetwork"]))
}
