//! The folder of what was fetched: one bare repository for each URL, and locks between processes.

#![expect(clippy::disallowed_methods, reason = "locks are files of the cache, and are waited for")]

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{Code, Error, Result};
use crate::external::Environment;
use crate::limits::{Cancel, cancelled};
use crate::load::{TemporaryFolder, private_folder};
use crate::source::Span;

/// A folder for this user only.
pub(super) struct Cache {
    folder: PathBuf,
    /// Keeps the folder until the end of the run, if it is temporary.
    _temporary: Option<TemporaryFolder>,
}

/// A lock on a part of the cache. It ends when it is dropped, or with the process.
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Removes the file of the lock, for a part that does not exist. A process that waits for it makes another one.
    pub(super) fn remove(self) {
        if cfg!(unix) {
            drop(std::fs::remove_file(&self.path));
        }
    }

    /// True if the file still has its name, and was not removed by the process that had the lock before.
    #[cfg(unix)]
    fn is_there(&self) -> bool {
        use std::os::unix::fs::MetadataExt as _;

        let (here, there) = (self.file.metadata(), std::fs::metadata(&self.path));
        matches!((here, there), (Ok(here), Ok(there)) if (here.dev(), here.ino()) == (there.dev(), there.ino()))
    }

    #[cfg(not(unix))]
    fn is_there(&self) -> bool {
        true
    }
}

/// The pause between two attempts to get a lock is this part of the time waited so far.
const PAUSES: u32 = 16;
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

impl Cache {
    /// Opens the cache in a folder; in a temporary one if there is no folder, or if it cannot be used: it cannot be
    /// written, or other users may have written to it. `begin` is called before a temporary folder is created, and `warn`
    /// with the reason why a folder is not used.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] if there is no temporary folder either.
    pub(super) fn open(
        folder: Option<&Path>,
        environment: &Environment,
        begin: fn(),
        warn: fn(&Error),
    ) -> Result<Self> {
        match folder.map(usable) {
            Some(Ok(folder)) => return Ok(Self { folder, _temporary: None }),
            Some(Err(error)) => warn(&error),
            None => {}
        }
        let parent = environment.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"));
        begin();
        let temporary = TemporaryFolder::create(&parent)?;
        let folder = temporary.path().to_path_buf();
        Ok(Self { folder, _temporary: Some(temporary) })
    }

    /// The cache in a folder that exists.
    pub(super) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), _temporary: None }
    }

    /// The folder of its parts.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of a part.
    pub(super) fn part(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A temporary folder in the cache. Removes those of processes that were killed.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn temporary(&self, now: SystemTime) -> Result<TemporaryFolder> {
        TemporaryFolder::remove_left_over(&self.folder, now);
        TemporaryFolder::create(&self.folder)
    }

    /// Waits until no other process or thread has the lock of a part.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], [`Code::TimedOut`] after a time, and [`Code::Cancelled`].
    pub(super) fn lock(&self, name: &str, most: Duration, cancel: &Cancel) -> Result<Lock> {
        let start = Instant::now();
        loop {
            if let Some(lock) = self.try_lock(name)? {
                return Ok(lock);
            }
            if cancel.is_due() {
                return Err(cancelled(Span::NONE));
            }
            if start.elapsed() >= most {
                let seconds = most.as_secs().max(1);
                let message = format!("another process has had it for {seconds} seconds");
                return Err(Error::new(Code::TimedOut, message));
            }
            thread::sleep((start.elapsed() / PAUSES).clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
        }
    }

    /// The lock of a part; `None` if another process or thread has it.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn try_lock(&self, name: &str) -> Result<Option<Lock>> {
        let path = self.folder.join(format!("{name}.lock"));
        let failed = |error: &dyn std::fmt::Display| {
            let message = format!("cannot lock the cache `{}`: {error}", path.display());
            Error::new(Code::WriteFailed, message)
        };
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {
                let lock = Lock { file, path };
                if lock.is_there() { Ok(Some(lock)) } else { self.try_lock(name) }
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(&error)),
        }
    }
}

/// The folder of repositories in that of the cache.
///
/// # Errors
/// The reason why it cannot be used.
fn usable(folder: &Path) -> Result<PathBuf> {
    private_folder(folder)?;
    let git = folder.join("git");
    private_folder(&git)?;
    match File::options().create(true).append(true).open(git.join("lock")) {
        Ok(_) => Ok(git),
        Err(error) => {
            let message = format!("cannot write the cache `{}`: {error}", git.display());
            Err(Error::new(Code::WriteFailed, message))
        }
    }
}
