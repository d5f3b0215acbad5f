//! Lossless tokens: put together, they are the text of a stream of documents.
//!
//! The parser (`yaml/parse`) records the tokens while it builds nodes, so tokens and nodes cannot disagree. The text
//! between two recorded tokens is white space and comments, which become tokens too. The outline of each document lists
//! its nodes with their places, with aliases and merge keys unresolved.

mod attach;
mod outline;
mod recorder;
mod stream;

pub(super) use self::attach::Comments;
pub use self::attach::Remarks;
pub use self::outline::{Form, Outline, Piece};
pub(super) use self::recorder::{Recorder, fill};
use std::ops::Range;

/// A token: its kind, and its place in the text of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    kind: TokenKind,
    start: usize,
    end: usize,
}

impl Token {
    pub(super) const fn new(kind: TokenKind, start: usize, end: usize) -> Self {
        Self { kind, start, end }
    }

    /// The kind of the token.
    #[must_use]
    pub const fn kind(self) -> TokenKind {
        self.kind
    }

    /// The bytes of the token in the text of its source.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The offset of the first byte.
    #[must_use]
    pub const fn start(self) -> usize {
        self.start
    }

    /// The offset after the last byte.
    #[must_use]
    pub const fn end(self) -> usize {
        self.end
    }
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// U+FEFF at the start of a document.
    ByteOrderMark,
    /// `---` on a line between two documents of a stream.
    Separator,
    /// `%YAML …` or `%TAG …`.
    Directive,
    /// `---` before the content of a document.
    DocumentStart,
    /// `-` before an element of a block sequence.
    Dash,
    /// `?` before a key.
    Question,
    /// `:` before a value, with the offset of the key before it; `None` after an explicit key (`?`).
    Colon(Option<usize>),
    /// `,`
    Comma,
    /// `[`
    SequenceStart,
    /// `]`
    SequenceEnd,
    /// `{`
    MappingStart,
    /// `}`
    MappingEnd,
    /// `&name`
    Anchor,
    /// `*name`
    Alias,
    /// `!name`
    Tag,
    /// A scalar without quotes, from its first line to its last.
    Plain,
    /// A scalar in single quotes, with them.
    SingleQuoted,
    /// A scalar in double quotes, with them.
    DoubleQuoted,
    /// `|` or `>`, with the indicators after it.
    BlockHeader,
    /// The lines of a block scalar, from the first column of the first to the end of the last. With `+`, the empty
    /// lines below belong to it.
    BlockText,
    /// A comment, from its `#` to the end of the line.
    Comment,
    /// Spaces and tabs.
    Blank,
    /// The end of a line.
    LineEnd,
    /// Text after the first document of a part of the stream, which is not parsed.
    Unread,
}

impl TokenKind {
    /// True for white space and comments.
    #[must_use]
    pub const fn is_trivia(self) -> bool {
        matches!(self, Self::ByteOrderMark | Self::Comment | Self::Blank | Self::LineEnd)
    }

    /// True for a scalar, or the header of a block scalar.
    #[must_use]
    pub const fn is_scalar(self) -> bool {
        matches!(self, Self::Plain | Self::SingleQuoted | Self::DoubleQuoted | Self::BlockHeader)
    }
}

/// The tokens of a source, and the outlines of the documents in it.
#[derive(Debug, Default)]
pub struct Tokens {
    pub(super) list: Vec<Token>,
    pub(super) documents: Vec<Outline>,
}

impl Tokens {
    /// The tokens in order. Together they are the text.
    #[must_use]
    pub fn list(&self) -> &[Token] {
        &self.list
    }

    /// The documents that [`parse::documents`](super::parse::documents) reads, in order.
    #[must_use]
    pub fn documents(&self) -> &[Outline] {
        &self.documents
    }

    /// The index of the first token that ends after an offset.
    #[must_use]
    pub fn position(&self, offset: usize) -> usize {
        self.list.partition_point(|token| token.end <= offset)
    }
}
