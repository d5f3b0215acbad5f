//! Sequences and mappings.

use super::entries::Entries;
use super::{Node, Scalar, Tag, free};
use crate::source::Span;

/// A list of nodes.
#[derive(Clone, Default)]
pub struct Sequence {
    pub(in crate::yaml) items: Vec<Node>,
    pub(in crate::yaml) span: Span,
    pub(in crate::yaml) style: CollectionStyle,
    pub(in crate::yaml) tag: Tag,
    /// See [`Node::is_steady`].
    pub(in crate::yaml) steady: bool,
}

impl Sequence {
    /// The elements.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        &self.items
    }

    /// The elements, mutable.
    pub fn items_mut(&mut self) -> &mut Vec<Node> {
        &mut self.items
    }

    /// The style in which it was written.
    #[must_use]
    pub const fn style(&self) -> CollectionStyle {
        self.style
    }

    /// Sets the style.
    pub const fn set_style(&mut self, style: CollectionStyle) {
        self.style = style;
    }

    /// The span of the text that it was read from, or of the cause of its creation.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }
}

/// Keys with values, in the order of the source. As in the reference, a key may occur twice; the emitter reports it.
#[derive(Clone, Default)]
pub struct Mapping {
    pub(in crate::yaml) entries: Entries,
    pub(in crate::yaml) span: Span,
    pub(in crate::yaml) style: CollectionStyle,
    pub(in crate::yaml) tag: Tag,
    /// See [`Node::is_steady`].
    pub(in crate::yaml) steady: bool,
}

impl Mapping {
    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.list().len()
    }

    /// True if there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.list().is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Scalar, &Node)> + ExactSizeIterator {
        self.entries.list().iter().map(|(key, value)| (key, value))
    }

    /// The entries in order, with mutable values.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Scalar, &mut Node)> {
        self.entries.values_mut().iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The entries in order, as a slice.
    #[must_use]
    pub fn entries(&self) -> &[(Scalar, Node)] {
        self.entries.list()
    }

    /// The list of entries, mutable, for reordering, renaming or filtering. If only a value changes,
    /// [`Mapping::value_at_mut`] costs less.
    pub fn entries_mut(&mut self) -> &mut Vec<(Scalar, Node)> {
        self.entries.list_mut()
    }

    /// The position of the first entry with this key.
    #[must_use]
    pub fn position(&self, key: &str) -> Option<usize> {
        self.entries.find(key)
    }

    /// The position of the first entry with this key. Many such searches of one long mapping take constant time each.
    pub fn position_to_change(&mut self, key: &str) -> Option<usize> {
        self.entries.find_to_change(key)
    }

    /// The value of the entry at a position, mutable.
    pub fn value_at_mut(&mut self, place: usize) -> Option<&mut Node> {
        self.entries.values_mut().get_mut(place).map(|(_, value)| value)
    }

    /// The value of the first entry with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.get_entry(key).map(|(_, value)| value)
    }

    /// The value of the first entry with this key, mutable. Many such searches of one long mapping take constant time
    /// each.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let place = self.entries.find_to_change(key)?;
        self.value_at_mut(place)
    }

    /// The first entry with this key.
    #[must_use]
    pub fn get_entry(&self, key: &str) -> Option<(&Scalar, &Node)> {
        let (name, value) = self.entries.list().get(self.entries.find(key)?)?;
        Some((name, value))
    }

    /// Sets the value of the first entry with this key, or appends an entry.
    pub fn insert(&mut self, key: Scalar, value: Node) {
        match self.get_mut(key.text()) {
            Some(place) => *place = value,
            None => self.push(key, value),
        }
    }

    /// Adds an entry at the end, even if its key exists already.
    pub fn push(&mut self, key: Scalar, value: Node) {
        self.entries.push((key, value));
    }

    /// Removes and returns the first entry with this key.
    pub fn remove(&mut self, key: &str) -> Option<(Scalar, Node)> {
        let place = self.entries.find(key)?;
        Some(self.entries.list_mut().remove(place))
    }

    /// The style in which it was written.
    #[must_use]
    pub const fn style(&self) -> CollectionStyle {
        self.style
    }

    /// Sets the style.
    pub const fn set_style(&mut self, style: CollectionStyle) {
        self.style = style;
    }

    /// The span of the text that it was read from, or of the cause of its creation.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }
}

impl Drop for Sequence {
    fn drop(&mut self) {
        free(std::mem::take(&mut self.items).into_iter());
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        free(self.entries.take().into_iter().map(|(_, value)| value));
    }
}

/// The style in which a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CollectionStyle {
    /// By indentation.
    #[default]
    Block,
    /// In brackets or braces.
    Flow,
}
