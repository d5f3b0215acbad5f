//! KR-K8S-004: names, labels and ports have the form that the API server requires.

use crate::harden::pod::{Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::uses::has_placeholder;
use crate::harden::value::{items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::text::phrase::shortened;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static INVALID_NAME: Rule = Rule {
    id: "KR-K8S-004",
    name: "invalid-name",
    text: text!("KR-K8S-004"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(invalid_name)),
};

fn invalid_name(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let group = &*object.gvk().group;
    if let Some(metadata) = present(object.node(), "metadata") {
        if let Some(name) =
            text(metadata, "name").filter(|name| !is_valid(object.kind(), group, name))
        {
            let form = match has_short_name(object.kind(), group) {
                true => "a DNS label of up to 63 lower-case letters, digits and `-`",
                false => "a DNS name of lower-case letters, digits, `-` and `.`",
            };
            found.push(told(Path::of(&["metadata", "name"]), name, form));
        }
        of_metadata(metadata, &Path::of(&["metadata"]), &mut found);
    }
    for pod in scene.pods.iter().filter(|pod| pod.shape == Shape::Known) {
        of_pod(pod, object, &mut found);
    }
    found
}

fn told(path: Path, name: &str, form: &str) -> Violation {
    Violation::at(path, format!("`{}` is not {form}", shortened(name, 80)))
}

fn has_short_name(kind: &str, group: &str) -> bool {
    group.is_empty() && matches!(kind, "Namespace" | "Service")
}

fn is_valid(kind: &str, group: &str, name: &str) -> bool {
    if name.is_empty() || has_placeholder(name) {
        return true;
    }
    match group {
        "rbac.authorization.k8s.io" => !name.contains(['/', '%']),
        "certificates.k8s.io" | "flowcontrol.apiserver.k8s.io" => true,
        // The APIs of OpenShift have other forms, such as `image:tag`.
        group if group.ends_with("openshift.io") => true,
        _ if has_short_name(kind, group) => is_label(name, 63),
        _ => name.len() <= 253 && name.split('.').all(|part| is_label(part, 253)),
    }
}

/// True for a DNS label: lower-case letters, digits and inner hyphens.
fn is_label(text: &str, most: usize) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= most
        && text.bytes().all(is_part)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// True for the name of a port: a DNS label of up to 15 characters with a letter, and without two hyphens together.
fn is_port(text: &str) -> bool {
    is_label(text, 15) && text.bytes().any(|byte| byte.is_ascii_lowercase()) && !text.contains("--")
}

/// True for the value of a label, and for the part of a key after the slash, unless it is empty.
fn is_value(text: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.len() <= 63
        && text.bytes().all(is_part)
        && is_end(text.bytes().next())
        && is_end(text.bytes().last())
}

fn is_key(text: &str) -> bool {
    let (prefix, name) =
        text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    let is_prefix = |prefix: &str| {
        prefix.len() <= 253
            && prefix.split('.').all(|part| is_label(&part.to_ascii_lowercase(), 253))
    };
    !name.is_empty() && is_value(name) && prefix.is_none_or(is_prefix)
}

fn of_metadata(metadata: &Node, at: &Path, found: &mut Vec<Violation>) {
    for field in ["labels", "annotations"] {
        for (key, value) in metadata.get(field).map(Node::entries).unwrap_or_default() {
            let key = key.text();
            let path = || at.clone().keys(&[field, key]);
            if !is_key(key) && !has_placeholder(key) {
                found.push(told(path(), key, "a valid key of a label or annotation"));
            }
            let value = value.as_text().unwrap_or_default();
            if field == "labels" && !is_value(value) && !has_placeholder(value) {
                let form = "a valid value of a label: up to 63 letters, digits, `-`, `_` and `.`";
                found.push(told(path(), value, form));
            }
        }
    }
}

fn of_pod(pod: &Pod<'_>, object: &Resource, found: &mut Vec<Violation>) {
    // The metadata of a pod is that of the object.
    if let Some(metadata) = pod.metadata.filter(|_| object.kind() != "Pod") {
        let path = pod.annotation_path("");
        let path = path.parent().and_then(|path| path.parent());
        of_metadata(metadata, &path.unwrap_or_default(), found);
    }
    let form = "a DNS label of up to 63 lower-case letters, digits and `-`";
    for (index, volume) in pod.volumes() {
        let name = text(volume, "name").filter(|name| !is_label(name, 63));
        if let Some(name) = name.filter(|name| !has_placeholder(name)) {
            found.push(told(pod.path(&["volumes"]).index(index).keys(&["name"]), name, form));
        }
    }
    for container in &pod.containers {
        let name = container.name;
        if !name.is_empty() && !is_label(name, 63) && !has_placeholder(name) {
            found.push(told(container.path(&["name"]), name, form));
        }
        for (index, port) in items(container.node.get("ports")).iter().enumerate() {
            let name = text(port, "name").filter(|name| !name.is_empty() && !is_port(name));
            if let Some(name) = name.filter(|name| !has_placeholder(name)) {
                let form = "the name of a port: up to 15 lower-case letters, digits and single hyphens, with a letter";
                let path = container.path(&["ports"]).index(index).keys(&["name"]);
                found.push(told(path, name, form));
            }
        }
    }
}
