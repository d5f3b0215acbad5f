//! Name references: a field that holds the name of another object follows when that object is renamed.
//!
//! (kustomize, `api/internal/accumulator/namereferencetransformer.go`, `api/filters/nameref`.)

mod candidates;
mod referrer;
#[cfg(test)]
mod tests;

use indexmap::IndexMap;

use crate::config::{NameBackReferences, NameReferences};
use crate::error::{Error, Result};
use crate::resource::ResMap;
use crate::schema::{Gvk, Schema};
use crate::transform::FieldPath;
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
    let mut fields = Fields::new(references);
    let mut referrals = Vec::new();
    let mut errors = Vec::new();
    for resource in resources.iter_mut().filter(|resource| !resource.node().is_empty()) {
        // What refers is known by the kind that it had first.
        let original = resource.original_id().gvk;
        let fields = fields.of(&original);
        if let Err(error) = follow(resource, &fields, &candidates, &mut referrals, schema) {
            errors.push(error);
        }
    }
    for (place, referrer) in referrals {
        resources.change(place, |resource| resource.referrers.push(referrer));
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// The fields that hold names, by the kinds that have them.
struct Fields<'c> {
    fields: Vec<Field<'c>>,
    by_kind: IndexMap<&'c str, Vec<usize>>,
    of_any_kind: Vec<usize>,
    /// Those of the types asked for so far.
    known: IndexMap<Gvk, Vec<usize>>,
}

/// A field that holds the names of resources of a type.
struct Field<'c> {
    referral: &'c Gvk,
    referrer: &'c Gvk,
    written: &'c str,
    path: FieldPath,
}

impl<'c> Fields<'c> {
    fn new(references: &'c NameReferences) -> Self {
        let fields = |references: &'c NameBackReferences| {
            references.referrers.iter().map(|spec| Field {
                referral: &references.gvk,
                referrer: &spec.gvk,
                written: &spec.path,
                path: FieldPath::new(&spec.path),
            })
        };
        let fields: Vec<Field<'c>> = references.iter().flat_map(fields).collect();
        let mut by_kind: IndexMap<&str, Vec<usize>> = IndexMap::new();
        let mut of_any_kind = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            match field.referrer.kind.as_str() {
                "" => of_any_kind.push(place),
                kind => by_kind.entry(kind).or_default().push(place),
            }
        }
        Self { fields, by_kind, of_any_kind, known: IndexMap::new() }
    }

    /// The fields of objects of a type, in the order of the table.
    fn of(&mut self, gvk: &Gvk) -> Vec<&Field<'c>> {
        if !self.known.contains_key(gvk) {
            let of_kind = self.by_kind.get(gvk.kind.as_str()).into_iter().flatten();
            let mut places: Vec<usize> = of_kind.chain(&self.of_any_kind).copied().collect();
            places.retain(|&place| gvk.is_selected_by(self.fields[place].referrer));
            places.sort_unstable();
            self.known.insert(gvk.clone(), places);
        }
        self.known.get(gvk).into_iter().flatten().map(|&place| &self.fields[place]).collect()
    }
}
