//! Findings as they are written: drawn for people, or in the forms that other programs read.
//!
//! All forms are written piece by piece: ten thousand pods have a hundred thousand findings.

mod github;
mod json;
mod junit;
mod place;
mod sarif;
mod text;

use std::collections::BTreeSet;

use clap::ValueEnum;

use crate::error::Result;
use crate::harden::{Finding, Rule, Settings, SuppressedBy, Suppression};
use crate::resource::ResMap;
use crate::source::Sources;
use place::Places;

pub(super) use json::Operations;

/// What was judged, and what was found.
pub(super) struct Checked {
    /// The target as it was named.
    pub(super) target: String,
    /// What it renders to.
    pub(super) resources: ResMap,
    /// What was found about that.
    pub(super) findings: Vec<Finding>,
}

impl Checked {
    /// The findings that nobody accepts.
    pub(super) fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }

    /// Accepts the findings of these fingerprints.
    pub(super) fn accept(&mut self, fingerprints: &BTreeSet<String>) {
        if fingerprints.is_empty() {
            return;
        }
        for finding in self.findings.iter_mut().filter(|one| one.suppressed.is_none()) {
            if fingerprints.contains(&fingerprint(finding, &self.resources)) {
                let (by, reason) = (SuppressedBy::Baseline, String::new());
                finding.suppressed = Some(Suppression { by, reason });
            }
        }
    }
}

/// What stays the same while a finding does.
fn fingerprint(finding: &Finding, resources: &ResMap) -> String {
    let object = resources.get(finding.place);
    object.map(|object| finding.fingerprint(object)).unwrap_or_default()
}

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Drawn for people
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Commands of GitHub Actions
    Github,
    /// `JUnit` XML, a suite for each target
    Junit,
}

/// Writes findings to standard output.
///
/// # Errors
/// [`crate::error::Code::WriteFailed`].
pub(super) fn write(
    form: Form,
    checked: &[Checked],
    settings: &Settings,
    sources: &Sources,
) -> Result<()> {
    let places = Places::new(sources);
    match form {
        Form::Text => text::print(checked, settings, &places),
        Form::Json => super::print_by(|out| json::write(checked, settings, &places, out)),
        Form::Sarif => super::print_by(|out| sarif::write(checked, &places, out)),
        Form::Github => super::print_by(|out| github::write(checked, &places, out)),
        Form::Junit => super::print_by(|out| junit::write(checked, &places, out)),
    }
}

/// Id and name of a rule.
pub(super) fn title(rule: &Rule) -> String {
    format!("{} {}", rule.id, rule.name)
}
