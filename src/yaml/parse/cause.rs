//! Better errors for text that is not YAML: a merge conflict, a misspelt document separator, a template, a comment of
//! JSON, characters that only look like spaces.

use std::ops::Range;

use crate::error::{Code, Error};
use crate::source::Source;
use crate::text::suspect;

/// Replaces an error about malformed YAML by one that names its cause, if a known cause is found.
#[cold]
pub(super) fn explain(source: &Source, error: Error) -> Error {
    if error.code() != Code::MalformedYaml || error.span().is_none() {
        return error;
    }
    let offset = (error.span().start() - source.base()) as usize;
    conflict(source, offset)
        .or_else(|| separator(source, offset))
        .or_else(|| template(source, offset))
        .or_else(|| comment_of_json(source, offset))
        .unwrap_or_else(|| explain_blanks(source, error))
}

/// The error for text after the beginning of a merge conflict.
fn conflict(source: &Source, offset: usize) -> Option<Error> {
    let (begin, end) = suspect::conflict(source.text())?;
    (begin.start <= offset).then(|| {
        Error::new(Code::MalformedYaml, "found an unresolved merge conflict")
            .at(source.span(begin.start, begin.end))
            .label("it begins here")
            .note(source.span(end.start, end.end), "and ends here")
            .help(
                "keep one side of it, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`",
            )
    })
}

/// The error for a line that was meant as a document separator but is misspelt.
fn separator(source: &Source, offset: usize) -> Option<Error> {
    let line = line_at(source.text(), offset);
    let text = source.text()[line.clone()].trim();
    let mark = text.chars().next().filter(|mark| "-—–=+*_~".contains(*mark))?;
    let is_separator = text.chars().all(|character| character == mark)
        && (text.chars().count() > 1 || !mark.is_ascii());
    // A correct separator is not a mistake; something else is wrong there.
    let is_real = source.text()[line.clone()].starts_with("---") && text == "---";
    (is_separator && !is_real).then(|| misspelt_separator(source, line, text))
}

/// The error for a line that is a template expression.
fn template(source: &Source, offset: usize) -> Option<Error> {
    let line = line_at(source.text(), offset);
    let text = source.text()[line.clone()].trim_start();
    let start = line.end - text.len();
    (text.starts_with("{{") || text.starts_with("{%")).then(|| {
        Error::new(Code::MalformedYaml, "found a template expression, expected YAML")
            .at(source.span(start, line.end))
            .help("render the template first: this is no YAML yet")
    })
}

/// The error for a JavaScript comment, on the line of the error or on one of the lines before it.
fn comment_of_json(source: &Source, offset: usize) -> Option<Error> {
    /// The number of lines searched: the error often occurs only at the next name.
    const LINES: usize = 3;
    let text = source.text();
    let mut line = line_at(text, offset);
    for _ in 0..LINES {
        let content = text[line.clone()].trim_start();
        if content.starts_with("//") || content.starts_with("/*") {
            let start = line.end - content.len();
            return Some(
                Error::new(Code::MalformedYaml, "found a comment that begins with `/`")
                    .at(source.span(start, line.end))
                    .help("a comment of YAML begins with `#`; JSON has none"),
            );
        }
        line = line_at(text, line.start.checked_sub(1)?);
    }
    None
}

/// The error for a line of dashes or similar characters that is not `---` at the start of a line.
#[cold]
pub(super) fn misspelt_separator(source: &Source, line: Range<usize>, text: &str) -> Error {
    let start = line.start + source.text()[line.clone()].find(text).unwrap_or_default();
    let found = match text {
        "---" => "`---` behind blanks".to_owned(),
        text if text.len() > 20 => "a line of signs".to_owned(),
        text => format!("`{text}`"),
    };
    let message =
        format!("found {found}, expected `---` at the beginning of a line between documents");
    Error::new(Code::MalformedYaml, message)
        .at(source.span(start, start + text.len()))
        .help("separate documents by a line that is exactly `---`")
}

/// Adds a note to an error if the document contains a character that looks like a space but is not one in YAML: it may
/// be the cause.
#[cold]
pub fn explain_blanks(source: &Source, error: Error) -> Error {
    if error.span().is_none() || error.span().start() < source.base() {
        return error;
    }
    let document = document_at(source.text(), (error.span().start() - source.base()) as usize);
    match suspect::false_blank(source.text(), document) {
        Some((place, blank)) => error
            .without_help()
            .note(
                source.span(place.start, place.end),
                format!("{blank}, which is no blank for YAML"),
            )
            .help(match blank.has_width {
                true => format!("put a plain space in place of {blank}"),
                false => format!("remove {blank}"),
            }),
        None => error,
    }
}

/// The line around a byte, without its end.
fn line_at(text: &str, offset: usize) -> Range<usize> {
    let offset = text.floor_char_boundary(offset.min(text.len()));
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |newline| offset + newline);
    start..end
}

/// The document around a byte.
fn document_at(text: &str, offset: usize) -> Range<usize> {
    let offset = text.floor_char_boundary(offset.min(text.len()));
    let start = text[..offset].rfind("\n---").map_or(0, |separator| separator + 1);
    let end = text[offset..].find("\n---").map_or(text.len(), |separator| offset + separator);
    start..end
}
