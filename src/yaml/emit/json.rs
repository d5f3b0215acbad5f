//! The effect on strings of the JSON that the reference writes between go-yaml v3 and v2: v2 reads the JSON as YAML,
//! which allows fewer characters.

use std::borrow::Cow;

use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::text::phrase::shortened;
use crate::yaml::analysis::{Analysis, analyze};

/// The longest key, in characters of its JSON with the quotes, that go-yaml v2 reads.
const LONGEST_KEY: usize = 1024;

/// The text of a string from a configuration of a builtin plugin: the reference prints such configurations as JSON, and
/// reads that with go-yaml v2.
///
/// # Errors
/// [`Code::UnrepresentableValue`], as for strings of the output.
pub fn through_json(text: &str, span: Span) -> Result<Cow<'_, str>> {
    let analysis = analyze(text);
    if analysis.forbidden || analysis.next_line {
        return reread(text, analysis, span).map(Cow::Owned);
    }
    Ok(Cow::Borrowed(text))
}

/// Checks that go-yaml v2 can read a key.
///
/// # Errors
/// [`Code::UnrepresentableValue`]: a key that is too long, holds U+0085, or a character that YAML does not allow.
pub(super) fn check_key(key: &str, analysis: Analysis, span: Span) -> Result<()> {
    if analysis.forbidden {
        return Err(forbidden(key, span));
    }
    if analysis.next_line {
        return Err(Error::new(
            Code::UnrepresentableValue,
            "the mapping key holds the line break U+0085",
        )
        .at(span)
        .help("remove that character from the key"));
    }
    let length: usize = key.chars().map(length_in_json).sum();
    if length + 2 > LONGEST_KEY {
        let message = format!(
            "the mapping key `{}` is longer than {LONGEST_KEY} characters",
            shortened(key, 60)
        );
        return Err(Error::new(Code::UnrepresentableValue, message)
            .at(span)
            .label(format!("{length} characters in JSON"))
            .help("shorten the key, or move its text into a value"));
    }
    Ok(())
}

/// The text of a string that holds U+0085 or a forbidden character, after go-yaml v2 has read it.
///
/// v2 treats U+0085 as a line break and folds it: one of them, with the spaces around it, becomes a space; several in a
/// row become one newline less than their number.
///
/// # Errors
/// [`Code::UnrepresentableValue`]: a character that YAML does not allow, or a document marker after U+0085.
pub(super) fn reread(text: &str, analysis: Analysis, span: Span) -> Result<String> {
    if analysis.forbidden {
        return Err(forbidden(text, span));
    }
    let mut lines = text.split('\u{85}');
    let mut out = String::with_capacity(text.len());
    let first = lines.next().unwrap_or_default();
    out.push_str(first.trim_end_matches(' '));
    let mut breaks = 0;
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        breaks += 1;
        let content = if lines.peek().is_some() {
            line.trim_matches(' ')
        } else {
            line.trim_start_matches(' ')
        };
        let marker = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
        if marker
            .is_some_and(|rest| rest.starts_with(' ') || rest.is_empty() && lines.peek().is_some())
        {
            return Err(Error::new(
                Code::UnrepresentableValue,
                "a document marker follows the line break U+0085",
            )
            .at(span)
            .help("replace U+0085 by an ordinary line break"));
        }
        if content.is_empty() && lines.peek().is_some() {
            continue;
        }
        match breaks {
            1 => out.push(' '),
            _ => out.extend(std::iter::repeat_n('\n', breaks - 1)),
        }
        out.push_str(content);
        breaks = 0;
    }
    Ok(out)
}

#[cold]
fn forbidden(text: &str, span: Span) -> Error {
    let character = text.chars().find(|&character| is_forbidden(character)).unwrap_or_default();
    let code = u32::from(character);
    Error::new(
        Code::UnrepresentableValue,
        format!("the text holds U+{code:04X}, which YAML does not allow"),
    )
    .at(span)
    .help("remove that character, or keep the content encoded in base64")
}

fn is_forbidden(character: char) -> bool {
    matches!(character, '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
}

fn length_in_json(character: char) -> usize {
    match character {
        '"' | '\\' | '\u{8}' | '\u{C}' | '\n' | '\r' | '\t' => 2,
        '\0'..='\u{1F}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    }
}
