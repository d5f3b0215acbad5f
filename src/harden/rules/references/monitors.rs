//! KR-REF-009: monitors of Prometheus select something.

use std::collections::BTreeSet;

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::selector::{labels, selects};
use crate::harden::uses::has_placeholder;
use crate::harden::value::{below, is_true, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static SERVICE_MONITOR: Rule = Rule {
    id: "KR-REF-009",
    name: "service-monitor",
    text: text!("KR-REF-009"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(service_monitor)),
};

fn service_monitor(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let is_of_services = match (object.kind(), &*object.gvk().group) {
        ("ServiceMonitor", "monitoring.coreos.com") => true,
        ("PodMonitor", "monitoring.coreos.com") => false,
        _ => return Vec::new(),
    };
    let Some(spec) = present(object.node(), "spec") else { return Vec::new() };
    let selector = present(spec, "selector");
    let Some(wanted) = selector.and_then(|selector| present(selector, "matchLabels")) else {
        return Vec::new();
    };
    // Without labels, all objects of the namespaces are selected.
    if labels(Some(wanted)).next().is_none()
        || labels(Some(wanted)).any(|(_, value)| has_placeholder(value))
    {
        return Vec::new();
    }
    let own = [scene.namespace()];
    let namespaces: Vec<&str> = match below(spec, &["namespaceSelector", "matchNames"]) {
        Some(names) => items(Some(names)).iter().filter_map(Node::as_text).collect(),
        None => own.to_vec(),
    };
    let is_anywhere = is_true(below(spec, &["namespaceSelector", "any"]));
    let path = || Path::of(&["spec", "selector"]);
    if is_of_services {
        let services = || {
            render.services_with(wanted).filter(|service| {
                let of_service = below(service.node(), &["metadata", "labels"]);
                (is_anywhere || namespaces.contains(&scene.facts.namespace(service)))
                    && selector.is_some_and(|selector| selects(selector, of_service))
            })
        };
        if services().next().is_none() {
            if !render.has_services {
                return Vec::new();
            }
            let message = "it selects no Service that is rendered; assumed: its Services are made from this render";
            return vec![Violation::at(path(), message)];
        }
        return ports(spec, services());
    }
    let selects_pod = |namespace: &&str| render.selects_pod(namespace, wanted, object);
    if !render.has_pods
        || is_anywhere
        || namespaces.iter().any(selects_pod)
        || render.may_be_made(scene.namespace(), wanted)
    {
        return Vec::new();
    }
    let message = "it selects no pod that is rendered; assumed: its pods are made from this render";
    vec![Violation::at(path(), message)]
}

/// Endpoints whose ports none of the Services has. Each Service is looked at once.
fn ports<'a>(spec: &Node, services: impl Iterator<Item = &'a Resource>) -> Vec<Violation> {
    let endpoints = items(spec.get("endpoints")).iter().enumerate();
    let named = endpoints.filter_map(|(index, one)| Some((index, text(one, "port")?)));
    let named: Vec<(usize, &str)> = named.filter(|(_, port)| !has_placeholder(port)).collect();
    let mut lost: BTreeSet<&str> = named.iter().map(|(_, port)| *port).collect();
    for service in services {
        if lost.is_empty() {
            break;
        }
        let ports = items(below(service.node(), &["spec", "ports"])).iter();
        ports.filter_map(|port| text(port, "name")).for_each(|name| _ = lost.remove(name));
    }
    let lost = named.into_iter().filter(|(_, port)| lost.contains(port));
    lost.map(|(index, port)| {
        let path = Path::of(&["spec", "endpoints"]).index(index).keys(&["port"]);
        Violation::at(path, format!("no Service that it selects has a port with the name `{port}`"))
    })
    .collect()
}
