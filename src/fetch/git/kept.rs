//! Objects that builds have read, kept in a file of the store: a build that reads no others starts no git.
//!
//! The file is a list of objects, to which any number of processes add. Each object has its id, which is the hash of its
//! content: what is damaged or cut off is not used.

#![expect(clippy::disallowed_methods, reason = "the list is a file of the cache")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::{Code, Error, Result};
use crate::external::git::is_damage;
use crate::fetch::cache::Cache;
use crate::load::git::{Id, IdHasher, Object, ObjectKind, Objects};
use crate::sync::lock;

/// The objects of a store: those in the list, and then those of its repository.
pub(super) struct Kept {
    /// The folder of the store.
    folder: PathBuf,
    path: PathBuf,
    below: Arc<dyn Objects>,
    list: OnceLock<List>,
    /// The list, opened to add to it. Its size decides how much may be added.
    file: Mutex<Option<File>>,
    size: AtomicU64,
}

/// A consumer of objects.
type Take<'t> = &'t mut dyn FnMut(usize, Object) -> Result<()>;

/// The reason why objects could not be read.
enum Failure {
    /// They are missing, or not those that their ids stand for.
    Damage(Error),
    /// Any other, such as a process that cannot be started: the objects may be whole.
    Other(Error),
}

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Self::Damage(error) | Self::Other(error) => error,
        }
    }
}

/// The objects in the list at the start.
#[derive(Default)]
struct List {
    bytes: Vec<u8>,
    places: BTreeMap<Id, (ObjectKind, Range<usize>)>,
}

/// Maximum size of a list, in bytes: the files of a build have a few megabytes.
const MOST: u64 = 16 << 20;
/// Maximum size of an object in it, in bytes.
const LARGEST: usize = 1 << 20;
/// The kinds in the list, by their numbers.
const KINDS: [ObjectKind; 2] = [ObjectKind::Tree, ObjectKind::Blob];
/// The parts before the content: the length of the id, the kind, and the length of the content.
const HEAD: usize = 6;

impl Kept {
    pub(super) fn new(folder: &Path, below: Arc<dyn Objects>) -> Self {
        let (folder, path) = (folder.to_path_buf(), folder.join("read"));
        let (list, file, size) = (OnceLock::new(), Mutex::default(), AtomicU64::new(0));
        Self { folder, path, below, list, file, size }
    }

    fn list(&self) -> &List {
        self.list.get_or_init(|| {
            let mut bytes = Vec::new();
            if let Ok(file) = File::open(&self.path) {
                // A part is as good as nothing.
                drop(file.take(MOST).read_to_end(&mut bytes));
            }
            let (places, end) = places(&bytes);
            if end < bytes.len() {
                // What is added behind a part of an object could not be read.
                drop(fs::remove_file(&self.path));
            }
            self.size.store(bytes.len() as u64, Ordering::Relaxed);
            List { bytes, places }
        })
    }

    /// Reads objects from the repository. If it is damaged, it is removed with all that is known of it, so that it is
    /// fetched again by the next build. Only damage is a reason for that, and only if no other process is changing it.
    fn read_below(&self, ids: &[Id], largest: u64, take: Take<'_>) -> Result<()> {
        let mut done = 0;
        let Err(failure) = self.attempt(ids, largest, &mut done, take) else { return Ok(()) };
        let Failure::Damage(error) = failure else { return Err(failure.into_error()) };
        let (parent, name) = (self.folder.parent(), self.folder.file_name());
        let lock = match (parent, name.and_then(|name| name.to_str())) {
            (Some(parent), Some(name)) => Cache::at(parent).try_lock(name)?,
            _ => None,
        };
        let Some(_lock) = lock else {
            return Err(error.help(
                "another process is changing the repository in the cache: run the command again",
            ));
        };
        // Another process may have changed it meanwhile.
        let Err(failure) = self.attempt(ids, largest, &mut done, take) else { return Ok(()) };
        let Failure::Damage(error) = failure else { return Err(failure.into_error()) };
        if let Some(file) = unreadable(&self.folder) {
            let message = format!("`{}` in the cache cannot be read", file.display());
            return Err(Error::new(Code::ReadFailed, message).help(error.message().to_owned()));
        }
        drop(fs::remove_dir_all(&self.folder));
        Err(error.help("what was kept of the repository is damaged, and has been removed: run the command again"))
    }

    /// Reads objects from the repository, beginning with that after `done` others.
    fn attempt(
        &self,
        ids: &[Id],
        largest: u64,
        done: &mut usize,
        take: Take<'_>,
    ) -> std::result::Result<(), Failure> {
        let (mut taken, mut is_wrong) = (Ok(()), false);
        let (start, ids) = (*done, &ids[*done..]);
        let read = self.below.read(ids, largest, &mut |place, object| {
            let is_right = match &object {
                Object::Missing => false,
                Object::TooLarge(_) => true,
                Object::Read { kind, content } => {
                    IdHasher::hash(ids[place].length(), *kind, content) == ids[place]
                }
            };
            if !is_right {
                is_wrong = true;
                let message = format!("the object `{}` is missing or damaged", ids[place]);
                return Err(Error::new(Code::ReadFailed, message));
            }
            self.add(ids[place], &object);
            taken = take(start + place, object);
            *done = start + place + 1;
            taken.clone()
        });
        taken.map_err(Failure::Other)?;
        read.map_err(|error| match is_wrong || is_damage(error.message()) {
            true => Failure::Damage(error),
            false => Failure::Other(error),
        })
    }

    /// An object of the list, if its content has its id.
    fn known(&self, id: Id, largest: u64) -> Option<Object> {
        let list = self.list();
        let (kind, place) = list.places.get(&id)?;
        let content = list.bytes.get(place.clone())?;
        if content.len() as u64 > largest || IdHasher::hash(id.length(), *kind, content) != id {
            return None;
        }
        Some(Object::Read { kind: *kind, content: content.to_vec() })
    }

    /// Adds an object to the list. If that fails, git is asked for it again.
    fn add(&self, id: Id, object: &Object) {
        let Object::Read { kind, content } = object else { return };
        let Some(kind) = KINDS.iter().position(|known| known == kind) else { return };
        let (Ok(kind), Ok(length), Ok(id_length)) =
            (u8::try_from(kind), u32::try_from(content.len()), u8::try_from(id.length()))
        else {
            return;
        };
        let record =
            [&[id_length, kind], &length.to_le_bytes()[..], id.as_bytes(), content].concat();
        let size = self.size.fetch_add(record.len() as u64, Ordering::Relaxed);
        if content.len() > LARGEST || size + record.len() as u64 > MOST {
            return;
        }
        let mut file = lock(&self.file);
        if file.is_none() {
            *file = File::options().create(true).append(true).open(&self.path).ok();
        }
        if let Some(open) = &mut *file
            && open.write_all(&record).is_err()
        {
            // Whatever follows a part of an object could not be read.
            drop(fs::remove_file(&self.path));
            *file = None;
        }
    }
}

/// The first file of a repository that this process may not read: git says the same of such a file as of a missing one.
fn unreadable(folder: &Path) -> Option<PathBuf> {
    let mut pending = vec![folder.join("objects")];
    while let Some(path) = pending.pop() {
        let opened = match fs::metadata(&path).map(|found| found.is_dir()) {
            Ok(true) => fs::read_dir(&path).map(|entries| {
                pending.extend(entries.flatten().map(|entry| entry.path()));
            }),
            Ok(false) => File::open(&path).map(drop),
            Err(error) => Err(error),
        };
        match opened {
            Err(error) if error.kind() != ErrorKind::NotFound => return Some(path),
            _ => {}
        }
    }
    None
}

/// The places of the objects in a list, and the end of the last one that is whole.
fn places(bytes: &[u8]) -> (BTreeMap<Id, (ObjectKind, Range<usize>)>, usize) {
    let mut places = BTreeMap::new();
    let mut start = 0;
    while let Some(&[id_length, kind, a, b, c, d]) = bytes.get(start..start + HEAD) {
        let id_start = start + HEAD;
        let content = id_start + usize::from(id_length);
        let end = content + u32::from_le_bytes([a, b, c, d]) as usize;
        let id = bytes.get(id_start..content).and_then(Id::from_bytes);
        let (Some(id), Some(&kind), true) = (id, KINDS.get(usize::from(kind)), end <= bytes.len())
        else {
            break;
        };
        places.insert(id, (kind, content..end));
        start = end;
    }
    (places, start)
}

impl Objects for Kept {
    fn read(
        &self,
        ids: &[Id],
        largest: u64,
        take: &mut dyn FnMut(usize, Object) -> Result<()>,
    ) -> Result<()> {
        let mut next = 0;
        while next < ids.len() {
            while let Some(&id) = ids.get(next)
                && let Some(object) = self.known(id, largest)
            {
                take(next, object)?;
                next += 1;
            }
            let rest = &ids[next..];
            let unknown = rest.iter().take_while(|id| !self.list().places.contains_key(id)).count();
            // The first is known, but damaged.
            let unknown = unknown.max(usize::from(!rest.is_empty()));
            self.read_below(&rest[..unknown], largest, &mut |place, object| {
                take(next + place, object)
            })?;
            next += unknown;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::load::git::ObjectMemory;

    /// Objects that count how often they are read.
    struct Counted(ObjectMemory, AtomicUsize);

    impl Objects for Counted {
        fn read(
            &self,
            ids: &[Id],
            largest: u64,
            take: &mut dyn FnMut(usize, Object) -> Result<()>,
        ) -> Result<()> {
            self.1.fetch_add(ids.len(), Ordering::Relaxed);
            self.0.read(ids, largest, take)
        }
    }

    #[test]
    fn objects_are_read_from_the_list_unless_they_are_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("read");
        let mut memory = ObjectMemory::new();
        let blobs = ["one", "two", "three"].map(|text| memory.add(ObjectKind::Blob, text));
        let tree = memory.tree([("100644", &b"a"[..], blobs[0])]);
        let ids = [blobs[0], tree, blobs[1], blobs[2]];
        let read = |expected: usize| {
            let counted = Arc::new(Counted(memory.clone(), AtomicUsize::new(0)));
            let kept = Kept::new(folder.path(), Arc::<Counted>::clone(&counted));
            let mut found = Vec::new();
            kept.read(&ids, 100, &mut |place, object| {
                assert_eq!(place, found.len());
                found.push(match object {
                    Object::Read { content, .. } => Some(content),
                    _ => None,
                });
                Ok(())
            })
            .unwrap();
            let texts = [0, 2, 3].map(|place: usize| found[place].clone().unwrap());
            assert_eq!(texts.map(|text| String::from_utf8(text).unwrap()), ["one", "two", "three"]);
            assert_eq!(counted.1.load(Ordering::Relaxed), expected);
        };
        read(4);
        read(0);
        let whole = fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        *damaged.last_mut().unwrap() ^= 1;
        fs::write(&path, &damaged).unwrap();
        read(1);
        for (end, missing) in [(0, 4), (1, 4), (7, 4), (28, 4), (30, 3), (whole.len() - 1, 1)] {
            fs::write(&path, &whole[..end]).unwrap();
            read(missing);
            // A list that was cut off is begun again.
            read(if end == 0 { 0 } else { 4 - missing });
            read(0);
        }
    }

    #[test]
    fn a_damaged_repository_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("store");
        fs::create_dir(&folder).unwrap();
        let kept = Kept::new(&folder, Arc::new(ObjectMemory::new()));
        let missing = Id::from_bytes(&[7; 20]).unwrap();
        let error = kept.read(&[missing], 1, &mut |_, _| Ok(())).unwrap_err();
        assert!(error.helps()[0].ends_with("run the command again"));
        assert!(!folder.exists());
    }
}
