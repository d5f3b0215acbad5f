//! Findings as text: the first ones with source frames, the others with a line each.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::place::Places;
use super::{Checked, Findings, Remark, Subject, verdicts};
use crate::error::{Error, Result};
use crate::harden::{Finding, Severity};
use crate::report::errors::human;
use crate::resource::secret::Shield;
use crate::source::Sources;
use crate::text::escape::{self, for_log};
use crate::text::phrase::counted;

/// Maximum number of findings with source frames. The others have a line each.
const MOST_DRAWN: usize = 100;

/// Destination of text for people.
pub trait Output {
    /// Writes text with ANSI colours, which are removed if the destination does not show them.
    ///
    /// # Errors
    /// Those of the destination.
    fn drawn(&mut self, text: &str) -> Result<()>;

    /// Writes text without colours.
    ///
    /// # Errors
    /// Those of the destination.
    fn plain(&mut self, text: &str) -> Result<()>;
}

/// Writes the findings of each target, followed by their number. Ends with a table of all targets, if it gets the width
/// of one, and with the remarks.
///
/// # Errors
/// Those of the destination.
pub fn write(findings: &Findings<'_>, table: Option<usize>, out: &mut dyn Output) -> Result<()> {
    write_targets(findings, out)?;
    if let Some(width) = table {
        out.plain(&for_log(&format!("\n{}", verdicts::table(findings, width))))?;
    }
    for Remark { severity, text, .. } in &findings.context.remarks {
        out.plain(&for_log(&format!("{severity}: {}\n", escape::visible(text))))?;
    }
    Ok(())
}

fn write_targets(findings: &Findings<'_>, out: &mut dyn Output) -> Result<()> {
    let places = &findings.places;
    let sources = places.sources;
    let (mut drawn, mut told, shield) = (0, BTreeSet::new(), Shield::default());
    for (target, one) in findings.checked() {
        // Only frames have colours.
        let (mut drawings, mut lines) = (String::new(), String::new());
        for finding in one.open() {
            if drawn < MOST_DRAWN {
                drawn += 1;
                let error = told_once(finding, target, &mut told, sources);
                drawings += &human::finding(finding.severity, &error, sources, &shield);
                drawings.push('\n');
            } else {
                write_line(finding, places, &mut lines);
            }
        }
        if !lines.is_empty() {
            lines.push('\n');
        }
        let (count, profile) = (one.resources.len(), findings.context.settings.facts.profile);
        let extent = match findings.context.subject {
            _ if one.is_of_dockerfiles() => counted(count, "Dockerfile"),
            Subject::Objects => format!("{}, by {profile}", counted(count, "object")),
            Subject::Kustomizations => counted(count, "kustomization"),
        };
        let _ = writeln!(lines, "{}: {} in {extent}", escape::visible(target), summary(one));
        out.drawn(&for_log(&drawings))?;
        out.plain(&for_log(&lines))?;
    }
    match drawn {
        0 => Ok(()),
        _ => out.plain("for details of a rule: `krender explain RULE`\n"),
    }
}

/// A finding drawn like a failure. The reason for a rule is given only once.
fn told_once(
    finding: &Finding,
    target: &str,
    told: &mut BTreeSet<&'static str>,
    sources: &Sources,
) -> Error {
    let file = |span| sources.source_of(span).map(|source| source.id());
    let mut error = finding.failure();
    if file(finding.span) != file(finding.object_span) && !finding.object_span.is_none() {
        error = error.note(finding.object_span, format!("the {}", finding.object.gvk.kind));
    }
    if finding.span.is_none() {
        error = error.step(format!("in what `{target}` renders to"));
    }
    if told.insert(finding.rule.id) {
        error = error.step(finding.rule.why());
    }
    error
}

/// Writes a finding as one line.
pub(super) fn write_line(finding: &Finding, places: &Places<'_>, out: &mut String) {
    let start = out.len();
    if let Some(place) = places.of(finding.span) {
        let _ = write!(out, "{place}: ");
    }
    let Finding { severity, rule, message, .. } = finding;
    let _ = write!(out, "{severity} {} {}: {}: {message}", rule.id, rule.name, finding.subject());
    if let std::borrow::Cow::Owned(visible) = escape::visible(&out[start..]) {
        out.truncate(start);
        out.push_str(&visible);
    }
    out.push('\n');
}

/// Number of findings by severity: `2 errors, 1 warning`.
fn summary(checked: &Checked) -> String {
    let count = |severity| checked.open().filter(|one| one.severity == severity).count();
    let counts = [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| (count(severity), severity));
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| counted(count, severity.as_str()))
        .collect();
    let ignored = checked.findings.len() - checked.open().count();
    let ignored = if ignored > 0 { format!(" ({ignored} ignored)") } else { String::new() };
    let counts = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    counts + &ignored
}
