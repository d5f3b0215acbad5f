//! The files of a revision, read from the objects of a git repository: nothing is checked out.
//!
//! Git runs as a process, so that its own settings decide where objects are: one `git cat-file --batch` for all
//! revisions, which is asked for trees and files as they are needed.

#![expect(clippy::disallowed_methods, reason = "git is started here and nowhere else")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{Files, Kind, LARGEST_FILE};
use super::links::{self, Look};
use crate::error::{Code, Error, Result};

/// A git repository with a working tree. Cloning makes another handle to it.
#[derive(Clone)]
pub struct Repository(Arc<Inner>);

struct Inner {
    /// The top of the working tree, links resolved.
    top: PathBuf,
    batch: Mutex<Batch>,
    trees: Mutex<BTreeMap<Id, Arc<Vec<Entry>>>>,
}

/// The files of a revision, at the paths that they have in the working tree. There is nothing else.
#[derive(Clone)]
pub struct Revision {
    repository: Repository,
    root: Id,
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
    /// The repository that a directory is in.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] when it is in none, [`Code::ReadFailed`] when git cannot be started.
    pub fn of(directory: &Path) -> Result<Self> {
        let directory = std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        let mut above = directory.ancestors();
        let Some(top) = above.find(|path| path.join(".git").symlink_metadata().is_ok()) else {
            let message = format!("`{}` is in no git repository", directory.display());
            return Err(Error::new(Code::FileNotFound, message));
        };
        let batch = Mutex::new(Batch::start(top).map_err(|error| failed(&error))?);
        Ok(Self(Arc::new(Inner { top: top.to_owned(), batch, trees: Mutex::default() })))
    }

    /// The top of the working tree, links resolved.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.0.top
    }

    /// The files of a revision: whatever git takes for a commit or a tree.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] when there is none of this name, [`Code::ReadFailed`] when git fails.
    pub fn revision(&self, name: &str) -> Result<Revision> {
        let unknown = || {
            Error::new(Code::FileNotFound, format!("git knows no revision `{name}`"))
                .help("fetch it first; a clone without its history has only the last commit")
        };
        if name.is_empty() || name.contains(char::is_control) {
            return Err(unknown());
        }
        let objects = self.0.batch().ask([format!("{name}^{{tree}}")].into_iter());
        match objects.map_err(|error| failed(&error))?.pop().flatten() {
            Some(object) => Ok(Revision { repository: self.clone(), root: object.id }),
            None => Err(unknown()),
        }
    }

    /// The commit that two revisions have in common.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] when there is none.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<String> {
        let found = self.run(&["merge-base", "--end-of-options", one, other]);
        let found = found.map_err(|_| {
            let message = format!("`{one}` and `{other}` have no commit in common");
            Error::new(Code::FileNotFound, message).help("fetch more of their history")
        })?;
        Ok(String::from_utf8_lossy(&found).trim().to_owned())
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
    /// [`Code::ReadFailed`] when git fails.
    pub fn changed_since(&self, before: &Revision) -> Result<Vec<PathBuf>> {
        let id = hexadecimal(&before.root);
        let tracked =
            self.run(&["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", &id])?;
        let others = self.run(&["ls-files", "--others", "--exclude-standard", "-z"])?;
        let names = tracked.split(|&byte| byte == 0).chain(others.split(|&byte| byte == 0));
        let names = names.filter(|name| !name.is_empty());
        Ok(names.map(|name| self.0.top.join(os_string(name))).collect())
    }

    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(&self.0.top)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(&error))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Error::new(Code::ReadFailed, format!("git failed: {}", said.trim())))
    }
}

#[cold]
fn failed(error: &io::Error) -> Error {
    Error::new(Code::ReadFailed, format!("git cannot be used: {error}"))
        .help("`krender diff --git` runs the program `git`")
}

impl Inner {
    fn batch(&self) -> std::sync::MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entries of a tree, sorted by name.
    fn tree(&self, id: &Id) -> io::Result<Arc<Vec<Entry>>> {
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

    /// What is at a path of which no part is a link but the last.
    fn find(&self, path: &Path) -> io::Result<Option<(EntryKind, Id)>> {
        let inner = &self.repository.0;
        let Ok(below) = path.strip_prefix(&inner.top) else {
            // The directories that the repository is in.
            let is_above = inner.top.starts_with(path);
            return Ok(is_above.then(|| (EntryKind::Module, Id::default())));
        };
        let mut found = (EntryKind::Tree, self.root.clone());
        for component in below.components() {
            let Component::Normal(name) = component else { continue };
            if found.0 != EntryKind::Tree {
                return Ok(None);
            }
            let tree = inner.tree(&found.1)?;
            match tree.binary_search_by(|entry| entry.name.as_os_str().cmp(name)) {
                Ok(place) => found = (tree[place].kind, tree[place].id.clone()),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(found))
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
        links::resolve(path, &|path| {
            Ok(match self.find(path)? {
                Some((EntryKind::Tree | EntryKind::Module, _)) => Look::Directory,
                Some((EntryKind::File, _)) => Look::File,
                Some((EntryKind::Link, id)) => Look::Link(os_string(&self.content(&id)?).into()),
                None => Look::Missing,
            })
        })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.find(&self.canonicalize(path)?)? {
            Some((EntryKind::File, id)) => self.content(&id),
            Some(_) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        match self.find(&self.canonicalize(path)?)? {
            Some((EntryKind::Tree, id)) => {
                let tree = self.repository.0.tree(&id)?;
                Ok(tree.iter().map(|entry| (entry.name.clone(), entry.kind.into())).collect())
            }
            Some((EntryKind::Module, _)) => Ok(Vec::new()),
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

/// A running `git cat-file --batch`: it is asked by lines, and answers in order.
struct Batch {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

struct Object {
    id: Id,
    bytes: Vec<u8>,
}

/// So many are asked for before answers are read: less text than a pipe holds, so that nobody waits for the other.
const ASKED_AT_ONCE: usize = 64;

impl Batch {
    fn start(directory: &Path) -> io::Result<Self> {
        let mut process = Command::new("git")
            .args(["cat-file", "--batch"])
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let output = output.ok_or(ErrorKind::BrokenPipe)?;
        Ok(Self { process, input, output: BufReader::with_capacity(1 << 16, output) })
    }

    /// The objects of these names; nothing for those that do not exist.
    fn ask(&mut self, names: impl Iterator<Item = String>) -> io::Result<Vec<Option<Object>>> {
        let names: Vec<String> = names.collect();
        let mut objects = Vec::with_capacity(names.len());
        for names in names.chunks(ASKED_AT_ONCE) {
            let input = self.input.as_mut().ok_or(ErrorKind::BrokenPipe)?;
            input.write_all((names.join("\n") + "\n").as_bytes())?;
            input.flush()?;
            for _ in names {
                let answer = self.answer();
                if answer.is_err() {
                    // Where the next answer begins is not known any more.
                    self.input = None;
                }
                objects.push(answer?);
            }
        }
        Ok(objects)
    }

    /// `id kind size`, a newline, the content and a newline; or `name missing`.
    fn answer(&mut self) -> io::Result<Option<Object>> {
        let mut head = String::new();
        if self.output.read_line(&mut head)? == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "it ended before it answered"));
        }
        let words: Vec<&str> = head.split_whitespace().collect();
        let [id, _, size] = words[..] else { return Ok(None) };
        let (Some(id), Ok(size)) = (bytes(id), size.parse::<u64>()) else { return Ok(None) };
        if size > LARGEST_FILE {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        (&mut self.output).take(size + 1).read_to_end(&mut content)?;
        if content.pop() != Some(b'\n') {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(Object { id, bytes: content }))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It ends with its input; nobody is left to hear how.
        self.input = None;
        drop(self.process.wait());
    }
}

fn hexadecimal(id: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |bits: u8| char::from(DIGITS[usize::from(bits & 0xF)]);
    id.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte)]).collect()
}

fn bytes(id: &str) -> Option<Id> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_whole = id.len() >= 2 && id.len().is_multiple_of(2);
    if is_whole { id.as_bytes().chunks(2).map(pair).collect() } else { None }
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
    use crate::load::Disk;

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
            assert_eq!(revision.read(path).ok(), Disk.read(path).ok(), "{path:?}");
            if !path.starts_with(top.join("up")) && !path.starts_with(top.join("a/back")) {
                assert_eq!(revision.kind(path).unwrap(), Disk.kind(path).unwrap(), "{path:?}");
            }
            let listed = |list: io::Result<Vec<(OsString, Kind)>>| {
                list.ok().map(|list| {
                    list.into_iter().filter(|(name, _)| name != ".git").collect::<Vec<_>>()
                })
            };
            assert_eq!(listed(revision.list(path)), listed(Disk.list(path)), "{path:?}");
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
