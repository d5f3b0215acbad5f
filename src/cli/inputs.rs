//! `krender inputs` lists what a build reads.

use std::{collections::BTreeSet, process::ExitCode};

use clap::Args;
use serde::Serialize;

use super::reading::{Ends, List, Reading};
use super::report::{self, Format};
use crate::{
    build,
    error::Result,
    load::{Kind, Loader},
    source::Sources,
    text::escape,
};

/// List the files that a build reads
///
/// Prints the files that the kustomization in DIR is rendered from, and with several directories those of all of them.
/// A build comes to the same as long as these files stay as they are, and those that it looked for in vain stay away:
/// `--format json` lists them, too.
#[derive(Args)]
pub(super) struct Inputs {
    /// The directories with the kustomization files
    #[arg(value_name = "DIR", default_value = ".")]
    directories: Vec<String>,

    /// One file a line, or one JSON object a line for each directory
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: List,

    #[command(flatten)]
    ends: Ends,

    #[command(flatten)]
    reading: Reading,
}

/// What a target was rendered from.
#[derive(Serialize)]
struct Target<'a> {
    target: &'a str,
    files: Vec<String>,
    missing: Vec<String>,
}

impl Inputs {
    /// Lists, and exits as the outcome asks.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        if let Err(error) = self.ends.check(self.format) {
            return super::finish(Err(error), &Sources::new(), format);
        }
        let mut files = BTreeSet::new();
        let mut code = ExitCode::SUCCESS;
        for directory in &self.directories {
            let listed = self.reading.loader().and_then(|loader| {
                let listed = self.list(&loader, directory, &mut files);
                listed.inspect_err(|error| report::errors(error, loader.sources(), format))
            });
            if listed.is_err() {
                code = ExitCode::FAILURE;
            }
        }
        let text: Result<String> = files.iter().map(|file| self.ends.entry(file)).collect();
        match text.and_then(|text| super::print(&text)) {
            Ok(()) => code,
            printed => super::finish(printed, &Sources::new(), format),
        }
    }

    fn list(&self, loader: &Loader, target: &str, files: &mut BTreeSet<String>) -> Result<()> {
        build::build(loader, target, &self.reading.options())
            .map_err(|error| error.step(format!("while building `{target}`")))?;
        let inputs = loader.inputs();
        let of_kind = |kind: Kind| {
            let inputs = inputs.iter().filter(move |input| input.kind == kind);
            inputs.map(|input| loader.display(&input.path))
        };
        match self.format {
            List::Text => files.extend(of_kind(Kind::File)),
            List::Json => {
                let (read, missing) = (of_kind(Kind::File), of_kind(Kind::Missing));
                let line = Target { target, files: read.collect(), missing: missing.collect() };
                super::print(&escape::json_line(&line))?;
            }
        }
        Ok(())
    }
}
