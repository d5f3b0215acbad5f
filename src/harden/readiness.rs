//! Reasons for which a container without a readiness probe gets no request too early, or nearly none.

use super::images::{last_part, short};
use super::pod::{Container, Pod};
use super::value::{items, present};
use super::violation::Severity;
use crate::resource::ImageReference;
use crate::yaml::Node;

/// Words in the names of containers and images that stand beside a program: that they are ready says little about it.
const BESIDE: &str = "agent envoy exporter istio linkerd logger metrics proxy sidecar";

/// The first container whose readiness probe decides when a pod gets requests.
pub(super) fn gate(pod: &Pod<'_>) -> Option<String> {
    let has_probe = |one: &&Container<'_>| present(one.node, "readinessProbe").is_some();
    let mut running = pod.containers.iter().filter(|one| one.is_running());
    running.find(|one| has_probe(one) && !is_beside(one)).map(Container::label)
}

/// The lower severity of a container without a readiness probe whose pod is ready late enough, by the fields of the pod, and
/// the statement about it. `gate` is the one whose probe decides.
pub(super) fn told(
    container: &Container<'_>,
    pod: &Pod<'_>,
    gate: Option<&str>,
) -> Option<(Severity, String)> {
    if is_cache(container, pod) {
        let told = "a cache with nothing to load, which listens at once";
        return Some((Severity::Note, told.to_owned()));
    }
    let told = format!("the pod gets requests only when {}, which has a probe, is ready", gate?);
    Some((Severity::Warning, told))
}

/// True for a program that stands beside the one of the pod.
fn is_beside(container: &Container<'_>) -> bool {
    let names = [container.name, last_part(container.image())];
    names.iter().any(|name| BESIDE.split(' ').any(|word| name.contains(word)))
}

/// True for a cache that starts empty: memcached, or Redis that is told to save nothing.
fn is_cache(container: &Container<'_>, pod: &Pod<'_>) -> bool {
    let has_data =
        || pod.volumes().any(|(_, volume)| present(volume, "persistentVolumeClaim").is_some());
    // Others may have these names.
    match short(ImageReference::new(container.image()).name) {
        "memcached" | "bitnami/memcached" => true,
        "redis" | "valkey/valkey" => saves_nothing(container) && !has_data(),
        _ => false,
    }
}

/// True if arguments switch off both kinds of files of Redis: `--save ""` and `--appendonly no`, which is the default.
fn saves_nothing(container: &Container<'_>) -> bool {
    let lists = ["command", "args"].into_iter().flat_map(|key| items(container.node.get(key)));
    let words: Vec<&str> = lists.filter_map(Node::as_text).collect();
    let has = |option: &str, is_meant: fn(&str) -> bool| {
        words.windows(2).any(|pair| pair[0] == option && is_meant(pair[1]))
    };
    has("--save", |value| matches!(value, "" | "\"\"" | "''"))
        && !has("--appendonly", |value| value != "no")
}
