//! KR-REF-002: keys of ConfigMaps and Secrets exist.

use crate::error::nearest;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::uses::{Use, has_placeholder, uses};
use crate::harden::value::{is_true, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;

pub(super) static MISSING_KEY: Rule = Rule {
    id: "KR-REF-002",
    name: "missing-key",
    text: text!("KR-REF-002"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(missing_key)),
};

fn missing_key(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let mut found: Vec<(&str, &str, &str)> = Vec::new();
    let mut violations = Vec::new();
    uses(object, scene.pods, &mut |one| {
        if one.optional || one.key.is_none() && one.keys.is_empty() {
            return;
        }
        let Some(data) = render.named(one.kind, scene.namespace(), one.name) else { return };
        if !is_complete(data) {
            return;
        }
        let items = one.keys.iter().enumerate().filter(|(_, item)| !is_true(item.get("optional")));
        let items = items.filter_map(|(index, item)| Some((Some(index), text(item, "key")?)));
        for (index, key) in one.key.map(|key| (None, key)).into_iter().chain(items) {
            if has_key(data, key)
                || has_placeholder(key)
                || found.contains(&(one.kind, one.name, key))
            {
                continue;
            }
            found.push((one.kind, one.name, key));
            violations.push(told(one, index, key, data, scene));
        }
    });
    violations
}

fn told(
    one: Use<'_>,
    index: Option<usize>,
    key: &str,
    data: &Resource,
    scene: Scene<'_>,
) -> Violation {
    let Use { kind, name, .. } = one;
    let near = nearest(key, keys(data)).map(|near| format!("; did you mean `{near}`?"));
    let what = format!(
        "uses the key `{key}`, which the {kind} `{name}` does not have{}",
        near.unwrap_or_default()
    );
    let path = match index {
        Some(index) => one.path_of_item(scene.pods, index),
        None => one.path_of_key(scene.pods),
    };
    let container =
        one.of.and_then(|(pod, container)| scene.pods.get(pod)?.containers.get(container?));
    match container {
        Some(container) => Violation::at(path, what).of_container(container),
        None => Violation::at(path, format!("the pod {what}")),
    }
}

const FIELDS: [&str; 3] = ["data", "binaryData", "stringData"];

fn has_key(object: &Resource, key: &str) -> bool {
    FIELDS
        .iter()
        .any(|field| present(object.node(), field).is_some_and(|data| data.get(key).is_some()))
}

fn keys(object: &Resource) -> impl Iterator<Item = &str> {
    let data = FIELDS.iter().filter_map(|field| present(object.node(), field));
    data.flat_map(Node::entries).map(|(key, _)| key.text())
}

/// Annotations and labels of objects to which a controller adds data.
const FILLED: [&str; 9] = [
    "avp.kubernetes.io/path",
    "config.openshift.io/inject-trusted-cabundle",
    "reflector.v1.k8s.emberstack.com/reflects",
    "replicator.v1.mittwald.de/replicate-from",
    "secret-generator.v1.mittwald.de/autogenerate",
    "secret-generator.v1.mittwald.de/type",
    "service.alpha.openshift.io/inject-cabundle",
    "service.beta.openshift.io/inject-cabundle",
    "vault.security.banzaicloud.io/vault-addr",
];

/// True if a controller adds no data: it has some, and nothing says that more is added.
fn is_complete(object: &Resource) -> bool {
    let is_filled = |(key, _): (&str, &str)| FILLED.contains(&key);
    keys(object).next().is_some()
        && text(object.node(), "type") != Some("kubernetes.io/service-account-token")
        && !object.annotations().chain(object.labels()).any(is_filled)
}
