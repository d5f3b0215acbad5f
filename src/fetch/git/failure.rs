//! Errors of fetching, in git's own words, with advice.

use super::Key;
use crate::error::{Code, Error, Result};
use crate::external::git::{Request, complaints};
use crate::load::git::Id;

/// Refuses a reference that git would not read as a single name.
///
/// # Errors
/// [`Code::InvalidValue`].
pub(super) fn refuse(key: &Key) -> Result<()> {
    if key.url.contains(char::is_control) {
        let message = format!("`{}` is not a URL: it has control characters", key.url);
        return Err(Error::new(Code::InvalidValue, message));
    }
    let reference = &*key.reference;
    let is_odd = |letter: char| letter.is_control() || " ~^:?*[\\".contains(letter);
    let is_name = !reference.starts_with(['-', '+', '/'])
        && !reference.contains(is_odd)
        && !reference.contains("..")
        && !reference.contains("@{");
    if is_name {
        return Ok(());
    }
    let message = format!("`{reference}` is not the name of a branch, a tag or a commit");
    let error = Error::new(Code::InvalidValue, message);
    Err(match reference.contains(['~', '^']) {
        true => {
            error.help("write the full id of the commit: other repositories resolve names only")
        }
        false => error.help("`?ref=` names a branch, a tag, or a commit by its full id"),
    })
}

/// True if a server says that it cannot leave the history out.
pub(super) fn knows_no_shallow(said: &str) -> bool {
    said.contains("does not support shallow") || said.contains("shallow capabilities")
}

/// True if a server has ids of another algorithm.
pub(super) fn has_other_ids(said: &str) -> bool {
    said.contains("mismatched algorithms")
}

/// True if a server says that it has no such reference: it may have others.
pub(super) fn lacks_reference(said: &str) -> bool {
    ["couldn't find remote ref", "not our ref", "no matching remote head"]
        .iter()
        .any(|words| said.contains(words))
}

/// True if a server says that it does not send commits by their ids.
pub(super) fn knows_no_commits(said: &str) -> bool {
    said.contains("does not allow request for unadvertised object")
}

/// The error for a request that git refused.
#[cold]
pub(super) fn of(said: &str, reference: &str, request: &Request<'_>) -> Error {
    let url = request.url;
    let lines = complaints(said);
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if lacks_reference(said) {
        let message = match reference {
            "HEAD" => format!("`{url}` has no default branch"),
            _ => format!("`{url}` has no branch, tag or commit `{reference}`"),
        };
        let error = Error::new(Code::FetchFailed, message);
        return match (is_beginning_of_id(reference), reference) {
            (true, _) => error.help(
                "a commit is named by its full id: 40 digits, or 64 in a repository with SHA-256",
            ),
            (false, "HEAD") => error.help("name a branch: `?ref=main`"),
            (false, _) if Id::parse(reference.as_bytes()).is_some() => error
                .help("was the commit replaced by a forced push, or is it in another repository?"),
            (false, _) => error.help(format!("`git ls-remote {url}` lists its branches and tags")),
        };
    }
    let words = match lines.is_empty() {
        true => "it gave no reason".to_owned(),
        false => lines.join("; "),
    };
    let error = Error::new(Code::FetchFailed, format!("git cannot fetch `{url}`: {words}"));
    if has(&[
        "terminal prompts disabled",
        "could not read Username",
        "Authentication failed",
        "Permission denied (publickey",
    ]) {
        return error.help(
            "krender uses the credentials of git and asks for none: set up a credential helper, an SSH agent, or an access token",
        );
    }
    if has(&["Host key verification failed"]) {
        return error
            .help("add the key of the host to `known_hosts`, for example with `ssh-keyscan`");
    }
    if has(&["transport 'file' not allowed"]) && !request.from_user {
        return error.help("git allows submodules on disk with `protocol.file.allow=always` in your own configuration");
    }
    if has(&["not found", "does not exist", "does not appear to be a git repository"]) {
        return error
            .help("check the URL, and that you may read the repository: `git ls-remote URL`");
    }
    if has(&["Could not resolve host", "unable to access", "Could not connect"]) {
        return error.help("with `--offline` what was fetched before is used");
    }
    error
}

/// The error for a command that did not end by itself.
#[cold]
pub(super) fn ended(error: Error, request: &Request<'_>) -> Error {
    let seconds = request.timeout.as_secs().max(1);
    match error.code() {
        Code::TimedOut => {
            let time = match request.timeout.as_secs() {
                0 => format!("{} ms", request.timeout.as_millis()),
                1 => "a second".to_owned(),
                seconds => format!("{seconds} seconds"),
            };
            let message = format!("git cannot fetch `{}`: it was ended after {time}", request.url);
            let help = format!("allow more time in the URL: `?timeout={}s`", seconds * 4);
            Error::new(Code::TimedOut, message).help(help)
        }
        Code::Cancelled => error,
        _ => error.step(format!("while fetching `{}`", request.url)),
    }
}

/// The error for a repository that another process does not release.
#[cold]
pub(super) fn locked(error: Error, request: &Request<'_>) -> Error {
    match error.code() {
        Code::TimedOut => {
            let message = format!("`{}` is being fetched: {}", request.url, error.message());
            let seconds = request.timeout.as_secs().max(1) * 4;
            let help =
                format!("wait longer, and allow more time in the URL: `?timeout={seconds}s`");
            Error::new(Code::TimedOut, message).help(help)
        }
        _ => error,
    }
}

/// The error for a reference to an object that is neither a commit nor a tag of one.
#[cold]
pub(super) fn no_commit(reference: &str, request: &Request<'_>) -> Error {
    let message = format!("`{reference}` of `{}` is not a commit", request.url);
    Error::new(Code::FetchFailed, message)
}

/// The error for a reference that was never fetched, without network.
#[cold]
pub(super) fn offline(url: &str, reference: &str) -> Error {
    let message = match reference {
        "HEAD" => format!("`{url}` is not in the cache"),
        _ => format!("`{reference}` of `{url}` is not in the cache"),
    };
    Error::new(Code::FetchRefused, message).help("fetch it once without `--offline`")
}

fn is_beginning_of_id(reference: &str) -> bool {
    (7..40).contains(&reference.len()) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}
