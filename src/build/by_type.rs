//! Values derived from field specs for each type of objects. They are computed once for each type in the build, not for
//! each object or for all known types.

use crate::error::Result;
use crate::limits::Budget;
use crate::resource::Index;
use crate::schema::Gvk;
use crate::source::Span;
use crate::transform::charge_specs;

/// The charge for each value of a type, in bytes: a path with its parts.
const FOUND: usize = 128;

/// The number of values of a type up to which they are free. The defaults have at most 40.
const MANY: usize = 200;

/// A value per GVK, computed on first use.
pub(super) struct ByType<'c, T, F> {
    /// The number of field specs that are compared with each type.
    specs: usize,
    find: F,
    budget: &'c Budget,
    known: Index<Gvk, Vec<T>>,
}

impl<'c, T, F: Fn(&Gvk) -> Vec<T>> ByType<'c, T, F> {
    /// An empty cache. `find` computes the values of a type by comparing it with `specs` field specs.
    pub(super) fn new(specs: usize, budget: &'c Budget, find: F) -> Self {
        Self { specs, find, budget, known: Index::default() }
    }

    /// The values for a type that was passed to [`ByType::of`] before; none for any other type.
    pub(super) fn known(&self, gvk: &Gvk) -> &[T] {
        self.known.get(gvk).map_or(&[], Vec::as_slice)
    }

    /// The values for the type of a resource. Long lists are charged to the budget: the values of a new type, and the
    /// values that are examined for each resource.
    ///
    /// # Errors
    /// As [`Budget::bytes`], with the span of the resource.
    pub(super) fn of(&mut self, gvk: &Gvk, place: impl Fn() -> Span) -> Result<&[T]> {
        let known = self.known.get_index_of(gvk);
        let at = known.map_or_else(|| self.add(gvk, &place), Ok)?;
        let found = self.known.get_index(at).map_or(&[][..], |(_, found)| found);
        charge_specs((0, found.len()), self.budget, &place)?;
        Ok(found)
    }

    /// Computes the values of a new type, and returns its position.
    fn add(&mut self, gvk: &Gvk, place: impl Fn() -> Span) -> Result<usize> {
        charge_specs((self.specs, 0), self.budget, &place)?;
        let found = (self.find)(gvk);
        if found.len() > MANY {
            self.budget.bytes(found.len() * FOUND, place())?;
        }
        Ok(self.known.insert_full(gvk.clone(), found).0)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn each_type_is_looked_up_once() {
        let asked = RefCell::new(Vec::new());
        let budget = Budget::default();
        let mut kinds = ByType::new(1, &budget, |gvk: &Gvk| {
            asked.borrow_mut().push(gvk.kind.clone());
            vec![gvk.kind.clone(); usize::from(gvk.kind == "Pod")]
        });
        let (pod, job) = (Gvk::of("v1", "Pod"), Gvk::of("batch/v1", "Job"));
        assert_eq!(kinds.of(&pod, || Span::NONE).unwrap(), ["Pod"]);
        assert!(kinds.of(&job, || Span::NONE).unwrap().is_empty());
        assert_eq!(kinds.of(&pod, || Span::NONE).unwrap(), ["Pod"]);
        assert_eq!(*asked.borrow(), ["Pod", "Job"]);
    }
}
