//! The check of characters: which are allowed, and whether any line ends other than line feeds occur.

use std::ops::Range;

use crate::error::{Code, Error, Result};
use crate::source::{Source, binary};
use crate::text::suspect;

/// Checks every character of a source. Returns true if the slower handling of line ends is needed.
///
/// go-yaml refuses control characters except tab, line feed, carriage return and U+0085, and the two non-characters
/// U+FFFE and U+FFFF (`readerc.go`). Carriage return, U+0085, U+2028 and U+2029 end lines too; nearly all texts have
/// none of them and are parsed faster.
pub(super) fn check(source: &Source) -> Result<bool> {
    check_in(source, 0..source.text().len())
}

/// Checks every character of a part of a source.
pub(super) fn check_in(source: &Source, part: Range<usize>) -> Result<bool> {
    let bytes = &source.text().as_bytes()[part.clone()];
    let mut wide = false;
    for (start, block) in part.step_by(BLOCK).zip(bytes.chunks(BLOCK)) {
        // The fold has no branches, so the compiler can vectorize it.
        if block.iter().fold(false, |seen, &byte| seen | is_unusual(byte)) {
            wide |= check_slowly(source, start, start + block.len())?;
        }
    }
    Ok(wide)
}

const BLOCK: usize = 256;

/// True for bytes that need a closer look: controls, carriage return, and the first bytes of characters that are
/// refused or end lines.
const fn is_unusual(byte: u8) -> bool {
    let is_control = (byte < 0x20) & (byte != b'\t') & (byte != b'\n');
    is_control | (byte == 0x7f) | (byte == 0xc2) | (byte == 0xe2) | (byte == 0xef)
}

fn check_slowly(source: &Source, start: usize, end: usize) -> Result<bool> {
    let text = source.text();
    let (start, end) = (text.floor_char_boundary(start), text.ceil_char_boundary(end));
    let mut wide = false;
    for (offset, character) in text[start..end].char_indices() {
        match character {
            '\t' | '\n' | ' '..='~' => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => wide = true,
            '\u{a0}'..='\u{fffd}' | '\u{10000}'.. => {}
            _ => return Err(refused(source, start + offset, character)),
        }
    }
    Ok(wide)
}

#[cold]
fn refused(source: &Source, offset: usize, character: char) -> Error {
    if let Some(format) = suspect::binary_format(source.text().as_bytes()) {
        return binary(Code::MalformedYaml, source.name(), format);
    }
    let code = u32::from(character);
    Error::new(
        Code::MalformedYaml,
        format!("found the control character U+{code:04X}, which YAML does not allow"),
    )
    .at(source.span(offset, offset + character.len_utf8()))
    .help("remove it, or write it as an escape in double quotes")
}
