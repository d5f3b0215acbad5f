//! KR-RES-001, 002, 003, 007: containers request CPU and memory, and limit memory.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::violation::{Class, Edit, List, Severity, Violation, plain};
use crate::resource::Quantity;

pub(super) static CPU_REQUEST: Rule = Rule {
    id: "KR-RES-001",
    name: "cpu-request",
    text: text!("KR-RES-001"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 60,
    needs: Needs::Object(Check::Container(|container, pod, scene| {
        request(container, pod, "cpu", &scene.facts.values.cpu)
    })),
};

pub(super) static MEMORY_REQUEST: Rule = Rule {
    id: "KR-RES-002",
    name: "memory-request",
    text: text!("KR-RES-002"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 60,
    needs: Needs::Object(Check::Container(|container, pod, scene| {
        request(container, pod, "memory", &scene.facts.values.memory)
    })),
};

pub(super) static MEMORY_LIMIT: Rule = Rule {
    id: "KR-RES-003",
    name: "memory-limit",
    text: text!("KR-RES-003"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 60,
    needs: Needs::Object(Check::Container(memory_limit)),
};

pub(super) static BEST_EFFORT: Rule = Rule {
    id: "KR-RES-007",
    name: "best-effort",
    text: text!("KR-RES-007"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(best_effort)),
};

fn request(container: &Container<'_>, pod: &Pod<'_>, name: &str, value: &str) -> Vec<Violation> {
    let of_pod = ["requests", "limits"].map(|field| pod.get(&["resources", field, name]));
    if container.list == List::Ephemeral
        || container.request(name).is_some()
        || of_pod.iter().any(Option::is_some)
    {
        return Vec::new();
    }
    let message = format!("requests no {}", if name == "cpu" { "CPU" } else { name });
    let violation = container.violation(&["resources", "requests", name], message);
    let edits = vec![Edit::Set(violation.path.clone(), plain(value))];
    vec![violation.fix(Class::Unsafe, edits)]
}

fn memory_limit(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if !container.is_running()
        || container.limit("memory").is_some()
        || pod.get(&["resources", "limits", "memory"]).is_some()
    {
        return Vec::new();
    }
    let message = "may use all memory of its node";
    let violation = container.violation(&["resources", "limits", "memory"], message);
    let values = &scene.facts.values;
    let Some(least) = Quantity::parse(&values.min_memory_limit) else { return vec![violation] };
    let limit = match container.request("memory") {
        None => Some(least),
        some => Quantity::of(some)
            .map(|request| request.times(values.memory_limit_factor).max(request).max(least)),
    };
    let Some(limit) = limit else { return vec![violation] };
    let edits = vec![Edit::Set(violation.path.clone(), plain(&limit.to_string()))];
    vec![violation.fix(Class::Unsafe, edits)]
}

fn best_effort(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let is_some = |node| Quantity::of(node).is_some_and(Quantity::is_positive);
    let names = ["cpu", "memory"];
    let of_pod = ["requests", "limits"]
        .iter()
        .any(|field| names.iter().any(|name| is_some(pod.get(&["resources", field, name]))));
    let mut counted = pod.containers.iter().filter(|one| one.list != List::Ephemeral);
    let of_container = counted.any(|container| {
        names.iter().any(|name| is_some(container.request(name)) || is_some(container.limit(name)))
    });
    if of_pod || of_container || pod.containers.is_empty() {
        return Vec::new();
    }
    vec![pod.violation(&["containers"], "the pod asks for no CPU and no memory at all")]
}
