//! `krender diff --fail-on`: the differences that end in exit code 1.

use clap::ValueEnum;

use crate::diff::{Effect, Object, Review};

/// Kind of differences to fail on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Pods with a looser Pod Security level
    Loosened,
    /// Removed objects
    Removed,
    /// Objects that must be recreated, or whose removal loses data
    Recreate,
    /// Targets that cannot be rendered, also if they failed before
    Error,
    /// Any difference
    Any,
}

impl FailOn {
    /// True if a review has such a difference.
    pub(super) fn is_in(self, review: &Review) -> bool {
        let any = |test: fn(&Object) -> bool| {
            review.targets.iter().flat_map(|target| &target.objects).any(test)
        };
        match self {
            Self::Loosened => any(|object| object.effects.iter().any(Effect::is_looser)),
            Self::Removed => any(|object| object.ids[1].is_none()),
            Self::Recreate => any(|object| {
                let mut effects = object.effects.iter();
                effects.any(|effect| matches!(effect, Effect::Recreated(_) | Effect::Lost(_)))
            }),
            Self::Error => review.summary().failed > 0,
            Self::Any => review.is_different(),
        }
    }
}
