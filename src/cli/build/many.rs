//! Builds of many targets in one run: `krender build --all DIR`, `krender build DIR DIR`.

use std::{
    ops::ControlFlow,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::Value;

use super::{
    Build,
    output::{Places, Printer},
    progress::Progress,
    rendering::{Rendered, Renderer},
    select::{self, Select, Selected},
    sharing::Part,
    terminal::{self, Format},
    timings::{Outcome, Size, Timings},
};
use crate::{
    cli::{reading::Jobs, told::Told},
    config::Warning,
    error::{Error, Result},
    fleet::{self, Found, Keeper},
    load::Loader,
    parallel::{Threads, in_order},
    source::Span,
};

/// Which targets, and how.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Many targets")]
pub(super) struct Many {
    /// Build every kustomization at or below DIR that is not included by another one there
    #[arg(long)]
    pub(super) all: bool,

    #[command(flatten)]
    select: Select,

    /// With `--all`: build part K of N parts that take about the same time, as listed by `krender shard`
    #[arg(long, value_name = "K/N")]
    shard: Option<Part>,

    /// With `--shard`: build times of an earlier run, as written by `--timings --error-format json`
    #[arg(long, value_name = "FILE")]
    costs: Option<String>,

    /// With `--output`: write a directory per target, with a file per resource
    #[arg(long)]
    pub(super) split: bool,

    #[command(flatten)]
    pub(super) jobs: Jobs,
}

impl Build {
    /// True if a flag is used that kustomize does not have.
    pub(super) fn is_about_many(&self) -> bool {
        let Many { all, select, shard, costs, split, jobs: _ } = &self.many;
        *all || self.directories.len() > 1 || shard.is_some() || costs.is_some()
            // Invalid combinations are reported there, too.
            || !select.include.is_empty() || !select.exclude.is_empty() || *split && self.output_path().is_none()
    }

    /// Renders many targets: one after the other to standard output, or each to its own file or directory.
    pub(super) fn render_many(
        &self,
        loader: &Loader,
        working_directory: &Path,
        started: Instant,
        format: Format,
    ) -> Result<ExitCode> {
        let options = self.options();
        let store = self.store(format)?;
        if store.is_some() {
            // Searching for targets reads files too, which must be recorded as inputs.
            loader.take_notes();
        }
        let run: &fleet::Run<'_> = crate::cli::until_exit(fleet::Run::new(loader, &options));
        let threads = &options.threads;
        let Selected { targets, refused } = self.targets(run, loader)?;
        let places = Places::of(self, &targets, working_directory)?;
        self.check_prune(&places, &targets, loader)?;
        let work = self.hardening.work(loader, options.plugins.today)?;
        let work = work.as_ref();
        if let Some(work) = work.filter(|_| !self.quiet) {
            work.tell(loader.sources(), format);
        }
        let split = places.is_split();
        let keeper = self.keeper(store.as_ref(), loader, work, split);
        let keeper = keeper.as_ref();
        let found = find(&targets, keeper, threads);
        let missed: Vec<&String> = targets
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(target, _)| target)
            .collect();
        run.expect(&missed);
        let renderer =
            Renderer { build: self, loader, run, keeper, work, file: None, split, is_one: false };
        let work = |number: usize| {
            self.one_of_many(number, &targets[number], found[number].as_ref(), &renderer, &places)
        };
        let mut results = Results::new(&targets, &places, started, self.quiet);
        in_order(targets.len(), threads, work, |number, done| results.add(number, done));
        let has_refused = !refused.is_empty();
        for (target, error) in refused {
            results.timings.add(&target, Outcome::Failed, Size::default(), Duration::ZERO);
            results.told.add(&target, Vec::new(), Some(error));
        }
        let Results { mut outcome, progress, told, timings, unkept, hardened, .. } = results;
        drop(progress);
        self.hardening.report(&hardened)?;
        self.tell(told, loader, format);
        // A target that is not known by its place may have written any file.
        if self.prune && outcome.is_ok() && !has_refused {
            outcome = places.prune(&timings.failed());
        }
        let exit = crate::cli::finish(outcome, loader.sources(), format);
        self.tell_left(&places, &timings, working_directory, format);
        if self.timings {
            let jobs = threads.count().get().min(targets.len());
            timings.tell(started.elapsed(), jobs, format);
        }
        self.close(store, unkept, loader.sources(), format);
        Ok(if timings.has_failures() { ExitCode::FAILURE } else { exit })
    }

    /// Refuses `--prune` without an output directory, and for a part of the targets: the files of the others would go.
    fn check_prune(&self, places: &Places, targets: &[String], loader: &Loader) -> Result<()> {
        let Many { select, shard, .. } = &self.many;
        let part = if shard.is_some() {
            "--shard"
        } else if !select.include.is_empty() {
            "--include"
        } else if !select.exclude.is_empty() {
            "--exclude"
        } else {
            return if self.prune { places.check_prune(targets, loader) } else { Ok(()) };
        };
        match self.prune {
            true => Err(select::senseless("--prune", part)
                .help("it removes the files of all targets that this run does not write")),
            false => Ok(()),
        }
    }

    /// Warns of files in the output directory that this run did not write: those of failed targets and, if all targets
    /// of the tree were built, those of no target.
    fn tell_left(
        &self,
        places: &Places,
        timings: &Timings,
        working_directory: &Path,
        format: Format,
    ) {
        let Some(output) = self.output_path().filter(|_| !self.quiet) else { return };
        let Many { all, select, shard, costs: _, split: _, jobs: _ } = &self.many;
        let is_whole =
            *all && shard.is_none() && select.include.is_empty() && select.exclude.is_empty();
        let failed = timings.failed();
        if failed.is_empty() && !is_whole {
            return;
        }
        // A new loader, since the old one has cached the directories from before they were written.
        let loader = self.loader(working_directory);
        let (Some(output), Some(files)) =
            (output.to_str(), output.to_str().and_then(|path| loader.manifests(path).ok()))
        else {
            return;
        };
        let [failed, others] = places.left(&failed, &files.found);
        // An output directory inside of the tree holds other files, which are not output.
        let is_apart = loader.root(output).is_ok_and(|output| {
            let mut trees = self.directories.iter().filter_map(|tree| loader.root(tree).ok());
            !trees.any(|tree| tree.path().starts_with(output.path()))
        });
        let told = [
            (failed, true, "targets that failed"),
            (others, is_whole && is_apart, "no target of this run"),
        ];
        for (files, is_told, of) in told {
            if is_told && !files.is_empty() {
                let text = format!("`{output}` still has files of {of}: {}", select::few(&files));
                terminal::warning(&text, Span::NONE, loader.sources(), format);
            }
        }
    }

    /// Prints what there is to say once all targets are through: warnings first, then what failed.
    pub(super) fn tell(&self, told: Told, loader: &Loader, format: Format) {
        let sources = loader.sources();
        if !self.strict {
            self.warn(&self.warnings(), sources, format);
            if !self.quiet {
                told.warn(sources, format);
            }
        }
        told.close("", sources, format);
    }

    /// The targets that the arguments select.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::error::Code::InvalidArgument) for flags that cannot be combined, and those of
    /// [`Select::targets`].
    pub(super) fn targets(&self, run: &fleet::Run<'_>, loader: &Loader) -> Result<Selected> {
        let Many { all, select, shard, costs, split, jobs: _ } = &self.many;
        let senseless =
            |flag: &str, other: &str, help: &str| Err(select::senseless(flag, other).help(help));
        if *split && self.output_path().is_none() {
            return senseless(
                "--split",
                "--output",
                "name a directory for the folders: `--output DIR`",
            );
        }
        if costs.is_some() && shard.is_none() {
            return senseless("--costs", "--shard", "costs are used to balance the parts");
        }
        let targets = select.targets(*all, run, loader, &self.directories);
        match shard {
            None => targets,
            Some(part) if *all => {
                // Each part reports the directories that cannot be targets.
                let Selected { targets, refused } = targets?;
                let part = part.of(targets, costs.as_deref(), loader, &run.options().threads)?;
                let targets = part.into_iter().map(|costly| costly.target).collect();
                Ok(Selected { targets, refused })
            }
            Some(_) => senseless("--shard", "--all", "to find all targets below DIR, add `--all`"),
        }
    }

    /// Renders a target, and writes it unless it is printed. Runs on the worker threads.
    fn one_of_many(
        &self,
        number: usize,
        target: &str,
        found: Option<&Found>,
        renderer: &Renderer<'_>,
        places: &Places,
    ) -> TargetDone {
        let started = super::now();
        // With `--strict` a warning about the flags fails every target.
        let mut warnings = if self.strict { self.warnings() } else { Vec::new() };
        let mut hardened = None;
        let rendered = match renderer.read(found, &mut warnings) {
            Some(rendered) => Ok(rendered),
            None => renderer.build(target, &mut warnings).and_then(|built| {
                renderer.finish(target, built, &mut hardened, &mut warnings, Format::Human)
            }),
        };
        let written = rendered.and_then(|mut rendered| {
            let section = places.put(number, target, std::mem::take(&mut rendered.texts))?;
            warnings.append(&mut rendered.warnings);
            Ok((rendered, section))
        });
        TargetDone { written, warnings, hardened, time: started.elapsed() }
    }
}

/// Cached results of the targets that are still valid.
fn find(targets: &[String], keeper: Option<&Keeper<'_>>, threads: &Threads) -> Vec<Option<Found>> {
    let mut found = Vec::with_capacity(targets.len());
    let Some(keeper) = keeper else {
        found.resize_with(targets.len(), || None);
        return found;
    };
    let work = |number: usize| keeper.find(&targets[number]);
    in_order(targets.len(), threads, work, |_, one| {
        found.push(one);
        ControlFlow::Continue(())
    });
    found
}

/// The result of a worker thread for one target.
struct TargetDone {
    /// The rendered target, with the text to print unless it was written to a file.
    written: Result<(Rendered, Option<Vec<String>>)>,
    warnings: Vec<Warning>,
    /// The changes of hardening, if there is a report of them.
    hardened: Option<Value>,
    time: Duration,
}

/// Collects the results of the targets in their order.
struct Results<'a> {
    targets: &'a [String],
    /// An error if standard output could not be written.
    outcome: Result<()>,
    printer: Printer,
    progress: Progress,
    told: Told,
    timings: Timings,
    /// The first error that kept a result from being cached.
    unkept: Option<Error>,
    hardened: Vec<Value>,
}

impl<'a> Results<'a> {
    fn new(targets: &'a [String], places: &Places, started: Instant, quiet: bool) -> Self {
        let prints = matches!(places, Places::Print { .. });
        Self {
            targets,
            outcome: Ok(()),
            printer: Printer::default(),
            progress: Progress::new(targets.len(), started, prints, quiet),
            told: Told::default(),
            timings: Timings::default(),
            unkept: None,
            hardened: Vec::new(),
        }
    }

    /// Adds the result of the next target. Breaks when the reader of standard output is gone.
    fn add(&mut self, number: usize, done: TargetDone) -> ControlFlow<()> {
        let target = &*self.targets[number];
        let TargetDone { written, warnings, hardened, time } = done;
        self.hardened.extend(hardened);
        let (outcome, size) = match &written {
            Ok((rendered, _)) => (rendered.outcome, rendered.size),
            Err(_) => (Outcome::Failed, Size::default()),
        };
        self.timings.add(target, outcome, size, time);
        let (printed, error) = match written {
            Ok((Rendered { unkept, .. }, section)) => {
                self.unkept = self.unkept.take().or(unkept);
                (section.map_or(Ok(true), |pieces| self.printer.print(&pieces)), None)
            }
            Err(error) => (Ok(true), Some(error)),
        };
        self.told.add(target, warnings, error);
        self.progress.advance(outcome == Outcome::Failed, super::now());
        match printed {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                self.outcome = Err(error);
                ControlFlow::Break(())
            }
        }
    }
}
