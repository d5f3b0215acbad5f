//! Edits that set a value.

use std::ops::Range;

use super::change::{TextEdit, refused};
use super::place::{Member, Place, Text};
use super::write::{BlockText, Pass, Writer, is_block};
use crate::error::Result;
use crate::yaml::node::{Kind, Node, Style};
use crate::yaml::tokens::{Token, TokenKind};

impl Text<'_> {
    /// The writer for new content of a collection.
    pub(super) fn writer(&self, node: usize, pass: Pass) -> Writer {
        if self.is_json() {
            let quotes = Some(Style::DoubleQuoted);
            return Writer { layout: self.layout, pass, keys: quotes, values: quotes };
        }
        Writer {
            layout: self.layout,
            pass,
            keys: self.quotes_of_keys(node),
            values: self.quotes_of_values(node),
        }
    }

    /// The edits that set a value.
    pub(super) fn set(&self, place: &Place, value: &Node, pass: Pass) -> Result<Vec<TextEdit>> {
        let Some((parent, at)) = place.parent() else { return self.set_root(value, pass) };
        let Some(member) = self.members(parent).get(at).copied() else {
            return Err(refused("no value at this path").at(self.span_of(place)));
        };
        let mut writer = self.writer(parent, pass);
        if let Some(old) = self.piece(member.value).scalar() {
            let quotes = Some(old.style())
                .filter(|style| matches!(style, Style::SingleQuoted | Style::DoubleQuoted));
            writer.values = quotes.or(writer.values.filter(|_| old.style() != Style::Plain));
            if old.style() == Style::Plain && self.is_absent(member.value) {
                writer.values = self.quotes_of_values(parent);
            }
        }
        let mut edits = self.without_tag(member.value);
        if self.is_flow(parent) {
            edits.push(self.set_in_flow(member, writer.inline(value, true, 0)?));
            return Ok(edits);
        }
        if !member.has_colon {
            return Err(refused("found a key behind `?` without a value")
                .at(self.span_of(place))
                .help("write the colon below it first"));
        }
        edits.extend(self.set_in_block(member, value, &writer)?);
        Ok(edits)
    }

    fn set_root(&self, value: &Node, pass: Pass) -> Result<Vec<TextEdit>> {
        let writer = Writer { layout: self.layout, pass, keys: None, values: None };
        let start = self.piece(0).range().start;
        let text = match is_block(value) {
            true => writer.block(value, self.column(start), 0)?,
            false => writer.inline(value, false, 0)?,
        };
        let mut edits = self.without_tag(0);
        edits.push(self.replace(start..self.end_of(0).max(start), text));
        Ok(edits)
    }

    /// The edits that remove the tag of a node.
    fn without_tag(&self, node: usize) -> Vec<TextEdit> {
        let tags = self.properties(self.piece(node).range().start);
        let tags = tags.filter(|token| token.kind() == TokenKind::Tag);
        let is_blank = |start: usize, end: usize| {
            let between = self.text.get(start..end).unwrap_or_default();
            !between.is_empty() && between.bytes().all(|byte| byte == b' ')
        };
        let with_blanks = |tag: Token| {
            let before = self.last_before(tag.start()).map_or(tag.start(), Token::end);
            let next = self.first_from(tag.end()).map_or(tag.end(), Token::start);
            let range = if is_blank(before, tag.start()) {
                before..tag.end()
            } else if is_blank(tag.end(), next) {
                tag.start()..next
            } else {
                tag.range()
            };
            self.replace(range, "")
        };
        tags.map(with_blanks).collect()
    }

    fn set_in_flow(&self, member: Member, text: String) -> TextEdit {
        if !self.is_absent(member.value) {
            let start = self.piece(member.value).range().start;
            return self.replace(start..self.end_of(member.value), text);
        }
        let colon = if member.has_colon { " " } else { ": " };
        self.put(member.end, format!("{colon}{text}"))
    }

    fn set_in_block(&self, member: Member, value: &Node, writer: &Writer) -> Result<Vec<TextEdit>> {
        let column = self.column(member.start);
        let is_dash = member.key.is_none();
        let new = writer.value(value, column, is_dash, 0)?;
        if self.is_absent(member.value) {
            return Ok(self.lines_behind(member.end..member.end, &new));
        }
        let start = self.piece(member.value).range().start;
        let end = self.end_of(member.value);
        let header = self.first_from(start).filter(|token| token.kind() == TokenKind::BlockHeader);
        if let Some(header) = header.filter(|_| !self.is_block(member.value)) {
            return Ok(self.in_place_of_lines(header, new));
        }
        let lead = self.last_before(start).map_or(member.after, Token::end);
        if self.line_start(start) == self.line_start(lead) {
            let from = if new.head.is_empty() { lead } else { start };
            return Ok(self.lines_behind(from..end, &new));
        }
        // The old value is on lines of its own.
        let first = self.line_start(start);
        if self.is_block(member.value) && is_block(value) {
            let is_list = value.kind() == Kind::Sequence;
            let old = self.column(start);
            let keeps = old > column || (old == column && is_list && !is_dash);
            let deeper = if is_dash { 2 } else { writer.deeper(value) };
            let at = if keeps { old } else { column + deeper };
            let text = " ".repeat(at) + &writer.block(value, at, 0)?;
            return Ok(vec![self.replace(first..end, text)]);
        }
        if !self.is_block(member.value) && new.body.is_empty() {
            return Ok(vec![self.replace(start..end, new.head)]);
        }
        let blank = if new.head.is_empty() { "" } else { " " };
        let body = if new.body.is_empty() { String::new() } else { new.body + "\n" };
        Ok(vec![
            self.put(lead, format!("{blank}{}", new.head)),
            self.replace(first..self.line_behind(end), body),
        ])
    }

    /// The start of the next line after content that ends at an offset; the offset itself if it is the start of a line
    /// already.
    pub(super) fn line_behind(&self, end: usize) -> usize {
        if self.is_line_start(end) {
            return end;
        }
        self.next_line(end).unwrap_or(self.text.len())
    }

    /// The edits that replace a range by a value; further lines of the value go below the current line.
    fn lines_behind(&self, range: Range<usize>, new: &BlockText) -> Vec<TextEdit> {
        let is_inserted = range.is_empty() && !new.head.is_empty();
        let blank = if is_inserted { " " } else { "" };
        let end = range.end;
        let mut edits = vec![self.replace(range, format!("{blank}{}", new.head))];
        if !new.body.is_empty() {
            edits.push(self.below(end, &new.body));
        }
        edits
    }

    /// The edit that puts lines below the line around an offset.
    pub(super) fn below(&self, at: usize, lines: &str) -> TextEdit {
        match self.next_line(at) {
            _ if at > 0 && self.is_line_start(at) => self.put(at, format!("{lines}\n")),
            Some(next) => self.put(next, format!("{lines}\n")),
            None => self.put(self.text.len(), format!("\n{lines}\n")),
        }
    }

    /// The edits that replace a block scalar by a value.
    fn in_place_of_lines(&self, header: Token, new: BlockText) -> Vec<TextEdit> {
        let text = self.first_from(header.end()).filter(|text| text.kind() == TokenKind::BlockText);
        let lead = self.last_before(header.start()).map_or(header.start(), Token::end);
        let start = if new.head.is_empty() { lead } else { header.start() };
        let mut edits = vec![self.replace(start..header.end(), new.head)];
        let Some(text) = text else {
            if !new.body.is_empty() {
                edits.push(self.below(header.end(), &new.body));
            }
            return edits;
        };
        edits.push(match new.body.is_empty() {
            true => self.replace(text.start()..self.line_behind(text.end()), ""),
            false if self.is_line_start(text.end()) => self.replace(text.range(), new.body + "\n"),
            false => self.replace(text.range(), new.body),
        });
        edits
    }

    /// The edits that give an entry another key.
    pub(super) fn rename(&self, place: &Place, key: &str, pass: Pass) -> Result<Vec<TextEdit>> {
        let member = place.parent().and_then(|(parent, at)| self.members(parent).get(at).copied());
        let old = member.and_then(|member| member.key);
        let scalar = old.and_then(|key| self.piece(key).scalar());
        let (Some(old), Some(scalar)) = (old.filter(|key| !self.is_absent(*key)), scalar) else {
            return Err(refused("expected a key that is text").at(self.span_of(place)));
        };
        if matches!(scalar.style(), Style::Literal | Style::Folded) {
            return Err(refused("found a key of several lines").at(self.span_of(place)));
        }
        let in_flow = place.parent().is_some_and(|(parent, _)| self.is_flow(parent));
        let writer = Writer { layout: self.layout, pass, keys: Some(scalar.style()), values: None };
        let mut edits = self.without_tag(old);
        let start = self.piece(old).range().start;
        edits.push(self.replace(start..self.end_of(old), writer.key(key, in_flow)));
        Ok(edits)
    }
}
