//! Policies for the pods of their namespace that move to another one: they are gone where they were, and new where they are,
//! unless their pods move with them.

use super::migrations::{restricts_pods, together};
use super::policies::stays;
use crate::diff::Object;
use crate::diff::weigh::{Judge, Judgement, Phrase, Sides};

/// The judgements on a policy that leaves pods of its namespace. `None` for other objects.
pub(super) fn departed(sides: &Sides<'_, '_>, judges: &[Judge]) -> Option<Vec<Judgement>> {
    let is_moved = sides.before.is_some()
        && sides.after.is_some()
        && sides.namespace(0) != sides.namespace(1)
        && restricts_pods(sides.group, sides.kind);
    if !is_moved || !stays(sides) {
        return None;
    }
    let [gone, new] = [0, 1].map(|side| {
        let mut found = Vec::new();
        let object = alone(sides.object, side);
        let alone = Sides::of(&object, sides.whole);
        judges.iter().for_each(|judge| judge(&alone, &mut found));
        found
    });
    let told = |judged: Judgement| {
        let phrase = Phrase::new("leaves namespace ").name(sides.namespace(0)).say(": ");
        Judgement { phrase: phrase.and(judged.phrase), ..judged }
    };
    if gone.is_empty() {
        return None;
    }
    let gone: Vec<Judgement> = match together(sides) {
        Some(together) => together.into_iter().collect(),
        None => gone.into_iter().map(told).collect(),
    };
    Some([gone, new].concat())
}

/// An object as it is on one side, as if it was not on the other.
fn alone(object: &Object, side: usize) -> Object {
    let (mut ids, mut nodes) = (object.ids.clone(), object.nodes.clone());
    (ids[1 - side], nodes[1 - side]) = (None, None);
    Object::of(ids, object.stem.clone(), nodes)
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn pods(namespace: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: {namespace}}}, spec: {{template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}}}}}\n---\n"
        )
    }

    fn policy(version: &str, kind: &str, namespace: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: p, namespace: {namespace}}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    const POLICIES: [(&str, &str, &str); 7] = [
        ("security.istio.io/v1", "PeerAuthentication", "mtls: {mode: STRICT}"),
        ("security.istio.io/v1", "AuthorizationPolicy", ""),
        ("security.istio.io/v1", "AuthorizationPolicy", "action: DENY, rules: [{}]"),
        ("security.istio.io/v1", "RequestAuthentication", "jwtRules: [{issuer: a}]"),
        (
            "cilium.io/v2",
            "CiliumNetworkPolicy",
            "endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]",
        ),
        ("projectcalico.org/v3", "NetworkPolicy", "selector: all(), types: [Ingress]"),
        ("policy.linkerd.io/v1beta3", "Server", "podSelector: {matchLabels: {app: web}}, port: 80"),
    ];

    #[test]
    fn policies_leave_the_pods_of_their_namespace() {
        for (version, kind, spec) in POLICIES {
            let of = |namespace: &str| policy(version, kind, namespace, spec);
            let words =
                format!("007 error {kind} p: leaves namespace shop: no longer restricts traffic");
            let told = judged(&(of("shop") + &pods("shop")), &(of("other") + &pods("shop")));
            assert_eq!(told, [&*words], "{spec}");
            // The pods may be in another render.
            let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
            let told = judged(&(of("shop") + map), &(of("other") + map));
            assert_eq!(told, [&*words], "{spec}");
            // They move with it, there is an equal one, or the namespace is gone.
            let both = judged(&(of("shop") + &pods("shop")), &(of("other") + &pods("other")));
            assert_eq!(both, [""; 0], "{spec}");
            let kept = of("shop").replace("name: p", "name: q");
            let told =
                judged(&(of("shop") + &pods("shop")), &(of("other") + &kept + &pods("shop")));
            assert_eq!(told, [""; 0], "{spec}");
            let space = |name: &str| {
                format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}\n---\n")
            };
            let told = judged(&(space("shop") + &of("shop")), &(space("other") + &of("other")));
            assert!(!told.iter().any(|one| one.contains("leaves")), "{told:?}");
        }
    }

    #[test]
    fn the_mesh_demands_as_much_as_a_policy_that_leaves() {
        let of = |namespace: &str, mode: &str| {
            let spec = format!("mtls: {{mode: {mode}}}");
            policy("security.istio.io/v1", "PeerAuthentication", namespace, &spec)
        };
        let mesh = of("istio-system", "STRICT").replace("name: p", "name: mesh");
        let with = |policy: String| mesh.clone() + &policy + &pods("shop");
        assert_eq!(judged(&with(of("shop", "STRICT")), &with(of("other", "STRICT"))), [""; 0]);
        assert_eq!(judged(&with(of("shop", "DISABLE")), &with(of("shop2", "STRICT"))), [""; 0]);
        // An exception where it is new.
        assert_eq!(judged(&with(of("shop", "STRICT")), &with(of("other", "DISABLE"))).len(), 1);
        // The policy of the mesh becomes one of a namespace.
        let of = |namespace: &str| of(namespace, "STRICT") + &pods("shop");
        let words = "007 error PeerAuthentication p: leaves namespace istio-system: no longer restricts traffic";
        assert_eq!(judged(&of("istio-system"), &of("shop")), [words]);
    }
}
