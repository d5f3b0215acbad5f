//! Frames: source text around a failure, with its places underlined and its secrets masked.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Snippet};

use crate::{
    error::Error,
    resource::secret::{MASK, Shield},
    source::{Location, Sources},
    text::escape::{drawable, visible},
};

/// Maximum number of lines between two marks of a file that share a frame.
const NEAR: usize = 20;

/// Frames for the failure and its notes, the failure first. Secrets are masked. If masks move a column, `columns` gets
/// the drawn and the real place, for [`with_columns`].
pub(super) fn frames(
    error: &Error,
    sources: &Sources,
    shield: &Shield,
    columns: &mut Vec<(String, String)>,
) -> Vec<Element<'static>> {
    let failure = (error.span(), error.label_text(), AnnotationKind::Primary);
    let notes =
        error.notes().iter().map(|note| (note.span, note.label.as_str(), AnnotationKind::Context));
    let mut frames: Vec<Vec<FrameMark<'_>>> = Vec::new();
    for (span, label, kind) in std::iter::once(failure).chain(notes) {
        let Some(location) = sources.locate(span) else { continue };
        let mark = FrameMark { location, label, kind };
        match frames.iter_mut().find(|marks| marks[0].is_near(&mark)) {
            Some(marks) => marks.push(mark),
            None => frames.push(vec![mark]),
        }
    }
    let hidden = |marks: &[FrameMark<'_>]| shield.hidden(&marks[0].location.source, sources);
    frames.iter().flat_map(|marks| frame(marks, &hidden(marks), columns)).collect()
}

/// A place to underline, with its label.
struct FrameMark<'a> {
    location: Location,
    label: &'a str,
    kind: AnnotationKind,
}

impl FrameMark<'_> {
    fn is_near(&self, other: &Self) -> bool {
        let (here, there) = (&self.location, &other.location);
        here.source.id() == there.source.id() && here.line.abs_diff(there.line) <= NEAR
    }

    /// The line at which the place starts, without its line break.
    fn line(&self) -> Range<usize> {
        let text = self.location.source.text();
        let start = text[..self.location.range.start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[start..].split('\n').next().unwrap_or_default();
        start..start + line.trim_end_matches('\r').len()
    }
}

/// Maximum length of a line in bytes: longer ones are slow to draw, and would be cut on both sides. Their place is
/// named instead.
const LONGEST: usize = 1 << 16;

/// The lines from the first mark to the last. A place of several lines is underlined on its first line only.
fn frame(
    marks: &[FrameMark<'_>],
    hidden: &[Range<usize>],
    columns: &mut Vec<(String, String)>,
) -> Vec<Element<'static>> {
    let source = &marks[0].location.source;
    let name = visible(source.name()).into_owned();
    let lines: Vec<Range<usize>> = marks.iter().map(FrameMark::line).collect();
    let start = lines.iter().map(|line| line.start).min().unwrap_or_default();
    let end = lines.iter().map(|line| line.end).max().unwrap_or_default();
    if end - start > LONGEST {
        return marks.iter().flat_map(|mark| named(mark, &name)).collect();
    }
    let shown = Shown::of(source.text(), start..end, hidden);
    let annotations = marks.iter().zip(&lines).map(|(mark, line)| {
        let Range { start: from, end: to } = mark.location.range;
        let from = from.min(line.end);
        let label = Some(visible(mark.label).into_owned()).filter(|label| !label.is_empty());
        mark.kind
            .span(shown.place(from, false)..shown.place(to.clamp(from, line.end), true))
            .label(label)
    });
    let moved = marks.iter().zip(&lines).filter_map(|(mark, line)| {
        let Location { line: number, column, .. } = mark.location;
        let begin = shown.place(mark.location.range.start.min(line.end), false);
        let drawn = shown.text[..begin].rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let place = |column: usize| format!("{name}:{number}:{column}");
        (!hidden.is_empty() && drawn != column).then(|| (place(drawn), place(column)))
    });
    columns.extend(moved);
    let snippet = Snippet::source(shown.text.clone())
        .line_start(marks.iter().map(|mark| mark.location.line).min().unwrap_or(1))
        .path(name)
        .annotations(annotations);
    vec![snippet.into()]
}

/// Corrects the columns in the headers of drawn frames that masks have moved.
pub(super) fn with_columns(mut drawn: String, columns: &[(String, String)]) -> String {
    for (moved, place) in columns {
        let is_place = |(at, text): &(usize, &str)| {
            drawn[at + text.len()..].starts_with(['\n', '\x1b'])
                && drawn[..*at].ends_with([' ', 'm'])
        };
        let found = drawn.match_indices(moved.as_str()).find(is_place).map(|(at, _)| at);
        if let Some(at) = found {
            drawn.replace_range(at..at + moved.len(), place);
        }
    }
    drawn
}

/// A place without its source text.
fn named(mark: &FrameMark<'_>, name: &str) -> Vec<Element<'static>> {
    let Location { line, column, .. } = mark.location;
    let origin = Origin::path(name.to_owned()).line(line).char_column(column);
    let label = Some(mark.label).filter(|label| !label.is_empty());
    let label =
        label.map(|label| Level::NOTE.no_name().message(visible(label).into_owned()).into());
    std::iter::once(origin.into()).chain(label).collect()
}

/// A part of a text as it is drawn: some characters are replaced by others of another length, and secrets by masks of
/// equal length.
struct Shown {
    text: String,
    /// Pieces of the text: range in the source, offset in `text`, and true if it is masked.
    pieces: Vec<(Range<usize>, usize, bool)>,
    source: String,
    start: usize,
}

impl Shown {
    fn of(source: &str, part: Range<usize>, hidden: &[Range<usize>]) -> Self {
        let mut shown = Self {
            text: String::new(),
            pieces: Vec::new(),
            source: source[part.clone()].to_owned(),
            start: part.start,
        };
        let first = hidden.partition_point(|range| range.end <= part.start);
        let mut at = part.start;
        for range in hidden[first..].iter().take_while(|range| range.start < part.end) {
            let masked = range.start.max(at)..range.end.min(part.end);
            shown.push(at..masked.start, false);
            shown.push(masked.clone(), true);
            at = masked.end;
        }
        shown.push(at..part.end, false);
        shown
    }

    fn push(&mut self, range: Range<usize>, is_masked: bool) {
        self.pieces.push((range.clone(), self.text.len(), is_masked));
        match is_masked {
            true => self.text.push_str(MASK),
            false => {
                let text = drawable(&self.source[range.start - self.start..range.end - self.start]);
                self.text.push_str(&text);
            }
        }
    }

    /// Offset in `text` of an offset in the source: inside of a mask, its start or (`is_end`) its end.
    fn place(&self, offset: usize, is_end: bool) -> usize {
        let behind = self.pieces.partition_point(|(range, ..)| match is_end {
            true => range.start < offset,
            false => range.start <= offset,
        });
        let Some((range, at, is_masked)) = self.pieces.get(behind.saturating_sub(1)) else {
            return 0;
        };
        match is_masked {
            true if is_end || offset >= range.end => at + MASK.len(),
            true => *at,
            false => {
                let before =
                    &self.source[range.start - self.start..offset.max(range.start) - self.start];
                at + drawable(before).len()
            }
        }
    }
}
