//! Line ends of text in a working tree: git may write CRLF where a file is committed with LF (`eol`, `core.autocrlf`), and takes
//! it as the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Repository;
use crate::load::git::{Id, IdHasher, ObjectKind};
use crate::load::{Disk, Files as _, LARGEST_FILE};

/// The number of files of which git is asked for the attributes; each takes a process. The others count as changed.
pub(super) struct Questions(AtomicUsize);

impl Default for Questions {
    fn default() -> Self {
        Self(AtomicUsize::new(256))
    }
}

impl Questions {
    /// True if a file of a working tree, by its path from the top, is a committed one but for line ends that git converts.
    pub(super) fn is_converted(&self, repository: &Repository, path: &[u8], committed: Id) -> bool {
        let Ok(path) = std::str::from_utf8(path) else { return false };
        let Ok(content) = Disk.read(&repository.top().join(path), LARGEST_FILE) else {
            return false;
        };
        let plain = without_returns(&content);
        plain.len() < content.len()
            && IdHasher::hash(committed.length(), ObjectKind::Blob, &plain) == committed
            && self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok()
            && converts(repository, path)
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

/// True if git converts the line ends of a file. Git reads no file for that, and runs no filter.
fn converts(repository: &Repository, path: &str) -> bool {
    let listed = repository.run(&["check-attr", "-z", "text", "eol", "--", path]);
    let listed = listed.unwrap_or_default();
    // Path, attribute, value, for each attribute.
    let mut values = listed.split(|&byte| byte == 0).skip(2).step_by(3);
    match (values.next(), values.next()) {
        (Some(b"set" | b"auto"), _) | (Some(b"unspecified"), Some(b"crlf" | b"lf")) => true,
        // Without attributes, the configuration decides.
        (Some(b"unspecified"), _) => {
            let setting = repository.run(&["config", "--get", "core.autocrlf"]).unwrap_or_default();
            matches!(setting.trim_ascii(), b"true" | b"input")
        }
        _ => false,
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
}
