//! Recognises entries of a kustomization that are remote: URLs of files, and git repositories.

/// True if kustomize fetches a file with this path by HTTP.
pub(super) fn is_url(path: &str) -> bool {
    strip_prefix_ignoring_case(path, "http:").or_else(|| strip_prefix_ignoring_case(path, "https:")).is_some()
        // Go's URL parser rejects control characters: such text is an ordinary path.
        && !path.bytes().any(|byte| byte.is_ascii_control())
}

/// True if kustomize clones a git repository for this base: `https://host/owner/name`, `git@host:owner/name`,
/// `github.com/owner/name`, `ssh://…`, `file://…`, each followed by an optional folder and query.
///
/// The rules are those of kustomize's `repospec.go`. Text that they reject is looked up as a path, whatever it looks
/// like.
pub(super) fn is_repository(base: &str) -> bool {
    if base.starts_with('/') {
        return false;
    }
    let text = base.split_once('?').map_or(base, |(before, _)| before);
    let text = strip_prefix_ignoring_case(text, "git::").unwrap_or(text);
    let (scheme, text) = ["ssh://", "https://", "http://", "file://"]
        .into_iter()
        .find_map(|scheme| Some((scheme, strip_prefix_ignoring_case(text, scheme)?)))
        .unwrap_or(("", text));
    if scheme == "file://" {
        return names_a_repository(text, Segments::All);
    }
    let (user, text) = split_user(text);
    let github = ["github.com/", "github.com:"]
        .iter()
        .any(|host| strip_prefix_ignoring_case(text, host).is_some());
    // `user@host:path` (ssh syntax) needs a user, except for GitHub.
    let colon_counts = scheme.is_empty() && (user || github);
    if scheme.is_empty() && !colon_counts {
        return false;
    }
    let slash = text.find('/');
    let colon = text
        .find(':')
        .filter(|&colon| colon_counts && slash.is_none_or(|slash| 0 < colon && colon < slash));
    match colon.or(slash) {
        Some(end) => names_a_repository(&text[end + 1..], Segments::OwnerAndName),
        None => false,
    }
}

/// Number of path segments that name the repository if the path has no marker.
#[derive(Clone, Copy, PartialEq)]
enum Segments {
    OwnerAndName,
    All,
}

/// True if the path names a repository and a folder that stays inside it.
fn names_a_repository(path: &str, default: Segments) -> bool {
    let (repository, folder) = if let Some(start) = path.find("_git/") {
        // Azure: the segment after `_git` is the repository.
        let name = start + "_git/".len();
        let end = path[name..].find('/').map_or(path.len(), |slash| name + slash);
        (&path[..end], path[end..].strip_prefix('/').unwrap_or(""))
    } else if let Some((repository, folder)) = path.split_once("//") {
        (repository, folder)
    } else if let Some(start) = path.find(".git") {
        path.split_at(start + ".git".len())
    } else if default == Segments::All {
        (path, "")
    } else {
        let mut slashes = path.match_indices('/').map(|(index, _)| index);
        match (slashes.next(), slashes.next()) {
            (None, _) => return false,
            (Some(_), None) => (path, ""),
            (Some(_), Some(second)) => (&path[..second], &path[second + 1..]),
        }
    };
    !repository.is_empty() && !leaves(folder)
}

/// True if the folder is outside its starting point once `..` is resolved.
fn leaves(folder: &str) -> bool {
    let folder = folder.strip_prefix('/').unwrap_or(folder);
    if folder.starts_with('/') {
        // Go cleans this as an absolute path, and `..` cannot leave the root.
        return false;
    }
    let mut depth = 0_usize;
    for segment in folder.split('/') {
        match segment {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// Splits off a user (`git@`). Returns true if there is one, and the rest.
fn split_user(text: &str) -> (bool, &str) {
    match text.split_once('@') {
        Some((user, rest))
            if user.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            (true, rest)
        }
        _ => (false, text),
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_told_from_paths() {
        let repositories = [
            "https://github.com/owner/name",
            "https://github.com/owner/name/overlays/prod?ref=v1",
            "github.com/owner/name",
            "GitHub.com:owner/name//sub?timeout=9",
            "git::https://host.example/owner/name",
            "git@github.com:owner/name.git",
            "git@host.example:owner/name",
            "git@host.example/owner/name",
            "ssh://git@host.example:7999/owner/name.git/sub",
            "https://dev.azure.com/org/project/_git/name/sub",
            "https://host.example/name.git",
            "https://host.example/a//b",
            "file:///srv/name",
            "FILE://srv",
        ];
        for text in repositories {
            assert!(is_repository(text), "{text}");
        }
        let paths = [
            "",
            ".",
            "../base",
            "/srv/owner/name",
            "base/sub",
            "www.github.com/owner/name",
            "gh:owner/name",
            "host.example:owner/name",
            "https://host.example/name",
            "https://github.com",
            "https://github.com/owner/name/../../..",
            "https://github.com/owner/name//..",
            "ftp://host.example/owner/name",
            "s3::https://host.example/owner/name",
            "_git@host.example:owner/name",
            "file://",
            "git@host",
        ];
        for text in paths {
            assert!(!is_repository(text), "{text}");
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
