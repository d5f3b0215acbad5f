//! Git, run as a process, so that the settings of the user apply.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::disk::reason;
use crate::error::{Code, Error, Result};

/// The paths that differ between a revision and the files on the disk, in the repository that a directory is in: what
/// was changed, added or removed, and what git does not follow yet. What git is told to ignore is not among them.
///
/// The revision may be whatever `git diff` takes: `main`, `HEAD~3`, `origin/main...` for all since the branch began.
///
/// # Errors
/// [`Code::InvalidArgument`] when there is no such revision, [`Code::ReadFailed`] when git cannot be run or the
/// directory is in no repository.
pub fn changed_since(directory: &Path, revision: &str) -> Result<Vec<PathBuf>> {
    if revision.starts_with('-') || revision.is_empty() {
        let message = format!("`{revision}` is no revision");
        return Err(Error::new(Code::InvalidArgument, message).help("name a commit or a branch"));
    }
    let top = git(directory, &["rev-parse", "--show-toplevel"]).map_err(|told| {
        let message = format!("git knows nothing of `{}`: {told}", directory.display());
        Error::new(Code::ReadFailed, message)
    })?;
    let top = PathBuf::from(top.trim_end_matches(['\n', '\r']));
    let flags = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", revision, "--"];
    let changed = git(&top, &flags).map_err(|told| {
        let message = format!("git cannot compare with `{revision}`: {told}");
        Error::new(Code::InvalidArgument, message)
            .help("a revision must be fetched before: `git fetch origin main`")
    })?;
    let flags = ["ls-files", "--others", "--exclude-standard", "-z"];
    let added = git(&top, &flags).map_err(|told| {
        Error::new(Code::ReadFailed, format!("git cannot list what is new: {told}"))
    })?;
    let paths = changed.split('\0').chain(added.split('\0')).filter(|path| !path.is_empty());
    Ok(paths.map(|path| top.join(path)).collect())
}

/// What git prints, or the first line of what it complains of.
#[expect(
    clippy::disallowed_methods,
    reason = "git is a process, and this is the layer that starts it"
)]
fn git(directory: &Path, arguments: &[&str]) -> std::result::Result<String, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .output()
        .map_err(|error| format!("`git` cannot be run: {}", reason(&error)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let line = told.lines().next().unwrap_or("it fails and does not say why");
    Err(line.trim_start_matches("fatal: ").to_owned())
}
