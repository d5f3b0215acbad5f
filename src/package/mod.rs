//! Packages of resources, as `cfg` and functions take them: the resources of a folder or a stream as they are written, with
//! annotations that name their files.
//!
//! [`folders`] finds the packages in a folder, [`read`](fn@read) reads one, and [`stream`] a text. [`write`](fn@write) prints
//! resources with their comments. In between, [`Prepared`] keeps the two spellings of annotations in step, as kyaml's
//! pipelines do.

mod annotations;
mod find;
mod format;
mod grep;
mod ignore;
mod meta;
mod read;
mod tree;
mod write;

use std::sync::Arc;

pub use annotations::Prepared;
pub use find::FieldPath;
pub use format::format;
pub use grep::Query;
pub use ignore::Ignore;
pub use meta::{count_by_kind, is_local};
pub use read::{Folder, Subpackages, clean, folders, read, stream};
pub use tree::{Root, Structure, TreeField, tree};
pub use write::{Output, Style, write};

use crate::yaml::{Node, Written};

/// A resource as it is written: aliases and merge keys are unresolved.
#[derive(Clone, Debug)]
pub struct Item {
    /// The resource.
    pub root: Node,
    /// The document that it was read from.
    document: Arc<Written>,
    /// False for an item of a list, to which the comments around the document do not belong.
    is_whole: bool,
    /// False if the comments of its nodes are left out.
    pub has_comments: bool,
}

impl Item {
    /// Removes the annotations that name its file.
    pub fn remove_annotations(&mut self) {
        annotations::remove(&mut self.root);
    }
}
