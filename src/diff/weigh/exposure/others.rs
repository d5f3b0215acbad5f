//! Policies of networks and meshes of other kinds than `NetworkPolicy` and those of Cilium: Calico, administrators, Istio. They are not added up: a rule that is new or gone is told, and that what it allows is not compared.

use std::collections::BTreeMap;

use super::alternatives::{Alternative, are_within, of_istio};
use super::judgement;
use crate::diff::weigh::selectors::Conditions;
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical, without};
use crate::harden::Severity;
use crate::harden::value::{below, items, present, text};
use crate::yaml::Node;

/// Judges a policy of another kind.
pub(in crate::diff::weigh) fn other_policy(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else {
        return found.extend(removed(sides));
    };
    // One that is only tried out restricts and allows nothing.
    let before = sides.before.filter(|before| !is_tried_out(before));
    if is_tried_out(after) {
        let phrase = Phrase::new("only logs how it would decide (istio.io/dry-run)");
        let judged = judgement("metadata.annotations", phrase).with_severity(Severity::Error);
        return found.extend(before.map(|_| judged));
    }
    if before.is_some_and(|before| spec(before).map(canonical) == spec(after).map(canonical))
        || sides.before.is_none() && was_there(sides, spec(after))
    {
        return;
    }
    match (sides.group, sides.kind) {
        ("security.istio.io", "AuthorizationPolicy") => authorization(sides, before, after, found),
        ("security.istio.io", _) => found.extend(before.and_then(|before| issuers(before, after))),
        _ => ordered(sides, before, after, found),
    }
}

/// Judges a `Server` of Linkerd, which restricts who reaches a port.
pub(in crate::diff::weigh) fn server(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let is_restricting = |before| is_restricting_server(spec(before));
    if sides.after.is_none() && sides.before.is_some_and(is_restricting) {
        found.extend(removed(sides));
    }
}

/// True for a `Server` of Linkerd that refuses some connections.
pub(super) fn is_restricting_server(spec: Option<&Node>) -> bool {
    let policy = spec.and_then(|spec| text(spec, "accessPolicy")).unwrap_or("deny");
    !matches!(policy, "all-unauthenticated" | "audit")
}

fn spec(policy: &Node) -> Option<&Node> {
    present(policy, "spec")
}

/// True for a policy of Istio whose decisions are only logged.
pub(super) fn is_tried_out(policy: &Node) -> bool {
    let annotations = below(policy, &["metadata", "annotations"]);
    annotations.is_some_and(|all| text(all, "istio.io/dry-run") == Some("true"))
}

/// The judgement on a policy that is gone.
pub(super) fn removed(sides: &Sides<'_, '_>) -> Option<Judgement> {
    let before = sides.before.filter(|before| !is_tried_out(before))?;
    // The same policy under another name restricts as much.
    let is_lost = sides.leaves_pods(None)
        && !(sides.kind == "AuthorizationPolicy" && is_joined(sides, before))
        && !sides.whole.has_like(1, sides.kind, sides.namespace(0), present(before, "spec"));
    let phrase = Phrase::new("no longer restricts traffic");
    is_lost.then(|| judgement("", phrase).with_severity(Severity::Error))
}

/// True if an equal policy was there under another name.
pub(super) fn was_there(sides: &Sides<'_, '_>, spec: Option<&Node>) -> bool {
    sides.whole.has_like(0, sides.kind, sides.namespace(1), spec)
}

/// True if a policy of the same kind that satisfies a condition was there before for the same pods, or for those of all
/// namespaces.
pub(super) fn had_others(sides: &Sides<'_, '_>, is_meant: impl Fn(&Node) -> bool) -> bool {
    let mut all = sides.whole.all_of_kind(0, sides.kind);
    let own = sides.namespace(1);
    all.any(|one| {
        let namespace = one.id().effective_namespace();
        (one.id().cluster_scoped || namespace == own || namespace == MESH)
            && !is_tried_out(one.node())
            && is_meant(one.node())
    })
}

/// The namespace of which the policies of Istio hold for all.
pub(super) const MESH: &str = "istio-system";

/// A list of rules by their meaning.
fn rules<'n>(spec: Option<&'n Node>, key: &str) -> BTreeMap<String, &'n Node> {
    let list = items(spec.and_then(|spec| present(spec, key)));
    list.iter().map(|rule| (canonical(rule), rule)).collect()
}

/// The judgement on pods that a specification of both sides selects no longer.
pub(super) fn narrowed(
    before: Option<&Node>,
    after: Option<&Node>,
    keys: &[&str],
) -> Option<Judgement> {
    let of = |key: &&str| {
        let field = |spec: Option<&'_ Node>| {
            Conditions::of_optional(spec.and_then(|spec| present(spec, key)))
        };
        [field(before), field(after)]
    };
    let [old, new] = keys.iter().map(of).find(|[old, new]| !old.is_within(new))?;
    let gone = new.beyond(&old);
    let phrase = Phrase::new("applies only to pods with ").few(gone.iter().map(String::as_str));
    Some(judgement("spec", phrase))
}

pub(super) const NOT_COMPARED: &str = ": what its rules allow is not compared";

/// Judges a policy of Calico or of administrators, in which rules allow and refuse in order.
fn ordered(sides: &Sides<'_, '_>, before: Option<&Node>, after: &Node, found: &mut Vec<Judgement>) {
    let allows = |node: &Node| {
        ["ingress", "egress"].iter().any(|key| {
            let list = items(below(node, &["spec", key]));
            let action = |rule| text(rule, "action");
            list.iter().any(|rule| matches!(action(rule), Some("Allow" | "Accept" | "Pass")))
        })
    };
    match before {
        Some(before) if allows_less(before, after) => {}
        Some(_) => found.push(otherwise()),
        None if !allows(after) => {}
        None if sides.group == "policy.networking.k8s.io" => {
            let words = "allows traffic before NetworkPolicies are asked";
            found.push(judgement("spec", Phrase::new(words).say(NOT_COMPARED)));
        }
        None if had_others(sides, |_| true) => found.push(beside()),
        None => {}
    }
}

/// True if rules of which each one allows something are only fewer.
fn allows_less(before: &Node, after: &Node) -> bool {
    let directions = ["ingress", "egress"];
    let is_allowing = |node| {
        let all = |key: &&str| items(below(node, &["spec", key])).iter();
        let mut rules = directions.iter().flat_map(all);
        rules.all(|rule| matches!(text(rule, "action"), Some("Allow" | "Accept")))
    };
    let rest = |node| spec(node).map(|spec| without(spec, &directions));
    is_allowing(before)
        && is_allowing(after)
        && rest(before) == rest(after)
        && directions.iter().all(|key| {
            let [old, new] = [before, after].map(|node| rules(spec(node), key));
            // Without the field, another direction may be restricted.
            let has = |node| spec(node).is_some_and(|spec| present(spec, key).is_some());
            has(before) == has(after) && new.keys().all(|rule| old.contains_key(rule))
        })
}

/// The judgement on rules that differ.
pub(super) fn otherwise() -> Judgement {
    judgement("spec", Phrase::new("restricts traffic otherwise than before").say(NOT_COMPARED))
}

/// The judgement on rules that are new beside others.
pub(super) fn beside() -> Judgement {
    let words = "allows traffic beside the policies that were there";
    judgement("spec", Phrase::new(words).say(NOT_COMPARED))
}

/// The action of an `AuthorizationPolicy`.
fn action(policy: &Node) -> &str {
    spec(policy).and_then(|spec| text(spec, "action")).unwrap_or("ALLOW")
}

/// Judges an `AuthorizationPolicy` of Istio.
fn authorization(
    sides: &Sides<'_, '_>,
    before: Option<&Node>,
    after: &Node,
    found: &mut Vec<Judgement>,
) {
    let new = rules(spec(after), "rules");
    let all = |severity| {
        let phrase = Phrase::new("allows all requests");
        judgement("spec.rules", phrase).with_severity(severity)
    };
    // An empty rule allows everything.
    let is_open = action(after) == "ALLOW" && new.values().any(|rule| rule.is_empty());
    // What policies for the same pods and with the same action allowed, or refused, before.
    let known = alike(sides, 0, after);
    let own = of_istio(items(below(after, &["spec", "rules"])));
    let Some(before) = before else {
        let had_some = || {
            had_others(sides, |one| action(one) == "ALLOW")
                && !are_within(&own, &known, &sides.whole.work)
        };
        match action(after) == "ALLOW" && !new.is_empty() && had_some() {
            true if is_open => found.push(all(Severity::Error)),
            true => found.push(judgement(
                "spec.rules",
                Phrase::new("allows requests beside the policies that were there")
                    .say(NOT_COMPARED),
            )),
            false => {}
        }
        return;
    };
    let old = rules(spec(before), "rules");
    let (was, is) = (action(before), action(after));
    if was != is {
        let phrase = Phrase::new("has the action ").name(is).say(" in place of ").name(was);
        found.push(judgement("spec.action", phrase.say(NOT_COMPARED)));
    } else if is == "ALLOW" {
        let had_open = old.values().any(|rule| rule.is_empty());
        if is_open && !had_open {
            found.push(all(Severity::Error));
        } else if !had_open
            && new.keys().any(|rule| !old.contains_key(rule))
            && !are_within(&own, &known, &sides.whole.work)
        {
            let phrase = Phrase::new("allows other requests than before");
            found.push(judgement("spec.rules", phrase.say(NOT_COMPARED)));
        }
    } else if old.keys().any(|rule| !new.contains_key(rule))
        && !are_within(&of_istio(items(below(before, &["spec", "rules"]))), &own, &sides.whole.work)
    {
        let words = match is {
            "DENY" => "no longer refuses some requests",
            _ => "no longer asks about some requests",
        };
        found.push(judgement("spec.rules", Phrase::new(words).say(NOT_COMPARED)));
    }
    found.extend(narrowed(spec(before), spec(after), &["selector"]));
    let targets = |node| {
        let of = |key: &str| below(node, &["spec", key]).map(canonical);
        (of("targetRef"), of("targetRefs"), of("provider"))
    };
    if targets(before) != targets(after) {
        let phrase = Phrase::new("applies to other objects, or asks another provider");
        found.push(judgement("spec", phrase.say(NOT_COMPARED)));
    }
}

/// True if other policies for the same pods restrict them as one that is gone.
fn is_joined(sides: &Sides<'_, '_>, before: &Node) -> bool {
    let known = alike(sides, 1, before);
    match action(before) {
        // What the others allow is told of them.
        "ALLOW" => !known.is_empty(),
        _ => {
            let own = of_istio(items(below(before, &["spec", "rules"])));
            are_within(&own, &known, &sides.whole.work)
        }
    }
}

/// The requests that the policies of a side with the action of one, and for the same pods, allow or refuse: also itself.
fn alike(sides: &Sides<'_, '_>, side: usize, policy: &Node) -> Vec<Alternative> {
    let applies = |policy| {
        let spec = spec(policy);
        spec.map(|spec| without(spec, &["action", "rules"])).unwrap_or_default()
    };
    let (own, is) = (applies(policy), action(policy));
    // A policy that only one side has was, or would be, in the same namespace on the other.
    let place = if sides.object.ids[side].is_some() { side } else { 1 - side };
    let all = sides.whole.of_kind(side, sides.kind, sides.namespace(place));
    // One that is only tried out allows and refuses nothing.
    let all = all.filter(|one| !is_tried_out(one.node()));
    let alike = all.filter(|one| action(one.node()) == is && applies(one.node()) == own);
    let alike = alike.take_while(|one| sides.whole.work.takes(one.node().count_below()));
    alike.flat_map(|one| of_istio(items(below(one.node(), &["spec", "rules"])))).collect()
}

/// The judgement on a `RequestAuthentication` of Istio that accepts the tokens of others.
fn issuers(before: &Node, after: &Node) -> Option<Judgement> {
    let [old, new] = [before, after].map(|node| rules(present(node, "spec"), "jwtRules"));
    let gained = new.iter().filter(|(rule, _)| !old.contains_key(*rule));
    let gained: Vec<&str> = gained.filter_map(|(_, rule)| text(rule, "issuer")).collect();
    let targets = |node| {
        let of = |key: &str| below(node, &["spec", key]).map(canonical);
        (of("targetRef"), of("targetRefs"))
    };
    if gained.is_empty() && targets(before) != targets(after) {
        let phrase = Phrase::new("applies to other objects");
        return Some(judgement("spec", phrase.say(NOT_COMPARED)));
    }
    if gained.is_empty() {
        return narrowed(spec(before), spec(after), &["selector"]);
    }
    let phrase = Phrase::new("accepts other tokens of the issuer ").few(gained);
    Some(judgement("spec.jwtRules", phrase))
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn object(version: &str, kind: &str, name: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    const OPEN: &str = ": what its rules allow is not compared";

    #[test]
    fn authorization_allows_more() {
        let policy = |spec: &str| object("security.istio.io/v1", "AuthorizationPolicy", "p", spec);
        let label = "AuthorizationPolicy p: ";
        let one = "rules: [{from: [{source: {namespaces: [a]}}]}]";
        let two =
            "rules: [{from: [{source: {namespaces: [a]}}]}, {to: [{operation: {ports: ['1']}}]}]";
        for (before, after, words) in [
            (
                one.to_owned(),
                two.to_owned(),
                format!("warning {label}allows other requests than before{OPEN}"),
            ),
            (one.to_owned(), "rules: [{}]".to_owned(), format!("error {label}allows all requests")),
            (
                format!("action: DENY, {two}"),
                format!("action: DENY, {one}"),
                format!("warning {label}no longer refuses some requests{OPEN}"),
            ),
            (
                one.to_owned(),
                format!("selector: {{matchLabels: {{app: a}}}}, {one}"),
                format!("warning {label}applies only to pods with app=a"),
            ),
        ] {
            told(&policy(&before), &policy(&after), &[&*format!("007 {words}")]);
        }
        assert_eq!(judged(&policy(one), &policy(&format!("action: DENY, {one}"))).len(), 1);
        // The order of rules and of lists is no difference; a policy that allows nothing is stricter.
        let turned =
            "rules: [{to: [{operation: {ports: ['1']}}]}, {from: [{source: {namespaces: [a]}}]}]";
        told(&policy(two), &policy(turned), &[]);
        let with = |name: &str, spec: &str| {
            policy(one) + &object("security.istio.io/v1", "AuthorizationPolicy", name, spec)
        };
        assert_eq!(judged(&policy(one), &with("q", two)).len(), 1, "beside another one");
        assert_eq!(judged(&policy(one), &with("q", "")), [""; 0], "denies all");
        assert_eq!(judged(&policy(one), &with("q", &format!("action: DENY, {two}"))), [""; 0]);
    }

    #[test]
    fn rules_that_are_split_or_joined_allow_the_same() {
        let named = |name: &str, spec: &str| {
            object("security.istio.io/v1", "AuthorizationPolicy", name, spec)
        };
        let policy = |rules: &str| named("p", &format!("rules: [{rules}]"));
        let from = |source: &str| format!("{{from: [{{source: {{{source}}}}}]}}");
        let both = policy(&from("namespaces: [a, b]"));
        let apart = policy(&format!("{}, {}", from("namespaces: [b]"), from("namespaces: [a]")));
        let to = |methods: &str| {
            format!(
                "{{from: [{{source: {{namespaces: [a]}}}}], to: [{{operation: {{methods: [{methods}]}}}}]}}"
            )
        };
        let by = |more: &str| policy(&from(&format!("namespaces: [a], notPrincipals: [{more}]")));
        for (before, after) in [
            (&both, &apart),
            (&apart, &both),
            (&both, &policy(&to("GET"))),
            (&policy(&to("GET, POST")), &policy(&to("POST"))),
            (&by("x"), &by("x, y")),
        ] {
            assert_eq!(judged(before, after), [""; 0], "{before}{after}");
        }
        // The same rules in two policies.
        let (a, b) = (from("namespaces: [a]"), from("namespaces: [b]"));
        let two = policy(&a) + &named("q", &format!("rules: [{b}]"));
        assert_eq!(judged(&both, &two), [""; 0]);
        assert_eq!(judged(&two, &both), [""; 0]);
        for (before, after) in [
            (policy(&a), apart.clone()),
            (policy(&to("GET")), policy(&to("GET, POST"))),
            (policy(&to("GET")), policy(&a)),
            (by("x, y"), by("x")),
            (policy(&a), policy(&from("namespaces: [a], other: [x]"))),
            (
                both.clone(),
                two.replace(
                    "rules: [{from: [{source: {namespaces: [b",
                    "rules: [{from: [{source: {namespaces: [c",
                ),
            ),
            (
                two.clone(),
                two.replace(
                    "name: q}, spec: {",
                    "name: q}, spec: {selector: {matchLabels: {app: x}}, ",
                )
                .replace("[b]", "[c]"),
            ),
        ] {
            assert_ne!(judged(&before, &after), [""; 0], "{before}{after}");
        }
        let deny = |rules: &str| named("p", &format!("action: DENY, rules: [{rules}]"));
        assert_eq!(
            judged(&deny(&from("namespaces: [a, b]")), &deny(&format!("{b}, {a}"))),
            [""; 0]
        );
        assert_eq!(judged(&deny(&from("namespaces: [a, b]")), &deny(&a)).len(), 1);
    }

    #[test]
    fn fewer_rules_of_calico_allow_less() {
        let policy = |rules: &str| {
            object(
                "projectcalico.org/v3",
                "NetworkPolicy",
                "p",
                &format!("selector: all(), ingress: [{rules}]"),
            )
        };
        let allow = |net: &str| format!("{{action: Allow, source: {{nets: [{net}]}}}}");
        let (one, other) = (allow("10.0.0.0/8"), allow("192.168.0.0/16"));
        assert_eq!(judged(&policy(&format!("{one}, {other}")), &policy(&other)), [""; 0]);
        let deny = "{action: Deny}";
        for (before, after) in [
            (policy(&one), policy(&format!("{one}, {other}"))),
            (policy(&format!("{deny}, {one}")), policy(&one)),
            (policy(&format!("{one}, {other}")), policy(&other).replace("all()", "has(a)")),
        ] {
            assert_eq!(judged(&before, &after).len(), 1, "{before}{after}");
        }
    }

    #[test]
    fn policies_are_only_tried_out() {
        let policy = |annotations: &str, rules: &str| {
            object("security.istio.io/v1", "AuthorizationPolicy", "p", rules)
                .replace("{name: p}", &format!("{{name: p, annotations: {{{annotations}}}}}"))
        };
        let (tried, rules) =
            ("istio.io/dry-run: 'true'", "rules: [{to: [{operation: {ports: ['1']}}]}]");
        let words =
            "007 error AuthorizationPolicy p: only logs how it would decide (istio.io/dry-run)";
        for rules in [rules, &format!("action: DENY, {rules}")] {
            told(&policy("", rules), &policy(tried, rules), &[words]);
            told(&policy("", rules), &policy("istio.io/dry-run: 'false'", rules), &[]);
        }
        let open = policy(tried, "rules: [{}]");
        told(&policy(tried, rules), &open, &[]);
        let other = policy("", rules).replace("name: p", "name: q");
        let (tried, real) = (open.clone(), open.replace("'true'", "'false'"));
        assert_eq!(
            judged(&format!("{other}{tried}"), &format!("{other}{real}")),
            ["007 error AuthorizationPolicy p: allows all requests"],
            "it was not in effect"
        );
    }

    #[test]
    fn policies_of_other_networks_differ() {
        let cilium = |spec: &str| object("cilium.io/v2", "CiliumNetworkPolicy", "p", spec);
        let label = "CiliumNetworkPolicy p: ";
        let pods = "endpointSelector: {matchLabels: {app: a}}";
        let one = format!("{pods}, ingress: [{{fromEntities: [cluster]}}]");
        for (before, after, words) in [
            (
                one.clone(),
                format!(
                    "{pods}, ingress: [{{fromEntities: [world]}}, {{fromEntities: [cluster]}}]"
                ),
                format!("warning {label}allows other incoming traffic{OPEN}"),
            ),
            (
                one.clone(),
                pods.to_owned(),
                format!("error {label}no longer restricts incoming traffic"),
            ),
            (
                format!("{one}, ingressDeny: [{{fromEntities: [world]}}]"),
                one.clone(),
                format!("warning {label}no longer refuses some incoming traffic{OPEN}"),
            ),
        ] {
            told(&cilium(&before), &cilium(&after), &[&*format!("007 {words}")]);
        }
        for (version, kind) in [
            ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
            ("crd.projectcalico.org/v1", "GlobalNetworkPolicy"),
        ] {
            let policy = |action: &str| {
                object(version, kind, "p", &format!("ingress: [{{action: {action}}}]"))
            };
            let words =
                format!("007 warning {kind} p: restricts traffic otherwise than before{OPEN}");
            assert_eq!(judged(&policy("Deny"), &policy("Allow")), [&*words]);
            assert_eq!(judged(&policy("Allow"), &policy("Deny")), [&*words]);
            let labelled = policy("Deny").replace("name: p", "name: p, labels: {a: b}");
            told(&policy("Deny"), &labelled, &[]);
        }
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
        let admin = |action: &str| {
            map.to_owned()
                + &object(
                    "policy.networking.k8s.io/v1alpha1",
                    "AdminNetworkPolicy",
                    "p",
                    &format!("ingress: [{{action: {action}}}]"),
                )
        };
        assert_eq!(judged(map, &admin("Allow")).len(), 1);
        assert_eq!(judged(map, &admin("Deny")), [""; 0]);
    }
}
