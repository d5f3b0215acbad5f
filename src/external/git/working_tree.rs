//! The working tree as a git tree: tracked files, and untracked ones that are not ignored.
//!
//! Git only lists its index and the names of untracked files. krender reads the files itself: no filter is run, a file
//! with the time, size and inode of the index is not read, and line ends that git converts are no difference.

#![expect(clippy::disallowed_methods, reason = "the files of the working tree are looked at")]

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::sync::OnceLock;

use super::index::{self, Listed, Stat, Tracked};
use super::line_ends::Questions;
use super::{Repository, os_string};
use crate::error::{Code, Error, Result};
use crate::load::git::{
    Changed as _, EntryKind, Id, IdHasher, ObjectKind, Provisional, Tree, TreeEntry, Trees,
    is_segment,
};
use crate::load::{Disk, LARGEST_FILE, LONGEST_PATH};

/// Maximum depth of nested submodules.
const DEEPEST: usize = 8;

/// Reads the working tree of a repository in the directory `folder`, with ids of `id_length` bytes. Returns the id of
/// its tree, in which files that were not read have provisional ids.
pub(super) fn read(
    repository: &Repository,
    folder: &Path,
    id_length: usize,
) -> Result<(Id, Waiting)> {
    let index = folder.join("index");
    if fs::symlink_metadata(&index).is_err() && repository.is_bare()? {
        return Err(super::unknown::working_tree(repository));
    }
    let mut reader = IndexReader {
        top: repository.top(),
        trees: &repository.0.trees,
        written: fs::metadata(&index).ok().and_then(|metadata| Stat::of(&metadata)),
        directories: BTreeMap::new(),
        items: Vec::new(),
        waiting: BTreeMap::new(),
    };
    super::waiting::refuse(repository)?;
    index::list(&repository.0.git, &repository.0.trees, &mut |listed| match listed {
        Listed::Tracked(tracked) => reader.tracked(tracked),
        Listed::Other(name) => reader.other(&name),
    })?;
    let IndexReader { items, waiting, .. } = reader;
    let root = tree_of(items, &repository.0.trees, id_length)?;
    let waiting = Waiting {
        repository: repository.clone(),
        id_length,
        files: waiting,
        line_ends: Questions::default(),
    };
    Ok((root, waiting))
}

struct IndexReader<'r> {
    top: &'r Path,
    trees: &'r Trees,
    /// Metadata of the index file.
    written: Option<Stat>,
    /// True for each path in the working tree that is a directory and is not reached through a link.
    directories: BTreeMap<Vec<u8>, bool>,
    items: Vec<Item>,
    waiting: BTreeMap<Id, WaitingFile>,
}

/// An entry of the working tree, by its path from the top.
struct Item {
    path: Vec<u8>,
    kind: EntryKind,
    id: Id,
}

impl IndexReader<'_> {
    fn tracked(&mut self, tracked: Tracked) -> Result<()> {
        check(&tracked.path)?;
        let metadata = self.look(&tracked.path);
        let Some(metadata) = metadata else {
            // Left out of a sparse checkout.
            if tracked.is_left_out {
                self.items.push(Item { path: tracked.path, kind: tracked.kind, id: tracked.id });
            }
            return Ok(());
        };
        let id = match (tracked.kind, kind_of(&metadata)) {
            (EntryKind::Module, Some(EntryKind::Tree)) => None,
            // The files of the directory are listed separately.
            (_, Some(EntryKind::Tree)) => return Ok(()),
            (kind, Some(found)) if kind.reads_as(found) => {
                let is_as_written = tracked.stat.is_some_and(|stat| {
                    Stat::of(&metadata) == Some(stat)
                        && self.written.is_some_and(|written| stat.is_before(&written))
                });
                is_as_written.then_some(tracked.id)
            }
            _ => None,
        };
        let kind = match kind_of(&metadata) {
            Some(EntryKind::Tree) | None => tracked.kind,
            // Permissions of the index, to get the same tree ids.
            Some(found) if found.reads_as(tracked.kind) => tracked.kind,
            Some(found) => found,
        };
        let recorded = kind.reads_as(tracked.kind).then_some(tracked.id);
        self.add(tracked.path, kind, id, recorded);
        Ok(())
    }

    fn other(&mut self, name: &[u8]) -> Result<()> {
        // A directory that is listed as a whole is another repository.
        let path = name.strip_suffix(b"/").unwrap_or(name);
        check(path)?;
        let Some(kind) = self.look(path).and_then(|metadata| kind_of(&metadata)) else {
            return Ok(());
        };
        let kind = if kind == EntryKind::Tree { EntryKind::Module } else { kind };
        self.add(path.to_vec(), kind, None, None);
        Ok(())
    }

    fn add(&mut self, path: Vec<u8>, kind: EntryKind, id: Option<Id>, recorded: Option<Id>) {
        let id = id.unwrap_or_else(|| {
            let id = self.trees.provisional();
            let file = WaitingFile { path: path.clone(), kind, recorded, id: OnceLock::new() };
            self.waiting.insert(id, file);
            id
        });
        self.items.push(Item { path, kind, id });
    }

    /// Metadata of a path that is not reached through a link.
    fn look(&mut self, path: &[u8]) -> Option<Metadata> {
        if let Some(end) = memchr::memrchr(b'/', path)
            && !self.is_directory(&path[..end])
        {
            return None;
        }
        fs::symlink_metadata(self.top.join(os_string(path))).ok()
    }

    fn is_directory(&mut self, path: &[u8]) -> bool {
        if let Some(&known) = self.directories.get(path) {
            return known;
        }
        let metadata = self.look(path);
        let is_directory = metadata.is_some_and(|metadata| metadata.is_dir());
        self.directories.insert(path.to_vec(), is_directory);
        is_directory
    }
}

fn kind_of(metadata: &Metadata) -> Option<EntryKind> {
    let kind = metadata.file_type();
    if kind.is_file() {
        Some(EntryKind::File)
    } else if kind.is_symlink() {
        Some(EntryKind::Link)
    } else {
        kind.is_dir().then_some(EntryKind::Tree)
    }
}

/// Refuses a path that leads out of the working tree, or that git does not allow.
fn check(path: &[u8]) -> Result<()> {
    match path.len() <= LONGEST_PATH && path.split(|&byte| byte == b'/').all(is_segment) {
        true => Ok(()),
        false => Err(Error::new(
            Code::ReadFailed,
            format!("the index of git has the path `{}`", String::from_utf8_lossy(path)),
        )
        .help("no such file can be checked out: run `git fsck` for details")),
    }
}

/// Adds the tree of these items, and all its subtrees. Returns its id.
fn tree_of(mut items: Vec<Item>, trees: &Trees, id_length: usize) -> Result<Id> {
    items.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    // Items of one directory are adjacent. A file with a merge conflict is listed several times.
    items.dedup_by(|next, item| next.path == item.path);
    let mut way: Vec<(Vec<u8>, Vec<TreeEntry>)> = vec![(Vec::new(), Vec::new())];
    for Item { path, kind, id } in items {
        let mut names: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        let name = names.pop().unwrap_or_default();
        let open = way.iter().skip(1).map(|(name, _)| name.as_slice());
        let shared = open.zip(&names).take_while(|(open, name)| open == *name).count();
        close(&mut way, shared + 1, trees, id_length)?;
        way.extend(names[shared..].iter().map(|name| (name.to_vec(), Vec::new())));
        if let Some((_, entries)) = way.last_mut() {
            entries.push(TreeEntry { name: name.into(), kind, id });
        }
    }
    close(&mut way, 1, trees, id_length)?;
    let entries = way.pop().map(|(_, entries)| entries).unwrap_or_default();
    Ok(trees.add(directory(entries)?, id_length))
}

/// The tree of a directory. A file replaces a directory of the same name, which was left out of the checkout.
fn directory(mut entries: Vec<TreeEntry>) -> Result<Tree> {
    let is_tree = |entry: &TreeEntry| entry.kind == EntryKind::Tree;
    entries.sort_unstable_by(|left, right| {
        left.name.cmp(&right.name).then(is_tree(left).cmp(&is_tree(right)))
    });
    entries.dedup_by(|next, entry| next.name == entry.name);
    Tree::new(entries)
}

/// Closes directories until this number of them is open.
fn close(
    way: &mut Vec<(Vec<u8>, Vec<TreeEntry>)>,
    open: usize,
    trees: &Trees,
    id_length: usize,
) -> Result<()> {
    while way.len() > open
        && let Some((name, entries)) = way.pop()
    {
        let id = trees.add(directory(entries)?, id_length);
        if let Some((_, above)) = way.last_mut() {
            above.push(TreeEntry { name: name.into(), kind: EntryKind::Tree, id });
        }
    }
    Ok(())
}

/// Files of a working tree that have not been read yet.
pub(super) struct Waiting {
    repository: Repository,
    id_length: usize,
    files: BTreeMap<Id, WaitingFile>,
    line_ends: Questions,
}

struct WaitingFile {
    path: Vec<u8>,
    kind: EntryKind,
    /// The file, or the commit of a submodule, in the index.
    recorded: Option<Id>,
    id: OnceLock<Option<Id>>,
}

impl Provisional for Waiting {
    fn id(&self, provisional: Id) -> Option<Id> {
        let file = self.files.get(&provisional)?;
        let path = self.repository.top().join(os_string(&file.path));
        *file.id.get_or_init(|| match file.kind {
            EntryKind::Module => self.submodule(&path, file.recorded?),
            EntryKind::Link => link(&path, self.id_length).ok(),
            EntryKind::File | EntryKind::Executable => {
                let own = hash(&path, self.id_length).ok()?;
                let all = || self.files.values().map(|file| &*file.path);
                let is_same = |id: &Id| {
                    *id != own
                        && self.line_ends.is_converted(&self.repository, &file.path, *id, all())
                };
                Some(file.recorded.filter(is_same).unwrap_or(own))
            }
            EntryKind::Tree => None,
        })
    }
}

impl Waiting {
    /// The commit that is checked out in a submodule, if its files are unchanged.
    fn submodule(&self, path: &Path, recorded: Id) -> Option<Id> {
        let Some(module) = self.repository.submodule(path, DEEPEST).ok()? else {
            // It is not checked out.
            return Some(recorded);
        };
        let head = module.resolve("HEAD", ObjectKind::Commit).ok()??;
        let revision = module.revision("HEAD").ok()?;
        let changes = module.changed_since(&revision).ok()?;
        (!changes.is_changed_below(path).ok()?).then_some(head)
    }
}

/// The blob id of a link.
fn link(path: &Path, id_length: usize) -> io::Result<Id> {
    let target = fs::read_link(path)?;
    Ok(IdHasher::hash(id_length, ObjectKind::Blob, target.as_os_str().as_encoded_bytes()))
}

/// The blob id of a file.
fn hash(path: &Path, id_length: usize) -> io::Result<Id> {
    let (file, size) = Disk::open(path)?;
    if size > LARGEST_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut hasher = IdHasher::new(id_length, ObjectKind::Blob, size);
    let mut piece = vec![0; 1 << 16];
    let (mut file, mut left) = (file.take(size + 1), size);
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            break;
        }
        left = left.checked_sub(length as u64).ok_or(io::ErrorKind::InvalidData)?;
        hasher.update(&piece[..length]);
    }
    if left > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(hasher.finish()) }
}
