//! Finds the repository of a directory without running git, which would accept any directory that looks like a bare
//! repository.

#![expect(clippy::disallowed_methods, reason = "the folder of a repository is looked for on disk")]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};
use crate::external::Environment;

/// A repository that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A working tree: a directory with a `.git`.
    Tree {
        /// Top of the working tree.
        top: PathBuf,
        /// Directory of the repository.
        folder: PathBuf,
    },
    /// A repository without a working tree.
    Bare(PathBuf),
}

/// The repository of a directory: the nearest `.git` at or above it. A directory that looks like a bare repository is
/// only accepted if it is the directory itself and there is no `.git` above it. Links in `directory` are resolved.
///
/// As with git, the search ends at `GIT_CEILING_DIRECTORIES`, and at another file system unless
/// `GIT_DISCOVERY_ACROSS_FILESYSTEM` is set.
///
/// # Errors
/// [`Code::ReadFailed`] if a file `.git` does not name a repository.
pub(super) fn above(directory: &Path, environment: &Environment) -> Result<Option<Found>> {
    let ceilings: Vec<PathBuf> = environment
        .get("GIT_CEILING_DIRECTORIES")
        .map(|paths| std::env::split_paths(paths).filter(|path| path.is_absolute()).collect())
        .unwrap_or_default();
    let ceilings: Vec<PathBuf> =
        ceilings.into_iter().map(|path| fs::canonicalize(&path).unwrap_or(path)).collect();
    let crosses = environment.get("GIT_DISCOVERY_ACROSS_FILESYSTEM");
    let crosses = crosses.is_some_and(|value| value != "0" && value != "false");
    let device = device(directory);
    for top in directory.ancestors() {
        let is_beyond = top != directory && ceilings.iter().any(|ceiling| ceiling == top);
        if is_beyond || !crosses && self::device(top) != device {
            break;
        }
        if let Some(found) = at(top)? {
            return Ok(Some(found));
        }
    }
    Ok(is_repository(directory).then(|| Found::Bare(directory.to_path_buf())))
}

/// The working tree at a directory; `None` if it has no `.git`.
///
/// # Errors
/// As [`above`].
pub(super) fn at(top: &Path) -> Result<Option<Found>> {
    let folder = named_by(&top.join(".git"))?;
    Ok(folder.map(|folder| Found::Tree { top: top.to_path_buf(), folder }))
}

/// The directory of the repository that a `.git` is or names; `None` if it is not a repository.
fn named_by(git: &Path) -> Result<Option<PathBuf>> {
    let Ok(metadata) = fs::metadata(git) else { return Ok(None) };
    if metadata.is_dir() {
        return Ok(is_repository(git).then(|| git.to_path_buf()));
    }
    let Some(text) = beginning(git) else { return Ok(None) };
    let named = text.strip_prefix("gitdir: ").map(|path| path.trim_end_matches(['\r', '\n']));
    let folder = named
        .filter(|path| !path.is_empty())
        .map(|path| git.parent().unwrap_or_else(|| Path::new("/")).join(path))
        .filter(|folder| is_repository(folder));
    match folder {
        Some(folder) => Ok(Some(folder)),
        None => Err(Error::new(
            Code::ReadFailed,
            format!("`{}` does not name a git repository", git.display()),
        )
        .help(
            "a file `.git` has the line `gitdir: PATH`, where PATH is the folder of a repository",
        )),
    }
}

/// True if a directory is a repository by the rules of git: `HEAD` names a branch or a commit, and `objects` and `refs`
/// exist. The files that git reads first must be regular files.
pub(super) fn is_repository(folder: &Path) -> bool {
    let common = common(folder);
    is_head(&folder.join("HEAD"))
        && common.join("objects").is_dir()
        && common.join("refs").is_dir()
        && not_plain(folder, &common).is_none()
}

/// The first of the files that git reads in each repository that exists and is not a regular file.
fn not_plain(folder: &Path, common: &Path) -> Option<PathBuf> {
    let own = ["index", "config.worktree"].map(|name| folder.join(name));
    let shared = ["config", "packed-refs", "shallow", "info/exclude", "objects/info/alternates"];
    let shared = shared.map(|name| common.join(name));
    let is_plain = |path: &PathBuf| fs::metadata(path).map_or(true, |found| found.is_file());
    own.into_iter().chain(shared).find(|path| !is_plain(path))
}

/// Refuses a repository with a special file, such as a pipe, that git would block on.
///
/// # Errors
/// [`Code::NotAFile`], with the path.
pub(super) fn refuse_special(folder: &Path) -> Result<()> {
    let head = folder.join("HEAD");
    let found = Some(head).filter(|head| super::waiting::is_special(head));
    let Some(path) = found.or_else(|| not_plain(folder, &common(folder))) else { return Ok(()) };
    let message = format!("`{}` is not a regular file, but git would read it", path.display());
    Err(Error::new(Code::NotAFile, message))
}

/// The directory that several working trees of a repository share, or the directory itself.
fn common(folder: &Path) -> PathBuf {
    match beginning(&folder.join("commondir")) {
        Some(path) => folder.join(path.trim_end_matches(['\r', '\n'])),
        None => folder.to_path_buf(),
    }
}

fn is_head(head: &Path) -> bool {
    if let Ok(target) = fs::read_link(head) {
        return target.starts_with("refs");
    }
    beginning(head).is_some_and(|text| match text.strip_prefix("ref:") {
        Some(name) => name.trim_start().starts_with("refs/"),
        None => text.len() >= 40 && text.bytes().take(40).all(|byte| byte.is_ascii_hexdigit()),
    })
}

/// The beginning of a small file. `None` if it is not a regular file, or not text.
fn beginning(path: &Path) -> Option<String> {
    const MOST: u64 = 4096;
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    fs::File::open(path).ok()?.take(MOST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The nearest existing directory, at a path or above it, with links resolved.
pub(super) fn nearest_directory(path: &Path) -> PathBuf {
    let there =
        path.ancestors().find_map(|path| fs::canonicalize(path).ok().filter(|it| it.is_dir()));
    there.unwrap_or_else(|| path.to_path_buf())
}

/// A path with links resolved, if it exists.
pub(super) fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The file system of a directory.
#[cfg(unix)]
fn device(directory: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(directory).ok().map(|metadata| metadata.dev())
}

#[cfg(not(unix))]
fn device(_: &Path) -> Option<u64> {
    None
}
