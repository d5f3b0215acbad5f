//! Places of findings for programs: file, line and column.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::source::{Source, Sources, Span};

/// Computes lines and columns. Each text is scanned once, however many places in it are looked up.
#[derive(Debug)]
pub(super) struct Places<'a> {
    pub(super) sources: &'a Sources,
    /// Marks of each text, by its first address.
    marks: RefCell<BTreeMap<u32, Rc<[LineMark]>>>,
}

/// A byte with its line and column. A text has a mark at the start of each line, and further ones in long lines: the
/// whole text may be one line.
#[derive(Debug)]
struct LineMark {
    offset: usize,
    line: usize,
    column: usize,
}

/// Maximum number of bytes between two marks.
const FAR: usize = 1024;

/// A place in a text: line and column count from 1, the column in characters.
pub(super) struct Place {
    source: Arc<Source>,
    marks: Rc<[LineMark]>,
    /// The byte after it.
    end: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl<'a> Places<'a> {
    pub(super) const fn new(sources: &'a Sources) -> Self {
        Self { sources, marks: RefCell::new(BTreeMap::new()) }
    }

    /// The place of a span; `None` for spans of generated nodes.
    pub(super) fn of(&self, span: Span) -> Option<Place> {
        let (source, range) = self.sources.written(span)?;
        let mut known = self.marks.borrow_mut();
        let marks = known.entry(source.base()).or_insert_with(|| marks(source.text()).into());
        let marks = Rc::clone(marks);
        let (line, column) = position(&marks, source.text(), range.start);
        Some(Place { source, marks, end: range.end, line, column })
    }
}

/// Appends the digits of a number. Reports have several numbers in each line.
fn push_number(number: usize, text: &mut String) {
    if number >= 10 {
        push_number(number / 10, text);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// The line and column of a byte.
fn position(marks: &[LineMark], text: &str, offset: usize) -> (usize, usize) {
    let before = marks.partition_point(|mark| mark.offset <= offset).saturating_sub(1);
    let Some(mark) = marks.get(before) else { return (1, 1) };
    (mark.line, mark.column + text[mark.offset..offset].chars().count())
}

fn marks(text: &str) -> Vec<LineMark> {
    let mut marks = vec![LineMark { offset: 0, line: 1, column: 1 }];
    let mut line = 1;
    let mut start = 0;
    for written in text.split_inclusive('\n') {
        let end = start + written.len();
        let mut column = 1;
        while end - start > FAR {
            let next = text.floor_char_boundary(start + FAR);
            column += text[start..next].chars().count();
            marks.push(LineMark { offset: next, line, column });
            start = next;
        }
        if written.ends_with('\n') {
            line += 1;
            marks.push(LineMark { offset: end, line, column: 1 });
        }
        start = end;
    }
    marks
}

impl Place {
    /// The place without its column.
    pub(super) fn file_and_line(&self) -> String {
        format!("{}:{}", self.name(), self.line)
    }

    /// The line and the column, with a colon.
    pub(super) fn line_and_column(&self) -> String {
        let mut text = String::with_capacity(16);
        push_number(self.line, &mut text);
        text.push(':');
        push_number(self.column, &mut text);
        text
    }

    /// The line and column of the end: those of the character after the place.
    pub(super) fn end(&self) -> (usize, usize) {
        position(&self.marks, self.source.text(), self.end)
    }

    /// Name of the text.
    pub(super) fn name(&self) -> &str {
        self.source.name()
    }

    /// Name of the file. If [`Place::is_inline`], line and column are relative to the text in one of its fields.
    pub(super) fn file(&self) -> &str {
        let name = self.name();
        if self.is_inline() { name.split(" (").next().unwrap_or_default() } else { name }
    }

    /// True if the place is in text embedded in a field of the file: its lines are not those of the file.
    pub(super) fn is_inline(&self) -> bool {
        self.source.is_inline()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.name(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_long_line_is_found_from_the_middle_of_it() {
        let text = format!("a: é{}\nb: [{}ü]\n", "é".repeat(3000), "x, ".repeat(1000));
        let sources = Sources::new();
        let source = sources.add("long.yaml", text.as_str()).unwrap();
        let places = Places::new(&sources);
        for (offset, letter) in text.char_indices() {
            let end = offset + letter.len_utf8();
            let place = places.of(source.span(offset, end)).unwrap();
            assert_eq!((place.line, place.column), source.line_and_column(offset), "{offset}");
            assert_eq!(place.end(), source.line_and_column(end), "{end}");
        }
    }
}
