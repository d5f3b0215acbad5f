//! The disk: the only module that accesses the file system.

#![expect(clippy::disallowed_methods, reason = "every other module goes through this one")]

mod change;
#[cfg(unix)]
mod folder;
#[cfg(not(unix))]
#[path = "folder_by_path.rs"]
mod folder;
mod output;
mod temporary;

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::files::{Files, Kind};
pub use change::{change, replace_together};
pub(super) use folder::{Folder, Look, set_modified};
pub(super) use output::replace;
pub use output::{OutputFolder, write, write_by};
#[cfg(feature = "cli")]
pub use temporary::clean_up_on_signals;
pub use temporary::{
    NewFolder, TemporaryFolder, abandon_temporary_files, is_left_over, remove_temporary_files,
    remove_temporary_folders,
};

/// The file system of this computer, as a source of files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Disk {
    /// Opens a regular file and returns its size. No part of the path may be a link.
    ///
    /// # Errors
    /// If there is no such file, or a part of the path is a link.
    pub(crate) fn open(path: &Path) -> io::Result<(File, u64)> {
        let file = folder::open_file(path)?;
        // Checked again on the open file: the entry may have changed since `kind`.
        let look = Look::at(&file)?;
        if look.kind != Kind::File {
            return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok((file, look.bytes))
    }
}

impl Files for Disk {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(kind(metadata.file_type())),
            // A path below a file (`ENOTDIR`) and a name that is too long (`ENAMETOOLONG`) count as not found.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
                ) =>
            {
                Ok(Kind::Missing)
            }
            Err(error) => Err(error),
        }
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let (file, bytes) = Self::open(path)?;
        content(file, bytes, most)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        folder::list(path)
    }

    fn is_on_disk(&self, _: &Path) -> bool {
        true
    }
}

/// Reads an open file whose size is expected to be `bytes`.
///
/// # Errors
/// [`ErrorKind::FileTooLarge`] if it has more than `most` bytes.
pub(super) fn content(file: File, bytes: u64, most: u64) -> io::Result<Vec<u8>> {
    if bytes > most {
        return Err(ErrorKind::FileTooLarge.into());
    }
    // One byte more, so that the end of the file is seen without growing the buffer.
    let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0) + 1);
    // The size was a hint: files under /proc report 0, and a file may grow.
    file.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

/// The cause of an error: a part of the path is a link where links are not allowed.
#[derive(Debug)]
struct IsLink;

impl fmt::Display for IsLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a part of the path is a link, or has become one")
    }
}

impl std::error::Error for IsLink {}

/// True if access was refused because a part of the path is a link.
fn is_link(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|cause| cause.is::<IsLink>())
}

fn kind(file: FileType) -> Kind {
    if file.is_file() {
        Kind::File
    } else if file.is_dir() {
        Kind::Directory
    } else if file.is_symlink() {
        Kind::Link
    } else {
        Kind::Special
    }
}

/// True if the path is a directory; links are followed.
#[must_use]
pub fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// True if the path exists and is not a directory.
#[must_use]
pub fn is_file(path: &Path) -> bool {
    path.exists() && !path.is_dir()
}

/// True if the path is a link, wherever it leads.
#[must_use]
pub fn is_symlink(path: &Path) -> bool {
    path.is_symlink()
}

/// The path with all links resolved; `None` if it does not exist.
#[must_use]
pub fn resolved(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

/// True if two open files are one, such as a pipe for both.
#[must_use]
#[cfg(unix)]
pub fn are_same(one: &impl std::os::fd::AsFd, other: &impl std::os::fd::AsFd) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |file: std::os::fd::BorrowedFd<'_>| {
        let file = File::from(file.try_clone_to_owned().ok()?);
        let metadata = file.metadata().ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    id(one.as_fd()).is_some_and(|id_of_one| id(other.as_fd()) == Some(id_of_one))
}

/// Size and modification time of a file. If they differ, the file has changed. `None` if they are not known.
#[must_use]
pub fn stamp(path: &Path) -> Option<(u64, Duration)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?))
}

/// The number of files in a folder and below it, and their size in bytes. What cannot be looked at does not count.
#[must_use]
pub fn folder_size(folder: &Path) -> (usize, u64) {
    let (mut files, mut bytes) = (0, 0);
    let mut pending = vec![folder.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                pending.push(entry.path());
            } else {
                files += 1;
                bytes += metadata.len();
            }
        }
    }
    (files, bytes)
}

/// The system's description of an error, without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    let mut letters = text[..end].chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::LARGEST_FILE;

    #[cfg(unix)]
    #[test]
    fn a_device_is_never_read() {
        assert_eq!(Disk.kind(Path::new("/dev/null")).unwrap(), Kind::Special);
        assert_eq!(
            Disk.read(Path::new("/dev/null"), LARGEST_FILE).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("huge");
        // Sparse: it uses no space on the disk.
        File::create(&path).unwrap().set_len(LARGEST_FILE + 1).unwrap();
        assert_eq!(Disk.read(&path, LARGEST_FILE).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }
}
