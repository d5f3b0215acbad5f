//! `!!binary`: base64, as Go decodes it and `encoding/json` makes text of it.

use base64::alphabet::STANDARD;
use base64::engine::{Engine, GeneralPurpose, GeneralPurposeConfig};

/// Like Go's `base64.StdEncoding`: padding must be there, spare bits may be anything.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The text of the bytes, with U+FFFD for every byte that is no UTF-8; `None` if the text is no base64. Line breaks count for
/// nothing, as in Go.
pub(super) fn decode(text: &str) -> Option<String> {
    Some(lossy(&ENGINE.decode(text.replace(['\n', '\r'], "")).ok()?))
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
