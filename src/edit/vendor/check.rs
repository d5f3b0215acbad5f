//! Differences between the list of copies and the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::manifest::CopiedChart;
use super::write::found;
use super::{MANIFEST, Tree};
use crate::error::{Code, Error};
use crate::load::{Disk, Files as _, Kind, Loader, Options, is_left_over};

/// The reasons why the copies are not those of the list, or not those that are needed, as errors with advice: one for each
/// file, and one for a repository that is not needed at all.
#[must_use]
pub fn complaints(tree: Tree<'_>, needed: &BTreeSet<String>) -> Vec<Error> {
    let files = &tree.manifest.files;
    let mut complaints: BTreeMap<&str, String> = BTreeMap::new();
    for (file, digest) in files {
        let reason = match found(tree.path, file) {
            None => "is missing",
            Some(found) if found.digest != Some(*digest) => "was changed since it was copied",
            Some(_) => continue,
        };
        complaints.insert(file, format!("`{file}` {reason}"));
    }
    for file in files.keys().filter(|file| !needed.contains(*file)) {
        let folders = tree.manifest.repositories.iter().map(|it| &*it.folder);
        let is_below = |file: &str, folder: &str| Path::new(file).starts_with(folder);
        let folder = folders
            .filter(|folder| is_below(file, folder))
            .find(|folder| !needed.iter().any(|other| is_below(other, folder)));
        let name = folder.unwrap_or(file);
        complaints.entry(name).or_insert_with(|| format!("no kustomization needs `{name}`"));
    }
    let loader = Loader::new(Disk, Options::default());
    for CopiedChart { name, folder, sha256, .. } in &tree.manifest.charts {
        let found = Disk.canonicalize(&tree.path.join(folder));
        let reason = match found.ok().and_then(|path| loader.chart(&path).ok()) {
            None => "is missing",
            Some(chart) if chart.digest() != *sha256 => "was changed since it was copied",
            Some(_) => continue,
        };
        complaints.insert(folder, format!("the chart `{name}` in `{folder}` {reason}"));
    }
    let error = |message: String| Error::new(Code::InvalidValue, message);
    let update = |message| error(message).help("`krender vendor` brings the copies up to date");
    let mut all: Vec<Error> = complaints.into_values().map(update).collect();
    let own = format!("{}/{MANIFEST}", tree.folder);
    let is_other = |file: &String| !files.contains_key(file) && *file != own;
    all.extend(listed(tree.path, tree.folder).into_iter().filter(is_other).map(|file| {
        error(format!("`{file}` is no copy")).help("remove it, or keep it in another folder")
    }));
    all
}

/// True if there are no files in a folder of the tree, except for those of an interrupted write.
#[must_use]
pub fn is_empty(tree: &Path, folder: &str) -> bool {
    let files = listed(tree, folder);
    files.iter().all(|file| file.rsplit('/').next().is_some_and(is_left_over))
}

/// The files in a folder of the tree. Links are not followed.
fn listed(tree: &Path, folder: &str) -> Vec<String> {
    let (mut files, mut pending) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = pending.pop() {
        let path = tree.join(&folder);
        if Disk.kind(&path).ok() != Some(Kind::Directory) {
            continue;
        }
        for (name, kind) in Disk.list(&path).unwrap_or_default() {
            let name = format!("{folder}/{}", name.to_string_lossy());
            match kind {
                Kind::Directory => pending.push(name),
                _ => files.push(name),
            }
        }
    }
    files.sort_unstable();
    files
}
