//! `--git REV`: findings that a target had at the revision already are not shown again.

use std::collections::{BTreeMap, BTreeSet};

use super::dockerfiles::Dockerfiles;
use super::inputs::Inputs;
use super::targets::is_kustomization;
use crate::build;
use crate::cli::configuration::Base;
use crate::fleet::Run;
use crate::harden::{self, Settings, SuppressedBy, Suppression};
use crate::load::{Kind, Loader};
use crate::report::findings::{Checked, Judged, Remark};
use crate::resource::Resource;

/// Number of findings at a revision, by target and fingerprint.
pub(in crate::cli) struct Known {
    revision: String,
    targets: BTreeMap<String, BTreeMap<String, usize>>,
    /// The targets with an object that only `OpenShift` accepts.
    of_openshift: BTreeSet<String>,
}

impl Known {
    /// Checks the targets, as far as they exist there, at a revision. Findings that are accepted there do not count: they
    /// are new if they are not accepted any more. Dockerfiles are compared, too. Returns a remark for each target that
    /// cannot be checked there.
    pub(super) fn at(
        base: &Base,
        judged: &[Judged],
        dockerfiles: Option<&Dockerfiles>,
        settings: &Settings,
        options: &build::Options,
        loader: &Loader,
    ) -> (Self, Vec<Remark>) {
        let run = Run::new(&base.loader, options);
        let inputs =
            Inputs { loader: &base.loader, run: &run, settings, trees: &[], allow_empty: true };
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
        let (mut before, _) = inputs.judge(&names);
        let (mut targets, mut remarks) = (BTreeMap::new(), Vec::new());
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
                    let counts: &mut BTreeMap<String, usize> = targets.entry(target).or_default();
                    for finding in checked.open() {
                        *counts.entry(checked.fingerprint(finding)).or_default() += 1;
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
        (Self { revision: base.name.clone(), targets, of_openshift }, remarks)
    }

    /// The revision, if a target was there without an object that only `OpenShift` accepts.
    pub(super) fn revision_before_openshift(&self, target: &str) -> Option<&str> {
        let was_other = self.targets.contains_key(target) && !self.of_openshift.contains(target);
        was_other.then_some(&self.revision)
    }

    /// Accepts the findings that the target had at the revision, each as often as there.
    pub(in crate::cli) fn accept(&self, target: &str, checked: &mut Checked) {
        let Some(mut left) = self.targets.get(target).cloned() else { return };
        for place in 0..checked.findings.len() {
            let finding = &checked.findings[place];
            if finding.suppressed.is_some() {
                continue;
            }
            let known = left.get_mut(&checked.fingerprint(finding));
            if let Some(count) = known.filter(|count| **count > 0) {
                *count -= 1;
                let reason = format!("it is there at `{}` too", self.revision);
                let by = SuppressedBy::Revision;
                checked.findings[place].suppressed = Some(Suppression { by, reason });
            }
        }
    }
}

/// The first object of a target that only `OpenShift` accepts.
pub(super) fn of_openshift(one: &Judged) -> Option<&Resource> {
    harden::of_openshift(&one.outcome.as_ref().ok()?.resources)
}
