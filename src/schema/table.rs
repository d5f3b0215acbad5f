//! A schema as a text that is searched directly: it needs no parsing when the program starts.
//!
//! First the kinds, one per line and sorted: `apiVersion`, kind, scope (`namespaced`, `cluster` or empty), definition.
//! Then an empty line. Then the definitions, sorted by name; below each its fields, indented and sorted. After the name
//! of a definition or field comes its type:
//!
//! ```text
//!                       known, without fields
//! ?                     not known
//! NAME                  the definition of that name
//! {}TYPE                a mapping from any key to TYPE
//! []TYPE                a list of TYPE that a patch replaces
//! [key,key]TYPE         a list of TYPE that a patch merges by these keys
//! [=]TYPE               a list that a patch merges by the elements themselves
//! ```
//!
//! Columns are separated by tabs. The files in `data/` are the output of [`compile`](super::compile) for an OpenAPI
//! document; a document of the user is compiled to the same format.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A schema text with the positions of its lines.
pub(super) struct Table {
    text: Cow<'static, str>,
    /// Start of each line, and the end of the text.
    lines: Cow<'static, [u32]>,
    /// Indices of the lines that name a definition, and the number of lines.
    definitions: Cow<'static, [u32]>,
    /// Number of lines that name a kind.
    kinds: u32,
    /// For each line of a built-in text, the definition in it that the type at its end refers to: its place in `definitions`
    /// plus one, once it was searched for. Other texts have no links.
    links: &'static [AtomicU32],
}

/// Tables are equal if their texts are; what was searched for does not matter.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.lines, &self.definitions, self.kinds)
            == (&other.text, &other.lines, &other.definitions, other.kinds)
    }
}

impl Eq for Table {}

/// The entry of a kind in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TableKind<'a> {
    /// True if it is namespaced; `None` if that is not known.
    pub(super) namespaced: Option<bool>,
    /// The name of its definition, if there is one.
    pub(super) definition: Option<&'a str>,
}

/// A definition: its own type, and the lines of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Definition<'a> {
    /// Its type besides the fields; nearly always empty.
    pub(super) own: &'a str,
    /// The line that `own` is at the end of.
    pub(super) line: u32,
    fields: (u32, u32),
}

/// A field of a definition: its type, and its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) text: &'a str,
    pub(super) line: u32,
}

impl<'a> Definition<'a> {
    /// A type without named fields, at the end of a line.
    pub(super) const fn without_fields(own: &'a str, line: u32) -> Self {
        Self { own, line, fields: (0, 0) }
    }

    /// True if it has named fields.
    pub(super) const fn has_fields(self) -> bool {
        self.fields.0 < self.fields.1
    }
}

impl Table {
    /// Creates a table by finding the lines of a text.
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
            links: &[],
        }
    }

    /// Creates a table from a built-in text whose lines were found at compile time.
    pub(super) const fn in_program(
        text: &'static str,
        lines: &'static [u32],
        definitions: &'static [u32],
        links: &'static [AtomicU32],
        kinds: u32,
    ) -> Self {
        Self {
            text: Cow::Borrowed(text),
            lines: Cow::Borrowed(lines),
            definitions: Cow::Borrowed(definitions),
            kinds,
            links,
        }
    }

    /// The entry of a kind; the key is `apiVersion`, tab, kind, tab. Logarithmic in the number of kinds.
    pub(super) fn kind(&self, key: &str) -> Option<TableKind<'_>> {
        let is_of = |line: &[u8]| line[..line.len().min(key.len())].cmp(key.as_bytes());
        let line = self.line(self.search(0, self.kinds, is_of)?);
        let (scope, definition) =
            line[key.len()..].split_once('\t').unwrap_or((&line[key.len()..], ""));
        let namespaced = match scope {
            "namespaced" => Some(true),
            "cluster" => Some(false),
            _ => None,
        };
        Some(TableKind { namespaced, definition: Some(definition).filter(|name| !name.is_empty()) })
    }

    /// The definition with this name. Logarithmic in the number of definitions.
    pub(super) fn definition(&self, name: &str) -> Option<Definition<'_>> {
        self.definition_at(self.place_of(name)?, name)
    }

    /// The place of a definition in `definitions`.
    fn place_of(&self, name: &str) -> Option<u32> {
        let (lines, definitions) = (self.view(), &*self.definitions);
        let (mut low, mut high) = (0, definitions.len() as u32 - 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match compare(lines.bytes(definitions[middle as usize]), name) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    fn definition_at(&self, place: u32, name: &str) -> Option<Definition<'_>> {
        let (line, next) = (self.definitions[place as usize], self.definitions[place as usize + 1]);
        Some(Definition { own: type_after(self.line(line), name)?, line, fields: (line + 1, next) })
    }

    /// The definition that a type at the end of a line is known to refer to.
    pub(super) fn linked(&self, line: u32, name: &str) -> Option<Definition<'_>> {
        let place = self.links.get(line as usize)?.load(Relaxed).checked_sub(1)?;
        self.definition_at(place, name)
    }

    /// Remembers the definition of this table that the type at the end of a line refers to.
    pub(super) fn link(&self, line: u32, definition: Definition<'_>) {
        // No type is in the first line, which stands for an unknown one.
        if line != 0
            && let Some(link) = self.links.get(line as usize)
            && let Ok(place) = self.definitions.binary_search(&definition.line)
        {
            link.store(place as u32 + 1, Relaxed);
        }
    }

    /// A field of a definition of this table. Logarithmic in the number of fields.
    pub(super) fn field(&self, definition: Definition<'_>, name: &str) -> Option<Field<'_>> {
        let (first, last) = definition.fields;
        let line = self.search(first, last, |line| compare(&line[1..], name))?;
        Some(Field { text: type_after(&self.line(line)[1..], name)?, line })
    }

    /// The names of the fields of a definition of this table.
    pub(super) fn fields(&self, definition: Definition<'_>) -> impl Iterator<Item = &str> {
        let (first, last) = definition.fields;
        let lines = (first..last).map(|number| self.line(number));
        lines.filter_map(|line| line.get(1..)?.split('\t').next())
    }

    /// The values of `apiVersion` and the kinds, sorted.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.kinds).filter_map(|number| {
            let mut columns = self.line(number).split('\t');
            Some((columns.next()?, columns.next()?))
        })
    }

    /// The names of all kinds and fields, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let kinds = (0..self.kinds).filter_map(|number| self.line(number).split('\t').nth(1));
        let lines = (self.kinds..self.lines.len() as u32 - 1).map(|number| self.line(number));
        kinds.chain(lines.filter_map(|line| line.strip_prefix(' ')?.split('\t').next()))
    }

    fn line(&self, number: u32) -> &str {
        let (start, next) = (self.lines[number as usize], self.lines[number as usize + 1]);
        &self.text[start as usize..next as usize - 1]
    }

    fn view(&self) -> Lines<'_> {
        Lines { text: self.text.as_bytes(), starts: &self.lines }
    }

    /// Binary search for the line between two indices that compares equal.
    fn search(&self, first: u32, last: u32, compare: impl Fn(&[u8]) -> Ordering) -> Option<u32> {
        let lines = self.view();
        let (mut low, mut high) = (first, last);
        while low < high {
            let middle = low + (high - low) / 2;
            match compare(lines.bytes(middle)) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

/// The lines of a table as bytes, for comparisons.
#[derive(Clone, Copy)]
struct Lines<'t> {
    text: &'t [u8],
    starts: &'t [u32],
}

impl<'t> Lines<'t> {
    fn bytes(self, number: u32) -> &'t [u8] {
        let (start, next) = (self.starts[number as usize], self.starts[number as usize + 1]);
        &self.text[start as usize..next as usize - 1]
    }
}

/// Compares the name at the start of a line with a name. A name in a line has no control characters, so the tab after it
/// sorts before any longer name.
fn compare(line: &[u8], name: &str) -> Ordering {
    let name = name.as_bytes();
    if let (Some(first), Some(wanted)) = (line.first(), name.first())
        && first != wanted
    {
        return first.cmp(wanted);
    }
    let shared = line.len().min(name.len());
    line[..shared].cmp(&name[..shared]).then_with(|| match line.get(shared) {
        None => shared.cmp(&name.len()),
        Some(b'\t') => Ordering::Equal,
        Some(_) => Ordering::Greater,
    })
}

/// The type in a line that compares equal to a name. `None` if the name contains the tab of the line.
fn type_after<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    match line.get(name.len() + 1..) {
        None if name.contains('\t') => None,
        own => Some(own.unwrap_or("")),
    }
}

/// Number of lines of each sort in a text.
pub(super) struct Counts {
    pub(super) lines: usize,
    pub(super) definitions: usize,
    pub(super) kinds: usize,
}

impl Counts {
    /// Counts the lines of a text; evaluated at compile time for built-in texts.
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

/// Records where each line starts and which lines name a definition, followed by the end of the text.
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
