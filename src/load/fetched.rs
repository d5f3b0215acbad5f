//! Content from elsewhere: a [`Loader`] asks a [`Fetch`] for it, and mounts it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::git::{Id, Objects, Revision, Trees};
use super::mounts::{Mounts, Taken};
use super::{Digest, File, Loader, Options, RepoSpec};
use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Cancel};

/// A source of content from elsewhere. It may be used by any number of loaders and threads.
pub trait Fetch: Send + Sync {
    /// Fetches a git repository. The request and what comes are charged to the budget of the run.
    ///
    /// # Errors
    /// [`Code::FetchFailed`] if it cannot be fetched, [`Code::FetchRefused`] if it may not be, [`Code::LimitExceeded`], and
    /// [`Code::Cancelled`].
    fn repository(&self, spec: &RepoSpec, budget: &Budget, cancel: &Cancel)
    -> Result<Arc<Fetched>>;

    /// True if the revision of a git repository was fetched before.
    fn has_repository(&self, spec: &RepoSpec) -> bool;

    /// True if a repository cannot be had without a request to another machine.
    fn needs_request(&self, spec: &RepoSpec) -> bool;

    /// Fetches a file over HTTP. The request and its content are charged to the budget of the run, while it comes.
    ///
    /// # Errors
    /// As [`Fetch::repository`], and [`Code::TooLarge`].
    fn file(&self, url: &str, budget: &Budget, cancel: &Cancel) -> Result<Arc<[u8]>>;
}

/// A revision of a git repository that was fetched.
#[derive(Clone)]
pub struct Fetched {
    /// The id of the commit.
    pub commit: Id,
    /// The id of its tree.
    pub tree: Id,
    /// The objects of the repository.
    pub objects: Arc<dyn Objects>,
    /// The submodules, each with its path from the top of the repository.
    pub modules: Vec<(PathBuf, Arc<Self>)>,
}

/// The source of content from elsewhere of a loader; by default there is none.
#[derive(Clone, Default)]
pub struct Remotes(Option<Arc<dyn Fetch>>);

/// A remote repository that a loader has mounted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Remote {
    /// The URL that git fetches from.
    pub url: String,
    /// The branch, tag or commit as it is written; `None` for the default branch.
    pub reference: Option<String>,
    /// The id of the commit.
    pub commit: String,
}

impl Remotes {
    /// A source of content from elsewhere.
    #[must_use]
    pub fn new(fetch: impl Fetch + 'static) -> Self {
        Self(Some(Arc::new(fetch)))
    }

    fn get(&self, url: &str) -> Result<&dyn Fetch> {
        self.0.as_deref().ok_or_else(|| {
            let message = format!("`{url}` is remote, and nothing is fetched here");
            Error::new(Code::FetchRefused, message)
        })
    }
}

impl fmt::Debug for Remotes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Remotes::new" } else { "Remotes" })
    }
}

/// The maximum number of submodules of a revision, with those in submodules.
const MOST_MODULES: usize = 1_000;

impl Fetched {
    /// The files, as if the top of the repository were at a path. A submodule takes one of the `left` mounts: each may
    /// contain the same ones as others.
    fn files(&self, at: &Path, budget: &Budget, left: &mut usize) -> Result<Mounts> {
        let trees = Trees::new(Arc::clone(&self.objects), budget.clone());
        let files = Mounts::new(Revision::new(trees, at, self.tree));
        for (path, module) in &self.modules {
            let at = at.join(path);
            *left = left.checked_sub(1).ok_or_else(|| {
                let message = format!("found more than {MOST_MODULES} submodules below each other");
                Error::new(Code::LimitExceeded, message)
                    .help("`?submodules=false` in the URL leaves submodules out")
            })?;
            let taken = |_: Taken| {
                let message = format!("the submodule `{}` is not in a directory", path.display());
                Error::new(Code::FetchFailed, message)
            };
            files.mount(&at, module.files(&at, budget, left)?).map_err(taken)?;
        }
        Ok(files)
    }
}

impl Loader {
    /// Fetches a repository and mounts it, once. Returns the path of its top.
    ///
    /// # Errors
    /// Those of [`Fetch::repository`].
    pub(super) fn fetch(&self, spec: &RepoSpec) -> Result<Arc<Path>> {
        let reference = spec.reference.as_deref().unwrap_or_default();
        let key = format!("{}\0{reference}\0{}", spec.url(), spec.submodules);
        let fetched = self.0.fetched.get_or_init(Default::default);
        fetched.tops.get_or_make(Path::new(&key), || {
            let Options { remotes, cancel, .. } = &self.0.options;
            let found = remotes.get(&spec.url())?.repository(spec, &self.0.budget, cancel)?;
            // No path on disk has this name, and no link leads to it.
            let at = PathBuf::from(format!("/\0{}", Digest::of(&key)));
            let shown = match &spec.reference {
                Some(reference) => format!("{}@{reference}", spec.url()),
                None => spec.url(),
            };
            let files = found.files(&at, &self.0.budget, &mut { MOST_MODULES })?;
            let taken = |_: Taken| Error::new(Code::InvalidPath, "it is mounted already");
            self.0.files.mount_as(&at, files, Some(shown)).map_err(taken)?;
            let (url, commit) = (spec.url(), found.commit.to_string());
            let remote = Remote { url, reference: spec.reference.clone(), commit };
            let top: Arc<Path> = at.into();
            crate::sync::lock(&fetched.remotes).push((Arc::clone(&top), remote));
            Ok(top)
        })
    }

    /// True if the revision of a repository was fetched before.
    pub(super) fn has_fetched(&self, spec: &RepoSpec) -> bool {
        let remotes = &self.0.options.remotes.0;
        remotes.as_ref().is_some_and(|fetch| fetch.has_repository(spec))
    }

    /// True if a repository cannot be had without a request to another machine.
    pub(super) fn needs_request(&self, spec: &RepoSpec) -> bool {
        let remotes = &self.0.options.remotes.0;
        remotes.as_ref().is_some_and(|fetch| fetch.needs_request(spec))
    }

    /// Fetches a file over HTTP, once.
    ///
    /// # Errors
    /// Those of [`Fetch::file`].
    pub(super) fn fetch_file(&self, url: &str) -> Result<File> {
        let fetched = self.0.fetched.get_or_init(Default::default);
        fetched.files.get_or_make(Path::new(url), || {
            let Options { remotes, cancel, sources, .. } = &self.0.options;
            let bytes = remotes.get(url)?.file(url, &self.0.budget, cancel)?;
            File::new(url.to_owned(), String::from_utf8(bytes.to_vec()), sources)
        })
    }

    /// The remote repositories that were mounted, sorted.
    #[must_use]
    pub fn remotes(&self) -> Vec<Remote> {
        let remotes = self.0.fetched.get().map(|fetched| crate::sync::lock(&fetched.remotes));
        let remotes = remotes.iter().flat_map(|remotes| remotes.iter());
        let mut remotes: Vec<Remote> = remotes.map(|(_, remote)| remote.clone()).collect();
        remotes.sort();
        remotes.dedup();
        remotes
    }

    /// The files that were fetched over HTTP, by URL, with the digests of their content.
    #[must_use]
    pub fn remote_files(&self) -> Vec<(String, Digest)> {
        let entries = self.0.fetched.get().map(|fetched| fetched.files.entries());
        let files = entries
            .into_iter()
            .flatten()
            .filter_map(|(url, file)| Some((url.to_str()?.to_owned(), file.ok()?.digest())));
        files.collect()
    }

    /// True for a path in content that was fetched.
    pub(super) fn is_fetched(&self, path: &Path) -> bool {
        self.0.files.of(path).is_some_and(|mount| mount.is_fetched())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::git::ObjectMemory;

    #[test]
    fn submodules_below_each_other_are_limited() {
        let mut objects = ObjectMemory::new();
        let tree = objects.tree([]);
        let objects: Arc<dyn Objects> = Arc::new(objects);
        let with = |modules| Fetched { commit: tree, tree, objects: Arc::clone(&objects), modules };
        let mut top = with(Vec::new());
        let files = |top: &Fetched| {
            top.files(Path::new("/top"), &Budget::default(), &mut { MOST_MODULES }).map(drop)
        };
        for _ in 0..8 {
            let below = Arc::new(top);
            let names = (0..100).map(|number| PathBuf::from(format!("m{number}")));
            top = with(names.map(|name| (name, Arc::clone(&below))).collect());
            if below.modules.is_empty() {
                assert!(files(&top).is_ok());
            }
        }
        assert_eq!(files(&top).unwrap_err().code(), Code::LimitExceeded);
    }
}
