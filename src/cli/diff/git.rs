//! `krender diff --git`: the two sides are revisions, or a revision and the working tree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Named, SecretPlaces, Sides, TargetInput};
use crate::{
    build,
    cli::{reading, remote::Remote, until_exit},
    error::{Code, Error, Result},
    external::git::Repository,
    fetch::{Lock, LockUse},
    fleet::{self, IsSame},
    limits::Budget,
    load::{
        Disk, Files, FilesId, KUSTOMIZATION_FILES, Kind, Loader, Options,
        git::{Changed as _, Changes, CheckedOut, Revision},
        join,
    },
};

/// The targets at and below the paths that a change can affect, on both sides. With `is_whole`, the others are searched
/// even without a change.
pub(super) fn sides<'a>(
    revisions: &str,
    paths: &[String],
    (options, build): (&Options, &'a build::Options),
    remote: &Remote,
    is_whole: bool,
) -> Result<Sides<'a>> {
    let default = [".".to_owned()];
    let paths = if paths.is_empty() { &default } else { paths };
    refuse_empty(revisions)?;
    let repository = repository(paths, options)?;
    let (before, after) = names(revisions, &repository)?;
    let start = &options.working_directory;
    let named: Vec<PathBuf> = paths.iter().map(|path| join(start, path.as_ref())).collect();
    let links = repository.links_to(&named);
    let revision = |name: &str| Ok(repository.revision(name)?.with_links(links.clone()));
    let old = revision(&before)?;
    let (changes, new) = match after {
        Some(after) => {
            let new = revision(&after)?;
            (repository.changed(&old, &new), Some(new))
        }
        None => {
            let changes = repository.changed_since(&old);
            let changes = changes.map_err(|error| match repository.has_working_tree() {
                true => error,
                false => error.help("name two revisions, such as `main..HEAD`"),
            })?;
            (changes, None)
        }
    };
    let ((before, lock), (after, new_lock)) = match new.clone() {
        Some(new) => (side(old.clone(), options, remote)?, side(new, options, remote)?),
        None => {
            let old = CheckedOut::new(old.clone(), changes.clone(), repository.top());
            (side(old, options, remote)?, side(Disk, options, remote)?)
        }
    };
    let is_lock_changed = lock != new_lock;
    let secrets = match repository.top().to_str() {
        Some(top) => SecretPlaces::of_repository(top, changes.clone(), new.clone()),
        None => SecretPlaces::below(paths),
    };
    let [before, after] = [before, after].map(|loader| fleet::Run::new(until_exit(loader), build));
    let after = &*until_exit(after);
    // Most kustomizations are the same on both sides, and read first on the new one.
    let is_same = is_same(repository.top().to_path_buf(), changes.clone());
    let before = &*until_exit(before.beside(after, is_same));
    let runs = [before, after];
    let mut sides = Sides { runs, targets: Vec::new(), others: Vec::new(), secrets };
    refuse_missing(&sides, paths, &repository, revisions)?;
    if is_whole || !changes.is_empty() {
        let targets = Targets { sides: &sides, paths, changes, old, new, is_lock_changed };
        (sides.targets, sides.others) = targets.find()?;
    }
    Ok(sides)
}

/// The test for directories of a repository whose kustomization file has not changed, nor what leads to it.
fn is_same(top: PathBuf, changes: Changes) -> Box<IsSame<'static>> {
    Box::new(move |root| {
        let files = KUSTOMIZATION_FILES.iter().filter_map(|name| {
            let path = root.path().join(name);
            Some((root.canonical(name)? == path, path))
        });
        // A link leads to a file that may have changed.
        matches!(&*files.collect::<Vec<_>>(), [(true, path)] if matches!(changes.on_the_way(path), Ok(None)))
            && root.files() == FilesId::default()
            && root.path().starts_with(&top)
    })
}

/// The loader of a side, and of a revision that is rendered. With `--locked`, it uses the lock of that side, if it has one, which is returned.
pub(in crate::cli) fn side(
    files: impl Files + Clone + 'static,
    options: &Options,
    remote: &Remote,
) -> Result<(Loader, Option<Arc<Lock>>)> {
    let loader = Loader::new(files.clone(), options.clone());
    if !remote.is_locked() {
        return Ok((loader, None));
    }
    let lock = remote.lock_in(&loader)?.map(Arc::new);
    let lock_use = lock.clone().map_or(LockUse::Unused, LockUse::Given);
    let remotes = remote.source_with(lock_use, &options.working_directory);
    Ok((Loader::new(files, Options { remotes, ..options.clone() }), lock))
}

/// The repository of the first path, or else of the working directory.
pub(in crate::cli) fn repository(paths: &[String], options: &Options) -> Result<Repository> {
    let (start, budget) = (&options.working_directory, Budget::new(options.limits));
    let named = paths.first().map(|path| join(start, path.as_ref()));
    match named.filter(|path| path != start) {
        None => reading::repository(start, &budget),
        Some(path) => reading::repository(&path, &budget).or_else(|error| match error.code() {
            Code::FileNotFound => reading::repository(start, &budget).map_err(|_| error),
            _ => Err(error),
        }),
    }
}

/// Refuses revisions without a name for the old side: a variable of a job that is not set would compare `HEAD` with itself, and
/// let every change pass.
fn refuse_empty(revisions: &str) -> Result<()> {
    let old = revisions.split("..").next().unwrap_or_default();
    if !old.trim().is_empty() {
        return Ok(());
    }
    let message = match revisions.trim() {
        "" => "found an empty text, expected a revision".to_owned(),
        _ => format!("found no revision before the dots of `{revisions}`"),
    };
    Err(Error::new(Code::InvalidArgument, message)
        .help("name the old side: `--git main...HEAD`. Is a variable of the job not set?"))
}

/// Names of both revisions; `None` for the working tree.
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

/// Refuses paths that are not directories on either side.
fn refuse_missing(
    sides: &Sides<'_>,
    paths: &[String],
    repository: &Repository,
    revisions: &str,
) -> Result<()> {
    for path in paths {
        let [Err(before), Err(after)] = sides.runs.map(|run| run.loader().root(path)) else {
            continue;
        };
        let is_other =
            |error: &Error| !matches!(error.code(), Code::FileNotFound | Code::NotADirectory);
        if let Some(error) = [before, after].into_iter().find(is_other) {
            return Err(error);
        }
        let message = format!("`{path}` is not a directory in either revision");
        let error = Error::new(Code::FileNotFound, message);
        return Err(match !revisions.contains("..") && repository.knows(path) {
            true => error.help(format!("to compare two revisions: `--git {revisions}..{path}`")),
            false => error
                .help("name directories with kustomizations, relative to the working directory"),
        });
    }
    Ok(())
}

/// Finds the targets to compare.
struct Targets<'a> {
    sides: &'a Sides<'a>,
    paths: &'a [String],
    changes: Changes,
    old: Revision,
    /// The revision after the change; `None` for the working tree.
    new: Option<Revision>,
    /// True if the sides have different locks: then it is not known which target renders differently.
    is_lock_changed: bool,
}

impl Targets<'_> {
    /// The targets that a changed file can affect, and all others of the new side. Those of the old side are searched only
    /// if a kustomization file changed.
    fn find(&self) -> Result<(Vec<Named>, Vec<Named>)> {
        let [old_run, new_run] = self.sides.runs;
        let [old_side, new_side] = [old_run.loader(), new_run.loader()];
        if let Some(new) = &self.new {
            self.read_trees(new_side, new)?;
        }
        let after = found(new_run, self.paths)?;
        let before = match self.is_kustomization_changed()? {
            true => {
                self.read_trees(old_side, &self.old)?;
                found(old_run, self.paths)?
            }
            false => after.clone(),
        };
        if before.is_empty() && after.is_empty() {
            let message = format!("there is no kustomization in `{}`", self.paths.join("`, `"));
            return Err(Error::new(Code::KustomizationNotFound, message)
                .help("hidden directories and components are skipped"));
        }
        let directories: Vec<String> = after.keys().cloned().collect();
        let reached = fleet::affected(new_side, &directories, &self.changes)?;
        if let Some(new) = &self.new {
            // Most files are the same on both sides.
            new.read_ahead(reached.files.into_iter());
        }
        let reached = directories.iter().zip(reached.targets).filter(|(_, is_reached)| *is_reached);
        let mut names: BTreeSet<&String> = reached.map(|(name, _)| name).collect();
        let [old, new] = [&before, &after].map(|names| names.keys().collect::<BTreeSet<_>>());
        names.extend(old.symmetric_difference(&new));
        if self.is_lock_changed {
            names.extend(old.union(&new));
        }
        // A target that was included by another kustomization before is a base on the old side.
        let named = |name: &String| Named {
            name: name.clone(),
            below: after.get(name).or(before.get(name)).unwrap_or(name).clone(),
            former: None,
            before: is_kustomization_directory(old_side, name).then(|| TargetInput::path(name)),
            after: is_kustomization_directory(new_side, name).then(|| TargetInput::path(name)),
        };
        let other = |name: &String| Named {
            name: name.clone(),
            below: after.get(name).unwrap_or(name).clone(),
            former: None,
            before: None,
            after: Some(TargetInput::path(name)),
        };
        let others = directories.iter().filter(|name| !names.contains(name)).map(other).collect();
        Ok((names.iter().copied().map(named).collect(), others))
    }

    /// Reads the trees in which targets are searched.
    fn read_trees(&self, loader: &Loader, revision: &Revision) -> Result<()> {
        let directories = self.paths.iter().filter_map(|path| loader.root(path).ok());
        directories.into_iter().try_for_each(|root| revision.read_trees(root.path()))
    }

    fn is_kustomization_changed(&self) -> Result<bool> {
        for side in self.sides.runs.map(fleet::Run::loader) {
            for root in self.paths.iter().filter_map(|path| side.root(path).ok()) {
                if self.changes.any_named(root.path(), &KUSTOMIZATION_FILES)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// True for a directory with a kustomization file, or with a link that leads to none: then it cannot be rendered.
fn is_kustomization_directory(loader: &Loader, name: &str) -> bool {
    let mut files = KUSTOMIZATION_FILES.iter().map(|file| format!("{name}/{file}"));
    files.any(|file| loader.kind(&file) != Kind::Missing || loader.is_link(&file))
}

/// The targets at and below those paths that exist, with their paths below these.
fn found(run: &fleet::Run<'_>, paths: &[String]) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for path in paths.iter().filter(|path| run.loader().kind(path) == Kind::Directory) {
        for fleet::Target { directory, below, refused } in run.targets(path)? {
            found.insert(refused.map_or(Ok(directory), Err)?, below);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_side_has_a_name() {
        for revisions in ["", " ", "..", "...", "..HEAD", "...HEAD", " ..HEAD"] {
            assert_eq!(refuse_empty(revisions).unwrap_err().code(), Code::InvalidArgument);
        }
        for revisions in ["HEAD", "main..", "main...HEAD", "a..b"] {
            refuse_empty(revisions).unwrap();
        }
    }
}
