//! `buildMetadata:` keeps account of where each resource comes from and what changed it, and marks what krender made.

use std::path::Path;

use crate::config::{FieldSpec, FieldSpecs, Kustomization, Pairs};
use crate::error::Result;
use crate::limits::Budget;
use crate::load::Root;
use crate::resource::{ConfiguredBy, Kept, ORIGIN, Origin, ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::text::path::join;
use crate::transform::{self, Asked, Cause, Change, Work, labels};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// What there is to say of the output.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Metadata {
    /// The annotations that stay.
    pub(super) kept: Kept,
    /// Whether every resource gets a label that says who made it.
    pub(super) managed_by: bool,
}

impl Metadata {
    /// What the kustomization that is built asks for; those of its bases are not asked. Unknown words mean nothing. The
    /// label may be asked for elsewhere.
    pub(super) fn of(kustomization: &Kustomization, managed_by: bool) -> Self {
        let asked = |word: &str| kustomization.build_metadata.iter().any(|found| **found == *word);
        let kept = Kept {
            origin: asked("originAnnotations"),
            transformations: asked("transformerAnnotations"),
        };
        Self { kept, managed_by: managed_by || asked("managedByLabel") }
    }
}

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// As the reference says it: the output is that of kustomize.
const MANAGER: &str = "kustomize-v5.8.1";

/// Labels all resources with who made them.
pub(super) fn label_manager<'c>(schema: &'c Schema, budget: &'c Budget) -> Option<Work<'c>> {
    set("metadata/labels", MANAGED_BY, MANAGER, schema, budget)
}

/// Sets an entry of a mapping of every resource.
fn set<'c>(
    path: &str,
    key: &str,
    value: &str,
    schema: &'c Schema,
    budget: &'c Budget,
) -> Option<Work<'c>> {
    let spec = FieldSpec { path: path.into(), create: true, ..FieldSpec::default() };
    let specs: FieldSpecs = std::iter::once(spec).collect();
    let pairs = Pairs::from([(Text::from(key), Spanned::new(Text::from(value), Span::NONE))]);
    labels::add(&pairs, &specs, schema, budget)
}

/// What a level of a build says of where things come from. A build that is not asked keeps no account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Its folder, from the one that is built, as the kustomizations on the way name it.
    path: String,
    /// Its kustomization file.
    file: String,
}

impl Account {
    /// The account of the kustomization that is built: any word asks for it.
    ///
    /// # Errors
    /// Those of [`Root::kustomization_file`].
    pub(super) fn top(kustomization: &Kustomization, root: &Root) -> Result<Option<Self>> {
        let asked = !kustomization.build_metadata.is_empty();
        asked.then(|| Self::of(String::new(), root)).transpose()
    }

    /// The account of a base or a component that an entry names.
    ///
    /// # Errors
    /// Those of [`Root::kustomization_file`].
    pub(super) fn below(&self, entry: &str, root: &Root) -> Result<Self> {
        Self::of(join(&self.path, entry), root)
    }

    fn of(path: String, root: &Root) -> Result<Self> {
        let source = root.kustomization_file()?;
        let file = Path::new(source.name()).file_name().unwrap_or_default();
        Ok(Self { path, file: file.to_string_lossy().into_owned() })
    }

    /// The folder: what a base comes to depends on it.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Says of the resources of a file where they come from.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) where annotations would go into what is no mapping.
    pub(super) fn annotate(
        &self,
        file: &str,
        resources: &mut ResMap,
        schema: &Schema,
        root: &Root,
    ) -> Result<()> {
        let origin = Origin { path: join(&self.path, file).into(), ..Origin::default() };
        let cause = Cause {
            builtin: "AnnotationsTransformer",
            asked: Asked::Field("buildMetadata"),
            span: Span::NONE,
            layer: root,
        };
        let work = set("metadata/annotations", ORIGIN, &origin.to_yaml(), schema, root.budget());
        transform::run([Change::new(cause, work)], resources, None).map(drop)
    }

    /// Says of configurations that stand in the kustomization file itself where they come from.
    ///
    /// # Errors
    /// As [`Account::annotate`].
    pub(super) fn annotate_inline(&self, resources: &mut ResMap) -> Result<()> {
        let origin = Origin { path: join(&self.path, &self.file).into(), ..Origin::default() };
        resources.iter_mut().try_for_each(|resource| resource.set_origin(&origin))
    }

    /// What a generator or transformer makes that the fields of the kustomization ask for.
    pub(super) fn builtin(&self, kind: &str) -> Origin {
        Origin {
            configured_in: join(&self.path, &self.file).into(),
            configured_by: ConfiguredBy {
                api_version: "builtin".into(),
                kind: kind.into(),
                ..ConfiguredBy::default()
            },
            ..Origin::default()
        }
    }
}

/// What a generator or transformer makes that a document configures, if it is known where that comes from.
/// (`api/resource/origin.go`: `OriginFromCustomPlugin`.)
///
/// # Errors
/// Those of [`Resource::origin`].
pub(super) fn of_configuration(configuration: &Resource) -> Result<Option<Origin>> {
    let api_version = configuration.node().get("apiVersion").and_then(|field| field.as_text());
    let configured = |origin: Origin| Origin {
        path: Text::default(),
        configured_in: origin.path,
        configured_by: ConfiguredBy {
            api_version: api_version.unwrap_or_default().into(),
            kind: configuration.kind().into(),
            name: configuration.name().into(),
            namespace: configuration.namespace().into(),
        },
        repo: origin.repo,
        reference: origin.reference,
    };
    Ok(configuration.origin()?.map(configured))
}

/// Says of what a generator made where it comes from, unless it says so itself.
///
/// # Errors
/// Those of [`Resource::set_origin`].
pub(super) fn generated(resource: &mut Resource, origin: Option<&Origin>) -> Result<()> {
    match origin {
        Some(origin) if matches!(resource.origin(), Ok(None)) => resource.set_origin(origin),
        _ => Ok(()),
    }
}
