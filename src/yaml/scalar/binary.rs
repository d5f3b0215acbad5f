//! `!!binary`: base64, as Go decodes it, and the text that `encoding/json` makes of the bytes.

use base64::alphabet::STANDARD;
use base64::engine::{Engine, GeneralPurpose, GeneralPurposeConfig};

/// As Go's `base64.StdEncoding`: padding is required, spare bits may have any value.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Decodes base64 to text, with U+FFFD for every byte that is not UTF-8; `None` if the input is not base64. Line breaks
/// are ignored, as in Go.
pub(super) fn decode(text: &str) -> Option<String> {
    Some(lossy(&ENGINE.decode(text.replace(['\n', '\r'], "")).ok()?))
}

/// Bytes as text, with one U+FFFD for each byte that is not UTF-8, as in Go. Rust's `from_utf8_lossy` writes one for
/// several bytes that belong together.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
    }
    text
}
