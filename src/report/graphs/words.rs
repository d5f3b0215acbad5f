//! The words for entries and their effects.

use crate::graph::{Effect, Entry, Layer, LeadsTo};
use crate::text::escape::visible;
use crate::text::phrase::counted;

/// The name of an entry: `patches[0] patch.yaml`, `resources ../base`. A file with resources is named by its path alone.
pub(super) fn label(entry: &Entry) -> String {
    let Entry { field, index, name, leads_to, .. } = entry;
    let name = visible(name);
    let label = match (field.as_str(), index) {
        ("resources", Some(_)) if matches!(leads_to, LeadsTo::File) => name.into_owned(),
        ("resources", _) => format!("resources {name}"),
        (field, Some(index)) => format!("{}[{index}] {name}", visible(field)),
        (field, None) => format!("{} {name}", visible(field)),
    };
    label.trim_end().to_owned()
}

/// The effect of an entry in words; empty for one that was not counted.
pub(super) fn effect(entry: &Entry) -> String {
    match (entry.leads_to, &entry.effect) {
        (LeadsTo::Missing, None) => "not found".to_owned(),
        (LeadsTo::Remote, None) => "not fetched".to_owned(),
        (_, None) => String::new(),
        (LeadsTo::File, Some(Effect { added, .. })) if entry.field == "resources" => {
            counted(*added, "object")
        }
        (_, Some(effect)) => words(effect),
    }
}

fn words(effect: &Effect) -> String {
    let Effect { added, merged, removed, changed, fields, is_idle } = *effect;
    if effect.is_none() {
        return if is_idle { "matches nothing" } else { "changes nothing" }.to_owned();
    }
    let mut words = Vec::new();
    let mut add = |count: usize, words_of: &dyn Fn(String) -> String| {
        if count > 0 {
            words.push(words_of(counted(count, "object")));
        }
    };
    add(added, &|objects| format!("{objects} added"));
    add(merged, &|objects| format!("merges into {objects}"));
    add(removed, &|objects| format!("{objects} removed"));
    add(changed, &|objects| format!("changes {objects}, {}", counted(fields, "field")));
    words.join(", ")
}

/// The number of objects of a target, or the reason why there is none.
pub(super) fn objects(objects: Option<usize>) -> String {
    objects.map_or_else(|| "cannot be built".to_owned(), |count| counted(count, "object"))
}

/// The name of a kustomization.
pub(super) fn name(layer: &Layer) -> String {
    visible(&layer.name).into_owned()
}
