//! The table of verdicts: a row for each target that does not pass, with its worst finding.

use std::fmt::Write;

use super::merge::Group;
use super::numbers::{counts, left_out};
use super::{Findings, Judged, Subject, are_findings};
use crate::harden::{FailOn, Finding, Severity, SuppressedBy};
use crate::text::escape;
use crate::text::phrase::{counted, shortened};

/// Minimum width of a reason, in characters.
const NARROWEST: usize = 24;

/// A row of the table.
struct Row<'a> {
    target: &'a str,
    /// Numbers of pods, errors, warnings and notes; empty if it was not rendered.
    numbers: [String; 4],
    reason: String,
}

/// Verdict of a target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passes,
    Fails,
    NotRendered,
}

/// A row for each target that does not pass, and the numbers of targets and findings. Reasons are shortened to make lines
/// at most `width` characters long, but not below [`NARROWEST`].
pub(super) fn table(findings: &Findings<'_>, groups: &[Group<'_>], width: Option<usize>) -> String {
    let Findings { targets, context, .. } = findings;
    let fail_on = context.settings.fail_on;
    let verdicts: Vec<Verdict> = targets.iter().map(|one| verdict(one, fail_on)).collect();
    let rows = targets.iter().zip(&verdicts).filter(|(_, verdict)| **verdict != Verdict::Passes);
    let rows: Vec<Row<'_>> = rows.map(|(one, _)| row(one)).collect();
    let mut out = String::new();
    if !rows.is_empty() {
        write_rows(&rows, context.subject, width, &mut out);
    }
    let number = |of: Verdict| verdicts.iter().filter(|one| **one == of).count();
    let number = |of| match number(of) {
        0 => String::new(),
        number => number.to_string(),
    };
    let parts = [
        (number(Verdict::Fails), "do not pass", "does not pass"),
        (number(Verdict::NotRendered), "are not rendered", "is not rendered"),
        (number(Verdict::Passes), "pass", "passes"),
    ];
    let told = parts.iter().filter(|(number, ..)| !number.is_empty());
    let told =
        told.map(|(number, are, is)| format!("{number} {}", if number == "1" { is } else { are }));
    let told: Vec<String> = told.collect();
    let (count, profile) = (counted(targets.len(), "target"), context.settings.facts.profile);
    let _ = match verdicts.iter().all(|one| *one == Verdict::Passes) {
        true => writeln!(out, "{count} by {profile}: all pass"),
        false => writeln!(out, "{count} by {profile}: {}", told.join(", ")),
    };
    let all = groups.iter().flat_map(|group| &group.members).map(|one| one.finding);
    let accepted = findings.checked().flat_map(|(_, one)| &one.findings);
    let accepted = accepted.filter_map(|finding| Some(finding.suppressed.as_ref()?.by));
    let (known, ignored): (Vec<_>, Vec<_>) = accepted.partition(|by| *by == SuppressedBy::Revision);
    let left_out = left_out(ignored.len(), known.len());
    let _ = writeln!(out, "{}{left_out}{}", counts(all), extent(groups));
    out
}

/// The number of objects with findings.
fn extent(groups: &[Group<'_>]) -> String {
    match groups.len() {
        0 => String::new(),
        count => format!(" in {}", counted(count, "object")),
    }
}

fn write_rows(rows: &[Row<'_>], subject: Subject, width: Option<usize>, out: &mut String) {
    let pods = match subject {
        Subject::Objects => "PODS",
        Subject::Kustomizations => "",
    };
    let title = ["TARGET", pods, "ERRORS", "WARNINGS", "NOTES", "FIRST REASON"];
    let widest = rows.iter().map(|row| row.target.chars().count());
    let target = widest.chain([title[0].len()]).max().unwrap_or_default();
    let indent = target + title[1..5].iter().map(|word| word.len() + 2).sum::<usize>() + 2;
    let left = width.map(|width| width.saturating_sub(indent).max(NARROWEST));
    let mut line = |cells: [&str; 6]| {
        let [name, pods, errors, warnings, notes, why] = cells;
        let text = format!(
            "{name:<target$}  {pods:>pods_width$}  {errors:>6}  {warnings:>8}  {notes:>5}  {why}",
            pods_width = title[1].len(),
        );
        let _ = writeln!(out, "{}", escape::visible(text.trim_end()));
    };
    line(title);
    for Row { target, numbers, reason } in rows {
        let reason = match left {
            Some(left) => shortened(reason, left.saturating_sub(1)).into_owned(),
            None => reason.clone(),
        };
        let [pods, errors, warnings, notes] = numbers.each_ref().map(String::as_str);
        let pods = if title[1].is_empty() { "" } else { pods };
        line([target, pods, errors, warnings, notes, &reason]);
    }
}

fn verdict(judged: &Judged, fail_on: FailOn) -> Verdict {
    // With `--fail-on never` the table still shows errors.
    let fail_on = if fail_on == FailOn::Never { FailOn::Error } else { fail_on };
    match &judged.outcome {
        Ok(checked) if checked.open().any(|one| fail_on.counts(one.severity)) => Verdict::Fails,
        Ok(_) => Verdict::Passes,
        Err(error) if are_findings(error) => Verdict::Fails,
        Err(_) => Verdict::NotRendered,
    }
}

fn row(judged: &Judged) -> Row<'_> {
    let target = &*judged.target;
    let checked = match &judged.outcome {
        Ok(checked) => checked,
        Err(error) => {
            let reason = match error.rule_name() {
                Some(rule) => format!("{rule}: {}", error.message()),
                None => format!("not rendered: {}", error.message()),
            };
            return Row { target, numbers: ["-"; 4].map(str::to_owned), reason };
        }
    };
    let count = |severity| checked.open().filter(|one| one.severity == severity).count();
    let numbers =
        [checked.pods, count(Severity::Error), count(Severity::Warning), count(Severity::Note)];
    let reason = worst(judged).map(reason).unwrap_or_default();
    Row { target, numbers: numbers.map(|number| number.to_string()), reason }
}

/// The first of the most severe findings; among equally severe ones, that of the rule with the highest security score.
fn worst(judged: &Judged) -> Option<&Finding> {
    let weight = |finding: &Finding| {
        let score: f64 = finding.rule.score().map_or(0.0, f64::from);
        (finding.severity, score)
    };
    judged
        .outcome
        .as_ref()
        .ok()?
        .open()
        .reduce(|worst, finding| if weight(finding) > weight(worst) { finding } else { worst })
}

fn reason(finding: &Finding) -> String {
    format!("{}: {}: {}", finding.rule.title(), finding.subject(), finding.message)
}
