//! KR-DIF-008: labels of a workload and its pods by which webhooks and policies select them: the others stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::engines::judgement;
use super::namespaces::{Effect, Known, Labels, may_select};
use super::{Identity, Judgement, Phrase, Sides};
use crate::harden::template;
use crate::harden::value::{below, items, present};
use crate::resource::Resource;
use crate::yaml::Node;

/// A selector of objects: its effect, and the kinds of objects that it is for; none for all.
struct Selecting<'a> {
    effect: Effect,
    selector: &'a Node,
    kinds: Vec<&'a str>,
}

/// Judges a workload whose labels, or those of its pods, differ.
pub(super) fn unseen(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let [Some(old), Some(new)] = &sides.object.ids else { return };
    if old.kind != new.kind || !sides.touches(&["labels"]) {
        return;
    }
    let pod = template(sides.group, sides.kind);
    let own = [before, after].map(|node| below(node, &["metadata", "labels"]));
    let of_pods = [before, after].map(|node| below(below(node, pod?)?, &["metadata", "labels"]));
    let all = [(sides.kind, Labels::of(own)), ("Pod", Labels::of(of_pods))];
    let (mut effects, mut is_over) = (BTreeMap::<Effect, BTreeSet<String>>::new(), false);
    for (kind, labels) in &all {
        let keys = labels.keys();
        if keys.is_empty() {
            continue;
        }
        for [was, is] in sides.whole.asking(&keys, may_select) {
            let size = was.node().count_below().saturating_add(is.node().count_below());
            if !sides.whole.work.takes(size) {
                is_over = true;
                break;
            }
            let known = Known::of(selecting(was).into_iter().map(|one| (one.effect, one.selector)));
            for one in selecting(is) {
                if is_for(&one.kinds, kind, is)
                    && labels.are_turned(one.effect, one.selector, &known, &sides.whole.work)
                {
                    let name = Identity::of(is).to_string();
                    effects.entry(one.effect).or_default().insert(name);
                }
            }
        }
    }
    found.extend(effects.into_iter().map(|(effect, names)| effect.judged(&names)));
    if is_over {
        let words = "is not judged: the selectors of objects are too many to be compared";
        found.push(judgement("metadata.labels", Phrase::new(words)));
    }
}

/// True if a selector is for objects of a kind. Kyverno applies rules for pods to what makes them.
fn is_for(kinds: &[&str], kind: &str, of: &Resource) -> bool {
    let is_kyverno = of.gvk().group.ends_with("kyverno.io");
    let is_meant = |one: &str| {
        let stem = one.strip_suffix('s').unwrap_or(one);
        [one, stem].iter().any(|one| one.eq_ignore_ascii_case(kind))
            || is_kyverno && one == "Pod"
            || one == "*"
    };
    kinds.is_empty() || kinds.iter().any(|one| is_meant(one.rsplit('/').next().unwrap_or(one)))
}

/// The selectors of objects in a webhook configuration or a policy.
fn selecting(object: &Resource) -> Vec<Selecting<'_>> {
    let (node, kind) = (object.node(), object.kind());
    let effect = match kind.starts_with("Mutating") || kind.starts_with("Assign") {
        true => Effect::Changed,
        false => Effect::Checked,
    };
    match (&*object.gvk().group, kind) {
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            let hooks = items(present(node, "webhooks")).iter();
            hooks
                .filter_map(|hook| {
                    let (selector, kinds) =
                        (present(hook, "objectSelector")?, resources(hook, "rules"));
                    Some(Selecting { effect, selector, kinds })
                })
                .collect()
        }
        ("admissionregistration.k8s.io" | "policies.kyverno.io", _) => {
            let keys = ["matchConstraints", "matchResources"].iter();
            let scopes = keys.filter_map(|key| below(node, &["spec", key]));
            scopes
                .filter_map(|scope| {
                    let selector = present(scope, "objectSelector")?;
                    Some(Selecting { effect, selector, kinds: resources(scope, "resourceRules") })
                })
                .collect()
        }
        ("kyverno.io", "PolicyException") => {
            filters(below(node, &["spec", "match"]), Effect::LeftOut)
        }
        ("kyverno.io", _) => {
            let rules = items(below(node, &["spec", "rules"])).iter();
            let of_rule = |rule| {
                let mut all = filters(present(rule, "match"), Effect::Checked);
                all.extend(filters(present(rule, "exclude"), Effect::LeftOut));
                all
            };
            rules.flat_map(of_rule).collect()
        }
        ("constraints.gatekeeper.sh" | "mutations.gatekeeper.sh", _) => {
            let scope = below(node, &["spec", "match"]);
            let kinds = items(scope.and_then(|scope| present(scope, "kinds"))).iter();
            let kinds = kinds.flat_map(|one| items(present(one, "kinds")));
            let kinds = kinds.filter_map(Node::as_text).collect();
            let selector = scope.and_then(|scope| present(scope, "labelSelector"));
            selector.map(|selector| Selecting { effect, selector, kinds }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The resources of rules of a webhook or a policy of Kubernetes.
fn resources<'a>(scope: &'a Node, key: &str) -> Vec<&'a str> {
    let rules = items(present(scope, key)).iter();
    let resources = rules.flat_map(|rule| items(present(rule, "resources")));
    resources.filter_map(Node::as_text).collect()
}

/// The selectors of objects in a filter of Kyverno, at any depth of its lists.
fn filters(filter: Option<&Node>, effect: Effect) -> Vec<Selecting<'_>> {
    let Some(filter) = filter else { return Vec::new() };
    let lists = ["any", "all"].into_iter().flat_map(|key| items(present(filter, key)));
    let parts = std::iter::once(filter).chain(lists);
    let of_part = |part| {
        let resources = present(part, "resources")?;
        let kinds = items(present(resources, "kinds")).iter().filter_map(Node::as_text).collect();
        Some(Selecting { effect, selector: present(resources, "selector")?, kinds })
    };
    parts.filter_map(of_part).collect()
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn deployment(own: &str, pods: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d, labels: {{{own}}}}}, spec: {{template: {{metadata: {{labels: {{{pods}}}}}, spec: {{hostPID: true}}}}}}}}\n---\n"
        )
    }

    fn object(version: &str, kind: &str, fields: &str) -> String {
        format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: p}}, {fields}}}\n---\n")
    }

    #[test]
    fn workloads_are_no_longer_seen() {
        let hook = |resource: &str, selector: &str| {
            object(
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                &format!(
                    "webhooks: [{{name: a.b, objectSelector: {{{selector}}}, rules: [{{resources: [{resource}]}}]}}]"
                ),
            )
        };
        let checked = "matchLabels: {checked: 'yes'}";
        let skips = "matchExpressions: [{key: skip, operator: DoesNotExist}]";
        let label = "008 error Deployment d: is ";
        let seen = format!("{label}no longer seen by ValidatingWebhookConfiguration p");
        let (yes, skip) = ("checked: 'yes'", "skip: 'yes'");
        for resource in ["deployments", "'*'"] {
            let with = |own: &str| hook(resource, checked) + &deployment(own, "");
            told(&with(yes), &with(""), &[&*seen]);
        }
        for resource in ["pods", "'*/*'"] {
            let with = |pods: &str| hook(resource, skips) + &deployment("", pods);
            told(&with(""), &with(skip), &[&*seen]);
        }
        let with = |own: &str, pods: &str| hook("pods", checked) + &deployment(own, pods);
        told(&with(yes, yes), &with("", yes), &[]);
        told(&with("", yes), &with("", "checked: 'yes', other: x"), &[]);
        let constraint = object(
            "constraints.gatekeeper.sh/v1beta1",
            "K8sX",
            "spec: {match: {kinds: [{kinds: [Deployment]}], labelSelector: {matchLabels: {checked: 'yes'}}}}",
        );
        told(
            &(constraint.clone() + &deployment(yes, "")),
            &(constraint + &deployment("", "")),
            &[&*format!("{label}no longer seen by K8sX p")],
        );
        let kyverno = object(
            "kyverno.io/v1",
            "ClusterPolicy",
            "spec: {rules: [{name: r, exclude: {any: [{resources: {kinds: [Pod], selector: {matchLabels: {skip: 'yes'}}}}]}}]}",
        );
        let with = |own: &str| kyverno.clone() + &deployment(own, "");
        told(&with(""), &with(skip), &[&*format!("{label}now left out by ClusterPolicy p")]);
        // The selector selects more, and yet not this one.
        let more = "matchExpressions: [{key: checked, operator: In, values: ['yes', always]}]";
        let wider = hook("deployments", more) + &deployment("checked: never", "");
        assert_eq!(
            judged(&(hook("deployments", checked) + &deployment(yes, "")), &wider),
            [&*seen]
        );
        let new = hook("deployments", checked) + &deployment("", "");
        assert_eq!(judged(&deployment(yes, ""), &new), [""; 0], "a new webhook");
    }
}
