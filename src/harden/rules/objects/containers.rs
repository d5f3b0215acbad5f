//! KR-K8S-005, 012: names and ports that are used twice.

use std::collections::BTreeSet;

use crate::harden::objects::service;
use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{items, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static DUPLICATE_ENV: Rule = Rule {
    id: "KR-K8S-005",
    name: "duplicate-env",
    text: text!("KR-K8S-005"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(duplicate_env)),
};

pub(super) static DUPLICATE_CONTAINER_OR_PORT: Rule = Rule {
    id: "KR-K8S-012",
    name: "duplicate-container-or-port",
    text: text!("KR-K8S-012"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(duplicates)),
};

fn duplicate_env(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let entries = items(container.node.get("env"));
    let twice = repeated(entries, |entry| text(entry, "name"));
    let uses_earlier = |index: &usize, name: &str| {
        let value = entries.get(*index).and_then(|entry| text(entry, "value")).unwrap_or_default();
        value.contains(&format!("$({name})"))
    };
    let twice = twice.into_iter().filter(|(index, name)| !uses_earlier(index, name));
    twice
        .map(|(index, name)| {
            let path = container.path(&["env"]).index(index);
            Violation::at(path, format!("sets the variable `{name}` twice")).of_container(container)
        })
        .collect()
}

/// The elements whose key an earlier one has, each with its key. Does not allocate for up to one element.
fn repeated<'n, K: Ord + Copy>(
    nodes: &'n [Node],
    key: impl Fn(&'n Node) -> Option<K>,
) -> Vec<(usize, K)> {
    if nodes.len() < 2 {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    let keys = nodes.iter().enumerate().filter_map(|(index, node)| Some((index, key(node)?)));
    keys.filter(|(_, key)| !known.insert(*key)).collect()
}

fn duplicates(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for pod in scene.pods.iter().filter(|pod| pod.shape == Shape::Known) {
        of_pod(pod, &mut found);
    }
    if let Some(spec) = service(object) {
        let ports = items(spec.get("ports"));
        let path = |index| Path::of(&["spec", "ports"]).index(index);
        for (index, name) in repeated(ports, |port| text(port, "name")) {
            let message = format!("two ports have the name `{name}`");
            found.push(Violation::at(path(index).keys(&["name"]), message));
        }
        for (index, (port, protocol)) in repeated(ports, |one| number(one, "port")) {
            let message = format!("the port {port} ({protocol}) is defined twice");
            found.push(Violation::at(path(index).keys(&["port"]), message));
        }
    }
    found
}

/// A port and its protocol.
fn number<'n>(port: &'n Node, field: &str) -> Option<(&'n str, &'n str)> {
    Some((text(port, field)?, text(port, "protocol").unwrap_or("TCP")))
}

fn of_pod(pod: &Pod<'_>, found: &mut Vec<Violation>) {
    let mut names = BTreeSet::new();
    for container in &pod.containers {
        if pod.containers.len() > 1 && !container.name.is_empty() && !names.insert(container.name) {
            let message = format!("two containers have the name `{}`", container.name);
            found.push(Violation::at(container.path(&["name"]), message));
        }
    }
    let volumes = pod.get(&["volumes"]);
    for (index, name) in repeated(items(volumes), |volume| text(volume, "name")) {
        let path = pod.path(&["volumes"]).index(index);
        found.push(Violation::at(path, format!("two volumes have the name `{name}`")));
    }
    let mut ports = BTreeSet::new();
    for container in &pod.containers {
        let own = items(container.node.get("ports"));
        for (index, name) in repeated(own, |port| text(port, "name")) {
            let path = container.path(&["ports"]).index(index).keys(&["name"]);
            let message = format!("has two ports with the name `{name}`");
            found.push(Violation::at(path, message).of_container(container));
        }
        let mounts = items(container.node.get("volumeMounts"));
        for (index, path) in repeated(mounts, |mount| text(mount, "mountPath")) {
            let message = format!("mounts two volumes at `{path}`");
            let path = container.path(&["volumeMounts"]).index(index).keys(&["mountPath"]);
            found.push(Violation::at(path, message).of_container(container));
        }
        let running = if container.is_running() { own } else { &[] };
        for (index, port) in running.iter().enumerate() {
            let Some(key) = number(port, "containerPort") else { continue };
            if !ports.insert(key) {
                let path = container.path(&["ports"]).index(index).keys(&["containerPort"]);
                let message =
                    format!("declares the port {} ({}), which the pod has already", key.0, key.1);
                let violation = Violation::at(path, message).of_container(container);
                found.push(violation.severity(Severity::Warning));
            }
        }
    }
}
