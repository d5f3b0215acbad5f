//! The interface to sources of files: the disk, memory, git revisions.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf, is_separator};

use serde::{Deserialize, Serialize};

use super::clean;
use crate::text::escape;

/// The names of a kustomization file: a directory has exactly one of them.
pub const KUSTOMIZATION_FILES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The name of the file that `krender lock` writes. It is no kustomization file with a mistake in its name.
pub const LOCK_FILE: &str = "kustomization.lock";

/// The largest file that is read: 1 GiB.
pub const LARGEST_FILE: u64 = 1 << 30;

/// A source of files. All paths are absolute and clean: no `.`, no `..`, no doubled separators.
///
/// The results of an implementation must not change while a [`Loader`](super::Loader) uses it, since the loader caches
/// them.
pub trait Files: Send + Sync {
    /// The kind of entry at a path; a link at its end is not followed. A missing entry is [`Kind::Missing`], not an
    /// error.
    ///
    /// # Errors
    /// If it cannot be determined, for example because a directory in the path may not be searched.
    fn kind(&self, path: &Path) -> io::Result<Kind>;

    /// The path that a link contains, as it is written.
    ///
    /// # Errors
    /// If there is no link at the path.
    fn target(&self, path: &Path) -> io::Result<PathBuf>;

    /// The path with all links resolved.
    ///
    /// # Errors
    /// If the path does not exist, or its links form a cycle.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// Reads a regular file of at most `most` bytes. No part of the path may be a link (see [`Files::canonicalize`]);
    /// if one has become a link since, it is not followed.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] for a larger file, before it is held in memory; otherwise the reason why the
    /// file cannot be read.
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;

    /// The names in a directory, sorted, each with its kind; links are not followed. The path is as for
    /// [`Files::read`].
    ///
    /// # Errors
    /// If the path is not a directory, or may not be listed.
    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>>;

    /// False if certainly no file or link with one of these names is in the directory or below it. A source that would
    /// have to search for it returns true.
    ///
    /// # Errors
    /// If it cannot be determined.
    fn may_hold(&self, _directory: &Path, _names: &[&'static str]) -> io::Result<bool> {
        Ok(true)
    }

    /// True for a file that may be run as a program.
    fn is_executable(&self, _path: &Path) -> bool {
        false
    }

    /// True if other programs find the entry at a path, with the same content.
    fn is_on_disk(&self, _path: &Path) -> bool {
        false
    }

    /// The root of the git working tree that contains a directory. The path has its links resolved.
    fn working_tree(&self, directory: &Path) -> Option<PathBuf> {
        let has_git = |directory: &&Path| {
            matches!(self.kind(&directory.join(".git")), Ok(Kind::Directory | Kind::File))
        };
        directory.ancestors().find(has_git).map(Path::to_path_buf)
    }
}

/// The kind of entry at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, pipe or socket. Never read, because reading may block or never end.
    Special,
    /// No entry.
    Missing,
}

/// Joins `path` to `directory` lexically: `.` and `..` are resolved before links are looked at, as in Go's
/// `filepath.Join`. So `missing/../a.yaml` and `a.yaml/` are both `a.yaml`.
#[must_use]
pub fn join(directory: &Path, path: &Path) -> PathBuf {
    match directory.is_absolute() {
        true => clean::join(directory, path),
        false => clean::by_component(directory, path),
    }
}

/// True if a path is `directory`, or below it. Both are clean.
pub(super) fn is_within(path: &Path, directory: &Path) -> bool {
    // Bytes are compared faster than components.
    let (path_bytes, bytes) =
        (path.as_os_str().as_encoded_bytes(), directory.as_os_str().as_encoded_bytes());
    let is_separator = |byte: &u8| is_separator(char::from(*byte));
    let Some(rest) = path_bytes.strip_prefix(bytes) else { return false };
    rest.first().is_none_or(is_separator) || bytes.last().is_some_and(is_separator)
}

/// The relative path from `directory` to `path`, both clean.
#[must_use]
pub fn relative(directory: &Path, path: &Path) -> PathBuf {
    let shared = directory
        .components()
        .zip(path.components())
        .take_while(|(left, right)| left == right)
        .count();
    let mut relative = PathBuf::new();
    for _ in directory.components().skip(shared) {
        relative.push("..");
    }
    relative.extend(path.components().skip(shared));
    if relative.as_os_str().is_empty() {
        relative.push(".");
    }
    relative
}

/// The path relative to `directory`, or absolute if that is shorter.
pub(super) fn named(directory: &Path, path: &Path) -> PathBuf {
    let relative = relative(directory, path);
    if relative.as_os_str().len() <= path.as_os_str().len() { relative } else { path.to_owned() }
}

/// The path to show: relative to `directory`, or absolute if that is shorter.
pub(super) fn display(directory: &Path, path: &Path) -> String {
    // Nearly every path is below the directory, and its components need not be looked at.
    if let (Some(directory), Some(path)) = (directory.to_str(), path.to_str())
        && let Some(below) = path.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/'))
    {
        return below.to_owned();
    }
    escape::file_name(named(directory, path).as_os_str()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_by_their_text() {
        let join = |directory: &str, path: &str| {
            join(Path::new(directory), Path::new(path)).display().to_string()
        };
        assert_eq!(join("/a/b", "c.yaml"), "/a/b/c.yaml");
        assert_eq!(join("/a/b", "./missing/../c.yaml/"), "/a/b/c.yaml");
        assert_eq!(join("/a/b", "../../../../c"), "/c");
        assert_eq!(join("/a/b", "/c/./d/../e"), "/c/e");
        assert_eq!(join("/a/b", ""), "/a/b");
    }

    #[test]
    fn a_path_is_within_a_directory_by_whole_segments() {
        for (path, directory, expected) in [
            ("/a/b", "/a/b", true),
            ("/a/b/c", "/a/b", true),
            ("/a/bc", "/a/b", false),
            ("/a", "/a/b", false),
            ("/a", "/", true),
            ("/", "/", true),
            ("/a/b", "/b", false),
        ] {
            let (path, directory) = (Path::new(path), Path::new(directory));
            assert_eq!(is_within(path, directory), expected, "{path:?} in {directory:?}");
            assert_eq!(path.starts_with(directory), expected);
        }
    }

    #[test]
    fn paths_are_shown_from_where_the_user_stands() {
        let display = |directory: &str, path: &str| display(Path::new(directory), Path::new(path));
        assert_eq!(display("/home/ann/site", "/home/ann/site/base/a.yaml"), "base/a.yaml");
        assert_eq!(display("/home/ann/site", "/home/ann/site"), ".");
        assert_eq!(display("/home/ann/site/overlays/prod", "/home/ann/site/base"), "../../base");
        assert_eq!(display("/home/ann/site", "/home/ann/sites/a.yaml"), "../sites/a.yaml");
        assert_eq!(display("/home/ann/site", "/etc/hosts"), "/etc/hosts");
        assert_eq!(display("/", "/base/a.yaml"), "base/a.yaml");
    }
}
