//! Name references: fields that hold the names of other objects.

use std::borrow::Cow;
use std::ptr;

use serde::Deserialize;

use super::FieldSpecs;
use super::field_specs::Searched;
use crate::error::Result;
use crate::index::{Groups, Index};
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

/// The serialised form of [`NameBackReferences`], with the parts of the type next to the fields.
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

    /// The number of types and their fields.
    pub(crate) fn length(&self) -> usize {
        self.iter().map(|of_type| 1 + of_type.referrers.iter().len()).sum()
    }

    /// Adds name references: new fields of a known type are added to it. Linear in both lengths.
    ///
    /// # Errors
    /// As [`FieldSpecs::merge_one`].
    pub fn merge(&mut self, others: &Self) -> Result<()> {
        // Merging a static list with itself, or with an empty list, gives this list: no type is repeated.
        if let (Cow::Borrowed(known), Cow::Borrowed(list)) = (&self.0, &others.0)
            && (known.is_empty() || ptr::eq(*known, *list))
        {
            self.0 = Cow::Borrowed(list);
            return Ok(());
        }
        let mut by_type: Groups<Gvk> = self.iter().map(|known| known.gvk.clone()).collect();
        let mut searched: Index<usize, Searched> = Index::default();
        for other in others.iter() {
            let list = self.0.to_mut();
            let mut is_known = false;
            // A file may list a type twice; the fields are added to both.
            for at in by_type.positions(&other.gvk) {
                list[at].referrers.merge_by(&other.referrers, searched.entry(at).or_default())?;
                is_known = true;
            }
            if !is_known {
                list.push(other.clone());
                by_type.push(other.gvk.clone());
            }
        }
        Ok(())
    }

    /// Adds the fields of one type: to all entries of this type, or as a new entry if there is none. Linear.
    /// (`api/internal/plugins/builtinconfig/namebackreferences.go`, `mergeOne`.)
    ///
    /// # Errors
    /// As [`FieldSpecs::merge_one`].
    pub fn merge_one(&mut self, other: &NameBackReferences) -> Result<()> {
        let list = self.0.to_mut();
        let mut is_known = false;
        for known in list.iter_mut().filter(|known| known.gvk == other.gvk) {
            known.referrers.merge(&other.referrers)?;
            is_known = true;
        }
        if !is_known {
            list.push(other.clone());
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
