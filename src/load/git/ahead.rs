//! Files that are read ahead of their use: git answers a group of requests much faster than one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::id::{Id, ObjectKind};
use super::objects::{Object, Objects};
use crate::error::{Code, Error, Result};
use crate::sync::lock;

/// Small files by their ids.
#[derive(Default)]
pub(super) struct Ahead(Mutex<Files>);

#[derive(Default)]
struct Files {
    contents: BTreeMap<Id, Arc<[u8]>>,
    /// Their size.
    bytes: usize,
}

/// Maximum size of all files, in bytes.
const MOST: usize = 32 << 20;
/// Maximum size of a file, in bytes.
const LARGEST: usize = 1 << 20;

impl Ahead {
    /// Reads files, until one is large or all are. What is left is read when it is used, and so are missing objects and
    /// those of another kind, which are reported then.
    pub(super) fn read(&self, ids: impl Iterator<Item = Id>, objects: &dyn Objects) {
        let mut ids: BTreeSet<Id> = ids.collect();
        {
            let known = lock(&self.0);
            ids.retain(|id| !known.contents.contains_key(id));
        }
        let ids: Vec<Id> = ids.into_iter().collect();
        let read = objects.read(&ids, LARGEST as u64, &mut |place, object| match object {
            Object::Read { kind: ObjectKind::Blob, content } => self.add(ids[place], content),
            Object::Read { .. } | Object::Missing => Ok(()),
            Object::TooLarge(_) => Err(enough()),
        });
        read.unwrap_or_default();
    }

    fn add(&self, id: Id, content: Vec<u8>) -> Result<()> {
        let mut files = lock(&self.0);
        if files.bytes + content.len() > MOST {
            return Err(enough());
        }
        files.bytes += content.len();
        files.contents.insert(id, content.into());
        Ok(())
    }

    /// A file that was read, if it has at most `largest` bytes.
    pub(super) fn get(&self, id: Id, largest: u64) -> Option<Arc<[u8]>> {
        let content = lock(&self.0).contents.get(&id).map(Arc::clone);
        content.filter(|content| content.len() as u64 <= largest)
    }
}

/// The end of reading ahead.
#[cold]
fn enough() -> Error {
    Error::new(Code::TooLarge, "no more is read ahead")
}

#[cfg(test)]
mod tests {
    use super::super::ObjectMemory;
    use super::*;

    #[test]
    fn small_files_are_read() {
        let mut objects = ObjectMemory::new();
        let small = objects.add(ObjectKind::Blob, "a");
        let tree = objects.add(ObjectKind::Tree, "");
        let missing = ObjectMemory::new().add(ObjectKind::Blob, "missing");
        let large = objects.add(ObjectKind::Blob, vec![b'x'; LARGEST + 1]);
        let ahead = Ahead::default();
        ahead.read([small, tree, missing].into_iter(), &objects);
        ahead.read([large].into_iter(), &objects);
        assert_eq!(ahead.get(small, 1).as_deref(), Some("a".as_bytes()));
        assert_eq!(ahead.get(small, 0), None, "it is larger than what is asked for");
        assert_eq!([tree, missing, large].map(|id| ahead.get(id, u64::MAX)), [const { None }; 3]);
    }

    #[test]
    fn all_files_have_a_bound() {
        let mut objects = ObjectMemory::new();
        let number = MOST / LARGEST + 2;
        let ids: Vec<Id> = (0..number)
            .map(|number| objects.add(ObjectKind::Blob, vec![number as u8; LARGEST]))
            .collect();
        let ahead = Ahead::default();
        ahead.read(ids.iter().copied(), &objects);
        let kept = ids.iter().filter(|id| ahead.get(**id, u64::MAX).is_some()).count();
        assert_eq!(kept, MOST / LARGEST);
    }
}
