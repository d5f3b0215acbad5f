//! Objects that leave the policies which are attached to them: by another name, by other labels, or because an entry moves to
//! another object.

use std::collections::BTreeSet;

use super::attached::{meaning, own, policies_of};
use super::judgement;
use super::levels::{Holding, is_merged};
use super::overriding::{compared, has_levels, is_covered};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::value::{below, present};
use crate::resource::Resource;

/// Judges an object with another name, or other labels, to which policies are no longer attached because of that, nor others
/// that demand as much.
pub(in crate::diff::weigh) fn left(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let labels = |node| below(node, &["metadata", "labels"]).map(canonical);
    let names = sides.object.ids.each_ref().map(|id| id.as_ref().map(|id| &id.name));
    let is_moved = names[0] != names[1] || sides.namespace(0) != sides.namespace(1);
    if !is_moved && labels(before) == labels(after) {
        return;
    }
    let (Some(was), Some(is)) = (own(sides, 0), own(sides, 1)) else { return };
    let (new, work) = (policies_of(sides, 1), &sides.whole.work);
    let mut lost = BTreeSet::new();
    for (section, policy) in sides.whole.attached(0).policies(&was, Some(before), work) {
        let Some(spec) = present(policy.node(), "spec") else { continue };
        if work.takes(spec.count_below())
            && !new.contains_key(&meaning(policy.kind(), spec, section))
            && !is_covered(sides, (&policy.gvk().group, policy.kind()), (&is, section), spec)
        {
            lost.insert(format!("{} {}", policy.kind(), policy.name()));
        }
    }
    if !lost.is_empty() {
        let phrase = Phrase::new("is no longer restricted by ");
        found.push(judgement("metadata", phrase.few(lost.iter().map(String::as_str))));
    }
}

/// True if policies that demand as much as one of before, which is known by its kind and name, hold for all of the object
/// after the change: what another object served has moved there.
pub(super) fn is_restricted_alike(sides: &Sides<'_, '_>, title: &str) -> bool {
    let Some((target, (kind, name))) = own(sides, 1).zip(title.split_once(' ')) else {
        return false;
    };
    let mut all = sides.whole.of_kind(0, kind, sides.namespace(1));
    let Some(former) = all.find(|one| one.name() == name) else { return false };
    let of_kind = (&*former.gvk().group, kind);
    let Some(old) = present(former.node(), "spec") else { return false };
    // A policy of a rule holds in place of that of the object.
    let work = &sides.whole.work;
    let is_of_rule = |(section, one): &(Option<&str>, &Resource)| {
        section.is_some() && (&*one.gvk().group, one.kind()) == of_kind
    };
    let attached = sides.whole.attached(1).policies(&target, sides.after, work);
    let of_rules: Vec<Option<&str>> = attached.filter(is_of_rule).map(|(of, _)| of).collect();
    let mut places = std::iter::once(None).chain(of_rules);
    work.takes(old.count_below())
        && places.all(|section| is_covered(sides, of_kind, (&target, section), old))
}

/// The policies of parents in the place of which one holds for the object, which is known by its kind and name and stays as
/// it is, and that demand more: their titles.
pub(super) fn replaced_by(sides: &Sides<'_, '_>, title: &str) -> Vec<String> {
    let Some((target, (kind, name))) = own(sides, 1).zip(title.split_once(' ')) else {
        return Vec::new();
    };
    let of = |side: usize| {
        let mut all = sides.whole.of_kind(side, kind, sides.namespace(1));
        all.find(|one| one.name() == name)
    };
    // One that is new, or differs, is told with its own object.
    let (Some(was), Some(is)) = (of(0), of(1)) else { return Vec::new() };
    let group = &*is.gvk().group;
    let Some(spec) = present(is.node(), "spec").filter(|spec| !is_merged(spec)) else {
        return Vec::new();
    };
    if was.node() != is.node() || !has_levels(group, kind) {
        return Vec::new();
    }
    let holding = Holding { sides, side: 0, group, kind };
    let ways = holding.ways(&target, sides.after, false);
    let former = ways.iter().flat_map(|way| holding.on(way));
    former.filter_map(|one| compared(&one, spec)).map(|(title, ..)| title).collect()
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    const GROUP: &str = "gateway.networking.k8s.io";

    fn gateway(name: &str) -> String {
        format!(
            "{{apiVersion: {GROUP}/v1, kind: Gateway, metadata: {{name: {name}, namespace: infra}}, spec: {{gatewayClassName: c, listeners: [{{name: web, port: 80, protocol: HTTP}}]}}}}\n---\n"
        )
    }

    fn route(name: &str, labels: &str, path: &str) -> String {
        format!(
            "{{apiVersion: {GROUP}/v1, kind: HTTPRoute, metadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}, spec: {{parentRefs: [{{name: g, namespace: infra}}], hostnames: [a.example.org], rules: [{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: web, port: 80}}]}}]}}}}\n---\n"
        )
    }

    /// A policy of a Gateway, in its namespace, or else of routes with a label.
    fn policy(kind: &str, name: &str, target: &str, fields: &str) -> String {
        let version = match kind {
            "AuthPolicy" | "RateLimitPolicy" => "kuadrant.io/v1",
            "Guard" => "example.org/v1",
            _ => "gateway.envoyproxy.io/v1alpha1",
        };
        let (namespace, target) = match target {
            "g" | "h" => (
                "infra",
                format!("targetRefs: [{{group: {GROUP}, kind: Gateway, name: {target}}}]"),
            ),
            label => (
                "shop",
                format!("targetSelectors: [{{kind: HTTPRoute, matchLabels: {{zone: {label}}}}}]"),
            ),
        };
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{{target}, {fields}}}}}\n---\n"
        )
    }

    const AUTH: &str = "basicAuth: {users: {name: s}}";
    const KEY: &str = "authentication: {k: {apiKey: {}}}";

    /// Kinds of policies with a laxer and a stricter one.
    fn pairs() -> Vec<(&'static str, String, String)> {
        let limit = |name: &str| format!("{name}: {{rates: [{{limit: 5, window: 10s}}]}}");
        let local = "rateLimit: {type: Local}";
        let auth = |rules: &str| format!("rules: {{{KEY}{rules}}}");
        vec![
            ("SecurityPolicy", AUTH.to_owned(), format!("{AUTH}, jwt: {{}}")),
            ("SecurityPolicy", format!("{AUTH}, cors: {{allowOrigins: [a]}}"), AUTH.to_owned()),
            (
                "BackendTrafficPolicy",
                local.to_owned(),
                format!("{local}, retry: {{numRetries: 1}}"),
            ),
            ("AuthPolicy", auth(""), auth(", authorization: {o: {opa: {}}}")),
            (
                "AuthPolicy",
                auth(", authorization: {o: {opa: {}}}"),
                format!("defaults: {{{}}}", auth(", authorization: {o: {opa: {}}, p: {opa: {}}}")),
            ),
            ("AuthPolicy", auth(""), format!("overrides: {{{}}}", auth(""))),
            ("AuthPolicy", format!("{}, when: [{{predicate: a}}]", auth("")), auth("")),
            (
                "RateLimitPolicy",
                format!("limits: {{{}}}", limit("a")),
                format!("limits: {{{}, {}}}", limit("a"), limit("b")),
            ),
        ]
    }

    fn has_left(told: &[String]) -> bool {
        told.iter().any(|one| {
            let words =
                ["is no longer restricted by", "no longer applies", "has no ", "no longer selects"];
            words.iter().any(|part| one.contains(part))
        })
    }

    #[test]
    fn routes_leave_a_policy_for_a_stricter_one() {
        for (kind, lax, strict) in pairs() {
            let of_label =
                |name: &str, label: &str, fields: &str| policy(kind, name, label, fields);
            let web = |label: &str| route("web", &format!("zone: {label}"), "/");
            let base = gateway("g") + &of_label("lax", "a", &lax);
            for (more, is_told) in [
                (of_label("strict", "g", &strict), false),
                (of_label("strict", "b", &strict), false),
                (of_label("equal", "g", &lax), false),
                (of_label("strict", "h", &strict), true),
                (String::new(), true),
            ] {
                let with = |label: &str| format!("{base}{more}{}", web(label));
                let told = judged(&with("a"), &with("b"));
                assert_eq!(has_left(&told), is_told, "{kind} {lax} {more} {told:?}");
            }
            // The stricter one is left for the laxer one.
            let both = |label: &str| {
                let strict = of_label("strict", "b", &strict);
                format!("{base}{strict}{}", web(label))
            };
            if !lax.contains("cors") && !strict.contains("retry") && !strict.contains("overrides") {
                let told = judged(&both("b"), &both("a"));
                assert!(!told.is_empty(), "{kind} {strict}");
            }
        }
        // Of kinds that are not known, only equal ones are as strict.
        let with = |label: &str, fields: &str| {
            let [lax, strict] = [("lax", "a", "deny: all"), ("strict", "b", fields)]
                .map(|(name, label, fields)| policy("Guard", name, label, fields));
            format!("{lax}{strict}{}", route("web", &format!("zone: {label}"), "/"))
        };
        for (fields, is_told) in [("deny: all", false), ("deny: all, except: some", true)] {
            assert_eq!(has_left(&judged(&with("a", fields), &with("b", fields))), is_told);
        }
    }

    #[test]
    fn policies_leave_routes_to_stricter_ones() {
        for (kind, lax, strict) in pairs() {
            let of_label =
                |name: &str, label: &str, fields: &str| policy(kind, name, label, fields);
            let base = gateway("g") + &route("web", "zone: a", "/");
            let own = of_label("lax", "a", &lax);
            for (more, is_told) in [
                (of_label("strict", "g", &strict), false),
                (of_label("strict", "a", &strict), false),
                (of_label("strict", "b", &strict), true),
                (String::new(), true),
            ] {
                let base = format!("{base}{more}");
                let told = judged(&format!("{base}{own}"), &base);
                assert_eq!(has_left(&told), is_told, "{kind} {lax} {more} {told:?}");
            }
        }
    }

    #[test]
    fn paths_move_to_routes_under_stricter_policies() {
        for (kind, lax, strict) in pairs() {
            let of_label =
                |name: &str, label: &str, fields: &str| policy(kind, name, label, fields);
            let both = route("web", "zone: a", "/").replace(
                "rules: [",
                "rules: [{matches: [{path: {value: /admin}}], backendRefs: [{name: web, port: 80}]}, ",
            );
            let apart = route("web", "zone: a", "/") + &route("admin", "zone: b", "/admin");
            for (more, is_told) in [
                (of_label("strict", "g", &strict), false),
                (of_label("strict", "b", &strict), false),
                (of_label("strict", "c", &strict), true),
            ] {
                let base = gateway("g") + &of_label("lax", "a", &lax) + &more;
                let told = judged(&format!("{base}{both}"), &format!("{base}{apart}"));
                assert_eq!(has_left(&told), is_told, "{kind} {lax} {more} {told:?}");
            }
        }
    }

    /// The policy of the route to which a path moves holds in place of that of the Gateway, and stays as it is.
    #[test]
    fn paths_move_to_routes_under_laxer_policies() {
        let of_gateway = policy("SecurityPolicy", "strict", "g", AUTH);
        let both = route("web", "zone: a", "/").replace(
            "rules: [",
            "rules: [{matches: [{path: {value: /admin}}], backendRefs: [{name: web, port: 80}]}, ",
        );
        let apart = route("web", "zone: a", "/") + &route("admin", "zone: b", "/admin");
        for (fields, is_told) in
            [("cors: {}", true), ("mergeType: JSONMerge, cors: {}", false), (AUTH, false)]
        {
            let own = policy("SecurityPolicy", "own", "b", fields);
            let base = gateway("g") + &of_gateway + &own;
            let told = judged(&format!("{base}{both}"), &format!("{base}{apart}"));
            let words = "which moved here, where it has no SecurityPolicy strict of Gateway g";
            let number = told.iter().filter(|one| one.ends_with(words)).count();
            assert_eq!(number, usize::from(is_told), "{fields} {told:?}");
            let reverse = judged(&format!("{base}{apart}"), &format!("{base}{both}"));
            assert!(!reverse.iter().any(|one| one.contains("strict")), "{fields} {reverse:?}");
        }
    }

    /// Conditions under which a policy holds make it laxer, and not stricter.
    #[test]
    fn policies_that_hold_under_conditions_demand_less() {
        let rules = format!("rules: {{{KEY}}}");
        let web = |label: &str| route("web", &format!("zone: {label}"), "/");
        let some = format!("{rules}, when: [{{predicate: a}}]");
        let strict = |fields: &str| policy("AuthPolicy", "strict", "g", fields);
        let own = policy("AuthPolicy", "own", "a", &rules);
        let base = gateway("g") + &own;
        let with = |fields: &str, label: &str| format!("{base}{}{}", strict(fields), web(label));
        assert!(has_left(&judged(&with(&some, "a"), &with(&some, "b"))));
        assert!(!has_left(&judged(&with(&rules, "a"), &with(&rules, "b"))));
        let words = "007 warning AuthPolicy strict: restricts requests otherwise than before, by when: what its rules allow is not compared";
        assert_eq!(judged(&with(&rules, "b"), &with(&some, "b")), [words]);
        assert_eq!(judged(&with(&some, "b"), &with(&rules, "b")), [""; 0]);
    }
}
