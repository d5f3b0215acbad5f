//! The source of git objects.

use std::sync::Arc;

use super::id::{Id, ObjectKind};
use crate::error::Result;

/// A source of git objects.
pub trait Objects: Send + Sync {
    /// Reads objects and passes them to `take` in the order of `ids`, each with its index. Of an object larger than
    /// `largest` bytes only the size is read.
    ///
    /// # Errors
    /// Those of `take`, and [`Code::ReadFailed`](crate::error::Code::ReadFailed) if the source cannot be read.
    fn read(
        &self,
        ids: &[Id],
        largest: u64,
        take: &mut dyn FnMut(usize, Object) -> Result<()>,
    ) -> Result<()>;
}

impl<O: Objects + ?Sized> Objects for Arc<O> {
    fn read(
        &self,
        ids: &[Id],
        largest: u64,
        take: &mut dyn FnMut(usize, Object) -> Result<()>,
    ) -> Result<()> {
        (**self).read(ids, largest, take)
    }
}

/// The result of reading an id.
#[derive(Debug)]
pub enum Object {
    /// No object.
    Missing,
    /// An object that is larger than the limit: its size in bytes.
    TooLarge(u64),
    /// An object.
    Read {
        /// The kind of the object.
        kind: ObjectKind,
        /// The content of the object.
        content: Vec<u8>,
    },
}
