//! Observers of changes, and the reports that changes send to them.

use super::{Cause, Change};
use crate::error::{Error, Result};
use crate::load::Root;
use crate::resource::ResMap;

/// An observer of the changes of a build.
///
/// With an observer, each change is applied to all resources before the next one begins. A build without one pays no
/// cost, and combines passes over the resources.
pub trait Observer {
    /// Called when a kustomization is entered, with the resources that it begins with: those of its parent for a component,
    /// none for any other one.
    fn enter(&mut self, _: &Root, _: &ResMap) {}

    /// Called when a kustomization is complete, with its resources.
    fn leave(&mut self, _: &Root, _: &ResMap) {}

    /// Called before a change, with the resources in their current state.
    ///
    /// # Errors
    /// An error ends the build.
    fn before(&mut self, _: &Change<'_>, _: &mut ResMap) -> Result<()> {
        Ok(())
    }

    /// Called after a change, with the changed resources. The observer may store data in them.
    ///
    /// # Errors
    /// An error ends the build.
    fn after(&mut self, _: &Cause<'_>, _: &mut ResMap) -> Result<()> {
        Ok(())
    }

    /// Called after resources were read from a file, or generated, and added to those of a level. A generated resource may
    /// have been merged into an existing one. `places` are their positions.
    ///
    /// # Errors
    /// An error ends the build.
    fn added(&mut self, _: &Cause<'_>, _places: &[usize], _: &mut ResMap) -> Result<()> {
        Ok(())
    }

    /// Called for each part of the configuration that has no effect.
    fn idle(&mut self, _: &Cause<'_>, _: Error) {}

    /// Called after a list of changes.
    ///
    /// # Errors
    /// An error ends the build.
    fn finish(&mut self, _: &mut ResMap) -> Result<()> {
        Ok(())
    }
}

/// Several observers, called one after the other.
#[derive(Default)]
pub struct Observers<'o>(Vec<&'o mut dyn Observer>);

impl<'o> Observers<'o> {
    /// Adds an observer.
    pub fn add(&mut self, observer: &'o mut dyn Observer) {
        self.0.push(observer);
    }

    /// All of them as one observer; `None` if there are none.
    pub fn as_one(&mut self) -> Option<&mut (dyn Observer + 'o)> {
        (!self.0.is_empty()).then_some(self as _)
    }
}

impl Observer for Observers<'_> {
    fn enter(&mut self, layer: &Root, resources: &ResMap) {
        self.0.iter_mut().for_each(|observer| observer.enter(layer, resources));
    }

    fn leave(&mut self, layer: &Root, resources: &ResMap) {
        self.0.iter_mut().for_each(|observer| observer.leave(layer, resources));
    }

    fn before(&mut self, change: &Change<'_>, resources: &mut ResMap) -> Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.before(change, resources))
    }

    fn after(&mut self, cause: &Cause<'_>, resources: &mut ResMap) -> Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.after(cause, resources))
    }

    fn added(&mut self, cause: &Cause<'_>, places: &[usize], resources: &mut ResMap) -> Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.added(cause, places, resources))
    }

    fn idle(&mut self, cause: &Cause<'_>, found: Error) {
        self.0.iter_mut().for_each(|observer| observer.idle(cause, found.clone()));
    }

    fn finish(&mut self, resources: &mut ResMap) -> Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.finish(resources))
    }
}

/// A report of work, in addition to the changed resources.
#[derive(Default)]
pub struct Report<'r, 'c> {
    pub(super) observed: Option<(&'r mut (dyn Observer + 'r), Cause<'c>)>,
    pub(super) outcome: Outcome,
}

/// The outcome of a list of changes, in addition to the resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// True if a strategic merge patch was applied to a resource, so that the result depends on the schema.
    pub has_merged: bool,
}

impl Outcome {
    /// Combines it with the outcome of further changes.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { has_merged: self.has_merged || other.has_merged }
    }
}

impl Report<'_, '_> {
    /// Reports a part of the configuration that has no effect. The reference does not report this.
    pub fn idle(&mut self, found: impl FnOnce() -> Error) {
        if let Some((observer, cause)) = &mut self.observed {
            observer.idle(cause, found());
        }
    }

    /// Reports that a strategic merge patch was applied to a resource, with or without an effect.
    pub const fn merged(&mut self) {
        self.outcome.has_merged = true;
    }
}
