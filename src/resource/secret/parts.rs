//! The parts of a value that are secret too: lines, variables, members of JSON, passwords of URLs, and what is encoded
//! in base64.

use std::str;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::decoded::{BACKSLASHES, ENTITIES, Escapes, PERCENTS, QUOTES};
use super::telling::says_secret;
use super::{commands, formats, lines};

/// Maximum number of values in each other.
const DEEPEST: usize = 6;
/// The most bytes that are read for each byte of a value, since its parts have parts.
const MOST_READ: usize = 32;

/// Base64 as programs write it: with padding, or without.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Calls `tell` for a value or its parts, with a flag that is true if the key of a part says that it is secret. Linear
/// in the value.
pub(super) fn parts(value: &[u8], is_named: bool, tell: &mut dyn FnMut(&[u8], bool)) {
    let left = value.len().saturating_mul(MOST_READ);
    PartWalk { tell, depth: 0, left }.value(value, is_named);
}

struct PartWalk<'a> {
    tell: &'a mut dyn FnMut(&[u8], bool),
    depth: usize,
    /// The number of bytes that may still be read.
    left: usize,
}

impl PartWalk<'_> {
    fn value(&mut self, value: &[u8], is_named: bool) {
        let Ok(text) = str::from_utf8(value) else { return (self.tell)(value, is_named) };
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
        if text.is_empty() {
            return;
        }
        if self.depth == DEEPEST || self.left < text.len() {
            return (self.tell)(text.as_bytes(), is_named);
        }
        self.left -= text.len();
        self.depth += 1;
        if !self.members(text) {
            if let Some(bytes) = decoded(text) {
                self.value(&bytes, is_named);
            }
            text.lines().for_each(|line| self.line(line.trim(), is_named));
        }
        self.depth -= 1;
    }

    /// Visits the values of a JSON document. False if the text is none.
    fn members(&mut self, text: &str) -> bool {
        let Some(document) =
            text.starts_with(['{', '[', '"']).then(|| serde_json::from_str(text).ok()).flatten()
        else {
            return false;
        };
        let mut pending: Vec<(Value, bool)> = vec![(document, false)];
        while let Some((value, is_named)) = pending.pop() {
            match value {
                Value::Null | Value::Bool(_) => {}
                Value::Number(number) => (self.tell)(number.to_string().as_bytes(), is_named),
                Value::String(text) => self.value(text.as_bytes(), is_named),
                Value::Array(items) => pending.extend(items.into_iter().map(|of| (of, is_named))),
                Value::Object(members) => pending.extend(
                    members.into_iter().map(|(key, value)| (value, is_named || says_secret(&key))),
                ),
            }
        }
        true
    }

    /// Visits a line: the value of a variable or a key, or the line itself.
    fn line(&mut self, line: &str, is_named: bool) {
        // Lines around keys and certificates, and comments.
        if line.is_empty() || line.starts_with("-----") || line.starts_with("# ") {
            return;
        }
        for (value, is_said) in commands::values(line) {
            self.value(value.as_bytes(), is_named || is_said);
        }
        if let Some((key, value)) = assigned(line) {
            let is_named = is_named || says_secret(key);
            for value in [Some(value), formats::bare(value)].into_iter().flatten() {
                self.value(value.as_bytes(), is_named);
                // As it is if it was in quotes.
                self.decoded(value, [&BACKSLASHES, &QUOTES], is_named);
            }
            return;
        }
        (self.tell)(line.as_bytes(), is_named);
        let mut ranges = Vec::new();
        lines::credentials(line, &mut ranges);
        for user in ranges.into_iter().filter_map(|range| line.get(range)) {
            self.password(user.split_once(':').map_or(user, |(_, password)| password));
        }
        if let Some((user, password)) = line.split_once(':')
            && !line.contains("://")
            && !user.is_empty()
            && !user.contains([' ', '/', '"'])
        {
            (self.tell)(password.trim().as_bytes(), is_named);
            // `user:password@host`
            if let Some((password, _)) = password.rsplit_once('@') {
                (self.tell)(password.trim().as_bytes(), is_named);
            }
        }
        // The parts of `host=db password=x`, of `url?token=x&a=b` and the like.
        let settings = line.split([' ', ';', '&', '?', ',']).filter_map(|one| one.split_once('='));
        for (_, value) in settings.filter(|(key, _)| says_secret(key)) {
            self.password(value.trim_matches(['"', '\'']));
        }
        for (value, is_said) in formats::values(line) {
            self.value(value.as_bytes(), is_named || is_said);
            self.decoded(value, [&BACKSLASHES, &ENTITIES], is_named || is_said);
        }
    }

    fn decoded(&mut self, value: &str, forms: [&Escapes; 2], is_named: bool) {
        for decoded in forms.iter().filter_map(|escapes| escapes.decode(value.as_bytes())) {
            self.value(&decoded.text, is_named);
        }
    }

    fn password(&mut self, password: &str) {
        (self.tell)(password.as_bytes(), true);
        if let Some(decoded) = PERCENTS.decode(password.as_bytes()) {
            (self.tell)(&decoded.text, true);
        }
    }
}

/// The name and the value of a line like `export KEY="value"` or `- key: value`.
fn assigned(line: &str) -> Option<(&str, &str)> {
    let bare = line.strip_prefix("export ").or(line.strip_prefix("- ")).unwrap_or(line);
    let is_name = |key: &str| {
        let key = key.trim().trim_matches(['"', '\'']);
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        !key.is_empty() && key.len() <= 64 && key.bytes().all(is_letter)
    };
    let (key, value) = match bare.split_once('=') {
        // More of them are the padding of base64.
        Some((key, value)) if is_name(key) && !value.trim_matches('=').is_empty() => (key, value),
        _ => {
            let (key, value) = bare.split_once(':').filter(|(key, _)| is_name(key))?;
            (key, value.strip_prefix([' ', '\t'])?)
        }
    };
    let value = value.trim().trim_end_matches(',').trim();
    let unquoted =
        ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Some((key.trim(), unquoted.unwrap_or(value))).filter(|(_, value)| !value.is_empty())
}

/// The text that another text holds in base64, in either alphabet, with or without padding. Bytes that are no text are
/// most likely not meant.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const SHORTEST: usize = 6;
    let bytes = unpacked(text).filter(|bytes| bytes.len() >= SHORTEST)?;
    let text = str::from_utf8(&bytes).ok()?;
    let is_open = |letter: char| !letter.is_control() || letter.is_whitespace();
    text.chars().all(is_open).then_some(bytes)
}

/// The bytes that a text holds in base64, in either alphabet, with or without padding or line breaks.
pub(super) fn unpacked(text: &str) -> Option<Vec<u8>> {
    let packed: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(super::decoded::plain)
        .collect();
    ANY_PADDING.decode(packed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;

    /// Each level of these would be read several times, and so would each level below it.
    #[test]
    fn hostile_values_are_read_a_few_times() {
        for part in ["- ", "a=\\\\", "{", "<a>&amp;", "token token ", "a:1:b:c:", "- 'a: \\"] {
            let value = part.repeat(1_000);
            let mut told = 0;
            parts(value.as_bytes(), false, &mut |part, _| told += part.len());
            assert!(told <= value.len() * 2 * MOST_READ, "{part}: {told}");
        }
    }

    fn all(value: &str) -> Vec<String> {
        let mut found = Vec::new();
        parts(value.as_bytes(), false, &mut |part, is_named| {
            let mark = if is_named { "!" } else { "" };
            let told = format!("{mark}{}", String::from_utf8_lossy(part));
            if !found.contains(&told) {
                found.push(told);
            }
        });
        found
    }

    #[test]
    fn parts_are_found_in_each_form() {
        assert_eq!(all(" a \n"), ["a"]);
        assert_eq!(all("A=1\nexport TOKEN='x y'\n# c\npass: \"z\"\n"), ["1", "!x y", "!z"]);
        assert_eq!(
            all("postgres://app:p%40ss@db/x?sslpassword=q"),
            ["postgres://app:p%40ss@db/x?sslpassword=q", "!p%40ss", "!p@ss", "!q"]
        );
        assert_eq!(all("-----BEGIN KEY-----\nMIIE\nabcd\n-----END KEY-----"), ["MIIE", "abcd"]);
        assert_eq!(all("host=db password=x"), ["!x", "db password=x"]);
        assert_eq!(all("user:word"), ["user:word", "word"]);
        let auth = BASE64_STANDARD.encode("user:pass word");
        let config = format!(r#"{{"auths":{{"r.io":{{"auth":"{auth}","n":1,"password":"p"}}}}}}"#);
        assert_eq!(all(&config), ["!p", "1", "user:pass word", "pass word", &auth]);
        assert_eq!(all(&BASE64_STANDARD.encode(&auth))[..2], ["user:pass word", "pass word"]);
        for (value, part) in [
            ("Bearer eyJhbGci.x", "!eyJhbGci.x"),
            ("P='q' # c", "q"),
            ("- a\n- k: b", "a"),
            ("f: {pw: c, token: 'd, e'}", "c"),
            ("f: {pw: c, token: 'd, e'}", "!d, e"),
            ("<pass>a&amp;b</pass>", "!a&b"),
            ("db:5432:a:a:b\\:c", "!b:c"),
            ("app:a@b@db:5432/x", "a@b"),
            ("curl -u app:b https://h", "!b"),
            ("PGPASSWORD=b psql -h db", "!b"),
            ("export A=b; export TOKEN='c d'", "!c d"),
            ("export A=b1; run", "b1"),
            ("A=b1 && run", "b1"),
            ("create user u identified by \"b1\";", "b1"),
            ("ALTER ROLE u PASSWORD $$b1$$", "b1"),
        ] {
            assert!(all(value).contains(&part.to_owned()), "{value}: {:?}", all(value));
        }
        let bytes: &[u8] = b"\xff\xfe";
        parts(bytes, false, &mut |part, _| assert_eq!(part, bytes));
    }
}
