//! The places of copies: readable paths, made of URLs, that are safe on every system.

use crate::load::Digest;

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
}
