//! Paths relative to the top of the repository, as programs that read reports expect them.

use std::borrow::Cow;
use std::path::Path;

/// The top of a repository, and the working directory in it. Without a repository, paths stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// The absolute path of the top.
    top: String,
    /// The names of the directories from the top to the working directory.
    below: Vec<String>,
}

impl Repository {
    /// The repository with this top, for paths relative to a directory in it. `None` for paths that are not UTF-8.
    #[must_use]
    pub fn of(top: &Path, directory: &Path) -> Option<Self> {
        let below = directory.strip_prefix(top).ok()?.to_str()?;
        let below = below.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Some(Self { top: top.to_str()?.trim_end_matches('/').to_owned(), below })
    }

    /// The path of a file by its name in messages: relative to the top if the file is in the repository, otherwise
    /// unchanged, as are the names of fetched content and of standard input.
    pub(super) fn path<'n>(&self, name: &'n str) -> Cow<'n, str> {
        if name == "standard input" || name.contains("//") || self.top.is_empty() {
            return Cow::Borrowed(name);
        }
        if name.starts_with('/') {
            let below = name.strip_prefix(&*self.top).and_then(|rest| rest.strip_prefix('/'));
            return Cow::Borrowed(below.unwrap_or(name));
        }
        if self.below.is_empty() && !name.starts_with("..") {
            return Cow::Borrowed(name.trim_start_matches("./"));
        }
        let mut names: Vec<&str> = self.below.iter().map(String::as_str).collect();
        for part in name.split('/') {
            match part {
                "" | "." => {}
                ".." if names.pop().is_none() => return Cow::Borrowed(name),
                ".." => {}
                part => names.push(part),
            }
        }
        Cow::Owned(names.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_the_top() {
        let repository = |directory: &str| {
            Repository::of(Path::new("/src/shop"), Path::new(directory)).unwrap_or_default()
        };
        for (directory, name, expected) in [
            ("/src/shop", "base/a.yaml", "base/a.yaml"),
            ("/src/shop", "./a.yaml", "a.yaml"),
            ("/src/shop/overlays/dev", "a.yaml", "overlays/dev/a.yaml"),
            ("/src/shop/overlays/dev", "../../base/a.yaml", "base/a.yaml"),
            ("/src/shop/overlays/dev", "/src/shop/base/a.yaml", "base/a.yaml"),
            ("/src/shop/overlays/dev", "../../../other/a.yaml", "../../../other/a.yaml"),
            ("/src/shop", "../other/a.yaml", "../other/a.yaml"),
            ("/src/shop", "/src/shopping/a.yaml", "/src/shopping/a.yaml"),
            (
                "/src/shop/a",
                "https://host/owner/name@v1//base/a.yaml",
                "https://host/owner/name@v1//base/a.yaml",
            ),
            ("/src/shop/a", "standard input", "standard input"),
            // Outside of a repository.
            ("/home", "../a.yaml", "../a.yaml"),
        ] {
            assert_eq!(repository(directory).path(name), expected, "{directory} {name}");
        }
    }
}
