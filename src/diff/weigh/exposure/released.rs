//! Labels of pods by which policies other than `NetworkPolicy` select them: those of Istio, Cilium, Calico and
//! administrators. The policies stay as they are, and no longer restrict the pods.

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::Attributes;
use super::mutual;
use super::policies::labels_of;
use super::strictness::is_as_strict;
use super::subjects::{Restriction, Ruling, kept, may_hold, restrictions, restricts, rulings};
use crate::diff::Identity;
use crate::diff::weigh::namespaces::{Effect, Labels, may_select};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::resource::Resource;
use crate::yaml::Node;

/// Judges a workload of which the pods have other labels than before, or are in another namespace.
pub(in crate::diff::weigh) fn released(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let is_moved = sides.namespace(0) != sides.namespace(1);
    if !is_moved && !sides.touches(&["labels"]) {
        return;
    }
    let nodes = [labels_of(sides, 0, before), labels_of(sides, 1, after)];
    let all = Labels::of(nodes);
    if !is_moved && all.keys().is_empty() {
        return;
    }
    let pods = [0, 1].map(|side| Attributes::of(sides, side, nodes[side]));
    let mut lost = match is_moved {
        true => of_namespace(sides, &pods),
        false => of_labels(sides, &all.keys(), &pods),
    };
    lost.drop_kept(sides, &pods);
    let mut names: BTreeSet<String> = lost.by_meaning.into_values().map(|one| one.name).collect();
    names.extend(mutual::left(sides, nodes));
    let path = if is_moved { "metadata.namespace" } else { "spec.template.metadata.labels" };
    if !names.is_empty() {
        let judged = match is_moved {
            true => {
                let phrase = Phrase::new("moves to namespace ").name(sides.namespace(1));
                let phrase = phrase.say(", where its pods are not restricted by ");
                super::judgement("", phrase.few(names.iter().map(String::as_str)))
                    .with_severity(Severity::Error)
            }
            false => Effect::Unrestricted.judged(&names),
        };
        found.push(judged.at(path.to_owned()));
    }
    if !lost.unknown.is_empty() {
        let judged = match is_moved {
            true => {
                let phrase = Phrase::new("moves to namespace ").name(sides.namespace(1));
                let phrase = phrase.say(", where it is not known if its pods are restricted by ");
                super::judgement("", phrase.few(lost.unknown.iter().map(String::as_str)))
            }
            false => Effect::Named.judged(&lost.unknown),
        };
        found.push(judged.at(path.to_owned()));
    }
    if lost.is_over {
        let words = "is not judged: the policies that may select its pods are too many";
        found.push(super::judgement("spec", Phrase::new(words)));
    }
}

/// A part of a policy that no longer restricts some pods.
struct Loss<'a> {
    /// The name of the policy.
    name: String,
    ruling: Ruling<'a>,
}

impl<'a> Loss<'a> {
    fn of(policy: &'a Resource, spec: &'a Node) -> Self {
        Self { name: Identity::of(policy).to_string(), ruling: Ruling { policy, spec } }
    }
}

/// Policies that no longer restrict the pods of a workload.
#[derive(Default)]
struct Lost<'a> {
    /// Those that are known, by what they say of the pods.
    by_meaning: BTreeMap<String, Loss<'a>>,
    /// The names of those of which that is not known.
    unknown: BTreeSet<String>,
    /// True if there are too many.
    is_over: bool,
}

impl Lost<'_> {
    /// Drops what other policies say of the pods after the change, or what is as strict.
    fn drop_kept(&mut self, sides: &Sides<'_, '_>, pods: &[Attributes<'_>; 2]) {
        let kinds = self.by_meaning.values().map(|one| one.ruling.policy.kind().to_owned());
        for kind in kinds.collect::<BTreeSet<_>>() {
            let [old, new] = [0, 1].map(|side| rulings(sides, side, &kind, &pods[side]));
            let kept: BTreeSet<&str> = new.iter().map(|(meaning, _)| &**meaning).collect();
            self.by_meaning.retain(|meaning, one| {
                one.ruling.policy.kind() != kind || !kept.contains(&**meaning)
            });
            let [old, new] =
                [&old, &new].map(|all| all.iter().map(|(_, one)| *one).collect::<Vec<_>>());
            self.by_meaning.retain(|_, one| {
                let is_meant = one.ruling.policy.kind() == kind;
                !is_meant || !is_as_strict(one.ruling, &old, &new, &sides.whole.work)
            });
        }
    }
}

/// The policies on both sides that selected the pods by labels which differ, and do not any more.
fn of_labels<'a>(
    sides: &Sides<'_, 'a>,
    keys: &BTreeSet<&str>,
    pods: &[Attributes<'_>; 2],
) -> Lost<'a> {
    let mut lost = Lost::default();
    for [was, is] in sides.whole.asking(keys, may_select) {
        let size = was.node().count_below().saturating_add(is.node().count_below());
        if !may_hold(is, sides.namespace(1)) || !restricts(is) {
            continue;
        }
        if !sides.whole.work.takes(size) {
            lost.is_over = true;
            break;
        }
        let kept = kept(is, &pods[1]);
        for one in restrictions(was) {
            let name = || Identity::of(is).to_string();
            match one.selector.selects(&pods[0]) {
                Some(false) => {}
                Some(true) => match &kept {
                    Some(kept) if kept.contains(&one.meaning) => {}
                    Some(_) => {
                        let loss = Loss { name: name(), ..Loss::of(was, one.spec) };
                        lost.by_meaning.insert(one.meaning, loss);
                    }
                    None => drop(lost.unknown.insert(name())),
                },
                None if names(is.node(), keys) => drop(lost.unknown.insert(name())),
                None => {}
            }
        }
    }
    lost
}

/// The kinds of policies of a namespace that restrict its pods.
const NAMESPACED: [&str; 6] = [
    "AuthorizationPolicy",
    "CiliumNetworkPolicy",
    "NetworkPolicy",
    "RequestAuthentication",
    "Server",
    "WasmPlugin",
];

/// The policies of the former namespace that selected the pods, but for those that have moved with them: these are told, if
/// they differ.
fn of_namespace<'a>(sides: &Sides<'_, 'a>, pods: &[Attributes<'_>; 2]) -> Lost<'a> {
    let (whole, mut lost) = (sides.whole, Lost::default());
    // One that was there before under the same name is another one.
    let has_moved = |place: usize| {
        let now = whole.all_successors().get(&place).and_then(|now| whole.renders[1].get(*now));
        now.is_some_and(|is| {
            is.id().effective_namespace() == sides.namespace(1)
                && kept(is, &pods[1]).is_none_or(|all| !all.is_empty())
        })
    };
    let places = |kind: &&str| {
        let key = ((*kind).to_owned(), sides.namespace(0).to_owned());
        whole.kinds(0).get(&key).into_iter().flatten().copied()
    };
    let all = NAMESPACED.iter().flat_map(places).take_while(|_| whole.searches());
    let all = all.filter_map(|place| Some((place, whole.renders[0].get(place)?)));
    for (place, was) in all.filter(|(_, was)| restricts(was)) {
        if !whole.work.takes(was.node().count_below()) {
            lost.is_over = true;
            break;
        }
        let mut restrictions = restrictions(was);
        restrictions.retain(|one| one.selector.selects(&pods[0]) == Some(true));
        if !restrictions.is_empty() && !has_moved(place) {
            let loss = |one: Restriction<'a>| (one.meaning, Loss::of(was, one.spec));
            lost.by_meaning.extend(restrictions.into_iter().map(loss));
        }
    }
    of_cluster(sides, pods, &mut lost);
    lost
}

/// The kinds of policies that hold in all namespaces, and select pods by these, too.
const OF_CLUSTER: [&str; 5] = [
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "ClusterNetworkPolicy",
    "GlobalNetworkPolicy",
];

/// Adds the policies of the cluster that selected pods by their former namespace. One that differs itself is told.
fn of_cluster<'a>(sides: &Sides<'_, 'a>, pods: &[Attributes<'_>; 2], lost: &mut Lost<'a>) {
    let whole = sides.whole;
    let places = OF_CLUSTER.iter().flat_map(|kind| {
        let first = ((*kind).to_owned(), String::new());
        let of_kind = whole.kinds(0).range(first..).take_while(move |((of, _), _)| of == kind);
        of_kind.flat_map(|(_, places)| places)
    });
    for place in places.take_while(|_| whole.searches()) {
        let now = whole.all_successors().get(place).and_then(|now| whole.renders[1].get(*now));
        let (Some(was), Some(is)) = (whole.renders[0].get(*place), now) else { continue };
        let size = was.node().count_below().saturating_add(is.node().count_below());
        if !restricts(was) || !restricts(is) {
            continue;
        }
        if !whole.work.takes(size) {
            lost.is_over = true;
            break;
        }
        for one in restrictions(is) {
            if one.selector.selects(&pods[0]) != Some(true) || kept(was, &pods[0]).is_none() {
                continue;
            }
            match one.selector.selects(&pods[1]) {
                Some(true) => {}
                Some(false) => drop(lost.by_meaning.insert(one.meaning, Loss::of(is, one.spec))),
                None => drop(lost.unknown.insert(Identity::of(is).to_string())),
            }
        }
    }
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
    fn pods_move_away_from_the_policies_of_their_namespace() {
        let istio = "security.istio.io/v1";
        let selector = "selector: {matchLabels: {app: web}}";
        let rules = "rules: [{from: [{source: {namespaces: [x]}}]}]";
        for (version, kind, spec) in [
            (istio, "AuthorizationPolicy", rules.to_owned()),
            (istio, "AuthorizationPolicy", format!("{selector}, {rules}")),
            (istio, "RequestAuthentication", "jwtRules: [{issuer: i}]".to_owned()),
            (istio, "PeerAuthentication", "mtls: {mode: STRICT}".to_owned()),
            (istio, "PeerAuthentication", format!("{selector}, mtls: {{mode: STRICT}}")),
            (
                "policy.linkerd.io/v1beta3",
                "Server",
                "podSelector: {matchLabels: {app: web}}, port: 80".to_owned(),
            ),
            (
                "cilium.io/v2",
                "CiliumNetworkPolicy",
                "endpointSelector: {matchLabels: {app: web}}, ingress: [{}]".to_owned(),
            ),
            ("projectcalico.org/v3", "NetworkPolicy", "selector: \"app == 'web'\"".to_owned()),
        ] {
            let one = policy(version, kind, "p", &spec);
            let web = pods("zone: a");
            let moved = web.replace("namespace: shop", "namespace: open");
            let beside = |of: &str| pods("zone: a").replace("name: d", "name: e") + of;
            let words = format!(
                "007 error Deployment d: moves to namespace open, where its pods are not restricted by {kind} shop/p"
            );
            let told = judged(&(one.clone() + &beside(&web)), &(one.clone() + &beside(&moved)));
            assert_eq!(told, [&*words], "{spec}");
            let back = judged(&(one.clone() + &beside(&moved)), &(one.clone() + &beside(&web)));
            assert_eq!(back, [""; 0], "{spec}");
            // The policy is removed with them.
            let told = judged(&(one.clone() + &web), &moved);
            assert!(told.contains(&words), "{spec} {told:?}");
            // It moves with them, or the other namespace has an equal one.
            let there = one.replace("namespace: shop", "namespace: open");
            assert_eq!(judged(&(one.clone() + &web), &(there.clone() + &moved)), [""; 0], "{spec}");
            let both = format!("{one}{}", there.replace("name: p", "name: q"));
            let told = judged(&(both.clone() + &web), &(both.clone() + &moved));
            assert_eq!(told, [""; 0], "{spec}");
        }
        // The mesh demands the same in all namespaces, but the new one makes an exception.
        let of = |namespace: &str, mode: &str| {
            policy(istio, "PeerAuthentication", "p", &format!("mtls: {{mode: {mode}}}"))
                .replace("namespace: shop", &format!("namespace: {namespace}"))
        };
        let mesh = of("istio-system", "STRICT");
        let moved = pods("a: b").replace("namespace: shop", "namespace: open");
        assert_eq!(judged(&format!("{mesh}{}", pods("a: b")), &format!("{mesh}{moved}")), [""; 0]);
        let lax = mesh + &of("open", "PERMISSIVE");
        assert_eq!(
            judged(&format!("{lax}{}", pods("a: b")), &format!("{lax}{moved}")),
            [
                "007 error Deployment d: moves to namespace open, where its pods are not restricted by PeerAuthentication istio-system/p"
            ]
        );
    }

    /// The other namespace has a laxer policy of the same name, which stays as it is.
    #[test]
    fn pods_move_to_laxer_policies_of_the_same_name() {
        let istio = "security.istio.io/v1";
        let strict = "mtls: {mode: STRICT}";
        for (kind, old, lax) in [
            ("AuthorizationPolicy", "", "rules: [{}]"),
            ("RequestAuthentication", "jwtRules: [{issuer: a}]", "jwtRules: [{issuer: b}]"),
            ("PeerAuthentication", strict, "mtls: {mode: PERMISSIVE}"),
            (
                "PeerAuthentication",
                "mtls: {mode: STRICT}, portLevelMtls: {'80': {mode: STRICT}}",
                "mtls: {mode: STRICT}, portLevelMtls: {'80': {mode: DISABLE}}",
            ),
            (
                "PeerAuthentication",
                strict,
                "mtls: {mode: STRICT}, portLevelMtls: {'80': {mode: DISABLE}}",
            ),
            (
                "PeerAuthentication",
                "mtls: {mode: PERMISSIVE}, portLevelMtls: {'80': {mode: STRICT}}",
                "mtls: {mode: PERMISSIVE}",
            ),
        ] {
            let of = |namespace: &str, spec: &str| {
                policy(istio, kind, "p", spec)
                    .replace("namespace: shop", &format!("namespace: {namespace}"))
            };
            let web = |namespace: &str| {
                pods("zone: a").replace("namespace: shop", &format!("namespace: {namespace}"))
            };
            let words = format!(
                "007 error Deployment d: moves to namespace open, where its pods are not restricted by {kind} shop/p"
            );
            let both = of("shop", old) + &of("open", lax);
            let told = judged(&(both.clone() + &web("shop")), &(both.clone() + &web("open")));
            assert_eq!(told, [words], "{old}");
            // One that is as strict.
            let both = of("shop", old) + &of("open", old);
            let told = judged(&(both.clone() + &web("shop")), &(both.clone() + &web("open")));
            assert_eq!(told, [""; 0], "{old}");
        }
        let of = |namespace: &str, ingress: &str| {
            let spec = format!("podSelector: {{}}, policyTypes: [Ingress]{ingress}");
            policy("networking.k8s.io/v1", "NetworkPolicy", "p", &spec)
                .replace("namespace: shop", &format!("namespace: {namespace}"))
        };
        let moved = pods("zone: a").replace("namespace: shop", "namespace: open");
        let both = of("shop", "") + &of("open", ", ingress: [{}]");
        assert_eq!(
            judged(&(both.clone() + &pods("zone: a")), &(both.clone() + &moved)),
            [
                "007 error Deployment d: is now selected by NetworkPolicy p, which allows all incoming traffic"
            ]
        );
        let both = of("shop", "") + &of("open", "");
        let told = judged(&(both.clone() + &pods("zone: a")), &(both.clone() + &moved));
        assert_eq!(told, [""; 0]);
    }

    #[test]
    fn selectors_that_are_not_read_are_told() {
        for (version, kind, spec) in [
            (
                "cilium.io/v2",
                "CiliumNetworkPolicy",
                "endpointSelector: {matchLabels: {zone: a, 'k8s:io.cilium.k8s.policy.cluster': eu}}, ingress: [{}]",
            ),
            (
                "projectcalico.org/v3",
                "NetworkPolicy",
                "selector: \"zone == 'a' && projectcalico.org/serviceaccount == 'web'\"",
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
