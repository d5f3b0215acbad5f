//! KR-RES-005, 008, 011: requests and limits are quantities that make sense together.

use super::OF_RESOURCES;
use crate::harden::demand::entries;
use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::below;
use crate::harden::violation::{Severity, Violation};
use crate::resource::Quantity;
use crate::yaml::{Mapping, Node};

pub(super) static REQUEST_ABOVE_LIMIT: Rule = Rule {
    id: "KR-RES-005",
    name: "request-above-limit",
    text: text!("KR-RES-005"),
    severity: Severity::Error,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(above)),
    ..OF_RESOURCES
};

pub(super) static MEMORY_RATIO: Rule = Rule {
    id: "KR-RES-008",
    name: "memory-ratio",
    text: text!("KR-RES-008"),
    fix_order: 0,
    needs: Needs::Object(Check::Container(ratio)),
    ..OF_RESOURCES
};

pub(super) static SUSPICIOUS_UNIT: Rule = Rule {
    id: "KR-RES-011",
    name: "suspicious-unit",
    text: text!("KR-RES-011"),
    fix_order: 0,
    needs: Needs::Object(Check::Container(units)),
    ..OF_RESOURCES
};

fn above(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for container in &pod.containers {
        let requests = below(container.node, &["resources", "requests"]);
        for (name, request) in entries(requests) {
            if let Some(limit) = Quantity::of(container.limit(name)).filter(|one| request > *one) {
                let message = format!(
                    "requests {} of `{name}`, more than its limit {}",
                    written(name, request),
                    written(name, limit)
                );
                found.push(container.violation(&["resources", "requests", name], message));
            }
        }
    }
    let of_pod = |field| entries(below(pod.spec, &["resources", field]));
    for (name, limit) in of_pod("limits") {
        let request = pod.get(&["resources", "requests", name]);
        if let Some(request) = Quantity::of(request).filter(|request| *request > limit) {
            let message = format!(
                "the pod requests {} of `{name}`, more than its limit {}",
                written(name, request),
                written(name, limit)
            );
            found.push(pod.violation(&["resources", "requests", name], message));
        }
        for container in &pod.containers {
            if let Some(own) = Quantity::of(container.limit(name)).filter(|own| *own > limit) {
                let message = format!(
                    "has a limit of {} of `{name}`, more than the {} of its pod",
                    written(name, own),
                    written(name, limit)
                );
                found.push(container.violation(&["resources", "limits", name], message));
            }
        }
    }
    for (name, request) in of_pod("requests") {
        let running = pod.containers.iter().filter(|container| container.is_running());
        let own = running.filter_map(|container| Quantity::of(container.request(name)));
        let sum = own.fold(Quantity::ZERO, Quantity::plus);
        if sum > request {
            let message = format!(
                "the containers request {} of `{name}` together, more than the {} of their pod",
                written(name, sum),
                written(name, request)
            );
            found.push(pod.violation(&["resources", "requests", name], message));
        }
    }
    found
}

/// A quantity as people write it.
pub(super) fn written(name: &str, quantity: Quantity) -> String {
    if name.ends_with("cpu") { quantity.thousandths() } else { quantity.to_string() }
}

fn ratio(container: &Container<'_>, _: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let most = scene.facts.values.max_memory_ratio;
    let request = Quantity::of(below(container.node, &["resources", "requests", "memory"]));
    let request = request.filter(|request| request.is_positive());
    let (Some(request), Some(limit)) = (request, Quantity::of(container.limit("memory"))) else {
        return Vec::new();
    };
    // A low limit does no harm, whatever the request.
    let is_low =
        Quantity::parse(&scene.facts.values.min_memory_limit).is_some_and(|low| limit <= low);
    if !container.is_running() || is_low || limit <= request.times(most) {
        return Vec::new();
    }
    let message = format!(
        "may use {limit} of memory, more than {most} times the {request} that are reserved for it"
    );
    vec![container.violation(&["resources", "limits", "memory"], message)]
}

/// The memory below which no program starts.
const MEBIBYTE: &str = "1Mi";

/// More CPUs than nodes usually have.
const MANY: &str = "128";

fn units(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for field in ["requests", "limits"] {
        let mapping = below(container.node, &["resources", field]).and_then(Node::as_mapping);
        for (key, value) in mapping.map(Mapping::entries).unwrap_or_default() {
            let (name, Some(text)) = (key.text(), value.as_text()) else { continue };
            // A placeholder is replaced after the build.
            if value.is_null() || text.contains(['$', '{', '<']) {
                continue;
            }
            let violation = |message| container.violation(&["resources", field, name], message);
            let Some(quantity) = Quantity::parse(text) else {
                let message = format!("has the {field} `{name}: {text}`, which is no quantity");
                found.push(violation(message).severity(Severity::Error));
                continue;
            };
            if quantity < Quantity::ZERO {
                let message = format!("has the {field} `{name}: {text}`, which is negative");
                found.push(violation(message).severity(Severity::Error));
                continue;
            }
            let is_more = |text| Quantity::parse(text).is_some_and(|most| quantity > most);
            let is_tiny = quantity.is_positive()
                && Quantity::parse(MEBIBYTE).is_some_and(|least| quantity < least);
            let message = match name {
                "memory" if is_tiny => {
                    format!("has the {field} `memory: {text}`, which is less than a mebibyte")
                }
                "cpu" if is_more(MANY) => {
                    format!("has the {field} `cpu: {text}`, which is more than {MANY} CPUs")
                }
                _ => continue,
            };
            found.push(violation(message));
        }
    }
    found
}
