//! The resources of a build, in order and indexed by id.

use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};

use super::ids::{Ids, Which};
use super::unique::{check_ids, taken};
use super::{ResId, Resource};
use crate::error::{Error, Result};
use crate::limits::Budget;

/// Resources in order. Ids may collide while transformers run: they are checked when resources are added and at the
/// end.
///
/// Looking up an id does not scan the resources. The first look-up after a change of ids builds an index, so changes
/// should come in batches.
#[derive(Debug, Default)]
pub struct ResMap {
    resources: Vec<Resource>,
    /// Index of current ids.
    current: OnceLock<Ids>,
    /// Index of current and previous ids.
    ever: OnceLock<Ids>,
    /// The budget that output is charged to.
    budget: Option<Budget>,
}

impl ResMap {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of resources.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.resources.len()
    }

    /// True if there are no resources.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// The resources in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.resources.iter()
    }

    /// The resources in order, mutable.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Resource> {
        self.forget_ids();
        self.resources.iter_mut()
    }

    /// The resource at an index.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Resource> {
        self.resources.get(place)
    }

    /// Changes a resource. Unlike [`ResMap::iter_mut`], it keeps the index if no id changed. `None` if there is no such
    /// resource.
    pub fn change<T>(
        &mut self,
        place: usize,
        change: impl FnOnce(&mut Resource) -> T,
    ) -> Option<T> {
        let resource = self.resources.get_mut(place)?;
        let before = Arc::clone(resource.names());
        let result = change(resource);
        let after = resource.names();
        let is_same = Arc::ptr_eq(&before, after)
            || before.id() == after.id() && before.previous.len() == after.previous.len();
        // A resource that became empty is no longer found: a look-up compares with its id.
        if !is_same && !resource.node().is_empty() {
            self.forget_ids();
        }
        Some(result)
    }

    /// The indices of the resources with this current id, in order.
    pub fn places(&self, id: &ResId) -> impl Iterator<Item = usize> {
        let index = self.current.get_or_init(|| Ids::of(&self.resources, Which::Current));
        index.places(id, &self.resources)
    }

    /// The indices of the resources with this current or previous id, in order.
    pub fn places_ever(&self, id: &ResId) -> impl Iterator<Item = usize> {
        let index = self.ever.get_or_init(|| Ids::of(&self.resources, Which::Ever));
        index.places(id, &self.resources)
    }

    /// Adds a resource at the end.
    ///
    /// # Errors
    /// [`Code::DuplicateId`](crate::error::Code::DuplicateId) if its id is taken, with both spans.
    pub fn append(&mut self, resource: Resource) -> Result<()> {
        if let Some(same) =
            self.places(resource.id()).next().and_then(|place| self.resources.get(place))
        {
            return Err(taken(same, &resource));
        }
        let place = self.resources.len();
        for index in [&mut self.current, &mut self.ever] {
            if let Some(index) = index.get_mut() {
                index.add(place, &resource);
            }
        }
        self.resources.push(resource);
        Ok(())
    }

    /// Adds the resources of another set at the end.
    ///
    /// # Errors
    /// [`Code::DuplicateId`](crate::error::Code::DuplicateId) for each resource whose id is taken.
    pub fn append_all(&mut self, other: Self) -> Result<()> {
        if self.is_empty() {
            *self = other;
            return self.check_ids();
        }
        self.resources.reserve(other.len());
        let errors: Vec<Error> =
            other.into_iter().filter_map(|resource| self.append(resource).err()).collect();
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// Checks that all ids are unique.
    ///
    /// # Errors
    /// As [`check_ids`].
    pub fn check_ids(&self) -> Result<()> {
        check_ids(self)
    }

    /// Keeps the resources for which `keep` returns true.
    pub fn retain(&mut self, keep: impl FnMut(&Resource) -> bool) {
        let before = self.len();
        self.resources.retain(keep);
        if self.len() != before {
            self.forget_ids();
        }
    }

    /// Removes the resources at these indices, which are sorted.
    pub fn remove(&mut self, places: &[usize]) {
        let (mut place, mut places) = (0, places.iter().copied().peekable());
        self.retain(|_| {
            let goes = places.next_if_eq(&place).is_some();
            place += 1;
            !goes
        });
    }

    /// Reorders the resources: `places` gives the current index of each resource in the new order. Each index occurs
    /// once.
    pub(crate) fn reorder(&mut self, places: impl ExactSizeIterator<Item = usize>) {
        self.forget_ids();
        let mut before: Vec<Option<Resource>> =
            std::mem::take(&mut self.resources).into_iter().map(Some).collect();
        self.resources.reserve_exact(places.len());
        self.resources.extend(places.filter_map(|place| before.get_mut(place)?.take()));
    }

    /// The budget that output is charged to: that of the target, or a new one.
    #[must_use]
    pub fn budget(&self) -> Budget {
        self.budget.clone().unwrap_or_default()
    }

    /// Charges output to the budget of a target.
    pub fn charge_to(&mut self, budget: &Budget) {
        self.budget = Some(budget.clone());
    }

    fn forget_ids(&mut self) {
        self.current.take();
        self.ever.take();
    }
}

/// The indices are not cloned: a clone is made to be changed.
impl Clone for ResMap {
    fn clone(&self) -> Self {
        Self { budget: self.budget.clone(), ..Self::from(self.resources.clone()) }
    }
}

impl From<Vec<Resource>> for ResMap {
    /// Takes the resources without checks.
    fn from(resources: Vec<Resource>) -> Self {
        Self { resources, ..Self::default() }
    }
}

/// A list of the objects.
impl Serialize for ResMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl IntoIterator for ResMap {
    type Item = Resource;
    type IntoIter = std::vec::IntoIter<Resource>;

    fn into_iter(self) -> Self::IntoIter {
        self.resources.into_iter()
    }
}

impl<'a> IntoIterator for &'a ResMap {
    type Item = &'a Resource;
    type IntoIter = std::slice::Iter<'a, Resource>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut ResMap {
    type Item = &'a mut Resource;
    type IntoIter = std::slice::IterMut<'a, Resource>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::resource::sample::{read, resource};
    use crate::source::Span;

    fn map(names: &[&str]) -> ResMap {
        let text = |name: &&str| format!("kind: A\nmetadata: {{name: {name}}}\n");
        let texts: Vec<String> = names.iter().map(text).collect();
        read(&texts.join("---\n")).unwrap().into()
    }

    fn id(name: &str) -> ResId {
        map(&[name]).get(0).unwrap().id().clone()
    }

    fn places(map: &ResMap, name: &str) -> Vec<usize> {
        map.places(&id(name)).collect()
    }

    fn places_ever(map: &ResMap, name: &str) -> Vec<usize> {
        map.places_ever(&id(name)).collect()
    }

    fn rename(resource: &mut Resource, name: &str) {
        resource.names_mut().push_previous_id();
        resource.set_name(name, Span::NONE).unwrap();
    }

    #[test]
    fn ids_lead_to_places() {
        let mut map = map(&["a", "b", "a"]);
        assert_eq!(places(&map, "a"), [0, 2]);
        assert_eq!(places(&map, "c"), Vec::<usize>::new());
        map.change(0, |resource| rename(resource, "c")).unwrap();
        assert_eq!((places(&map, "a"), places(&map, "c")), (vec![2], vec![0]));
        assert_eq!((places_ever(&map, "a"), places_ever(&map, "c")), (vec![0, 2], vec![0]));
        map.iter_mut().for_each(|resource| rename(resource, "d"));
        assert_eq!((places(&map, "a"), places(&map, "d")), (vec![], vec![0, 1, 2]));
        assert_eq!((places_ever(&map, "a"), places_ever(&map, "c")), (vec![0, 2], vec![0]));
    }

    #[test]
    fn a_resource_may_have_one_id_twice() {
        let mut map = map(&["a"]);
        for name in ["b", "a"] {
            map.iter_mut().for_each(|resource| rename(resource, name));
        }
        assert_eq!(places_ever(&map, "a"), [0]);
    }

    #[test]
    fn appending_keeps_the_indices_right() {
        let mut map = map(&["a"]);
        assert_eq!((places(&map, "b"), places_ever(&map, "b")), (vec![], vec![]));
        map.append(resource("{kind: A, metadata: {name: b}}")).unwrap();
        assert_eq!((places(&map, "b"), places_ever(&map, "b")), (vec![1], vec![1]));
        map.retain(|resource| resource.name() == "b");
        assert_eq!((places(&map, "a"), places(&map, "b")), (vec![], vec![0]));
        map.append(resource("{kind: A, metadata: {name: c}}")).unwrap();
        map.remove(&[1]);
        assert_eq!((places(&map, "b"), places(&map, "c")), (vec![0], vec![]));
        let copy = map.clone();
        assert_eq!((places(&copy, "a"), places(&copy, "b")), (vec![], vec![0]));
    }

    #[test]
    fn each_place_gets_what_stood_at_another() {
        let mut map = map(&["a", "b", "c", "d", "e"]);
        map.reorder([3, 2, 4, 1, 0].into_iter());
        let names: Vec<&str> = map.iter().map(Resource::name).collect();
        assert_eq!(names, ["d", "c", "e", "b", "a"]);
        assert_eq!(places(&map, "d"), [0]);
    }

    #[test]
    fn an_id_that_is_taken_is_refused_with_both_places() {
        let mut map = map(&["a", "b"]);
        let error = map.append(resource("kind: A\nmetadata:\n  name: a\n")).unwrap_err();
        assert_eq!(error.code(), Code::DuplicateId);
        assert_eq!(error.notes()[0].span, map.get(0).unwrap().span());
        assert_eq!(map.len(), 2);
        let other = self::map(&["c", "b", "a"]);
        assert_eq!(map.append_all(other).unwrap_err().iter().count(), 2);
        assert_eq!(self::map(&["a", "a", "b", "a"]).check_ids().unwrap_err().iter().count(), 2);
        assert_eq!(
            ResMap::new().append_all(self::map(&["a", "a"])).unwrap_err().code(),
            Code::DuplicateId
        );
    }
}
