//! The trees of a repository. Each is read once, by its id, even if it occurs at many paths.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::ahead::Ahead;
use super::id::{Id, ObjectKind};
use super::objects::{Object, Objects};
use super::tree::{EntryKind, LARGEST_TREE, Tree};
use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Limit};
use crate::resource::Index;
use crate::source::Span;
use crate::sync::lock;

/// The entry that a path leads to in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// There is none.
    Missing,
    /// An entry.
    Entry(EntryKind, Id),
    /// A part of the path is not a directory: the path up to it.
    Behind(String),
}

/// The trees of a repository, read on demand and cached. Cloning makes another handle to them.
///
/// Reading is charged to a [`Budget`]: one [`Limit::GitObjects`] for each object, each entry of a tree and each 64
/// bytes of it.
#[derive(Clone)]
pub struct Trees(Arc<TreesInner>);

struct TreesInner {
    objects: Box<dyn Objects>,
    budget: Budget,
    known: Mutex<Index<Id, Arc<Tree>>>,
    ahead: Ahead,
    /// For each name passed to [`Trees::holds`]: true for trees that contain a file of that name at any depth.
    holding: Mutex<BTreeMap<&'static str, BTreeMap<Id, bool>>>,
    /// Number of provisional ids handed out.
    provisional: AtomicU64,
}

/// Maximum depth of nested trees. A path has at most 4,096 bytes, and a segment takes at least two.
const DEEPEST: usize = 2048;

impl Trees {
    /// The trees of a source of objects. Reading is charged to `budget`.
    #[must_use]
    pub fn new(objects: impl Objects + 'static, budget: Budget) -> Self {
        Self(Arc::new(TreesInner {
            objects: Box::new(objects),
            budget,
            known: Mutex::default(),
            ahead: Ahead::default(),
            holding: Mutex::default(),
            provisional: AtomicU64::new(0),
        }))
    }

    /// The tree with this id.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if there is no such tree or git could not check it out, [`Code::TooLarge`] for a tree of
    /// more than 32 MiB, and [`Code::LimitExceeded`].
    pub fn tree(&self, id: Id) -> Result<Arc<Tree>> {
        if let Some(tree) = self.known().get(&id) {
            return Ok(Arc::clone(tree));
        }
        self.read(&[id])?;
        let tree = self.known().get(&id).map(Arc::clone);
        tree.ok_or_else(|| missing(id, ObjectKind::Tree))
    }

    /// The content of a file, or the target of a link.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if there is no such object, [`Code::TooLarge`] for an object of more than `largest` bytes,
    /// and [`Code::LimitExceeded`].
    pub fn blob(&self, id: Id, largest: u64) -> Result<Vec<u8>> {
        self.spend(1)?;
        if let Some(content) = self.0.ahead.get(id, largest) {
            return Ok(content.to_vec());
        }
        let mut found = None;
        self.0.objects.read(&[id], largest, &mut |_, object| {
            found = Some(expect(object, id, ObjectKind::Blob)?);
            Ok(())
        })?;
        found.ok_or_else(|| missing(id, ObjectKind::Blob))
    }

    /// The entry at a path below a tree. Links are not followed.
    ///
    /// # Errors
    /// Those of [`Trees::tree`].
    pub fn reach(&self, root: Id, path: &str) -> Result<Reached> {
        let mut directory = root;
        let mut ends = path.match_indices('/').map(|(end, _)| end);
        let mut start = 0;
        loop {
            let end = ends.next();
            let name = &path[start..end.unwrap_or(path.len())];
            let tree = self.tree(directory)?;
            let Some(entry) = tree.get(name.as_ref()) else { return Ok(Reached::Missing) };
            match end {
                None => return Ok(Reached::Entry(entry.kind, entry.id)),
                Some(end) if entry.kind != EntryKind::Tree => {
                    return Ok(Reached::Behind(path[..end].to_owned()));
                }
                Some(end) => (directory, start) = (entry.id, end + 1),
            }
        }
    }

    /// Adds a tree that is not stored as an object. Returns the id that the object would have, or a provisional id.
    pub fn add(&self, tree: Tree, id_length: usize) -> Id {
        let id = tree.id(id_length).unwrap_or_else(|| self.provisional());
        self.known().insert(id, Arc::new(tree));
        id
    }

    /// An unused provisional id.
    #[must_use]
    pub fn provisional(&self) -> Id {
        Id::provisional(self.0.provisional.fetch_add(1, Ordering::Relaxed))
    }

    /// Charges work on objects to the budget.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`]
    pub fn spend(&self, objects: u64) -> Result<()> {
        self.0.budget.spend(Limit::GitObjects, objects, Span::NONE)
    }

    /// Reads a tree and those below it level by level, and the files in them with these names. Faster than reading them one
    /// by one if most are needed.
    ///
    /// # Errors
    /// Those of [`Trees::tree`].
    pub fn read_all(&self, root: Id, names: &[&str]) -> Result<()> {
        let (mut seen, mut level) = (BTreeSet::from([root]), vec![root]);
        for _ in 0..DEEPEST {
            if level.is_empty() {
                break;
            }
            // Revisions have most trees in common.
            let missing: Vec<Id> =
                level.iter().filter(|id| !self.known().contains_key(*id)).copied().collect();
            self.read(&missing)?;
            let mut next = Vec::new();
            for id in level {
                let tree = self.tree(id)?;
                next.extend(subtrees(&tree).filter(|&id| seen.insert(id)));
            }
            level = next;
        }
        let trees: Vec<Arc<Tree>> = {
            let known = self.known();
            seen.iter().filter_map(|id| known.get(id).map(Arc::clone)).collect()
        };
        let files = trees.iter().flat_map(|tree| {
            let entries = names.iter().filter_map(|name| tree.get(name.as_ref()));
            entries.filter(|entry| matches!(entry.kind, EntryKind::File | EntryKind::Executable))
        });
        self.read_ahead(files.map(|file| file.id));
        Ok(())
    }

    /// Reads files in one batch, unless they are large. Faster than reading them one by one.
    pub fn read_ahead(&self, ids: impl Iterator<Item = Id>) {
        self.0.ahead.read(ids, &*self.0.objects);
    }

    /// True if a tree, or one below it, contains a file or link with one of these names. Each tree is searched once.
    ///
    /// # Errors
    /// Those of [`Trees::tree`].
    pub fn holds(&self, root: Id, names: &[&'static str]) -> Result<bool> {
        for &name in names {
            if self.holds_one(root, name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn holds_one(&self, root: Id, name: &'static str) -> Result<bool> {
        let known = |id: &Id| self.holding().get(name).and_then(|ids| ids.get(id).copied());
        let mut seen: BTreeMap<Id, bool> = BTreeMap::new();
        // The trees from the root to the current one, each with those of its subtrees that are still to be searched.
        let mut way: Vec<(Id, Vec<Id>)> = vec![(root, vec![root])];
        while let Some((_, left)) = way.last_mut() {
            let Some(id) = left.pop() else {
                way.pop();
                continue;
            };
            let holds = match seen.get(&id).copied().or_else(|| known(&id)) {
                Some(holds) => holds,
                None if way.len() > DEEPEST => false,
                None => {
                    let tree = self.tree(id)?;
                    let entry = tree.get(name.as_ref()).map(|entry| entry.kind);
                    way.push((id, subtrees(&tree).collect()));
                    !matches!(entry, None | Some(EntryKind::Tree | EntryKind::Module))
                }
            };
            seen.insert(id, holds);
            if holds {
                seen.extend(way.into_iter().map(|(id, _)| (id, true)));
                break;
            }
        }
        let holds = seen.get(&root).copied().unwrap_or_default();
        self.holding().entry(name).or_default().extend(seen);
        Ok(holds)
    }

    /// Reads trees in one batch.
    fn read(&self, ids: &[Id]) -> Result<()> {
        self.0.objects.read(ids, LARGEST_TREE, &mut |place, object| {
            let id = ids[place];
            let content = expect(object, id, ObjectKind::Tree)?;
            self.spend(1 + content.len() as u64 / 64)?;
            let tree = Tree::parse(&content, id.length())
                .map_err(|error| error.step(format!("while reading the tree `{id}`")))?;
            self.spend(tree.entries().len() as u64)?;
            self.known().insert(id, Arc::new(tree));
            Ok(())
        })
    }

    fn known(&self) -> MutexGuard<'_, Index<Id, Arc<Tree>>> {
        lock(&self.0.known)
    }

    fn holding(&self) -> MutexGuard<'_, BTreeMap<&'static str, BTreeMap<Id, bool>>> {
        lock(&self.0.holding)
    }
}

fn subtrees(tree: &Tree) -> impl Iterator<Item = Id> {
    let trees = tree.entries().iter().filter(|entry| entry.kind == EntryKind::Tree);
    trees.map(|entry| entry.id)
}

/// The content of an object, which must be of the expected kind.
fn expect(object: Object, id: Id, expected: ObjectKind) -> Result<Vec<u8>> {
    match object {
        Object::Read { kind, content } if kind == expected => Ok(content),
        Object::Read { kind, .. } => {
            let (found, expected) = (kind.name(), expected.name());
            let message = format!("the git object `{id}` is a {found}, not a {expected}");
            Err(Error::new(Code::ReadFailed, message)
                .help("the tree that names it is broken: `git fsck` shows details"))
        }
        Object::TooLarge(size) => {
            let expected = expected.name();
            let message = format!("the {expected} `{id}` of git has {size} bytes: too many");
            Err(Error::new(Code::TooLarge, message))
        }
        Object::Missing => Err(missing(id, expected)),
    }
}

#[cold]
fn missing(id: Id, kind: ObjectKind) -> Error {
    let message = format!("the {} `{id}` is missing in the git repository", kind.name());
    Error::new(Code::ReadFailed, message)
        .help("krender does not fetch objects: `git fsck` lists the missing ones, and `git archive REV >/dev/null` fetches a revision into a partial clone")
}
