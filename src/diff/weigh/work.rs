//! A bound on the work of judging one object, in proportion to its size.

use std::cell::Cell;

use crate::yaml::Node;

/// The steps that are left for comparing parts of an object with each other.
pub(super) struct Work {
    left: Cell<usize>,
    /// True if steps were refused.
    was_refused: Cell<bool>,
}

/// Steps for each node of the objects. Roles of real repositories need up to 20.
const STEPS_OF_NODE: usize = 64;
/// Steps for any object.
const STEPS: usize = 4096;

impl Work {
    /// The work that these objects allow.
    pub(super) fn of(sides: [Option<&Node>; 2]) -> Self {
        Self::at_most(usize::MAX, sides)
    }

    /// The work that these objects allow, but no more steps than this.
    pub(super) fn at_most(most: usize, sides: [Option<&Node>; 2]) -> Self {
        let size: usize = sides.into_iter().flatten().map(Node::count_below).sum();
        Self::new(size.saturating_mul(STEPS_OF_NODE).saturating_add(STEPS).min(most))
    }

    /// As many steps as this.
    pub(super) const fn new(steps: usize) -> Self {
        Self { left: Cell::new(steps), was_refused: Cell::new(false) }
    }

    /// True if no step is left: something was not compared.
    pub(super) const fn is_over(&self) -> bool {
        self.left.get() == 0
    }

    /// Takes steps. False if there are not as many left.
    pub(super) fn takes(&self, steps: usize) -> bool {
        match self.left.get().checked_sub(steps) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => {
                self.left.set(0);
                self.refuse();
                false
            }
        }
    }

    /// Notes that something is not compared.
    pub(super) fn refuse(&self) {
        self.was_refused.set(true);
    }

    /// True if something was not compared since this was asked last.
    pub(super) fn was_refused(&self) -> bool {
        self.was_refused.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends() {
        let work = Work::of([None, None]);
        assert!(work.takes(4000) && work.takes(96) && !work.was_refused() && !work.takes(1));
        assert!(work.was_refused() && !work.was_refused(), "since it was asked last");
        let work = Work::of([None, None]);
        assert!(!work.takes(usize::MAX) && !work.takes(1), "a refused step spends what is left");
    }
}
