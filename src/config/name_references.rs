//! Name references: fields that hold the names of other objects.

use std::borrow::Cow;
use std::ptr;

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
    /// The type that is referred to; empty parts match anything.
    pub gvk: Gvk,
    /// The referring fields.
    pub referrers: FieldSpecs,
}

/// The serialised form of [`NameBackReferences`]: the parts of the type are beside the fields.
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

/// All name references. The static defaults are copied only when they are extended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct NameReferences(Cow<'static, [NameBackReferences]>);

impl NameReferences {
    /// A static list: no type is repeated, and types are sorted.
    pub(super) const fn of_program(references: &'static [NameBackReferences]) -> Self {
        Self(Cow::Borrowed(references))
    }

    /// The types that are referred to, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &NameBackReferences> {
        self.0.iter()
    }

    /// Adds name references: new fields of a known type are added to it.
    ///
    /// # Errors
    /// As [`FieldSpecs::merge_one`].
    pub fn merge(&mut self, others: &Self) -> Result<()> {
        // Merging a list with itself changes nothing if no type is repeated: `FieldSpecs::merge`.
        if let (Cow::Borrowed(known), Cow::Borrowed(others)) = (&self.0, &others.0)
            && ptr::eq(*known, *others)
        {
            return Ok(());
        }
        others.iter().try_for_each(|other| self.merge_one(other))
    }

    /// Adds the fields of one type. (`api/internal/plugins/builtinconfig/namebackreferences.go`, `mergeOne`.)
    ///
    /// # Errors
    /// As [`FieldSpecs::merge_one`].
    pub fn merge_one(&mut self, other: &NameBackReferences) -> Result<()> {
        // A file may list a type twice; the fields are added to both.
        let mut found = false;
        for known in self.0.to_mut().iter_mut().filter(|known| known.gvk == other.gvk) {
            known.referrers.merge(&other.referrers)?;
            found = true;
        }
        if !found {
            self.0.to_mut().push(other.clone());
        }
        Ok(())
    }

    /// Sorts by the types that are referred to.
    pub fn sort(&mut self) {
        if let Cow::Owned(references) = &mut self.0 {
            references.sort_by_cached_key(|references| references.gvk.legacy_key());
        }
    }
}

impl FromIterator<NameBackReferences> for NameReferences {
    fn from_iter<I: IntoIterator<Item = NameBackReferences>>(references: I) -> Self {
        Self(references.into_iter().collect())
    }
}
