//! The token stream that the parser of go-yaml v3 reads: with tokens for the beginning and end of blocks and keys, and
//! with comments assigned to tokens.
//!
//! The scanner (`scannerc.go`) assigns a comment by the token before it, the indentation around it, and empty lines.
//! The tokens in the text come from the parser ([`Token`](crate::yaml::tokens::Token)).

mod comments;

use std::collections::BTreeMap;

use super::{Token as Written, TokenKind};

/// A place in the text; lines and columns count from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The offset. It can be -1: the reference steps one byte before the text in some cases.
    pub(super) index: isize,
    line: isize,
    column: isize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
    Directive,
    DocumentStart,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Anchor,
    Alias,
    Tag,
    Scalar,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: Mark,
}

impl Token {
    /// The offset of the first byte.
    pub(super) fn offset(self) -> usize {
        self.start.index.max(0).unsigned_abs()
    }
}

/// A comment that is not assigned to a token yet, or was until it was cleared.
#[derive(Debug, Default)]
pub(super) struct Comment {
    scan: Mark,
    pub(super) token: Mark,
    start: Mark,
    end: Mark,
    pub(super) head: String,
    pub(super) line: String,
    pub(super) foot: String,
}

impl Comment {
    /// The offset of its first `#`.
    pub(super) fn offset(&self) -> usize {
        self.start.index.max(0).unsigned_abs()
    }

    /// Clears the comment after it was assigned.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

struct SimpleKey {
    token: usize,
    mark: Mark,
}

/// The number of bytes within which go-yaml looks for comments.
const LOOK_AHEAD: usize = 512;
const LONGEST_KEY: isize = 1024;

pub(super) struct Stream<'a> {
    text: &'a str,
    /// The remaining tokens of the text, without white space and comments.
    written: &'a [Written],
    mark: Mark,
    /// The number of line breaks since the last character that is not a space or tab.
    newlines: isize,
    indent: isize,
    indents: Vec<isize>,
    flow_level: usize,
    key_allowed: bool,
    /// The possible key at each flow level.
    keys: Vec<Option<SimpleKey>>,
    /// The flow level of each possible key, by the index of its token.
    levels: BTreeMap<usize, usize>,
    pub(super) tokens: Vec<Token>,
    /// The index of the first token that is not consumed.
    pub(super) head: usize,
    pub(super) comments: Vec<Comment>,
    pub(super) comments_head: usize,
}

impl<'a> Stream<'a> {
    /// The stream of a document that begins at an offset and ends with the text.
    pub(super) fn new(text: &'a str, start: usize, written: &'a [Written]) -> Self {
        let mark = Mark { index: start.cast_signed(), ..Mark::default() };
        Self {
            text,
            written,
            mark,
            newlines: 0,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            key_allowed: true,
            keys: vec![None],
            levels: BTreeMap::new(),
            tokens: vec![Token { kind: Kind::StreamStart, start: mark }],
            head: 0,
            comments: Vec::new(),
            comments_head: 0,
        }
    }

    /// The next token. Two more tokens are read first, since their comments may belong to it.
    pub(super) fn peek(&mut self) -> Token {
        while self.needs_more() {
            self.fetch();
        }
        let last = Token { kind: Kind::StreamEnd, start: self.mark };
        self.tokens.get(self.head).copied().unwrap_or(last)
    }

    fn needs_more(&mut self) -> bool {
        if self.tokens.last().is_some_and(|token| token.kind == Kind::StreamEnd) {
            return false;
        }
        if self.head + 2 >= self.tokens.len() {
            return true;
        }
        let key = self.levels.get(&self.head).and_then(|&level| self.keys.get(level));
        key.and_then(Option::as_ref).is_some_and(|key| key.is_valid(self.mark))
    }

    fn position(&self) -> usize {
        self.mark.index.max(0).unsigned_abs()
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.position() + ahead).copied().unwrap_or(0)
    }

    /// Skips a character, line breaks included.
    fn skip(&mut self) {
        match self.byte(0) {
            b'\r' if self.byte(1) == b'\n' => self.skip_line(2),
            b'\n' | b'\r' => self.skip_line(1),
            byte => {
                if !matches!(byte, b' ' | b'\t') {
                    self.newlines = 0;
                }
                let rest = self.text.get(self.position()..).unwrap_or_default();
                let length = rest.chars().next().map_or(1, char::len_utf8);
                self.mark.index += length.cast_signed();
                self.mark.column += 1;
            }
        }
    }

    fn skip_line(&mut self, length: isize) {
        self.mark = Mark { index: self.mark.index + length, line: self.mark.line + 1, column: 0 };
        self.newlines += 1;
    }

    fn at_end(&self) -> bool {
        self.position() >= self.text.len()
    }

    fn push(&mut self, kind: Kind, start: Mark) {
        self.tokens.push(Token { kind, start });
    }

    fn fetch(&mut self) {
        let scan = self.mark;
        self.scan_to_next_token(scan);
        if let Some(next) = self.written.first() {
            // Skips a byte order mark, and line ends beyond ASCII.
            self.skip_to(next.start());
        }
        self.unroll(self.mark.column, scan);
        let Some((&next, rest)) = self.written.split_first().filter(|_| !self.at_end()) else {
            return self.end();
        };
        self.written = rest;
        match next.kind() {
            // Text after the first document is not parsed.
            TokenKind::Unread => return self.end_of_document(Kind::StreamEnd, next),
            TokenKind::DocumentStart => {
                return self.end_of_document(Kind::DocumentStart, next);
            }
            TokenKind::Directive => {
                self.end_of_document(Kind::Directive, next);
                // A comment after a directive is lost.
                self.read_line();
                return;
            }
            _ => {}
        }
        let mut owner = self.mark;
        let separates = match next.kind() {
            TokenKind::Colon(_) => self.flow_level == 0,
            TokenKind::Comma => self.flow_level > 0,
            _ => false,
        };
        if separates && let Some(last) = self.tokens.last() {
            owner = last.start;
        }
        self.fetch_content(next);
        // A dash alone has no comment: the comment goes to the next token.
        if self.tokens.last().is_none_or(|token| token.kind != Kind::BlockEntry) {
            self.scan_line_comment(owner);
        }
    }

    fn end(&mut self) {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.unroll(-1, self.mark);
        self.push(Kind::StreamEnd, self.mark);
    }

    fn end_of_document(&mut self, kind: Kind, token: Written) {
        self.unroll(-1, self.mark);
        self.forget_key();
        self.key_allowed = false;
        let start = self.mark;
        if kind != Kind::StreamEnd {
            self.skip_to(token.end());
        }
        self.push(kind, start);
    }

    fn fetch_content(&mut self, next: Written) {
        let start = self.mark;
        let kind = match next.kind() {
            kind @ (TokenKind::SequenceStart | TokenKind::MappingStart) => {
                self.save_key();
                self.flow_level += 1;
                self.keys.push(None);
                self.key_allowed = true;
                match kind {
                    TokenKind::SequenceStart => Kind::FlowSequenceStart,
                    _ => Kind::FlowMappingStart,
                }
            }
            kind @ (TokenKind::SequenceEnd | TokenKind::MappingEnd) => {
                self.forget_key();
                self.flow_level = self.flow_level.saturating_sub(1);
                self.keys.pop();
                self.key_allowed = false;
                match kind {
                    TokenKind::SequenceEnd => Kind::FlowSequenceEnd,
                    _ => Kind::FlowMappingEnd,
                }
            }
            TokenKind::Comma => {
                self.forget_key();
                self.key_allowed = true;
                Kind::FlowEntry
            }
            TokenKind::Dash => {
                self.roll(start.column, None, Kind::BlockSequenceStart, start);
                self.forget_key();
                self.key_allowed = true;
                Kind::BlockEntry
            }
            TokenKind::Question => {
                self.roll(start.column, None, Kind::BlockMappingStart, start);
                self.forget_key();
                self.key_allowed = self.flow_level == 0;
                Kind::Key
            }
            TokenKind::Colon(_) => {
                self.key_before_value(start);
                Kind::Value
            }
            kind @ (TokenKind::Anchor | TokenKind::Alias | TokenKind::Tag) => {
                self.save_key();
                self.key_allowed = false;
                match kind {
                    TokenKind::Anchor => Kind::Anchor,
                    TokenKind::Alias => Kind::Alias,
                    _ => Kind::Tag,
                }
            }
            _ => return self.fetch_scalar(next),
        };
        self.skip_to(next.end());
        self.push(kind, start);
    }

    fn skip_to(&mut self, offset: usize) {
        while self.position() < offset {
            self.skip();
        }
    }

    fn key_before_value(&mut self, start: Mark) {
        match self.forget_key() {
            Some(key) if key.is_valid(self.mark) => {
                let number = key.token.min(self.tokens.len());
                self.tokens.insert(number, Token { kind: Kind::Key, start: key.mark });
                self.roll(key.mark.column, Some(number), Kind::BlockMappingStart, key.mark);
                self.key_allowed = false;
            }
            _ => {
                if self.flow_level == 0 {
                    self.roll(start.column, None, Kind::BlockMappingStart, start);
                }
                self.key_allowed = self.flow_level == 0;
            }
        }
    }

    fn fetch_scalar(&mut self, next: Written) {
        let start = self.mark;
        let is_block = next.kind() == TokenKind::BlockHeader;
        if is_block {
            self.forget_key();
        } else {
            self.save_key();
        }
        self.key_allowed = is_block;
        self.skip_to(next.end());
        if is_block {
            self.scan_line_comment(start);
            if let Some((text, rest)) = self.written.split_first()
                && text.kind() == TokenKind::BlockText
            {
                self.skip_to(text.end());
                self.written = rest;
            }
        }
        if is_block || next.kind() == TokenKind::Plain {
            while matches!(self.byte(0), b' ' | b'\t' | b'\r' | b'\n') && !self.at_end() {
                let was_break = matches!(self.byte(0), b'\r' | b'\n');
                self.skip();
                self.key_allowed |= was_break;
            }
        }
        self.push(Kind::Scalar, start);
    }

    fn save_key(&mut self) {
        if !self.key_allowed {
            return;
        }
        self.forget_key();
        let token = self.tokens.len();
        if let Some(place) = self.keys.last_mut() {
            *place = Some(SimpleKey { token, mark: self.mark });
            self.levels.insert(token, self.keys.len() - 1);
        }
    }

    fn forget_key(&mut self) -> Option<SimpleKey> {
        let key = self.keys.last_mut().and_then(Option::take)?;
        self.levels.remove(&key.token);
        Some(key)
    }

    fn roll(&mut self, column: isize, number: Option<usize>, kind: Kind, mark: Mark) {
        if self.flow_level > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let number = number.unwrap_or(self.tokens.len());
        self.tokens.insert(number, Token { kind, start: mark });
    }

    /// Ends the blocks that are indented more than a column, before the comments that belong to outer blocks.
    fn unroll(&mut self, column: isize, scan: Mark) {
        if self.flow_level > 0 {
            return;
        }
        let mut mark = scan;
        mark.index -= 1;
        while self.indent > column {
            let mut stop = mark.index;
            for comment in self.comments.iter().rev() {
                if comment.end.index < stop {
                    break;
                }
                if comment.start.column == self.indent + 1 {
                    mark = comment.start;
                }
                stop = comment.scan.index;
            }
            self.push(Kind::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn scan_to_next_token(&mut self, scan: Mark) {
        loop {
            while self.byte(0) == b' '
                || (self.byte(0) == b'\t' && (self.flow_level > 0 || !self.key_allowed))
            {
                self.skip();
            }
            self.turn_line_to_head();
            if self.byte(0) == b'#' {
                self.scan_comments(scan);
            }
            if !matches!(self.byte(0), b'\r' | b'\n') || self.at_end() {
                return;
            }
            self.skip();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// Turns a comment after the first dash of a list into the head comment of the next token.
    fn turn_line_to_head(&mut self) {
        let is_break = matches!(self.byte(0), b'\r' | b'\n') && !self.at_end();
        let [.., before, last] = &self.tokens[..] else { return };
        if before.kind != Kind::BlockSequenceStart || last.kind != Kind::BlockEntry || is_break {
            return;
        }
        // Comments that were assigned already are empty.
        if let Some(comment) = self.comments.last_mut().filter(|comment| !comment.line.is_empty()) {
            comment.head = std::mem::take(&mut comment.line);
            if comment.start.line == self.mark.line - 1 {
                comment.token = self.mark;
            }
        }
    }

    fn scan_line_comment(&mut self, token: Mark) {
        if self.newlines > 0 {
            return;
        }
        let mut ahead = 0;
        while ahead < LOOK_AHEAD && matches!(self.byte(ahead), b' ' | b'\t') {
            ahead += 1;
        }
        if ahead == LOOK_AHEAD || self.byte(ahead) != b'#' {
            return;
        }
        (0..ahead).for_each(|_| self.skip());
        let start = self.mark;
        let line = self.read_line();
        self.comments.push(Comment { token, start, line, ..Comment::default() });
    }

    /// The offset of the first token at or after an offset: the place of a scalar that is not written.
    pub(super) fn content_from(&self, all: &[Written], offset: usize) -> usize {
        let next = all.partition_point(|token| token.start() < offset);
        all.get(next).map_or(self.text.len(), |token| token.start())
    }

    /// The rest of the line, without its break.
    fn read_line(&mut self) -> String {
        let start = self.position();
        while !matches!(self.byte(0), b'\r' | b'\n') && !self.at_end() {
            self.skip();
        }
        self.text.get(start..self.position()).unwrap_or_default().to_owned()
    }
}

impl SimpleKey {
    /// True if a `:` at a mark can still make it a key.
    const fn is_valid(&self, mark: Mark) -> bool {
        self.mark.line >= mark.line && self.mark.index + LONGEST_KEY >= mark.index
    }
}
