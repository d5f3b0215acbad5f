//! The graph as JSON.

use serde_json::{Map, Value, json};

use crate::graph::{Effect, Entry, Graph, Layer, LeadsTo, Target};
use crate::source::Sources;
use crate::text::escape;

/// Writes the graph as one JSON document with a line break at its end. The format is described in `docs/tree.md`.
#[must_use]
pub fn json(graph: &Graph, sources: &Sources) -> String {
    let document = json!({
        "targets": graph.targets.iter().map(|one| target(one, graph, sources)).collect::<Vec<_>>(),
        "kustomizations": graph.layers.iter().map(|one| layer(one, graph, sources)).collect::<Vec<_>>(),
        "unusedFiles": graph.unused,
    });
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    escape::json_text(&text) + "\n"
}

fn target(target: &Target, graph: &Graph, sources: &Sources) -> Value {
    let name = graph.layers.get(target.layer).map(|layer| &*layer.name);
    let ending = target.ending.iter().map(|one| entry(one, graph, sources));
    json!({
        "kustomization": name,
        "objects": target.objects,
        "atTheEnd": ending.collect::<Vec<_>>(),
    })
}

fn layer(layer: &Layer, graph: &Graph, sources: &Sources) -> Value {
    json!({
        "name": layer.name,
        "kind": if layer.is_component { "Component" } else { "Kustomization" },
        "remote": layer.is_remote,
        "objects": layer.objects,
        "entries": layer.entries.iter().map(|one| entry(one, graph, sources)).collect::<Vec<_>>(),
    })
}

fn entry(entry: &Entry, graph: &Graph, sources: &Sources) -> Value {
    let Entry { field, index, name, span, leads_to, effect } = entry;
    let mut fields = Map::new();
    fields.insert("field".into(), field.as_str().into());
    if let Some(index) = index {
        fields.insert("index".into(), (*index).into());
    }
    if !name.is_empty() {
        fields.insert("name".into(), name.as_str().into());
    }
    if let Some(place) = sources.locate(*span) {
        let place =
            json!({ "file": place.source.name(), "line": place.line, "column": place.column });
        fields.insert("place".into(), place);
    }
    let kind = match leads_to {
        LeadsTo::Setting => "setting",
        LeadsTo::File => "file",
        LeadsTo::Layer(_) => "kustomization",
        LeadsTo::Remote => "remote",
        LeadsTo::Chart => "chart",
        LeadsTo::Missing => "missing",
    };
    fields.insert("kind".into(), kind.into());
    if let LeadsTo::Layer(number) = leads_to {
        let name = graph.layers.get(*number).map(|layer| &*layer.name);
        fields.insert("kustomization".into(), name.into());
    }
    if let Some(Effect { added, merged, removed, changed, fields: of_objects, is_idle }) = effect {
        let effect = json!({
            "objectsAdded": added,
            "objectsMerged": merged,
            "objectsRemoved": removed,
            "objectsChanged": changed,
            "fieldsChanged": of_objects,
            "matchesNothing": is_idle,
        });
        fields.insert("effect".into(), effect);
    }
    fields.into()
}
