//! An entry of a kustomization in the graph.

use super::difference::Effect;
use crate::source::Span;

/// An entry of a kustomization, or a whole field.
#[derive(Debug)]
pub struct Entry {
    /// The field, such as `patches`; the kind of a plugin.
    pub field: String,
    /// The place in the field, if that is a list.
    pub index: Option<usize>,
    /// A path, a name or keys; empty for a whole field.
    pub name: String,
    /// The span of the entry.
    pub span: Span,
    /// Its target.
    pub leads_to: LeadsTo,
    /// Its effect; `None` if it has none of its own, or was not counted.
    pub effect: Option<Effect>,
}

/// The target of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadsTo {
    /// None: the entry is a setting.
    Setting,
    /// A file.
    File,
    /// A kustomization, by its place in [`Graph::layers`](super::Graph::layers).
    Layer(usize),
    /// Content from elsewhere that was not fetched.
    Remote,
    /// A Helm chart.
    Chart,
    /// A path at which there is neither a file nor a directory.
    Missing,
}
