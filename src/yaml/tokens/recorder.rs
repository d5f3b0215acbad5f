//! Records tokens and nodes for the parser, in the order of the text.

use std::collections::BTreeMap;

use super::outline::{Form, Piece};
use super::{Outline, Token, TokenKind};
use crate::yaml::node::Scalar;

/// The recorded tokens and nodes of one document. Offsets are those of the source.
#[derive(Debug, Default)]
pub(in crate::yaml) struct Recorder {
    tokens: Vec<Token>,
    pieces: Vec<Piece>,
    /// The pieces of the open collections.
    open: Vec<usize>,
    tags: BTreeMap<usize, String>,
}

impl Recorder {
    /// Records a token.
    pub(in crate::yaml) fn token(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.tokens.push(Token::new(kind, start, end));
    }

    /// Records the name of the tag at an offset.
    pub(in crate::yaml) fn tag(&mut self, start: usize, name: String) {
        self.tags.insert(start, name);
    }

    /// Records a scalar with its place.
    pub(in crate::yaml) fn scalar(&mut self, scalar: &Scalar, start: usize, end: usize) {
        self.leaf(Form::Scalar(scalar.clone()), start, end);
    }

    /// Records an alias.
    pub(in crate::yaml) fn alias(&mut self, start: usize, end: usize) {
        self.leaf(Form::Alias, start, end);
    }

    fn leaf(&mut self, form: Form, start: usize, end: usize) {
        let next = self.pieces.len() + 1;
        self.pieces.push(Piece { form, start, end, next });
    }

    /// Records the beginning of a collection. Its first key may have been recorded already; the collection is inserted
    /// before it.
    pub(in crate::yaml) fn open(&mut self, form: Form, start: usize, has_key: bool) {
        let at = match has_key {
            true => self.pieces.partition_point(|piece| piece.start < start),
            false => self.pieces.len(),
        };
        for key in self.pieces.iter_mut().skip(at) {
            key.next += 1;
        }
        self.pieces.insert(at, Piece { form, start, end: start, next: at });
        self.open.push(at);
    }

    /// Records the end of the innermost collection. Its last node may be an alias, whose span is that of its anchor.
    pub(in crate::yaml) fn close(&mut self, end: usize) {
        let next = self.pieces.len();
        let end = end.max(self.pieces.last().map_or(0, |last| last.end));
        if let Some(piece) = self.open.pop().and_then(|at| self.pieces.get_mut(at)) {
            piece.next = next;
            piece.end = end.max(piece.start);
        }
    }

    /// The tokens of comments.
    pub(in crate::yaml) fn comments(&self) -> impl Iterator<Item = Token> {
        self.tokens.iter().copied().filter(|token| token.kind() == TokenKind::Comment)
    }

    /// Appends all tokens of a document that spans `start..end` of a text, and returns its outline.
    pub(in crate::yaml) fn complete(
        mut self,
        text: &str,
        start: usize,
        end: usize,
        tokens: &mut Vec<Token>,
    ) -> Outline {
        // The parser reads some comments twice.
        self.tokens.sort_by_key(|token| token.start());
        self.tokens.dedup();
        let mut at = start;
        for token in self.tokens {
            fill(text, at, token.start(), tokens);
            at = token.end();
            tokens.push(token);
        }
        fill(text, at, end, tokens);
        Outline::new(self.pieces, self.tags, start..end)
    }
}

/// Appends the tokens of white space and comments in a range.
pub(in crate::yaml) fn fill(text: &str, start: usize, end: usize, tokens: &mut Vec<Token>) {
    let mut at = start;
    while let Some(rest) = text.get(at..end).filter(|rest| !rest.is_empty()) {
        let length_of = |is_part: fn(char) -> bool| {
            rest.find(|character| !is_part(character)).unwrap_or(rest.len())
        };
        let (kind, length) = match rest.as_bytes() {
            [b' ' | b'\t', ..] => (TokenKind::Blank, length_of(|part| matches!(part, ' ' | '\t'))),
            [b'#', ..] => (TokenKind::Comment, length_of(|part| !is_line_end(part))),
            [b'\r', b'\n', ..] => (TokenKind::LineEnd, 2),
            _ if rest.starts_with('\u{feff}') => (TokenKind::ByteOrderMark, '\u{feff}'.len_utf8()),
            _ if rest.starts_with(is_line_end) => {
                (TokenKind::LineEnd, rest.chars().next().map_or(1, char::len_utf8))
            }
            _ => (TokenKind::Unread, rest.len()),
        };
        tokens.push(Token::new(kind, at, at + length));
        at += length;
    }
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
