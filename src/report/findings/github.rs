//! Findings as workflow commands of GitHub Actions, which become annotations of a pull request.

use std::io::{self, Write};

use super::merge::{self, Merged};
use super::{Findings, Remark};
use crate::harden::Severity;
use crate::text::escape;

/// Writes a command for each remark, for each target that could not be checked, and for each finding that is not accepted,
/// once for all targets: the number of annotations is limited.
///
/// # Errors
/// Those of the writer.
pub fn write(findings: &Findings<'_>, out: &mut dyn Write) -> io::Result<()> {
    for Remark { severity, topic, text } in &findings.context.remarks {
        writeln!(out, "::{} title=krender {topic}::{}", command(*severity), data(text))?;
    }
    for judged in findings.targets {
        let Err(error) = &judged.outcome else { continue };
        let (file, line) = findings.position(error.span(), judged);
        let title =
            error.rule_name().map_or_else(|| format!("krender {}", error.code()), str::to_owned);
        let message = format!("`{}` is not checked: {}", judged.target, error.message());
        let (file, title) = (property(&file), property(&title));
        writeln!(out, "::error file={file},line={line},title={title}::{}", data(&message))?;
    }
    let Findings { targets, context, places } = findings;
    let groups = merge::groups(targets, places, Merged::is_open);
    for one in groups.iter().flat_map(|group| &group.members) {
        let finding = one.finding;
        write!(out, "::{} ", command(finding.severity))?;
        match places.of(finding.span) {
            Some(place) => {
                let file = context.repository.path(place.file());
                write!(out, "file={},", property(&file))?;
                if !place.is_inline() {
                    write!(out, "line={},col={},", place.line, place.column)?;
                }
            }
            None => {
                let file =
                    one.targets.first().and_then(|number| targets.get(*number)?.file.as_deref());
                if let Some(file) = file {
                    write!(out, "file={},", property(&context.repository.path(file)))?;
                }
            }
        }
        let (title, advice) = (property(&finding.rule.title()), finding.rule.advice());
        let suffix = one.suffix(targets, context.subject);
        let advice = if advice.is_empty() { String::new() } else { format!("; {advice}") };
        let message = format!("{}: {}{suffix}{advice}", one.subject(), finding.message);
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
