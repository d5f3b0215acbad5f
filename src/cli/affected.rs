//! `krender affected`: lists the targets that are affected by changed files.

use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use serde::Serialize;

use super::reading::{self, Ends, Jobs, List, Reading};
use super::select::Select;
use super::terminal::Format;
use crate::{
    build,
    error::Result,
    fetch::Lock,
    fleet,
    load::{self, Loader, git::Changed, git::Changes},
    parallel::{Threads, in_order},
    text::escape,
};

/// List the targets whose inputs have changed
///
/// Prints the targets in DIR that read a file that differs from a git revision: changed, added or removed, committed or
/// not; and those with a remote base or file that differs from `kustomization.lock` in that revision. All other targets render
/// as before, so they need not be built again; without a lock, branches and tags that have moved are not noticed.
#[derive(Args)]
pub(super) struct Affected {
    /// Directory to search for targets, as with `krender build --all`
    #[arg(value_name = "DIR", default_value = ".")]
    directory: String,

    /// Commit, branch or tag to compare with; `origin/main...` is the merge base with `origin/main`
    #[arg(long, value_name = "REV", required = true, allow_hyphen_values = true)]
    since: String,

    #[command(flatten)]
    select: Select,

    /// Print one target per line, or one JSON object per line with the files that changed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: List,

    #[command(flatten)]
    ends: Ends,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// An affected target, with the files that changed.
#[derive(Serialize)]
struct AffectedTarget<'a> {
    target: &'a str,
    changed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remotes: Vec<String>,
}

/// The differences to a revision.
struct Since {
    changed: Changes,
    /// The lock in the revision.
    lock: Lock,
}

/// Changed inputs of a target.
struct Found {
    paths: Vec<PathBuf>,
    /// Repositories and files over HTTP.
    remotes: Vec<String>,
}

impl Affected {
    /// Lists the affected targets, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        self.reading.run(|loader| self.list(loader), format)
    }

    fn list(&self, loader: &Loader) -> Result<()> {
        self.ends.check(self.format)?;
        let options = self.reading.options(self.jobs.threads());
        let top = loader.root(&self.directory)?;
        let repository = reading::repository(top.path(), loader.budget())?;
        // As in git: the merge base of both.
        let since = match self.since.strip_suffix("...") {
            Some(other) => repository.merge_base(other, "HEAD")?,
            None => self.since.clone(),
        };
        let revision = repository.revision(&since)?;
        let changed = repository.changed_since(&revision)?;
        let before = loader.beside(revision);
        let lock = self.reading.remote.lock_in(&before)?;
        let since = Since { changed, lock: lock.unwrap_or_default() };
        loader.take_notes();
        let run = fleet::Run::new(loader, &options);
        let selected = self.select.targets_since(&run, &self.directory, &before)?;
        let targets = &selected.targets;
        run.expect(targets);
        let mut outcome = Ok(());
        let work = |number: usize| self.changes(&targets[number], &run, loader, &since);
        in_order(targets.len(), &options.threads, work, |number, found: Result<Found>| {
            let printed = found.and_then(|found| self.print(&targets[number], found));
            match printed {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => ControlFlow::Break(()),
                Err(error) => {
                    outcome = Err(error);
                    ControlFlow::Break(())
                }
            }
        });
        outcome.and_then(|()| selected.outcome())
    }

    /// Prints a target, if it has changed. False if the reader of standard output is gone.
    fn print(&self, target: &str, Found { paths, remotes }: Found) -> Result<bool> {
        match self.format {
            _ if paths.is_empty() && remotes.is_empty() => Ok(true),
            List::Text => super::print_on([&*self.ends.entry(target)?]),
            List::Json => {
                let name = |path: &PathBuf| reading::name(path).map(str::to_owned);
                let changed = paths.iter().map(name).collect::<Result<_>>()?;
                let line = AffectedTarget { target, changed, remotes };
                super::print_on([&*escape::json_line(&line)])
            }
        }
    }

    /// Changed inputs of a target.
    fn changes(
        &self,
        target: &str,
        run: &fleet::Run<'_>,
        loader: &Loader,
        since: &Since,
    ) -> Result<Found> {
        let (inputs, used) = match run.build_from(target, &mut Vec::new()) {
            Ok(build::Built { directories, .. }) => {
                let directories = || directories.iter().map(Path::new);
                let used = Lock::of_directories(loader, directories());
                (loader.inputs_of(directories()), used)
            }
            Err(_) => {
                // A target that cannot be built depends on the files that were read until it failed. A loader of its
                // own records them.
                let loader = self.reading.loader()?;
                drop(build::build(&loader, target, &self.reading.options(Threads::default())));
                (loader.inputs(), Lock::of(&loader, Path::new("/")))
            }
        };
        let paths = among(&inputs, loader, &since.changed)?;
        Ok(Found { paths, remotes: used.moved_since(&since.lock) })
    }
}

/// Changed paths among the inputs: the inputs themselves, and links or nested repositories on the way to them.
fn among(inputs: &[load::Input], loader: &Loader, changed: &dyn Changed) -> Result<Vec<PathBuf>> {
    let mut paths: BTreeSet<PathBuf> = BTreeSet::new();
    for input in inputs {
        paths.extend(changed.on_the_way(&input.path)?);
    }
    Ok(paths.iter().map(|path| loader.named(path)).collect())
}
