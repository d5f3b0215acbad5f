//! Name references: which fields hold the names of other objects.

use serde::Deserialize;

use super::FieldSpecs;
use crate::error::Result;
use crate::schema::Gvk;
use crate::yaml::Text;
use crate::yaml::de::embedded;

/// The objects of one type, and the fields of others that hold their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenReferences")]
pub struct NameBackReferences {
    /// The type that is referred to; empty parts fit anything.
    pub gvk: Gvk,
    /// The fields.
    pub referrers: FieldSpecs,
}

/// A [`NameBackReferences`] as it is written: the parts of the type lie beside the fields.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WrittenReferences {
    #[serde(deserialize_with = "embedded")]
    group: Text,
    #[serde(deserialize_with = "embedded")]
    version: Text,
    #[serde(deserialize_with = "embedded")]
    kind: Text,
    field_specs: FieldSpecs,
}

impl From<WrittenReferences> for NameBackReferences {
    fn from(written: WrittenReferences) -> Self {
        let WrittenReferences { group, version, kind, field_specs: referrers } = written;
        Self { gvk: Gvk { group, version, kind }, referrers }
    }
}

/// Who refers to whom by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct NameReferences(Vec<NameBackReferences>);

impl NameReferences {
    /// The types that are referred to, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &NameBackReferences> {
        self.0.iter()
    }

    /// Adds what is not there yet: fields of a type that is there join it.
    ///
    /// # Errors
    /// As [`FieldSpecs::merge_one`].
    pub fn merge(&mut self, others: &Self) -> Result<()> {
        others.iter().try_for_each(|other| self.merge_one(other))
    }

    /// Adds the fields of one type. (`api/internal/plugins/builtinconfig/namebackreferences.go`, `mergeOne`.)
    ///
    /// # Errors
    /// As [`FieldSpecs::merge_one`].
    pub fn merge_one(&mut self, other: &NameBackReferences) -> Result<()> {
        // A file may name a type twice; the fields then join both.
        let mut found = false;
        for known in self.0.iter_mut().filter(|known| known.gvk == other.gvk) {
            known.referrers.merge(&other.referrers)?;
            found = true;
        }
        if !found {
            self.0.push(other.clone());
        }
        Ok(())
    }

    /// Puts them into the order of the types that are referred to.
    pub fn sort(&mut self) {
        self.0.sort_by_cached_key(|references| references.gvk.legacy_key());
    }
}

impl FromIterator<NameBackReferences> for NameReferences {
    fn from_iter<I: IntoIterator<Item = NameBackReferences>>(references: I) -> Self {
        Self(references.into_iter().collect())
    }
}
