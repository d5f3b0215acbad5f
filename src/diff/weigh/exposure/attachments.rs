//! Policies that restrict less than before, or fewer objects of those to which they were attached.

use std::collections::BTreeSet;

use super::attached::{Reference, Target, groups, meaning, policy, references, restricts};
use super::judgement;
use super::others::NOT_COMPARED;
use super::overriding::{compare, holds_where, is_covered, selected};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::value::{items, present, text};
use crate::yaml::Node;

/// Judges a policy that is attached to others, and restricts less, or fewer of them.
pub(in crate::diff::weigh) fn attached_policy(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(old) = sides.before.and_then(|before| policy(sides.kind, before)) else { return };
    let new = sides.after.and_then(|after| present(after, "spec"));
    if let Some(new) = new {
        found.extend(looser(sides.kind, old, new));
    }
    let lost = lost(sides, old, new);
    if !lost.is_empty() {
        let all = lost.iter().map(|(target, section)| target.title(section.as_ref()));
        let all: BTreeSet<String> = all.collect();
        let phrase = Phrase::new("no longer applies to ").few(all.iter().map(String::as_str));
        let now = new.map(written).unwrap_or_default();
        let phrase = match lost.iter().find_map(|(target, _)| other_words(target, &now)) {
            Some(words) => phrase.and(words),
            None => phrase,
        };
        found.push(judgement("spec.targetRefs", phrase));
    }
    let selectors = |spec: &Node| -> BTreeSet<String> {
        items(present(spec, "targetSelectors")).iter().map(canonical).collect()
    };
    let is_like = || {
        let spec = sides.before.and_then(|before| present(before, "spec"));
        sides.whole.has_like(1, sides.kind, sides.namespace(0), spec)
    };
    let now = new.map(selectors).unwrap_or_default();
    if !selectors(old).is_subset(&now) && !is_like() && !are_covered(sides, old) {
        let words = "no longer selects what it applied to (targetSelectors)";
        found.push(judgement("spec.targetSelectors", Phrase::new(words).say(NOT_COMPARED)));
    }
}

/// The groups, kinds and names of the references of a policy, also to kinds that serve no requests.
fn written(spec: &Node) -> Vec<[&str; 3]> {
    let single = present(spec, "targetRef").into_iter();
    let all = single.chain(items(present(spec, "targetRefs")));
    all.filter_map(|reference| {
        let kind = text(reference, "kind").unwrap_or_default();
        let group = text(reference, "group").or_else(|| groups(kind).first().copied());
        Some([group.unwrap_or_default(), kind, text(reference, "name")?])
    })
    .collect()
}

/// The words for a reference that still has the name of an object, but another group or kind than this has.
fn other_words(target: &Target, now: &[[&str; 3]]) -> Option<Phrase> {
    let is_other = |[group, kind, _]: &&[&str; 3]| *kind != target.kind || *group != target.group;
    let mut same_name = now.iter().filter(|[.., name]| *name == target.name);
    let [group, kind, _] = same_name.find(is_other)?;
    let phrase = Phrase::new(": refers to ");
    Some(match *kind == target.kind {
        true => {
            let named = |phrase: Phrase, words: &'static str, group: &str| match group {
                "" => phrase.say("the core group"),
                group => phrase.say(words).name(group),
            };
            let phrase = named(phrase, "the group ", group).say(" in place of ");
            named(phrase, "", &target.group)
        }
        false => phrase.say("the kind ").name(kind).say(" in place of ").name(&target.kind),
    })
}

/// The judgement on fields of a policy that are gone, or differ.
fn looser(kind: &str, old: &Node, new: &Node) -> Option<Judgement> {
    let (mut lost, mut others) = (Vec::new(), Vec::new());
    for (key, value) in old.entries() {
        let key = key.text();
        if value.is_null() || !restricts(kind, key) {
            continue;
        }
        compare((kind, key), value, present(new, key), &mut lost, &mut others);
    }
    if holds_where(kind, new).is_some_and(|now| holds_where(kind, old) != Some(now)) {
        others.push("when".to_owned());
    }
    let few = |phrase: Phrase, names: &[String]| phrase.few(names.iter().map(String::as_str));
    match (lost.is_empty(), others.is_empty()) {
        (false, _) => Some(judgement("spec", few(Phrase::new("no longer has "), &lost))),
        (true, false) => {
            let words = "restricts requests otherwise than before, by ";
            let phrase = few(Phrase::new(words), &others);
            Some(judgement("spec", phrase.say(NOT_COMPARED)))
        }
        (true, true) => None,
    }
}

/// True if all objects that a policy selected by labels, of which there are some, have policies that demand as much.
fn are_covered(sides: &Sides<'_, '_>, old: &Node) -> bool {
    let whole = sides.whole;
    let own = meaning(sides.kind, old, None);
    let is_covered = |target: &Target| {
        let place = whole.attached(0).places.get(target);
        let now = place.and_then(|place| whole.all_successors().get(place));
        let Some(object) = now.and_then(|now| whole.renders[1].get(*now)) else { return true };
        let now = Target::of(object);
        whole.work.takes(old.count_below())
            && (is_covered(sides, (sides.group, sides.kind), (&now, None), old)
                || whole.attached(1).to(&now, object.node(), &whole.work).contains_key(&own))
    };
    let all = selected(sides, 0, old);
    !all.is_empty() && all.iter().all(is_covered)
}

/// The objects to which a policy was attached and is no longer, although they are there, and no equal policy is.
fn lost(sides: &Sides<'_, '_>, old: &Node, new: Option<&Node>) -> Vec<Reference> {
    let whole = sides.whole;
    let own = |side: usize| sides.namespace(side);
    let kept = new.map(|new| references(new, own(1))).unwrap_or_default();
    let attached = [0, 1].map(|side| whole.attached(side));
    let is_lost = |(target, section): &&Reference| {
        let object =
            attached[0].places.get(target).map(|place| (place, whole.all_successors().get(place)));
        let mut now = target.clone();
        match object {
            // It is gone, too.
            Some((_, None)) => return false,
            Some((_, Some(after))) => {
                let Some(object) = whole.renders[1].get(*after) else { return false };
                now = Target::of(object);
            }
            None => {
                if let Some(name) = sides.renames().new_name(&target.name) {
                    now.name = name;
                }
                if now.namespace == own(0) {
                    own(1).clone_into(&mut now.namespace);
                }
            }
        }
        let is_kept = kept.iter().any(|(kept, of)| *kept == now && (of.is_none() || of == section));
        // An object that has another name is told with it.
        let is_told = new.is_some() && object.is_some() && now != *target;
        let is_held = || {
            let others = attached[1].by_target.get(&now).into_iter().flatten();
            let own = meaning(sides.kind, old, section.as_deref());
            let mut others = others.take_while(|_| whole.searches());
            others.any(|(of, policy)| {
                let spec = present(policy.node(), "spec");
                spec.is_some_and(|spec| {
                    whole.work.takes(spec.count_below())
                        && (of.is_none() || of == section)
                        && meaning(policy.kind(), spec, section.as_deref()) == own
                })
            })
        };
        let place = (&now, section.as_deref());
        !is_kept
            && !is_told
            && !is_held()
            && !is_covered(sides, (sides.group, sides.kind), place, old)
    };
    let mut references = references(old, own(0));
    references.retain(|one| is_lost(&one));
    references
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    const GROUP: &str = "gateway.networking.k8s.io/v1";

    fn route(name: &str, labels: &str, path: &str) -> String {
        format!(
            "{{apiVersion: {GROUP}, kind: HTTPRoute, metadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}, spec: {{parentRefs: [{{name: g}}], hostnames: [a.example.org], rules: [{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: web, port: 80}}]}}]}}}}\n---\n"
        )
    }

    fn policy(version: &str, kind: &str, name: &str, targets: &str, fields: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, spec: {{{targets}, {fields}}}}}\n---\n"
        )
    }

    const ENVOY: &str = "gateway.envoyproxy.io/v1alpha1";
    const AUTH: &str = "basicAuth: {users: {name: s}}";

    fn reference(name: &str) -> String {
        format!("targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {name}}}]")
    }

    #[test]
    fn policies_are_removed_or_attached_to_others() {
        let routes = route("web", "", "/") + &route("other", "", "/other");
        for (version, kind, fields) in [
            (ENVOY, "SecurityPolicy", AUTH),
            (ENVOY, "BackendTrafficPolicy", "rateLimit: {type: Local}"),
            ("kuadrant.io/v1", "AuthPolicy", "rules: {authentication: {k: {apiKey: {}}}}"),
            (
                "kuadrant.io/v1",
                "RateLimitPolicy",
                "limits: {a: {rates: [{limit: 5, window: 10s}]}}",
            ),
            ("example.org/v1", "Guard", "deny: all"),
        ] {
            let one = |name: &str, target: &str| policy(version, kind, name, target, fields);
            let (web, other) = (reference("web"), reference("other"));
            let single = web.replace("targetRefs: [", "targetRef: ").replace("}]", "}");
            let words = format!("007 warning {kind} p: no longer applies to HTTPRoute web");
            let with = |policy: String| format!("{routes}{policy}");
            for target in [&web, &single] {
                told(&with(one("p", target)), &routes, &[&*words]);
            }
            assert_eq!(judged(&with(one("p", &web)), &with(one("p", &other))), [&*words]);
            // The same in other words, under another name, or for more.
            let both = web.replace("}]", "}, {kind: HTTPRoute, name: other}]");
            for (before, after) in [
                (one("p", &web), one("p", &single)),
                (one("p", &web), one("q", &web)),
                (one("p", &both), one("p", &web) + &one("q", &other)),
                (one("p", &web) + &one("q", &other), one("p", &both)),
            ] {
                assert_eq!(judged(&with(before), &with(after.clone())), [""; 0], "{after}");
            }
            // It goes with its route.
            let alone = route("other", "", "/other");
            assert_eq!(judged(&with(one("p", &web)), &alone), [""; 0]);
            // Its route is in another render.
            let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
            assert_eq!(judged(&format!("{map}{}", one("p", &web)), map), [&*words]);
        }
    }

    #[test]
    fn policies_restrict_less() {
        let web = route("web", "", "/");
        let one = |fields: &str| {
            format!("{web}{}", policy(ENVOY, "SecurityPolicy", "p", &reference("web"), fields))
        };
        let label = "007 warning SecurityPolicy p: ";
        assert_eq!(
            judged(&one(AUTH), &one("cors: {}")),
            [format!("{label}no longer has basicAuth")]
        );
        let rule = |action: &str| one(&format!("authorization: {{defaultAction: {action}}}"));
        let words = "restricts requests otherwise than before, by authorization: what its rules allow is not compared";
        assert_eq!(judged(&rule("Deny"), &rule("Allow")), [format!("{label}{words}")]);
        told(
            &one(&format!("{AUTH}, jwt: {{}}")),
            &one(AUTH),
            &[&*format!("{label}no longer has jwt")],
        );
        let traffic = |fields: &str| {
            format!(
                "{web}{}",
                policy(ENVOY, "BackendTrafficPolicy", "p", &reference("web"), fields)
            )
        };
        assert_eq!(judged(&traffic("retry: {numRetries: 2}"), &web), [""; 0], "no restriction");
        // A section of a Gateway, and all of it.
        let gateway = format!(
            "{{apiVersion: {GROUP}, kind: Gateway, metadata: {{name: g, namespace: shop}}, spec: {{gatewayClassName: c}}}}\n---\n"
        );
        let of = |section: &str| {
            let target = format!("targetRefs: [{{kind: Gateway, name: g{section}}}]");
            format!("{gateway}{}", policy(ENVOY, "SecurityPolicy", "p", &target, AUTH))
        };
        told(
            &of(""),
            &of(", sectionName: s"),
            &[&*format!("{label}no longer applies to Gateway g")],
        );
    }

    #[test]
    fn references_have_groups_and_kinds() {
        let web = route("web", "", "/");
        let with = |reference: &str| {
            let target = format!("targetRefs: [{{{reference}}}]");
            format!("{web}{}", policy(ENVOY, "SecurityPolicy", "p", &target, AUTH))
        };
        let right = "group: gateway.networking.k8s.io, kind: HTTPRoute, name: web";
        let label = "007 warning SecurityPolicy p: no longer applies to HTTPRoute web: refers to";
        for (wrong, words) in [
            (
                "group: networking.k8s.io, kind: HTTPRoute, name: web",
                "the group networking.k8s.io in place of gateway.networking.k8s.io",
            ),
            (
                "group: '', kind: HTTPRoute, name: web",
                "the core group in place of gateway.networking.k8s.io",
            ),
            (
                "group: gateway.networking.k8s.io, kind: GRPCRoute, name: web",
                "the kind GRPCRoute in place of HTTPRoute",
            ),
            (
                "group: gateway.networking.k8s.io, kind: HttpRoutes, name: web",
                "the kind HttpRoutes in place of HTTPRoute",
            ),
        ] {
            assert_eq!(judged(&with(right), &with(wrong)), [format!("{label} {words}")]);
            let is_route = wrong.contains("GRPCRoute");
            assert_eq!(judged(&with(wrong), &with(right)).is_empty(), !is_route, "{wrong}");
        }
        // The group that the kind has anyway.
        told(&with(right), &with("kind: HTTPRoute, name: web"), &[]);
        let selector = |group: &str| {
            let target =
                format!("targetSelectors: [{{{group}kind: HTTPRoute, matchLabels: {{a: b}}}}]");
            let labelled = web.replace("labels: {}", "labels: {a: b}");
            format!("{labelled}{}", policy(ENVOY, "SecurityPolicy", "p", &target, AUTH))
        };
        assert_eq!(judged(&selector(""), &selector("group: extensions, ")).len(), 1);
        // A Service of the core group, and one of another group.
        let service =
            "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}}\n---\n";
        let of = |group: &str| {
            let target = format!("targetRefs: [{{group: '{group}', kind: Service, name: web}}]");
            format!("{service}{}", policy("example.org/v1", "Guard", "p", &target, "deny: all"))
        };
        let words = "007 warning Guard p: no longer applies to Service web: refers to the group core in place of the core group";
        told(&of(""), &of("core"), &[words]);
    }

    #[test]
    fn objects_leave_their_policies() {
        let by_name = policy(ENVOY, "SecurityPolicy", "p", &reference("web"), AUTH);
        let selector = "targetSelectors: [{kind: HTTPRoute, matchLabels: {guard: strict}}]";
        let by_label = policy(ENVOY, "SecurityPolicy", "p", selector, AUTH);
        let words = "is no longer restricted by SecurityPolicy p";
        let gone = "which moved here, where it has no SecurityPolicy p";
        // A path moves to another route, or the route has another name.
        for policy in [&by_name, &by_label] {
            let label = if *policy == by_label { "guard: strict" } else { "" };
            let one = route("web", label, "/") + policy;
            let path = "rules: [";
            let more = "rules: [{matches: [{path: {value: /admin}}], backendRefs: [{name: admin, port: 80}]}, ";
            let admin =
                route("admin", "", "/admin").replace("name: web, port", "name: admin, port");
            let told = judged(&one.replace(path, more), &(one.clone() + &admin));
            assert!(told.len() == 1 && told[0].ends_with(gone), "{told:?}");
            let admin = admin.replace("labels: {}", "labels: {guard: strict}");
            let told = judged(&one.replace(path, more), &(one.clone() + &admin));
            assert_eq!(told.is_empty(), *policy == by_label, "{told:?}");
        }
        let renamed = route("web-2", "", "/") + &by_name;
        let all = judged(
            &(route("web-1", "", "/") + &by_name.replace("name: web}", "name: web-1}")),
            &renamed.replace("name: web}", "name: web-1}"),
        );
        assert!(all.iter().any(|one| one.ends_with(words) || one.ends_with(gone)), "{all:?}");
        let with = |label: &str| route("web", label, "/") + &by_label;
        assert_eq!(
            judged(&with("guard: strict"), &with("guard: lax")),
            [format!("007 warning HTTPRoute web: {words}")]
        );
        assert_eq!(judged(&with("guard: lax"), &with("guard: strict")), [""; 0]);
        let narrower =
            with("guard: strict").replace("{guard: strict}}]", "{guard: strict, zone: a}}]");
        assert_eq!(judged(&with("guard: strict"), &narrower).len(), 1);
    }
}
