//! Flags and arguments that several sub-commands of `krender edit` have.

use clap::Args;

use super::super::plugins::Truth;
use super::Work;
use crate::{
    edit::kustomization::{Draft, PatchEntry},
    error::Result,
};

/// A patch and its target.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct PatchFlags {
    /// File of the patch
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    path: String,

    /// The patch itself
    #[arg(long, value_name = "YAML", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    patch: String,

    /// Group of the resources to patch, such as `apps`
    #[arg(long, value_name = "GROUP", default_value = "", hide_default_value = true)]
    #[arg(help_heading = "Target", allow_hyphen_values = true)]
    group: String,

    /// Version of the resources to patch, such as `v1`
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    #[arg(help_heading = "Target", allow_hyphen_values = true)]
    version: String,

    /// Kind of the resources to patch
    #[arg(long, value_name = "KIND", default_value = "", hide_default_value = true)]
    #[arg(help_heading = "Target", allow_hyphen_values = true)]
    kind: String,

    /// Name of the resources to patch
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    #[arg(help_heading = "Target", allow_hyphen_values = true)]
    name: String,

    /// Namespace of the resources to patch
    #[arg(long, value_name = "NAMESPACE", default_value = "", hide_default_value = true)]
    #[arg(help_heading = "Target", allow_hyphen_values = true)]
    namespace: String,

    /// Annotations of the resources to patch, such as `a=b`
    #[arg(long, value_name = "SELECTOR", default_value = "", hide_default_value = true)]
    #[arg(help_heading = "Target", allow_hyphen_values = true)]
    annotation_selector: String,

    /// Labels of the resources to patch, such as `a=b`
    #[arg(long, value_name = "SELECTOR", default_value = "", hide_default_value = true)]
    #[arg(help_heading = "Target", allow_hyphen_values = true)]
    label_selector: String,
}

impl PatchFlags {
    /// The patch that the flags describe.
    pub(super) fn entry(&self) -> PatchEntry {
        PatchEntry {
            path: self.path.clone(),
            patch: self.patch.clone(),
            group: self.group.clone(),
            version: self.version.clone(),
            kind: self.kind.clone(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            annotation_selector: self.annotation_selector.clone(),
            label_selector: self.label_selector.clone(),
        }
    }
}

/// Options of `buildMetadata`.
#[derive(Args)]
pub(super) struct Options {
    /// `originAnnotations`, `transformerAnnotations` and `managedByLabel`, with commas between them
    #[arg(value_name = "OPTION[,OPTION]")]
    pub(super) options: String,
}

/// The flag `--force`.
#[derive(Args)]
pub(super) struct Force {
    /// Replace the values of those that are there already
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, hide_possible_values = true, value_name = "BOOL")]
    force: Option<bool>,
}

impl Force {
    /// True if it is set.
    pub(super) fn is_set(&self) -> bool {
        self.force == Some(true)
    }
}

/// A change that always leads to a new file.
pub(super) fn done<'w>(work: impl Fn(&mut Draft<'_>) -> Result<()> + 'w) -> Work<'w> {
    Box::new(move |draft| work(draft).map(|()| true))
}
