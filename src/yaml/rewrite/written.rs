//! Documents of a stream as they are written, to be changed and printed with their comments.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Event, EventsOf, Reading, Remarks, What, complex_keys, write};
use crate::error::Result;
use crate::limits::Budget;
use crate::source::{Source, Span};
use crate::yaml::node::Node;
use crate::yaml::parse;
use crate::yaml::tokens::{Comments, Outline, Tokens};

/// A document with aliases and merge keys unresolved, and its comments.
#[derive(Clone, Debug, Default)]
pub struct Written {
    root: Option<Node>,
    pub(super) comments: Comments,
    /// The keys that are collections, by their offsets.
    pub(super) keys: BTreeMap<usize, Node>,
    /// The address of the text of the source.
    pub(super) base: u32,
    /// The addresses of the document.
    pub(super) within: Range<u32>,
}

impl Written {
    pub(super) fn of(source: &Source, tokens: &Tokens, outline: &Outline) -> Self {
        let span = source.span(outline.range().start, outline.range().end);
        Self {
            root: Some(outline.tree(source)),
            comments: Comments::of(source.text(), tokens, outline),
            keys: complex_keys(outline, source),
            base: source.base(),
            within: span.start()..span.end(),
        }
    }

    /// The same document without the comments of nodes. Those above and below the whole document stay.
    #[must_use]
    pub fn without_comments(&self) -> Self {
        let Self { root, comments, keys, base, within } = self;
        let comments = comments.of_document_only();
        Self {
            root: root.clone(),
            comments,
            keys: keys.clone(),
            base: *base,
            within: within.clone(),
        }
    }

    /// The comments above and below the whole document.
    #[must_use]
    pub const fn around(&self) -> &Remarks {
        &self.comments.document
    }

    /// The comments of a node, or of a key, that was read from the document.
    #[must_use]
    pub fn remarks(&self, span: Span, is_scalar: bool) -> Option<&Remarks> {
        let at = self.offset(span)?;
        if is_scalar { self.comments.of_scalar(at) } else { self.comments.of_collection(at) }
    }

    /// Gives a node, or a key, comments where it has none.
    pub fn adopt(&mut self, span: Span, is_scalar: bool, from: &Remarks) {
        if let Some(at) = self.offset(span) {
            self.comments.adopt(at, is_scalar, from);
        }
    }

    /// The offset of a node that is written in the document.
    fn offset(&self, span: Span) -> Option<usize> {
        let is_within = self.within.contains(&span.start()) && span.length() > 0;
        is_within.then(|| (span.start() - self.base) as usize)
    }

    /// The address of its first byte.
    #[must_use]
    pub const fn start(&self) -> u32 {
        self.within.start
    }

    /// The root. An alias is a scalar with its text (see [`is_alias`](super::is_alias)).
    #[must_use]
    pub const fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }
}

/// The documents of a stream.
#[derive(Debug, Default)]
pub struct WrittenStream {
    /// The documents that are neither empty nor null.
    pub documents: Vec<Written>,
    /// The number of parts between separators, empty ones included.
    pub parts: usize,
}

/// Reads the documents of a stream, as [`parse::documents`] does, but with aliases and merge keys unresolved.
///
/// # Errors
/// As [`parse::documents_within`], except those for merge keys and for keys that are collections.
pub fn written(source: &Source, budget: &Budget) -> Result<WrittenStream> {
    let mut stream = WrittenStream::default();
    parse::parts_as_written(source, budget, |tokens| {
        stream.parts += 1;
        stream.documents.extend(
            tokens.documents().first().map(|outline| Written::of(source, &tokens, outline)),
        );
    })?;
    Ok(stream)
}

/// The parts of a document that are printed or not.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The comments above and below the whole document.
    pub document_comments: bool,
    /// The comments of nodes.
    pub comments: bool,
    /// The tag of the root, even if it is not written.
    pub root_tag: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self { document_comments: true, comments: true, root_tag: false }
    }
}

/// Appends a document in the styles of its nodes, with the comments, anchors and tags of the documents that they were read
/// from, which are sorted by address. The comments above and below the whole are those of the first one. (kyaml,
/// `yaml.String`.)
///
/// # Errors
/// [`Code::UnrepresentableValue`](crate::error::Code::UnrepresentableValue) for a document without a root.
pub fn print(root: &Node, documents: &[&Written], shown: Shown, out: &mut String) -> Result<()> {
    let around = documents.first().filter(|_| shown.document_comments);
    let Remarks { head, foot, .. } =
        around.map_or_else(Remarks::default, |document| document.comments.document.clone());
    let mut events =
        vec![Event { what: What::DocumentStart, remarks: Remarks { head, ..Remarks::default() } }];
    let reading = Reading { documents, comments: shown.comments };
    events.extend(EventsOf { reading, next: Some((root, String::new())), open: Vec::new() });
    if let (true, Some(event)) = (shown.root_tag, events.get_mut(1))
        && event.remarks.tag.is_empty()
    {
        event.remarks.tag = match event.what {
            What::Sequence { .. } => "!!seq".to_owned(),
            What::Mapping { .. } => "!!map".to_owned(),
            _ => String::new(),
        };
    }
    events.push(Event { what: What::End, remarks: Remarks { foot, ..Remarks::default() } });
    write::write(&events, out)
}
