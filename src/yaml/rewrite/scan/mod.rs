//! Tokens and comments of a text that is known to be YAML, as go-yaml v3 finds them.
//!
//! Where a comment belongs to is decided while the text is scanned (`scannerc.go`): by the token before it, the
//! indentation around it, and empty lines. The scalars are known already, so they are stepped over.

mod comments;

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};

/// A place in the text; lines and columns count from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The offset. The reference steps one before the text at times.
    pub(super) index: isize,
    line: isize,
    column: isize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
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
    Tag,
    Scalar,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: Mark,
}

/// A comment on its way to a token.
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
    /// Forgets where it was, once it is given away.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A scalar in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) end: usize,
    pub(super) is_block: bool,
    pub(super) is_plain: bool,
}

struct SimpleKey {
    token: usize,
    mark: Mark,
}

/// How far ahead comments are looked for, and how long a key may be.
const LOOK_AHEAD: usize = 512;
const LONGEST_KEY: isize = 1024;

pub(super) struct Scanner<'a> {
    text: &'a str,
    scalars: &'a BTreeMap<usize, Extent>,
    mark: Mark,
    /// The line breaks since the last character that is not blank.
    newlines: isize,
    indent: isize,
    indents: Vec<isize>,
    flow_level: usize,
    key_allowed: bool,
    /// What may turn out to be a key, by flow level.
    keys: Vec<Option<SimpleKey>>,
    /// The flow levels of these, by their tokens.
    levels: BTreeMap<usize, usize>,
    pub(super) tokens: Vec<Token>,
    /// The first token that is not consumed.
    pub(super) head: usize,
    pub(super) comments: Vec<Comment>,
    pub(super) comments_head: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, scalars: &'a BTreeMap<usize, Extent>) -> Self {
        let mark = Mark::default();
        Self {
            text,
            scalars,
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

    /// The next token. It is known only when the two behind it are, since their comments may belong to it.
    pub(super) fn peek(&mut self) -> Result<Token> {
        while self.needs_more() {
            self.fetch()?;
        }
        let last = Token { kind: Kind::StreamEnd, start: self.mark };
        Ok(self.tokens.get(self.head).copied().unwrap_or(last))
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

    /// Steps over a character, line breaks included.
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

    fn fetch(&mut self) -> Result<()> {
        let scan = self.mark;
        self.scan_to_next_token(scan);
        self.unroll(self.mark.column, scan);
        if self.at_end() {
            if self.mark.column != 0 {
                self.mark.column = 0;
                self.mark.line += 1;
            }
            self.unroll(-1, self.mark);
            self.push(Kind::StreamEnd, self.mark);
            return Ok(());
        }
        let rest = self.text.get(self.position()..).unwrap_or_default();
        if self.mark.column == 0 && rest.starts_with('%') {
            return Err(unsupported("a directive"));
        }
        for (marker, kind) in [("---", Kind::DocumentStart), ("...", Kind::StreamEnd)] {
            let is_marker = rest
                .strip_prefix(marker)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
            if self.mark.column == 0 && is_marker {
                self.unroll(-1, self.mark);
                self.forget_key();
                self.key_allowed = false;
                let start = self.mark;
                (0..3).for_each(|_| self.skip());
                // What follows the first document is nobody's business.
                let is_first = kind == Kind::DocumentStart && self.tokens.len() == 1;
                self.push(if is_first { kind } else { Kind::StreamEnd }, start);
                return Ok(());
            }
        }
        let mut owner = self.mark;
        let separator = if self.flow_level == 0 { b':' } else { b',' };
        if self.byte(0) == separator
            && let Some(last) = self.tokens.last()
        {
            owner = last.start;
        }
        self.fetch_content()?;
        // A dash alone has no comment: it goes to what follows.
        if self.tokens.last().is_none_or(|token| token.kind != Kind::BlockEntry) {
            self.scan_line_comment(owner);
        }
        Ok(())
    }

    fn fetch_content(&mut self) -> Result<()> {
        let is_blank = |byte: u8| matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n');
        let start = self.mark;
        if let Some(extent) = self.scalars.get(&self.position()).copied() {
            self.fetch_scalar(extent);
            return Ok(());
        }
        let simple = |kind| Ok::<Kind, Error>(kind);
        let kind = match self.byte(0) {
            byte @ (b'[' | b'{') => {
                self.save_key();
                self.flow_level += 1;
                self.keys.push(None);
                self.key_allowed = true;
                simple(if byte == b'[' { Kind::FlowSequenceStart } else { Kind::FlowMappingStart })
            }
            byte @ (b']' | b'}') => {
                self.forget_key();
                self.flow_level = self.flow_level.saturating_sub(1);
                self.keys.pop();
                self.key_allowed = false;
                simple(if byte == b']' { Kind::FlowSequenceEnd } else { Kind::FlowMappingEnd })
            }
            b',' => {
                self.forget_key();
                self.key_allowed = true;
                simple(Kind::FlowEntry)
            }
            b'-' if is_blank(self.byte(1)) => {
                if self.flow_level == 0 {
                    self.roll(start.column, None, Kind::BlockSequenceStart, start);
                }
                self.forget_key();
                self.key_allowed = true;
                simple(Kind::BlockEntry)
            }
            b':' => {
                self.key_before_value(start);
                simple(Kind::Value)
            }
            b'?' => Err(unsupported("`? ` before a key")),
            b'&' | b'*' => Err(unsupported("an anchor or an alias")),
            b'!' => {
                self.save_key();
                self.key_allowed = false;
                let in_flow = self.flow_level > 0;
                while !(is_blank(self.byte(0)) || (in_flow && self.byte(0) == b',')) {
                    self.skip();
                }
                self.push(Kind::Tag, start);
                return Ok(());
            }
            _ => Err(unsupported("an unusual scalar")),
        }?;
        self.skip();
        self.push(kind, start);
        Ok(())
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

    fn fetch_scalar(&mut self, extent: Extent) {
        let start = self.mark;
        if extent.is_block {
            self.forget_key();
        } else {
            self.save_key();
        }
        self.key_allowed = extent.is_block;
        if extent.is_block {
            self.block_header(start);
        }
        while self.position() < extent.end {
            self.skip();
        }
        if extent.is_block || extent.is_plain {
            while matches!(self.byte(0), b' ' | b'\t' | b'\r' | b'\n') && !self.at_end() {
                let was_break = matches!(self.byte(0), b'\r' | b'\n');
                self.skip();
                self.key_allowed |= was_break;
            }
        }
        self.push(Kind::Scalar, start);
    }

    /// `|` and what stands behind it, a comment for instance.
    fn block_header(&mut self, start: Mark) {
        while !matches!(self.byte(0), b'#' | b'\r' | b'\n') && !self.at_end() {
            self.skip();
        }
        if self.byte(0) == b'#' {
            self.scan_line_comment(start);
        }
        while !matches!(self.byte(0), b'\r' | b'\n') && !self.at_end() {
            self.skip();
        }
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

    /// Ends the blocks that are indented more than a column: before the comments that belong to the blocks around.
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

    /// A comment behind the first dash of a list is one above what follows.
    fn turn_line_to_head(&mut self) {
        let is_break = matches!(self.byte(0), b'\r' | b'\n') && !self.at_end();
        let [.., before, last] = &self.tokens[..] else { return };
        if before.kind != Kind::BlockSequenceStart || last.kind != Kind::BlockEntry || is_break {
            return;
        }
        // Those that were given away are empty.
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

    /// A tag as it is written; nothing for one that means nothing.
    pub(super) fn tag(&self, start: Mark) -> Result<&'a str> {
        let rest = self.text.get(start.index.max(0).unsigned_abs()..).unwrap_or_default();
        let is_end = |character| matches!(character, ' ' | '\t' | '\r' | '\n' | ',');
        let tag = rest.split(is_end).next().unwrap_or_default();
        if tag.starts_with("!<") || tag.contains(['%', '[', ']', '{', '}']) {
            return Err(unsupported("an unusual tag"));
        }
        Ok(if tag == "!" { "" } else { tag })
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
    /// Whether a value at a place can still make a key of it.
    const fn is_valid(&self, mark: Mark) -> bool {
        self.mark.line >= mark.line && self.mark.index + LONGEST_KEY >= mark.index
    }
}

#[cold]
pub(super) fn unsupported(what: &str) -> Error {
    Error::new(
        Code::NotSupportedYet,
        format!(
            "found {what} in a YAML document inside of a text, which krender cannot write anew yet"
        ),
    )
    .help("write that document without it")
}
