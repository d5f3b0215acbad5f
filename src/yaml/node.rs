//! The document: a persistent tree that remembers who wrote each of its parts.
//!
//! Collections stand behind [`Arc`] and are copied when they change, and only on the path that changes. So a base is
//! parsed once and used by hundreds of overlays on many threads. The representation is private to `yaml`: other
//! layers use methods, and a faster one can come later without touching them.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use smol_str::SmolStr;

use super::share::Share;
use crate::source::Span;

/// A node of a document: a scalar, a sequence or a mapping. Cloning shares the collections below.
#[derive(Clone)]
pub struct Node(pub(super) Repr);

#[derive(Clone)]
pub(super) enum Repr {
    Scalar(Scalar),
    Sequence(Arc<Sequence>),
    Mapping(Arc<Mapping>),
}

/// How a scalar was written. It decides its type (a quoted scalar is a string), and folding (`yaml::emit`).
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

/// How a collection was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CollectionStyle {
    /// By indentation.
    #[default]
    Block,
    /// In brackets or braces.
    Flow,
}

/// An explicit tag. Every tag that has no meaning here is [`Tag::Other`]: the reference drops its name.
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

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Scalar,
    /// A list of nodes.
    Sequence,
    /// Keys with values, in the order of the source.
    Mapping,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scalar => "a scalar",
            Self::Sequence => "a list",
            Self::Mapping => "a mapping",
        })
    }
}

/// Text that is cheap to clone: short text lies in place, long text is shared.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(SmolStr);

impl Text {
    /// Text of the program itself: nothing is copied.
    #[must_use]
    pub const fn of_program(text: &'static str) -> Self {
        Self(SmolStr::new_static(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(SmolStr::new(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(SmolStr::from(text))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

/// Text with what decides its type: tag and style. Mapping keys are scalars like any other.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar {
    text: Text,
    span: Span,
    share: Share,
    tag: Tag,
    style: Style,
    changed: bool,
    untagged: bool,
}

impl Scalar {
    /// Text as it was parsed.
    #[must_use]
    pub fn parsed(text: &str, tag: Tag, style: Style, span: Span) -> Self {
        let text = Text::from(text);
        Self { text, span, share: Share::NONE, tag, style, changed: false, untagged: false }
    }

    /// Text that was set, not parsed: see [`Scalar::is_untagged`].
    #[must_use]
    pub fn set(text: &str, tag: Tag, style: Style, span: Span) -> Self {
        Self { untagged: tag == Tag::None, ..Self::parsed(text, tag, style, span) }
    }

    /// Plain text without a tag: what it means (a number, a boolean, a string …) is read from the text at output.
    /// Keys that the reference adds and names that it sets are such scalars.
    #[must_use]
    pub fn untagged(text: &str, span: Span) -> Self {
        Self::set(text, Tag::None, Style::Plain, span)
    }

    /// The same, written at another place.
    #[must_use]
    pub fn at(&self, span: Span) -> Self {
        Self { span, ..self.clone() }
    }

    /// Text that stays a string whatever it looks like (`!!str`).
    #[must_use]
    pub fn string(text: &str, span: Span) -> Self {
        Self::parsed(text, Tag::Str, Style::Plain, span)
    }

    /// A null.
    #[must_use]
    pub fn null(span: Span) -> Self {
        Self::parsed("null", Tag::Null, Style::Plain, span)
    }

    /// The text, without quotes and folding.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, without a copy of what is long.
    #[must_use]
    pub const fn shared_text(&self) -> &Text {
        &self.text
    }

    /// Whether it means null: by its tag, or read as one, plain and written as a null is. Text that was set without a tag
    /// is none for kyaml ([`Scalar::is_untagged`]).
    #[must_use]
    pub fn is_null(&self) -> bool {
        let written = matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL");
        let has_type = self.tag == Tag::None && self.style == Style::Plain && !self.untagged;
        self.tag == Tag::Null || (has_type && written)
    }

    /// The explicit tag.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        self.tag
    }

    /// How it was written.
    #[must_use]
    pub const fn style(&self) -> Style {
        self.style
    }

    /// Who wrote it.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// What it has in common with other places of the document, if it stands there too.
    #[must_use]
    pub const fn share(&self) -> Share {
        self.share
    }

    /// The same in a place whose value had a share before: it is yet to be set in the others.
    #[must_use]
    pub const fn replacing(mut self, share: Share) -> Self {
        self.share = share;
        self.changed = !share.is_none();
        self
    }

    /// The same in a place that has a share, where it stands in the others too.
    #[must_use]
    pub const fn sharing(mut self, share: Share) -> Self {
        self.share = share;
        self.changed = false;
        self
    }

    /// Whether it has no tag because it was set like this. The parser of the reference notes the type of what it reads,
    /// and the reference takes for text what has none, though it may be printed as a number or a null.
    #[must_use]
    pub const fn is_untagged(&self) -> bool {
        self.untagged
    }

    /// The same as the parser makes it.
    #[must_use]
    pub(super) const fn into_parsed(mut self) -> Self {
        self.untagged = false;
        self.sharing(Share::NONE)
    }

    /// Whether it was set, and the other places were not yet.
    pub(super) const fn is_changed(&self) -> bool {
        self.changed
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.tag, self.style) {
            (Tag::None, Style::Plain) => write!(formatter, "{}", self.text),
            (Tag::None, _) => write!(formatter, "{:?}", self.text),
            (tag, _) => write!(formatter, "!!{tag:?} {:?}", self.text),
        }
    }
}

/// A list of nodes.
#[derive(Clone, Default)]
pub struct Sequence {
    pub(super) items: Vec<Node>,
    pub(super) span: Span,
    pub(super) style: CollectionStyle,
    pub(super) tag: Tag,
}

impl Sequence {
    /// The elements.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        &self.items
    }

    /// The elements, to change.
    pub fn items_mut(&mut self) -> &mut Vec<Node> {
        &mut self.items
    }

    /// How it was written.
    #[must_use]
    pub const fn style(&self) -> CollectionStyle {
        self.style
    }

    /// Sets how it is written.
    pub const fn set_style(&mut self, style: CollectionStyle) {
        self.style = style;
    }

    /// Who wrote it.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }
}

/// Keys with values, in the order of the source. A key may occur twice until it is emitted, as in the reference.
#[derive(Clone, Default)]
pub struct Mapping {
    pub(super) entries: Vec<(Scalar, Node)>,
    pub(super) span: Span,
    pub(super) style: CollectionStyle,
    pub(super) tag: Tag,
}

impl Mapping {
    /// The number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Scalar, &Node)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The entries in order, their values to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Scalar, &mut Node)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The entries in order, each by its place.
    #[must_use]
    pub fn entries(&self) -> &[(Scalar, Node)] {
        &self.entries
    }

    /// The entries themselves, to be reordered, renamed or filtered.
    pub fn entries_mut(&mut self) -> &mut Vec<(Scalar, Node)> {
        &mut self.entries
    }

    /// The value of the first entry with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(name, _)| name.text() == key).map(|(_, value)| value)
    }

    /// The value of the first entry with this key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|(name, _)| name.text() == key).map(|(_, value)| value)
    }

    /// The first entry with this key.
    #[must_use]
    pub fn get_entry(&self, key: &str) -> Option<(&Scalar, &Node)> {
        self.entries.iter().find(|(name, _)| name.text() == key).map(|(name, value)| (name, value))
    }

    /// Sets the value of the first entry with this key, or appends an entry.
    pub fn insert(&mut self, key: Scalar, value: Node) {
        match self.get_mut(key.text()) {
            Some(place) => *place = value,
            None => self.entries.push((key, value)),
        }
    }

    /// Takes out the first entry with this key.
    pub fn remove(&mut self, key: &str) -> Option<(Scalar, Node)> {
        let place = self.entries.iter().position(|(name, _)| name.text() == key)?;
        Some(self.entries.remove(place))
    }

    /// How it was written.
    #[must_use]
    pub const fn style(&self) -> CollectionStyle {
        self.style
    }

    /// Sets how it is written.
    pub const fn set_style(&mut self, style: CollectionStyle) {
        self.style = style;
    }

    /// Who wrote it.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }
}

impl Node {
    /// A sequence written as a block.
    #[must_use]
    pub fn sequence(items: Vec<Self>, span: Span) -> Self {
        Sequence { items, span, ..Sequence::default() }.into()
    }

    /// A mapping written as a block.
    #[must_use]
    pub fn mapping(entries: Vec<(Scalar, Self)>, span: Span) -> Self {
        Mapping { entries, span, ..Mapping::default() }.into()
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match &self.0 {
            Repr::Scalar(_) => Kind::Scalar,
            Repr::Sequence(_) => Kind::Sequence,
            Repr::Mapping(_) => Kind::Mapping,
        }
    }

    /// Who wrote it: the text of a scalar, or a collection from its first byte to its last.
    #[must_use]
    pub fn span(&self) -> Span {
        match &self.0 {
            Repr::Scalar(scalar) => scalar.span,
            Repr::Sequence(sequence) => sequence.span,
            Repr::Mapping(mapping) => mapping.span,
        }
    }

    /// The explicit tag.
    #[must_use]
    pub fn tag(&self) -> Tag {
        match &self.0 {
            Repr::Scalar(scalar) => scalar.tag,
            Repr::Sequence(sequence) => sequence.tag,
            Repr::Mapping(mapping) => mapping.tag,
        }
    }

    /// The scalar, if it is one.
    #[must_use]
    pub const fn as_scalar(&self) -> Option<&Scalar> {
        match &self.0 {
            Repr::Scalar(scalar) => Some(scalar),
            Repr::Sequence(_) | Repr::Mapping(_) => None,
        }
    }

    /// The text of a scalar, whatever its type.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar().map(Scalar::text)
    }

    /// Whether it is a null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// Whether it is a null, an empty list or an empty mapping: what kyaml takes for absent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Scalar(scalar) => scalar.is_null(),
            Repr::Sequence(sequence) => sequence.items.is_empty(),
            Repr::Mapping(mapping) => mapping.is_empty(),
        }
    }

    /// The sequence, if it is one.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&Sequence> {
        match &self.0 {
            Repr::Sequence(sequence) => Some(sequence),
            Repr::Scalar(_) | Repr::Mapping(_) => None,
        }
    }

    /// The sequence, to change; what is shared is copied first, one level deep.
    pub fn as_sequence_mut(&mut self) -> Option<&mut Sequence> {
        match &mut self.0 {
            Repr::Sequence(sequence) => Some(Arc::make_mut(sequence)),
            Repr::Scalar(_) | Repr::Mapping(_) => None,
        }
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.0 {
            Repr::Mapping(mapping) => Some(mapping),
            Repr::Scalar(_) | Repr::Sequence(_) => None,
        }
    }

    /// The mapping, to change; what is shared is copied first, one level deep.
    pub fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        match &mut self.0 {
            Repr::Mapping(mapping) => Some(Arc::make_mut(mapping)),
            Repr::Scalar(_) | Repr::Sequence(_) => None,
        }
    }

    /// The value of a key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }

    /// The value of a key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        // Looked up before it is made mutable: a miss copies nothing.
        self.get(key)?;
        self.as_mapping_mut()?.get_mut(key)
    }
}

impl From<Scalar> for Node {
    fn from(scalar: Scalar) -> Self {
        Self(Repr::Scalar(scalar))
    }
}

impl From<Sequence> for Node {
    fn from(sequence: Sequence) -> Self {
        Self(Repr::Sequence(Arc::new(sequence)))
    }
}

impl From<Mapping> for Node {
    fn from(mapping: Mapping) -> Self {
        Self(Repr::Mapping(Arc::new(mapping)))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Scalar(scalar) => fmt::Debug::fmt(scalar, formatter),
            Repr::Sequence(sequence) => formatter.debug_list().entries(&sequence.items).finish(),
            Repr::Mapping(mapping) => formatter.debug_map().entries(mapping.iter()).finish(),
        }
    }
}

/// Equal in text, tags, styles and order, wherever it was written.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &Scalar, b: &Scalar| (&a.text, a.tag, a.style) == (&b.text, b.tag, b.style);
        let mut pending = vec![(self, other)];
        while let Some((left, right)) = pending.pop() {
            let equal = match (&left.0, &right.0) {
                (Repr::Scalar(left), Repr::Scalar(right)) => same(left, right),
                (Repr::Sequence(left), Repr::Sequence(right)) => {
                    let shared = Arc::ptr_eq(left, right);
                    if !shared {
                        pending.extend(left.items.iter().zip(&right.items));
                    }
                    shared
                        || (left.items.len(), left.tag, left.style)
                            == (right.items.len(), right.tag, right.style)
                }
                (Repr::Mapping(left), Repr::Mapping(right)) => {
                    let shared = Arc::ptr_eq(left, right);
                    if !shared {
                        pending.extend(
                            left.iter()
                                .zip(right.iter())
                                .map(|((_, left), (_, right))| (left, right)),
                        );
                    }
                    shared
                        || (left.len(), left.tag, left.style)
                            == (right.len(), right.tag, right.style)
                            && left
                                .iter()
                                .zip(right.iter())
                                .all(|((left, _), (right, _))| same(left, right))
                }
                _ => false,
            };
            if !equal {
                return false;
            }
        }
        true
    }
}

impl Eq for Node {}

// Documents nest up to 10,000 deep, and a thread may have a small stack: what a collection holds is freed from a
// list, not by recursion.
impl Drop for Sequence {
    fn drop(&mut self) {
        free(self.items.drain(..));
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        free(self.entries.drain(..).map(|(_, value)| value));
    }
}

fn free(nodes: impl Iterator<Item = Node>) {
    let mut pending = Vec::new();
    pending.extend(nodes.filter(|node| node.kind() != Kind::Scalar));
    while let Some(node) = pending.pop() {
        match node.0 {
            Repr::Scalar(_) => {}
            Repr::Sequence(sequence) => {
                if let Some(mut sequence) = Arc::into_inner(sequence) {
                    pending.extend(
                        sequence.items.drain(..).filter(|node| node.kind() != Kind::Scalar),
                    );
                }
            }
            Repr::Mapping(mapping) => {
                if let Some(mut mapping) = Arc::into_inner(mapping) {
                    let values = mapping.entries.drain(..).map(|(_, value)| value);
                    pending.extend(values.filter(|node| node.kind() != Kind::Scalar));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::sample::nested;

    #[test]
    fn a_node_stays_small() {
        assert_eq!(size_of::<Scalar>(), 40);
        assert_eq!(size_of::<Node>(), 40);
    }

    #[test]
    fn a_change_copies_only_its_path() {
        let leaf = |text| Node::from(Scalar::untagged(text, Span::NONE));
        let inner =
            |text| Node::mapping(vec![(Scalar::untagged("k", Span::NONE), leaf(text))], Span::NONE);
        let base = Node::mapping(
            vec![
                (Scalar::untagged("a", Span::NONE), inner("1")),
                (Scalar::untagged("b", Span::NONE), inner("2")),
            ],
            Span::NONE,
        );
        let mut changed = base.clone();
        *changed.get_mut("a").unwrap().get_mut("k").unwrap() = leaf("3");
        assert_eq!(base.get("a").unwrap().get("k").unwrap().as_text(), Some("1"));
        assert_eq!(changed.get("a").unwrap().get("k").unwrap().as_text(), Some("3"));
        let same =
            |a: &Node, b: &Node| std::ptr::eq(a.as_mapping().unwrap(), b.as_mapping().unwrap());
        assert!(same(base.get("b").unwrap(), changed.get("b").unwrap()));
        assert!(!same(base.get("a").unwrap(), changed.get("a").unwrap()));
    }

    #[test]
    fn deep_documents_need_little_stack() {
        let body = || {
            let node = nested(10_000);
            let twin = node.clone();
            assert!(node == twin);
        };
        std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
    }
}
