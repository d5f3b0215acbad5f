//! The changes between two trees of a repository, computed on demand.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::id::Id;
use super::tree::{EntryKind, Tree, TreeEntry};
use super::trees::Trees;
use crate::error::Result;
use crate::load::clean::split;
use crate::resource::Index;
use crate::sync::lock;

/// A set of changed paths. All paths are absolute and clean.
pub trait Changed: Sync {
    /// The path itself if it has changed, or its first ancestor that has: a link with another target, a file, or a
    /// submodule.
    ///
    /// # Errors
    /// If it cannot be determined.
    fn on_the_way(&self, path: &Path) -> Result<Option<PathBuf>>;

    /// True if the path itself has changed: it is, or was, a file, a link or a submodule.
    ///
    /// # Errors
    /// If it cannot be determined.
    fn is_changed(&self, path: &Path) -> Result<bool>;

    /// True if the path, or a path below it, has changed.
    ///
    /// # Errors
    /// If it cannot be determined.
    fn is_changed_below(&self, path: &Path) -> Result<bool>;

    /// False if certainly no path with this name at its end has changed. A set that would have to search for it returns
    /// true.
    ///
    /// # Errors
    /// If it cannot be determined.
    fn may_have(&self, _name: &OsStr) -> Result<bool> {
        Ok(true)
    }
}

impl Changed for BTreeSet<PathBuf> {
    fn on_the_way(&self, path: &Path) -> Result<Option<PathBuf>> {
        let mut ways: Vec<&Path> = path.ancestors().collect();
        ways.reverse();
        Ok(ways.into_iter().find(|path| self.contains(*path)).map(Path::to_path_buf))
    }

    fn is_changed(&self, path: &Path) -> Result<bool> {
        Ok(self.contains(path))
    }

    fn is_changed_below(&self, path: &Path) -> Result<bool> {
        let next = self.range(path.to_path_buf()..).next();
        Ok(next.is_some_and(|next| next.starts_with(path)))
    }
}

/// The changes between two trees: those of two revisions, or of a revision and a working tree. File permissions are
/// ignored.
///
/// Trees with the same id are equal, so only trees that differ are read, and only those that lead to a requested path.
#[derive(Clone)]
pub struct Changes {
    trees: Trees,
    top: PathBuf,
    roots: [Id; 2],
    provisional: Option<Arc<dyn Provisional>>,
    /// Directories that were looked up, by path: many requested paths share a directory.
    directories: Arc<Mutex<Index<Box<[u8]>, FoundDirectory>>>,
    /// The names in all trees that differ.
    names: Arc<OnceLock<Result<Names>>>,
}

/// A directory that was looked up.
#[derive(Clone)]
struct FoundDirectory {
    /// The first path from the root to this directory, inclusive, that has changed and is not a directory on one side.
    changed: Option<Arc<Path>>,
    /// Its trees; `None` if they are equal or missing.
    trees: Option<[Arc<Tree>; 2]>,
}

/// The files of a working tree whose ids are not known yet.
pub trait Provisional: Send + Sync {
    /// The id of the file, link or submodule with this provisional id. `None` if it has none; then it differs from
    /// every other.
    fn id(&self, provisional: Id) -> Option<Id>;
}

/// Names of entries.
type Names = BTreeSet<Box<[u8]>>;

/// The entries at a path in both trees.
type EntryPair = [Option<(EntryKind, Id)>; 2];

/// Maximum depth of nested trees, as for [`Trees::holds`].
const DEEPEST: usize = 2048;

impl Changes {
    /// The changes between two trees. Paths start at `top`, which is absolute with links resolved.
    #[must_use]
    pub fn new(trees: Trees, top: &Path, roots: [Id; 2]) -> Self {
        let (directories, names) = (Arc::default(), Arc::default());
        Self { trees, top: top.to_path_buf(), roots, provisional: None, directories, names }
    }

    /// Adds a source for the ids of files that are not hashed yet.
    #[must_use]
    pub fn with_provisional(mut self, provisional: Arc<dyn Provisional>) -> Self {
        self.provisional = Some(provisional);
        self
    }

    /// True if both trees have the same id, so that there are certainly no changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roots[0] == self.roots[1]
    }

    /// True if a file or link with one of these names has changed at `directory` or below it.
    ///
    /// # Errors
    /// Those of [`Trees::tree`].
    pub fn any_named(&self, directory: &Path, names: &[&str]) -> Result<bool> {
        self.any(directory, &|found| names.iter().any(|name| name.as_bytes() == found))
    }

    /// The entries at a path in both trees, and the first changed path on the way to it that is not a directory. If
    /// both sides have the same tree, it is not read, and both entries are `None`.
    fn find(&self, path: &Path) -> Result<(Option<Arc<Path>>, EntryPair)> {
        if path == self.top {
            return Ok((None, self.roots()));
        }
        let Some((above, name)) = split(path) else { return Ok((None, [None, None])) };
        let key = above.as_os_str().as_encoded_bytes();
        let known = || lock(&self.directories);
        let found = known().get(key).cloned();
        let directory = match found {
            Some(directory) => directory,
            None => {
                let directory = self.directory(above)?;
                known().insert(key.into(), directory.clone());
                directory
            }
        };
        let entry = |tree: &Arc<Tree>| tree.get(name).map(node);
        let pair = directory.trees.map_or([None, None], |trees| trees.each_ref().map(entry));
        Ok((directory.changed, pair))
    }

    /// The directory at a path.
    fn directory(&self, path: &Path) -> Result<FoundDirectory> {
        let mut found = FoundDirectory { changed: None, trees: None };
        let Ok(below) = path.strip_prefix(&self.top) else { return Ok(found) };
        let mut way = self.top.clone();
        let mut pair = self.roots();
        let mut names = below.components();
        loop {
            if is_one(&pair) || matches!(pair, [None, None]) {
                return Ok(found);
            }
            if found.changed.is_none() && self.is_change(&pair) {
                found.changed = Some(way.as_path().into());
            }
            let trees = self.trees_of(&pair)?;
            let Some(name) = names.next() else {
                found.trees = Some(trees);
                return Ok(found);
            };
            way.push(name);
            let entry = |tree: &Arc<Tree>| tree.get(name.as_os_str()).map(node);
            pair = trees.each_ref().map(entry);
        }
    }

    /// The entries at a path in both trees; the roots for a directory above the repository.
    fn start(&self, path: &Path) -> Result<EntryPair> {
        if self.top.starts_with(path) { Ok(self.roots()) } else { Ok(self.find(path)?.1) }
    }

    fn roots(&self) -> EntryPair {
        self.roots.map(|id| Some((EntryKind::Tree, id)))
    }

    /// The trees of a pair; empty if missing.
    fn trees_of(&self, pair: &EntryPair) -> Result<[Arc<Tree>; 2]> {
        let tree = |entry: Option<(EntryKind, Id)>| match entry {
            Some((EntryKind::Tree, id)) => self.trees.tree(id),
            _ => Ok(Arc::default()),
        };
        Ok([tree(pair[0])?, tree(pair[1])?])
    }

    /// True if the two sides differ and at least one of them is not a directory.
    fn is_change(&self, pair: &EntryPair) -> bool {
        let is_tree = |(kind, _): &(EntryKind, Id)| *kind == EntryKind::Tree;
        !pair.iter().flatten().all(is_tree) && !self.is_same(pair)
    }

    fn is_same(&self, pair: &EntryPair) -> bool {
        match pair {
            [None, None] => true,
            [Some((kind, before)), Some((other, after))] => {
                kind.reads_as(*other) && (before == after || self.id(*before) == self.id(*after))
            }
            _ => false,
        }
    }

    /// The id of an entry; a provisional id is replaced if the real one is known.
    fn id(&self, id: Id) -> Id {
        match &self.provisional {
            Some(known) if id.provisional_number().is_some() => known.id(id).unwrap_or(id),
            _ => id,
        }
    }

    /// The names in all trees that differ, with those of the trees.
    fn names(&self) -> &Result<Names> {
        self.names.get_or_init(|| {
            let names = RefCell::new(BTreeSet::new());
            self.any(&self.top, &|name| {
                names.borrow_mut().insert(name.into());
                false
            })?;
            Ok(names.into_inner())
        })
    }

    /// True if a change whose name satisfies `fits` is at a path or below it. Each pair of trees is visited once.
    fn any(&self, path: &Path, fits: &dyn Fn(&[u8]) -> bool) -> Result<bool> {
        let start = self.start(path)?;
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if fits(name) && self.is_change(&start) {
            return Ok(true);
        }
        let mut seen: BTreeSet<[Option<Id>; 2]> = BTreeSet::new();
        let mut pending = vec![(start, 0)];
        while let Some((pair, depth)) = pending.pop() {
            if is_one(&pair) || depth == DEEPEST {
                continue;
            }
            let ids = pair
                .map(|entry| entry.filter(|(kind, _)| *kind == EntryKind::Tree).map(|(_, id)| id));
            if ids == [None, None] || !seen.insert(ids) {
                continue;
            }
            let trees = self.trees_of(&pair)?;
            let [before, after] = &trees;
            // One step for each possible pair.
            self.trees.spend((before.entries().len() + after.entries().len()) as u64)?;
            for (name, pair) in pairs(before, after) {
                if fits(name) && self.is_change(&pair) {
                    return Ok(true);
                }
                pending.push((pair, depth + 1));
            }
        }
        Ok(false)
    }
}

impl Changed for Changes {
    fn on_the_way(&self, path: &Path) -> Result<Option<PathBuf>> {
        let (changed, pair) = self.find(path)?;
        let changed = changed.map(|way| way.to_path_buf());
        Ok(changed.or_else(|| self.is_change(&pair).then(|| path.to_path_buf())))
    }

    fn is_changed(&self, path: &Path) -> Result<bool> {
        Ok(self.is_change(&self.find(path)?.1))
    }

    fn is_changed_below(&self, path: &Path) -> Result<bool> {
        if self.provisional.is_none() {
            // All ids are known, so different ids mean that there is a change below.
            let pair = self.start(path)?;
            return Ok(!is_one(&pair) && !matches!(pair, [None, None]));
        }
        self.any(path, &|_| true)
    }

    fn may_have(&self, name: &OsStr) -> Result<bool> {
        match self.names() {
            Ok(names) => Ok(names.contains(name.as_encoded_bytes())),
            Err(error) => Err(error.clone()),
        }
    }
}

/// True if both sides are the same tree.
fn is_one(pair: &EntryPair) -> bool {
    matches!(pair, [Some(one), Some(other)] if one == other)
}

fn node(entry: &TreeEntry) -> (EntryKind, Id) {
    (entry.kind, entry.id)
}

/// The entries of two trees by name, without those that are equal.
fn pairs<'t>(before: &'t Tree, after: &'t Tree) -> Vec<(&'t [u8], EntryPair)> {
    let mut both: BTreeMap<&[u8], EntryPair> = BTreeMap::new();
    for (side, tree) in [before, after].into_iter().enumerate() {
        for entry in tree.entries() {
            both.entry(&entry.name).or_default()[side] = Some(node(entry));
        }
    }
    both.into_iter().filter(|(_, pair)| !is_one(pair)).collect()
}
