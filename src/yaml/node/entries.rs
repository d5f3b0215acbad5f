//! The entries of a mapping: a list, with an index of the keys after many searches of a long one.

use std::hash::BuildHasher;

use super::{Node, Scalar};
use crate::index::Index;
use crate::yaml::tight;

type Entry = (Scalar, Node);

/// Entries in order. The size is that of a `Vec`: few mappings are long enough and searched often enough for an index.
pub(in crate::yaml) enum Entries {
    /// A list, searched from its first entry to its last.
    List(Vec<Entry>),
    /// A list with an index.
    Indexed(Box<Indexed>),
}

/// A list with an index of its keys.
#[derive(Clone)]
pub(in crate::yaml) struct Indexed {
    list: Vec<Entry>,
    /// The number of searches without `places`.
    searches: usize,
    /// The position of the first entry for each hash of a key. The key found is compared too; if it differs (two keys
    /// have one hash), the list is searched. Empty until the list was searched [`OFTEN`].
    places: Index<u64, usize>,
}

/// The minimum length of a list that may get an index.
const LONG: usize = 64;

/// The number of searches after which a long list gets an index: building it costs about as much.
const OFTEN: usize = 16;

impl Entries {
    pub(in crate::yaml) fn list(&self) -> &Vec<Entry> {
        match self {
            Self::List(list) => list,
            Self::Indexed(indexed) => &indexed.list,
        }
    }

    /// The list, for any change. An index is dropped.
    pub(in crate::yaml) fn list_mut(&mut self) -> &mut Vec<Entry> {
        if let Self::Indexed(indexed) = self {
            indexed.places.clear();
            indexed.searches = 0;
        }
        match self {
            Self::List(list) => list,
            Self::Indexed(indexed) => &mut indexed.list,
        }
    }

    /// Removes and returns all entries.
    pub(in crate::yaml) fn take(&mut self) -> Vec<Entry> {
        match std::mem::take(self) {
            Self::List(list) => list,
            Self::Indexed(indexed) => indexed.list,
        }
    }

    /// The entries, for changes that keep their number, order and keys.
    pub(in crate::yaml) fn values_mut(&mut self) -> &mut [Entry] {
        match self {
            Self::List(list) => list,
            Self::Indexed(indexed) => &mut indexed.list,
        }
    }

    /// The position of the first entry with a key. Linear in the number of entries; constant if there is an index.
    pub(in crate::yaml) fn find(&self, key: &str) -> Option<usize> {
        match self {
            Self::List(list) => search(list, key),
            Self::Indexed(indexed) => indexed.find(key),
        }
    }

    /// The position of the first entry with a key, counted as a search of a caller that changes the mapping. Constant
    /// on average over many such searches.
    pub(in crate::yaml) fn find_to_change(&mut self, key: &str) -> Option<usize> {
        match self {
            Self::List(list) if list.len() < LONG => search(list, key),
            Self::List(_) | Self::Indexed(_) => self.find_counted(key),
        }
    }

    #[cold]
    fn find_counted(&mut self, key: &str) -> Option<usize> {
        if let Self::List(list) = self {
            let list = std::mem::take(list);
            *self =
                Self::Indexed(Box::new(Indexed { list, searches: 0, places: Index::default() }));
        }
        match self {
            Self::List(list) => search(list, key),
            Self::Indexed(indexed) => {
                indexed.count();
                indexed.find(key)
            }
        }
    }

    /// Adds an entry at the end.
    pub(in crate::yaml) fn push(&mut self, entry: Entry) {
        match self {
            Self::List(list) => tight::push(list, entry),
            Self::Indexed(indexed) => indexed.push(entry),
        }
    }
}

impl Indexed {
    fn count(&mut self) {
        self.searches = self.searches.saturating_add(1);
        if self.searches == OFTEN {
            self.places.reserve(self.list.len());
            for place in 0..self.list.len() {
                self.add(place);
            }
        }
    }

    fn add(&mut self, place: usize) {
        if let Some((key, _)) = self.list.get(place) {
            let hash = self.places.hasher().hash_one(key.text());
            self.places.entry(hash).or_insert(place);
        }
    }

    fn find(&self, key: &str) -> Option<usize> {
        if self.places.is_empty() {
            return search(&self.list, key);
        }
        let place = *self.places.get(&self.places.hasher().hash_one(key))?;
        match self.list.get(place) {
            Some((found, _)) if found.text() == key => Some(place),
            _ => search(&self.list, key),
        }
    }

    fn push(&mut self, entry: Entry) {
        tight::push(&mut self.list, entry);
        if !self.places.is_empty() {
            self.add(self.list.len() - 1);
        }
    }
}

/// Compares lengths and last bytes before the rest: keys of a mapping often begin alike, and few are equal.
fn search(list: &[Entry], key: &str) -> Option<usize> {
    let (key, last) = (key.as_bytes(), key.as_bytes().last());
    list.iter().position(|(name, _)| {
        let name = name.text().as_bytes();
        name.len() == key.len() && name.last() == last && name == key
    })
}

impl Default for Entries {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl From<Vec<Entry>> for Entries {
    fn from(list: Vec<Entry>) -> Self {
        Self::List(list)
    }
}

/// A copy of the list, with its index.
impl Clone for Entries {
    fn clone(&self) -> Self {
        match self {
            Self::List(list) => Self::List(list.clone()),
            Self::Indexed(indexed) => Self::Indexed(indexed.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn entries_are_as_large_as_a_list() {
        assert_eq!(size_of::<Entries>(), size_of::<Vec<Entry>>());
    }

    fn entry(key: &str, value: usize) -> Entry {
        (Scalar::untagged(key, Span::NONE), Scalar::untagged(&value.to_string(), Span::NONE).into())
    }

    /// The same searches and changes find the same with an index and without one, whatever is done in between.
    #[test]
    fn an_index_finds_what_a_search_finds() {
        let mut entries =
            Entries::from((0..LONG).map(|n| entry(&format!("k{n}"), n)).collect::<Vec<_>>());
        let mut made = 0;
        for round in 0..2_000_usize {
            let key = format!("k{}", round * 7919 % 500);
            let expected = search(entries.list(), &key);
            assert_eq!(entries.find(&key), expected);
            assert_eq!(entries.find_to_change(&key), expected);
            match round % 400 {
                399 => drop(entries.list_mut().remove(round % 60)),
                200 => entries.list_mut().rotate_left(1),
                // A key that is there already: the first one is found.
                0 => entries.push(entry("k3", round)),
                _ if expected.is_none() => entries.push(entry(&key, round)),
                _ => {}
            }
            made += usize::from(
                matches!(&entries, Entries::Indexed(indexed) if !indexed.places.is_empty()),
            );
        }
        assert!(made > 1_500, "{made}");
        let twin = entries.clone();
        assert_eq!(twin.find("k3"), search(entries.list(), "k3"));
    }
}
