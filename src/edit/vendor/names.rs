//! The places of copies: readable paths, made of URLs, that are safe on every system.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use crate::error::{Code, Error, Result};
use crate::load::Digest;
use crate::text::escape;

/// The longest name of a file or a folder, in bytes.
const LONGEST: usize = 255;
/// The longest name that is made of a URL.
const LONGEST_MADE: usize = 100;

/// The folder for a repository at a reference: `github.com/owner/name@v1`.
pub(super) fn folder(url: &str, reference: Option<&str>) -> String {
    let place = place(url);
    let place = place.strip_suffix(".git").unwrap_or(&place);
    let reference = reference.unwrap_or("HEAD");
    let is_commit = matches!(reference.len(), 40 | 64)
        && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    format!("{place}@{}", safe(if is_commit { &reference[..12] } else { reference }))
}

/// The path for a file over HTTP: `host.example/folder/install.yaml`.
pub(super) fn download(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (path, query) = url.split_at(end);
    let place = place(path);
    match place.rsplit_once('/') {
        // Another query is another file.
        Some((folder, name)) if !query.is_empty() => format!("{folder}/{}/{name}", short(query)),
        Some(_) => place,
        // A host is a folder, for other files of it.
        None if query.is_empty() => format!("{place}/index"),
        None => format!("{place}/{}/index", short(query)),
    }
}

/// The host and the path of a URL, without scheme, user and port separator.
fn place(url: &str) -> String {
    let (rest, is_scp) = match url.split_once("://") {
        Some((_, rest)) => (rest, false),
        None => (url, true),
    };
    let end = rest.find(if is_scp { &['/', ':'][..] } else { &['/'] }).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = if host.is_empty() { "file" } else { host };
    let segments = path.split(['/', ':']).filter(|segment| !segment.is_empty());
    let segments: Vec<String> = std::iter::once(host).chain(segments).map(safe).collect();
    segments.join("/")
}

/// A name of letters, digits, `-`, `_` and dots. It is no `.git`, and has no `..`, which is ambiguous in a kustomization.
fn safe(name: &str) -> String {
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name: String =
        name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let name = name.replace("..", "__");
    let name = match name.strip_suffix('.') {
        Some(start) => format!("{start}_"),
        None if name.eq_ignore_ascii_case(".git") => "_git".to_owned(),
        None => name,
    };
    match name.get(..LONGEST_MADE) {
        Some(start) if name.len() > LONGEST_MADE => format!("{start}-{}", short(&name)),
        _ => name,
    }
}

/// Eight digits of a digest.
fn short(text: &str) -> String {
    Digest::of(text).to_string()[..8].to_owned()
}

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
    fn folders_are_named_after_urls() {
        for (url, reference, expected) in [
            ("https://github.com/owner/name", Some("v1.2.3"), "github.com/owner/name@v1.2.3"),
            ("https://github.com/owner/name.git", None, "github.com/owner/name@HEAD"),
            ("https://user:key@host/a/b", Some("x/y"), "host/a/b@x_y"),
            ("git@host:group/sub/name.git", Some("main"), "host/group/sub/name@main"),
            ("ssh://git@host:7999/a/b", Some("a..b"), "host_7999/a/b@a__b"),
            ("file:///srv/app", Some("v1."), "file/srv/app@v1_"),
            ("https://host/../.git/./a\nb", Some("v1"), "host/__/_git/_/a_b@v1"),
        ] {
            assert_eq!(folder(url, reference), expected, "{url}");
        }
        let commit = "c0ffee0123456789c0ffee0123456789c0ffee01";
        assert_eq!(folder("https://host/a/b", Some(commit)), "host/a/b@c0ffee012345");
        assert!(folder("https://host/a/b", Some(&"x".repeat(300))).len() < 130);
    }

    #[test]
    fn downloads_keep_their_names() {
        assert_eq!(download("https://host:8080/a/b.yaml"), "host_8080/a/b.yaml");
        for host in ["http://krender.json", "http://krender.json/"] {
            assert_eq!(download(host), "krender.json/index");
        }
        assert!(download("http://krender.json?a").starts_with("krender.json/"));
        let (one, other) = (download("http://host/b.yaml?x=1"), download("http://host/b.yaml?x=2"));
        assert!(one != other && one.starts_with("host/") && one.ends_with("/b.yaml"), "{one}");
    }

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
