//! `namespace:` puts all resources into one namespace.

use super::fields::Fields;
use super::{Context, Create};
use crate::config::{FieldSpec, FieldSpecs};
use crate::error::Result;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::{Node, Sequence, Tag, Text};

/// Sets the namespace of every resource that has one by its kind, and the fields that say a namespace.
///
/// Resources that a chart made are left alone: Helm sets their namespaces. Linear.
///
/// (kustomize, `api/internal/builtins/NamespaceTransformer.go`, `api/filters/namespace`.)
///
/// # Errors
/// [`Code::DuplicateId`](crate::error::Code::DuplicateId) when two resources have one id in the new namespace, and
/// [`Code::InvalidType`](crate::error::Code::InvalidType) where a field is no text.
pub(super) fn transform(context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    let namespace = &context.kustomization.namespace;
    if namespace.is_empty() {
        return Ok(());
    }
    let transformer = NamespaceTransformer {
        namespace: &namespace.value,
        span: namespace.span,
        unset_only: false,
        subjects: Subjects::NamedDefault,
        fields: &context.configuration.namespace,
    };
    transformer.transform(resources, context.schema)
}

/// The namespace transformer with all its options.
pub(crate) struct NamespaceTransformer<'c> {
    pub(crate) namespace: &'c Text,
    pub(crate) span: Span,
    /// Fill in what is absent or empty, and change nothing else.
    pub(crate) unset_only: bool,
    pub(crate) subjects: Subjects,
    pub(crate) fields: &'c FieldSpecs,
}

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subjects {
    /// Those named `default`.
    NamedDefault,
    /// All service accounts.
    ServiceAccounts,
    /// None.
    Untouched,
}

impl NamespaceTransformer<'_> {
    /// Sets the namespace of all resources.
    pub(crate) fn transform(&self, resources: &mut ResMap, schema: &Schema) -> Result<()> {
        let usual = |spec: &&FieldSpec| *spec.path != *"metadata/namespace";
        // Only an object of `v1` is a Namespace by another name than its own.
        let not_the_name = |spec: &&FieldSpec| *spec.path != *"metadata/name";
        let not_the_subjects = |spec: &&FieldSpec| {
            !(is_role_binding(&spec.gvk.kind) && *spec.path == *"subjects/namespace")
        };
        let fields = || self.fields.iter().map(|spec| &spec.value).filter(usual);
        let create = Create::Scalar(Tag::Str);
        let of_v1 = Fields::new(fields(), create);
        let of_others = Fields::new(fields().filter(not_the_name), create);
        let of_v1_bindings = Fields::new(fields().filter(not_the_subjects), create);
        let of_bindings =
            Fields::new(fields().filter(not_the_name).filter(not_the_subjects), create);
        for resource in resources.iter_mut() {
            if resource.node().is_empty() || resource.helm_generated {
                continue;
            }
            resource.names_mut().push_previous_id();
            self.set_own(resource, schema)?;
            let v1 = resource.gvk().group.is_empty() && *resource.gvk().version == *"v1";
            let binding = is_role_binding(resource.kind());
            self.set_subjects(resource, schema)?;
            let fields = match (v1, binding) {
                (true, false) => &of_v1,
                (false, false) => &of_others,
                (true, true) => &of_v1_bindings,
                (false, true) => &of_bindings,
            };
            fields.visit(resource, schema, self.span, &mut |field| self.set(field))?;
        }
        resources.check_ids().map_err(|error| {
            error.step(format!(
                "while moving all resources into the namespace `{}`",
                self.namespace.as_str()
            ))
        })
    }

    fn set(&self, field: &mut Node) -> Result<()> {
        if self.unset_only
            && field.as_text().is_some_and(|text| !text.is_empty())
            && !field.is_null()
        {
            return Ok(());
        }
        field.set_text(self.namespace, Tag::Str, self.span)
    }

    /// Sets the namespace of a resource that has one by its kind.
    pub(crate) fn set_own(&self, resource: &mut Resource, schema: &Schema) -> Result<()> {
        if resource.id().cluster_scoped {
            return Ok(());
        }
        let spec =
            FieldSpec { path: "metadata/namespace".into(), create: true, ..FieldSpec::default() };
        let own = Fields::new([&spec], Create::Scalar(Tag::None));
        own.visit(resource, schema, self.span, &mut |field| self.set(field))
    }

    /// Sets the namespaces of the subjects of a role binding; does nothing to any other kind.
    pub(crate) fn set_subjects(&self, resource: &mut Resource, schema: &Schema) -> Result<()> {
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
                    None => subject.set_field("namespace", self.namespace, Tag::Str, self.span)?,
                }
            }
            Ok(())
        })
    }
}

fn is_role_binding(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}
