//! The names of field paths, and errors about them.

use crate::error::Error;
use crate::source::Span;

/// True if a path may select annotations, in which a build stores data.
pub(super) fn reach_annotations(names: &[String]) -> bool {
    let mut names = names.iter().filter(|name| !name.trim().is_empty());
    names.next().is_some_and(|name| name.trim() == "metadata")
        && names.next().is_none_or(|name| matches!(name.trim(), "annotations" | "*"))
}

/// A corrected path for one with slashes or with indices in brackets: `/spec/ports/0` and `spec.ports[0]` become
/// `spec.ports.0`. `None` for a well-formed path.
#[cold]
pub(super) fn with_points(text: &str) -> Option<String> {
    let has_slashes =
        text.starts_with('/') || text.contains('/') && !text.contains(['.', '[', '\\']);
    let is_index = |name: &str| {
        let index =
            name.split_once('[').and_then(|(name, index)| Some((name, index.strip_suffix(']')?)));
        index.is_some_and(|(name, index)| !name.is_empty() && index.parse::<usize>().is_ok())
    };
    if has_slashes {
        let names = text.trim_matches('/').split('/');
        let names: Vec<String> =
            names.map(|name| name.replace("~1", "/").replace('.', "\\.")).collect();
        return Some(names.join("."));
    }
    text.split('.')
        .any(is_index)
        .then(|| text.replace('[', ".").replace(']', "").replace("..", "."))
}

/// Turns an error on a path into an error at the path.
#[cold]
pub(super) fn blocked(error: &Error, text: &str, span: Span) -> Error {
    let message = format!("there is no way to `{text}`: {}", error.message());
    let mut blocked = Error::new(error.code(), message).at(span);
    if !error.span().is_none() {
        blocked = blocked.note(error.span(), "found here");
    }
    for note in error.notes() {
        blocked = blocked.note(note.span, note.label.clone());
    }
    for help in error.helps() {
        blocked = blocked.help(help.clone());
    }
    blocked
}
