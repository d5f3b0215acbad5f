//! Flags for reading files and writing lists, for commands other than `build`.

use std::io::Read as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::plugins::Plugins;
use super::remote::Remote;
use super::terminal::Format;
use crate::{
    build,
    error::{Code, Error, Result},
    external::{Environment, git::Repository},
    fetch::LockUse,
    limits::{self, Budget, Limits, Setting},
    load::{self, Disk, Loader},
    parallel::Threads,
    plugin,
    source::{Sources, Span},
    text::escape,
};

/// Flags for reading files.
#[derive(Args, Debug, Default)]
pub(super) struct Reading {
    /// With `LoadRestrictionsNone`: kustomizations may load files from outside their root
    #[arg(
        long,
        alias = "load_restrictor",
        value_name = "RESTRICTOR",
        default_value = "LoadRestrictionsRootOnly"
    )]
    #[arg(help_heading = None::<&str>)]
    pub(super) load_restrictor: Restrictor,

    #[command(flatten)]
    limit: Limit,

    #[command(flatten)]
    pub(super) plugins: Plugins,

    #[command(flatten)]
    pub(super) remote: Remote,
}

/// The flag for limits.
#[derive(Args, Debug, Default)]
pub(super) struct Limit {
    /// Raise or lower a limit, such as `bytes=2GiB` (may be repeated): bytes, resources, directories, patterns, files,
    /// git-objects, requests, fetched, findings. docs/security.md has the defaults
    #[arg(long = "limit", value_name = "NAME=VALUE", help_heading = None::<&str>)]
    limits: Vec<Setting>,
}

impl Limit {
    /// The limits of a command.
    pub(super) fn limits(&self) -> Limits {
        let set = |limits: Limits, set: &Setting| limits.with(set.limit, set.value);
        self.limits.iter().fold(Limits::default(), set)
    }
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

/// The number of threads.
#[derive(Args, Debug, Default)]
pub(super) struct Jobs {
    /// Number of threads [default: one for each processor]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl Jobs {
    /// The threads of a command; by default as many as there are processors. To be asked for once: each call makes new ones.
    pub(super) fn threads(&self) -> Threads {
        Threads::of_program(self.jobs, super::processors)
    }
}

/// Output format of lists.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum List {
    Text,
    Json,
}

/// Flag for the end of names in a list of text.
#[derive(Args)]
pub(super) struct Ends {
    /// End each name with a zero byte instead of a line break, for `xargs -0`
    #[arg(short = '0', long)]
    null: bool,
}

impl Ends {
    /// Refuses the flag for lists that are not text.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a list of JSON.
    pub(super) fn check(&self, format: List) -> Result<()> {
        if self.null && format == List::Json {
            let message = "`--null` cannot be used with `--format json`";
            return Err(Error::new(Code::InvalidArgument, message).help("omit one of the flags"));
        }
        Ok(())
    }

    /// A path as an entry of a list of text.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] for a path that is not UTF-8, unless entries end with a zero byte, and as [`Ends::entry`].
    pub(super) fn path(&self, path: &Path) -> Result<Vec<u8>> {
        if self.null {
            let mut bytes = path.as_os_str().as_encoded_bytes().to_vec();
            bytes.push(0);
            return Ok(bytes);
        }
        self.entry(name(path)?).map(String::into_bytes)
    }

    /// A name as an entry of a list of text.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] for a name that could not be read back from a line, such as one with a line break: a
    /// program that reads the list would use the wrong file.
    pub(super) fn entry(&self, name: &str) -> Result<String> {
        if self.null {
            return Ok(format!("{name}\0"));
        }
        let shown = escape::visible(name);
        if escape::for_log(&shown) != name {
            let message = format!("`{name}` cannot be written on a line");
            return Err(Error::new(Code::InvalidPath, message).help(
                "`--null` ends names with a zero byte instead, `--format json` escapes them",
            ));
        }
        Ok(format!("{name}\n"))
    }
}

/// A path as text.
///
/// # Errors
/// [`Code::InvalidPath`] for a path that is not UTF-8: it would be read back as another one.
pub(super) fn name(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        let shown = escape::file_name(path.as_os_str());
        Error::new(Code::InvalidPath, format!("the path `{shown}` is not UTF-8"))
            .help("`krender inputs --null` writes such paths as they are; else rename it")
    })
}

impl Reading {
    /// A loader with an empty cache.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if there is no working directory.
    pub(super) fn loader(&self) -> Result<Loader> {
        Ok(Loader::new(Disk, self.load_options(working_directory()?)))
    }

    /// Runs a command with a new loader, and returns the exit code.
    pub(super) fn run(&self, work: impl FnOnce(&Loader) -> Result<()>, format: Format) -> ExitCode {
        run_with(self.loader(), work, format)
    }

    /// Options of a loader. Relative paths are resolved against a working directory.
    pub(super) fn load_options(&self, working_directory: PathBuf) -> load::Options {
        let restrictor = match self.load_restrictor {
            Restrictor::RootOnly => load::Restrictor::RootOnly,
            Restrictor::None => load::Restrictor::None,
        };
        let limits = self.limit.limits();
        let remotes = self.remote.source(&working_directory);
        load::Options { restrictor, working_directory, limits, remotes, ..load::Options::default() }
    }

    /// Options for plugins.
    pub(super) fn plugins(&self) -> plugin::Options {
        self.plugins.options(|options| {
            // Without a working directory, reading fails first.
            let directory = working_directory().unwrap_or_default();
            self.remote.charts(options, self.remote.lock(&directory), &directory)
        })
    }

    /// Options for plugins that pull no charts.
    pub(super) fn plugins_of_tree(&self) -> plugin::Options {
        self.plugins.options(|options| {
            let directory = working_directory().unwrap_or_default();
            Remote::charts_of_tree(options, &directory)
        })
    }

    /// Options for plugins, with charts that use a lock.
    pub(super) fn plugins_with(&self, lock: LockUse, directory: &Path) -> plugin::Options {
        self.plugins.options(|options| self.remote.charts(options, lock, directory))
    }

    /// Options of a build on these threads.
    pub(super) fn options(&self, threads: Threads) -> build::Options {
        build::Options { plugins: self.plugins(), threads, ..build::Options::default() }
    }
}

/// Runs a command with a loader, and returns the exit code.
pub(super) fn run_with(
    loader: Result<Loader>,
    work: impl FnOnce(&Loader) -> Result<()>,
    format: Format,
) -> ExitCode {
    match loader {
        Ok(loader) => super::finish(work(&loader), loader.sources(), format),
        Err(error) => super::finish(Err(error), &Sources::new(), format),
    }
}

/// The directory against which relative paths are resolved.
///
/// # Errors
/// [`Code::ReadFailed`], for example if it was removed.
#[expect(clippy::disallowed_methods, reason = "the working directory is read here and handed on")]
pub(super) fn working_directory() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| {
        Error::new(Code::ReadFailed, format!("the working directory cannot be found: {error}"))
    })
}

/// The top of the repository that a directory or file is in.
pub(super) fn top_of(path: &Path) -> Option<&Path> {
    let is_top = |directory: &&Path| {
        let git = directory.join(".git");
        load::is_directory(&git) || load::is_file(&git)
    };
    path.ancestors().find(is_top)
}

/// Standard input as a file.
///
/// # Errors
/// [`Code::ReadFailed`] if it cannot be read, and as [`Loader::text`].
pub(super) fn standard_input(loader: &Loader) -> Result<load::File> {
    let bytes = all_of_standard_input(loader.limits())?;
    loader.text("standard input", bytes)
}

/// The bytes of standard input, up to the limit of files.
///
/// # Errors
/// [`Code::ReadFailed`] if it cannot be read, and [`Code::LimitExceeded`].
pub(super) fn all_of_standard_input(allowed: Limits) -> Result<Vec<u8>> {
    let (most, mut bytes) = (allowed.get(limits::Limit::Files), Vec::new());
    let input = std::io::stdin().lock();
    input.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| {
        Error::new(Code::ReadFailed, format!("standard input could not be read: {error}"))
    })?;
    match bytes.len() as u64 > most {
        true => Err(Budget::new(allowed)
            .exceeded(limits::Limit::Files, Span::NONE)
            .step("while reading standard input")),
        false => Ok(bytes),
    }
}

/// The git repository that a directory is in; the objects that are read are charged to `budget`.
///
/// # Errors
/// Those of [`Repository::of`].
pub(super) fn repository(directory: &Path, budget: &Budget) -> Result<Repository> {
    let environment = Environment::new(std::env::vars_os(), &working_directory()?);
    Repository::of(directory, &environment, budget)
}
