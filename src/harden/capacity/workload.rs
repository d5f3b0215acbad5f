//! Workloads: pods with their number, requests, limits and quality of service.

use std::collections::BTreeMap;

use super::replicas::{Copies, Scalers};
use crate::harden::demand::Demand;
use crate::harden::facts::Facts;
use crate::harden::path::by_name;
use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::quality::Quality;
use crate::harden::value::{below, text};
use crate::harden::violation::List;
use crate::harden::workload::pods;
use crate::resource::{Quantity, ResId, ResMap};
use crate::source::Span;

/// A pod, or the template of pods, with their number.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The object.
    pub object: ResId,
    /// The namespace, which may be the default one.
    pub namespace: String,
    /// The place of the object.
    pub span: Span,
    /// The path of the pods in their object, if it creates several kinds of pods; otherwise empty.
    pub part: String,
    /// The number of pods.
    pub copies: Copies,
    /// The effective requests of a pod, by the name of the resource.
    pub requests: BTreeMap<String, Quantity>,
    /// The effective limits of a pod.
    pub limits: BTreeMap<String, Quantity>,
    /// True if a container may use CPU without a limit.
    pub has_free_cpu: bool,
    /// True if a container may use memory without a limit.
    pub has_free_memory: bool,
    /// The class of quality of service.
    pub quality: Quality,
    /// The reason for the class.
    pub reason: String,
}

/// The workloads of a render. Steps of pipelines and parts of pods are omitted.
pub(super) fn workloads(objects: &ResMap, facts: &Facts, nodes: u64) -> Vec<Workload> {
    let scalers = Scalers::of(objects, facts);
    let mut workloads = Vec::new();
    for object in objects {
        let pods = pods(object, facts);
        let is_whole = |pod: &&Pod<'_>| matches!(pod.shape, Shape::Known | Shape::Template);
        let namespace = facts.namespace(object);
        for pod in pods.iter().filter(is_whole) {
            let demand = Demand::of(pod);
            let owned = |amounts: &BTreeMap<&str, Quantity>| {
                amounts.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect()
            };
            let path = by_name(&demand.path, object.node());
            workloads.push(Workload {
                object: object.id().clone(),
                namespace: namespace.to_owned(),
                // A patch repeats the name of the object, and stays out of the span of the document.
                span: object.node().span(),
                part: if pods.len() > 1 { path } else { String::new() },
                copies: scalers.copies(object, namespace, nodes),
                requests: owned(&demand.requests),
                limits: owned(&demand.limits),
                has_free_cpu: !demand.is_limited("cpu"),
                has_free_memory: !demand.is_limited("memory"),
                quality: demand.quality,
                reason: reason(pod, demand.quality),
            });
        }
    }
    workloads
}

/// The reason for the class of a pod: the first container that keeps it from `Guaranteed`.
fn reason(pod: &Pod<'_>, quality: Quality) -> String {
    let of_pod = pod.get(&["resources"]).is_some_and(|node| !node.is_empty());
    match quality {
        Quality::BestEffort => "no container requests CPU or memory".to_owned(),
        Quality::Guaranteed if of_pod => "the pod requests as much as its limits".to_owned(),
        Quality::Guaranteed => "each container requests as much as its limits".to_owned(),
        Quality::Burstable if of_pod => {
            "the pod requests less than its limits, or has none".to_owned()
        }
        Quality::Burstable => {
            let counted = pod.containers.iter().filter(|one| one.list != List::Ephemeral);
            let found = counted.flat_map(|one| ["cpu", "memory"].map(|name| differs(one, name)));
            found.flatten().next().unwrap_or_default()
        }
    }
}

/// The difference between the request and the limit of a container, in words.
fn differs(container: &Container<'_>, name: &str) -> Option<String> {
    let positive = |node| Quantity::of(node).filter(|one| one.is_positive());
    let [request, limit] = [container.request(name), container.limit(name)].map(positive);
    let title = if name == "cpu" { "CPU" } else { name };
    let told = |field: &str| {
        let node = below(container.node, &["resources", field]);
        node.and_then(|node| text(node, name)).unwrap_or("0").to_owned()
    };
    let container = container.label();
    match (request, limit) {
        (request, limit) if request == limit && limit.is_some() => None,
        (_, None) => Some(format!("{container} has no limit of {title}")),
        _ => Some(format!(
            "{container} requests {} of {title}, up to {}",
            told("requests"),
            told("limits")
        )),
    }
}
