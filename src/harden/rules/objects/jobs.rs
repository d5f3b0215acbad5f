//! KR-K8S-007, 008, 009: Jobs and their restarts.

use crate::harden::pod::{Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{below, items, present, text};
use crate::harden::violation::{Class, Edit, Severity, Violation, plain};
use crate::resource::Resource;
use crate::yaml::path::Path;

pub(super) static JOB_TTL: Rule = Rule {
    id: "KR-K8S-007",
    name: "job-ttl",
    text: text!("KR-K8S-007"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Recommended,
    fix_order: 90,
    needs: Needs::Object(Check::Object(job_ttl)),
};

pub(super) static CRONJOB_DEADLINE: Rule = Rule {
    id: "KR-K8S-008",
    name: "cronjob-deadline",
    text: text!("KR-K8S-008"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(cronjob_deadline)),
};

pub(super) static JOB_RESTART_POLICY: Rule = Rule {
    id: "KR-K8S-009",
    name: "job-restart-policy",
    text: text!("KR-K8S-009"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(restart_policy)),
};

fn job_ttl(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    const FIELD: &str = "ttlSecondsAfterFinished";
    let is_of_batch = object.gvk().group == "batch";
    match object.kind() {
        "Job" if is_of_batch => {
            let has_owner =
                !items(below(object.node(), &["metadata", "ownerReferences"])).is_empty();
            if has_owner || is_handled(object) || below(object.node(), &["spec", FIELD]).is_some() {
                return Vec::new();
            }
            let path = Path::of(&["spec", FIELD]);
            let edit = Edit::Set(path.clone(), plain("86400"));
            let message = "nothing removes it when it is finished";
            vec![Violation::at(path, message).fix(Class::Unsafe, vec![edit])]
        }
        "CronJob" if is_of_batch => {
            let keys = ["spec", "jobTemplate", "spec", FIELD];
            if below(object.node(), &keys).is_none() {
                return Vec::new();
            }
            let message = "its Jobs are removed by its limits for the history, and also by time";
            vec![Violation::at(Path::of(&keys), message)]
        }
        _ => Vec::new(),
    }
}

/// True for an object that Helm, Argo CD or Flux apply by a rule of their own, and remove or replace.
fn is_handled(object: &Resource) -> bool {
    const OWNERS: [&str; 3] =
        ["argocd.argoproj.io/", "helm.sh/hook", "kustomize.toolkit.fluxcd.io/"];
    object.annotations().any(|(key, _)| OWNERS.iter().any(|owner| key.starts_with(owner)))
}

fn cronjob_deadline(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    if object.kind() != "CronJob" || object.gvk().group != "batch" {
        return Vec::new();
    }
    let Some(spec) = present(object.node(), "spec") else { return Vec::new() };
    let lacks = |field: &&str| present(spec, field).is_none();
    let mut lacking = ["startingDeadlineSeconds", "concurrencyPolicy"].into_iter().filter(lacks);
    let Some(first) = lacking.next() else { return Vec::new() };
    let message = match lacking.next() {
        Some(second) => format!("it has neither `{first}` nor `{second}`"),
        None => format!("it has no `{first}`"),
    };
    vec![Violation::at(Path::of(&["spec", first]), message)]
}

fn restart_policy(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let gvk = scene.object.gvk();
    let policy = text(pod.spec, "restartPolicy");
    let is_wrong = match (&*gvk.group, &*gvk.kind) {
        ("batch", "Job" | "CronJob") => !matches!(policy, Some("OnFailure" | "Never")),
        ("apps" | "extensions", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("", "ReplicationController") => policy.is_some_and(|policy| policy != "Always"),
        _ => false,
    };
    if !is_wrong || pod.shape != Shape::Known {
        return Vec::new();
    }
    let message = match policy {
        Some(policy) => format!("the pod of a {} has the restart policy `{policy}`", gvk.kind),
        None => format!("the pod of a {} has no restart policy, which means `Always`", gvk.kind),
    };
    vec![pod.violation(&["restartPolicy"], message)]
}
