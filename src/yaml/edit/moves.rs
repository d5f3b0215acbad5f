//! Moves the elements of a list to the end of another one.

use super::change::{TextEdit, refused};
use super::new::New;
use super::place::{Place, Text};
use super::write::Pass;
use super::{Edited, Source, apply, verify};
use crate::error::Result;
use crate::yaml::node::Node;
use crate::yaml::parse;
use crate::yaml::path::PathStep;
use crate::yaml::tokens::Token;

/// Moves all elements of a list to the end of another one, and removes the entry of the list that is empty then. Comments stay:
/// those of the entry and of elements go along if both lists are structured by indentation, otherwise they take the place of
/// the entry. A comment at the top of the document is about the document.
///
/// # Errors
/// As [`edit`](super::edit).
pub fn move_items(
    source: &Source,
    document: usize,
    from: &[PathStep],
    to: &[PathStep],
) -> Result<Edited> {
    let tokens = parse::tokens(source)?;
    let text = Text::new(source, &tokens, document)?.with_layout();
    let (from, to) = (text.locate(from)?, text.locate(to)?);
    let root = text.outline.tree(source);
    let items = root.at(&from.way).map_or(&[][..], Node::items);
    let no_list = || refused("no list here").at(text.span_of(&to));
    let expected = expected(root.clone(), items, &from, &to).ok_or_else(no_list)?;
    let moved = |mut edits: Vec<TextEdit>| {
        edits.sort_by_key(|edit| edit.span);
        let new = apply(source, &edits)?;
        verify(&text, &tokens, document, &expected, &new)
            .map_err(|error| error.at(text.span_of(&from)))?;
        Ok(Edited { edits, text: new })
    };
    // At the end of a file without a last line end, a text that ends with one needs it.
    for end in ["", "\n"] {
        if let Some(Ok(edited)) = text.moved(&from, &to, end).map(moved) {
            return Ok(edited);
        }
    }
    let written = |pass| text.written_again(&from, &to, items, pass).and_then(moved);
    written(Pass::LikeSiblings).or_else(|_| written(Pass::DoubleQuoted))
}

fn expected(mut root: Node, items: &[Node], from: &Place, to: &Place) -> Option<Node> {
    root.at_mut(&to.way)?.as_sequence_mut()?.items_mut().extend_from_slice(items);
    let (last, around) = from.way.split_last()?;
    root.at_mut(around)?.as_mapping_mut()?.entries_mut().remove(*last);
    Some(root)
}

impl Text<'_> {
    /// The edits that write the elements again. Only the comments of the entry remain.
    fn written_again(
        &self,
        from: &Place,
        to: &Place,
        items: &[Node],
        pass: Pass,
    ) -> Result<Vec<TextEdit>> {
        let mut edits = self.insert(to, None, &New::Items(items), pass)?;
        let entry = from.parent().and_then(|(parent, at)| self.members(parent).get(at).copied());
        let Some(entry) = entry.filter(|entry| self.is_first_on_line(entry.start)) else {
            edits.extend(self.remove(from)?);
            return Ok(edits);
        };
        let start = self.line_start(entry.start);
        let range = start..self.end_of_removal(start, self.line_behind(entry.end));
        let indent = " ".repeat(self.column(entry.start));
        let comments = self.comments_in(range.clone()).filter_map(|it| self.text.get(it.range()));
        let lines = comments.map(|comment| format!("{indent}{}\n", comment.trim_end()));
        edits.push(self.replace(range, lines.collect::<String>()));
        Ok(edits)
    }

    /// The edits that move the lines of a list, and a text behind them. `None` if they have other content, too.
    fn moved(&self, from: &Place, to: &Place, end_of_lines: &str) -> Option<Vec<TextEdit>> {
        if !self.is_block(from.node()) || !self.is_block(to.node()) {
            return None;
        }
        let (parent, at) = from.parent()?;
        let entry = *self.members(parent).get(at)?;
        let (old, new) = (self.members(from.node()), self.members(to.node()));
        let (first, last, end) = (old.first()?, old.last()?, new.last()?);
        let start = self.next_line(entry.after)?;
        let is_apart = self.is_first_on_line(entry.start)
            && self.is_first_on_line(first.start)
            && self.is_first_on_line(end.start)
            && start <= first.start;
        if !is_apart || !self.is_block(parent) {
            return None;
        }
        let (column, new_column) = (self.column(first.start), self.column(end.start));
        let comment = self.comments_of(last.end, self.column(entry.start));
        let behind = self.line_behind(comment.map_or(last.end, Token::end));
        let indent = " ".repeat(new_column);
        let head = self.head(entry.start);
        let is_top = self.comment_in(0..head).is_none() && at == 0 && parent == 0;
        let head = if is_top { self.line_start(entry.start) } else { head };
        let comments = self.comments_in(head..start);
        let mut lines: Vec<String> = comments
            .filter_map(|comment| self.text.get(comment.range()))
            .map(|comment| format!("{indent}{}", comment.trim_end()))
            .collect();
        for line in self.text.get(start..behind)?.lines() {
            let inner = line.trim_start_matches(' ');
            let depth = (line.len() - inner.len() + new_column).saturating_sub(column);
            let depth = if inner.is_empty() { 0 } else { depth };
            lines.push(format!("{}{inner}", " ".repeat(depth)));
        }
        let mut edits = self.append(end.end, Some(new_column), &(lines.join("\n") + end_of_lines));
        edits.push(self.replace(head..self.end_of_removal(head, behind), ""));
        Some(edits)
    }
}
