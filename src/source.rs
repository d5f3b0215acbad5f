//! Texts that were read, and positions in them: all spans of a run share one address space.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::ops::Range;
use std::sync::{Arc, OnceLock, RwLock};

use crate::error::{Code, Error, Result};
use crate::sync::{read, write};
use crate::text::suspect;

/// A range of bytes in the text of a source, or [`Span::NONE`].
///
/// All sources of a run share one address space ([`Sources`] assigns the ranges), so a span alone identifies its file.
/// Eight bytes, and cheap to copy: every node of a document has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// A span that does not point into any source: that of generated nodes.
    pub const NONE: Self = Self { start: u32::MAX, length: 0 };

    /// The span of `length` bytes from `start`, an address assigned by [`Sources`].
    #[must_use]
    pub const fn new(start: u32, length: u32) -> Self {
        Self { start, length }
    }

    /// True if this is [`Span::NONE`].
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.start == u32::MAX
    }

    /// The address of the first byte.
    #[must_use]
    pub const fn start(self) -> u32 {
        self.start
    }

    /// The address after the last byte.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.start.saturating_add(self.length)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn length(self) -> u32 {
        self.length
    }

    /// The span from the start of this one to the end of `last`.
    #[must_use]
    pub const fn to(self, last: Self) -> Self {
        if self.is_none() || last.is_none() || last.end() < self.start {
            return self;
        }
        Self { start: self.start, length: last.end() - self.start }
    }
}

impl Default for Span {
    fn default() -> Self {
        Self::NONE
    }
}

/// The format of a text that was read for a Secret; it determines which parts are secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secrecy {
    /// The whole text is secret.
    Whole,
    /// The text after the first `=` of each line is secret.
    Variables,
    /// The values of a manifest or a patch are secret.
    Values,
}

/// The number of a source within its [`Sources`], in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A text that was read: a file, standard input, or text embedded in another source.
#[derive(Debug)]
pub struct Source {
    id: FileId,
    name: String,
    text: String,
    base: u32,
    /// For embedded text: the value that contains it, and its source.
    within: Span,
    is_utf16: bool,
    outer: Option<Arc<Self>>,
    /// The lines, computed on first use.
    lines: OnceLock<Lines>,
}

/// The starts of lines, and character counts to compute columns.
#[derive(Debug)]
struct Lines {
    /// The first byte of each line.
    starts: Vec<usize>,
    /// Number of characters before each block of [`BLOCK`] bytes; empty if the text is ASCII.
    characters: Vec<usize>,
}

/// Maximum number of bytes to scan for a column.
const BLOCK: usize = 1024;

impl Lines {
    /// Finds the lines. Linear in the text.
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect();
        let mut before = 0;
        let count = |block: &[u8]| {
            let first = before;
            before += characters(block);
            first
        };
        let blocks = text.as_bytes().chunks(BLOCK);
        let characters = if text.is_ascii() { Vec::new() } else { blocks.map(count).collect() };
        Self { starts, characters }
    }

    /// Number of characters before a byte.
    fn characters_before(&self, text: &str, offset: usize) -> usize {
        if self.characters.is_empty() {
            return offset;
        }
        let block = (offset / BLOCK).min(self.characters.len() - 1);
        self.characters[block] + characters(&text.as_bytes()[block * BLOCK..offset])
    }
}

/// Number of characters that begin in some bytes of text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

impl Source {
    /// A text that is not part of any [`Sources`] and never shown. Its addresses are at the end of the address space,
    /// which files do not reach.
    #[must_use]
    pub fn detached(text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX - 2);
        let base = u32::MAX - 2 - length;
        Self {
            id: FileId(u32::MAX),
            name: String::new(),
            text: text.to_owned(),
            base,
            within: Span::NONE,
            outer: None,
            is_utf16: false,
            lines: OnceLock::new(),
        }
    }

    /// The number of this source.
    #[must_use]
    pub const fn id(&self) -> FileId {
        self.id
    }

    /// The name to show: the path as the user would write it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The address of the first byte; a span's start minus this is an offset into [`Source::text`].
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// The value of another source that contains this text; [`Span::NONE`] for a file.
    #[must_use]
    pub const fn within(&self) -> Span {
        self.within
    }

    /// The span of the whole text.
    #[must_use]
    pub fn whole(&self) -> Span {
        self.span(0, self.text.len())
    }

    /// True if this is text embedded in a field of a file.
    #[must_use]
    pub const fn is_inline(&self) -> bool {
        !self.within.is_none()
    }

    /// True if the file was UTF-16. Kustomize looks for document separators and JSON brackets before decoding, and so
    /// finds none in it.
    #[must_use]
    pub const fn is_utf16(&self) -> bool {
        self.is_utf16
    }

    /// The line and column of a byte in the file that contains the text, as in [`Sources::locate`].
    #[must_use]
    pub fn line_and_column_in_file(&self, offset: usize) -> (usize, usize) {
        match self.written_outside(&(offset..offset)) {
            Some((outer, range)) => outer.line_and_column_in_file(range.start),
            None => self.line_and_column(offset),
        }
    }

    /// The position of a part of an embedded text in the text around it.
    fn written_outside(&self, part: &Range<usize>) -> Option<(&Arc<Self>, Range<usize>)> {
        let outer = self.outer.as_ref()?;
        let value = outer.range_of(self.within);
        let written = &outer.text[value.clone()];
        let start = written_at(written, &self.text, part.start)?;
        let end = written_at(written, &self.text, part.end).unwrap_or(start).max(start);
        Some((outer, value.start + start..value.start + end))
    }

    /// The bytes of the text that a span points at, rounded down to character boundaries.
    fn range_of(&self, span: Span) -> Range<usize> {
        let floor =
            |offset: u32| self.text.floor_char_boundary((offset as usize).min(self.text.len()));
        let start = floor(span.start.saturating_sub(self.base));
        start..floor(span.end().saturating_sub(self.base)).max(start)
    }

    /// The line and column of a byte, both from 1, the column in characters. The first call scans the text; later ones
    /// are nearly free.
    #[must_use]
    pub fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let lines = self.lines.get_or_init(|| Lines::of(&self.text));
        let line = lines.starts.partition_point(|start| *start <= offset);
        let start = lines.starts.get(line.wrapping_sub(1)).copied().unwrap_or_default();
        let before = |offset| lines.characters_before(&self.text, offset);
        (line, before(offset) - before(start) + 1)
    }

    /// The text from the start of the line that a byte is in.
    fn line_of(&self, offset: usize) -> &str {
        let lines = self.lines.get_or_init(|| Lines::of(&self.text));
        let line = lines.starts.partition_point(|start| *start <= offset);
        &self.text[lines.starts.get(line.wrapping_sub(1)).copied().unwrap_or_default()..]
    }

    /// The span of the bytes `start..end` of the text.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset.min(self.text.len())).unwrap_or(u32::MAX);
        Span::new(self.base + clamp(start), clamp(end) - clamp(start.min(end)))
    }
}

/// A position to show: line and column from 1, the column in characters.
#[derive(Clone, Debug)]
pub struct Location {
    /// The source.
    pub source: Arc<Source>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The range of bytes in [`Source::text`].
    pub range: Range<usize>,
}

/// All texts of a run. Texts are added while other threads read, and never removed.
#[derive(Debug, Default)]
pub struct Sources {
    sources: RwLock<Vec<Arc<Source>>>,
    secrets: RwLock<BTreeSet<(Span, Secrecy)>>,
    parts: RwLock<CopiedParts>,
}

/// Parts of values that builds copy to other fields. If the values are secret, so are the parts.
#[derive(Clone, Debug, Default)]
pub struct CopiedParts {
    /// The parts of each value.
    pub of_values: BTreeMap<String, BTreeSet<String>>,
    /// True if there are more than these.
    pub has_more: bool,
    bytes: usize,
}

impl CopiedParts {
    fn add(&mut self, value: &str, part: &str) {
        /// The number of bytes that are recorded.
        const MOST: usize = 16 << 20;
        let is_known = self.of_values.contains_key(value);
        self.bytes += part.len() + if is_known { 0 } else { value.len() };
        if self.bytes > MOST {
            self.has_more = true;
            return;
        }
        self.of_values.entry(value.to_owned()).or_default().insert(part.to_owned());
    }
}

impl Sources {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text with the name to show for it.
    ///
    /// # Errors
    /// [`Code::TooLarge`] if the texts of the run would exceed 4 GiB, and [`Code::InvalidUtf8`] at the first byte that
    /// is not UTF-8 (the text is kept with replacement characters, so that the position can be shown).
    pub fn add(&self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Arc<Source>> {
        let name = name.into();
        self.add_bytes(name, bytes.into())
    }

    /// Adds a text as [`Sources::add`] does, without checking again that it is UTF-8.
    ///
    /// # Errors
    /// [`Code::TooLarge`], as [`Sources::add`].
    pub fn add_utf8(&self, name: impl Into<String>, text: String) -> Result<Arc<Source>> {
        self.add_text(None, name.into(), text, false)
    }

    /// Adds the text of a file, which may be UTF-16 with a byte-order mark at its start, as in go-yaml.
    ///
    /// # Errors
    /// As [`Sources::add`].
    pub fn add_file(&self, name: &str, bytes: &[u8]) -> Result<Arc<Source>> {
        let unit = match bytes {
            [0xFF, 0xFE, ..] => u16::from_le_bytes,
            [0xFE, 0xFF, ..] => u16::from_be_bytes,
            _ => return self.add(name, bytes),
        };
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let mut text = String::with_capacity(pairs.len());
        let mut broken = (!rest.is_empty()).then_some(usize::MAX);
        for character in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
            if character.is_err() && broken.is_none_or(|place| place == usize::MAX) {
                broken = Some(text.len());
            }
            text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let source = self.add_text(None, name.to_owned(), text, true)?;
        let Some(place) = broken.map(|place| place.min(source.text().len())) else {
            return Ok(source);
        };
        Err(Error::new(Code::InvalidUtf8, format!("`{name}` begins like UTF-16 text but is not"))
            .at(source.span(place, place + char::REPLACEMENT_CHARACTER.len_utf8()))
            .label("half a character here")
            .help("save the file in UTF-8"))
    }

    fn add_bytes(&self, name: String, bytes: Vec<u8>) -> Result<Arc<Source>> {
        match String::from_utf8(bytes) {
            Ok(text) => self.add_text(None, name, text, false),
            Err(error) => {
                if let Some(format) = suspect::binary_format(error.as_bytes()) {
                    return Err(binary(Code::InvalidUtf8, &name, format));
                }
                let valid = error.utf8_error().valid_up_to();
                let byte = error.as_bytes()[valid];
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let source = self.add_text(None, name, text, false)?;
                Err(Error::new(Code::InvalidUtf8, format!("`{}` is not UTF-8 text", source.name()))
                    .at(source.span(valid, valid + 3))
                    .label(format!("byte 0x{byte:02X} here"))
                    .help("save the file in UTF-8, or keep binary content out of YAML"))
            }
        }
    }

    /// Adds a text that is embedded in another one at `place`. Its positions are shown in that file or, if it is
    /// written there with escapes or folded lines, in a text with the name of the entry in that file.
    ///
    /// # Errors
    /// As [`Sources::add`].
    pub fn add_inline(&self, place: Span, entry: &str, text: &str) -> Result<Arc<Source>> {
        let outer = self.source_of(place);
        let file = outer.as_ref().map_or("", |outer| outer.name.as_str());
        let name = format!("{file} ({entry})");
        self.add_text(outer.map(|outer| (place, outer)), name, text.to_owned(), false)
    }

    fn add_text(
        &self,
        outer: Option<(Span, Arc<Source>)>,
        name: String,
        text: String,
        is_utf16: bool,
    ) -> Result<Arc<Source>> {
        let mut sources = write(&self.sources);
        let base = sources.last().map_or(0, |last| last.base as usize + last.text.len() + 1);
        if base + text.len() >= u32::MAX as usize - 1 {
            return Err(Error::new(
                Code::TooLarge,
                format!("`{name}` exceeds the limit of 4 GiB of text in a run"),
            )
            .help("render fewer targets in one run"));
        }
        let id = FileId(u32::try_from(sources.len()).unwrap_or(u32::MAX));
        let base = u32::try_from(base).unwrap_or(u32::MAX);
        let (within, outer) = match outer {
            Some((within, outer)) => (within, Some(outer)),
            None => (Span::NONE, None),
        };
        let lines = OnceLock::new();
        let source = Arc::new(Source { id, name, text, base, within, is_utf16, outer, lines });
        sources.push(Arc::clone(&source));
        Ok(source)
    }

    /// All texts, in the order of reading.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Source>> {
        read(&self.sources).clone()
    }

    /// True if a text has a name for which `is_meant` is true.
    #[must_use]
    pub fn has(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        read(&self.sources).iter().any(|source| is_meant(&source.name))
    }

    /// Marks a part of a text as secret because of its use, which the text itself does not show.
    pub fn keep_secret(&self, span: Span, secrecy: Secrecy) {
        if !span.is_none() {
            write(&self.secrets).insert((span, secrecy));
        }
    }

    /// Records a part of a value that is copied without the rest of it.
    pub fn keep_part(&self, value: &str, part: &str) {
        if read(&self.parts).of_values.get(value).is_some_and(|parts| parts.contains(part)) {
            return;
        }
        write(&self.parts).add(value, part);
    }

    /// The parts of values that were copied.
    #[must_use]
    pub fn copied_parts(&self) -> CopiedParts {
        read(&self.parts).clone()
    }

    /// The parts of texts that were marked as secret.
    #[must_use]
    pub fn secret_spans(&self) -> Vec<Span> {
        let secrets = read(&self.secrets);
        secrets.iter().map(|(span, _)| *span).collect()
    }

    /// The ranges of a source that were marked as secret.
    #[must_use]
    pub fn secrets_in(&self, source: &Source) -> Vec<(Range<usize>, Secrecy)> {
        let whole = source.whole();
        let first = (Span::new(whole.start(), 0), Secrecy::Whole);
        let secrets = read(&self.secrets);
        let inside = secrets.range(first..).take_while(|(span, _)| span.start() <= whole.end());
        inside.map(|(span, secrecy)| (source.range_of(*span), *secrecy)).collect()
    }

    /// The source of a span.
    #[must_use]
    pub fn source_of(&self, span: Span) -> Option<Arc<Source>> {
        if span.is_none() {
            return None;
        }
        let sources = read(&self.sources);
        let after = sources.partition_point(|source| source.base <= span.start);
        sources.get(after.checked_sub(1)?).cloned()
    }

    /// The position of a span to show; `None` for [`Span::NONE`]. The first call for a text scans it.
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<Location> {
        let (source, range) = self.written(span)?;
        let (line, column) = source.line_and_column(range.start);
        Some(Location { source, line, column, range })
    }

    /// The source and the byte range of a span; `None` for [`Span::NONE`]. For text embedded in a field of a file,
    /// those in that file.
    #[must_use]
    pub fn written(&self, span: Span) -> Option<(Arc<Source>, Range<usize>)> {
        let mut source = self.source_of(span)?;
        let mut range = source.range_of(span);
        if range.is_empty() {
            let before = source.text[..range.start].trim_end();
            if before.ends_with([':', '-']) && !source.line_of(before.len()).starts_with('%') {
                // An empty value is right after its key, not at the next token.
                range = before.len()..before.len();
            }
        }
        while let Some((outer, part)) = source.written_outside(&range) {
            (source, range) = (Arc::clone(outer), part);
        }
        Some((source, range))
    }
}

/// The error for a binary file where text is expected. It has no position, because a binary frame is of no use.
#[cold]
#[must_use]
pub fn binary(code: Code, name: &str, format: &str) -> Error {
    let (expected, help) = match format {
        suspect::UTF_16 => ("UTF-8", "save the file in UTF-8"),
        _ => (
            "text",
            "to put a binary file into a ConfigMap or a Secret, list it under `files` of its generator",
        ),
    };
    Error::new(code, format!("`{name}` is {format}, expected {expected}")).help(help)
}

/// The offset of a value's byte in the value as it is `written`; `None` if it has folded lines, or was made from
/// something else.
fn written_at(written: &str, text: &str, offset: usize) -> Option<usize> {
    if !written.starts_with('|') {
        let verbatim = written.find(text).map(|start| start + offset);
        return verbatim.or_else(|| quoted_at(written, text, offset));
    }
    let mut lines = written.split_inclusive('\n');
    let mut place = lines.next()?.len();
    let is_blank = |line: &&str| line.trim().is_empty();
    if text.lines().next().is_some_and(|first| !is_blank(&first)) {
        // Leading blank lines may have been trimmed.
        place += lines.clone().take_while(is_blank).map(str::len).sum::<usize>();
        while lines.clone().next().as_ref().is_some_and(is_blank) {
            lines.next();
        }
    }
    let mut passed = 0;
    for (line, written) in text.split('\n').zip(lines) {
        let end = written.trim_end_matches(['\r', '\n']);
        let indented = end.strip_suffix(line.trim_end_matches('\r'))?;
        if !is_blank(&indented) {
            return None;
        }
        if offset <= passed + line.len() {
            return Some(place + (indented.len() + offset - passed).min(end.len()));
        }
        passed += line.len() + 1;
        place += written.len();
    }
    None
}

/// Like `written_at`, for a quoted value on one line, with the common escapes.
fn quoted_at(written: &str, text: &str, offset: usize) -> Option<usize> {
    let quote = written.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut said = String::new();
    // For each byte of the value, its offset in the written form.
    let mut places = Vec::new();
    let mut rest = inner;
    while let Some(letter) = rest.chars().next() {
        let (length, letter) = match (quote, letter, rest.chars().nth(1)) {
            ('\'', '\'', _) => (2, '\''),
            ('"', '\\', Some('n')) => (2, '\n'),
            ('"', '\\', Some('t')) => (2, '\t'),
            ('"', '\\', Some(same @ ('"' | '\\' | '/'))) => (2, same),
            ('"', '\\', _) | (_, '\n' | '\r', _) => return None,
            _ => (letter.len_utf8(), letter),
        };
        said.push(letter);
        places.resize(said.len(), 1 + inner.len() - rest.len());
        rest = rest.get(length..)?;
    }
    places.push(1 + inner.len());
    places.get(said.find(text)? + offset).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let texts = ["", "a\nbc\n\nd", "ü\nxüy\n", &"aü\n€uro𝄞 ".repeat(700), &"ü€a".repeat(2_000)];
        for text in texts {
            let source = Source::detached(text);
            for offset in (0..=text.len() + 1).step_by(1 + text.len() / 500) {
                let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                assert_eq!(source.line_and_column(offset), (line, column), "{offset}");
            }
        }
    }

    #[test]
    fn a_span_finds_its_file_line_and_column() {
        let sources = Sources::new();
        let first = sources.add("a.yaml", "a: 1\n").unwrap();
        let second = sources.add("b.yaml", "é: 1\nü: zwei\n").unwrap();
        let zwei = second.text().find("zwei").unwrap();
        let place = sources.locate(second.span(zwei, zwei + 4)).unwrap();
        assert_eq!((place.source.name(), place.line, place.column), ("b.yaml", 2, 4));
        let place = sources.locate(first.span(5, 5)).unwrap();
        assert_eq!((place.source.name(), place.line, place.column), ("a.yaml", 2, 1));
        assert!(sources.locate(Span::NONE).is_none());
    }

    /// The position of `word` in the first value of `file`, as name, line and column.
    fn place_within(file: &str, text: &str, word: &str) -> (String, usize, usize) {
        let sources = Sources::new();
        let file = sources.add("k.yaml", file).unwrap();
        let value = file.text().find(": ").unwrap() + 2;
        let span = file.span(value, file.text().trim_end().len());
        let inner = sources.add_inline(span, "patch", text).unwrap();
        let start = inner.text().find(word).unwrap();
        let place = sources.locate(inner.span(start, start + word.len())).unwrap();
        if place.source.id() == file.id() {
            assert_eq!(&file.text()[place.range.clone()], word);
        }
        (place.source.name().to_owned(), place.line, place.column)
    }

    #[test]
    fn text_inside_a_file_is_found_in_that_file() {
        let file = "k.yaml".to_owned();
        let block = "a: |-\n  é: 1\n\n    b: 2\n";
        assert_eq!(place_within(block, "é: 1\n\n  b: 2", "b"), (file.clone(), 4, 5));
        assert_eq!(place_within(block, "é: 1\n\n  b: 2", "1"), (file.clone(), 2, 6));
        let trimmed = "a: |\n\n  b: 2\n  c: 3\n";
        assert_eq!(place_within(trimmed, "b: 2\nc: 3", "3"), (file.clone(), 4, 6));
        let crlf = "a: |\r\n  b: 2\r\n  c: 3\r\n";
        assert_eq!(place_within(crlf, "b: 2\nc: 3", "3"), (file.clone(), 3, 6));
        let quoted = "a: '{b: 2}'\n";
        assert_eq!(place_within(quoted, "{b: 2}", "2"), (file.clone(), 1, 9));
        let escaped = "a: \"b: 1\\nc: 'é' \\\"2\\\"\"\n";
        assert_eq!(place_within(escaped, "b: 1\nc: 'é' \"2\"", "2"), (file.clone(), 1, 20));
        let doubled = "a: 'b: ''x'' 2'\n";
        assert_eq!(place_within(doubled, "b: 'x' 2", "2"), (file, 1, 14));
    }

    #[test]
    fn text_that_is_written_otherwise_is_shown_by_itself() {
        let entry = "k.yaml (patch)".to_owned();
        let escaped = "a: \"b: 1\\nc: \\x32\"\n";
        assert_eq!(place_within(escaped, "b: 1\nc: 2", "2"), (entry.clone(), 2, 4));
        assert_eq!(place_within("a: >\n  b: 1\n\n  c: 2\n", "b: 1\nc: 2", "2"), (entry, 2, 4));
    }

    #[test]
    fn utf16_is_known_by_its_mark() {
        let sources = Sources::new();
        let bytes = |text: &str, of: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(of).collect()
        };
        for of in [u16::to_le_bytes, u16::to_be_bytes] {
            let source = sources.add_file("a", &bytes("é: 😀\n", of)).unwrap();
            assert_eq!((source.text(), source.is_utf16()), ("é: 😀\n", true));
            let source = sources.add_file("a", &bytes("", of)).unwrap();
            assert_eq!(source.text(), "");
        }
        let mut half = bytes("ab", u16::to_le_bytes);
        half.push(b'c');
        for (bytes, column) in [(half.as_slice(), 3), (b"\xFF\xFEa\0\0\xD8b\0", 2)] {
            let error = sources.add_file("a", bytes).unwrap_err();
            assert_eq!(error.code(), Code::InvalidUtf8);
            assert_eq!(sources.locate(error.span()).unwrap().column, column);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        let sources = Sources::new();
        let error = sources.add("x.yaml", b"a: \xff\n".to_vec()).unwrap_err();
        let place = sources.locate(error.span()).unwrap();
        assert_eq!((error.code(), place.line, place.column), (Code::InvalidUtf8, 1, 4));
    }
}
