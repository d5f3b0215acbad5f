//! KR-REF-011, 012: generated names are used, and with their hash.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static STALE_HASH: Rule = Rule {
    id: "KR-REF-011",
    name: "stale-hash",
    text: text!("KR-REF-011"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(stale_hash)),
};

pub(super) static UNREFERENCED_GENERATED: Rule = Rule {
    id: "KR-REF-012",
    name: "unreferenced-generated",
    text: text!("KR-REF-012"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(unreferenced)),
};

fn stale_hash(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let generated = &render.generated().by_name;
    if generated.is_empty() || object.kind() == "CustomResourceDefinition" {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut pending = vec![(Path::default(), "", object.node())];
    while let Some((path, key, node)) = pending.pop() {
        for (index, item) in node.items().iter().enumerate() {
            pending.push((path.clone().index(index), key, item));
        }
        for (name, value) in node.entries() {
            let name = name.text();
            // The field `name` of a reference says nothing; the field that has it does.
            let of = if name == "name" { key } else { name };
            if value.as_mapping().is_some() || value.as_sequence().is_some() {
                pending.push((path.clone().keys(&[name]), name, value));
                continue;
            }
            let Some(target) = value.as_text().and_then(|text| generated.get(text)) else {
                continue;
            };
            let kind = target.kind();
            let is_other =
                scene.facts.namespace(target) != scene.namespace() && !object.id().cluster_scoped;
            let text = value.as_text().unwrap_or_default();
            if is_other
                || !is_reference(of, kind)
                || render.named(kind, scene.namespace(), text).is_some()
            {
                continue;
            }
            let path = path.clone().keys(&[name]);
            if render.has_hash_elsewhere(object, &path, text) {
                continue;
            }
            let message = format!(
                "it names the {kind} `{text}`, which is rendered as `{}`; assumed: the field refers to it, and no kustomization with a `nameReference` includes this one",
                target.name()
            );
            let violation = Violation::at(path, message);
            // A render without pods is a part of something, which may know the field.
            let is_part = !render.has_pods;
            found.push(if is_part { violation.severity(Severity::Note) } else { violation });
        }
    }
    found
}

/// True if a field refers to an object of a kind by its name: `configMapName`, `secretRef`, `envSecret`.
fn is_reference(field: &str, kind: &str) -> bool {
    let field = field.to_ascii_lowercase();
    field.contains(&kind.to_ascii_lowercase()) && !field.contains("key")
}

fn unreferenced(object: &Resource, _: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if !matches!(object.kind(), "ConfigMap" | "Secret") {
        return Vec::new();
    }
    let generated = render.generated();
    let is_generated = generated.names.contains(object.name());
    let is_read = generated.mentioned.contains(object.name())
        || generated.copied.contains(object.name())
        || !object.ties().variables.is_empty();
    if !is_generated || !render.has_pods || is_read {
        return Vec::new();
    }
    let message = format!("no object refers to `{}`", object.name());
    let violation = Violation::at(Path::of(&["metadata", "name"]), message);
    // Controllers find some by labels.
    let is_found = object.node().get("metadata").and_then(|node| node.get("labels")).is_some_and(
        |labels: &Node| labels.entries().iter().any(|(key, _)| is_of_controller(key.text())),
    );
    if is_found { Vec::new() } else { vec![violation] }
}

/// True for labels by which controllers find ConfigMaps and Secrets.
fn is_of_controller(key: &str) -> bool {
    key.contains("dashboard")
        || key.contains("datasource")
        || key.contains("argocd")
        || key.contains("reload")
}
