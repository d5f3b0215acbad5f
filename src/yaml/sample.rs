//! Test helpers: documents from text, and errors as text.

use std::fmt::Write as _;

use super::{Node, Scalar, parse};
use crate::error::{Error, Result};
use crate::source::{Sources, Span};

/// The first document of a text, or null if it has none; spans are offsets into the text.
pub(crate) fn document(sources: &Sources, text: &str) -> Result<Node> {
    let source = sources.add("sample.yaml", text)?;
    let document = parse::document(&source)?;
    Ok(document.map_or_else(|| Scalar::null(Span::NONE).into(), |document| document.root))
}

/// `line:column code: message (help) [note]` for each failure, a line each.
pub(crate) fn drawn(error: &Error, sources: &Sources) -> String {
    let place = |span| {
        let place = sources.locate(span).unwrap();
        format!("{}:{}", place.line, place.column)
    };
    let mut text = String::new();
    for error in error.iter() {
        write!(text, "{} {}: {}", place(error.span()), error.code(), error.message()).unwrap();
        for help in error.helps() {
            write!(text, " ({help})").unwrap();
        }
        for note in error.notes() {
            write!(text, " [{} {}]", place(note.span), note.label).unwrap();
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

/// `x` inside `depth` collections, alternately lists and mappings.
pub(crate) fn nested(depth: usize) -> Node {
    let mut node = Node::from(Scalar::untagged("x", Span::NONE));
    for level in 0..depth {
        node = match level % 2 {
            0 => Node::sequence(vec![node], Span::NONE),
            _ => Node::mapping(vec![(Scalar::untagged("k", Span::NONE), node)], Span::NONE),
        };
    }
    node
}
