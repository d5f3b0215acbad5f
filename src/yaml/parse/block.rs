//! Block collections: structure by indentation.

use super::merge_key::Merge;
use super::reader::{Expect, FrameKind, Properties, Reader, Slot};
use crate::error::{Code, Error, Result};
use crate::yaml::node::{Node, Scalar, Style, Tag};
use crate::yaml::tokens::TokenKind;

/// The maximum length of a key, in characters.
const LONGEST_KEY: usize = 1024;

impl<'s, const WIDE: bool, const RECORD: bool> Reader<'s, WIDE, RECORD> {
    /// Parses the next part of a block mapping.
    pub(super) fn advance_block_mapping(
        &mut self,
        column: isize,
        expect: Expect,
    ) -> Result<Option<Node>> {
        if !matches!(expect, Expect::Key | Expect::Separator) {
            return self.advance_explicit_key(column, expect);
        }
        loop {
            if self.nodes > self.most {
                return Err(self.too_many());
            }
            self.skip();
            let here = self.column();
            if here < column || self.at_document_end() {
                return self.close();
            }
            if here > column {
                return Err(self.misplaced());
            }
            if self.here() == b'?' && self.is_separated(self.position + 1) {
                self.indicator();
                self.expect(Expect::Colon);
                return self.block_child(column, Slot::Value);
            }
            if !self.implicit_key()? {
                return self.open_flow_key();
            }
            // Fast path for the most frequent case: a plain value on the line of its key.
            if self.here() == b' ' && self.byte(self.position + 1).is_ascii_alphanumeric() {
                self.position += 1;
                let value = self.plain(Tag::None)?;
                self.note_scalar(&value);
                self.nodes += 1;
                if let Some(key) = self.keys.pop() {
                    self.entries.push((key, value.into()));
                }
                continue;
            }
            let child = self.block_child(column, Slot::Value)?;
            match child {
                Some(node) => {
                    if let Some(key) = self.keys.pop() {
                        self.entries.push((key, node));
                    }
                }
                None => return Ok(None),
            }
        }
    }

    /// Parses the next part of a block mapping after `?`, or after the key that follows it.
    fn advance_explicit_key(&mut self, column: isize, expect: Expect) -> Result<Option<Node>> {
        match expect {
            Expect::ExplicitKey => self.expect(Expect::Colon),
            Expect::Colon => {
                self.skip();
                self.expect(Expect::Key);
                let is_value = self.column() == column
                    && self.here() == b':'
                    && self.is_separated(self.position + 1);
                if !is_value {
                    return Ok(Some(self.empty(&Properties::default())));
                }
                self.indicator();
            }
            Expect::Key | Expect::Separator | Expect::Value => self.expect(Expect::Key),
        }
        self.block_child(column, Slot::Value)
    }

    /// Parses the next part of a block sequence.
    pub(super) fn advance_block_sequence(
        &mut self,
        column: isize,
        indentless: bool,
    ) -> Result<Option<Node>> {
        self.skip();
        let here = self.column();
        if here < column || self.at_document_end() {
            return self.close();
        }
        if here == column && self.here() == b'-' && self.is_separated(self.position + 1) {
            self.note(TokenKind::Dash, self.position, self.position + 1);
            self.position += 1;
            self.key_allowed = true;
            return self.block_child(
                column,
                if indentless { Slot::IndentlessElement } else { Slot::Element },
            );
        }
        if indentless && here == column {
            return self.close();
        }
        if here > column {
            return Err(self.misplaced());
        }
        Err(self
            .malformed("expected `-` and another element of the list, or less indentation")
            .help("indent a key of the mapping around the list less than its `-`"))
    }

    /// Consumes `?`, or `:` after an explicit key.
    fn indicator(&mut self) {
        let kind = if self.here() == b'?' { TokenKind::Question } else { TokenKind::Colon(None) };
        self.note(kind, self.position, self.position + 1);
        self.position += 1;
        self.key_allowed = true;
        // go-yaml reads a comment behind these before it looks for tabs.
        let mut at = self.position;
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        if self.byte(at) == b'#' {
            self.position = at;
        }
    }

    /// Parses a key of the innermost mapping including its colon. Returns false for a flow collection, which is not
    /// consumed.
    #[inline(always)]
    fn implicit_key(&mut self) -> Result<bool> {
        let start = self.position;
        let mut properties = Properties::default();
        while matches!(self.here(), b'&' | b'!') {
            self.property(&mut properties)?;
            while matches!(self.here(), b' ' | b'\t') {
                self.position += 1;
            }
        }
        let is_alias = self.here() == b'*';
        let key = match self.here() {
            b'"' | b'\'' => self.quoted(properties.tag)?,
            b'*' => {
                let node = self.alias()?;
                self.key_allowed = false;
                self.key_of(&node)?
            }
            b':' if !properties.is_empty() && self.is_separated(self.position + 1) => {
                Scalar::parsed("", properties.tag, Style::Plain, self.span(start, self.position))
            }
            b'[' | b'{' if properties.is_empty() && self.may_be_complex() => return Ok(false),
            b'[' | b'{' => return Err(self.flow_collection_as_key()),
            b'-' if self.is_separated(self.position + 1) => {
                return Err(self
                    .malformed("found an element of a list, expected a key of the mapping")
                    .help("indent the list under the key it belongs to"));
            }
            b'|' | b'>' => {
                return Err(self
                    .malformed("found a block of text, expected a key of the mapping")
                    .help("put `|` or `>` behind the key that the text belongs to"));
            }
            _ if self.plain_may_begin() => {
                // A key is on one line, so the following lines matter only if there is no colon.
                let (stop, end) = self.plain_line(self.position);
                let begin = self.position;
                self.position = stop;
                self.key_allowed = false;
                self.note(TokenKind::Plain, begin, end);
                Scalar::parsed(
                    &self.text[begin..end],
                    properties.tag,
                    Style::Plain,
                    self.span(begin, end),
                )
            }
            _ => return Err(self.cannot_begin()),
        };
        if !self.colon_follows(start) {
            return Err(self.missing_colon(start));
        }
        if !is_alias {
            self.note_scalar(&key);
        }
        if let Some(anchor) = properties.anchor {
            self.define(Some(anchor), &Node::from(key.clone()), 1, key.text().len());
        }
        self.push_key(key);
        Ok(true)
    }

    /// True if a flow collection at the position may be a key: only in resources, and not if it looks like a template.
    #[cold]
    fn may_be_complex(&self) -> bool {
        let rest = &self.bytes[self.position..];
        self.merge != Merge::Later && !rest.starts_with(b"{{") && !rest.starts_with(b"{%")
    }

    /// Consumes the colon of a key that began at `start`. False if there is none on the line, or only after
    /// [`LONGEST_KEY`].
    #[inline(always)]
    pub(super) fn colon_follows(&mut self, start: usize) -> bool {
        let mut at = self.position;
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        if self.byte(at) != b':'
            || start < self.line
            || !(self.flow_level > 0 || self.is_separated(at + 1))
        {
            return false;
        }
        if at - start > LONGEST_KEY && self.text[start..at].chars().count() > LONGEST_KEY {
            return false;
        }
        self.note(TokenKind::Colon(Some(self.source_offset(start))), at, at + 1);
        self.position = at + 1;
        self.key_allowed = false;
        true
    }

    /// Parses the node in a slot of the block collection at `column`. Returns a complete node, or `None` if a
    /// collection was opened.
    #[inline(always)]
    pub(super) fn block_child(&mut self, column: isize, slot: Slot) -> Result<Option<Node>> {
        self.skip();
        let none = Properties::default();
        if self.slot_is_empty(column, slot)? {
            return Ok(Some(self.empty(&none)));
        }
        self.block_node(column, slot)
    }

    /// True if a slot is empty: the next token belongs to the parent or to a collection around it.
    fn slot_is_empty(&self, column: isize, slot: Slot) -> Result<bool> {
        let here = self.column();
        if here > column && !self.at_document_end() {
            return Ok(false);
        }
        if here < column || self.at_document_end() {
            return Ok(true);
        }
        match (self.here(), slot) {
            (b'-', Slot::Value) if self.is_separated(self.position + 1) => Ok(false),
            (b'-', Slot::Element | Slot::IndentlessElement)
                if self.is_separated(self.position + 1) =>
            {
                Ok(true)
            }
            // libyaml accepts a block scalar at the column of its parent.
            (b'|' | b'>', _) => Ok(false),
            (_, Slot::Value | Slot::IndentlessElement) => Ok(true),
            (_, Slot::Element | Slot::Root) => Err(self.misplaced()),
        }
    }

    fn block_node(&mut self, column: isize, slot: Slot) -> Result<Option<Node>> {
        // Properties on an earlier line belong to the whole node; properties on the line of a key belong to the key.
        let mut whole = Properties::default();
        let mut own = Properties::default();
        let mut key_start = self.key_allowed.then_some(self.position);
        while matches!(self.here(), b'&' | b'!') {
            self.property(&mut own)?;
            let line = self.line;
            self.skip();
            if self.line != line || self.at_document_end() {
                whole = self.combined(whole, own)?;
                own = Properties::default();
                if self.slot_is_empty(column, slot)? {
                    return Ok(Some(self.empty(&whole)));
                }
                key_start = Some(self.position);
            }
        }
        let separated = self.is_separated(self.position + 1);
        match self.here() {
            b'-' if separated => return self.open_block_sequence(column, slot, whole, own),
            b'?' if separated => return self.open_with_explicit_key(whole, own),
            b'[' | b'{' => {
                let properties = self.combined(whole, own)?;
                return self.open_flow(properties);
            }
            b'|' | b'>' => {
                let properties = self.combined(whole, own)?;
                let scalar = self.block_scalar(properties.tag)?;
                return Ok(Some(self.complete(scalar, &properties)));
            }
            b'*' => return self.alias_or_key(key_start, whole, own.is_empty()),
            _ => {}
        }
        let scalar = match self.here() {
            b'"' | b'\'' => self.quoted(own.tag)?,
            b':' if separated && key_start.is_some() && !own.is_empty() => {
                Scalar::parsed("", own.tag, Style::Plain, self.span(self.position, self.position))
            }
            b':' if separated => return Err(self.misplaced_colon()),
            _ if self.plain_may_begin() => self.plain(own.tag)?,
            _ => return Err(self.cannot_begin()),
        };
        if let Some(start) = key_start
            && self.colon_follows(start)
        {
            self.define(own.anchor, &Node::from(scalar.clone()), 1, scalar.text().len());
            self.note_scalar(&scalar);
            return self.open_with_key(start, scalar, whole);
        }
        let properties = self.combined(whole, own)?;
        let scalar = if properties.tag == own.tag {
            scalar
        } else {
            Scalar::parsed(scalar.text(), properties.tag, scalar.style(), scalar.span())
        };
        Ok(Some(self.complete(scalar, &properties)))
    }

    /// Parses an alias, which may be a key.
    fn alias_or_key(
        &mut self,
        key_start: Option<usize>,
        whole: Properties<'s>,
        has_no_own: bool,
    ) -> Result<Option<Node>> {
        let node = self.alias()?;
        self.key_allowed = false;
        match key_start {
            Some(start) if self.colon_follows(start) => {
                let key = self.key_of(&node)?;
                self.open_with_key(start, key, whole)
            }
            _ if !(whole.is_empty() && has_no_own) => Err(self
                .malformed("found an alias after an anchor or a tag, expected a node of its own")),
            _ => Ok(Some(node)),
        }
    }

    fn combined(&self, whole: Properties<'s>, own: Properties<'s>) -> Result<Properties<'s>> {
        let here = self.span(self.position, self.position);
        whole.with(own).ok_or_else(|| self.second_property(here))
    }

    pub(super) fn open_with_key(
        &mut self,
        start: usize,
        key: Scalar,
        properties: Properties<'s>,
    ) -> Result<Option<Node>> {
        let position = std::mem::replace(&mut self.position, start);
        let column = self.column();
        self.position = position;
        self.open(FrameKind::BlockMapping(Expect::Value), column, start, properties)?;
        self.nodes += 1;
        self.push_key(key);
        Ok(None)
    }

    fn open_with_explicit_key(
        &mut self,
        whole: Properties<'s>,
        own: Properties<'s>,
    ) -> Result<Option<Node>> {
        if !self.key_allowed {
            return Err(self
                .malformed("found `?`, which cannot begin a key here")
                .help("put it on a line of its own"));
        }
        let properties = self.combined(whole, own)?;
        let (column, start) = (self.column(), self.position);
        self.open(FrameKind::BlockMapping(Expect::ExplicitKey), column, start, properties)?;
        self.indicator();
        Ok(None)
    }

    fn open_block_sequence(
        &mut self,
        column: isize,
        slot: Slot,
        whole: Properties<'s>,
        own: Properties<'s>,
    ) -> Result<Option<Node>> {
        if !self.key_allowed {
            return Err(self
                .malformed("found an element of a list where a value is expected")
                .help(
                    "begin the list on the next line, or put the value in quotes if it is text",
                ));
        }
        let properties = self.combined(whole, own)?;
        let here = self.column();
        let kind = if slot == Slot::Value && here == column {
            FrameKind::IndentlessSequence
        } else {
            FrameKind::BlockSequence
        };
        self.open(kind, here, self.position, properties)?;
        Ok(None)
    }

    #[cold]
    fn misplaced(&self) -> Error {
        if self.here() == b'\t' {
            return self.tab_as_indentation();
        }
        if self.here() == b':' && self.is_separated(self.position + 1) {
            return self.misplaced_colon();
        }
        self.misindented()
    }

    #[cold]
    pub(super) fn misplaced_colon(&self) -> Error {
        let before = &self.text[self.line..self.position];
        let key = before.trim();
        let is_key =
            key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        if is_key && !key.is_empty() && before.starts_with(' ') && self.line > 0 {
            let start = self.line + before.len() - before.trim_start().len();
            return self.key_in_value(start, key);
        }
        self.malformed("found `:` where no key can stand before it")
            .help("put a value that contains `: ` in quotes, or the nested key on the next line")
    }

    #[cold]
    fn missing_colon(&self, start: usize) -> Error {
        let end = self.position.max(start + 1);
        let mut error = Error::new(Code::MalformedYaml, "expected `:` after this key")
            .at(self.span(start, end.min(self.end_of_line(start))));
        if self.here() == b':' {
            error = error.help("put a space after the colon, or quote the text");
        } else if self.text[start..].starts_with(['-']) {
            error = error.help("put a space after `-` to begin an element of a list");
        } else {
            error = error.help(
                "write `key: value`; a value that goes on here is indented more than its key",
            );
        }
        error
    }

    #[cold]
    fn flow_collection_as_key(&self) -> Error {
        let end = self.end_of_line(self.position);
        if ["{{", "{%"].iter().any(|begin| self.text[self.position..end].starts_with(begin)) {
            return self
                .malformed("found a template expression, expected a key of the mapping")
                .help("render the template first: this is no YAML yet");
        }
        self.malformed("found a list or a mapping, expected a key of the mapping")
            .help("indent it under its key")
    }

    #[cold]
    pub(super) fn cannot_begin(&self) -> Error {
        let found = self.text[self.position..].chars().next().unwrap_or(' ');
        match found {
            '\t' => self.tab_as_indentation(),
            '@' | '`' => self
                .malformed(format!("found `{found}`, which cannot begin a value"))
                .help("put the value in quotes"),
            '%' => self
                .malformed("found `%`, which cannot begin a value")
                .help("put the value in quotes"),
            _ => self
                .malformed(format!("found `{found}` where a value or a key is expected"))
                .help("remove it, or put the value in quotes if it is text"),
        }
    }
}
