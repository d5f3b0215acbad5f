//! KR-SEC-002, 003, 004: pods do not share network, process and IPC namespaces with their node.

use crate::harden::foreign::Tool;
use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::value::{is_true, text};
use crate::harden::violation::{Class, Edit, Severity, Violation};

pub(super) static HOST_NETWORK: Rule = Rule {
    id: "KR-SEC-002",
    name: "host-network",
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(8.0),
    scope: PodSecurity::baseline("hostNamespaces", 0),
    summary: "Pods do not use the network of the node (`hostNetwork`).",
    why: "On the network of its node a pod reaches programs that listen on localhost there, sees the traffic of other pods, and is exempt from network policies.",
    condition: "The pod has `hostNetwork: true`.",
    fixes: &[(
        Class::Override,
        "removes `hostNetwork`, and with it `dnsPolicy: ClusterFirstWithHostNet`",
    )],
    fix_order: 0,
    advice: "remove `hostNetwork`, and reach the pod through a Service",
    example: example!("host-network"),
    elsewhere: &[
        (Tool::KubeLinter, &["host-network"]),
        (Tool::Polaris, &["hostNetworkSet"]),
        (Tool::Trivy, &["KSV-0009"]),
        (Tool::Checkov, &["CKV_K8S_19"]),
        (Tool::Kubescape, &["C-0041"]),
    ],
    needs: Needs::Object(Check::Pod(network)),
};

pub(super) static HOST_PID: Rule = Rule {
    id: "KR-SEC-003",
    name: "host-pid",
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(8.0),
    scope: PodSecurity::baseline("hostNamespaces", 0),
    summary: "Pods do not see the processes of the node (`hostPID`).",
    why: "Among the processes of its node a pod can read the environment of others, which may hold secrets, and signal them.",
    condition: "The pod has `hostPID: true`.",
    fixes: &[(Class::Override, "removes `hostPID`")],
    fix_order: 0,
    advice: "remove `hostPID`",
    example: example!("host-pid"),
    elsewhere: &[
        (Tool::KubeLinter, &["host-pid"]),
        (Tool::Polaris, &["hostPIDSet"]),
        (Tool::Trivy, &["KSV-0010"]),
        (Tool::Checkov, &["CKV_K8S_17"]),
        (Tool::Kubescape, &["C-0038"]),
    ],
    needs: Needs::Object(Check::Pod(|pod, _| {
        flag(pod, "hostPID", "sees the processes of its node")
    })),
};

pub(super) static HOST_IPC: Rule = Rule {
    id: "KR-SEC-004",
    name: "host-ipc",
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(8.0),
    scope: PodSecurity::baseline("hostNamespaces", 0),
    summary: "Pods do not use the IPC namespace of the node (`hostIPC`).",
    why: "In the IPC namespace of its node a pod can read and write the shared memory of other programs there.",
    condition: "The pod has `hostIPC: true`.",
    fixes: &[(Class::Override, "removes `hostIPC`")],
    fix_order: 0,
    advice: "remove `hostIPC`",
    example: example!("host-ipc"),
    elsewhere: &[
        (Tool::KubeLinter, &["host-ipc"]),
        (Tool::Polaris, &["hostIPCSet"]),
        (Tool::Trivy, &["KSV-0008"]),
        (Tool::Checkov, &["CKV_K8S_18"]),
    ],
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
