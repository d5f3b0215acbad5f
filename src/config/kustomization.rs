//! The kustomization file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::advice;
use super::deprecated::{self, Warning};
use super::{
    GeneratorArgs, GeneratorOptions, HelmChart, HelmChartArgs, HelmGlobals, Image, Label, Pairs,
    Patch, Replacement, Replica, SecretArgs, SortOptions, Var,
};
use crate::error::{Code, Error, Result};
use crate::source::{Source, Span};
use crate::yaml::de::{self, JsonEntry, Spanned};
use crate::yaml::{Node, Scalar, Text, parse};

/// The content of a kustomization file, with fields in the order of kustomize's type.
///
/// Renamed fields are empty after reading: their values have moved to their successors.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Kustomization {
    /// `Kustomization` or `Component`.
    pub kind: Spanned<Text>,
    /// API version that belongs to the kind.
    pub api_version: Spanned<Text>,
    /// Metadata of the kustomization, without effect.
    pub metadata: Option<ObjectMeta>,
    /// OpenAPI schema: `path` of a file, or `version` of a built-in one. Other keys are ignored.
    pub openapi: Pairs,

    /// Prefix of all names.
    pub name_prefix: Spanned<Text>,
    /// Suffix of all names.
    pub name_suffix: Spanned<Text>,
    /// Namespace of all resources.
    pub namespace: Spanned<Text>,
    /// Labels for all resources, selectors and templates. Deprecated: `labels`.
    pub common_labels: Pairs,
    /// Labels for all resources and, on request, selectors and templates.
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
    /// Numbers of replicas.
    pub replicas: Vec<Spanned<Replica>>,
    /// Variables for values of fields. Deprecated: `replacements`.
    pub vars: Vec<Spanned<Var>>,
    /// Order of the output.
    pub sort_options: Option<Spanned<SortOptions>>,

    /// Files with resources, and other kustomizations: directories and repositories.
    pub resources: Vec<Spanned<Text>>,
    /// Components to apply to the resources accumulated so far.
    pub components: Vec<Spanned<Text>>,
    /// Files with OpenAPI definitions of custom resources.
    pub crds: Vec<Spanned<Text>>,
    /// Moved to the end of `resources`.
    pub bases: Vec<Spanned<Text>>,

    /// ConfigMaps to generate.
    pub config_map_generator: Vec<Spanned<GeneratorArgs>>,
    /// Secrets to generate.
    pub secret_generator: Vec<Spanned<SecretArgs>>,
    /// Settings for all Helm charts.
    pub helm_globals: Option<HelmGlobals>,
    /// Helm charts to render.
    pub helm_charts: Vec<Spanned<HelmChart>>,
    /// Moved to the end of `helm_charts`, and to empty `helm_globals`.
    pub helm_chart_inflation_generator: Vec<Spanned<HelmChartArgs>>,
    /// Options for all generated ConfigMaps and Secrets.
    pub generator_options: Option<GeneratorOptions>,
    /// Files with field specs for transformers.
    pub configurations: Vec<Spanned<Text>>,
    /// Configurations of generators, each a path or the configuration itself.
    pub generators: Vec<Spanned<Text>>,
    /// Configurations of transformers, each a path or the configuration itself.
    pub transformers: Vec<Spanned<Text>>,
    /// Configurations of validators, each a path or the configuration itself.
    pub validators: Vec<Spanned<Text>>,
    /// Metadata to add to each resource as annotations and labels. Unknown words are ignored.
    pub build_metadata: Vec<Spanned<Text>>,

    /// Places of the fields.
    #[serde(skip)]
    pub places: Places,
}

/// Metadata of the kustomization itself.
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

/// The keys of a file with non-empty values, as written, with their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<(Text, Span)>);

pub(super) const KUSTOMIZATION: &str = "Kustomization";
const KUSTOMIZATION_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
pub(super) const COMPONENT: &str = "Component";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

impl Kustomization {
    /// Reads a kustomization file, with warnings about its deprecated fields.
    ///
    /// # Errors
    /// As [`Kustomization::from_node`], and those of reading YAML.
    pub fn read(source: &Source) -> Result<(Self, Vec<Warning>)> {
        let document = parse::document(source)?;
        let null = || Scalar::null(source.span(0, 0)).into();
        Self::from_node(&document.map_or_else(null, |document| document.root))
            .map_err(|error| parse::explain_blanks(source, error))
    }

    /// Reads the document of a kustomization file; that of an empty file is null. (`api/types/kustomization.go`:
    /// `Unmarshal`, `CheckDeprecatedFields`, `FixKustomization`, `CheckEmpty`, `EnforceFields`.)
    ///
    /// # Errors
    /// [`Code::KustomizationEmpty`] if all fields are empty, [`Code::InvalidValue`] for an unknown kind or version, and
    /// those of its fields: [`de::from_node`].
    pub fn from_node(root: &Node) -> Result<(Self, Vec<Warning>)> {
        Self::from_fields(root).map_err(|error| advice::explain(root, error))
    }

    /// Reads the fields of a kustomization file as they are written: values of deprecated fields stay there, kind and
    /// version are not checked, and a file without fields is valid.
    ///
    /// # Errors
    /// Those of its fields: [`de::from_node`], and those of reading YAML.
    pub(crate) fn fields(source: &Source) -> Result<Self> {
        let document = parse::document(source)?;
        let null = || Scalar::null(source.span(0, 0)).into();
        let root = document.map_or_else(null, |document| document.root);
        de::from_node(&root)
            .map_err(|error| advice::explain(&root, error))
            .map_err(|error| parse::explain_blanks(source, error))
    }

    /// The keys that name a field in another case than it is documented, each with the name of the field. The file has been
    /// read by [`Kustomization::fields`].
    ///
    /// # Errors
    /// As [`Kustomization::fields`].
    pub(crate) fn other_spellings(source: &Source) -> Result<BTreeMap<Span, &'static str>> {
        match parse::document(source)? {
            Some(document) => de::other_spellings::<Self>(&document.root),
            None => Ok(BTreeMap::new()),
        }
    }

    /// Moves the values of deprecated fields, and sets a missing kind and version, as kustomize's `edit` does.
    pub(crate) fn move_deprecated(&mut self) {
        deprecated::fix(self);
        self.set_missing_type();
    }

    fn set_missing_type(&mut self) {
        if self.kind.is_empty() {
            self.kind.value = KUSTOMIZATION.into();
        }
        if self.api_version.is_empty() {
            self.api_version.value = self.version_of_kind().into();
        }
    }

    /// The version that belongs to the kind: that of a component, or else that of a kustomization.
    fn version_of_kind(&self) -> &'static str {
        if self.is_component() { COMPONENT_VERSION } else { KUSTOMIZATION_VERSION }
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

    /// True for a component, which transforms the resources that its parent has accumulated.
    #[must_use]
    pub fn is_component(&self) -> bool {
        *self.kind == *COMPONENT
    }

    /// Sets missing kind and version, and checks given ones.
    fn settle_type(&mut self) -> Result<()> {
        self.set_missing_type();
        let kind = if self.is_component() { COMPONENT } else { KUSTOMIZATION };
        let version = self.version_of_kind();
        if *self.kind == *kind && *self.api_version == *version {
            return Ok(());
        }
        Error::all(self.wrong_type()).map_or(Ok(()), Err)
    }

    /// The errors for an unknown kind and version. A misspelt kind counts as the one that it is similar to.
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
    Error::new(Code::KustomizationEmpty, "the kustomization file sets no field")
        .at(root.span())
        .help("list its files under `resources`")
}

impl Places {
    fn of(entries: &[JsonEntry<'_>]) -> Self {
        let says_something =
            |entry: &&JsonEntry<'_>| !entry.value.is_empty() && entry.value.as_text() != Some("");
        let place = |entry: &JsonEntry<'_>| (Text::from(&*entry.text), entry.key.span());
        Self(entries.iter().filter(says_something).map(place).collect())
    }

    /// The place of a field; `None` if it is missing or empty.
    #[must_use]
    pub fn of_field(&self, name: &str) -> Option<Span> {
        self.0.iter().find(|(key, _)| de::same_name(key, name)).map(|&(_, span)| span)
    }
}

/// True if no field besides the type has a value, after deprecated fields have moved. An empty list counts as a value
/// (a build of no resources is valid), except for a list that moves to the end of another one; an empty string does
/// not.
fn is_empty(entries: &[JsonEntry<'_>]) -> bool {
    let named = |entry: &JsonEntry<'_>, names: &[&str]| {
        names.iter().any(|name| de::same_name(&entry.text, name))
    };
    entries.iter().all(|entry| {
        let JsonEntry { value, .. } = entry;
        value.is_null()
            || value.as_text() == Some("")
            || value.is_empty() && named(entry, &deprecated::MOVED)
            || named(entry, &["kind", "apiVersion"])
    })
}
