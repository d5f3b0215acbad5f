//! Reasons for which the eviction of a pod, against which requests for memory help, harms little or does not happen.

use super::pod::{Container, Pod};
use super::programs::{Role, role};
use crate::yaml::Node;

/// The annotation by which authors say that a pod may be evicted.
const SAFE: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";

/// The priority of a pod that the kubelet does not evict, if it has one.
pub(super) fn critical_class<'a>(pod: &Pod<'a>) -> Option<&'a str> {
    let class = pod.get(&["priorityClassName"]).and_then(Node::as_text)?;
    matches!(class, "system-cluster-critical" | "system-node-critical").then_some(class)
}

/// The statement about a container whose missing request for memory leads to no eviction that harms much, by the fields of its
/// pod.
pub(super) fn told(container: &Container<'_>, pod: &Pod<'_>) -> Option<String> {
    if let Some(class) = critical_class(pod) {
        return Some(format!("the kubelet evicts no pod of the priority `{class}`"));
    }
    if pod.annotation(SAFE) == Some("true") {
        return Some(format!("it may be evicted, as the annotation `{SAFE}` says"));
    }
    let is_helper = |one: &Container<'_>| role(one.image()) == Some(Role::Helper);
    let mut others = pod.containers.iter().filter(|one| one.is_running() && !is_helper(one));
    let main = others.next().filter(|_| is_helper(container))?;
    Some(format!("assumed: a small helper of {}", main.label()))
}
