//! KR-SEC-002, 003, 004: pods have network, processes and memory of their own.

use crate::harden::pod::Pod;
use crate::harden::rule::{Judge, PodSecurity, Rule, Severity};
use crate::harden::scene::Scene;
use crate::harden::value::{is_true, text};
use crate::harden::violation::{Class, Edit, Turn, Violation};

pub(super) static HOST_NETWORK: Rule = Rule {
    id: "KR-SEC-002",
    name: "host-network",
    severity: Severity::Error,
    score: "8",
    scope: PodSecurity::baseline("hostNamespaces", 0),
    summary: "Pods have a network of their own.",
    why: "On the network of its node a pod reaches what listens on localhost there, sees the traffic of other pods, and network policies do not hold for it.",
    condition: "The pod has `hostNetwork: true`.",
    fixes: &[(
        Class::Override,
        "removes `hostNetwork`, and with it `dnsPolicy: ClusterFirstWithHostNet`",
    )],
    advice: "remove `hostNetwork`, and reach the pod through a Service",
    bad: pod!("  hostNetwork: true\n  containers:\n  - name: web\n    image: web:1.0\n"),
    good: pod!("  containers:\n  - name: web\n    image: web:1.0\n"),
    elsewhere: "kube-linter host-network; polaris hostNetworkSet; trivy KSV-0009; checkov CKV_K8S_19; kubescape C-0041",
    judge: Judge::Pod(network),
};

pub(super) static HOST_PID: Rule = Rule {
    id: "KR-SEC-003",
    name: "host-pid",
    severity: Severity::Error,
    score: "8",
    scope: PodSecurity::baseline("hostNamespaces", 0),
    summary: "Pods see their own processes only.",
    why: "Among the processes of its node a pod can read the environment of others, where secrets stand, and signal them.",
    condition: "The pod has `hostPID: true`.",
    fixes: &[(Class::Override, "removes `hostPID`")],
    advice: "remove `hostPID`",
    bad: pod!("  hostPID: true\n  containers:\n  - name: web\n    image: web:1.0\n"),
    good: pod!("  containers:\n  - name: web\n    image: web:1.0\n"),
    elsewhere: "kube-linter host-pid; polaris hostPIDSet; trivy KSV-0010; checkov CKV_K8S_17; kubescape C-0038",
    judge: Judge::Pod(|pod, _| flag(pod, "hostPID", "sees the processes of its node")),
};

pub(super) static HOST_IPC: Rule = Rule {
    id: "KR-SEC-004",
    name: "host-ipc",
    severity: Severity::Error,
    score: "8",
    scope: PodSecurity::baseline("hostNamespaces", 0),
    summary: "Pods share no memory with their node.",
    why: "In the IPC namespace of its node a pod can read and write the shared memory of other programs there.",
    condition: "The pod has `hostIPC: true`.",
    fixes: &[(Class::Override, "removes `hostIPC`")],
    advice: "remove `hostIPC`",
    bad: pod!("  hostIPC: true\n  containers:\n  - name: web\n    image: web:1.0\n"),
    good: pod!("  containers:\n  - name: web\n    image: web:1.0\n"),
    elsewhere: "kube-linter host-ipc; polaris hostIPCSet; trivy KSV-0008; checkov CKV_K8S_18",
    judge: Judge::Pod(|pod, _| flag(pod, "hostIPC", "shares memory with its node")),
};

fn network(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = flag(pod, "hostNetwork", "is on the network of its node");
    if text(pod.spec, "dnsPolicy") == Some("ClusterFirstWithHostNet") {
        // The policy means nothing to a pod with its own network.
        let both = ["hostNetwork", "dnsPolicy"].map(|key| Edit::Remove(pod.path(&[key])));
        found = found
            .into_iter()
            .map(|violation| violation.fix(Class::Override, Turn::Removals, both.to_vec()))
            .collect();
    }
    found
}

fn flag(pod: &Pod<'_>, key: &str, message: &str) -> Vec<Violation> {
    match is_true(pod.get(&[key])) {
        true => vec![pod.violation(&[key], format!("the pod {message}")).remove()],
        false => Vec::new(),
    }
}
