//! KR-RES-015, 016: pods fit into the quotas and ranges of their namespace.

use super::OF_RESOURCES;
use super::amounts::written;
use crate::harden::acting::{Limit, Totals, counted, holds_for_all};
use crate::harden::demand::{Demand, entries};
use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::below;
use crate::harden::violation::{List, Severity, Violation};
use crate::resource::{Quantity, Resource};
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
    if bounds.has_ranges {
        return Vec::new();
    }
    let mut found = Vec::new();
    if !bounds.counted.is_empty() {
        for pod in scene.pods.iter().filter(|pod| pod.shape == Shape::Known) {
            refused(pod, &bounds.counted, &mut found);
        }
    }
    found
}

/// The containers of a pod that lack what a quota counts. One reports each quota once, and each field.
fn refused(
    pod: &Pod<'_>,
    counted: &[(&'static str, &'static str, &Resource)],
    found: &mut Vec<Violation>,
) {
    if pod.get(&["resources"]).is_some() {
        return;
    }
    for container in pod.containers.iter().filter(|one| one.list != List::Ephemeral) {
        let mut last: Option<&Resource> = None;
        for &(field, name, quota) in counted {
            let is_lacking = match field {
                "requests" => container.request(name).is_none(),
                _ => container.limit(name).is_none(),
            };
            if !is_lacking || last.is_some_and(|last| std::ptr::eq(last, quota)) {
                continue;
            }
            last = Some(quota);
            let message = format!(
                "has no `{field}.{name}`, which the ResourceQuota `{}` counts: the API server refuses the pod",
                quota.name()
            );
            found.push(container.violation(&["resources", field, name], message));
        }
    }
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
    let totals = render.acting.totals(scene.facts.namespace(quota), || totals(scene, render));
    let mut found = Vec::new();
    for (entry, most) in entries(hard) {
        let key = counted(entry).or((entry == "pods").then_some(("", "pods")));
        let Some((least, largest)) = key.and_then(|key| totals.get(&key).copied()) else {
            continue;
        };
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

/// The demand of all pods of a namespace.
fn totals(scene: Scene<'_>, render: &Render<'_>) -> Totals {
    let mut totals = Totals::new();
    let mut add = |key, amount: Quantity, least, most| {
        let sums = totals.entry(key).or_insert((Quantity::ZERO, Quantity::ZERO));
        sums.0 = sums.0.plus(amount.times(least));
        sums.1 = sums.1.plus(amount.times(most));
    };
    for place in render.acting.pods_in(&render.pods, scene.namespace()) {
        let Some((demand, least, most)) = demand(*place, render) else { continue };
        // What is negative by mistake makes no room for others.
        let (least, most) = (least.max(0), most.max(0));
        for name in ["cpu", "memory"] {
            for (field, amounts) in [("requests", &demand.requests), ("limits", &demand.limits)] {
                if let Some(amount) = amounts.get(name) {
                    add((field, name), *amount, least, most);
                }
            }
        }
        if let Some(one) = Quantity::parse("1") {
            add(("", "pods"), one, least, most);
        }
    }
    totals
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
    for limit in bounds.limits_of(container) {
        let Limit { resource, is_most, amount, range } = limit;
        let (field, own, word) = match is_most {
            false => ("requests", container.request(resource), "less than"),
            true => ("limits", container.limit(resource), "more than"),
        };
        let is_outside = |own: &Quantity| if is_most { *own > amount } else { *own < amount };
        let Some(own) = Quantity::of(own).filter(is_outside) else { continue };
        let message = format!(
            "has the {field} `{resource}: {}`, {word} the {} that the LimitRange `{}` allows",
            written(resource, own),
            written(resource, amount),
            range.name()
        );
        found.push(container.violation(&["resources", field, resource], message));
    }
    found
}
