//! Numbers of findings, as text for people.

use crate::harden::{Finding, Severity};
use crate::text::phrase::counted;

/// Numbers of findings that are not shown, in parentheses.
pub(super) fn left_out(ignored: usize, known: usize) -> String {
    match (ignored, known) {
        (0, 0) => String::new(),
        (ignored, 0) => format!(" ({ignored} ignored)"),
        (0, known) => format!(" ({known} not new)"),
        (ignored, known) => format!(" ({ignored} ignored, {known} not new)"),
    }
}

/// Number of findings by severity: `2 errors, 1 warning`.
pub(super) fn counts<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut numbers = [(Severity::Error, 0), (Severity::Warning, 0), (Severity::Note, 0)];
    for finding in findings {
        for (severity, number) in &mut numbers {
            *number += usize::from(*severity == finding.severity);
        }
    }
    let told: Vec<String> = numbers
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(severity, number)| counted(number, severity.as_str()))
        .collect();
    if told.is_empty() { "no findings".to_owned() } else { told.join(", ") }
}
