//! A resource: a document, its id, and its bookkeeping during a build.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::metadata::{self, ANNOTATIONS, LABELS, METADATA};
use super::origin::{ORIGIN, TRANSFORMATIONS};
use super::ties::{NO_TIES, Ties};
use super::{Names, ResId, bookkeeping};
use crate::error::Result;
use crate::schema::{Gvk, Schema};
use crate::source::Span;
use crate::yaml::parse::Comment;
use crate::yaml::{self, Mapping, Node, Scalar, Style, Tag, Text, share};

/// A Kubernetes object during a build. Cloning shares the document.
///
/// Kustomize's internal annotations are fields here: see [`Resource::with_annotations`].
#[derive(Clone, Debug)]
pub struct Resource {
    pub(super) node: Node,
    pub(super) names: Arc<Names>,
    /// The behavior that its generator specifies for a resource of the same id; `None` if it was not generated.
    pub behavior: Option<Behavior>,
    /// True if its name gets a hash suffix.
    pub needs_hash: bool,
    /// For a patch: true if it may change the name of its target.
    pub allow_name_change: bool,
    /// For a patch: true if it may change the kind of its target.
    pub allow_kind_change: bool,
    /// True if it was rendered from a Helm chart, which sets its namespace itself.
    pub helm_generated: bool,
    /// True if some of its values may be shared by several positions ([`share`]).
    pub shares: bool,
    pub(super) is_foreign: bool,
    ties: Option<Box<Ties>>,
}

/// The effect of a generated resource on an existing one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// Missing or unknown: like [`Behavior::Create`].
    #[default]
    Unspecified,
    /// It must be new.
    Create,
    /// It replaces the existing one.
    Replace,
    /// Its entries are added to those of the existing one.
    Merge,
}

/// Kustomize's own annotations that stay in the output on request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// `config.kubernetes.io/origin`
    pub origin: bool,
    /// `alpha.config.kubernetes.io/transformations`
    pub transformations: bool,
}

/// The text of an absent field.
static NO_TEXT: Text = Text::of_program("");

const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// The object, with the types that the output has.
impl Serialize for Resource {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        yaml::serialize(&self.node, serializer)
    }
}

impl Resource {
    /// Creates a resource from a document. Bookkeeping in its annotations is moved into fields.
    ///
    /// # Errors
    /// Those of [`Schema::check`] if only an OpenAPI document knows the kind, and those of contradictory bookkeeping.
    pub fn new(node: Node, schema: &Schema) -> Result<Self> {
        let mut resource = Self {
            node,
            names: Arc::default(),
            behavior: None,
            needs_hash: false,
            allow_name_change: false,
            allow_kind_change: false,
            helm_generated: false,
            shares: false,
            is_foreign: false,
            ties: None,
        };
        let annotations = bookkeeping::brought(&resource.node);
        bookkeeping::read(&mut resource)?;
        if resource.needs_hash {
            resource.ties_mut().brought = annotations;
        }
        resource.identify(schema)?;
        Ok(resource)
    }

    /// The document.
    #[must_use]
    pub const fn node(&self) -> &Node {
        &self.node
    }

    /// The current id.
    #[must_use]
    pub fn id(&self) -> &ResId {
        &self.names.id
    }

    /// Its type.
    #[must_use]
    pub fn gvk(&self) -> &Gvk {
        &self.id().gvk
    }

    /// True if its scope is not built in, so that it depends on an OpenAPI document ([`Schema::built_in_scope`]).
    #[must_use]
    pub const fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.id().gvk.kind
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.id().name
    }

    /// Its namespace as written; may be empty.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.id().namespace
    }

    /// Its original id.
    #[must_use]
    pub fn original_id(&self) -> ResId {
        self.names.original_id()
    }

    /// Its current and previous names.
    #[must_use]
    pub const fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// Its current and previous names, mutable.
    pub fn names_mut(&mut self) -> &mut Names {
        Arc::make_mut(&mut self.names)
    }

    /// The bookkeeping that few resources have.
    #[must_use]
    pub fn ties(&self) -> &Ties {
        self.ties.as_deref().unwrap_or(&NO_TIES)
    }

    /// The bookkeeping that few resources have, mutable.
    pub fn ties_mut(&mut self) -> &mut Ties {
        self.ties.get_or_insert_with(|| Box::new(NO_TIES.clone()))
    }

    /// The number by which an observer of the build knows it again.
    #[must_use]
    pub fn mark(&self) -> Option<u32> {
        self.ties().mark
    }

    /// The comments that can act as schemas in a merge.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        self.ties().comments.as_deref().unwrap_or_default()
    }

    /// The span to show for it: that of its name, or else of its first key.
    #[must_use]
    pub fn span(&self) -> Span {
        let name = self
            .node
            .get(METADATA)
            .and_then(|metadata| metadata.get("name"))
            .map_or(Span::NONE, Node::span);
        if name.is_none() { first_key(&self.node) } else { name }
    }

    /// Its labels in document order, values as written. Of duplicate keys the last counts.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        metadata::entries(&self.node, LABELS)
    }

    /// Its annotations in document order, values as written. Of duplicate keys the last counts.
    pub fn annotations(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        metadata::entries(&self.node, ANNOTATIONS)
    }

    /// True if it is for tools only and omitted from the output: `config.kubernetes.io/local-config` is set to anything
    /// but `false`.
    #[must_use]
    pub fn is_local_config(&self) -> bool {
        self.annotations()
            .find(|(key, _)| *key == LOCAL_CONFIG)
            .is_some_and(|(_, value)| value != "false")
    }

    /// Sets the name: untagged, in the style of the old name. So `1e5` becomes a number if the old name had no quotes.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) if `metadata` is not a mapping.
    pub fn set_name(&mut self, name: &str, span: Span) -> Result<()> {
        if let Some(metadata) = metadata::metadata_mut(&mut self.node)? {
            set_untagged(metadata, "name", name, span);
            self.names_mut().id.name = name.into();
        }
        Ok(())
    }

    /// Sets the namespace like [`Resource::set_name`]; an empty one is removed.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) if `metadata` is not a mapping.
    pub fn set_namespace(&mut self, namespace: &str, span: Span) -> Result<()> {
        if let Some(metadata) = metadata::metadata_mut(&mut self.node)? {
            match namespace {
                "" => drop(metadata.remove("namespace")),
                _ => set_untagged(metadata, "namespace", namespace, span),
            }
            self.names_mut().id.namespace = namespace.into();
        }
        Ok(())
    }

    /// Sets the kind like [`Resource::set_name`].
    ///
    /// # Errors
    /// As [`Resource::new`].
    pub fn set_kind(&mut self, kind: &str, span: Span, schema: &Schema) -> Result<()> {
        self.set_field("kind", kind, span, schema)
    }

    /// Sets the field `apiVersion` like [`Resource::set_name`].
    ///
    /// # Errors
    /// As [`Resource::new`].
    pub fn set_api_version(
        &mut self,
        api_version: &str,
        span: Span,
        schema: &Schema,
    ) -> Result<()> {
        self.set_field("apiVersion", api_version, span, schema)
    }

    fn set_field(&mut self, key: &str, text: &str, span: Span, schema: &Schema) -> Result<()> {
        self.edit(schema, |root| {
            if let Some(root) = root.as_mapping_mut() {
                set_untagged(root, key, text, span);
            }
            Ok(())
        })
    }

    /// Changes the document. The change must not depend on bookkeeping annotations: see [`Resource::with_annotations`].
    ///
    /// # Errors
    /// Those of the change, and those of the schema as in [`Resource::new`].
    pub fn edit<T>(
        &mut self,
        schema: &Schema,
        change: impl FnOnce(&mut Node) -> Result<T>,
    ) -> Result<T> {
        let result = change(&mut self.node);
        let identified = self.identify(schema);
        result.and_then(|value| identified.map(|()| value))
    }

    /// Changes the document while its annotations contain the bookkeeping, as they always do in kustomize. Afterwards
    /// the bookkeeping is read back: annotations that the change removed are forgotten.
    ///
    /// For changes that can see annotations: patches, replacements, functions.
    ///
    /// # Errors
    /// Those of [`Resource::edit`], and of annotations that are not a mapping or contradict each other.
    pub fn with_annotations<T>(
        &mut self,
        schema: &Schema,
        change: impl FnOnce(&mut Node) -> Result<T>,
    ) -> Result<T> {
        bookkeeping::write(self)?;
        let result = self.edit(schema, change);
        self.settle_shares();
        let read = bookkeeping::read(self);
        result.and_then(|value| read.map(|()| value))
    }

    /// Copies the new value of a shared node to all positions that share it.
    pub fn settle_shares(&mut self) {
        if self.shares {
            share::settle(&mut self.node);
        }
    }

    /// Converts the document to its output form: annotations are sorted strings, internal ones are removed, and so is a
    /// field `annotations` without entries.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) if `metadata` or its annotations are not a mapping.
    pub fn finish(&mut self, kept: Kept) -> Result<()> {
        if bookkeeping::is_any(self) {
            if let Some(counts) = bookkeeping::unequal(self) {
                return Err(bookkeeping::uneven(counts, self.span()));
            }
            if metadata::is_double(&self.node) {
                metadata::clear_empty(&mut self.node);
            }
        }
        if self
            .node
            .get(METADATA)
            .and_then(Node::as_mapping)
            .is_some_and(|metadata| metadata.get(ANNOTATIONS).is_none())
        {
            return Ok(());
        }
        // Kustomize removes its annotations, origins and transformations one after the other; each pass merges
        // duplicate fields a little further.
        let passes = match metadata::is_double(&self.node) {
            false => 1,
            true => 1 + usize::from(!kept.origin) + usize::from(!kept.transformations),
        };
        for _ in 0..passes {
            let mut annotations = metadata::take(&mut self.node, ANNOTATIONS)?;
            annotations.retain(|key, _| match &**key {
                ORIGIN => kept.origin,
                TRANSFORMATIONS => kept.transformations,
                key => !bookkeeping::is_internal(key),
            });
            metadata::put(&mut self.node, ANNOTATIONS, annotations)?;
        }
        Ok(())
    }

    /// Updates the id from the document. Cheap if it did not change.
    fn identify(&mut self, schema: &Schema) -> Result<()> {
        let present = |node: &&Node| !node.is_empty();
        let metadata = self.node.get(METADATA).filter(present);
        let in_metadata = |key| {
            let node = metadata.and_then(|metadata| metadata.get(key)).filter(present);
            node.and_then(Node::as_scalar).map(Scalar::shared_text).unwrap_or(&NO_TEXT)
        };
        let (name, namespace) = (in_metadata("name"), in_metadata("namespace"));
        if (name, namespace) != (&self.names.id.name, &self.names.id.namespace) {
            let id = &mut Arc::make_mut(&mut self.names).id;
            (id.name, id.namespace) = (name.clone(), namespace.clone());
        }
        let text = |key| self.node.get(key).and_then(Node::as_text).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let (group, version) = Gvk::split_api_version(api_version);
        let known = self.gvk();
        if (known.group.as_str(), known.version.as_str(), known.kind.as_str())
            == (group, version, kind)
        {
            return Ok(());
        }
        let gvk = Gvk { group: group.into(), version: version.into(), kind: kind.into() };
        let scope = Schema::built_in_scope(&gvk);
        self.is_foreign = scope.is_none();
        if self.is_foreign {
            schema.check()?;
        }
        let is_cluster_scoped =
            scope.map_or_else(|| schema.is_cluster_scoped(&gvk), |is_namespaced| !is_namespaced);
        let id = &mut self.names_mut().id;
        id.cluster_scoped = is_cluster_scoped;
        id.gvk = gvk;
        Ok(())
    }
}

/// The span of the first key of a document, which represents the whole.
pub(super) fn first_key(root: &Node) -> Span {
    let first = root.as_mapping().and_then(|root| root.iter().next());
    first.map_or(root.span(), |(key, _)| key.span())
}

/// Kyaml's `SetMapField` with text: the value has no tag and the style of the value that it replaces; a new value is
/// quoted, so that it is text.
fn set_untagged(mapping: &mut Mapping, key: &str, text: &str, span: Span) {
    let style = match mapping.get(key) {
        Some(old) => old.as_scalar().map_or(Style::Plain, Scalar::style),
        None if text.is_empty() => Style::Plain,
        None => Style::DoubleQuoted,
    };
    mapping.insert(Scalar::untagged(key, span), Scalar::set(text, Tag::None, style, span).into());
}

impl Behavior {
    /// The behavior with this name. As in kustomize, an unknown name counts as unspecified.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    /// The name, as kustomize writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::{resource, schema};

    const NOWHERE: Span = Span::NONE;

    #[test]
    fn the_id_is_read_from_the_document() {
        let found =
            resource("{apiVersion: apps/v1, kind: Deployment, metadata: {name: 5, namespace: ~}}");
        assert_eq!(found.id().to_string(), "apps/v1 Deployment 5");
        assert_eq!(found.original_id(), *found.id());
        assert_eq!((found.labels().count(), found.annotations().count()), (0, 0));
    }

    #[test]
    fn previous_ids_have_the_group_and_version_of_today() {
        let mut found = resource("{apiVersion: v1, kind: Foo, metadata: {name: a}}");
        found.names_mut().push_previous_id();
        found.set_name("b", NOWHERE).unwrap();
        found.names_mut().push_previous_id();
        found.set_api_version("x.y/v2", NOWHERE, &schema()).unwrap();
        found.set_kind("Bar", NOWHERE, &schema()).unwrap();
        found.set_namespace("n", NOWHERE).unwrap();
        let ids: Vec<String> = found.names().previous_ids().map(|id| id.to_string()).collect();
        assert_eq!(ids, ["x.y/v2 Foo default/a", "x.y/v2 Foo default/b"]);
        assert_eq!(found.original_id().name, "a");
        assert_eq!(found.id().to_string(), "x.y/v2 Bar n/b");
    }

    #[test]
    fn what_was_cluster_scoped_is_remembered_so() {
        let mut found = resource("{apiVersion: v1, kind: Namespace, metadata: {name: a}}");
        let before = found.id().clone();
        found.names_mut().push_previous_id();
        assert_eq!(found.original_id(), before);
    }

    #[test]
    fn a_name_takes_the_style_of_the_old_one() {
        for (name, expected) in [("a", "1e5"), ("'a'", "\"1e5\""), ("!!str a", "1e5")] {
            let mut found = resource(&format!("{{kind: A, metadata: {{name: {name}}}}}"));
            found.set_name("1e5", NOWHERE).unwrap();
            assert_eq!(found.name(), "1e5");
            let node = found.node().get(METADATA).unwrap().get("name").unwrap();
            assert_eq!(format!("{node:?}"), expected);
        }
    }

    #[test]
    fn an_empty_namespace_is_removed() {
        let mut found = resource("{kind: A, metadata: {name: a, namespace: n}}");
        found.set_namespace("", NOWHERE).unwrap();
        assert_eq!(format!("{:?}", found.node()), "{kind: A, metadata: {name: a}}");
        found.set_namespace("1", NOWHERE).unwrap();
        let expected = "{kind: A, metadata: {name: a, namespace: \"1\"}}";
        assert_eq!(format!("{:?}", found.node()), expected);
    }

    #[test]
    fn an_edit_changes_the_id() {
        let mut found = resource("{kind: A, metadata: {name: a}}");
        let role = resource(
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: b}}",
        );
        let edit = |root: &mut Node| {
            *root = role.node;
            Ok(())
        };
        found.edit(&schema(), edit).unwrap();
        assert_eq!((found.name(), found.kind()), ("b", "ClusterRole"));
        assert!(found.id().cluster_scoped);
    }

    #[test]
    fn local_config_is_annotated_with_anything_but_false() {
        for (value, expected) in [("\"true\"", true), ("~", true), ("''", true), ("false", false)] {
            let key = "config.kubernetes.io/local-config";
            let text =
                format!("{{kind: A, metadata: {{name: a, annotations: {{{key}: {value}}}}}}}");
            assert_eq!(resource(&text).is_local_config(), expected, "{value}");
        }
        assert!(!resource("{kind: A, metadata: {name: a}}").is_local_config());
    }

    #[track_caller]
    fn finished(text: &str, kept: Kept) -> String {
        let mut found = resource(text);
        found.finish(kept).unwrap();
        format!("{:?}", found.node().get(METADATA))
    }

    #[test]
    fn annotations_are_printed_as_sorted_strings() {
        let text = "{kind: A, metadata: {name: a, annotations: {b: 1.0, a: ~, c: [x], \"d\": null, b: yes}}}";
        let expected = "Some({name: a, annotations: {a: !!Str \"~\", b: !!Str \"yes\", c: !!Str \"\", d: !!Str \"null\"}})";
        assert_eq!(finished(text, Kept::default()), expected);
    }

    #[test]
    fn annotations_of_the_build_are_not_printed() {
        let text = "
kind: A
metadata:
  name: a
  annotations:
    internal.config.kubernetes.io/prefixes: x
    internal.config.kubernetes.io/needsHashSuffix: maybe
    config.kubernetes.io/index: 1
    config.kubernetes.io/origin: |
      path: a.yaml
";
        assert_eq!(finished(text, Kept::default()), "Some({name: a})");
        let kept = Kept { origin: true, ..Kept::default() };
        assert!(
            finished(text, kept).contains("config.kubernetes.io/origin: !!Str \"path: a.yaml\\n\"")
        );
        let text =
            "{kind: A, metadata: {name: a, annotations: {internal.config.kubernetes.io/other: x}}}";
        assert!(finished(text, Kept::default()).contains("other"));
    }

    #[test]
    fn there_is_always_a_mapping_metadata() {
        assert_eq!(finished("{kind: AList}", Kept::default()), "Some({})");
        assert_eq!(
            finished("{kind: AList, metadata: {annotations: {}}}", Kept::default()),
            "Some({})"
        );
        assert_eq!(finished("{kind: AList, metadata: ~}", Kept::default()), "Some(~)");
        for text in
            ["{kind: AList, metadata: x}", "{kind: A, metadata: {name: a, annotations: [b]}}"]
        {
            let code = resource(text).finish(Kept::default()).unwrap_err().code();
            assert_eq!(code, crate::error::Code::InvalidType);
        }
    }

    #[test]
    fn a_behavior_is_known_by_its_name() {
        for name in ["create", "replace", "merge", "unspecified"] {
            assert_eq!(Behavior::named(name).name(), name);
        }
        assert_eq!(Behavior::named("Merge"), Behavior::Unspecified);
    }
}
