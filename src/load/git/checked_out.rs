//! A revision beside its working tree. Git may write files otherwise than they are committed: with other line ends (`eol`,
//! `core.autocrlf`), in another encoding, or by a filter. A file that is the same on both sides for git has the same content
//! on both, as in a checkout of the revision.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::{Changed as _, Changes, Revision};
use crate::load::{Disk, Files, Kind};

/// A revision, of which files that have not changed since are read from the working tree.
#[derive(Clone)]
pub struct CheckedOut {
    revision: Revision,
    changes: Changes,
    top: PathBuf,
}

impl CheckedOut {
    /// The revision of a repository at `top`, with the changes since.
    #[must_use]
    pub fn new(revision: Revision, changes: Changes, top: &Path) -> Self {
        Self { revision, changes, top: top.to_path_buf() }
    }
}

impl Files for CheckedOut {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let is_same =
            path.starts_with(&self.top) && matches!(self.changes.on_the_way(path), Ok(None));
        // A file that is not checked out is read from the revision.
        match is_same.then(|| Disk.read(path, most)) {
            Some(Ok(content)) => Ok(content),
            Some(Err(_)) | None => self.revision.read(path, most),
        }
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.revision.kind(path)
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        self.revision.target(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.revision.canonicalize(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        self.revision.list(path)
    }

    fn may_hold(&self, directory: &Path, names: &[&'static str]) -> io::Result<bool> {
        self.revision.may_hold(directory, names)
    }

    fn is_executable(&self, path: &Path) -> bool {
        self.revision.is_executable(path)
    }

    fn working_tree(&self, directory: &Path) -> Option<PathBuf> {
        self.revision.working_tree(directory)
    }
}
