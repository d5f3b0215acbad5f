//! Counts of a review. All of them count objects in targets: an object of a base counts in each overlay.

use serde::Serialize;

use super::{Effect, Object, Review, Status, Turned, TurnedFinding};
use crate::harden::Severity;
use crate::harden::differences::{
    AVAILABILITY_REDUCED, DATA_AT_RISK, DEFINITION_NARROWED, IMAGE_VERSION, QOS_CHANGED,
};

/// Counts of a review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Number of targets that were compared or failed.
    pub targets: usize,
    /// Number of targets that differ.
    pub different: usize,
    /// Number of targets that could not be rendered.
    pub failed: usize,
    /// Number of those that failed in the same way before the change.
    pub failed_alike: usize,
    /// Number of new objects.
    pub added: usize,
    /// Number of removed objects.
    pub removed: usize,
    /// Number of objects with changed fields or names.
    pub changed: usize,
    /// Number of workloads that restart.
    pub restarted: usize,
    /// Number of objects that must be recreated.
    pub recreated: usize,
    /// Number of objects whose removal loses data.
    pub lost: usize,
    /// Number of objects that give rights in the cluster.
    pub granted: usize,
    /// Number of objects by which something can be reached from more places.
    pub exposed: usize,
    /// Number of objects with a looser Pod Security level or less protection, as `--fail-on loosened` counts them.
    pub loosened: usize,
    /// Number of those with a looser Pod Security level.
    pub looser: usize,
    /// Number of those with less protection.
    pub weakened: usize,
    /// Number of objects whose data is at risk.
    pub at_risk: usize,
    /// Number of definitions that serve less.
    pub broken: usize,
    /// Number of objects by which fewer copies run or are protected.
    pub less_available: usize,
    /// Number of objects whose pods are evicted earlier, and of resources of which a namespace requests over 20 % more.
    pub resources: usize,
    /// Number of objects with an image of another major version, a lower one, or of a tag that moves.
    pub versions: usize,
    /// Number of targets that moved to a path of another stage.
    pub other_stage: usize,
    /// Number of findings of `check` that are new; 0 without `--findings`.
    pub new_findings: usize,
    /// Number of findings that are accepted only now.
    pub accepted_findings: usize,
    /// Number of findings that are resolved.
    pub resolved_findings: usize,
    /// Number of objects with a tighter Pod Security level.
    pub tightened: usize,
}

impl Review {
    /// The counts.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { targets: self.targets.len(), ..Summary::default() };
        for target in &self.targets {
            summary.failed += usize::from(matches!(target.status, Status::Failed(_)));
            summary.failed_alike += usize::from(target.status.is_failed_alike());
            summary.different +=
                usize::from(!matches!(target.status, Status::Failed(_) | Status::Same));
            target.objects.iter().for_each(|object| summary.count(object));
            summary.resources += target.growth.len();
            summary.other_stage += usize::from(target.stage_before().is_some());
            for finding in &target.findings {
                *match finding.turned {
                    TurnedFinding::New => &mut summary.new_findings,
                    TurnedFinding::Accepted => &mut summary.accepted_findings,
                    TurnedFinding::Resolved => &mut summary.resolved_findings,
                } += 1;
            }
        }
        summary
    }
}

impl Summary {
    fn count(&mut self, object: &Object) {
        let number = match &object.ids {
            [Some(_), Some(_)] => &mut self.changed,
            [Some(_), None] => &mut self.removed,
            [None, _] => &mut self.added,
        };
        *number += 1;
        let has = |wanted: fn(&Effect) -> bool| usize::from(object.effects.iter().any(wanted));
        self.restarted += has(|effect| matches!(effect, Effect::Restarted(_)));
        self.recreated += has(|effect| matches!(effect, Effect::Recreated(_)));
        self.lost += has(|effect| matches!(effect, Effect::Lost(_)));
        self.granted += has(Effect::is_granted);
        self.exposed += has(Effect::is_exposed);
        self.loosened += has(Effect::is_loosened);
        self.looser += has(Effect::is_looser);
        self.weakened += has(|effect| effect.is_loosened() && !effect.is_looser());
        self.at_risk += has(|effect| effect.rule() == Some(&DATA_AT_RISK));
        self.broken += has(|effect| effect.rule() == Some(&DEFINITION_NARROWED));
        self.less_available += has(|effect| effect.rule() == Some(&AVAILABILITY_REDUCED));
        self.resources += has(|effect| effect.rule() == Some(&QOS_CHANGED));
        self.versions += has(|effect| match effect {
            // An image under another name is a note.
            Effect::Judged(judgement) => {
                judgement.rule == &IMAGE_VERSION && judgement.severity != Severity::Note
            }
            _ => false,
        });
        // The pods of a removed object are not tighter.
        if object.ids[1].is_some() {
            self.tightened += has(|effect| effect.turns(Turned::Tighter));
        }
    }
}
