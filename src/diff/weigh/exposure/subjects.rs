//! The pods that policies of Istio, Linkerd, Cilium, Calico and administrators restrict, and what these say of them.

use std::collections::BTreeSet;

use super::attributes::Attributes;
use super::others::{MESH, is_restricting_server, is_tried_out};
use crate::diff::weigh::{Sides, without};
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// A selector of pods, and what the policy says of these.
pub(super) struct Restriction<'a> {
    pub(super) selector: Selector<'a>,
    pub(super) meaning: String,
    /// The specification with the selector.
    pub(super) spec: &'a Node,
}

/// A selector of pods.
pub(super) enum Selector<'a> {
    All,
    Labels(&'a Node),
    /// One of Cilium.
    Endpoints(&'a Node),
    /// Expressions of Calico: for pods, and for their namespaces.
    Expressions([Option<&'a str>; 2]),
    /// Selectors of administrators: of namespaces, and of pods.
    Subject([Option<&'a Node>; 2]),
    /// It asks for what is not known.
    Other,
}

impl Selector<'_> {
    /// True if it selects pods; `None` if that is not known.
    pub(super) fn selects(&self, pods: &Attributes<'_>) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Labels(node) => Some(pods.have(node)),
            Self::Endpoints(node) => pods.are_endpoints(node),
            Self::Expressions([own, spaces]) => both(
                own.map_or(Some(true), |own| pods.satisfy(own)),
                spaces.map_or(Some(true), |spaces| pods.are_in_those_of(spaces)),
            ),
            Self::Subject([spaces, own]) => both(
                spaces.map_or(Some(true), |spaces| pods.are_in(spaces)),
                Some(own.is_none_or(|own| pods.have(own))),
            ),
            Self::Other => None,
        }
    }
}

/// True if both are true; `None` if that is not known.
pub(super) fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// True for policies that may select pods of a namespace.
pub(super) fn may_hold(policy: &Resource, namespace: &str) -> bool {
    is_of_cluster(policy.kind())
        || policy.id().effective_namespace() == namespace
        || policy.id().effective_namespace() == MESH && policy.gvk().group.ends_with("istio.io")
}

/// True for the kinds of policies that hold in all namespaces.
pub(super) fn is_of_cluster(kind: &str) -> bool {
    ["Global", "CiliumClusterwide", "Admin", "BaselineAdmin", "ClusterNetwork"]
        .iter()
        .any(|start| kind.starts_with(start))
}

/// True for policies that restrict pods.
pub(super) fn restricts(object: &Resource) -> bool {
    let node = object.node();
    let spec = present(node, "spec");
    match (&*object.gvk().group, object.kind()) {
        ("security.istio.io", "AuthorizationPolicy") => {
            spec.and_then(|spec| text(spec, "action")) != Some("AUDIT") && !is_tried_out(node)
        }
        // The mode for all ports is compared with those of other policies.
        ("security.istio.io", "PeerAuthentication") => {
            let ports = below(node, &["spec", "portLevelMtls"]).map(Node::entries);
            let mut ports = ports.unwrap_or_default().iter();
            ports.any(|(_, value)| text(value, "mode") == Some("STRICT"))
        }
        // (Documentation of Linkerd: "Authorization Policy".)
        ("policy.linkerd.io", "Server") => is_restricting_server(spec),
        (
            "security.istio.io"
            | "extensions.istio.io"
            | "cilium.io"
            | "crd.projectcalico.org"
            | "projectcalico.org"
            | "policy.networking.k8s.io",
            _,
        ) => true,
        _ => false,
    }
}

/// The meanings of the parts of a policy for pods with some labels; `None` if they are not known.
pub(super) fn kept(policy: &Resource, pods: &Attributes<'_>) -> Option<BTreeSet<String>> {
    let mut kept = BTreeSet::new();
    if restricts(policy) {
        for one in restrictions(policy) {
            if one.selector.selects(pods)? {
                kept.insert(one.meaning);
            }
        }
    }
    Some(kept)
}

/// The selectors of pods in a policy.
pub(super) fn restrictions(policy: &Resource) -> Vec<Restriction<'_>> {
    let (node, kind) = (policy.node(), policy.kind());
    let Some(spec) = present(node, "spec") else { return of_several(node, kind) };
    let meaning = |fields: &[&str]| format!("{kind} {}", without(spec, fields));
    match &*policy.gvk().group {
        "security.istio.io" | "extensions.istio.io" => {
            // A policy for objects, as Gateways, is not for pods.
            if present(spec, "targetRef").is_some() || present(spec, "targetRefs").is_some() {
                return Vec::new();
            }
            let selector = present(spec, "selector").map_or(Selector::All, Selector::Labels);
            let others: &[&str] =
                if kind == "PeerAuthentication" { &["selector", "mtls"] } else { &["selector"] };
            vec![Restriction { selector, meaning: meaning(others), spec }]
        }
        "policy.linkerd.io" => {
            let selector = present(spec, "podSelector").map(Selector::Labels);
            let meaning = meaning(&["podSelector"]);
            selector.map(|selector| Restriction { selector, meaning, spec }).into_iter().collect()
        }
        "cilium.io" => of_several(node, kind),
        "policy.networking.k8s.io" => {
            let of = |path: &[&str]| below(spec, path);
            let pods =
                ["namespaceSelector", "podSelector"].map(|key| of(&["subject", "pods", key]));
            let spaces = of(&["subject", "namespaces"]).or(pods[0]);
            let meaning = meaning(&["subject"]);
            vec![Restriction { selector: Selector::Subject([spaces, pods[1]]), meaning, spec }]
        }
        _ => {
            let of = ["selector", "namespaceSelector"].map(|key| text(spec, key));
            let selector = match present(spec, "serviceAccountSelector") {
                Some(_) => Selector::Other,
                None => Selector::Expressions(of),
            };
            let meaning = meaning(&["selector", "namespaceSelector", "order"]);
            vec![Restriction { selector, meaning, spec }]
        }
    }
}

/// The selectors in the specifications of a policy of Cilium.
fn of_several<'a>(node: &'a Node, kind: &str) -> Vec<Restriction<'a>> {
    let several = items(present(node, "specs")).iter();
    let all = present(node, "spec").into_iter().chain(several);
    let one = |spec: &'a Node| {
        let selector = present(spec, "endpointSelector")?;
        let fields = ["description", "endpointSelector", "labels"];
        let meaning = format!("{kind} {}", without(spec, &fields));
        Some(Restriction { selector: Selector::Endpoints(selector), meaning, spec })
    };
    all.filter_map(one).collect()
}

/// A specification of a policy that is about some pods.
#[derive(Clone, Copy)]
pub(super) struct Ruling<'a> {
    pub(super) policy: &'a Resource,
    pub(super) spec: &'a Node,
}

/// The specifications of the policies of a kind that are about pods on a side, with their meanings.
pub(super) fn rulings<'a>(
    sides: &Sides<'_, 'a>,
    side: usize,
    kind: &str,
    pods: &Attributes<'_>,
) -> Vec<(String, Ruling<'a>)> {
    let mut all = Vec::new();
    let policies = sides.whole.all_of_kind(side, kind);
    for policy in policies.filter(|one| may_hold(one, sides.namespace(side)) && restricts(one)) {
        if !sides.whole.work.takes(policy.node().count_below()) {
            break;
        }
        for Restriction { selector, meaning, spec } in restrictions(policy) {
            if selector.selects(pods) == Some(true) {
                all.push((meaning, Ruling { policy, spec }));
            }
        }
    }
    all
}
