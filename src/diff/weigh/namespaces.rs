//! KR-DIF-007 and KR-DIF-008: labels of a namespace by which webhooks and policies select it, and entries let it in.
//!
//! The other object stays as it is; so the difference is only in the namespace. A selector that differs itself is told with
//! its object.

use std::collections::{BTreeMap, BTreeSet};

use super::engines::judgement as weaker;
use super::selectors::Conditions;
use super::work::Work;
use super::{Identity, Judgement, Phrase, Sides, exposure};
use crate::harden::Severity;
use crate::harden::selector::{labels, selects_by};
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The label of a namespace that the API server sets to its name.
const NAME: &str = "kubernetes.io/metadata.name";

/// The labels of an object on both sides.
pub(super) struct Labels<'a>([BTreeMap<&'a str, &'a str>; 2]);

impl<'a> Labels<'a> {
    pub(super) fn of(sides: [Option<&'a Node>; 2]) -> Self {
        Self(sides.map(|node| labels(node).collect()))
    }

    /// True if a selector selects the object on a side.
    fn are_selected(&self, side: usize, selector: &Node) -> bool {
        selects_by(selector, |key| self.0.get(side)?.get(key).copied())
    }

    /// True if a selector selects the object after the change, and not before it.
    fn gain(&self, selector: &Node) -> bool {
        !self.are_selected(0, selector) && self.are_selected(1, selector)
    }

    /// True if a selector has an effect that one of before did not have, and that is not told with its object: it has the
    /// same conditions, or selects more where a loss is told, and less where a gain is.
    pub(super) fn are_turned(
        &self,
        effect: Effect,
        selector: &Node,
        known: &Known<'_>,
        work: &Work,
    ) -> bool {
        let is_of_loss = effect.is_of_loss();
        if self.are_selected(1, selector) == is_of_loss {
            return false;
        }
        let new = Conditions::of(selector);
        if known.equal.contains(&(effect, new.clone())) {
            return self.are_selected(0, selector) == is_of_loss;
        }
        let is_former = |(_, node, old): &&(Effect, &Node, Conditions)| {
            work.takes(old.len().saturating_mul(1 + new.len()))
                && match is_of_loss {
                    true => old.is_within(&new),
                    false => new.is_within(old),
                }
                && self.are_selected(0, node) == is_of_loss
        };
        known.all.iter().filter(|(of, ..)| *of == effect).any(|one| is_former(&one))
    }

    /// The keys of the labels that differ.
    pub(super) fn keys(&self) -> BTreeSet<&str> {
        let [before, after] = &self.0;
        let all = before.keys().chain(after.keys()).copied();
        all.filter(|key| before.get(key) != after.get(key)).collect()
    }
}

/// The selectors of an object before the change.
pub(super) struct Known<'a> {
    all: Vec<(Effect, &'a Node, Conditions)>,
    equal: BTreeSet<(Effect, Conditions)>,
}

impl<'a> Known<'a> {
    pub(super) fn of(selectors: impl IntoIterator<Item = (Effect, &'a Node)>) -> Self {
        let with = |(effect, selector)| (effect, selector, Conditions::of(selector));
        let all: Vec<(Effect, &Node, Conditions)> = selectors.into_iter().map(with).collect();
        let equal = all.iter().map(|(effect, _, conditions)| (*effect, conditions.clone()));
        Self { equal: equal.collect(), all }
    }
}

/// The effect of a selector that selects a namespace or an object otherwise than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Objects in it are no longer refused.
    Checked,
    /// Objects in it are no longer changed.
    Changed,
    /// Objects in it are left out.
    LeftOut,
    /// Its pods may send traffic to those of a policy.
    LetIn,
    /// Its pods get traffic from those of a policy.
    Reached,
    /// Its pods are no longer refused.
    Spared,
    /// Its routes are taken by a Gateway.
    Attached,
    /// Its pods are no longer restricted.
    Unrestricted,
    /// A policy whose selectors are not compared names a label that differs.
    Named,
}

impl Effect {
    /// True if the effect is that of a selector which selects the namespace no longer.
    const fn is_of_loss(self) -> bool {
        matches!(self, Self::Checked | Self::Changed | Self::Unrestricted | Self::Spared)
    }

    /// The judgement on the objects with the selectors.
    pub(super) fn judged(self, names: &BTreeSet<String>) -> Judgement {
        let path = "metadata.labels";
        let phrase = |words: &'static str| Phrase::new(words).few(names.iter().map(String::as_str));
        match self {
            Self::Checked => weaker(path, phrase("is no longer seen by ")),
            Self::Changed => {
                weaker(path, phrase("is no longer seen by ")).with_severity(Severity::Warning)
            }
            Self::LeftOut => weaker(path, phrase("is now left out by ")),
            Self::LetIn => exposure::judgement(path, phrase("its pods are now let in by ")),
            Self::Reached => {
                exposure::judgement(path, phrase("its pods are now reached by those of "))
            }
            Self::Spared => exposure::judgement(path, phrase("its pods are no longer refused by ")),
            Self::Attached => exposure::judgement(path, phrase("its routes are now taken by ")),
            Self::Unrestricted => {
                let phrase = phrase("its pods are no longer restricted by ");
                exposure::judgement(path, phrase).with_severity(Severity::Error)
            }
            Self::Named => {
                let phrase =
                    phrase("has another label that a policy names, which is not compared: ");
                exposure::judgement(path, phrase)
            }
        }
    }
}

/// Judges a Namespace on both sides whose labels differ.
pub(super) fn relabelled(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let name = |node| below(node, &["metadata"]).and_then(|one| text(one, "name"));
    let (Some(own), Some(now)) = (name(before), name(after)) else { return };
    let of = |node| {
        let mut all: BTreeMap<&str, &str> = labels(below(node, &["metadata", "labels"])).collect();
        all.insert(NAME, own);
        all
    };
    let all = Labels([of(before), of(after)]);
    // Another name is another namespace.
    if own != now || all.keys().is_empty() {
        return;
    }
    let (mut effects, mut is_over) = (BTreeMap::<Effect, BTreeSet<String>>::new(), false);
    for [old, new] in sides.whole.asking(&all.keys(), may_select) {
        let mut note = |effect| {
            effects.entry(effect).or_default().insert(Identity::of(new).to_string());
        };
        let size = old.node().count_below().saturating_add(new.node().count_below());
        if !sides.whole.work.takes(size.saturating_mul(all.keys().len())) {
            is_over = true;
            break;
        }
        is_over |= !compare(&all, own, [old, new], &sides.whole.work, &mut note);
    }
    found.extend(effects.into_iter().map(|(effect, names)| effect.judged(&names)));
    if is_over {
        let words = "is not judged: the selectors of namespaces are too many to be compared";
        found.push(weaker("metadata.labels", Phrase::new(words)));
    }
}

/// True for objects that may select others by labels, false for those whose selectors are not read; `None` for others.
pub(super) fn may_select(object: &Resource) -> Option<bool> {
    match &*object.gvk().group {
        "admissionregistration.k8s.io"
        | "kyverno.io"
        | "policies.kyverno.io"
        | "constraints.gatekeeper.sh"
        | "mutations.gatekeeper.sh"
        | "gateway.networking.k8s.io" => Some(true),
        "networking.k8s.io" | "extensions" => (object.kind() == "NetworkPolicy").then_some(true),
        "policy.networking.k8s.io" => object.kind().ends_with("Policy").then_some(true),
        "security.istio.io" | "extensions.istio.io" => Some(true),
        "policy.linkerd.io" => (object.kind() == "Server").then_some(true),
        "cilium.io" | "crd.projectcalico.org" | "projectcalico.org" => {
            object.kind().ends_with("Policy").then_some(false)
        }
        _ => None,
    }
}

/// Notes the effects of the selectors of an object. False if that is too much work.
fn compare(
    all: &Labels<'_>,
    name: &str,
    [old, new]: [&Resource; 2],
    work: &Work,
    note: &mut impl FnMut(Effect),
) -> bool {
    match &*new.gvk().group {
        "networking.k8s.io" | "extensions" => {
            let Some(spec) = present(new.node(), "spec") else { return true };
            return let_in(all, super::namespace_of(new) == name, spec, work, note);
        }
        "cilium.io" | "crd.projectcalico.org" | "projectcalico.org" => {
            if names(new.node(), &all.keys()) {
                note(Effect::Named);
            }
        }
        _ => {
            let known = Known::of(selectors(old));
            for (effect, selector) in selectors(new) {
                if all.are_turned(effect, selector, &known, work) {
                    note(effect);
                }
            }
        }
    }
    true
}

/// True if a text in an object has one of the keys.
pub(super) fn names(node: &Node, keys: &BTreeSet<&str>) -> bool {
    let is_named = |text: &str| keys.iter().any(|key| text.contains(key));
    node.as_text().is_some_and(is_named)
        || node.items().iter().any(|one| names(one, keys))
        || node.entries().iter().any(|(key, value)| is_named(key.text()) || names(value, keys))
}

/// The selectors of namespaces in an object, each with the effect that it has when it selects otherwise.
fn selectors(object: &Resource) -> Vec<(Effect, &Node)> {
    let (node, kind) = (object.node(), object.kind());
    let sees = match kind.starts_with("Mutating") || kind.starts_with("Assign") {
        true => Effect::Changed,
        false => Effect::Checked,
    };
    let at = |path: &[&str]| below(node, path).map(|selector| (sees, selector));
    match (&*object.gvk().group, kind) {
        (_, "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration") => {
            let hooks = items(present(node, "webhooks")).iter();
            hooks.filter_map(|hook| Some((sees, present(hook, "namespaceSelector")?))).collect()
        }
        ("kyverno.io" | "policies.kyverno.io", "PolicyException") => {
            named(below(node, &["spec", "match"]), Effect::LeftOut)
        }
        ("kyverno.io", _) => of_kyverno(node),
        ("gateway.networking.k8s.io", "Gateway") => {
            let path = ["allowedRoutes", "namespaces", "selector"];
            let listeners = items(below(node, &["spec", "listeners"])).iter();
            let selectors = listeners.filter_map(|one| below(one, &path));
            selectors.map(|selector| (Effect::Attached, selector)).collect()
        }
        ("policy.networking.k8s.io", _) => of_administrators(node),
        _ => ["matchConstraints", "matchResources", "match"]
            .iter()
            .filter_map(|key| at(&["spec", key, "namespaceSelector"]))
            .collect(),
    }
}

/// The selectors under the key `namespaceSelector` in a filter of Kyverno, at any depth of its lists.
fn named(filter: Option<&Node>, effect: Effect) -> Vec<(Effect, &Node)> {
    let Some(filter) = filter else { return Vec::new() };
    let lists = ["any", "all"].into_iter().flat_map(|key| items(present(filter, key)));
    let parts = std::iter::once(filter).chain(lists);
    let selector = |part| below(part, &["resources", "namespaceSelector"]);
    parts.filter_map(selector).map(|selector| (effect, selector)).collect()
}

fn of_kyverno(policy: &Node) -> Vec<(Effect, &Node)> {
    let mut all = Vec::new();
    all.extend(overrides(below(policy, &["spec", "validationFailureActionOverrides"])));
    for rule in items(below(policy, &["spec", "rules"])) {
        all.extend(named(present(rule, "match"), Effect::Checked));
        all.extend(named(present(rule, "exclude"), Effect::LeftOut));
        all.extend(overrides(below(rule, &["validate", "failureActionOverrides"])));
    }
    all
}

/// The selectors of the exceptions from the action of a policy or a rule of Kyverno.
fn overrides(list: Option<&Node>) -> impl Iterator<Item = (Effect, &Node)> {
    items(list).iter().filter_map(|one| {
        let is_weak = text(one, "action").is_some_and(|one| one.eq_ignore_ascii_case("audit"));
        let effect = if is_weak { Effect::LeftOut } else { Effect::Checked };
        Some((effect, present(one, "namespaceSelector")?))
    })
}

/// The selector of namespaces in a subject or a peer of a policy of administrators.
fn of_peer(peer: &Node) -> Option<&Node> {
    below(peer, &["namespaces"]).or_else(|| below(peer, &["pods", "namespaceSelector"]))
}

/// The selectors of a policy of administrators: of its subject, and of the peers that it allows or refuses.
fn of_administrators(policy: &Node) -> Vec<(Effect, &Node)> {
    let Some(spec) = present(policy, "spec") else { return Vec::new() };
    let subject = present(spec, "subject").and_then(of_peer);
    let mut all: Vec<(Effect, &Node)> =
        subject.map(|selector| (Effect::Unrestricted, selector)).into_iter().collect();
    for (rules, peers, effect) in
        [("ingress", "from", Effect::LetIn), ("egress", "to", Effect::Reached)]
    {
        for rule in items(present(spec, rules)) {
            let effect = match text(rule, "action") {
                Some("Allow" | "Accept" | "Pass") => effect,
                Some("Deny") => Effect::Spared,
                _ => continue,
            };
            let selectors = items(present(rule, peers)).iter().filter_map(of_peer);
            all.extend(selectors.map(|selector| (effect, selector)));
        }
    }
    all
}

/// Notes that a `NetworkPolicy` allows traffic of a namespace that it did not allow by the labels before. False if that is
/// too much work.
fn let_in(
    all: &Labels<'_>,
    is_own: bool,
    spec: &Node,
    work: &Work,
    note: &mut impl FnMut(Effect),
) -> bool {
    let size = spec.count_below();
    for (rules, peers, effect) in
        [("ingress", "from", Effect::LetIn), ("egress", "to", Effect::Reached)]
    {
        let rules = items(present(spec, rules));
        let has_all_ports = |rule: &Node| items(present(rule, "ports")).is_empty();
        // The pods that were allowed before: of any rule with all ports, or of the same one.
        let was_allowed = |of: &Node, pods: &Conditions| {
            rules.iter().filter(|rule| has_all_ports(rule) || std::ptr::eq(*rule, of)).any(|rule| {
                let allows = |peer: &Node| {
                    let is_meant = match present(peer, NAMESPACES) {
                        Some(selector) => all.are_selected(0, selector),
                        None => is_own && present(peer, "podSelector").is_some(),
                    };
                    is_meant && pods.is_within(&pods_of(peer))
                };
                let listed = items(present(rule, peers));
                listed.is_empty() || listed.iter().any(allows)
            })
        };
        for rule in rules {
            for peer in items(present(rule, peers)) {
                if !present(peer, NAMESPACES).is_some_and(|one| all.gain(one)) {
                    continue;
                }
                // It is compared with all other peers.
                if !work.takes(size) {
                    return false;
                }
                if !was_allowed(rule, &pods_of(peer)) {
                    note(effect);
                }
            }
        }
    }
    true
}

/// The field of a peer with the selector of its namespaces.
const NAMESPACES: &str = "namespaceSelector";

fn pods_of(peer: &Node) -> Conditions {
    Conditions::of_optional(present(peer, "podSelector"))
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn namespace(name: &str, labels: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{{labels}}}}}}}\n---\n"
        )
    }

    fn object(version: &str, kind: &str, fields: &str) -> String {
        let namespace =
            match kind.starts_with("Network") || kind == "Gateway" || kind.starts_with("Cilium") {
                true => ", namespace: system",
                false => "",
            };
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: p{namespace}}}, {fields}}}\n---\n"
        )
    }

    #[test]
    fn namespaces_are_seen_by_fewer() {
        let hooks = |kind: &str, selector: &str| {
            object(
                "admissionregistration.k8s.io/v1",
                kind,
                &format!("webhooks: [{{name: a.b, namespaceSelector: {{{selector}}}}}]"),
            )
        };
        let checked = "matchLabels: {checked: 'yes'}";
        let skips = "matchExpressions: [{key: skip, operator: DoesNotExist}]";
        let spec = |version: &str, kind: &str, fields: &str| {
            object(version, kind, &format!("spec: {{{fields}}}"))
        };
        let selector = format!("namespaceSelector: {{{checked}}}");
        let kyverno = |of: &str| {
            format!("rules: [{{name: r, {of}: {{any: [{{resources: {{{selector}}}}}]}}}}]")
        };
        let (admission, gatekeeper) =
            ("admissionregistration.k8s.io/v1", "constraints.gatekeeper.sh/v1beta1");
        let validating = "ValidatingWebhookConfiguration";
        let seen = "error Namespace shop: is no longer seen by ";
        let out = "error Namespace shop: is now left out by ";
        for (other, [before, after], words) in [
            (hooks(validating, checked), ["checked: 'yes'", ""], format!("{seen}{validating} p")),
            (hooks(validating, skips), ["", "skip: x"], format!("{seen}{validating} p")),
            (
                hooks(validating, "matchLabels: {kubernetes.io/metadata.name: shop, a: b}"),
                ["a: b", "a: c"],
                format!("{seen}{validating} p"),
            ),
            (
                hooks("MutatingWebhookConfiguration", checked),
                ["checked: 'yes'", ""],
                "warning Namespace shop: is no longer seen by MutatingWebhookConfiguration p"
                    .to_owned(),
            ),
            (
                spec(
                    admission,
                    "ValidatingAdmissionPolicyBinding",
                    &format!("matchResources: {{{selector}}}"),
                ),
                ["checked: 'yes'", "checked: 'no'"],
                format!("{seen}ValidatingAdmissionPolicyBinding p"),
            ),
            (
                spec(gatekeeper, "K8sX", &format!("match: {{{selector}}}")),
                ["checked: 'yes'", ""],
                format!("{seen}K8sX p"),
            ),
            (
                spec("kyverno.io/v1", "ClusterPolicy", &kyverno("match")),
                ["checked: 'yes'", ""],
                format!("{seen}ClusterPolicy p"),
            ),
            (
                spec("kyverno.io/v1", "ClusterPolicy", &kyverno("exclude")),
                ["", "checked: 'yes'"],
                format!("{out}ClusterPolicy p"),
            ),
        ] {
            let with = |labels: &str| namespace("shop", labels) + &other;
            told(&with(before), &with(after), &[&*format!("008 {words}")]);
            let more = format!("other: x, {before}");
            told(&with(before), &with(more.trim_end_matches(", ")), &[]);
            assert_eq!(judged(&namespace("shop", before), &with(after)), [""; 0], "a new one");
        }
    }

    #[test]
    fn namespaces_are_let_in() {
        let policy = |peers: &str| {
            object(
                "networking.k8s.io/v1",
                "NetworkPolicy",
                &format!("spec: {{podSelector: {{}}, {peers}}}"),
            )
        };
        let (team, front) = ("{namespaceSelector: {matchLabels: {team: front}}}", "team: front");
        let with = |labels: &str, peers: &str| namespace("web", labels) + &policy(peers);
        let label = "007 warning Namespace web: its pods are now ";
        for (peers, words) in [
            (format!("ingress: [{{from: [{team}]}}]"), "let in by NetworkPolicy system/p"),
            (format!("egress: [{{to: [{team}]}}]"), "reached by those of NetworkPolicy system/p"),
        ] {
            told(&with("", &peers), &with(front, &peers), &[&*format!("{label}{words}")]);
            told(&with("", &peers), &with("team: back", &peers), &[]);
        }
        for peers in [
            format!("ingress: [{{from: [{team}]}}, {{ports: []}}]"),
            format!("ingress: [{{from: [{team}, {{namespaceSelector: {{}}}}]}}]"),
        ] {
            told(&with("", &peers), &with(front, &peers), &[]);
        }
        let own = |labels: &str| {
            namespace("system", labels)
                + &policy(&format!("ingress: [{{from: [{team}, {{podSelector: {{}}}}]}}]"))
        };
        told(&own(""), &own(front), &[]);
        let cilium = |labels: &str| {
            let label = "k8s:io.cilium.k8s.namespace.labels.team: front";
            let rule = format!(
                "spec: {{ingress: [{{fromEndpoints: [{{matchLabels: {{'{}'}}}}]}}]}}",
                label.replace(": front", "': 'front")
            );
            namespace("web", labels) + &object("cilium.io/v2", "CiliumNetworkPolicy", &rule)
        };
        let words = "007 warning Namespace web: has another label that a policy names, which is not compared: CiliumNetworkPolicy system/p";
        assert_eq!(judged(&cilium(""), &cilium(front)), [words]);
        assert_eq!(judged(&cilium(front), &cilium("")), [words]);
        told(&cilium(""), &cilium("other: x"), &[]);
        let gateway = |labels: &str| {
            let listener = "spec: {listeners: [{name: a, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: front}}}}}]}";
            namespace("web", labels) + &object("gateway.networking.k8s.io/v1", "Gateway", listener)
        };
        told(
            &gateway(""),
            &gateway(front),
            &["007 warning Namespace web: its routes are now taken by Gateway system/p"],
        );
        let admin = |labels: &str| {
            let spec = "spec: {subject: {namespaces: {matchLabels: {sealed: 'yes'}}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}";
            namespace("web", labels)
                + &object("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", spec)
        };
        told(
            &admin("sealed: 'yes'"),
            &admin(""),
            &["007 error Namespace web: its pods are no longer restricted by AdminNetworkPolicy p"],
        );
    }

    #[test]
    fn too_many_selectors_are_told() {
        let spaces = |label: &str| -> String {
            (0..400).map(|number| namespace(&format!("n{number}"), label)).collect()
        };
        let hook = "{name: a.b, namespaceSelector: {matchLabels: {a: b}}}";
        let hooks: String = (0..400)
            .map(|number| {
                object(
                    "admissionregistration.k8s.io/v1",
                    "ValidatingWebhookConfiguration",
                    &format!("webhooks: [{hook}, {hook}, {hook}]"),
                )
                .replace("name: p,", &format!("name: p{number},"))
            })
            .collect();
        let all =
            judged(&format!("{}{hooks}", spaces("a: b")), &format!("{}{hooks}", spaces("c: d")));
        assert!(all.iter().any(|one| one.contains("is not judged")), "{}", all.len());
    }
}
