//! What a resource is called, and what it was called before.

use super::ResId;
use crate::schema::Gvk;
use crate::yaml::{Text, tight};

/// The id of a resource, and how it came to it. Whoever looks at the names of all resources while they change shares
/// them: nearly none of them does.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The id that it has now.
    pub(super) id: ResId,
    /// The names, namespaces and kinds that it had, the oldest first.
    pub previous: Vec<PreviousId>,
    /// The prefixes that its name got, in the order they were added.
    pub prefixes: Vec<Text>,
    /// The suffixes that its name got, in the order they were added.
    pub suffixes: Vec<Text>,
}

/// What a resource was called at an earlier time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousId {
    /// Its name.
    pub name: Text,
    /// Its namespace as it counts: [`ResId::effective_namespace`].
    pub namespace: Text,
    /// Its kind.
    pub kind: Text,
}

impl From<ResId> for Names {
    /// The names of what was never called otherwise.
    fn from(id: ResId) -> Self {
        Self { id, ..Self::default() }
    }
}

impl Names {
    /// The id that it has now.
    #[must_use]
    pub const fn id(&self) -> &ResId {
        &self.id
    }

    /// The id that it had first.
    #[must_use]
    pub fn original_id(&self) -> ResId {
        self.previous_ids().next().unwrap_or_else(|| self.id.clone())
    }

    /// The ids that it had before this one, the oldest first. Group and version are those of today: they are not
    /// remembered.
    pub fn previous_ids(&self) -> impl Iterator<Item = ResId> {
        self.previous.iter().map(|previous| ResId {
            gvk: Gvk { kind: previous.kind.clone(), ..self.id.gvk.clone() },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
            cluster_scoped: false,
        })
    }

    /// Remembers the id that it has now as a previous one.
    pub fn push_previous_id(&mut self) {
        let previous = PreviousId {
            name: self.id.name.clone(),
            namespace: self.id.effective_namespace().into(),
            kind: self.id.gvk.kind.clone(),
        };
        tight::push(&mut self.previous, previous);
    }

    /// Takes over what others remember.
    pub(super) fn remember(&mut self, other: &Self) {
        self.previous.clone_from(&other.previous);
        self.prefixes.clone_from(&other.prefixes);
        self.suffixes.clone_from(&other.suffixes);
    }

    /// Forgets everything but the id of now.
    pub(super) fn forget(&mut self) {
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
    }

    /// Whether nothing is remembered but the id of now.
    pub(super) const fn is_new(&self) -> bool {
        self.previous.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty()
    }
}
