//! Output of findings: as text for people, or in formats for other programs.
//!
//! All formats are written piece by piece: ten thousand pods have a hundred thousand findings.

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

/// A target, and the outcome of its check.
pub(super) struct Judged {
    /// Name of the target, as given.
    pub(super) target: String,
    /// Its findings, or the error if it could not be rendered.
    pub(super) outcome: Result<Checked>,
}

/// The objects of a target, and the findings about them.
pub(super) struct Checked {
    /// Rendered objects.
    pub(super) resources: ResMap,
    /// Number of pods and pod templates among them.
    pub(super) pods: usize,
    /// Findings about them.
    pub(super) findings: Vec<Finding>,
}

/// A statement about the run as a whole, in addition to its findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) severity: Severity,
    /// Its topic: `configuration`, `baseline`, `targets`, `inputs`.
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

/// Facts about a run that apply to all its targets.
pub(super) struct Context {
    pub(super) settings: Settings,
    /// The configuration in force, with its revision if it is from one.
    pub(super) configuration: Option<String>,
    /// Rules that the configuration and the flags disable or lower.
    pub(super) lowerings: Vec<Lowering>,
    /// Kustomizations that are not checked, with the reason.
    pub(super) passed_over: Vec<(String, String)>,
    pub(super) remarks: Vec<Remark>,
}

/// True if a target failed because a validator of its kustomization found violations of rules.
pub(super) fn are_findings(error: &Error) -> bool {
    error.iter().all(|error| error.code() == Code::RuleViolated)
}

impl Checked {
    /// Findings that are not suppressed.
    pub(super) fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }

    /// Suppresses findings by fingerprint, each as often as the map says.
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

/// A hash that stays the same as long as the finding does.
fn fingerprint(finding: &Finding, resources: &ResMap) -> String {
    let object = resources.get(finding.place);
    object.map(|object| finding.fingerprint(object)).unwrap_or_default()
}

/// Output format of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Text with source frames, for people
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// `JUnit` XML, with a suite per target
    Junit,
}

/// Targets that could be rendered, with their findings.
fn checked(judged: &[Judged]) -> impl Iterator<Item = (&str, &Checked)> {
    judged.iter().filter_map(|one| Some((&*one.target, one.outcome.as_ref().ok()?)))
}

/// Writes findings to standard output or to a file; text for people is followed by a table of all targets if `verdicts`
/// are wanted.
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
        // Writing to a `Vec` cannot fail.
        (_, Some(_)) => drop(data(&mut written)),
    }
    load::clean_up_on_signals();
    file.map_or(Ok(()), |file| load::write(file.as_ref(), &[&written]))
}

/// Destination of text for people.
trait Page {
    /// Writes text with ANSI colours, which are removed if the destination does not show them.
    fn drawn(&mut self, text: &str) -> Result<()>;
    /// Writes text without colours.
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
