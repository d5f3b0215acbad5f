//! `--git REV`: findings that a target had at the revision already are not shown again.

use std::collections::{BTreeMap, BTreeSet};

use super::compared::Compared;
use super::dockerfiles::Dockerfiles;
use super::inputs::Inputs;
use super::targets::is_kustomization;
use crate::cli::configuration::Base;
use crate::fleet::Run;
use crate::harden::{
    self, Easing, Evidence, Finding, Settings, Severity, SuppressedBy, Suppression,
};
use crate::load::Kind;
use crate::report::findings::{Checked, Judged, Remark};
use crate::resource::Resource;

/// Number of findings at a revision, by target, fingerprint and values.
pub(in crate::cli) struct Known {
    revision: String,
    targets: BTreeMap<String, Counts>,
    /// The targets with an object that only `OpenShift` accepts.
    of_openshift: BTreeSet<String>,
    /// The evidence that lowers severities, by target.
    evidence: BTreeMap<String, Evidence>,
}

/// Number of findings by fingerprint and values.
type Counts = BTreeMap<String, Compared<Count>>;

/// Number of findings with the same fingerprint and values.
#[derive(Clone, Copy, Default)]
struct Count {
    /// By severity, the lowest first.
    open: [usize; 3],
    accepted: usize,
}

impl Count {
    /// Takes an open finding that was as severe, or more.
    fn take_open(&mut self, severity: Severity) -> bool {
        let left = self.open.iter_mut().skip(severity as usize).find(|left| **left > 0);
        left.is_some_and(|left| {
            *left -= 1;
            true
        })
    }

    fn take_accepted(&mut self) -> bool {
        let is_left = self.accepted > 0;
        self.accepted -= usize::from(is_left);
        is_left
    }
}

impl Known {
    /// Checks the targets, as far as they exist there, at a revision. Findings that are accepted there count apart: they
    /// are new if they are not accepted any more. Dockerfiles are compared, too. Returns a remark for each target that
    /// cannot be checked there.
    pub(super) fn at(
        base: &Base,
        judged: &[Judged],
        dockerfiles: Option<&Dockerfiles>,
        now: &Inputs<'_>,
    ) -> (Self, Vec<Remark>) {
        let Inputs { loader, settings, .. } = *now;
        let run = Run::new(&base.loader, now.run.options());
        let is_there = |one: &&Judged| {
            let target = &*one.target;
            let is_file = || base.loader.kind(target) == Kind::File;
            let is_directory = || {
                base.loader.kind(target) == Kind::Directory
                    // Otherwise they are manifests now.
                    && is_kustomization(&base.loader, target) == is_kustomization(loader, target)
            };
            one.outcome.is_ok() && target != "-" && (is_file() || is_directory())
        };
        let names: Vec<String> =
            judged.iter().filter(is_there).map(|one| one.target.clone()).collect();
        let appliers = appliers(judged, &run, now.trees, &names);
        let inputs = Inputs {
            loader: &base.loader,
            run: &run,
            appliers: &appliers,
            keeps_evidence: true,
            allow_empty: true,
            ..*now
        };
        let (mut before, _) = inputs.judge(&names);
        let (mut targets, mut remarks) = (BTreeMap::new(), Vec::new());
        let mut evidence = BTreeMap::new();
        let is_of_openshift = |one: &&Judged| of_openshift(one).is_some();
        let of_openshift = before.iter().filter(is_of_openshift);
        let of_openshift = of_openshift.map(|one| one.target.clone()).collect();
        let found = dockerfiles.map(|found| found.at(&base.loader));
        let more = found.map(|found| found?.judge(&base.loader, &before, settings));
        match more {
            None => {}
            Some(Ok((more, _))) => before.extend(more),
            Some(Err(error)) => before.push(Judged {
                target: "Dockerfiles".to_owned(),
                file: None,
                outcome: Err(error),
            }),
        }
        for Judged { target, outcome, .. } in before {
            match outcome {
                Ok(checked) => {
                    let mut found = checked.evidence.clone();
                    found.add_eased(&checked.findings, &checked.resources);
                    evidence.insert(target.clone(), found);
                    let counts: &mut Counts = targets.entry(target).or_default();
                    for finding in &checked.findings {
                        let known = counts.entry(checked.fingerprint(finding)).or_default();
                        let count = known.of(Some(checked.values(finding)));
                        match finding.suppressed {
                            None => count.open[finding.severity as usize] += 1,
                            Some(_) => count.accepted += 1,
                        }
                    }
                }
                Err(error) => {
                    let revision = &base.name;
                    let text = format!(
                        "the findings of `{target}` at `{revision}` are unknown, so that all are shown: {}",
                        error.message()
                    );
                    remarks.push(Remark::warning("targets", text));
                }
            }
        }
        (Self { revision: base.name.clone(), targets, of_openshift, evidence }, remarks)
    }

    /// The revision.
    pub(super) fn revision(&self) -> &str {
        &self.revision
    }

    /// The revision, unless a target has an object there that only `OpenShift` accepts.
    pub(super) fn revision_before_openshift(&self, target: &str) -> Option<&str> {
        (!self.of_openshift.contains(target)).then_some(&self.revision)
    }

    /// The findings of a target whose severity something lowers that was not there at the revision.
    pub(super) fn unproved(
        &self,
        target: &str,
        checked: &Checked,
        settings: &Settings,
    ) -> Vec<usize> {
        let none = Evidence::default();
        let evidence = self.evidence.get(target).unwrap_or(&none);
        let evidence = evidence.for_later(&checked.resources, settings);
        let is_unproved = |finding: &Finding| {
            let Some(by) = finding.lowered().map(|eased| eased.by) else { return false };
            let object = checked.resources.get(finding.place);
            object.is_some_and(|object| !evidence.lowers(finding, object, by))
        };
        let findings = checked.findings.iter().enumerate();
        findings.filter(|(_, one)| is_unproved(one)).map(|(place, _)| place).collect()
    }

    /// The indices of findings of a target that annotations and comments accept, and that it did not have at the revision,
    /// neither as severe and open nor accepted.
    pub(super) fn newly_accepted(&self, target: &str, checked: &Checked) -> Vec<usize> {
        let is_in_source = |place: &usize| {
            let by = checked.findings[*place].suppressed.as_ref();
            by.is_some_and(|by| by.by.is_in_source())
        };
        let places = 0..checked.findings.len();
        let (mut accepted, others): (Vec<_>, Vec<_>) = places.partition(is_in_source);
        let before = self.targets.get(target).filter(|_| !accepted.is_empty());
        let mut left = before.cloned().unwrap_or_default();
        let mut is_known = |place: usize, may_be_open: bool, may_be_accepted: bool| {
            let finding = &checked.findings[place];
            left.get_mut(&checked.fingerprint(finding)).is_some_and(|known| {
                known.take(checked.values(finding), |count| {
                    may_be_accepted && count.take_accepted()
                        || may_be_open && count.take_open(finding.severity)
                })
            })
        };
        for place in others {
            let is_open = checked.findings[place].suppressed.is_none();
            is_known(place, is_open, !is_open);
        }
        accepted.retain(|place| !is_known(*place, true, true));
        accepted
    }

    /// Accepts the findings that the target had at the revision, each as often as there: one that was less severe is new.
    pub(in crate::cli) fn accept(&self, target: &str, checked: &mut Checked) {
        let Some(mut left) = self.targets.get(target).cloned() else { return };
        for place in 0..checked.findings.len() {
            let finding = &checked.findings[place];
            if finding.suppressed.is_some() {
                continue;
            }
            let known = left.get_mut(&checked.fingerprint(finding));
            let take = |count: &mut Count| count.take_open(finding.severity);
            if known.is_some_and(|known| known.take(checked.values(finding), take)) {
                let reason = format!("it is there at `{}` too", self.revision);
                let by = SuppressedBy::Revision;
                checked.findings[place].suppressed = Some(Box::new(Suppression { by, reason }));
            }
        }
    }
}

/// The targets of trees at a revision, without some, if the folder of a trial lowers something now: what is applied for
/// production there is no trial, even if the change removes what applies it.
fn appliers(judged: &[Judged], run: &Run<'_>, trees: &[String], without: &[String]) -> Vec<String> {
    let findings = judged.iter().flat_map(|one| &one.outcome).flat_map(|one| &one.findings);
    if !findings.filter_map(Finding::lowered).any(|eased| eased.by == Easing::Trial) {
        return Vec::new();
    }
    let without: BTreeSet<&String> = without.iter().collect();
    // A tree that is not there has none.
    let targets = trees.iter().filter_map(|tree| run.targets(tree).ok()).flatten();
    let targets = targets.filter(|one| one.refused.is_none()).map(|one| one.directory);
    targets.filter(|one| !without.contains(one)).collect()
}

/// The first object of a target that only `OpenShift` accepts.
pub(super) fn of_openshift(one: &Judged) -> Option<&Resource> {
    harden::of_openshift(&one.outcome.as_ref().ok()?.resources)
}
