//! Absolute paths without `.`, `..` and doubled separators, by their bytes: their components are slow to find.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Joins `path` to an absolute, clean directory, as [`join`](super::join) does.
#[cfg(unix)]
pub(super) fn join(directory: &Path, path: &Path) -> PathBuf {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

    let path = path.as_os_str().as_bytes();
    let start = if path.starts_with(b"/") { &b"/"[..] } else { directory.as_os_str().as_bytes() };
    let mut joined = Vec::with_capacity(start.len() + 1 + path.len());
    joined.extend_from_slice(start);
    for segment in path.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                let end = joined.iter().rposition(|&byte| byte == b'/').unwrap_or_default();
                joined.truncate(end.max(1));
            }
            _ => {
                if joined.last() != Some(&b'/') {
                    joined.push(b'/');
                }
                joined.extend_from_slice(segment);
            }
        }
    }
    OsString::from_vec(joined).into()
}

/// The parent of an absolute, clean path, and its last segment; `None` for the root.
#[cfg(unix)]
pub(super) fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    use std::os::unix::ffi::OsStrExt as _;

    let bytes = path.as_os_str().as_bytes();
    let end = bytes.iter().rposition(|&byte| byte == b'/');
    match end.map(|end| (&bytes[..end.max(1)], &bytes[end + 1..])) {
        // The root, or a path that is not clean.
        None | Some((_, b"" | b"." | b"..")) => path.parent().zip(path.file_name()),
        Some((parent, name)) => {
            Some((Path::new(OsStr::from_bytes(parent)), OsStr::from_bytes(name)))
        }
    }
}

/// Joins `path` to an absolute, clean directory, as [`join`](super::join) does.
#[cfg(not(unix))]
pub(super) fn join(directory: &Path, path: &Path) -> PathBuf {
    by_component(directory, path)
}

/// The parent of an absolute, clean path, and its last segment; `None` for the root.
#[cfg(not(unix))]
pub(super) fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    Some((path.parent()?, path.file_name()?))
}

/// Joins `path` to any directory, as [`join`](super::join) does.
pub(super) fn by_component(directory: &Path, path: &Path) -> PathBuf {
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

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENTS: [&str; 8] = ["a", "..", ".", "", "b.yaml", "...", "..a", "ä ö"];

    #[test]
    fn paths_are_joined_as_by_their_components() {
        let mut number = 0;
        for directory in ["/", "/a", "/a/b", "/a/b/c.d"] {
            for one in SEGMENTS {
                for two in SEGMENTS {
                    for three in SEGMENTS {
                        for path in [
                            format!("{one}/{two}/{three}"),
                            format!("/{one}/{two}"),
                            one.to_owned(),
                        ] {
                            let (directory, path) = (Path::new(directory), Path::new(&path));
                            let expected = by_component(directory, path);
                            let joined = join(directory, path);
                            assert_eq!(
                                joined.as_os_str(),
                                expected.as_os_str(),
                                "{directory:?} {path:?}"
                            );
                            number += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(number, 4 * 512 * 3);
    }

    #[test]
    fn paths_are_split_as_by_their_components() {
        for path in ["/", "/a", "/a/b", "/a/b.c/..d", "/ä/ö", "/a/", "/a/b/.", "/a/..", "a"] {
            let path = Path::new(path);
            assert_eq!(split(path), path.parent().zip(path.file_name()), "{path:?}");
        }
    }
}
