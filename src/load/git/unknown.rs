//! What to say when git knows no such thing: what there is instead, and why it may be missing.

use std::path::Path;
use std::process::Output;

use super::Repository;
use crate::error::{Code, Error, nearest};

/// A directory is in no repository, or in one that git does not touch.
#[cold]
pub(super) fn repository(directory: &Path, output: &Output) -> Error {
    if !String::from_utf8_lossy(&output.stderr).contains("not a git repository") {
        return reason(output);
    }
    let message = format!("`{}` is in no git repository", directory.display());
    Error::new(Code::FileNotFound, message)
}

/// Git failed, for the reason that it gives.
#[cold]
pub(super) fn reason(output: &Output) -> Error {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().trim_start_matches("fatal: ");
    Error::new(Code::ReadFailed, format!("git failed: {said}"))
}

/// There is no revision of a name.
#[cold]
pub(super) fn revision(repository: &Repository, name: &str) -> Error {
    let error = Error::new(Code::FileNotFound, format!("git knows no revision `{name}`"));
    // The first of what git knows may be one that the rest of the name leads away from: `main~5`.
    let end = name.find(['~', '^', '@', ':']).unwrap_or(name.len());
    let (start, rest) = name.split_at(end);
    if !rest.is_empty() && repository.tree_of(start).is_ok_and(|tree| tree.is_some()) {
        let help = format!("`{start}` is there, but its history does not go back so far");
        return shallow(repository, error.help(help));
    }
    let names = repository.run(&["for-each-ref", "--format=%(refname:short)"]).unwrap_or_default();
    let names = String::from_utf8_lossy(&names);
    if names.is_empty() {
        return error.help("the repository has no branch with a commit yet");
    }
    let remote = names.lines().find(|known| {
        !start.is_empty() && known.strip_suffix(start).is_some_and(|rest| rest.ends_with('/'))
    });
    match remote.or_else(|| nearest(start, names.lines())) {
        Some(near) => error.help(format!("did you mean `{near}{rest}`?")),
        None => shallow(repository, error.help(format!("it knows {}", few(&names)))),
    }
}

/// The first names of a list.
fn few(names: &str) -> String {
    const MOST: usize = 8;
    let quoted: Vec<String> = names.lines().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = if names.lines().count() > MOST { ", …" } else { "" };
    format!("{}{more}", quoted.join(", "))
}

/// Two revisions have no commit in common.
#[cold]
pub(super) fn common(repository: &Repository, one: &str, other: &str) -> Error {
    let message = format!("`{one}` and `{other}` have no commit in common");
    let error = Error::new(Code::FileNotFound, message);
    shallow(repository, error)
}

/// There are no files beside the objects.
#[cold]
pub(super) fn working_tree(repository: &Repository) -> Error {
    let message = format!("`{}` has no working tree", repository.top().display());
    Error::new(Code::FileNotFound, message)
}

/// Adds that history is missing, if it is.
fn shallow(repository: &Repository, error: Error) -> Error {
    let said = repository.run(&["rev-parse", "--is-shallow-repository"]).unwrap_or_default();
    match said.starts_with(b"true") {
        true => error.help(
            "this clone has only a part of the history: `git fetch --unshallow` fetches the rest",
        ),
        false => error,
    }
}
