//! Finds values of Secrets in other texts: copied as they are, wrapped, escaped, encoded, or in parts.
//!
//! One automaton has a pattern for each part of a value. It reads texts without white space, so that it does not matter
//! how a value is indented or wrapped. In base64 the same bytes look different at three places; the letters in their
//! middle are patterns, too. Escapes and further encodings are decoded first.

use std::ops::Range;

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::{Builder, NFA};

use super::decoded::{self, Decoded, ESCAPES};
use super::parts::parts;
use super::pieces;
use super::telling::{self, Telling, telling};
use super::vocabulary;
use crate::index::Index;

/// The kind of a text in which values are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// A name of an object or a field.
    Name,
    /// A message, which may shorten values.
    Message,
    /// The value of a field.
    Field,
    /// Data, an argument, an environment variable or an annotation, which values are copied to.
    Data,
}

/// A pattern of the automaton.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    kind: Kind,
    /// True if not all of the value is searched: then a text with a part of it is secret as a whole.
    is_cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The beginning of a value that messages shorten.
    Beginning,
    Phrase,
    Word,
    Anywhere,
    /// Letters of base64, which belong to a longer word.
    Encoded,
}

/// The number of bytes of patterns, above which all that looks like a secret counts as one.
const MOST_BYTES: usize = 4 << 20;
/// Longer parts are several patterns: a part of them is found too.
const PIECE: usize = 32;
/// The number of bytes of a part that are searched in base64.
const WINDOW: usize = 15;
/// The number of bytes of a value that are searched.
const LONGEST: usize = 64 << 10;
/// The most parts of a value that a byte of it belongs to.
const MOST_PARTS: usize = 8;
/// The length of the beginning of a value that is known from it.
const BEGINNING: usize = 12;
/// The number of escapes, and of encodings, in each other.
const LAYERS: usize = 2;
/// The most bytes that are decoded and searched for each byte of a text.
const MOST_DECODED: usize = 48;

/// Searches texts for values of Secrets.
#[derive(Debug, Default)]
pub struct Finder {
    automaton: Option<NFA>,
    patterns: Vec<Pattern>,
    /// Values that are searched as the whole of a text, or as what is assigned in it.
    alone: Index<Vec<u8>, ()>,
    longest_alone: usize,
    /// The shortest pattern.
    shortest: usize,
    /// True if there are too many values.
    is_full: bool,
}

/// Collects patterns for a [`Finder`].
#[derive(Debug, Default)]
pub(super) struct Patterns {
    all: Index<Vec<u8>, Pattern>,
    alone: Index<Vec<u8>, ()>,
    bytes: usize,
    is_full: bool,
}

impl Patterns {
    /// Adds a value and its parts.
    pub(super) fn add(&mut self, value: &[u8], is_named: bool) {
        // Whole texts are compared without the white space around them.
        if telling(value.trim_ascii(), is_named) != Telling::Never {
            self.add_alone(value.trim_ascii());
        }
        let is_cut = value.len() > LONGEST;
        // What is decoded from a value is shorter than it, but parts have parts.
        let mut left = if is_cut { LONGEST } else { LONGEST * MOST_PARTS };
        parts(value, is_named, &mut |part, is_named| {
            let part = &part[..part.len().min(left)];
            left -= part.len();
            self.add_part(part, is_named, is_cut);
            pieces::random(part, &mut |piece| self.add_part(piece, false, is_cut));
        });
    }

    /// Fails safe: too much is secret.
    pub(super) const fn overflow(&mut self) {
        self.is_full = true;
    }

    fn add_part(&mut self, part: &[u8], is_named: bool, is_cut: bool) {
        let part = part.trim_ascii();
        let telling = telling(part, is_named);
        if telling == Telling::Never {
            return;
        }
        let packed: Vec<u8> =
            part.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
        if packed.len() >= telling::SHORTEST_WORD {
            self.add_encoded(part, is_cut);
        }
        let kind = match telling {
            Telling::Never | Telling::Alone => return self.add_alone(part),
            Telling::Phrase => Kind::Phrase,
            Telling::Word => Kind::Word,
            Telling::Anywhere => Kind::Anywhere,
        };
        if kind == Kind::Phrase {
            self.add_alone(part);
        }
        if packed.len() > BEGINNING {
            self.push(&packed[..BEGINNING], Kind::Beginning, false);
        }
        for start in (0..packed.len()).step_by(PIECE) {
            // The last piece is as long as the others.
            let end = (start + PIECE).min(packed.len());
            self.push(&packed[end.saturating_sub(PIECE).min(start)..end], kind, is_cut);
        }
    }

    /// Adds a text that is found as it is, between other characters than letters and digits if it is a word.
    pub(super) fn add_fragment(&mut self, text: &[u8], is_word: bool) {
        let packed: Vec<u8> =
            text.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
        self.push(&packed, if is_word { Kind::Word } else { Kind::Anywhere }, false);
    }

    /// Adds the letters in the middle of a value in base64, for each place at which it may begin.
    fn add_encoded(&mut self, part: &[u8], is_cut: bool) {
        // Values begin alike more often than they are alike in the middle.
        let start = part.len().saturating_sub(WINDOW) / 2;
        let window = &part[start..(start + WINDOW).min(part.len())];
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(window);
            let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            let letters = decoded::to_base64(&bytes);
            self.push(&letters[first..last], Kind::Encoded, is_cut);
        }
    }

    fn add_alone(&mut self, value: &[u8]) {
        if value.len() <= LONGEST && self.has_room(value.len()) {
            self.alone.insert(value.to_vec(), ());
        }
    }

    fn push(&mut self, pattern: &[u8], kind: Kind, is_cut: bool) {
        if !self.has_room(pattern.len()) {
            return;
        }
        let pattern: Vec<u8> = pattern.iter().copied().map(decoded::plain).collect();
        let known = self.all.entry(pattern).or_insert(Pattern { kind, is_cut });
        known.kind = known.kind.max(kind);
        known.is_cut |= is_cut;
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.is_full |= self.bytes > MOST_BYTES;
        !self.is_full
    }

    /// Builds the automaton.
    pub(super) fn finder(self) -> Finder {
        let texts = self.all.keys();
        let automaton =
            (!self.all.is_empty()).then(|| Builder::new().prefilter(false).build(texts));
        let automaton = automaton.transpose();
        // It fails if there is more than it can count.
        let is_full = self.is_full || automaton.is_err();
        Finder {
            automaton: automaton.ok().flatten(),
            shortest: self.all.keys().map(Vec::len).min().unwrap_or_default(),
            patterns: self.all.into_values().collect(),
            longest_alone: self.alone.keys().map(Vec::len).max().unwrap_or_default(),
            alone: self.alone,
            is_full,
        }
    }
}

impl Finder {
    /// True if no text has a secret.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.automaton.is_none() && self.alone.is_empty() && !self.is_full
    }

    /// True if there are too many values, so that all that looks like one counts.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.is_full
    }

    /// The secret parts of a text, sorted and apart. Linear: a text with more escapes in each other than can be read is
    /// secret as a whole.
    #[must_use]
    pub fn find(&self, text: &str, kind: TextKind) -> Vec<Range<usize>> {
        if self.is_empty() || text.len() < telling::SHORTEST {
            return Vec::new();
        }
        let mut search =
            Search { finder: self, kind, left: text.len().saturating_mul(MOST_DECODED) + 4096 };
        let mut found = Vec::new();
        if search.bytes((text.as_bytes(), None), [LAYERS; 2], &mut found).is_none() {
            found.push(0..text.len());
        }
        joined(text, found)
    }

    /// A text with its secrets replaced by `write` of them; `None` if it has none.
    #[must_use]
    pub fn replaced(
        &self,
        text: &str,
        kind: TextKind,
        write: impl Fn(&str) -> String,
    ) -> Option<String> {
        let found = self.find(text, kind);
        let last = found.last()?.end;
        let (mut out, mut shown) = (String::with_capacity(text.len()), 0);
        for range in found {
            out += &text[shown..range.start];
            out += &write(&text[range.clone()]);
            shown = range.end;
        }
        Some(out + &text[last..])
    }
}

/// A search of a text, and of the texts that are decoded from it.
struct Search<'a> {
    finder: &'a Finder,
    kind: TextKind,
    /// The number of bytes that may still be read.
    left: usize,
}

impl Search<'_> {
    /// Adds the secret parts of a text. `layers` are the numbers of escapes and encodings that are decoded: of a text that
    /// was decoded itself, only the escapes that were hidden by others. `None` if there is too much to read.
    fn bytes(
        &mut self,
        (text, inner): (&[u8], Option<&Decoded>),
        layers: [usize; 2],
        found: &mut Vec<Range<usize>>,
    ) -> Option<()> {
        self.left = self.left.checked_sub(text.len())?;
        self.patterns(text, found);
        if self.finder.is_full {
            self.lookalikes(text, found);
        }
        if self.kind == TextKind::Data {
            self.values(text, found);
        }
        let [escapes, encodings] = layers;
        for of_kind in ESCAPES
            .iter()
            .filter(|of_kind| escapes > 0 && inner.is_none_or(|is| is.uncovers(of_kind)))
        {
            let Some(decoded) = of_kind.decode(text) else { continue };
            let mut inside = Vec::new();
            let inner = Some(&decoded);
            self.bytes((&decoded.text, inner), [escapes - 1, encodings], &mut inside)?;
            found.extend(inside.iter().map(|part| decoded.place(part)));
        }
        if encodings > 0 {
            for word in decoded::base64_words(text) {
                let texts = decoded::from_base64(&text[word.clone()]);
                self.word(word, texts, layers, found)?;
            }
            for word in decoded::hexadecimal_words(text) {
                let texts = decoded::from_hexadecimal(&text[word.clone()]);
                self.word(word, texts, layers, found)?;
            }
        }
        Some(())
    }

    /// Adds an encoded word if one of the texts that it may stand for has a secret.
    fn word(
        &mut self,
        word: Range<usize>,
        texts: Vec<Vec<u8>>,
        [escapes, encodings]: [usize; 2],
        found: &mut Vec<Range<usize>>,
    ) -> Option<()> {
        for text in texts {
            let mut inside = Vec::new();
            let escapes = if std::str::from_utf8(&text).is_ok() { escapes } else { 0 };
            self.bytes((&text, None), [escapes, encodings - 1], &mut inside)?;
            if !inside.is_empty() {
                found.push(word);
                return Some(());
            }
        }
        Some(())
    }

    /// Adds the places of patterns.
    fn patterns(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let Some(automaton) = self.finder.automaton.as_ref() else { return };
        if text.len() < self.finder.shortest {
            return;
        }
        let Ok(mut state) = automaton.start_state(Anchored::No) else { return };
        // The offsets of the bytes that are not white space; empty as long as these are all.
        let mut solid: Vec<u32> = Vec::new();
        let has_blanks = text.iter().any(u8::is_ascii_whitespace);
        let (mut read, mut covered) = (0, 0);
        for (at, &byte) in text.iter().enumerate() {
            if byte.is_ascii_whitespace() {
                continue;
            }
            read += 1;
            if has_blanks {
                solid.push(at as u32);
            }
            state = automaton.next_state(Anchored::No, state, decoded::plain(byte));
            if at < covered || !automaton.is_match(state) {
                continue;
            }
            // The longest comes first.
            for index in 0..automaton.match_len(state) {
                let number = automaton.match_pattern(state, index);
                let first = read - automaton.pattern_len(number);
                let start = if has_blanks { solid[first] as usize } else { first };
                let Some(pattern) = self.finder.patterns.get(number.as_usize()) else { continue };
                if let Some(range) = self.place(text, start..at + 1, *pattern) {
                    // An encoded word is long, and has many patterns.
                    covered = range.end;
                    found.push(range);
                    break;
                }
            }
        }
    }

    /// The secret part of a text around a pattern; `None` if it does not count there.
    fn place(&self, text: &[u8], range: Range<usize>, pattern: Pattern) -> Option<Range<usize>> {
        let is_letter = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
        };
        if pattern.kind != Kind::Encoded && vocabulary::is_around(text, &range) {
            return None;
        }
        let before = range.start.checked_sub(1).and_then(|before| text.get(before));
        let is_word = !is_letter(before) && !is_letter(text.get(range.end));
        let range = match pattern.kind {
            Kind::Beginning if self.kind == TextKind::Message => {
                range.start..range.end + shortened(&text[range.end..])?
            }
            Kind::Beginning => return None,
            Kind::Phrase if self.kind == TextKind::Name => return None,
            Kind::Phrase | Kind::Word if !is_word => return None,
            Kind::Encoded => decoded::base64_around(text, &range),
            Kind::Phrase | Kind::Word | Kind::Anywhere => {
                let end = range.end;
                let more = (self.kind == TextKind::Message).then(|| shortened(&text[end..]));
                range.start..end + more.flatten().unwrap_or_default()
            }
        };
        Some(if pattern.is_cut { 0..text.len() } else { range })
    }

    /// Adds what is assigned in a text, or all of it, if that is a value.
    fn values(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let alone = &self.finder.alone;
        if alone.is_empty() {
            return;
        }
        let bare = text.trim_ascii();
        if alone.contains_key(bare) {
            found.push(0..text.len());
            return;
        }
        for (at, _) in text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'=' | b':')) {
            let mut start = at + 1;
            start += text[start..].iter().take(2).take_while(|byte| b" \t".contains(byte)).count();
            start += text[start..].iter().take(1).take_while(|byte| b"\"'".contains(byte)).count();
            let is_end = |byte: u8| byte.is_ascii_whitespace() || b"\"',;&@)]}`".contains(&byte);
            let most = self.finder.longest_alone.min(MOST_ASSIGNED) + 1;
            let rest = &text[start..text.len().min(start + most)];
            let length = rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len());
            if alone.contains_key(&rest[..length]) {
                found.push(start..start + length);
            }
        }
    }

    /// Adds each word that may be a value.
    fn lookalikes(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        if self.kind == TextKind::Data {
            found.push(0..text.len());
            return;
        }
        let is_end = |byte: u8| byte.is_ascii_whitespace() || b"\"'`=,;()[]{}<>".contains(&byte);
        let mut start = 0;
        for word in text.split(|byte| is_end(*byte)) {
            if telling(word, false) >= Telling::Phrase {
                found.push(start..start + word.len());
            }
            start += word.len() + 1;
        }
    }
}

/// The longest assigned value that is compared: those that are searched only alone are short.
const MOST_ASSIGNED: usize = 64;

/// The length of the rest of a value that was shortened, with the mark for it.
fn shortened(rest: &[u8]) -> Option<usize> {
    const LONGEST: usize = 256;
    const MARK: &[u8] = "…".as_bytes();
    let rest = &rest[..rest.len().min(LONGEST)];
    let at = rest.windows(MARK.len()).position(|part| part == MARK)?;
    (!rest[..at].iter().any(|byte| byte.is_ascii_whitespace() || *byte == b'`')).then_some(at)
}

/// Sorts places, and joins those with only white space between them. They begin and end with whole letters.
fn joined(text: &str, mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in found {
        let range = text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end);
        match joined.last_mut() {
            Some(last)
                if range.start <= last.end || text[last.end..range.start].trim().is_empty() =>
            {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder(values: &[&str]) -> Finder {
        let mut patterns = Patterns::default();
        values.iter().for_each(|value| patterns.add(value.as_bytes(), false));
        patterns.finder()
    }

    #[track_caller]
    fn masked(values: &[&str], text: &str, kind: TextKind, expected: &str) {
        let masked = finder(values).replaced(text, kind, |_| "*".to_owned());
        assert_eq!(masked.as_deref().unwrap_or(text), expected, "{values:?}");
    }

    #[test]
    fn values_are_hidden_where_they_must_be() {
        use TextKind::{Data, Field, Message, Name};
        masked(&["hunter2"], "db://u:hunter2@h?hunter22", Field, "db://u:*@h?hunter22");
        masked(&["hunter22"], "xhunter22x", Name, "x*x");
        masked(&["frontend"], "--a=frontend frontend", Data, "--a=* frontend");
        masked(&["frontend"], "{\"a\": \"frontend\"}", Data, "{\"a\": \"*\"}");
        masked(&["frontend"], "frontend", Data, "*");
        masked(&["frontend"], "frontend", Field, "frontend");
        masked(&["true", "admin", "80"], "true", Data, "true");
        masked(&["Ab1Cd2Ef", "Cd2Ef3Gh"], "xAb1Cd2Ef3Ghx", Field, "x*x");
        masked(&["Zx9Qw8eRt7Yu5"], "is Zx9Qw8eRt7Yu…, no", Message, "is *…, no");
        masked(&["correct horse Battery"], "correct horse\n  Battery", Field, "*");
        masked(&[""], "text", Data, "text");
        masked(&["kR7pqZt$9wLmx4v"], "-p kR7pqZt$$9wLmx4v", Data, "-p *");
        masked(&["Bearer eyJhbGciTok9wLmx4v"], "eyJhbGciTok9wLmx4v", Data, "*");
    }

    #[test]
    fn values_within_files_are_hidden() {
        for value in [
            "Bearer VALUE",
            "A='VALUE' # note\nB=x",
            "A=\"VALUE\"  # note",
            "export A=VALUE # note",
            "db:5432:app:app:VALUE",
            "machine h login u password VALUE",
            "requirepass VALUE",
            "<password>VALUE</password>",
            "users:\n- a\n- VALUE",
            "flow: {pw: VALUE}",
            "flow: {\n  pw: VALUE}",
            "key: [a, 'VALUE']",
        ] {
            let value = value.replace("VALUE", "QuoXk29Qz88zz");
            masked(&[&value], "a QuoXk29Qz88zz", TextKind::Field, "a *");
        }
    }

    /// A stranger who can write a Secret would hide what a review says.
    #[test]
    fn words_of_reviews_are_not_hidden() {
        use TextKind::{Data, Field, Message, Name};
        for value in ["securityContext", "curityContex", "ClusterRoleBinding", "SYS_ADMIN"] {
            for kind in [Data, Field, Message, Name] {
                masked(
                    &[value],
                    "securityContext ClusterRoleBinding: SYS_ADMIN",
                    kind,
                    "securityContext ClusterRoleBinding: SYS_ADMIN",
                );
            }
        }
        masked(&["securityContext9"], "a securityContext9", Data, "a *");
        masked(&["curityContex"], "a curityContex", Data, "a *");
    }

    /// A line that many long values have in common, and pieces of a long one.
    #[test]
    fn parts_of_long_values_are_hidden() {
        let long = "aB3".repeat(5000);
        masked(&[&long], &format!("x {} y", &long[300..400]), TextKind::Field, "x * y");
        let huge = format!("{}{}", "cD4".repeat(22_000), "eF5".repeat(5_000));
        masked(&[&huge], &format!("x {huge} y"), TextKind::Field, "*");
    }

    #[test]
    fn too_many_values_hide_all_that_may_be_one() {
        let mut patterns = Patterns::default();
        let mut number = 0_u64;
        while !patterns.is_full {
            number += 1;
            patterns.add(format!("Zx{number:030}").as_bytes(), false);
        }
        let finder = patterns.finder();
        assert!(finder.is_full());
        let masked = |text, kind| finder.replaced(text, kind, |_| "*".to_owned());
        assert_eq!(masked("any text", TextKind::Data).as_deref(), Some("*"));
        assert_eq!(masked("web Ab1Cd2Ef3 a", TextKind::Name).as_deref(), Some("web * a"));
    }

    /// Each of these texts would take a minute if a step took the square of its length.
    #[test]
    fn hostile_texts_are_searched() {
        const LENGTH: usize = 64_000;
        let values: Vec<String> =
            (0..200).map(|place| format!("{}Z9", "aA".repeat(place % 100 + 4))).collect();
        let finder = finder(&values.iter().map(String::as_str).collect::<Vec<_>>());
        for part in [
            "aA",
            "aAZ9",
            "\\u0061",
            "%25%41",
            "&amp;#65;",
            "QUFB",
            "YUFaOQ",
            "61:41:",
            "= =",
            "''",
            "aA\n",
            "$$",
            "\\\\%5Cu0061&#37;41+''",
            "Zx9…",
        ] {
            let text = part.repeat(LENGTH / part.len());
            let found = finder.find(&text, TextKind::Data);
            assert!(found.is_sorted_by_key(|range| range.start), "{part}");
            assert!(found.iter().all(|range| text.get(range.clone()).is_some()), "{part}");
        }
    }
}
