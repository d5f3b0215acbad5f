//! The current and previous names of a resource.

use super::ResId;
use crate::schema::Gvk;
use crate::yaml::{Text, tight};

/// The id of a resource and its history. Shared by readers that look at the names of all resources while few of them
/// change.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The current id.
    pub(super) id: ResId,
    /// The previous names, namespaces and kinds, oldest first.
    pub previous: Vec<PreviousId>,
    /// The prefixes added to the name, in order.
    pub prefixes: Vec<Text>,
    /// The suffixes added to the name, in order.
    pub suffixes: Vec<Text>,
}

/// A previous id of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousId {
    /// The name.
    pub name: Text,
    /// The effective namespace: [`ResId::effective_namespace`].
    pub namespace: Text,
    /// The kind.
    pub kind: Text,
}

impl From<ResId> for Names {
    /// The names of a resource that was never renamed.
    fn from(id: ResId) -> Self {
        Self { id, ..Self::default() }
    }
}

impl Names {
    /// The current id.
    #[must_use]
    pub const fn id(&self) -> &ResId {
        &self.id
    }

    /// The original id.
    #[must_use]
    pub fn original_id(&self) -> ResId {
        self.previous_ids().next().unwrap_or_else(|| self.id.clone())
    }

    /// The previous ids, oldest first. Group and version are the current ones: earlier ones are not recorded.
    pub fn previous_ids(&self) -> impl Iterator<Item = ResId> {
        self.previous.iter().map(|previous| ResId {
            gvk: Gvk { kind: previous.kind.clone(), ..self.id.gvk.clone() },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
            cluster_scoped: false,
        })
    }

    /// Records the current id as a previous one.
    pub fn push_previous_id(&mut self) {
        let previous = PreviousId {
            name: self.id.name.clone(),
            namespace: self.id.effective_namespace().into(),
            kind: self.id.gvk.kind.clone(),
        };
        tight::push(&mut self.previous, previous);
    }

    /// Takes over the history of another resource.
    pub(super) fn remember(&mut self, other: &Self) {
        self.previous.clone_from(&other.previous);
        self.prefixes.clone_from(&other.prefixes);
        self.suffixes.clone_from(&other.suffixes);
    }

    /// Clears the history.
    pub(super) fn forget(&mut self) {
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
    }

    /// True if there is no history.
    pub(super) const fn is_new(&self) -> bool {
        self.previous.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty()
    }
}
