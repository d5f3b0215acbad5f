//! What transformers tell of their work, beside the resources that they change.

use std::cell::{Cell, RefCell};

use crate::error::Error;

/// Filled while the transformers of one kustomization run.
#[derive(Debug, Default)]
pub struct Effects {
    merged: Cell<bool>,
    /// Nothing where nobody wants to know.
    idle: Option<RefCell<Vec<Error>>>,
}

impl Effects {
    /// No effects so far. `strict` asks for what [`Effects::idle`] is told.
    #[must_use]
    pub fn new(strict: bool) -> Self {
        Self { merged: Cell::new(false), idle: strict.then(RefCell::default) }
    }

    /// A strategic merge patch is applied, whatever comes of it: the schema was asked.
    pub fn merge(&self) {
        self.merged.set(true);
    }

    /// Whether a strategic merge patch was applied.
    #[must_use]
    pub const fn has_merged(&self) -> bool {
        self.merged.get()
    }

    /// Whether somebody wants to know what changes nothing.
    #[must_use]
    pub const fn are_told(&self) -> bool {
        self.idle.is_some()
    }

    /// Something that the user wrote changes nothing. kustomize is silent about it, and so is a build that is not strict.
    pub fn idle(&self, what: impl FnOnce() -> Error) {
        if let Some(idle) = &self.idle {
            idle.borrow_mut().push(what());
        }
    }

    /// All that changed nothing.
    #[must_use]
    pub fn into_idle(self) -> Vec<Error> {
        self.idle.map(RefCell::into_inner).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn only_strict_builds_ask_what_changes_nothing() {
        for (strict, expected) in [(false, 0), (true, 1)] {
            let effects = Effects::new(strict);
            effects.idle(|| Error::new(Code::NoEffect, "nothing"));
            assert_eq!(effects.into_idle().len(), expected);
        }
    }
}
