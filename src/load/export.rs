//! Copies of trees on the disk, for programs that run in the folder of a kustomization: content that was fetched, and that of a
//! git revision, is in no folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::files::{Files, Kind, join};
use super::{FilesId, Loader, Root, TemporaryFolder};
use crate::error::{Code, Error, Result};
use crate::limits::Limit;
use crate::source::Span;
use crate::sync::lock;

/// The copies of a run, which are removed on drop.
#[derive(Debug, Default)]
pub struct Exported(Mutex<BTreeMap<Tree, Arc<OnceLock<Copied>>>>);

/// A tree: its files, and the path of its top.
type Tree = (FilesId, PathBuf);
type Copied = Result<Arc<TemporaryFolder>>;

impl Exported {
    /// The folder of a kustomization on the disk. If it is not there, the tree that it belongs to is copied to a temporary
    /// folder, once. Links that lead out of the tree are left out.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], [`Code::ReadFailed`], and [`Code::LimitExceeded`].
    pub fn folder(&self, root: &Root, temporary: &Path) -> Result<PathBuf> {
        let Some(top) = apart_from_disk(root) else { return Ok(root.path().to_path_buf()) };
        let key = (root.files(), top.clone());
        let cell = Arc::clone(lock(&self.0).entry(key).or_default());
        let copied =
            cell.get_or_init(|| root.loader().copy(&top, temporary).map(Arc::new)).clone()?;
        let below = root.path().strip_prefix(&top).unwrap_or(Path::new(""));
        Ok(copied.path().join(below))
    }
}

/// The top of the tree that a directory belongs to, if that is not on the disk.
fn apart_from_disk(root: &Root) -> Option<PathBuf> {
    let files = &root.loader().0.files;
    match root.mount() {
        _ if root.is_on_disk() => None,
        Some(mount) => Some(mount.path().to_path_buf()),
        None => Some(files.working_tree(root.path()).unwrap_or_else(|| root.path().to_path_buf())),
    }
}

impl Loader {
    /// Copies a tree to a new temporary folder.
    fn copy(&self, top: &Path, temporary: &Path) -> Result<TemporaryFolder> {
        let (files, folder) = (&self.0.files, TemporaryFolder::create(temporary)?);
        let mut pending = vec![top.to_path_buf()];
        while let Some(directory) = pending.pop() {
            let listed =
                files.list(&directory).map_err(|error| self.unreadable(&directory, &error))?;
            for (name, kind) in listed {
                let path = directory.join(name);
                let below = path.strip_prefix(top).unwrap_or(Path::new(""));
                match kind {
                    Kind::Directory => pending.push(path),
                    Kind::File => {
                        let most = self.0.budget.left(Limit::Files);
                        let bytes = files
                            .read(&path, most)
                            .map_err(|error| self.unreadable(&path, &error))?;
                        self.0.budget.spend(Limit::Files, bytes.len() as u64, Span::NONE)?;
                        folder.put(below, &bytes, files.is_executable(&path))?;
                    }
                    Kind::Link => {
                        let target =
                            files.target(&path).map_err(|error| self.unreadable(&path, &error))?;
                        let is_inside = join(&directory, &target).starts_with(top);
                        if target.is_relative() && is_inside {
                            folder.link(below, &target)?;
                        }
                    }
                    Kind::Special | Kind::Missing => {}
                }
            }
        }
        Ok(folder)
    }
}

/// The error for a folder that cannot be written.
#[cold]
pub(super) fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("cannot write `{}`: {}", path.display(), super::disk::reason(error));
    Error::new(Code::WriteFailed, message)
}

#[cfg(test)]
mod tests {
    use super::super::{Memory, Options};
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "looks at the copy")]
    fn a_tree_in_memory_is_copied_once() {
        let files = Memory::new()
            .file("tree/app/kustomization.yaml", "resources: []\n")
            .file("tree/app/run.sh", "#!/bin/sh\n")
            .link("tree/app/inside", "run.sh")
            .link("tree/app/outside", "../../secret")
            .link("tree/app/absolute", "/tree/app/run.sh");
        let loader = Loader::new(files, Options::default());
        let root = loader.root("tree/app").unwrap();
        let temporary = tempfile::tempdir().unwrap();
        let exported = Exported::default();
        let folder = exported.folder(&root, temporary.path()).unwrap();
        assert_eq!(exported.folder(&root, temporary.path()).unwrap(), folder);
        assert_eq!(std::fs::read_to_string(folder.join("inside")).unwrap(), "#!/bin/sh\n");
        assert!(!folder.join("outside").is_symlink() && !folder.join("absolute").is_symlink());
        drop(exported);
        assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
    }
}
