//! The nodes of a document with their places in the text, aliases and merge keys unresolved.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::source::{Source, Span};
use crate::yaml::node::{CollectionStyle, Mapping, Node, Scalar, Sequence, Style, Tag};

/// A node of an outline. Its place excludes the anchor and the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(super) form: Form,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The index of the first piece after the node and its descendants.
    pub(super) next: usize,
}

/// The forms of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A scalar, which may be an empty one that is not written at all.
    Scalar(Scalar),
    /// `*name`
    Alias,
    /// A list.
    Sequence(CollectionStyle),
    /// Alternating keys and values.
    Mapping(CollectionStyle),
    /// `key: value` without braces in a flow sequence.
    Pair,
}

impl Piece {
    /// A placeholder for a piece that does not exist.
    pub(in crate::yaml) const NONE: Self = Self { form: Form::Alias, start: 0, end: 0, next: 0 };

    /// The form of the node.
    #[must_use]
    pub const fn form(&self) -> &Form {
        &self.form
    }

    /// The byte range of the node in the text of its source: a block spans from the first key, dash or `?` to the end
    /// of the last value.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The scalar, if it is one.
    #[must_use]
    pub const fn scalar(&self) -> Option<&Scalar> {
        match &self.form {
            Form::Scalar(scalar) => Some(scalar),
            Form::Alias | Form::Sequence(_) | Form::Mapping(_) | Form::Pair => None,
        }
    }
}

/// The nodes of one document in pre-order, identified by their indices; the root is 0.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    pieces: Vec<Piece>,
    /// The names of tags by the offsets of the tags.
    tags: BTreeMap<usize, String>,
    range: Range<usize>,
}

impl Outline {
    pub(super) const fn new(
        pieces: Vec<Piece>,
        tags: BTreeMap<usize, String>,
        range: Range<usize>,
    ) -> Self {
        Self { pieces, tags, range }
    }

    /// The part of the source that the document was read from.
    #[must_use]
    pub const fn range(&self) -> &Range<usize> {
        &self.range
    }

    /// The name of the tag that begins at an offset: `!!str`, `!name`, or a URI. Empty for `!`.
    #[must_use]
    pub fn tag(&self, start: usize) -> Option<&str> {
        self.tags.get(&start).map(String::as_str)
    }

    /// All nodes.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// A node by its index.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&Piece> {
        self.pieces.get(number)
    }

    /// The indices of the direct children of a node; of a mapping, alternating keys and values.
    pub fn children(&self, number: usize) -> impl Iterator<Item = usize> {
        let end = self.get(number).map_or(0, |piece| piece.next);
        let mut next = number + 1;
        std::iter::from_fn(move || {
            let child = (next < end).then_some(next)?;
            next = self.get(child)?.next.max(child + 1);
            Some(child)
        })
    }

    /// The indices of the keys and values of a mapping.
    pub fn entries(&self, number: usize) -> impl Iterator<Item = (usize, usize)> {
        let mut children = self.children(number);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The document as a tree in which aliases and merge keys are unresolved. An alias is a scalar with its text and
    /// [`Tag::Other`]; a key that is a collection is a [`Scalar::complex_key`]. Collections have no tags.
    pub(in crate::yaml) fn tree(&self, source: &Source) -> Node {
        self.tree_at(0, source).unwrap_or_else(|| Scalar::null(Span::NONE).into())
    }

    /// The subtree of a piece.
    pub(in crate::yaml) fn tree_at(&self, first: usize, source: &Source) -> Option<Node> {
        // In reverse order, so that children are complete before their collection.
        let mut complete: Vec<Node> = Vec::new();
        for number in (first..self.get(first)?.next).rev() {
            let piece = self.get(number)?;
            let span = source.span(piece.start, piece.end);
            let mut take = || {
                let count = self.children(number).count();
                let mut nodes = complete.split_off(complete.len().saturating_sub(count));
                nodes.reverse();
                nodes
            };
            let node = match &piece.form {
                Form::Scalar(scalar) => scalar.clone().into(),
                Form::Alias => {
                    let name = source.text().get(piece.range()).unwrap_or_default();
                    Scalar::parsed(name, Tag::Other, Style::Plain, span).into()
                }
                Form::Sequence(style) => {
                    let items = take();
                    Sequence { items, span, style: *style, ..Sequence::default() }.into()
                }
                Form::Mapping(style) => mapping(take(), span, *style),
                Form::Pair => mapping(take(), span, CollectionStyle::Flow),
            };
            complete.push(node);
        }
        complete.pop()
    }
}

/// A mapping from alternating keys and values.
fn mapping(nodes: Vec<Node>, span: Span, style: CollectionStyle) -> Node {
    let mut nodes = nodes.into_iter();
    let mut entries = Vec::new();
    while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
        let key = match key.as_scalar() {
            Some(key) => key.clone(),
            None => Scalar::complex_key(key.kind(), key.span()),
        };
        entries.push((key, value));
    }
    Mapping { entries: entries.into(), span, style, ..Mapping::default() }.into()
}
