//! The fields that a transformer changes: field specs with parsed paths.

use super::{Create, FieldPath};
use crate::config::FieldSpec;
use crate::error::Result;
use crate::limits::Budget;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::Node;

/// The charge for a created field, in bytes: a key, a mapping of its own, and its lines in the output.
const MADE: usize = 128;

/// Charge for a field spec that is compared with the type of a resource, in bytes: as many as a build copies in the
/// same time.
const COMPARED: usize = 16;

/// Charge for a field spec of the type of a resource: its path is followed.
const FOLLOWED: usize = 8;

/// The charge up to which field specs are free for a resource. The longest list of defaults has about 100.
const ORDINARY: usize = 8000;

/// Charges field specs that are compared with the type of a resource, and those that are of its type. Free for ordinary
/// numbers.
///
/// # Errors
/// As [`Budget::bytes`].
pub(crate) fn charge_specs(
    (compared, followed): (usize, usize),
    budget: &Budget,
    span: impl FnOnce() -> Span,
) -> Result<()> {
    match compared * COMPARED + followed * FOLLOWED {
        ..=ORDINARY => Ok(()),
        charge => budget.bytes(charge, span()),
    }
}

/// Field specs with their paths parsed.
pub(super) struct Fields {
    fields: Vec<(FieldSpec, FieldPath)>,
    create: Create,
}

impl Fields {
    /// The fields of some specs. Missing fields are created as `create` specifies, if the spec has `create: true`.
    pub(super) fn new<'s>(specs: impl IntoIterator<Item = &'s FieldSpec>, create: Create) -> Self {
        let field = |spec: &FieldSpec| (spec.clone(), FieldPath::new(&spec.path));
        Self { fields: specs.into_iter().map(field).collect(), create }
    }

    /// Calls `set` on every field of a resource that a spec selects, spec after spec. Created fields are charged to the
    /// budget.
    ///
    /// # Errors
    /// Those of [`FieldPath::visit`], and of `set`.
    pub(super) fn visit(
        &self,
        resource: &mut Resource,
        (schema, budget): (&Schema, &Budget),
        span: Span,
        set: &mut dyn FnMut(&mut Node) -> Result<()>,
    ) -> Result<()> {
        let mut followed = 0;
        for (spec, path) in &self.fields {
            if resource.gvk().is_selected_by(&spec.gvk) {
                followed += 1;
                let made = self.visit_one(spec, path, resource, schema, span, set)?;
                budget.bytes(made * MADE, span)?;
            }
        }
        charge_specs((self.fields.len(), followed), budget, || span)
    }

    /// True if no path can select annotations of a resource.
    pub(super) fn leave_annotations(&self) -> bool {
        self.fields.iter().all(|(spec, _)| leaves_annotations(spec))
    }

    fn visit_one(
        &self,
        spec: &FieldSpec,
        path: &FieldPath,
        resource: &mut Resource,
        schema: &Schema,
        span: Span,
        set: &mut dyn FnMut(&mut Node) -> Result<()>,
    ) -> Result<usize> {
        let create = if spec.create { self.create } else { Create::Never };
        if create == Create::Never && !path.leads_somewhere(resource.node()) {
            return Ok(0);
        }
        let mut shared = false;
        let visited = resource.edit(schema, |root| {
            path.visit(root, create, span, &mut |node| {
                shared |= is_shared(node);
                set(node)
            })
        });
        if shared {
            resource.settle_shares();
        }
        visited.map_err(|error| {
            error.step(format!("while setting `{}` of `{}`", spec.path, resource.id()))
        })
    }
}

/// True if the path of a field spec cannot select annotations of a resource.
pub(super) fn leaves_annotations(spec: &FieldSpec) -> bool {
    let path = spec.path.trim_start_matches('/');
    !path.starts_with("metadata") || path.starts_with("metadata/labels")
}

/// True if a node shares its value with other places of the document.
#[must_use]
pub fn is_shared(node: &Node) -> bool {
    !node.share().is_none()
}
