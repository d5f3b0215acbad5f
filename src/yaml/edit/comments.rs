//! Comments of entries, for changes that would lose some.

use super::place::{Member, Place, Text};
use super::{Edited, Source, apply, refused, verify};
use crate::error::Result;
use crate::yaml::parse;
use crate::yaml::path::PathStep;

/// The comments of an entry or element, without those above it: from its first token to the end of its last line.
///
/// # Errors
/// As [`edit`](super::edit).
pub fn comments(source: &Source, document: usize, path: &[PathStep]) -> Result<Vec<String>> {
    let tokens = parse::tokens(source)?;
    let text = Text::new(source, &tokens, document)?;
    let place = text.locate(path)?;
    let Some(member) = text.member(&place) else { return Ok(Vec::new()) };
    let column = text.column(member.start);
    let end = text.comments_of(member.end, column).map_or(member.end, |comment| comment.end());
    let comments = text.comments_in(member.start..text.line_behind(end));
    let comments = comments.filter_map(|comment| text.text.get(comment.range()));
    Ok(comments.map(|comment| comment.trim_end().to_owned()).collect())
}

/// Puts comments on lines of their own above an entry or element, or above the one around it that begins a line.
///
/// # Errors
/// As [`edit`](super::edit).
pub fn comment_above(
    source: &Source,
    document: usize,
    path: &[PathStep],
    comments: &[String],
) -> Result<Edited> {
    let tokens = parse::tokens(source)?;
    let text = Text::new(source, &tokens, document)?.with_layout();
    let place = text.locate(path)?;
    let around = (1..=path.len()).rev().filter_map(|length| path.get(..length));
    let members = around.filter_map(|path| text.member(&text.locate(path).ok()?));
    let start = members.map(|member| member.start).find(|&start| text.is_first_on_line(start));
    let Some(start) = start else {
        return Err(refused("no line for a comment here").at(text.span_of(&place)));
    };
    let indent = " ".repeat(text.column(start));
    let lines: String = comments.iter().map(|comment| format!("{indent}{comment}\n")).collect();
    let edits = vec![text.put(text.line_start(start), lines)];
    let new = apply(source, &edits)?;
    verify(&text, &tokens, document, &text.outline.tree(source), &new)?;
    Ok(Edited { edits, text: new })
}

impl Text<'_> {
    /// The entry or element at a place; `None` for the root.
    fn member(&self, place: &Place) -> Option<Member> {
        let (parent, at) = place.parent()?;
        self.members(parent).get(at).copied()
    }
}
