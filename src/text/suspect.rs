//! Causes of errors that are visible in the text, whatever its format: binary content, merge conflicts, characters that
//! look like blanks.
//!
//! All functions expect texts that are known to be wrong: they read from the beginning.

use std::fmt;
use std::ops::Range;

/// Binary formats by their first bytes.
const FORMATS: [(&[u8], &str); 12] = [
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x30\x82", "a certificate or a key in DER"),
];

/// The name of text in UTF-16 without a byte-order mark.
pub const UTF_16: &str = "text in UTF-16 without a byte-order mark";

/// The format of binary content: by its first bytes, or `binary data` for other bytes that do not occur in text. `None`
/// for text.
#[must_use]
pub fn binary_format(bytes: &[u8]) -> Option<&'static str> {
    /// Number of bytes that are examined.
    const BEGIN: usize = 4096;
    let begin = &bytes[..bytes.len().min(BEGIN)];
    let is_control = |byte: &&u8| matches!(**byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f);
    let is_text = begin.iter().filter(is_control).count() < 3;
    match FORMATS.iter().find(|(magic, _)| begin.starts_with(magic)) {
        Some((magic, format)) if !is_text || !magic.is_ascii() => Some(format),
        _ if is_text => None,
        _ if begin.iter().skip(1).step_by(2).take(8).all(|&byte| byte == 0) => Some(UTF_16),
        _ => Some("binary data"),
    }
}

/// The markers of the first unresolved merge conflict: its begin and its end.
#[must_use]
pub fn conflict(text: &str) -> Option<(Range<usize>, Range<usize>)> {
    let mut begin = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let place = offset..offset + line.trim_end().len();
        offset += line.len();
        if line.starts_with("<<<<<<< ") {
            begin = Some(place);
        } else if line.starts_with(">>>>>>> ")
            && let Some(begin) = begin
        {
            return Some((begin, place));
        }
    }
    None
}

/// A character that looks like a blank or is invisible, but is not a blank in YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FalseBlank {
    character: char,
    name: &'static str,
    /// True if it takes up space on a line.
    pub has_width: bool,
}

impl fmt::Display for FalseBlank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a {} (U+{:04X})", self.name, u32::from(self.character))
    }
}

impl FalseBlank {
    const fn of(character: char) -> Option<Self> {
        let (name, has_width) = match character {
            '\u{a0}' => ("no-break space", true),
            '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{205f}' => ("typographic space", true),
            '\u{202f}' => ("narrow no-break space", true),
            '\u{3000}' => ("wide space", true),
            '\u{200b}' => ("zero-width space", false),
            '\u{200c}' | '\u{200d}' | '\u{2060}' => ("zero-width joiner", false),
            '\u{feff}' => ("byte-order mark", false),
            _ => return None,
        };
        Some(Self { character, name, has_width })
    }
}

/// The first false blank in a range of a text where blanks matter to YAML: at the beginning of a line, or after `-` or
/// `:`.
#[must_use]
pub fn false_blank(text: &str, range: Range<usize>) -> Option<(Range<usize>, FalseBlank)> {
    let mut offset = range.start;
    for line in text.get(range)?.split_inclusive('\n') {
        let mut begins = true;
        let mut before = ' ';
        for (place, character) in line.char_indices() {
            if let Some(blank) = FalseBlank::of(character)
                && (begins || matches!(before, '-' | ':'))
            {
                let place = offset + place;
                return Some((place..place + character.len_utf8(), blank));
            }
            begins &= character == ' ';
            before = character;
        }
        offset += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_content_is_told_by_its_bytes() {
        assert_eq!(binary_format(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some("a PNG image"));
        assert_eq!(binary_format(b"PK\x03\x04\x14\0\0\0\x08\0"), Some("a ZIP archive"));
        assert_eq!(binary_format(b"a\0:\0 \0b\0\n\0c\0:\0d\0e\0"), Some(UTF_16));
        assert_eq!(binary_format(b"\x01\x02\x03\xff"), Some("binary data"));
        for text in ["", "a: b\n", "PK: 1\n", "MZ\n", "a: \x1b[0m\n", "%PDF: 1\n"] {
            assert_eq!(binary_format(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_conflict_has_two_markers() {
        let text = "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n";
        let (begin, end) = conflict(text).unwrap();
        assert_eq!((&text[begin], &text[end]), ("<<<<<<< HEAD", ">>>>>>> other"));
        for text in
            ["<<<<<<< HEAD\n", "<<: *a\n", "======= \n>>>>>>> x\n", "a <<<<<<< b\n>>>>>>> c\n"]
        {
            assert_eq!(conflict(text), None, "{text}");
        }
    }

    #[test]
    fn false_blanks_are_found_where_blanks_have_a_meaning() {
        let found = |text: &str| {
            let (place, blank) = false_blank(text, 0..text.len())?;
            Some((place.start, blank.to_string()))
        };
        let name = "a no-break space (U+00A0)";
        assert_eq!(found("a:\n\u{a0} b: c\n"), Some((3, name.to_owned())));
        assert_eq!(found("a:\n  \u{a0}b: c\n"), Some((5, name.to_owned())));
        assert_eq!(found("-\u{a0}a\n"), Some((1, name.to_owned())));
        assert_eq!(found("a:\u{a0}b\n"), Some((2, name.to_owned())));
        assert_eq!(found("a: b\u{a0}c\n"), None);
        assert_eq!(false_blank("\u{a0}a\nb: c\n", 4..9), None);
    }
}
