//! Name references: a field that holds the name of another object follows when that object is renamed.
//!
//! (kustomize, `api/internal/accumulator/namereferencetransformer.go`, `api/filters/nameref`.)

mod candidates;
mod referrer;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;

use super::by_kind::ByKind;
use crate::config::{NameBackReferences, NameReferences};
use crate::error::{Error, Result};
use crate::resource::ResMap;
use crate::schema::{Gvk, Schema};
use crate::transform::FieldPath;
use crate::yaml::tight;
use candidates::Candidates;
use referrer::follow;

/// Writes the names of today, and the namespaces where a field says one, into every field that names a resource by a
/// name that it had before.
///
/// Costs a walk over the resources, each along the fields that its kind can refer with, and for each name found there a
/// look at the resources that had it.
///
/// # Errors
/// [`Code::ReferenceAmbiguous`](crate::error::Code::ReferenceAmbiguous) where several resources could be meant, and
/// what is wrong with the fields: all of it.
pub(super) fn update(
    resources: &mut ResMap,
    references: &NameReferences,
    schema: &Schema,
) -> Result<()> {
    let candidates = Candidates::new(resources);
    let fields = Field::all(references);
    let mut by_kind = ByKind::new(fields.iter().map(|field| field.referrer));
    let mut referrals = Vec::new();
    let mut errors = Vec::new();
    for resource in resources.iter_mut().filter(|resource| !resource.node().is_empty()) {
        // What refers is known by the kind that it had first.
        let original = resource.original_id().gvk;
        let places = by_kind.places(&original);
        let fields: Vec<&Field<'_>> =
            places.iter().filter_map(|&place| fields.get(place)).collect();
        if let Err(error) = follow(resource, &fields, &candidates, &mut referrals, schema) {
            errors.push(error);
        }
    }
    for (place, referrer) in referrals {
        resources
            .change(place, |resource| tight::push(&mut resource.ties_mut().referrers, referrer));
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// A field that holds the names of resources of a type.
struct Field<'c> {
    referral: &'c Gvk,
    referrer: &'c Gvk,
    written: &'c str,
    /// Taken apart when a resource may have the field: most kinds that refer are in no build.
    path: OnceCell<FieldPath>,
}

impl<'c> Field<'c> {
    fn all(references: &'c NameReferences) -> Vec<Self> {
        let fields = |references: &'c NameBackReferences| {
            references.referrers.iter().map(|spec| Field {
                referral: &references.gvk,
                referrer: &spec.gvk,
                written: &spec.path,
                path: OnceCell::new(),
            })
        };
        references.iter().flat_map(fields).collect()
    }

    fn path(&self) -> &FieldPath {
        self.path.get_or_init(|| FieldPath::new(self.written))
    }
}
