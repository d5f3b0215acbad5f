//! `krender diff --fail-on`: the differences that end in exit code 1.

use clap::ValueEnum;

use crate::diff::{Effect, Object, Review, TurnedFinding};

/// Kind of differences to fail on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Pods or namespaces that are less restricted, lost probes and limits, and with `--findings` new findings
    Loosened,
    /// Roles and bindings that give rights
    Granted,
    /// Services, routes and network policies that expose more
    Exposed,
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
            Self::Loosened => {
                let mut findings = review.targets.iter().flat_map(|target| &target.findings);
                findings.any(|one| one.turned != TurnedFinding::Resolved)
                    || any(|object| object.effects.iter().any(Effect::is_loosened))
            }
            Self::Granted => any(|object| object.effects.iter().any(Effect::is_granted)),
            Self::Exposed => any(|object| object.effects.iter().any(Effect::is_exposed)),
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
