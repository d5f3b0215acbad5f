//! Embedded documents: the path of a target can continue in JSON or YAML inside of a string.

use crate::error::{Code, Error, Result};
use crate::source::{Source, Span};
use crate::yaml::{Node, Scalar, as_written, parse, rewrite};

/// The root of the document in a string, which may be null; `None` for a string without content, or one that is not
/// YAML.
pub(super) fn root_of(text: &str) -> Option<Node> {
    read(text).ok()?
}

/// The root of the document in a string, which may be null, with aliases and merge keys unresolved; `None` for a string
/// without content.
pub(super) fn read(text: &str) -> Result<Option<Node>> {
    let is_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    Ok(match as_written(&Source::detached(text))? {
        Some(root) => Some(root),
        None => text.lines().any(is_content).then(|| Scalar::null(Span::NONE).into()),
    })
}

/// A node as YAML text, against which patterns of elements are matched.
pub(super) fn written(node: &Node) -> String {
    let mut text = String::new();
    match rewrite(node, &Source::detached(""), &mut text) {
        Ok(()) => text.trim().to_owned(),
        Err(_) => String::new(),
    }
}

/// The error for a path that continues in a string without a document that has fields or items.
#[cold]
pub(super) fn no_document(scalar: &Scalar) -> Error {
    let error = match parse::document(&Source::detached(scalar.text())) {
        Err(error) => Error::new(
            Code::InvalidType,
            format!("found a text that is no YAML document ({})", error.message()),
        ),
        Ok(_) => {
            Error::new(Code::InvalidType, "found a single value, expected a mapping or a list")
        }
    };
    error.note(scalar.span(), "the value").help("end the path before what is below this value")
}

/// An error inside of an embedded document, with the span of the string.
#[cold]
pub(super) fn inside(error: &Error, text: Span) -> Error {
    let message = format!("{} in the document inside of a text", error.message());
    let inside = Error::new(error.code(), message).note(text, "the text");
    error.helps().iter().fold(inside, |inside, help| inside.help(help.as_str()))
}
