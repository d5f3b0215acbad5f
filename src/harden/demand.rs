//! The demand of pods: effective requests and limits, and the class of quality of service.
//!
//! The scheduler, quotas and the kubelet add up containers in the way of `PodRequests` and `PodLimits` of Kubernetes'
//! component-helpers: init containers run one after the other, sidecars beside everything that starts after them.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::pod::{Container, Pod, Shape};
use super::quality::Quality;
use super::value::below;
use super::violation::List;
use super::workload::pods;
use crate::resource::{Quantity, Resource};
use crate::yaml::path::Path;
use crate::yaml::{Mapping, Node};

/// Quantities by the name of the resource: `cpu`, `memory`, `ephemeral-storage`, …
pub type Amounts<'a> = BTreeMap<&'a str, Quantity>;

/// The demand of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Demand<'a> {
    /// The path of the specification of the pod in its object.
    pub path: Path,
    /// The effective requests, including the overhead.
    pub requests: Amounts<'a>,
    /// The effective limits, including the overhead. Containers without a limit are not counted:
    /// [`Demand::is_limited`].
    pub limits: Amounts<'a>,
    /// The class of quality of service.
    pub quality: Quality,
    /// The resources that a container may use without a limit, among CPU and memory.
    unlimited: Vec<&'static str>,
}

/// The resources that decide the quality of service.
const DECIDING: [&str; 2] = ["cpu", "memory"];

/// The demands of the pods of an object. Parts of pods and steps of pipelines are omitted.
#[must_use]
pub fn demands<'a>(object: &'a Resource, facts: &Facts) -> Vec<Demand<'a>> {
    let pods = pods(object, facts);
    let complete = pods.iter().filter(|pod| matches!(pod.shape, Shape::Known | Shape::Template));
    complete.map(Demand::of).collect()
}

impl<'a> Demand<'a> {
    /// The demand of a pod. Linear in its containers.
    pub(super) fn of(pod: &Pod<'a>) -> Self {
        let mut requests = of_containers(pod, requested);
        let mut limits = of_containers(pod, |container| amounts(container.node, "limits"));
        let [said_requests, said_limits] = ["requests", "limits"].map(|field| of_pod(pod, field));
        // A pod-level limit is the request too, unless the pod or a container requests the resource.
        for (name, limit) in &said_limits {
            requests.entry(name).or_insert(*limit);
        }
        requests.extend(said_requests);
        let has_limit = |name| {
            said_limits.contains_key(name)
                || counted(pod).all(|container| container.limit(name).is_some())
        };
        let unlimited = DECIDING.into_iter().filter(|name| !has_limit(name)).collect();
        limits.extend(said_limits);
        for (name, amount) in entries(pod.get(&["overhead"])) {
            add(&mut requests, name, amount);
            if let Some(limit) = limits.get_mut(name) {
                *limit = limit.plus(amount);
            }
        }
        Self { path: pod.path(&[]), requests, limits, quality: quality(pod), unlimited }
    }

    /// True if no container may use more of CPU or memory than its limit, or that of its pod.
    #[must_use]
    pub fn is_limited(&self, resource: &str) -> bool {
        !self.unlimited.contains(&resource)
    }
}

/// The class of quality of service of a pod.
pub(super) fn quality(pod: &Pod<'_>) -> Quality {
    let said = |field| below(pod.spec, &["resources", field]).and_then(Node::as_mapping);
    let has_own = ["requests", "limits"].map(said).into_iter().flatten().any(|of| !of.is_empty());
    if has_own {
        return of_pod_level(pod);
    }
    let (mut has_any, mut has_all) = (false, true);
    let mut totals = [(Quantity::ZERO, Quantity::ZERO); DECIDING.len()];
    for container in counted(pod) {
        for (name, (requests, limits)) in DECIDING.iter().zip(&mut totals) {
            let [request, limit] = [container.request(name), container.limit(name)]
                .map(|node| Quantity::of(node).filter(|one| one.is_positive()));
            has_any |= request.is_some() || limit.is_some();
            has_all &= limit.is_some();
            *requests = requests.plus(request.unwrap_or(Quantity::ZERO));
            *limits = limits.plus(limit.unwrap_or(Quantity::ZERO));
        }
    }
    match (has_any, has_all && totals.iter().all(|(requests, limits)| requests == limits)) {
        (false, _) => Quality::BestEffort,
        (true, true) => Quality::Guaranteed,
        (true, false) => Quality::Burstable,
    }
}

/// The class of a pod with requests or limits of its own: they alone decide.
fn of_pod_level(pod: &Pod<'_>) -> Quality {
    let positive =
        |amounts: Amounts<'_>, name| amounts.get(name).copied().filter(|one| one.is_positive());
    let (mut has_any, mut is_equal) = (false, true);
    let of_containers = of_containers(pod, requested);
    for name in DECIDING {
        let limit = positive(of_pod(pod, "limits"), name);
        // The API server fills in pod-level requests only next to pod-level limits.
        let has_limits = !of_pod(pod, "limits").is_empty();
        let filled = of_containers.get(name).copied().filter(|_| has_limits).or(limit);
        let request = of_pod(pod, "requests").get(name).copied().or(filled);
        let request = request.filter(|one| one.is_positive());
        has_any |= request.is_some() || limit.is_some();
        is_equal &= limit.is_some() && request == limit;
    }
    match (has_any, is_equal) {
        (false, _) => Quality::BestEffort,
        (true, true) => Quality::Guaranteed,
        (true, false) => Quality::Burstable,
    }
}

/// The containers that count: all but ephemeral ones, which have no resources.
fn counted<'p, 'a>(pod: &'p Pod<'a>) -> impl Iterator<Item = &'p Container<'a>> {
    pod.containers.iter().filter(|container| container.list != List::Ephemeral)
}

/// The largest sum of containers that run at the same time.
fn of_containers<'a>(
    pod: &Pod<'a>,
    of_container: impl Fn(&Container<'a>) -> Amounts<'a>,
) -> Amounts<'a> {
    let (mut total, mut sidecars, mut peak) = (Amounts::new(), Amounts::new(), Amounts::new());
    for container in counted(pod) {
        let mut own = of_container(container);
        if container.list == List::App {
            add_all(&mut total, &own);
            continue;
        }
        if container.is_sidecar() {
            add_all(&mut total, &own);
            add_all(&mut sidecars, &own);
        } else {
            add_all(&mut own, &sidecars);
            for (name, amount) in own {
                let most = peak.entry(name).or_insert(amount);
                *most = amount.max(*most);
            }
        }
    }
    for (name, amount) in peak {
        let most = total.entry(name).or_insert(amount);
        *most = amount.max(*most);
    }
    total
}

/// The requests of a container; the default of each is the limit, as in the API server.
fn requested<'a>(container: &Container<'a>) -> Amounts<'a> {
    let mut requests = amounts(container.node, "limits");
    requests.extend(amounts(container.node, "requests"));
    requests
}

/// The requests or limits of a pod itself, of the resources for which it may have any.
fn of_pod<'a>(pod: &Pod<'a>, field: &str) -> Amounts<'a> {
    let mut amounts = amounts(pod.spec, field);
    amounts.retain(|name, _| DECIDING.contains(name) || name.starts_with("hugepages-"));
    amounts
}

/// The requests or limits of a container or a pod.
fn amounts<'a>(node: &'a Node, field: &str) -> Amounts<'a> {
    entries(below(node, &["resources", field])).collect()
}

/// The quantities in a mapping; values that are no quantities are omitted.
pub(super) fn entries(node: Option<&Node>) -> impl Iterator<Item = (&str, Quantity)> {
    let entries = node.and_then(Node::as_mapping).map(Mapping::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text(), Quantity::of(Some(value))?)))
}

fn add_all<'a>(sum: &mut Amounts<'a>, amounts: &Amounts<'a>) {
    for (name, amount) in amounts {
        add(sum, name, *amount);
    }
}

fn add<'a>(sum: &mut Amounts<'a>, name: &'a str, amount: Quantity) {
    let total = sum.entry(name).or_insert(Quantity::ZERO);
    *total = total.plus(amount);
}
