//! Temporary files: written under a random name, renamed when complete, and removed otherwise.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::Folder;
use crate::error::{Code, Error, Result};
use crate::sync::lock;

/// A new file in a folder. It is removed on drop unless it was [renamed](Temporary::rename).
pub(super) struct Temporary {
    folder: Folder,
    name: OsString,
    pub(super) file: File,
}

/// All unfinished files, so that they can be removed when a signal ends the process: `drop` does not run then.
static UNFINISHED: Mutex<Unfinished> =
    Mutex::new(Unfinished { files: Vec::new(), is_ended: false });

struct Unfinished {
    files: Vec<(Folder, OsString)>,
    /// True once the process is about to end: then no thread may create, rename or remove a file.
    is_ended: bool,
}

/// Number of names to try. A taken name is a coincidence, or a file system that reports every name as taken.
const TRIES: usize = 16;
/// The pause between attempts to remove a folder.
const PAUSE: Duration = Duration::from_millis(5);

impl Temporary {
    /// Creates a file with these permissions minus the umask. Its name is random, and short enough to fit wherever the
    /// final name fits.
    pub(super) fn create(folder: &Folder, rights: u32) -> io::Result<Self> {
        // Held until the file is registered, so that a signal cannot come in between.
        let mut unfinished = unfinished();
        let mut last = ErrorKind::AlreadyExists.into();
        for _ in 0..TRIES {
            let name =
                OsString::from(format!(".krender-{:016x}.tmp", RandomState::new().hash_one(0)));
            match folder.create(&name, rights) {
                Ok(file) => {
                    unfinished.files.push((folder.clone(), name.clone()));
                    return Ok(Self { folder: folder.clone(), name, file });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Renames the file to its final name. Replaces an existing entry.
    pub(super) fn rename(self, name: &OsStr) -> io::Result<()> {
        // If this fails, `drop` removes the file. If not, the temporary name no longer exists.
        self.folder.rename(&self.name, name)?;
        forget(&self.name);
        Ok(())
    }

    /// Gives the file its final name, unless that is taken.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if an entry has this name.
    pub(super) fn name_new(self, name: &OsStr) -> io::Result<()> {
        match self.folder.link(&self.name, name) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                // Some file systems have no second names.
                match self.folder.look(name)? {
                    Some(_) => Err(ErrorKind::AlreadyExists.into()),
                    None => self.rename(name),
                }
            }
            // `drop` removes the temporary name.
            named => named,
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if forget(&self.name) {
            // The first error is the one to report.
            drop(self.folder.remove(&self.name));
        }
    }
}

/// Removes a file from the list. Returns true if it was listed.
fn forget(name: &OsStr) -> bool {
    let files = &mut unfinished().files;
    let place = files.iter().position(|(_, known)| known == name);
    place.map(|place| files.swap_remove(place)).is_some()
}

/// The unfinished files. Does not return once the process is about to end.
fn unfinished() -> MutexGuard<'static, Unfinished> {
    let unfinished = lock(&UNFINISHED);
    if !unfinished.is_ended {
        return unfinished;
    }
    drop(unfinished);
    loop {
        thread::park();
    }
}

/// A new folder for this user only. It is removed on drop, with all that is in it.
#[derive(Debug)]
pub struct TemporaryFolder {
    path: PathBuf,
    /// A file in it, which is locked until this process ends, in whatever way.
    _held: Option<File>,
}

/// The name of the locked file in a temporary folder.
const HELD: &str = "krender-held";
/// The age from which on a folder that no process holds is of no use: it is not being created.
const ABANDONED: Duration = Duration::from_mins(1);
/// The age from which on any temporary folder is of no use: no command takes so long.
const LEFT_OVER: Duration = Duration::from_hours(24);

/// All temporary folders, as for [`UNFINISHED`].
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

impl TemporaryFolder {
    /// Creates a folder with a random name in another one.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] if it cannot be created.
    pub fn create(parent: &Path) -> Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Held until the folder is registered, so that a signal cannot come in between.
        let _unfinished = unfinished();
        let mut folders = lock(&FOLDERS);
        let mut last: io::Error = ErrorKind::AlreadyExists.into();
        for _ in 0..TRIES {
            let name = format!(".krender-{:016x}.tmp", RandomState::new().hash_one(0));
            let path = parent.join(name);
            match builder.create(&path) {
                Ok(()) => {
                    folders.push(path.clone());
                    let held = File::create_new(path.join(HELD));
                    let held = held.ok().filter(|file| file.try_lock().is_ok());
                    return Ok(Self { path, _held: held });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
                Err(error) => {
                    last = error;
                    break;
                }
            }
        }
        let (parent, reason) = (parent.display(), super::reason(&last));
        let message = format!("cannot create a temporary folder in `{parent}`: {reason}");
        Err(Error::new(Code::WriteFailed, message))
    }

    /// Removes temporary folders from another folder that only this user may write to, if the programs that made them
    /// were killed.
    pub fn remove_left_over(parent: &Path, now: SystemTime) {
        let is_free = |folder: &Path| {
            let held = File::open(folder.join(HELD));
            held.is_ok_and(|file| file.try_lock().is_ok())
        };
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|found| found.modified());
            let age = modified.ok().and_then(|at| now.duration_since(at).ok()).unwrap_or_default();
            let is_old = age >= LEFT_OVER || age >= ABANDONED && is_free(&entry.path());
            let name = entry.file_name();
            if is_old && name.to_str().is_some_and(is_left_over) {
                drop(fs::remove_dir_all(entry.path()));
            }
        }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file in it. Missing folders are created.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(crate) fn put(&self, path: &Path, bytes: &[u8], is_executable: bool) -> Result<()> {
        let whole = self.path.join(path);
        let written = Self::make_parent(&whole).and_then(|()| fs::write(&whole, bytes));
        #[cfg(unix)]
        let written = written.and_then(|()| {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = if is_executable { 0o700 } else { 0o600 };
            fs::set_permissions(&whole, fs::Permissions::from_mode(mode))
        });
        #[cfg(not(unix))]
        let _ = is_executable;
        written.map_err(|error| crate::load::export::unwritten(&whole, &error))
    }

    /// Makes a link in it, with the target as it is written.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(crate) fn link(&self, path: &Path, target: &Path) -> Result<()> {
        let whole = self.path.join(path);
        let made = Self::make_parent(&whole);
        #[cfg(unix)]
        let made = made.and_then(|()| std::os::unix::fs::symlink(target, &whole));
        #[cfg(not(unix))]
        let _ = target;
        made.map_err(|error| crate::load::export::unwritten(&whole, &error))
    }

    fn make_parent(path: &Path) -> io::Result<()> {
        path.parent().map_or(Ok(()), fs::create_dir_all)
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is removed when it is old.
        remove_folder(&self.path);
        lock(&FOLDERS).retain(|path| *path != self.path);
    }
}

/// A new folder. It is removed on drop, with all that is in it, unless it is [kept](NewFolder::keep).
#[derive(Debug)]
pub struct NewFolder {
    path: PathBuf,
    is_kept: bool,
}

impl NewFolder {
    /// Creates a folder in one that exists.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], also if an entry has this name.
    pub fn create(path: &Path) -> Result<Self> {
        let mut folders = lock(&FOLDERS);
        fs::create_dir(path).map_err(|error| {
            let (shown, reason) = (path.display(), super::reason(&error));
            let error = Error::new(
                Code::WriteFailed,
                format!("cannot make the folder `{shown}`: {reason}"),
            );
            error.help("name a folder that is not there yet, in one that is")
        })?;
        folders.push(path.to_path_buf());
        Ok(Self { path: path.to_path_buf(), is_kept: false })
    }

    /// Announces a folder that another program is going to create.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] if an entry has this name.
    pub fn announce(path: &Path) -> Result<Self> {
        // Held until the folder is registered, so that a signal cannot come in between.
        let _unfinished = unfinished();
        let mut folders = lock(&FOLDERS);
        if fs::symlink_metadata(path).is_ok() {
            let message = format!("cannot make the folder `{}`: the name is taken", path.display());
            return Err(Error::new(Code::WriteFailed, message));
        }
        folders.push(path.to_path_buf());
        Ok(Self { path: path.to_path_buf(), is_kept: false })
    }

    /// Keeps the folder.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        let mut folders = lock(&FOLDERS);
        if !self.is_kept {
            // The first error is the one to report.
            remove_folder(&self.path);
        }
        folders.retain(|path| *path != self.path);
    }
}

/// True if the name is that of a temporary file or folder, left by an interrupted write.
#[must_use]
pub fn is_left_over(name: &str) -> bool {
    name.starts_with(".krender-") && name.ends_with(".tmp")
}

/// Removes the temporary folders of all threads, for a process that is about to end.
pub fn remove_temporary_folders() {
    lock(&FOLDERS).drain(..).for_each(|path| remove_folder(&path));
}

/// Removes a folder. Programs that were ended may write to it for a moment, and another thread may be removing it too.
fn remove_folder(path: &Path) {
    for _ in 0..TRIES {
        match fs::remove_dir_all(path) {
            Ok(()) => return,
            Err(_) if fs::symlink_metadata(path).is_err() => return,
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// Removes the unfinished temporary files and the temporary folders of all threads, for a process that is about to end.
/// Threads that then start or finish another file wait forever.
pub fn remove_temporary_files() {
    let mut unfinished = lock(&UNFINISHED);
    unfinished.is_ended = true;
    for (folder, name) in unfinished.files.drain(..) {
        drop(folder.remove(&name));
    }
    drop(unfinished);
    remove_temporary_folders();
}

/// Removes unfinished temporary files without waiting and without allocating, for a process that is out of memory. The
/// current thread may be in the middle of creating one.
pub fn abandon_temporary_files() {
    const TRIES: usize = 20;
    for _ in 0..TRIES {
        let mut unfinished = match UNFINISHED.try_lock() {
            Ok(unfinished) => unfinished,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                thread::sleep(PAUSE);
                continue;
            }
        };
        unfinished.is_ended = true;
        for (folder, name) in &unfinished.files {
            drop(folder.remove(name));
        }
        return;
    }
}

/// Makes SIGHUP, SIGINT and SIGTERM remove temporary files before they end the process. Ignored signals stay ignored
/// (`nohup`). `end` is called before. For programs only: a library does not change signal handling.
#[cfg(all(unix, feature = "cli"))]
pub fn clean_up_on_signals(end: fn()) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::{iterator::Signals, low_level::emulate_default_handler};
    use std::sync::Once;

    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let ignored = ignored_signals();
        let heeded = [SIGHUP, SIGINT, SIGTERM].into_iter();
        let heeded = heeded.filter(move |signal| ignored >> (signal - 1) & 1 == 0);
        let wait = move || {
            let Ok(mut signals) = Signals::new(heeded) else { return };
            if let Some(signal) = signals.forever().next() {
                end();
                remove_temporary_files();
                drop(emulate_default_handler(signal));
            }
        };
        // If the thread cannot be started, signals end the process as before, and a temporary file may stay.
        drop(thread::Builder::new().name("signals".to_owned()).spawn(wait));
    });
}

/// Does nothing on systems without signals.
#[cfg(all(not(unix), feature = "cli"))]
pub fn clean_up_on_signals(_: fn()) {}

/// Bit set of the signals that the process ignores, as far as the system reports them.
#[cfg(all(unix, feature = "cli"))]
#[expect(clippy::disallowed_methods, reason = "the kernel tells this of the process in a file")]
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0)
}
