//! KR-RES-015, 016: pods fit into the quotas and ranges of their namespace.

use super::OF_RESOURCES;
use super::amounts::written;
use crate::harden::demand::{Demand, entries};
use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{below, items, present, text};
use crate::harden::violation::{List, Severity, Violation};
use crate::resource::{Quantity, Resource};
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static QUOTA_MISFIT: Rule = Rule {
    id: "KR-RES-015",
    name: "quota-misfit",
    text: text!("KR-RES-015"),
    severity: Severity::Error,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(quota)),
    ..OF_RESOURCES
};

pub(super) static LIMIT_RANGE_MISFIT: Rule = Rule {
    id: "KR-RES-016",
    name: "limit-range-misfit",
    text: text!("KR-RES-016"),
    severity: Severity::Error,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Container(range)),
    ..OF_RESOURCES
};

fn quota(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if object.kind() == "ResourceQuota" && object.gvk().group.is_empty() {
        return sums(object, scene, render);
    }
    if scene.pods.is_empty() {
        return Vec::new();
    }
    let Some(bounds) = render.acting.bounds(scene.namespace()) else { return Vec::new() };
    // The defaults of a range may be what a container lacks.
    if !bounds.ranges.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let quotas = bounds.quotas.iter().filter(|quota| holds_for_all(quota));
    for quota in quotas {
        for pod in scene.pods.iter().filter(|pod| pod.shape == Shape::Known) {
            found.extend(refused(pod, quota));
        }
    }
    found
}

/// True if a quota holds for all pods.
fn holds_for_all(quota: &Resource) -> bool {
    let spec = quota.node().get("spec");
    let has = |key: &str| spec.and_then(|spec| present(spec, key)).is_some();
    !has("scopes") && !has("scopeSelector")
}

/// The field of containers and the resource that an entry of a quota counts.
fn counted(entry: &str) -> Option<(&'static str, &str)> {
    match entry {
        "cpu" | "memory" => Some(("requests", entry)),
        _ => match entry.split_once('.')? {
            ("requests", name @ ("cpu" | "memory")) => Some(("requests", name)),
            ("limits", name @ ("cpu" | "memory")) => Some(("limits", name)),
            _ => None,
        },
    }
}

/// The containers of a pod that lack what a quota counts.
fn refused(pod: &Pod<'_>, quota: &Resource) -> Vec<Violation> {
    let mut found = Vec::new();
    if pod.get(&["resources"]).is_some() {
        return found;
    }
    for container in pod.containers.iter().filter(|one| one.list != List::Ephemeral) {
        let is_lacking = |(entry, _): &(&str, Quantity)| match counted(entry) {
            Some(("requests", name)) => container.request(name).is_none(),
            Some((_, name)) => container.limit(name).is_none(),
            None => false,
        };
        let mut lacking = entries(below(quota.node(), &["spec", "hard"])).filter(is_lacking);
        if let Some((entry, _)) = lacking.next()
            && let Some((field, name)) = counted(entry)
        {
            let message = format!(
                "has no `{field}.{name}`, which the ResourceQuota `{}` counts: the API server refuses the pod",
                quota.name()
            );
            found.push(container.violation(&["resources", field, name], message));
        }
    }
    found
}

/// The entries of a quota that the pods of its namespace exceed.
fn sums(quota: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if !holds_for_all(quota) {
        return Vec::new();
    }
    let hard = below(quota.node(), &["spec", "hard"]);
    let counts = |(entry, _): (&str, Quantity)| entry == "pods" || counted(entry).is_some();
    if !entries(hard).any(counts) {
        return Vec::new();
    }
    let places = render.acting.pods_in(&render.pods, scene.namespace());
    let demands: Vec<(Demand<'_>, i64, i64)> =
        places.iter().filter_map(|place| demand(*place, render)).collect();
    let mut found = Vec::new();
    for (entry, most) in entries(hard) {
        let each = |demand: &Demand<'_>| match counted(entry) {
            Some(("requests", name)) => demand.requests.get(name).copied(),
            Some((_, name)) => demand.limits.get(name).copied(),
            None if entry == "pods" => Quantity::parse("1"),
            None => None,
        };
        let sum = |copies: fn(&(Demand<'_>, i64, i64)) -> i64| {
            let all = demands.iter().filter_map(|one| Some(each(&one.0)?.times(copies(one))));
            all.fold(Quantity::ZERO, Quantity::plus)
        };
        let (least, largest) = (sum(|one| one.1), sum(|one| one.2));
        let (severity, total, when) = match () {
            () if least > most => (Severity::Error, least, ""),
            () if largest > most => {
                (Severity::Warning, largest, " once all autoscalers are at their maximum")
            }
            () => continue,
        };
        let message = format!(
            "the pods of its namespace add up to {}{when}, more than the {} of `{entry}`",
            written(entry, total),
            written(entry, most)
        );
        let path = Path::of(&["spec", "hard", entry]);
        found.push(Violation::at(path, message).severity(severity));
    }
    found
}

/// The demand of a pod, and the lowest and the highest number of its copies.
fn demand<'a>(
    (place, number): (usize, usize),
    render: &Render<'a>,
) -> Option<(Demand<'a>, i64, i64)> {
    let pod = render.pods.get(place)?.get(number).filter(|pod| pod.shape == Shape::Known)?;
    let object = render.acting.object(place)?;
    let (least, most) = match (render.acting.copies(object), object.kind()) {
        (Some(copies), _) => copies,
        // At least one node.
        (None, "DaemonSet") => (1, 1),
        (None, "CronJob") => (0, 1),
        (None, _) => return None,
    };
    Some((Demand::of(pod), least, most))
}

fn range(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let Some(bounds) = render.acting.bounds(scene.namespace()) else { return Vec::new() };
    let mut found = Vec::new();
    if container.list == List::Ephemeral || pod.shape != Shape::Known {
        return found;
    }
    for range in &bounds.ranges {
        let limits = below(range.node(), &["spec", "limits"]);
        let of_containers =
            items(limits).iter().filter(|one| text(one, "type") == Some("Container"));
        for one in of_containers {
            let mut add = |field: &str, name: &str, own: Quantity, bound: Quantity, word: &str| {
                let message = format!(
                    "has the {field} `{name}: {}`, {word} the {} that the LimitRange `{}` allows",
                    written(name, own),
                    written(name, bound),
                    range.name()
                );
                found.push(container.violation(&["resources", field, name], message));
            };
            for (name, least) in of(one, "min") {
                let request = Quantity::of(container.request(name)).filter(|own| *own < least);
                if let Some(own) = request {
                    add("requests", name, own, least, "less than");
                }
            }
            for (name, most) in of(one, "max") {
                if let Some(own) = Quantity::of(container.limit(name)).filter(|own| *own > most) {
                    add("limits", name, own, most, "more than");
                }
            }
        }
    }
    found
}

fn of<'a>(range: &'a Node, key: &str) -> impl Iterator<Item = (&'a str, Quantity)> {
    entries(present(range, key))
}
