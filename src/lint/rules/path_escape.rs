//! KR-KUS-016: files outside of the directory of a kustomization.

use std::path::PathBuf;

use crate::error::Result;
use crate::lint::entries::Role;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::load::{Kind, Restrictor, Root, is_remote};

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    if scene.restrictor != Restrictor::RootOnly {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        let files = layer.entries.iter().filter(|entry| entry.role != Role::Charts);
        let outside = files.filter_map(|entry| Some((entry, outside(&layer.root, &entry.path)?)));
        let outside: Vec<_> = outside.collect();
        // Several files in one kustomization are one decision.
        let Some((entry, path)) = outside.first() else { continue };
        let shown = scene.loader.display(path);
        let is = match shown == *entry.path {
            true => String::new(),
            false => format!("is `{shown}`, "),
        };
        let message = format!("`{}` {is}outside of the directory of the kustomization", entry.path);
        let message = match outside.len() - 1 {
            0 => message,
            more => format!("{message}, and so are {more} more"),
        };
        found.push(Found::at(number, entry.span, &[entry.field, &entry.path], message));
    }
    Ok(found)
}

/// The path of the file of an entry that leads out of a directory.
fn outside(root: &Root, entry: &str) -> Option<PathBuf> {
    let is_file = !is_remote(entry) && root.kind_of(entry) == Kind::File;
    let path = is_file.then(|| root.canonical(entry))??;
    (!path.starts_with(root.path())).then_some(path)
}
