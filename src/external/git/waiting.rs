//! Special files that git would block on: pipes, devices and sockets in the place of ignore files.

#![expect(clippy::disallowed_methods, reason = "the files of the working tree are looked at")]

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use super::{Repository, os_string};
use crate::error::{Code, Error, Result};

/// Name of the file that git reads in each directory when it lists untracked files.
const IGNORED: &str = ".gitignore";

/// Refuses a working tree with a special file that git would read: a `.gitignore` in any directory, or the file in
/// `core.excludesFile`. Git opens them without checking their type.
///
/// # Errors
/// [`Code::NotAFile`], with the path.
pub(super) fn refuse(repository: &Repository) -> Result<()> {
    let top = repository.top();
    let found = excludes_file(repository)?.filter(|path| is_special(path)).or_else(|| below(top));
    let Some(path) = found else { return Ok(()) };
    let shown = path.strip_prefix(top).unwrap_or(&path).display();
    let message = format!("`{shown}` is a device, a pipe or a socket, which git would block on");
    Err(Error::new(Code::NotAFile, message).help("remove it, or write a file in its place"))
}

/// The file in `core.excludesFile`, if it is set.
fn excludes_file(repository: &Repository) -> Result<Option<PathBuf>> {
    let outcome = repository.0.git.run(&["config", "--type=path", "--get", "core.excludesFile"])?;
    let path = outcome.output.strip_suffix(b"\n").unwrap_or(&outcome.output);
    let is_named = outcome.is_success && !path.is_empty();
    Ok(is_named.then(|| repository.top().join(os_string(path))))
}

/// The first such file at or below a directory. Links to directories are not followed, as in git.
fn below(top: &Path) -> Option<PathBuf> {
    let mut pending = vec![top.to_path_buf()];
    while let Some(directory) = pending.pop() {
        // Git cannot list such a directory either.
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            if kind.is_dir() && name != ".git" {
                pending.push(entry.path());
            } else if is_read(&name) && !kind.is_file() && is_special(&entry.path()) {
                return Some(entry.path());
            }
        }
    }
    None
}

/// True for the name of a file that git reads, in any case: some file systems ignore case.
fn is_read(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(IGNORED)
}

/// True if a path exists, or the target of a link there, and is neither a file nor a directory.
pub(super) fn is_special(path: &Path) -> bool {
    let is_plain = |kind: FileType| kind.is_file() || kind.is_dir();
    fs::metadata(path).is_ok_and(|found| !is_plain(found.file_type()))
}
