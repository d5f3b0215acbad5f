//! `buildMetadata:` keeps account of where each resource comes from and what changed it, and marks what krender made.

use std::path::Path;

use crate::config::{FieldSpec, FieldSpecs, Kustomization, Pairs};
use crate::error::Result;
use crate::limits::Budget;
use crate::load::Root;
use crate::resource::{ConfiguredBy, Kept, ORIGIN, Origin, ResMap, Resource, Transformations};
use crate::schema::Schema;
use crate::source::Span;
use crate::transform::{self, Context, Passes, TRANSFORMERS, Transformer, Work, labels};
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
        budget: &Budget,
    ) -> Result<()> {
        let origin = Origin { path: join(&self.path, file).into(), ..Origin::default() };
        let work = set("metadata/annotations", ORIGIN, &origin.to_yaml(), schema, budget);
        transform::run(work, resources, Passes::Shared)
    }

    /// Says of configurations that stand in the kustomization file itself where they come from.
    ///
    /// # Errors
    /// As [`Account::annotate`].
    pub(super) fn annotate_inline(&self, resources: &mut ResMap) -> Result<()> {
        let origin = Origin { path: join(&self.path, &self.file).into(), ..Origin::default() };
        resources.iter_mut().try_for_each(|resource| resource.set_origin(&origin))
    }

    /// Runs the builtin transformers one by one, and says of all resources what changed them.
    ///
    /// # Errors
    /// Those of the transformers, and of [`Transformations::add`].
    pub(super) fn transform(&self, context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
        let mut known = Transformations::default();
        for (name, transformer) in TRANSFORMERS {
            let (origin, heedless) = (self.builtin(name), is_heedless(name, context));
            let mut untold = 0;
            let instances = instances(name, context.kustomization);
            let before = (instances.len() > 1).then(|| resources.clone());
            for (number, kustomization) in instances.iter().enumerate() {
                let one = Context { kustomization, ..*context };
                if let Err(error) = apply(*transformer, &one, resources) {
                    // All entries together say which of them it is.
                    let again =
                        before.and_then(|mut all| apply(*transformer, context, &mut all).err());
                    return Err(again.unwrap_or(error));
                }
                if heedless && number > 0 {
                    // The first one has found that the annotations can be written.
                    untold += 1;
                    continue;
                }
                known.add(resources, &origin, 1)?;
                resources.retain(|resource| !resource.node().is_empty());
            }
            known.add(resources, &origin, untold)?;
        }
        Ok(())
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

/// Whether a transformer neither sees annotations of resources nor takes resources away: what it did may be told of at
/// the end.
fn is_heedless(transformer: &str, context: &Context<'_>) -> bool {
    let tables = context.configuration;
    let of_labels = [
        &tables.labels,
        &tables.common_labels,
        &tables.template_labels,
        &tables.volume_claim_template_labels,
    ];
    let own = context.kustomization.labels.iter().map(|label| &label.fields);
    match transformer {
        "LabelTransformer" => of_labels.into_iter().chain(own).all(leaves_annotations),
        "ReplicaCountTransformer" => leaves_annotations(&tables.replicas),
        "ImageTagTransformer" => leaves_annotations(&tables.images),
        _ => false,
    }
}

/// Whether no path of some field specs may lead to annotations of a resource.
fn leaves_annotations(specs: &FieldSpecs) -> bool {
    specs.iter().all(|spec| {
        let path = spec.path.trim_start_matches('/');
        !path.starts_with("metadata") || path.starts_with("metadata/labels")
    })
}

fn apply(transformer: Transformer, context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    transform::run(transformer(context)?, resources, context.passes())
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

/// A kustomization with nothing but the work of one transformer, for each time that the reference counts it: an entry
/// of a list is a transformer of its own. (`api/internal/target/kusttarget_configplugin.go`.)
fn instances(transformer: &str, all: &Kustomization) -> Vec<Kustomization> {
    fn each<T: Clone>(entries: &[T], one: fn(Vec<T>) -> Kustomization) -> Vec<Kustomization> {
        entries.iter().map(|entry| one(vec![entry.clone()])).collect()
    }
    let nothing = Kustomization::default;
    let once = |is_asked: bool| if is_asked { vec![all.clone()] } else { Vec::new() };
    match transformer {
        "PatchStrategicMergeTransformer" => once(!all.patches_strategic_merge.is_empty()),
        "PatchTransformer" => {
            each(&all.patches, |patches| Kustomization { patches, ..Kustomization::default() })
        }
        "NamespaceTransformer" => once(!all.namespace.is_empty()),
        "PrefixTransformer" => once(!all.name_prefix.is_empty()),
        "SuffixTransformer" => once(!all.name_suffix.is_empty()),
        "LabelTransformer" if all.labels.is_empty() => once(!all.common_labels.is_empty()),
        "LabelTransformer" => {
            let mut instances =
                each(&all.labels, |labels| Kustomization { labels, ..Kustomization::default() });
            // Even without any.
            instances.push(Kustomization { common_labels: all.common_labels.clone(), ..nothing() });
            instances
        }
        "AnnotationsTransformer" => once(!all.common_annotations.is_empty()),
        "PatchJson6902Transformer" => each(&all.patches_json6902, |patches_json6902| {
            Kustomization { patches_json6902, ..Kustomization::default() }
        }),
        "ReplicaCountTransformer" => {
            each(&all.replicas, |replicas| Kustomization { replicas, ..Kustomization::default() })
        }
        "ImageTagTransformer" => {
            each(&all.images, |images| Kustomization { images, ..Kustomization::default() })
        }
        "ReplacementTransformer" => once(!all.replacements.is_empty()),
        _ => once(true),
    }
}

/// A path taken from a folder, without detours: as Go's `filepath.Join`. A path from the root is taken for one from the
/// folder.
fn join(folder: &str, path: &str) -> String {
    let is_from_root = if folder.is_empty() { path } else { folder }.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in folder.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|name| *name != "..") => drop(names.pop()),
            ".." if is_from_root => {}
            name => names.push(name),
        }
    }
    let joined = names.join("/");
    match (is_from_root, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        // Nothing and nothing is nothing.
        (false, true) if folder.is_empty() && path.is_empty() => joined,
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_detours() {
        for (folder, path, expected) in [
            ("", "a.yaml", "a.yaml"),
            ("", "./a//b/../c", "a/c"),
            ("../base", "a.yaml", "../base/a.yaml"),
            ("../base", "../other", "../other"),
            ("a", "../../b", "../b"),
            ("a", "..", "."),
            ("", "/a/../../b", "/b"),
            ("a", "/b", "a/b"),
            ("", "", ""),
        ] {
            assert_eq!(join(folder, path), expected, "{folder} {path}");
        }
    }

    #[test]
    fn what_asks_for_nothing_is_no_transformer() {
        for (name, _) in TRANSFORMERS {
            assert!(instances(name, &Kustomization::default()).is_empty(), "{name}");
        }
    }
}
