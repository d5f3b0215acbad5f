//! `krender inputs`: lists the files that a build reads.

use std::{collections::BTreeSet, ffi::OsString, process::ExitCode};

use clap::Args;
use serde::Serialize;

use super::reading::{self, Ends, List, Reading};
use super::terminal::{self, Format};
use crate::{
    build,
    error::Result,
    load::{Digest, Kind, Loader, Remote, without_credentials},
    parallel::Threads,
    source::Sources,
    text::escape,
};

/// List the files that a build reads
///
/// Prints the input files of the kustomization in DIR; with several directories, of all of them. The result of a build
/// stays the same as long as these files do not change, and files that it looked for do not appear. `--format json`
/// lists the latter, too, the git repositories that bases were fetched from, and the files over HTTP.
#[derive(Args)]
pub(super) struct Inputs {
    /// Directories with kustomization files
    #[arg(value_name = "DIR", default_value = ".")]
    directories: Vec<String>,

    /// Print one file per line, or one JSON object per line for each directory
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: List,

    #[command(flatten)]
    ends: Ends,

    #[command(flatten)]
    reading: Reading,
}

/// Inputs of a target.
#[derive(Serialize)]
struct TargetInputs<'a> {
    target: &'a str,
    files: Vec<String>,
    missing: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remotes: Vec<Repository>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    downloads: Vec<Download>,
}

/// A file over HTTP of a target.
#[derive(Serialize)]
struct Download {
    url: String,
    sha256: Digest,
}

/// A remote repository of a target.
#[derive(Serialize)]
struct Repository {
    url: String,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    commit: String,
}

impl Inputs {
    /// Lists the inputs, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        if let Err(error) = self.ends.check(self.format) {
            return super::finish(Err(error), &Sources::new(), format);
        }
        let mut files = BTreeSet::new();
        let mut code = ExitCode::SUCCESS;
        for directory in &self.directories {
            let listed = self.reading.loader().and_then(|loader| {
                let listed = self.list(&loader, directory, &mut files);
                listed.inspect_err(|error| terminal::errors(error, loader.sources(), format))
            });
            if listed.is_err() {
                code = ExitCode::FAILURE;
            }
        }
        let entries: Result<Vec<Vec<u8>>> =
            files.iter().map(|file| self.ends.path(file.as_ref())).collect();
        let printed = entries.and_then(|entries| {
            super::print_by(|out| entries.iter().try_for_each(|entry| out.write_all(entry)))
        });
        match printed {
            Ok(()) => code,
            printed => super::finish(printed, &Sources::new(), format),
        }
    }

    fn list(&self, loader: &Loader, target: &str, files: &mut BTreeSet<OsString>) -> Result<()> {
        build::build(loader, target, &self.reading.options(Threads::default()))
            .map_err(|error| error.step(format!("while building `{target}`")))?;
        let inputs = loader.inputs();
        let of_kind = |kind: Kind| {
            let inputs = inputs.iter().filter(move |input| input.kind == kind);
            inputs.map(|input| loader.named(&input.path).into_os_string())
        };
        match self.format {
            List::Text => files.extend(of_kind(Kind::File)),
            List::Json => {
                let names = |kind: Kind| {
                    let name = |path: OsString| reading::name(path.as_ref()).map(str::to_owned);
                    of_kind(kind).map(name).collect::<Result<Vec<String>>>()
                };
                let (files, missing) = (names(Kind::File)?, names(Kind::Missing)?);
                let remotes = loader.remotes().into_iter().map(|remote| {
                    let Remote { url, reference, commit, .. } = remote;
                    Repository { url: without_credentials(&url), reference, commit }
                });
                let remotes = remotes.collect();
                let downloads = loader.remote_files().into_iter();
                let downloads = downloads
                    .map(|(url, sha256)| Download { url: without_credentials(&url), sha256 })
                    .collect();
                let line = TargetInputs { target, files, missing, remotes, downloads };
                super::print(&escape::json_line(&line))?;
            }
        }
        Ok(())
    }
}
