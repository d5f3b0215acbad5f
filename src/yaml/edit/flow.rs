//! Edits that add to or remove from flow collections (in brackets and braces).

use super::change::TextEdit;
use super::place::{Member, Text, is_line_end};
use crate::yaml::tokens::{Token, TokenKind};

impl Text<'_> {
    /// The edits that add texts as members.
    pub(super) fn insert_in_flow(
        &self,
        node: usize,
        members: &[Member],
        at: usize,
        texts: &[String],
    ) -> Vec<TextEdit> {
        let text = texts.join(", ");
        let lines = |column: usize| texts.join(&format!(",\n{}", " ".repeat(column)));
        if let Some(next) = members.get(at) {
            if !self.is_first_on_line(next.start) {
                return vec![self.put(next.start, format!("{text}, "))];
            }
            let column = self.column(next.start);
            let text = format!("{}{},\n", " ".repeat(column), lines(column));
            return vec![self.put(self.head(next.start), text)];
        }
        let Some(last) = members.last() else { return Vec::new() };
        let comma = self.comma_behind(*last);
        let end = comma.map_or(last.end, Token::end);
        let close = self.piece(node).range().end.saturating_sub(1);
        let rest = self.text.get(end..close).unwrap_or_default();
        let trail = if comma.is_some() { "," } else { "" };
        if let Some(next_line) = self.next_line(end)
            && self.is_first_on_line(last.start)
            && rest.contains(is_line_end)
        {
            let column = self.column(last.start);
            let text = format!("{}{}{trail}\n", " ".repeat(column), lines(column));
            let line = self.put(next_line, text);
            return match comma {
                Some(_) => vec![line],
                None => vec![self.put(last.end, ","), line],
            };
        }
        match comma {
            Some(_) => vec![self.put(end, format!(" {text},"))],
            None => vec![self.put(end, format!(", {text}"))],
        }
    }

    /// The edits that remove a member.
    pub(super) fn remove_from_flow(
        &self,
        node: usize,
        members: &[Member],
        at: usize,
    ) -> Vec<TextEdit> {
        let Some(member) = members.get(at).copied() else { return Vec::new() };
        let comma = self.comma_behind(member);
        let end = comma.map_or(member.end, Token::end);
        let before =
            self.last_before(member.start).filter(|token| token.kind() == TokenKind::Comma);
        let inner = self.piece(node).range();
        let (open, close) = (inner.start + 1, inner.end.saturating_sub(1).max(inner.start + 1));
        if members.len() == 1 && self.comment_in(open..close).is_none() {
            return vec![self.replace(open..close, "")];
        }
        if self.is_alone(member.start, end) {
            let lines = self.replace(self.head(member.start)..self.line_behind(end), "");
            return match before.filter(|_| comma.is_none()) {
                Some(before) => vec![self.replace(before.range(), ""), lines],
                None => vec![lines],
            };
        }
        if let Some(next) = members.get(at + 1) {
            let end = match self.comment_in(member.start..next.start) {
                None => next.start,
                Some(_) => end,
            };
            return vec![self.replace(member.start..end, "")];
        }
        match before {
            Some(before) if self.comment_in(before.start()..member.start).is_none() => {
                vec![self.replace(before.start()..member.end, "")]
            }
            Some(before) if comma.is_none() => {
                vec![self.replace(before.range(), ""), self.replace(member.start..member.end, "")]
            }
            _ => vec![self.replace(member.start..end, "")],
        }
    }

    /// The comma after a member.
    fn comma_behind(&self, member: Member) -> Option<Token> {
        self.first_from(member.end).filter(|token| token.kind() == TokenKind::Comma)
    }

    /// True if the lines of a range hold only the range itself and, after it, a comment.
    fn is_alone(&self, start: usize, end: usize) -> bool {
        let rest = self.text.get(end..).unwrap_or_default().trim_start_matches([' ', '\t']);
        self.is_first_on_line(start) && rest.starts_with(|next| next == '#' || is_line_end(next))
    }
}
