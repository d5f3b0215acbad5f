//! Files in memory: for tests, fuzzing, and programs that use krender as a library.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Files, Kind, join};
use super::links::{self, Look};

/// A tree of files in memory. Relative paths start at `/`.
///
/// ```
/// use krender::load::Memory;
///
/// let files = Memory::new()
///     .file("base/kustomization.yaml", "resources: [pod.yaml]\n")
///     .file("base/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory {
    entries: BTreeMap<PathBuf, MemoryEntry>,
}

#[derive(Clone, Debug)]
enum MemoryEntry {
    File(Arc<[u8]>),
    Link(PathBuf),
    Directory,
}

impl Memory {
    /// Creates an empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, with its parent directories. Replaces an existing entry.
    #[must_use]
    pub fn file(self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        self.insert(path.as_ref(), MemoryEntry::File(content.as_ref().into()))
    }

    /// Adds a symbolic link, with its parent directories. A relative target is resolved from the link's directory.
    #[must_use]
    pub fn link(self, path: impl AsRef<Path>, target: impl Into<PathBuf>) -> Self {
        self.insert(path.as_ref(), MemoryEntry::Link(target.into()))
    }

    /// Adds a directory, with its parent directories.
    #[must_use]
    pub fn directory(self, path: impl AsRef<Path>) -> Self {
        self.insert(path.as_ref(), MemoryEntry::Directory)
    }

    fn insert(mut self, path: &Path, entry: MemoryEntry) -> Self {
        let path = join(Path::new("/"), path);
        for parent in path.ancestors().skip(1) {
            self.entries.insert(parent.to_path_buf(), MemoryEntry::Directory);
        }
        self.entries.insert(path, entry);
        self
    }

    /// The entry at a path, links in its parents followed.
    fn entry(&self, path: &Path) -> Option<&MemoryEntry> {
        match (self.entries.get(path), path.parent(), path.file_name()) {
            (None, Some(parent), Some(name)) => {
                self.entries.get(&self.canonicalize(parent).ok()?.join(name))
            }
            (entry, ..) => entry,
        }
    }
}

impl MemoryEntry {
    const fn kind(&self) -> Kind {
        match self {
            Self::File(_) => Kind::File,
            Self::Directory => Kind::Directory,
            Self::Link(_) => Kind::Link,
        }
    }
}

impl Files for Memory {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        Ok(self.entry(path).map_or(Kind::Missing, MemoryEntry::kind))
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        match self.entry(path) {
            Some(MemoryEntry::Link(target)) => Ok(target.clone()),
            Some(MemoryEntry::File(_) | MemoryEntry::Directory) => {
                Err(ErrorKind::InvalidInput.into())
            }
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        links::resolve(path, &|path| {
            Ok(match self.entries.get(path) {
                Some(MemoryEntry::Directory) => Look::Directory,
                Some(MemoryEntry::File(_)) => Look::File,
                Some(MemoryEntry::Link(target)) => Look::Link(target.clone()),
                None => Look::Missing,
            })
        })
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        match self.entries.get(&self.canonicalize(path)?) {
            Some(MemoryEntry::File(content)) if content.len() as u64 > most => {
                Err(ErrorKind::FileTooLarge.into())
            }
            Some(MemoryEntry::File(content)) => Ok(content.to_vec()),
            Some(MemoryEntry::Directory | MemoryEntry::Link(_)) | None => {
                Err(ErrorKind::IsADirectory.into())
            }
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        let directory = self.canonicalize(path)?;
        if !matches!(self.entries.get(&directory), Some(MemoryEntry::Directory)) {
            return Err(ErrorKind::NotADirectory.into());
        }
        let below = self
            .entries
            .range(directory.clone()..)
            .take_while(|(path, _)| path.starts_with(&directory));
        let children = below.filter(|(path, _)| path.parent() == Some(&directory));
        let child = |(path, entry): (&PathBuf, &MemoryEntry)| {
            path.file_name().map(|name| (name.into(), entry.kind()))
        };
        Ok(children.filter_map(child).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::LARGEST_FILE;

    fn tree() -> Memory {
        Memory::new()
            .file("a/b/c.yaml", "c")
            .link("a/up", "../d")
            .file("d/e.yaml", "e")
            .link("d/loop", "loop")
            .link("d/top", "/a/b")
            .link("d/nowhere", "gone")
    }

    #[test]
    fn links_are_resolved_wherever_they_are() {
        let canonical = |path: &str| {
            tree().canonicalize(Path::new(path)).map(|path| path.display().to_string())
        };
        assert_eq!(canonical("/a/up/e.yaml").unwrap(), "/d/e.yaml");
        assert_eq!(canonical("/a/up/top/c.yaml").unwrap(), "/a/b/c.yaml");
        assert_eq!(canonical("/a/up/../d").unwrap(), "/d", "the parent of what the link leads to");
        assert_eq!(canonical("/d/nowhere").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(canonical("/d/e.yaml/f").unwrap_err().kind(), ErrorKind::NotADirectory);
        assert!(canonical("/d/loop").is_err());
    }

    /// Memory and disk give the same results for the same tree.
    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "makes a tree on disk to read")]
    fn memory_and_disk_agree() {
        use super::super::disk::{Disk, write};

        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for (path, entry) in &tree().entries {
            let path = top.join(path.strip_prefix("/").unwrap());
            match entry {
                MemoryEntry::Directory => std::fs::create_dir_all(path).unwrap(),
                MemoryEntry::File(content) => write(&path, &[content]).unwrap(),
                MemoryEntry::Link(target) => {
                    let target = target
                        .strip_prefix("/")
                        .map_or_else(|_| target.clone(), |target| top.join(target));
                    std::os::unix::fs::symlink(target, path).unwrap();
                }
            }
        }
        for path in [
            "a",
            "a/b",
            "a/b/c.yaml",
            "a/up",
            "a/up/e.yaml",
            "a/up/top",
            "d/loop",
            "d/nowhere",
            "d/e.yaml/x",
            "z",
        ] {
            let (memory_path, disk_path) = (Path::new("/").join(path), top.join(path));
            let tree = tree();
            assert_eq!(tree.kind(&memory_path).unwrap(), Disk.kind(&disk_path).unwrap(), "{path}");
            assert_eq!(
                tree.target(&memory_path).ok(),
                Disk.target(&disk_path).ok().map(|target| match target.strip_prefix(&top) {
                    Ok(below) => Path::new("/").join(below),
                    Err(_) => target,
                }),
                "{path}"
            );
            let shown = |result: io::Result<PathBuf>, top: &Path| {
                result.ok().map(|path| path.strip_prefix(top).unwrap().to_owned())
            };
            assert_eq!(
                shown(tree.canonicalize(&memory_path), Path::new("/")),
                shown(Disk.canonicalize(&disk_path), &top),
                "{path}"
            );
            let Ok(disk_path) = Disk.canonicalize(&disk_path) else { continue };
            assert_eq!(
                tree.read(&memory_path, LARGEST_FILE).ok(),
                Disk.read(&disk_path, LARGEST_FILE).ok(),
                "{path}"
            );
            assert_eq!(tree.list(&memory_path).ok(), Disk.list(&disk_path).ok(), "{path}");
        }
    }
}
