//! What field specs say of a type of objects, found once for each type: not for each object, and not for all the types
//! that are in no build.

use crate::resource::Index;
use crate::schema::Gvk;

/// A value per GVK, computed on first use.
pub(super) struct ByType<T, F> {
    find: F,
    known: Index<Gvk, Vec<T>>,
}

impl<T, F: Fn(&Gvk) -> Vec<T>> ByType<T, F> {
    /// Nothing yet. What there is for a type is what `find` finds.
    pub(super) fn new(find: F) -> Self {
        Self { find, known: Index::default() }
    }

    /// What there is for a type.
    pub(super) fn of(&mut self, gvk: &Gvk) -> &[T] {
        if !self.known.contains_key(gvk) {
            self.known.insert(gvk.clone(), (self.find)(gvk));
        }
        self.known.get(gvk).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn each_type_is_looked_up_once() {
        let asked = RefCell::new(Vec::new());
        let mut kinds = ByType::new(|gvk: &Gvk| {
            asked.borrow_mut().push(gvk.kind.clone());
            vec![gvk.kind.clone(); usize::from(gvk.kind == "Pod")]
        });
        let (pod, job) = (Gvk::of("v1", "Pod"), Gvk::of("batch/v1", "Job"));
        assert_eq!(kinds.of(&pod), ["Pod"]);
        assert!(kinds.of(&job).is_empty());
        assert_eq!(kinds.of(&pod), ["Pod"]);
        assert_eq!(*asked.borrow(), ["Pod", "Job"]);
    }
}
