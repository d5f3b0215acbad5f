//! Findings as a line each, below a line for their object.

use std::fmt::Write;

use super::Findings;
use super::merge::{Group, Merged, is_of_target, within};
use super::place::Places;
use crate::harden::{Finding, Severity};
use crate::text::escape;

/// ANSI codes.
const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[33m";
const BLUE: &str = "\u{1b}[34m";
const RESET: &str = "\u{1b}[0m";

/// Codes before and behind text; empty without colours.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    const fn code(self, code: &'static str) -> &'static str {
        if self.0 { code } else { "" }
    }

    const fn bold(self) -> &'static str {
        self.code(BOLD)
    }

    const fn reset(self) -> &'static str {
        self.code(RESET)
    }

    const fn of(self, severity: Severity) -> &'static str {
        self.code(match severity {
            Severity::Error => RED,
            Severity::Warning => YELLOW,
            Severity::Note => BLUE,
        })
    }
}

/// Writes a group: its file and object with the targets that have it, and below a line for each finding. Equal findings
/// of several containers share a line, and one line that is alone has all of it.
pub(super) fn write(
    group: &Group<'_>,
    findings: &Findings<'_>,
    has_colours: bool,
    out: &mut String,
) {
    let paint = Paint(has_colours);
    let Findings { targets, context, places } = findings;
    let lines: Vec<&[Merged<'_>]> = group.members.chunk_by(is_same).collect();
    if let [line] = &*lines {
        return write_alone(line, group, findings, paint, out);
    }
    let first = group.members.first();
    let place = first
        .and_then(|one| places.of(one.finding.object_span).or_else(|| places.of(one.finding.span)));
    let file = place.as_ref().map(|place| place.name()).unwrap_or_default();
    let subject = group.subject();
    let title = if file.is_empty() { subject } else { format!("{file}: {subject}") };
    let is_known = targets.len() == 1 || is_of_target(file, &group.targets, targets);
    let whole = match is_known {
        true => String::new(),
        false => format!(", {}", within(&group.targets, targets, context.subject)),
    };
    let (bold, reset) = (paint.bold(), paint.reset());
    push_all(&[bold, &escape::visible(&title), reset, &escape::visible(&whole), "\n"], out);
    let shown = |line: &&[Merged<'_>]| place_in(file, line[0].finding, places);
    let shown: Vec<String> = lines.iter().map(shown).collect();
    let width = shown.iter().map(|place| place.chars().count()).max().unwrap_or_default();
    for (line, place) in lines.iter().zip(&shown) {
        let one = &line[0];
        let Finding { severity, rule, message, .. } = one.finding;
        out.push_str("  ");
        push_padded(&escape::visible(place), width, out);
        out.push_str("  ");
        out.push_str(paint.of(*severity));
        push_padded(severity.as_str(), "warning".len(), out);
        out.push_str(paint.reset());
        out.push_str("  ");
        let start = out.len();
        push_all(&[rule.id(), " ", rule.name(), ": ", message, &others(line, file, places)], out);
        if one.targets.len() != group.targets.len() {
            let _ = write!(out, " ({})", within(&one.targets, targets, context.subject));
        }
        escape::make_visible(out, start);
        out.push('\n');
    }
}

/// Appends text with spaces up to a width in characters.
fn push_padded(text: &str, width: usize, out: &mut String) {
    out.push_str(text);
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(text.chars().count())));
}

fn push_all(texts: &[&str], out: &mut String) {
    texts.iter().for_each(|text| out.push_str(text));
}

/// Writes the only line of a group, with its file and object.
fn write_alone(
    line: &[Merged<'_>],
    group: &Group<'_>,
    findings: &Findings<'_>,
    paint: Paint,
    out: &mut String,
) {
    let Findings { targets, context, places } = findings;
    let Some(one) = line.first() else { return };
    let Finding { severity, rule, message, span, .. } = one.finding;
    let place = places.of(*span);
    let file = place.as_ref().map(|place| place.name()).unwrap_or_default();
    let start = place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let others = others(line, file, places);
    let mut text = format!("{} {}: {}: {message}{others}", rule.id(), rule.name(), group.subject());
    if targets.len() > 1 && !is_of_target(file, &group.targets, targets) {
        let _ = write!(text, " ({})", within(&group.targets, targets, context.subject));
    }
    let (start, text) = (escape::visible(&start), escape::visible(&text));
    let (bold, reset, colour) = (paint.bold(), paint.reset(), paint.of(*severity));
    push_all(&[bold, &start, reset, colour, severity.as_str(), reset, " ", &text, "\n"], out);
}

/// The containers of a line behind the first one.
fn others(line: &[Merged<'_>], file: &str, places: &Places<'_>) -> String {
    match line {
        [_, others @ ..] if !others.is_empty() => {
            let others = others.iter().map(|one| other(file, one, places));
            format!("; also {}", others.collect::<Vec<_>>().join(", "))
        }
        _ => String::new(),
    }
}

/// The line and column of a finding, with its file if it is another one.
fn place_in(file: &str, finding: &Finding, places: &Places<'_>) -> String {
    match places.of(finding.span) {
        Some(place) if place.name() == file => place.line_and_column(),
        Some(place) => place.to_string(),
        None => "-".to_owned(),
    }
}

/// Another container with the same finding, and its line.
fn other(file: &str, one: &Merged<'_>, places: &Places<'_>) -> String {
    let name = one.finding.container.as_ref().map_or("", |(_, name)| name);
    match places.of(one.finding.span) {
        Some(place) if place.name() == file => format!("`{name}` ({})", place.line),
        Some(place) => format!("`{name}` ({})", place.file_and_line()),
        None => format!("`{name}`"),
    }
}

/// True for findings that differ only in the container: they share a line.
fn is_same(one: &Merged<'_>, other: &Merged<'_>) -> bool {
    let (Some((_, name)), Some((_, next))) = (&one.finding.container, &other.finding.container)
    else {
        return false;
    };
    let rest = |message: &str, name: &str| {
        let quoted = format!("`{name}`");
        message.split_once(&*quoted).map(|(before, after)| (before.to_owned(), after.to_owned()))
    };
    one.finding.rule == other.finding.rule
        && one.finding.severity == other.finding.severity
        && one.targets == other.targets
        && rest(&one.finding.message, name).is_some_and(|text| {
            rest(&other.finding.message, next).is_some_and(|other| other == text)
        })
}
