//! KR-SEC-007, 025: containers drop all capabilities, and add only allowed ones.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::items;
use crate::harden::violation::{Class, Edit, Severity, Violation, strings};
use crate::source::Span;
use crate::yaml::Node;

pub(super) static ADDED_CAPABILITIES: Rule = Rule {
    id: "KR-SEC-007",
    name: "added-capabilities",
    text: text!("KR-SEC-007"),
    severity: Severity::Error,
    score: Some(7.5),
    scope: PodSecurity::replaced("capabilities_baseline", 0, 22),
    fix_order: 0,
    needs: Needs::Object(Check::Container(|container, _, _| {
        added(container, BASELINE).into_iter().collect()
    })),
};

pub(super) static DROP_ALL_CAPABILITIES: Rule = Rule {
    id: "KR-SEC-025",
    name: "drop-all-capabilities",
    text: text!("KR-SEC-025"),
    severity: Severity::Error,
    score: Some(6.0),
    scope: PodSecurity::restricted("capabilities_restricted", 22),
    fix_order: 40,
    needs: Needs::Object(Check::Container(drop_all)),
};

const BASELINE: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn drop_all(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.pod_security() >= 25 && pod.is_windows() {
        return Vec::new();
    }
    let mut found: Vec<Violation> = added(container, &["NET_BIND_SERVICE"]).into_iter().collect();
    if !container.capabilities("drop").any(|name| name == "ALL") {
        let keys = ["capabilities", "drop"];
        let path = container.path(&["securityContext"]).keys(&keys);
        let written: Vec<&str> = container.capabilities("drop").filter(is_nearly_all).collect();
        let message = match &*written {
            [] => "does not drop all capabilities".to_owned(),
            some => {
                format!("does not drop all capabilities: found {}, expected `ALL`", quoted(some))
            }
        };
        let violation = Violation::at(path.clone(), message).of_container(container);
        // As KR-SEC-022 knows it, which may add `runAsNonRoot` in the same run.
        let is_of_image =
            || container.user(pod).is_none() && scene.facts.runs_as_non_root(container.image());
        let is_safe = container.is_non_root(pod) || is_of_image();
        let class = if is_safe { Class::Safe } else { Class::Unsafe };
        let edits = vec![Edit::Set(path, strings(&["ALL"]))];
        found.push(match pod.is_bound_to_windows() {
            true => violation,
            false => violation.fix(class, edits),
        });
    }
    found
}

/// True if a capability is probably meant as `ALL`: some runtimes accept such a spelling, admission does not.
fn is_nearly_all(name: &&str) -> bool {
    ["ALL", "CAP_ALL"].iter().any(|all| name.trim().eq_ignore_ascii_case(all))
}

/// The violation for a container that adds capabilities other than the allowed ones.
fn added(container: &Container<'_>, allowed: &[&str]) -> Option<Violation> {
    let is_allowed = |name: &&str| allowed.contains(name);
    let too_many: Vec<&str> =
        container.capabilities("add").filter(|name| !is_allowed(name)).collect();
    if too_many.is_empty() {
        return None;
    }
    let words = if too_many.len() == 1 { "the capability" } else { "the capabilities" };
    let message = format!("adds {words} {}", quoted(&too_many));
    let path = container.path(&["securityContext", "capabilities", "add"]);
    let add = container.security("capabilities").and_then(|node| node.get("add"));
    let is_kept = |node: &&Node| node.as_text().is_some_and(|name| is_allowed(&name));
    let kept: Vec<Node> = items(add).iter().filter(is_kept).cloned().collect();
    let violation = Violation::at(path, message).of_container(container).values(too_many);
    Some(match kept.is_empty() {
        true => violation.remove(),
        false => violation.replace(Node::sequence(kept, add.map_or(Span::NONE, Node::span))),
    })
}

/// Names in backticks, for messages.
pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
