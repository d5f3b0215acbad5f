//! Checks that the ids of resources are unique.

use std::collections::BTreeMap;

use super::{DEFAULT_NAMESPACE, Index, ResId, ResMap, Resource};
use crate::error::{Code, Error, Result};
use crate::index::Entry;
use crate::schema::Gvk;
use crate::source::Span;
use crate::yaml::{Node, Text};

/// A snapshot of the ids of resources, taken one by one while later steps already change some of them.
#[derive(Debug, Default)]
pub struct Unique {
    /// The types, each with a flag that is true for cluster-scoped ones; the index numbers them.
    types: Index<(Gvk, bool), ()>,
    /// The first resource of each id (number of the type, name and effective namespace), and its namespace as it is
    /// written.
    first: Index<(usize, Text, Text), (Holder, Text)>,
    /// Duplicates: an id with its first resource, and another one.
    repeated: Vec<(ResId, Holder, Holder)>,
}

/// A resource that had an id: its index, and the span of its name at that time.
#[derive(Clone, Copy, Debug)]
struct Holder {
    place: usize,
    span: Span,
}

impl Unique {
    /// Records the current id of the resource at an index.
    pub fn add(&mut self, place: usize, resource: &Resource) {
        let ResId { gvk, name, namespace, cluster_scoped } = resource.id();
        let (kind, _) = self.types.insert_full((gvk.clone(), *cluster_scoped), ());
        let effective = match (cluster_scoped, namespace.is_empty()) {
            (true, _) => Text::default(),
            (false, true) => DEFAULT_NAMESPACE.into(),
            (false, false) => namespace.clone(),
        };
        let holder = Holder { place, span: resource.span() };
        match self.first.entry((kind, name.clone(), effective)) {
            Entry::Vacant(entry) => drop(entry.insert((holder, namespace.clone()))),
            Entry::Occupied(entry) => {
                self.repeated.push((resource.id().clone(), entry.get().0, holder));
            }
        }
    }

    /// Adds the ids of the resources that follow, as if they were recorded here one by one.
    pub fn add_all(&mut self, following: Self) {
        let Self { types, first, mut repeated } = following;
        // The resources that were the first ones among those that follow, and are no longer.
        let mut earlier = BTreeMap::new();
        let mut more = Vec::new();
        for ((kind, name, effective), (holder, namespace)) in first {
            let Some(((gvk, cluster_scoped), ())) = types.get_index(kind) else { continue };
            let (kind, _) = self.types.insert_full((gvk.clone(), *cluster_scoped), ());
            match self.first.entry((kind, name, effective)) {
                Entry::Vacant(entry) => drop(entry.insert((holder, namespace))),
                Entry::Occupied(entry) => {
                    let first = entry.get().0;
                    earlier.insert(holder.place, first);
                    let (_, name, _) = entry.key();
                    let (gvk, name, cluster_scoped) = (gvk.clone(), name.clone(), *cluster_scoped);
                    let id = ResId { gvk, name, namespace, cluster_scoped };
                    more.push((id, first, holder));
                }
            }
        }
        for (_, first, _) in &mut repeated {
            *first = earlier.get(&first.place).copied().unwrap_or(*first);
        }
        repeated.append(&mut more);
        repeated.sort_by_key(|(_, _, second)| second.place);
        self.repeated.append(&mut repeated);
    }

    /// Checks that all recorded ids are unique. The resources must be the recorded ones, at their indices.
    ///
    /// # Errors
    /// [`Code::DuplicateId`] for each that had the id of an earlier one.
    pub fn check(&self, resources: &ResMap) -> Result<()> {
        let found = |holder: &Holder| Some((holder.span, resources.get(holder.place)?));
        let errors = self
            .repeated
            .iter()
            .filter_map(|(id, first, second)| Some(duplicate(id, found(first)?, found(second)?)));
        Error::all(errors).map_or(Ok(()), Err)
    }
}

/// Checks that all ids are unique.
///
/// # Errors
/// [`Code::DuplicateId`] for each that has the id of an earlier one.
pub fn check_ids<'r>(resources: impl IntoIterator<Item = &'r Resource>) -> Result<()> {
    let resources = resources.into_iter();
    let mut first: Index<&ResId, &Resource> =
        Index::with_capacity_and_hasher(resources.size_hint().0, Default::default());
    let mut errors = Vec::new();
    for resource in resources {
        match first.entry(resource.id()) {
            Entry::Vacant(entry) => drop(entry.insert(resource)),
            Entry::Occupied(entry) => errors.push(taken(entry.get(), resource)),
        }
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// The error for a resource with the id of an earlier one.
pub(super) fn taken(first: &Resource, second: &Resource) -> Error {
    duplicate(second.id(), (first.span(), first), (second.span(), second))
}

/// The error for two resources with the same current or previous id, each with the span of its name at that time.
fn duplicate(id: &ResId, first: (Span, &Resource), second: (Span, &Resource)) -> Error {
    let ((first_span, first), (second_span, second)) = (first, second);
    let error = Error::new(Code::DuplicateId, format!("two resources have the id `{id}`"));
    if first_span == second_span {
        let kind = |resource: &Resource| resource.node().get("kind").map_or(Span::NONE, Node::span);
        return match kind(first) == kind(second) {
            true => error.at(second_span).label(TWICE).help("list each file and each base once"),
            false => named_alike(error, first, second),
        };
    }
    let error = error.at(second_span);
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
            .note(first_span, format!("the first one, {}", from(&first_id)))
            .help("names of a kind must be unique in a namespace: remove or rename one");
    }
    error.label("this one comes second").note(first_span, "the first one").help(
        "kind, group, version, name and namespace together must be unique: remove or rename one",
    )
}

/// The label of an error about a resource that comes into the build twice.
pub const TWICE: &str = "this resource is in the build twice";

/// Adds to the error the positions of resources that were renamed to the same name at the same position, and their
/// previous names.
#[cold]
fn named_alike(error: Error, first: &Resource, second: &Resource) -> Error {
    let kind = |resource: &Resource| resource.node().get("kind").map_or(Span::NONE, Node::span);
    let before = |resource: &Resource| format!("`{}` until then", resource.original_id().name);
    error
        .at(kind(second))
        .label(format!("this one comes second, {}", before(second)))
        .note(kind(first), format!("the first one, {}", before(first)))
        .note(second.span(), "both are renamed here")
        .help(match second.kind() {
            "Namespace" => {
                "`namespace` gives its name to every Namespace of the build: keep one of them here, and move the \
                 others to a kustomization without `namespace`"
            }
            _ => "give them different names, or remove one of them",
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::read;

    /// Checking ids recorded one by one gives the same result as checking those of all resources.
    #[test]
    fn ids_are_compared_as_ids() {
        let objects = [
            ("v1", "Pod", "a", ""),
            ("v1", "Pod", "a", "x"),
            ("v1", "Pod", "a", "default"),
            ("v2", "Pod", "a", ""),
            ("v1", "Namespace", "a", ""),
            ("v1", "Namespace", "a", "x"),
            ("v1", "Pod", "b", "x"),
            ("v1", "Pod", "a", "x"),
        ];
        let text = |(version, kind, name, namespace): &(&str, &str, &str, &str)| {
            format!(
                "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: '{namespace}'}}\n"
            )
        };
        let texts: Vec<String> = objects.iter().map(text).collect();
        let resources = ResMap::from(read(&texts.join("---\n")).unwrap());
        let mut ids = Unique::default();
        resources.iter().enumerate().for_each(|(place, resource)| ids.add(place, resource));
        let told = |error: Error| {
            let told = |error: &Error| (error.message().to_owned(), error.span());
            error.iter().map(told).collect::<Vec<_>>()
        };
        let repeated = told(ids.check(&resources).unwrap_err());
        assert_eq!(repeated.len(), 3);
        assert_eq!(repeated, told(check_ids(&resources).unwrap_err()));
    }
}
