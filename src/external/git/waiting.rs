//! Special files that git would block on: pipes, devices and sockets in the place of files that it reads.

#![expect(clippy::disallowed_methods, reason = "the files of the working tree are looked at")]

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use super::{Repository, os_string};
use crate::error::{Code, Error, Result};

/// Name of the file that git reads in each directory when it lists untracked files.
const IGNORED: &str = ".gitignore";
/// Name of the file that git reads in each directory when it is asked for attributes.
const ATTRIBUTES: &str = ".gitattributes";

/// Refuses a working tree with a special file that git would read: a `.gitignore` in any directory, or the file in
/// `core.excludesFile`. Git opens them without checking their type.
///
/// # Errors
/// [`Code::NotAFile`], with the path.
pub(super) fn refuse(repository: &Repository) -> Result<()> {
    let top = repository.top();
    let named = configured(repository, "core.excludesFile")?;
    let found = named.filter(|path| is_special(path)).or_else(|| below(top, IGNORED));
    let Some(path) = found else { return Ok(()) };
    let shown = path.strip_prefix(top).unwrap_or(&path).display();
    let message = format!("`{shown}` is a device, a pipe or a socket, which git would block on");
    Err(Error::new(Code::NotAFile, message).help("remove it, or write a file in its place"))
}

/// True if git can be asked for attributes: no file that it reads for them is special.
pub(super) fn has_plain_attributes(repository: &Repository) -> bool {
    let own = repository.0.folder.as_ref().map(|folder| folder.join("info/attributes"));
    let is_plain = |path: Option<PathBuf>| !path.is_some_and(|path| is_special(&path));
    is_plain(own)
        && configured(repository, "core.attributesFile").is_ok_and(is_plain)
        && below(repository.top(), ATTRIBUTES).is_none()
}

/// The file that a setting names, if it is set.
fn configured(repository: &Repository, setting: &str) -> Result<Option<PathBuf>> {
    let outcome = repository.0.git.run(&["config", "--type=path", "--get", setting])?;
    let path = outcome.output.strip_suffix(b"\n").unwrap_or(&outcome.output);
    let is_named = outcome.is_success && !path.is_empty();
    Ok(is_named.then(|| repository.top().join(os_string(path))))
}

/// The first special file of a name at or below a directory. Links to directories are not followed, as in git.
fn below(top: &Path, name: &str) -> Option<PathBuf> {
    let mut pending = vec![top.to_path_buf()];
    while let Some(directory) = pending.pop() {
        // Git cannot list such a directory either.
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let found = entry.file_name();
            if kind.is_dir() && found != ".git" {
                pending.push(entry.path());
            } else if is_read(&found, name) && !kind.is_file() && is_special(&entry.path()) {
                return Some(entry.path());
            }
        }
    }
    None
}

/// True for a name in any case: some file systems ignore case.
fn is_read(found: &OsStr, name: &str) -> bool {
    found.eq_ignore_ascii_case(name)
}

/// True if a path exists, or the target of a link there, and is neither a file nor a directory.
pub(super) fn is_special(path: &Path) -> bool {
    let is_plain = |kind: FileType| kind.is_file() || kind.is_dir();
    fs::metadata(path).is_ok_and(|found| !is_plain(found.file_type()))
}
