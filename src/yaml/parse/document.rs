//! The result of parsing, and its limits.

use std::sync::Arc;

use crate::error::{Code, Error};
use crate::source::Span;
use crate::yaml::node::Node;

/// The maximum depth of collections, as in go-yaml.
pub const MAX_DEPTH: usize = 10_000;

/// The maximum number of nodes of a document with expanded aliases: far more than any manifest has, and few enough that
/// a document made to explode fails quickly.
pub const MAX_EXPANDED_NODES: usize = 4_000_000;

/// One document, its aliases and merge keys resolved.
#[derive(Clone, Debug)]
pub struct Document {
    /// The content.
    pub root: Node,
    /// The comments that begin with `{` and belong to a node, in order: they can act as schemas in merges.
    pub comments: Vec<Comment>,
    /// The number of bytes that it was charged to a budget: of its text, of its nodes, and of expanded aliases.
    pub bytes: u64,
}

/// A comment that looks like JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the end of the line.
    pub span: Span,
    /// The span of the key or value that it belongs to.
    pub node: Span,
    /// The text after the `#` and its blanks.
    pub text: Arc<str>,
}

/// The error for text that is not YAML.
#[cold]
pub(super) fn malformed_at(span: Span, message: impl Into<String>) -> Error {
    Error::new(Code::MalformedYaml, message).at(span)
}
