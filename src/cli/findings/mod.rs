//! Findings as they are written: drawn for people, or in the forms that other programs read.
//!
//! All forms are written piece by piece: ten thousand pods have a hundred thousand findings.

mod github;
mod json;
mod junit;
mod place;
mod sarif;
mod text;
mod verdicts;

use std::collections::BTreeMap;
use std::io;

use clap::ValueEnum;

use super::report;
use crate::error::{Code, Error, Result};
use crate::harden::{Finding, Lowering, Settings, Severity, SuppressedBy, Suppression};
use crate::load;
use crate::resource::ResMap;
use crate::source::Sources;
use crate::text::escape;

use place::Places;

pub(super) use json::{Operations, as_json};

/// A target, and what came of it.
pub(super) struct Judged {
    /// The target as it was named.
    pub(super) target: String,
    /// What was found, or why it could not be rendered.
    pub(super) outcome: Result<Checked>,
}

/// What was judged, and what was found.
pub(super) struct Checked {
    /// What the target renders to.
    pub(super) resources: ResMap,
    /// How many pods and templates of pods are in that.
    pub(super) pods: usize,
    /// What was found about that.
    pub(super) findings: Vec<Finding>,
}

/// Something to say of a run as a whole, beside its findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) severity: Severity,
    /// What it is about: `configuration`, `baseline`, `targets`, `inputs`.
    pub(super) topic: &'static str,
    pub(super) text: String,
}

impl Remark {
    pub(super) const fn note(topic: &'static str, text: String) -> Self {
        Self { severity: Severity::Note, topic, text }
    }

    pub(super) const fn warning(topic: &'static str, text: String) -> Self {
        Self { severity: Severity::Warning, topic, text }
    }
}

/// What holds for all targets of a run.
pub(super) struct Context {
    pub(super) settings: Settings,
    /// The configuration in force, with its revision if it is from one.
    pub(super) configuration: Option<String>,
    /// What that and the flags switch off or lower.
    pub(super) lowerings: Vec<Lowering>,
    /// Kustomizations that are not judged, and why.
    pub(super) passed_over: Vec<(String, String)>,
    pub(super) remarks: Vec<Remark>,
}

/// Whether a target failed because it violates rules: its kustomization has a validator that says so.
pub(super) fn are_findings(error: &Error) -> bool {
    error.iter().all(|error| error.code() == Code::RuleViolated)
}

impl Checked {
    /// The findings that nobody accepts.
    pub(super) fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }

    /// Accepts the findings of these fingerprints, each as often as it was there.
    pub(super) fn accept(&mut self, fingerprints: &mut BTreeMap<String, usize>) {
        for finding in self.findings.iter_mut().filter(|one| one.suppressed.is_none()) {
            let accepted = fingerprints.get_mut(&fingerprint(finding, &self.resources));
            if let Some(left) = accepted.filter(|left| **left > 0) {
                *left -= 1;
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

/// What can be rendered, with the targets.
fn checked(judged: &[Judged]) -> impl Iterator<Item = (&str, &Checked)> {
    judged.iter().filter_map(|one| Some((&*one.target, one.outcome.as_ref().ok()?)))
}

/// Writes findings to standard output or to a file; behind the text for people a table of all targets, if it is wanted.
///
/// # Errors
/// [`crate::error::Code::WriteFailed`].
pub(super) fn write(
    form: Form,
    judged: &[Judged],
    context: &Context,
    sources: &Sources,
    with_table: bool,
    file: Option<&str>,
) -> Result<()> {
    let places = Places::new(sources);
    let data = |out: &mut dyn io::Write| match form {
        Form::Text => Ok(()),
        Form::Json => json::write(judged, context, &places, out),
        Form::Sarif => sarif::write(judged, context, &places, out),
        Form::Github => github::write(judged, context, &places, out),
        Form::Junit => junit::write(judged, context, &places, out),
    };
    let text = |page: &mut dyn Page| {
        text::write(judged, &context.settings, &places, page)?;
        if with_table {
            let table = verdicts::table(judged, &context.settings, &places, report::width());
            page.plain(&format!("\n{table}"))?;
        }
        for Remark { severity, text, .. } in &context.remarks {
            page.plain(&format!("{severity}: {}\n", escape::visible(text)))?;
        }
        Ok(())
    };
    let mut written = Vec::new();
    match (form, file) {
        (Form::Text, None) => return text(&mut Screen),
        (Form::Text, Some(_)) => text(&mut written)?,
        (_, None) => return super::print_by(|out| data(out)),
        // Memory takes everything.
        (_, Some(_)) => drop(data(&mut written)),
    }
    load::clean_up_on_signals();
    file.map_or(Ok(()), |file| load::write(file.as_ref(), &[&written]))
}

/// Where text for people goes.
trait Page {
    /// Writes what has colours in it, as far as they are seen here.
    fn drawn(&mut self, text: &str) -> Result<()>;
    /// Writes what has none.
    fn plain(&mut self, text: &str) -> Result<()>;
}

/// Standard output.
struct Screen;

impl Page for Screen {
    fn drawn(&mut self, text: &str) -> Result<()> {
        report::print(text)
    }

    fn plain(&mut self, text: &str) -> Result<()> {
        super::print(&escape::for_log(text))
    }
}

/// A file.
impl Page for Vec<u8> {
    fn drawn(&mut self, text: &str) -> Result<()> {
        self.plain(&report::without_colours(text))
    }

    fn plain(&mut self, text: &str) -> Result<()> {
        self.extend_from_slice(escape::for_log(text).as_bytes());
        Ok(())
    }
}
