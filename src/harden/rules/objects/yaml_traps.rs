//! KR-K8S-016: texts that YAML reads as something else.

use crate::harden::objects::is_service;
use crate::harden::pod::Shape;
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{below, items};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::path::Path;
use crate::yaml::{Node, Value, resolve, resolve_1_1};

pub(super) static YAML_TRAP: Rule = Rule {
    id: "KR-K8S-016",
    name: "yaml-trap",
    text: text!("KR-K8S-016"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(yaml_trap)),
};

fn yaml_trap(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let root = object.node();
    let mappings: &[&[&str]] = &[&["metadata", "labels"], &["metadata", "annotations"]];
    for keys in mappings {
        of_mapping(root, keys, &mut found);
    }
    let group = &*object.gvk().group;
    match (object.kind(), group) {
        ("ConfigMap", "") => of_mapping(root, &["data"], &mut found),
        ("Secret", "") => {
            of_mapping(root, &["data"], &mut found);
            of_mapping(root, &["stringData"], &mut found);
        }
        _ if is_service(object) => of_mapping(root, &["spec", "selector"], &mut found),
        (_, "apps") => of_mapping(root, &["spec", "selector", "matchLabels"], &mut found),
        _ => {}
    }
    for pod in scene.pods.iter().filter(|pod| pod.shape == Shape::Known) {
        if object.kind() != "Pod" {
            let metadata = pod.annotation_path("");
            let metadata = metadata.parent().and_then(|path| path.parent()).unwrap_or_default();
            for field in ["labels", "annotations"] {
                let node = pod.metadata.and_then(|metadata| metadata.get(field));
                of_entries(node, || metadata.clone().keys(&[field]), &mut found);
            }
        }
        of_entries(pod.spec.get("nodeSelector"), || pod.path(&["nodeSelector"]), &mut found);
        for container in &pod.containers {
            for (index, entry) in items(container.node.get("env")).iter().enumerate() {
                if let Some(kind) = entry.get("value").and_then(other_kind) {
                    let path = container.path(&["env"]).index(index).keys(&["value"]);
                    let name = entry.get("name").and_then(Node::as_text).unwrap_or_default();
                    let message = format!("sets the variable `{name}` to {kind} instead of a text");
                    found.push(Violation::at(path, message).of_container(container));
                }
            }
            for list in ["command", "args"] {
                for (index, value) in items(container.node.get(list)).iter().enumerate() {
                    let Some(kind) = other_kind(value) else { continue };
                    let path = container.path(&[list]).index(index);
                    let message = format!("has {kind} instead of a text in `{list}`");
                    found.push(Violation::at(path, message).of_container(container));
                }
            }
        }
    }
    found
}

fn of_mapping(root: &Node, keys: &[&str], found: &mut Vec<Violation>) {
    of_entries(below(root, keys), || Path::of(keys), found);
}

fn of_entries(node: Option<&Node>, at: impl Fn() -> Path, found: &mut Vec<Violation>) {
    for (key, value) in node.map(Node::entries).unwrap_or_default() {
        let Some(kind) = other_kind(value) else { continue };
        let message = format!("`{}` is {kind} instead of a text", key.text());
        found.push(Violation::at(at().keys(&[key.text()]), message));
    }
}

/// The kind of a value that is no text, and not missing, as `kubectl` sends it. Words that only YAML 1.1 reads as
/// booleans (`yes`, `off`) are texts of a render, and quoted in it; of other manifests they are read as booleans.
fn other_kind(node: &Node) -> Option<&'static str> {
    let Some(scalar) = node.as_scalar() else {
        return Some(if node.as_mapping().is_some() { "a mapping" } else { "a list" });
    };
    if matches!(resolve(scalar), Ok(Value::Str(_))) {
        return None;
    }
    match resolve_1_1(scalar) {
        Ok(Value::Bool(_)) => Some("a boolean"),
        Ok(Value::Int(_) | Value::Uint(_) | Value::Float(_)) => Some("a number"),
        _ => None,
    }
}
