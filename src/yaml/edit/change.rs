//! Changes of a document, and edits of its text.

use crate::error::{Code, Error};
use crate::source::Span;
use crate::yaml::node::Node;
use crate::yaml::path::PathStep;

/// A change of a document.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// Replaces a value.
    Set {
        /// The value, from the root on.
        path: &'a [PathStep],
        /// The new value.
        value: &'a Node,
    },
    /// Adds an entry to a mapping. A null counts as an empty mapping.
    InsertEntry {
        /// The mapping.
        path: &'a [PathStep],
        /// The number of entries before the new one; `None` for the end.
        at: Option<usize>,
        /// The key.
        key: &'a str,
        /// The value.
        value: &'a Node,
    },
    /// Adds elements to a list. A null counts as an empty list.
    InsertItems {
        /// The list.
        path: &'a [PathStep],
        /// The number of elements before the new ones; `None` for the end.
        at: Option<usize>,
        /// The elements.
        values: &'a [Node],
    },
    /// Removes an entry or an element, with the comments directly above it and at the end of its line.
    Remove {
        /// The value of the entry, or the element.
        path: &'a [PathStep],
    },
    /// Gives an entry another key.
    Rename {
        /// The value of the entry.
        path: &'a [PathStep],
        /// The new key.
        key: &'a str,
    },
}

impl<'a> Change<'a> {
    /// The path of the change.
    #[must_use]
    pub const fn path(&self) -> &'a [PathStep] {
        match self {
            Self::Set { path, .. }
            | Self::InsertEntry { path, .. }
            | Self::InsertItems { path, .. }
            | Self::Remove { path }
            | Self::Rename { path, .. } => path,
        }
    }
}

/// Text that takes the place of a span of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// The replaced bytes; empty for an insertion.
    pub span: Span,
    /// The replacement.
    pub text: String,
}

/// The error for a change that cannot be made by edits.
#[cold]
pub(super) fn refused(message: impl Into<String>) -> Error {
    Error::new(Code::EditRefused, message)
}
