//! The effects of an upgrade on the targets of a run.

use crate::error::Error;
use crate::harden::{Effect, Severity, Upgrade};
use crate::source::Sources;

/// The effects on the objects of the targets of a run.
#[derive(Debug)]
pub struct Effects<'a> {
    /// The versions.
    pub upgrade: Upgrade,
    /// The targets, in order.
    pub targets: &'a [Judged],
    /// The texts that the effects refer to.
    pub sources: &'a Sources,
}

/// A target, and the effects on its objects.
#[derive(Debug)]
pub struct Judged {
    /// Name of the target, as given.
    pub target: String,
    /// The effects, or the error if it could not be rendered.
    pub outcome: Result<Found, Error>,
}

/// The effects on the objects of a target.
#[derive(Debug)]
pub struct Found {
    /// Number of objects.
    pub objects: usize,
    /// The effects.
    pub effects: Vec<Effect>,
}

impl Found {
    /// The number of effects of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.effects.iter().filter(|effect| effect.severity == severity).count()
    }
}
