//! What differs between two trees of a repository, found where it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::id::Id;
use super::tree::{Entry, EntryKind, Tree};
use super::trees::Trees;
use crate::error::Result;

/// Paths of which some have changed. All are absolute and clean.
pub trait Changed: Sync {
    /// The path itself if it has changed, or the first directory on the way to it that has: a link that led elsewhere
    /// before, a file, or a submodule.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn on_the_way(&self, path: &Path) -> Result<Option<PathBuf>>;

    /// Whether the path itself has changed: what is there, or was there, is a file, a link or a submodule.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn is_changed(&self, path: &Path) -> Result<bool>;

    /// Whether the path or one below it has changed.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn is_changed_below(&self, path: &Path) -> Result<bool>;
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

/// What differs between two trees: those of two revisions, or of one and a working tree. Permissions of files do not
/// count.
///
/// Trees with one id are the same, so that only what differs is read, and only on the way to what is asked for.
#[derive(Clone)]
pub struct Changes {
    trees: Trees,
    top: PathBuf,
    roots: [Id; 2],
    provisional: Option<Arc<dyn Provisional>>,
}

/// The files of a working tree whose ids are not known yet.
pub trait Provisional: Send + Sync {
    /// The id of the file, link or submodule with this provisional id. `None` if it has none: it differs from all.
    fn id(&self, provisional: Id) -> Option<Id>;
}

/// What is at one path in both trees.
type Pair = [Option<Entry>; 2];

/// How many trees within each other are looked through, as for [`Trees::holds`].
const DEEPEST: usize = 2048;

impl Changes {
    /// The changes between two trees, whose paths are taken from `top`: absolute, with links resolved.
    #[must_use]
    pub fn new(trees: Trees, top: &Path, roots: [Id; 2]) -> Self {
        Self { trees, top: top.to_path_buf(), roots, provisional: None }
    }

    /// The same changes, with the ids of files that are not known yet.
    #[must_use]
    pub fn with_provisional(mut self, provisional: Arc<dyn Provisional>) -> Self {
        self.provisional = Some(provisional);
        self
    }

    /// Whether there are certainly no changes: both trees have one id.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roots[0] == self.roots[1]
    }

    /// Whether a file or link with one of these names has changed at `directory` or below it.
    ///
    /// # Errors
    /// Those of [`Trees::tree`].
    pub fn any_named(&self, directory: &Path, names: &[&str]) -> Result<bool> {
        self.any(directory, &|found| names.iter().any(|name| name.as_bytes() == found))
    }

    /// What is at a path in both trees, and the first path on the way to it at which a change is no directory. Where both
    /// sides are one, nothing is looked up, and both are `None`.
    fn find(&self, path: &Path) -> Result<(Option<PathBuf>, Pair)> {
        let mut changed = None;
        let mut pair = self.roots();
        let mut way = self.top.clone();
        let Ok(below) = path.strip_prefix(&self.top) else { return Ok((None, [None, None])) };
        for name in below.components() {
            if is_one(&pair) || matches!(pair, [None, None]) {
                return Ok((changed, [None, None]));
            }
            if changed.is_none() && self.is_change(&pair) {
                changed = Some(way.clone());
            }
            way.push(name);
            let [before, after] = self.trees_of(&pair)?;
            pair = [before, after].map(|tree| tree.get(name.as_os_str()).cloned());
        }
        Ok((changed, pair))
    }

    /// What is at a path in both trees; the roots for a directory that they are in.
    fn start(&self, path: &Path) -> Result<Pair> {
        if self.top.starts_with(path) { Ok(self.roots()) } else { Ok(self.find(path)?.1) }
    }

    fn roots(&self) -> Pair {
        self.roots.map(|id| Some(Entry { name: Box::default(), kind: EntryKind::Tree, id }))
    }

    /// The trees of a pair, empty where there is none.
    fn trees_of(&self, pair: &Pair) -> Result<[Arc<Tree>; 2]> {
        let tree = |entry: &Option<Entry>| match entry {
            Some(Entry { kind: EntryKind::Tree, id, .. }) => self.trees.tree(*id),
            _ => Ok(Arc::default()),
        };
        Ok([tree(&pair[0])?, tree(&pair[1])?])
    }

    /// Whether a pair is no directory on one side at least, and not the same on both.
    fn is_change(&self, pair: &Pair) -> bool {
        let is_tree = |entry: &Entry| entry.kind == EntryKind::Tree;
        !pair.iter().flatten().all(is_tree) && !self.is_same(pair)
    }

    fn is_same(&self, pair: &Pair) -> bool {
        match pair {
            [None, None] => true,
            [Some(before), Some(after)] => {
                before.kind.reads_as(after.kind)
                    && (before.id == after.id || self.id(before.id) == self.id(after.id))
            }
            _ => false,
        }
    }

    /// The id of an entry; a provisional one is replaced if there is another.
    fn id(&self, id: Id) -> Id {
        match &self.provisional {
            Some(known) if id.provisional_number().is_some() => known.id(id).unwrap_or(id),
            _ => id,
        }
    }

    /// Whether there is a change that fits, by its name, at a path or below it. Each pair of trees is looked at once.
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
            let ids = [&pair[0], &pair[1]].map(|entry| {
                entry.as_ref().filter(|entry| entry.kind == EntryKind::Tree).map(|entry| entry.id)
            });
            if ids == [None, None] || !seen.insert(ids) {
                continue;
            }
            let trees = self.trees_of(&pair)?;
            let [before, after] = &trees;
            // As many steps as there may be pairs.
            self.trees.spend((before.entries().len() + after.entries().len()) as u64)?;
            for pair in pairs(before, after) {
                let name = pair.iter().flatten().next().map_or(&b""[..], |entry| &entry.name);
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
        Ok(changed.or_else(|| self.is_change(&pair).then(|| path.to_path_buf())))
    }

    fn is_changed(&self, path: &Path) -> Result<bool> {
        Ok(self.is_change(&self.find(path)?.1))
    }

    fn is_changed_below(&self, path: &Path) -> Result<bool> {
        if self.provisional.is_none() {
            // All ids are known, and those that differ lead to a change.
            let pair = self.start(path)?;
            return Ok(!is_one(&pair) && !matches!(pair, [None, None]));
        }
        self.any(path, &|_| true)
    }
}

/// Whether both sides are one tree.
fn is_one(pair: &Pair) -> bool {
    matches!(pair, [Some(one), Some(other)] if one.id == other.id && one.kind == other.kind)
}

/// The entries of two trees by their names, except those that are one.
fn pairs(before: &Tree, after: &Tree) -> Vec<Pair> {
    let mut both: BTreeMap<&[u8], [Option<&Entry>; 2]> = BTreeMap::new();
    for (side, tree) in [before, after].into_iter().enumerate() {
        for entry in tree.entries() {
            both.entry(&entry.name).or_default()[side] = Some(entry);
        }
    }
    let pairs = both.into_values().map(|pair| pair.map(|entry| entry.cloned()));
    pairs.filter(|pair| !is_one(pair)).collect()
}
