//! Changing a file in place: read, change, replace, without losing what others write at the same time.

#![expect(clippy::disallowed_methods, reason = "this is a part of the module of the disk")]

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::output::{write, write_together};
use super::{Disk, content, reason};
use crate::error::{Code, Error, Result};
use crate::load::files::LARGEST_FILE;

/// The time to wait for another process that changes the same file.
const TO_WAIT: Duration = Duration::from_secs(60);
/// The pause between two looks at a lock.
const PAUSE: Duration = Duration::from_millis(5);
/// The number of times that a change is made again because a program without a lock has written the file meanwhile.
const ATTEMPTS: u32 = 100;

/// Replaces the content of a file by one that is made from it. `None` leaves the file as it is. `change` is called again
/// if another program has written the file meanwhile. Changes by this function wait for each other.
///
/// The file is replaced as by [`write()`]: whole, with its permissions, and a link stays a link.
///
/// # Errors
/// Those of `change`, [`Code::ReadFailed`], [`Code::WriteFailed`], and [`Code::TimedOut`] if another process keeps the file
/// locked.
pub fn change(path: &Path, mut change: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>>) -> Result<()> {
    let cannot_read = |error: io::Error| {
        let message = format!("cannot read `{}`: {}", path.display(), reason(&error));
        Error::new(Code::ReadFailed, message)
    };
    let start = Instant::now();
    for _ in 0..ATTEMPTS {
        let target = fs::canonicalize(path).map_err(cannot_read)?;
        let (file, bytes) = Disk::open(&target).map_err(cannot_read)?;
        lock(&file, path, start)?;
        if !is_there(&file, &target) {
            continue;
        }
        let handle = file.try_clone().map_err(cannot_read)?;
        let before = content(handle, bytes, LARGEST_FILE).map_err(cannot_read)?;
        let Some(after) = change(&before)? else { return Ok(()) };
        if is_unchanged(&file, &target, &before) {
            return write(path, &[after]);
        }
    }
    let message = format!("`{}` changes all the time", path.display());
    Err(Error::new(Code::WriteFailed, message).help("end the program that writes it"))
}

/// Replaces several files, each given by its path, its content and its new content: all, or none. False if one of them has
/// another content. Waits for changes by this function and by [`change`].
///
/// # Errors
/// As [`change`].
pub fn replace_together(files: &[(&Path, &[u8], &[u8])]) -> Result<bool> {
    // In the order of paths, so that two processes never wait for each other.
    let mut files = files.to_vec();
    files.sort_by_key(|(path, ..)| *path);
    let start = Instant::now();
    let mut locked = Vec::new();
    for (path, before, _) in &files {
        let Ok((file, _)) = Disk::open(path) else { return Ok(false) };
        lock(&file, path, start)?;
        if !is_unchanged(&file, path, before) {
            return Ok(false);
        }
        locked.push(file);
    }
    write_together(&files).map(|()| true)
}

/// Locks a file until its handle is closed.
fn lock(file: &File, path: &Path, start: Instant) -> Result<()> {
    while start.elapsed() < TO_WAIT {
        match file.try_lock() {
            // Some network file systems have no locks. The comparison before the write remains.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(()),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
    let seconds = TO_WAIT.as_secs();
    let message = format!("another process has locked `{}` for {seconds} seconds", path.display());
    Err(Error::new(Code::TimedOut, message).help("wait for it, or end it"))
}

/// True if a path still leads to an open file: the process that had the lock before may have replaced it.
#[cfg(unix)]
fn is_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let found = fs::metadata(path).map(id).ok();
    found.is_some() && found == file.metadata().map(id).ok()
}

#[cfg(not(unix))]
fn is_there(_: &File, _: &Path) -> bool {
    true
}

/// True if the file has not been written since it was read.
fn is_unchanged(file: &File, path: &Path, before: &[u8]) -> bool {
    let read = || content(Disk::open(path)?.0, 0, LARGEST_FILE);
    is_there(file, path) && read().is_ok_and(|now| now == before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (one, two) = (path("one"), path("two"));
        fs::write(&one, "1").unwrap();
        fs::write(&two, "2").unwrap();
        let replace = |one_before: &[u8], two: &Path| {
            replace_together(&[(two, b"2", b"new 2"), (&one, one_before, b"new 1")])
        };
        let found = || [&one, &two].map(|path| fs::read_to_string(path).unwrap());
        assert!(!replace(b"other", &two).unwrap());
        assert!(!replace(b"1", &path("gone")).unwrap());
        assert_eq!(found(), ["1", "2"]);
        assert!(replace(b"1", &two).unwrap());
        assert_eq!(found(), ["new 1", "new 2"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
