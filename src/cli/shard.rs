//! `krender shard` shares out targets among machines.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::reading::{Ends, Jobs, List, Reading};
use super::report::Format;
use super::select::Select;
use super::sharing::{Costly, Part};
use crate::{build, error::Result, load::Loader, text::escape};

/// Share out the targets of a directory among machines
///
/// Prints the targets that `krender build --all DIR` would build, as far as they belong to part K of N. The parts take
/// about the same time, and together they are all targets, each once. Every machine that has the same files comes to the
/// same parts; nothing is built for it.
///
/// `krender build --all DIR --shard K/N` builds a part.
#[derive(Args)]
pub(super) struct Shard {
    /// Which part of how many: `2/5`
    #[arg(value_name = "K/N")]
    part: Part,

    /// The directory whose kustomizations are shared out
    #[arg(value_name = "DIR", default_value = ".")]
    directory: String,

    #[command(flatten)]
    select: Select,

    /// What each target took in an earlier run, as `krender build --all DIR --timings --error-format json` says it; what
    /// is not told of is reckoned by its files
    #[arg(long, value_name = "FILE")]
    costs: Option<String>,

    #[command(flatten)]
    ends: Ends,

    /// One target a line, or one JSON object a line with its cost
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: List,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// A target of the part.
#[derive(Serialize)]
struct Line<'a> {
    target: &'a str,
    cost: u64,
}

impl Shard {
    /// Lists, and exits as the outcome asks.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        self.reading.run(|loader| self.list(loader), format)
    }

    fn list(&self, loader: &Loader) -> Result<()> {
        self.ends.check(self.format)?;
        let jobs = self.jobs.count();
        let options = self.reading.options();
        let run = build::Run::new(loader, &options);
        let directories = std::slice::from_ref(&self.directory);
        let mut selected = self.select.targets(true, &run, loader, directories, jobs)?;
        let targets = std::mem::take(&mut selected.targets);
        let part = self.part.of(targets, self.costs.as_deref(), loader, jobs)?;
        let line = |Costly { target, cost }: &Costly| match self.format {
            List::Json => Ok(escape::json_line(&Line { target, cost: *cost })),
            List::Text => self.ends.entry(target),
        };
        super::print(&part.iter().map(line).collect::<Result<String>>()?)?;
        selected.outcome()
    }
}
