//! Indices: values by id, name or key.

use std::hash::Hash;
use std::iter;

pub use indexmap::map::Entry;

/// Values by key, in order of insertion.
pub type Index<K, V> = indexmap::IndexMap<K, V, Hashes>;

/// The hash function for keys. It is seeded randomly in every process, so that no input can provoke collisions. Results
/// never depend on the hashes.
pub type Hashes = foldhash::fast::RandomState;

/// The positions of the items of a list by a key that several of them may have. Items are added in the order of the
/// list; an item costs no allocation of its own.
#[derive(Debug)]
pub struct Groups<K> {
    /// The first and the last position of each key.
    ends: Index<K, (usize, usize)>,
    /// The next position of the same key for each position, or its own if it is the last one.
    next: Vec<usize>,
}

impl<K: Hash + Eq> Groups<K> {
    /// Adds the item at the next position.
    pub fn push(&mut self, key: K) {
        let position = self.next.len();
        self.next.push(position);
        match self.ends.entry(key) {
            Entry::Occupied(mut ends) => {
                let (_, last) = ends.get_mut();
                self.next[*last] = position;
                *last = position;
            }
            Entry::Vacant(entry) => {
                entry.insert((position, position));
            }
        }
    }

    /// The positions of a key, in ascending order.
    pub fn positions(&self, key: &K) -> impl Iterator<Item = usize> {
        let first = self.ends.get(key).map(|(first, _)| *first);
        iter::successors(first, |&position| {
            Some(self.next[position]).filter(|&next| next != position)
        })
    }
}

impl<K: Hash + Eq> FromIterator<K> for Groups<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut groups = Self { ends: Index::default(), next: Vec::new() };
        keys.into_iter().for_each(|key| groups.push(key));
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_positions_of_a_key_are_in_order() {
        let mut groups: Groups<char> = "abacab".chars().collect();
        let positions = |groups: &Groups<char>, key| groups.positions(&key).collect::<Vec<_>>();
        assert_eq!(positions(&groups, 'a'), [0, 2, 4]);
        assert_eq!(positions(&groups, 'b'), [1, 5]);
        assert_eq!(positions(&groups, 'c'), [3]);
        assert!(positions(&groups, 'd').is_empty());
        groups.push('c');
        assert_eq!(positions(&groups, 'c'), [3, 6]);
    }
}
