//! KR-KUS-014: functions that kustomize skips silently.

use super::plugin_documents::plugin_documents;
use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::source::Source;
use crate::yaml::parse;

/// The annotations that make a function of a document.
const FUNCTION: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        for document in plugin_documents(layer) {
            let path = |key| ["metadata", "annotations", key];
            let Some(key) = FUNCTION
                .into_iter()
                .find(|key| document.text(&path(key)).is_some_and(runs_program))
            else {
                continue;
            };
            let kind = document.text(&["kind"]).unwrap_or_default();
            let name = document.text(&["metadata", "name"]).unwrap_or_default();
            let message = format!(
                "the {kind} `{name}` runs a program, which kustomize skips without `--enable-exec`"
            );
            let span = document.place(&path(key));
            found.push(Found::at(number, span, &[document.field, &document.entry, name], message));
        }
    }
    Ok(found)
}

/// True if the text of the annotation has `exec`.
fn runs_program(text: &str) -> bool {
    let documents = parse::documents(&Source::detached(text)).unwrap_or_default();
    documents.first().is_some_and(|document| document.root.get("exec").is_some())
}
