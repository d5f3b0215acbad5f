//! `krender shard`: distributes targets over several machines.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::reading::{Ends, Jobs, List, Reading};
use super::select::Select;
use super::sharing::{Costly, Part};
use super::terminal::Format;
use crate::{error::Result, fleet, load::Loader, text::escape};

/// Distribute the targets of a directory over several machines
///
/// Prints those targets of `krender build --all DIR` that belong to part K of N. The parts take about the same time,
/// and each target is in exactly one of them. All machines with the same files get the same parts; nothing is built.
///
/// To build a part: `krender build --all DIR --shard K/N`.
#[derive(Args)]
pub(super) struct Shard {
    /// Part K of N, such as `2/5`
    #[arg(value_name = "K/N")]
    part: Part,

    /// Directory to search for targets
    #[arg(value_name = "DIR", default_value = ".")]
    directory: String,

    #[command(flatten)]
    select: Select,

    /// Build times of an earlier run, as written by `krender build --all DIR --timings --error-format json`; other
    /// targets are estimated by the size of their files
    #[arg(long, value_name = "FILE")]
    costs: Option<String>,

    #[command(flatten)]
    ends: Ends,

    /// Print one target per line, or one JSON object per line with its cost
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: List,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// A target of the part.
#[derive(Serialize)]
struct ShardLine<'a> {
    target: &'a str,
    cost: u64,
}

impl Shard {
    /// Lists the targets of the part, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        self.reading.run(|loader| self.list(loader), format)
    }

    fn list(&self, loader: &Loader) -> Result<()> {
        self.ends.check(self.format)?;
        let options = self.reading.options(self.jobs.threads());
        let run = fleet::Run::new(loader, &options);
        let directories = std::slice::from_ref(&self.directory);
        let mut selected = self.select.targets(true, &run, loader, directories)?;
        let targets = std::mem::take(&mut selected.targets);
        let part = self.part.of(targets, self.costs.as_deref(), loader, &options.threads)?;
        let line = |Costly { target, cost }: &Costly| match self.format {
            List::Json => Ok(escape::json_line(&ShardLine { target, cost: *cost })),
            List::Text => self.ends.entry(target),
        };
        super::print(&part.iter().map(line).collect::<Result<String>>()?)?;
        selected.outcome()
    }
}
