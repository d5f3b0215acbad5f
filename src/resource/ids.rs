//! An index from ids to resources.

use std::hash::BuildHasher;
use std::iter;

use super::{Index, ResId, Resource};

/// An index of resources. It stores only hashes of ids; a look-up compares the ids of the resources.
#[derive(Debug)]
pub(super) struct Ids {
    which: Which,
    by_hash: Index<u64, IdPlaces>,
}

/// The ids by which resources are indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Current ids.
    Current,
    /// Current and previous ids.
    Ever,
}

/// The indices for a hash, in order: nearly always one.
#[derive(Debug)]
struct IdPlaces {
    first: usize,
    more: Vec<usize>,
}

impl Ids {
    /// Indexes all resources.
    pub(super) fn of(resources: &[Resource], which: Which) -> Self {
        let by_hash = Index::with_capacity_and_hasher(resources.len(), Default::default());
        let mut index = Self { which, by_hash };
        for (place, resource) in resources.iter().enumerate() {
            index.add(place, resource);
        }
        index
    }

    /// Adds a resource after all others.
    pub(super) fn add(&mut self, place: usize, resource: &Resource) {
        self.add_id(resource.id(), place);
        if self.which == Which::Ever {
            resource.names().previous_ids().for_each(|id| self.add_id(&id, place));
        }
    }

    fn add_id(&mut self, id: &ResId, place: usize) {
        let hash = self.by_hash.hasher().hash_one(id);
        let new = || IdPlaces { first: place, more: Vec::new() };
        let places = self.by_hash.entry(hash).or_insert_with(new);
        // A resource may have had the same id twice.
        if places.more.last().copied().unwrap_or(places.first) != place {
            places.more.push(place);
        }
    }

    /// The indices of the resources with this id, in order.
    pub(super) fn places<'i>(
        &'i self,
        id: &ResId,
        resources: &'i [Resource],
    ) -> impl Iterator<Item = usize> + use<'i> {
        let found = self.by_hash.get(&self.by_hash.hasher().hash_one(id));
        let places =
            found.into_iter().flat_map(|places| iter::once(&places.first).chain(&places.more));
        let id = id.clone();
        places.copied().filter(move |&place| {
            resources.get(place).is_some_and(|resource| {
                let names = resource.names();
                *names.id() == id
                    || self.which == Which::Ever && names.previous_ids().any(|old| old == id)
            })
        })
    }
}
