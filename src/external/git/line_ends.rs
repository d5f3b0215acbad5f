//! Line ends of text in a working tree: git may write CRLF where a file is committed with LF (`eol`, `core.autocrlf`), and takes
//! it as the same.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{Repository, waiting};
use crate::load::git::{Id, IdHasher, ObjectKind, os_string};
use crate::load::{Disk, Files as _, LARGEST_FILE};

/// The answers of git about files: it is asked once for all of them, and only if there is a file that may be converted.
#[derive(Default)]
pub(super) struct Questions {
    /// The attributes of files that are set, by paths from the top.
    attributes: OnceLock<BTreeMap<Vec<u8>, Conversion>>,
    /// The answer of the configuration, for files without attributes.
    usual: OnceLock<Conversion>,
}

/// The files of which git converts the line ends as it takes them into the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conversion {
    /// None.
    Never,
    /// Those that look like text.
    OfText,
    Always,
    /// Those that the configuration says.
    Unspecified,
}

impl Conversion {
    /// The meaning of the attributes of a file. `crlf` is the older name of `text`.
    /// (git, `convert.c`: `convert_attrs`.)
    fn of([text, older, end]: [&[u8]; 3]) -> Self {
        let of = |value: &[u8]| match value {
            b"set" | b"input" => Self::Always,
            b"unset" => Self::Never,
            b"auto" => Self::OfText,
            _ => Self::Unspecified,
        };
        let own = match of(text) {
            Self::Unspecified => of(older),
            own => own,
        };
        match end {
            b"crlf" | b"lf" if own == Self::Unspecified => Self::Always,
            _ => own,
        }
    }
}

impl Questions {
    /// True if a file of a working tree, by its path from the top, is the one of the index but for line ends that git
    /// converts. `all` are the paths of the files of which this may be asked.
    pub(super) fn is_converted<'p>(
        &self,
        repository: &Repository,
        path: &[u8],
        indexed: Id,
        all: impl Iterator<Item = &'p [u8]>,
    ) -> bool {
        let Ok(content) = Disk.read(&repository.top().join(os_string(path)), LARGEST_FILE) else {
            return false;
        };
        let plain = without_returns(&content);
        if plain.len() == content.len()
            || IdHasher::hash(indexed.length(), ObjectKind::Blob, &plain) != indexed
        {
            return false;
        }
        let attributes = self.attributes.get_or_init(|| attributes(repository, all));
        let own = attributes.get(path).copied().unwrap_or(Conversion::Never);
        let usual = || *self.usual.get_or_init(|| configured(repository));
        match if own == Conversion::Unspecified { usual() } else { own } {
            Conversion::Always => true,
            // Nor does git convert text that is in the index with CRLF: here, the file has a lone CR then.
            Conversion::OfText => !is_binary(&content),
            Conversion::Never | Conversion::Unspecified => false,
        }
    }
}

/// A text with LF in place of CRLF.
fn without_returns(content: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(content.len());
    for (place, &byte) in content.iter().enumerate() {
        if byte != b'\r' || content.get(place + 1) != Some(&b'\n') {
            plain.push(byte);
        }
    }
    plain
}

/// True if git does not take a content as text: it has a lone CR or a NUL, or many control characters.
/// (git, `convert.c`: `gather_stats`, `convert_is_binary`.)
fn is_binary(content: &[u8]) -> bool {
    let (mut printable, mut others) = (0_usize, 0_usize);
    // A last Ctrl-Z is an end of file of DOS.
    let counted = content.strip_suffix(b"\x1a").unwrap_or(content);
    for (place, &byte) in counted.iter().enumerate() {
        match byte {
            b'\r' if content.get(place + 1) != Some(&b'\n') => return true,
            0 => return true,
            b'\r' | b'\n' => {}
            // Backspace, tab, escape, form feed.
            8 | b'\t' | 0x1b | 0x0c => printable += 1,
            1..32 | 127 => others += 1,
            _ => printable += 1,
        }
    }
    printable >> 7 < others
}

/// The attributes of files. Git reads no file for that but those of attributes, and runs no filter. None are known if git would
/// block on such a file.
fn attributes<'p>(
    repository: &Repository,
    all: impl Iterator<Item = &'p [u8]>,
) -> BTreeMap<Vec<u8>, Conversion> {
    if !waiting::has_plain_attributes(repository) {
        return BTreeMap::new();
    }
    let mut input = Vec::new();
    all.for_each(|path| {
        input.extend_from_slice(path);
        input.push(0);
    });
    let asked = ["check-attr", "--stdin", "-z", "text", "crlf", "eol"];
    let outcome = repository.0.git.run_with(&asked, input);
    let outcome = outcome.ok().filter(|outcome| outcome.is_success);
    let listed = outcome.map(|outcome| outcome.output).unwrap_or_default();
    // Path, attribute, value, for each attribute of each file.
    let fields: Vec<&[u8]> = listed.split(|&byte| byte == 0).collect();
    let of_file = |file: &[&[u8]]| {
        Some((file.first()?.to_vec(), Conversion::of([file.get(2)?, file.get(5)?, file.get(8)?])))
    };
    fields.chunks_exact(9).filter_map(of_file).collect()
}

/// The meaning of `core.autocrlf`: a truth of git in any of its spellings, or `input`.
fn configured(repository: &Repository) -> Conversion {
    let asked = |how: &[&str]| {
        let words = [&["config"], how, &["--get", "core.autocrlf"]].concat();
        repository.run(&words).unwrap_or_default().trim_ascii().to_ascii_lowercase()
    };
    match asked(&["--bool"]) == b"true" || asked(&[]) == b"input" {
        true => Conversion::OfText,
        false => Conversion::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_before_new_lines_are_dropped() {
        for (content, plain) in
            [("a\r\nb\r\n", "a\nb\n"), ("a\r", "a\r"), ("\r\r\n", "\r\n"), ("a\n", "a\n"), ("", "")]
        {
            assert_eq!(without_returns(content.as_bytes()), plain.as_bytes());
        }
    }

    #[test]
    fn attributes_say_what_is_converted() {
        let none = "unspecified";
        for (values, expected) in [
            (["set", none, none], Conversion::Always),
            (["input", "unset", none], Conversion::Always),
            (["auto", none, none], Conversion::OfText),
            (["auto", none, "crlf"], Conversion::OfText),
            (["unset", "set", "crlf"], Conversion::Never),
            ([none, "set", none], Conversion::Always),
            ([none, "input", none], Conversion::Always),
            ([none, "auto", "lf"], Conversion::OfText),
            ([none, "unset", "crlf"], Conversion::Never),
            ([none, none, "crlf"], Conversion::Always),
            ([none, none, "lf"], Conversion::Always),
            ([none, none, "other"], Conversion::Unspecified),
            (["other", none, none], Conversion::Unspecified),
        ] {
            assert_eq!(Conversion::of(values.map(str::as_bytes)), expected, "{values:?}");
        }
    }

    #[test]
    fn text_is_known_as_git_knows_it() {
        let many = "a".repeat(128);
        for text in ["a\r\nb\n", "", "\u{1b}\t\u{8}\u{c}", "ä", "\u{1a}", &*format!("{many}\u{1}")]
        {
            assert!(!is_binary(text.as_bytes()), "{text:?}");
        }
        let less = &many[1..];
        for binary in
            ["a\rb\r\n", "a\r", "\r\r\n", "a\0", "\u{7f}", "a\r\u{1a}", &*format!("{less}\u{1}")]
        {
            assert!(is_binary(binary.as_bytes()), "{binary:?}");
        }
    }
}
