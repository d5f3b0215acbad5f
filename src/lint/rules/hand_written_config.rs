//! KR-KUS-008: ConfigMaps that are written by hand and used by workloads.

use std::collections::BTreeMap;

use super::uses::uses;
use crate::error::Result;
use crate::lint::entries::Role;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::load::Kind;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut files = BTreeMap::new();
    for (number, layer) in scene.layers.numbered() {
        let listed = layer.entries.iter().filter(|entry| entry.role == Role::Listed);
        for entry in listed.filter(|entry| layer.root.kind_of(&entry.path) == Kind::File) {
            if let Ok(source) = layer.root.read(&entry.path, entry.span) {
                files.entry(source.id()).or_insert(number);
            }
        }
    }
    let mut found = BTreeMap::new();
    for (_, resources) in scene.renders.iter() {
        let used = uses(resources);
        for resource in resources {
            if resource.kind() != "ConfigMap"
                || resource.behavior.is_some()
                || !used.contains(&("ConfigMap", resource.name().to_owned()))
            {
                continue;
            }
            let span = resource.node().get("kind").map_or(resource.span(), crate::yaml::Node::span);
            let source = scene.loader.sources().source_of(span);
            let Some(number) = source.and_then(|source| files.get(&source.id()).copied()) else {
                continue;
            };
            let name = resource.original_id().name;
            let message = format!(
                "workloads use the ConfigMap `{name}`, which is not generated: a change starts no rollout"
            );
            let one = || Found::at(number, span, &["resources", &name], message);
            found.entry(span).or_insert_with(one);
        }
    }
    Ok(found.into_values().collect())
}
