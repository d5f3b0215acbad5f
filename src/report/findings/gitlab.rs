//! Findings as a report on code quality for GitLab, which shows them in merge requests.
//!
//! The format is that of "Import Code Quality results from a CI/CD job": a JSON list of objects with `description`,
//! `check_name`, `fingerprint`, `severity` (`info`, `minor`, `major`, `critical` or `blocker`), `location.path` relative to
//! the repository, without `./`, and `location.lines.begin`. Fingerprints are unique. The format has no place for
//! statements about the run: they are at the file of the first target.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::merge::{self, Merged};
use super::{Findings, Remark};
use crate::harden::Severity;
use crate::source::Span;
use crate::text::{escape, hex};

/// Writes an element for each finding that is not accepted, once for all targets, for each target that could not be
/// checked, and for each remark.
///
/// # Errors
/// Those of the writer.
pub fn write(findings: &Findings<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Findings { targets, context, places } = findings;
    let groups = merge::groups(targets, places, Merged::is_open);
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut separator = "[\n";
    let failed = targets.iter().filter_map(|one| {
        let error = one.outcome.as_ref().err()?;
        let description = format!("`{}` is not checked: {}", one.target, error.message());
        let (path, line) = findings.position(error.span(), one);
        let fingerprint = digest(&["not-checked", &one.target, error.code().as_str()]);
        let check = error.code().as_str();
        Some(Issue::new(description, check, fingerprint, "blocker", path, line))
    });
    let found = groups.iter().flat_map(|group| &group.members).map(|one| {
        let finding = one.finding;
        let suffix = one.suffix(targets, context.subject);
        let description = format!("{}: {}{suffix}", one.subject(), finding.message);
        let target = one.targets.first().and_then(|number| targets.get(*number));
        let (path, line) =
            target.map(|target| findings.position(finding.span, target)).unwrap_or_default();
        let fingerprint = one.fingerprint(&path);
        Issue::new(description, finding.rule.id(), fingerprint, word(finding.severity), path, line)
    });
    let remarks = context.remarks.iter().map(|Remark { severity, topic, text }| {
        let place = targets.first().map(|target| findings.position(Span::NONE, target));
        let (path, line) = place.unwrap_or_else(|| (".".to_owned(), 1));
        let fingerprint = digest(&["remark", topic, text]);
        Issue::new(text.clone(), topic, fingerprint, word(*severity), path, line)
    });
    for mut issue in found.chain(failed).chain(remarks) {
        let count = known.entry(issue.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            issue.fingerprint = digest(&[&issue.fingerprint, &count.to_string()]);
        }
        out.write_all(separator.as_bytes())?;
        escape::write_json(out, &issue)?;
        separator = ",\n";
    }
    match separator {
        "[\n" => out.write_all(b"[]\n"),
        _ => out.write_all(b"\n]\n"),
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Note => "info",
    }
}

fn digest(parts: &[&str]) -> String {
    hex(&Sha256::digest(parts.join("\n"))[..16])
}

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

impl<'a> Issue<'a> {
    fn new(
        description: String,
        check_name: &'a str,
        fingerprint: String,
        severity: &'static str,
        path: String,
        begin: usize,
    ) -> Self {
        let location = Location { path, lines: Lines { begin: begin.max(1) } };
        Self { description, check_name, fingerprint, severity, location }
    }
}
