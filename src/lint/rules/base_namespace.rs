//! KR-KUS-011: bases that set a namespace.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::text::phrase::few;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        let namespace = &layer.fields.namespace;
        if namespace.is_empty() || layer.fields.is_component() {
            continue;
        }
        let is_base = |other: &usize| {
            scene
                .layers
                .get(*other)
                .is_some_and(|other| other.bases().any(|base| base.layer == number))
        };
        let overlays: BTreeSet<usize> = layer.included_by.iter().copied().filter(is_base).collect();
        let sets = |other: &usize| {
            let other = scene.layers.get(*other);
            let other = other.map(|other| &other.fields.namespace);
            other.is_some_and(|own| !own.is_empty() && own.value != namespace.value)
        };
        let with: Vec<usize> = overlays.iter().copied().filter(sets).collect();
        if overlays.len() < 2 || with.is_empty() {
            continue;
        }
        let names = few(&scene.layers.names(with), 2, |name| format!("`{name}`"));
        let message = format!(
            "the base of {} kustomizations sets the namespace `{}`, and {names} another one",
            overlays.len(),
            namespace.as_str()
        );
        found.push(Found::at(number, namespace.span, &["namespace"], message));
    }
    Ok(found)
}
