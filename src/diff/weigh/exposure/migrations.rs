//! Policies of a render without pods that all move to another namespace: that is told once, and not of each policy.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::judgement;
use crate::diff::Pair;
use crate::diff::weigh::{Judgement, Phrase, Sides, Whole};
use crate::harden::Severity;

/// The namespaces of which all policies move together, and of whose pods the render has none: the move is told once.
pub(in crate::diff::weigh) type Migrations = BTreeMap<String, Migration>;

/// Policies that move together.
#[derive(Debug)]
pub(in crate::diff::weigh) struct Migration {
    number: usize,
    is_told: Cell<bool>,
}

/// Reads which policies move together. Linear.
pub(in crate::diff::weigh) fn migrations(whole: &Whole<'_>) -> Migrations {
    let mut all: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    let moved = |pair: &Pair| {
        let before = whole.renders[0].get(pair.before?)?;
        let (group, kind) = (&*before.gvk().group, before.kind());
        let is_meant = restricts_pods(group, kind) || is_of_kubernetes(group, kind);
        let own = before.id().effective_namespace();
        let now = pair.after.and_then(|place| whole.renders[1].get(place));
        is_meant.then(|| (own, now.map_or(own, |now| now.id().effective_namespace())))
    };
    for (old, new) in whole.pairs.iter().filter_map(moved) {
        let (number, places) = all.entry(old).or_default();
        *number += 1;
        places.insert(new);
    }
    let are_together = |old: &str, number: usize, places: &BTreeSet<&str>| {
        number > 1
            && places.len() == 1
            && !places.contains(old)
            && !whole.workloads(0).contains_key(old)
    };
    let all = all.into_iter().filter(|(old, (number, places))| are_together(old, *number, places));
    all.map(|(old, (number, _))| (old.to_owned(), Migration { number, is_told: Cell::default() }))
        .collect()
}

fn is_of_kubernetes(group: &str, kind: &str) -> bool {
    kind == "NetworkPolicy" && matches!(group, "networking.k8s.io" | "extensions")
}

/// The judgement on a policy that leaves its namespace together with all others of it: on the first one, for all. `None` if it
/// leaves alone.
pub(super) fn together(sides: &Sides<'_, '_>) -> Option<Option<Judgement>> {
    let Migration { number, is_told } = sides.whole.migrations().get(sides.namespace(0))?;
    let phrase = || {
        let phrase = Phrase::new("leaves namespace ").name(sides.namespace(0));
        let words = format!(
            ", as all {number} policies that the render has for it: its pods, of other renders, are no longer restricted by them"
        );
        judgement("metadata.namespace", phrase.say(words)).with_severity(Severity::Error)
    };
    Some((!is_told.replace(true)).then(phrase))
}

/// True for the kinds of policies that restrict the pods of their namespace, but for `NetworkPolicy` of Kubernetes, of which
/// all of a namespace are compared together.
pub(super) fn restricts_pods(group: &str, kind: &str) -> bool {
    match group {
        "security.istio.io" => kind.ends_with("Policy") || kind.ends_with("Authentication"),
        "cilium.io" | "crd.projectcalico.org" | "projectcalico.org" => {
            kind.ends_with("NetworkPolicy")
        }
        "policy.linkerd.io" => kind == "Server",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn policies(namespace: &str) -> Vec<String> {
        let of = |version: &str, kind: &str, name: &str, spec: &str| {
            format!(
                "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{{spec}}}}}\n---\n"
            )
        };
        let network = |name: &str, rules: &str| {
            let spec = format!("podSelector: {{matchLabels: {{app: {name}}}}}, {rules}");
            of("networking.k8s.io/v1", "NetworkPolicy", name, &spec)
        };
        let cilium = "endpointSelector: {matchLabels: {app: c}}, ingress: [{fromEndpoints: [{}]}]";
        vec![
            network("a", "ingress: []"),
            network("b", "ingress: [], egress: [], policyTypes: [Ingress, Egress]"),
            of("cilium.io/v2", "CiliumNetworkPolicy", "c", cilium),
            of("security.istio.io/v1", "AuthorizationPolicy", "d", ""),
            of("projectcalico.org/v3", "NetworkPolicy", "e", "selector: all(), types: [Ingress]"),
        ]
    }

    fn pods(namespace: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: {namespace}}}, spec: {{template: {{metadata: {{labels: {{app: a}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}}}}}\n---\n"
        )
    }

    const WORDS: &str = "leaves namespace shop, as all 5 policies that the render has for it: its pods, of other renders, are no longer restricted by them";

    #[test]
    fn policies_that_move_together_are_told_once() {
        let all = |namespace: &str| policies(namespace).concat();
        assert_eq!(
            judged(&all("shop"), &all("open")),
            [format!("007 error NetworkPolicy a: {WORDS}")]
        );
        // The first one that is told, and what they allow where they are.
        let open = all("shop").replacen("ingress: []", "ingress: [{}]", 1);
        let told = judged(&open, &open.replace("namespace: shop", "namespace: open"));
        assert_eq!(told, [format!("007 error NetworkPolicy b: {WORDS}")]);
        // Pods, or another namespace, where each policy restricts others.
        let told = judged(&(all("shop") + &pods("shop")), &(all("open") + &pods("shop")));
        assert_eq!(told.len(), 5, "{told:?}");
        let told = judged(&(all("shop") + &pods("shop")), &(all("open") + &pods("open")));
        assert!(!told.iter().any(|one| one.contains("as all")), "{told:?}");
        let [first, rest @ ..] = &policies("open")[..] else { return };
        let kept = policies("shop")[0].clone() + &rest.concat();
        let told = judged(&all("shop"), &kept);
        assert!(told.len() == 4 && !told.iter().any(|one| one.contains("as all")), "{told:?}");
        let apart = first.replace("open", "other") + &rest.concat();
        let told = judged(&all("shop"), &apart);
        assert!(told.len() == 5 && !told.iter().any(|one| one.contains("as all")), "{told:?}");
        // Their namespace moves with them.
        let space = |name: &str| {
            format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}\n---\n")
        };
        let told = judged(&(space("shop") + &all("shop")), &(space("open") + &all("open")));
        assert!(!told.iter().any(|one| one.contains("leaves namespace")), "{told:?}");
        // A single one is told as before.
        let one = |namespace: &str| policies(namespace)[0].clone();
        let words = "007 error NetworkPolicy a: no longer restricts incoming traffic of the pods in namespace shop";
        assert_eq!(judged(&one("shop"), &one("open")), [words]);
    }
}
