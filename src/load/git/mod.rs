//! The files of a revision, read from the objects of a git repository: nothing is checked out.
//!
//! Git runs as a process, so that its own settings decide where objects are: one `git cat-file --batch` for all
//! revisions, which is asked for trees and files as they are needed.

#![expect(clippy::disallowed_methods, reason = "git is started here and nowhere else")]

mod batch;
mod unknown;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::files::{Files, Kind};
use super::links::{self, Look};
use crate::error::{Code, Error, Result};
use batch::{Batch, hexadecimal};

/// A git repository, with a working tree or without. Cloning makes another handle to it.
#[derive(Clone)]
pub struct Repository(Arc<Inner>);

struct Inner {
    /// The directory that paths in trees are taken from, links resolved: the top of the working tree, or where the
    /// files would be.
    top: PathBuf,
    /// Where the objects are.
    objects: PathBuf,
    has_files: bool,
    batch: Mutex<Batch>,
    trees: Mutex<BTreeMap<Id, Tree>>,
}

/// The entries of a tree, sorted by name.
type Tree = Arc<Vec<Entry>>;

/// The files of a revision, at the paths that they have in the working tree. There is nothing else.
#[derive(Clone)]
pub struct Revision {
    repository: Repository,
    root: Id,
    /// Directories that were looked at, by their paths.
    directories: Arc<Mutex<BTreeMap<Box<[u8]>, Found>>>,
}

/// What stands where a directory was looked for.
#[derive(Clone)]
enum Found {
    Tree(Tree),
    /// One that the repository is in.
    Above,
    Missing,
}

/// The name of an object: the bytes of a hash, whichever the repository uses.
type Id = Box<[u8]>;

/// An entry of a tree.
struct Entry {
    name: OsString,
    kind: EntryKind,
    id: Id,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntryKind {
    Tree,
    File,
    Link,
    /// Another repository: nothing of it is here.
    Module,
}

impl Repository {
    /// The repository that a directory is in, as git finds it: by `GIT_DIR`, or above the directory. Of one without a
    /// working tree the files are as if they were in the directory.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] when it is in none, [`Code::ReadFailed`] when git cannot be started or refuses it.
    pub fn of(directory: &Path) -> Result<Self> {
        let directory = std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        let asked = ["--is-inside-work-tree", "--absolute-git-dir", "--show-cdup"];
        let output = Command::new("git")
            .arg("rev-parse")
            .args(asked)
            .current_dir(&directory)
            // What it says is looked at.
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(&error))?;
        if !output.status.success() {
            return Err(unknown::repository(&directory, &output));
        }
        let mut lines = output.stdout.split(|&byte| byte == b'\n').map(os_string);
        let mut next = || lines.next().unwrap_or_default();
        let (has_files, objects, up) = (next() == "true", PathBuf::from(next()), next());
        let top = if has_files { directory.join(up) } else { directory };
        let top = std::fs::canonicalize(&top).unwrap_or(top);
        let batch = Batch::start(git(&objects, &top)).map_err(|error| failed(&error))?;
        let (batch, trees) = (Mutex::new(batch), Mutex::default());
        Ok(Self(Arc::new(Inner { top, objects, has_files, batch, trees })))
    }

    /// The directory that paths are taken from, links resolved: the top of the working tree, if there is one.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.0.top
    }

    /// Whether there are files beside the objects.
    #[must_use]
    pub fn has_working_tree(&self) -> bool {
        self.0.has_files
    }

    /// The files of a revision: whatever git takes for a commit or a tree.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] when there is none of this name, [`Code::ReadFailed`] when git fails.
    pub fn revision(&self, name: &str) -> Result<Revision> {
        let root = self.tree_of(name)?.ok_or_else(|| unknown::revision(self, name))?;
        Ok(Revision { repository: self.clone(), root, directories: Arc::default() })
    }

    /// The tree of a revision, if there is one of this name.
    fn tree_of(&self, name: &str) -> Result<Option<Id>> {
        if name.is_empty() || name.contains(char::is_control) {
            return Ok(None);
        }
        let objects = self.0.batch().ask([format!("{name}^{{tree}}")].into_iter());
        let object = objects.map_err(|error| failed(&error))?.pop().flatten();
        Ok(object.map(|object| object.id))
    }

    /// The commit that two revisions have in common.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] when one of them is unknown or there is none, [`Code::ReadFailed`] when git fails.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<String> {
        for name in [one, other] {
            if self.tree_of(name)?.is_none() {
                return Err(unknown::revision(self, name));
            }
        }
        let output = self.output(&["merge-base", "--end-of-options", one, other])?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(unknown::common(self, one, other)),
        }
    }

    /// The paths of all files that are not the same in two revisions.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] when git fails.
    pub fn changed(&self, before: &Revision, after: &Revision) -> Result<Vec<PathBuf>> {
        let mut changed = Vec::new();
        let mut pending =
            vec![(self.0.top.clone(), Some(before.root.clone()), Some(after.root.clone()))];
        while let Some((path, before, after)) = pending.pop() {
            let read = |id: &Option<Id>| match id {
                Some(id) => self.0.tree(id).map_err(|error| failed(&error)),
                None => Ok(Arc::default()),
            };
            let (before, after) = (read(&before)?, read(&after)?);
            let mut both: BTreeMap<&OsString, [Option<&Entry>; 2]> = BTreeMap::new();
            for (side, entries) in [&before, &after].into_iter().enumerate() {
                for entry in entries.iter() {
                    both.entry(&entry.name).or_default()[side] = Some(entry);
                }
            }
            for (name, entries) in both {
                let is_same = matches!(entries, [Some(one), Some(other)] if (&one.id, one.kind) == (&other.id, other.kind));
                if is_same {
                    continue;
                }
                let path = path.join(name);
                let tree = |entry: Option<&Entry>| {
                    entry
                        .filter(|entry| entry.kind == EntryKind::Tree)
                        .map(|entry| entry.id.clone())
                };
                let trees = entries.map(tree);
                if entries.iter().flatten().any(|entry| entry.kind != EntryKind::Tree) {
                    changed.push(path.clone());
                }
                let [before, after] = trees;
                if before.is_some() || after.is_some() {
                    pending.push((path, before, after));
                }
            }
        }
        Ok(changed)
    }

    /// The paths of all files of the working tree that are not as they are in a revision, and of those that are only
    /// there and not ignored.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] when there is no working tree, [`Code::ReadFailed`] when git fails.
    pub fn changed_since(&self, before: &Revision) -> Result<Vec<PathBuf>> {
        if !self.0.has_files {
            return Err(unknown::working_tree(self));
        }
        let id = hexadecimal(&before.root);
        let tracked =
            self.run(&["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", &id])?;
        let others = self.run(&["ls-files", "--others", "--exclude-standard", "-z"])?;
        let names = tracked.split(|&byte| byte == 0).chain(others.split(|&byte| byte == 0));
        let names = names.filter(|name| !name.is_empty());
        Ok(names.map(|name| self.0.top.join(os_string(name))).collect())
    }

    /// What git writes, if it succeeds.
    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let output = self.output(arguments)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(unknown::reason(&output))
    }

    fn output(&self, arguments: &[&str]) -> Result<Output> {
        let mut git = git(&self.0.objects, &self.0.top);
        git.args(arguments).stdin(Stdio::null()).output().map_err(|error| failed(&error))
    }
}

/// Git, told where things are: what the environment says of that was taken from another directory.
fn git(objects: &Path, top: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("--git-dir").arg(objects).arg("--work-tree").arg(top).current_dir(top);
    git
}

#[cold]
fn failed(error: &io::Error) -> Error {
    Error::new(Code::ReadFailed, format!("git cannot be used: {error}"))
        .help("`krender diff --git` runs the program `git`")
}

impl Inner {
    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entries of a tree, sorted by name.
    fn tree(&self, id: &Id) -> io::Result<Tree> {
        let known = |id: &Id| {
            let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
            trees.get(id).map(Arc::clone)
        };
        if let Some(tree) = known(id) {
            return Ok(tree);
        }
        self.fetch(std::slice::from_ref(id))?;
        known(id).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Reads trees in one go.
    fn fetch(&self, ids: &[Id]) -> io::Result<()> {
        let objects = self.batch().ask(ids.iter().map(|id| hexadecimal(id)))?;
        for (id, object) in ids.iter().zip(objects) {
            let bytes = object.ok_or(ErrorKind::NotFound)?.bytes;
            let entries = entries(&bytes, id.len()).ok_or(ErrorKind::InvalidData)?;
            let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
            trees.insert(id.clone(), Arc::new(entries));
        }
        Ok(())
    }
}

impl Revision {
    /// Reads all trees at once, level by level: quicker than one by one for who will list most of them.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] when git fails.
    pub fn read_trees(&self) -> Result<()> {
        let mut level = vec![self.root.clone()];
        while !level.is_empty() {
            let inner = &self.repository.0;
            // Revisions have most trees in common.
            let is_new = |id: &Id| {
                !inner.trees.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
            };
            let missing: Vec<Id> = level.iter().filter(|id| is_new(id)).cloned().collect();
            inner.fetch(&missing).map_err(|error| failed(&error))?;
            let mut next = Vec::new();
            for id in &level {
                let tree = inner.tree(id).map_err(|error| failed(&error))?;
                let below = tree.iter().filter(|entry| entry.kind == EntryKind::Tree);
                next.extend(below.map(|entry| entry.id.clone()));
            }
            next.sort_unstable();
            next.dedup();
            level = next;
        }
        Ok(())
    }

    /// What is at a path of which no part is a link but the last. A directory that the repository is in has no id.
    fn find(&self, path: &Path) -> io::Result<Option<(EntryKind, Id)>> {
        if path == self.repository.0.top {
            return Ok(Some((EntryKind::Tree, self.root.clone())));
        }
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Some((EntryKind::Tree, Id::default())));
        };
        Ok(match self.directory(above)? {
            Found::Tree(tree) => tree
                .binary_search_by(|entry| entry.name.as_os_str().cmp(name))
                .ok()
                .map(|place| (tree[place].kind, tree[place].id.clone())),
            Found::Above if self.repository.0.top.starts_with(path) => {
                Some((EntryKind::Tree, Id::default()))
            }
            Found::Above | Found::Missing => None,
        })
    }

    /// The directory at a path. Each is looked for once: builds ask for every file in it.
    fn directory(&self, path: &Path) -> io::Result<Found> {
        let key = path.as_os_str().as_encoded_bytes();
        let known = || self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(key) {
            return Ok(found.clone());
        }
        let found = match self.find(path)? {
            Some((EntryKind::Tree, id)) if id.is_empty() => Found::Above,
            Some((EntryKind::Tree, id)) => Found::Tree(self.repository.0.tree(&id)?),
            Some((EntryKind::Module, _)) => {
                let name = path.strip_prefix(&self.repository.0.top).unwrap_or(path).display();
                return Err(io::Error::other(format!(
                    "it is in the submodule `{name}`, of which this repository has no files"
                )));
            }
            Some((EntryKind::File | EntryKind::Link, _)) | None => Found::Missing,
        };
        known().insert(key.into(), found.clone());
        Ok(found)
    }

    fn content(&self, id: &Id) -> io::Result<Vec<u8>> {
        let object = self.repository.0.batch().ask([hexadecimal(id)].into_iter())?.pop().flatten();
        Ok(object.ok_or(ErrorKind::NotFound)?.bytes)
    }
}

impl Files for Revision {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        Ok(match self.find(path)? {
            Some((kind, _)) => kind.into(),
            None => Kind::Missing,
        })
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        // What is found without following links is where it is said to be.
        if let Some((EntryKind::Tree | EntryKind::File, _)) = self.find(path)? {
            return Ok(path.to_owned());
        }
        links::resolve(path, &|path| {
            Ok(match self.find(path)? {
                Some((EntryKind::Tree | EntryKind::Module, _)) => Look::Directory,
                Some((EntryKind::File, _)) => Look::File,
                Some((EntryKind::Link, id)) => Look::Link(os_string(&self.content(&id)?).into()),
                None => Look::Missing,
            })
        })
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        match self.find(&self.canonicalize(path)?)? {
            Some((EntryKind::File, id)) => match self.content(&id)? {
                bytes if bytes.len() as u64 > most => Err(ErrorKind::FileTooLarge.into()),
                bytes => Ok(bytes),
            },
            Some(_) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        match self.find(&self.canonicalize(path)?)? {
            Some((EntryKind::Tree, id)) if !id.is_empty() => {
                let tree = self.repository.0.tree(&id)?;
                Ok(tree.iter().map(|entry| (entry.name.clone(), entry.kind.into())).collect())
            }
            Some((EntryKind::Tree | EntryKind::Module, _)) => Ok(Vec::new()),
            Some(_) => Err(ErrorKind::NotADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }
}

impl From<EntryKind> for Kind {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Tree | EntryKind::Module => Self::Directory,
            EntryKind::File => Self::File,
            EntryKind::Link => Self::Link,
        }
    }
}

/// The entries of a tree object, by name: `mode name\0id`, one after the other.
fn entries(mut bytes: &[u8], id_length: usize) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let end = memchr::memchr(0, bytes)?;
        let (head, rest) = (&bytes[..end], &bytes[end + 1..]);
        let blank = memchr::memchr(b' ', head)?;
        let id = rest.get(..id_length)?;
        let kind = match &head[..blank] {
            b"40000" => EntryKind::Tree,
            b"120000" => EntryKind::Link,
            b"160000" => EntryKind::Module,
            _ => EntryKind::File,
        };
        entries.push(Entry { name: os_string(&head[blank + 1..]), kind, id: id.into() });
        bytes = &rest[id_length..];
    }
    // Git sorts directories as if their names ended with a slash.
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Some(entries)
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Disk, LARGEST_FILE};

    fn git(top: &Path, arguments: &[&str]) {
        let settings =
            ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let git = Command::new("git").args(settings).args(arguments).current_dir(top).output();
        let git = git.unwrap();
        assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
    }

    fn repository() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap().join("top");
        std::fs::create_dir_all(top.join("a/b")).unwrap();
        for (path, content) in
            [("a/b/c.yaml", "c\n"), ("a-b", ""), ("a/b.yaml", "b\n"), ("ä ö", "x")]
        {
            std::fs::write(top.join(path), content).unwrap();
        }
        for (path, target) in
            [("up", "a/b"), ("loop", "loop"), ("out", "/etc"), ("a/back", "../up")]
        {
            std::os::unix::fs::symlink(target, top.join(path)).unwrap();
        }
        git(&top, &["init", "-q"]);
        git(&top, &["add", "."]);
        git(&top, &["commit", "-qm", "one"]);
        (folder, top)
    }

    #[test]
    fn a_revision_and_the_working_tree_agree() {
        let (_folder, top) = repository();
        let revision = Repository::of(&top.join("a")).unwrap().revision("HEAD").unwrap();
        revision.read_trees().unwrap();
        for path in [
            "",
            "a",
            "a/b",
            "a/b/c.yaml",
            "a-b",
            "ä ö",
            "up",
            "up/c.yaml",
            "a/back/c.yaml",
            "loop",
            "a-b/x",
            "none",
        ] {
            let path = &top.join(path);
            assert_eq!(revision.canonicalize(path).ok(), Disk.canonicalize(path).ok(), "{path:?}");
            let whole = &Disk.canonicalize(path).unwrap_or_default();
            assert_eq!(
                revision.read(path, LARGEST_FILE).ok(),
                Disk.read(whole, LARGEST_FILE).ok(),
                "{path:?}"
            );
            if !path.starts_with(top.join("up")) && !path.starts_with(top.join("a/back")) {
                assert_eq!(revision.kind(path).unwrap(), Disk.kind(path).unwrap(), "{path:?}");
            }
            let listed = |list: io::Result<Vec<(OsString, Kind)>>| {
                list.ok().map(|list| {
                    list.into_iter().filter(|(name, _)| name != ".git").collect::<Vec<_>>()
                })
            };
            assert_eq!(listed(revision.list(path)), listed(Disk.list(whole)), "{path:?}");
        }
        assert!(revision.canonicalize(&top.join("out")).is_err(), "what is outside is not there");
        assert_eq!(revision.kind(top.parent().unwrap()).unwrap(), Kind::Directory);
    }

    #[test]
    fn changes_are_found() {
        let (_folder, top) = repository();
        std::fs::write(top.join("a/b/c.yaml"), "changed").unwrap();
        std::fs::remove_file(top.join("a-b")).unwrap();
        std::fs::create_dir_all(top.join("a-b/new")).unwrap();
        std::fs::write(top.join("a-b/new/d"), "").unwrap();
        let repository = Repository::of(&top).unwrap();
        let first = repository.revision("HEAD").unwrap();
        let expected = ["a/b/c.yaml", "a-b", "a-b/new/d"];
        let names = |mut paths: Vec<PathBuf>| {
            paths.sort();
            let names =
                paths.iter().map(|path| path.strip_prefix(&top).unwrap().display().to_string());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(repository.changed_since(&first).unwrap()), expected);
        git(&top, &["add", "."]);
        git(&top, &["commit", "-qm", "two"]);
        let second = repository.revision("HEAD").unwrap();
        assert_eq!(names(repository.changed(&first, &second).unwrap()), expected);
        assert_eq!(names(repository.changed(&second, &first).unwrap()), expected);
        assert!(repository.changed(&second, &second).unwrap().is_empty());
        assert_eq!(repository.merge_base("HEAD", "HEAD~1").unwrap().len(), 40);
        for name in ["", "none", "HEAD~7", "HEAD\nHEAD", "--help"] {
            assert_eq!(repository.revision(name).err().unwrap().code(), Code::FileNotFound);
        }
    }

    #[test]
    fn trees_that_are_broken_are_refused() {
        assert!(entries(b"100644 a\0", 20).is_none());
        assert!(entries(b"100644", 20).is_none());
        assert_eq!(entries(&[&b"40000 a\0"[..], &[7; 20]].concat(), 20).unwrap().len(), 1);
    }
}
