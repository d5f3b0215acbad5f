//! Labels of pods by which policies other than `NetworkPolicy` select them: those of Istio, Cilium, Calico and
//! administrators. The policies stay as they are, and no longer restrict the pods.

use std::collections::{BTreeMap, BTreeSet};

use super::others::{MESH, is_tried_out};
use super::policies::labels_of;
use crate::diff::Identity;
use crate::diff::weigh::expressions::satisfies;
use crate::diff::weigh::namespaces::{Effect, Labels, may_select};
use crate::diff::weigh::{Judgement, Phrase, Sides, without};
use crate::harden::selector::selects_by;
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// A selector of pods, and what the policy says of these.
struct Restriction<'a> {
    selector: Selector<'a>,
    meaning: String,
}

/// A selector of pods.
enum Selector<'a> {
    All,
    Labels(&'a Node),
    /// An expression of Calico.
    Expression(&'a str),
    /// It names labels that are set for pods by their namespaces and accounts.
    Other,
}

impl Selector<'_> {
    /// True if labels of pods satisfy it; `None` if that is not known.
    fn selects(&self, labels: &BTreeMap<&str, &str>) -> Option<bool> {
        let value = |key: &str| labels.get(key).copied();
        match self {
            Self::All => Some(true),
            Self::Labels(node) => {
                // Cilium names the source of a label before its key.
                let bare = |key: &str| value(without_source(key));
                Some(selects_by(node, bare))
            }
            Self::Expression(text) => satisfies(text, &value),
            Self::Other => None,
        }
    }
}

fn without_source(key: &str) -> &str {
    ["k8s:", "k8s.", "any:", "any."]
        .iter()
        .find_map(|source| key.strip_prefix(*source))
        .unwrap_or(key)
}

/// Judges a workload of which the pods have other labels than before.
pub(in crate::diff::weigh) fn released(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let namespace = sides.namespace(1);
    if !sides.touches(&["labels"]) || sides.namespace(0) != namespace {
        return;
    }
    let nodes = [labels_of(sides, 0, before), labels_of(sides, 1, after)];
    let (all, labels) =
        (Labels::of(nodes), nodes.map(|node| crate::harden::selector::labels(node).collect()));
    let keys = all.keys();
    if keys.is_empty() {
        return;
    }
    let (mut lost, mut unknown) = (BTreeMap::<String, String>::new(), BTreeSet::new());
    let mut is_over = false;
    let is_meant = |one: &Resource| {
        is_of_cluster(one.kind())
            || one.id().effective_namespace() == namespace
            || one.id().effective_namespace() == MESH && one.gvk().group.ends_with("istio.io")
    };
    for [was, is] in sides.whole.asking(&keys, may_select) {
        let size = was.node().count_below().saturating_add(is.node().count_below());
        if !is_meant(is) || !restricts(is) {
            continue;
        }
        if !sides.whole.work.takes(size) {
            is_over = true;
            break;
        }
        let kept = kept(is, &labels[1]);
        for one in restrictions(was) {
            let name = || Identity::of(is).to_string();
            match one.selector.selects(&labels[0]) {
                Some(false) => {}
                Some(true) => match &kept {
                    Some(kept) if kept.contains(&one.meaning) => {}
                    Some(_) => drop(lost.insert(one.meaning, name())),
                    None => drop(unknown.insert(name())),
                },
                None if names(is.node(), &keys) => drop(unknown.insert(name())),
                None => {}
            }
        }
    }
    // Another policy may say the same of the pods.
    for kind in lost
        .values()
        .map(|name| name.split(' ').next().unwrap_or_default().to_owned())
        .collect::<BTreeSet<_>>()
    {
        for other in sides.whole.all_of_kind(1, &kind).filter(|one| is_meant(one)) {
            if !sides.whole.work.takes(other.node().count_below()) {
                break;
            }
            let kept = kept(other, &labels[1]).unwrap_or_default();
            lost.retain(|meaning, _| !kept.contains(meaning));
        }
    }
    let path = || "spec.template.metadata.labels".to_owned();
    let lost: BTreeSet<String> = lost.into_values().collect();
    if !lost.is_empty() {
        found.push(Effect::Unrestricted.judged(&lost).at(path()));
    }
    if !unknown.is_empty() {
        found.push(Effect::Named.judged(&unknown).at(path()));
    }
    if is_over {
        let words = "is not judged: the policies that may select its pods are too many";
        found.push(super::judgement("spec", Phrase::new(words)));
    }
}

/// True for the kinds of policies that hold in all namespaces.
fn is_of_cluster(kind: &str) -> bool {
    ["Global", "CiliumClusterwide", "Admin", "BaselineAdmin", "ClusterNetwork"]
        .iter()
        .any(|start| kind.starts_with(start))
}

/// True for policies that restrict pods.
fn restricts(object: &Resource) -> bool {
    let node = object.node();
    let spec = present(node, "spec");
    match (&*object.gvk().group, object.kind()) {
        ("security.istio.io", "AuthorizationPolicy") => {
            spec.and_then(|spec| text(spec, "action")) != Some("AUDIT") && !is_tried_out(node)
        }
        // Only a strict one restricts.
        ("security.istio.io", "PeerAuthentication") => {
            let of = |path: &[&str]| below(node, path);
            let modes = of(&["spec", "portLevelMtls"]).map(Node::entries).unwrap_or_default();
            let modes = modes.iter().map(|(_, value)| value).chain(of(&["spec", "mtls"]));
            modes.into_iter().any(|one| text(one, "mode") == Some("STRICT"))
        }
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
fn kept(policy: &Resource, labels: &BTreeMap<&str, &str>) -> Option<BTreeSet<String>> {
    let mut kept = BTreeSet::new();
    if restricts(policy) {
        for one in restrictions(policy) {
            if one.selector.selects(labels)? {
                kept.insert(one.meaning);
            }
        }
    }
    Some(kept)
}

/// The selectors of pods in a policy.
fn restrictions(policy: &Resource) -> Vec<Restriction<'_>> {
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
            let strict = (kind == "PeerAuthentication").then(|| strictness(spec));
            let meaning = strict.unwrap_or_else(|| meaning(&["selector"]));
            vec![Restriction { selector, meaning }]
        }
        "cilium.io" => of_several(node, kind),
        "policy.networking.k8s.io" => {
            let pods = below(spec, &["subject", "pods", "podSelector"]);
            let selector = pods.map(Selector::Labels);
            let meaning = meaning(&["subject"]);
            selector.map(|selector| Restriction { selector, meaning }).into_iter().collect()
        }
        _ => {
            let selector = text(spec, "selector").map_or(Selector::All, Selector::Expression);
            vec![Restriction { selector, meaning: meaning(&["selector", "order"]) }]
        }
    }
}

/// The demands of a `PeerAuthentication` as text: for all ports of its pods, or at some.
fn strictness(spec: &Node) -> String {
    match below(spec, &["mtls"]).and_then(|mtls| text(mtls, "mode")) {
        Some("STRICT") => "PeerAuthentication STRICT".to_owned(),
        _ => format!("PeerAuthentication {}", without(spec, &["selector"])),
    }
}

/// The selectors in the specifications of a policy of Cilium.
fn of_several<'a>(node: &'a Node, kind: &str) -> Vec<Restriction<'a>> {
    let several = items(present(node, "specs")).iter();
    let all = present(node, "spec").into_iter().chain(several);
    let one = |spec: &'a Node| {
        let selector = present(spec, "endpointSelector")?;
        let is_set = |key: &&str| {
            let key = without_source(key);
            key.starts_with("io.kubernetes.")
                || key.starts_with("io.cilium.")
                || key.starts_with("reserved")
        };
        let labels = present(selector, "matchLabels").map(Node::entries).unwrap_or_default().iter();
        let expressions = items(present(selector, "matchExpressions")).iter();
        let mut keys =
            labels.map(|(key, _)| key.text()).chain(expressions.filter_map(|one| text(one, "key")));
        let selector =
            if keys.any(|key| is_set(&key)) { Selector::Other } else { Selector::Labels(selector) };
        let fields = ["description", "endpointSelector", "labels"];
        Some(Restriction { selector, meaning: format!("{kind} {}", without(spec, &fields)) })
    };
    all.filter_map(one).collect()
}

/// True if a text in a policy names one of the keys.
fn names(node: &Node, keys: &BTreeSet<&str>) -> bool {
    crate::diff::weigh::namespaces::names(node, keys)
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn pods(labels: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d, namespace: shop}}, spec: {{template: {{metadata: {{labels: {{app: web, {labels}}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}}}}}\n---\n"
        )
    }

    fn policy(version: &str, kind: &str, name: &str, spec: &str) -> String {
        let is_of_cluster =
            kind.starts_with("Global") || kind.contains("Admin") || kind.contains("Clusterwide");
        let namespace = if is_of_cluster { "" } else { ", namespace: shop" };
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}{namespace}}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    const LABELS: &str = "matchLabels: {zone: a}";

    /// Policies for pods with the label `zone: a`: version, kind, specification.
    fn policies() -> Vec<(&'static str, &'static str, String)> {
        let istio = "security.istio.io/v1";
        let selector = format!("selector: {{{LABELS}}}");
        let admin = "policy.networking.k8s.io/v1alpha1";
        let subject =
            format!("subject: {{pods: {{namespaceSelector: {{}}, podSelector: {{{LABELS}}}}}}}");
        let deny = "ingress: [{action: Deny, from: [{namespaces: {}}]}]";
        let endpoints = |key: &str| {
            format!(
                "endpointSelector: {{matchLabels: {{{key}: a}}}}, ingressDeny: [{{fromEntities: [world]}}]"
            )
        };
        vec![
            (istio, "AuthorizationPolicy", format!("{selector}, action: DENY, rules: [{{}}]")),
            (
                istio,
                "AuthorizationPolicy",
                format!("{selector}, rules: [{{from: [{{source: {{namespaces: [x]}}}}]}}]"),
            ),
            (istio, "PeerAuthentication", format!("{selector}, mtls: {{mode: STRICT}}")),
            (istio, "RequestAuthentication", format!("{selector}, jwtRules: [{{issuer: i}}]")),
            ("extensions.istio.io/v1alpha1", "WasmPlugin", format!("{selector}, url: 'oci://x'")),
            ("cilium.io/v2", "CiliumNetworkPolicy", endpoints("zone")),
            ("cilium.io/v2", "CiliumNetworkPolicy", endpoints("'k8s:zone'")),
            ("cilium.io/v2", "CiliumClusterwideNetworkPolicy", endpoints("zone")),
            (
                "projectcalico.org/v3",
                "NetworkPolicy",
                "selector: \"zone == 'a'\", types: [Ingress]".to_owned(),
            ),
            (
                "crd.projectcalico.org/v1",
                "GlobalNetworkPolicy",
                "selector: \"has(app) && zone in {'a', 'c'}\", types: [Ingress]".to_owned(),
            ),
            (admin, "AdminNetworkPolicy", format!("priority: 1, {subject}, {deny}")),
            (admin, "BaselineAdminNetworkPolicy", format!("{subject}, {deny}")),
        ]
    }

    #[test]
    fn pods_leave_the_policies_that_select_them() {
        for (version, kind, spec) in policies() {
            let one = policy(version, kind, "p", &spec);
            let with = |labels: &str| one.clone() + &pods(labels);
            let name = if kind.contains("Admin")
                || kind.contains("Global")
                || kind.contains("Clusterwide")
            {
                "p"
            } else {
                "shop/p"
            };
            let words = format!(
                "007 error Deployment d: its pods are no longer restricted by {kind} {name}"
            );
            for left in ["zone: b", ""] {
                assert_eq!(judged(&with("zone: a"), &with(left)), [&*words], "{spec}");
                assert_eq!(judged(&with(left), &with("zone: a")), [""; 0], "{spec}");
            }
            assert_eq!(judged(&with("zone: a"), &with("zone: a, more: x")), [""; 0], "{spec}");
            // The same for other labels, of a policy that is there or comes.
            let other = one
                .replace("name: p", "name: q")
                .replace("zone: a", "zone: b")
                .replace("zone': a", "zone': b")
                .replace("'a'", "'b'");
            let after = one.clone() + &other + &pods("zone: b");
            assert_eq!(
                judged(&(one.clone() + &other + &pods("zone: a")), &after),
                [""; 0],
                "{spec}"
            );
            let told = judged(&with("zone: a"), &after);
            assert!(!told.iter().any(|one| one.contains("no longer restricted")), "{told:?}");
            // The policy is for another namespace.
            if name != "p" {
                let elsewhere =
                    |labels: &str| one.replace("namespace: shop", "namespace: x") + &pods(labels);
                assert_eq!(judged(&elsewhere("zone: a"), &elsewhere("zone: b")), [""; 0], "{spec}");
            }
        }
    }

    #[test]
    fn what_restricts_no_pods_is_not_missed() {
        let istio = "security.istio.io/v1";
        let selector = format!("selector: {{{LABELS}}}");
        for (kind, spec, more) in [
            (
                "PeerAuthentication",
                format!("{selector}, mtls: {{mode: PERMISSIVE}}"),
                String::new(),
            ),
            (
                "AuthorizationPolicy",
                format!("{selector}, action: AUDIT, rules: [{{}}]"),
                String::new(),
            ),
            // Its namespace, or the mesh, demands the same.
            (
                "PeerAuthentication",
                format!("{selector}, mtls: {{mode: STRICT}}"),
                policy(istio, "PeerAuthentication", "q", "mtls: {mode: STRICT}"),
            ),
            (
                "PeerAuthentication",
                format!("{selector}, mtls: {{mode: STRICT}}"),
                policy(istio, "PeerAuthentication", "q", "mtls: {mode: STRICT}")
                    .replace("shop", "istio-system"),
            ),
        ] {
            let with = |labels: &str| policy(istio, kind, "p", &spec) + &more + &pods(labels);
            assert_eq!(judged(&with("zone: a"), &with("zone: b")), [""; 0], "{spec}");
        }
    }

    #[test]
    fn selectors_that_are_not_read_are_told() {
        for (version, kind, spec) in [
            (
                "cilium.io/v2",
                "CiliumNetworkPolicy",
                "endpointSelector: {matchLabels: {zone: a, 'k8s:io.kubernetes.pod.namespace': shop}}, ingress: [{}]",
            ),
            (
                "projectcalico.org/v3",
                "NetworkPolicy",
                "selector: \"zone == 'a' && projectcalico.org/orchestrator == 'k8s'\"",
            ),
        ] {
            let with = |labels: &str| policy(version, kind, "p", spec) + &pods(labels);
            let words = format!(
                "007 warning Deployment d: has another label that a policy names, which is not compared: {kind} shop/p"
            );
            assert_eq!(judged(&with("zone: a"), &with("zone: b")), [words]);
            assert_eq!(judged(&with("zone: a"), &with("zone: a, more: x")), [""; 0]);
        }
    }
}
