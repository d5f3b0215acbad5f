//! The flags that say how files are read and lists are written, for commands beside `build`.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::plugins::Plugins;
use super::report::Format;
use crate::{
    build,
    error::{Code, Error, Result},
    load::{self, Disk, Loader},
    source::Sources,
};

/// How files are read.
#[derive(Args)]
pub(super) struct Reading {
    /// Whether files may be read from outside the root of a kustomization
    #[arg(long, value_name = "RESTRICTOR", default_value = "LoadRestrictionsRootOnly")]
    #[arg(help_heading = None::<&str>)]
    load_restrictor: Restrictor,

    #[command(flatten)]
    plugins: Plugins,
}

/// Which files a kustomization may name.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Restrictor {
    #[default]
    #[value(name = "LoadRestrictionsRootOnly", alias = "")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone")]
    None,
}

/// How many threads a list of targets is made on.
#[derive(Args)]
pub(super) struct Jobs {
    /// How many threads look at targets [default: one for each processor]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl Jobs {
    /// As many as are asked for, or as there are processors.
    pub(super) fn count(&self) -> NonZeroUsize {
        self.jobs.unwrap_or_else(super::processors)
    }
}

/// How a list is written.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum List {
    Text,
    Json,
}

impl Reading {
    /// A loader that has read nothing yet.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] when there is no working directory.
    pub(super) fn loader(&self) -> Result<Loader> {
        Ok(Loader::new(Disk, self.load_restrictor.options(working_directory()?)))
    }

    /// Does the work of a command with a loader that has read nothing yet, and exits as the outcome asks.
    pub(super) fn run(&self, work: impl FnOnce(&Loader) -> Result<()>, format: Format) -> ExitCode {
        match self.loader() {
            Ok(loader) => super::finish(work(&loader), loader.sources(), format),
            Err(error) => super::finish(Err(error), &Sources::new(), format),
        }
    }

    /// How targets are built.
    pub(super) fn options(&self) -> build::Options {
        build::Options { plugins: self.plugins.options(), ..build::Options::default() }
    }
}

impl Restrictor {
    /// How a loader reads.
    pub(super) fn options(self, working_directory: std::path::PathBuf) -> load::Options {
        let restrictor = match self {
            Self::RootOnly => load::Restrictor::RootOnly,
            Self::None => load::Restrictor::None,
        };
        load::Options { restrictor, working_directory }
    }
}

/// Where relative paths are taken from.
///
/// # Errors
/// [`Code::ReadFailed`] when it was removed, say.
#[expect(clippy::disallowed_methods, reason = "the working directory is read here and handed on")]
pub(super) fn working_directory() -> Result<std::path::PathBuf> {
    std::env::current_dir().map_err(|error| {
        Error::new(Code::ReadFailed, format!("the working directory cannot be found: {error}"))
    })
}
