//! Assigns comments to nodes, as go-yaml v3 does while it parses (`parserc.go`) and builds its tree (`decode.go`).

use std::collections::BTreeMap;

use super::stream::{Kind, Stream, Token};
use super::{Outline, Token as Written, TokenKind, Tokens};

/// The comments of a node, its tag and its anchor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// On the lines above.
    pub head: String,
    /// At the end of the line.
    pub line: String,
    /// On the lines below, with an empty line after them.
    pub foot: String,
    /// The foot comment of the entry before.
    pub(in crate::yaml) tail: String,
    /// The tag of the node as written; it stays if the value changes.
    pub tag: String,
    /// The anchor with its `&`.
    pub(in crate::yaml) anchor: String,
    /// True for an alias.
    pub(in crate::yaml) is_alias: bool,
    /// The offsets of the first comments above and at the end of the line.
    pub(in crate::yaml) head_at: usize,
    pub(in crate::yaml) line_at: usize,
}

impl Remarks {
    /// The tag and the anchor alone.
    pub(in crate::yaml) fn without_comments(&self) -> Self {
        let Self { tag, anchor, is_alias, .. } = self;
        let (tag, anchor) = (tag.clone(), anchor.clone());
        Self { tag, anchor, is_alias: *is_alias, ..Self::default() }
    }

    /// The offset of the comment that may be a schema: the one at the end of the line, or else the first one above.
    /// (kyaml, `fieldmeta.Read`.)
    pub(in crate::yaml) fn schema_at(&self) -> Option<usize> {
        match (self.line.is_empty(), self.head.is_empty()) {
            (false, _) => Some(self.line_at),
            (true, false) => Some(self.head_at),
            (true, true) => None,
        }
    }
}

/// The comments of a document, by the places of its nodes.
#[derive(Clone, Debug, Default)]
pub(in crate::yaml) struct Comments {
    /// The comments above and below the document.
    pub(in crate::yaml) document: Remarks,
    scalars: BTreeMap<usize, Remarks>,
    collections: BTreeMap<usize, Remarks>,
    /// Scalars that are not written, with an anchor or a tag.
    absent: BTreeMap<usize, Remarks>,
}

impl Comments {
    /// Finds the comments of a document.
    pub(in crate::yaml) fn of(text: &str, tokens: &Tokens, outline: &Outline) -> Self {
        let range = outline.range();
        let text = text.get(..range.end).unwrap_or_default();
        // The reader of go-yaml removes a byte-order mark.
        let has_mark = text.get(range.start..).is_some_and(|text| text.starts_with('\u{feff}'));
        let start = range.start + if has_mark { '\u{feff}'.len_utf8() } else { 0 };
        let is_read = |token: &Written| range.start <= token.start() && !token.kind().is_trivia();
        let tokens: Vec<Written> = tokens.list().iter().copied().filter(is_read).collect();
        let mut parser = Parser {
            text,
            written: &tokens,
            outline,
            stream: Stream::new(text, start, &tokens),
            states: Vec::new(),
            pending: Remarks::default(),
            stem: String::new(),
            stem_at: 0,
            last_head_at: 0,
            composer: Composer::default(),
        };
        parser.document();
        parser.composer.complete()
    }

    /// The comments above and below the document, and the tags and anchors of all nodes.
    pub(in crate::yaml) fn of_document_only(&self) -> Self {
        let strip = |remarks: &BTreeMap<usize, Remarks>| {
            let bare = |(at, remarks): (&usize, &Remarks)| (*at, remarks.without_comments());
            remarks.iter().map(bare).collect()
        };
        Self {
            document: self.document.clone(),
            scalars: strip(&self.scalars),
            collections: strip(&self.collections),
            absent: strip(&self.absent),
        }
    }

    /// Gives the node at an offset comments where it has none.
    pub(in crate::yaml) fn adopt(&mut self, at: usize, is_scalar: bool, from: &Remarks) {
        let all = if is_scalar { &mut self.scalars } else { &mut self.collections };
        let known = all.entry(at).or_default();
        for (own, other) in [
            (&mut known.head, &from.head),
            (&mut known.line, &from.line),
            (&mut known.foot, &from.foot),
        ] {
            if own.is_empty() {
                own.clone_from(other);
            }
        }
    }

    pub(in crate::yaml) fn of_absent(&self, at: usize) -> Option<&Remarks> {
        self.absent.get(&at)
    }

    pub(in crate::yaml) fn of_scalar(&self, at: usize) -> Option<&Remarks> {
        self.scalars.get(&at)
    }

    pub(in crate::yaml) fn of_collection(&self, at: usize) -> Option<&Remarks> {
        self.collections.get(&at)
    }
}

#[derive(Clone, Copy)]
enum State {
    Node { block: bool, indentless: bool },
    BlockItem { first: bool },
    IndentlessItem,
    BlockKey { first: bool },
    BlockValue,
    FlowItem { first: bool },
    FlowKey { first: bool },
    FlowValue,
    PairKey,
    PairValue,
    PairEnd,
}

struct Parser<'a> {
    text: &'a str,
    written: &'a [Written],
    outline: &'a Outline,
    stream: Stream<'a>,
    states: Vec<State>,
    /// Comments of the tokens read so far, for the next event.
    pending: Remarks,
    /// The comment above a dash if a block begins after the dash, and its offset.
    stem: String,
    stem_at: usize,
    /// The offset of the last comment for `pending.head`.
    last_head_at: usize,
    composer: Composer,
}

impl Parser<'_> {
    fn peek(&mut self) -> Token {
        let token = self.stream.peek();
        let join = |into: &mut String, text: &str| {
            if !text.is_empty() {
                if !into.is_empty() {
                    into.push('\n');
                }
                into.push_str(text);
            }
        };
        while let Some(comment) = self.stream.comments.get_mut(self.stream.comments_head) {
            if token.start.index < comment.token.index {
                break;
            }
            if !comment.head.is_empty() && token.kind == Kind::BlockEnd {
                // The comment belongs to the next token.
                break;
            }
            let at = comment.offset();
            if !comment.head.is_empty() {
                if self.pending.head.is_empty() {
                    self.pending.head_at = at;
                }
                self.last_head_at = at;
            }
            if !comment.line.is_empty() && self.pending.line.is_empty() {
                self.pending.line_at = at;
            }
            join(&mut self.pending.head, &std::mem::take(&mut comment.head));
            join(&mut self.pending.foot, &std::mem::take(&mut comment.foot));
            join(&mut self.pending.line, &std::mem::take(&mut comment.line));
            comment.clear();
            self.stream.comments_head += 1;
        }
        token
    }

    fn skip(&mut self) {
        self.stream.head += 1;
    }

    fn take(&mut self) -> Remarks {
        self.stem.clear();
        std::mem::take(&mut self.pending)
    }

    fn document(&mut self) {
        self.peek();
        self.skip();
        while self.peek().kind == Kind::Directive {
            self.skip();
        }
        if self.peek().kind == Kind::DocumentStart {
            self.skip();
            let next = self.peek().kind;
            if matches!(next, Kind::DocumentStart | Kind::StreamEnd) {
                self.composer.empty();
            } else {
                self.states.push(State::Node { block: true, indentless: false });
            }
        } else {
            self.split_head();
            self.states.push(State::Node { block: true, indentless: false });
        }
        while let Some(state) = self.states.pop() {
            self.step(state);
        }
        self.peek();
        let Remarks { head, foot, .. } = self.take();
        self.composer.comments.document.foot = if foot.is_empty() { head } else { foot };
    }

    /// Moves the comments above the last empty line at the top to the document.
    fn split_head(&mut self) {
        let head = &self.pending.head;
        let bytes = head.as_bytes();
        for at in (1..bytes.len()).rev().filter(|&at| bytes[at] == b'\n') {
            let ends = if at == bytes.len() - 1 {
                at
            } else if bytes[at - 1] == b'\n' {
                at - 1
            } else {
                continue;
            };
            self.composer.comments.document.head = head[..ends].to_owned();
            self.pending.head = head[at + 1..].to_owned();
            self.pending.head_at = self.last_head_at;
            return;
        }
    }

    fn step(&mut self, state: State) {
        match state {
            State::Node { block, indentless } => self.node(block, indentless),
            State::BlockItem { first } => self.block_item(first),
            State::IndentlessItem => self.indentless_item(),
            State::BlockKey { first } => self.block_key(first),
            State::BlockValue => self.block_value(),
            State::FlowItem { first } => self.flow_item(first),
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue => self.flow_value(),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                self.peek();
                self.composer.end(Remarks::default());
            }
        }
    }

    fn node(&mut self, block: bool, indentless: bool) {
        let mut token = self.peek();
        let mut own = Remarks::default();
        let mut end = None;
        if token.kind == Kind::Alias {
            let remarks = Remarks { is_alias: true, ..self.take() };
            self.composer.scalar(token.offset(), remarks);
            self.skip();
            return;
        }
        while matches!(token.kind, Kind::Anchor | Kind::Tag) {
            end = Some(self.property(token, &mut own));
            self.skip();
            token = self.peek();
        }
        let Remarks { tag, anchor, .. } = own;
        let at = token.offset();
        if indentless && token.kind == Kind::BlockEntry {
            let remarks = Remarks { tag, anchor, ..Remarks::default() };
            self.composer.begin(at, false, false, remarks);
            self.states.push(State::IndentlessItem);
            return;
        }
        match token.kind {
            Kind::Scalar => {
                let remarks = Remarks { tag, anchor, ..self.take() };
                self.composer.scalar(at, remarks);
                self.skip();
            }
            Kind::FlowSequenceStart | Kind::FlowMappingStart => {
                let is_mapping = token.kind == Kind::FlowMappingStart;
                let remarks = Remarks { tag, anchor, ..self.take() };
                self.composer.begin(at, is_mapping, true, remarks);
                self.states.push(if is_mapping {
                    State::FlowKey { first: true }
                } else {
                    State::FlowItem { first: true }
                });
            }
            Kind::BlockSequenceStart | Kind::BlockMappingStart if block => {
                let is_mapping = token.kind == Kind::BlockMappingStart;
                let head = std::mem::take(&mut self.stem);
                let head_at = self.stem_at;
                let remarks = Remarks { head, tag, anchor, head_at, ..Remarks::default() };
                self.composer.begin(at, is_mapping, false, remarks);
                self.states.push(if is_mapping {
                    State::BlockKey { first: true }
                } else {
                    State::BlockItem { first: true }
                });
            }
            _ => {
                if let Some(end) = end {
                    let at = self.stream.content_from(self.written, end);
                    let remarks = Remarks { tag, anchor, ..Remarks::default() };
                    self.composer.comments.absent.insert(at, remarks);
                }
                self.composer.empty();
            }
        }
    }

    /// Stores an anchor or a tag. Returns the offset after it.
    fn property(&self, token: Token, own: &mut Remarks) -> usize {
        let at = self.written.partition_point(|written| written.start() < token.offset());
        let Some(written) = self.written.get(at) else { return token.offset() };
        if written.kind() == TokenKind::Anchor {
            own.anchor = self.text.get(written.range()).unwrap_or_default().to_owned();
        } else {
            own.tag = self.outline.tag(written.start()).unwrap_or_default().to_owned();
        }
        written.end()
    }

    /// After a dash, moves the comment above it to the block that begins there, if one does.
    fn split_stem(&mut self, length: usize) {
        if length == 0 {
            return;
        }
        let token = self.peek();
        if matches!(token.kind, Kind::BlockSequenceStart | Kind::BlockMappingStart) {
            let head = std::mem::take(&mut self.pending.head);
            self.stem_at = std::mem::replace(&mut self.pending.head_at, self.last_head_at);
            self.pending.head = head.get(length + 1..).unwrap_or_default().to_owned();
            self.stem = head.get(..length).unwrap_or_default().to_owned();
        }
    }

    fn block_item(&mut self, first: bool) {
        if first {
            self.peek();
            self.skip();
        }
        if self.peek().kind != Kind::BlockEntry {
            self.skip();
            self.composer.end(Remarks::default());
            return;
        }
        self.states.push(State::BlockItem { first: false });
        let length = self.pending.head.len();
        self.skip();
        self.split_stem(length);
        if matches!(self.peek().kind, Kind::BlockEntry | Kind::BlockEnd) {
            self.composer.empty();
        } else {
            self.states.push(State::Node { block: true, indentless: false });
        }
    }

    fn indentless_item(&mut self) {
        if self.peek().kind != Kind::BlockEntry {
            self.composer.end(Remarks::default());
            return;
        }
        self.states.push(State::IndentlessItem);
        let length = self.pending.head.len();
        self.skip();
        self.split_stem(length);
        let next = self.peek().kind;
        if matches!(next, Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd) {
            self.composer.empty();
        } else {
            self.states.push(State::Node { block: true, indentless: false });
        }
    }

    fn block_key(&mut self, first: bool) {
        if first {
            self.peek();
            self.skip();
        }
        if self.peek().kind != Kind::Key {
            let remarks = self.take();
            self.composer.end(remarks);
            self.skip();
            return;
        }
        self.skip();
        self.states.push(State::BlockValue);
        if matches!(self.peek().kind, Kind::Key | Kind::Value | Kind::BlockEnd) {
            self.composer.empty();
        } else {
            self.states.push(State::Node { block: true, indentless: true });
        }
    }

    fn block_value(&mut self) {
        self.states.push(State::BlockKey { first: false });
        if self.peek().kind != Kind::Value {
            self.composer.empty();
            return;
        }
        self.skip();
        if matches!(self.peek().kind, Kind::Key | Kind::Value | Kind::BlockEnd) {
            self.composer.empty();
        } else {
            self.states.push(State::Node { block: true, indentless: true });
        }
    }

    fn end_flow(&mut self) {
        let remarks = self.take();
        self.composer.end(remarks);
        self.skip();
    }

    /// The first token of an entry of a flow collection: after the bracket, or after the comma before it.
    fn flow_entry(&mut self, first: bool) -> Token {
        let token = self.peek();
        if first || token.kind == Kind::FlowEntry {
            self.skip();
            return self.peek();
        }
        token
    }

    fn flow_item(&mut self, first: bool) {
        let token = self.flow_entry(first);
        match token.kind {
            Kind::FlowSequenceEnd | Kind::StreamEnd => self.end_flow(),
            Kind::Key => {
                let at = token.offset();
                self.composer.begin(at, true, true, Remarks::default());
                self.skip();
                self.states.extend([State::FlowItem { first: false }, State::PairKey]);
            }
            _ => {
                self.states.extend([
                    State::FlowItem { first: false },
                    State::Node { block: false, indentless: false },
                ]);
            }
        }
    }

    fn pair_key(&mut self) {
        self.states.push(State::PairValue);
        if matches!(self.peek().kind, Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd) {
            self.composer.empty();
        } else {
            self.states.push(State::Node { block: false, indentless: false });
        }
    }

    fn pair_value(&mut self) {
        self.states.push(State::PairEnd);
        if self.peek().kind == Kind::Value {
            self.skip();
            if !matches!(self.peek().kind, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                self.states.push(State::Node { block: false, indentless: false });
                return;
            }
        }
        self.composer.empty();
    }

    fn flow_key(&mut self, first: bool) {
        let token = self.flow_entry(first);
        match token.kind {
            Kind::FlowMappingEnd | Kind::StreamEnd => self.end_flow(),
            Kind::Key => {
                self.skip();
                self.states.push(State::FlowValue);
                let next = self.peek().kind;
                if matches!(next, Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd) {
                    self.composer.empty();
                } else {
                    self.states.push(State::Node { block: false, indentless: false });
                }
            }
            // A key without a value.
            _ => self
                .states
                .extend([State::FlowValue, State::Node { block: false, indentless: false }]),
        }
    }

    fn flow_value(&mut self) {
        self.states.push(State::FlowKey { first: false });
        if self.peek().kind == Kind::Value {
            self.skip();
            if !matches!(self.peek().kind, Kind::FlowEntry | Kind::FlowMappingEnd) {
                self.states.push(State::Node { block: false, indentless: false });
                return;
            }
        }
        self.composer.empty();
    }
}

/// Stores comments for nodes, and comments below a value for its key.
#[derive(Default)]
struct Composer {
    comments: Comments,
    open: Vec<OpenComment>,
}

struct OpenComment {
    at: usize,
    is_mapping: bool,
    is_flow: bool,
    remarks: Remarks,
    /// The number of children so far; in a mapping, keys and values are counted.
    count: usize,
    /// The last two keys of a mapping.
    keys: [Option<usize>; 2],
}

impl Composer {
    fn begin(&mut self, at: usize, is_mapping: bool, is_flow: bool, remarks: Remarks) {
        self.open.push(OpenComment { at, is_mapping, is_flow, remarks, count: 0, keys: [None; 2] });
    }

    fn empty(&mut self) {
        self.child(None, Remarks::default());
    }

    fn scalar(&mut self, at: usize, remarks: Remarks) {
        let foot = self.child(Some(at), remarks.clone());
        self.comments.scalars.insert(at, Remarks { foot, ..remarks });
    }

    /// Ends the innermost collection.
    fn end(&mut self, remarks: Remarks) {
        let Some(mut open) = self.open.pop() else { return };
        open.remarks.line = remarks.line;
        open.remarks.line_at = remarks.line_at;
        open.remarks.foot = remarks.foot;
        if open.is_mapping && !open.is_flow && open.count > 1 && !open.remarks.foot.is_empty() {
            let foot = std::mem::take(&mut open.remarks.foot);
            if let Some(key) = open.keys[1] {
                self.set_foot(key, foot);
            }
        }
        let remarks = open.remarks;
        let foot = self.child(None, remarks.clone());
        self.comments.collections.insert(open.at, Remarks { foot, ..remarks });
    }

    fn set_foot(&mut self, key: usize, foot: String) {
        self.comments.scalars.entry(key).or_default().foot = foot;
    }

    /// Adds a node to the collection around it. Returns the foot comment that remains with the node.
    fn child(&mut self, at: Option<usize>, remarks: Remarks) -> String {
        let foot = remarks.foot;
        let Some(open) = self.open.last_mut() else { return foot };
        open.count += 1;
        if !open.is_mapping {
            return foot;
        }
        if open.count % 2 == 1 {
            open.keys = [open.keys[1], at];
            // A foot comment of a key belongs to the entry before it.
            if !open.is_flow && !foot.is_empty() && open.count > 2 {
                if let Some(before) = open.keys[0] {
                    self.set_foot(before, foot);
                }
                return String::new();
            }
            return foot;
        }
        let Some(key) = open.keys[1] else { return foot };
        let has_foot = self.comments.scalars.get(&key).is_some_and(|key| !key.foot.is_empty());
        if foot.is_empty() || has_foot {
            return foot;
        }
        self.set_foot(key, foot);
        String::new()
    }

    fn complete(self) -> Comments {
        self.comments
    }
}
