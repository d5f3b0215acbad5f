//! Assigns comments to nodes, by the rules of go-yaml v3.

use std::collections::BTreeMap;

use super::document::Comment;
use crate::source::{Source, Span};
use crate::yaml::tokens::{Comments, Form, Outline, Remarks, Tokens};

/// Sets the node of each comment, a key or a value, and drops comments that belong to none.
///
/// A comment at the end of a line belongs to the node that ends there: a value, or a key whose value begins below.
/// Comments on lines of their own belong to the key or list element on the next line. A node keeps one comment: the one
/// at the end of its line, or else the first one above.
pub(super) fn attach(
    comments: &mut Vec<Comment>,
    source: &Source,
    tokens: &Tokens,
    outline: &Outline,
) {
    let attached = Comments::of(source.text(), tokens, outline);
    let mut nodes: BTreeMap<usize, Span> = BTreeMap::new();
    for piece in outline.pieces() {
        let range = piece.range();
        let (remarks, span) = match piece.form() {
            Form::Scalar(scalar) => (attached.of_scalar(range.start), scalar.span()),
            Form::Alias => (attached.of_scalar(range.start), source.span(range.start, range.end)),
            Form::Sequence(_) | Form::Mapping(_) | Form::Pair => {
                (attached.of_collection(range.start), source.span(range.start, range.end))
            }
        };
        if !range.is_empty() {
            nodes.extend(remarks.and_then(Remarks::schema_at).map(|at| (at, span)));
        }
    }
    comments.retain_mut(|comment| {
        let at = (comment.span.start() - source.base()) as usize;
        comment.node = nodes.get(&at).copied().unwrap_or_default();
        nodes.contains_key(&at)
    });
}
