//! Earlier findings with one fingerprint, by their values: a finding is one of them if it has no other values.

use std::collections::BTreeMap;

/// Something about earlier findings, by their values. `None` stands for findings of which only the fingerprint is known.
#[derive(Clone)]
pub(super) struct Compared<T>(BTreeMap<Option<Vec<String>>, T>);

impl<T> Default for Compared<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// Maximum number of other values with which those of a finding are compared.
const MOST: usize = 64;

impl<T: Default> Compared<T> {
    /// The thing that is kept for findings with these values.
    pub(super) fn of(&mut self, values: Option<Vec<String>>) -> &mut T {
        self.0.entry(values).or_default()
    }

    /// Takes one that fits a finding with these values, first one with the same: true if `take` accepts it.
    pub(super) fn take(
        &mut self,
        values: Vec<String>,
        mut take: impl FnMut(&mut T) -> bool,
    ) -> bool {
        let values = Some(values);
        if self.0.get_mut(&values).is_some_and(&mut take) {
            return true;
        }
        let Some(values) = values else { return false };
        let covers = |known: &Option<Vec<String>>| {
            known
                .as_ref()
                .is_none_or(|known| values.iter().all(|value| known.binary_search(value).is_ok()))
        };
        let mut others = self.0.iter_mut().take(MOST).filter(|(known, _)| covers(known));
        others.any(|(_, one)| take(one))
    }

    /// All that is kept.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(all: &[&str]) -> Vec<String> {
        all.iter().map(|one| (*one).to_owned()).collect()
    }

    fn count(left: &mut usize) -> bool {
        let is_left = *left > 0;
        *left -= usize::from(is_left);
        is_left
    }

    #[test]
    fn fewer_values_are_known_and_others_are_not() {
        let mut known = Compared::<usize>::default();
        *known.of(Some(values(&["a", "b"]))) += 1;
        assert!(!known.take(values(&["a", "c"]), count));
        assert!(!known.take(values(&["a", "b", "c"]), count));
        assert!(known.take(values(&["b"]), count));
        assert!(!known.take(values(&["b"]), count), "it is taken once");
    }

    #[test]
    fn the_same_values_are_taken_first_and_unknown_ones_fit_all() {
        let mut known = Compared::<usize>::default();
        *known.of(None) += 1;
        *known.of(Some(values(&["a"]))) += 1;
        assert!(known.take(values(&["a"]), count));
        assert!(known.take(values(&["z"]), count));
        assert!(!known.take(values(&["z"]), count));
    }
}
