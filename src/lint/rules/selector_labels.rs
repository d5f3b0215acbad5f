//! KR-KUS-009: overlays that change selectors.

use crate::error::Result;
use crate::lint::effects::Reselected;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::lint::stage::Stage;
use crate::source::Span;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for ((directory, span), Reselected { object, place }) in &scene.effects.reselected {
        let Some(number) = scene.layers.index(directory) else { continue };
        let Some(layer) = scene.layers.get(number) else { continue };
        if scene.defines(number, *place) || !has_variants(scene, number, *place) {
            continue;
        }
        let is_deprecated = !layer.written.common_labels.is_empty();
        let field = if is_deprecated { "commonLabels" } else { "labels" };
        let message = format!(
            "the labels change the selector of the {} `{}`, which cannot be changed once it is deployed",
            object.gvk.kind, object.name
        );
        let span = if span.is_none() { layer.place_of(field) } else { *span };
        found.push(Found::at(number, span, &[field], message));
    }
    Ok(found)
}

/// True if a kustomization is one of several variants: its name is that of an environment, or a base of it with the
/// workload has another overlay. A base that one kustomization includes is a part of it.
fn has_variants(scene: &Scene<'_>, number: usize, place: Span) -> bool {
    let Some(layer) = scene.layers.get(number) else { return false };
    let bases = scene.layers.bases_below(number);
    let mut defining = bases.iter().filter(|base| scene.defines(**base, place));
    let is_shared =
        |base: &usize| scene.layers.get(*base).is_some_and(|base| base.included_by.len() > 1);
    !bases.is_empty()
        && (Stage::of(scene.layers.below_common(layer)).is_some() || defining.any(is_shared))
}
