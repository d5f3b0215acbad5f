//! KR-SEC-002, 003, 004: pods do not share network, process and IPC namespaces with their node.

use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{is_true, text};
use crate::harden::violation::{Edit, Severity, Violation};

pub(super) static HOST_NETWORK: Rule = Rule {
    id: "KR-SEC-002",
    name: "host-network",
    text: text!("KR-SEC-002"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: PodSecurity::baseline("hostNamespaces", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(network)),
};

pub(super) static HOST_PID: Rule = Rule {
    id: "KR-SEC-003",
    name: "host-pid",
    text: text!("KR-SEC-003"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: PodSecurity::baseline("hostNamespaces", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| {
        flag(pod, "hostPID", "sees the processes of its node")
    })),
};

pub(super) static HOST_IPC: Rule = Rule {
    id: "KR-SEC-004",
    name: "host-ipc",
    text: text!("KR-SEC-004"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: PodSecurity::baseline("hostNamespaces", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| flag(pod, "hostIPC", "shares memory with its node"))),
};

fn network(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = flag(pod, "hostNetwork", "is on the network of its node");
    if text(pod.spec, "dnsPolicy") == Some("ClusterFirstWithHostNet") {
        // The DNS policy has no effect without the network of the node.
        let both = ["hostNetwork", "dnsPolicy"].map(|key| Edit::Remove(pod.path(&[key])));
        found = found.into_iter().map(|violation| violation.overwrite(both.to_vec())).collect();
    }
    found
}

fn flag(pod: &Pod<'_>, key: &str, message: &str) -> Vec<Violation> {
    match is_true(pod.get(&[key])) {
        true => vec![pod.violation(&[key], format!("the pod {message}")).remove()],
        false => Vec::new(),
    }
}
