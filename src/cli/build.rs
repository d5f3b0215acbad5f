//! `krender build` renders a kustomization.

use clap::{Args, ValueEnum};

use crate::{
    error::{Code, Error, Result},
    source::Sources,
};

/// Render a kustomization
///
/// Prints the resources of the kustomization in DIR as one stream of YAML, byte for byte as `kustomize build` does.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Build {
    /// The directory with the kustomization file
    #[arg(value_name = "DIR", default_value = ".")]
    directory: String,

    /// Write to a file, or into a directory that exists: one file per resource
    #[arg(short, long, value_name = "FILE|DIR", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    output: String,

    /// Whether files may be read from outside the root of a kustomization
    #[arg(long, value_name = "RESTRICTOR", default_value = "LoadRestrictionsRootOnly")]
    load_restrictor: Restrictor,

    /// The order of the resources (deprecated: use `sortOptions` in kustomization.yaml)
    #[arg(long, value_name = "ORDER", hide = true)]
    reorder: Option<Order>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Restrictor {
    #[value(name = "LoadRestrictionsRootOnly", alias = "")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone")]
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum Order {
    Legacy,
    None,
}

impl Build {
    pub(super) fn run(&self, _sources: &Sources) -> Result<()> {
        Err(Error::new(
            Code::NotSupportedYet,
            format!("`{}` cannot be rendered yet", self.directory),
        ))
    }
}
