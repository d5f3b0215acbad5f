//! Paths of copies that are safe on every system.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use crate::error::{Code, Error, Result};
use crate::text::escape;

/// The longest name of a file or a folder, in bytes.
const LONGEST: usize = 255;

/// The path of a file in a repository, if it can be written safely on every system.
///
/// # Errors
/// [`Code::InvalidPath`] for names with control characters or backslashes, names that are not UTF-8, and `.git`.
pub(super) fn checked(path: &Path) -> Result<&Path> {
    let reason = path.components().find_map(|component| match component {
        Component::Normal(name) => match name.to_str() {
            None => Some("is not UTF-8"),
            Some(name) if name.chars().any(char::is_control) => Some("has control characters"),
            Some(name) if name.contains('\\') => Some("has a backslash"),
            Some(name) if is_git(name) => Some("is the folder of git"),
            Some(name) if name.len() > LONGEST => Some("is too long"),
            Some(_) => None,
        },
        _ => Some("leads out of its repository"),
    });
    match reason {
        None => Ok(path),
        Some(reason) => {
            let shown = escape::file_name(path.as_os_str());
            let message = format!("`{shown}` cannot be copied: a name in it {reason}");
            Err(Error::new(Code::InvalidPath, message))
        }
    }
}

/// A path with `/` as its separator. It is UTF-8: others were refused.
pub(super) fn named(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// True for a name that a file system may take for `.git`: in other letters, with dots or blanks behind, with characters
/// that are ignored, and its short name on Windows.
fn is_git(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii).collect();
    let plain = plain.trim_end_matches(['.', ' ']);
    plain.eq_ignore_ascii_case(".git") || plain.eq_ignore_ascii_case("git~1")
}

/// Paths by their spelling in small letters: some file systems do not tell them apart.
#[derive(Default)]
pub(super) struct Spellings(BTreeMap<String, String>);

impl Spellings {
    /// Adds a path and its folders.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] if it differs from another one in the case of letters only.
    pub(super) fn add(&mut self, path: &Path) -> Result<()> {
        for part in path.ancestors().filter_map(Path::to_str).filter(|part| !part.is_empty()) {
            let known = self.0.entry(part.to_lowercase()).or_insert_with(|| part.to_owned());
            if *known != part {
                let [one, other] = [&**known, part].map(escape::visible);
                let message =
                    format!("`{one}` and `{other}` would be the same file on some systems");
                return Err(Error::new(Code::InvalidPath, message));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_refused() {
        for path in [
            "../a",
            "/a",
            "a/../b",
            ".git/x",
            ".GIT/x",
            "git~1",
            ".git. /x",
            "a\\b",
            "a\nb",
            ".g\u{200c}it/x",
        ] {
            assert!(checked(Path::new(path)).is_err(), "{path:?}");
        }
        for path in ["a/b.yaml", ".github/x", "ünï/x", ".gitignore"] {
            assert!(checked(Path::new(path)).is_ok(), "{path:?}");
        }
        let mut spellings = Spellings::default();
        for (path, is_free) in
            [("a/b", true), ("a/c", true), ("a/b", true), ("A/d", false), ("a/B", false)]
        {
            assert_eq!(spellings.add(Path::new(path)).is_ok(), is_free, "{path}");
        }
    }
}
