//! The verdict on each of many targets, and what to look at first.

use std::fmt::Write;

use super::place::Places;
use super::text::counted;
use super::{Judged, are_findings};
use crate::harden::{FailOn, Finding, Settings};
use crate::text::escape;
use crate::text::phrase::shortened;

/// A reason is not cut to less than this.
const NARROWEST: usize = 24;

/// What there is to say of a target.
struct Row {
    target: String,
    pods: String,
    verdict: &'static str,
    reason: String,
    place: String,
}

/// The table of all targets: a line for each, and for each that does not pass another one with the place to look at.
/// Reasons are cut so that lines are at most `width` characters long, where that leaves something of them.
pub(super) fn table(
    judged: &[Judged],
    settings: &Settings,
    places: &Places<'_>,
    width: usize,
) -> String {
    let rows: Vec<Row> = judged.iter().map(|one| row(one, settings.fail_on, places)).collect();
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
    // Who wants no failures still wants to know.
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

/// The first of the gravest findings; of errors, those weigh most that say most about security.
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
