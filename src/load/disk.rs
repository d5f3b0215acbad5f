//! The disk: the one module that touches it.

#![expect(clippy::disallowed_methods, reason = "every other module goes through this one")]

use std::ffi::OsString;
use std::fs::{self, File, FileType, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::files::{Files, Kind};
use crate::error::{Code, Error, Result};

/// The files of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(kind(metadata.file_type())),
            // Below a file there is nothing, and a name that is too long is nobody's.
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

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        // Looked at again now that it is open: what is at a path may have changed since `kind`.
        if !metadata.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "no regular file"));
        }
        if metadata.len() > most {
            return Err(ErrorKind::FileTooLarge.into());
        }
        // One more, so that the end is seen without growing.
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
        // The length was a hint: files under /proc say 0, and a file may grow.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        let mut names = fs::read_dir(path)?
            .map(|entry| entry.and_then(|entry| Ok((entry.file_name(), kind(entry.file_type()?)))))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        Ok(names)
    }
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

/// Whether a path leads to a directory, links followed.
#[must_use]
pub fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// Makes a folder, and those that it is in, where they are not there yet.
///
/// # Errors
/// [`Code::WriteFailed`] when it cannot be made: a file is in the way, say.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| {
        let message = format!("cannot make the folder `{}`: {}", path.display(), reason(&error));
        Error::new(Code::WriteFailed, message)
    })
}

/// Whether there is something at a path that is no directory.
#[must_use]
pub fn is_file(path: &Path) -> bool {
    path.exists() && !path.is_dir()
}

/// How large a file is, and when it was written: another one says that it is another file. Nothing where that is not
/// known.
#[must_use]
pub fn stamp(path: &Path) -> Option<(u64, Duration)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?))
}

/// Writes a file, piece by piece, so that nobody ever sees half of it: a new file in the same folder takes the place of
/// the old one, with its permissions. A link is followed; a device or a pipe is written into.
///
/// # Errors
/// [`Code::WriteFailed`] when the folder is not there or the file may not be written, and [`Code::NotAFile`] when
/// the path is a folder.
pub fn write(path: &Path, pieces: &[impl AsRef<[u8]>]) -> Result<()> {
    let failed = |error: io::Error| failed(path, &error);
    // A link stays a link, and what it leads to is replaced.
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let target = is_link.then(|| fs::canonicalize(path).ok()).flatten();
    let target = target.unwrap_or_else(|| path.to_path_buf());
    match fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => Err(Error::new(
            Code::NotAFile,
            format!("cannot write `{}`: a folder is there", path.display()),
        )),
        Ok(metadata) => {
            // A new name needs no right to write the old file. Who may not write the file shall not replace it.
            let mut old = OpenOptions::new().write(true).open(&target).map_err(failed)?;
            if metadata.is_file() {
                replace(&target, pieces, Some(metadata.permissions())).map_err(failed)
            } else {
                write_all(&mut old, pieces).map_err(failed)
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            replace(&target, pieces, None).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn replace(
    path: &Path,
    pieces: &[impl AsRef<[u8]>],
    permissions: Option<Permissions>,
) -> io::Result<()> {
    let (temporary, mut file) = create_beside(path)?;
    let written = write_all(&mut file, pieces)
        .and_then(|()| permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions)))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first failure is the one to tell.
        drop(fs::remove_file(&temporary));
    }
    written
}

fn write_all(file: &mut File, pieces: &[impl AsRef<[u8]>]) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 16, file);
    pieces.iter().try_for_each(|piece| file.write_all(piece.as_ref()))?;
    file.flush()
}

/// A new file in the folder of `path`. Its name is short, so that a long name of `path` does not become too long.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let process = std::process::id();
    let mut number = 0;
    loop {
        let temporary = folder.join(format!(".krender-{process}-{number}.tmp"));
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // Another thread's, or left behind by a process that was killed and had the same number.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 10_000 => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cold]
fn failed(path: &Path, error: &io::Error) -> Error {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    if error.kind() == ErrorKind::NotFound && !folder.is_dir() {
        return Error::new(
            Code::WriteFailed,
            format!("cannot write `{}`: there is no folder `{}`", path.display(), folder.display()),
        )
        .help("make the folder first");
    }
    Error::new(Code::WriteFailed, format!("cannot write `{}`: {}", path.display(), reason(error)))
}

/// What went wrong, in the words of the system and without its number.
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

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.yaml");
        write(&path, &["first, and ", "longer\n"]).unwrap();
        write(&path, &["second\n"]).unwrap();
        assert_eq!(Disk.read(&path, LARGEST_FILE).unwrap(), b"second\n");
        assert_eq!(
            Disk.list(folder.path()).unwrap(),
            [("out.yaml".into(), Kind::File)],
            "nothing else is left in the folder"
        );
    }

    #[test]
    fn a_folder_that_is_missing_or_in_the_way_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("new/out.yaml"), &[b""]).unwrap_err();
        assert_eq!(error.code(), Code::WriteFailed);
        assert!(error.message().contains("there is no folder"), "{error}");
        assert_eq!(write(folder.path(), &[b""]).unwrap_err().code(), Code::NotAFile);
    }

    #[test]
    fn concurrent_writers_leave_one_of_their_texts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.yaml");
        let texts = ["a".repeat(100_000), "b".repeat(200_000)];
        std::thread::scope(|scope| {
            for text in &texts {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        write(path, &[text]).unwrap();
                    }
                });
            }
        });
        let text = String::from_utf8(Disk.read(&path, LARGEST_FILE).unwrap()).unwrap();
        assert!(texts.contains(&text));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("script"), folder.path().join("link"));
        write(&file, &["one"]).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o750)).unwrap();
        symlink("script", &link).unwrap();
        write(&link, &["two"]).unwrap();
        assert_eq!(Disk.kind(&link).unwrap(), Kind::Link);
        assert_eq!(Disk.read(&file, LARGEST_FILE).unwrap(), b"two");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o750);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_into_and_never_read() {
        write(Path::new("/dev/null"), &["gone"]).unwrap();
        assert_eq!(Disk.kind(Path::new("/dev/null")).unwrap(), Kind::Special);
        assert_eq!(
            Disk.read(Path::new("/dev/null"), LARGEST_FILE).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge");
        // Sparse: it takes no room on the disk.
        File::create(&path).unwrap().set_len(LARGEST_FILE + 1).unwrap();
        assert_eq!(Disk.read(&path, LARGEST_FILE).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }
}
