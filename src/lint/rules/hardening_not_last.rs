//! KR-KUS-015: hardening that something else follows.

use super::plugin_documents::{PluginDocument, plugin_documents};
use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::layers::Layer;
use crate::lint::scene::Scene;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        let documents = plugin_documents(layer);
        let transformers: Vec<&PluginDocument> =
            documents.iter().filter(|one| one.field == "transformers").collect();
        for (place, document) in transformers.iter().enumerate() {
            if !document.is_hardening() {
                continue;
            }
            let name = document.text(&["metadata", "name"]).unwrap_or_default();
            let title = format!("the HardeningTransformer `{name}`");
            let after = transformers[place + 1..].iter().find(|one| !one.is_hardening());
            let outer = layer.included_by.iter().filter_map(|other| scene.layers.get(*other));
            let outer = outer.into_iter().find(|other| changes(other));
            let message = match (after, outer) {
                (Some(after), _) => {
                    let kind = after.text(&["kind"]).unwrap_or_default();
                    format!("{title} is followed by a {kind}")
                }
                (None, Some(outer)) => {
                    format!("{title} is followed by changes of `{}`", outer.root.name())
                }
                (None, None) => continue,
            };
            found.push(Found::at(number, document.span, &["transformers", name], message));
        }
    }
    Ok(found)
}

/// True if a kustomization changes resources by patches, replacements or transformers.
fn changes(layer: &Layer) -> bool {
    let fields = &layer.fields;
    !fields.patches.is_empty()
        || !fields.patches_strategic_merge.is_empty()
        || !fields.patches_json6902.is_empty()
        || !fields.replacements.is_empty()
        || plugin_documents(layer)
            .iter()
            .any(|one| one.field == "transformers" && !one.is_hardening())
}
