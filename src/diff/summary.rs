//! Counts of a review. All of them count objects in targets: an object of a base counts in each overlay.

use serde::Serialize;

use super::{Effect, Object, Review, Status, Turned};

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
    /// Number of objects with a looser Pod Security level.
    pub loosened: usize,
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
        self.loosened += has(|effect| effect.turns(Turned::Looser));
        // The pods of a removed object are not tighter.
        if object.ids[1].is_some() {
            self.tightened += has(|effect| effect.turns(Turned::Tighter));
        }
    }
}
