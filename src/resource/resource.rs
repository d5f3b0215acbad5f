//! A resource: a document, who it is, and what happened to it in a build.

use std::sync::Arc;

use super::metadata::{self, ANNOTATIONS, LABELS, METADATA};
use super::origin::{ORIGIN, TRANSFORMATIONS};
use super::{Names, ResId, bookkeeping};
use crate::error::Result;
use crate::schema::{Gvk, Schema};
use crate::source::Span;
use crate::yaml::parse::Comment;
use crate::yaml::{Mapping, Node, Scalar, Style, Tag, Text, share};

/// An object of Kubernetes on its way through a build. Cloning shares the document.
///
/// What the reference keeps in annotations while it builds are fields here: see [`Resource::with_annotations`].
#[derive(Clone, Debug)]
pub struct Resource {
    pub(super) node: Node,
    pub(super) names: Arc<Names>,
    /// What a generator that made it says to do with a resource of the same id; nothing when no generator made it.
    pub behavior: Option<Behavior>,
    /// Whether its name gets the hash of its content.
    pub needs_hash: bool,
    /// As a patch: whether it may change the name of its target.
    pub allow_name_change: bool,
    /// As a patch: whether it may change the kind of its target.
    pub allow_kind_change: bool,
    /// Whether a chart made it, which sets its namespace itself.
    pub helm_generated: bool,
    /// Whether some of its values may stand in several places at once ([`share`]).
    pub shares: bool,
    pub(super) is_foreign: bool,
    ties: Option<Box<Ties>>,
}

/// What a build remembers of few resources, and so keeps out of the way of the others.
#[derive(Clone, Debug)]
pub struct Ties {
    /// The names of the variables that look at it.
    pub variables: Vec<Text>,
    /// The resources that refer to it by name, as they were called then.
    pub referrers: Vec<Arc<Names>>,
    /// The configurations of plugins, by their places, that go on with it once the build is complete.
    pub awaited_by: Vec<Span>,
    /// The comments of its file that can act as schemas in a merge, by the places of their text.
    pub comments: Option<Arc<[Comment]>>,
    /// The annotations as a file brought them, and their place in `metadata`, if bookkeeping was among them.
    pub brought: Option<(usize, Scalar, Node)>,
    /// What a JSON patch left of what will be hashed.
    pub rewritten: Option<Rewritten>,
}

/// The annotations behind a JSON patch, which writes all of them anew.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// How many other entries `metadata` had: so many stand before them.
    pub(super) place: usize,
    /// The bookkeeping among them.
    pub(super) bookkeeping: Vec<&'static str>,
    /// How many others there were.
    pub(super) annotations: usize,
}

/// The ties of most resources.
static NO_TIES: Ties = Ties {
    variables: Vec::new(),
    referrers: Vec::new(),
    awaited_by: Vec::new(),
    comments: None,
    brought: None,
    rewritten: None,
};

/// What a generated resource does to one that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// Not said, or not understood: as [`Behavior::Create`].
    #[default]
    Unspecified,
    /// It must be new.
    Create,
    /// It takes the place of the other.
    Replace,
    /// Its entries are added to those of the other.
    Merge,
}

/// The annotations of its own that a build leaves in the output when it is asked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// `config.kubernetes.io/origin`
    pub origin: bool,
    /// `alpha.config.kubernetes.io/transformations`
    pub transformations: bool,
}

/// The text of what is absent.
static NO_TEXT: Text = Text::of_program("");

const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

impl Resource {
    /// The resource of a document. Bookkeeping of a build that stands in its annotations moves into the fields.
    ///
    /// # Errors
    /// Those of [`Schema::check`] when only an OpenAPI document knows the kind, and of annotations that contradict
    /// each other.
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

    /// The id that it has now.
    #[must_use]
    pub fn id(&self) -> &ResId {
        &self.names.id
    }

    /// Its type.
    #[must_use]
    pub fn gvk(&self) -> &Gvk {
        &self.id().gvk
    }

    /// Whether its scope is not built in, so that an OpenAPI document is asked for it
    /// ([`Schema::has_built_in_scope`]).
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

    /// Its namespace as it is written; empty when there is none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.id().namespace
    }

    /// The id that it had first.
    #[must_use]
    pub fn original_id(&self) -> ResId {
        self.names.original_id()
    }

    /// What it is called, and what it was called before.
    #[must_use]
    pub const fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// The same, to change.
    pub fn names_mut(&mut self) -> &mut Names {
        Arc::make_mut(&mut self.names)
    }

    /// What is remembered of few resources.
    #[must_use]
    pub fn ties(&self) -> &Ties {
        self.ties.as_deref().unwrap_or(&NO_TIES)
    }

    /// The same, to change.
    pub fn ties_mut(&mut self) -> &mut Ties {
        self.ties.get_or_insert_with(|| Box::new(NO_TIES.clone()))
    }

    /// The comments that can act as schemas when something is merged into it.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        self.ties().comments.as_deref().unwrap_or_default()
    }

    /// The place to show for it: where its name is written, or else its first key.
    #[must_use]
    pub fn span(&self) -> Span {
        let name = self
            .node
            .get(METADATA)
            .and_then(|metadata| metadata.get("name"))
            .map_or(Span::NONE, Node::span);
        if name.is_none() { first_key(&self.node) } else { name }
    }

    /// Its labels in the order of the document, their values as written. The last of two with one key counts.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        metadata::entries(&self.node, LABELS)
    }

    /// Its annotations in the order of the document, their values as written. The last of two with one key counts.
    pub fn annotations(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        metadata::entries(&self.node, ANNOTATIONS)
    }

    /// Whether it is for tools only and left out of the output: annotated `config.kubernetes.io/local-config` with
    /// anything but `false`.
    #[must_use]
    pub fn is_local_config(&self) -> bool {
        self.annotations()
            .find(|(key, _)| *key == LOCAL_CONFIG)
            .is_some_and(|(_, value)| value != "false")
    }

    /// Sets the name: untagged, in the style of the name that was there. So `1e5` becomes a number if no quotes stood
    /// there.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) when `metadata` is no mapping.
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
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) when `metadata` is no mapping.
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

    /// Changes the document. It must not look at the annotations that the reference keeps its bookkeeping in: see
    /// [`Resource::with_annotations`].
    ///
    /// # Errors
    /// Those of the change, and of a kind that is asked of the schema, as in [`Resource::new`].
    pub fn edit<T>(
        &mut self,
        schema: &Schema,
        change: impl FnOnce(&mut Node) -> Result<T>,
    ) -> Result<T> {
        let result = change(&mut self.node);
        let identified = self.identify(schema);
        result.and_then(|value| identified.map(|()| value))
    }

    /// Changes the document while the bookkeeping stands in its annotations, as it does all the time in the
    /// reference. What is left there afterwards is what is remembered: what the change removed is forgotten.
    ///
    /// For changes that can tell: patches, replacements of annotations, functions.
    ///
    /// # Errors
    /// Those of [`Resource::edit`], and of annotations that are no mapping or contradict each other.
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

    /// Sets in all places of a shared value what was set in one of them.
    pub fn settle_shares(&mut self) {
        if self.shares {
            share::settle(&mut self.node);
        }
    }

    /// Makes the document what is printed: annotations are strings and sorted, those of the build itself are gone,
    /// and a field `annotations` without any too.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) when `metadata` or its annotations are no mapping.
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
        // The reference takes out its annotations, origins and transformations one after the other: fields of one name
        // come together bit by bit.
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

    /// Reads the id again. It costs little when it did not change.
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
        self.is_foreign = !Schema::has_built_in_scope(&gvk);
        if self.is_foreign {
            schema.check()?;
        }
        let id = &mut self.names_mut().id;
        id.cluster_scoped = schema.is_cluster_scoped(&gvk);
        id.gvk = gvk;
        Ok(())
    }
}

/// The place of the first key of a document, which stands for the whole.
pub(super) fn first_key(root: &Node) -> Span {
    let first = root.as_mapping().and_then(|root| root.iter().next());
    first.map_or(root.span(), |(key, _)| key.span())
}

/// What kyaml's `SetMapField` does with text: it has no tag and takes the style of the value that it replaces; a new
/// field is quoted, so that it is text.
fn set_untagged(mapping: &mut Mapping, key: &str, text: &str, span: Span) {
    let style = match mapping.get(key) {
        Some(old) => old.as_scalar().map_or(Style::Plain, Scalar::style),
        None if text.is_empty() => Style::Plain,
        None => Style::DoubleQuoted,
    };
    mapping.insert(Scalar::untagged(key, span), Scalar::set(text, Tag::None, style, span).into());
}

impl Behavior {
    /// The behavior of this name. A word that is none counts as not said, as in the reference.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    /// The name, as the reference writes it.
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
