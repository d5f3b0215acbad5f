//! The directories of a tree that have a kustomization file.

use std::path::PathBuf;

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
        let top = self.root(directory)?;
        let mut found = Vec::new();
        let mut pending: Vec<PathBuf> = vec![top.path().to_path_buf()];
        while let Some(path) = pending.pop() {
            let entries =
                self.0.files.list(&path).map_err(|error| self.unreadable(&path, &error))?;
            let is_kustomization = |name: &str| KUSTOMIZATION_FILES.contains(&name);
            let mut has_kustomization = false;
            // From the last one on, so that the first is the next to be taken.
            for (name, kind) in entries.iter().rev() {
                let text = name.to_string_lossy();
                match kind {
                    Kind::Directory if !text.starts_with('.') => pending.push(path.join(name)),
                    Kind::File | Kind::Link => has_kustomization |= is_kustomization(&text),
                    Kind::Directory | Kind::Special | Kind::Missing => {}
                }
            }
            if has_kustomization {
                let place = Place { path, kind: Kind::Directory };
                found.push(Root::new(self, &place, Span::NONE, None));
            }
        }
        Ok(found)
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
}
