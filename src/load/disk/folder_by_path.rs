//! A directory on systems without directory handles: it is kept as a path, which is checked before each step.

#![expect(clippy::disallowed_methods, reason = "this is the module of the disk")]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use crate::load::files::Kind;

/// A directory.
#[derive(Clone, Debug)]
pub(in crate::load) struct Folder(PathBuf);

/// Metadata of an entry; links are not followed.
#[derive(Clone, Debug)]
pub(in crate::load) struct Look {
    pub(in crate::load) kind: Kind,
    pub(in crate::load) permissions: Permissions,
    pub(in crate::load) bytes: u64,
    pub(in crate::load) modified: SystemTime,
}

impl Folder {
    /// Opens a directory that the user named: links anywhere in the path are followed.
    pub(in crate::load) fn open(path: &Path) -> io::Result<Self> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        match fs::metadata(path)?.is_dir() {
            true => Ok(Self(path.to_path_buf())),
            false => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// Opens a directory below this one. The empty path is this directory.
    pub(in crate::load) fn below(&self, path: &Path) -> io::Result<Self> {
        let whole = self.checked(path)?;
        match path.as_os_str().is_empty() || fs::symlink_metadata(&whole)?.is_dir() {
            true => Ok(Self(whole)),
            false => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// Opens a directory below this one. Creates it if it is missing.
    pub(in crate::load) fn make_below(&self, path: &Path, _: u32) -> io::Result<Self> {
        let mut folder = self.clone();
        for name in path.components().map(Component::as_os_str) {
            match fs::create_dir(folder.0.join(name)) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => folder = folder.below(name.as_ref())?,
            }
        }
        Ok(folder)
    }

    /// Opens a file below this directory for reading.
    pub(in crate::load) fn file(&self, path: &Path) -> io::Result<File> {
        File::open(self.checked(path)?)
    }

    /// Metadata of the entry with this name; `None` if there is no such entry.
    pub(in crate::load) fn look(&self, name: &OsStr) -> io::Result<Option<Look>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(metadata) => Look::of(&metadata).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Metadata of this directory.
    pub(in crate::load) fn look_at_itself(&self) -> io::Result<Look> {
        Look::of(&fs::metadata(&self.0)?)
    }

    /// Checks that this process may write the regular file with this name.
    ///
    /// # Errors
    /// If it may not.
    pub(super) fn may_write(&self, name: &OsStr) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.0.join(name)).map(drop)
    }

    /// Creates a file.
    pub(super) fn create(&self, name: &OsStr, _: u32) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.0.join(name))
    }

    /// Renames a file. Replaces an existing entry.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Gives a file a second name.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if the name is taken.
    pub(super) fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::hard_link(self.0.join(from), self.0.join(to))
    }

    /// Removes an entry that is not a directory.
    pub(in crate::load) fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    /// Does nothing: modes do not control access to directories on this system.
    pub(in crate::load) fn make_private(&self) -> io::Result<()> {
        Ok(())
    }

    /// Lists the entries, sorted by name; links are not followed.
    pub(in crate::load) fn list(&self) -> io::Result<Vec<(OsString, Kind)>> {
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name(), super::kind(entry.file_type()?)))
        };
        let mut names = fs::read_dir(&self.0)?.map(entry).collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        Ok(names)
    }

    /// Returns the full path if no part of it below this directory is a link.
    fn checked(&self, path: &Path) -> io::Result<PathBuf> {
        let mut whole = self.0.clone();
        for name in path.components() {
            whole.push(name);
            if fs::symlink_metadata(&whole).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(io::Error::other(super::IsLink));
            }
        }
        Ok(whole)
    }
}

impl Look {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        Ok(Self {
            kind: super::kind(metadata.file_type()),
            permissions: metadata.permissions(),
            bytes: metadata.len(),
            modified: metadata.modified()?,
        })
    }

    /// Metadata of an open file.
    pub(in crate::load) fn at(file: &File) -> io::Result<Self> {
        Self::of(&file.metadata()?)
    }

    /// Always true: ownership is not known on this system.
    pub(in crate::load) const fn is_own(&self) -> bool {
        true
    }

    /// Gives an open file the permissions of this entry.
    pub(super) fn copy_to(&self, file: &File) -> io::Result<()> {
        file.set_permissions(self.permissions.clone())
    }

    /// Always false: permissions of others are not known on this system.
    pub(in crate::load) const fn is_open_to_others(&self, _: u32) -> bool {
        false
    }
}

/// Opens a file whose path contains no links.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file")),
    }
}

/// Lists a directory whose path contains no links, sorted by name.
pub(super) fn list(path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
    Folder(path.to_path_buf()).below(Path::new(""))?.list()
}

/// Sets the modification time of an open file.
pub(in crate::load) fn set_modified(file: &File, at: SystemTime) -> io::Result<()> {
    file.set_modified(at)
}
