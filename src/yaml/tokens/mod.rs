//! Tokens: a stream of documents cut into pieces that, put together, are its text again.
//!
//! The reader (`yaml/parse`) notes the tokens that mean something while it builds nodes, so tokens and nodes cannot
//! disagree. The text between two of them is white space and comments, which are tokens too. Beside the tokens stands
//! the outline of each document: its nodes as they are written, with aliases and merge keys unresolved.

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

    /// The offset behind the last byte.
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
    /// `:` before a value, with the offset of the key before it. The key behind a `?` is not named.
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
    /// `|` or `>`, with the indicators behind it.
    BlockHeader,
    /// The lines of a block scalar, from the first column of the first to the end of the last. Behind `+`, the empty
    /// lines below belong to it.
    BlockText,
    /// A comment, from its `#` to the end of the line.
    Comment,
    /// Spaces and tabs.
    Blank,
    /// The end of a line.
    LineEnd,
    /// Text behind the first document of a part of the stream, which is not read.
    Unread,
}

impl TokenKind {
    /// Tells whether the token is white space or a comment.
    #[must_use]
    pub const fn is_trivia(self) -> bool {
        matches!(self, Self::ByteOrderMark | Self::Comment | Self::Blank | Self::LineEnd)
    }

    /// Tells whether the token is a scalar, or the beginning of a block scalar.
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

    /// The number of the first token that does not end before an offset.
    #[must_use]
    pub fn position(&self, offset: usize) -> usize {
        self.list.partition_point(|token| token.end <= offset)
    }
}
