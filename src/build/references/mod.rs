//! Name references: a field that holds the name of another object follows when that object is renamed.
//!
//! (kustomize, `api/internal/accumulator/namereferencetransformer.go`, `api/filters/nameref`.)

mod candidates;
mod referrer;
#[cfg(test)]
mod tests;

use super::by_type::ByType;
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
/// Costs a walk over the resources, each along the fields that its type can refer with, for each name found there a look
/// at the resources that had it, and for each type a look at all fields.
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
    let mut fields = ByType::new(|gvk| Field::all(references, gvk));
    let mut referrals = Vec::new();
    let mut errors = Vec::new();
    for resource in resources.iter_mut().filter(|resource| !resource.node().is_empty()) {
        // What refers is known by the type that it had first.
        let fields = fields.of(&resource.original_id().gvk);
        if let Err(error) = follow(resource, fields, &candidates, &mut referrals, schema) {
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
    written: &'c str,
    path: FieldPath,
}

impl<'c> Field<'c> {
    /// Those that resources of a type may have.
    fn all(references: &'c NameReferences, referrer: &Gvk) -> Vec<Self> {
        let fields = |references: &'c NameBackReferences| {
            let specs = references.referrers.iter();
            specs.filter(|spec| referrer.is_selected_by(&spec.gvk)).map(|spec| Field {
                referral: &references.gvk,
                written: &spec.path,
                path: FieldPath::new(&spec.path),
            })
        };
        references.iter().flat_map(fields).collect()
    }
}
