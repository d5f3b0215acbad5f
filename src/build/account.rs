//! `buildMetadata:` records the origin of each resource and the transformers that changed it, and labels the output.
//! (kustomize, `api/resource/origin.go`, `api/internal/target/kusttarget.go`, `api/krusty/kustomizer.go`.)

use std::path::Path;

use crate::config::{FieldSpec, FieldSpecs, Kustomization, Pairs};
use crate::error::Result;
use crate::limits::Budget;
use crate::load::{RepoSpec, Root};
use crate::parallel::Threads;
use crate::resource::{ConfiguredBy, Kept, ORIGIN, Origin, ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::text::path::join;
use crate::transform::{self, Asked, Cause, Change, Work, labels};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// The metadata that the output gets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Metadata {
    /// The annotations that stay.
    pub(super) kept: Kept,
    /// True if every resource gets the label `app.kubernetes.io/managed-by`.
    pub(super) managed_by: bool,
}

impl Metadata {
    /// The `buildMetadata` of the top kustomization; that of bases is ignored. Unknown words are ignored. The label may
    /// also be requested by `managed_by`.
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
/// The value that kustomize writes: the output is the same.
const MANAGER: &str = "kustomize-v5.8.1";

/// Builds the work that labels all resources with their manager.
pub(super) fn label_manager<'c>(schema: &'c Schema, budget: &'c Budget) -> Option<Work<'c>> {
    set("metadata/labels", MANAGED_BY, MANAGER, schema, budget)
}

/// Builds the work that sets an entry of a mapping in every resource.
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

/// The location of a level, for the origins of its resources. Levels have one only if the build has `buildMetadata`.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Its folder relative to the target, or to the top of its repository, joined from the entries that led to it.
    path: String,
    /// The URL of the remote repository that it is in, and the reference; empty if it is in none.
    repo: Text,
    reference: Text,
    /// Its kustomization file.
    file: String,
}

impl Account {
    /// The account of the top kustomization; `None` if `buildMetadata` is empty.
    ///
    /// # Errors
    /// Those of [`Root::kustomization_file`].
    pub(super) fn top(kustomization: &Kustomization, root: &Root) -> Result<Option<Self>> {
        let asked = !kustomization.build_metadata.is_empty();
        asked.then(|| Self::of(Origin::default(), root)).transpose()
    }

    /// The account of a base or a component of an entry.
    ///
    /// # Errors
    /// Those of [`Root::kustomization_file`].
    pub(super) fn below(&self, entry: &str, root: &Root) -> Result<Self> {
        Self::of(self.origin(entry), root)
    }

    fn of(origin: Origin, root: &Root) -> Result<Self> {
        let source = root.kustomization_file()?;
        let file = Path::new(source.name()).file_name().unwrap_or_default();
        let Origin { path, repo, reference, .. } = origin;
        Ok(Self {
            path: path.as_str().to_owned(),
            repo,
            reference,
            file: file.to_string_lossy().into_owned(),
        })
    }

    /// The origin of what an entry names. One that names a repository has a path from the top of that, which kustomize
    /// takes from a name that it has before it is cloned. (`api/resource/origin.go`: `Append`.)
    fn origin(&self, entry: &str) -> Origin {
        let Self { path, repo, reference, .. } = self;
        let (repo, reference, path) = match RepoSpec::parse(entry) {
            Err(_) => (repo.clone(), reference.clone(), join(path, entry)),
            Ok(spec) => {
                let path =
                    if spec.path.is_empty() { "notCloned".to_owned() } else { spec.path.clone() };
                let reference = spec.reference.as_deref().unwrap_or_default();
                (spec.url().as_str().into(), reference.into(), path)
            }
        };
        Origin { path: path.as_str().into(), repo, reference, ..Origin::default() }
    }

    /// The place of the level: the accumulated result of a base depends on it.
    pub(super) fn place(&self) -> String {
        match self.repo.is_empty() {
            true => self.path.clone(),
            false => format!("{}\0{}\0{}", self.repo, self.reference, self.path),
        }
    }

    /// Sets the origin of the resources of a file.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) if the annotations are not a mapping.
    pub(super) fn annotate(
        &self,
        file: &str,
        resources: &mut ResMap,
        schema: &Schema,
        root: &Root,
    ) -> Result<()> {
        let origin = self.origin(file);
        let cause = Cause {
            builtin: "AnnotationsTransformer",
            asked: Asked::Field("buildMetadata"),
            span: Span::NONE,
            layer: root,
        };
        let work = set("metadata/annotations", ORIGIN, &origin.to_yaml(), schema, root.budget());
        transform::run([Change::new(cause, work)], resources, None, &Threads::default()).map(drop)
    }

    /// Sets the origin of inline configurations, which is the kustomization file.
    ///
    /// # Errors
    /// As [`Account::annotate`].
    pub(super) fn annotate_inline(&self, resources: &mut ResMap) -> Result<()> {
        let origin = self.origin(&self.file);
        resources.iter_mut().try_for_each(|resource| resource.set_origin(&origin))
    }

    /// The origin for a generator or transformer configured by a field of the kustomization.
    pub(super) fn builtin(&self, kind: &str) -> Origin {
        let Origin { path, repo, reference, .. } = self.origin(&self.file);
        Origin {
            repo,
            reference,
            configured_in: path,
            configured_by: ConfiguredBy {
                api_version: "builtin".into(),
                kind: kind.into(),
                ..ConfiguredBy::default()
            },
            ..Origin::default()
        }
    }
}

/// The origin for a generator or transformer configured by a document, if the origin of the document is known.
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

/// Sets the origin of a generated resource, unless the generator has set one.
///
/// # Errors
/// Those of [`Resource::set_origin`].
pub(super) fn generated(resource: &mut Resource, origin: Option<&Origin>) -> Result<()> {
    match origin {
        Some(origin) if matches!(resource.origin(), Ok(None)) => resource.set_origin(origin),
        _ => Ok(()),
    }
}
