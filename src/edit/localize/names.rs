//! The names of copies, which are those of `kustomize localize`.

use std::path::{Path, PathBuf};

use crate::load::RepoSpec;

/// The name of the new folder for a target: `localized-NAME`, and for a remote one `localized-NAME-REF`.
pub(super) fn folder(target: &Path, is_remote: bool, spec: Option<&RepoSpec>) -> String {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned());
    match spec.filter(|_| is_remote) {
        Some(spec) => {
            let repository = spec.repository.trim_end_matches('/');
            let name = match spec.path.is_empty() {
                true => repository.rsplit('/').next().unwrap_or(repository).to_owned(),
                false => name.unwrap_or_default(),
            };
            let reference = spec.reference.as_deref().unwrap_or_default().replace('/', "-");
            format!("localized-{name}-{reference}")
        }
        None => name.map_or_else(|| "localized".to_owned(), |name| format!("localized-{name}")),
    }
}

/// The path for a repository: host, path without `.git`, and reference.
pub(super) fn repository(spec: &RepoSpec) -> PathBuf {
    let host = match spec.host.split_once("://") {
        Some(("file", _)) => "file-schemed",
        Some((_, rest)) => host_of(rest),
        None => host_of(&spec.host),
    };
    let repository = &spec.repository;
    let repository = repository.strip_suffix(".git").unwrap_or(repository);
    let reference = spec.reference.as_deref().unwrap_or_default();
    joined([host, &clean(repository), reference])
}

/// The path for a file over HTTP: host and path.
pub(super) fn download(url: &str) -> PathBuf {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest).trim_start_matches('/');
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let rest = &rest[..end];
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    joined([host_of(authority), &clean(path)])
}

/// The host in `user@host:port/`.
fn host_of(authority: &str) -> &str {
    let authority = authority.trim_end_matches(['/', ':']);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    }
}

/// A path without `.`, `..` and empty segments.
fn clean(path: &str) -> String {
    let mut clean: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(clean.pop()),
            segment => clean.push(segment),
        }
    }
    clean.join("/")
}

fn joined<const N: usize>(parts: [&str; N]) -> PathBuf {
    parts.iter().flat_map(|part| part.split('/')).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_have_the_paths_of_kustomize() {
        for (url, expected) in [
            ("https://github.com/owner/name//a?ref=v1", "github.com/owner/name/v1"),
            ("git@github.com:owner/name.git?ref=feature/x", "github.com/owner/name/feature/x"),
            ("ssh://git@host:7999/a/b.git?ref=v1", "host/a/b/v1"),
            ("file:///srv/app.git//base?ref=v1", "file-schemed/srv/app/v1"),
            ("https://user:key@host/a/b?ref=v1", "host/a/b/v1"),
        ] {
            let spec = RepoSpec::parse(url).unwrap();
            assert_eq!(repository(&spec), Path::new(expected), "{url}");
        }
    }

    #[test]
    fn downloads_have_the_paths_of_kustomize() {
        for (url, expected) in [
            ("https://host/a/b.yaml?x=1", "host/a/b.yaml"),
            ("http://user:key@host:8080/../a/./b%20c.yaml", "host/a/b%20c.yaml"),
            ("http://[::1]:80/a.yaml", "::1/a.yaml"),
            ("HTTP://Host/a/../../b", "Host/b"),
            ("https:host/a", "host/a"),
        ] {
            assert_eq!(download(url), Path::new(expected), "{url}");
        }
    }

    #[test]
    fn folders_are_named_after_targets() {
        let remote = |url: &str, path: &str| {
            folder(Path::new(path), true, RepoSpec::parse(url).ok().as_ref())
        };
        assert_eq!(folder(Path::new("/srv/app"), false, None), "localized-app");
        assert_eq!(folder(Path::new("/"), false, None), "localized");
        assert_eq!(remote("https://h/a/b//c/d?ref=x/y", "/m/c/d"), "localized-d-x-y");
        assert_eq!(remote("https://h/a/b?ref=v1", "/m"), "localized-b-v1");
    }
}
