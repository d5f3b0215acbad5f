//! Escapes in text from input: a terminal, a log or a reader never gets a character that shows nothing or moves others.
//!
//! Everything that a person reads passes through here: frames, lists, differences, findings. There is one list of such
//! characters, [`is_invisible`].

use std::borrow::Cow;

use serde::Serialize;

/// Replaces each invisible character of source text with one visible character, so that columns stay right. Line breaks
/// and tabs stay.
#[must_use]
pub fn drawable(text: &str) -> String {
    let draw = |character: char| match character {
        '\n' | '\t' => character,
        '\0'..' ' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{FFFD}'),
        '\u{7F}' => '\u{2421}',
        _ if is_invisible(character) => '\u{FFFD}',
        _ => character,
    };
    text.replace("\r\n", "\n").chars().map(draw).collect()
}

/// Escapes the invisible characters of a phrase, as in `\u{202e}` and `\n`. Tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_ascii = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_ascii || !text.contains(|character| character != '\t' && is_invisible(character)) {
        return Cow::Borrowed(text);
    }
    let escape = |character: char| match character {
        '\t' => "\t".to_owned(),
        _ if is_invisible(character) => character.escape_default().to_string(),
        _ => character.to_string(),
    };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Whether a character is a control character, or one of Unicode that has no width or turns the direction of text: a
/// terminal obeys them, and a reader does not see them.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A line of JSON, with a line break, in which invisible characters are escaped as `\u202e`.
#[must_use]
pub fn json_line(value: &impl Serialize) -> String {
    // Text, numbers and lists always have a form in JSON.
    json_text(&serde_json::to_string(value).unwrap_or_default()) + "\n"
}

/// Escapes the invisible characters in the strings of JSON text. Line breaks between values stay.
#[must_use]
pub fn json_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character != '\n' && is_invisible(character) {
            // Always within a string: between strings, serde_json writes ASCII.
            true => escaped.extend(
                character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")),
            ),
            false => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_escaped() {
        assert_eq!(visible("a\u{AD}b\u{3164}\u{202E}\n\tc"), "a\\u{ad}b\\u{3164}\\u{202e}\\n\tc");
        assert_eq!(drawable("a\u{AD}\u{1b}[2J\r\nb"), "a\u{FFFD}\u{241B}[2J\nb");
        assert_eq!(json_line(&"a\u{E0041}\u{7F}ä"), "\"a\\udb40\\udc41\\u007fä\"\n");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(visible("plain\tä"), Cow::Borrowed(_)));
    }
}
