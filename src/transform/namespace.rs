//! `namespace:` sets the namespace of all resources.

use serde::Deserialize;

use super::fields::Fields;
use super::{Builtin, Change, Configured, Context, Create, Fate, Report, Step, Work};
use crate::config::{FieldSpec, FieldSpecs, Section};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{ResMap, Resource, Unique};
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Sequence, Tag, Text};

/// `namespace` and `NamespaceTransformer`, which has more options.
pub(super) const NAMESPACE: Builtin = Builtin {
    kind: "NamespaceTransformer",
    field: "namespace",
    changes,
    document: &["fieldSpecs", "unsetOnly", "setRoleBindingSubjects"],
    configure: |_, node| {
        let document: NamespaceDocument = de::from_node_by(node, Rules::Lenient)?;
        let subjects = subjects(&document.set_role_binding_subjects)?;
        Ok(Box::new(NamespaceMetadata { document, subjects }))
    },
};

/// Builds the change for `namespace`: it sets the namespace of every namespaced resource, and the fields that refer to
/// it.
///
/// Resources from a Helm chart are skipped: Helm sets their namespaces. Linear in the number of resources.
///
/// (kustomize, `api/internal/builtins/NamespaceTransformer.go`, `api/filters/namespace`.)
///
/// # Errors
/// In the work: [`Code::DuplicateId`] if two resources have the same id in the new namespace, and [`Code::InvalidType`]
/// for a field that is not text.
fn changes<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let namespace = &context.kustomization.namespace;
    if namespace.is_empty() {
        return Ok(Vec::new());
    }
    let transformer = NamespaceTransformer {
        namespace: &namespace.value,
        span: namespace.span,
        unset_only: false,
        subjects: Subjects::NamedDefault,
        budget: context.root.budget(),
    };
    let cause = builtin.cause(context, namespace.span);
    let work = transformer.work(context.configuration.specs(Section::Namespace), context.schema);
    Ok(vec![Change::new(cause, [work])])
}

/// The namespace transformer with all its options.
#[derive(Clone, Copy)]
pub(super) struct NamespaceTransformer<'c> {
    pub(super) namespace: &'c Text,
    pub(super) span: Span,
    /// Sets only fields that are absent or empty.
    pub(super) unset_only: bool,
    pub(super) subjects: Subjects,
    pub(super) budget: &'c Budget,
}

/// The subjects of role bindings that get the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subjects {
    /// Those named `default`.
    NamedDefault,
    /// All service accounts.
    ServiceAccounts,
    /// None.
    Untouched,
}

/// The step that moves resources into the namespace.
struct Move<'c> {
    transformer: NamespaceTransformer<'c>,
    schema: &'c Schema,
    own: Own,
    /// The fields of objects of `v1`, and of its role bindings; then those of other objects, and of their role
    /// bindings.
    of_v1: Fields,
    of_v1_bindings: Fields,
    of_others: Fields,
    of_bindings: Fields,
}

/// The field `metadata/namespace`.
pub(super) struct Own(Fields);

impl Default for Own {
    fn default() -> Self {
        let spec =
            FieldSpec { path: "metadata/namespace".into(), create: true, ..FieldSpec::default() };
        Self(Fields::new([&spec], Create::Scalar(Tag::None)))
    }
}

impl Step for Move<'_> {
    type Tally = Unique;

    fn change(&self, ids: &mut Unique, place: usize, resource: &mut Resource) -> Result<Fate> {
        if !resource.node().is_empty() && !resource.helm_generated {
            self.change_one(resource)?;
        }
        ids.add(place, resource);
        Ok(Fate::Stays)
    }

    fn finish(&self, ids: Unique, resources: &ResMap, _: &mut Report<'_, '_>) -> Result<()> {
        ids.check(resources).map_err(|error| {
            let namespace = self.transformer.namespace.as_str();
            error.step(format!("while moving all resources into the namespace `{namespace}`"))
        })
    }
}

impl Move<'_> {
    fn change_one(&self, resource: &mut Resource) -> Result<()> {
        let Self { transformer, schema, .. } = self;
        resource.names_mut().push_previous_id();
        transformer.set_own(&self.own, resource, schema)?;
        let v1 = resource.gvk().group.is_empty() && *resource.gvk().version == *"v1";
        let binding = is_role_binding(resource.kind());
        transformer.set_subjects(resource, schema)?;
        let fields = match (v1, binding) {
            (true, false) => &self.of_v1,
            (false, false) => &self.of_others,
            (true, true) => &self.of_v1_bindings,
            (false, true) => &self.of_bindings,
        };
        let tools = (*schema, transformer.budget);
        fields.visit(resource, tools, transformer.span, &mut |field| transformer.set(field))
    }
}

impl<'c> NamespaceTransformer<'c> {
    /// Builds the work that sets the namespace of all resources.
    pub(super) fn work(self, specs: &FieldSpecs, schema: &'c Schema) -> Work<'c> {
        let usual = |spec: &&FieldSpec| *spec.path != *"metadata/namespace";
        // Only objects of `v1` can be Namespaces, whose name the field spec `metadata/name` sets.
        let not_the_name = |spec: &&FieldSpec| *spec.path != *"metadata/name";
        let not_the_subjects = |spec: &&FieldSpec| {
            !(is_role_binding(&spec.gvk.kind) && *spec.path == *"subjects/namespace")
        };
        let fields = || specs.iter().map(|spec| &spec.value).filter(usual);
        let create = Create::Scalar(Tag::Str);
        Work::step(Move {
            transformer: self,
            schema,
            own: Own::default(),
            of_v1: Fields::new(fields(), create),
            of_others: Fields::new(fields().filter(not_the_name), create),
            of_v1_bindings: Fields::new(fields().filter(not_the_subjects), create),
            of_bindings: Fields::new(
                fields().filter(not_the_name).filter(not_the_subjects),
                create,
            ),
        })
    }

    fn set(&self, field: &mut Node) -> Result<()> {
        if self.unset_only
            && field.as_text().is_some_and(|text| !text.is_empty())
            && !field.is_null()
        {
            return Ok(());
        }
        self.budget.text(self.namespace.len(), self.span)?;
        field.set_text(self.namespace, Tag::Str, self.span)
    }

    /// Sets the namespace of a resource, if its kind is namespaced.
    pub(super) fn set_own(
        &self,
        own: &Own,
        resource: &mut Resource,
        schema: &Schema,
    ) -> Result<()> {
        if resource.id().cluster_scoped {
            return Ok(());
        }
        own.0.visit(resource, (schema, self.budget), self.span, &mut |field| self.set(field))
    }

    /// Sets the namespaces of the subjects of a role binding; other kinds are skipped.
    pub(super) fn set_subjects(&self, resource: &mut Resource, schema: &Schema) -> Result<()> {
        if !is_role_binding(resource.kind()) {
            return Ok(());
        }
        let (key, value) = match self.subjects {
            Subjects::Untouched => return Ok(()),
            Subjects::NamedDefault => ("name", "default"),
            Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
        };
        let fits = |subject: &Node| subject.get(key).and_then(Node::as_text) == Some(value);
        let list = resource.node().get("subjects").and_then(Node::as_sequence);
        if !list.is_some_and(|list| list.items().iter().any(fits)) {
            return Ok(());
        }
        resource.edit(schema, |root| {
            let list =
                root.get_mut("subjects").and_then(Node::as_sequence_mut).map(Sequence::items_mut);
            for subject in list.into_iter().flatten().filter(|subject| fits(subject)) {
                match subject.get_mut("namespace") {
                    Some(field) => self.set(field)?,
                    None => {
                        self.budget.text(self.namespace.len(), self.span)?;
                        subject.set_field("namespace", self.namespace, Tag::Str, self.span)?;
                    }
                }
            }
            Ok(())
        })
    }
}

fn is_role_binding(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NamespaceDocument {
    metadata: Metadata,
    field_specs: FieldSpecs,
    unset_only: bool,
    set_role_binding_subjects: Spanned<Text>,
}

/// The metadata of the configuration, whose namespace is the one to set.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    namespace: Spanned<Text>,
}

const SUBJECTS: &[(&str, Subjects)] = &[
    ("defaultOnly", Subjects::NamedDefault),
    ("none", Subjects::Untouched),
    ("allServiceAccounts", Subjects::ServiceAccounts),
];

struct NamespaceMetadata {
    document: NamespaceDocument,
    subjects: Subjects,
}

impl Configured for NamespaceMetadata {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let NamespaceDocument { metadata: Metadata { namespace }, field_specs, unset_only, .. } =
            &self.document;
        if namespace.is_empty() {
            return Vec::new();
        }
        let transformer = NamespaceTransformer {
            namespace: &namespace.value,
            span: namespace.span,
            unset_only: *unset_only,
            subjects: self.subjects,
            budget: context.root.budget(),
        };
        vec![transformer.work(field_specs, context.schema)]
    }
}

fn subjects(word: &Spanned<Text>) -> Result<Subjects> {
    if word.is_empty() {
        return Ok(Subjects::NamedDefault);
    }
    let known = SUBJECTS.iter().find(|(name, _)| *name == word.as_str());
    known.map(|&(_, subjects)| subjects).ok_or_else(|| {
        let message = format!(
            "found `{word}` as `setRoleBindingSubjects`, expected `defaultOnly`, `none` or `allServiceAccounts`"
        );
        Error::new(Code::InvalidValue, message)
            .at(word.span)
            .did_you_mean(word, SUBJECTS.iter().map(|(name, _)| *name))
    })
}
