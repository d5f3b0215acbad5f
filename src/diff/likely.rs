//! Likely pairs among many objects: those that share values that few objects have.

use std::collections::{BTreeMap, BTreeSet};

use crate::index::Index;

/// Values of more objects than this say little about an object.
const RARE: usize = 32;
/// Number of objects that one is compared with in full.
const MOST: usize = 8;

/// Finds the objects of both sides that may be the same, by their values, which are sorted. The order of the sides makes
/// no difference. Takes linear time.
pub(super) fn likely(before: &[Vec<u64>], after: &[Vec<u64>]) -> BTreeSet<(usize, usize)> {
    let mut pairs: BTreeSet<(usize, usize)> = nearest(before, after).collect();
    pairs.extend(nearest(after, before).map(|(after, before)| (before, after)));
    pairs
}

/// The objects among others that share the most rare values, for each object.
fn nearest(objects: &[Vec<u64>], others: &[Vec<u64>]) -> impl Iterator<Item = (usize, usize)> {
    let mut places: Index<u64, Vec<usize>> = Index::default();
    for (place, values) in others.iter().enumerate() {
        for value in distinct(values) {
            let places = places.entry(value).or_default();
            if places.len() <= RARE {
                places.push(place);
            }
        }
    }
    objects.iter().enumerate().flat_map(move |(object, values)| {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        let found = distinct(values).filter_map(|value| places.get(&value));
        for place in found.filter(|places| places.len() <= RARE).flatten() {
            *shared.entry(*place).or_default() += 1;
        }
        let mut shared: Vec<(usize, usize)> = shared.into_iter().collect();
        shared.sort_by_key(|&(place, count)| (std::cmp::Reverse(count), place));
        shared.truncate(MOST);
        shared.into_iter().map(move |(place, _)| (object, place))
    })
}

fn distinct(values: &[u64]) -> impl Iterator<Item = u64> {
    values.chunk_by(|one, other| one == other).filter_map(|equal| equal.first().copied())
}

/// The words of a name.
pub(super) fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '.', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_with_rare_values_in_common_are_likely() {
        let objects = |shift: u64| -> Vec<Vec<u64>> {
            (0..500).map(|number| vec![0, 1, 2, 1_000 + number, 10_000 * shift + number]).collect()
        };
        let pairs = likely(&objects(1), &objects(2));
        assert_eq!(pairs, (0..500).map(|number| (number, number)).collect());
        // Values that all have say nothing, and cost nothing.
        let equal = vec![vec![1, 2, 3]; 10_000];
        assert!(likely(&equal, &equal).is_empty());
        let few = vec![vec![1, 2, 3]; RARE];
        let pairs = likely(&few, &few);
        assert!(pairs.len() <= 2 * MOST * RARE, "{}", pairs.len());
    }
}
