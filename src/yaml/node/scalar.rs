//! Scalars: text with the tag and style that decide its type.

use std::fmt;

use super::{Kind, Text};
use crate::source::Span;

/// Text with the tag and style that decide its type. Mapping keys are scalars too.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar {
    text: Text,
    span: Span,
    tag: Tag,
    style: Style,
    is_untagged: bool,
}

impl Scalar {
    /// A scalar as the parser makes it.
    #[must_use]
    pub fn parsed(text: &str, tag: Tag, style: Style, span: Span) -> Self {
        Self { text: text.into(), span, tag, style, is_untagged: false }
    }

    /// A scalar that was set by a transformer, not parsed: see [`Scalar::is_untagged`].
    #[must_use]
    pub fn set(text: &str, tag: Tag, style: Style, span: Span) -> Self {
        Self { text: text.into(), span, tag, style, is_untagged: tag == Tag::None }
    }

    /// Plain text without a tag: its type (a number, a boolean, a string …) is inferred from the text at output. Keys
    /// that the reference adds and names that it sets are such scalars.
    #[must_use]
    pub fn untagged(text: &str, span: Span) -> Self {
        Self::set(text, Tag::None, Style::Plain, span)
    }

    /// A copy with another span.
    #[must_use]
    pub fn at(&self, span: Span) -> Self {
        Self { span, ..self.clone() }
    }

    /// Text that stays a string even if it looks like another type (`!!str`).
    #[must_use]
    pub fn string(text: &str, span: Span) -> Self {
        Self::parsed(text, Tag::Str, Style::Plain, span)
    }

    /// A null.
    #[must_use]
    pub fn null(span: Span) -> Self {
        Self::parsed("null", Tag::Null, Style::Plain, span)
    }

    /// A placeholder for a key that is a collection: empty text with a collection tag. It cannot be emitted.
    #[must_use]
    pub fn complex_key(kind: Kind, span: Span) -> Self {
        let tag = if kind == Kind::Sequence { Tag::Seq } else { Tag::Map };
        Self::parsed("", tag, Style::Plain, span)
    }

    /// True for a [`Scalar::complex_key`].
    #[must_use]
    pub fn is_complex_key(&self) -> bool {
        let is_collection = matches!(self.tag(), Tag::Seq | Tag::Map);
        is_collection && self.style() == Style::Plain && self.text.is_empty()
    }

    /// The text, without quotes and folding.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as a [`Text`], whose clones share long text.
    #[must_use]
    pub const fn shared_text(&self) -> &Text {
        &self.text
    }

    /// True for a null: by its tag, or plain text that the parser read as one. kyaml does not treat text that was set
    /// without a tag as a null ([`Scalar::is_untagged`]).
    #[must_use]
    pub fn is_null(&self) -> bool {
        let written = matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL");
        let is_parsed = self.tag == Tag::None && self.style == Style::Plain && !self.is_untagged;
        is_parsed && written || self.tag == Tag::Null
    }

    /// The explicit tag.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        self.tag
    }

    /// The style.
    #[must_use]
    pub const fn style(&self) -> Style {
        self.style
    }

    /// The span of the text that it was read from, or of the cause of its creation.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// True if the scalar was set without a tag. The parser of the reference stores the type of what it reads as a tag;
    /// the reference treats a scalar without one as text, even if it is printed as a number or a null.
    #[must_use]
    pub const fn is_untagged(&self) -> bool {
        self.is_untagged
    }

    /// The same scalar as if it were parsed: not [`Scalar::is_untagged`].
    #[must_use]
    pub(in crate::yaml) fn into_parsed(mut self) -> Self {
        self.is_untagged = false;
        self
    }

    /// True if both have the same text, tag and style.
    pub(super) fn reads_as(&self, other: &Self) -> bool {
        (self.tag(), self.style()) == (other.tag(), other.style()) && self.text == other.text
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.tag(), self.style()) {
            (Tag::None, Style::Plain) => write!(formatter, "{}", self.text),
            (Tag::None, _) => write!(formatter, "{:?}", self.text),
            (tag, _) => write!(formatter, "!!{tag:?} {:?}", self.text),
        }
    }
}

/// The style in which a scalar is written. It affects its type (a quoted scalar is a string), and folding
/// (`yaml::emit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Style {
    /// Without quotes.
    #[default]
    Plain,
    /// In single quotes.
    SingleQuoted,
    /// In double quotes.
    DoubleQuoted,
    /// A block scalar that keeps its lines (`|`).
    Literal,
    /// A block scalar that folds its lines (`>`).
    Folded,
}

/// An explicit tag. Tags unknown to YAML become [`Tag::Other`]: the reference drops their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tag {
    /// No tag (or `!`): the text decides.
    #[default]
    None,
    /// `!!null`
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!str`
    Str,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`: base64 of bytes
    Binary,
    /// `!!merge`
    Merge,
    /// `!!seq`
    Seq,
    /// `!!map`
    Map,
    /// Any other tag: a scalar with it is a string.
    Other,
}
