//! Escapes text from input, for people, logs and programs.
//!
//! All output for people passes through here: frames, lists, differences, findings. There is one list of invisible
//! characters, [`is_invisible`], and one rule for lines that a CI log would interpret as commands, [`for_log`].

use std::{
    borrow::Cow,
    ffi::OsStr,
    io::{self, Write},
};

use super::ascii::is_printable;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Replaces each invisible character of source text with one visible character, so that columns stay right. Line
/// breaks, tabs and emoji selectors stay.
#[must_use]
pub fn drawable(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let draw = |(before, character): (char, char)| match character {
        '\n' | '\t' => character,
        '\0'..' ' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{FFFD}'),
        '\u{7F}' => '\u{2421}',
        _ if is_escaped(before, character) => '\u{FFFD}',
        _ => character,
    };
    with_predecessors(&text).map(draw).collect()
}

/// Escapes the invisible characters of a phrase, as in `\u{202e}` and `\n`. Tabs and emoji selectors stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_printable(text)
        || !text.contains(|character| character != '\t' && is_invisible(character))
    {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for (before, character) in with_predecessors(text) {
        match character {
            '\t' => escaped.push('\t'),
            _ if is_escaped(before, character) => escaped.extend(character.escape_default()),
            _ => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// Escapes the text of a buffer from an offset on, as [`visible`] does.
pub fn make_visible(buffer: &mut String, start: usize) {
    if let Cow::Owned(visible) = visible(&buffer[start..]) {
        buffer.truncate(start);
        buffer.push_str(&visible);
    }
}

/// Pairs each character with its predecessor; that of the first is a line break.
fn with_predecessors(text: &str) -> impl Iterator<Item = (char, char)> {
    text.chars()
        .scan('\n', |before, character| Some((std::mem::replace(before, character), character)))
}

/// The text of a file name. Bytes that are not UTF-8 are escaped, as in `\xff`.
#[must_use]
pub fn file_name(name: &OsStr) -> Cow<'_, str> {
    if let Some(text) = name.to_str() {
        return Cow::Borrowed(text);
    }
    let chunks = name.as_encoded_bytes().utf8_chunks();
    let text = chunks.map(|chunk| format!("{}{}", chunk.valid(), chunk.invalid().escape_ascii()));
    Cow::Owned(text.collect())
}

/// True if a character is escaped for people.
fn is_escaped(before: char, character: char) -> bool {
    is_invisible(character) && !(character == '\u{FE0F}' && is_emoji(before))
}

/// True if U+FE0F turns a text character into an emoji. Unicode's `emoji-variation-sequences.txt` also lists ASCII
/// characters, which look the same without it.
const fn is_emoji(character: char) -> bool {
    matches!(character,
        '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21AA}'
        | '\u{231A}'..='\u{23FA}' | '\u{24C2}' | '\u{25AA}'..='\u{25FE}' | '\u{2600}'..='\u{27BF}'
        | '\u{2934}'..='\u{2935}' | '\u{2B05}'..='\u{2B55}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
        | '\u{1F004}'..='\u{1F6F3}')
}

/// True if a character is invisible, looks like a blank, or controls a terminal: control and format characters
/// (bidirectional ones, tags, annotations), Unicode's default ignorables, variation selectors, line separators, white
/// space except U+0020, noncharacters, and blank glyphs.
///
/// Arabic and Syriac signs before numbers are visible format characters, and not included.
#[must_use]
pub const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{A0}' | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}'
        | '\u{1680}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{2000}'..='\u{200F}'
        | '\u{2028}'..='\u{202F}' | '\u{205F}'..='\u{206F}' | '\u{2800}' | '\u{3000}' | '\u{3164}'
        | '\u{FDD0}'..='\u{FDEF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{13430}'..='\u{1343F}' | '\u{16FE4}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
        || character as u32 & 0xFFFE == 0xFFFE
}

/// Escapes commands in finished lines for CI logs. GitHub Actions interprets a line that begins with `::` after white
/// space, and similar systems interpret `##[…]`, `##vso[…]` and `##teamcity[…]` anywhere in a line. Their first
/// character is escaped, as in `\u{3a}:`. Terminal colours count as white space, since they may be removed. `::: ` is
/// not a command: frames have it before a second file.
#[must_use]
pub fn for_log(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let (blank, rest) = line.split_at(line.len() - without_blanks(line).len());
        safe.push_str(blank);
        match rest.strip_prefix("::").filter(|rest| !rest.starts_with(": ")) {
            Some(rest) => {
                safe.push_str(r"\u{3a}:");
                push_without_commands(rest, r"\u{23}", &mut safe);
            }
            None => push_without_commands(rest, r"\u{23}", &mut safe),
        }
    }
    Cow::Owned(safe)
}

/// Escapes a phrase inside a line that is itself a command: invisible characters and commands.
#[must_use]
pub fn within_command(text: &str) -> String {
    let text = visible(text);
    let mut safe = String::with_capacity(text.len());
    push_without_commands(&text, r"\u{23}", &mut safe);
    safe
}

/// Drawn text without the codes of colours. They are its only escape sequences, since the escape characters of input are
/// escaped; another one would lose its escape character.
#[must_use]
pub fn without_colours(text: &str) -> Cow<'_, str> {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    if first.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    plain.push_str(first);
    parts.for_each(|part| plain.push_str(behind_colour(part).unwrap_or(part)));
    Cow::Owned(plain)
}

/// The text behind the code of a colour, of which the escape character was removed; `None` if there is none.
fn behind_colour(text: &str) -> Option<&str> {
    let code = text.strip_prefix('[')?;
    code.trim_start_matches(|code: char| matches!(code, '0'..='9' | ';')).strip_prefix('m')
}

/// A line without leading white space and colours.
fn without_blanks(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some(behind) = rest.strip_prefix('\u{1b}').and_then(behind_colour) {
        rest = behind.trim_start();
    }
    rest
}

/// Appends text in which the first character of each `##word[` is escaped.
fn push_without_commands(mut text: &str, hash: &str, out: &mut String) {
    while let Some(at) = text.find("##") {
        let is_command = begins_with_command(&text[at..]);
        out.push_str(&text[..at]);
        out.push_str(if is_command { hash } else { "#" });
        text = &text[at + 1..];
    }
    out.push_str(text);
}

/// True if text begins with `##[`, or with `##`, a word and `[`.
fn begins_with_command(text: &str) -> bool {
    text.strip_prefix("##").is_some_and(|rest| {
        rest.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).starts_with('[')
    })
}

/// A line of JSON, with a line break, in which invisible characters are escaped as `\u202e`.
#[must_use]
pub fn json_line(value: &impl Serialize) -> String {
    // Text, numbers and lists can always be written as JSON.
    json_text(&serde_json::to_string(value).unwrap_or_default()) + "\n"
}

/// Escapes invisible characters and log commands in the strings of JSON text. Line breaks between values stay.
#[must_use]
pub fn json_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 1);
    for (place, character) in text.char_indices() {
        // Always within a string: serde_json writes only other ASCII characters between strings.
        match character {
            '\n' => escaped.push('\n'),
            '#' if begins_with_command(&text[place..]) => escaped.push_str(r"\u0023"),
            _ if is_invisible(character) => escaped.extend(
                character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")),
            ),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Escapes characters of JSON that Go's `encoding/json` escapes, too, for HTML and JavaScript.
#[must_use]
pub fn as_go_json(mut json: String) -> String {
    for (character, escaped) in [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ] {
        if json.contains(character) {
            json = json.replace(character, escaped);
        }
    }
    json
}

/// Writes a value as JSON on one line without a line break, escaped as by [`json_text`].
///
/// # Errors
/// Those of the writer.
pub fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Escaping)).map_err(io::Error::from)
}

/// A formatter for single-line JSON that escapes invisible characters.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'#');
        if is_plain {
            out.write_all(text.as_bytes())
        } else {
            out.write_all(json_text(text).as_bytes())
        }
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        self.write_string_fragment(out, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_character_remains() {
        for (text, plain) in [
            ("plain\n", "plain\n"),
            ("\u{1b}[1;31mred\u{1b}[0m and\u{1b}[1m é\u{1b}[m", "red and é"),
            ("a\u{1b}[2Kb\u{1b}[31mc", "a[2Kbc"),
            ("a\u{1b}]8;;http://x\u{7}b\u{1b}", "a]8;;http://x\u{7}b"),
            ("\u{1b}[31", "[31"),
        ] {
            assert_eq!(without_colours(text), plain, "{text:?}");
        }
    }

    #[test]
    fn invisible_characters_are_escaped() {
        assert_eq!(visible("a\u{AD}b\u{3164}\u{202E}\n\tc"), "a\\u{ad}b\\u{3164}\\u{202e}\\n\tc");
        assert_eq!(drawable("a\u{AD}\u{1b}[2J\r\nb"), "a\u{FFFD}\u{241B}[2J\nb");
        assert_eq!(json_line(&"a\u{E0041}\u{7F}ä"), "\"a\\udb40\\udc41\\u007fä\"\n");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(visible("plain\tä"), Cow::Borrowed(_)));
        assert!(matches!(for_log("plain: a\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_selector_is_seen_behind_an_emoji_only() {
        assert_eq!(
            visible("⚠\u{FE0F} a\u{FE0F}\u{FE0F} ⚠\u{FE0F}\u{FE0F}"),
            "⚠\u{FE0F} a\\u{fe0f}\\u{fe0f} ⚠\u{FE0F}\\u{fe0f}"
        );
        assert_eq!(drawable("\u{FE0F}❤\u{FE0F}"), "\u{FFFD}❤\u{FE0F}");
        assert_eq!(json_text("❤\u{FE0F}"), "❤\\ufe0f");
    }

    #[test]
    fn a_log_finds_no_commands() {
        for (text, expected) in [
            ("::a::b", r"\u{3a}:a::b"),
            (" \t::a\nb::c\n  ::d", " \t\\u{3a}:a\nb::c\n  \\u{3a}:d"),
            ("\x1b[31m \x1b[0;1m::a", "\x1b[31m \x1b[0;1m\\u{3a}:a"),
            ("a ##[error]b ##vso[task.x]", r"a \u{23}#[error]b \u{23}#vso[task.x]"),
            ("###[a] ## b ##teamcity[", r"#\u{23}#[a] ## b \u{23}#teamcity["),
            ("::##[a]", r"\u{3a}:\u{23}#[a]"),
            ("## a\n:a\n: :\n  ::: a::b", "## a\n:a\n: :\n  ::: a::b"),
        ] {
            assert_eq!(for_log(text), expected);
        }
        assert_eq!(json_text("{\"##[a]\": \"##\"}"), "{\"\\u0023#[a]\": \"##\"}");
        assert_eq!(within_command("##vso[a]\n"), r"\u{23}#vso[a]\n");
    }

    #[test]
    fn json_is_the_same_when_it_is_streamed() {
        let value = ["a\u{AD}\"\u{0}", "##[x]", "ü", "\u{2028}\u{7F}\n"];
        let mut out = Vec::new();
        write_json(&mut out, &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.clone() + "\n", json_line(&value));
        assert!(text.is_ascii() || !text.contains(is_invisible), "{text}");
        assert_eq!(serde_json::from_str::<[String; 4]>(&text).unwrap(), value);
    }

    /// Compares the list with that of Unicode, plus three blank glyphs.
    #[test]
    fn every_invisible_character_of_unicode_is_known() {
        use icu_properties::props::{
            BidiControl, DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint,
            PrependedConcatenationMark, VariationSelector, WhiteSpace,
        };
        use icu_properties::{CodePointMapData, CodePointSetData};
        let sets = [
            CodePointSetData::new::<DefaultIgnorableCodePoint>(),
            CodePointSetData::new::<BidiControl>(),
            CodePointSetData::new::<NoncharacterCodePoint>(),
            CodePointSetData::new::<VariationSelector>(),
        ];
        let category = CodePointMapData::<GeneralCategory>::new();
        let shown = CodePointSetData::new::<PrependedConcatenationMark>();
        let white = CodePointSetData::new::<WhiteSpace>();
        for character in '\0'..=char::MAX {
            let expected = match category.get(character) {
                GeneralCategory::Control
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator => true,
                GeneralCategory::Format => !shown.contains(character),
                _ => {
                    white.contains(character) && character != ' '
                        || sets.iter().any(|set| set.contains(character))
                        || matches!(character, '\u{2800}' | '\u{16FE4}' | '\u{1D159}')
                }
            };
            assert_eq!(is_invisible(character), expected, "U+{:04X}", u32::from(character));
        }
    }
}
