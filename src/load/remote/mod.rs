//! Entries of a kustomization that are remote: URLs of files, and git repositories.

mod query;

use std::time::Duration;

use query::Query;

use crate::text::url::user_length;

/// True if kustomize fetches a file with this path by HTTP.
pub(super) fn is_url(path: &str) -> bool {
    strip_prefix_ignoring_case(path, "http:").or_else(|| strip_prefix_ignoring_case(path, "https:")).is_some()
        // Go's URL parser rejects control characters: such text is an ordinary path.
        && !path.bytes().any(|byte| byte.is_ascii_control())
}

/// A folder of a git repository, as an entry of a kustomization or a target names it: `https://host/owner/name`,
/// `git@host:owner/name`, `github.com/owner/name`, `ssh://…`, `file://…`, each followed by an optional folder and query.
///
/// ```
/// use krender::load::RepoSpec;
///
/// let spec = RepoSpec::parse("github.com/owner/name//overlays/prod?ref=v1").unwrap();
/// assert_eq!(spec.url(), "https://github.com/owner/name");
/// assert_eq!((spec.reference.as_deref(), &*spec.path), (Some("v1"), "overlays/prod"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepoSpec {
    /// The scheme, user and host, up to the separator before the path: `https://github.com/`, `git@host:`, `file://`.
    pub host: String,
    /// The path of the repository on the host.
    pub repository: String,
    /// The branch, tag or commit; `None` for the default branch.
    pub reference: Option<String>,
    /// The folder in the repository, without `.`, `..` and empty segments; empty for its top.
    pub path: String,
    /// True if submodules are fetched too, which is the default.
    pub submodules: bool,
    /// The longest time that a git command may take; `None` for the default.
    pub timeout: Option<Duration>,
    /// True if it has the prefix `git::`, which kustomize drops with a warning.
    pub is_forced: bool,
}

/// The reason why a text does not name a git repository. It is then looked up as a path, whatever it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoRepository {
    /// It is an absolute path.
    Absolute,
    /// It has no host.
    NoHost,
    /// Its path is too short to name a repository.
    NoPath,
    /// The folder is outside of the repository.
    Outside,
}

impl RepoSpec {
    /// Parses the name of a repository, by the rules of kustomize's `repospec.go`.
    ///
    /// # Errors
    /// [`NoRepository`] for text that kustomize looks up as a path.
    pub fn parse(text: &str) -> Result<Self, NoRepository> {
        if text.starts_with('/') {
            return Err(NoRepository::Absolute);
        }
        let (text, query) = text.split_once('?').unwrap_or((text, ""));
        let forced = strip_prefix_ignoring_case(text, "git::");
        let text = forced.unwrap_or(text);
        let (host, path) = split_host(text).ok_or(NoRepository::NoHost)?;
        let (repository, folder) = split_path(path, Segments::of(&host))
            .filter(|(repository, _)| !repository.is_empty())
            .ok_or(NoRepository::NoPath)?;
        let path = inside(folder).ok_or(NoRepository::Outside)?;
        let Query { reference, timeout, submodules } = Query::parse(query);
        Ok(Self {
            host,
            repository: repository.to_owned(),
            reference,
            path,
            submodules: submodules.unwrap_or(true),
            timeout,
            is_forced: forced.is_some(),
        })
    }

    /// The URL that git fetches from.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.host, self.repository)
    }
}

/// A URL without a password, and without the user in URLs of HTTP, which may be a secret.
#[must_use]
pub fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some(length) = user_length(rest) else { return url.to_owned() };
    let (user, host) = rest.split_at(length);
    match user.split_once(':') {
        _ if strip_prefix_ignoring_case(scheme, "http").is_some() => {
            format!("{scheme}://{}", &host[1..])
        }
        Some((name, _)) => format!("{scheme}://{name}{host}"),
        None => url.to_owned(),
    }
}

/// The scheme of repositories on disk.
const FILE: &str = "file://";

/// Splits text without a query into the host and the path; `None` if it has no host.
fn split_host(text: &str) -> Option<(String, &str)> {
    let (scheme, text) = ["ssh://", "https://", "http://", FILE]
        .into_iter()
        .find_map(|scheme| Some((scheme, strip_prefix_ignoring_case(text, scheme)?)))
        .unwrap_or(("", text));
    if scheme == FILE {
        return Some((FILE.to_owned(), text));
    }
    let (user, text) = split_user(text);
    let github = ["github.com/", "github.com:"]
        .iter()
        .any(|host| strip_prefix_ignoring_case(text, host).is_some());
    // `user@host:path` (ssh syntax) needs a user, except for GitHub.
    let colon_counts = scheme.is_empty() && (!user.is_empty() || github);
    if scheme.is_empty() && !colon_counts {
        return None;
    }
    let slash = text.find('/');
    let colon = text
        .find(':')
        .filter(|&colon| colon_counts && slash.is_none_or(|slash| 0 < colon && colon < slash));
    let (host, path) = text.split_at(colon.or(slash)? + 1);
    // All ways to write GitHub's host become these two.
    let host = match github {
        true if scheme == "ssh://" || !user.is_empty() => format!("{user}github.com:"),
        true => "https://github.com/".to_owned(),
        false => format!("{scheme}{user}{host}"),
    };
    Some((host, path))
}

/// Number of path segments that name the repository if the path has no marker.
#[derive(Clone, Copy, PartialEq)]
enum Segments {
    OwnerAndName,
    All,
}

impl Segments {
    fn of(host: &str) -> Self {
        if host == FILE { Self::All } else { Self::OwnerAndName }
    }
}

/// Splits a path into the repository and the folder in it; `None` if it is too short for a repository.
fn split_path(path: &str, default: Segments) -> Option<(&str, &str)> {
    if let Some(start) = path.find("_git/") {
        // Azure: the segment after `_git` is the repository.
        let name = start + "_git/".len();
        let end = path[name..].find('/').map_or(path.len(), |slash| name + slash);
        return Some((&path[..end], path[end..].strip_prefix('/').unwrap_or("")));
    }
    if let Some((repository, folder)) = path.split_once("//") {
        return Some((repository, folder));
    }
    if let Some(start) = path.find(".git") {
        return Some(path.split_at(start + ".git".len()));
    }
    if default == Segments::All {
        return Some((path, ""));
    }
    let mut slashes = path.match_indices('/').map(|(index, _)| index);
    match (slashes.next(), slashes.next()) {
        (None, _) => None,
        (Some(_), None) => Some((path, "")),
        (Some(_), Some(second)) => Some((&path[..second], &path[second + 1..])),
    }
}

/// The folder with `.`, `..` and empty segments resolved; `None` if it is outside of the repository.
fn inside(folder: &str) -> Option<String> {
    let folder = folder.strip_prefix('/').unwrap_or(folder);
    // Go cleans such a folder as an absolute path, and `..` does not leave the root.
    let is_absolute = folder.starts_with('/');
    let mut segments = Vec::new();
    for segment in folder.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.pop().is_none() && !is_absolute => return None,
            ".." => {}
            segment => segments.push(segment),
        }
    }
    Some(segments.join("/"))
}

/// Splits off a user with its `@` (`git@`); empty if there is none.
fn split_user(text: &str) -> (&str, &str) {
    match text.split_once('@') {
        Some((user, rest))
            if user.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            (&text[..=user.len()], rest)
        }
        _ => ("", text),
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, what git fetches (URL and reference), and the folder in the repository.
    const REPOSITORIES: &[(&str, &str, Option<&str>, &str)] = &[
        // GitHub is written in one of two ways, whatever the case, the scheme and the port were.
        ("github.com/owner/name", "https://github.com/owner/name", None, ""),
        ("github.com/owner/name/a/b?ref=v1", "https://github.com/owner/name", Some("v1"), "a/b"),
        ("GitHub.com:owner/name//a?version=1", "https://github.com/owner/name", Some("1"), "a"),
        ("http://github.com/owner/name.git/a", "https://github.com/owner/name.git", None, "a"),
        ("HTTPS://GITHUB.COM/owner/name", "https://github.com/owner/name", None, ""),
        ("https://github.com:443/owner/name", "https://github.com/owner/name", None, ""),
        ("git@github.com:owner/name.git", "git@github.com:owner/name.git", None, ""),
        ("git@github.com/owner/name//a", "git@github.com:owner/name", None, "a"),
        ("team-7@GITHUB.com:owner/name", "team-7@github.com:owner/name", None, ""),
        ("ssh://git@github.com/owner/name.git//a", "git@github.com:owner/name.git", None, "a"),
        ("ssh://github.com/owner/name", "github.com:owner/name", None, ""),
        ("https://ann@github.com/owner/name", "ann@github.com:owner/name", None, ""),
        // Credentials are not a user: GitHub is not recognised after them.
        (
            "https://ann:key@github.com/owner/name//a?ref=v1",
            "https://ann:key@github.com/owner/name",
            Some("v1"),
            "a",
        ),
        // Every other host stays as it is written, except for the case of the scheme.
        (
            "https://host.example/owner/name/a?ref=v1",
            "https://host.example/owner/name",
            Some("v1"),
            "a",
        ),
        ("HTTP://127.0.0.1:8080/a/b.git//c", "http://127.0.0.1:8080/a/b.git", None, "c"),
        ("https://host.example/name.git", "https://host.example/name.git", None, ""),
        ("https://host.example/group/sub/name/a", "https://host.example/group/sub", None, "name/a"),
        (
            "git@host.example:owner/name.git/a?ref=v1",
            "git@host.example:owner/name.git",
            Some("v1"),
            "a",
        ),
        ("git@host.example:group/sub/name//a", "git@host.example:group/sub/name", None, "a"),
        ("git@host.example/owner/name//a", "git@host.example/owner/name", None, "a"),
        ("ssh://host.example/owner/name//a", "ssh://host.example/owner/name", None, "a"),
        ("ssh://git@host.example:7999/a/b.git/c", "ssh://git@host.example:7999/a/b.git", None, "c"),
        ("git@host.example:owner/name?ref=a/b", "git@host.example:owner/name", Some("a/b"), ""),
        // The prefix of go-getter is dropped.
        ("git::https://host.example/owner/name", "https://host.example/owner/name", None, ""),
        ("GIT::git@github.com:owner/name//a", "git@github.com:owner/name", None, "a"),
        // Markers: `_git/` wins over `//`, which wins over `.git`; the first one of a kind counts.
        ("https://dev.azure.com/o/p/_git/name/a", "https://dev.azure.com/o/p/_git/name", None, "a"),
        (
            "https://dev.azure.com/o/p/_git/name//a",
            "https://dev.azure.com/o/p/_git/name",
            None,
            "a",
        ),
        ("https://host.example/o//p/_git/name", "https://host.example/o//p/_git/name", None, ""),
        ("https://host.example/a/b.git/c//d", "https://host.example/a/b.git/c", None, "d"),
        ("https://host.example/a//b//c", "https://host.example/a", None, "b/c"),
        ("https://host.example/a.github.io/b/c", "https://host.example/a.git", None, "hub.io/b/c"),
        // `file://` takes the whole path, and a user is part of it.
        ("file:///srv/name/a?ref=v1", "file:///srv/name/a", Some("v1"), ""),
        ("file:///srv/name//a", "file:///srv/name", None, "a"),
        ("file:///srv/name.git/a/b", "file:///srv/name.git", None, "a/b"),
        ("file:///srv/_git/name/a", "file:///srv/_git/name", None, "a"),
        ("FILE://git@srv", "file://git@srv", None, ""),
        ("https://host.example//name", "https://host.example//name", None, ""),
        ("https://host.example/a/b////../c", "https://host.example/a/b", None, "c"),
        // `..` may be resolved within the repository.
        ("file:///srv/name//a/../b/./", "file:///srv/name", None, "b"),
        ("https://host.example/a/b/c/..", "https://host.example/a/b", None, ""),
    ];

    #[test]
    fn repositories_are_told_from_paths() {
        for &(text, url, reference, path) in REPOSITORIES {
            let spec = RepoSpec::parse(text).unwrap();
            let found = (&*spec.url(), spec.reference.as_deref(), &*spec.path);
            assert_eq!(found, (url, reference, path), "{text}");
            assert_eq!((spec.submodules, spec.timeout), (true, None), "{text}");
            assert_eq!(spec.is_forced, text.to_lowercase().starts_with("git::"), "{text}");
        }
    }

    #[test]
    fn credentials_are_left_out() {
        for (url, expected) in [
            ("https://user:pass@host/a", "https://host/a"),
            ("HTTPS://token@host/a", "HTTPS://host/a"),
            ("https://user:pa/ss@host/a", "https://host/a"),
            ("ssh://git@host/a", "ssh://git@host/a"),
            ("ssh://git:pass@host/a", "ssh://git@host/a"),
            ("file:///srv/a:b@c", "file:///srv/a:b@c"),
            ("git@host:a", "git@host:a"),
        ] {
            assert_eq!(without_credentials(url), expected);
        }
    }

    #[test]
    fn a_query_may_have_all_parameters() {
        let text = "git@host.example:a/b.git//c?submodules=false&ref=v1&timeout=30";
        let spec = RepoSpec::parse(text).unwrap();
        assert_eq!(
            (spec.host.as_str(), spec.repository.as_str()),
            ("git@host.example:", "a/b.git")
        );
        assert_eq!((spec.reference.as_deref(), &*spec.path), (Some("v1"), "c"));
        assert_eq!((spec.submodules, spec.timeout), (false, Some(Duration::from_secs(30))));
    }

    #[test]
    fn other_text_is_a_path() {
        use NoRepository::{Absolute, NoHost, NoPath, Outside};

        let rows = [
            ("", NoHost),
            (".", NoHost),
            ("../base", NoHost),
            ("base/sub", NoHost),
            ("/srv/owner/name", Absolute),
            ("www.github.com/owner/name", NoHost),
            ("github.com", NoHost),
            ("gh:owner/name", NoHost),
            ("host.example:owner/name", NoHost),
            ("_git@host.example:owner/name", NoHost),
            ("ftp://host.example/owner/name.git", NoHost),
            ("s3::https://host.example/owner/name", NoHost),
            ("https://github.com", NoHost),
            ("git@host", NoHost),
            ("https:/host/owner/name", NoHost),
            ("https://host.example/name", NoPath),
            ("name@host/file.yaml", NoPath),
            ("file://", NoPath),
            ("file://?ref=v1", NoPath),
            ("https://github.com/owner/name/../../..", Outside),
            ("https://github.com/owner/name//..", Outside),
            ("file:///srv/name//a/../../b?ref=v1", Outside),
            ("git@host.example:a/b.git/../c", Outside),
        ];
        for (text, reason) in rows {
            assert_eq!(RepoSpec::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn credentials_are_removed_from_urls_of_http() {
        for (url, expected) in [
            ("https://user:tok@host/a@b", "https://host/a@b"),
            ("http://tok@host", "http://host"),
            ("HTTP://user:tok@host/a", "HTTP://host/a"),
            ("https://host/a", "https://host/a"),
            ("ssh://git@host/a", "ssh://git@host/a"),
            ("git@host:a", "git@host:a"),
        ] {
            assert_eq!(without_credentials(url), expected);
        }
    }

    #[test]
    fn urls_are_told_by_their_scheme() {
        for text in ["https://host/a.yaml", "HTTP://host/a", "http:a"] {
            assert!(is_url(text), "{text}");
        }
        for text in ["", "http", "httpx://a", "ftp://a", "file:///a", "a: http://b", "http://a\nb"]
        {
            assert!(!is_url(text), "{text}");
        }
    }
}
