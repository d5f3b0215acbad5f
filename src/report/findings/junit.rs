//! Findings as `JUnit` XML: a suite per target, with a case for each violated rule of an object, and one for each
//! object without findings. Cases fail as the check does: findings below `failOn` are the output of cases that pass. A
//! target that cannot be rendered is a case with an error.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::text::write_line;
use super::{Checked, Findings, Judged, Remark};
use crate::harden::Finding;
use crate::text::escape;

/// Writes the document.
///
/// # Errors
/// Those of the writer.
pub fn write(findings: &Findings<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"krender\">\n")?;
    write_remarks(&findings.context.remarks, out)?;
    for Judged { target, outcome, .. } in findings.targets {
        let suite = escaped(target);
        match outcome {
            Ok(checked) => write_suite(&suite, checked, findings, out)?,
            Err(error) => {
                let message = escaped(error.message());
                writeln!(
                    out,
                    "  <testsuite name=\"{suite}\" tests=\"1\" failures=\"0\" errors=\"1\">\n    <testcase classname=\"{suite}\" name=\"render\"><error message=\"{message}\"/></testcase>\n  </testsuite>"
                )?;
            }
        }
    }
    out.write_all(b"</testsuites>\n")
}

/// Writes the remarks of the run as properties of a suite without cases.
fn write_remarks(remarks: &[Remark], out: &mut dyn Write) -> io::Result<()> {
    if remarks.is_empty() {
        return Ok(());
    }
    let head = "  <testsuite name=\"krender\" tests=\"0\" failures=\"0\">\n    <properties>\n";
    out.write_all(head.as_bytes())?;
    for Remark { severity, topic, text } in remarks {
        let text = escaped(text);
        writeln!(out, "      <property name=\"{topic} {severity}\" value=\"{text}\"/>")?;
    }
    out.write_all(b"    </properties>\n  </testsuite>\n")
}

fn write_suite(
    suite: &str,
    checked: &Checked,
    findings: &Findings<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Findings { context, places, .. } = findings;
    let resources = &checked.resources;
    let mut cases: BTreeMap<(usize, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in checked.open() {
        cases.entry((finding.place, finding.rule.id())).or_default().push(finding);
    }
    let failing = cases.keys().map(|(place, _)| *place).filter(|place| *place < resources.len());
    let failing: BTreeSet<usize> = failing.collect();
    let fails = |found: &[&Finding]| {
        found.iter().any(|finding| context.settings.fail_on.counts(finding.severity))
    };
    let failures = cases.values().filter(|found| fails(found)).count();
    let tests = cases.len() + resources.len().saturating_sub(failing.len());
    writeln!(out, "  <testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\">")?;
    for (_, object) in resources.iter().enumerate().filter(|(place, _)| !failing.contains(place)) {
        let name = escaped(&object.id().to_string());
        writeln!(out, "    <testcase classname=\"{suite}\" name=\"{name}\"/>")?;
    }
    for found in cases.values() {
        let Some(first) = found.first() else { continue };
        let name = escaped(&format!("{}: {}", first.subject(), first.rule.title()));
        let mut lines = String::new();
        for finding in found {
            write_line(finding, places, &context.repository, &mut lines);
        }
        let (message, lines) = (escaped(&first.message), lines_escaped(&lines));
        let content = match fails(found) {
            true => format!("<failure message=\"{message}\">{lines}</failure>"),
            false => format!("<system-out>{lines}</system-out>"),
        };
        writeln!(out, "    <testcase classname=\"{suite}\" name=\"{name}\">{content}</testcase>")?;
    }
    out.write_all(b"  </testsuite>\n")
}

/// A phrase escaped for XML 1.0, which cannot express control characters: invisible characters are escaped as for
/// people.
fn escaped(text: &str) -> String {
    lines_escaped(&escape::visible(text))
}

/// Lines escaped for XML. Reports are printed to logs.
fn lines_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in escape::for_log(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escaped, lines_escaped};

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        assert_eq!(escaped("<a b=\"c\"> & 'd'\n\te"), "&lt;a b=&quot;c&quot;&gt; &amp; 'd'\\n\te");
        assert_eq!(escaped("\u{1b}[31m\r\0\u{FFFE}é😀"), "\\u{1b}[31m\\r\\u{0}\\u{fffe}é😀");
        assert_eq!(lines_escaped("a\n::b\n"), "a\n\\u{3a}:b\n");
    }
}
