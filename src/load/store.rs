//! A cache folder: values under keys, and texts under their own digest. Its content may be lost at any time.
//!
//! Any number of processes of one user may use it at the same time. Damaged entries count as missing: a text must have
//! the digest that it is requested by, and a value begins with a digest of its key and itself. Since anyone can compute
//! these, the folder must be private: it belongs to the user of the process, and others have no permissions on it. (A
//! folder from a checkout or an archive has other permissions, unless the umask is 077.) It is opened once, and entries
//! are accessed through its handle, so that it does not matter who may write to its parent folders.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::disk::{self, Folder, Look, reason};
use super::files::Kind;
use super::{Digest, LARGEST_FILE};
use crate::error::{Code, Error, Result};

/// A folder of cached values and texts.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Folder,
    /// The path to show in messages.
    path: PathBuf,
    now: SystemTime,
    limits: StoreLimits,
}

/// Limits of the size and age of a store.
#[derive(Clone, Copy, Debug)]
struct StoreLimits {
    /// Entries that were not used for this time are removed.
    age: Duration,
    /// Beyond this size in bytes the oldest entries are removed.
    bytes: u64,
}

const LIMITS: StoreLimits = StoreLimits { age: Duration::from_hours(30 * 24), bytes: 1 << 30 };
/// Interval at which the use of an entry is recorded.
const TOUCHED_EACH: Duration = Duration::from_hours(24);
/// Interval at which old entries are removed.
const TIDIED_EACH: Duration = Duration::from_hours(1);

/// The subfolders. Only files in them are ever removed.
const VALUES: &str = "values";
const TEXTS: &str = "texts";
/// The file whose time is that of the last clean-up.
const TIDIED: &str = "tidied";
/// Marks the folder as a cache for backup programs (<https://bford.info/cachedir/>).
const TAG: (&str, &str) = ("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");

impl Store {
    /// Opens the store in a folder. A missing folder is created with permissions for this user only, since rendered
    /// output may contain secrets; an empty one is made private.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] if it cannot be created, and [`Code::InvalidArgument`] if it is not private.
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self> {
        let failed = |error: &io::Error| failed(folder, error);
        let opened = open_private(folder)?;
        for name in [VALUES, TEXTS] {
            opened.make_below(name.as_ref(), PRIVATE_FOLDER).map_err(|error| failed(&error))?;
        }
        let path = folder.to_path_buf();
        let store = Self { folder: opened, path, now, limits: LIMITS };
        let (tag, text) = TAG;
        if store.folder.look(tag.as_ref()).is_ok_and(|look| look.is_none()) {
            store.write(tag.as_ref(), text.as_bytes())?;
        }
        Ok(store)
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &Digest) -> Option<Vec<u8>> {
        let mut bytes = self.read(&place(VALUES, key)).ok()?;
        let (digest, value) = bytes.split_at_checked(size_of::<Digest>())?;
        let is_whole = bound(key, value).as_bytes() == digest;
        bytes.drain(..size_of::<Digest>());
        is_whole.then_some(bytes)
    }

    /// Stores a value. Replaces an earlier value of the key.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn set_value(&self, key: &Digest, value: &[u8]) -> Result<()> {
        let bytes = [bound(key, value).as_bytes(), value].concat();
        self.write(&place(VALUES, key), &bytes)
    }

    /// The text with this digest.
    #[must_use]
    pub fn text(&self, digest: &Digest) -> Option<String> {
        let bytes = self.read(&place(TEXTS, digest)).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        (Digest::of(&text) == *digest).then_some(text)
    }

    /// Stores a text and returns its digest.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn add_text(&self, text: &str) -> Result<Digest> {
        let digest = Digest::of(text);
        let place = place(TEXTS, &digest);
        // Compares the whole content, so that a damaged file is repaired.
        if !self.read(&place).is_ok_and(|bytes| bytes == text.as_bytes()) {
            self.write(&place, text.as_bytes())?;
        }
        Ok(digest)
    }

    /// Removes entries that were not used for thirty days, and the oldest beyond 1 GiB. Does nothing if it ran within
    /// the last hour. Files that cannot be removed stay.
    pub fn tidy(&self) {
        let mark = Path::new(TIDIED);
        let last = self.folder.look(mark.as_os_str()).ok().flatten();
        if last.is_none_or(|look| look.kind != Kind::File || self.age(look.modified) >= TIDIED_EACH)
        {
            // Set before the work, so that other processes do not do it too.
            let marked = self.write(mark, b"").and_then(|()| self.touch(mark));
            if marked.is_ok() {
                self.remove_old();
            }
        }
    }

    fn remove_old(&self) {
        let mut kept: Vec<(Duration, u64, usize, String)> = Vec::new();
        let mut folders: Vec<Folder> = Vec::new();
        for shelf in [VALUES, TEXTS] {
            let Ok(shelf) = self.folder.below(shelf.as_ref()) else { continue };
            for (name, _) in shelf.list().unwrap_or_default() {
                // Skips links, and entries made by others.
                let Ok(folder) = shelf.below(name.as_ref()) else { continue };
                for (name, _) in folder.list().unwrap_or_default() {
                    let Some(name) =
                        name.to_str().filter(|name| is_name(name) || disk::is_left_over(name))
                    else {
                        continue;
                    };
                    if let Ok(Some(look)) = folder.look(name.as_ref())
                        && look.kind == Kind::File
                    {
                        kept.push((
                            self.age(look.modified),
                            look.bytes,
                            folders.len(),
                            name.to_owned(),
                        ));
                    }
                }
                folders.push(folder);
            }
        }
        kept.sort_unstable();
        let mut sum = 0_u64;
        for (age, bytes, folder, name) in kept {
            sum = sum.saturating_add(bytes);
            if age > self.limits.age || sum > self.limits.bytes {
                drop(folders[folder].remove(name.as_ref()));
            }
        }
    }

    /// The age of a time stamp. A time in the future has age zero.
    fn age(&self, at: SystemTime) -> Duration {
        self.now.duration_since(at).unwrap_or(Duration::ZERO)
    }

    /// Reads a file, and records its use once a day.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.folder.file(path)?;
        let look = Look::at(&file)?;
        let is_ours = look.kind == Kind::File && look.is_own() && !look.is_open_to_others(0o022);
        if !is_ours {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if self.age(look.modified) >= TOUCHED_EACH {
            // If this fails, the entry is only removed earlier.
            drop(disk::set_modified(&file, self.now));
        }
        disk::content(file, look.bytes, LARGEST_FILE)
    }

    fn touch(&self, path: &Path) -> Result<()> {
        let touched = self.folder.file(path).and_then(|file| disk::set_modified(&file, self.now));
        touched.map_err(|error| failed(&self.path, &error))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().unwrap_or(OsStr::new(""));
        let folder = self.folder.make_below(folder, PRIVATE_FOLDER);
        let written =
            folder.and_then(|folder| disk::replace(&folder, name, &[bytes], PRIVATE_FILE, None));
        written.map_err(|error| failed(&self.path, &error))
    }
}

/// Permissions for the owner only.
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// The digest that a value begins with: it makes a value useless under another key.
fn bound(key: &Digest, value: &[u8]) -> Digest {
    Digest::of_all([key.as_bytes(), value])
}

/// The path of an entry, relative to the store.
fn place(shelf: &str, key: &Digest) -> PathBuf {
    let name = key.to_string();
    Path::new(shelf).join(&name[..2]).join(&name[2..])
}

/// Makes a folder for this user only, with its missing parents, or checks that an existing one is.
///
/// # Errors
/// As [`Store::open`].
pub fn private_folder(folder: &Path) -> Result<()> {
    open_private(folder).map(drop)
}

fn open_private(folder: &Path) -> Result<Folder> {
    let opened = make_private(folder).and_then(|()| Folder::open(folder));
    let opened = opened.map_err(|error| failed(folder, &error))?;
    refuse_shared(&opened, folder)?;
    Ok(opened)
}

/// Rejects a folder that others may have written to. An empty one is made private, if it belongs to the user.
fn refuse_shared(folder: &Folder, path: &Path) -> Result<()> {
    let failed = |error: io::Error| failed(path, &error);
    let look = folder.look_at_itself().map_err(failed)?;
    if !look.is_own() {
        return Err(refused(path, "belongs to another user").help("name a folder of your own"));
    }
    if !look.is_open_to_others(0o077) {
        return Ok(());
    }
    let is_empty = || folder.list().map(|names| names.is_empty()).map_err(failed);
    if is_empty()? {
        folder.make_private().map_err(failed)?;
        // It was still empty when its permissions were removed.
        if is_empty()? {
            return Ok(());
        }
    }
    let help = "remove it: krender recreates it with permissions for you only";
    Err(refused(path, "is open to other users, or came with other files").help(help))
}

#[cold]
fn refused(path: &Path, reason: &str) -> Error {
    let message = format!("the cache `{}` {reason}", path.display());
    Error::new(Code::InvalidArgument, message)
}

#[cold]
fn failed(path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot write the cache `{}`: {}", path.display(), reason(error));
    Error::new(Code::WriteFailed, message)
}

/// True if a file has the name of an entry of a [`Store`].
fn is_name(name: &str) -> bool {
    name.len() == 62 && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Creates a missing folder and its missing parents, for this user only.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, PRIVATE_FOLDER);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "entries are damaged")]

    use std::fs::File;

    use super::*;

    fn store(folder: &Path, days: u64) -> Store {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(1_000_000 + days * 24);
        Store::open(&folder.join("a/cache"), now).unwrap()
    }

    #[test]
    fn what_is_kept_is_found_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (store(folder.path(), 0), store(folder.path(), 0));
        let key = Digest::of("key");
        assert_eq!(one.value(&key), None);
        one.set_value(&key, b"first").unwrap();
        one.set_value(&key, b"").unwrap();
        assert_eq!(other.value(&key).as_deref(), Some(&b""[..]));
        let digest = one.add_text("text").unwrap();
        assert_eq!(other.text(&digest).as_deref(), Some("text"));
        assert_eq!(other.text(&Digest::of("another")), None);
    }

    #[test]
    fn what_is_damaged_is_not_there_and_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 0);
        let key = Digest::of("key");
        for damaged in [&b""[..], b"short", &[0; 40], b"\xff", &b"text".repeat(20)] {
            store.set_value(&key, b"value").unwrap();
            fs::write(store.path.join(place(VALUES, &key)), damaged).unwrap();
            assert_eq!(store.value(&key), None);
            let digest = store.add_text("text").unwrap();
            fs::write(store.path.join(place(TEXTS, &digest)), damaged).unwrap();
            assert_eq!(store.text(&digest), None);
            assert_eq!(store.add_text("text").unwrap(), digest);
            assert_eq!(store.text(&digest).as_deref(), Some("text"));
        }
        fs::remove_file(store.path.join(place(VALUES, &key))).unwrap();
        fs::create_dir(store.path.join(place(VALUES, &key))).unwrap();
        assert_eq!(store.value(&key), None);
        assert_eq!(store.set_value(&key, b"value").unwrap_err().code(), Code::WriteFailed);
    }

    #[test]
    fn what_nobody_asks_for_goes_and_nothing_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let first = store(folder.path(), 0);
        let texts = ["a", "b"].map(|text| first.add_text(text).unwrap());
        for digest in &texts {
            first.touch(&place(TEXTS, digest)).unwrap();
        }
        let other = first.path.join(place(TEXTS, &texts[0])).with_file_name("notes.txt");
        fs::write(&other, "mine").unwrap();
        File::options()
            .append(true)
            .open(&other)
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
        first.tidy();
        assert!(store(folder.path(), 20).text(&texts[0]).is_some(), "asked for on the 20th day");
        let later = store(folder.path(), 31);
        later.tidy();
        assert_eq!(texts.map(|digest| later.text(&digest)), [Some("a".to_owned()), None]);
        assert!(other.exists());
    }

    #[test]
    fn the_oldest_go_when_it_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let mut digests = Vec::new();
        for day in 0..4 {
            let store = store(folder.path(), day);
            digests.push(store.add_text(&format!("{day}{}", "x".repeat(99))).unwrap());
            store.touch(&place(TEXTS, &digests[day as usize])).unwrap();
        }
        let limits = StoreLimits { bytes: 250, ..LIMITS };
        let store = Store { limits, ..store(folder.path(), 4) };
        store.tidy();
        let kept: Vec<bool> = digests.iter().map(|digest| store.text(digest).is_some()).collect();
        assert_eq!(kept, [false, false, true, true]);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_looks_into_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 0);
        let place = store.path.join(place(TEXTS, &store.add_text("secret").unwrap()));
        for folder in place.ancestors().skip(1).take(3) {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
