//! Resolves symbolic links in trees that are not on disk, as Linux does.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use super::files::join;

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
    follow(path, look, &mut |_, _, _| {})
}

/// The paths that decide where a path leads: for each link on the way, the link itself, and the path with its target in its
/// place. Empty without links. What cannot be looked at ends the way.
pub(super) fn ways(path: &Path, look: &dyn Fn(&Path) -> io::Result<Look>) -> Vec<PathBuf> {
    let mut ways = Vec::new();
    // The links up to an error count, too.
    drop(follow(path, look, &mut |link, directory, rest| {
        let rest: PathBuf = rest.iter().rev().collect();
        ways.extend([link, join(directory, &rest)]);
    }));
    ways
}

/// Resolves all links, and calls `tell` for each with the link, the directory that its target starts from, and the segments
/// that are to be followed from there, last one first.
fn follow(
    path: &Path,
    look: &dyn Fn(&Path) -> io::Result<Look>,
    tell: &mut dyn FnMut(PathBuf, &Path, &[OsString]),
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
                let link = resolved.clone();
                resolved.pop();
                if target.is_absolute() {
                    resolved = PathBuf::from("/");
                }
                pending.extend(names(&target));
                tell(link, &resolved, &pending);
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

#[cfg(test)]
mod tests {
    use super::super::{Loader, Memory, Options};
    use super::*;

    #[test]
    fn each_link_on_the_way_decides() {
        let files = Memory::new()
            .file("x1/f", "")
            .link("d", "x1")
            .link("l", "d/f")
            .link("gone", "d/g/h")
            .link("x1/up", "../d/../x1/f")
            .link("round", "round");
        let loader = Loader::new(files, Options::default());
        let ways = |path: &str| -> Vec<String> {
            let ways = loader.ways(Path::new(path)).into_iter();
            ways.map(|way| way.display().to_string()).collect()
        };
        for path in ["/x1/f", "/x1", "/", "/none", "/none/f", "/x1/none", "/x1/f/below"] {
            assert!(ways(path).is_empty(), "{path}");
        }
        assert_eq!(ways("/d/f"), ["/d", "/x1/f"]);
        assert_eq!(ways("/l"), ["/l", "/d/f", "/d", "/x1/f"]);
        assert_eq!(ways("/gone"), ["/gone", "/d/g/h", "/d", "/x1/g/h"]);
        assert_eq!(ways("/d/up"), ["/d", "/x1/up", "/x1/up", "/x1/f", "/d", "/x1/f"]);
        assert_eq!(ways("/round").len(), 80);
    }
}
