//! Where files come from: one small interface in front of the disk and of memory.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::text::escape;

/// The largest file that is read: 1 GiB.
pub const LARGEST_FILE: u64 = 1 << 30;

/// A source of files. All paths are absolute and clean: no `.`, no `..`, no doubled separators.
///
/// What an implementation answers may not change while a [`Loader`](super::Loader) uses it: answers are kept.
pub trait Files: Send + Sync {
    /// What is at a path, without following a link at its end. What is not there is [`Kind::Missing`], no error.
    ///
    /// # Errors
    /// When that cannot be found out: a directory on the way may not be searched, say.
    fn kind(&self, path: &Path) -> io::Result<Kind>;

    /// The path with every link on the way and at the end resolved.
    ///
    /// # Errors
    /// When nothing is there, or links go in a circle.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// The content of a regular file of at most so many bytes, by a path of which no part is a link, as
    /// [`Files::canonicalize`] gives it. Where a link has taken the place of a part, it is not followed.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] for a larger one, before it is held in memory; else why the file cannot be read.
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;

    /// The names in a directory, sorted, each with what is there; no link is followed. The path is as for
    /// [`Files::read`].
    ///
    /// # Errors
    /// When the path is no directory, or may not be listed.
    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>>;

    /// Whether a file or link with one of these names may be in a directory or below it. A source that does not know it
    /// without a look says yes.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn may_hold(&self, _directory: &Path, _names: &[&'static str]) -> io::Result<bool> {
        Ok(true)
    }

    /// The top of the working tree of git that a directory is in, by its path with links resolved.
    fn working_tree(&self, directory: &Path) -> Option<PathBuf> {
        let has_git = |directory: &&Path| {
            matches!(self.kind(&directory.join(".git")), Ok(Kind::Directory | Kind::File))
        };
        directory.ancestors().find(has_git).map(Path::to_path_buf)
    }
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe, a socket: never read, because reading may block or never end.
    Special,
    /// Nothing.
    Missing,
}

/// The path that `path`, taken from `directory`, names by its text alone: `.` and `..` are resolved before links are
/// looked at, as Go's `filepath.Join` does. So `missing/../a.yaml` is `a.yaml`, and `a.yaml/` is too.
#[must_use]
pub fn join(directory: &Path, path: &Path) -> PathBuf {
    use std::path::Component;

    let mut joined = if path.is_absolute() { PathBuf::new() } else { directory.to_path_buf() };
    for component in path.components() {
        match component {
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                joined.push(component);
            }
            Component::CurDir => {}
            Component::ParentDir => {
                joined.pop();
            }
        }
    }
    joined
}

/// The way from `directory` to `path`, both clean.
pub(super) fn relative(directory: &Path, path: &Path) -> PathBuf {
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

/// The path from `directory`, or from the top where that is shorter.
pub(super) fn named(directory: &Path, path: &Path) -> PathBuf {
    let relative = relative(directory, path);
    if relative.as_os_str().len() <= path.as_os_str().len() { relative } else { path.to_owned() }
}

/// The path for people: from `directory`, or from the top where that is shorter.
pub(super) fn display(directory: &Path, path: &Path) -> String {
    // Nearly every path is below, and its parts need not be looked at.
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
