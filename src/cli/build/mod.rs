//! `krender build`: renders one kustomization, or many.

mod cache;
mod many;
mod output;
mod progress;
mod prune;
mod rendering;
mod timings;
#[cfg(feature = "watch")]
mod watch;

use std::{ffi::OsString, path::Path, process::ExitCode, time::Instant};

use clap::{Args, ValueEnum};

use super::harden::Hardening;
use super::plugins::Truth;
use super::reading::{Reading, working_directory};
use super::select;
use super::sharing;
use super::terminal::{self, Format};
use crate::{
    build,
    config::Warning,
    error::{Code, Error, Result},
    fleet,
    load::{Disk, Loader},
    source::Sources,
};
use output::{Places, Printer};
use rendering::{Rendered, Renderer};
use timings::Timings;

/// Render one kustomization, or many
///
/// Prints the resources of the kustomization in DIR as one stream of YAML, byte for byte as `kustomize build` does.
///
/// With several directories, or with `--all`, each is a target: targets are printed one after the other, each below a
/// comment with its directory, in the order in which they were named or found. One that cannot be built does not keep
/// the others from it.
#[derive(Args, Debug, Default)]
#[command(args_override_self = true)]
pub(super) struct Build {
    /// Directory with a kustomization file; several directories are built one after the other
    #[arg(value_name = "DIR", default_value = ".")]
    directories: Vec<String>,

    /// Write to a file, or into an existing directory: one file per resource. With many targets: one file per target,
    /// at the target's path in the tree, such as `overlays/prod.yaml`. `-` is standard output
    #[arg(short, long, value_name = "FILE|DIR", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    output: String,

    /// Remove files from the output directory that an earlier run with this flag wrote there, and that no target of this run
    /// writes
    #[arg(long)]
    prune: bool,

    /// The order of the resources (deprecated: use `sortOptions` in kustomization.yaml)
    #[arg(long, value_name = "ORDER", hide = true)]
    reorder: Option<OrderFlag>,

    /// Add the label `app.kubernetes.io/managed-by` (deprecated: use `buildMetadata: [managedByLabel]` in
    /// kustomization.yaml)
    #[arg(long, alias = "enable_managedby_label", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = Truth, hide = true)]
    enable_managedby_label: Option<bool>,

    /// Do not print warnings
    #[arg(short, long)]
    quiet: bool,

    /// Fail on warnings, on fields without effect (patches without a target, images that no container uses), on parts of the
    /// inputs that kustomize ignores, and on objects that no API server accepts
    #[arg(long)]
    strict: bool,

    /// Add comments that name the origin of each object: its file, and the entries that changed it. With `=field`: of each
    /// field. Without the comments, the bytes are the same
    #[arg(long, value_name = "PART", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "object", conflicts_with_all = ["harden", "cache"])]
    annotate_origin: Option<Origins>,

    /// Print a summary to standard error: number of targets, total time, and the slowest targets. With
    /// `--error-format json`: one JSON object per line, for each target and for the run
    #[arg(long)]
    timings: bool,

    /// Render again whenever an input file is saved, until Ctrl-C. With `--all`, new targets are not detected
    #[cfg(feature = "watch")]
    #[arg(long, conflicts_with_all = ["timings", "cache", "prune"])]
    watch: bool,

    #[command(flatten)]
    cache: cache::Cache,

    #[command(flatten)]
    many: many::Many,

    #[command(flatten)]
    hardening: Hardening,

    #[command(flatten)]
    reading: Reading,
}

/// The parts of the output whose origin is named.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Origins {
    /// A comment before each object
    Object,
    /// A comment behind each field
    Field,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OrderFlag {
    Legacy,
    None,
}

/// kustomize's words.
const MANAGED_BY_DEPRECATED: &str = "Flag --enable-managedby-label has been deprecated, The flag `enable-managedby-label` has been deprecated. Use the `managedByLabel` option in the `buildMetadata` field instead.";
/// kustomize's words.
const REORDER_DEPRECATED: &str = "Flag --reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead.";

impl Build {
    /// The command `build` or `build DIR` without a flag, as most programs call it; `None` for other arguments. Parsing its
    /// sixty flags would take 152,000 of the 1,180,000 instructions of a small build (13 %).
    pub(super) fn without_flags(arguments: &[OsString]) -> Option<Self> {
        let directory = match arguments {
            [_, command] if command == "build" => ".",
            [_, command, directory] if command == "build" => directory.to_str()?,
            _ => return None,
        };
        let is_flag = directory.starts_with('-');
        (!is_flag).then(|| Self { directories: vec![directory.to_owned()], ..Self::default() })
    }

    /// Renders, and exits as the outcome asks.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let started = now();
        if self.quiet {
            crate::cli::remote::warn_as(None);
        }
        let working_directory = match working_directory() {
            Ok(path) => path,
            Err(error) => return super::finish(Err(error), &Sources::new(), format),
        };
        let loader: &Loader = super::until_exit(self.loader(&working_directory));
        let outcome = match self.is_about_many() {
            #[cfg(feature = "watch")]
            _ if self.watch => self.watch(&working_directory, format),
            true => self.render_many(loader, &working_directory, started, format),
            false => self.render_one(loader, &working_directory, started, format),
        };
        outcome.unwrap_or_else(|error| super::finish(Err(error), loader.sources(), format))
    }

    /// The output file or directory; `None` for standard output, also if it is named `-`.
    fn output_path(&self) -> Option<&Path> {
        (!matches!(self.output.as_str(), "" | "-")).then(|| Path::new(&self.output))
    }

    /// A loader with an empty cache.
    fn loader(&self, working_directory: &Path) -> Loader {
        Loader::new(Disk, self.reading.load_options(working_directory.to_path_buf()))
    }

    fn options(&self) -> build::Options {
        let reorder = self.reorder.map(|order| match order {
            OrderFlag::Legacy => build::Reorder::Legacy,
            OrderFlag::None => build::Reorder::None,
        });
        let mut plugins = self.reading.plugins();
        plugins.host.tell = plugins.host.tell.filter(|_| !self.quiet);
        build::Options {
            reorder,
            plugins,
            managed_by_label: self.enable_managedby_label.unwrap_or_default()
                || is_managed_by_environment(),
            strict: self.strict,
            threads: self.many.jobs.threads(),
        }
    }

    /// Renders one target, with kustomize's output and messages.
    fn render_one(
        &self,
        loader: &Loader,
        working_directory: &Path,
        started: Instant,
        format: Format,
    ) -> Result<ExitCode> {
        let [directory] = &*self.directories else { return Ok(ExitCode::SUCCESS) };
        let places = Places::of(self, &self.directories, working_directory)?;
        if self.prune {
            places.check_prune(&self.directories, loader)?;
        }
        let split = places.is_split();
        let store = self.store(format)?;
        let options = self.options();
        let work = self.hardening.work(loader, options.plugins.today)?;
        let work = work.as_ref();
        let keeper = self.keeper(store.as_ref(), loader, work, split);
        let keeper = keeper.as_ref();
        let found = keeper.and_then(|keeper| keeper.find(directory));
        let run: &fleet::Run<'_> = super::until_exit(fleet::Run::new(loader, &options));
        if let Some(work) = work.filter(|_| !self.quiet) {
            work.tell(loader.sources(), format);
        }
        let is_streamed = keeper.is_none() && self.annotate_origin.is_none();
        let file = places.file().filter(|_| is_streamed);
        let renderer =
            Renderer { build: self, loader, run, keeper, work, file, split, is_one: true };
        let mut warnings = self.warnings();
        let rendered = match renderer.read(found.as_ref(), &mut warnings) {
            Some(rendered) => {
                self.warn(&warnings, loader.sources(), format);
                rendered
            }
            None => {
                run.expect(&[directory]);
                let built = renderer.build(directory, &mut warnings);
                self.warn(&warnings, loader.sources(), format);
                let finished = built.and_then(|built| {
                    renderer.finish(directory, built, &mut None, &mut Vec::new(), format)
                });
                finished.map_err(|error| error.for_targets(&self.directories))?
            }
        };
        let Rendered { texts, size, outcome, unkept, warnings, written } = rendered;
        self.warn(&warnings, loader.sources(), format);
        match written {
            Some(written) => written?,
            None => {
                if let Some(pieces) = places.put(0, directory, texts)? {
                    Printer::default().print(&pieces)?;
                }
            }
        }
        if self.prune {
            places.prune(&[])?;
        }
        if self.timings {
            let time = started.elapsed();
            let mut timings = Timings::default();
            timings.add(directory, outcome, size, time);
            timings.tell(time, 1, format);
        }
        self.close(store, unkept, loader.sources(), format);
        Ok(ExitCode::SUCCESS)
    }
}

impl Build {
    /// Warnings about deprecated flags.
    fn warnings(&self) -> Vec<Warning> {
        let deprecated = |text: &str, flag: &str, field: &str| Warning {
            text: Some(text.to_owned()),
            failure: Error::new(Code::Deprecated, format!("`{flag}` is deprecated"))
                .help(format!("use `{field}` in kustomization.yaml")),
        };
        let reorder =
            self.reorder.map(|_| deprecated(REORDER_DEPRECATED, "--reorder", "sortOptions"));
        let managed_by = self.enable_managedby_label.map(|_| {
            let field = "buildMetadata: [managedByLabel]";
            deprecated(MANAGED_BY_DEPRECATED, "--enable-managedby-label", field)
        });
        reorder.into_iter().chain(managed_by).collect()
    }

    /// Turns warnings into an error with `--strict`.
    fn heed<T>(&self, built: Result<T>, warnings: &mut Vec<Warning>) -> Result<T> {
        if !self.strict {
            return built;
        }
        let failures = warnings.drain(..).map(|warning| warning.failure);
        let failures = Error::all(built.as_ref().err().cloned().into_iter().chain(failures));
        failures.map_or(built, Err)
    }

    /// Prints warnings, unless `--quiet` is set.
    fn warn(&self, warnings: &[Warning], sources: &Sources, format: Format) {
        for Warning { text, failure } in warnings.iter().filter(|_| !self.quiet) {
            if let Some(text) = text {
                terminal::warning(text, failure.span(), sources, format);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock is read here, for timings and progress")]
fn now() -> Instant {
    Instant::now()
}

/// True if an environment variable sets `--enable-managedby-label`.
#[expect(clippy::disallowed_methods, reason = "the environment is read here and handed on")]
fn is_managed_by_environment() -> bool {
    std::env::var_os("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL").is_some_and(|value| value == "on")
}
