//! The entries of kustomizations that lead to content from elsewhere, and the files of it that were looked up: for commands
//! that copy it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{File, Kind, Loader, Remote, is_remote};
use crate::error::Result;
use crate::source::{FileId, Span};
use crate::sync::lock;

/// An entry of a kustomization that leads to content from elsewhere, or, within such content, through a link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Reference {
    /// The directory of the kustomization, with links resolved.
    pub directory: PathBuf,
    /// The span of the entry.
    pub span: Span,
    /// The path or URL in it.
    pub entry: String,
    /// The place that it leads to.
    pub leads_to: LeadsTo,
}

/// The place that an entry leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeadsTo {
    /// A directory in a repository that was fetched, with links resolved.
    Directory(PathBuf),
    /// A file over HTTP.
    File,
}

/// A file of a repository that was fetched.
#[derive(Clone)]
#[non_exhaustive]
pub struct FetchedFile {
    /// The path at which it was looked up; its last segments may be links.
    pub path: PathBuf,
    /// The path with links resolved.
    pub leads_to: PathBuf,
    /// The file.
    pub file: File,
}

impl Loader {
    /// Records an entry that leads to content from elsewhere.
    pub(super) fn refer(&self, directory: &Path, span: Span, entry: &str, leads_to: LeadsTo) {
        let fetched = self.0.fetched.get_or_init(Default::default);
        let (directory, entry) = (directory.to_path_buf(), entry.to_owned());
        lock(&fetched.references).insert(Reference { directory, span, entry, leads_to });
    }

    /// The entries that have led to content from elsewhere, sorted by directory.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        self.references_if(&|_| true)
    }

    /// The entries of the kustomization of a directory that have led to content from elsewhere. For the directory of a
    /// target in a repository, that target.
    #[must_use]
    pub fn references_of(&self, directory: &Path) -> Vec<Reference> {
        // A link within a repository leads to no other one.
        self.references_if(&|it| it.directory == directory && is_remote(&it.entry))
    }

    fn references_if(&self, is_meant: &dyn Fn(&Reference) -> bool) -> Vec<Reference> {
        let Some(fetched) = self.0.fetched.get() else { return Vec::new() };
        let all = lock(&fetched.references);
        let all: Vec<&Reference> = all.iter().filter(|reference| is_meant(reference)).collect();
        // The page of a repository was fetched as a file first.
        let directories: BTreeSet<(&Path, Span)> = all
            .iter()
            .filter(|reference| reference.leads_to != LeadsTo::File)
            .map(|reference| (&*reference.directory, reference.span))
            .collect();
        let is_page = |reference: &Reference| {
            reference.leads_to == LeadsTo::File
                && directories.contains(&(&*reference.directory, reference.span))
        };
        all.iter().filter(|reference| !is_page(reference)).map(|it| (*it).clone()).collect()
    }

    /// The files of repositories that were looked up, sorted by path.
    ///
    /// # Errors
    /// Those of reading a file that was only looked up so far.
    pub fn fetched_files(&self) -> Result<Vec<FetchedFile>> {
        let places = self.0.places.entries().into_iter();
        let places = places.filter_map(|(path, place)| Some((path, place.ok()?)));
        places
            .filter(|(path, place)| place.kind == Kind::File && self.is_fetched(path))
            .map(|(path, place)| {
                let file = self.content(&place.path)?;
                Ok(FetchedFile { path, leads_to: place.path.clone(), file })
            })
            .collect()
    }

    /// The content of a file over HTTP that was fetched.
    ///
    /// # Errors
    /// Those of [`Fetch::file`](super::Fetch::file).
    pub fn fetched_file(&self, url: &str) -> Result<File> {
        self.fetch_file(url)
    }

    /// The repository that a path is in, and the path from its top; `None` for a path of the tree.
    #[must_use]
    pub fn repository_of(&self, path: &Path) -> Option<(Remote, PathBuf)> {
        let fetched = self.0.fetched.get()?;
        let mount = self.0.files.of(path).filter(|mount| mount.is_fetched())?;
        let tops = lock(&fetched.remotes);
        let (_, remote) = tops.iter().find(|(top, _)| **top == *mount.path())?;
        Some((remote.clone(), path.strip_prefix(mount.path()).ok()?.to_path_buf()))
    }

    /// The paths of the files that were read as text, links resolved, by the ids of their texts.
    #[must_use]
    pub fn texts(&self) -> BTreeMap<FileId, PathBuf> {
        let files = self.0.contents.entries().into_iter();
        files.filter_map(|(path, file)| Some((file.ok()?.text()?.id(), path))).collect()
    }

    /// The files that were looked up at and below a directory of the tree, sorted by path.
    #[must_use]
    pub fn files_below(&self, directory: &Path) -> BTreeSet<PathBuf> {
        let inputs = self.inputs().into_iter();
        let files = inputs.filter(|input| input.kind == Kind::File);
        files.map(|input| input.path).filter(|path| path.starts_with(directory)).collect()
    }
}
