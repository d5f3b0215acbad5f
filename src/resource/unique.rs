//! That no two resources have one id.

use super::index::Entry;
use super::{DEFAULT_NAMESPACE, Index, ResId, ResMap, Resource};
use crate::error::{Code, Error, Result};

/// The ids that resources have at one time of a build, while some of them are changed already by what comes after it.
#[derive(Debug, Default)]
pub struct Unique {
    /// The place of the first resource of each.
    first: Index<ResId, usize>,
    /// What is wrong: an id with the place of its first resource and that of another.
    repeated: Vec<(ResId, usize, usize)>,
}

impl Unique {
    /// Remembers the id that the resource at a place has now.
    pub fn add(&mut self, place: usize, resource: &Resource) {
        match self.first.entry(resource.id().clone()) {
            Entry::Vacant(entry) => drop(entry.insert(place)),
            Entry::Occupied(entry) => {
                self.repeated.push((entry.key().clone(), *entry.get(), place));
            }
        }
    }

    /// Checks that all ids were different. The resources are those that were added, at their places.
    ///
    /// # Errors
    /// [`Code::DuplicateId`] for each that had the id of an earlier one.
    pub fn check(&self, resources: &ResMap) -> Result<()> {
        let errors = self.repeated.iter().filter_map(|(id, first, second)| {
            Some(duplicate(id, resources.get(*first)?, resources.get(*second)?))
        });
        Error::all(errors).map_or(Ok(()), Err)
    }
}

/// That two resources have one id.
pub(super) fn duplicate(id: &ResId, first: &Resource, second: &Resource) -> Error {
    let error = Error::new(Code::DuplicateId, format!("two resources have the id `{id}`"))
        .at(second.span());
    if first.span() == second.span() {
        return error
            .label("this resource is in the build twice")
            .help("list each file and each base once");
    }
    let (first_id, second_id) = (first.original_id(), second.original_id());
    let namespace = |id: &ResId| match id.namespace.as_str() {
        "" => DEFAULT_NAMESPACE.to_owned(),
        namespace => namespace.to_owned(),
    };
    if namespace(&first_id) != namespace(&second_id) {
        let from = |id: &ResId| match id.namespace.as_str() {
            "" => "without a namespace".to_owned(),
            namespace => format!("from the namespace `{namespace}`"),
        };
        return error
            .label(format!("this one comes second, {}", from(&second_id)))
            .note(first.span(), format!("the first one, {}", from(&first_id)))
            .help("in one namespace they cannot have one name: remove or rename one");
    }
    error.label("this one comes second").note(first.span(), "the first one").help(
        "kind, group, version, name and namespace together must be unique: remove or rename one",
    )
}
