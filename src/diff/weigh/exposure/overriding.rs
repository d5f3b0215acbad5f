//! Policies that take the place of those of parents: in Envoy Gateway and Kuadrant, the policy of a route holds in place of
//! that of its Gateway, and not beside it, unless they are merged.

use std::collections::{BTreeMap, BTreeSet};

use super::attached::{Reference, Target, own, references, restricts};
use super::judgement;
use super::levels::{Holding, is_merged, node};
use super::others::NOT_COMPARED;
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::selector::selects;
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The comparison of a policy with one in the place of which it holds: the title and the place of that one, fields that are missing, fields that differ.
pub(super) type Replaced = (String, Vec<String>, Vec<String>);

/// Judges a policy that was not attached to a route, a rule or a listener before, and holds there in place of a stricter one.
pub(in crate::diff::weigh) fn overriding(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if !has_levels(sides.group, sides.kind) {
        return;
    }
    let Some(after) = sides.after.and_then(|after| present(after, "spec")) else { return };
    // One that is merged takes the place of single fields.
    let is_part = is_merged(after);
    let before = sides.before.and_then(|before| present(before, "spec"));
    let known: BTreeSet<Reference> = match before.filter(|one| is_part || !is_merged(one)) {
        Some(before) => targets(sides, 0, before).into_iter().collect(),
        None => BTreeSet::new(),
    };
    let mut replaced = BTreeMap::<Replaced, BTreeSet<String>>::new();
    for (target, section) in targets(sides, 1, after) {
        let former = former(sides, &target);
        if known.contains(&(former.clone(), section.clone())) {
            continue;
        }
        let own = Holding { sides, side: 0, group: sides.group, kind: sides.kind };
        let object = node(sides, 1, &target);
        for way in own.above(&former, object, section.as_deref()).unwrap_or_default() {
            for mut told in own.on(&way).iter().filter_map(|one| compared(one, after)) {
                if is_part {
                    told.1.clear();
                }
                if told.1.is_empty() && told.2.is_empty() {
                    continue;
                }
                replaced.entry(told).or_default().insert(target.title(section.as_ref()));
            }
        }
    }
    for (told, names) in replaced {
        let phrase = Phrase::new("holds for ").few(names.iter().map(String::as_str));
        found.push(judgement("spec.targetRefs", in_place_of(phrase, &told)));
    }
}

/// Adds what a policy lacks of one in the place of which it holds.
fn in_place_of(phrase: Phrase, (title, lost, others): &Replaced) -> Phrase {
    let phrase = phrase.say(" in place of ").name(title);
    match lost.is_empty() {
        false => phrase.say(", and has no ").few(lost.iter().map(String::as_str)),
        true => {
            let phrase = phrase.say(", and restricts requests otherwise, by ");
            phrase.few(others.iter().map(String::as_str)).say(NOT_COMPARED)
        }
    }
}

/// Judges a route that has another name, other labels, or a rule with another name, so that a policy holds for it which stays
/// as it is, in place of a stricter one.
pub(in crate::diff::weigh) fn overridden(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(after), Some(new)) = (sides.after, own(sides, 1)) else { return };
    let attached = |side: usize, target: &Target, node: &Node| {
        let all = sides.whole.attached(side).policies(target, Some(node), &sides.whole.work);
        let all = all.filter(|(_, one)| has_levels(&one.gvk().group, one.kind()));
        let names = sections(node);
        let all = all.filter(|(of, _)| of.is_none_or(|of| names.contains(of)));
        all.map(|(of, one)| (of.map(str::to_owned), one)).collect::<Vec<_>>()
    };
    let are = attached(1, &new, after);
    if are.is_empty() {
        return;
    }
    let former = sides.before.zip(own(sides, 0)).or_else(|| gone(sides, after));
    let Some((before, old)) = former else { return };
    let were = attached(0, &old, before);
    let is_new = |(section, policy): &&(Option<String>, &Resource)| {
        // A policy that is new itself, or differs, is told with its own object.
        let was_there = || {
            let mut all = sides.whole.of_kind(0, policy.kind(), policy.id().effective_namespace());
            all.any(|one| one.name() == policy.name() && one.node() == policy.node())
        };
        !were.iter().any(|(of, one)| of == section && one.id() == policy.id()) && was_there()
    };
    let mut told = BTreeMap::<(String, Replaced), BTreeSet<&str>>::new();
    for (section, policy) in are.iter().filter(is_new) {
        let section = section.as_deref();
        let spec = present(policy.node(), "spec").filter(|spec| !is_merged(spec));
        let (Some(spec), kind) = (spec, policy.kind()) else { continue };
        let holding = Holding { sides, side: 0, group: &policy.gvk().group, kind };
        // A rule of this name may not have been there.
        let is_known = section.is_some_and(|of| sections(before).contains(of));
        let ways = match section.is_none() || is_known {
            true => holding.above(&old, None, section).unwrap_or_default(),
            false => holding.ways(&old, Some(before), true),
        };
        for replaced in ways.iter().flat_map(|way| holding.on(way)) {
            if let Some(compared) = compared(&replaced, spec) {
                let title = format!("{kind} {}", policy.name());
                told.entry((title, compared)).or_default().extend(section);
            }
        }
    }
    for ((title, replaced), sections) in told {
        let phrase = Phrase::new("comes under ").name(&title);
        let phrase = match sections.is_empty() {
            true => phrase,
            false => phrase.say(" by ").few(sections),
        };
        found.push(judgement("metadata", in_place_of(phrase.say(", which holds"), &replaced)));
    }
}

/// A route that is gone, with the specification of one that is new: it has another name now.
fn gone<'a>(sides: &Sides<'_, 'a>, after: &Node) -> Option<(&'a Node, Target)> {
    let (whole, own) = (sides.whole, present(after, "spec").map(canonical)?);
    let all = whole.pairs.iter().take_while(|_| whole.work.takes(1));
    let all = all.filter(|pair| pair.after.is_none());
    let all = all.filter_map(|pair| whole.renders[0].get(pair.before?));
    let mut alike = all.filter(|one| {
        one.kind() == sides.kind && one.id().effective_namespace() == sides.namespace(1)
    });
    let found = alike.find(|one| {
        let spec = present(one.node(), "spec");
        spec.is_some_and(|spec| whole.work.takes(spec.count_below()) && canonical(spec) == own)
    })?;
    Some((found.node(), Target::of(found)))
}

/// The names of the rules of a route.
fn sections(node: &Node) -> BTreeSet<&str> {
    let rules = items(below(node, &["spec", "rules"]));
    rules.iter().filter_map(|rule| text(rule, "name")).collect()
}

/// True for policies of which the one that is nearest to a request holds alone.
/// (Documentation of Envoy Gateway: "Policy Precedence"; of Kuadrant: RFC 9, "Defaults & Overrides".)
pub(super) fn has_levels(group: &str, kind: &str) -> bool {
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

/// True for a policy that also holds where there is a nearer one, as a whole or by its parts.
fn holds_below(spec: &Node) -> bool {
    present(spec, "overrides").is_some()
        || below(spec, &["defaults"]).and_then(|all| text(all, "strategy")) == Some("merge")
}

/// The objects of a side to which a policy is attached, by names and by labels. Linear in those, for each selector.
fn targets(sides: &Sides<'_, '_>, side: usize, spec: &Node) -> Vec<Reference> {
    let mut all = references(spec, sides.namespace(side));
    all.extend(selected(sides, side, spec).into_iter().map(|target| (target, None)));
    all
}

/// The objects of a side that a policy selects by labels. Linear in the objects that serve requests, for each selector.
pub(super) fn selected(sides: &Sides<'_, '_>, side: usize, spec: &Node) -> Vec<Target> {
    let (whole, own) = (sides.whole, sides.namespace(side));
    let mut all = Vec::new();
    let selectors = items(present(spec, "targetSelectors"));
    let places = whole.attached(side).places.iter().filter(|_| !selectors.is_empty());
    for (target, place) in places.take_while(|_| whole.work.takes(1)) {
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
            all.push(target.clone());
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

/// True if a policy that is no longer attached to a target leaves it to others of its kind that demand as much, of its own or
/// of its parents: on each way by which requests reach it.
pub(super) fn is_covered(
    sides: &Sides<'_, '_>,
    (group, kind): (&str, &str),
    (target, section): (&Target, Option<&str>),
    old: &Node,
) -> bool {
    if !has_levels(group, kind) {
        return false;
    }
    let own = Holding { sides, side: 1, group, kind };
    let first: Reference = (target.clone(), section.map(str::to_owned));
    let mut ways = own.ways(target, node(sides, 1, target), section.is_some());
    if ways.is_empty() {
        ways.push(Vec::new());
    }
    ways.into_iter().all(|way| {
        let way: Vec<Reference> = std::iter::once(first.clone()).chain(way).collect();
        demand_as_much(kind, &own.on(&way), old)
    })
}

/// True if the policies of a level, and nearer ones that are merged with these, demand as much as another one.
fn demand_as_much(kind: &str, now: &[(&Resource, String)], old: &Node) -> bool {
    let specs = now.iter().filter_map(|(policy, _)| present(policy.node(), "spec"));
    let (merged, whole): (Vec<&Node>, Vec<&Node>) = specs.partition(|spec| is_merged(spec));
    let compared = |spec: &Node| {
        let (mut lost, mut others) = (Vec::new(), Vec::new());
        differences(kind, [demands(old), demands(spec)], &mut lost, &mut others);
        (lost.is_empty(), others.is_empty())
    };
    // Of several that are attached to the same place, it depends on their ages which one holds.
    !whole.is_empty()
        && whole.into_iter().all(|spec| compared(spec) == (true, true))
        && merged.into_iter().all(|spec| compared(spec).1)
}

/// The part of a policy with its demands.
fn demands(spec: &Node) -> &Node {
    ["overrides", "defaults"].iter().find_map(|key| present(spec, key)).unwrap_or(spec)
}

/// Compares a policy with one in the place of which it holds. `None` if it demands as much.
pub(super) fn compared((former, of): &(&Resource, String), after: &Node) -> Option<Replaced> {
    let title = format!("{} {} of {of}", former.kind(), former.name());
    let spec = present(former.node(), "spec").filter(|spec| !holds_below(spec));
    let (mut lost, mut others) = (Vec::new(), Vec::new());
    if let Some(old) = spec {
        differences(former.kind(), [old, after].map(demands), &mut lost, &mut others);
    }
    (!lost.is_empty() || !others.is_empty()).then_some((title, lost, others))
}

/// Fields that have parts, of which each demands something, by the kind of a policy or the field above.
/// (Documentation of Kuadrant: all limits hold, and all rules of authorization.)
const PARTED: [(&str, &str); 4] = [
    ("AuthPolicy", "rules"),
    ("RateLimitPolicy", "limits"),
    ("TokenRateLimitPolicy", "limits"),
    ("rules", "authorization"),
];

/// Fields by which more requests are accepted or believed, and not fewer.
const OPENING: [&str; 3] = ["clientIPDetection", "cors", "strategy"];

/// The field with the conditions under which a policy of Kuadrant holds.
const CONDITIONS: &str = "when";

/// The field of parts of a policy, if each of these demands something.
fn parts<'k>(kind: &str, key: &'k str) -> Option<&'k str> {
    PARTED.contains(&(kind, key)).then_some(key)
}

/// Adds the fields that restrict requests and that another policy does not have, or has otherwise.
fn differences(
    kind: &str,
    [old, new]: [&Node; 2],
    lost: &mut Vec<String>,
    others: &mut Vec<String>,
) {
    for (key, value) in old.entries() {
        let key = key.text();
        if value.is_null() || !restricts(kind, key) || OPENING.contains(&key) {
            continue;
        }
        compare((kind, key), value, present(new, key), lost, others);
    }
    if holds_where(kind, old) != holds_where(kind, new) && holds_where(kind, new).is_some() {
        others.push(CONDITIONS.to_owned());
    }
}

/// The conditions under which a policy of Kuadrant holds, as text; `None` if it always does.
pub(super) fn holds_where(kind: &str, spec: &Node) -> Option<String> {
    let conditions = present(spec, CONDITIONS).filter(|_| kind_has_conditions(kind))?;
    (!conditions.is_empty()).then(|| canonical(conditions))
}

fn kind_has_conditions(kind: &str) -> bool {
    has_levels("kuadrant.io", kind)
}

/// Compares a field of policies of a kind, or its parts, and adds what differs.
pub(super) fn compare(
    (kind, key): (&str, &str),
    old: &Node,
    new: Option<&Node>,
    lost: &mut Vec<String>,
    others: &mut Vec<String>,
) {
    if kind_has_conditions(kind) && key == CONDITIONS {
        return;
    }
    match (new, parts(kind, key)) {
        (None, _) => lost.push(key.to_owned()),
        (Some(new), Some(of)) => {
            for (name, value) in old.entries().iter().filter(|(_, value)| !value.is_null()) {
                compare((of, name.text()), value, present(new, name.text()), lost, others);
            }
        }
        (Some(new), None) if canonical(new) != canonical(old) => others.push(key.to_owned()),
        (Some(_), None) => {}
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

    /// The removal of a policy of a route is told unless it holds by every parent and listener.
    #[test]
    fn all_ways_to_a_route_are_covered() {
        let second = |policy: &str| gateway().replace("name: g,", "name: h,") + policy;
        let both = |more: &str| {
            route("web", more)
                .replace("parentRefs: [", "parentRefs: [{name: h, namespace: infra}, ")
        };
        let own = policy("SecurityPolicy", "shop", WEB, AUTH);
        let strict = |more: &str| policy("SecurityPolicy", "infra", &of_gateway(more), AUTH);
        let lax = |more: &str| {
            policy("SecurityPolicy", "infra", &of_gateway(more), "cors: {}")
                .replace("of-infra", "lax")
        };
        let (web, more) = (", sectionName: web", ", sectionName: more");
        let on_second = strict("").replace("name: g}", "name: h}").replace("of-infra", "second");
        for (base, is_covered) in [
            (route("web", "") + &strict(""), true),
            (second("") + &both("") + &strict(""), false),
            (second(&on_second) + &both("") + &strict(""), true),
            // A policy of one listener, of both, or of that which the route is attached to.
            (route("web", "") + &strict(web), false),
            (route("web", "") + &strict(web) + &strict(more).replace("of-infra", "more"), true),
            (route("web", web) + &strict(web), true),
            (route("web", more) + &strict(web), false),
            (route("web", ", port: 80") + &strict(web), true),
            (route("web", ", port: 81") + &strict(web), false),
            // A laxer one of a listener.
            (route("web", "") + &strict("") + &lax(more), false),
            (route("web", more) + &strict("") + &lax(more), false),
            (route("web", web) + &strict("") + &lax(more), true),
            (route("web", ", port: 80") + &strict("") + &lax(more), true),
        ] {
            let base = gateway() + &base;
            let told = judged(&format!("{base}{own}"), &base);
            let words = "007 warning SecurityPolicy of-shop: no longer applies to HTTPRoute web";
            assert_eq!(told, if is_covered { Vec::new() } else { vec![words] }, "{base}");
            assert_eq!(judged(&base, &format!("{base}{own}")), [""; 0], "{base}");
        }
        // The port of another listener than that of the policy.
        let base = gateway() + &route("web", ", port: 81") + &strict(web);
        let lax = policy("SecurityPolicy", "shop", WEB, "cors: {}");
        assert_eq!(judged(&base, &format!("{base}{lax}")), [""; 0]);
        let base = base.replace("port: 81}]", "port: 80}]");
        assert_eq!(judged(&base, &format!("{base}{lax}")).len(), 1);
    }

    /// A policy stays as it is, and a route comes under it.
    #[test]
    fn routes_come_under_laxer_policies() {
        let strict = policy("SecurityPolicy", "infra", &of_gateway(""), AUTH);
        let base = gateway() + &strict;
        let selector = "targetSelectors: [{kind: HTTPRoute, matchLabels: {public: 'true'}}], ";
        let lax = |target: &str| policy("SecurityPolicy", "shop", target, "cors: {}");
        let rule = WEB.replace("name: web}", "name: web, sectionName: all}");
        let web = route("web", "");
        let place = "in place of SecurityPolicy of-infra of Gateway g, and has no basicAuth";
        let comes = |by: &str| {
            format!(
                "007 warning HTTPRoute web: comes under SecurityPolicy of-shop{by}, which holds {place}"
            )
        };
        for (policy, before, words) in [
            (lax(selector), web.replace("{public: 'true'}", "{public: 'no'}"), comes("")),
            (lax(&rule), web.replace("{name: all,", "{name: others,"), comes(" by all")),
        ] {
            let with = |route: &str| format!("{base}{policy}{route}");
            assert_eq!(judged(&with(&before), &with(&web)), [&*words]);
            let reverse = judged(&with(&web), &with(&before));
            assert!(!reverse.iter().any(|one| one.contains("comes under")), "{reverse:?}");
            // It demands as much, is merged, or there is none in the place of which it holds.
            let alike = policy.replace("cors: {}", AUTH);
            let merged = policy.replace("cors: {}", "mergeType: JSONMerge, cors: {}");
            for policy in [alike, merged] {
                let with = |route: &str| format!("{base}{policy}{route}");
                assert_eq!(judged(&with(&before), &with(&web)), [""; 0], "{policy}");
            }
            let alone = |route: &str| format!("{}{policy}{route}", gateway());
            assert_eq!(judged(&alone(&before), &alone(&web)), [""; 0]);
            // A policy that is new is told with its own object.
            let told = judged(&format!("{base}{before}"), &with(&web));
            assert!(
                told.len() == 1 && told[0].contains("SecurityPolicy of-shop: holds for"),
                "{told:?}"
            );
        }
        // The name that a policy names.
        let with = |route: &str| format!("{base}{}{route}", lax(WEB));
        let told = judged(&with(&route("shop-web", "")), &with(&web));
        let words = comes("").replace("HTTPRoute web", "HTTPRoute shop-web");
        assert!(told.contains(&words), "{told:?}");
        let told = judged(&with(&route("api", "")), &with(&web));
        assert!(told.contains(&comes("")), "{told:?}");
        let other = route("api", "").replace("a.example.org", "b.example.org");
        let told = judged(&with(&other), &with(&web));
        assert!(!told.iter().any(|one| one.contains("comes under")), "{told:?}");
    }

    #[test]
    fn policies_that_are_merged_take_the_place_of_fields() {
        let limit = |number: &str| {
            format!("rateLimit: {{local: {{rules: [{{limit: {{requests: {number}}}}}]}}}}")
        };
        let kind = "BackendTrafficPolicy";
        let strict = policy(kind, "infra", &of_gateway(""), &limit("5"));
        let base = format!("{}{}{strict}", gateway(), route("web", ""));
        let with = |fields: &str| {
            let fields = format!("mergeType: StrategicMerge, {fields}");
            format!("{base}{}", policy(kind, "shop", WEB, &fields))
        };
        let words = "007 warning BackendTrafficPolicy of-shop: holds for HTTPRoute web in place of BackendTrafficPolicy of-infra of Gateway g, and restricts requests otherwise, by rateLimit: what its rules allow is not compared";
        assert_eq!(judged(&base, &with(&limit("50000"))), [words]);
        for fields in [&*limit("5"), "retry: {numRetries: 1}", "cors: {}"] {
            assert_eq!(judged(&base, &with(fields)), [""; 0], "{fields}");
        }
        assert_eq!(judged(&with(&limit("50")), &with(&limit("50"))), [""; 0]);
        assert_eq!(
            judged(&with(&limit("50")), &base),
            ["007 warning BackendTrafficPolicy of-shop: no longer applies to HTTPRoute web"]
        );
    }

    #[test]
    fn fields_that_guard_nothing_are_not_missed() {
        let none =
            "circuitBreaker: {maxConnections: 5}, responseOverride: [], useClientProtocol: true";
        let limit = "rateLimit: {type: Local}";
        for (kind, old, new, is_told) in [
            ("BackendTrafficPolicy", none, "retry: {numRetries: 1}", false),
            ("BackendTrafficPolicy", limit, "retry: {numRetries: 1}", true),
            ("ClientTrafficPolicy", "enableProxyProtocol: true, path: {}", "timeout: {}", false),
            ("ClientTrafficPolicy", "tls: {clientValidation: {}}", "timeout: {}", true),
        ] {
            let web = ", sectionName: web";
            let base = gateway() + &policy(kind, "infra", &of_gateway(""), old);
            let lax = policy(kind, "infra", &of_gateway(web), new).replace("of-infra", "lax");
            assert_eq!(
                judged(&base, &format!("{base}{lax}")).len(),
                usize::from(is_told),
                "{kind} {old}"
            );
            let with = |fields: &str| gateway() + &policy(kind, "infra", &of_gateway(""), fields);
            assert_eq!(judged(&with(old), &with(new)).len(), usize::from(is_told), "{kind} {old}");
        }
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
