//! A folder that keeps what may be lost at any time: values under keys, and texts under their own digest.
//!
//! Any number of processes of one user may use it at once. What is damaged is as good as not there: a text must have the
//! digest that it is asked for by, and a value begins with that of its key and itself. Since everybody can compute these,
//! the folder must be private: it belongs to the user of the process, and others have no rights on it. (A folder that came
//! with a checkout or an archive has other rights, unless the umask is 077.) It is opened once, and its entries are
//! reached through it, so that it does not matter who may write to the folders that it is in.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::disk::{self, Folder, Look, reason};
use super::files::Kind;
use super::{Digest, LARGEST_FILE};
use crate::error::{Code, Error, Result};

/// A folder of values and texts.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Folder,
    /// The path for messages.
    path: PathBuf,
    now: SystemTime,
    limits: Limits,
}

/// What a store grows to.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// What nobody asked for in this time goes.
    age: Duration,
    /// Beyond so many bytes the oldest go.
    bytes: u64,
}

const LIMITS: Limits = Limits { age: Duration::from_hours(30 * 24), bytes: 1 << 30 };
/// So often it is told that something is still asked for.
const TOUCHED_EACH: Duration = Duration::from_hours(24);
/// So often it is looked for what goes.
const TIDIED_EACH: Duration = Duration::from_hours(1);

/// The folders in it. Only what is in them is ever removed.
const VALUES: &str = "values";
const TEXTS: &str = "texts";
/// When it was tidied last.
const TIDIED: &str = "tidied";
/// Tells programs that make backups that nothing is lost without this folder (<https://bford.info/cachedir/>).
const TAG: (&str, &str) = ("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");

impl Store {
    /// The store in a folder, which is made where it is not there, for this user alone: what is rendered may be secret.
    /// One that is empty is made private.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] when it cannot be made, and [`Code::InvalidArgument`] when it is not private.
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self> {
        let failed = |error: &io::Error| failed(folder, error);
        let opened = make_private(folder).and_then(|()| Folder::open(folder));
        let opened = opened.map_err(|error| failed(&error))?;
        refuse_shared(&opened, folder)?;
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

    /// Keeps a value, in the place of what the key had.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn set_value(&self, key: &Digest, value: &[u8]) -> Result<()> {
        let bytes = [bound(key, value).as_bytes(), value].concat();
        self.write(&place(VALUES, key), &bytes)
    }

    /// The text that has a digest.
    #[must_use]
    pub fn text(&self, digest: &Digest) -> Option<String> {
        let bytes = self.read(&place(TEXTS, digest)).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        (Digest::of(&text) == *digest).then_some(text)
    }

    /// Keeps a text, and says by what it is found.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn add_text(&self, text: &str) -> Result<Digest> {
        let digest = Digest::of(text);
        let place = place(TEXTS, &digest);
        // Looked at as a whole, so that what was damaged is mended.
        if !self.read(&place).is_ok_and(|bytes| bytes == text.as_bytes()) {
            self.write(&place, text.as_bytes())?;
        }
        Ok(digest)
    }

    /// Removes what nobody asked for in the last thirty days, and the oldest beyond 1 GiB; most calls find that this
    /// was done within the hour and do nothing. What cannot be removed stays.
    pub fn tidy(&self) {
        let mark = Path::new(TIDIED);
        let last = self.folder.look(mark.as_os_str()).ok().flatten();
        if last.is_none_or(|look| look.kind != Kind::File || self.age(look.modified) >= TIDIED_EACH)
        {
            // Before the work, so that other processes need not do it, too.
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
                // Not through links, nor what another made.
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

    /// How long ago something was. What is dated in the future is as of now.
    fn age(&self, at: SystemTime) -> Duration {
        self.now.duration_since(at).unwrap_or(Duration::ZERO)
    }

    /// Reads a file, and tells once a day that it was asked for.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.folder.file(path)?;
        let look = Look::at(&file)?;
        let is_ours = look.kind == Kind::File && look.is_own() && !look.is_open_to_others(0o022);
        if !is_ours {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if self.age(look.modified) >= TOUCHED_EACH {
            // It only goes sooner otherwise.
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

/// The rights of what only its owner reads and writes.
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// What a value begins with: it is of no use under another key.
fn bound(key: &Digest, value: &[u8]) -> Digest {
    Digest::of_all([key.as_bytes(), value])
}

/// Where something is, from the folder of the store.
fn place(shelf: &str, key: &Digest) -> PathBuf {
    let name = key.to_string();
    Path::new(shelf).join(&name[..2]).join(&name[2..])
}

/// Refuses a folder that others may have written to. One that is empty is made private, if it is the user's own.
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
        // Nobody put anything there until its rights were taken.
        if is_empty()? {
            return Ok(());
        }
    }
    let help = "remove it: it is made anew, for you alone";
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

/// Whether a file is named as the entries of a [`Store`] are.
fn is_name(name: &str) -> bool {
    name.len() == 62 && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Makes a folder that is not there, and those that it is in, for this user alone.
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
        let limits = Limits { bytes: 250, ..LIMITS };
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
