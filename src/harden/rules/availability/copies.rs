//! KR-AVL-001, 002, 003: programs have several copies, on several nodes.

use super::OF_AVAILABILITY;
use crate::harden::images::store;
use crate::harden::pod::{Pod, Shape};
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::selector::selects;
use crate::harden::traffic::{AssumedPort, Minor};
use crate::harden::value::{below, integer, is_true, items, present, text};
use crate::harden::violation::{Class, Edit, Severity, Violation, mapping, plain};
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static REPLICAS: Rule = Rule {
    id: "KR-AVL-001",
    name: "replicas",
    text: text!("KR-AVL-001"),
    needs: Needs::Render(RenderCheck::Pod(replicas)),
    ..OF_AVAILABILITY
};

pub(super) static TOPOLOGY_SPREAD: Rule = Rule {
    id: "KR-AVL-002",
    name: "topology-spread",
    text: text!("KR-AVL-002"),
    fix_order: 90,
    needs: Needs::Render(RenderCheck::Pod(spread)),
    ..OF_AVAILABILITY
};

pub(super) static SPREAD_SELECTOR: Rule = Rule {
    id: "KR-AVL-003",
    name: "spread-selector",
    text: text!("KR-AVL-003"),
    severity: Severity::Error,
    needs: Needs::Object(Check::Pod(spread_selector)),
    ..OF_AVAILABILITY
};

fn replicas(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let object = scene.object;
    if !matches!(object.kind(), "Deployment" | "Rollout") {
        return Vec::new();
    }
    let spec = object.node().get("spec");
    let said = match spec.and_then(|spec| present(spec, "replicas")) {
        None => Some(1),
        Some(node) => integer(node),
    };
    let wanted = scene.facts.values.min_replicas;
    // A workload without copies is switched off.
    let Some(number) = said.filter(|number| *number > 0 && *number < wanted) else {
        return Vec::new();
    };
    let replaces = spec.and_then(|spec| below(spec, &["strategy", "type"]));
    let is_alone = replaces.and_then(Node::as_text) == Some("Recreate")
        || pod.volumes().any(|(_, volume)| present(volume, "persistentVolumeClaim").is_some());
    if is_alone || !render.acting.scalers(object).is_empty() {
        return Vec::new();
    }
    let violation = |message: String| Violation::at(Path::of(&["spec", "replicas"]), message);
    let copies = if number == 1 { "one copy".to_owned() } else { format!("{number} copies") };
    if render.acting.services().serves(scene.namespace(), pod) {
        let message = format!(
            "the pods behind a Service have {copies}: requests fail while a node is drained or fails"
        );
        if takes_ports_of_node(pod) {
            let message =
                format!("{message}; each copy needs a node of its own: it takes ports of its node");
            return vec![violation(message).severity(Severity::Note)];
        }
        let assumed = render.acting.services().assumed_port(scene.namespace(), pod);
        if let Some(AssumedPort { number, .. }) = assumed.filter(|port| !port.is_told) {
            let message = format!(
                "{message}; assumed: a container listens on the port `{number}`, which none declares"
            );
            return vec![violation(message).severity(Severity::Note)];
        }
        if let Some(store) = pod.containers.iter().find_map(|one| store(one.image())) {
            let message = format!(
                "{message}; a second copy of `{store}` has data of its own, unless both replicate it"
            );
            return vec![violation(message).severity(Severity::Note)];
        }
        // Resources that are not converted cannot be read while no pod answers.
        let minor = render.acting.services().minor_of_pod(scene.namespace(), pod);
        if let Some(minor) = minor.filter(|minor| *minor != Minor::Conversion) {
            let message = format!("{message}; {}", minor.told());
            return vec![violation(message).severity(Severity::Note)];
        }
        vec![violation(message)]
    } else if scene.facts.is_paranoid() {
        vec![violation(format!("there is only {copies}")).severity(Severity::Note)]
    } else {
        Vec::new()
    }
}

/// True if a node runs at most one copy of a pod.
fn takes_ports_of_node(pod: &Pod<'_>) -> bool {
    let is_on_host = is_true(pod.get(&["hostNetwork"]));
    let mut ports = pod.containers.iter().flat_map(|one| items(one.node.get("ports")));
    ports.any(|port| is_on_host || present(port, "hostPort").is_some())
}

fn spread(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let object = scene.object;
    if !matches!(object.kind(), "Deployment" | "ReplicaSet" | "Rollout" | "StatefulSet")
        || pod.shape != Shape::Known
    {
        return Vec::new();
    }
    let copies = render.acting.copies(object);
    let Some((number, _)) = copies.filter(|(number, _)| *number >= 2) else { return Vec::new() };
    let labels = pod.labels();
    let is_own = |term: &Node| {
        present(term, "labelSelector").is_some_and(|selector| selects(selector, labels))
    };
    let constraints = items(pod.get(&["topologySpreadConstraints"]));
    let preferred = items(pod.get(&[
        "affinity",
        "podAntiAffinity",
        "preferredDuringSchedulingIgnoredDuringExecution",
    ]));
    let required = items(pod.get(&[
        "affinity",
        "podAntiAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ]));
    let mut terms = preferred.iter().filter_map(|one| present(one, "podAffinityTerm"));
    if constraints.iter().chain(required).any(is_own) || terms.any(is_own) {
        return Vec::new();
    }
    let message = format!("nothing spreads its {number} copies: they may run on one node");
    let violation = pod.violation(&["topologySpreadConstraints"], message);
    let selector = below(object.node(), &["spec", "selector"]);
    let Some(selector) = selector.filter(|one| !one.is_empty() && selects(one, labels)) else {
        return vec![violation];
    };
    if !constraints.is_empty() {
        return vec![violation];
    }
    let constraint = |key: &str| {
        mapping(&[
            ("maxSkew", plain("1")),
            ("topologyKey", plain(key)),
            ("whenUnsatisfiable", plain("ScheduleAnyway")),
            ("labelSelector", selector.clone()),
        ])
    };
    let keys = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];
    let list = Node::sequence(keys.map(constraint).to_vec(), crate::source::Span::NONE);
    let edits = vec![Edit::Set(violation.path.clone(), list)];
    vec![violation.fix(Class::Unsafe, edits)]
}

fn spread_selector(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if pod.shape != Shape::Known {
        return Vec::new();
    }
    let constraints = items(pod.get(&["topologySpreadConstraints"])).iter().enumerate();
    let found = constraints.filter_map(|(index, constraint)| {
        let at = || pod.path(&["topologySpreadConstraints"]).index(index);
        let over = text(constraint, "topologyKey").unwrap_or_default();
        match present(constraint, "labelSelector") {
            None => {
                let message = format!(
                    "the constraint over `{over}` spreads nothing: without a `labelSelector` it counts no pods"
                );
                Some(Violation::at(at(), message))
            }
            Some(selector) if !selects(selector, pod.labels()) => {
                let message = format!(
                    "the constraint over `{over}` does not count the pods that it is for: its `labelSelector` does not match their labels"
                );
                Some(Violation::at(at().keys(&["labelSelector"]), message))
            }
            Some(_) => None,
        }
    });
    found.collect()
}
