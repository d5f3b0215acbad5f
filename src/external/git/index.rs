//! The index of git, and untracked files, as listed by `git ls-files`.

use std::fs::Metadata;
use std::io::{self, BufRead, BufReader, Read};

use super::unknown;
use crate::error::{Code, Error, Result};
use crate::external::Program;
use crate::load::git::{EntryKind, Id, Trees};

/// An entry of the list.
pub(super) enum Listed {
    /// A file in the index.
    Tracked(Tracked),
    /// The path of an untracked file that is not ignored; for a nested repository it ends in a slash.
    Other(Vec<u8>),
}

/// A file in the index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tracked {
    /// Path from the top of the working tree.
    pub(super) path: Vec<u8>,
    /// File, executable, link or submodule.
    pub(super) kind: EntryKind,
    /// Id of the object that was added to the index.
    pub(super) id: Id,
    /// True if it is left out of the working tree (`skip-worktree`).
    pub(super) is_left_out: bool,
    /// Metadata of the file when it was added; `None` if it is unknown or the path has a merge conflict.
    pub(super) stat: Option<Stat>,
}

/// File metadata that detect changes: a file with the same metadata has not changed, if it was written before the
/// index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    modified: (u64, u64),
    changed: (u64, u64),
    place: u64,
    size: u64,
}

impl Stat {
    /// Metadata of a file now. `None` if the system does not provide them.
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;

        // The index has 32 bits for each.
        let low = |number: u64| number & u64::from(u32::MAX);
        let time = |seconds: i64, nanoseconds: i64| {
            let seconds = u64::try_from(seconds).ok()?;
            Some((low(seconds), low(u64::try_from(nanoseconds).ok()?)))
        };
        Some(Self {
            modified: time(metadata.mtime(), metadata.mtime_nsec())?,
            changed: time(metadata.ctime(), metadata.ctime_nsec())?,
            place: low(metadata.ino()),
            size: low(metadata.size()),
        })
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Option<Self> {
        None
    }

    /// True if the file was written before another one. Otherwise it may have changed later within the resolution of
    /// its time.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.modified < other.modified
    }
}

/// Maximum length of a record in bytes.
const LONGEST: u64 = 1 << 20;

/// Lists the index and untracked files. The list is charged to the budget of `trees`.
///
/// # Errors
/// [`Code::ReadFailed`] if git fails, [`Code::LimitExceeded`], and those of `take`.
pub(super) fn list(
    git: &Program,
    trees: &Trees,
    take: &mut dyn FnMut(Listed) -> Result<()>,
) -> Result<()> {
    let arguments =
        ["ls-files", "-z", "-t", "--stage", "--debug", "--others", "--exclude-standard"];
    let (is_success, said) = git.run_into(&arguments, &mut |output| {
        let mut output = BufReader::with_capacity(1 << 16, output);
        while let Some(listed) = record(&mut output).map_err(|error| git.failed(&error))? {
            let listed = listed.ok_or_else(|| {
                Error::new(Code::ReadFailed, "`git ls-files` lists its index in an unknown format")
            })?;
            trees.spend(1)?;
            take(listed)?;
        }
        Ok(())
    })?;
    if is_success { Ok(()) } else { Err(unknown::reason(&said)) }
}

/// Reads the next entry. The outer `None` is the end of the list, the inner one an unknown format.
fn record(output: &mut dyn BufRead) -> io::Result<Option<Option<Listed>>> {
    let mut record = Vec::new();
    output.take(LONGEST).read_until(0, &mut record)?;
    if record.is_empty() {
        return Ok(None);
    }
    if record.pop() != Some(0) {
        return Ok(Some(None));
    }
    if let Some(name) = record.strip_prefix(b"? ") {
        return Ok(Some(Some(Listed::Other(name.to_vec()))));
    }
    let Some((mut tracked, is_merged)) = tracked(&record) else { return Ok(Some(None)) };
    let stat = stat(output)?;
    tracked.stat = stat.filter(|_| is_merged);
    Ok(Some(Some(Listed::Tracked(tracked))))
}

/// Parses `H mode id stage\tpath`, where `S` marks a file that is left out. The flag is true for a stage of a merge
/// conflict.
fn tracked(record: &[u8]) -> Option<(Tracked, bool)> {
    let tab = memchr::memchr(b'\t', record)?;
    let (head, path) = (&record[..tab], &record[tab + 1..]);
    let mut words = head.split(|&byte| byte == b' ');
    let (tag, mode, id, stage) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (path, kind, id) = (path.to_vec(), EntryKind::of_mode(mode)?, Id::parse(id)?);
    let tracked = Tracked { path, kind, id, is_left_out: tag == b"S", stat: None };
    Some((tracked, stage == b"0"))
}

/// Parses the lines about a file in the index, such as `  mtime: 1795905963:262351385` and `  size: 2\tflags: 0`.
fn stat(output: &mut dyn BufRead) -> io::Result<Option<Stat>> {
    const LINES: usize = 5;
    let mut lines = Vec::with_capacity(160);
    for _ in 0..LINES {
        output.take(LONGEST).read_until(b'\n', &mut lines)?;
    }
    let mut words =
        lines.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    // The values are: ctime s ns, mtime s ns, dev d ino i, uid u gid g, size s flags f.
    let mut number = |behind: usize| std::str::from_utf8(words.nth(behind)?).ok()?.parse().ok();
    let mut stat = || {
        Some(Stat {
            changed: (number(1)?, number(0)?),
            modified: (number(1)?, number(0)?),
            place: number(3)?,
            size: number(5)?,
        })
    };
    Ok(stat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[u8] =
        b"? new file\0H 100644 587be6b4c3f93f93c489c0111bba5596147a26cb 0\ta/b\tc\0  ctime: 5:6
  mtime: 7:8
  dev: 65024\tino: 9
  uid: 0\tgid: 0
  size: 10\tflags: 100000
S 120000 2e65efe2a145dda7ee51d1741299f848e5bf752e 2\tl\0  ctime: 0:0
  mtime: 0:0
  dev: 0\tino: 0
  uid: 0\tgid: 0
  size: 0\tflags: 40004000
";

    #[test]
    fn the_list_of_git_is_understood() {
        let mut list = LIST;
        let mut next = || record(&mut list).unwrap();
        assert!(matches!(next(), Some(Some(Listed::Other(name))) if name == b"new file"));
        let Some(Some(Listed::Tracked(file))) = next() else { panic!("no file") };
        assert_eq!((&*file.path, file.kind), (&b"a/b\tc"[..], EntryKind::File));
        assert!(!file.is_left_out);
        let stat = Stat { changed: (5, 6), modified: (7, 8), place: 9, size: 10 };
        assert_eq!(file.stat, Some(stat));
        assert!(stat.is_before(&Stat { modified: (7, 9), ..stat }) && !stat.is_before(&stat));
        let Some(Some(Listed::Tracked(link))) = next() else { panic!("no link") };
        assert_eq!((link.kind, link.is_left_out, link.stat), (EntryKind::Link, true, None));
        assert!(next().is_none());
    }

    #[test]
    fn other_forms_are_refused() {
        for list in [&b"H 100644 587b 0\ta\0"[..], b"H\0", b"? cut off", b"\0"] {
            assert!(matches!(record(&mut &*list).unwrap(), Some(None)), "{list:?}");
        }
    }
}
