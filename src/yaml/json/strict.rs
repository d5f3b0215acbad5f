//! A check that text is strict JSON. The YAML reader accepts more in flow style.

use serde::de::IgnoredAny;

/// The offset at which text stops being one JSON value; `None` if it is one. (Go's `encoding/json`, `scanner.go`.)
#[must_use]
pub fn not_json(text: &str) -> Option<usize> {
    let wrong = serde_json::from_str::<IgnoredAny>(text).err().map(|error| offset(text, &error));
    let looked_at = wrong.map_or(text.len(), |offset| offset + 2);
    of_go(text.as_bytes().iter().take(looked_at)).or(wrong)
}

/// The maximum depth of collections in Go.
const DEEPEST: usize = 10_000;

/// The offset of the character at which an error was found.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    if error.is_eof() {
        return text.len();
    }
    let before = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line: usize = before.map(str::len).sum();
    text.floor_char_boundary((line + error.column()).saturating_sub(1))
}

/// The offset of the first byte that opens a collection nested too deeply, or is a control character in a string:
/// `serde_json` has no such limit on depth, and reports the character before the control character.
fn of_go<'b>(json: impl Iterator<Item = &'b u8>) -> Option<usize> {
    let (mut depth, mut is_in_text, mut is_escaped) = (0_usize, false, false);
    for (offset, byte) in json.enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_in_text,
            b'"' => is_in_text = !is_in_text,
            0..0x20 if is_in_text => return Some(offset),
            _ if is_in_text => {}
            b'[' | b'{' if depth == DEEPEST => return Some(offset),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_what_only_looks_like_it() {
        for text in [
            "[]",
            " {} ",
            "[1, -0.5e+3, 0, true, false, null]",
            "{\"a\": {\"b\": []}, \"\\u00e4\\n\": \"ü/\\/\"}\n",
            "[[[{}]], {\"a\": [1]}]",
        ] {
            assert_eq!(not_json(text), None, "{text}");
        }
        for (text, place) in [
            ("", 0),
            ("[a]", 1),
            ("[{op: 1}]", 2),
            ("[1,]", 3),
            ("[1] x", 4),
            ("['a']", 1),
            ("[01]", 2),
            ("[1.]", 3),
            ("{\"a\" 1}", 5),
            ("{\"a\": 1,}", 8),
            ("[\"\\x\"]", 3),
            ("[\"a\tb\"]", 3),
            ("[\"\\u12g4\"]", 7),
            ("[tru]", 4),
            ("[[1}", 3),
        ] {
            assert_eq!(not_json(text), Some(place), "{text}");
        }
        assert_eq!(not_json(&"[".repeat(20_000)), Some(DEEPEST));
        let nested = |depth| format!("{}\"]\"{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(not_json(&nested(DEEPEST)), None);
        assert_eq!(not_json(&nested(DEEPEST + 1)), Some(DEEPEST));
    }
}
