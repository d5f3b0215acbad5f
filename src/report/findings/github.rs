//! Findings as workflow commands of GitHub Actions, which become annotations of a pull request.

use std::io::{self, Write};

use super::{Findings, Remark};
use crate::harden::Severity;
use crate::text::escape;

/// Writes a command for each remark, and for each finding that is not suppressed.
///
/// # Errors
/// Those of the writer.
pub fn write(findings: &Findings<'_>, out: &mut dyn Write) -> io::Result<()> {
    for Remark { severity, topic, text } in &findings.context.remarks {
        writeln!(out, "::{} title=krender {topic}::{}", command(*severity), data(text))?;
    }
    for finding in findings.checked().flat_map(|(_, one)| one.open()) {
        write!(out, "::{} ", command(finding.severity))?;
        if let Some(place) = findings.places.of(finding.span) {
            write!(out, "file={},", property(place.file()))?;
            if !place.is_inline() {
                write!(out, "line={},col={},", place.line, place.column)?;
            }
        }
        let (title, advice) = (property(&finding.rule.title()), finding.rule.advice());
        let message = format!("{}: {}; {advice}", finding.subject(), finding.message);
        writeln!(out, "title={title}::{}", data(&message))?;
    }
    Ok(())
}

const fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

/// Text escaped for the message of a command. Line breaks are escaped like other invisible characters.
fn data(text: &str) -> String {
    escape::within_command(text).replace('%', "%25")
}

/// Text escaped for a property of a command, which ends at a colon or a comma.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn what_ends_a_command_or_a_property_is_escaped() {
        // The runner decodes `%25` last, so `%0A` in a name is preserved.
        assert_eq!(data("100 %0A\r\nof a: b, c\u{9b}"), "100 %250A\\r\\nof a: b, c\\u{9b}");
        assert_eq!(property("a: b, c\n100 %"), "a%3A b%2C c\\n100 %25");
        assert_eq!(data("##vso[a]::b"), "\\u{23}#vso[a]::b");
    }
}
