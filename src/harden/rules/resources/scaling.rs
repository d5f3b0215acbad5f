//! KR-RES-013, 014: autoscalers find the requests that they compare with.

use super::OF_RESOURCES;
use crate::harden::acting::target;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{below, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static HPA_WITHOUT_REQUEST: Rule = Rule {
    id: "KR-RES-013",
    name: "hpa-without-request",
    text: text!("KR-RES-013"),
    severity: Severity::Error,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(without_request)),
    ..OF_RESOURCES
};

pub(super) static VPA_HPA_CONFLICT: Rule = Rule {
    id: "KR-RES-014",
    name: "vpa-hpa-conflict",
    text: text!("KR-RES-014"),
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(conflict)),
    ..OF_RESOURCES
};

/// A metric of an autoscaler that compares the use of a resource with its requests.
struct Metric<'a> {
    path: Path,
    resource: &'a str,
    /// The only container that counts; `None` for all.
    container: Option<&'a str>,
    is_utilization: bool,
}

/// The metrics of a `HorizontalPodAutoscaler` about resources.
fn metrics(object: &Resource) -> Vec<Metric<'_>> {
    if object.kind() != "HorizontalPodAutoscaler" || object.gvk().group != "autoscaling" {
        return Vec::new();
    }
    let Some(spec) = present(object.node(), "spec") else { return Vec::new() };
    let of_cpu = |keys: &[&str]| Metric {
        path: Path::of(keys),
        resource: "cpu",
        container: None,
        is_utilization: true,
    };
    if present(spec, "targetCPUUtilizationPercentage").is_some() {
        return vec![of_cpu(&["spec", "targetCPUUtilizationPercentage"])];
    }
    let Some(metrics) = present(spec, "metrics") else {
        // The default is 80 % of the CPU requests.
        return vec![of_cpu(&["spec", "metrics"])];
    };
    let found = items(Some(metrics)).iter().enumerate().filter_map(|(index, metric)| {
        let (field, source) = ["resource", "containerResource"]
            .into_iter()
            .find_map(|field| Some((field, present(metric, field)?)))?;
        let is_utilization = present(source, "targetAverageUtilization").is_some()
            || below(source, &["target", "averageUtilization"]).is_some();
        Some(Metric {
            path: Path::of(&["spec", "metrics"]).index(index).keys(&[field, "name"]),
            resource: text(source, "name")?,
            container: text(source, "container"),
            is_utilization,
        })
    });
    found.collect()
}

fn without_request(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let metrics = metrics(object);
    let Some((kind, name)) = target(object).filter(|_| !metrics.is_empty()) else { return found };
    let namespace = scene.namespace();
    let acting = &render.acting;
    let has_defaults = acting.bounds(namespace).is_some_and(|bounds| bounds.has_ranges);
    let place = acting.place(kind, namespace, name);
    let Some(pods) = place.and_then(|place| render.pods.get(place)) else { return found };
    if has_defaults || acting.vertical_beside(object).iter().any(|vertical| is_active(vertical)) {
        return found;
    }
    for metric in metrics.into_iter().filter(|metric| metric.is_utilization) {
        let is_meant = |name: &str| metric.container.is_none_or(|container| container == name);
        let lacking = pods.iter().find_map(|pod| {
            let of_pod =
                ["requests", "limits"].map(|field| pod.get(&["resources", field, metric.resource]));
            let mut running = pod.containers.iter().filter(|one| one.is_running());
            running.find(|one| {
                of_pod.iter().all(Option::is_none)
                    && is_meant(one.name)
                    && one.request(metric.resource).is_none()
            })
        });
        if let Some(container) = lacking {
            let message = format!(
                "scales by the use of `{}` in percent of the requests, but {} of {kind} `{name}` requests none: the number of pods never changes",
                metric.resource,
                container.label()
            );
            found.push(Violation::at(metric.path, message));
        }
    }
    found
}

/// True if a `VerticalPodAutoscaler` changes requests.
fn is_active(vertical: &Resource) -> bool {
    let mode = below(vertical.node(), &["spec", "updatePolicy", "updateMode"]);
    mode.and_then(Node::as_text) != Some("Off")
}

fn conflict(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let metrics = metrics(object);
    if metrics.is_empty() || scene.object.kind() != "HorizontalPodAutoscaler" {
        return Vec::new();
    }
    let active = render.acting.vertical_beside(object).iter().filter(|one| is_active(one));
    let found = active.filter_map(|vertical| {
        let policies = below(vertical.node(), &["spec", "resourcePolicy", "containerPolicies"]);
        let controls = |resource: &str| {
            items(policies).is_empty()
                || items(policies).iter().any(|policy| {
                    let controlled = items(present(policy, "controlledResources"));
                    controlled.is_empty()
                        || controlled.iter().any(|one| one.as_text() == Some(resource))
                })
        };
        let metric = metrics.iter().find(|metric| controls(metric.resource))?;
        let message = format!(
            "scales by `{}`, whose requests the VerticalPodAutoscaler `{}` changes: each undoes the work of the other",
            metric.resource,
            vertical.name()
        );
        Some(Violation::at(metric.path.clone(), message))
    });
    found.collect()
}
