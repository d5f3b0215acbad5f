//! What Kubernetes says of a kind: its place in the order, whether it is cluster-scoped, and how its fields merge.
//!
//! The facts are those of the reference: Kubernetes v1.21.2, a few kinds of kustomize's own, and the OpenAPI document
//! that `openapi: {path: …}` names, which replaces Kubernetes'. Everything else is unknown: treated as namespaced, its
//! lists replaced. A version of Kubernetes is one file in `data/` and one line in the table of versions.

mod data;
mod gvk;
mod inline;
mod openapi;
mod table;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::source::Source;
use openapi::Document;
use table::{Definition, Table};

pub use gvk::{Gvk, LEGACY_FIRST, LEGACY_LAST};
pub use inline::Inline;
pub use openapi::compile;
pub use walk::{Keys, Type};

/// The schema in force. Cheap to clone; two schemas are equal when they were made from the same input.
#[derive(Clone)]
pub struct Schema {
    document: Option<Arc<Document>>,
    built_in: BuiltIn,
    version: &'static Table,
}

/// What was done with the built-in schema before an OpenAPI document took its place.
///
/// In the reference the schema is global to the process, and loading a document does not empty it. So what was asked
/// before decides whether the built-in facts stay beside the document's. Of two things that were done, the greater one
/// counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum BuiltIn {
    /// Nothing was asked: the document replaces the built-in schema.
    #[default]
    Replaced,
    /// The scope of a kind that it does not know was asked: it stays, and wins where both define something.
    First,
    /// Something was merged by it: it stays, and the document wins where both define something.
    Second,
}

impl Schema {
    /// The schema of the default version of Kubernetes.
    #[must_use]
    pub fn built_in() -> Self {
        Self { document: None, built_in: BuiltIn::First, version: data::DEFAULT }
    }

    /// The schema of a built-in version: `openapi: {version: v1.21.2}`.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when there is no such version.
    pub fn of_version(version: &str) -> Result<Self> {
        let known = || data::VERSIONS.iter().map(|(name, _)| *name);
        match data::VERSIONS.iter().find(|(name, _)| *name == version) {
            Some((_, table)) => Ok(Self { version: table, ..Self::built_in() }),
            None => Err(Error::new(
                Code::InvalidValue,
                format!("no OpenAPI version `{version}` is built in"),
            )
            .did_you_mean(version, known())
            .help(format!(
                "the built-in versions are: {}",
                known().collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    /// The schema of an OpenAPI document: `openapi: {path: …}`. The document is read when something is asked that only
    /// it can answer, as in the reference: see [`Schema::check`]. Only then it matters whether the file is text.
    #[must_use]
    pub fn of_document(source: Result<Arc<Source>>, built_in: BuiltIn) -> Self {
        Self { document: Some(Arc::new(Document::new(source))), built_in, version: data::DEFAULT }
    }

    /// Reads the OpenAPI document, if that was not done yet. To be called before a merge, and before the scope of a
    /// kind is asked that [`Schema::has_built_in_scope`] denies: there the reference reads it, and stops if it cannot.
    ///
    /// # Errors
    /// [`Code::InvalidSchema`] or the parser's error when the document is no schema.
    pub fn check(&self) -> Result<()> {
        self.document.as_ref().map_or(Ok(()), |document| document.table().map(|_| ()))
    }

    /// Whether the scope of a kind is built in, so that no OpenAPI document is asked for it.
    #[must_use]
    pub fn has_built_in_scope(kind: &Gvk) -> bool {
        precomputed_scope(&kind_key(kind)).is_some()
    }

    /// Whether a kind lives in namespaces; nothing when the schema does not say, which counts as yes nearly everywhere.
    ///
    /// The scopes of the default version hold whatever schema is in force.
    #[must_use]
    pub fn is_namespaced(&self, kind: &Gvk) -> Option<bool> {
        let key = kind_key(kind);
        precomputed_scope(&key)
            .or_else(|| self.tables().find_map(|table| table.kind(&key)?.namespaced))
    }

    /// Whether a kind is known to be cluster-scoped, such as `Namespace` and `ClusterRole`.
    #[must_use]
    pub fn is_cluster_scoped(&self, kind: &Gvk) -> bool {
        self.is_namespaced(kind) == Some(false)
    }

    /// The type of the resources of a kind; nothing when the schema does not know it.
    #[must_use]
    pub fn of(&self, api_version: &str, kind: &str) -> Option<Type<'_>> {
        let key = format!("{api_version}\t{kind}\t");
        let name = self.tables().find_map(|table| table.kind(&key)?.definition)?;
        let (table, definition) = self.definition(name)?;
        Some(Type::new(self, table, definition))
    }

    /// The tables in force, the one that wins first.
    fn tables(&self) -> impl Iterator<Item = &Table> {
        // A document that cannot be read says nothing here: `check` has reported it.
        let document = self.document.as_ref().and_then(|document| document.table().ok());
        let (first, second) = match self.built_in {
            BuiltIn::Replaced => (document, None),
            BuiltIn::First => (Some(self.version), document),
            BuiltIn::Second => (document, Some(self.version)),
        };
        // The reference reads kustomize's own kinds last.
        [Some(&data::KUSTOMIZE), first, second].into_iter().flatten()
    }

    fn definition(&self, name: &str) -> Option<(&Table, Definition<'_>)> {
        self.tables().find_map(|table| Some((table, table.definition(name)?)))
    }
}

/// The scopes that the reference has in a table of their own and asks first.
fn precomputed_scope(key: &str) -> Option<bool> {
    [&data::KUSTOMIZE, data::DEFAULT].into_iter().find_map(|table| table.kind(key)?.namespaced)
}

fn kind_key(kind: &Gvk) -> String {
    format!("{}\t{}\t", kind.api_version(), kind.kind)
}

impl Default for Schema {
    fn default() -> Self {
        Self::built_in()
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        let is_same = match (&self.document, &other.document) {
            (None, None) => true,
            (Some(one), Some(two)) => {
                let id = |document: &Document| document.source().map(Source::id);
                Arc::ptr_eq(one, two) || id(one).is_some_and(|one| Some(one) == id(two))
            }
            _ => false,
        };
        is_same && self.built_in == other.built_in && std::ptr::eq(self.version, other.version)
    }
}

impl Eq for Schema {}

impl fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.document {
            Some(document) => {
                let name = document.source().map_or("no text", Source::name);
                write!(formatter, "Schema({name}, {:?})", self.built_in)
            }
            None => formatter.write_str("Schema(built in)"),
        }
    }
}
