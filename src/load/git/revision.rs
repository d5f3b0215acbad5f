//! The files of a revision, read without a checkout.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::id::Id;
use super::tree::{EntryKind, Tree, os_string};
use super::trees::Trees;
use crate::error::{Code, Error, Result};
use crate::load::LONGEST_PATH;
use crate::load::clean::split;
use crate::load::files::{Files, KUSTOMIZATION_FILES, Kind};
use crate::load::links::{self, Look};
use crate::resource::Index;
use crate::sync::lock;

/// The files of a revision, at their paths in the working tree. It contains no other files.
#[derive(Clone)]
pub struct Revision {
    trees: Trees,
    top: PathBuf,
    root: Id,
    /// Links outside the repository that point into it, with the paths of their targets.
    links: Arc<[(PathBuf, PathBuf)]>,
    /// Directories that were looked up, by path.
    directories: Arc<Mutex<Index<Box<[u8]>, Found>>>,
}

/// Cost of listing a directory, in objects of the budget: reading as many objects takes about as long.
const LISTING: u64 = 8;

/// The result of looking for a directory at a path.
#[derive(Clone)]
enum Found {
    Tree(Arc<Tree>),
    /// A directory above the repository.
    Above,
    Missing,
}

/// The entry at a path of which only the last segment may be a link.
#[derive(Clone, Copy)]
enum At {
    Entry(EntryKind, Id),
    /// A directory above the repository.
    Above,
    /// A link outside the repository, by its index.
    Link(usize),
}

impl Revision {
    /// The files of a tree. Its paths start at `top`, which is absolute with links resolved.
    #[must_use]
    pub fn new(trees: Trees, top: &Path, root: Id) -> Self {
        let (top, links) = (top.to_path_buf(), Arc::default());
        Self { trees, top, root, links, directories: Arc::default() }
    }

    /// Adds links outside the repository, each with the path of its target. They are links of this machine, not of the
    /// revision.
    #[must_use]
    pub fn with_links(self, links: Vec<(PathBuf, PathBuf)>) -> Self {
        Self { links: links.into(), directories: Arc::default(), ..self }
    }

    /// True if the directory contains the repository, or a link to it.
    fn is_above(&self, path: &Path) -> bool {
        self.top.starts_with(path) || self.links.iter().any(|(link, _)| link.starts_with(path))
    }

    /// The index of the link outside the repository at this path.
    fn link_at(&self, path: &Path) -> Option<usize> {
        self.links.iter().position(|(link, _)| link == path)
    }

    /// The id of the tree.
    #[must_use]
    pub const fn root(&self) -> Id {
        self.root
    }

    /// Reads the trees at and below a directory and their kustomization files in batches, if it exists. Faster than reading
    /// them one by one if most are needed.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for trees that are missing or that git could not check out, and [`Code::LimitExceeded`].
    pub fn read_trees(&self, below: &Path) -> Result<()> {
        let root = match self.canonicalize(below).and_then(|path| self.find(&path)) {
            Ok(Some(At::Entry(EntryKind::Tree, id))) => id,
            Ok(Some(At::Above)) if self.top.starts_with(below) => self.root,
            // Reported when the path is looked up.
            _ => return Ok(()),
        };
        self.trees.read_all(root, &KUSTOMIZATION_FILES)
    }

    /// Reads files in one batch, unless they are large. What is not found without following links is left out.
    pub fn read_ahead(&self, files: impl Iterator<Item = PathBuf>) {
        let id = |path: PathBuf| match self.find(&path) {
            Ok(Some(At::Entry(EntryKind::File | EntryKind::Executable, id))) => Some(id),
            _ => None,
        };
        self.trees.read_ahead(files.filter_map(id));
    }

    /// The entry at a path of which only the last segment may be a link.
    fn find(&self, path: &Path) -> io::Result<Option<At>> {
        let root = At::Entry(EntryKind::Tree, self.root);
        let Some((above, name)) = split(path) else {
            return Ok(Some(if path == self.top { root } else { At::Above }));
        };
        Ok(match self.directory(above)? {
            Found::Tree(tree) => tree.get(name).map(|entry| At::Entry(entry.kind, entry.id)),
            Found::Above if path == self.top => Some(root),
            Found::Above if self.is_above(path) => {
                Some(self.link_at(path).map_or(At::Above, At::Link))
            }
            Found::Above | Found::Missing => None,
        })
    }

    /// The directory at a path. Each is looked up once: builds ask for every file in it.
    fn directory(&self, path: &Path) -> io::Result<Found> {
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(ErrorKind::InvalidFilename.into());
        }
        let known = || lock(&self.directories);
        let mut unknown = Vec::new();
        let mut found = Found::Above;
        for path in path.ancestors() {
            if let Some(known) = known().get(path.as_os_str().as_encoded_bytes()) {
                found = known.clone();
                break;
            }
            unknown.push(path);
        }
        for path in unknown.into_iter().rev() {
            found = self.step(&found, path)?;
            known().insert(path.as_os_str().as_encoded_bytes().into(), found.clone());
            if matches!(found, Found::Missing) {
                break;
            }
        }
        Ok(found)
    }

    /// The directory at a path, given the directory that contains it.
    fn step(&self, above: &Found, path: &Path) -> io::Result<Found> {
        let tree = |id| self.trees.tree(id).map(Found::Tree).map_err(told);
        match above {
            _ if path == self.top => tree(self.root),
            Found::Above if self.link_at(path).is_some() => Ok(Found::Missing),
            Found::Above if self.is_above(path) => Ok(Found::Above),
            Found::Above | Found::Missing => Ok(Found::Missing),
            Found::Tree(above) => match path.file_name().and_then(|name| above.get(name)) {
                Some(entry) if entry.kind == EntryKind::Tree => tree(entry.id),
                Some(entry) if entry.kind == EntryKind::Module => {
                    let name = path.strip_prefix(&self.top).unwrap_or(path).display();
                    Err(io::Error::other(format!(
                        "it is in the submodule `{name}`, of which this repository has no files"
                    )))
                }
                Some(_) | None => Ok(Found::Missing),
            },
        }
    }

    /// The target of a link.
    fn link_target(&self, id: Id) -> io::Result<PathBuf> {
        let target = self.trees.blob(id, LONGEST_PATH as u64).map_err(told)?;
        Ok(os_string(&target).into())
    }
}

impl Files for Revision {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        Ok(match self.find(path)? {
            Some(At::Entry(kind, _)) => kind.into(),
            Some(At::Above) => Kind::Directory,
            Some(At::Link(_)) => Kind::Link,
            None => Kind::Missing,
        })
    }

    fn is_executable(&self, path: &Path) -> bool {
        matches!(self.find(path), Ok(Some(At::Entry(EntryKind::Executable, _))))
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        match self.find(path)? {
            Some(At::Entry(EntryKind::Link, id)) => self.link_target(id),
            Some(At::Link(number)) => match self.links.get(number) {
                Some((_, target)) => Ok(target.clone()),
                None => Err(ErrorKind::NotFound.into()),
            },
            Some(At::Entry(..) | At::Above) => Err(ErrorKind::InvalidInput.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        // A path that is found without following links is canonical.
        if let Some(At::Entry(EntryKind::Tree | EntryKind::File | EntryKind::Executable, _)) =
            self.find(path)?
        {
            return Ok(path.to_owned());
        }
        links::resolve(path, &|path| {
            Ok(match self.find(path)? {
                Some(At::Above | At::Entry(EntryKind::Tree | EntryKind::Module, _)) => {
                    Look::Directory
                }
                Some(At::Entry(EntryKind::File | EntryKind::Executable, _)) => Look::File,
                Some(At::Entry(EntryKind::Link, _) | At::Link(_)) => Look::Link(self.target(path)?),
                None => Look::Missing,
            })
        })
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        match self.find(&self.canonicalize(path)?)? {
            Some(At::Entry(EntryKind::File | EntryKind::Executable, id)) => {
                self.trees.blob(id, most).map_err(|error| match error.code() {
                    Code::TooLarge => ErrorKind::FileTooLarge.into(),
                    _ => told(error),
                })
            }
            Some(_) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        let path = self.canonicalize(path)?;
        match self.find(&path)? {
            Some(At::Entry(EntryKind::Tree, _)) => {
                let Found::Tree(tree) = self.directory(&path)? else { return Ok(Vec::new()) };
                // A tree may occur at any number of paths.
                self.trees.spend(LISTING + tree.entries().len() as u64).map_err(told)?;
                let entries = tree.entries().iter();
                Ok(entries.map(|entry| (os_string(&entry.name), entry.kind.into())).collect())
            }
            Some(At::Above | At::Entry(EntryKind::Module, _)) => Ok(Vec::new()),
            Some(At::Entry(..) | At::Link(_)) => Err(ErrorKind::NotADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn may_hold(&self, directory: &Path, names: &[&'static str]) -> io::Result<bool> {
        match self.find(directory)? {
            Some(At::Entry(EntryKind::Tree, id)) => self.trees.holds(id, names).map_err(told),
            Some(At::Above) => Ok(true),
            Some(At::Entry(..) | At::Link(_)) | None => Ok(false),
        }
    }

    fn working_tree(&self, directory: &Path) -> Option<PathBuf> {
        directory.starts_with(&self.top).then(|| self.top.clone())
    }
}

/// Wraps an error, for the loader to unwrap.
fn told(error: Error) -> io::Error {
    io::Error::other(error)
}
