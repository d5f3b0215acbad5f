//! KR-RES-001, 002, 003, 007: containers request CPU and memory, and limit memory.

use crate::harden::foreign::Tool;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::violation::{Class, Edit, List, Severity, Violation, plain};
use crate::resource::Quantity;

pub(super) static CPU_REQUEST: Rule = Rule {
    id: "KR-RES-001",
    name: "cpu-request",
    topic: Topic::Resources,
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    summary: "Containers set a CPU request.",
    why: "Without a request the scheduler may place a pod on a busy node, where it gets only the CPU that other pods leave.",
    condition: "A container of `containers` or `initContainers` has no `resources.requests.cpu` and no `resources.limits.cpu`, and the pod has no request of CPU either.",
    fixes: &[(Class::Unsafe, "adds `values.resources.requests.cpu` (100m)")],
    fix_order: 60,
    advice: "add `resources.requests.cpu` with what the program uses under ordinary load",
    example: example!("cpu-request"),
    elsewhere: &[
        (Tool::KubeLinter, &["unset-cpu-requirements"]),
        (Tool::KubeScore, &["container-resources"]),
        (Tool::Polaris, &["cpuRequestsMissing"]),
        (Tool::Trivy, &["KSV-0015"]),
        (Tool::Checkov, &["CKV_K8S_10"]),
        (Tool::Kubescape, &["C-0268"]),
    ],
    needs: Needs::Object(Check::Container(|container, pod, scene| {
        request(container, pod, "cpu", &scene.facts.values.cpu)
    })),
};

pub(super) static MEMORY_REQUEST: Rule = Rule {
    id: "KR-RES-002",
    name: "memory-request",
    topic: Topic::Resources,
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    summary: "Containers set a memory request.",
    why: "Without a request the scheduler places a pod where its memory does not fit, and it is among the first to be killed when memory runs out.",
    condition: "A container of `containers` or `initContainers` has no `resources.requests.memory` and no `resources.limits.memory`, and the pod has no request of memory either.",
    fixes: &[(Class::Unsafe, "adds `values.resources.requests.memory` (128Mi)")],
    fix_order: 60,
    advice: "add `resources.requests.memory` with what the program uses under ordinary load",
    example: example!("memory-request"),
    elsewhere: &[
        (Tool::KubeLinter, &["unset-memory-requirements"]),
        (Tool::Polaris, &["memoryRequestsMissing"]),
        (Tool::Trivy, &["KSV-0016"]),
        (Tool::Checkov, &["CKV_K8S_12"]),
        (Tool::Kubescape, &["C-0269"]),
    ],
    needs: Needs::Object(Check::Container(|container, pod, scene| {
        request(container, pod, "memory", &scene.facts.values.memory)
    })),
};

pub(super) static MEMORY_LIMIT: Rule = Rule {
    id: "KR-RES-003",
    name: "memory-limit",
    topic: Topic::Resources,
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    summary: "Containers set a memory limit.",
    why: "A memory leak in a container without a limit uses up the memory of its node, and other pods are killed.",
    condition: "A container that runs as long as its pod has no `resources.limits.memory`, and the pod has none either.",
    fixes: &[(
        Class::Unsafe,
        "adds the request times `values.resources.memoryLimitFactor` (2), and at least `minMemoryLimit` (256Mi)",
    )],
    fix_order: 60,
    advice: "add `resources.limits.memory` with what the program uses under heavy load, and a reserve",
    example: example!("memory-limit"),
    elsewhere: &[
        (Tool::Polaris, &["memoryLimitsMissing"]),
        (Tool::Trivy, &["KSV-0018"]),
        (Tool::Checkov, &["CKV_K8S_13"]),
        (Tool::Kubescape, &["C-0271"]),
    ],
    needs: Needs::Object(Check::Container(memory_limit)),
};

pub(super) static BEST_EFFORT: Rule = Rule {
    id: "KR-RES-007",
    name: "best-effort",
    topic: Topic::Resources,
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    summary: "Pods are not in the QoS class BestEffort.",
    why: "When a node runs short of memory, pods without requests are evicted first.",
    condition: "No container of `containers` and `initContainers`, and not the pod, has a request or limit of CPU or memory above 0.",
    fixes: &[],
    fix_order: 0,
    advice: "add requests of CPU and memory to the containers",
    example: example!("best-effort"),
    elsewhere: &[(Tool::Kyverno, &["require-qos-burstable"])],
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
