//! Facts about kinds: their sort order, whether they are cluster-scoped, and how their fields merge.
//!
//! The facts are those of kustomize: Kubernetes v1.21.2, a few kinds of its own, and the OpenAPI document of `openapi:
//! {path: …}`, which replaces Kubernetes'. Unknown kinds are treated as namespaced, and their lists are replaced. A
//! version of Kubernetes is one file in `data/` and one line in the table of versions.

mod data;
mod gvk;
mod inline;
mod lifecycle;
mod openapi;
mod table;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::error::{Code, Error, Result};
use crate::source::Source;
use openapi::OpenApiDocument;
use table::{Definition, Table};

pub use gvk::{Gvk, LEGACY_FIRST, LEGACY_LAST};
pub use inline::Inline;
pub use lifecycle::{Api, Fields};
pub use openapi::compile;
pub use walk::{Keys, Type};

/// The schema in force. Cheap to clone; two schemas are equal if they were made from the same input.
#[derive(Clone)]
pub struct Schema {
    document: Option<Arc<OpenApiDocument>>,
    built_in: BuiltIn,
    version: &'static Table,
}

/// The use of the built-in schema before an OpenAPI document replaced it.
///
/// In kustomize the schema is global to the process, and loading a document does not clear it. So earlier use decides
/// whether the built-in facts remain in addition to those of the document. If several apply, the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum BuiltIn {
    /// Not used: the document replaces the built-in schema.
    #[default]
    Replaced,
    /// It was asked for the scope of an unknown kind: it stays, and takes precedence over the document.
    First,
    /// It was used to merge: it stays, and the document takes precedence.
    Second,
}

impl Schema {
    /// The schema of the default version of Kubernetes.
    #[must_use]
    pub fn built_in() -> Self {
        Self { document: None, built_in: BuiltIn::First, version: data::DEFAULT }
    }

    /// The fields of the kinds of the newest version of Kubernetes that is known. Builds do not use it.
    #[must_use]
    pub const fn newest() -> &'static Self {
        static NEWEST: Schema =
            Schema { document: None, built_in: BuiltIn::First, version: &data::FIELDS };
        &NEWEST
    }

    /// The names of all kinds and fields of the built-in schemas, sorted.
    #[must_use]
    pub fn built_in_names() -> &'static [&'static str] {
        static NAMES: OnceLock<Vec<&str>> = OnceLock::new();
        NAMES.get_or_init(|| {
            let tables = [data::DEFAULT, &data::FIELDS, &data::KUSTOMIZE];
            let mut names: Vec<&str> = tables.into_iter().flat_map(Table::names).collect();
            names.sort_unstable();
            names.dedup();
            names
        })
    }

    /// The values of `apiVersion` with which Kubernetes has or had a kind, sorted; empty for what is not built in. Linear in the
    /// number of kinds.
    #[must_use]
    pub fn versions_of(kind: &str) -> Vec<&'static str> {
        let tables = [&data::FIELDS, data::DEFAULT];
        let known = tables.into_iter().flat_map(Table::kinds);
        let known = known.filter(|(_, name)| *name == kind).map(|(version, _)| version);
        let listed = Api::all().iter().flat_map(|api| {
            [Some((api.api_version(), api.kind())), api.replacement].into_iter().flatten()
        });
        let listed = listed.filter(|(_, name)| *name == kind).map(|(version, _)| version);
        let mut versions: Vec<&str> = known.chain(listed).collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    /// True for a group that Kubernetes has or had, such as `apps`, or that of `v1`, which is empty. Linear in the number of
    /// kinds.
    #[must_use]
    pub fn is_group_of_kubernetes(group: &str) -> bool {
        let tables = [&data::FIELDS, data::DEFAULT];
        let known = tables.into_iter().flat_map(Table::kinds).map(|(version, _)| version);
        let listed = Api::all().iter().map(Api::api_version);
        known.chain(listed).any(|version| Gvk::split_api_version(version).0 == group)
    }

    /// True if this is the schema of the default version of Kubernetes.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.document.is_none() && std::ptr::eq(self.version, data::DEFAULT)
    }

    /// The version of Kubernetes that the built-in schema is of.
    #[must_use]
    pub fn built_in_version() -> &'static str {
        data::VERSIONS.first().map_or("", |(version, _)| version)
    }

    /// The schema of a built-in version: `openapi: {version: v1.21.2}`.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] if there is no such version.
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

    /// The schema of an OpenAPI document: `openapi: {path: …}`. As in kustomize, the document is read only when it is
    /// needed for an answer: see [`Schema::check`]. Only then must the file be text.
    #[must_use]
    pub fn of_document(source: Result<Arc<Source>>, built_in: BuiltIn) -> Self {
        Self {
            document: Some(Arc::new(OpenApiDocument::new(source))),
            built_in,
            version: data::DEFAULT,
        }
    }

    /// Reads the OpenAPI document, unless that was done before. Must be called before a merge, and before asking for
    /// the scope of a kind without [`Schema::built_in_scope`]: kustomize reads it at these points, and fails if it
    /// cannot.
    ///
    /// # Errors
    /// [`Code::InvalidSchema`] or the parser's error if the document is not a schema.
    pub fn check(&self) -> Result<()> {
        self.document.as_ref().map_or(Ok(()), |document| document.table().map(|_| ()))
    }

    /// The built-in scope of a kind: true if it is namespaced. `None` if an OpenAPI document is needed for it.
    #[must_use]
    pub fn built_in_scope(kind: &Gvk) -> Option<bool> {
        precomputed_scope(&kind_key(kind))
    }

    /// True if a kind is namespaced. `None` if the schema does not specify it, which nearly always counts as
    /// namespaced.
    ///
    /// The scopes of the default version apply whatever schema is in force.
    #[must_use]
    pub fn is_namespaced(&self, kind: &Gvk) -> Option<bool> {
        let key = kind_key(kind);
        precomputed_scope(&key)
            .or_else(|| self.tables().find_map(|table| table.kind(&key)?.namespaced))
    }

    /// True if a kind is known to be cluster-scoped, such as `Namespace` and `ClusterRole`.
    #[must_use]
    pub fn is_cluster_scoped(&self, kind: &Gvk) -> bool {
        self.is_namespaced(kind) == Some(false)
    }

    /// The type of the resources of a kind; `None` if the schema does not know it.
    #[must_use]
    pub fn of(&self, api_version: &str, kind: &str) -> Option<Type<'_>> {
        let key = [api_version, "\t", kind, "\t"].concat();
        let name = self.tables().find_map(|table| table.kind(&key)?.definition)?;
        let (table, definition) = self.definition(name)?;
        Some(Type::new(self, table, definition))
    }

    /// The tables in force, highest precedence first.
    fn tables(&self) -> impl Iterator<Item = &Table> {
        // A document that cannot be read counts as empty here: `check` has reported it.
        let document = self.document.as_ref().and_then(|document| document.table().ok());
        let (first, second) = match self.built_in {
            BuiltIn::Replaced => (document, None),
            BuiltIn::First => (Some(self.version), document),
            BuiltIn::Second => (document, Some(self.version)),
        };
        // Kustomize reads its own kinds last.
        [Some(&data::KUSTOMIZE), first, second].into_iter().flatten()
    }

    /// True if there is no OpenAPI document.
    const fn is_built_in(&self) -> bool {
        self.document.is_none()
    }

    fn definition(&self, name: &str) -> Option<(&Table, Definition<'_>)> {
        self.tables().find_map(|table| Some((table, table.definition(name)?)))
    }
}

/// The scope of a kind in kustomize's precomputed table, which is asked first.
fn precomputed_scope(key: &str) -> Option<bool> {
    [&data::KUSTOMIZE, data::DEFAULT].into_iter().find_map(|table| table.kind(key)?.namespaced)
}

fn kind_key(kind: &Gvk) -> String {
    let slash = if kind.group.is_empty() { "" } else { "/" };
    [&*kind.group, slash, &*kind.version, "\t", &*kind.kind, "\t"].concat()
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
                let id = |document: &OpenApiDocument| document.source().map(Source::id);
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
