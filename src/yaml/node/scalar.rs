//! Scalars: text with the tag and style that decide its type.

use std::fmt;

use super::{Kind, Text};
use crate::source::Span;

/// Text with the tag and style that decide its type. Mapping keys are scalars too.
///
/// Packed into 24 bytes, because most nodes of a document are scalars: with 32, a build of 40,000 objects needs 248 MB of
/// memory in place of 216.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar {
    text: Text,
    start: u32,
    length: [u8; 3],
    look: ScalarLook,
}

impl Scalar {
    /// The maximum length of the span of a scalar, in bytes; the span of longer text covers its beginning.
    pub const LONGEST_SPAN: u32 = (1 << 24) - 1;

    /// A scalar as the parser makes it.
    #[must_use]
    pub fn parsed(text: &str, tag: Tag, style: Style, span: Span) -> Self {
        Self::new(text.into(), ScalarLook::new(tag, style, false), span)
    }

    /// A scalar that was set by a transformer, not parsed: see [`Scalar::is_untagged`].
    #[must_use]
    pub fn set(text: &str, tag: Tag, style: Style, span: Span) -> Self {
        Self::new(text.into(), ScalarLook::new(tag, style, tag == Tag::None), span)
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
        Self::new(self.text.clone(), self.look, span)
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
    #[inline]
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
        self.look == ScalarLook::new(Tag::None, Style::Plain, false) && written
            || self.tag() == Tag::Null
    }

    /// The explicit tag.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        self.look.tag()
    }

    /// The style.
    #[must_use]
    pub const fn style(&self) -> Style {
        self.look.style()
    }

    /// The span of the text that it was read from, or of the cause of its creation.
    #[must_use]
    pub const fn span(&self) -> Span {
        let [low, middle, high] = self.length;
        Span::new(self.start, u32::from_le_bytes([low, middle, high, 0]))
    }

    /// True if the scalar was set without a tag. The parser of the reference stores the type of what it reads as a tag;
    /// the reference treats a scalar without one as text, even if it is printed as a number or a null.
    #[must_use]
    pub const fn is_untagged(&self) -> bool {
        self.look.is_untagged()
    }

    /// The same text as if it were parsed in this style, without a tag.
    #[must_use]
    pub(in crate::yaml) fn in_style(&self, style: Style) -> Self {
        let look = ScalarLook::new(Tag::None, style, false);
        Self { text: self.text.clone(), look, ..*self }
    }

    /// The same scalar as if it were parsed: not [`Scalar::is_untagged`].
    #[must_use]
    pub(in crate::yaml) fn into_parsed(mut self) -> Self {
        self.look = ScalarLook::new(self.tag(), self.style(), false);
        self
    }

    /// True if both have the same text, tag and style.
    pub(super) fn reads_as(&self, other: &Self) -> bool {
        (self.tag(), self.style()) == (other.tag(), other.style()) && self.text == other.text
    }

    const fn new(text: Text, look: ScalarLook, span: Span) -> Self {
        let length =
            if span.length() > Self::LONGEST_SPAN { Self::LONGEST_SPAN } else { span.length() };
        let [low, middle, high, _] = length.to_le_bytes();
        Self { text, start: span.start(), length: [low, middle, high], look }
    }
}

/// Tag, style and the flag [`Scalar::is_untagged`], in one byte.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ScalarLook(u8);

impl ScalarLook {
    const TAGS: [Tag; 16] = [
        Tag::None,
        Tag::Null,
        Tag::Bool,
        Tag::Int,
        Tag::Float,
        Tag::Str,
        Tag::Timestamp,
        Tag::Binary,
        Tag::Merge,
        Tag::Seq,
        Tag::Map,
        Tag::Other,
        Tag::Other,
        Tag::Other,
        Tag::Other,
        Tag::Other,
    ];
    const STYLES: [Style; 8] = [
        Style::Plain,
        Style::SingleQuoted,
        Style::DoubleQuoted,
        Style::Literal,
        Style::Folded,
        Style::Plain,
        Style::Plain,
        Style::Plain,
    ];

    const fn new(tag: Tag, style: Style, untagged: bool) -> Self {
        Self(tag as u8 | (style as u8) << 4 | (untagged as u8) << 7)
    }

    const fn tag(self) -> Tag {
        Self::TAGS[(self.0 & 15) as usize]
    }

    const fn style(self) -> Style {
        Self::STYLES[(self.0 >> 4 & 7) as usize]
    }

    const fn is_untagged(self) -> bool {
        self.0 >> 7 == 1
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        for tag in &ScalarLook::TAGS[..12] {
            for style in &ScalarLook::STYLES[..5] {
                for untagged in [false, true] {
                    let look = ScalarLook::new(*tag, *style, untagged);
                    assert_eq!((look.tag(), look.style()), (*tag, *style));
                    assert_eq!(look.is_untagged(), untagged);
                }
            }
        }
        for span in [Span::NONE, Span::new(7, 5), Span::new(u32::MAX - 9, Scalar::LONGEST_SPAN)] {
            assert_eq!(Scalar::untagged("x", span).span(), span);
        }
        let longest = Span::new(7, Scalar::LONGEST_SPAN);
        assert_eq!(Scalar::untagged("x", Span::new(7, u32::MAX - 7)).span(), longest);
    }
}
