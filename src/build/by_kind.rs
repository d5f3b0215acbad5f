//! Which of many selectors take a type: looked up by kind, so that not all of them are tried for each resource.

use crate::resource::Index;
use crate::schema::Gvk;

/// Selectors by the kinds that they take.
pub(super) struct ByKind<'c> {
    selectors: Vec<&'c Gvk>,
    by_kind: Index<&'c str, Vec<usize>>,
    of_any_kind: Vec<usize>,
    /// What was asked before.
    known: Index<Gvk, Vec<usize>>,
}

impl<'c> ByKind<'c> {
    pub(super) fn new(selectors: impl IntoIterator<Item = &'c Gvk>) -> Self {
        let selectors: Vec<&Gvk> = selectors.into_iter().collect();
        let mut by_kind: Index<&str, Vec<usize>> = Index::default();
        let mut of_any_kind = Vec::new();
        for (place, selector) in selectors.iter().enumerate() {
            match selector.kind.as_str() {
                "" => of_any_kind.push(place),
                kind => by_kind.entry(kind).or_default().push(place),
            }
        }
        Self { selectors, by_kind, of_any_kind, known: Index::default() }
    }

    /// The places of the selectors that take a type, in order.
    pub(super) fn places(&mut self, gvk: &Gvk) -> &[usize] {
        if !self.known.contains_key(gvk) {
            let of_kind = self.by_kind.get(gvk.kind.as_str()).into_iter().flatten();
            let mut places: Vec<usize> = of_kind.chain(&self.of_any_kind).copied().collect();
            places.retain(|&place| gvk.is_selected_by(self.selectors[place]));
            places.sort_unstable();
            self.known.insert(gvk.clone(), places);
        }
        self.known.get(gvk).map_or(&[], Vec::as_slice)
    }
}
