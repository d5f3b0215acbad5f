//! Text that was read, and places in it: every span of a run points into one address space.

use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Code, Error, Result};

/// A range of bytes in the text of one source, or nowhere.
///
/// All sources of a run share one address space ([`Sources`] hands out the ranges), so a span alone says which
/// file it is in. Eight bytes, and cheap to copy: every node of a document has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// The span of what no input wrote.
    pub const NONE: Self = Self { start: u32::MAX, length: 0 };

    /// The span of `length` bytes from `start`, an address as handed out by [`Sources`].
    #[must_use]
    pub const fn new(start: u32, length: u32) -> Self {
        Self { start, length }
    }

    /// Whether this is [`Span::NONE`].
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

/// The number of a source within its [`Sources`], in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// One text that was read: a file, standard input, or text written inside another file.
#[derive(Debug)]
pub struct Source {
    id: FileId,
    name: String,
    text: String,
    base: u32,
}

impl Source {
    /// A text on its own, which is part of no [`Sources`] and shown nowhere. Its addresses are the last ones, where no
    /// file gets to.
    #[must_use]
    pub fn detached(text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX - 2);
        let base = u32::MAX - 2 - length;
        Self { id: FileId(u32::MAX), name: String::new(), text: text.to_owned(), base }
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

    /// The span of the bytes `start..end` of the text.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset.min(self.text.len())).unwrap_or(u32::MAX);
        Span::new(self.base + clamp(start), clamp(end) - clamp(start.min(end)))
    }
}

/// A place for people: line and column count from 1, the column in characters.
#[derive(Clone, Debug)]
pub struct Location {
    /// The source the place is in.
    pub source: Arc<Source>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The byte offsets of the place in [`Source::text`].
    pub range: std::ops::Range<usize>,
}

/// All texts of a run. Texts are added while threads read them, and never removed.
#[derive(Debug, Default)]
pub struct Sources {
    sources: RwLock<Vec<Arc<Source>>>,
}

impl Sources {
    /// No texts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under the name to show for it.
    ///
    /// # Errors
    /// [`Code::TooLarge`] when the texts of the run would pass 4 GiB, and [`Code::InvalidUtf8`] with the first
    /// place that is no UTF-8 (the text is kept with replacement characters, so that the place can be shown).
    pub fn add(&self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Arc<Source>> {
        match String::from_utf8(bytes.into()) {
            Ok(text) => self.add_text(name.into(), text),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let byte = error.as_bytes()[valid];
                let source = self.add_text(
                    name.into(),
                    String::from_utf8_lossy(error.as_bytes()).into_owned(),
                )?;
                Err(Error::new(Code::InvalidUtf8, format!("`{}` is not UTF-8 text", source.name()))
                    .at(source.span(valid, valid + 3))
                    .label(format!("byte 0x{byte:02X} here"))
                    .help("save the file in UTF-8, or keep binary content out of YAML"))
            }
        }
    }

    /// Adds a text that stands inside another one, at a place there: it is shown as an entry of that file.
    ///
    /// # Errors
    /// As [`Sources::add`].
    pub fn add_inline(&self, place: Span, entry: &str, text: &str) -> Result<Arc<Source>> {
        let file = self.source_of(place).map_or_else(String::new, |source| source.name.clone());
        self.add(format!("{file} ({entry})"), text)
    }

    fn add_text(&self, name: String, text: String) -> Result<Arc<Source>> {
        let mut sources = self.sources.write().unwrap_or_else(PoisonError::into_inner);
        let base = sources.last().map_or(0, |last| last.base as usize + last.text.len() + 1);
        if base + text.len() >= u32::MAX as usize - 1 {
            return Err(Error::new(
                Code::TooLarge,
                format!("`{name}` takes the text read in this run past 4 GiB"),
            )
            .help("render fewer targets in one run"));
        }
        let id = FileId(u32::try_from(sources.len()).unwrap_or(u32::MAX));
        let source =
            Arc::new(Source { id, name, text, base: u32::try_from(base).unwrap_or(u32::MAX) });
        sources.push(Arc::clone(&source));
        Ok(source)
    }

    /// The source that a span points into.
    #[must_use]
    pub fn source_of(&self, span: Span) -> Option<Arc<Source>> {
        if span.is_none() {
            return None;
        }
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner);
        let after = sources.partition_point(|source| source.base <= span.start);
        sources.get(after.checked_sub(1)?).cloned()
    }

    /// The place of a span for people, or nothing for [`Span::NONE`].
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<Location> {
        let source = self.source_of(span)?;
        let text = source.text();
        let floor = |offset: usize| text.floor_char_boundary(offset.min(text.len()));
        let start = floor((span.start - source.base) as usize);
        let end = floor((span.end() - source.base) as usize).max(start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Some(Location { source, line, column, range: start..end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        let sources = Sources::new();
        let error = sources.add("x.yaml", b"a: \xff\n".to_vec()).unwrap_err();
        let place = sources.locate(error.span()).unwrap();
        assert_eq!((error.code(), place.line, place.column), (Code::InvalidUtf8, 1, 4));
    }
}
