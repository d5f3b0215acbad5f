//! `krender diff --fail-on`: the differences that end in exit code 1.

use clap::ValueEnum;

use crate::diff::{Review, Summary};

/// Kind of differences to fail on, in the words of reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// LOOSER, WEAKER: pods or namespaces that are less restricted, lost probes and limits, and with `--findings` new findings
    Loosened,
    /// GRANTS: roles and bindings that give rights
    Granted,
    /// EXPOSES: Services, routes and network policies that expose more
    Exposed,
    /// Removed objects
    Removed,
    /// Objects that must be recreated, or whose removal loses data
    Recreate,
    /// LOST: objects whose removal loses data
    Lost,
    /// DATA AT RISK: claims that shrink, volumes that lead elsewhere or are deleted with their claim
    AtRisk,
    /// BREAKS: definitions that serve less
    Breaks,
    /// LESS AVAILABLE: no or a single copy, or disruption budgets that protect less
    LessAvailable,
    /// RESOURCES: pods that are evicted earlier, namespaces that request over 20 % more
    Resources,
    /// VERSION: images of another major version, of a lower one, or of a tag that moves
    Version,
    /// OTHER STAGE: targets that moved to a path of another stage
    OtherStage,
    /// Workloads that restart
    Restart,
    /// Targets that cannot be rendered, also if they failed before
    Error,
    /// Any difference
    Any,
}

impl FailOn {
    /// True if a review has such a difference. `summary` has its counts.
    pub(super) fn is_in(self, review: &Review, summary: &Summary) -> bool {
        let count = match self {
            Self::Loosened => summary.loosened + summary.new_findings + summary.accepted_findings,
            Self::Granted => summary.granted,
            Self::Exposed => summary.exposed,
            Self::Removed => summary.removed,
            Self::Recreate => summary.recreated + summary.lost,
            Self::Lost => summary.lost,
            Self::AtRisk => summary.at_risk,
            Self::Breaks => summary.broken,
            Self::LessAvailable => summary.less_available,
            Self::Resources => summary.resources,
            Self::Version => summary.versions,
            Self::OtherStage => summary.other_stage,
            Self::Restart => summary.restarted,
            Self::Error => summary.failed,
            Self::Any => return review.is_different(),
        };
        count > 0
    }
}
