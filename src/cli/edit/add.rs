//! `krender edit add`.

use clap::{Args, Subcommand};

use super::flags::{Force, Options, PatchFlags, done};
use super::generators::{AddConfigMap, AddSecret};
use super::{Context, Work};
use crate::cli::plugins::Truth;
use crate::{
    edit::{
        create,
        kustomization::{BuildMetadata, PairField, PathField, add_labels_without_selector},
    },
    error::{Code, Error, Result},
    load,
    text::escape,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  krender edit add resource deployment.yaml services/*.yaml
  krender edit add label team:web --without-selector
  krender edit add component ../components/tls";

const NO_VERIFY: &str = "`--no-verify` adds it without looking whether it exists";

/// Sub-commands of `add`.
#[derive(Subcommand)]
pub(super) enum Add {
    /// Add annotations to `commonAnnotations`
    #[command(after_help = "\
Examples:
  krender edit add annotation owner:web-team
  krender edit add annotation note:\"a: b\" --force")]
    Annotation(Annotations),

    /// Add directories to `resources`
    #[command(after_help = "\
Examples:
  krender edit add base ../base
  krender edit add base ../base,../extras")]
    Base(Bases),

    /// Add options to `buildMetadata`
    #[command(after_help = "\
Examples:
  krender edit add buildmetadata originAnnotations
  krender edit add buildmetadata originAnnotations,managedByLabel")]
    Buildmetadata(Options),

    /// Add directories to `components`
    #[command(after_help = "\
Examples:
  krender edit add component ../components/tls
  krender edit add component '../components/*'")]
    Component(Paths),

    /// Add entries to a ConfigMap in `configMapGenerator`, or add the ConfigMap
    #[command(after_help = "\
Examples:
  krender edit add configmap settings --from-literal=mode=prod --from-literal=level=3
  krender edit add configmap settings --from-file=app.conf --from-file=key=other.conf
  krender edit add configmap settings --from-env-file=prod.env --behavior=merge")]
    Configmap(AddConfigMap),

    /// Add files to `configurations`
    #[command(after_help = "\
Examples:
  krender edit add configuration name-references.yaml")]
    Configuration(Paths),

    /// Add files to `generators`
    #[command(after_help = "\
Examples:
  krender edit add generator charts.yaml")]
    Generator(Paths),

    /// Add labels to `commonLabels`, or to `labels`
    #[command(after_help = "\
Examples:
  krender edit add label app:web tier:front
  krender edit add label team:web --without-selector --include-templates")]
    Label(Labels),

    /// Add a patch to `patches`
    #[command(after_help = "\
Examples:
  krender edit add patch --path replicas.yaml
  krender edit add patch --path memory.yaml --kind Deployment --label-selector tier=front
  krender edit add patch --kind Service --patch '[{op: remove, path: /spec/type}]'")]
    Patch(PatchFlags),

    /// Add files and directories to `resources`
    #[command(after_help = "\
Examples:
  krender edit add resource deployment.yaml service.yaml
  krender edit add resource 'services/*.yaml'
  krender edit add resource https://host.example/crds.yaml --no-verify")]
    Resource(Resources),

    /// Add entries to a Secret in `secretGenerator`, or add the Secret
    #[command(after_help = "\
Examples:
  krender edit add secret token --from-file=token.txt
  krender edit add secret web-tls --type=kubernetes.io/tls --from-file=tls.crt --from-file=tls.key
  krender edit add secret token --from-env-file=prod.env --namespace=web")]
    Secret(AddSecret),

    /// Add files to `transformers`
    #[command(after_help = "\
Examples:
  krender edit add transformer labels.yaml")]
    Transformer(Paths),
}

/// Arguments of `add annotation`.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Annotations {
    /// Annotations: `key:value`; the value may be in double quotes
    #[arg(value_name = "KEY:VALUE", required = true)]
    pairs: Vec<String>,

    #[command(flatten)]
    force: Force,
}

/// Arguments of `add label`.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Labels {
    /// Labels: `key:value`; the value may be in double quotes
    #[arg(value_name = "KEY:VALUE", required = true)]
    pairs: Vec<String>,

    #[command(flatten)]
    force: Force,

    /// Add them to `labels`, so that selectors do not get them
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, hide_possible_values = true, value_name = "BOOL")]
    without_selector: Option<bool>,

    /// With `--without-selector`: templates of pods get them, too
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, hide_possible_values = true, value_name = "BOOL")]
    include_templates: Option<bool>,
}

/// Directories in one argument.
#[derive(Args)]
pub(super) struct Bases {
    /// Directories, with commas between them
    #[arg(value_name = "DIR[,DIR]")]
    directories: String,
}

/// Paths of files or directories.
#[derive(Args)]
pub(super) struct Paths {
    /// Paths, or patterns such as `*.yaml`
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

/// Arguments of `add resource`.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Resources {
    /// Paths, patterns such as `*.yaml`, or URLs
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,

    /// Add the paths as they are, without looking whether they exist
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, hide_possible_values = true, value_name = "BOOL")]
    no_verify: Option<bool>,
}

impl Add {
    /// The change.
    pub(super) fn work(&self, context: &mut Context) -> Result<Option<Work<'_>>> {
        match self {
            Self::Annotation(Annotations { pairs, force }) => {
                let pairs = PairField::Annotations.parse(pairs)?;
                let force = force.is_set();
                Ok(Some(done(move |draft| PairField::Annotations.add(draft, &pairs, force))))
            }
            Self::Label(labels) => labels.work().map(Some),
            Self::Base(Bases { directories }) => {
                let paths: Vec<&str> = directories.split(',').collect();
                if let Some(path) = paths.iter().find(|path| !context.exists(path)) {
                    return Err(missing(path, "does not exist"));
                }
                Ok(Some(done(move |draft| PathField::add_bases(draft, &paths))))
            }
            Self::Buildmetadata(Options { options }) => {
                let options = BuildMetadata::parse(options)?;
                Ok(Some(done(move |draft| options.add(draft))))
            }
            Self::Configmap(add) => add.work(context).map(Some),
            Self::Secret(add) => add.work(context).map(Some),
            Self::Patch(flags) => {
                let patch = flags.entry();
                patch.check()?;
                if patch.path.is_empty() && patch.patch.is_empty() {
                    return Err(Error::new(Code::InvalidArgument, "no patch is given")
                        .help("give a file with `--path`, or the patch itself with `--patch`"));
                }
                Ok(Some(Box::new(move |draft| patch.add(draft))))
            }
            Self::Component(Paths { paths }) => {
                let paths = context.verified(paths)?;
                Ok(context.add(PathField::Components, paths))
            }
            Self::Resource(Resources { paths, no_verify }) => {
                let paths = match no_verify {
                    Some(true) => paths.clone(),
                    _ => context.verified(paths).map_err(|error| error.help(NO_VERIFY))?,
                };
                Ok(context.add(PathField::Resources, paths))
            }
            Self::Configuration(Paths { paths }) => {
                let paths = context.glob(paths)?;
                Ok(context.add(PathField::Configurations, paths))
            }
            Self::Generator(Paths { paths }) => {
                let paths = context.glob(paths)?;
                Ok(context.add(PathField::Generators, paths))
            }
            Self::Transformer(Paths { paths }) => {
                let paths = context.glob(paths)?;
                Ok(context.add(PathField::Transformers, paths))
            }
        }
    }
}

impl Labels {
    fn work(&self) -> Result<Work<'_>> {
        let is_set = |flag: Option<bool>| flag == Some(true);
        let (without_selector, templates) =
            (is_set(self.without_selector), is_set(self.include_templates));
        if templates && !without_selector {
            let message = "`--include-templates` works only with `--without-selector`";
            return Err(Error::new(Code::InvalidArgument, message)
                .help("labels with selectors are in templates anyway: leave it out"));
        }
        let pairs = PairField::Labels.parse(&self.pairs)?;
        let force = self.force.is_set();
        Ok(done(move |draft| match without_selector {
            true => add_labels_without_selector(draft, &pairs, templates, force),
            false => PairField::Labels.add(draft, &pairs, force),
        }))
    }
}

impl Context {
    /// True if there is a file or directory at a path.
    fn exists(&self, path: &str) -> bool {
        load::resolved(&self.directory.join(path)).is_some()
    }

    /// The paths that match patterns, and URLs. What does not exist is an error.
    fn verified(&self, patterns: &[String]) -> Result<Vec<String>> {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        create::named(&self.loader, &patterns)
    }

    /// The change that adds paths; `None` without paths.
    fn add(&self, field: PathField, paths: Vec<String>) -> Option<Work<'static>> {
        let is_own = |path: &str| load::KUSTOMIZATION_FILES.contains(&path);
        let has_own = matches!(field, PathField::Resources | PathField::Components);
        (!paths.is_empty()).then(|| -> Work<'static> {
            Box::new(move |draft| {
                let paths = paths.iter().map(String::as_str);
                field.add(draft, paths.filter(|path| !(has_own && is_own(path))))?;
                Ok(true)
            })
        })
    }
}

#[cold]
fn missing(path: &str, what: &str) -> Error {
    let path = escape::visible(path);
    Error::new(Code::FileNotFound, format!("`{path}` {what}"))
        .help("paths are relative to the directory of the kustomization file")
}
