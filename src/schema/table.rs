//! A schema as text that is looked up where it stands: nothing is parsed when the program starts.
//!
//! First the kinds, one a line and sorted: `apiVersion`, kind, scope (`namespaced`, `cluster` or empty), definition.
//! Then an empty line. Then the definitions, sorted by name; below each its fields, indented and sorted. What follows
//! the name of a definition or field is its type:
//!
//! ```text
//!                       known, and nothing below it
//! ?                     not known
//! NAME                  the definition of that name
//! {}TYPE                a mapping from any key to TYPE
//! []TYPE                a list of TYPE that a patch replaces
//! [key,key]TYPE         a list of TYPE that a patch merges by these keys
//! [=]TYPE               a list that a patch merges by the elements themselves
//! ```
//!
//! Columns are parted by tabs. The files in `data/` are what [`compile`](super::compile) makes of an OpenAPI document,
//! and a document of the user becomes such a text as well: there is one way to look things up.

use std::borrow::Cow;

/// Such a text, with the places of its lines.
#[derive(PartialEq, Eq)]
pub(super) struct Table {
    text: Cow<'static, str>,
    /// Where each line starts, and the end of the text.
    lines: Cow<'static, [u32]>,
    /// The lines that name a definition, and the number of lines.
    definitions: Cow<'static, [u32]>,
    /// The number of lines that name a kind.
    kinds: u32,
}

/// What a table says of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind<'a> {
    /// Whether it lives in namespaces, if that is known.
    pub(super) namespaced: Option<bool>,
    /// The name of its definition, if there is one.
    pub(super) definition: Option<&'a str>,
}

/// A definition: its own type, and the lines that hold its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Definition<'a> {
    /// Its type beside the fields; nearly always empty.
    pub(super) own: &'a str,
    fields: (u32, u32),
}

impl<'a> Definition<'a> {
    /// A type that has no fields by name.
    pub(super) const fn without_fields(own: &'a str) -> Self {
        Self { own, fields: (0, 0) }
    }
}

impl Table {
    /// Finds the lines of a text.
    pub(super) fn new(text: String) -> Self {
        let counts = Counts::of(text.as_bytes());
        let (mut lines, mut definitions) =
            (vec![0; counts.lines + 1], vec![0; counts.definitions + 1]);
        find_lines(text.as_bytes(), &mut lines, &mut definitions);
        Self {
            text: text.into(),
            lines: lines.into(),
            definitions: definitions.into(),
            kinds: counts.kinds as u32,
        }
    }

    /// A text in the program whose lines were found when it was compiled.
    pub(super) const fn in_program(
        text: &'static str,
        lines: &'static [u32],
        definitions: &'static [u32],
        kinds: u32,
    ) -> Self {
        Self {
            text: Cow::Borrowed(text),
            lines: Cow::Borrowed(lines),
            definitions: Cow::Borrowed(definitions),
            kinds,
        }
    }

    /// What is said of a kind; the key is `apiVersion`, tab, kind, tab. Takes the logarithm of the number of kinds.
    pub(super) fn kind(&self, key: &str) -> Option<Kind<'_>> {
        let line = self.search(0, self.kinds, |line| {
            line.as_bytes()[..line.len().min(key.len())].cmp(key.as_bytes())
        })?;
        let (scope, definition) =
            line[key.len()..].split_once('\t').unwrap_or((&line[key.len()..], ""));
        let namespaced = match scope {
            "namespaced" => Some(true),
            "cluster" => Some(false),
            _ => None,
        };
        Some(Kind { namespaced, definition: Some(definition).filter(|name| !name.is_empty()) })
    }

    /// The definition of a name. Takes the logarithm of the number of definitions.
    pub(super) fn definition(&self, name: &str) -> Option<Definition<'_>> {
        let (place, count) =
            (|at: u32| self.definitions[at as usize], self.definitions.len() as u32 - 1);
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            let (found, own) = columns(self.line(place(middle)));
            match found.cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    return Some(Definition {
                        own,
                        fields: (place(middle) + 1, place(middle + 1)),
                    });
                }
            }
        }
        None
    }

    /// The type of a field of a definition of this table. Takes the logarithm of the number of fields.
    pub(super) fn field(&self, definition: Definition<'_>, name: &str) -> Option<&str> {
        let (first, last) = definition.fields;
        let line = self.search(first, last, |line| columns(&line[1..]).0.cmp(name))?;
        Some(columns(line).1)
    }

    fn line(&self, number: u32) -> &str {
        let (start, next) = (self.lines[number as usize], self.lines[number as usize + 1]);
        &self.text[start as usize..next as usize - 1]
    }

    /// The line between two that is found equal.
    fn search(
        &self,
        first: u32,
        last: u32,
        compare: impl Fn(&str) -> std::cmp::Ordering,
    ) -> Option<&str> {
        let (mut low, mut high) = (first, last);
        while low < high {
            let middle = low + (high - low) / 2;
            let line = self.line(middle);
            match compare(line) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(line),
            }
        }
        None
    }
}

/// A line's name and its type.
fn columns(line: &str) -> (&str, &str) {
    match memchr::memchr(b'\t', line.as_bytes()) {
        Some(tab) => (&line[..tab], &line[tab + 1..]),
        None => (line, ""),
    }
}

/// How many lines of which sort a text has.
pub(super) struct Counts {
    pub(super) lines: usize,
    pub(super) definitions: usize,
    pub(super) kinds: usize,
}

impl Counts {
    /// Counts the lines of a text; a constant for the texts in the program.
    pub(super) const fn of(text: &[u8]) -> Self {
        let mut counts = Self { lines: 0, definitions: 0, kinds: 0 };
        let (mut place, mut below) = (0, false);
        while place < text.len() {
            match text[place] {
                b'\n' => below = true,
                b' ' => {}
                _ if below => counts.definitions += 1,
                _ => counts.kinds += 1,
            }
            counts.lines += 1;
            place = next_line(text, place);
        }
        counts
    }
}

/// Notes where each line starts and which lines name a definition, with the end of the text behind them.
pub(super) const fn find_lines(text: &[u8], lines: &mut [u32], definitions: &mut [u32]) {
    let (mut place, mut line, mut definition, mut below) = (0, 0, 0, false);
    while place < text.len() {
        lines[line] = place as u32;
        match text[place] {
            b'\n' => below = true,
            b' ' => {}
            _ if below => {
                definitions[definition] = line as u32;
                definition += 1;
            }
            _ => {}
        }
        line += 1;
        place = next_line(text, place);
    }
    lines[line] = place as u32;
    definitions[definition] = line as u32;
}

const fn next_line(text: &[u8], mut place: usize) -> usize {
    while text[place] != b'\n' {
        place += 1;
    }
    place + 1
}
