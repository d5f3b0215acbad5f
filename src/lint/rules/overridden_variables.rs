//! KR-CLN-001, 002: variables of a base that its overlays set to other values.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::lint::containers::containers;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::resource::{ResMap, Resource};
use crate::source::Span;
use crate::yaml::Node;

/// The number of variables of a container from which a generator is better than patches.
const MANY: usize = 5;

/// A container of a base, and its variables that targets override.
struct Overridden {
    layer: usize,
    object: String,
    container: String,
    variables: Vec<Variable>,
}

/// The name of a variable, the place of its value, and the number of targets that set another value.
type Variable = (String, Span, usize);

/// KR-CLN-001: many variables are patched in several overlays.
pub(super) fn find_many(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let many = overridden(scene).into_iter().filter(|one| one.variables.len() >= MANY);
    let found = many.filter_map(|one| {
        let Overridden { layer, object, container, variables } = one;
        let (_, place, _) = variables.first()?;
        let message = format!(
            "overlays set {} variables of container `{container}` of {object} to other values",
            variables.len()
        );
        Some(Found::at(layer, *place, &["env", &object, &container], message))
    });
    Ok(found.collect())
}

/// KR-CLN-002: a value of a base that overlays override.
pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for Overridden { layer, object, container, variables } in overridden(scene) {
        for (name, place, count) in variables {
            let message = format!(
                "{count} overlays set the variable `{name}` of {object} to another value than this base"
            );
            found.push(Found::at(layer, place, &["env", &object, &container, &name], message));
        }
    }
    Ok(found)
}

/// The variables of bases to which at least two targets give other values, and whose values stand in the base itself.
fn overridden(scene: &Scene<'_>) -> Vec<Overridden> {
    let mut all = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        let renders: Vec<&ResMap> = layer
            .targets
            .iter()
            .filter(|target| scene.layers.of_target(**target) != Some(number))
            .filter_map(|target| scene.renders.get(*target))
            .collect();
        if layer.fields.is_component() || renders.len() < 2 || layer.root.remote().is_some() {
            continue;
        }
        // A base that is no target by itself cannot be compared.
        let Ok(base) = scene.run.build(layer.root.name(), &mut Vec::new()) else { continue };
        let values: Vec<BTreeMap<Key, &Node>> = renders.iter().map(|one| values(one)).collect();
        let mut by_container: BTreeMap<(String, String), Vec<Variable>> = BTreeMap::new();
        for (key, value) in self::values(&base) {
            let is_other = |there: &&BTreeMap<Key, &Node>| {
                there.get(&key).is_some_and(|other| other.as_text() != value.as_text())
            };
            let count = values.iter().filter(is_other).count();
            if count < 2 || !scene.defines(number, value.span()) {
                continue;
            }
            let (kind, name, container, variable) = key;
            let container = (format!("{kind} `{name}`"), container);
            let variables = by_container.entry(container).or_default();
            variables.push((variable, value.span(), count));
        }
        all.extend(by_container.into_iter().map(|((object, container), variables)| Overridden {
            layer: number,
            object,
            container,
            variables,
        }));
    }
    all
}

/// The kind and the original name of an object, a container, and a variable.
type Key = (String, String, String, String);

/// The literal values of the variables of a render. Names that are set twice are left out.
fn values(render: &ResMap) -> BTreeMap<Key, &Node> {
    let mut found = BTreeMap::new();
    for resource in render {
        let mut seen = BTreeSet::new();
        for container in containers(resource) {
            let label = text(container, "name");
            for entry in container.get("env").map(Node::items).unwrap_or_default() {
                let Some(value) = entry.get("value").filter(|value| !value.is_null()) else {
                    continue;
                };
                let key = key(resource, label, text(entry, "name"));
                if seen.insert(key.clone()) {
                    found.insert(key, value);
                }
            }
        }
    }
    found
}

fn key(resource: &Resource, container: &str, variable: &str) -> Key {
    let id = resource.original_id();
    (id.gvk.kind.to_string(), id.name.to_string(), container.to_owned(), variable.to_owned())
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::as_text).unwrap_or_default()
}
