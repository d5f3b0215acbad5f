//! KR-K8S-006, 010, 011, 018: pods without a workload, namespaces, and priorities.

use crate::harden::objects::is_service;
use crate::harden::pod::{Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{below, items, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::path::Path;

pub(super) static NAKED_POD: Rule = Rule {
    id: "KR-K8S-006",
    name: "naked-pod",
    text: text!("KR-K8S-006"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(naked_pod)),
};

pub(super) static DEFAULT_NAMESPACE: Rule = Rule {
    id: "KR-K8S-010",
    name: "default-namespace",
    text: text!("KR-K8S-010"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(default_namespace)),
};

pub(super) static SYSTEM_NAMESPACE: Rule = Rule {
    id: "KR-K8S-011",
    name: "system-namespace",
    text: text!("KR-K8S-011"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(system_namespace)),
};

pub(super) static PRIORITY_CLASS: Rule = Rule {
    id: "KR-K8S-018",
    name: "priority-class",
    text: text!("KR-K8S-018"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(priority_class)),
};

fn naked_pod(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    let is_pod = object.kind() == "Pod" && object.gvk().group.is_empty();
    if !is_pod
        || is_hook(object)
        || below(object.node(), &["spec", "restartPolicy"]).and_then(|one| one.as_text())
            == Some("Never")
        || !items(below(object.node(), &["metadata", "ownerReferences"])).is_empty()
    {
        return Vec::new();
    }
    let message = "no workload makes the pod again if its node fails";
    vec![Violation::at(Path::of(&["kind"]), message)]
}

/// True for an object that Helm or Argo CD apply at certain times only.
pub(super) fn is_hook(object: &Resource) -> bool {
    let mut keys = object.annotations().map(|(key, _)| key);
    keys.any(|key| matches!(key, "helm.sh/hook" | "argocd.argoproj.io/hook"))
}

fn default_namespace(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let is_meant = !scene.pods.is_empty() || is_service(object);
    if !is_meant || object.namespace() != "default" {
        return Vec::new();
    }
    vec![Violation::at(Path::of(&["metadata", "namespace"]), "it is in the namespace `default`")]
}

fn system_namespace(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let namespace = object.namespace();
    let is_critical = |pod: &Pod<'_>| {
        let class = text(pod.spec, "priorityClassName").unwrap_or_default();
        class.starts_with("system-") && class.ends_with("-critical")
    };
    if !matches!(namespace, "kube-system" | "kube-public" | "kube-node-lease")
        || scene.pods.is_empty()
        || scene.pods.iter().any(is_critical)
    {
        return Vec::new();
    }
    let message =
        format!("it is in the namespace `{namespace}`; assumed: it is no part of the cluster");
    vec![Violation::at(Path::of(&["metadata", "namespace"]), message)]
}

fn priority_class(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let is_missing = pod.shape == Shape::Known && text(pod.spec, "priorityClassName").is_none();
    let violation = || pod.violation(&["priorityClassName"], "the pod has no priority class");
    if is_missing { vec![violation()] } else { Vec::new() }
}
