//! KR-REF-005, 006: Services lead to pods, and to ports of these.

use crate::harden::objects::service;
use crate::harden::pod::{Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::selector::labels;
use crate::harden::uses::has_placeholder;
use crate::harden::value::{items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::path::Path;

pub(super) static SERVICE_SELECTS_NOTHING: Rule = Rule {
    id: "KR-REF-005",
    name: "service-selects-nothing",
    text: text!("KR-REF-005"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(selects_nothing)),
};

pub(super) static SERVICE_PORT: Rule = Rule {
    id: "KR-REF-006",
    name: "service-port",
    text: text!("KR-REF-006"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(service_port)),
};

fn selects_nothing(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some(spec) = service(object) else { return Vec::new() };
    if text(spec, "type") == Some("ExternalName") {
        return Vec::new();
    }
    let namespace = scene.namespace();
    let path = || Path::of(&["spec", "selector"]);
    let Some(selector) = present(spec, "selector").filter(|selector| !selector.is_empty()) else {
        let has_addresses = ["Endpoints", "EndpointSlice"]
            .iter()
            .any(|kind| render.named(kind, namespace, object.name()).is_some());
        let message = "it selects no pods; assumed: its addresses come from elsewhere";
        let violation = || Violation::at(path(), message).severity(Severity::Note);
        return if has_addresses { Vec::new() } else { vec![violation()] };
    };
    let is_known = !render.has_pods
        || render.selects_pod(namespace, selector, object)
        || render.may_be_made(namespace, selector)
        || render.selects_later(object, selector)
        || labels(Some(selector)).any(|(key, value)| is_set_later(key) || has_placeholder(value));
    if is_known {
        return Vec::new();
    }
    let message = "it selects no pod that is rendered; assumed: its pods are made from this render";
    let violation = Violation::at(path(), message);
    // The pods of a namespace without any are made by other means, and operators make some.
    let has_pods =
        !render.has_operator && !render.acting.pods_in(&render.pods, namespace).is_empty();
    vec![if has_pods { violation } else { violation.severity(Severity::Note) }]
}

/// True for labels that pods get when they are made, or while they run.
fn is_set_later(key: &str) -> bool {
    const KEYS: &str = "apps.kubernetes.io/pod-index batch.kubernetes.io/controller-uid \
        batch.kubernetes.io/job-name cnpg.io/instanceRole controller-revision-hash controller-uid \
        endpoints.kubernetes.io/managed-by job-name leader leaderelection master pod-template-generation \
        pod-template-hash role rollouts-pod-template-hash spilo-role \
        statefulset.kubernetes.io/pod-name topology.kubernetes.io/region topology.kubernetes.io/zone";
    KEYS.split_ascii_whitespace().any(|one| one == key)
}

fn service_port(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some(spec) = service(object) else { return Vec::new() };
    let Some(selector) = present(spec, "selector") else { return Vec::new() };
    let ports = items(spec.get("ports"));
    let named = ports.iter().enumerate().filter_map(|(index, port)| {
        let target = text(port, "targetPort")?;
        let is_name = target.bytes().any(|byte| byte.is_ascii_alphabetic());
        (is_name && !has_placeholder(target)).then_some((index, target))
    });
    let named: Vec<(usize, &str)> = named.collect();
    if named.is_empty() {
        return Vec::new();
    }
    let namespace = scene.namespace();
    let is_known = |pod: &Pod<'_>| pod.shape == Shape::Known && !gets_containers(pod);
    let names = render.views.port_names(&render.pods, is_known);
    let lost = named.into_iter().filter(|(_, target)| names.lacks(namespace, selector, target));
    let violation = |(index, target)| {
        let path = Path::of(&["spec", "ports"]).index(index).keys(&["targetPort"]);
        let message = format!("no container of the pods that it selects has a port `{target}`");
        Violation::at(path, message)
    };
    lost.map(violation).collect()
}

/// True if a controller adds containers to a pod.
fn gets_containers(pod: &Pod<'_>) -> bool {
    pod.annotations().any(|(key, _)| key.contains("inject"))
}
