//! Removes the annotations that only krender reads.

use super::edit;
use super::settings::Settings;
use super::violation::Edit;
use super::workload::pods;
use crate::error::Result;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::yaml::path::Path;

/// The prefixes of krender's annotations.
const OWN: [&str; 2] = ["krender.dev/", "ignore.krender.dev/"];

/// Removes krender's annotations from objects and their pods, and `annotations` if it becomes empty. Linear.
///
/// # Errors
/// Those of [`Resource::edit`].
pub fn strip(resources: &mut ResMap, schema: &Schema, settings: &Settings) -> Result<()> {
    for place in 0..resources.len() {
        let edits = resources.get(place).map(|object| edits(object, settings)).unwrap_or_default();
        if edits.is_empty() {
            continue;
        }
        let edit = |root: &mut _| {
            edit::apply(root, &edits);
            Ok(())
        };
        let edit = |object: &mut Resource| object.edit(schema, edit);
        resources.change(place, edit).transpose()?;
    }
    Ok(())
}

fn edits(object: &Resource, settings: &Settings) -> Vec<Edit> {
    if !settings.phase.looks_at(object) {
        return Vec::new();
    }
    let is_own = |key: &&str| OWN.iter().any(|start| key.starts_with(start));
    let keys = object.annotations().map(|(key, _)| key).filter(is_own);
    let mut paths: Vec<Path> =
        keys.map(|key| Path::of(&["metadata", "annotations", key])).collect();
    for pod in pods(object, &settings.facts) {
        let keys = pod.annotations().map(|(key, _)| key).filter(is_own);
        paths.extend(keys.map(|key| pod.annotation_path(key)));
    }
    // The annotations of a Pod occur twice here; a second removal has no effect.
    paths.into_iter().map(Edit::Remove).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::read;

    #[test]
    fn only_what_is_ours_is_removed() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n  annotations: {krender.dev/harden: 'off', other: x}\nspec:\n  template:\n    metadata:\n      annotations: {ignore.krender.dev/host-pid: x}\n      labels: {}\n    spec: {}\n";
        let mut resources: ResMap = read(text).unwrap().into();
        strip(&mut resources, &Schema::default(), &Settings::default()).unwrap();
        assert_eq!(
            resources.to_yaml().unwrap(),
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  annotations:\n    other: x\n  name: a\nspec:\n  template:\n    metadata:\n      labels: {}\n    spec: {}\n"
        );
    }
}
