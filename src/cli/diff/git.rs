//! The two sides of a difference in git: revisions, or one and the working tree.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::{Named, Place, Sides};
use crate::{
    build,
    error::{Code, Error, Result},
    load::{Disk, KUSTOMIZATION_FILES, Kind, Loader, Options, Repository},
};

/// The targets at and below the paths that a change can reach, on both sides.
pub(super) fn sides(revisions: &str, paths: &[String], options: &Options) -> Result<Sides> {
    let repository = Repository::of(&options.working_directory)?;
    let (before, after) = names(revisions, &repository)?;
    let old = repository.revision(&before)?;
    let (changed, after) = match after {
        Some(after) => {
            let new = repository.revision(&after)?;
            let changed = repository.changed(&old, &new)?;
            if !changed.is_empty() {
                new.read_trees()?;
            }
            (changed, Loader::new(new, options.clone()))
        }
        None => {
            let changed = repository.changed_since(&old);
            let changed = changed.map_err(|error| match repository.has_working_tree() {
                true => error,
                false => error.help("name two revisions, such as `main..HEAD`"),
            })?;
            (changed, Loader::new(Disk, options.clone()))
        }
    };
    if changed.iter().any(|path| is_kustomization(path)) {
        old.read_trees()?;
    }
    let mut sides = Sides { before: Loader::new(old, options.clone()), after, targets: Vec::new() };
    if !changed.is_empty() {
        let default = [".".to_owned()];
        let paths = if paths.is_empty() { &default } else { paths };
        sides.targets = targets(&sides, paths, &changed.into_iter().collect())?;
    }
    Ok(sides)
}

/// The names of both revisions; nothing for the working tree.
fn names(revisions: &str, repository: &Repository) -> Result<(String, Option<String>)> {
    let or_head = |name: &str| if name.is_empty() { "HEAD" } else { name }.to_owned();
    if let Some((one, other)) = revisions.split_once("...") {
        let (one, other) = (or_head(one), or_head(other));
        return Ok((repository.merge_base(&one, &other)?, Some(other)));
    }
    Ok(match revisions.split_once("..") {
        Some((one, other)) => (or_head(one), Some(or_head(other))),
        None => (or_head(revisions), None),
    })
}

/// The targets that one of the changed files can reach. Who is a target is asked again of the side before only if a
/// kustomization file changed.
fn targets(sides: &Sides, paths: &[String], changed: &BTreeSet<PathBuf>) -> Result<Vec<Named>> {
    let is_there = |path: &String| {
        [&sides.before, &sides.after].iter().any(|side| side.kind(path) == Kind::Directory)
    };
    if let Some(path) = paths.iter().find(|path| !is_there(path)) {
        let message = format!("`{path}` is a directory in neither revision");
        return Err(Error::new(Code::FileNotFound, message)
            .help("name directories in which kustomizations are, from where you stand"));
    }
    let after = found(&sides.after, paths)?;
    let before = match changed.iter().any(|path| is_kustomization(path)) {
        true => found(&sides.before, paths)?,
        false => after.clone(),
    };
    if before.is_empty() && after.is_empty() {
        let message = format!("there is no kustomization in `{}`", paths.join("`, `"));
        return Err(Error::new(Code::KustomizationNotFound, message)
            .help("hidden directories and components are passed over"));
    }
    let reached = build::affected(&sides.after, &after, changed);
    let mut names: BTreeSet<&String> = after
        .iter()
        .zip(reached)
        .filter(|(_, is_reached)| *is_reached)
        .map(|(name, _)| name)
        .collect();
    let [old, new] = [&before, &after].map(|names| names.iter().collect::<BTreeSet<_>>());
    names.extend(old.symmetric_difference(&new));
    // What nobody includes any more was there before, as a base.
    let named = |name: &String| Named {
        name: name.clone(),
        before: is_kustomization_directory(&sides.before, name).then(|| Place::path(name)),
        after: is_kustomization_directory(&sides.after, name).then(|| Place::path(name)),
    };
    Ok(names.into_iter().map(named).collect())
}

fn is_kustomization(path: &Path) -> bool {
    KUSTOMIZATION_FILES.iter().any(|name| path.ends_with(name))
}

fn is_kustomization_directory(loader: &Loader, name: &str) -> bool {
    let mut files = KUSTOMIZATION_FILES.iter().map(|file| format!("{name}/{file}"));
    files.any(|file| loader.kind(&file) != Kind::Missing)
}

/// The targets at and below the paths, as far as those are there.
fn found(loader: &Loader, paths: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| loader.kind(path) == Kind::Directory) {
        let options = build::Options::default();
        let targets = build::Run::new(loader, &options).targets(path, NonZeroUsize::MIN)?;
        found.extend(targets.into_iter().map(|target| target.directory));
    }
    found.sort();
    found.dedup();
    Ok(found)
}
