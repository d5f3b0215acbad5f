//! A folder that keeps what may be lost at any time: values under keys, and texts under their own digest.
//!
//! Any number of processes may use it at once. What is damaged, or was put there by somebody else, is as good as not
//! there: a text must have the digest that it is asked for by, and a value begins with its own.

#![expect(
    clippy::disallowed_methods,
    reason = "the folder belongs to the store, and is no input of a build"
)]

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::disk::{self, reason};
use super::{Digest, LARGEST_FILE};
use crate::error::{Code, Error, Result};

/// A folder of values and texts.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
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
    ///
    /// # Errors
    /// [`Code::WriteFailed`] when it cannot be made.
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self> {
        let store = Self { folder: folder.to_path_buf(), now, limits: LIMITS };
        for name in [VALUES, TEXTS] {
            let folder = store.folder.join(name);
            make_private(&folder).map_err(|error| store.failed(&error))?;
        }
        let tag = store.folder.join(TAG.0);
        if !tag.exists() {
            super::write(&tag, &[TAG.1])?;
        }
        Ok(store)
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &Digest) -> Option<Vec<u8>> {
        let mut bytes = self.read(&self.place(VALUES, key)).ok()?;
        let (digest, value) = bytes.split_at_checked(size_of::<Digest>())?;
        let is_whole = Digest::of(value).as_bytes() == digest;
        bytes.drain(..size_of::<Digest>());
        is_whole.then_some(bytes)
    }

    /// Keeps a value, in the place of what the key had.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn set_value(&self, key: &Digest, value: &[u8]) -> Result<()> {
        let bytes = [Digest::of(value).as_bytes(), value].concat();
        self.write(&self.place(VALUES, key), &bytes)
    }

    /// The text that has a digest.
    #[must_use]
    pub fn text(&self, digest: &Digest) -> Option<String> {
        let bytes = self.read(&self.place(TEXTS, digest)).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        (Digest::of(&text) == *digest).then_some(text)
    }

    /// Keeps a text, and says by what it is found.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn add_text(&self, text: &str) -> Result<Digest> {
        let digest = Digest::of(text);
        let place = self.place(TEXTS, &digest);
        // Looked at as a whole, so that what was damaged is mended.
        if !self.read(&place).is_ok_and(|bytes| bytes == text.as_bytes()) {
            self.write(&place, text.as_bytes())?;
        }
        Ok(digest)
    }

    /// Removes what nobody asked for in the last thirty days, and the oldest beyond 1 GiB; most calls find that this
    /// was done within the hour and do nothing. What cannot be removed stays.
    pub fn tidy(&self) {
        let mark = self.folder.join(TIDIED);
        let is_due = |at: SystemTime| self.age(at) >= TIDIED_EACH;
        if !fs::metadata(&mark).and_then(|mark| mark.modified()).is_ok_and(|at| !is_due(at)) {
            // Before the work, so that other processes need not do it, too.
            let marked = super::write(&mark, &[b""]).and_then(|()| self.touch(&mark));
            if marked.is_ok() {
                self.remove_old();
            }
        }
    }

    fn remove_old(&self) {
        let mut kept: Vec<(Duration, u64, PathBuf)> = Vec::new();
        let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
        let shelves = [VALUES, TEXTS].map(|name| self.folder.join(name));
        for entry in
            shelves.iter().flat_map(|shelf| below(shelf)).flat_map(|entry| below(&entry.path()))
        {
            let Ok(metadata) = entry.metadata() else { continue };
            // What another made is left alone.
            let is_ours = metadata.is_file()
                && entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| is_name(name) || is_left_over(name));
            if let (true, Ok(at)) = (is_ours, metadata.modified()) {
                kept.push((self.age(at), metadata.len(), entry.path()));
            }
        }
        kept.sort_unstable();
        let mut sum = 0_u64;
        for (age, bytes, path) in kept {
            sum = sum.saturating_add(bytes);
            if age > self.limits.age || sum > self.limits.bytes {
                drop(fs::remove_file(path));
            }
        }
    }

    /// How long ago something was. What is dated in the future is as of now.
    fn age(&self, at: SystemTime) -> Duration {
        self.now.duration_since(at).unwrap_or(Duration::ZERO)
    }

    fn place(&self, shelf: &str, key: &Digest) -> PathBuf {
        let name = key.to_string();
        self.folder.join(shelf).join(&name[..2]).join(&name[2..])
    }

    /// Reads a file, and tells once a day that it was asked for.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > LARGEST_FILE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
        file.take(LARGEST_FILE).read_to_end(&mut bytes)?;
        if metadata.modified().is_ok_and(|at| self.age(at) >= TOUCHED_EACH) {
            // It only goes sooner otherwise.
            drop(self.touch(path));
        }
        Ok(bytes)
    }

    fn touch(&self, path: &Path) -> Result<()> {
        let file = File::options().append(true).open(path);
        file.and_then(|file| file.set_modified(self.now)).map_err(|error| self.failed(&error))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let written = disk::replace(path, &[bytes], None).or_else(|error| match path.parent() {
            Some(folder) if error.kind() == io::ErrorKind::NotFound => {
                make_private(folder).and_then(|()| disk::replace(path, &[bytes], None))
            }
            _ => Err(error),
        });
        written.map_err(|error| self.failed(&error))
    }

    #[cold]
    fn failed(&self, error: &io::Error) -> Error {
        let folder = self.folder.display();
        Error::new(
            Code::WriteFailed,
            format!("cannot write the cache `{folder}`: {}", reason(error)),
        )
    }
}

/// Whether a file is named as [`Store::place`] names them.
fn is_name(name: &str) -> bool {
    name.len() == 62 && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a file was left behind half written.
fn is_left_over(name: &str) -> bool {
    name.starts_with(".krender-") && name.ends_with(".tmp")
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
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
            fs::write(store.place(VALUES, &key), damaged).unwrap();
            assert_eq!(store.value(&key), None);
            let digest = store.add_text("text").unwrap();
            fs::write(store.place(TEXTS, &digest), damaged).unwrap();
            assert_eq!(store.text(&digest), None);
            assert_eq!(store.add_text("text").unwrap(), digest);
            assert_eq!(store.text(&digest).as_deref(), Some("text"));
        }
        fs::remove_file(store.place(VALUES, &key)).unwrap();
        fs::create_dir(store.place(VALUES, &key)).unwrap();
        assert_eq!(store.value(&key), None);
        assert_eq!(store.set_value(&key, b"value").unwrap_err().code(), Code::WriteFailed);
    }

    #[test]
    fn what_nobody_asks_for_goes_and_nothing_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let first = store(folder.path(), 0);
        let texts = ["a", "b"].map(|text| first.add_text(text).unwrap());
        for digest in &texts {
            first.touch(&first.place(TEXTS, digest)).unwrap();
        }
        let other = first.place(TEXTS, &texts[0]).with_file_name("notes.txt");
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
            store.touch(&store.place(TEXTS, &digests[day as usize])).unwrap();
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
        let place = store.place(TEXTS, &store.add_text("secret").unwrap());
        for folder in place.ancestors().skip(1).take(3) {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
