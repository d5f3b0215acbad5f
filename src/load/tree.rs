//! What stands in a tree: directories that have a kustomization file, and files with manifests.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::files::Kind;
use super::{KUSTOMIZATION_FILES, Loader, Place, Root};
use crate::error::Result;
use crate::source::Span;

impl Loader {
    /// The directories at and below `directory` that have a kustomization file, by path. Links are not followed, and
    /// directories whose names begin with a dot (`.git`) are passed over.
    ///
    /// # Errors
    /// Those of [`Loader::root`], and [`Code::ReadFailed`](crate::error::Code::ReadFailed) for a directory that cannot
    /// be listed.
    pub fn kustomizations(&self, directory: &str) -> Result<Vec<Root>> {
        let mut found = Vec::new();
        self.walk(directory, &KUSTOMIZATION_FILES, |path, entries| {
            let is_kustomization = |(name, kind): &(OsString, Kind)| {
                matches!(kind, Kind::File | Kind::Link)
                    && KUSTOMIZATION_FILES.iter().any(|file| name == file)
            };
            if entries.iter().any(is_kustomization) {
                let place = Place { path: path.to_path_buf(), kind: Kind::Directory };
                found.push(Root::new(self, &place, Span::NONE, None));
            }
        })?;
        Ok(found)
    }

    /// The files at and below `directory` whose names end as those of YAML and JSON do, each by the way to it from
    /// there; those of a directory before those below it. What is passed over is as with [`Loader::kustomizations`].
    ///
    /// # Errors
    /// The same.
    pub fn manifests(&self, directory: &str) -> Result<Vec<String>> {
        let top = self.root(directory)?;
        let mut found = Vec::new();
        self.walk(directory, &[], |path, entries| {
            let below = path.strip_prefix(top.path()).unwrap_or(path);
            let is_manifest = |name: &OsString| {
                let extension = Path::new(name).extension().and_then(|text| text.to_str());
                matches!(extension, Some("yaml" | "yml" | "json"))
            };
            let files = entries.iter().filter(|(name, kind)| {
                matches!(kind, Kind::File | Kind::Link) && is_manifest(name)
            });
            found.extend(files.map(|(name, _)| below.join(name).to_string_lossy().into_owned()));
        })?;
        Ok(found)
    }

    /// Goes through the directories of a tree in the order of their paths. Those that certainly hold no file with one of
    /// the `names` are passed over; no names are all names.
    fn walk(
        &self,
        directory: &str,
        names: &[&'static str],
        mut visit: impl FnMut(&Path, &[(OsString, Kind)]),
    ) -> Result<()> {
        let mut pending: Vec<PathBuf> = vec![self.root(directory)?.path().to_path_buf()];
        while let Some(path) = pending.pop() {
            let unreadable = |error| self.unreadable(&path, &error);
            if !names.is_empty() && !self.0.files.may_hold(&path, names).map_err(unreadable)? {
                continue;
            }
            let entries =
                self.0.files.list(&path).map_err(|error| self.unreadable(&path, &error))?;
            visit(&path, &entries);
            let is_open = |(name, kind): &&(OsString, Kind)| {
                *kind == Kind::Directory && !name.as_encoded_bytes().starts_with(b".")
            };
            // From the last one on, so that the first is the next to be taken.
            pending.extend(entries.iter().rev().filter(is_open).map(|(name, _)| path.join(name)));
        }
        Ok(())
    }
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
        let found = loader.kustomizations("site").unwrap();
        let names: Vec<&str> = found.iter().map(|root| root.name()).collect();
        assert_eq!(names, ["site", "site/a/deep/er", "site/b", "site/d"]);
        assert!(loader.kustomizations("nowhere").is_err());
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
        assert_eq!(loader.manifests("site").unwrap(), ["b.yml", "d.json", "a/c.yaml"]);
    }
}
