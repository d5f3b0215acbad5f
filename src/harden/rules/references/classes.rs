//! KR-REF-013: classes exist.

use crate::harden::pod::Shape;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::uses::has_placeholder;
use crate::harden::value::{below, items, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static MISSING_CLASS: Rule = Rule {
    id: "KR-REF-013",
    name: "missing-class",
    text: text!("KR-REF-013"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(missing_class)),
};

/// Classes that clusters of known providers have, and those of well-known controllers: kind and name in a line.
const KNOWN: &str = include_str!("../../data/classes.txt");

fn missing_class(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for pod in scene.pods.iter().filter(|pod| pod.shape == Shape::Known) {
        for (field, kind) in
            [("priorityClassName", "PriorityClass"), ("runtimeClassName", "RuntimeClass")]
        {
            let name = text(pod.spec, field);
            found.extend(judged(kind, name, || pod.path(&[field]), object, render));
        }
    }
    let node = object.node();
    let mut add = |kind, keys: &[&str]| {
        let name = below(node, keys).and_then(Node::as_text);
        found.extend(judged(kind, name, || Path::of(keys), object, render));
    };
    match object.kind() {
        "PersistentVolumeClaim" => add("StorageClass", &["spec", "storageClassName"]),
        "Ingress" => add("IngressClass", &["spec", "ingressClassName"]),
        "Gateway" => add("GatewayClass", &["spec", "gatewayClassName"]),
        _ => {}
    }
    for (index, template) in
        items(below(node, &["spec", "volumeClaimTemplates"])).iter().enumerate()
    {
        let name = below(template, &["spec", "storageClassName"]).and_then(Node::as_text);
        let path = || {
            let path = Path::of(&["spec", "volumeClaimTemplates"]).index(index);
            path.keys(&["spec", "storageClassName"])
        };
        found.extend(judged("StorageClass", name, path, object, render));
    }
    found
}

fn judged(
    kind: &str,
    name: Option<&str>,
    path: impl FnOnce() -> Path,
    user: &Resource,
    render: &Render<'_>,
) -> Option<Violation> {
    let name = name.filter(|name| !name.is_empty() && !has_placeholder(name))?;
    let is_known = render.has_class(kind, name, user)
        || KNOWN.lines().any(|line| line.split_once(' ') == Some((kind, name)));
    let message =
        || format!("the {kind} `{name}` is not rendered; assumed: the cluster does not have it");
    (!is_known).then(|| Violation::at(path(), message()))
}
