//! KR-REF-001, 003, 005: referenced objects exist.

use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene, service};
use crate::harden::value::{below, is_true, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static MISSING_CONFIG: Rule = Rule {
    id: "KR-REF-001",
    name: "missing-config",
    text: text!("KR-REF-001"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(missing_config)),
};

pub(super) static MISSING_SERVICE_ACCOUNT: Rule = Rule {
    id: "KR-REF-003",
    name: "missing-service-account",
    text: text!("KR-REF-003"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Pod(missing_service_account)),
};

pub(super) static SERVICE_SELECTS_NOTHING: Rule = Rule {
    id: "KR-REF-005",
    name: "service-selects-nothing",
    text: text!("KR-REF-005"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(selects_nothing)),
};

/// A reference by name: the kind, the name, its path, and whether the object is optional.
struct Reference<'a> {
    kind: &'static str,
    name: &'a str,
    optional: bool,
    path: Path,
}

fn missing_config(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for pod in scene.pods.iter().filter(|pod| pod.shape == Shape::Known) {
        for container in &pod.containers {
            let of_container = of_container(container).into_iter();
            found.extend(of_container.filter(|one| is_missing(one, scene, render)).map(
                |reference| {
                    let message = format!("uses {}", told(&reference));
                    Violation::at(reference.path, message).of_container(container)
                },
            ));
        }
        let of_pod = of_pod(pod).into_iter().filter(|one| is_missing(one, scene, render));
        found.extend(of_pod.map(|reference| {
            let message = format!("the pod uses {}", told(&reference));
            Violation::at(reference.path, message)
        }));
    }
    let entries = items(present(object.node(), "spec").and_then(|spec| spec.get("tls")));
    let entries = if object.kind() == "Ingress" { entries } else { &[] };
    for (index, entry) in entries.iter().enumerate() {
        let path = Path::of(&["spec", "tls"]).index(index);
        let secret = reference("Secret", entry, "secretName", path);
        found.extend(secret.filter(|one| is_missing(one, scene, render)).map(|reference| {
            let message = format!("TLS uses {}", told(&reference));
            Violation::at(reference.path, message)
        }));
    }
    found
}

fn told(reference: &Reference<'_>) -> String {
    format!("the {} `{}`, which is not rendered", reference.kind, reference.name)
}

fn is_missing(reference: &Reference<'_>, scene: Scene<'_>, render: &Render<'_>) -> bool {
    !reference.optional
        && (reference.kind, reference.name) != ("ConfigMap", "kube-root-ca.crt")
        && !render.has(reference.kind, scene.namespace(), reference.name, scene.facts)
}

fn reference<'a>(
    kind: &'static str,
    node: &'a Node,
    key: &str,
    path: Path,
) -> Option<Reference<'a>> {
    let name = text(node, key).filter(|name| !name.is_empty())?;
    let optional = is_true(present(node, "optional"));
    Some(Reference { kind, name, optional, path: path.keys(&[key]) })
}

fn of_container<'a>(container: &Container<'a>) -> Vec<Reference<'a>> {
    let mut found = Vec::new();
    let lists: [(&str, &[&str], &[&str]); 2] = [
        ("env", &["valueFrom", "configMapKeyRef"], &["valueFrom", "secretKeyRef"]),
        ("envFrom", &["configMapRef"], &["secretRef"]),
    ];
    for (list, config_map, secret) in lists {
        for (index, entry) in items(container.node.get(list)).iter().enumerate() {
            for (kind, keys) in [("ConfigMap", config_map), ("Secret", secret)] {
                let Some(node) = below(entry, keys) else { continue };
                let path = container.path(&[list]).index(index).keys(keys);
                found.extend(reference(kind, node, "name", path));
            }
        }
    }
    found
}

fn of_pod<'a>(pod: &Pod<'a>) -> Vec<Reference<'a>> {
    let mut found = Vec::new();
    for (index, volume) in pod.volumes() {
        let path = pod.path(&["volumes"]).index(index);
        for (kind, field, key) in
            [("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")]
        {
            let Some(node) = present(volume, field) else { continue };
            found.extend(reference(kind, node, key, path.clone().keys(&[field])));
        }
        let sources = items(below(volume, &["projected", "sources"]));
        for (number, source) in sources.iter().enumerate() {
            let path = path.clone().keys(&["projected", "sources"]).index(number);
            for (kind, field) in [("ConfigMap", "configMap"), ("Secret", "secret")] {
                let Some(node) = present(source, field) else { continue };
                found.extend(reference(kind, node, "name", path.clone().keys(&[field])));
            }
        }
    }
    for (index, secret) in items(pod.get(&["imagePullSecrets"])).iter().enumerate() {
        let path = pod.path(&["imagePullSecrets"]).index(index);
        found.extend(reference("Secret", secret, "name", path));
    }
    found
}

fn missing_service_account(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    for key in ["serviceAccountName", "serviceAccount"] {
        let Some(name) = text(pod.spec, key).filter(|name| !name.is_empty()) else { continue };
        if name == "default" || render.has("ServiceAccount", scene.namespace(), name, scene.facts) {
            return Vec::new();
        }
        let message = format!("the pod uses the ServiceAccount `{name}`, which is not rendered");
        return vec![pod.violation(&[key], message)];
    }
    Vec::new()
}

fn selects_nothing(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some(spec) = service(object) else { return Vec::new() };
    if text(spec, "type") == Some("ExternalName") {
        return Vec::new();
    }
    let path = Path::of(&["spec", "selector"]);
    match present(spec, "selector").filter(|selector| !selector.is_empty()) {
        None => {
            let message = "it selects no pods: its addresses must come from elsewhere";
            vec![Violation::at(path, message).severity(Severity::Note)]
        }
        Some(selector) if render.selects_pod(scene.namespace(), selector) => Vec::new(),
        Some(_) => vec![Violation::at(path, "it selects no pod that is rendered")],
    }
}
