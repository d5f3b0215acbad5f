//! `ResourceQuota` objects of a render, and the part of each that its objects use.

use std::collections::BTreeMap;

use super::workload::Workload;
use crate::harden::demand::entries;
use crate::harden::facts::Facts;
use crate::harden::value::{below, items, text};
use crate::resource::{Quantity, ResId, ResMap, Resource};
use crate::source::Span;

/// A `ResourceQuota`.
#[derive(Clone, Debug)]
pub struct Quota {
    /// The object.
    pub object: ResId,
    /// Its namespace.
    pub namespace: String,
    /// Its place.
    pub span: Span,
    /// True if it counts only some of the objects: then their use is not computed.
    pub is_scoped: bool,
    /// The limits, in its order.
    pub hard: Vec<Hard>,
}

/// A limit of a quota.
#[derive(Clone, Debug)]
pub struct Hard {
    /// The name: `requests.cpu`, `pods`.
    pub name: String,
    /// The limit.
    pub hard: Quantity,
    /// The least and the most that the objects of the render use; `None` if that is not known.
    pub used: Option<(Quantity, Quantity)>,
}

/// The quotas of a render.
pub(super) fn quotas(objects: &ResMap, facts: &Facts, workloads: &[Workload]) -> Vec<Quota> {
    let is_quota = |kind: &str, group: &str| kind == "ResourceQuota" && group.is_empty();
    let quotas = objects.iter().filter(|one| is_quota(one.kind(), &one.gvk().group));
    let mut used = None;
    let quota = |object: &Resource| {
        let namespace = facts.namespace(object);
        let used = used.get_or_insert_with(|| Used::of(objects, facts, workloads));
        let scopes = items(below(object.node(), &["spec", "scopes"]));
        let is_scoped =
            !scopes.is_empty() || below(object.node(), &["spec", "scopeSelector"]).is_some();
        let hard = entries(below(object.node(), &["spec", "hard"])).map(|(name, hard)| Hard {
            name: name.to_owned(),
            hard,
            used: if is_scoped { None } else { used.of_name(namespace, name) },
        });
        Quota {
            object: object.id().clone(),
            namespace: namespace.to_owned(),
            span: object.node().span(),
            is_scoped,
            hard: hard.collect(),
        }
    };
    quotas.map(quota).collect()
}

/// The use of each namespace.
#[derive(Default)]
struct Used<'a> {
    pods: BTreeMap<&'a str, (u64, u64)>,
    requests: BTreeMap<(&'a str, &'a str), (Quantity, Quantity)>,
    limits: BTreeMap<(&'a str, &'a str), (Quantity, Quantity)>,
    /// The numbers of objects, by namespace and by the name that quotas have for them.
    counts: BTreeMap<(&'a str, String), u64>,
}

/// The kinds that quotas count by a name of their own, without `count/`. (Kubernetes documentation: "Resource Quotas".)
pub(crate) const COUNTED: [&str; 6] = [
    "configmaps",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
];

/// The name of the resource of an object: `services`, `deployments.apps`.
fn resource_name(object: &Resource) -> String {
    let kind = object.kind().to_ascii_lowercase();
    let plural = match kind.as_bytes() {
        [.., b's' | b'x'] | [.., b'c' | b's', b'h'] => format!("{kind}es"),
        // `Gateway` and `Proxy`.
        [.., before, b'y'] if !b"aeiou".contains(before) => {
            format!("{}ies", kind.trim_end_matches('y'))
        }
        _ => format!("{kind}s"),
    };
    match &*object.gvk().group {
        "" => plural,
        group => format!("{plural}.{group}"),
    }
}

impl<'a> Used<'a> {
    fn of(objects: &'a ResMap, facts: &'a Facts, workloads: &'a [Workload]) -> Self {
        let mut used = Self::default();
        for workload in workloads {
            let namespace = &*workload.namespace;
            let (least, most) = used.pods.entry(namespace).or_default();
            *least = least.saturating_add(workload.copies.least);
            *most = most.saturating_add(workload.copies.most);
            for (amounts, sums) in
                [(&workload.requests, &mut used.requests), (&workload.limits, &mut used.limits)]
            {
                for (name, amount) in amounts {
                    let sum =
                        sums.entry((namespace, name)).or_insert((Quantity::ZERO, Quantity::ZERO));
                    sum.0 = sum.0.plus(times(*amount, workload.copies.least));
                    sum.1 = sum.1.plus(times(*amount, workload.copies.most));
                }
            }
        }
        for object in objects {
            let namespace = facts.namespace(object);
            *used.counts.entry((namespace, resource_name(object))).or_default() += 1;
            let type_of = below(object.node(), &["spec"]).and_then(|spec| text(spec, "type"));
            let is_service = object.kind() == "Service" && object.gvk().group.is_empty();
            let by_type = match type_of.filter(|_| is_service) {
                Some("LoadBalancer") => "services.loadbalancers",
                Some("NodePort") => "services.nodeports",
                _ => continue,
            };
            *used.counts.entry((namespace, by_type.to_owned())).or_default() += 1;
        }
        used
    }

    fn of_name(&self, namespace: &str, name: &str) -> Option<(Quantity, Quantity)> {
        let none = (Quantity::ZERO, Quantity::ZERO);
        let whole = |(least, most): (u64, u64)| (count(least), count(most));
        if matches!(name, "pods" | "count/pods") {
            return Some(whole(self.pods.get(namespace).copied().unwrap_or_default()));
        }
        let is_counted = COUNTED.contains(&name)
            || matches!(name, "services.loadbalancers" | "services.nodeports");
        if let Some(counted) = name.strip_prefix("count/").or_else(|| is_counted.then_some(name)) {
            let found = self.counts.get(&(namespace, counted.to_owned())).copied().unwrap_or(0);
            return Some(whole((found, found)));
        }
        if let Some(resource) = name.strip_prefix("limits.") {
            return Some(self.limits.get(&(namespace, resource)).copied().unwrap_or(none));
        }
        let resource = name.strip_prefix("requests.").unwrap_or(name);
        let is_of_pods = matches!(resource, "cpu" | "memory" | "ephemeral-storage")
            || resource.starts_with("hugepages-")
            || resource != name && resource.contains('/') && !resource.contains("storageclass");
        is_of_pods.then(|| self.requests.get(&(namespace, resource)).copied().unwrap_or(none))
    }
}

/// A number of things as a quantity.
fn count(number: u64) -> Quantity {
    times(Quantity::ONE, number)
}

/// The product of a quantity and a number of pods.
pub(super) fn times(amount: Quantity, copies: u64) -> Quantity {
    amount.times(i64::try_from(copies).unwrap_or(i64::MAX))
}
