//! An open directory. Files below it are opened relative to its handle, and no link in their paths is followed.
//!
//! The target of a path may change between two look-ups; an open handle keeps referring to the same directory.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, fchown};
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, Stat, Timespec, Timestamps, chmodat, fstat,
    futimens, linkat, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use crate::load::files::Kind;

/// A handle to an open directory. Cloning makes another handle to it.
#[derive(Clone, Debug)]
pub(in crate::load) struct Folder(Arc<OwnedFd>);

/// Metadata of an entry; links are not followed.
#[derive(Clone, Debug)]
pub(in crate::load) struct Look {
    pub(in crate::load) kind: Kind,
    /// Permissions of user, group and others, without set-id and sticky bits.
    pub(in crate::load) permissions: Permissions,
    pub(in crate::load) bytes: u64,
    pub(in crate::load) modified: SystemTime,
    owner: u32,
    group: u32,
}

/// Flags to read a file. `O_NONBLOCK`: a pipe or device in place of a file does not block. `O_NOCTTY`: a terminal does
/// not become the controlling terminal of the process.
const TO_READ: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);
const DIRECTORY: OFlags = TO_SEARCH.union(OFlags::CLOEXEC).union(OFlags::DIRECTORY);
const TO_LIST: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::DIRECTORY);
/// Allows writing into a directory that may not be listed.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const TO_SEARCH: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const TO_SEARCH: OFlags = OFlags::RDONLY;

impl Folder {
    /// Opens a directory that the user named: links anywhere in the path are followed.
    pub(in crate::load) fn open(path: &Path) -> io::Result<Self> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Ok(Self::of(openat(CWD, path, DIRECTORY, Mode::empty())?))
    }

    /// Opens a directory below this one. The empty path is this directory.
    pub(in crate::load) fn below(&self, path: &Path) -> io::Result<Self> {
        match path.as_os_str().is_empty() {
            true => Ok(self.clone()),
            false => Ok(Self::of(open(self.0.as_fd(), path, DIRECTORY)?)),
        }
    }

    /// Opens a directory below this one. Creates it if it is missing, with these permissions minus the umask.
    pub(in crate::load) fn make_below(&self, path: &Path, rights: u32) -> io::Result<Self> {
        match self.below(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return opened,
        }
        let mut folder = self.clone();
        for name in path.components().map(Component::as_os_str) {
            match mkdirat(&folder.0, name, mode(rights)) {
                Ok(()) | Err(Errno::EXIST) => folder = folder.below(name.as_ref())?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(folder)
    }

    /// Opens a file below this directory for reading. Reading from anything but a regular file may fail with
    /// [`ErrorKind::WouldBlock`].
    pub(in crate::load) fn file(&self, path: &Path) -> io::Result<File> {
        Ok(open(self.0.as_fd(), path, TO_READ)?.into())
    }

    /// Metadata of the entry with this name; `None` if there is no such entry.
    pub(in crate::load) fn look(&self, name: &OsStr) -> io::Result<Option<Look>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Look::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Metadata of this directory.
    pub(in crate::load) fn look_at_itself(&self) -> io::Result<Look> {
        Ok(Look::of(&fstat(&self.0)?))
    }

    /// Checks that this process may write the regular file with this name.
    ///
    /// # Errors
    /// If it may not.
    pub(super) fn may_write(&self, name: &OsStr) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(&self.0, name, flags, Mode::empty())?;
        Ok(())
    }

    /// Creates a file with these permissions minus the umask.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if the name is taken, also by a dangling link.
    pub(super) fn create(&self, name: &OsStr, rights: u32) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.0, name, flags, mode(rights))?.into())
    }

    /// Renames a file. Replaces an existing entry; a link is replaced, not followed.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Gives a file a second name.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if the name is taken.
    pub(super) fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(linkat(&self.0, from, &self.0, to, AtFlags::empty())?)
    }

    /// Removes an entry that is not a directory.
    pub(in crate::load) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes all permissions of group and others from this directory.
    pub(in crate::load) fn make_private(&self) -> io::Result<()> {
        Ok(chmodat(&self.0, ".", mode(0o700), AtFlags::empty())?)
    }

    /// Lists the entries, sorted by name; links are not followed.
    pub(in crate::load) fn list(&self) -> io::Result<Vec<(OsString, Kind)>> {
        // A directory opened with `O_PATH` cannot be listed.
        entries(openat(&self.0, ".", TO_LIST, Mode::empty())?)
    }

    fn of(handle: OwnedFd) -> Self {
        Self(Arc::new(handle))
    }
}

impl Look {
    #[allow(
        clippy::unnecessary_cast,
        clippy::useless_conversion,
        reason = "the types of these fields differ from system to system"
    )]
    fn of(stat: &Stat) -> Self {
        let (mode, seconds) = (stat.st_mode as RawMode, stat.st_mtime as i64);
        let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        Self {
            kind: kind(FileType::from_raw_mode(mode)),
            permissions: Permissions::from_mode(u32::from(mode) & 0o777),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            modified: SystemTime::UNIX_EPOCH + since,
            owner: stat.st_uid,
            group: stat.st_gid,
        }
    }

    /// Metadata of an open file.
    pub(in crate::load) fn at(file: &File) -> io::Result<Self> {
        Ok(Self::of(&fstat(file)?))
    }

    /// Gives an open file the permissions of this entry and, as far as this process may, its owner and group.
    pub(super) fn copy_to(&self, file: &File) -> io::Result<()> {
        let new = Self::at(file)?;
        // Only the superuser gives files away, and others only to groups of their own.
        if new.group != self.group {
            drop(fchown(file, None, Some(self.group)));
        }
        if new.owner != self.owner {
            drop(fchown(file, Some(self.owner), None));
        }
        file.set_permissions(self.permissions.clone())
    }

    /// True if the entry belongs to the user of this process.
    pub(in crate::load) fn is_own(&self) -> bool {
        self.owner == rustix::process::geteuid().as_raw()
    }

    /// True if group or others have one of these permissions (of `0o077`).
    pub(in crate::load) fn is_open_to_others(&self, rights: u32) -> bool {
        self.permissions.mode() & rights != 0
    }
}

/// Opens a regular file without blocking. No part of the path may be a link.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    Ok(open(CWD, path, TO_READ)?.into())
}

/// Lists a directory, sorted by name; links are not followed. No part of the path may be a link.
pub(super) fn list(path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
    entries(open(CWD, path, TO_LIST)?)
}

fn entries(folder: OwnedFd) -> io::Result<Vec<(OsString, Kind)>> {
    let mut names = Vec::new();
    let mut unknown = Vec::new();
    let mut entries = Dir::new(folder)?;
    while let Some(entry) = entries.read() {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        if entry.file_type() == FileType::Unknown {
            unknown.push(names.len());
        }
        names.push((name.to_owned(), kind(entry.file_type())));
    }
    // Some file systems do not report the type.
    for place in unknown {
        let (name, known) = &mut names[place];
        let stat = statat(entries.fd()?, name.as_os_str(), AtFlags::SYMLINK_NOFOLLOW);
        *known = stat.map_or(Kind::Missing, |stat| Look::of(&stat).kind);
    }
    names.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
    Ok(names)
}

/// Sets the modification time of an open file.
pub(in crate::load) fn set_modified(file: &File, at: SystemTime) -> io::Result<()> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let time = Timespec { tv_sec: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), tv_nsec: 0 };
    Ok(futimens(file, &Timestamps { last_access: time, last_modification: time })?)
}

/// Opens a path that contains no links. Uses a single `openat2` where the kernel has it (Linux 5.6).
fn open(from: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{ResolveFlags, openat2};

        match openat2(from, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            // The kernel has no `openat2`, or a seccomp filter blocks it.
            Err(Errno::NOSYS | Errno::PERM) => {}
            Err(Errno::LOOP) => return Err(is_a_link()),
            opened => return Ok(opened?),
        }
    }
    open_by_steps(from, path, flags)
}

/// Opens a path that contains no links, one directory at a time.
fn open_by_steps(from: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let mut components = path.components().filter(|component| *component != Component::CurDir);
    let Some(mut name) = components.next() else { return Err(ErrorKind::NotFound.into()) };
    let mut folder: Option<OwnedFd> = None;
    loop {
        let next = components.next();
        let flags = if next.is_some() { DIRECTORY } else { flags };
        let at = folder.as_ref().map_or(from, AsFd::as_fd);
        let opened = openat(at, name.as_os_str(), flags | OFlags::NOFOLLOW, Mode::empty());
        let opened = opened.map_err(|error| {
            let look = statat(at, name.as_os_str(), AtFlags::SYMLINK_NOFOLLOW);
            match look.is_ok_and(|stat| Look::of(&stat).kind == Kind::Link) {
                true => is_a_link(),
                false => error.into(),
            }
        })?;
        match next {
            Some(next) => (folder, name) = (Some(opened), next),
            None => return Ok(opened),
        }
    }
}

#[cold]
fn is_a_link() -> io::Error {
    io::Error::other(super::IsLink)
}

const fn kind(file: FileType) -> Kind {
    match file {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    }
}

const fn mode(rights: u32) -> Mode {
    Mode::from_bits_truncate(rights as RawMode)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "makes a tree on disk to open")]

    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    /// `open` and `open_by_steps` open and refuse the same paths.
    #[test]
    fn no_link_on_the_way_is_followed() {
        let top = tempfile::tempdir().unwrap();
        let path = |path: &str| top.path().canonicalize().unwrap().join(path);
        std::fs::create_dir_all(path("a/b")).unwrap();
        std::fs::write(path("a/b/file"), "text").unwrap();
        symlink("b", path("a/link")).unwrap();
        symlink("b/file", path("a/file")).unwrap();
        symlink("gone", path("a/gone")).unwrap();
        for (name, expected) in [
            ("a/b/file", Ok("text")),
            ("a/./b/file", Ok("text")),
            ("a/link/file", Err(true)),
            ("a/file", Err(true)),
            ("a/gone", Err(true)),
            ("a/b/none", Err(false)),
            ("a/b/file/none", Err(false)),
        ] {
            let folder = Folder::open(top.path()).unwrap();
            let opened = [
                open(CWD, &path(name), TO_READ),
                open_by_steps(CWD, &path(name), TO_READ),
                open(folder.0.as_fd(), name.as_ref(), TO_READ),
                open_by_steps(folder.0.as_fd(), name.as_ref(), TO_READ),
            ];
            for opened in opened {
                let text = opened.map(|file| {
                    let mut text = String::new();
                    File::from(file).read_to_string(&mut text).unwrap();
                    text
                });
                let text = text.map_err(|error| super::super::is_link(&error));
                assert_eq!(text.as_deref().map_err(|error| *error), expected, "{name}");
            }
        }
        for folder in ["a/link", "a/file", "a/b/file"] {
            assert!(open(CWD, &path(folder), DIRECTORY).is_err(), "{folder}");
            assert!(open_by_steps(CWD, &path(folder), DIRECTORY).is_err(), "{folder}");
        }
    }

    #[test]
    fn what_blocks_is_not_waited_for() {
        let top = tempfile::tempdir().unwrap();
        let pipe = top.path().canonicalize().unwrap().join("pipe");
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, mode(0o600), 0).unwrap();
        for file in [open(CWD, &pipe, TO_READ), open_by_steps(CWD, &pipe, TO_READ)] {
            assert_eq!(Look::at(&file.unwrap().into()).unwrap().kind, Kind::Special);
        }
    }
}
