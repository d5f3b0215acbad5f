//! Git: the only access to repositories on this machine.
//!
//! krender finds a repository itself (`find`), starts git without running any program that the repository names
//! (`command`), reads objects by id (`batch`), and compares the working tree by reading files (`working_tree`), after
//! checking for special files that git would block on (`waiting`). It fetches into repositories of its own (`bare`), and
//! makes commits of rendered manifests (`publish`).

mod bare;
mod batch;
mod command;
mod find;
mod index;
mod line_ends;
mod publish;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod unknown;
mod waiting;
mod working_tree;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Environment, Program};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::load::git::{Changes, Id, Object, ObjectKind, Revision, Trees, os_string};
pub use bare::{Bare, IdAlgorithm, Request, complaints, is_damage};
use batch::Batch;
use find::Found;
pub use publish::{NOTES, NewCommit, Publication, Published, Tips, is_branch_name};

/// A git repository, with a working tree or bare. A clone is another handle to it.
#[derive(Clone)]
pub struct Repository(Arc<RepositoryInner>);

struct RepositoryInner {
    /// Directory that paths in trees are relative to, links resolved: the top of the working tree, or for a bare
    /// repository the directory where the files would be.
    top: PathBuf,
    /// Directory with the index of the working tree. `None` without a working tree.
    folder: Option<PathBuf>,
    git: Program,
    batch: Batch,
    trees: Trees,
    environment: Environment,
    budget: Budget,
    /// Number of working trees that this one is nested in, as a submodule.
    depth: usize,
}

/// Maximum size of a commit, tag or tree that a name is resolved to, in bytes.
const LARGEST_NAMED: u64 = 32 << 20;

impl Repository {
    /// The repository of a directory: the one in `GIT_DIR`, or else that of the nearest `.git` at or above the
    /// directory. A directory that looks like a bare repository is only accepted if it is the directory itself and
    /// there is no `.git` above it; its files are then treated as if they were in the directory. Objects that are read
    /// are charged to `budget`.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] if there is no repository,
    /// [`Code::ReadFailed`] if git cannot be started or refuses it.
    pub fn of(directory: &Path, environment: &Environment, budget: &Budget) -> Result<Self> {
        let directory = find::nearest_directory(directory);
        if let Some(folder) = environment.path("GIT_DIR") {
            return Self::named(&folder, &directory, environment, budget);
        }
        let found =
            find::above(&directory, environment)?.ok_or_else(|| unknown::repository(&directory))?;
        Self::at(found, environment, budget, 0)
    }

    /// Opens a repository that was found.
    fn at(found: Found, environment: &Environment, budget: &Budget, depth: usize) -> Result<Self> {
        let git = command::found(&found, environment)?;
        let (top, folder) = match found {
            Found::Tree { top, folder } => (top, Some(folder)),
            Found::Bare(top) => (top, None),
        };
        let top = match environment.path("GIT_WORK_TREE") {
            Some(named) if folder.is_some() && depth == 0 => find::canonical(&named),
            _ => top,
        };
        let git = if folder.is_some() { git.variable("GIT_WORK_TREE", &top) } else { git };
        Ok(Self::new(top, folder, git, environment, budget, depth))
    }

    /// The repository that `GIT_DIR` names. Git reports its working tree.
    fn named(
        folder: &Path,
        directory: &Path,
        environment: &Environment,
        budget: &Budget,
    ) -> Result<Self> {
        let start = environment.working_directory();
        find::refuse_special(folder)?;
        let top = environment.path("GIT_WORK_TREE");
        let git = command::named(folder, top.as_deref(), start, environment)?;
        let asked = ["rev-parse", "--is-inside-work-tree", "--show-cdup"];
        let outcome = git.run(&asked)?;
        if !outcome.is_success {
            return Err(unknown::reason(&outcome.said));
        }
        let said = String::from_utf8_lossy(&outcome.output);
        let mut lines = said.lines();
        let has_tree = lines.next() == Some("true") || top.is_some();
        let top = match top {
            Some(top) => find::canonical(&top),
            None if has_tree => find::canonical(&start.join(lines.next().unwrap_or_default())),
            None => directory.to_path_buf(),
        };
        let folder = find::canonical(folder);
        let git = command::named(&folder, has_tree.then_some(&*top), &top, environment)?;
        Ok(Self::new(top, has_tree.then_some(folder), git, environment, budget, 0))
    }

    fn new(
        top: PathBuf,
        folder: Option<PathBuf>,
        git: Program,
        environment: &Environment,
        budget: &Budget,
        depth: usize,
    ) -> Self {
        let batch = Batch::new(git.clone());
        let trees = Trees::new(batch.clone(), budget.clone());
        let (environment, budget) = (environment.clone(), budget.clone());
        Self(Arc::new(RepositoryInner {
            top,
            folder,
            git,
            batch,
            trees,
            environment,
            budget,
            depth,
        }))
    }

    /// The directory that paths are relative to, links resolved: the top of the working tree, if there is one.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.0.top
    }

    /// True if there is a working tree.
    #[must_use]
    pub fn has_working_tree(&self) -> bool {
        self.0.folder.is_some()
    }

    /// The files of a revision: any name that git resolves to a commit or a tree.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] if the name is unknown,
    /// [`Code::ReadFailed`] if git fails.
    pub fn revision(&self, name: &str) -> Result<Revision> {
        let root = self.resolve(name, ObjectKind::Tree)?;
        let root = root.ok_or_else(|| unknown::revision(self, name))?;
        Ok(Revision::new(self.0.trees.clone(), &self.0.top, root))
    }

    /// The links outside of the repository through which paths lead into it, each with its target. The paths are
    /// absolute and normalised.
    #[must_use]
    pub fn links_to(&self, paths: &[PathBuf]) -> Vec<(PathBuf, PathBuf)> {
        let top = self.top();
        let link = |path: &PathBuf| {
            let mut above: Vec<&Path> = path.ancestors().collect();
            above.reverse();
            let leads = |path: &Path| Some(find::canonical(path)).filter(|it| it.starts_with(top));
            above.into_iter().find_map(|path| Some((path.to_path_buf(), leads(path)?)))
        };
        paths.iter().filter(|path| !path.starts_with(top)).filter_map(link).collect()
    }

    /// True if git resolves the name to a commit or a tree.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.resolve(name, ObjectKind::Tree).is_ok_and(|id| id.is_some())
    }

    /// The id of the commit or the tree with a name, if there is one. Names are passed on standard input, so that they
    /// are never parsed as options.
    fn resolve(&self, name: &str, kind: ObjectKind) -> Result<Option<Id>> {
        if name.is_empty() || name.contains(char::is_control) {
            return Ok(None);
        }
        let name = format!("{name}^{{{}}}", kind.name());
        let found = self.0.batch.named(name, LARGEST_NAMED)?;
        let is_right = |object: &Object| match object {
            Object::Read { kind: found, .. } => *found == kind,
            // The error is reported when the tree is read.
            Object::TooLarge(_) => true,
            Object::Missing => false,
        };
        Ok(found.filter(|(_, object)| is_right(object)).map(|(id, _)| id))
    }

    /// The merge base of two revisions: the id of their newest common commit, in hexadecimal digits.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] if one of them is unknown or they have no common commit,
    /// [`Code::ReadFailed`] if git fails.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<String> {
        let commit = |name: &str| {
            let id = self.resolve(name, ObjectKind::Commit)?;
            id.map(|id| id.to_string()).ok_or_else(|| unknown::revision(self, name))
        };
        let outcome = self.0.git.run(&["merge-base", &commit(one)?, &commit(other)?])?;
        match outcome.is_success {
            true => Ok(String::from_utf8_lossy(&outcome.output).trim().to_owned()),
            false if unknown::complaints(&outcome.said).is_empty() => {
                Err(unknown::common(self, one, other))
            }
            false => Err(unknown::reason(&outcome.said)),
        }
    }

    /// The differences between two revisions.
    #[must_use]
    pub fn changed(&self, before: &Revision, after: &Revision) -> Changes {
        Changes::new(self.0.trees.clone(), &self.0.top, [before.root(), after.root()])
    }

    /// The differences between a revision and the working tree: in tracked files, and in untracked ones that are not
    /// ignored. Files are compared by their content on disk: filters and line-end conversion are not applied, so that a
    /// file with such a conversion may count as changed.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] if there is no working tree,
    /// [`Code::ReadFailed`] if git fails.
    pub fn changed_since(&self, before: &Revision) -> Result<Changes> {
        let Some(folder) = &self.0.folder else { return Err(unknown::working_tree(self)) };
        let length = before.root().length();
        let (after, files) = working_tree::read(self, folder, length)?;
        let changes = Changes::new(self.0.trees.clone(), &self.0.top, [before.root(), after]);
        Ok(changes.with_provisional(Arc::new(files)))
    }

    /// True if git reports a repository without a working tree, although its directory is named `.git`.
    fn is_bare(&self) -> Result<bool> {
        let git = self.0.git.clone().without("GIT_WORK_TREE");
        let outcome = git.run(&["rev-parse", "--is-bare-repository"])?;
        Ok(outcome.output.starts_with(b"true"))
    }

    /// The repository of the submodule at a path. `None` if it is not checked out.
    ///
    /// # Errors
    /// [`Code::NestingTooDeep`] if more than `deepest` submodules are nested, and those of [`Repository::of`].
    fn submodule(&self, path: &Path, deepest: usize) -> Result<Option<Self>> {
        let Some(found) = find::at(path)? else { return Ok(None) };
        if self.0.depth == deepest {
            let message = format!("submodules are nested more than {deepest} deep");
            return Err(Error::new(Code::NestingTooDeep, message));
        }
        let RepositoryInner { environment, budget, depth, .. } = &*self.0;
        Self::at(found, environment, budget, depth + 1).map(Some)
    }

    /// The standard output of git, if it succeeds.
    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let outcome = self.0.git.run(arguments)?;
        match outcome.is_success {
            true => Ok(outcome.output),
            false => Err(unknown::reason(&outcome.said)),
        }
    }
}
