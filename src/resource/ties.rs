//! The bookkeeping that few resources have.

use std::sync::Arc;

use super::Names;
use crate::source::Span;
use crate::yaml::parse::Comment;
use crate::yaml::{Node, Scalar, Text};

/// Bookkeeping that few resources have, kept apart to make the others small.
#[derive(Clone, Debug)]
pub struct Ties {
    /// Names of the variables that refer to it.
    pub variables: Vec<Text>,
    /// The resources that refer to it by name, with their names at that time.
    pub referrers: Vec<Arc<Names>>,
    /// Indices of the plugin configurations that process it after the build.
    pub awaited_by: Vec<Span>,
    /// The comments of its file that can act as schemas in a merge.
    pub comments: Option<Arc<[Comment]>>,
    /// The annotations as read from a file, and their index in `metadata`, if they contained bookkeeping.
    pub brought: Option<(usize, Scalar, Node)>,
    /// The annotations after a JSON patch, if the resource will be hashed.
    pub rewritten: Option<Rewritten>,
    /// The number by which an observer of the build knows it again.
    pub mark: Option<u32>,
}

/// The annotations after a JSON patch, which rewrites all of them.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// Number of other entries of `metadata`, which precede them.
    pub(super) place: usize,
    /// Names of the bookkeeping annotations among them.
    pub(super) bookkeeping: Vec<&'static str>,
    /// Number of the other annotations.
    pub(super) annotations: usize,
}

/// The ties of most resources: none.
pub(super) static NO_TIES: Ties = Ties {
    variables: Vec::new(),
    referrers: Vec::new(),
    awaited_by: Vec::new(),
    comments: None,
    brought: None,
    rewritten: None,
    mark: None,
};
