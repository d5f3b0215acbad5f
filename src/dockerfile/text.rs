//! The lines of a Dockerfile: physical lines, joined to logical ones where a line ends with the escape character.

use std::sync::Arc;

use crate::source::{Source, Span};

/// A logical line: the text of one instruction, without line continuations and the comments between them.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    source: Arc<Source>,
    text: String,
    /// The starts of its pieces, in the text and in the source.
    pieces: Vec<(usize, usize)>,
    /// The end in the source.
    end: usize,
}

impl Joined {
    /// A part of a source as it is: the body of a here-document.
    pub(super) fn verbatim(source: &Arc<Source>, start: usize, end: usize) -> Self {
        let text = source.text().get(start..end).unwrap_or_default().to_owned();
        Self { source: Arc::clone(source), text, pieces: vec![(0, start)], end }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The span of a part of the text in the source.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let (start, last) = (self.offset(start), self.offset(end.saturating_sub(1).max(start)));
        let width = self.source.text().get(last..).and_then(|rest| rest.chars().next());
        let last = last + width.map_or(0, char::len_utf8);
        self.source.span(start, last.clamp(start, self.end.max(start)))
    }

    /// The place of a byte of the text in the source. Logarithmic in the number of pieces.
    fn offset(&self, place: usize) -> usize {
        let number = self.pieces.partition_point(|(start, _)| *start <= place).saturating_sub(1);
        let (start, offset) = self.pieces.get(number).copied().unwrap_or_default();
        offset + place.saturating_sub(start)
    }
}

/// The physical lines of a source, read one after the other.
pub(super) struct Lines<'a> {
    source: &'a Arc<Source>,
    place: usize,
}

/// A physical line, without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) start: usize,
    pub(super) text: &'a str,
}

impl<'a> Lines<'a> {
    /// The lines from a place on.
    pub(super) const fn new(source: &'a Arc<Source>, place: usize) -> Self {
        Self { source, place }
    }

    /// The next line, and the place after it; `None` at the end of the text.
    fn peek(&self) -> Option<(Line<'a>, usize)> {
        let rest = self.source.text().get(self.place..).filter(|rest| !rest.is_empty())?;
        let (line, length) = match rest.find('\n') {
            Some(end) => (&rest[..end], end + 1),
            None => (rest, rest.len()),
        };
        let text = line.strip_suffix('\r').unwrap_or(line);
        Some((Line { start: self.place, text }, self.place + length))
    }

    /// Reads the rest of a logical line that begins with `first`.
    pub(super) fn join(&mut self, first: Line<'a>, escape: char) -> Joined {
        let mut joined = Joined {
            source: Arc::clone(self.source),
            text: String::new(),
            pieces: Vec::new(),
            end: first.start,
        };
        let mut line = first;
        loop {
            let kept = continued(line.text, escape);
            let piece = kept.unwrap_or(line.text);
            joined.pieces.push((joined.text.len(), line.start));
            joined.text.push_str(piece);
            joined.end = line.start + piece.len();
            if kept.is_none() {
                return joined;
            }
            // Empty lines and comments within an instruction are left out.
            match self.by_ref().find(|line| !line.text.trim().is_empty() && !line.is_comment()) {
                Some(next) => line = next,
                None => return joined,
            }
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (line, next) = self.peek()?;
        self.place = next;
        Some(line)
    }
}

impl Line<'_> {
    /// True for a comment.
    pub(super) fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }
}

/// The part of a line before the escape character that continues it; `None` if the line ends the instruction. Two of these
/// characters continue no line. (moby/buildkit, `frontend/dockerfile/parser/parser.go`, `setEscapeToken`.)
fn continued(line: &str, escape: char) -> Option<&str> {
    let kept = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!kept.ends_with(escape)).then_some(kept)
}
