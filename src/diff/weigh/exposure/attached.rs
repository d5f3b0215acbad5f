//! Policies that are attached to routes, Gateways and Services by references, of the shape of the Gateway API (GEP-713):
//! those of Envoy Gateway, Kuadrant, Istio and others.

use std::collections::BTreeMap;

use crate::diff::weigh::work::Work;
use crate::diff::weigh::{Sides, without};
use crate::harden::selector::selects;
use crate::harden::value::{below, items, present, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// Fields that say what a policy is attached to.
pub(super) const TARGETS: [&str; 4] = ["selector", "targetRef", "targetRefs", "targetSelectors"];

/// Fields that restrict no request. (Documentation of Envoy Gateway, GKE and Kuadrant.)
const TUNING: [&str; 22] = [
    "compression",
    "compressor",
    "connection",
    "dns",
    "healthCheck",
    "healthCheckTimeout",
    "http1",
    "http2",
    "http3",
    "httpUpgrade",
    "loadBalancer",
    "loadBalancing",
    "mergeType",
    "providerRefs",
    "requestBuffer",
    "retry",
    "routingStrategy",
    "sessionPersistence",
    "tcpKeepalive",
    "telemetry",
    "timeout",
    "timeouts",
];

/// Kinds of policies that restrict no request.
const HARMLESS: [&str; 4] =
    ["DNSPolicy", "EnvoyPatchPolicy", "HealthCheckPolicy", "XBackendTrafficPolicy"];

/// True for a field of a policy that may restrict requests. Those of Envoy Gateway for traffic have many that do not.
pub(super) fn restricts(kind: &str, key: &str) -> bool {
    let guards: Option<&[&str]> = match kind {
        "BackendTrafficPolicy" => Some(&["rateLimit"]),
        "ClientTrafficPolicy" => Some(&["clientIPDetection", "headers", "tls"]),
        _ => None,
    };
    !TARGETS.contains(&key)
        && !TUNING.contains(&key)
        && guards.is_none_or(|guards| guards.contains(&key))
}

/// An object to which a policy is attached: its group, kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) group: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// A reference of a policy: to a whole object, or to a section of it.
pub(super) type Reference = (Target, Option<String>);

/// The groups of a kind that serves requests, of which the first one is that of references without a group. Empty for kinds
/// that are not known.
pub(super) fn groups(kind: &str) -> &'static [&'static str] {
    match kind {
        "Gateway" => &["gateway.networking.k8s.io", "networking.istio.io"],
        "GatewayClass" | "TCPRoute" | "TLSRoute" | "UDPRoute" | "ListenerSet" => {
            &["gateway.networking.k8s.io"]
        }
        "HTTPRoute" | "GRPCRoute" => &["gateway.networking.k8s.io", "policy.linkerd.io"],
        "Route" => &["route.openshift.io"],
        "Service" => &[""],
        "ServiceEntry" => &["networking.istio.io"],
        "XListenerSet" => &["gateway.networking.x-k8s.io"],
        _ => &[],
    }
}

/// The group in a reference to a kind, if the kind is one of it.
fn group_of<'n>(reference: &'n Node, kind: &str) -> Option<&'n str> {
    let known = groups(kind);
    match text(reference, "group") {
        Some(group) => (known.is_empty() || known.contains(&group)).then_some(group),
        None => Some(known.first().copied().unwrap_or("gateway.networking.k8s.io")),
    }
}

impl Target {
    pub(super) fn of(object: &Resource) -> Self {
        Self {
            group: object.gvk().group.to_string(),
            kind: object.kind().to_owned(),
            namespace: object.id().effective_namespace().to_owned(),
            name: object.name().to_owned(),
        }
    }

    pub(super) fn title(&self, section: Option<&String>) -> String {
        let Self { kind, name, .. } = self;
        section.map_or_else(|| format!("{kind} {name}"), |of| format!("{kind} {name} ({of})"))
    }
}

/// True for the kinds of objects that serve requests.
fn serves(kind: &str) -> bool {
    kind.ends_with("Route")
        || kind.ends_with("ListenerSet")
        || matches!(kind, "Gateway" | "GatewayClass" | "Service" | "ServiceEntry")
}

/// The specification of a policy that is attached to objects which serve requests, and that may restrict these.
pub(super) fn policy<'a>(kind: &str, node: &'a Node) -> Option<&'a Node> {
    let spec = present(node, "spec")?;
    let is_attached = || {
        let all = TARGETS[1..].iter().filter_map(|key| present(spec, key));
        let mut all =
            all.flat_map(
                |of| if of.items().is_empty() { std::slice::from_ref(of) } else { of.items() },
            );
        all.any(|one| text(one, "kind").is_some_and(serves))
    };
    let mut keys = spec.entries().iter().filter(|(_, value)| !value.is_null());
    let is_harmless = HARMLESS.contains(&kind) || keys.all(|(key, _)| !restricts(kind, key.text()));
    (!is_harmless && is_attached()).then_some(spec)
}

/// The references of a policy by names.
pub(super) fn references(spec: &Node, own: &str) -> Vec<Reference> {
    let single = present(spec, "targetRef").into_iter();
    let one = |reference: &Node| {
        let kind = text(reference, "kind").filter(|kind| serves(kind))?.to_owned();
        let group = group_of(reference, &kind)?.to_owned();
        let name = text(reference, "name")?.to_owned();
        let namespace = text(reference, "namespace").unwrap_or(own).to_owned();
        let section = text(reference, "sectionName").map(str::to_owned);
        Some((Target { group, kind, namespace, name }, section))
    };
    single.chain(items(present(spec, "targetRefs"))).filter_map(one).collect()
}

/// The policies of a render by the objects to which they are attached.
#[derive(Default)]
pub(in crate::diff::weigh) struct Attached<'a> {
    pub(super) by_target: BTreeMap<Target, Vec<(Option<String>, &'a Resource)>>,
    /// Selectors of objects, by group, kind and namespace of these.
    selectors: BTreeMap<[&'a str; 3], Vec<(&'a Node, &'a Resource)>>,
    /// The places of the objects that serve requests.
    pub(super) places: BTreeMap<Target, usize>,
}

impl<'a> Attached<'a> {
    /// Reads the policies of a render. Linear.
    pub(in crate::diff::weigh) fn of(render: &'a ResMap) -> Self {
        let mut all = Self::default();
        for (place, object) in render.iter().enumerate() {
            if serves(object.kind()) {
                all.places.insert(Target::of(object), place);
            }
            let Some(spec) = policy(object.kind(), object.node()) else { continue };
            let namespace = object.id().effective_namespace();
            for (target, section) in references(spec, namespace) {
                all.by_target.entry(target).or_default().push((section, object));
            }
            for selector in items(present(spec, "targetSelectors")) {
                let kind = text(selector, "kind").unwrap_or_default();
                let Some(group) = group_of(selector, kind) else { continue };
                let place = all.selectors.entry([group, kind, namespace]).or_default();
                place.push((selector, object));
            }
        }
        all
    }

    /// The policies that are attached to an object, with the sections of it. Without the object, those that name it.
    pub(super) fn policies<'s>(
        &'s self,
        target: &'s Target,
        node: Option<&'s Node>,
        work: &'s Work,
    ) -> impl Iterator<Item = (Option<&'s str>, &'a Resource)> {
        let named = self.by_target.get(target).into_iter().flatten();
        let named = named.map(|(section, policy)| (section.as_deref(), *policy));
        let labels = node.and_then(|node| below(node, &["metadata", "labels"]));
        let Target { group, kind, namespace, .. } = target;
        let selecting = self.selectors.get(&[&**group, &**kind, &**namespace]);
        let selecting = selecting.filter(|_| node.is_some()).into_iter().flatten();
        let selecting = selecting.take_while(|_| work.takes(1));
        let selecting = selecting.filter(move |(selector, _)| selects(selector, labels));
        named.chain(selecting.map(|(_, policy)| (None, *policy)))
    }

    /// The policies that are attached to an object: titles by meanings.
    pub(super) fn to(&self, target: &Target, node: &Node, work: &Work) -> BTreeMap<String, String> {
        let all = self.policies(target, Some(node), work);
        let told = |(section, policy): (Option<&str>, &Resource)| {
            let spec = present(policy.node(), "spec")?;
            work.takes(spec.count_below()).then(|| {
                let title = format!("{} {}", policy.kind(), policy.name());
                (meaning(policy.kind(), spec, section), title)
            })
        };
        all.filter_map(told).collect()
    }
}

/// The fields of a policy but for its targets, as text.
pub(super) fn meaning(kind: &str, spec: &Node, section: Option<&str>) -> String {
    format!("{kind} {section:?} {}", without(spec, &TARGETS))
}

/// The object on a side as a target.
pub(super) fn own(sides: &Sides<'_, '_>, side: usize) -> Option<Target> {
    let id = sides.object.ids[side].as_ref()?;
    let namespace = sides.namespace(side).to_owned();
    let (group, kind, name) = (id.group().to_owned(), id.kind.clone(), id.name.clone());
    Some(Target { group, kind, namespace, name })
}

/// The policies that are attached to the object on a side: titles by meanings.
pub(super) fn policies_of(sides: &Sides<'_, '_>, side: usize) -> BTreeMap<String, String> {
    let node = [sides.before, sides.after][side];
    let (Some(target), Some(node)) = (own(sides, side), node) else { return BTreeMap::new() };
    sides.whole.attached(side).to(&target, node, &sides.whole.work)
}
