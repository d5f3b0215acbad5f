//! Env files: one `KEY=value` per line.

use std::str;

use crate::error::{Code, Error, Result};
use crate::load::File;

/// The longest line, with its line break, that Go's `bufio.Scanner` reads. At a longer one it stops, and the rest is
/// silently lost: kustomize does not check its error.
const LONGEST_LINE: usize = 64 << 10;

/// A variable: key and value, and the offset of the key in the file.
pub(super) struct Variable<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    pub(super) start: usize,
}

/// Reads the variables of a file, in order. Blanks before a key are ignored; everything after the first `=` is the
/// value. A line without `=` is a key with an empty value. Lines without a key and lines that begin with `#` are
/// skipped. (kustomize, `api/kv/kv.go`: `keyValuesFromLines`.)
///
/// # Errors
/// [`Code::InvalidUtf8`] at the first byte that is not text.
pub(super) fn read(file: &File) -> Result<Vec<Variable<'_>>> {
    let bytes = file.bytes();
    let mut variables = Vec::new();
    let mut start = 0;
    while let Some(length) = bytes.get(start..).and_then(line) {
        let Ok(line) = str::from_utf8(&bytes[start..start + length]) else {
            return Err(no_text(file));
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

/// The error for a file with a line that is not UTF-8. UTF-16 is accepted only in YAML files.
#[cold]
fn no_text(file: &File) -> Error {
    match file.source() {
        Err(error) => error,
        Ok(source) => {
            let message = format!("`{}` is UTF-16 text, expected UTF-8", source.name());
            Error::new(Code::InvalidUtf8, message)
                .at(source.span(0, 0))
                .help("save the file in UTF-8")
        }
    }
}

/// The length of the first line; `None` at the end or at a line that is too long.
fn line(rest: &[u8]) -> Option<usize> {
    let window = &rest[..rest.len().min(LONGEST_LINE)];
    match window.iter().position(|&byte| byte == b'\n') {
        None if rest.is_empty() || window.len() == LONGEST_LINE => None,
        None => Some(rest.len()),
        length => length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Loader, Memory, Options};
    use crate::source::Span;

    #[track_caller]
    fn variables(content: &[u8]) -> Result<Vec<(String, String, usize)>> {
        let files = Memory::new().file("/k/kustomization.yaml", "a: b").file("/k/f", content);
        let file = Loader::new(files, Options::default()).root("k")?.file("f", Span::NONE)?;
        let written = |variable: &Variable<'_>| {
            (variable.key.to_owned(), variable.value.to_owned(), variable.start)
        };
        Ok(read(&file)?.iter().map(written).collect())
    }

    #[test]
    fn every_line_is_a_variable() {
        type Case<'a> = (&'a str, &'a [(&'a str, &'a str, usize)]);
        let table: &[Case<'_>] = &[
            ("A=1\nB=2", &[("A", "1", 0), ("B", "2", 4)]),
            ("\u{FEFF}A=1\r\n\n \t B = '2' \n", &[("A", "1", 3), ("B ", " '2' ", 12)]),
            ("# no\n  # no\n=no\nA\nB=a=b\n", &[("A", "", 16), ("B", "a=b", 18)]),
            ("\n\u{FEFF}A=1", &[("\u{FEFF}A", "1", 1)]),
            ("", &[]),
        ];
        for (content, expected) in table {
            let found = variables(content.as_bytes()).unwrap();
            let found: Vec<_> =
                found.iter().map(|(key, value, start)| (&**key, &**value, *start)).collect();
            assert_eq!(found, *expected, "{content:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert_eq!(variables(b"A=1\nB=\xff\n").unwrap_err().code(), Code::InvalidUtf8);
    }

    #[test]
    fn nothing_is_read_from_a_line_too_long_on() {
        let count = |line: usize, rest: &str| {
            variables(format!("A=1\nB={}{rest}", "x".repeat(line - 2)).as_bytes()).unwrap().len()
        };
        assert_eq!(count(LONGEST_LINE - 1, "\nC=3"), 3);
        assert_eq!(count(LONGEST_LINE, "\nC=3"), 1);
        assert_eq!(count(LONGEST_LINE - 1, ""), 2);
        assert_eq!(count(LONGEST_LINE, ""), 1);
    }
}
