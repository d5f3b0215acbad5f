//! Files that are being written under a name of their own, and are gone when they were not finished.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::Folder;

/// A new file in a folder. It is removed when dropped, unless it was [given its name](Temporary::rename).
pub(super) struct Temporary {
    folder: Folder,
    name: OsString,
    pub(super) file: File,
}

/// Those that there are, for when a signal ends the process: nothing is dropped then.
static UNFINISHED: Mutex<Vec<(Folder, OsString)>> = Mutex::new(Vec::new());

/// So many names are tried. A name that is taken is an accident, or a file system that says of each that it is taken.
const TRIES: usize = 16;

impl Temporary {
    /// A new file with these rights as far as the umask lets them. Its name cannot be guessed, and is short, so that it
    /// fits where a long name does.
    pub(super) fn create(folder: &Folder, rights: u32) -> io::Result<Self> {
        // Held until it is known that there is one: a signal does not come in between.
        let mut unfinished = unfinished();
        let mut last = ErrorKind::AlreadyExists.into();
        for _ in 0..TRIES {
            let name =
                OsString::from(format!(".krender-{:016x}.tmp", RandomState::new().hash_one(0)));
            match folder.create(&name, rights) {
                Ok(file) => {
                    unfinished.push((folder.clone(), name.clone()));
                    return Ok(Self { folder: folder.clone(), name, file });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Gives it its name, in the place of what has it.
    pub(super) fn rename(self, name: &OsStr) -> io::Result<()> {
        // Should it fail, the file is removed when this is dropped; else there is none of this name any more.
        self.folder.rename(&self.name, name)?;
        forget(&self.name);
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if forget(&self.name) {
            // The first failure is the one to tell.
            drop(self.folder.remove(&self.name));
        }
    }
}

/// Takes a file from the list, and says whether it was there.
fn forget(name: &OsStr) -> bool {
    let mut unfinished = unfinished();
    let place = unfinished.iter().position(|(_, known)| known == name);
    place.map(|place| unfinished.swap_remove(place)).is_some()
}

fn unfinished() -> MutexGuard<'static, Vec<(Folder, OsString)>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a file was left behind half written.
pub(in crate::load) fn is_left_over(name: &str) -> bool {
    name.starts_with(".krender-") && name.ends_with(".tmp")
}

/// Removes the files that were begun and are not finished, of all threads: for a process that is about to end. What is
/// begun after that waits for ever.
pub fn remove_temporary_files() {
    let mut unfinished = unfinished();
    for (folder, name) in unfinished.drain(..) {
        drop(folder.remove(&name));
    }
    std::mem::forget(unfinished);
}

/// Removes the files that were begun and are not finished, as far as that is possible at once and without memory: for a
/// process that gets no more of it. The thread may be in the middle of beginning one.
pub fn abandon_temporary_files() {
    const TRIES: usize = 20;
    for _ in 0..TRIES {
        let unfinished = match UNFINISHED.try_lock() {
            Ok(unfinished) => unfinished,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(std::time::Duration::from_millis(5));
                continue;
            }
        };
        for (folder, name) in unfinished.iter() {
            drop(folder.remove(name));
        }
        // No other thread begins one more.
        std::mem::forget(unfinished);
        return;
    }
}

/// From now on SIGHUP, SIGINT and SIGTERM remove temporary files before they end the process as they always do. Those
/// that are ignored stay so (`nohup`). It is for programs: a library leaves signals alone.
#[cfg(unix)]
pub fn clean_up_on_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::{iterator::Signals, low_level::emulate_default_handler};
    use std::{sync::Once, thread};

    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let ignored = ignored_signals();
        let heeded = [SIGHUP, SIGINT, SIGTERM].into_iter();
        let heeded = heeded.filter(move |signal| ignored >> (signal - 1) & 1 == 0);
        let wait = || {
            let Ok(mut signals) = Signals::new(heeded) else { return };
            if let Some(signal) = signals.forever().next() {
                remove_temporary_files();
                drop(emulate_default_handler(signal));
            }
        };
        // Without a thread signals end the process as they did, and a file may stay.
        drop(thread::Builder::new().name("signals".to_owned()).spawn(wait));
    });
}

/// Has no effect where there are no signals.
#[cfg(not(unix))]
pub fn clean_up_on_signals() {}

/// The signals that the process ignores, a bit for each, as far as the system tells.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "the kernel tells this of the process in a file")]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0)
}
