//! Paths as text, with `/` between names, as in documents.

/// A path without `.`, `..` and empty names, as far as it can do without them; `.` for a path of none. (Go's `path.Clean`.)
#[must_use]
pub fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => drop(names.pop()),
            ".." if is_absolute => {}
            name => names.push(name),
        }
    }
    match (is_absolute, names.is_empty()) {
        (true, _) => format!("/{}", names.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => names.join("/"),
    }
}

/// A path taken from a folder, [`clean`]. A path from the root is taken for one from the folder; joining two empty paths
/// gives an empty path. (Go's `path.Join`.)
#[must_use]
pub fn join(folder: &str, path: &str) -> String {
    match (folder.is_empty(), path.is_empty()) {
        (true, true) => String::new(),
        (true, false) => clean(path),
        (false, _) => clean(&format!("{folder}/{path}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_detours() {
        for (folder, path, expected) in [
            ("", "a.yaml", "a.yaml"),
            ("", "./a//b/../c", "a/c"),
            ("../base", "a.yaml", "../base/a.yaml"),
            ("../base", "../other", "../other"),
            ("a", "../../b", "../b"),
            ("a", "..", "."),
            ("", "/a/../../b", "/b"),
            ("a", "/b", "a/b"),
            ("", "", ""),
        ] {
            assert_eq!(join(folder, path), expected, "{folder} {path}");
        }
    }
}
