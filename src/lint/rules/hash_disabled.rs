//! KR-KUS-007: generated objects without a hash that workloads use.

use super::uses::uses;
use crate::config::GeneratorArgs;
use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::layers::Layer;
use crate::lint::scene::Scene;
use crate::text::phrase::few;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let used: Vec<_> = scene.renders.iter().map(|(target, all)| (target, all, uses(all))).collect();
    for (number, layer) in scene.layers.numbered() {
        let is_used = |kind: &'static str, name: &str| {
            used.iter().filter(|(target, ..)| layer.targets.contains(target)).any(
                |(_, all, uses)| {
                    let meant = all.iter().filter(|one| {
                        one.kind() == kind
                            && one.behavior.is_some()
                            && *one.original_id().name == *name
                    });
                    meant.into_iter().any(|one| uses.contains(&(kind, one.name().to_owned())))
                },
            )
        };
        let options = layer.fields.generator_options.as_ref();
        let is_for_all = options.is_some_and(|options| options.disable_name_suffix_hash);
        let own = |args: &GeneratorArgs| {
            args.options.as_ref().is_some_and(|options| options.disable_name_suffix_hash)
        };
        let mut by_all = Vec::new();
        for (kind, args) in generators(layer) {
            let is_own = own(args);
            if !(is_own || is_for_all) || !is_used(kind, &args.name) {
                continue;
            }
            let name = &**args.name;
            if is_own {
                let message = format!(
                    "a workload uses the {kind} `{name}`, which has no hash: a change starts no rollout"
                );
                let field = if kind == "Secret" { "secretGenerator" } else { "configMapGenerator" };
                found.push(Found::at(number, args.name.span, &[field, name], message));
            } else {
                by_all.push(format!("{kind} `{name}`"));
            }
        }
        if !by_all.is_empty() {
            let span = layer.place_of("generatorOptions");
            let names = few(&by_all, 3, String::clone);
            let message =
                format!("workloads use {names} without a hash: a change starts no rollout");
            found.push(Found::at(number, span, &["generatorOptions"], message));
        }
    }
    Ok(found)
}

/// The generators of new objects, with their kinds.
fn generators(layer: &Layer) -> impl Iterator<Item = (&'static str, &GeneratorArgs)> {
    let maps = layer.fields.config_map_generator.iter().map(|one| ("ConfigMap", &one.value));
    let secrets = layer.fields.secret_generator.iter().map(|one| ("Secret", &one.value.args));
    let is_new = |args: &GeneratorArgs| matches!(&**args.behavior, "" | "create");
    maps.chain(secrets).filter(move |(_, args)| is_new(args))
}
