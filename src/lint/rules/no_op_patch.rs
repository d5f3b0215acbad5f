//! KR-KUS-005: patches that change nothing.

use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::layers::Layer;
use crate::lint::scene::Scene;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (directory, span, effect) in scene.effects.iter() {
        let Some(number) = scene.layers.index(directory) else { continue };
        let Some(layer) = scene.layers.get(number) else { continue };
        if effect.unchanged < effect.runs
            || !effect.idle.is_empty()
            || is_check(layer, effect.number)
        {
            continue;
        }
        let key = effect.number.map_or(String::new(), |number| key(layer, number));
        let message = match effect.number {
            Some(_) => "the patch changes nothing".to_owned(),
            None => format!("the patches of `{}` change nothing", effect.field),
        };
        found.push(Found::at(number, span, &[&effect.field, &key], message));
    }
    Ok(found)
}

/// The text that identifies an entry of `patches`.
fn key(layer: &Layer, number: usize) -> String {
    let Some(patch) = layer.fields.patches.get(number) else { return String::new() };
    if patch.path.is_empty() { patch.patch.to_string() } else { patch.path.to_string() }
}

/// True for a patch that may be a check: it has the operation `test`.
fn is_check(layer: &Layer, number: Option<usize>) -> bool {
    let Some(patch) = number.and_then(|number| layer.fields.patches.get(number)) else {
        return !layer.fields.patches_json6902.is_empty();
    };
    let has_test = |text: &str| text.contains("op: test") || text.contains("\"test\"");
    match layer.root.read(&patch.path, patch.path.span) {
        Ok(source) => has_test(source.text()),
        Err(_) => has_test(&patch.patch),
    }
}
