//! Revisions of a git repository: trees of objects, read by id from any source of objects.
//!
//! No process is started here: `external::git` is the source of objects of a repository on disk.

mod ahead;
mod changes;
mod checked_out;
mod id;
mod memory;
mod objects;
mod revision;
#[cfg(test)]
mod tests;
mod tree;
mod trees;

pub use changes::{Changed, Changes, Provisional};
pub use checked_out::CheckedOut;
pub use id::{Id, IdHasher, ObjectKind};
pub use memory::ObjectMemory;
pub use objects::{Object, Objects};
pub use revision::Revision;
pub use tree::{EntryKind, Tree, TreeEntry, is_segment};
pub use trees::{Reached, Trees};

pub(crate) use tree::os_string;
