//! Words of secret values in sentences that take a value apart, or write it in another case: hosts in small letters, the
//! name of an image without its tag, the namespace of an account.
//!
//! A [`Finder`] searches the values of a run in all texts. Fragments are searched only in sentences about an object that has
//! the value, so that also words that are common elsewhere count.

use std::cmp::Reverse;
use std::ops::Range;

use super::finder::{Finder, Patterns, TextKind};
use super::telling::{self, Telling, telling};
use super::vocabulary;
use crate::index::Index;

/// The secret values of an object, in pieces of any size and in any case.
#[derive(Debug, Default)]
pub struct Fragments {
    finder: Finder,
    /// The values in small letters.
    values: Vec<String>,
    /// The pieces as they are written, by their small letters.
    written: Index<String, String>,
}

/// The number of bytes of values, above which all names are fragments.
const MOST_BYTES: usize = 256 << 10;
/// The shortest text that is a fragment wherever it stands in a value.
const SHORTEST_WITHIN: usize = 6;

impl Fragments {
    /// The fragments of values. Linear in their length.
    #[must_use]
    pub fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut fragments = Self::default();
        let (mut patterns, mut bytes) = (Patterns::default(), 0);
        let mut known: Index<String, ()> = Index::default();
        for value in values {
            bytes += value.len();
            if bytes > MOST_BYTES {
                patterns.overflow();
                break;
            }
            if known.insert(value.to_lowercase(), ()).is_none() {
                pieces(value, &mut |piece| fragments.add(piece, &mut patterns));
            }
        }
        fragments.values = known.into_keys().collect();
        fragments.values.sort_by_key(|value| Reverse(value.len()));
        fragments.finder = patterns.finder();
        fragments
    }

    fn add(&mut self, piece: &str, patterns: &mut Patterns) {
        let telling = telling(piece.as_bytes(), true);
        if telling == Telling::Never {
            return;
        }
        let small = piece.to_lowercase();
        if !self.written.contains_key(&small) {
            patterns.add_fragment(small.as_bytes(), telling < Telling::Anywhere);
            self.written.insert(small, piece.to_owned());
        }
    }

    /// A name in a sentence with its fragments replaced by `write` of what is written in the value; `None` if it has none.
    #[must_use]
    pub fn replaced(&self, name: &str, write: impl Fn(&str) -> String) -> Option<String> {
        let is_full = self.finder.is_full();
        if name.len() < telling::SHORTEST || self.values.is_empty() && !is_full {
            return None;
        }
        let small = name.to_lowercase();
        let written = |part: &str| {
            let written = self.written.get(&part.to_lowercase());
            write(written.map_or(part, String::as_str))
        };
        let is_within = small.len() >= SHORTEST_WITHIN
            && self.values.iter().any(|value| value.contains(small.trim()));
        if (is_full || is_within) && !vocabulary::has(name) {
            return Some(written(name));
        }
        let words = name.split_inclusive(char::is_whitespace);
        let replaced: String = words.map(|word| self.word(word, &written)).collect();
        (replaced != name).then_some(replaced)
    }

    /// A word with its fragments replaced.
    fn word(&self, word: &str, written: &dyn Fn(&str) -> String) -> String {
        let small = word.to_lowercase();
        let found = self.finder.find(&small, TextKind::Message);
        if small.len() != word.len() && !found.is_empty() {
            return written(word);
        }
        let (mut out, mut shown) = (String::with_capacity(word.len()), 0);
        // Words of reviews have capitals.
        let is_meant = |range: &Range<usize>| !vocabulary::is_around(word.as_bytes(), range);
        for range in found.into_iter().filter(is_meant) {
            out += word.get(shown..range.start).unwrap_or_default();
            out += &written(word.get(range.clone()).unwrap_or_default());
            shown = range.end;
        }
        out + word.get(shown..).unwrap_or_default()
    }
}

/// Calls `tell` for a value and its pieces, cut at few delimiters first and at all of them last.
fn pieces<'a>(value: &'a str, tell: &mut dyn FnMut(&'a str)) {
    const LEVELS: [&[char]; 4] = [
        &[',', ';', '|'],
        &['@', '=', '&', '?', '#', '"', '\'', '`', '(', ')', '[', ']', '{', '}', '<', '>'],
        &['/', '\\', ':'],
        &[],
    ];
    let value = value.trim();
    tell(value);
    for level in 1..=LEVELS.len() {
        let is_border = |letter: char| {
            letter.is_whitespace()
                || level == LEVELS.len() && !letter.is_alphanumeric()
                || LEVELS[..level].iter().any(|letters| letters.contains(&letter))
        };
        value.split(is_border).filter(|piece| piece.len() < value.len()).for_each(&mut *tell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn masked(values: &[&str], name: &str, expected: &str) {
        let first = values.first().map(|value| &value[..value.floor_char_boundary(40)]);
        let fragments = Fragments::of(values.iter().copied());
        let masked = fragments.replaced(name, |part| format!("<{part}>"));
        assert_eq!(masked.as_deref().unwrap_or(name), expected, "{first:?}");
    }

    #[test]
    fn values_are_found_in_pieces_and_in_any_case() {
        for (value, name, expected) in [
            ("Zq92BxW7qk", "zq92bxw7qk", "<Zq92BxW7qk>"),
            ("Zq92BxW7qk", "www.zq92bxw7qk.example.com", "www.<Zq92BxW7qk>.example.com"),
            ("shop.Garden.example", "shop.garden.example", "<shop.Garden.example>"),
            ("one-garden,two-house", "two-house", "<two-house>"),
            ("203.0.113.7,10.1.2.3", "10.1.2.3", "<10.1.2.3>"),
            (
                "system:serviceaccount:garden:house",
                "ServiceAccount garden/house",
                "ServiceAccount <garden>/<house>",
            ),
            ("quay.io/garden/House:1.2", "quay.io/garden/house", "<quay.io/garden/house>"),
            ("arn:aws:iam::1:role/Garden", "role of Garden", "role of <Garden>"),
            ("prefix-of-a-long-garden", "a-long-gar", "<a-long-gar>"),
            ("GARTENHÄUSER", "gartenhäuser", "<GARTENHÄUSER>"),
            ("İstanbul-Garten", "i̇stanbul-garten x", "<İstanbul-Garten> x"),
            ("one garden", "x: garden one", "x: <garden> one"),
            ("garden", "gardens", "gardens"),
            ("garden", "house", "house"),
            ("Deployment, cluster-admin", "Deployment", "Deployment"),
            ("a,b,c", "a", "a"),
        ] {
            masked(&[value], name, expected);
        }
        masked(&[], "garden", "garden");
    }

    #[test]
    fn too_many_values_are_all_names() {
        let huge = "Zq92 ".repeat(MOST_BYTES);
        masked(&[&huge], "garden", "<garden>");
    }
}
