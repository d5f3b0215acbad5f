//! `replicas:` sets how many copies of a workload run.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::{Context, Create};
use crate::config::{FieldSpecs, Replica};
use crate::error::{Code, Error, Result};
use crate::resource::ResMap;
use crate::schema::Schema;
use crate::yaml::{Tag, Text};

/// Sets the number of copies of every workload that has, or once had, the name of an entry. Linear.
///
/// (kustomize, `api/internal/builtins/ReplicaCountTransformer.go`.)
///
/// # Errors
/// [`Code::ReplicaTargetNotFound`] for a name that no workload has: it is nearly always a misspelling.
pub(super) fn transform(context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    let replicas = &context.kustomization.replicas;
    if replicas.is_empty() {
        return Ok(());
    }
    let by_name = places_by_name(resources);
    for replica in replicas {
        set(replica, &context.configuration.replicas, &by_name, resources, context.schema)?;
    }
    Ok(())
}

/// The places of the resources by each name that they have or had.
pub(crate) fn places_by_name(resources: &ResMap) -> BTreeMap<Text, Vec<usize>> {
    let mut by_name: BTreeMap<Text, Vec<usize>> = BTreeMap::new();
    for (place, resource) in resources.iter().enumerate() {
        let ids = resource.names().previous_ids().chain([resource.id().clone()]);
        for id in ids {
            let places = by_name.entry(id.name).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    by_name
}

pub(crate) fn set(
    replica: &Replica,
    specs: &FieldSpecs,
    by_name: &BTreeMap<Text, Vec<usize>>,
    resources: &mut ResMap,
    schema: &Schema,
) -> Result<()> {
    let count = replica.count.value.to_string();
    let places = by_name.get(&replica.name.value).map_or(&[][..], Vec::as_slice);
    let mut found = false;
    for spec in specs.iter() {
        let fields = Fields::new([&spec.value], Create::Scalar(Tag::Int));
        for &place in places {
            let fits = resources.get(place).is_some_and(|resource| {
                let mut ids = resource.names().previous_ids().chain([resource.id().clone()]);
                !resource.node().is_empty()
                    && ids
                        .any(|id| id.name == replica.name.value && id.gvk.is_selected_by(&spec.gvk))
            });
            if fits {
                found = true;
                let set = |resource: &mut _| {
                    fields.visit(resource, schema, replica.count.span, &mut |field| {
                        field.set_text(&count, Tag::Int, replica.count.span)
                    })
                };
                resources.change(place, set).unwrap_or(Ok(()))?;
            }
        }
    }
    if found { Ok(()) } else { Err(no_such_workload(replica, specs, by_name)) }
}

#[cold]
fn no_such_workload(
    replica: &Replica,
    specs: &FieldSpecs,
    by_name: &BTreeMap<Text, Vec<usize>>,
) -> Error {
    let kinds: Vec<&str> = specs.iter().map(|spec| spec.gvk.kind.as_str()).collect();
    let name = replica.name.as_str();
    Error::new(Code::ReplicaTargetNotFound, format!("no workload has the name `{name}`"))
        .at(replica.name.span)
        .label(format!("looked for: {}", kinds.join(", ")))
        .did_you_mean(name, by_name.keys().map(Text::as_str))
        .help("give the name as the resource itself has it, without prefix or suffix of this kustomization")
}
