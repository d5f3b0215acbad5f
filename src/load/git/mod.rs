//! Revisions of a git repository: trees of objects, read by id from any source of objects.
//!
//! No process is started here: `external::git` is the source of objects of a repository on disk.

mod changes;
mod id;
mod memory;
mod revision;
#[cfg(test)]
mod tests;
mod tree;
mod trees;

pub use changes::{Changed, Changes, Provisional};
pub use id::{Id, IdHasher, ObjectKind};
pub use memory::ObjectMemory;
pub use revision::Revision;
pub use tree::{EntryKind, Tree, TreeEntry, is_segment};
pub use trees::{Object, Objects, Reached, Trees};

pub(crate) use tree::os_string;
