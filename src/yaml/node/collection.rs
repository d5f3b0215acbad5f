//! Sequences and mappings.

use super::{Node, Scalar, Tag, free};
use crate::source::Span;
use crate::yaml::tight;

/// A list of nodes.
#[derive(Clone, Default)]
pub struct Sequence {
    pub(in crate::yaml) items: Vec<Node>,
    pub(in crate::yaml) span: Span,
    pub(in crate::yaml) style: CollectionStyle,
    pub(in crate::yaml) tag: Tag,
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
    pub(in crate::yaml) entries: Vec<(Scalar, Node)>,
    pub(in crate::yaml) span: Span,
    pub(in crate::yaml) style: CollectionStyle,
    pub(in crate::yaml) tag: Tag,
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
            None => self.push(key, value),
        }
    }

    /// Adds an entry at the end, whether or not its key is there.
    pub fn push(&mut self, key: Scalar, value: Node) {
        tight::push(&mut self.entries, (key, value));
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

/// How a collection was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CollectionStyle {
    /// By indentation.
    #[default]
    Block,
    /// In brackets or braces.
    Flow,
}
