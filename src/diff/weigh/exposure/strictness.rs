//! Policies of Istio and Cilium that take the place of others for some pods, and are at least as strict.

use std::collections::BTreeSet;

use super::alternatives::{Alternative, are_within, of_cilium, of_istio};
use super::subjects::Ruling;
use crate::diff::weigh::work::Work;
use crate::diff::weigh::{canonical, without};
use crate::harden::value::{items, present, text};
use crate::yaml::Node;

/// True if those that hold for pods now are as strict as one that held before together with others, as far as that can be
/// shown.
pub(super) fn is_as_strict(
    lost: Ruling<'_>,
    old: &[Ruling<'_>],
    new: &[Ruling<'_>],
    work: &Work,
) -> bool {
    match (&*lost.policy.gvk().group, lost.policy.kind()) {
        ("security.istio.io", "AuthorizationPolicy") => of_authorization(lost.spec, old, new, work),
        ("security.istio.io", "RequestAuthentication") => of_tokens(old, new),
        ("cilium.io", _) => of_network(lost.spec, old, new, work),
        _ => false,
    }
}

/// The rules under a key of some rulings.
fn alternatives(
    of: &[&Node],
    key: &str,
    read: fn(&[Node]) -> Vec<Alternative>,
) -> Vec<Alternative> {
    of.iter().flat_map(|spec| read(items(present(spec, key)))).collect()
}

fn of_authorization(lost: &Node, old: &[Ruling<'_>], new: &[Ruling<'_>], work: &Work) -> bool {
    let action = |spec: &Node| text(spec, "action").unwrap_or("ALLOW").to_owned();
    let own = action(lost);
    let of = |all: &[Ruling<'_>]| {
        let all = all.iter().map(|one| one.spec).filter(|spec| action(spec) == own);
        let all: Vec<&Node> = all.collect();
        (!all.is_empty(), alternatives(&all, "rules", of_istio))
    };
    let ((_, old), (has_some, new)) = (of(old), of(new));
    match &*own {
        "ALLOW" => has_some && are_within(&new, &old, work),
        "DENY" => has_some && are_within(&alternatives(&[lost], "rules", of_istio), &new, work),
        _ => false,
    }
}

/// True if tokens of no other issuers are accepted, and some are asked for.
fn of_tokens(old: &[Ruling<'_>], new: &[Ruling<'_>]) -> bool {
    let rules = |all: &[Ruling<'_>]| -> BTreeSet<String> {
        all.iter().flat_map(|one| items(present(one.spec, "jwtRules"))).map(canonical).collect()
    };
    let (old, new) = (rules(old), rules(new));
    !new.is_empty() && new.is_subset(&old)
}

/// The directions of Cilium: the fields of rules that allow and refuse traffic.
const DIRECTIONS: [[&str; 2]; 2] = [["ingress", "ingressDeny"], ["egress", "egressDeny"]];

fn of_network(lost: &Node, old: &[Ruling<'_>], new: &[Ruling<'_>], work: &Work) -> bool {
    let fields = DIRECTIONS.as_flattened();
    let known = ["description", "endpointSelector", "labels"];
    let is_plain = |spec: &Node| without(spec, &[fields, &known].concat()).is_empty();
    let specs = |all: &[Ruling<'_>]| all.len();
    if !work.takes(specs(old).saturating_add(specs(new))) {
        return false;
    }
    let [old, new] = [old, new].map(|all| all.iter().map(|one| one.spec).collect::<Vec<_>>());
    let has = |spec: &Node, key: &str| present(spec, key).is_some_and(|rules| !rules.is_empty());
    is_plain(lost)
        && new.iter().all(|spec| is_plain(spec))
        && DIRECTIONS.iter().all(|[allow, deny]| {
            let of = |specs: &[&Node], key| alternatives(specs, key, of_cilium);
            let is_restricted =
                |specs: &[&Node]| specs.iter().any(|spec| has(spec, allow) || has(spec, deny));
            (!is_restricted(&[lost]) || is_restricted(&new))
                && are_within(&of(&new, allow), &of(&old, allow), work)
                && are_within(&of(&[lost], deny), &of(&new, deny), work)
        })
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn pods(zone: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d, namespace: shop}}, spec: {{template: {{metadata: {{labels: {{app: web, zone: {zone}}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}}}}}\n---\n"
        )
    }

    fn policy(kind: &str, name: &str, fields: &str) -> String {
        let (version, selector) = match kind.starts_with("Cilium") {
            true => ("cilium.io/v2", "endpointSelector"),
            false => ("security.istio.io/v1", "selector"),
        };
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, spec: {{{selector}: {{matchLabels: {{zone: {name}}}}}, {fields}}}}}\n---\n"
        )
    }

    #[test]
    fn pods_leave_a_policy_for_a_stricter_one() {
        let from =
            |names: &str| format!("rules: [{{from: [{{source: {{namespaces: [{names}]}}}}]}}]");
        let deny = |names: &str| format!("action: DENY, {}", from(names));
        let tokens = |names: &[&str]| {
            let all: Vec<String> = names.iter().map(|name| format!("{{issuer: {name}}}")).collect();
            format!("jwtRules: [{}]", all.join(", "))
        };
        let peers = |key: &str, names: &[&str]| {
            let all: Vec<String> =
                names.iter().map(|name| format!("{{matchLabels: {{app: {name}}}}}")).collect();
            format!("{key}: [{{fromEndpoints: [{}]}}]", all.join(", "))
        };
        let (allow, refuse) = ("ingress", "ingressDeny");
        for (kind, lax, strict) in [
            ("AuthorizationPolicy", from("x, y"), from("x")),
            ("AuthorizationPolicy", from("x"), String::new()),
            ("AuthorizationPolicy", deny("x"), deny("x, y")),
            ("RequestAuthentication", tokens(&["i", "j"]), tokens(&["i"])),
            ("CiliumNetworkPolicy", peers(allow, &["x", "y"]), peers(allow, &["x"])),
            ("CiliumNetworkPolicy", peers(refuse, &["x"]), peers(refuse, &["x", "y"])),
        ] {
            let both = policy(kind, "lax", &lax) + &policy(kind, "strict", &strict);
            let with = |zone: &str| both.clone() + &pods(zone);
            assert_eq!(judged(&with("lax"), &with("strict")), [""; 0], "{both}");
            let words = format!(
                "007 error Deployment d: its pods are no longer restricted by {kind} shop/strict"
            );
            let told = judged(&with("strict"), &with("lax"));
            assert!(told.contains(&words), "{both} {told:?}");
            assert_eq!(judged(&with("lax"), &with("none")).len(), 1, "{both}");
        }
        // Another action, a field that is not known, and another direction.
        let more = format!("enableDefaultDeny: {{ingress: false}}, {}", peers(allow, &["x"]));
        for (kind, lax, other) in [
            ("AuthorizationPolicy", from("x"), deny("y")),
            ("AuthorizationPolicy", deny("x"), from("y")),
            ("CiliumNetworkPolicy", peers(allow, &["x"]), more),
            ("CiliumNetworkPolicy", peers(allow, &["x"]), "egress: [{toPorts: []}]".to_owned()),
        ] {
            let both = policy(kind, "lax", &lax) + &policy(kind, "other", &other);
            let with = |zone: &str| both.clone() + &pods(zone);
            let told = judged(&with("lax"), &with("other"));
            assert!(told.iter().any(|one| one.contains("no longer restricted")), "{told:?}");
        }
    }
}
