//! Git objects in memory.

use std::collections::BTreeMap;

use super::id::{Id, IdHasher, ObjectKind};
use super::objects::{Object, Objects};
use crate::error::Result;

/// Git objects in memory, for tests and for objects from other sources. Ids are SHA-1.
#[derive(Clone, Debug, Default)]
pub struct ObjectMemory(BTreeMap<Id, (ObjectKind, Vec<u8>)>);

impl ObjectMemory {
    /// Creates an empty set of objects.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object with any content and returns its id.
    pub fn add(&mut self, kind: ObjectKind, content: impl Into<Vec<u8>>) -> Id {
        let content = content.into();
        let id = IdHasher::hash(20, kind, &content);
        self.0.insert(id, (kind, content));
        id
    }

    /// Adds a tree and returns its id. Each entry is a mode, a name and an id.
    pub fn tree<'e>(&mut self, entries: impl IntoIterator<Item = (&'e str, &'e [u8], Id)>) -> Id {
        let mut content = Vec::new();
        for (mode, name, id) in entries {
            content.extend_from_slice(mode.as_bytes());
            content.push(b' ');
            content.extend_from_slice(name);
            content.push(0);
            content.extend_from_slice(id.as_bytes());
        }
        self.add(ObjectKind::Tree, content)
    }
}

impl Objects for ObjectMemory {
    fn read(
        &self,
        ids: &[Id],
        largest: u64,
        take: &mut dyn FnMut(usize, Object) -> Result<()>,
    ) -> Result<()> {
        for (place, id) in ids.iter().enumerate() {
            let object = match self.0.get(id) {
                None => Object::Missing,
                Some((_, content)) if content.len() as u64 > largest => {
                    Object::TooLarge(content.len() as u64)
                }
                Some((kind, content)) => Object::Read { kind: *kind, content: content.clone() },
            };
            take(place, object)?;
        }
        Ok(())
    }
}
