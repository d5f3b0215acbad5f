//! Texts as programs read them: without the escapes of JSON, URLs, HTML and shells, and decoded from base64 or
//! hexadecimal digits.

use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

/// A decoded text.
pub(super) struct Decoded {
    pub(super) text: Vec<u8>,
    /// The offset of each byte in the text that it was decoded from, with the end of that.
    places: Vec<u32>,
    /// The bytes that were written in another way.
    written: Vec<u8>,
}

impl Decoded {
    /// The place of a part in the text that this one was decoded from.
    pub(super) fn place(&self, part: &Range<usize>) -> Range<usize> {
        let at = |offset: usize| self.places.get(offset).copied().unwrap_or_default() as usize;
        at(part.start)..at(part.end)
    }

    /// True if it may have escapes of another kind that its own hid.
    pub(super) fn uncovers(&self, escapes: &Escapes) -> bool {
        self.written.iter().any(|byte| escapes.begin_with.contains(byte))
    }
}

/// A kind of escapes.
pub(super) struct Escapes {
    /// The bytes that they begin with.
    begin_with: &'static [u8],
    /// Appends what is at the start of a text, and returns the length of that; `None` if it is no escape.
    read: fn(&[u8], &mut Vec<u8>) -> Option<usize>,
}

/// All kinds of escapes. In forms, a `+` is a blank.
pub(super) const ESCAPES: [&Escapes; 6] =
    [&BACKSLASHES, &PERCENTS, &FORMS, &ENTITIES, &QUOTES, &DOLLARS];

/// Escapes of JSON, YAML and C: `\n`, `\"`, `\u0041`, `\x41`, `\101`. An escaped line break joins lines.
pub(super) const BACKSLASHES: Escapes = Escapes { begin_with: b"\\", read: backslash };
/// Escapes of URLs: `%41`.
pub(super) const PERCENTS: Escapes = Escapes { begin_with: b"%", read: percent };
/// Forms as browsers send them: a `+` is a blank.
const FORMS: Escapes = Escapes { begin_with: b"+%", read: form };
/// Entities of XML and HTML: `&amp;`, `&#65;`, `&#x41;`.
pub(super) const ENTITIES: Escapes = Escapes { begin_with: b"&", read: entity };
/// Dollars that are doubled in `command`, `args` and `env` of containers, so that they do not begin a reference.
const DOLLARS: Escapes = Escapes { begin_with: b"$", read: dollar };
/// Quotes that are doubled in YAML and SQL, or written by shells as `'\''` and `'"'"'`.
pub(super) const QUOTES: Escapes = Escapes { begin_with: b"'\"", read: quote };

impl Escapes {
    /// Decodes a text; `None` if it has no such escapes.
    pub(super) fn decode(&self, text: &[u8]) -> Option<Decoded> {
        // Without a `+`, forms have the escapes of URLs.
        memchr::memchr(*self.begin_with.first()?, text).or_else(|| {
            memchr::memchr(*self.begin_with.get(1).filter(|byte| **byte != b'%')?, text)
        })?;
        let mut decoded = Decoded { text: Vec::new(), places: Vec::new(), written: Vec::new() };
        let (mut at, mut copied) = (0, 0);
        let mut letters = Vec::new();
        while let Some(&byte) = text.get(at) {
            let is_meant = self.begin_with.contains(&byte);
            let Some(taken) = is_meant.then(|| (self.read)(&text[at..], &mut letters)).flatten()
            else {
                at += 1;
                continue;
            };
            decoded.copy(text, copied..at);
            decoded.text.append(&mut letters.clone());
            decoded.places.resize(decoded.text.len(), at as u32);
            decoded.written.append(&mut letters);
            at += taken;
            copied = at;
        }
        if decoded.written.is_empty() && copied == 0 {
            return None;
        }
        decoded.copy(text, copied..text.len());
        decoded.places.push(text.len() as u32);
        Some(decoded)
    }
}

impl Decoded {
    fn copy(&mut self, text: &[u8], part: Range<usize>) {
        self.places.extend(part.start as u32..part.end as u32);
        self.text.extend_from_slice(&text[part]);
    }
}

/// The value of digits of a base.
fn number(digits: Option<&[u8]>, base: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits?).ok()?;
    // The parser would accept a sign.
    digits.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(())?;
    u32::from_str_radix(digits, base).ok()
}

fn push(code: u32, out: &mut Vec<u8>) -> Option<()> {
    let letter = char::from_u32(code)?;
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    Some(())
}

fn backslash(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let letter = *rest.get(1)?;
    let single = match letter {
        b'n' | b'N' | b'L' | b'P' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'a' => 7,
        b'v' => 11,
        b'e' => 27,
        b'x' => return hexadecimal(rest, 2, out),
        b'u' => return unit(rest, out),
        b'U' => return hexadecimal(rest, 8, out),
        b'0'..=b'7' => {
            if let Some(code) = number(rest.get(1..4), 8) {
                out.push(u8::try_from(code).ok()?);
                return Some(4);
            }
            0
        }
        b'\n' | b'\\' | b'"' | b'\'' | b'/' | b' ' | b'$' | b'`' | b'!' | b'&' | b'@' | b'#'
        | b'%' | b'=' | b':' | b'(' | b')' | b'*' | b'?' | b';' | b'~' | b'<' | b'>' | b'|'
        | b'.' | b'-' | b'_' | b'+' | b',' | b'{' | b'}' | b'[' | b']' | b'^' => letter,
        _ => return None,
    };
    out.push(single);
    Some(2)
}

/// `\x41` and `\U00000041`: a byte, or a letter.
fn hexadecimal(rest: &[u8], digits: usize, out: &mut Vec<u8>) -> Option<usize> {
    let code = number(rest.get(2..2 + digits), 16)?;
    match u8::try_from(code) {
        Ok(byte) if digits == 2 => out.push(byte),
        _ => push(code, out)?,
    }
    Some(2 + digits)
}

/// `\u0041`, or two of them for a letter outside of the first plane.
fn unit(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let first = number(rest.get(2..6), 16)?;
    if (0xD800..0xDC00).contains(&first) && rest.get(6..8) == Some(b"\\u") {
        let second = number(rest.get(8..12), 16)?.checked_sub(0xDC00)?;
        push(0x10000 + ((first - 0xD800) << 10) + second, out)?;
        return Some(12);
    }
    push(first, out)?;
    Some(6)
}

fn percent(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    out.push(u8::try_from(number(rest.get(1..3), 16)?).ok()?);
    Some(3)
}

fn form(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    if !rest.starts_with(b"+") {
        return percent(rest, out);
    }
    out.push(b' ');
    Some(1)
}

fn entity(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    const LONGEST: usize = 10;
    const NAMED: [(&[u8], u8); 7] = [
        (b"amp", b'&'),
        (b"lt", b'<'),
        (b"gt", b'>'),
        (b"quot", b'"'),
        (b"apos", b'\''),
        (b"nbsp", b' '),
        (b"sol", b'/'),
    ];
    let end = rest.iter().take(LONGEST).position(|byte| *byte == b';')?;
    match &rest[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => push(number(Some(digits), 16)?, out)?,
        [b'#', digits @ ..] => push(number(Some(digits), 10)?, out)?,
        name => out.push(NAMED.iter().find(|(known, _)| *known == name)?.1),
    }
    Some(end + 1)
}

fn dollar(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    rest.starts_with(b"$$").then(|| out.push(b'$'))?;
    Some(2)
}

fn quote(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    const FORMS: [&[u8]; 4] = [b"'\\''", b"'\"'\"'", b"''", b"\"\""];
    let form = FORMS.iter().find(|form| rest.starts_with(form))?;
    out.push(rest[0]);
    Some(form.len())
}

/// The letter of base64 in its usual alphabet: in that of URLs, `-` and `_` are in the place of `+` and `/`.
pub(super) const fn plain(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

/// The letters of bytes in base64.
pub(super) fn to_base64(bytes: &[u8]) -> Vec<u8> {
    BASE64_STANDARD_NO_PAD.encode(bytes).into_bytes()
}

/// The value of a letter of base64.
const fn sextet(byte: u8) -> Option<u8> {
    Some(match plain(byte) {
        byte @ b'A'..=b'Z' => byte - b'A',
        byte @ b'a'..=b'z' => byte - b'a' + 26,
        byte @ b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// True for a letter of base64, or its padding.
const fn is_base64(byte: u8) -> bool {
    byte == b'=' || sextet(byte).is_some()
}

/// The letters of base64 around a place, with lines that consist of nothing else.
pub(super) fn base64_around(text: &[u8], place: &Range<usize>) -> Range<usize> {
    let (mut start, mut end) = (place.start, place.end);
    loop {
        start -= text[..start].iter().rev().take_while(|byte| is_base64(**byte)).count();
        // The rest of the line above, if this is the start of a line.
        let before = text[..start].trim_ascii_end();
        if !text[before.len()..start].contains(&b'\n') {
            break;
        }
        let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        if !is_line(line, is_base64) {
            break;
        }
        start = before.len() - line.trim_ascii_start().len();
    }
    loop {
        end += text[end..].iter().take_while(|byte| is_base64(**byte)).count();
        let Some(line) =
            line_below(text, end).filter(|line| is_line(&text[line.clone()], is_base64))
        else {
            break;
        };
        end = line.end;
    }
    start..end
}

/// The text of the next line, if there is only white space before it.
fn line_below(text: &[u8], end: usize) -> Option<Range<usize>> {
    let blank = text[end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let start = end + blank;
    text[end..start].contains(&b'\n').then_some(())?;
    let length = memchr::memchr(b'\n', &text[start..]).unwrap_or(text.len() - start);
    Some(start..start + text[start..start + length].trim_ascii_end().len())
}

/// True if a line has nothing but some letters.
fn is_line(line: &[u8], is_part: impl Fn(u8) -> bool) -> bool {
    let line = line.trim_ascii();
    !line.is_empty() && line.iter().all(|byte| is_part(*byte))
}

/// The places in a text that may be base64 of base64 or of other encodings: long words with capital letters, which may
/// go on in the next lines. Shorter ones, and those of a single encoding, are searched as they are.
pub(super) fn base64_words(text: &[u8]) -> Vec<Range<usize>> {
    const SHORTEST: usize = 16;
    words(text, SHORTEST, is_base64, |word| word.iter().any(u8::is_ascii_uppercase))
}

/// The places in a text that may be hexadecimal digits, which may be apart: `41:42`, `\x41\x42`, `0x41, 0x42`.
pub(super) fn hexadecimal_words(text: &[u8]) -> Vec<Range<usize>> {
    const SHORTEST: usize = 12;
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || b":-, \\xX%".contains(&byte);
    words(text, SHORTEST, is_part, |word| {
        let digits = word.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
        digits >= SHORTEST && word.iter().any(u8::is_ascii_digit)
    })
}

/// The longest places of letters, joined across line breaks, that are long enough and for which `is_meant` is true.
fn words(
    text: &[u8],
    shortest: usize,
    is_part: impl Fn(u8) -> bool,
    is_meant: impl Fn(&[u8]) -> bool,
) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        if !is_part(text[at]) {
            at += 1;
            continue;
        }
        let start = at;
        let mut end = at;
        loop {
            end += text[end..].iter().take_while(|byte| is_part(**byte)).count();
            match line_below(text, end) {
                Some(line) if is_line(&text[line.clone()], &is_part) => end = line.start,
                _ => break,
            }
        }
        if end - start >= shortest && is_meant(&text[start..end]) {
            found.push(start..end);
        }
        at = end;
    }
    found
}

/// The bytes of a word of base64 that may begin before it: from each of the first four letters.
pub(super) fn from_base64(word: &[u8]) -> Vec<Vec<u8>> {
    let sextets: Vec<u8> = word.iter().filter_map(|byte| sextet(*byte)).collect();
    let from = |start: usize| {
        let groups = sextets.get(start..).unwrap_or_default().chunks(4);
        groups.flat_map(bytes).collect::<Vec<u8>>()
    };
    (0..4).map(from).collect()
}

/// The bytes of up to four letters of base64.
fn bytes(sextets: &[u8]) -> impl Iterator<Item = u8> {
    let at = |place: usize| u32::from(sextets.get(place).copied().unwrap_or_default());
    let bits = at(0) << 18 | at(1) << 12 | at(2) << 6 | at(3);
    let [_, bytes @ ..] = bits.to_be_bytes();
    bytes.into_iter().take(sextets.len() * 3 / 4)
}

/// The bytes of a word of hexadecimal digits: from the first digit, and from the second one.
pub(super) fn from_hexadecimal(word: &[u8]) -> Vec<Vec<u8>> {
    let mut digits = Vec::new();
    for (place, byte) in word.iter().enumerate() {
        let is_prefix = matches!(word.get(place + 1), Some(b'x' | b'X'));
        match (*byte as char).to_digit(16) {
            // The zero of `0x41`.
            Some(0) if is_prefix => {}
            Some(digit) => digits.push(digit as u8),
            None => {}
        }
    }
    let from = |start: usize| {
        let pairs = digits.get(start..).unwrap_or_default().as_chunks::<2>().0;
        pairs.iter().map(|[high, low]| high << 4 | low).collect()
    };
    vec![from(0), from(1)]
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[track_caller]
    fn decoded(escapes: &Escapes, text: &str, expected: &str) {
        let Decoded { text, places, written } = escapes.decode(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&text), expected);
        assert_eq!(places.len(), text.len() + 1);
        assert!(places.is_sorted() && !written.is_empty());
    }

    #[test]
    fn escapes_are_read_as_programs_read_them() {
        decoded(&BACKSLASHES, r#"a\n\"\u0041\x41\101\ud83d\ude00\q"#, "a\n\"AAA😀\\q");
        decoded(&PERCENTS, "%41%zz%C3%A4+", "A%zzä+");
        decoded(&FORMS, "a+%41", "a A");
        decoded(&ENTITIES, "&amp;&#65;&#x41;&x;&", "&AA&x;&");
        decoded(&QUOTES, r#"a''b'\''c'"'"'d"#, "a'b'c'd");
        decoded(&DOLLARS, "a$$b$$$c$", "a$b$$c$");
        for escapes in ESCAPES {
            assert!(escapes.decode(b"plain 'text' \\q %zz &x;").is_none());
        }
    }

    #[test]
    fn encoded_words_are_found_with_their_lines() {
        let text = b"a: |\n  QUJDREVGR0hJSktM\n  TU5P\n  x y";
        assert!(base64_words(text).into_iter().eq(iter::once(7..30)));
        assert_eq!(base64_around(text, &(26..28)), 7..30);
        assert!(from_base64(b"xQUJD").contains(&b"ABC".to_vec()));
        assert!(hexadecimal_words(b"is 41:42:43:44:45:46!").into_iter().eq(iter::once(2..20)));
        for word in ["414243", "41:42:43", "0x41, 0x42,0x43", "\\x41\\x42\\x43"] {
            assert_eq!(from_hexadecimal(word.as_bytes())[0], b"ABC");
        }
    }
}
