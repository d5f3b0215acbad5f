//! KR-AVL-008 to 011: autoscalers have a target, a range, and no rival.

use super::OF_AVAILABILITY;
use crate::harden::acting::{Scaler, target};
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{below, integer};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::path::Path;

pub(super) static HPA_RANGE: Rule = Rule {
    id: "KR-AVL-008",
    name: "hpa-range",
    text: text!("KR-AVL-008"),
    needs: Needs::Render(RenderCheck::Object(range)),
    ..OF_AVAILABILITY
};

pub(super) static HPA_REPLICAS_CONFLICT: Rule = Rule {
    id: "KR-AVL-009",
    name: "hpa-replicas-conflict",
    text: text!("KR-AVL-009"),
    fix_order: 90,
    needs: Needs::Render(RenderCheck::Object(conflict)),
    ..OF_AVAILABILITY
};

pub(super) static HPA_TARGET: Rule = Rule {
    id: "KR-AVL-010",
    name: "hpa-target",
    text: text!("KR-AVL-010"),
    severity: Severity::Error,
    needs: Needs::Render(RenderCheck::Object(no_target)),
    ..OF_AVAILABILITY
};

pub(super) static HPA_DUPLICATE: Rule = Rule {
    id: "KR-AVL-011",
    name: "hpa-duplicate",
    text: text!("KR-AVL-011"),
    severity: Severity::Error,
    needs: Needs::Render(RenderCheck::Object(duplicate)),
    ..OF_AVAILABILITY
};

/// The kind and the name of the target of an autoscaler that sets the number of pods.
fn horizontal(object: &Resource) -> Option<(&str, &str)> {
    target(object).filter(|_| object.kind() != "VerticalPodAutoscaler")
}

/// The fields of the lowest and the highest number of pods.
fn fields(object: &Resource) -> (&'static str, &'static str) {
    match object.kind() {
        "ScaledObject" => ("minReplicaCount", "maxReplicaCount"),
        _ => ("minReplicas", "maxReplicas"),
    }
}

fn range(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some((kind, name)) = horizontal(object) else { return Vec::new() };
    let Scaler { min: Some(min), max: Some(max), .. } = Scaler::of(object) else {
        return Vec::new();
    };
    let (least, most) = fields(object);
    let violation =
        |field: &str, message: String| Violation::at(Path::of(&["spec", field]), message);
    if min > max {
        let message = format!("its minimum of {min} pods is more than its maximum of {max}");
        return vec![violation(least, message).severity(Severity::Error)];
    }
    if min == max {
        let message = format!("it scales nothing: its minimum and its maximum are {min}");
        return vec![violation(most, message)];
    }
    let (acting, namespace) = (&render.acting, scene.namespace());
    let place = acting.place(kind, namespace, name);
    let mut pods = place.and_then(|place| render.pods.get(place)).into_iter().flatten();
    let wanted = scene.facts.values.min_replicas;
    // KEDA scales to zero on purpose.
    let is_low = min < wanted && object.kind() != "ScaledObject";
    if !is_low || !pods.any(|pod| acting.services().serves(namespace, pod)) {
        return Vec::new();
    }
    let message = format!(
        "it may leave {min} of the pods behind a Service: requests fail while a node is drained or fails"
    );
    vec![violation(least, message)]
}

fn conflict(object: &Resource, _: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let keys = ["spec", "replicas"];
    let said = below(object.node(), &keys).and_then(integer);
    // An autoscaler leaves a workload without copies alone.
    let Some(said) = said.filter(|said| *said > 0) else { return Vec::new() };
    let [scaler, ..] = render.acting.scalers(object) else { return Vec::new() };
    let message = format!(
        "each deployment resets the number of pods to {said}, which the {} `{}` sets too",
        scaler.object.kind(),
        scaler.object.name()
    );
    vec![Violation::at(Path::of(&keys), message).remove()]
}

fn no_target(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some((kind, name)) = horizontal(object) else { return Vec::new() };
    let path = Path::of(&["spec", "scaleTargetRef", "name"]);
    match kind {
        "CronJob" | "DaemonSet" | "Job" | "Pod" => {
            let message =
                format!("it scales nothing: the number of pods of a {kind} cannot be set");
            return vec![Violation::at(path, message)];
        }
        "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" => {}
        // Other kinds may be made by operators.
        _ => return Vec::new(),
    }
    let (acting, namespace) = (&render.acting, scene.namespace());
    // An operator may make the workload of a custom resource with this name.
    if render.has(kind, namespace, name, object) || acting.is_custom(name) {
        return Vec::new();
    }
    let violation = Violation::at(path, format!("there is no {kind} `{name}` in its namespace"));
    // A render without pods is about workloads elsewhere.
    vec![match acting.pods_in(&render.pods, namespace) {
        [] => violation.severity(Severity::Warning),
        _ => violation,
    }]
}

fn duplicate(object: &Resource, _: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some((kind, name)) = horizontal(object) else { return Vec::new() };
    let rivals = render.acting.scalers_beside(object);
    let is_own =
        |one: &Scaler<'_>| one.object.kind() == object.kind() && one.object.name() == object.name();
    // The later one of two is reported.
    let Some(first) = rivals.first().filter(|first| !is_own(first)) else { return Vec::new() };
    let message = format!(
        "it and the {} `{}` scale {kind} `{name}`: each undoes the work of the other",
        first.object.kind(),
        first.object.name()
    );
    vec![Violation::at(Path::of(&["spec", "scaleTargetRef", "name"]), message)]
}
