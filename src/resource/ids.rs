//! The places of resources by their ids.

use std::hash::BuildHasher;
use std::iter;

use super::{Index, ResId, Resource};

/// An index of resources. It keeps no ids, only their hashes: the resources have the ids, and whoever looks one up asks
/// them.
#[derive(Debug)]
pub(super) struct Ids {
    which: Which,
    by_hash: Index<u64, Places>,
}

/// By which ids resources are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// By those that they have now.
    Current,
    /// By all that they ever had.
    Ever,
}

/// The places for one hash, in order: nearly always one.
#[derive(Debug)]
struct Places {
    first: usize,
    more: Vec<usize>,
}

impl Ids {
    /// The index of all resources.
    pub(super) fn of(resources: &[Resource], which: Which) -> Self {
        let by_hash = Index::with_capacity_and_hasher(resources.len(), Default::default());
        let mut index = Self { which, by_hash };
        for (place, resource) in resources.iter().enumerate() {
            index.add(place, resource);
        }
        index
    }

    /// Adds a resource behind all others.
    pub(super) fn add(&mut self, place: usize, resource: &Resource) {
        self.add_id(resource.id(), place);
        if self.which == Which::Ever {
            resource.names().previous_ids().for_each(|id| self.add_id(&id, place));
        }
    }

    fn add_id(&mut self, id: &ResId, place: usize) {
        let hash = self.by_hash.hasher().hash_one(id);
        let new = || Places { first: place, more: Vec::new() };
        let places = self.by_hash.entry(hash).or_insert_with(new);
        // A resource may have had one id twice.
        if places.more.last().copied().unwrap_or(places.first) != place {
            places.more.push(place);
        }
    }

    /// The places of those of the resources that were added that have an id, in order.
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
