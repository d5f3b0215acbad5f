//! Documents: a persistent tree in which each node has the span of the text that it comes from.
//!
//! Collections are behind an [`Arc`] and are copied when they change, and only on the path that changes. So a base is
//! parsed once and used by hundreds of overlays on many threads. The representation is private to `yaml`: other layers
//! use methods, so it can be replaced without changing them.

mod collection;
mod compare;
mod entries;
mod navigate;
mod scalar;
mod share;
mod text;

use std::fmt;

pub use collection::{CollectionStyle, Mapping, Sequence};
pub use scalar::{Scalar, Style, Tag};
pub use share::Share;
pub use text::Text;
use triomphe::Arc;

use crate::error::Result;
use crate::limits::{Budget, Limit};
use crate::source::Span;

/// The number of bytes charged for a node in addition to its text: about its size in memory during parsing.
pub(super) const NODE_BYTES: u64 = 64;

/// A node of a document: a scalar, a sequence or a mapping. Clones share the collections below.
#[derive(Clone)]
pub struct Node(Repr);

#[derive(Clone)]
enum Repr {
    Scalar(Scalar),
    Shared(Arc<Shared>),
    Sequence(Arc<Sequence>),
    Mapping(Arc<Mapping>),
}

/// A scalar with a [`Share`]. It is boxed because such scalars are rare and all nodes would grow otherwise.
#[derive(Clone)]
struct Shared {
    scalar: Scalar,
    share: Share,
    changed: bool,
}

/// A borrowed view of a node.
#[derive(Clone, Copy)]
pub(super) enum View<'a> {
    Scalar(&'a Scalar),
    Sequence(&'a Sequence),
    Mapping(&'a Mapping),
}

/// The kind of a node.
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

impl Node {
    /// A sequence written as a block.
    #[must_use]
    pub fn sequence(items: Vec<Self>, span: Span) -> Self {
        Sequence { items, span, ..Sequence::default() }.into()
    }

    /// A mapping written as a block.
    #[must_use]
    pub fn mapping(entries: Vec<(Scalar, Self)>, span: Span) -> Self {
        Mapping { entries: entries.into(), span, ..Mapping::default() }.into()
    }

    /// The kind of the node.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match &self.0 {
            Repr::Scalar(_) | Repr::Shared(_) => Kind::Scalar,
            Repr::Sequence(_) => Kind::Sequence,
            Repr::Mapping(_) => Kind::Mapping,
        }
    }

    /// A borrowed view of the node.
    pub(super) fn view(&self) -> View<'_> {
        match &self.0 {
            Repr::Scalar(scalar) => View::Scalar(scalar),
            Repr::Shared(shared) => View::Scalar(&shared.scalar),
            Repr::Sequence(sequence) => View::Sequence(sequence),
            Repr::Mapping(mapping) => View::Mapping(mapping),
        }
    }

    /// The span that the node was read from (of a collection, from its first byte to its last), or that of the cause of
    /// its creation, such as a patch.
    #[must_use]
    pub fn span(&self) -> Span {
        match self.view() {
            View::Scalar(scalar) => scalar.span(),
            View::Sequence(sequence) => sequence.span,
            View::Mapping(mapping) => mapping.span,
        }
    }

    /// The explicit tag.
    #[must_use]
    pub fn tag(&self) -> Tag {
        match self.view() {
            View::Scalar(scalar) => scalar.tag(),
            View::Sequence(sequence) => sequence.tag,
            View::Mapping(mapping) => mapping.tag,
        }
    }

    /// The scalar, if it is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.0 {
            Repr::Scalar(scalar) => Some(scalar),
            Repr::Shared(shared) => Some(&shared.scalar),
            Repr::Sequence(_) | Repr::Mapping(_) => None,
        }
    }

    /// The group of places that hold the same value; [`Share::NONE`] for most nodes.
    #[must_use]
    pub fn share(&self) -> Share {
        match &self.0 {
            Repr::Shared(shared) => shared.share,
            Repr::Scalar(_) | Repr::Sequence(_) | Repr::Mapping(_) => Share::NONE,
        }
    }

    /// A new value for a place of a shared group; [`share::settle`](super::share::settle) copies it to the other
    /// places.
    #[must_use]
    pub fn replacing(scalar: Scalar, share: Share) -> Self {
        Self::with_share(scalar, share, true)
    }

    /// A scalar that is a member of a shared group, equal to the others.
    #[must_use]
    pub fn sharing(scalar: Scalar, share: Share) -> Self {
        Self::with_share(scalar, share, false)
    }

    /// True if the value was set and is not copied to the other places of its group yet.
    pub(super) fn is_changed(&self) -> bool {
        matches!(&self.0, Repr::Shared(shared) if shared.changed)
    }

    fn with_share(scalar: Scalar, share: Share, changed: bool) -> Self {
        if share.is_none() {
            return scalar.into();
        }
        Self(Repr::Shared(Arc::new(Shared { scalar, share, changed })))
    }

    /// True if both are the same allocation, or scalars with the same text, type and span. Nodes that were cloned from each
    /// other are the same until one of them changes. Two collections that were built separately are never the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Sequence(one), Repr::Sequence(two)) => Arc::ptr_eq(one, two),
            (Repr::Mapping(one), Repr::Mapping(two)) => Arc::ptr_eq(one, two),
            _ => match (self.as_scalar(), other.as_scalar()) {
                (Some(one), Some(two)) => one == two,
                _ => false,
            },
        }
    }

    /// The text of a scalar of any type.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar().map(Scalar::text)
    }

    /// True for a null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// True for a null, an empty list or an empty mapping, which kyaml treats as absent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.view() {
            View::Scalar(scalar) => scalar.is_null(),
            View::Sequence(sequence) => sequence.items.is_empty(),
            View::Mapping(mapping) => mapping.is_empty(),
        }
    }

    /// The sequence, if it is one.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&Sequence> {
        match &self.0 {
            Repr::Sequence(sequence) => Some(sequence),
            Repr::Scalar(_) | Repr::Shared(_) | Repr::Mapping(_) => None,
        }
    }

    /// The sequence, mutable; if it is shared, this level is copied first.
    pub fn as_sequence_mut(&mut self) -> Option<&mut Sequence> {
        match &mut self.0 {
            Repr::Sequence(sequence) => {
                let sequence = Arc::make_mut(sequence);
                sequence.steady = false;
                Some(sequence)
            }
            Repr::Scalar(_) | Repr::Shared(_) | Repr::Mapping(_) => None,
        }
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.0 {
            Repr::Mapping(mapping) => Some(mapping),
            Repr::Scalar(_) | Repr::Shared(_) | Repr::Sequence(_) => None,
        }
    }

    /// The mapping, mutable; if it is shared, this level is copied first.
    pub fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        match &mut self.0 {
            Repr::Mapping(mapping) => {
                let mapping = Arc::make_mut(mapping);
                mapping.steady = false;
                Some(mapping)
            }
            Repr::Scalar(_) | Repr::Shared(_) | Repr::Sequence(_) => None,
        }
    }

    /// True for a collection that [`Node::into_steady`] was called for, and that was not changed since then.
    pub(in crate::yaml) fn is_steady(&self) -> bool {
        match &self.0 {
            Repr::Sequence(sequence) => sequence.steady,
            Repr::Mapping(mapping) => mapping.steady,
            Repr::Scalar(_) | Repr::Shared(_) => false,
        }
    }

    /// Notes that a passage through JSON leaves a collection as it is.
    pub(in crate::yaml) fn into_steady(mut self) -> Self {
        match &mut self.0 {
            Repr::Sequence(sequence) => Arc::make_mut(sequence).steady = true,
            Repr::Mapping(mapping) => Arc::make_mut(mapping).steady = true,
            Repr::Scalar(_) | Repr::Shared(_) => {}
        }
        self
    }

    /// The number of bytes that a copy of the node is charged to a budget: its text, and [`NODE_BYTES`] for each node.
    /// Counting stops above `most`.
    #[must_use]
    pub fn weight(&self, most: u64) -> u64 {
        let mut weight = 0;
        let mut pending = vec![self];
        while let Some(node) = pending.pop() {
            weight += NODE_BYTES + node.as_text().map_or(0, str::len) as u64;
            if weight > most {
                break;
            }
            match node.view() {
                View::Scalar(_) => {}
                View::Sequence(sequence) => pending.extend(&sequence.items),
                View::Mapping(mapping) => pending.extend(mapping.iter().map(|(key, value)| {
                    weight += key.text().len() as u64;
                    value
                })),
            }
        }
        weight
    }

    /// Charges a copy of the node to a budget.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`](crate::error::Code::LimitExceeded) at `span`, the entry that asks for the copy.
    pub fn charge(&self, budget: &Budget, span: Span) -> Result<()> {
        budget.spend(Limit::Bytes, self.weight(budget.left(Limit::Bytes)), span)
    }

    /// The value of a key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }

    /// The value of a key, mutable.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        // The lookup comes first, so that a missing key causes no copy.
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
    fn from(mut sequence: Sequence) -> Self {
        sequence.steady = false;
        Self(Repr::Sequence(Arc::new(sequence)))
    }
}

impl From<Mapping> for Node {
    fn from(mut mapping: Mapping) -> Self {
        mapping.steady = false;
        Self(Repr::Mapping(Arc::new(mapping)))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.view() {
            View::Scalar(scalar) => fmt::Debug::fmt(scalar, formatter),
            View::Sequence(sequence) => formatter.debug_list().entries(&sequence.items).finish(),
            View::Mapping(mapping) => formatter.debug_map().entries(mapping.iter()).finish(),
        }
    }
}

/// Equality of text, tags, styles and order; spans are ignored.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        let mut pending = vec![(self, other)];
        while let Some((left, right)) = pending.pop() {
            let equal = match (left.view(), right.view()) {
                (View::Scalar(left), View::Scalar(right)) => left.reads_as(right),
                (View::Sequence(left), View::Sequence(right)) => {
                    let shared = std::ptr::eq(left, right);
                    if !shared {
                        pending.extend(left.items.iter().zip(&right.items));
                    }
                    shared
                        || (left.items.len(), left.tag, left.style)
                            == (right.items.len(), right.tag, right.style)
                }
                (View::Mapping(left), View::Mapping(right)) => {
                    let shared = std::ptr::eq(left, right);
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
                                .all(|((left, _), (right, _))| left.reads_as(right))
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

/// Frees the children of a collection. Documents nest up to 10,000 deep, and a thread may have a small stack: this loop
/// uses a list in place of recursion.
fn free(nodes: impl Iterator<Item = Node>) {
    let is_collection = |node: &Node| node.kind() != Kind::Scalar;
    let mut pending = Vec::new();
    nodes.filter(is_collection).for_each(|node| pending.push(node));
    while let Some(node) = pending.pop() {
        match node.0 {
            Repr::Scalar(_) | Repr::Shared(_) => {}
            Repr::Sequence(sequence) => {
                if let Some(mut sequence) = Arc::into_unique(sequence) {
                    let items = std::mem::take(&mut sequence.items).into_iter();
                    items.filter(is_collection).for_each(|node| pending.push(node));
                }
            }
            Repr::Mapping(mapping) => {
                if let Some(mut mapping) = Arc::into_unique(mapping) {
                    let values = mapping.entries.take().into_iter().map(|(_, value)| value);
                    values.filter(is_collection).for_each(|node| pending.push(node));
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
        assert_eq!(size_of::<Scalar>(), 24);
        assert_eq!(size_of::<Node>(), 24);
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
