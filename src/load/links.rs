//! Resolves symbolic links in trees that are not on disk, as Linux does.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// The entry at a path of which only the last segment may be a link.
pub(super) enum Look {
    Directory,
    File,
    Link(PathBuf),
    Missing,
}

/// The path with all links resolved.
///
/// # Errors
/// If the path does not exist, or its links form a cycle.
pub(super) fn resolve(
    path: &Path,
    look: &dyn Fn(&Path) -> io::Result<Look>,
) -> io::Result<PathBuf> {
    // Linux follows at most 40 links.
    let mut links_left = 40;
    let mut resolved = PathBuf::from("/");
    let mut pending: Vec<OsString> = names(path);
    while let Some(name) = pending.pop() {
        if name == ".." {
            resolved.pop();
            continue;
        }
        resolved.push(name);
        match look(&resolved)? {
            Look::Directory => {}
            Look::File if pending.is_empty() => {}
            Look::File => return Err(ErrorKind::NotADirectory.into()),
            Look::Link(_) if links_left == 0 => {
                return Err(io::Error::other("too many levels of symbolic links"));
            }
            Look::Link(target) => {
                links_left -= 1;
                resolved.pop();
                if target.is_absolute() {
                    resolved = PathBuf::from("/");
                }
                pending.extend(names(&target));
            }
            Look::Missing => return Err(ErrorKind::NotFound.into()),
        }
    }
    Ok(resolved)
}

/// The segments of a path, last one first; `..` counts as a segment.
fn names(path: &Path) -> Vec<OsString> {
    let components = path.components().rev();
    components
        .filter(|component| matches!(component, Component::Normal(_) | Component::ParentDir))
        .map(|component| component.as_os_str().to_os_string())
        .collect()
}
