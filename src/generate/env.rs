//! Files of variables: one `KEY=value` a line.

use std::str;

use crate::error::Result;
use crate::load::File;

/// The longest line, with its line break, that Go's `bufio.Scanner` reads. It stops at a longer one without a word, and
/// what follows is lost: kustomize does not ask it for errors.
const LONGEST_LINE: usize = 64 << 10;

/// A variable: key and value, and where the key begins in the file.
pub(super) struct Variable<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    pub(super) start: usize,
}

/// The variables of a file, in order. Blanks before a key count for nothing, everything behind the first `=` belongs to
/// the value; a line without `=` is a key with an empty value, and one without a key is nothing, nor is one that begins
/// with `#`. (kustomize, `api/kv/kv.go`: `keyValuesFromLines`.)
///
/// # Errors
/// [`Code::InvalidUtf8`](crate::error::Code::InvalidUtf8) at the first byte that is no text.
pub(super) fn read(file: &File) -> Result<Vec<Variable<'_>>> {
    let bytes = file.bytes();
    let mut variables = Vec::new();
    let mut start = 0;
    while let Some(length) = bytes.get(start..).and_then(line) {
        let Ok(line) = str::from_utf8(&bytes[start..start + length]) else {
            return file.source().map(|_| variables);
        };
        let line = line.strip_suffix('\r').unwrap_or(line);
        let end = start + line.len();
        let line = line.strip_prefix('\u{FEFF}').filter(|_| start == 0).unwrap_or(line);
        let line = line.trim_start();
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() && !key.starts_with('#') {
            variables.push(Variable { key, value, start: end - line.len() });
        }
        start += length + 1;
    }
    Ok(variables)
}

/// The length of the first line, if there is one that is read.
fn line(rest: &[u8]) -> Option<usize> {
    let window = &rest[..rest.len().min(LONGEST_LINE)];
    match window.iter().position(|&byte| byte == b'\n') {
        None if rest.is_empty() || window.len() == LONGEST_LINE => None,
        None => Some(rest.len()),
        length => length,
    }
}
