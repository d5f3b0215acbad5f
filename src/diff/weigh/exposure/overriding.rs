//! Policies that take the place of those of parents: in Envoy Gateway and Kuadrant, the policy of a route holds in place of
//! that of its Gateway, and not beside it, unless they are merged.

use std::collections::{BTreeMap, BTreeSet};

use super::attached::{Reference, TARGETS, TUNING, Target, references};
use super::judgement;
use super::others::NOT_COMPARED;
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::selector::selects;
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The comparison of a policy with one in the place of which it holds: the title and the place of that one, fields that are missing, fields that differ.
type Replaced = (String, Vec<String>, Vec<String>);

/// Judges a policy that is attached to a route, a rule or a listener anew, and holds there in place of a stricter one.
pub(in crate::diff::weigh) fn overriding(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if !has_levels(sides.group, sides.kind) {
        return;
    }
    let Some(after) = sides.after.and_then(|after| present(after, "spec")) else { return };
    if is_merged(after) {
        return;
    }
    let before = sides.before.and_then(|before| present(before, "spec"));
    let known: BTreeSet<Reference> = match before.filter(|before| !is_merged(before)) {
        Some(before) => targets(sides, 0, before).into_iter().collect(),
        None => BTreeSet::new(),
    };
    let mut replaced = BTreeMap::<Replaced, BTreeSet<String>>::new();
    for (target, section) in targets(sides, 1, after) {
        let former = former(sides, &target);
        if known.contains(&(former.clone(), section.clone())) {
            continue;
        }
        let object = node(sides, 0, &former).or_else(|| node(sides, 1, &target));
        for one in parents((sides, 0), &former, object, section.as_deref()) {
            let told = compared(&one, after);
            if !(told.1.is_empty() && told.2.is_empty()) {
                replaced.entry(told).or_default().insert(target.title(section.as_ref()));
            }
        }
    }
    for ((title, lost, others), names) in replaced {
        let phrase = Phrase::new("holds for ").few(names.iter().map(String::as_str));
        let phrase = phrase.say(" in place of ").name(&title);
        let phrase = match lost.is_empty() {
            false => phrase.say(", and has no ").few(lost.iter().map(String::as_str)),
            true => {
                let phrase = phrase.say(", and restricts requests otherwise, by ");
                phrase.few(others.iter().map(String::as_str)).say(NOT_COMPARED)
            }
        };
        found.push(judgement("spec.targetRefs", phrase));
    }
}

/// True for policies of which the one that is nearest to a request holds alone.
/// (Documentation of Envoy Gateway: "Policy Precedence"; of Kuadrant: RFC 9, "Defaults & Overrides".)
fn has_levels(group: &str, kind: &str) -> bool {
    match group {
        "gateway.envoyproxy.io" => matches!(
            kind,
            "SecurityPolicy"
                | "BackendTrafficPolicy"
                | "ClientTrafficPolicy"
                | "EnvoyExtensionPolicy"
        ),
        "kuadrant.io" => {
            matches!(kind, "AuthPolicy" | "RateLimitPolicy" | "TokenRateLimitPolicy")
        }
        _ => false,
    }
}

/// True for a policy that is merged with those of parents.
fn is_merged(spec: &Node) -> bool {
    text(spec, "mergeType").is_some_and(|one| !one.is_empty())
}

/// True for a policy that also holds where there is a nearer one, as a whole or by its parts.
fn holds_below(spec: &Node) -> bool {
    present(spec, "overrides").is_some()
        || below(spec, &["defaults"]).and_then(|all| text(all, "strategy")) == Some("merge")
}

/// The objects of a side to which a policy is attached, by names and by labels.
fn targets(sides: &Sides<'_, '_>, side: usize, spec: &Node) -> Vec<Reference> {
    let (whole, own) = (sides.whole, sides.namespace(side));
    let mut all = references(spec, own);
    let selectors = items(present(spec, "targetSelectors"));
    for (target, place) in &whole.attached(side).places {
        if target.namespace != own || !whole.work.takes(selectors.len()) {
            continue;
        }
        let Some(object) = whole.renders[side].get(*place) else { continue };
        let labels = below(object.node(), &["metadata", "labels"]);
        let is_meant = |selector: &Node| {
            let has = |key: &str, own: &str| text(selector, key).is_none_or(|one| one == own);
            text(selector, "kind") == Some(&target.kind)
                && has("group", &target.group)
                && selects(selector, labels)
        };
        if selectors.iter().any(is_meant) {
            all.push((target.clone(), None));
        }
    }
    all
}

/// The object before the change that one of after is, which may have had another name.
fn former(sides: &Sides<'_, '_>, target: &Target) -> Target {
    let whole = sides.whole;
    let before = || {
        let place = *whole.attached(1).places.get(target)?;
        let mut pairs = whole.pairs.iter().take_while(|_| whole.work.takes(1));
        let pair = pairs.find(|pair| pair.after == Some(place))?;
        whole.renders[0].get(pair.before?)
    };
    before().map_or_else(|| target.clone(), Target::of)
}

/// True if a policy that is no longer attached to a target leaves it to one of its parents that demands as much.
pub(super) fn is_covered(
    sides: &Sides<'_, '_>,
    target: &Target,
    section: Option<&str>,
    old: &Node,
) -> bool {
    let covers = |(policy, _): &(&Resource, String)| {
        let (mut lost, mut others) = (Vec::new(), Vec::new());
        if let Some(spec) = present(policy.node(), "spec") {
            let [old, now] = [old, spec].map(|spec| present(spec, "defaults").unwrap_or(spec));
            differences(old, now, &mut lost, &mut others);
            return lost.is_empty() && others.is_empty();
        }
        false
    };
    has_levels(sides.group, sides.kind)
        && parents((sides, 1), target, node(sides, 1, target), section).iter().any(covers)
}

/// The policies of a side, of the kind of the object, that hold for a target as those of its parents: of the nearest parent
/// that has some. None if the target has one of its own.
fn parents<'a>(
    (sides, side): (&Sides<'_, 'a>, usize),
    target: &Target,
    object: Option<&Node>,
    section: Option<&str>,
) -> Vec<(&'a Resource, String)> {
    let attached = sides.whole.attached(side);
    let mut found = Vec::new();
    let mut is_decided = |target: &Target, accepts: &dyn Fn(Option<&str>) -> bool, is_own: bool| {
        let node = node(sides, side, target);
        let all = attached.policies(target, node, &sides.whole.work);
        let all = all.filter(|(of, one)| {
            one.kind() == sides.kind && *one.gvk().group == *sides.group && accepts(*of)
        });
        let mut is_decided = false;
        for (of, policy) in all {
            let spec = present(policy.node(), "spec");
            is_decided |= spec.is_none_or(|spec| !is_merged(spec));
            if !is_own {
                let of = of.map(str::to_owned);
                found.push((policy, target.title(of.as_ref())));
            }
        }
        is_decided
    };
    if is_decided(target, &|of| of == section, true)
        || section.is_some() && is_decided(target, &|of| of.is_none(), false)
    {
        return found;
    }
    let parents = object.map(|object| above(object, &target.namespace)).unwrap_or_default();
    for (parent, listener) in parents {
        let mut above_it = vec![(parent.clone(), listener)];
        // A set of listeners is a part of a Gateway.
        if parent.kind.ends_with("ListenerSet")
            && let Some(set) = node(sides, side, &parent)
        {
            above_it.extend(above(set, &parent.namespace));
        }
        for (parent, listener) in &above_it {
            let of_listener = |of: Option<&str>| {
                of.is_some() && (listener.is_none() || of == listener.as_deref())
            };
            if is_decided(parent, &of_listener, false) && listener.is_some()
                || is_decided(parent, &|of| of.is_none(), false)
            {
                break;
            }
        }
    }
    found
}

/// An object of a side, if the render has it.
fn node<'a>(sides: &Sides<'_, 'a>, side: usize, target: &Target) -> Option<&'a Node> {
    let place = sides.whole.attached(side).places.get(target)?;
    sides.whole.renders[side].get(*place).map(Resource::node)
}

/// The parents that a route or a set of listeners names, with their listeners.
fn above(node: &Node, own: &str) -> Vec<Reference> {
    let spec = present(node, "spec");
    let single = spec.and_then(|spec| present(spec, "parentRef")).into_iter();
    let several = items(spec.and_then(|spec| present(spec, "parentRefs"))).iter();
    let one = |parent: &Node| {
        let of = |key: &str, usual: &str| text(parent, key).unwrap_or(usual).to_owned();
        let target = Target {
            group: of("group", "gateway.networking.k8s.io"),
            kind: of("kind", "Gateway"),
            namespace: of("namespace", own),
            name: text(parent, "name")?.to_owned(),
        };
        Some((target, text(parent, "sectionName").map(str::to_owned)))
    };
    single.chain(several).filter_map(one).collect()
}

/// Compares a policy with one in the place of which it holds.
fn compared((former, of): &(&Resource, String), after: &Node) -> Replaced {
    let title = format!("{} {} of {of}", former.kind(), former.name());
    let spec = present(former.node(), "spec").filter(|spec| !holds_below(spec));
    let (mut lost, mut others) = (Vec::new(), Vec::new());
    if let Some(old) = spec {
        let [old, new] = [old, after].map(|spec| present(spec, "defaults").unwrap_or(spec));
        differences(old, new, &mut lost, &mut others);
    }
    (title, lost, others)
}

/// Fields that have parts, of which each demands something.
const PARTED: [&str; 1] = ["rules"];

/// Fields by which more requests are accepted, and not fewer.
const OPENING: [&str; 2] = ["cors", "strategy"];

/// Adds the fields that restrict requests and that another policy does not have, or has otherwise.
fn differences(old: &Node, new: &Node, lost: &mut Vec<String>, others: &mut Vec<String>) {
    let restricts =
        |key: &str| !TARGETS.contains(&key) && !TUNING.contains(&key) && !OPENING.contains(&key);
    for (key, value) in old.entries() {
        let key = key.text();
        if value.is_null() || !restricts(key) {
            continue;
        }
        match present(new, key) {
            None => lost.push(key.to_owned()),
            Some(now) if PARTED.contains(&key) => differences(value, now, lost, others),
            Some(now) if canonical(now) != canonical(value) => others.push(key.to_owned()),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    const GROUP: &str = "gateway.networking.k8s.io/v1";
    const ENVOY: &str = "gateway.envoyproxy.io/v1alpha1";
    const AUTH: &str = "basicAuth: {users: {name: s}}";

    fn gateway() -> String {
        format!(
            "{{apiVersion: {GROUP}, kind: Gateway, metadata: {{name: g, namespace: infra}}, spec: {{gatewayClassName: c, listeners: [{{name: web, port: 80, protocol: HTTP}}, {{name: more, port: 81, protocol: HTTP}}]}}}}\n---\n"
        )
    }

    fn route(name: &str, parent: &str) -> String {
        format!(
            "{{apiVersion: {GROUP}, kind: HTTPRoute, metadata: {{name: {name}, namespace: shop, labels: {{public: 'true'}}}}, spec: {{parentRefs: [{{name: g, namespace: infra{parent}}}], hostnames: [a.example.org], rules: [{{name: all, backendRefs: [{{name: web, port: 80}}]}}]}}}}\n---\n"
        )
    }

    fn policy(kind: &str, namespace: &str, target: &str, fields: &str) -> String {
        let version = if kind.starts_with("Auth") || kind.starts_with("Rate") {
            "kuadrant.io/v1"
        } else {
            ENVOY
        };
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: of-{namespace}, namespace: {namespace}}}, spec: {{{target}{fields}}}}}\n---\n"
        )
    }

    fn of_gateway(more: &str) -> String {
        format!(
            "targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: g{more}}}], "
        )
    }

    const WEB: &str =
        "targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}], ";

    #[test]
    fn a_policy_of_a_route_holds_in_place_of_that_of_its_gateway() {
        let selector = "targetSelectors: [{kind: HTTPRoute, matchLabels: {public: 'true'}}], ";
        let limit = "rateLimit: {local: {rules: [{limit: {requests: 5}}]}}";
        for (kind, strict, lax, words) in [
            ("SecurityPolicy", AUTH, "cors: {allowOrigins: ['*']}", "has no basicAuth"),
            ("SecurityPolicy", AUTH, "", "has no basicAuth"),
            (
                "SecurityPolicy",
                "jwt: {providers: [{name: a}]}, authorization: {defaultAction: Deny}",
                "jwt: {providers: [{name: a}]}",
                "has no authorization",
            ),
            (
                "SecurityPolicy",
                "authorization: {defaultAction: Deny}",
                "authorization: {defaultAction: Allow}",
                "restricts requests otherwise, by authorization: what its rules allow is not compared",
            ),
            ("BackendTrafficPolicy", limit, "retry: {numRetries: 2}", "has no rateLimit"),
            (
                "AuthPolicy",
                "defaults: {rules: {authentication: {k: {apiKey: {}}}, authorization: {o: {opa: {}}}}}",
                "rules: {authentication: {k: {apiKey: {}}}}",
                "has no authorization",
            ),
            (
                "AuthPolicy",
                "rules: {authentication: {k: {apiKey: {}}}}",
                "rules: {authentication: {all: {anonymous: {}}}}",
                "restricts requests otherwise, by authentication: what its rules allow is not compared",
            ),
        ] {
            let strict = policy(kind, "infra", &of_gateway(""), strict);
            let base = format!("{}{}{strict}", gateway(), route("web", ""));
            for target in [WEB, selector] {
                let lax = policy(kind, "shop", target, lax);
                let words = format!(
                    "007 warning {kind} of-shop: holds for HTTPRoute web in place of {kind} of-infra of Gateway g, and {words}"
                );
                assert_eq!(judged(&base, &format!("{base}{lax}")), [words], "{lax}");
            }
        }
    }

    #[test]
    fn the_nearest_policy_held_before() {
        let lax = |target: &str| policy("SecurityPolicy", "shop", target, "cors: {}");
        let strict = |target: &str| policy("SecurityPolicy", "infra", target, AUTH);
        let all = |route: &str, more: &str| format!("{}{route}{more}", gateway());
        let words = |of: &str| {
            format!(
                "007 warning SecurityPolicy of-shop: holds for HTTPRoute web in place of SecurityPolicy of-infra of Gateway {of}, and has no basicAuth"
            )
        };
        let listener = of_gateway(", sectionName: web");
        // A listener of the Gateway: that of the route, or one of those that it may use.
        for (parent, target, of) in [
            (", sectionName: web", &*listener, "g (web)"),
            ("", &listener, "g (web)"),
            (", sectionName: web", &of_gateway(""), "g"),
        ] {
            let base = all(&route("web", parent), &strict(target));
            assert_eq!(judged(&base, &format!("{base}{}", lax(WEB))), [words(of)], "{parent}");
        }
        let base = all(&route("web", ", sectionName: more"), &strict(&listener));
        assert_eq!(judged(&base, &format!("{base}{}", lax(WEB))), [""; 0], "another listener");
        // A rule of a route that has a policy.
        let own = policy("SecurityPolicy", "shop", WEB, AUTH);
        let rule = WEB.replace("name: web}", "name: web, sectionName: all}");
        let of_rule = lax(&rule).replace("of-shop", "rule");
        let base = all(&route("web", ""), &own);
        let told = judged(&base, &format!("{base}{of_rule}"));
        assert_eq!(
            told,
            [
                "007 warning SecurityPolicy rule: holds for HTTPRoute web (all) in place of SecurityPolicy of-shop of HTTPRoute web, and has no basicAuth"
            ]
        );
        // A policy that is attached to another route than before, and one that was merged.
        let base = all(&route("web", ""), &strict(&of_gateway("")));
        let elsewhere = WEB.replace("name: web", "name: other");
        let moved = [&*elsewhere, WEB].map(|target| format!("{base}{}", lax(target)));
        told_last(&moved, &words("g"));
        let merged = policy("SecurityPolicy", "shop", WEB, "mergeType: StrategicMerge, cors: {}");
        told_last(&[format!("{base}{merged}"), format!("{base}{}", lax(WEB))], &words("g"));
    }

    #[track_caller]
    fn told_last([before, after]: &[String; 2], words: &str) {
        assert_eq!(judged(before, after).last().map(String::as_str), Some(words));
    }

    #[test]
    fn policies_that_hold_beside_others_replace_none() {
        let of = |kind: &str, fields: &str| policy(kind, "shop", WEB, fields);
        let with = |kind: &str, strict: &str, lax: String| {
            let strict = policy(kind, "infra", &of_gateway(""), strict);
            let base = format!("{}{}{strict}", gateway(), route("web", ""));
            [base.clone(), base + &lax]
        };
        let rules = "rules: {authentication: {k: {apiKey: {}}}}";
        for [before, after] in [
            with("SecurityPolicy", AUTH, of("SecurityPolicy", &format!("{AUTH}, cors: {{}}"))),
            with("SecurityPolicy", AUTH, of("SecurityPolicy", "mergeType: JSONMerge, cors: {}")),
            with("SecurityPolicy", "cors: {}", of("SecurityPolicy", AUTH)),
            with("SecurityPolicy", AUTH, of("BackendTrafficPolicy", "retry: {numRetries: 1}")),
            with("AuthPolicy", &format!("overrides: {{{rules}}}"), of("AuthPolicy", "rules: {}")),
            with(
                "AuthPolicy",
                &format!("defaults: {{strategy: merge, {rules}}}"),
                of("AuthPolicy", "rules: {metadata: {}}"),
            ),
        ] {
            assert_eq!(judged(&before, &after), [""; 0], "{after}");
        }
        // The route had a policy of its own, or a Gateway without one.
        let lax = of("SecurityPolicy", "cors: {}");
        let base = format!("{}{}", gateway(), route("web", ""));
        assert_eq!(judged(&base, &format!("{base}{lax}")), [""; 0]);
        let strict = policy("SecurityPolicy", "infra", &of_gateway(""), AUTH);
        let base = format!("{base}{strict}");
        let own = |name: &str| format!("{base}{}", lax.replace("of-shop", name));
        assert_eq!(judged(&own("of-shop"), &own("another")), [""; 0]);
        // The removal of an exception is none, but for one that demands more.
        assert_eq!(judged(&own("of-shop"), &base), [""; 0]);
        let more = format!("{base}{}", of("SecurityPolicy", &format!("{AUTH}, jwt: {{}}")));
        assert_eq!(
            judged(&more, &base),
            ["007 warning SecurityPolicy of-shop: no longer applies to HTTPRoute web"]
        );
        // Both are new.
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
        let all = judged(map, &format!("{map}{base}{lax}"));
        assert!(!all.iter().any(|one| one.contains("in place of")), "{all:?}");
    }

    #[test]
    fn many_policies_take_linear_time() {
        let mut base = gateway() + &policy("SecurityPolicy", "infra", &of_gateway(""), AUTH);
        let mut lax = String::new();
        for number in 0..1000 {
            base += &route(&format!("web-{number}"), "");
            let target = WEB.replace("name: web", &format!("name: web-{number}"));
            let one = policy("SecurityPolicy", "shop", &target, "cors: {}");
            lax += &one.replace("name: of-shop", &format!("name: p-{number}"));
        }
        assert_eq!(judged(&base, &format!("{base}{lax}")).len(), 1000);
    }
}
