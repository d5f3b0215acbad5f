//! Edits that add to or remove from block collections (structured by indentation).

use super::change::{TextEdit, refused};
use super::new::New;
use super::place::{Member, Place, Text};
use super::write::Pass;
use crate::error::Result;

use crate::yaml::node::CollectionStyle;
use crate::yaml::tokens::{Form, Token, TokenKind};

impl Text<'_> {
    /// The edits that add an entry or elements.
    pub(super) fn insert(
        &self,
        place: &Place,
        at: Option<usize>,
        new: &New<'_>,
        pass: Pass,
    ) -> Result<Vec<TextEdit>> {
        if matches!(new, New::Items([])) {
            return Ok(Vec::new());
        }
        let node = place.node();
        let members = self.members(node);
        if members.is_empty() {
            return self.set(place, &new.alone(), pass);
        }
        if *self.piece(node).form() == Form::Pair {
            return Err(refused("found `key: value` without braces in a list")
                .at(self.span_of(place))
                .help("write braces around it first"));
        }
        let writer = self.writer(node, pass);
        let at = at.unwrap_or(members.len()).min(members.len());
        if self.is_flow(node) {
            return Ok(self.insert_in_flow(node, &members, at, &new.in_flow(&writer)?));
        }
        let column = self.column(members.first().map_or(0, |first| first.start));
        let text = new.lines(&writer, column)?;
        let indent = " ".repeat(column);
        let is_root = place.way.is_empty();
        let Some(next) = members.get(at) else {
            let end = members.last().map_or(0, |last| last.end);
            let column = (!is_root).then_some(column);
            return Ok(self.append(end, column, &format!("{indent}{text}")));
        };
        if !self.is_first_on_line(next.start) {
            return Ok(vec![self.put(next.start, format!("{text}\n{indent}"))]);
        }
        // A comment at the top is about the document.
        let line = match at == 0 && is_root {
            true => self.line_start(next.start),
            false => self.head(next.start),
        };
        Ok(vec![self.put(line, format!("{indent}{text}\n"))])
    }

    /// The edits that put lines below content that ends at an offset. If the last line of the file has no line end, the
    /// new last line has none either. Comments that are more indented than the lines belong to the content. A new entry of
    /// the root, which has no `column`, goes below all comments at the end of the document: they may be entries of the
    /// collection above them that are commented out.
    pub(super) fn append(&self, end: usize, column: Option<usize>, lines: &str) -> Vec<TextEdit> {
        let comment = match column {
            None => self.last_comment_behind(end),
            Some(column) => self.comments_of(end, column),
        };
        if let Some(comment) = comment {
            return match self.next_line(comment.end()) {
                Some(_) => vec![self.below(comment.end(), lines)],
                None => vec![self.put(self.text.len(), format!("\n{lines}"))],
            };
        }
        if self.next_line(end).is_some() || self.is_line_start(end) {
            return vec![self.below(end, lines)];
        }
        let line = self.put(self.text.len(), format!("\n{lines}"));
        self.stripped(end).into_iter().chain([line]).collect()
    }

    /// The edit that changes the chomping indicator of a block scalar at the end of the file to `-`, so that the line
    /// end that is now added after it does not become part of its text.
    fn stripped(&self, end: usize) -> Option<TextEdit> {
        let text = self.last_before(end).filter(|text| text.kind() == TokenKind::BlockText)?;
        let header = self.last_before(text.start())?;
        let indicators = self.text.get(header.range())?;
        let stripped = indicators.replace(['+', '-'], "") + "-";
        (stripped != indicators).then(|| self.replace(header.range(), stripped))
    }

    /// The edits that remove an entry or an element.
    pub(super) fn remove(&self, place: &Place) -> Result<Vec<TextEdit>> {
        let Some((parent, at)) = place.parent() else {
            return Err(refused("the root of a document cannot be removed").at(self.span_of(place)));
        };
        let members = self.members(parent);
        let Some(member) = members.get(at).copied() else {
            return Err(refused("no entry at this path").at(self.span_of(place)));
        };
        match self.piece(parent).form() {
            Form::Pair => Err(refused("found `key: value` without braces in a list")
                .at(self.span_of(place))
                .help("remove the element of the list")),
            Form::Mapping(CollectionStyle::Flow) | Form::Sequence(CollectionStyle::Flow) => {
                Ok(self.remove_from_flow(parent, &members, at))
            }
            _ if members.len() == 1 => Ok(self.remove_all(parent, member)),
            _ => Ok(vec![self.remove_from_block(&members, at, member, parent == 0)]),
        }
    }

    /// The edits that remove elements of a list, each by itself.
    pub(super) fn remove_elements(&self, list: &Place, items: &[usize]) -> Vec<TextEdit> {
        let node = list.node();
        let (members, is_flow) = (self.members(node), self.is_flow(node));
        let removed = items.iter().filter_map(|&at| Some((at, *members.get(at)?)));
        let edits = removed.flat_map(|(at, member)| match is_flow {
            true => self.remove_from_flow(node, &members, at),
            false => vec![self.remove_from_block(&members, at, member, node == 0)],
        });
        edits.collect()
    }

    fn remove_from_block(
        &self,
        members: &[Member],
        at: usize,
        member: Member,
        is_root: bool,
    ) -> TextEdit {
        let end = self.line_behind(member.end);
        if self.is_first_on_line(member.start) {
            let head = self.head(member.start);
            // A comment at the top is about the document.
            let is_top = at == 0 && is_root && self.comment_in(0..head).is_none();
            let start = if is_top { self.line_start(member.start) } else { head };
            return self.replace(start..self.end_of_removal(start, end), "");
        }
        // The entry shares its line with a dash or `?`; the next entry takes its place there.
        let next = members.get(at + 1).map_or(end, |next| next.start);
        let comment = self.comment_in(end..next).map_or(next, Token::start);
        self.replace(member.start..comment.min(next), "")
    }

    /// The end of lines to remove. Blank lines behind them go, too, if they would become part of a block scalar above that keeps
    /// its line ends.
    pub(super) fn end_of_removal(&self, start: usize, end: usize) -> usize {
        let text = self.last_before(start).filter(|text| text.kind() == TokenKind::BlockText);
        let header = text.and_then(|text| self.last_before(text.start()));
        let keeps = header
            .and_then(|header| self.text.get(header.range()))
            .is_some_and(|header| header.contains('+'));
        let mut end = end;
        while let Some(next) = self.next_line(end).filter(|_| keeps) {
            let line = self.text.get(end..next).unwrap_or_default();
            if !line.trim().is_empty() {
                break;
            }
            end = next;
        }
        end
    }

    /// The edits that remove the only entry: `{}` or `[]` remains.
    fn remove_all(&self, parent: usize, member: Member) -> Vec<TextEdit> {
        let empty = if member.key.is_some() { "{}" } else { "[]" };
        let lead = self.last_before(member.start).filter(|_| parent != 0);
        match lead {
            Some(lead) if self.is_first_on_line(member.start) => vec![
                self.put(lead.end(), format!(" {empty}")),
                self.replace(self.head(member.start)..self.line_behind(member.end), ""),
            ],
            _ => vec![self.replace(member.start..member.end, empty)],
        }
    }
}
