//! Findings as text for people: a line each, or with source frames if there are only a few.

use std::fmt::Write;

use super::merge::{self, Group, Merged};
use super::numbers::{counts, left_out};
use super::place::Places;
use super::{Checked, Findings, Judged, Remark, Repository, Subject, concise, full, verdicts};
use crate::error::Result;
use crate::harden::{Finding, SuppressedBy};
use crate::text::escape::{self, for_log};
use crate::text::phrase::counted;

/// Detail of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Source frames for a few findings, otherwise a line each.
    Fitting,
    /// A line each.
    Concise,
    /// Source frames, with reasons and advice.
    Full,
}

/// Maximum number of findings that [`Detail::Fitting`] draws with source frames.
const FEW: usize = 6;
/// Maximum number of findings with source frames. The others have a line each.
const MOST_DRAWN: usize = 100;
/// Maximum number of targets that have a line each if no table is asked for.
const FEW_TARGETS: usize = 3;
/// Number of bytes that are written at a time.
const CHUNK: usize = 1 << 16;

/// Destination of text for people.
pub trait Output {
    /// True if the destination shows colours.
    fn has_colours(&self) -> bool;

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

/// Writes the findings, each once with the targets that have it, errors first; then the verdict of each target, or with
/// `with_table` or many targets a table of those that do not pass, in lines of at most `width` characters; and the
/// remarks.
///
/// # Errors
/// Those of the destination.
pub fn write(
    findings: &Findings<'_>,
    detail: Detail,
    with_table: bool,
    width: Option<usize>,
    out: &mut dyn Output,
) -> Result<()> {
    let groups = merge::groups(findings.targets, &findings.places, Merged::is_open);
    let count: usize = groups.iter().map(|group| group.members.len()).sum();
    let is_full = match detail {
        Detail::Fitting => count <= FEW,
        Detail::Concise => false,
        Detail::Full => true,
    };
    write_groups(&groups, findings, is_full, out)?;
    let mut text = String::new();
    if with_table || findings.targets.len() > FEW_TARGETS {
        text += &verdicts::table(findings, &groups, width);
    } else {
        for judged in findings.targets {
            let _ = writeln!(text, "{}", escape::visible(&line(judged, findings)));
        }
    }
    if count > 0 {
        text += match is_full {
            true => "for details of a rule: `krender explain RULE`\n",
            false => {
                "for details of a rule: `krender explain RULE`; for sources and advice: `--format full`\n"
            }
        };
    }
    for Remark { severity, text: remark, .. } in &findings.context.remarks {
        let _ = writeln!(text, "{severity}: {}", escape::visible(remark));
    }
    out.plain(&for_log(&text))
}

fn write_groups(
    groups: &[Group<'_>],
    findings: &Findings<'_>,
    is_full: bool,
    out: &mut dyn Output,
) -> Result<()> {
    let (mut text, mut drawn, mut told) = (String::new(), 0, full::Told::default());
    let has_colours = out.has_colours();
    for group in groups {
        let next = drawn + group.members.len();
        if is_full && next <= MOST_DRAWN {
            drawn = next;
            full::draw(group, findings, &mut told, &mut text);
        } else {
            concise::write(group, findings, has_colours, &mut text);
        }
        if text.len() > CHUNK {
            out.drawn(&for_log(&text))?;
            text.clear();
        }
    }
    if !groups.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    out.drawn(&for_log(&text))
}

/// The verdict of a target: `prod: 2 errors, 1 warning in 5 objects, by recommended@v1.37`.
fn line(judged: &Judged, findings: &Findings<'_>) -> String {
    let target = &judged.target;
    let checked = match &judged.outcome {
        Ok(checked) => checked,
        Err(error) => {
            let what = match findings.context.subject {
                Subject::Objects => "checked",
                Subject::Kustomizations => "built",
            };
            return format!("{target}: not {what}: {}", error.message());
        }
    };
    let (count, profile) = (checked.resources.len(), findings.context.settings.facts.profile);
    let extent = match findings.context.subject {
        _ if checked.is_of_dockerfiles() => counted(count, "Dockerfile"),
        Subject::Objects => format!("{}, by {profile}", counted(count, "object")),
        Subject::Kustomizations => counted(count, "kustomization"),
    };
    format!("{target}: {} in {extent}", summary(checked))
}

/// Writes a finding as one line.
pub(super) fn write_line(
    finding: &Finding,
    places: &Places<'_>,
    repository: &Repository,
    out: &mut String,
) {
    let start = out.len();
    if let Some(place) = places.of(finding.span) {
        let (file, line, column) = (repository.path(place.name()), place.line, place.column);
        let _ = write!(out, "{file}:{line}:{column}: ");
    }
    let Finding { severity, rule, message, .. } = finding;
    let _ =
        write!(out, "{severity} {} {}: {}: {message}", rule.id(), rule.name(), finding.subject());
    escape::make_visible(out, start);
    out.push('\n');
}

/// Number of findings by severity: `2 errors, 1 warning (3 ignored)`.
fn summary(checked: &Checked) -> String {
    let accepted = |by: SuppressedBy| {
        let is_by =
            |finding: &&Finding| finding.suppressed.as_ref().is_some_and(|one| one.by == by);
        checked.findings.iter().filter(is_by).count()
    };
    let known = accepted(SuppressedBy::Revision);
    let ignored = checked.findings.len() - checked.open().count() - known;
    counts(checked.open()) + &left_out(ignored, known)
}
