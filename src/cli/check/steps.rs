//! Changes of hardening steps: those that a target had at a revision, and that were removed or changed since.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::targets::is_kustomization;
use crate::build;
use crate::cli::configuration::Base;
use crate::error::Result;
use crate::fleet::Run;
use crate::harden::{Finding, HARDENING_STEP_CHANGED, Severity};
use crate::load::Loader;
use crate::parallel::in_order;
use crate::plugin::Hardening;
use crate::report::findings::{Judged, Remark};

/// Context of the comparison.
pub(super) struct Steps<'a> {
    /// The revision to compare with.
    pub(super) base: &'a Base,
    pub(super) options: &'a build::Options,
    pub(super) loader: &'a Loader,
    /// Run over the current state.
    pub(super) run: &'a Run<'a>,
}

/// Hardening steps of a target before and now.
type Sides = [Vec<Arc<Hardening>>; 2];

impl Steps<'_> {
    /// Adds findings to the checked targets. Returns a remark for each target whose steps at the revision are unknown.
    pub(super) fn compare(&self, judged: &mut [Judged]) -> Vec<Remark> {
        let before = Run::new(&self.base.loader, self.options);
        let is_compared =
            |one: &&mut Judged| one.outcome.is_ok() && self.is_on_both_sides(&one.target);
        let mut judged: Vec<&mut Judged> = judged.iter_mut().filter(is_compared).collect();
        let names: Vec<String> = judged.iter().map(|one| one.target.clone()).collect();
        before.expect(&names);
        let work = |number: usize| self.sides(&names[number], &before);
        let mut remarks = Vec::new();
        in_order(names.len(), &self.options.threads, work, |number, sides| {
            let Judged { target, outcome, .. } = &mut *judged[number];
            match (sides, outcome) {
                (Ok(sides), Ok(checked)) => checked.findings.extend(self.findings(target, &sides)),
                (Ok(_), Err(_)) => {}
                (Err(error), _) => remarks.push(self.unknown(target, error.message())),
            }
            ControlFlow::Continue(())
        });
        remarks
    }

    fn is_on_both_sides(&self, target: &str) -> bool {
        is_kustomization(self.loader, target) && is_kustomization(&self.base.loader, target)
    }

    fn sides(&self, target: &str, before: &Run<'_>) -> Result<Sides> {
        let old = before.hardening(target)?;
        // A second build is only needed if there were steps.
        let new = if old.is_empty() { Vec::new() } else { self.run.hardening(target)? };
        Ok([old, new])
    }

    fn unknown(&self, target: &str, why: &str) -> Remark {
        let base = &self.base.name;
        let text = format!("the hardening steps of `{target}` at `{base}` are unknown: {why}");
        Remark::warning("targets", text)
    }

    fn findings(&self, target: &str, [before, after]: &Sides) -> Vec<Finding> {
        let is_same = |old: &Hardening, new: &Hardening| {
            old.field() == new.field() && old.text() == new.text()
        };
        let is_there = |old: &Hardening| {
            after.iter().any(|new| is_same(old, new) && old.directory() == new.directory())
        };
        let shown = |step: &Hardening| self.loader.display(step.directory());
        let finding = |old: &Arc<Hardening>| {
            let (title, base) = (old.title(), &self.base.name);
            let moved = after.iter().find(|new| is_same(old, new));
            let other = || after.iter().find(|new| new.title() == title);
            let (span, how) = match (moved, other()) {
                (Some(new), _) => {
                    let (here, there) = (shown(new), shown(old));
                    let text = format!("is listed in `{here}`, and was in `{there}` at `{base}`");
                    (self.run.place_of_steps(new.directory(), new.field()), text)
                }
                (None, Some(new)) => {
                    (new.span(), format!("has another configuration than at `{base}`"))
                }
                (None, None) => {
                    let text =
                        format!("was listed in `{}` at `{base}`, and is not now", shown(old));
                    (self.run.place_of_steps(old.directory(), old.field()), text)
                }
            };
            let message = format!("the {title} {how}");
            Finding::of_target(&HARDENING_STEP_CHANGED, target, message, Severity::Error, span)
        };
        before.iter().filter(|old| !is_there(old)).map(finding).collect()
    }
}
