//! Flow collections: structure by brackets, braces and commas, as in JSON.

use super::reader::{Expect, FrameKind, Properties, Reader, Slot};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::node::{Node, Scalar, Style};
use crate::yaml::tokens::TokenKind;

impl<'s, const WIDE: bool, const RECORD: bool> Reader<'s, WIDE, RECORD> {
    /// Opens the flow collection at the position.
    pub(super) fn open_flow(&mut self, properties: Properties<'s>) -> Result<Option<Node>> {
        let mapping = self.here() == b'{';
        let kind = if mapping {
            FrameKind::FlowMapping(Expect::Key)
        } else {
            FrameKind::FlowSequence(Expect::Key)
        };
        self.open(kind, 0, self.position, properties)?;
        let token = if mapping { TokenKind::MappingStart } else { TokenKind::SequenceStart };
        self.note(token, self.position, self.position + 1);
        self.position += 1;
        self.key_allowed = true;
        self.skip();
        if self.here() == if mapping { b'}' } else { b']' } {
            return self.close_flow();
        }
        Ok(None)
    }

    fn close_flow(&mut self) -> Result<Option<Node>> {
        let is_mapping = self.here() == b'}';
        let token = if is_mapping { TokenKind::MappingEnd } else { TokenKind::SequenceEnd };
        self.note(token, self.position, self.position + 1);
        self.position += 1;
        self.key_allowed = false;
        let node = self.close()?;
        let mut at = self.position;
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        if self.byte(at) == b':' && (self.flow_level > 0 || self.is_separated(at + 1)) {
            let innermost = self.frames.last().map(|frame| frame.kind);
            return match node {
                // After `?` the colon is that of the explicit key.
                Some(node) if innermost.is_some_and(is_behind_question) => Ok(Some(node)),
                Some(node) => self.flow_key(&node, at + 1),
                None => Ok(None),
            };
        }
        Ok(node)
    }

    /// Opens a flow collection that is a key of the innermost block mapping. [`Expect::Separator`] marks that it cannot
    /// be anything else.
    pub(super) fn open_flow_key(&mut self) -> Result<Option<Node>> {
        self.expect(Expect::Separator);
        self.open_flow(Properties::default())
    }

    /// Continues after the colon that follows a flow collection: the collection becomes a key, if one is allowed where
    /// it began.
    #[cold]
    fn flow_key(&mut self, node: &Node, behind: usize) -> Result<Option<Node>> {
        let key = self.key_of(node)?;
        let start = (node.span().start() - self.span(0, 0).start()) as usize;
        let refused = self.complex_key(node.span());
        if start < self.line {
            return Err(refused);
        }
        self.note(TokenKind::Colon(Some(self.source_offset(start))), behind - 1, behind);
        match self.frames.last().map(|frame| (frame.kind, frame.column)) {
            Some((FrameKind::FlowMapping(Expect::Key), _)) => self.expect(Expect::Value),
            Some((FrameKind::FlowSequence(_), _)) => {
                self.open(FrameKind::FlowPair(Expect::Value), 0, start, Properties::default())?;
            }
            Some((FrameKind::BlockMapping(Expect::Separator), column)) => {
                self.position = behind;
                self.expect(Expect::Key);
                self.push_key(key);
                return self.block_child(column, Slot::Value);
            }
            Some((FrameKind::FlowMapping(_) | FrameKind::FlowPair(_), _)) => return Err(refused),
            _ => {
                // Only dashes may precede it on its line.
                if !self.text[self.line..start].bytes().all(|byte| matches!(byte, b' ' | b'-')) {
                    return Err(refused);
                }
                self.position = behind;
                return self.open_with_key(start, key, Properties::default());
            }
        }
        self.position = behind;
        self.nodes += 1;
        self.push_key(key);
        Ok(None)
    }

    /// Parses the next part of a flow sequence.
    pub(super) fn advance_flow_sequence(&mut self, expect: Expect) -> Result<Option<Node>> {
        if expect == Expect::Separator && self.separator(b']')? {
            return self.close_flow();
        }
        self.expect(Expect::Key);
        self.skip();
        match self.here() {
            b']' => self.close_flow(),
            b'?' => {
                self.open(
                    FrameKind::FlowPair(Expect::ExplicitKey),
                    0,
                    self.position,
                    Properties::default(),
                )?;
                self.note(TokenKind::Question, self.position, self.position + 1);
                self.position += 1;
                self.key_allowed = false;
                Ok(None)
            }
            _ => {
                let start = self.position;
                self.flow_node(start, true)
            }
        }
    }

    /// Parses the next part of a `key: value` without braces.
    pub(super) fn advance_flow_pair(&mut self, expect: Expect) -> Result<Option<Node>> {
        self.skip();
        match expect {
            Expect::ExplicitKey => {
                self.expect(Expect::Colon);
                if matches!(self.here(), b',' | b']' | b':') {
                    return Err(self.malformed("expected a key after `?`"));
                }
                let start = self.position;
                self.flow_node(start, false)
            }
            Expect::Colon => self.advance_flow_colon(b']'),
            Expect::Value => {
                self.expect(Expect::Separator);
                self.flow_value(b']')
            }
            Expect::Key | Expect::Separator => {
                self.key_allowed = false;
                self.close()
            }
        }
    }

    /// Continues after a key, in a collection that ends with `end`: a colon and a value follow, or the value is empty.
    fn advance_flow_colon(&mut self, end: u8) -> Result<Option<Node>> {
        self.expect(Expect::Separator);
        if self.here() != b':' {
            return Ok(Some(self.empty(&Properties::default())));
        }
        self.note(TokenKind::Colon(None), self.position, self.position + 1);
        self.position += 1;
        self.key_allowed = false;
        self.skip();
        self.flow_value(end)
    }

    /// Parses the next part of a flow mapping.
    pub(super) fn advance_flow_mapping(&mut self, expect: Expect) -> Result<Option<Node>> {
        self.skip();
        match expect {
            Expect::Separator => {
                if self.separator(b'}')? {
                    return self.close_flow();
                }
                self.expect(Expect::Key);
                self.advance_flow_mapping_key()
            }
            Expect::Key => self.advance_flow_mapping_key(),
            Expect::ExplicitKey | Expect::Value => {
                self.expect(Expect::Separator);
                self.flow_value(b'}')
            }
            Expect::Colon => self.advance_flow_colon(b'}'),
        }
    }

    fn advance_flow_mapping_key(&mut self) -> Result<Option<Node>> {
        self.skip();
        if self.here() == b'}' {
            return self.close_flow();
        }
        if self.here() == b'?' {
            self.note(TokenKind::Question, self.position, self.position + 1);
            self.position += 1;
            self.key_allowed = false;
            self.skip();
            self.expect(Expect::Colon);
            if matches!(self.here(), b':' | b',' | b'}') {
                return Ok(Some(self.empty(&Properties::default())));
            }
            let start = self.position;
            return self.flow_node(start, false);
        }
        let start = self.position;
        let scalar = self.flow_node(start, true)?;
        if let Some(node) = scalar {
            // A key alone has no value.
            let Some(key) = node.as_scalar() else { return Err(self.complex_key(node.span())) };
            self.push_key(key.clone());
            self.expect(Expect::Separator);
            return Ok(Some(self.empty(&Properties::default())));
        }
        Ok(None)
    }

    fn flow_value(&mut self, close: u8) -> Result<Option<Node>> {
        if self.here() == b',' || self.here() == close {
            return Ok(Some(self.empty(&Properties::default())));
        }
        let start = self.position;
        self.flow_node(start, false)
    }

    /// Consumes the comma after an element. Returns true at the end of the collection.
    fn separator(&mut self, close: u8) -> Result<bool> {
        self.skip();
        let here = self.here();
        if here == close {
            return Ok(true);
        }
        if here != b',' {
            return Err(self.unclosed(close));
        }
        self.note(TokenKind::Comma, self.position, self.position + 1);
        self.position += 1;
        self.key_allowed = true;
        self.skip();
        Ok(self.here() == close)
    }

    /// Parses one node. If a key is allowed, a scalar followed by a colon becomes a key: of the innermost mapping, or
    /// of a new pair in a sequence.
    fn flow_node(&mut self, start: usize, may_be_key: bool) -> Result<Option<Node>> {
        let mut properties = Properties::default();
        while matches!(self.here(), b'&' | b'!') {
            self.property(&mut properties)?;
            self.skip();
        }
        let (scalar, alias) = match self.here() {
            b'[' | b'{' => return self.open_flow(properties),
            b'"' | b'\'' => (self.quoted(properties.tag)?, None),
            b'*' if properties.is_empty() => {
                let node = self.alias()?;
                self.key_allowed = false;
                match node.as_scalar() {
                    Some(scalar) => (scalar.clone(), Some(node)),
                    None => return Ok(Some(node)),
                }
            }
            _ if self.at_document_marker() => return Err(self.unclosed(self.closing())),
            b',' | b']' | b'}' | b':' if !properties.is_empty() => (
                Scalar::parsed(
                    "",
                    properties.tag,
                    Style::Plain,
                    self.span(self.position, self.position),
                ),
                None,
            ),
            0 => return Err(self.unclosed(self.closing())),
            b'-' if self.is_separated(self.position + 1) => {
                return Err(self
                    .malformed("found `- ` inside brackets, where elements are separated by commas")
                    .help("put the value in quotes if it is text"));
            }
            _ if self.plain_may_begin() => (self.plain(properties.tag)?, None),
            _ => return Err(self.cannot_begin()),
        };
        if may_be_key && self.colon_follows(start) {
            if alias.is_none() {
                self.note_scalar(&scalar);
            }
            self.define(properties.anchor, &Node::from(scalar.clone()), 1, scalar.text().len());
            if self.in_flow_sequence() {
                self.open(FrameKind::FlowPair(Expect::Value), 0, start, Properties::default())?;
            } else {
                self.expect(Expect::Value);
            }
            self.nodes += 1;
            self.push_key(scalar);
            return Ok(None);
        }
        Ok(Some(match alias {
            Some(node) => node,
            None => self.complete(scalar, &properties),
        }))
    }

    fn in_flow_sequence(&self) -> bool {
        self.frames.last().is_some_and(|frame| matches!(frame.kind, FrameKind::FlowSequence(_)))
    }

    fn closing(&self) -> u8 {
        let innermost =
            self.frames.iter().rev().find(|frame| !matches!(frame.kind, FrameKind::FlowPair(_)));
        if innermost.is_some_and(|frame| matches!(frame.kind, FrameKind::FlowSequence(_))) {
            b']'
        } else {
            b'}'
        }
    }

    #[cold]
    fn unclosed(&self, close: u8) -> Error {
        let close = char::from(close);
        let opened =
            self.frames.iter().rev().find(|frame| !matches!(frame.kind, FrameKind::FlowPair(_)));
        let note = opened.map_or(Span::NONE, |frame| self.span(frame.start(), frame.start() + 1));
        if self.here() == 0 || self.at_document_marker() {
            return Error::new(
                Code::MalformedYaml,
                format!("expected `{close}` before the end of the document"),
            )
            .at(note)
            .label("opened here")
            .help(format!("write `{close}` where it ends"));
        }
        let template = self.text[..self.position].ends_with("}}") || self.here() == b'}';
        let error = self.malformed(format!("expected `,` or `{close}`")).note(note, "opened here");
        if template {
            return error.help("if this is a template, render it first");
        }
        error.help(format!(
            "write `{close}` where it ends, or put the value in quotes if it is text"
        ))
    }
}

/// True if a flow collection expects the colon of an explicit key.
const fn is_behind_question(kind: FrameKind) -> bool {
    matches!(kind, FrameKind::FlowMapping(Expect::Colon) | FrameKind::FlowPair(Expect::Colon))
}
