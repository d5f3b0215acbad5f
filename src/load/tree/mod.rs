//! Searches a directory tree for kustomizations and manifests.

mod glob;

pub use glob::Pattern;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::files::{Files, Kind};
use super::{KUSTOMIZATION_FILES, Loader, Resolved, Root};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::text::escape;

/// The result of searching a tree.
#[derive(Debug)]
pub struct Tree<T> {
    /// The results, sorted by path of directory.
    pub found: Vec<T>,
    /// Entries that could not be read or whose name is not UTF-8, each by its path from the top, with the error. The
    /// rest of the tree is still searched.
    pub refused: Vec<(String, Error)>,
}

/// The directories that a search visits.
#[derive(Clone, Copy)]
struct Searched<'a> {
    /// The names of files of which a directory must have one; empty for all directories.
    names: &'a [&'static str],
    /// False for directories that are not entered, by their paths.
    enters: &'a dyn Fn(&Path) -> bool,
}

impl Loader {
    /// The directories at and below `directory` that have a kustomization file, sorted by path. Links are not followed,
    /// and directories whose names begin with a dot (`.git`) are skipped. Directories that cannot be listed
    /// ([`Code::ReadFailed`]) and kustomizations whose path is not UTF-8 ([`Code::InvalidPath`]) are in `refused`.
    ///
    /// # Errors
    /// Those of [`Loader::root`], and [`Code::ReadFailed`] if the top cannot be listed.
    pub fn kustomizations(&self, directory: &str) -> Result<Tree<Root>> {
        self.kustomizations_within(directory, &|_| true)
    }

    /// The kustomizations that [`Loader::kustomizations`] finds, without those in directories that `enters` is false for,
    /// by their paths.
    ///
    /// # Errors
    /// The same.
    pub fn kustomizations_within(
        &self,
        directory: &str,
        enters: &dyn Fn(&Path) -> bool,
    ) -> Result<Tree<Root>> {
        self.walk(
            directory,
            Searched { names: &KUSTOMIZATION_FILES, enters },
            |below, path, entries, tree| {
                let is_kustomization = |(name, kind): &(OsString, Kind)| {
                    matches!(kind, Kind::File | Kind::Link)
                        && KUSTOMIZATION_FILES.iter().any(|file| name == file)
                };
                if !entries.iter().any(is_kustomization) {
                    return;
                }
                match below.to_str() {
                    Some(_) => {
                        let place = Resolved { path: path.to_path_buf(), kind: Kind::Directory };
                        tree.found.push(Root::new(self, &place, Span::NONE, None, None));
                    }
                    None => tree.refused.push(unnamed(below)),
                }
            },
        )
    }

    /// The directories with a kustomization file that [`Loader::kustomizations`] skips: those in hidden directories
    /// other than `.git`, and those that are links. Each has a flag that is true for a link.
    ///
    /// # Errors
    /// The same.
    pub fn kustomizations_apart(&self, directory: &str) -> Result<Vec<(Root, bool)>> {
        let (mut hidden, mut links) = (Vec::new(), Vec::new());
        self.walk(
            directory,
            Searched { names: &KUSTOMIZATION_FILES, enters: &|_| true },
            |_, path, entries, _: &mut Tree<()>| {
                for (name, kind) in entries {
                    match kind {
                        Kind::Directory
                            if name.as_encoded_bytes().starts_with(b".") && name != ".git" =>
                        {
                            hidden.push(path.join(name));
                        }
                        Kind::Link => links.push(path.join(name)),
                        _ => {}
                    }
                }
            },
        )?;
        let has_kustomization = |path: &Path| {
            let mut files = KUSTOMIZATION_FILES.iter();
            files.any(|file| {
                matches!(self.0.files.kind(&path.join(file)), Ok(Kind::File | Kind::Link))
            })
        };
        let mut found = Vec::new();
        let mut add = |path: &Path, is_link| {
            let place = Resolved { path: path.to_path_buf(), kind: Kind::Directory };
            found.push((Root::new(self, &place, Span::NONE, None, None), is_link));
        };
        hidden.reverse();
        while let Some(path) = hidden.pop() {
            if !self.0.files.may_hold(&path, &KUSTOMIZATION_FILES).unwrap_or(false) {
                continue;
            }
            if has_kustomization(&path) {
                add(&path, false);
            }
            // A directory that cannot be listed has no kustomization to report.
            let entries = self.0.files.listing(&path).unwrap_or_default();
            let below = entries
                .iter()
                .rev()
                .filter(|(name, kind)| *kind == Kind::Directory && name != ".git");
            hidden.extend(below.map(|(name, _)| path.join(name)));
        }
        for path in links.iter().filter(|path| has_kustomization(path)) {
            add(path, true);
        }
        Ok(found)
    }

    /// The files at and below `directory` with the extension of YAML or JSON, each by its path from there; the files of
    /// a directory come before those below it. Skips and refuses the same entries as [`Loader::kustomizations`].
    ///
    /// # Errors
    /// The same.
    pub fn manifests(&self, directory: &str) -> Result<Tree<String>> {
        let is_one = |ending: &str| matches!(ending, "yaml" | "yml" | "json");
        self.files_that_end(directory, &is_one)
    }

    /// The files that [`Loader::manifests`] finds, and those whose extension has capitals.
    ///
    /// # Errors
    /// The same.
    pub fn manifests_of_any_case(&self, directory: &str) -> Result<Tree<String>> {
        let is_one = |ending: &str| {
            ["yaml", "yml", "json"].iter().any(|one| ending.eq_ignore_ascii_case(one))
        };
        self.files_that_end(directory, &is_one)
    }

    fn files_that_end(
        &self,
        directory: &str,
        is_one: &dyn Fn(&str) -> bool,
    ) -> Result<Tree<String>> {
        self.walk(
            directory,
            Searched { names: &[], enters: &|_| true },
            |below, _, entries, tree| {
                let is_manifest = |name: &OsString| {
                    let extension = Path::new(name).extension().and_then(|text| text.to_str());
                    extension.is_some_and(is_one)
                };
                let files = entries.iter().filter(|(name, kind)| {
                    matches!(kind, Kind::File | Kind::Link) && is_manifest(name)
                });
                for (name, _) in files {
                    match below.join(name).into_os_string().into_string() {
                        Ok(file) => tree.found.push(file),
                        Err(file) => tree.refused.push(unnamed(file.as_ref())),
                    }
                }
            },
        )
    }

    /// Visits everything below a directory, whose path has its links resolved: the names of a directory in order, and a
    /// directory before what is in it (Go's `filepath.Walk`). Links are not followed. `visit` gets the path from the top and the
    /// kind of each entry, and returns true to enter a directory.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for a directory that cannot be listed, and those of `visit`.
    pub fn visit(
        &self,
        top: &Path,
        mut visit: impl FnMut(&Path, Kind) -> Result<bool>,
    ) -> Result<()> {
        let mut open = vec![(PathBuf::new(), self.entries(top)?.into_iter())];
        while let Some((folder, entries)) = open.last_mut() {
            let Some((name, kind)) = entries.next() else {
                open.pop();
                continue;
            };
            let below = folder.join(name);
            if visit(&below, kind)? && kind == Kind::Directory {
                let entries = self.entries(&top.join(&below))?;
                open.push((below, entries.into_iter()));
            }
        }
        Ok(())
    }

    /// Reads a file that [`Loader::visit`] has found.
    ///
    /// # Errors
    /// [`Code::ReadFailed`], [`Code::TooLarge`], [`Code::LimitExceeded`].
    pub fn file_at(&self, path: &Path) -> Result<super::File> {
        self.content(path)
    }

    /// The entries of a directory, whose path has its links resolved; sorted by name.
    pub(super) fn entries(&self, directory: &Path) -> Result<Vec<(OsString, Kind)>> {
        self.0.files.list(directory).map_err(|error| self.unreadable(directory, &error))
    }

    /// The kind of the entry at an absolute path; a link at its end is not followed.
    fn entry_kind(&self, path: &Path) -> Result<Kind> {
        let kind = |path: &Path| self.0.files.kind(path);
        kind(path).map_err(|error| self.unreadable(path, &error))
    }

    /// Visits the directories of a tree, sorted by path. Skips those that certainly contain no file that is searched. `visit` gets the path from the top, the full path and the entries of each.
    fn walk<T>(
        &self,
        directory: &str,
        Searched { names, enters }: Searched<'_>,
        mut visit: impl FnMut(&Path, &Path, &[(OsString, Kind)], &mut Tree<T>),
    ) -> Result<Tree<T>> {
        let top = self.root(directory)?.path().to_path_buf();
        let mut tree = Tree { found: Vec::new(), refused: Vec::new() };
        let mut pending: Vec<PathBuf> = vec![top.clone()];
        while let Some(path) = pending.pop() {
            let below = path.strip_prefix(&top).unwrap_or(&path);
            let files = &self.0.files;
            let may_hold = if names.is_empty() { Ok(true) } else { files.may_hold(&path, names) };
            let listed = may_hold.and_then(|may| may.then(|| files.listing(&path)).transpose());
            let entries = match listed {
                Ok(Some(entries)) => entries,
                Ok(None) => continue,
                Err(error) => {
                    let error = self.unreadable(&path, &error);
                    // A spent budget ends the walk: every further directory would fail too.
                    if path == top || error.code() == Code::LimitExceeded {
                        return Err(error);
                    }
                    tree.refused.push((escape::file_name(below.as_os_str()).into_owned(), error));
                    continue;
                }
            };
            visit(below, &path, &entries, &mut tree);
            let is_open = |(name, kind): &&(OsString, Kind)| {
                *kind == Kind::Directory && !name.as_encoded_bytes().starts_with(b".")
            };
            // In reverse order, so that the first entry is taken next.
            let below = entries.iter().rev().filter(is_open).map(|(name, _)| path.join(name));
            pending.extend(below.filter(|path| enters(path)));
        }
        Ok(tree)
    }
}

/// Refuses a path that is not UTF-8: it would be shown, and looked up, as another path.
#[cold]
fn unnamed(path: &Path) -> (String, Error) {
    let name = escape::file_name(path.as_os_str()).into_owned();
    let error = Error::new(Code::InvalidPath, format!("the path `{name}` is not UTF-8"));
    (name, error.help("rename it, or the directory that it is in"))
}

#[cfg(test)]
mod tests {
    use crate::load::{Loader, Memory, Options};

    #[test]
    fn kustomizations_are_found_in_the_order_of_their_paths() {
        let files = Memory::new()
            .file("site/kustomization.yml", "")
            .file("site/b/Kustomization", "")
            .file("site/a/deep/er/kustomization.yaml", "")
            .file("site/a/kustomization.yaml.bak", "")
            .file("site/a/kustomization.yml/file", "")
            .file("site/.git/kustomization.yaml", "")
            .file("elsewhere/kustomization.yaml", "")
            .link("site/c", "../elsewhere")
            .link("site/d/kustomization.yaml", "../b/Kustomization");
        let loader = Loader::new(files, Options::default());
        let found = loader.kustomizations("site").unwrap().found;
        let names: Vec<&str> = found.iter().map(|root| root.name()).collect();
        assert_eq!(names, ["site", "site/a/deep/er", "site/b", "site/d"]);
        assert!(loader.kustomizations("nowhere").is_err());
    }

    #[test]
    fn everything_is_visited_in_the_order_of_names() {
        let files = Memory::new()
            .file("site/b/c.yaml", "")
            .file("site/b.yaml", "")
            .file("site/a/x", "")
            .file("site/.git/HEAD", "")
            .link("site/c", "b");
        let loader = Loader::new(files, Options::default());
        let mut seen = Vec::new();
        let visited = loader.visit("/site".as_ref(), |path, kind| {
            seen.push(format!("{} {kind:?}", path.display()));
            Ok(path != std::path::Path::new(".git"))
        });
        visited.unwrap();
        let expected = [
            ".git Directory",
            "a Directory",
            "a/x File",
            "b Directory",
            "b/c.yaml File",
            "b.yaml File",
            "c Link",
        ];
        assert_eq!(seen, expected);
        assert!(loader.visit("/nowhere".as_ref(), |_, _| Ok(true)).is_err());
    }

    #[test]
    fn manifests_are_found_by_their_names() {
        let files = Memory::new()
            .file("site/b.yml", "")
            .file("site/a/c.yaml", "")
            .file("site/a.txt", "")
            .file("site/d.json", "")
            .file("site/.hidden/e.yaml", "")
            .file("site/yaml", "");
        let loader = Loader::new(files, Options::default());
        assert_eq!(loader.manifests("site").unwrap().found, ["b.yml", "d.json", "a/c.yaml"]);
    }
}
