//! The table of verdicts: a row per target, with its worst finding.

use std::fmt::Write;

use super::place::Places;
use super::{Findings, Judged, are_findings};
use crate::harden::{FailOn, Finding};
use crate::text::escape;
use crate::text::phrase::counted;
use crate::text::phrase::shortened;

/// Minimum width of a reason, in characters.
const NARROWEST: usize = 24;

/// A row of the table.
struct Row {
    target: String,
    pods: String,
    verdict: &'static str,
    reason: String,
    place: String,
}

/// The table of all targets: a line for each, and for each that fails a second one with the place of its worst finding.
/// Reasons are shortened to make lines at most `width` characters long, but not below [`NARROWEST`].
pub(super) fn table(findings: &Findings<'_>, width: usize) -> String {
    let Findings { targets, context, places } = findings;
    let settings = &context.settings;
    let rows: Vec<Row> = targets.iter().map(|one| row(one, settings.fail_on, places)).collect();
    let widest = |of: fn(&Row) -> &str, title: &str| {
        let widths = rows.iter().map(|row| of(row).chars().count());
        widths.chain([title.len()]).max().unwrap_or_default()
    };
    let target = widest(|row| &row.target, "TARGET");
    let verdict = widest(|row| row.verdict, "VERDICT");
    let indent = target + 2 + 4 + 2 + verdict + 2;
    let left = width.saturating_sub(indent).max(NARROWEST);
    let mut out = String::new();
    let mut line = |cells: [&str; 4]| {
        let [name, pods, is, why] = cells;
        let text = format!("{name:<target$}  {pods:>4}  {is:<verdict$}  {why}");
        let _ = writeln!(out, "{}", escape::visible(text.trim_end()));
    };
    line(["TARGET", "PODS", "VERDICT", "FIRST REASON"]);
    for Row { target, pods, verdict, reason, place } in &rows {
        line([target, pods, verdict, &shortened(reason, left.saturating_sub(1))]);
        if !place.is_empty() {
            line(["", "", "", place]);
        }
    }
    let failing = rows.iter().filter(|row| row.verdict != PASSES).count();
    let (count, profile) = (counted(rows.len(), "target"), settings.facts.profile);
    let _ = match failing {
        0 => writeln!(out, "{count} by {profile}: all pass"),
        1 => writeln!(out, "{count} by {profile}: 1 does not pass"),
        failing => writeln!(out, "{count} by {profile}: {failing} do not pass"),
    };
    out
}

const PASSES: &str = "passes";

fn row(judged: &Judged, fail_on: FailOn, places: &Places<'_>) -> Row {
    let target = judged.target.clone();
    let place = |span| places.of(span).map(|place| place.file_and_line()).unwrap_or_default();
    let pods = match &judged.outcome {
        Ok(checked) => checked.pods.to_string(),
        Err(error) => {
            let reason = match error.rule_name() {
                Some(rule) => format!("{rule}: {}", error.message()),
                None => error.message().to_owned(),
            };
            let verdict = if are_findings(error) { "fails" } else { "not rendered" };
            let place = place(error.span());
            return Row { target, pods: "-".to_owned(), verdict, reason, place };
        }
    };
    // With `--fail-on never` the table still shows errors.
    let fail_on = if fail_on == FailOn::Never { FailOn::Error } else { fail_on };
    match worst(judged).filter(|finding| fail_on.counts(finding.severity)) {
        Some(finding) => Row {
            target,
            pods,
            verdict: "fails",
            reason: reason(finding),
            place: place(finding.span),
        },
        None => Row { target, pods, verdict: PASSES, reason: String::new(), place: String::new() },
    }
}

/// The first of the most severe findings; among equally severe ones, that of the rule with the highest security score.
fn worst(judged: &Judged) -> Option<&Finding> {
    let weight = |finding: &Finding| {
        let score: f64 = finding.rule.score.map_or(0.0, f64::from);
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
