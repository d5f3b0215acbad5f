//! Errors for repositories and revisions that git does not find: existing names, and reasons why one may be missing.

use std::path::Path;

use super::Repository;
use crate::error::{Code, Error, nearest};
use crate::text::phrase::few;

/// The error for a directory outside of any repository.
#[cold]
pub(super) fn repository(directory: &Path) -> Error {
    let message = format!("`{}` is not in a git repository", directory.display());
    Error::new(Code::FileNotFound, message)
        .help("name a directory in a repository, or run krender in one")
}

/// The error for a failure of git, by its standard error.
#[cold]
pub(super) fn reason(said: &str) -> Error {
    let said = complaints(said);
    let error = Error::new(Code::ReadFailed, format!("git failed: {}", said.join("; ")));
    if said.iter().any(|line| line.contains("dubious ownership")) {
        return error.help("the repository belongs to another user: if that is intended, name it in `safe.directory` of your own git configuration");
    }
    error
}

/// The errors among the messages of git, without hints and warnings.
pub(super) fn complaints(said: &str) -> Vec<&str> {
    let is_complaint = |line: &&str| {
        !line.is_empty() && !line.starts_with("hint:") && !line.starts_with("warning:")
    };
    let lines = said.lines().map(str::trim).filter(is_complaint);
    lines.map(|line| line.trim_start_matches("fatal: ").trim_start_matches("error: ")).collect()
}

/// The error for an unknown revision.
#[cold]
pub(super) fn revision(repository: &Repository, name: &str) -> Error {
    let error = Error::new(Code::FileNotFound, format!("git knows no revision `{name}`"));
    // The first part may be known, while the commit that the rest refers to is not: `main~5`.
    let end = name.find(['~', '^', '@', ':']).unwrap_or(name.len());
    let (start, rest) = name.split_at(end);
    if !rest.is_empty() && repository.knows(start) {
        let help = format!("`{start}` exists, but its history does not go back so far");
        return shallow(repository, error.help(help));
    }
    let list = ["for-each-ref", "--count=2000", "--format=%(refname:short)"];
    let names = repository.run(&list).unwrap_or_default();
    let names = String::from_utf8_lossy(&names);
    if names.is_empty() {
        return error.help("the repository has no branch with a commit yet");
    }
    let remote = names.lines().find(|known| {
        !start.is_empty() && known.strip_suffix(start).is_some_and(|rest| rest.ends_with('/'))
    });
    match remote.or_else(|| nearest(start, names.lines())) {
        Some(near) => error.help(format!("did you mean `{near}{rest}`?")),
        None => shallow(
            repository,
            error.help(format!(
                "it knows {}",
                few(&names.lines().collect::<Vec<_>>(), 8, |name| format!("`{name}`"))
            )),
        ),
    }
}

/// Two revisions have no commit in common.
#[cold]
pub(super) fn common(repository: &Repository, one: &str, other: &str) -> Error {
    let message = format!("`{one}` and `{other}` have no commit in common");
    let error = Error::new(Code::FileNotFound, message);
    shallow(repository, error)
}

/// The error for a repository without a working tree.
#[cold]
pub(super) fn working_tree(repository: &Repository) -> Error {
    let message = format!("`{}` has no working tree", repository.top().display());
    Error::new(Code::FileNotFound, message)
}

/// Adds that the clone is shallow, if it is.
fn shallow(repository: &Repository, error: Error) -> Error {
    let said = repository.run(&["rev-parse", "--is-shallow-repository"]).unwrap_or_default();
    match said.starts_with(b"true") {
        true => error.help(
            "this clone has only a part of the history: `git fetch --unshallow` fetches the rest",
        ),
        false => error,
    }
}
