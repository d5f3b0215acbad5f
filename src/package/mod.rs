//! Packages of resources, as `cfg` and functions take them: the resources of a folder or a stream as they are written, with
//! annotations that name their files.
//!
//! [`folders`] finds the packages in a folder, [`read`](fn@read) reads one, and [`stream`] a text. [`write`](fn@write) prints
//! resources with their comments. In between, [`Prepared`] keeps the two spellings of annotations in step, as kyaml's
//! pipelines do.

mod annotations;
mod exchange;
mod find;
mod format;
mod grep;
mod ignore;
mod meta;
mod read;
mod resemble;
mod save;
mod tree;
mod write;

use std::sync::Arc;

pub use annotations::Prepared;
pub use exchange::{Passage, Scope};
pub use find::FieldPath;
pub use format::format;
pub use grep::Query;
pub use ignore::Ignore;
pub use meta::{count_by_kind, is_local};
pub use read::{
    Folder, Printed, Subpackages, clean, document, folders, output, read, read_with_json, stream,
};
pub use save::{files, paths, sort_functions};
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
    /// A resource that is not written in a document.
    #[must_use]
    pub fn new(root: Node) -> Self {
        Self { root, document: Arc::default(), is_whole: true, has_comments: true }
    }

    /// The node as text, with its comments.
    ///
    /// # Errors
    /// Those of [`print`](fn@crate::yaml::print).
    pub fn to_text(&self) -> crate::error::Result<String> {
        find::text_of(&self.root, &self.document, true)
    }

    /// Sets an annotation.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) for a node in the way.
    pub fn annotate(&mut self, key: &str, value: &str) -> crate::error::Result<()> {
        annotations::set(&mut self.root, key, value)
    }

    /// Removes the annotations that name its file.
    pub fn remove_annotations(&mut self) {
        annotations::remove(&mut self.root);
    }
}
