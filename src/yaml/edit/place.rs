//! Places in a text: nodes on a path, and where entries and elements begin and end.

use std::ops::Range;

use super::change::{Change, TextEdit, refused};
use super::new::New;
use super::write::{Layout, Pass};
use crate::error::{Error, Result};
use crate::source::{Source, Span};
use crate::yaml::node::CollectionStyle;
use crate::yaml::path::PathStep;
use crate::yaml::tokens::{Form, Outline, Piece, Token, TokenKind, Tokens};

/// A document of a source, with its tokens.
pub(super) struct Text<'s> {
    pub(super) source: &'s Source,
    pub(super) text: &'s str,
    /// All tokens other than white space, comments and unread text.
    tokens: Vec<Token>,
    /// The comments.
    comments: Vec<Token>,
    pub(super) outline: &'s Outline,
    pub(super) layout: Layout,
}

/// A node on a path from the root.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The pieces on the path: the root first, the node itself last.
    pub(super) chain: Vec<usize>,
    /// The position of each piece in its parent.
    pub(super) way: Vec<usize>,
}

impl Place {
    /// The node.
    pub(super) fn node(&self) -> usize {
        self.chain.last().copied().unwrap_or_default()
    }

    /// The collection around the node, and the position of the node in it.
    pub(super) fn parent(&self) -> Option<(usize, usize)> {
        let parent = self.chain.len().checked_sub(2)?;
        Some((*self.chain.get(parent)?, *self.way.last()?))
    }
}

/// A child of a collection: an entry with key and value, or an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) key: Option<usize>,
    pub(super) value: usize,
    /// The first byte: of the key with its anchor and tag, of a dash or `?`, or of an element in brackets.
    pub(super) start: usize,
    /// The offset after the last token.
    pub(super) end: usize,
    /// The offset after the colon, dash or bracket before the value; the end of the key if there is no colon.
    pub(super) after: usize,
    pub(super) has_colon: bool,
}

impl<'s> Text<'s> {
    /// A document of a source, with the default layout.
    pub(super) fn new(source: &'s Source, tokens: &'s Tokens, document: usize) -> Result<Self> {
        let Some(outline) = tokens.documents().get(document) else {
            let number = tokens.documents().len();
            let message =
                format!("found {number} documents, expected one with the number {document}");
            return Err(refused(message).at(source.whole()));
        };
        let range = outline.range();
        let within = |token: &Token| range.start <= token.start() && token.start() < range.end;
        let of_document = || tokens.list().iter().copied().filter(within);
        let means = |token: &Token| !token.kind().is_trivia() && token.kind() != TokenKind::Unread;
        Ok(Self {
            source,
            text: source.text(),
            tokens: of_document().filter(means).collect(),
            comments: of_document().filter(|token| token.kind() == TokenKind::Comment).collect(),
            outline,
            layout: Layout::default(),
        })
    }

    pub(super) fn piece(&self, number: usize) -> &'s Piece {
        const NONE: &Piece = &Piece::NONE;
        self.outline.get(number).unwrap_or(NONE)
    }

    /// True for a collection in brackets or braces, or a pair without braces in one.
    pub(super) fn is_flow(&self, number: usize) -> bool {
        matches!(
            self.piece(number).form(),
            Form::Sequence(CollectionStyle::Flow)
                | Form::Mapping(CollectionStyle::Flow)
                | Form::Pair
        )
    }

    /// True for a collection structured by indentation.
    pub(super) fn is_block(&self, number: usize) -> bool {
        matches!(
            self.piece(number).form(),
            Form::Sequence(CollectionStyle::Block) | Form::Mapping(CollectionStyle::Block)
        )
    }

    pub(super) fn is_mapping(&self, number: usize) -> bool {
        matches!(self.piece(number).form(), Form::Mapping(_) | Form::Pair)
    }

    /// True for a null that is not written at all.
    pub(super) fn is_absent(&self, number: usize) -> bool {
        let piece = self.piece(number);
        piece.scalar().is_some() && piece.range().is_empty()
    }

    /// Follows a path from the root.
    pub(super) fn locate(&self, path: &[PathStep]) -> Result<Place> {
        self.locate_by(path, |list, at| self.outline.children(list).nth(at))
    }

    /// Follows a path from the root, with a function that finds the element of a list.
    pub(super) fn locate_by(
        &self,
        path: &[PathStep],
        mut element: impl FnMut(usize, usize) -> Option<usize>,
    ) -> Result<Place> {
        let mut place = Place { chain: vec![0], way: Vec::new() };
        for step in path {
            let node = place.node();
            let found = match (step, self.piece(node).form()) {
                (_, Form::Alias) => return Err(self.is_alias(node)),
                (PathStep::Key(name), Form::Mapping(_) | Form::Pair) => {
                    let mut named =
                        self.outline.entries(node).enumerate().filter(|(_, (key, _))| {
                            self.piece(*key).scalar().is_some_and(|key| key.text() == name.as_str())
                        });
                    let first = named.next();
                    if let Some((_, (key, _))) = named.next() {
                        return Err(refused(format!("the key `{name}` occurs twice"))
                            .at(self.span(self.piece(key).range()))
                            .help("remove one of the two"));
                    }
                    first.map(|(at, (_, value))| (at, value))
                }
                (PathStep::Index(at), Form::Sequence(_)) => {
                    element(node, *at).map(|element| (*at, element))
                }
                _ => None,
            };
            let Some((at, child)) = found else { return Err(self.not_found(step, node)) };
            place.way.push(at);
            place.chain.push(child);
        }
        Ok(place)
    }

    #[cold]
    pub(super) fn is_alias(&self, node: usize) -> Error {
        refused("found an alias, whose node stands elsewhere")
            .at(self.span(self.piece(node).range()))
            .help("change the node at its anchor, or write the content out in place of the alias")
    }

    #[cold]
    fn not_found(&self, step: &PathStep, node: usize) -> Error {
        let merges = self.outline.entries(node).any(|(key, _)| {
            self.is_mapping(node) && self.piece(key).scalar().is_some_and(|key| key.text() == "<<")
        });
        let message = match step {
            PathStep::Key(name) => format!("no key `{name}` here"),
            PathStep::Index(at) => format!("no list with an element {at} here"),
        };
        let error = refused(message).at(self.span(self.piece(node).range()));
        match merges {
            true => error.help("what comes from a merge key is changed at its anchor"),
            false => error,
        }
    }

    /// The edits that make a change.
    pub(super) fn edits(
        &self,
        place: &Place,
        change: &Change<'_>,
        pass: Pass,
    ) -> Result<Vec<TextEdit>> {
        match change {
            Change::Set { value, .. } => self.set(place, value, pass),
            Change::InsertEntry { at, key, value, .. } => {
                self.insert(place, *at, &New::Entry(key, value), pass)
            }
            Change::InsertItems { at, values, .. } => {
                self.insert(place, *at, &New::Items(values), pass)
            }
            Change::Remove { .. } => self.remove(place),
            Change::Rename { key, .. } => self.rename(place, key, pass),
        }
    }

    /// Refuses additions to an alias.
    pub(super) fn check_target(&self, place: &Place, change: &Change<'_>) -> Result<()> {
        let is_addition = matches!(change, Change::InsertEntry { .. } | Change::InsertItems { .. });
        match is_addition && *self.piece(place.node()).form() == Form::Alias {
            true => Err(self.is_alias(place.node())),
            false => Ok(()),
        }
    }

    /// Refuses edits that are in or `around` a node that an alias refers to, and edits that remove an anchor but leave its
    /// aliases. The edits are in the order of the text.
    pub(super) fn check_anchors(
        &self,
        around: impl IntoIterator<Item = usize>,
        edits: &[TextEdit],
    ) -> Result<()> {
        let offset = |edit: &TextEdit| (edit.span.start() - self.source.base()) as usize;
        let is_cut = |token: &&Token| {
            let before = edits.partition_point(|edit| offset(edit) <= token.start());
            let last = before.checked_sub(1).and_then(|last| edits.get(last));
            last.is_some_and(|edit| token.start() < offset(edit) + edit.span.length() as usize)
        };
        let cut = self.tokens.iter().filter(is_cut).copied();
        let around = around.into_iter();
        let around = around.flat_map(|node| self.properties(self.piece(node).range().start));
        for anchor in cut.chain(around).filter(|token| token.kind() == TokenKind::Anchor) {
            let name = self.text.get(anchor.start() + 1..anchor.end());
            let alias = self.tokens.iter().find(|alias| {
                alias.kind() == TokenKind::Alias
                    && alias.start() > anchor.start()
                    && self.text.get(alias.start() + 1..alias.end()) == name
                    && !is_cut(alias)
            });
            if let Some(alias) = alias {
                return Err(refused("an alias stands for this node, and would change with it")
                    .at(self.span(anchor.range()))
                    .note(self.span(alias.range()), "the alias")
                    .help("write the content out in place of the alias first"));
            }
        }
        Ok(())
    }

    /// The anchors and tags directly before an offset.
    pub(super) fn properties(&self, at: usize) -> impl Iterator<Item = Token> {
        let end = self.tokens.partition_point(|token| token.start() < at);
        let before = self.tokens.iter().take(end).rev().copied();
        before.take_while(|token| matches!(token.kind(), TokenKind::Anchor | TokenKind::Tag))
    }

    /// The last token that begins before an offset.
    pub(super) fn last_before(&self, at: usize) -> Option<Token> {
        let end = self.tokens.partition_point(|token| token.start() < at);
        self.tokens.get(end.checked_sub(1)?).copied()
    }

    /// The first token that begins at or after an offset.
    pub(super) fn first_from(&self, at: usize) -> Option<Token> {
        self.tokens.get(self.tokens.partition_point(|token| token.start() < at)).copied()
    }

    /// The first comment in a range.
    pub(super) fn comment_in(&self, range: Range<usize>) -> Option<Token> {
        self.comments_in(range).next()
    }

    /// The comments in a range.
    pub(super) fn comments_in(&self, range: Range<usize>) -> impl Iterator<Item = Token> {
        let first = self.comments.partition_point(|comment| comment.start() < range.start);
        let behind = self.comments.get(first..).unwrap_or_default().iter().copied();
        behind.take_while(move |comment| comment.start() < range.end)
    }

    /// The last comment behind an offset with only comments and white space in between.
    pub(super) fn last_comment_behind(&self, at: usize) -> Option<Token> {
        let end = self.first_from(at).map_or(self.text.len(), Token::start);
        let before = self.comments.partition_point(|comment| comment.start() < end);
        let comment = self.comments.get(before.checked_sub(1)?).copied();
        comment.filter(|comment| comment.start() >= at)
    }

    /// The last of the comments that directly follow content on lines of their own, and are indented more than a column.
    pub(super) fn comments_of(&self, end: usize, column: usize) -> Option<Token> {
        let mut last: Option<Token> = None;
        let mut line = if self.is_line_start(end) { Some(end) } else { self.next_line(end) };
        while let Some(start) = line {
            let next = self.next_line(start).unwrap_or(self.text.len());
            let comment = self.comment_in(start..next).filter(|comment| {
                self.is_first_on_line(comment.start()) && self.column(comment.start()) > column
            });
            let Some(comment) = comment else { break };
            last = Some(comment);
            line = self.next_line(comment.end());
        }
        last
    }

    /// The children of a collection.
    pub(super) fn members(&self, node: usize) -> Vec<Member> {
        if self.is_mapping(node) {
            return self.outline.entries(node).map(|(key, value)| self.entry(key, value)).collect();
        }
        match self.piece(node).form() {
            Form::Sequence(style) => {
                let is_block = *style == CollectionStyle::Block;
                self.outline.children(node).map(|value| self.element(value, is_block)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn entry(&self, key: usize, value: usize) -> Member {
        let place = self.piece(key).range();
        let key_end = match place.is_empty() {
            true => place.start,
            false => self.last_before(place.end).map_or(place.end, Token::end),
        };
        let own = self.properties(place.start).last().map_or(place.start, Token::start);
        let question = self.last_before(own).filter(|token| token.kind() == TokenKind::Question);
        let colon = self.first_from(key_end);
        let (start, after, has_colon) = match colon.map(|token| (token.kind(), token)) {
            Some((TokenKind::Colon(Some(start)), colon)) => (start, colon.end(), true),
            Some((TokenKind::Colon(None), colon)) => {
                (question.map_or(own, Token::start), colon.end(), true)
            }
            _ => (question.map_or(own, Token::start), key_end, false),
        };
        let end = self.end_of(value).max(after);
        Member { key: Some(key), value, start, end, after, has_colon }
    }

    fn element(&self, value: usize, is_block: bool) -> Member {
        let place = self.piece(value).range();
        let own = self.properties(place.start).last().map_or(place.start, Token::start);
        let before = self.last_before(own).map_or(own, Token::end);
        let start = match is_block {
            true => self.last_before(own).map_or(own, Token::start),
            false => own,
        };
        let end = self.end_of(value).max(before);
        Member { key: None, value, start, end, after: before, has_colon: true }
    }

    /// The end of the last token of a node; for a node that is not written, the end of the token before it.
    pub(super) fn end_of(&self, node: usize) -> usize {
        let place = self.piece(node).range();
        let end = if place.is_empty() { place.start } else { place.end };
        self.last_before(end).map_or(end, Token::end)
    }

    /// The offset of the start of the line around an offset, after a byte order mark.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        let start = before
            .char_indices()
            .rev()
            .find(|(_, character)| is_line_end(*character))
            .map_or(0, |(end, character)| end + character.len_utf8());
        let is_marked = self.text.get(start..).is_some_and(|line| line.starts_with('\u{feff}'));
        if is_marked { start + '\u{feff}'.len_utf8() } else { start }
    }

    /// The offset of the start of the next line; `None` if no line end follows.
    pub(super) fn next_line(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        let end = rest.find(is_line_end)?;
        let line_end = rest.get(end..)?;
        let length = match line_end.starts_with("\r\n") {
            true => 2,
            false => line_end.chars().next().map_or(1, char::len_utf8),
        };
        Some(at + end + length)
    }

    /// True if an offset is the start of a line.
    pub(super) fn is_line_start(&self, at: usize) -> bool {
        self.line_start(at) == at
    }

    /// True if only spaces precede an offset on its line.
    pub(super) fn is_first_on_line(&self, at: usize) -> bool {
        let before = self.text.get(self.line_start(at)..at).unwrap_or_default();
        before.bytes().all(|byte| byte == b' ')
    }

    /// The column of an offset, in characters from 0.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text.get(self.line_start(at)..at).map_or(0, |before| before.chars().count())
    }

    /// The start of the line around an offset, or of the comments directly above it in the same column.
    pub(super) fn head(&self, at: usize) -> usize {
        let column = self.column(at);
        let mut head = self.line_start(at);
        while let Some(above) = head.checked_sub(1).map(|end| self.line_above(end)) {
            let hash = above + column;
            let is_own = self.comment_in(hash..hash + 1).is_some() && self.is_first_on_line(hash);
            if !is_own || above >= head {
                break;
            }
            head = above;
        }
        head
    }

    /// The start of the line whose line end has its last byte at an offset.
    fn line_above(&self, last: usize) -> usize {
        let text = self.text.get(..=last).unwrap_or_default();
        let end = text.strip_suffix("\r\n").or_else(|| text.strip_suffix(is_line_end));
        self.line_start(end.unwrap_or(text).len())
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        self.source.span(range.start, range.end)
    }

    pub(super) fn span_of(&self, place: &Place) -> Span {
        self.span(self.piece(place.node()).range())
    }

    /// The edit that puts text, with line feeds at the ends of lines, in place of a range.
    pub(super) fn replace(&self, range: Range<usize>, text: impl Into<String>) -> TextEdit {
        let mut text = text.into();
        if self.layout.line_end != "\n" {
            text = text.replace('\n', self.layout.line_end);
        }
        TextEdit { span: self.span(range), text }
    }

    /// The edit that inserts text.
    pub(super) fn put(&self, at: usize, text: impl Into<String>) -> TextEdit {
        self.replace(at..at, text)
    }
}

pub(super) const fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
