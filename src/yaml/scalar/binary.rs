//! `!!binary`: base64, as Go decodes it and `encoding/json` makes text of it.

/// The text of the bytes, with U+FFFD for every byte that is no UTF-8; nothing if the text is no base64.
///
/// Like Go's `base64.StdEncoding`: line breaks count for nothing, padding must be there, spare bits may be anything.
pub(super) fn decode(text: &str) -> Option<String> {
    let text: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (quartets, []) = text.as_chunks::<4>() else {
        return None;
    };
    for (place, quartet) in quartets.iter().enumerate() {
        let padding = match quartet {
            [_, _, b'=', b'='] => 2,
            [_, _, _, b'='] => 1,
            _ => 0,
        };
        if padding > 0 && place + 1 < quartets.len() {
            return None;
        }
        let mut bits = 0;
        for &character in &quartet[..4 - padding] {
            bits = bits << 6 | u32::from(sextet(character)?);
        }
        let [_, decoded @ ..] = (bits << (6 * padding)).to_be_bytes();
        bytes.extend_from_slice(&decoded[..3 - padding]);
    }
    Some(lossy(&bytes))
}

fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// One U+FFFD for each byte that is no UTF-8: Go steps over them one by one, Rust over as many as belong together.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
    }
    text
}
