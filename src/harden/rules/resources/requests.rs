//! KR-RES-001, 002, 003, 004, 006, 007, 012: containers have the requests and limits that they need.

use super::OF_RESOURCES;
use crate::harden::demand::quality;
use crate::harden::facts::CpuLimits;
use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::quality::Quality;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::scoped::first;
use crate::harden::value::below;
use crate::harden::violation::{Class, Edit, List, Severity, Violation, plain};
use crate::resource::Quantity;
use crate::yaml::Node;

pub(super) static CPU_REQUEST: Rule = Rule {
    id: "KR-RES-001",
    name: "cpu-request",
    text: text!("KR-RES-001"),
    needs: Needs::Object(Check::Container(|container, pod, scene| {
        request(container, pod, scene, ("cpu", &scene.facts.values.cpu))
    })),
    ..OF_RESOURCES
};

pub(super) static MEMORY_REQUEST: Rule = Rule {
    id: "KR-RES-002",
    name: "memory-request",
    text: text!("KR-RES-002"),
    severity: Severity::Error,
    needs: Needs::Object(Check::Container(|container, pod, scene| {
        request(container, pod, scene, ("memory", &scene.facts.values.memory))
    })),
    ..OF_RESOURCES
};

pub(super) static MEMORY_LIMIT: Rule = Rule {
    id: "KR-RES-003",
    name: "memory-limit",
    text: text!("KR-RES-003"),
    severity: Severity::Error,
    needs: Needs::Object(Check::Container(memory_limit)),
    ..OF_RESOURCES
};

pub(super) static CPU_LIMIT: Rule = Rule {
    id: "KR-RES-004",
    name: "cpu-limit",
    text: text!("KR-RES-004"),
    needs: Needs::Object(Check::Container(cpu_limit)),
    ..OF_RESOURCES
};

pub(super) static EXPLICIT_DEFAULTED_REQUEST: Rule = Rule {
    id: "KR-RES-006",
    name: "explicit-defaulted-request",
    text: text!("KR-RES-006"),
    severity: Severity::Note,
    fix_order: 61,
    needs: Needs::Object(Check::Container(defaulted)),
    ..OF_RESOURCES
};

pub(super) static BEST_EFFORT: Rule = Rule {
    id: "KR-RES-007",
    name: "best-effort",
    text: text!("KR-RES-007"),
    severity: Severity::Note,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(best_effort)),
    ..OF_RESOURCES
};

pub(super) static QOS_TARGET: Rule = Rule {
    id: "KR-RES-012",
    name: "qos-target",
    text: text!("KR-RES-012"),
    severity: Severity::Error,
    fix_order: 62,
    needs: Needs::Object(Check::Pod(target)),
    ..OF_RESOURCES
};

/// The violation as a warning if the program ends by itself, or if its kind is not known: its controller may set what is
/// missing. Without a request for CPU, a program that ends by itself only takes longer.
fn weighed(violation: Violation, name: &str, pod: &Pod<'_>, scene: Scene<'_>) -> Violation {
    let policy = pod.get(&["restartPolicy"]).and_then(Node::as_text);
    let ends = scene.ends(pod) || matches!(policy, Some("Never" | "OnFailure"));
    if ends && name == "cpu" {
        violation.severity(Severity::Note)
    } else if ends || pod.shape != Shape::Known {
        violation.severity(Severity::Warning)
    } else {
        violation
    }
}

fn request(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    (name, value): (&str, &str),
) -> Vec<Violation> {
    let of_pod = ["requests", "limits"].map(|field| pod.get(&["resources", field, name]));
    // Init containers end before the program starts: the scheduler reserves the larger of both demands.
    if !container.is_running()
        || container.request(name).is_some()
        || of_pod.iter().any(Option::is_some)
    {
        return Vec::new();
    }
    let message = format!("requests no {}", if name == "cpu" { "CPU" } else { name });
    let violation = container.violation(&["resources", "requests", name], message);
    let violation = weighed(violation, name, pod, scene);
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
    let violation = weighed(violation, "memory", pod, scene);
    let values = &scene.facts.values;
    let Some(least) = Quantity::parse(&values.min_memory_limit) else { return vec![violation] };
    let limit = match container.request("memory") {
        // The limit would become a request, which may be more than that of the pod.
        None if pod.get(&["resources", "requests", "memory"]).is_some() => return vec![violation],
        None => Some(least),
        some => Quantity::of(some)
            .map(|request| request.times(values.memory_limit_factor).max(request).max(least)),
    };
    let Some(limit) = limit else { return vec![violation] };
    let edits = vec![Edit::Set(violation.path.clone(), plain(&limit.to_string()))];
    vec![violation.fix(Class::Unsafe, edits)]
}

fn cpu_limit(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let keys = ["resources", "limits", "cpu"];
    let policy = scene.facts.values.cpu_limits;
    let usual = if scene.facts.is_paranoid() { CpuLimits::Require } else { CpuLimits::Ignore };
    let said = container.limit("cpu").is_some();
    match policy.unwrap_or(usual) {
        CpuLimits::Require if container.is_running() && !said && pod.get(&keys).is_none() => {
            let violation = container.violation(&keys, "may use all CPU of its node");
            // Limits are added only if the policy is written.
            if policy.is_none() {
                return vec![violation.severity(Severity::Note)];
            }
            // Without a request the limit would become the request.
            let request = below(container.node, &["resources", "requests", "cpu"]);
            let request = Quantity::of(request).filter(|request| request.is_positive());
            let Some(request) = request else { return vec![violation] };
            let factor = scene.facts.values.memory_limit_factor;
            let limit = request.times(factor).max(request).thousandths();
            let edits = vec![Edit::Set(violation.path.clone(), plain(&limit))];
            vec![violation.fix(Class::Unsafe, edits)]
        }
        CpuLimits::Forbid if said => {
            let message = "is slowed down at its CPU limit, even if its node has free CPU";
            vec![container.violation(&keys, message).remove()]
        }
        CpuLimits::Require | CpuLimits::Forbid | CpuLimits::Ignore => Vec::new(),
    }
}

fn defaulted(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if !container.is_running() {
        return Vec::new();
    }
    let found = ["cpu", "memory"].into_iter().filter_map(|name| {
        let limit = container.limit(name)?;
        let keys = ["resources", "requests", name];
        if below(container.node, &keys).is_some() || Quantity::of(Some(limit)).is_none() {
            return None;
        }
        let text = if name == "cpu" { "CPU" } else { name };
        let message = format!("requests as much {text} as its limit, without saying so");
        let violation = container.violation(&keys, message);
        let edits = vec![Edit::Set(violation.path.clone(), limit.clone())];
        Some(violation.fix(Class::Safe, edits))
    });
    found.collect()
}

fn best_effort(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if pod.containers.is_empty() || quality(pod) != Quality::BestEffort {
        return Vec::new();
    }
    let message = "the pod asks for no CPU and no memory at all";
    vec![pod.violation(&["containers"], message)]
}

/// The annotation of pods with the class that they should have.
const ANNOTATION: &str = "krender.dev/qos";

fn target(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let said = pod.annotation(ANNOTATION);
    let said = said.and_then(|said| Quality::ALL.into_iter().find(|one| one.as_str() == said));
    let wanted = said.or_else(|| first(&scene.facts.told.qualities, scene.object, None).copied());
    let Some(wanted) = wanted.filter(|_| !pod.containers.is_empty()) else { return Vec::new() };
    let found = quality(pod);
    if found == wanted {
        return Vec::new();
    }
    let message =
        format!("the pod has the quality of service `{found}`, and should have `{wanted}`");
    let violation = pod.violation(&["containers"], message);
    let edits = if wanted == Quality::Guaranteed { equal_limits(pod) } else { None };
    vec![match edits {
        Some(edits) => violation.fix(Class::Unsafe, edits),
        None => violation,
    }]
}

/// The edits that give each container its requests as limits; `None` unless that makes the pod guaranteed.
fn equal_limits(pod: &Pod<'_>) -> Option<Vec<Edit>> {
    if pod.get(&["resources"]).is_some() {
        return None;
    }
    let mut edits = Vec::new();
    for container in pod.containers.iter().filter(|one| one.list != List::Ephemeral) {
        for name in ["cpu", "memory"] {
            let request = container.request(name)?;
            Quantity::of(Some(request)).filter(|request| request.is_positive())?;
            match container.limit(name) {
                Some(limit) if Quantity::of(Some(limit)) == Quantity::of(Some(request)) => {}
                Some(_) => return None,
                None => {
                    let path = container.path(&["resources", "limits", name]);
                    edits.push(Edit::Set(path, request.clone()));
                }
            }
        }
    }
    Some(edits)
}
