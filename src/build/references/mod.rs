//! Name references: a field that holds the name of another object follows when that object is renamed.
//!
//! (kustomize, `api/internal/accumulator/namereferencetransformer.go`, `api/filters/nameref`.)

mod candidates;
mod referrer;
#[cfg(test)]
mod tests;

use super::by_type::ByType;
use crate::config::{NameBackReferences, NameReferences};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{ResMap, Resource};
use crate::schema::{Gvk, Schema};
use crate::transform::{Fate, FieldPath, Report, Step, Work};
use candidates::Candidates;
use referrer::follow;

/// Writes the names of today, and the namespaces where a field says one, into every field that names a resource by a
/// name that it had before. The names of today are those that the resources have now.
///
/// Costs a walk over the resources, each along the fields that its type can refer with, for each name found there a look
/// at the resources that had it, and for each type a look at all fields.
///
/// # Errors
/// In the work: [`Code::ReferenceAmbiguous`] where several resources could be
/// meant, and what is wrong with the fields: all of it.
pub(super) fn update<'c>(
    resources: &ResMap,
    references: &'c NameReferences,
    schema: &'c Schema,
    budget: &'c Budget,
) -> Work<'c> {
    Work::step(Update {
        candidates: Candidates::new(resources),
        fields: ByType::new(references.length(), budget, |gvk| Field::all(references, gvk)),
        schema,
        budget,
        errors: Vec::new(),
    })
}

/// Updates the references of resources, one by one.
struct Update<'c, F> {
    candidates: Candidates,
    fields: ByType<'c, Field<'c>, F>,
    schema: &'c Schema,
    budget: &'c Budget,
    errors: Vec<Error>,
}

impl<'c, F: Fn(&Gvk) -> Vec<Field<'c>>> Step for Update<'c, F> {
    fn change(&mut self, _: usize, resource: &mut Resource) -> Result<Fate> {
        if !resource.node().is_empty() {
            // What refers is known by the type that it had first.
            let fields = self.fields.of(&resource.original_id().gvk, resource.span())?;
            let checked = if fields.is_empty() { Ok(()) } else { check_version(resource) };
            let followed = checked.and_then(|()| {
                follow(resource, fields, &self.candidates, self.schema, self.budget)
            });
            match followed {
                Err(error) if error.is_spent() => return Err(error),
                followed => self.errors.extend(followed.err()),
            }
        }
        Ok(Fate::Stays)
    }

    fn finish(&mut self, _: &ResMap, _: &mut Report<'_, '_>) -> Result<()> {
        Error::all(self.errors.drain(..)).map_or(Ok(()), Err)
    }
}

/// Checks that a resource that may refer to others has an `apiVersion` whose parts make it up again: one without a group
/// has no slash. (`api/filters/nameref/nameref.go`: `confirmNodeMatchesReferrer`.)
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
