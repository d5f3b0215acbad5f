//! The parser. It accepts what go-yaml v3 accepts, with the same meaning, and refuses everything else with a span.
//!
//! The grammar is libyaml's (YAML 1.1 with the extensions of go-yaml). The text is read once, from left to right,
//! directly into the tree, without intermediate tokens or events. If tokens are requested, the parser records them as
//! it reads ([`tokens`]); this takes about twice the time (`benches/yaml.rs`: `text_to_tokens`, `text_to_tree`). Open
//! collections are kept in a list, so depth costs no stack.

mod anchor;
mod block;
mod cause;
mod characters;
mod comment;
mod document;
mod flow;
mod indentation;
mod merge_key;
mod property;
mod reader;
mod scalar;

use std::ops::Range;

pub use self::cause::explain_blanks;
pub use self::document::{Comment, Document, MAX_DEPTH, MAX_EXPANDED_NODES};
use self::merge_key::Merge;
use self::reader::Reader;
use super::node::{Kind, Node, Scalar, Style};
use super::tokens::{Recorder, Token, TokenKind, Tokens, fill};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::source::{Source, Span};

/// Parses every document of a stream of resources.
///
/// The stream is split into parts at lines that begin with `---`, before it is parsed as YAML; only spaces or a comment
/// may follow on such a line. The first document of each part is used, and empty parts are skipped. UTF-16 is one part.
/// (kustomize, `kyaml/kio/byteio_reader.go`.)
///
/// # Errors
/// If the text is not YAML, with the span: [`Code::MalformedYaml`], [`Code::UnknownAnchor`], [`Code::AnchorCycle`],
/// [`Code::AliasExpansion`], [`Code::NestingTooDeep`], [`Code::InvalidMerge`], [`Code::InvalidKey`].
pub fn documents(source: &Source) -> Result<Vec<Document>> {
    documents_within(source, &Budget::default())
}

/// Parses documents as [`documents()`] does, and charges them to a budget.
///
/// # Errors
/// The same, and [`Code::LimitExceeded`] when the budget is spent.
pub fn documents_within(source: &Source, budget: &Budget) -> Result<Vec<Document>> {
    all_documents(source, 0..source.text().len(), budget, &mut None)
        .map_err(|error| cause::explain(source, error))
}

/// Parses documents as [`documents_within()`] does, and refuses a stream with ignored content: kustomize ignores
/// everything after the first document of a part, but `kubectl apply` may not.
///
/// # Errors
/// The same, and [`Code::MalformedYaml`] at the first content that would be ignored.
pub fn whole_documents(source: &Source, budget: &Budget) -> Result<Vec<Document>> {
    let mut unread = None;
    let documents = all_documents(source, 0..source.text().len(), budget, &mut unread)
        .map_err(|error| cause::explain(source, error))?;
    match unread {
        None => Ok(documents),
        Some(span) => Err(Error::new(
            Code::MalformedYaml,
            "found content after a document, expected `---` or the end of the file",
        )
        .at(span)
        .label("this would be ignored")
        .help("put a line `---` between two documents")),
    }
}

/// Cuts a stream of resources in UTF-8 at separators into pieces that can be parsed independently. Each but the last has
/// at least `least` bytes. Together they have the documents of the whole text.
#[must_use]
pub fn pieces(text: &str, least: usize) -> Vec<Range<usize>> {
    let (mut pieces, mut start, mut from) = (Vec::new(), 0, least);
    while from < text.len() {
        let Some(separator) = next_separator(text, from) else { break };
        let before = &text.as_bytes()[start..separator.start - 1];
        let line = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        if before[line..].starts_with(b"---") {
            // If the line before is a separator, this one is none.
            from = separator.end;
        } else if !is_separator(&text[separator.clone()]) {
            break;
        } else {
            pieces.push(start..separator.start);
            (start, from) = (separator.end, separator.end + least);
        }
    }
    pieces.push(start..text.len());
    pieces
}

/// Reads the documents of a piece that [`pieces`] cuts off, as [`documents_within()`] reads them.
///
/// # Errors
/// As [`documents_within()`], for the piece alone: the explanation of an error does not consider the text around it.
pub fn documents_of(
    source: &Source,
    piece: Range<usize>,
    budget: &Budget,
) -> Result<Vec<Document>> {
    all_documents(source, piece, budget, &mut None)
}

fn all_documents(
    source: &Source,
    Range { mut start, end }: Range<usize>,
    budget: &Budget,
    unread: &mut Option<Span>,
) -> Result<Vec<Document>> {
    let wide = characters::check_in(source, start..end)?;
    let text = &source.text()[..end];
    let mut documents = Vec::new();
    loop {
        let separator = if source.is_utf16() { None } else { next_separator(text, start) };
        let (end, next) = match separator {
            Some(separator) => {
                check_separator(source, &separator)?;
                (separator.start, Some(separator.end))
            }
            None => (text.len(), None),
        };
        let (read, stop) = read(source, start..end, wide, Merge::Own, budget)?;
        *unread = unread.or_else(|| content(source, stop..end));
        documents.extend(read.map(|mut document| {
            lengthen_before_comment(&mut document.root, source, end);
            document
        }));
        match next {
            Some(next) => start = next,
            None => return Ok(documents),
        }
    }
}

/// The start of the part of a stream that contains an offset. Parts are those of [`documents`].
#[must_use]
pub fn part_of(source: &Source, offset: usize) -> usize {
    let mut start = 0;
    while !source.is_utf16()
        && let Some(separator) = next_separator(source.text(), start)
        && separator.end <= offset
    {
        start = separator.end;
    }
    start
}

/// The end of the part of a stream that begins at an offset.
#[must_use]
pub fn part_end(source: &Source, start: usize) -> usize {
    let separator = if source.is_utf16() { None } else { next_separator(source.text(), start) };
    separator.map_or(source.text().len(), |separator| separator.start)
}

/// Parses the first document of a text, as configuration is read: an empty first document counts, and content after it
/// is ignored. A merge key wins over earlier entries. (sigs.k8s.io/yaml, `Unmarshal`.)
///
/// # Errors
/// As [`documents`].
pub fn document(source: &Source) -> Result<Option<Document>> {
    document_within(source, &Budget::default())
}

/// Parses a document as [`document()`] does, and charges it to a budget.
///
/// # Errors
/// The same, and [`Code::LimitExceeded`] when the budget is spent.
pub fn document_within(source: &Source, budget: &Budget) -> Result<Option<Document>> {
    let wide = characters::check(source)?;
    read(source, 0..source.text().len(), wide, Merge::Later, budget)
        .map(|(document, _)| document)
        .map_err(|error| cause::explain(source, error))
}

/// The spans of all comments of a stream of resources, from `#` to the end of the line, in order. Text inside scalars
/// is not a comment. Of a part that is not YAML, the comments before the first error are returned.
#[must_use]
pub fn comments(source: &Source) -> Vec<Span> {
    let Ok(wide) = characters::check(source) else { return Vec::new() };
    let (text, budget) = (source.text(), Budget::default());
    let mut comments = Vec::new();
    let mut start = 0;
    loop {
        let separator = next_separator(text, start);
        let end = separator.as_ref().map_or(text.len(), |separator| separator.start);
        let (_, recorder) = recorded(source, start..end, wide, Merge::Own, &budget);
        comments.extend(recorder.comments().map(|token| source.span(token.start(), token.end())));
        match separator {
            Some(separator) => start = separator.end,
            None => break,
        }
    }
    // The parser reads some places twice.
    comments.sort_unstable();
    comments.dedup();
    comments
}

/// The tokens of a stream of resources, as [`documents()`] reads it.
///
/// # Errors
/// As [`documents()`].
pub fn tokens(source: &Source) -> Result<Tokens> {
    tokens_of(source).map_err(|error| cause::explain(source, error))
}

fn tokens_of(source: &Source) -> Result<Tokens> {
    let wide = characters::check(source)?;
    let (text, budget) = (source.text(), Budget::default());
    let mut tokens = Tokens::default();
    let mut start = 0;
    loop {
        let separator = if source.is_utf16() { None } else { next_separator(text, start) };
        let end = separator.as_ref().map_or(text.len(), |separator| separator.start);
        if let Some(separator) = &separator {
            check_separator(source, separator)?;
        }
        let (document, recorder) = recorded(source, start..end, wide, Merge::Own, &budget);
        let is_there = document?.is_some_and(|document| !document.root.is_null());
        let outline = recorder.complete(text, start, end, &mut tokens.list);
        tokens.documents.extend(is_there.then_some(outline));
        let Some(separator) = separator else { return Ok(tokens) };
        tokens.list.push(Token::new(TokenKind::Separator, separator.start, separator.start + 3));
        fill(text, separator.start + 3, separator.end, &mut tokens.list);
        start = separator.end;
    }
}

/// The tokens of a text with one document. Merge keys are left unresolved, and content after the document is not read.
///
/// # Errors
/// As [`document()`], except those for merge keys and for keys that are collections.
pub(super) fn document_tokens(source: &Source) -> Result<Tokens> {
    let read = || {
        let wide = characters::check(source)?;
        let (end, budget) = (source.text().len(), Budget::default());
        let (document, recorder) = recorded(source, 0..end, wide, Merge::Keep, &budget);
        let is_there = document?.is_some_and(|document| !document.root.is_null());
        let mut tokens = Tokens::default();
        let outline = recorder.complete(source.text(), 0, end, &mut tokens.list);
        tokens.documents.extend(is_there.then_some(outline));
        Ok(tokens)
    };
    read().map_err(|error| cause::explain(source, error))
}

/// Reads the parts of a stream as [`documents_within()`] reads them, but with merge keys unresolved: `take` gets the tokens of
/// each.
///
/// # Errors
/// As [`documents_within()`], except those for merge keys and for keys that are collections.
pub(super) fn parts_as_written(
    source: &Source,
    budget: &Budget,
    mut take: impl FnMut(Tokens),
) -> Result<()> {
    let mut read = || {
        let wide = characters::check(source)?;
        let (text, mut start) = (source.text(), 0);
        loop {
            let separator = if source.is_utf16() { None } else { next_separator(text, start) };
            let end = separator.as_ref().map_or(text.len(), |separator| separator.start);
            if let Some(separator) = &separator {
                check_separator(source, separator)?;
            }
            let (document, recorder) = recorded(source, start..end, wide, Merge::Keep, budget);
            let is_there = document?.is_some_and(|document| !document.root.is_null());
            let mut tokens = Tokens::default();
            let outline = recorder.complete(text, start, end, &mut tokens.list);
            tokens.documents.extend(is_there.then_some(outline));
            take(tokens);
            let Some(separator) = separator else { return Ok(()) };
            start = separator.end;
        }
    };
    read().map_err(|error| cause::explain(source, error))
}

/// Parses the first document of a part of a source, and records its tokens up to its end or to the first error.
fn recorded(
    source: &Source,
    range: Range<usize>,
    wide: bool,
    merge: Merge,
    budget: &Budget,
) -> (Result<Option<Document>>, Recorder) {
    if wide {
        let mut reader = Reader::<true, true>::new(source, range.start, range.end, merge, budget);
        (reader.document(), reader.recorder)
    } else {
        let mut reader = Reader::<false, true>::new(source, range.start, range.end, merge, budget);
        (reader.document(), reader.recorder)
    }
}

/// Parses the first document of a part of a source. Returns the offset at which parsing stopped, too.
fn read(
    source: &Source,
    range: Range<usize>,
    wide: bool,
    merge: Merge,
    budget: &Budget,
) -> Result<(Option<Document>, usize)> {
    let (start, end) = (range.start, range.end);
    let (document, stop) = if wide {
        let mut reader = Reader::<true, false>::new(source, start, end, merge, budget);
        (reader.document()?, reader.offset())
    } else {
        let mut reader = Reader::<false, false>::new(source, start, end, merge, budget);
        (reader.document()?, reader.offset())
    };
    let document = document.filter(|document| !document.root.is_null());
    let document = document.map(|mut document| {
        if !document.comments.is_empty() {
            attach_comments(&mut document, source, range, wide, merge);
        }
        document
    });
    Ok((document, stop))
}

/// The first line of a range that has content: more than white space, a comment or the end mark `...`.
fn content(source: &Source, range: Range<usize>) -> Option<Span> {
    let mut at = range.start;
    for line in source.text().get(range)?.split_inclusive('\n') {
        let text = line.trim();
        let rest = text.strip_prefix("...").unwrap_or(text).trim_start();
        if !rest.is_empty() && !rest.starts_with('#') {
            let start = at + line.len() - line.trim_start().len();
            return Some(source.span(start, start + text.len()));
        }
        at += line.len();
    }
    None
}

/// Assigns the comments of a document to nodes. This needs its tokens, so the document is parsed once more.
#[cold]
fn attach_comments(
    document: &mut Document,
    source: &Source,
    range: Range<usize>,
    wide: bool,
    merge: Merge,
) {
    let (start, end) = (range.start, range.end);
    let (_, recorder) = recorded(source, range, wide, merge, &Budget::default());
    let mut tokens = Tokens::default();
    let outline = recorder.complete(source.text(), start, end, &mut tokens.list);
    comment::attach(&mut document.comments, source, &tokens, &outline);
}

/// Adds a line break to a block scalar that ends with empty lines, is the last node of its document, and is followed by
/// a comment: go-yaml v3 writes it so, and the reference reads the result again.
fn lengthen_before_comment(root: &mut Node, source: &Source, end: usize) {
    let mut depth = 0;
    let mut last = &*root;
    loop {
        let mapping = last.as_mapping().and_then(|mapping| mapping.entries().last());
        let list = last.as_sequence().and_then(|list| list.items().last());
        let Some(next) = mapping.map(|(_, value)| value).or(list) else { break };
        depth += 1;
        last = next;
    }
    let Some(scalar) = last.as_scalar() else { return };
    let is_block = matches!(scalar.style(), Style::Literal | Style::Folded);
    let is_placed = scalar.span().length() < Scalar::LONGEST_SPAN;
    if !is_block || !is_placed || !scalar.text().ends_with("\n\n") {
        return;
    }
    let behind = (scalar.span().end() - source.base()) as usize;
    let behind = source.text().get(behind..end).unwrap_or_default().trim_start();
    if !behind.starts_with('#') {
        return;
    }
    let text = format!("{}\n", scalar.text());
    let longer = Scalar::parsed(&text, scalar.tag(), scalar.style(), scalar.span());
    let mut node = root;
    for _ in 0..depth {
        let next = match node.kind() {
            Kind::Mapping => node
                .as_mapping_mut()
                .and_then(|mapping| mapping.value_at_mut(mapping.len().wrapping_sub(1))),
            _ => node.as_sequence_mut().and_then(|list| list.items_mut().last_mut()),
        };
        let Some(next) = next else { return };
        node = next;
    }
    *node = longer.into();
}

/// The next line from `start` on that begins with `---`, is not the first one, and has an end.
fn next_separator(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let line = start + memchr::memmem::find(&bytes[start..], b"\n---")? + 1;
    let end = line + memchr::memchr(b'\n', &bytes[line..])?;
    Some(line..end + 1)
}

/// True for a line that begins with `---` if nothing but a comment follows.
fn is_separator(line: &str) -> bool {
    let rest = line[3..].trim();
    rest.is_empty() || rest.starts_with('#')
}

fn check_separator(source: &Source, line: &Range<usize>) -> Result<()> {
    if is_separator(&source.text()[line.clone()]) {
        return Ok(());
    }
    let after = &source.text()[line.start + 3..line.end];
    let rest = after.trim();
    if rest.bytes().all(|byte| byte == b'-') {
        let text = source.text()[line.clone()].trim_end();
        return Err(cause::misspelt_separator(source, line.clone(), text));
    }
    let start = line.start + 3 + (after.len() - after.trim_start().len());
    Err(Error::new(
        Code::MalformedYaml,
        format!("found `{rest}` on the line of a document separator"),
    )
    .at(source.span(start, start + rest.len()))
    .label("nothing but a comment may follow `---`")
    .help("put the content on the next line"))
}

#[cfg(test)]
mod tests;
