//! Files as they would be after a change that is not made yet.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Files, Kind};
use super::links::{self, Look};

/// A tree of files in which some are replaced, added or removed. The paths of these have no links.
#[derive(Clone, Debug)]
pub struct Overlay<F> {
    below: F,
    /// The new contents; `None` for a file that is removed.
    files: BTreeMap<PathBuf, Option<Arc<[u8]>>>,
    /// The parents of the new files.
    directories: BTreeSet<PathBuf>,
}

impl<F: Files> Overlay<F> {
    /// A tree without changes.
    #[must_use]
    pub fn new(below: F) -> Self {
        Self { below, files: BTreeMap::new(), directories: BTreeSet::new() }
    }

    /// Adds or replaces a file.
    #[must_use]
    pub fn file(mut self, path: &Path, content: impl AsRef<[u8]>) -> Self {
        self.directories.extend(path.ancestors().skip(1).map(Path::to_path_buf));
        self.files.insert(path.to_path_buf(), Some(content.as_ref().into()));
        self
    }

    /// Removes a file.
    #[must_use]
    pub fn without(mut self, path: &Path) -> Self {
        self.files.insert(path.to_path_buf(), None);
        self
    }
}

impl<F: Files> Files for Overlay<F> {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        match self.files.get(path) {
            Some(Some(_)) => Ok(Kind::File),
            Some(None) => Ok(Kind::Missing),
            None => match self.below.kind(path)? {
                Kind::Missing if self.directories.contains(path) => Ok(Kind::Directory),
                kind => Ok(kind),
            },
        }
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        self.below.target(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        links::resolve(path, &|path| {
            Ok(match self.kind(path)? {
                Kind::Directory => Look::Directory,
                Kind::File | Kind::Special => Look::File,
                Kind::Missing => Look::Missing,
                Kind::Link => Look::Link(self.target(path)?),
            })
        })
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            Some(Some(content)) if content.len() as u64 > most => {
                Err(io::ErrorKind::FileTooLarge.into())
            }
            Some(Some(content)) => Ok(content.to_vec()),
            Some(None) => Err(io::ErrorKind::NotFound.into()),
            None => self.below.read(path, most),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        let mut entries: BTreeMap<OsString, Kind> = match self.below.kind(path)? {
            Kind::Missing if self.directories.contains(path) => BTreeMap::new(),
            _ => self.below.list(path)?.into_iter().collect(),
        };
        let is_child = |other: &&PathBuf| other.parent() == Some(path);
        for directory in self.directories.iter().filter(is_child) {
            let name = directory.file_name().map(OsString::from).unwrap_or_default();
            entries.entry(name).or_insert(Kind::Directory);
        }
        for (file, content) in self.files.iter().filter(|(file, _)| is_child(file)) {
            let name = file.file_name().map(OsString::from).unwrap_or_default();
            match content {
                Some(_) => drop(entries.insert(name, Kind::File)),
                None => drop(entries.remove(&name)),
            }
        }
        Ok(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::*;

    #[test]
    fn changes_hide_what_is_below() {
        let below = Memory::new().file("a/one", "1").file("a/two", "2").link("l", "a");
        let files = Overlay::new(below)
            .file("/a/one".as_ref(), "new")
            .file("/b/c/three".as_ref(), "3")
            .without("/a/two".as_ref());
        let kind = |path: &str| files.kind(path.as_ref()).unwrap();
        let kinds = ["/a/one", "/a/two", "/b", "/b/c", "/b/c/three", "/b/x"].map(kind);
        let (file, directory, missing) = (Kind::File, Kind::Directory, Kind::Missing);
        assert_eq!(kinds, [file, missing, directory, directory, file, missing]);
        let read = |path: &str| files.read(path.as_ref(), 10).ok();
        assert_eq!(read("/a/one").as_deref(), Some(&b"new"[..]));
        assert_eq!((read("/a/two"), read("/b/c/three")), (None, Some(b"3".to_vec())));
        assert!(files.read("/a/one".as_ref(), 2).is_err());
        let names = |path: &str| files.list(path.as_ref()).unwrap();
        assert_eq!(names("/a"), [("one".into(), file)]);
        assert_eq!(
            names("/"),
            [("a".into(), directory), ("b".into(), directory), ("l".into(), Kind::Link)]
        );
        assert_eq!(names("/b/c"), [("three".into(), file)]);
        let found = files.canonicalize("/l/one".as_ref()).unwrap();
        assert_eq!(found, Path::new("/a/one"));
        assert!(files.canonicalize("/l/two".as_ref()).is_err());
    }
}
