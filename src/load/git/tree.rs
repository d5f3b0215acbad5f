//! Tree objects: the entries of a directory of a revision.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};

use super::id::{Id, IdHasher, ObjectKind};
use crate::error::{Code, Error, Result};
use crate::load::LONGEST_PATH;
use crate::load::files::Kind;

/// The largest tree that is read, in bytes. A directory with 100,000 files has a tree of about 5 MB.
pub(super) const LARGEST_TREE: u64 = 32 << 20;

/// The entries of a tree, sorted by the bytes of their unique names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tree(Vec<TreeEntry>);

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// The name: one segment of a path, never `.` or `..`.
    pub name: Box<[u8]>,
    /// The kind of the entry.
    pub kind: EntryKind,
    /// The object of the entry.
    pub id: Id,
}

/// The kind of an entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Tree,
    /// A file.
    File,
    /// An executable file. It is read like any other file.
    Executable,
    /// A symbolic link.
    Link,
    /// A submodule: another repository, whose files are not part of this one.
    Module,
}

impl EntryKind {
    /// The kind for a mode in octal digits. Old versions of git wrote other permissions and leading zeros.
    #[must_use]
    pub fn of_mode(digits: &[u8]) -> Option<Self> {
        if !(1..=7).contains(&digits.len()) {
            return None;
        }
        let mode = digits.iter().try_fold(0_u32, |mode, &digit| {
            char::from(digit).to_digit(8).map(|digit| mode << 3 | digit)
        })?;
        Some(match mode & 0o170_000 {
            0o040_000 => Self::Tree,
            0o100_000 if mode & 0o100 != 0 => Self::Executable,
            0o100_000 => Self::File,
            0o120_000 => Self::Link,
            0o160_000 => Self::Module,
            _ => return None,
        })
    }

    /// The mode, as git writes it.
    #[must_use]
    pub const fn mode(self) -> &'static str {
        match self {
            Self::Tree => "40000",
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Module => "160000",
        }
    }

    /// True if both kinds are read in the same way: file permissions are ignored.
    #[must_use]
    pub fn reads_as(self, other: Self) -> bool {
        let plain = |kind| if kind == Self::Executable { Self::File } else { kind };
        plain(self) == plain(other)
    }
}

impl From<EntryKind> for Kind {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Tree | EntryKind::Module => Self::Directory,
            EntryKind::File | EntryKind::Executable => Self::File,
            EntryKind::Link => Self::Link,
        }
    }
}

impl Tree {
    /// Parses a tree object, `mode name\0id` for each entry. The ids of the repository have `id_length` bytes.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for content that ends early, unknown modes, names that are not a path segment, and
    /// duplicate names: git cannot check out such a tree.
    pub fn parse(content: &[u8], id_length: usize) -> Result<Self> {
        let mut entries = Vec::new();
        let mut rest = content;
        while !rest.is_empty() {
            let (entry, behind) = entry(rest, id_length)?;
            entries.push(entry);
            rest = behind;
        }
        Self::new(entries)
    }

    /// A tree of these entries, in any order.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for names that are not a path segment, and duplicate names.
    pub fn new(mut entries: Vec<TreeEntry>) -> Result<Self> {
        if let Some(entry) = entries.iter().find(|entry| !is_segment(&entry.name)) {
            return Err(broken(&match &*entry.name {
                b"" => "an entry without a name".to_owned(),
                name if name.len() > LONGEST_PATH => {
                    format!("an entry with a name of {} bytes", name.len())
                }
                name => format!("an entry named `{}`", String::from_utf8_lossy(name)),
            }));
        }
        entries.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        match entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => {
                let name = String::from_utf8_lossy(&pair[0].name);
                Err(broken(&format!("two entries named `{name}`")))
            }
            None => Ok(Self(entries)),
        }
    }

    /// The entries, sorted by the bytes of their names.
    #[must_use]
    pub fn entries(&self) -> &[TreeEntry] {
        &self.0
    }

    /// The entry with this name.
    #[must_use]
    pub fn get(&self, name: &OsStr) -> Option<&TreeEntry> {
        let name = name.as_encoded_bytes();
        self.0.binary_search_by(|entry| (*entry.name).cmp(name)).ok().map(|place| &self.0[place])
    }

    /// The id of the tree. The ids of the repository have `id_length` bytes. `None` if an entry has a provisional id.
    #[must_use]
    pub fn id(&self, id_length: usize) -> Option<Id> {
        // Git sorts directories as if their names ended with a slash.
        let mut order: Vec<&TreeEntry> = self.0.iter().collect();
        order.sort_unstable_by(|left, right| in_git(left, right));
        let mut content = Vec::new();
        for entry in order {
            if entry.id.length() != id_length {
                return None;
            }
            content.extend_from_slice(entry.kind.mode().as_bytes());
            content.push(b' ');
            content.extend_from_slice(&entry.name);
            content.push(0);
            content.extend_from_slice(entry.id.as_bytes());
        }
        Some(IdHasher::hash(id_length, ObjectKind::Tree, &content))
    }
}

/// Parses the first entry of a tree. Returns it and the rest.
fn entry(content: &[u8], id_length: usize) -> Result<(TreeEntry, &[u8])> {
    let cut = || broken("an entry that is cut off");
    let end = memchr::memchr(0, content).ok_or_else(cut)?;
    let (head, rest) = (&content[..end], &content[end + 1..]);
    let blank = memchr::memchr(b' ', head).ok_or_else(cut)?;
    let (id, rest) = rest.split_at_checked(id_length).ok_or_else(cut)?;
    let (mode, name) = (&head[..blank], head[blank + 1..].into());
    let kind = EntryKind::of_mode(mode).ok_or_else(|| {
        broken(&format!("an entry with the unknown mode `{}`", String::from_utf8_lossy(mode)))
    })?;
    Ok((TreeEntry { name, kind, id: Id::from_bytes(id).ok_or_else(cut)? }, rest))
}

/// True if the name is a single path segment other than `.` and `..`.
#[must_use]
pub fn is_segment(name: &[u8]) -> bool {
    let is_dots = matches!(name, b"" | b"." | b"..");
    !is_dots && name.len() <= LONGEST_PATH && memchr::memchr2(b'/', 0, name).is_none()
}

fn in_git(left: &TreeEntry, right: &TreeEntry) -> Ordering {
    let end = |entry: &TreeEntry| (entry.kind == EntryKind::Tree).then_some(b'/');
    left.name.iter().copied().chain(end(left)).cmp(right.name.iter().copied().chain(end(right)))
}

#[cold]
fn broken(found: &str) -> Error {
    Error::new(Code::ReadFailed, format!("{found} in a tree of the git repository"))
        .help("git cannot check out such a tree: `git fsck` shows details")
}

/// Converts bytes from git to a string of the operating system.
#[cfg(unix)]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let entry =
            |(mode, name): &(&str, &[u8])| [mode.as_bytes(), b" ", name, b"\0", &[7; 20]].concat();
        entries.iter().flat_map(entry).collect()
    }

    #[test]
    fn entries_are_sorted_by_their_names() {
        let content = object(&[("100644", b"a-b"), ("40000", b"a"), ("120000", b"l")]);
        let tree = Tree::parse(&content, 20).unwrap();
        let names: Vec<_> = tree.entries().iter().map(|entry| (&*entry.name, entry.kind)).collect();
        let expected: [(&[u8], _); 3] =
            [(b"a", EntryKind::Tree), (b"a-b", EntryKind::File), (b"l", EntryKind::Link)];
        assert_eq!(names, expected);
        assert_eq!(tree.get(OsStr::new("a-b")).unwrap().kind, EntryKind::File);
        assert!(tree.get(OsStr::new("b")).is_none());
        assert_eq!(tree.id(20), Some(IdHasher::hash(20, ObjectKind::Tree, &content)));
        assert!(Tree::parse(b"", 20).unwrap().entries().is_empty());
    }

    #[test]
    fn old_modes_are_understood() {
        for (mode, kind) in [
            ("040000", EntryKind::Tree),
            ("100664", EntryKind::File),
            ("100755", EntryKind::Executable),
            ("160000", EntryKind::Module),
        ] {
            assert_eq!(EntryKind::of_mode(mode.as_bytes()), Some(kind), "{mode}");
        }
        assert!(EntryKind::Executable.reads_as(EntryKind::File));
        assert!(!EntryKind::Link.reads_as(EntryKind::File));
    }

    #[test]
    fn trees_that_cannot_be_checked_out_are_refused() {
        let long = vec![b'a'; 5000];
        for (content, expected) in [
            (object(&[("40000", b"")]), "an entry without a name"),
            (object(&[("40000", b".")]), "an entry named `.`"),
            (object(&[("100644", b"..")]), "an entry named `..`"),
            (object(&[("100644", b"../x")]), "an entry named `../x`"),
            (object(&[("100644", b"/")]), "an entry named `/`"),
            (object(&[("100644", &long)]), "a name of 5000 bytes"),
            (object(&[("100644", b"a"), ("40000", b"a")]), "two entries named `a`"),
            (object(&[("", b"a")]), "the unknown mode ``"),
            (object(&[("0", b"a")]), "the unknown mode `0`"),
            (object(&[("100649", b"a")]), "the unknown mode `100649`"),
            (object(&[("00000040000", b"a")]), "the unknown mode"),
            (object(&[("060000", b"a")]), "the unknown mode"),
            (b"100644 a\0".to_vec(), "an entry that is cut off"),
            (b"100644".to_vec(), "an entry that is cut off"),
            (b"100644\0aaaaaaaaaaaaaaaaaaaa".to_vec(), "an entry that is cut off"),
            (object(&[("40000", b"a")])[..27].to_vec(), "an entry that is cut off"),
        ] {
            let error = Tree::parse(&content, 20).unwrap_err();
            assert!(error.message().contains(expected), "{error}");
        }
    }
}
