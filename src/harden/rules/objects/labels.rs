//! KR-K8S-001, 002, 019: labels, selectors and revisions of workloads.

use crate::harden::objects::is_service;
use crate::harden::pod::Shape;
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::selector::{has_all, selects};
use crate::harden::value::{below, integer, present};
use crate::harden::violation::{Class, Edit, Severity, Violation, string};
use crate::resource::Resource;
use crate::text::phrase::{listed, quoted};
use crate::yaml::path::Path;

pub(super) static RECOMMENDED_LABELS: Rule = Rule {
    id: "KR-K8S-001",
    name: "recommended-labels",
    text: text!("KR-K8S-001"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 90,
    needs: Needs::Object(Check::Object(recommended_labels)),
};

pub(super) static SELECTOR_MISMATCH: Rule = Rule {
    id: "KR-K8S-002",
    name: "selector-mismatch",
    text: text!("KR-K8S-002"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(selector_mismatch)),
};

pub(super) static REVISION_HISTORY: Rule = Rule {
    id: "KR-K8S-019",
    name: "revision-history",
    text: text!("KR-K8S-019"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Object(revision_history)),
};

fn recommended_labels(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    if scene.pods.is_empty() && !is_service(object) {
        return Vec::new();
    }
    let has = |key: &str| object.labels().any(|(name, _)| name == key);
    let wanted = &scene.facts.values.required_labels;
    if wanted.iter().all(|key| has(key)) {
        return Vec::new();
    }
    let missing: Vec<&String> = wanted.iter().filter(|key| !has(key)).collect();
    let message = format!("it lacks the labels {}", listed(quoted(&missing), "and"));
    let violation = Violation::at(Path::of(&["metadata", "labels"]), message);
    // The labels of a pod are those that others select.
    let is_fixable = scene.pods.iter().all(|pod| pod.shape == Shape::Known)
        && !matches!(object.kind(), "Pod" | "PodTemplate");
    let edits: Vec<Edit> = match is_fixable {
        true => missing.iter().filter_map(|key| labelled(key, object, scene)).collect(),
        false => Vec::new(),
    };
    vec![if edits.is_empty() { violation } else { violation.fix(Class::Safe, edits) }]
}

/// The edit that adds a label of the configuration; `None` if it has none, or one that is no value of a label.
fn labelled(key: &str, object: &Resource, scene: Scene<'_>) -> Option<Edit> {
    const LONGEST: usize = 63;
    let (_, value) = scene.facts.values.labels.iter().find(|(known, _)| known == key)?;
    let value = value.replace("{metadata.name}", object.name());
    let is_inner = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let is_end = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let is_value = value.len() <= LONGEST
        && value.chars().all(is_inner)
        && is_end(value.chars().next())
        && is_end(value.chars().last());
    is_value.then(|| Edit::Set(Path::of(&["metadata", "labels", key]), string(&value)))
}

fn selector_mismatch(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let [pod] = scene.pods else { return Vec::new() };
    let kind = object.kind();
    let is_list = matches!(kind, "ReplicationController" | "DeploymentConfig");
    let is_workload = matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        || matches!(kind, "Rollout" | "CloneSet");
    if pod.shape != Shape::Known || !is_list && !is_workload {
        return Vec::new();
    }
    // An object without images completes one that the cluster has.
    if pod.containers.iter().all(|container| container.image().is_empty()) {
        return Vec::new();
    }
    let path = || Path::of(&["spec", "selector"]);
    let selector = below(object.node(), &["spec", "selector"]).filter(|one| !one.is_empty());
    let Some(selector) = selector else {
        let gvk = object.gvk();
        let is_required = (&*gvk.group, &*gvk.version) == ("apps", "v1");
        let message = "it has no selector";
        return if is_required { vec![Violation::at(path(), message)] } else { Vec::new() };
    };
    let fits = match is_list {
        true => has_all(selector, pod.labels()),
        false => selects(selector, pod.labels()),
    };
    let message = "it does not select the pods of its own template";
    if fits { Vec::new() } else { vec![Violation::at(path(), message)] }
}

fn revision_history(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    let limit =
        present(object.node(), "spec").and_then(|spec| present(spec, "revisionHistoryLimit"));
    let Some(limit) = limit.and_then(integer).filter(|limit| !(1..=10).contains(limit)) else {
        return Vec::new();
    };
    let message = format!("it keeps {limit} old revisions");
    vec![Violation::at(Path::of(&["spec", "revisionHistoryLimit"]), message)]
}
