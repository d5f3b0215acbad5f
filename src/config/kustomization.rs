//! The kustomization file.

use serde::Deserialize;

use super::advice;
use super::deprecated::{self, Warning};
use super::{
    GeneratorArgs, GeneratorOptions, HelmChart, HelmChartArgs, HelmGlobals, Image, Label, Pairs,
    Patch, Replacement, Replica, SecretArgs, SortOptions, Var,
};
use crate::error::{Code, Error, Result};
use crate::source::{Source, Span};
use crate::yaml::de::{self, Entry, Spanned};
use crate::yaml::{Node, Scalar, Text, parse};

/// What a kustomization file says: one struct field for each of its fields, in the order of the reference's type.
///
/// Take it apart without `..` where every field has to be dealt with, and the compiler asks for a field that is added.
/// Fields that were renamed are empty once the file is read: what they held has moved to their successors.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Kustomization {
    /// `Kustomization` or `Component`.
    pub kind: Spanned<Text>,
    /// The version that belongs to the kind.
    pub api_version: Spanned<Text>,
    /// What the author says of the kustomization. Nothing follows from it.
    pub metadata: Option<ObjectMeta>,
    /// The schema in force: `path` of a file, or `version` of a built-in one. Other keys mean nothing.
    pub openapi: Pairs,

    /// What to put before all names.
    pub name_prefix: Spanned<Text>,
    /// What to put after all names.
    pub name_suffix: Spanned<Text>,
    /// The namespace of all resources.
    pub namespace: Spanned<Text>,
    /// Labels for all resources, selectors and templates. Deprecated: `labels`.
    pub common_labels: Pairs,
    /// Labels for all resources, and for selectors and templates as far as asked for.
    pub labels: Vec<Spanned<Label>>,
    /// Annotations for all resources and templates.
    pub common_annotations: Pairs,
    /// Strategic merge patches, each the path of a file or the patch itself. Deprecated: `patches`.
    pub patches_strategic_merge: Vec<Spanned<Text>>,
    /// RFC 6902 patches. Deprecated: `patches`.
    pub patches_json6902: Vec<Spanned<Patch>>,
    /// Patches of either kind.
    pub patches: Vec<Spanned<Patch>>,
    /// Changes of names, tags and digests of images.
    pub images: Vec<Spanned<Image>>,
    /// Moved to the end of `images`.
    pub image_tags: Vec<Spanned<Image>>,
    /// Values copied from one resource into others.
    pub replacements: Vec<Spanned<Replacement>>,
    /// Numbers of copies.
    pub replicas: Vec<Spanned<Replica>>,
    /// Names that stand for values of fields. Deprecated: `replacements`.
    pub vars: Vec<Spanned<Var>>,
    /// The order of the output.
    pub sort_options: Option<Spanned<SortOptions>>,

    /// Files with resources, and other kustomizations: folders and repositories.
    pub resources: Vec<Spanned<Text>>,
    /// Components to apply to what was gathered so far.
    pub components: Vec<Spanned<Text>>,
    /// Files with OpenAPI definitions of own kinds of resources.
    pub crds: Vec<Spanned<Text>>,
    /// Moved to the end of `resources`.
    pub bases: Vec<Spanned<Text>>,

    /// Config maps to generate.
    pub config_map_generator: Vec<Spanned<GeneratorArgs>>,
    /// Secrets to generate.
    pub secret_generator: Vec<Spanned<SecretArgs>>,
    /// What holds for all Helm charts.
    pub helm_globals: Option<HelmGlobals>,
    /// Helm charts to render.
    pub helm_charts: Vec<Spanned<HelmChart>>,
    /// Moved to the end of `helm_charts`, and to `helm_globals` if they say nothing.
    pub helm_chart_inflation_generator: Vec<Spanned<HelmChartArgs>>,
    /// What holds for all config maps and secrets that are generated.
    pub generator_options: Option<GeneratorOptions>,
    /// Files that say which fields the transformers change.
    pub configurations: Vec<Spanned<Text>>,
    /// Configurations of generators, each a path or the configuration itself.
    pub generators: Vec<Spanned<Text>>,
    /// Configurations of transformers, each a path or the configuration itself.
    pub transformers: Vec<Spanned<Text>>,
    /// Configurations of validators, each a path or the configuration itself.
    pub validators: Vec<Spanned<Text>>,
    /// What to say of each resource in annotations and labels. Unknown words mean nothing.
    pub build_metadata: Vec<Spanned<Text>>,

    /// Where the fields are that say something.
    #[serde(skip)]
    pub places: Places,
}

/// What the author says of the kustomization itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ObjectMeta {
    /// Its name.
    pub name: Text,
    /// Its namespace.
    pub namespace: Text,
    /// Its labels.
    pub labels: Pairs,
    /// Its annotations.
    pub annotations: Pairs,
}

/// The fields of a file that say something, as they are written, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<(Text, Span)>);

pub(super) const KUSTOMIZATION: &str = "Kustomization";
const KUSTOMIZATION_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
pub(super) const COMPONENT: &str = "Component";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

impl Kustomization {
    /// Reads a kustomization file, and says which of its fields are deprecated.
    ///
    /// # Errors
    /// As [`Kustomization::from_node`], and what is wrong with the file as YAML.
    pub fn read(source: &Source) -> Result<(Self, Vec<Warning>)> {
        let document = parse::document(source)?;
        let null = || Scalar::null(source.span(0, 0)).into();
        Self::from_node(&document.map_or_else(null, |document| document.root))
            .map_err(|error| parse::explain_blanks(source, error))
    }

    /// Reads the document of a kustomization file; an empty one is a null. (`api/types/kustomization.go`: `Unmarshal`,
    /// `CheckDeprecatedFields`, `FixKustomization`, `CheckEmpty`, `EnforceFields`.)
    ///
    /// # Errors
    /// [`Code::KustomizationEmpty`] if it says nothing, [`Code::InvalidValue`] for a kind or version that is none, and
    /// whatever is wrong with its fields: [`de::from_node`].
    pub fn from_node(root: &Node) -> Result<(Self, Vec<Warning>)> {
        Self::from_fields(root).map_err(|error| advice::explain(root, error))
    }

    fn from_fields(root: &Node) -> Result<(Self, Vec<Warning>)> {
        let mut kustomization: Self = de::from_node(root)?;
        let entries = root.as_mapping().map(de::entries).transpose()?.unwrap_or_default();
        let warnings = deprecated::warnings(&entries);
        if is_empty(&entries) {
            return Err(empty(root));
        }
        kustomization.places = Places::of(&entries);
        deprecated::fix(&mut kustomization);
        kustomization.settle_type()?;
        Ok((kustomization, warnings))
    }

    /// Whether it is a component: one that works on what others have gathered.
    #[must_use]
    pub fn is_component(&self) -> bool {
        *self.kind == *COMPONENT
    }

    /// Fills in kind and version where they are absent, and checks them where they are not.
    fn settle_type(&mut self) -> Result<()> {
        if self.kind.is_empty() {
            self.kind.value = KUSTOMIZATION.into();
        }
        let (kind, version) = if self.is_component() {
            (COMPONENT, COMPONENT_VERSION)
        } else {
            (KUSTOMIZATION, KUSTOMIZATION_VERSION)
        };
        if self.api_version.is_empty() {
            self.api_version.value = version.into();
        }
        if *self.kind == *kind && *self.api_version == *version {
            return Ok(());
        }
        Error::all(self.wrong_type()).map_or(Ok(()), Err)
    }

    /// The errors for a kind and a version that are none. A kind that is misspelt counts as what it is meant to be.
    #[cold]
    fn wrong_type(&self) -> Vec<Error> {
        let mut errors = Vec::new();
        let is_component = self.is_component() || advice::expects_component(&self.kind);
        let (kind, version) = if is_component {
            (COMPONENT, COMPONENT_VERSION)
        } else {
            (KUSTOMIZATION, KUSTOMIZATION_VERSION)
        };
        let found = &self.kind;
        if **found != *kind {
            let message =
                format!("found the kind `{found}`, expected `{KUSTOMIZATION}` or `{COMPONENT}`");
            let error = Error::new(Code::InvalidValue, message).at(found.span);
            errors.push(error.did_you_mean(found, [KUSTOMIZATION, COMPONENT]));
        }
        let found = &self.api_version;
        if **found != *version {
            let message = format!("found the version `{found}`, expected `{version}` for a {kind}");
            let error = Error::new(Code::InvalidValue, message).at(found.span);
            let of_component = self.kind.span.is_none() && **found == *COMPONENT_VERSION;
            let error = match of_component {
                true => error.help("if it is a component, add `kind: Component`"),
                false => error,
            };
            errors.push(error.help(format!("write `apiVersion: {version}`, or leave it out")));
        }
        errors
    }
}

#[cold]
fn empty(root: &Node) -> Error {
    Error::new(Code::KustomizationEmpty, "the kustomization file says nothing")
        .at(root.span())
        .help("list what it is made of under `resources`")
}

impl Places {
    fn of(entries: &[Entry<'_>]) -> Self {
        let says_something =
            |entry: &&Entry<'_>| !entry.value.is_empty() && entry.value.as_text() != Some("");
        let place = |entry: &Entry<'_>| (Text::from(&*entry.text), entry.key.span());
        Self(entries.iter().filter(says_something).map(place).collect())
    }

    /// Where a field stands, if it is there and says something.
    #[must_use]
    pub fn of_field(&self, name: &str) -> Option<Span> {
        self.0.iter().find(|(key, _)| de::same_name(key, name)).map(|&(_, span)| span)
    }
}

/// Whether nothing but the type is said, once deprecated fields have moved. An empty list says something (there is
/// nothing to build, and that is fine), except where it moves to the end of another one; empty text says nothing.
fn is_empty(entries: &[Entry<'_>]) -> bool {
    let named = |entry: &Entry<'_>, names: &[&str]| {
        names.iter().any(|name| de::same_name(&entry.text, name))
    };
    entries.iter().all(|entry| {
        let Entry { value, .. } = entry;
        value.is_null()
            || value.as_text() == Some("")
            || value.is_empty() && named(entry, &deprecated::MOVED)
            || named(entry, &["kind", "apiVersion"])
    })
}
