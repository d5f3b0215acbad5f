//! KR-K8S-013, 017: headless Services, and Services that are reachable from outside.

use crate::harden::objects::service;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Existing, Render, Scene};
use crate::harden::uses::has_placeholder;
use crate::harden::value::{below, integer, items, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::{CLUSTER, DEFAULT_NAMESPACE, Resource};
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static STATEFUL_SERVICE_NAME: Rule = Rule {
    id: "KR-K8S-013",
    name: "stateful-service-name",
    text: text!("KR-K8S-013"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(stateful_service_name)),
};

pub(super) static SERVICE_TYPE: Rule = Rule {
    id: "KR-K8S-017",
    name: "service-type",
    text: text!("KR-K8S-017"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(service_type)),
};

fn stateful_service_name(
    object: &Resource,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    if object.kind() != "StatefulSet" || object.gvk().group != "apps" {
        return Vec::new();
    }
    let name = below(object.node(), &["spec", "serviceName"]).and_then(Node::as_text);
    let Some(name) = name.filter(|name| !name.is_empty() && !has_placeholder(name)) else {
        return Vec::new();
    };
    // A single pod is rarely called by a name of its own.
    let replicas = below(object.node(), &["spec", "replicas"]);
    let is_single = replicas.is_none_or(|replicas| integer(replicas) == Some(1));
    let severity = if is_single { Severity::Note } else { Severity::Warning };
    let violation = |message: String| {
        vec![Violation::at(Path::of(&["spec", "serviceName"]), message).severity(severity)]
    };
    match render.find("Service", scene.namespace(), name, object) {
        Some(Existing::Elsewhere) => Vec::new(),
        Some(Existing::Here(found)) => {
            let is_headless =
                service(found).is_none_or(|spec| text(spec, "clusterIP") == Some("None"));
            let message =
                format!("the Service `{name}` has a cluster IP, so that pods have no names");
            if is_headless { Vec::new() } else { violation(message) }
        }
        None => {
            let message = format!(
                "the Service `{name}` is not rendered; assumed: it is not made by other means"
            );
            violation(message)
        }
    }
}

fn service_type(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some(spec) = service(object) else { return Vec::new() };
    let mut found = Vec::new();
    let kind = text(spec, "type").unwrap_or_default();
    // The controller of a class of Ingresses takes the requests for all others.
    let is_entrance = || {
        ["IngressClass", "GatewayClass"].iter().any(|kind| {
            [CLUSTER, DEFAULT_NAMESPACE].iter().any(|scope| render.has_kind(kind, scope))
        })
    };
    let is_allowed =
        scene.facts.values.service_types.iter().any(|one| one == kind) || is_entrance();
    if matches!(kind, "NodePort" | "LoadBalancer") && !is_allowed {
        let message = format!("it is reachable from outside of the cluster, as a `{kind}`");
        found.push(Violation::at(Path::of(&["spec", "type"]), message));
    }
    if !items(spec.get("externalIPs")).is_empty() {
        let message = "it takes traffic of external addresses";
        found.push(Violation::at(Path::of(&["spec", "externalIPs"]), message));
    }
    found
}
