//! `krender edit set`.

use clap::{Args, Subcommand};

use super::flags::{Options, done};
use super::generators::Change;
use super::{Context, Work};
use crate::{
    edit::kustomization::{BuildMetadata, GeneratorField, PairField, SetImages, SetReplicas},
    error::Result,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  krender edit set image web=registry.example/web:1.4.2
  krender edit set namespace staging
  krender edit set nameprefix -- -blue";

/// Sub-commands of `set`.
#[derive(Subcommand)]
pub(super) enum Set {
    /// Set annotations in `commonAnnotations`
    #[command(after_help = "\
Examples:
  krender edit set annotation owner:web-team")]
    Annotation(Pairs),

    /// Replace the options in `buildMetadata`
    #[command(after_help = "\
Examples:
  krender edit set buildmetadata originAnnotations,managedByLabel")]
    Buildmetadata(Options),

    /// Set values of literals, or the namespace, of a ConfigMap in `configMapGenerator`
    #[command(after_help = "\
Examples:
  krender edit set configmap settings --from-literal=mode=test
  krender edit set configmap settings --namespace=web --new-namespace=shop")]
    Configmap(Change),

    /// Set names, tags and digests in `images`
    ///
    /// An entry for an image gets the values that are given, and loses its others. `*` keeps an old value: `web=*:1.2` keeps the
    /// new name.
    #[command(after_help = "\
Examples:
  krender edit set image nginx:1.27
  krender edit set image web=registry.example/web:1.4.2 db@sha256:24a0c4b4…
  krender edit set image 'web=*:1.4.3'")]
    Image(Images),

    /// Set labels in `commonLabels`
    #[command(after_help = "\
Examples:
  krender edit set label app:web tier:front")]
    Label(Pairs),

    /// Set `namePrefix`. An empty one removes it
    #[command(after_help = "\
Examples:
  krender edit set nameprefix blue-
  krender edit set nameprefix -- -blue")]
    Nameprefix(Value),

    /// Set `namespace`. An empty one removes it
    #[command(after_help = "\
Examples:
  krender edit set namespace staging")]
    Namespace(Value),

    /// Set `nameSuffix`. An empty one removes it
    #[command(after_help = "\
Examples:
  krender edit set namesuffix -- -v2")]
    Namesuffix(Value),

    /// Set numbers of replicas in `replicas`
    #[command(after_help = "\
Examples:
  krender edit set replicas web=3 worker=1")]
    Replicas(Replicas),

    /// Set values of literals, or the namespace, of a Secret in `secretGenerator`
    #[command(after_help = "\
Examples:
  krender edit set secret token --from-literal=user=admin
  krender edit set secret token --new-namespace=shop")]
    Secret(Change),
}

/// Labels or annotations.
#[derive(Args)]
pub(super) struct Pairs {
    /// `key:value`; the value may be in double quotes
    #[arg(value_name = "KEY:VALUE", required = true)]
    pairs: Vec<String>,
}

/// Images.
#[derive(Args)]
pub(super) struct Images {
    /// `IMAGE:TAG`, `IMAGE@DIGEST`, `IMAGE:TAG@DIGEST`, `IMAGE=NEW`, `IMAGE=NEW:TAG`, `IMAGE=NEW@DIGEST` or
    /// `IMAGE=NEW:TAG@DIGEST`
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<String>,
}

/// A text.
#[derive(Args)]
pub(super) struct Value {
    /// The new value. Write `--` before one that begins with a dash
    #[arg(value_name = "VALUE")]
    value: String,
}

/// Numbers of replicas.
#[derive(Args)]
pub(super) struct Replicas {
    /// Names of workloads with numbers
    #[arg(value_name = "NAME=COUNT", required = true)]
    replicas: Vec<String>,
}

impl Set {
    /// The change.
    pub(super) fn work(&self, context: &Context) -> Result<Work<'_>> {
        Ok(match self {
            Self::Annotation(Pairs { pairs }) => {
                let pairs = PairField::Annotations.parse(pairs)?;
                PairField::Annotations.check_keys(&pairs)?;
                done(move |draft| PairField::Annotations.add(draft, &pairs, true))
            }
            Self::Label(Pairs { pairs }) => {
                let pairs = PairField::Labels.parse(pairs)?;
                done(move |draft| PairField::Labels.add(draft, &pairs, true))
            }
            Self::Buildmetadata(Options { options }) => {
                let options = BuildMetadata::parse(options)?;
                done(move |draft| options.set(draft))
            }
            Self::Configmap(change) => change.work(GeneratorField::ConfigMaps, context)?,
            Self::Secret(change) => change.work(GeneratorField::Secrets, context)?,
            Self::Image(Images { images }) => {
                let images = SetImages::parse(images)?;
                done(move |draft| images.clone().apply(draft))
            }
            Self::Nameprefix(Value { value }) => done(move |draft| {
                draft.model_mut().name_prefix.value = value.as_str().into();
                draft.set_text("namePrefix", value)
            }),
            Self::Namespace(Value { value }) => done(move |draft| {
                draft.model_mut().namespace.value = value.as_str().into();
                draft.set_text("namespace", value)
            }),
            Self::Namesuffix(Value { value }) => done(move |draft| {
                draft.model_mut().name_suffix.value = value.as_str().into();
                draft.set_text("nameSuffix", value)
            }),
            Self::Replicas(Replicas { replicas }) => {
                let replicas = SetReplicas::parse(replicas)?;
                done(move |draft| replicas.clone().apply(draft))
            }
        })
    }
}
