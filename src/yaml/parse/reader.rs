//! The state of the parser: its position in the text, the open collections, and complete nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::{Comment, Document, MAX_DEPTH, malformed_at};
use super::merge_key::{Merge, merge};
use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Limit};
use crate::source::{Source, Span};
use crate::yaml::node::{CollectionStyle, Mapping, NODE_BYTES, Node, Scalar, Sequence, Style, Tag};
use crate::yaml::tokens::{Form, Recorder, TokenKind};

/// A parser of one document. `WIDE` texts may have line ends other than line feeds and are parsed a little slower.
/// `RECORD` keeps the tokens.
pub(super) struct Reader<'s, const WIDE: bool, const RECORD: bool> {
    source: &'s Source,
    pub(super) text: &'s str,
    pub(super) bytes: &'s [u8],
    pub(super) merge: Merge,
    /// The offset of the first byte in the source.
    base: usize,
    pub(super) position: usize,
    /// The offset of the start of the current line.
    pub(super) line: usize,
    /// The column of the innermost block collection; -1 outside of all.
    pub(super) indent: isize,
    /// The number of open flow collections.
    pub(super) flow_level: usize,
    /// True if a key, or an entry of a block collection, may begin at the position.
    pub(super) key_allowed: bool,
    pub(super) frames: Vec<Frame<'s>>,
    /// Keys whose values are being read.
    pub(super) keys: Vec<Scalar>,
    /// Complete entries of the open mappings, and elements of the open sequences; each frame stores the index of its
    /// first one.
    pub(super) entries: Vec<(Scalar, Node)>,
    items: Vec<Node>,
    pub(super) anchors: BTreeMap<&'s str, Anchor>,
    /// The number of nodes read so far, with aliases expanded.
    pub(super) nodes: usize,
    /// The maximum number of nodes.
    pub(super) most: usize,
    /// The number of bytes of text that aliases stand for.
    pub(super) repeated: usize,
    pub(super) budget: &'s Budget,
    /// A buffer for the text of scalars that are not a slice of the source.
    pub(super) scratch: String,
    pub(super) directives: BTreeMap<&'s str, String>,
    comments: Vec<Comment>,
    /// The tokens and the outline, if `RECORD` is set.
    pub(super) recorder: Recorder,
}

/// The node of an anchor.
pub(super) enum Anchor {
    /// A collection that is still being read: an alias to it would make the document contain itself.
    Open,
    /// A complete node, the number of nodes in it after expansion, and the number of bytes of their text.
    Closed(Node, usize, usize),
}

/// The anchor and the tag of a node.
#[derive(Clone, Copy, Default)]
pub(super) struct Properties<'s> {
    pub(super) anchor: Option<&'s str>,
    pub(super) tag: Tag,
    pub(super) tagged: bool,
}

impl Properties<'_> {
    pub(super) const fn is_empty(&self) -> bool {
        self.anchor.is_none() && !self.tagged
    }

    /// Combines these with properties on a later line; `None` if one is given twice.
    pub(super) fn with(self, later: Self) -> Option<Self> {
        if self.anchor.is_some() && later.anchor.is_some() || self.tagged && later.tagged {
            return None;
        }
        Some(Self {
            anchor: self.anchor.or(later.anchor),
            tag: if self.tagged { self.tag } else { later.tag },
            tagged: self.tagged || later.tagged,
        })
    }
}

/// The position of a node, which decides how a line at the column of the parent is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The document.
    Root,
    /// A key after `?` or a value after `:`: an element `-` at the column of the parent begins a sequence.
    Value,
    /// An element of a sequence.
    Element,
    /// An element of a sequence at the column of the mapping around it.
    IndentlessElement,
}

/// An open collection.
pub(super) struct Frame<'s> {
    pub(super) kind: FrameKind,
    /// The column of a block collection.
    pub(super) column: isize,
    /// The offset of its first byte.
    start: usize,
    /// The length of `entries` or `items` when it was opened.
    first: usize,
    nodes_before: usize,
    repeated_before: usize,
    indent_before: isize,
    properties: Properties<'s>,
    /// True if the mapping has a key `<<`.
    pub(super) merges: bool,
}

impl Frame<'_> {
    pub(super) const fn start(&self) -> usize {
        self.start
    }
}

/// The kind of an open collection, and the token that it expects next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FrameKind {
    BlockMapping(Expect),
    BlockSequence,
    /// A sequence at the column of the mapping around it.
    IndentlessSequence,
    FlowMapping(Expect),
    /// Expects an element ([`Expect::Key`]) or a separator.
    FlowSequence(Expect),
    /// One `key: value` without braces in a flow sequence.
    FlowPair(Expect),
}

/// The token that an open mapping expects next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expect {
    /// A key, or the end.
    Key,
    /// The node after `?`.
    ExplicitKey,
    /// The `:` after an explicit key, if there is one.
    Colon,
    /// The value after `:`.
    Value,
    /// In flow collections: a comma, or the end.
    Separator,
}

impl<'s, const WIDE: bool, const RECORD: bool> Reader<'s, WIDE, RECORD> {
    pub(super) fn new(
        source: &'s Source,
        start: usize,
        end: usize,
        merge: Merge,
        budget: &'s Budget,
    ) -> Self {
        let most = budget.left(Limit::Bytes) / NODE_BYTES;
        let text = &source.text()[start..end];
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            source,
            merge,
            text,
            bytes: text.as_bytes(),
            base: start,
            position: mark,
            line: mark,
            indent: -1,
            flow_level: 0,
            key_allowed: true,
            frames: Vec::new(),
            keys: Vec::new(),
            entries: Vec::new(),
            items: Vec::new(),
            anchors: BTreeMap::new(),
            nodes: 0,
            most: usize::try_from(most).unwrap_or(usize::MAX),
            repeated: 0,
            budget,
            scratch: String::new(),
            directives: BTreeMap::new(),
            comments: Vec::new(),
            recorder: Recorder::default(),
        }
    }

    /// The position as an offset in the text of the source.
    pub(super) fn offset(&self) -> usize {
        self.base + self.position
    }

    /// Records the token from `start` to `end`, if `RECORD` is set.
    #[inline(always)]
    pub(super) fn note(&mut self, kind: TokenKind, start: usize, end: usize) {
        if RECORD {
            self.recorder.token(kind, self.base + start, self.base + end);
        }
    }

    /// Records a scalar of the outline, if `RECORD` is set.
    #[inline(always)]
    pub(super) fn note_scalar(&mut self, scalar: &Scalar) {
        if RECORD {
            let start = (scalar.span().start() - self.source.base()) as usize;
            self.recorder.scalar(scalar, start, start + scalar.span().length() as usize);
        }
    }

    /// Parses the first document, and leaves the rest unread.
    pub(super) fn document(&mut self) -> Result<Option<Document>> {
        if !self.document_start()? {
            return Ok(None);
        }
        let mut complete = self.block_child(-1, Slot::Root)?;
        loop {
            match complete {
                None => complete = self.advance()?,
                Some(node) if self.frames.is_empty() => {
                    self.document_end()?;
                    let comments = std::mem::take(&mut self.comments);
                    let nodes = (self.nodes as u64).saturating_mul(NODE_BYTES);
                    let bytes = nodes + (self.text.len() + self.repeated) as u64;
                    self.budget.spend(Limit::Bytes, bytes, node.span())?;
                    return Ok(Some(Document { root: node, comments, bytes }));
                }
                Some(node) => {
                    self.attach(node)?;
                    complete = None;
                }
            }
        }
    }

    /// Parses the next part of the innermost collection. Returns a complete node (its next child, or the collection
    /// itself), or `None` if another collection was opened.
    fn advance(&mut self) -> Result<Option<Node>> {
        let Some(frame) = self.frames.last() else { return Ok(None) };
        let column = frame.column;
        if self.nodes > self.most {
            return Err(self.too_many());
        }
        match frame.kind {
            FrameKind::BlockMapping(expect) => self.advance_block_mapping(column, expect),
            FrameKind::BlockSequence => self.advance_block_sequence(column, false),
            FrameKind::IndentlessSequence => self.advance_block_sequence(column, true),
            FrameKind::FlowMapping(expect) => self.advance_flow_mapping(expect),
            FrameKind::FlowSequence(expect) => self.advance_flow_sequence(expect),
            FrameKind::FlowPair(expect) => self.advance_flow_pair(expect),
        }
    }

    /// The error for a document with more nodes than the budget allows, at the current position.
    #[cold]
    pub(super) fn too_many(&self) -> Error {
        self.budget.exceeded(Limit::Bytes, self.span(self.position, self.position))
    }

    /// Adds a complete node to the innermost collection, as a key, a value or an element.
    fn attach(&mut self, node: Node) -> Result<()> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        match frame.kind {
            FrameKind::BlockSequence | FrameKind::IndentlessSequence => self.items.push(node),
            FrameKind::FlowSequence(_) => {
                self.items.push(node);
                self.expect(Expect::Separator);
            }
            // A collection as a key without a value: usually a template expression.
            FrameKind::FlowMapping(Expect::Key) | FrameKind::BlockMapping(Expect::Separator) => {
                return Err(self.complex_key(node.span()));
            }
            FrameKind::BlockMapping(Expect::Colon)
            | FrameKind::FlowMapping(Expect::Colon)
            | FrameKind::FlowPair(Expect::Colon) => {
                let key = self.key_of(&node)?;
                self.push_key(key);
            }
            FrameKind::BlockMapping(_) | FrameKind::FlowMapping(_) | FrameKind::FlowPair(_) => {
                if let Some(key) = self.keys.pop() {
                    self.entries.push((key, node));
                }
            }
        }
        Ok(())
    }

    /// Stores a key until its value is read.
    pub(super) fn push_key(&mut self, key: Scalar) {
        if key.text() == "<<"
            && let Some(frame) = self.frames.last_mut()
        {
            frame.merges = true;
        }
        self.keys.push(key);
    }

    /// Sets the token that the innermost mapping expects next.
    pub(super) fn expect(&mut self, expect: Expect) {
        if let Some(frame) = self.frames.last_mut() {
            frame.kind = match frame.kind {
                FrameKind::BlockMapping(_) => FrameKind::BlockMapping(expect),
                FrameKind::FlowMapping(_) => FrameKind::FlowMapping(expect),
                FrameKind::FlowPair(_) => FrameKind::FlowPair(expect),
                FrameKind::FlowSequence(_) => FrameKind::FlowSequence(expect),
                sequence @ (FrameKind::BlockSequence | FrameKind::IndentlessSequence) => sequence,
            };
        }
    }

    /// Opens a collection whose first byte is at `start`.
    pub(super) fn open(
        &mut self,
        kind: FrameKind,
        column: isize,
        start: usize,
        properties: Properties<'s>,
    ) -> Result<()> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(Error::new(
                Code::NestingTooDeep,
                format!("collections nest deeper than {MAX_DEPTH} levels"),
            )
            .at(self.span(start, start + 1))
            .help("no Kubernetes object nests this deep: is this generated text right?"));
        }
        self.nodes += 1;
        if RECORD {
            self.note_opening(kind, start);
        }
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, Anchor::Open);
        }
        let first = match kind {
            FrameKind::BlockSequence
            | FrameKind::IndentlessSequence
            | FrameKind::FlowSequence(_) => self.items.len(),
            FrameKind::BlockMapping(_) | FrameKind::FlowMapping(_) | FrameKind::FlowPair(_) => {
                self.entries.len()
            }
        };
        self.frames.push(Frame {
            kind,
            column,
            start,
            first,
            nodes_before: self.nodes - 1,
            repeated_before: self.repeated,
            indent_before: self.indent,
            properties,
            merges: false,
        });
        match kind {
            FrameKind::BlockMapping(_) | FrameKind::BlockSequence => self.indent = column,
            FrameKind::FlowMapping(_) | FrameKind::FlowSequence(_) => self.flow_level += 1,
            FrameKind::IndentlessSequence | FrameKind::FlowPair(_) => {}
        }
        Ok(())
    }

    /// Records the beginning of a collection of the outline.
    fn note_opening(&mut self, kind: FrameKind, start: usize) {
        let form = match kind {
            FrameKind::BlockMapping(_) => Form::Mapping(CollectionStyle::Block),
            FrameKind::FlowMapping(_) => Form::Mapping(CollectionStyle::Flow),
            FrameKind::FlowPair(_) => Form::Pair,
            FrameKind::BlockSequence | FrameKind::IndentlessSequence => {
                Form::Sequence(CollectionStyle::Block)
            }
            FrameKind::FlowSequence(_) => Form::Sequence(CollectionStyle::Flow),
        };
        self.recorder.open(form, self.base + start, start < self.position);
    }

    /// Closes the innermost collection; a flow collection ends at the position.
    pub(super) fn close(&mut self) -> Result<Option<Node>> {
        let Some(frame) = self.frames.pop() else { return Ok(None) };
        self.indent = frame.indent_before;
        let style = match frame.kind {
            FrameKind::FlowMapping(_) | FrameKind::FlowSequence(_) => {
                self.flow_level -= 1;
                CollectionStyle::Flow
            }
            FrameKind::FlowPair(_) => CollectionStyle::Flow,
            FrameKind::BlockMapping(_)
            | FrameKind::BlockSequence
            | FrameKind::IndentlessSequence => CollectionStyle::Block,
        };
        let ends_here =
            matches!(frame.kind, FrameKind::FlowMapping(_) | FrameKind::FlowSequence(_));
        let opened = self.span(frame.start, if ends_here { self.position } else { frame.start });
        let tag = frame.properties.tag;
        let node = match frame.kind {
            FrameKind::BlockSequence
            | FrameKind::IndentlessSequence
            | FrameKind::FlowSequence(_) => {
                let items: Vec<Node> = self.items.drain(frame.first..).collect();
                let span = if ends_here {
                    opened
                } else {
                    items.last().map_or(opened, |last| opened.to(last.span()))
                };
                Node::from(Sequence { items, span, style, tag, steady: false })
            }
            FrameKind::BlockMapping(_) | FrameKind::FlowMapping(_) | FrameKind::FlowPair(_) => {
                let entries: Vec<(Scalar, Node)> = self.entries.drain(frame.first..).collect();
                let last = entries.last().map(|(key, value)| key.span().to(value.span()));
                let span =
                    if ends_here { opened } else { last.map_or(opened, |last| opened.to(last)) };
                let entries = entries.into();
                let mut mapping = Mapping { entries, span, style, tag, steady: false };
                if frame.merges {
                    merge(&mut mapping, self.merge)?;
                }
                Node::from(mapping)
            }
        };
        if RECORD {
            self.recorder.close((node.span().end() - self.source.base()) as usize);
        }
        if let Some(anchor) = frame.properties.anchor {
            let bytes = self.position - frame.start + self.repeated - frame.repeated_before;
            self.define(Some(anchor), &node, self.nodes - frame.nodes_before, bytes);
        }
        Ok(Some(node))
    }

    /// A scalar as a node, under its anchor if it has one.
    pub(super) fn complete(&mut self, scalar: Scalar, properties: &Properties<'s>) -> Node {
        self.nodes += 1;
        self.note_scalar(&scalar);
        let node = Node::from(scalar);
        let length = node.as_text().map_or(0, str::len);
        self.define(properties.anchor, &node, 1, length);
        node
    }

    /// The null of an empty place.
    pub(super) fn empty(&mut self, properties: &Properties<'s>) -> Node {
        let span = self.span(self.position, self.position);
        self.complete(Scalar::parsed("", properties.tag, Style::Plain, span), properties)
    }

    /// The offset in the source of an offset in the text being read.
    pub(super) const fn source_offset(&self, at: usize) -> usize {
        self.base + at
    }

    /// The span of the bytes `start..end` of the text being read.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        self.source.span(self.base + start, self.base + end)
    }

    /// The line and the column, from 1, that a byte of the text has in its file.
    #[cold]
    pub(super) fn place_in_file(&self, at: usize) -> (usize, usize) {
        self.source.line_and_column_in_file(self.base + at)
    }

    /// The byte at an offset; 0 past the end, since no text contains a zero byte.
    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        match self.bytes.get(at) {
            Some(byte) => *byte,
            None => 0,
        }
    }

    /// The byte at the position.
    #[inline(always)]
    pub(super) fn here(&self) -> u8 {
        self.byte(self.position)
    }

    /// The column of the position, in characters from 0.
    #[inline(always)]
    pub(super) fn column(&self) -> isize {
        let bytes = self.position - self.line;
        if WIDE {
            let continued = self.bytes[self.line..self.position]
                .iter()
                .filter(|&&byte| byte & 0xc0 == 0x80)
                .count();
            return (bytes - continued).cast_signed();
        }
        bytes.cast_signed()
    }

    /// The length of the line end at an offset; 0 if there is none.
    #[inline(always)]
    pub(super) fn line_end(&self, at: usize) -> usize {
        let byte = self.byte(at);
        if byte == b'\n' {
            return 1;
        }
        if !WIDE {
            return 0;
        }
        match (byte, self.byte(at + 1), self.byte(at + 2)) {
            // kustomize's reader of resources replaces CR LF by LF first; a CR before that joins with the new LF.
            (b'\r', b'\r', b'\n') if self.merge == Merge::Own => 3,
            (b'\r', b'\n', _) | (0xc2, 0x85, _) => 2,
            (b'\r', _, _) => 1,
            (0xe2, 0x80, 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    /// The text that a line end at an offset adds to a scalar: a line feed, except for U+2028 and U+2029.
    pub(super) fn line_end_text(&self, at: usize) -> &'static str {
        match (self.byte(at), self.byte(at + 2)) {
            (0xe2, 0xa8) => "\u{2028}",
            (0xe2, _) => "\u{2029}",
            _ => "\n",
        }
    }

    /// True if a space, a tab, a line end or the end of the text is at an offset.
    #[inline(always)]
    pub(super) fn is_separated(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t' | 0) || self.line_end(at) > 0
    }

    /// True at a document marker, `---` or `...`.
    pub(super) fn at_document_marker(&self) -> bool {
        self.position == self.line
            && matches!(self.here(), b'-' | b'.')
            && self.bytes[self.position..]
                .get(..3)
                .is_some_and(|mark| mark == b"---" || mark == b"...")
            && self.is_separated(self.position + 3)
    }

    /// True at the end of the document: the end of the text, a marker, or a directive.
    pub(super) fn at_document_end(&self) -> bool {
        match self.here() {
            0 => true,
            b'%' => self.position == self.line,
            b'-' | b'.' => self.at_document_marker(),
            _ => false,
        }
    }

    /// Skips spaces, tabs, comments and line ends up to the next token.
    ///
    /// A tab is not skipped where a key may begin; the caller refuses it.
    #[inline(always)]
    pub(super) fn skip(&mut self) {
        loop {
            match self.here() {
                b' ' => self.position += 1,
                b'\n' => self.next_line(1),
                b'\t' if self.flow_level > 0 || !self.key_allowed => self.position += 1,
                b'#' => self.skip_comment(),
                _ if !WIDE => return,
                _ => match self.line_end(self.position) {
                    0 => return,
                    length => self.next_line(length),
                },
            }
        }
    }

    #[inline(always)]
    fn next_line(&mut self, length: usize) {
        self.position += length;
        self.line = self.position;
        if self.flow_level == 0 {
            self.key_allowed = true;
        }
    }

    #[cold]
    fn skip_comment(&mut self) {
        let own_line =
            self.bytes[self.line..self.position].iter().all(|byte| matches!(byte, b' ' | b'\t'));
        loop {
            let start = self.position;
            self.position = self.end_of_line(start);
            self.note(TokenKind::Comment, start, self.position);
            let text = self.text[start..self.position].trim_start_matches('#').trim_start();
            if text.starts_with('{') {
                let span = self.span(start, self.position);
                self.comments.push(Comment { span, node: Span::NONE, text: Arc::from(text) });
            }
            // go-yaml looks for more comment lines before it checks the indentation: a tab may precede them.
            match self.next_comment_after_tab() {
                Some(next) if own_line => {
                    self.line = self.text[..next].rfind('\n').map_or(0, |newline| newline + 1);
                    self.position = next;
                }
                _ => return,
            }
        }
    }

    fn next_comment_after_tab(&self) -> Option<usize> {
        let mut tab = false;
        for at in self.position..self.position + 512 {
            match self.byte(at) {
                b'\t' => tab = true,
                b' ' | b'\n' => {}
                b'#' if tab => return Some(at),
                _ => return None,
            }
        }
        None
    }

    /// The offset of the next line end, or of the end of the text.
    pub(super) fn end_of_line(&self, from: usize) -> usize {
        if !WIDE {
            return memchr::memchr(b'\n', &self.bytes[from..])
                .map_or(self.bytes.len(), |offset| from + offset);
        }
        (from..self.bytes.len()).find(|&at| self.line_end(at) > 0).unwrap_or(self.bytes.len())
    }

    /// The error for text that is not YAML, at the current character.
    #[cold]
    pub(super) fn malformed(&self, message: impl Into<String>) -> Error {
        let length = self.text[self.position..].chars().next().map_or(0, char::len_utf8);
        malformed_at(self.span(self.position, self.position + length), message)
    }

    /// Converts a node to a key. A resource may have a list or a mapping as a key if it is not emitted: kyaml sees it
    /// as empty text.
    ///
    /// # Errors
    /// [`Code::InvalidKey`] for such a key in configuration.
    pub(super) fn key_of(&self, node: &Node) -> Result<Scalar> {
        match node.as_scalar() {
            Some(key) => Ok(key.clone()),
            None if self.merge != Merge::Later => Ok(Scalar::complex_key(node.kind(), node.span())),
            None => Err(self.complex_key(node.span())),
        }
    }

    /// The error for a key that is a list or a mapping: valid YAML that no manifest can use.
    #[cold]
    pub(super) fn complex_key(&self, span: Span) -> Error {
        let start = (span.start() - self.span(0, 0).start()) as usize;
        let template = self.text[..start].ends_with('{') && self.text[start..].starts_with('{');
        if template {
            return Error::new(Code::InvalidKey, "found a template expression, expected a value")
                .at(span)
                .help("render the template first: this is no YAML yet");
        }
        Error::new(Code::InvalidKey, "found a list or a mapping as a mapping key, expected text")
            .at(span)
            .help("quote it if it is meant as text")
    }
}
