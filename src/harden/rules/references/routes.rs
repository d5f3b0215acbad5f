//! KR-REF-007: the Services of Ingresses and routes exist, with their ports.

use crate::harden::objects::service;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Existing, Render, Scene};
use crate::harden::uses::has_placeholder;
use crate::harden::value::{below, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static INGRESS_BACKEND: Rule = Rule {
    id: "KR-REF-007",
    name: "ingress-backend",
    text: text!("KR-REF-007"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(ingress_backend)),
};

/// A backend of an Ingress or a route.
struct Backend<'a> {
    namespace: Option<&'a str>,
    service: &'a str,
    port: Option<&'a str>,
    path: Path,
}

fn ingress_backend(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some(spec) = present(object.node(), "spec") else { return Vec::new() };
    let backends = match (object.kind(), &*object.gvk().group) {
        ("Ingress", "networking.k8s.io" | "extensions") => of_ingress(spec),
        (
            "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute",
            "gateway.networking.k8s.io",
        ) => of_route(spec),
        ("Route", "route.openshift.io") => of_openshift(spec),
        _ => return Vec::new(),
    };
    let mut missing = Vec::new();
    let judge = |backend: Backend<'_>| {
        let name = backend.service;
        let namespace = backend.namespace.unwrap_or_else(|| scene.namespace());
        if name.is_empty()
            || has_placeholder(name)
            || (name, namespace) == ("kubernetes", "default")
        {
            return None;
        }
        match render.find("Service", namespace, name, object) {
            Some(Existing::Elsewhere) => None,
            Some(Existing::Here(found)) => {
                let port = backend.port.filter(|port| !has_port(found, port))?;
                let message = format!("the Service `{name}` has no port `{port}`");
                Some(Violation::at(backend.path, message))
            }
            None if !render.has_services => None,
            None if missing.contains(&(namespace.to_owned(), name.to_owned())) => None,
            None => {
                missing.push((namespace.to_owned(), name.to_owned()));
                let message = format!(
                    "it leads to the Service `{name}`, which is not rendered; assumed: it is not made by other means"
                );
                // The Services of a namespace without any are made by other means.
                let has_others = render.has_kind("Service", namespace);
                let severity = if has_others { Severity::Warning } else { Severity::Note };
                Some(Violation::at(backend.path, message).severity(severity))
            }
        }
    };
    backends.into_iter().filter_map(judge).collect()
}

/// True if a Service has a port with a name or a number, or if that cannot be decided.
fn has_port(object: &Resource, wanted: &str) -> bool {
    let Some(spec) = service(object) else { return true };
    let ports = items(spec.get("ports"));
    ports.is_empty()
        || has_placeholder(wanted)
        || text(spec, "type") == Some("ExternalName")
        || ports.iter().any(|port| {
            text(port, "name") == Some(wanted)
                || text(port, "port") == Some(wanted)
                || text(port, "targetPort") == Some(wanted) && wanted.parse::<u16>().is_err()
        })
}

fn of_ingress(spec: &Node) -> Vec<Backend<'_>> {
    let mut all = Vec::new();
    for key in ["defaultBackend", "backend"] {
        if let Some(node) = present(spec, key) {
            all.push((node, Path::of(&["spec", key])));
        }
    }
    for (number, rule) in items(spec.get("rules")).iter().enumerate() {
        for (index, entry) in items(below(rule, &["http", "paths"])).iter().enumerate() {
            let Some(node) = present(entry, "backend") else { continue };
            let path = Path::of(&["spec", "rules"]).index(number).keys(&["http", "paths"]);
            all.push((node, path.index(index).keys(&["backend"])));
        }
    }
    all.into_iter().filter_map(|(node, path)| backend_of_ingress(node, path)).collect()
}

fn backend_of_ingress(node: &Node, path: Path) -> Option<Backend<'_>> {
    let (service, port, path) = match present(node, "service") {
        Some(service) => {
            let port = present(service, "port");
            let port = port.and_then(|port| text(port, "name").or_else(|| text(port, "number")));
            (text(service, "name")?, port, path.keys(&["service", "name"]))
        }
        None => {
            (text(node, "serviceName")?, text(node, "servicePort"), path.keys(&["serviceName"]))
        }
    };
    // The controller of AWS reads the backend from an annotation with this name.
    let is_annotation = port == Some("use-annotation");
    (!is_annotation).then_some(Backend { namespace: None, service, port, path })
}

fn of_route(spec: &Node) -> Vec<Backend<'_>> {
    let mut found = Vec::new();
    for (number, rule) in items(spec.get("rules")).iter().enumerate() {
        for (index, node) in items(rule.get("backendRefs")).iter().enumerate() {
            let is_service = text(node, "group").unwrap_or_default().is_empty()
                && text(node, "kind").is_none_or(|kind| kind == "Service");
            let Some(service) = text(node, "name").filter(|_| is_service) else { continue };
            let path = Path::of(&["spec", "rules"]).index(number).keys(&["backendRefs"]);
            let path = path.index(index).keys(&["name"]);
            let (namespace, port) = (text(node, "namespace"), text(node, "port"));
            found.push(Backend { namespace, service, port, path });
        }
    }
    found
}

fn of_openshift(spec: &Node) -> Vec<Backend<'_>> {
    let Some(to) = present(spec, "to") else { return Vec::new() };
    let is_service = text(to, "kind").is_none_or(|kind| kind == "Service");
    let Some(service) = text(to, "name").filter(|_| is_service) else { return Vec::new() };
    let path = Path::of(&["spec", "to", "name"]);
    vec![Backend { namespace: None, service, port: None, path }]
}
