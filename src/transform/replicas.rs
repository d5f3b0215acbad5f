//! `replicas:` sets the number of replicas of workloads.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::fields::{Fields, charge_specs};
use super::{Builtin, Change, Configured, Context, Create, Fate, Report, Step, Tally, Work};
use crate::config::{FieldSpec, FieldSpecs, Replica, Section};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{Index, Names, ResId, ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::de::{self, Rules};
use crate::yaml::{Tag, Text};

/// `replicas` and `ReplicaCountTransformer`.
pub(super) const REPLICAS: Builtin = Builtin {
    kind: "ReplicaCountTransformer",
    field: "replicas",
    changes,
    document: &["replica", "fieldSpecs"],
    configure: |_, node| {
        let document: ReplicaDocument = de::from_node_by(node, Rules::Lenient)?;
        Ok(Box::new(document))
    },
};

/// Builds the changes for `replicas`: each sets the number of replicas of every workload that has, or had, the name of
/// an entry. Linear in the number of resources.
///
/// (kustomize, `api/internal/builtins/ReplicaCountTransformer.go`.)
///
/// # Errors
/// In the work: [`Code::ReplicaTargetNotFound`] for a name that no workload has, since it is nearly always a
/// misspelling.
fn changes<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let field = builtin.cause(context, Span::NONE);
    Ok(context.changes(field, &context.kustomization.replicas, |replicas| {
        let replicas = replicas.iter().map(|replica| &replica.value);
        let specs = context.configuration.specs(Section::Replicas);
        Some(set(replicas, specs, (context.schema, context.root.budget())))
    }))
}

/// Builds the work that sets the numbers of replicas, entry after entry.
fn set<'c>(
    replicas: impl IntoIterator<Item = &'c Replica>,
    specs: &FieldSpecs,
    (schema, budget): (&'c Schema, &'c Budget),
) -> Work<'c> {
    let mut by_name: Index<&str, Vec<usize>> = Index::default();
    let entry =
        |replica: &'c Replica| ReplicaEntry { replica, count: replica.count.value.to_string() };
    let entries: Vec<ReplicaEntry<'_>> = replicas.into_iter().map(entry).collect();
    for (number, entry) in entries.iter().enumerate() {
        by_name.entry(&entry.replica.name).or_default().push(number);
    }
    let create = Create::Scalar(Tag::Int);
    let field = |spec: &FieldSpec| (spec.clone(), Fields::new([spec], create));
    let fields = specs.iter().map(|spec| field(&spec.value)).collect();
    Work::step(Set { entries, by_name, fields, schema, budget })
}

/// A document that configures the builtin, with one number of replicas.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ReplicaDocument {
    replica: Replica,
    field_specs: FieldSpecs,
}

impl Configured for ReplicaDocument {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        vec![set([&self.replica], &self.field_specs, (context.schema, context.root.budget()))]
    }
}

/// The step that sets the numbers of replicas of resources.
struct Set<'c> {
    entries: Vec<ReplicaEntry<'c>>,
    /// The indices of the entries for a name, in order.
    by_name: Index<&'c str, Vec<usize>>,
    fields: Vec<(FieldSpec, Fields)>,
    schema: &'c Schema,
    budget: &'c Budget,
}

struct ReplicaEntry<'c> {
    replica: &'c Replica,
    count: String,
}

/// The workloads that the entries matched, and the first error.
#[derive(Default)]
struct Found {
    /// The numbers of the entries whose name a workload has.
    entries: BTreeSet<usize>,
    /// The first error in the order of entries, then fields, then resources, with its entry and field.
    failed: Option<((usize, usize), Error)>,
}

impl Found {
    fn fail(&mut self, place: (usize, usize), error: Error) {
        if self.failed.as_ref().is_none_or(|(first, _)| place < *first) {
            self.failed = Some((place, error));
        }
    }
}

impl Tally for Found {
    fn add(&mut self, following: Self) {
        self.entries.extend(following.entries);
        if let Some((place, error)) = following.failed {
            self.fail(place, error);
        }
    }
}

impl Step for Set<'_> {
    type Tally = Found;

    fn change(&self, found: &mut Found, _: usize, resource: &mut Resource) -> Result<Fate> {
        for number in self.entries_for(resource) {
            charge_specs((self.fields.len(), 0), self.budget, || {
                self.entries[number].replica.name.span
            })?;
            self.set(number, resource, found);
        }
        Ok(Fate::Stays)
    }

    fn finish(&self, found: Found, resources: &ResMap, _: &mut Report<'_, '_>) -> Result<()> {
        let missing = (0..self.entries.len()).find(|number| !found.entries.contains(number));
        match (missing, found.failed) {
            (Some(missing), Some(((entry, _), error))) if entry < missing => Err(error),
            (Some(missing), _) => Err(self.no_such_workload(missing, resources)),
            (None, Some((_, error))) => Err(error),
            (None, None) => Ok(()),
        }
    }

    fn ignores_annotations(&self) -> bool {
        self.fields.iter().all(|(_, fields)| fields.leave_annotations())
    }
}

impl Set<'_> {
    /// The indices of the entries for the current and previous names of a resource, in order.
    fn entries_for(&self, resource: &Resource) -> Vec<usize> {
        let names = resource.names();
        let of = |name: &Text| self.by_name.get(name.as_str()).into_iter().flatten().copied();
        let mut entries: Vec<usize> =
            names.previous.iter().flat_map(|previous| of(&previous.name)).collect();
        entries.extend(of(&names.id().name));
        entries.sort_unstable();
        entries.dedup();
        entries
    }

    fn set(&self, number: usize, resource: &mut Resource, found: &mut Found) {
        let Some(ReplicaEntry { replica, count }) = self.entries.get(number) else { return };
        for (place, (spec, fields)) in self.fields.iter().enumerate() {
            let fits =
                |id: ResId| id.name == replica.name.value && id.gvk.is_selected_by(&spec.gvk);
            let has_been = |names: &Names| names.previous_ids().any(fits);
            if resource.node().is_empty()
                || !(fits(resource.id().clone()) || has_been(resource.names()))
            {
                continue;
            }
            found.entries.insert(number);
            let tools = (self.schema, self.budget);
            let set = fields.visit(resource, tools, replica.count.span, &mut |field| {
                field.set_text(count, Tag::Int, replica.count.span)
            });
            if let Err(error) = set {
                found.fail((number, place), error);
            }
        }
    }

    #[cold]
    fn no_such_workload(&self, number: usize, resources: &ResMap) -> Error {
        let kinds: Vec<&str> = self.fields.iter().map(|(spec, _)| spec.gvk.kind.as_str()).collect();
        let name = &self.entries[number].replica.name;
        let known: BTreeSet<&str> = resources
            .iter()
            .map(Resource::names)
            .flat_map(|names| names.previous.iter().map(|id| &id.name).chain([&names.id().name]))
            .map(Text::as_str)
            .collect();
        Error::new(Code::ReplicaTargetNotFound, format!("no workload has the name `{}`", name.as_str()))
            .at(name.span)
            .label(format!("looked for: {}", kinds.join(", ")))
            .did_you_mean(name, known)
            .help("give the name as the resource itself has it, without prefix or suffix of this kustomization")
    }
}
