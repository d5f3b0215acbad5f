//! An index of resources for selectors of replacements.

use std::borrow::Cow;

use crate::index;
use crate::resource::{ResMap, Resource};
use crate::yaml::Text;

/// The positions of resources by their current and previous names and kinds. Entries may be outdated, so callers must
/// check each resource.
pub(super) struct Index {
    names: Places,
    kinds: Places,
    length: usize,
}

/// The positions of resources by a text, in order.
type Places = index::Index<Text, Vec<usize>>;

impl Index {
    pub(super) fn of(resources: &ResMap) -> Self {
        let mut index =
            Self { names: Places::default(), kinds: Places::default(), length: resources.len() };
        for (place, resource) in resources.iter().enumerate() {
            index.add(place, resource);
        }
        index
    }

    /// Adds a resource, or its new name after a change.
    pub(super) fn add(&mut self, place: usize, resource: &Resource) {
        let id = resource.id();
        let previous =
            resource.names().previous.iter().map(|previous| (&previous.name, &previous.kind));
        for (name, kind) in previous.chain([(&id.name, &id.gvk.kind)]) {
            for (texts, text) in [(&mut self.names, name), (&mut self.kinds, kind)] {
                let places = match texts.get_mut(text) {
                    Some(places) => places,
                    None => texts.entry(text.clone()).or_default(),
                };
                if let Err(position) = places.binary_search(&place) {
                    places.insert(position, place);
                }
            }
        }
    }

    /// The positions, in order, of all resources that may have a name or a kind.
    pub(super) fn places(&self, name: Option<&str>, kind: Option<&str>) -> Cow<'_, [usize]> {
        let of = |texts: &'_ Places, text: &str| texts.get(text).cloned();
        match (name, kind) {
            (Some(name), _) => Cow::Owned(of(&self.names, name).unwrap_or_default()),
            (None, Some(kind)) => Cow::Owned(of(&self.kinds, kind).unwrap_or_default()),
            (None, None) => (0..self.length).collect(),
        }
    }

    /// The current and previous names of resources, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.names.keys().map(Text::as_str).collect();
        names.sort_unstable();
        names.into_iter()
    }
}
