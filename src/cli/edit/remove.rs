//! `krender edit remove`.

use clap::{Args, Subcommand};

use super::Work;
use super::flags::{Options, PatchFlags, done};
use super::generators::RemoveGenerators;
use crate::cli::plugins::Truth;
use crate::{
    edit::kustomization::{BuildMetadata, GeneratorField, PairField, PathField},
    error::{Code, Error, Result},
};

pub(super) const EXAMPLES: &str = "\
Examples:
  krender edit remove resource old.yaml
  krender edit remove label team
  krender edit remove component '../components/*'";

/// Sub-commands of `remove`.
#[derive(Subcommand)]
pub(super) enum Remove {
    /// Remove annotations from `commonAnnotations`
    #[command(after_help = "\
Examples:
  krender edit remove annotation owner,note")]
    Annotation(Keys),

    /// Remove options from `buildMetadata`
    #[command(after_help = "\
Examples:
  krender edit remove buildmetadata originAnnotations")]
    Buildmetadata(Options),

    /// Remove paths from `components`
    #[command(after_help = "\
Examples:
  krender edit remove component ../components/tls
  krender edit remove component '../components/*'")]
    Component(Patterns),

    /// Remove ConfigMaps from `configMapGenerator`
    #[command(after_help = "\
Examples:
  krender edit remove configmap settings
  krender edit remove configmap settings,flags --namespace=web")]
    Configmap(RemoveGenerators),

    /// Remove labels from `commonLabels`
    #[command(after_help = "\
Examples:
  krender edit remove label app,tier
  krender edit remove label team --ignore-non-existence")]
    Label(Keys),

    /// Remove a patch from `patches`. The flags must describe it exactly
    #[command(after_help = "\
Examples:
  krender edit remove patch --path replicas.yaml
  krender edit remove patch --path memory.yaml --kind Deployment --label-selector tier=front")]
    Patch(PatchFlags),

    /// Remove paths from `resources`
    #[command(after_help = "\
Examples:
  krender edit remove resource old.yaml
  krender edit remove resource 'services/*.yaml'")]
    Resource(Patterns),

    /// Remove Secrets from `secretGenerator`
    #[command(after_help = "\
Examples:
  krender edit remove secret token
  krender edit remove secret token,web-tls --namespace=web")]
    Secret(RemoveGenerators),

    /// Remove paths from `transformers`
    #[command(after_help = "\
Examples:
  krender edit remove transformer labels.yaml")]
    Transformer(Patterns),
}

/// Keys of labels or annotations.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Keys {
    /// Keys, with commas between them
    #[arg(value_name = "KEY[,KEY]")]
    keys: String,

    /// Accept keys that do not exist
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, hide_possible_values = true, value_name = "BOOL")]
    ignore_non_existence: Option<bool>,
}

/// Paths or patterns.
#[derive(Args)]
pub(super) struct Patterns {
    /// Paths as they are in the file, or patterns such as `*.yaml`
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

impl Remove {
    /// The change.
    pub(super) fn work(&self) -> Result<Work<'_>> {
        Ok(match self {
            Self::Annotation(keys) => keys.work(PairField::Annotations)?,
            Self::Label(keys) => keys.work(PairField::Labels)?,
            Self::Buildmetadata(Options { options }) => {
                let options = BuildMetadata::parse(options)?;
                done(move |draft| options.remove(draft))
            }
            Self::Configmap(remove) => remove.work(GeneratorField::ConfigMaps),
            Self::Secret(remove) => remove.work(GeneratorField::Secrets),
            Self::Patch(flags) => {
                let patch = flags.entry();
                patch.check()?;
                Box::new(move |draft| patch.remove(draft))
            }
            Self::Component(patterns) => patterns.work(PathField::Components),
            Self::Resource(patterns) => patterns.work(PathField::Resources),
            Self::Transformer(patterns) => patterns.work(PathField::Transformers),
        })
    }
}

impl Keys {
    fn work(&self, field: PairField) -> Result<Work<'_>> {
        let keys: Vec<&str> = self.keys.split(',').collect();
        if keys.iter().any(|key| key.is_empty()) {
            let message = format!("found an empty key in `{}`", self.keys);
            return Err(Error::new(Code::InvalidArgument, message)
                .help("write keys with one comma between them: `a,b`"));
        }
        let ignore = self.ignore_non_existence == Some(true);
        Ok(done(move |draft| field.remove(draft, &keys, ignore)))
    }
}

impl Patterns {
    fn work(&self, field: PathField) -> Work<'_> {
        Box::new(move |draft| field.remove(draft, &self.paths))
    }
}
