//! Reasons for which the eviction of a pod, against which requests for memory help, harms little or does not happen.

use super::pod::{Container, Pod};
use super::programs::{Role, role};
use super::scene::{Render, Scene};
use super::value::{below, items, present};
use crate::yaml::Node;

/// The annotation by which authors say that a pod may be evicted.
const SAFE: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";

/// The priority of a pod that the kubelet does not evict, if it has one.
pub(super) fn critical_class<'a>(pod: &Pod<'a>) -> Option<&'a str> {
    let class = pod.get(&["priorityClassName"]).and_then(Node::as_text)?;
    matches!(class, "system-cluster-critical" | "system-node-critical").then_some(class)
}

/// The container that the small sidecars of a pod help: the first that runs and is none.
pub(super) fn main_of(pod: &Pod<'_>) -> Option<String> {
    let mut running = pod.containers.iter().filter(|one| one.is_running());
    running.find(|one| !is_helper(one)).map(Container::label)
}

fn is_helper(container: &Container<'_>) -> bool {
    role(container.image()) == Some(Role::Helper)
}

/// The statement about a container whose missing request for memory leads to no eviction that harms much, by the fields of its
/// pod. `main` is the container that sidecars help.
pub(super) fn told(container: &Container<'_>, pod: &Pod<'_>, main: Option<&str>) -> Option<String> {
    if let Some(class) = critical_class(pod) {
        return Some(format!("the kubelet evicts no pod of the priority `{class}`"));
    }
    if pod.annotation(SAFE) == Some("true") {
        return Some(format!("it may be evicted, as the annotation `{SAFE}` says"));
    }
    let main = main.filter(|_| is_helper(container))?;
    Some(format!("assumed: a small helper of {main}"))
}

/// True for a pod that goes on where it was after an eviction: the rights of its account say that it is a controller, no
/// Service of the render sends it requests, and it keeps no data.
pub(super) fn is_controller(scene: Scene<'_>, render: &Render<'_>, pod: &Pod<'_>) -> bool {
    let namespace = scene.namespace();
    let has_claim =
        || pod.volumes().any(|(_, volume)| present(volume, "persistentVolumeClaim").is_some());
    let has_claims = || {
        let claims = below(scene.object.node(), &["spec", "volumeClaimTemplates"]);
        !items(claims).is_empty()
    };
    matches!(scene.maker(pod), ("apps" | "extensions", "Deployment" | "StatefulSet"))
        && render.views.rights().is_controller(namespace, pod.account())
        && !render.acting.services().serves(namespace, pod)
        && !has_claim()
        && !has_claims()
}

/// True for a pod that only webhooks ask, each of which may fail: the API server goes on without its answer.
pub(super) fn may_fail(scene: Scene<'_>, render: &Render<'_>, pod: &Pod<'_>) -> bool {
    let namespace = scene.namespace();
    let services = render.views.services_that_select(namespace, pod);
    let is_asked = |service: &&crate::resource::Resource| {
        let ports = below(service.node(), &["spec", "ports"]);
        render.views.webhooks().may_fail(namespace, service.name(), items(ports).iter())
    };
    !services.is_empty() && services.iter().all(is_asked)
}
