//! Observers of changes, and the reports that they get.

use super::{Cause, Change};
use crate::error::{Error, Result};
use crate::resource::ResMap;

/// An observer of the changes of a build.
///
/// While a build has one, each change is made on all resources before the next one begins. A build without one pays
/// nothing for it, and shares passes over the resources.
pub trait Observer {
    /// Called before a change is made, with the resources as they are then.
    ///
    /// # Errors
    /// A failure ends the build.
    fn before(&mut self, _: &Change<'_>, _: &mut ResMap) -> Result<()> {
        Ok(())
    }

    /// Called when a change is made, with the resources as it has left them. The observer may keep notes in them.
    ///
    /// # Errors
    /// A failure ends the build.
    fn after(&mut self, _: &Cause<'_>, _: &mut ResMap) -> Result<()> {
        Ok(())
    }

    /// Called for each part of the configuration that changes nothing.
    fn idle(&mut self, _: &Cause<'_>, _: Error) {}

    /// Called when a list of changes is made.
    ///
    /// # Errors
    /// A failure ends the build.
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

    /// All as one; `None` if there is no observer.
    pub fn as_one(&mut self) -> Option<&mut (dyn Observer + 'o)> {
        (!self.0.is_empty()).then_some(self as _)
    }
}

impl Observer for Observers<'_> {
    fn before(&mut self, change: &Change<'_>, resources: &mut ResMap) -> Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.before(change, resources))
    }

    fn after(&mut self, cause: &Cause<'_>, resources: &mut ResMap) -> Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.after(cause, resources))
    }

    fn idle(&mut self, cause: &Cause<'_>, found: Error) {
        self.0.iter_mut().for_each(|observer| observer.idle(cause, found.clone()));
    }

    fn finish(&mut self, resources: &mut ResMap) -> Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.finish(resources))
    }
}

/// The report of work, beside the resources that it changes.
#[derive(Default)]
pub struct Report<'r, 'c> {
    pub(super) observed: Option<(&'r mut (dyn Observer + 'r), Cause<'c>)>,
    pub(super) outcome: Outcome,
}

/// The result of a list of changes, beside the resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether a strategic merge patch was applied to a resource, so that the schema was asked.
    pub has_merged: bool,
}

impl Outcome {
    /// Adds the result of further changes.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { has_merged: self.has_merged || other.has_merged }
    }
}

impl Report<'_, '_> {
    /// Reports that a part of the configuration changes nothing. The reference is silent about it.
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
