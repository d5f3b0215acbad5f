//! Name references: fields with the name of another object, which are updated if that object is renamed.
//!
//! (kustomize, `api/internal/accumulator/namereferencetransformer.go`, `api/filters/nameref`.)

mod candidates;
mod referrer;
#[cfg(test)]
mod tests;

use super::by_type::ByType;
use crate::config::NameReferences;
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{ResMap, Resource};
use crate::schema::{Gvk, Schema};
use crate::transform::{Fate, FieldPath, Report, Step, Work};
use candidates::Candidates;
use referrer::follow;

/// Builds the work that updates every field with a previous name of a resource to its current name, and its namespace
/// if the field has one. Current names are those at the time of this call.
///
/// Costs a walk over the resources, along the reference fields of their types; for each name found there a lookup of
/// the resources that had it; and for each type a look at all field specs.
///
/// # Errors
/// In the work: [`Code::ReferenceAmbiguous`] if a name matches several resources, and errors about malformed fields;
/// all of them together.
pub(super) fn update<'c>(
    resources: &ResMap,
    references: &'c NameReferences,
    schema: &'c Schema,
    budget: &'c Budget,
) -> Work<'c> {
    let find = |gvk: &Gvk| Field::all(references, gvk);
    let mut fields = ByType::new(references.length(), budget, find);
    for resource in resources.iter().filter(|resource| !resource.node().is_empty()) {
        // Referrers are selected by their original type.
        if let Err(error) = fields.of(&resource.original_id().gvk, || resource.span()) {
            return Work::failed(error);
        }
    }
    Work::step(Update { candidates: Candidates::new(resources), fields, schema, budget })
}

/// The step that updates the references of resources.
struct Update<'c, F> {
    candidates: Candidates,
    fields: ByType<'c, Field<'c>, F>,
    schema: &'c Schema,
    budget: &'c Budget,
}

impl<'c, F: Fn(&Gvk) -> Vec<Field<'c>> + Send + Sync> Step for Update<'c, F> {
    type Tally = Vec<Error>;

    fn change(&self, errors: &mut Vec<Error>, _: usize, resource: &mut Resource) -> Result<Fate> {
        if !resource.node().is_empty() {
            let fields = self.fields.known(&resource.original_id().gvk);
            let checked = if fields.is_empty() { Ok(()) } else { check_version(resource) };
            let followed = checked.and_then(|()| {
                follow(resource, fields, &self.candidates, self.schema, self.budget)
            });
            match followed {
                Err(error) if error.is_spent() => return Err(error),
                followed => errors.extend(followed.err()),
            }
        }
        Ok(Fate::Stays)
    }

    fn finish(&self, errors: Vec<Error>, _: &ResMap, _: &mut Report<'_, '_>) -> Result<()> {
        Error::all(errors).map_or(Ok(()), Err)
    }
}

/// Checks the `apiVersion` of a resource that may have references: if its group is empty, it must not begin with a
/// slash, or its parts would not make it up again. (`api/filters/nameref/nameref.go`: `confirmNodeMatchesReferrer`.)
fn check_version(resource: &Resource) -> Result<()> {
    if !resource.gvk().group.is_empty() {
        return Ok(());
    }
    match resource.node().get("apiVersion") {
        Some(version) if version.as_text().is_some_and(|text| text.starts_with('/')) => {
            Err(Error::new(Code::InvalidValue, "found an `apiVersion` that begins with a slash")
                .at(version.span())
                .help("write it as `group/version`, or as `version` alone"))
        }
        _ => Ok(()),
    }
}

/// A field with names of resources of a type.
struct Field<'c> {
    referral: &'c Gvk,
    written: &'c str,
    path: FieldPath,
}

impl<'c> Field<'c> {
    /// The fields that resources of a type may have.
    fn all(references: &'c NameReferences, referrer: &Gvk) -> Vec<Self> {
        let mut fields = Vec::new();
        for of_type in references.iter() {
            let specs = of_type.referrers.iter();
            fields.extend(specs.filter(|spec| referrer.is_selected_by(&spec.gvk)).map(|spec| {
                Field {
                    referral: &of_type.gvk,
                    written: &spec.path,
                    path: FieldPath::new(&spec.path),
                }
            }));
        }
        fields
    }
}
