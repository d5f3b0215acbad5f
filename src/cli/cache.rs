//! `krender cache`: shows, checks and removes what was fetched.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::reading::{List, working_directory};
use super::remote::cache_folder;
use super::terminal::Format;
use crate::{
    error::{Code, Error, Result},
    external::Environment,
    fetch::Contents,
    source::Sources,
    text::escape,
};

/// Show, check or remove what was fetched
///
/// Remote bases and files, charts and what they render are kept in the folder `krender` of your cache directory (`XDG_CACHE_HOME`, or `~/.cache`). It may be
/// removed at any time: what is needed is fetched again.
#[derive(Args)]
pub(super) struct Cache {
    /// `info` lists the repositories; `verify` checks their objects with git, and removes those that are damaged; `clean`
    /// removes all
    #[arg(value_name = "ACTION")]
    action: Action,

    /// Format of `info`: a table, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: List,
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    Info,
    Verify,
    Clean,
}

impl Cache {
    /// Does it, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        super::finish(self.act(), &Sources::new(), format)
    }

    fn act(&self) -> Result<()> {
        let folder = cache_folder().ok_or_else(|| {
            let message = "neither `XDG_CACHE_HOME` nor `HOME` is set: there is no cache directory";
            Error::new(Code::InvalidArgument, message)
        })?;
        let contents = Contents::of(&folder);
        let shown = escape::file_name(folder.as_os_str());
        match self.action {
            Action::Info if self.format == List::Json => {
                let repositories = contents.repositories.iter().map(|repository| {
                    let references = repository.references.iter();
                    let references =
                        references.map(|(name, commit)| json!({"ref": name, "commit": commit}));
                    json!({
                        "url": repository.url,
                        "bytes": repository.bytes,
                        "references": references.collect::<Vec<_>>(),
                    })
                });
                super::print(&escape::json_line(&json!({
                    "folder": shown,
                    "repositories": repositories.collect::<Vec<_>>(),
                    "files": contents.files,
                    "fileBytes": contents.file_bytes,
                    "charts": contents.charts,
                    "chartBytes": contents.chart_bytes,
                })))
            }
            Action::Info => super::print(&text(&shown, &contents)),
            Action::Verify => {
                let environment = Environment::new(std::env::vars_os(), &working_directory()?);
                let damaged = contents.verify(&folder, &environment)?;
                if damaged.is_empty() {
                    let number = contents.repositories.len();
                    return super::print(&format!("{number} repositories are whole\n"));
                }
                let message =
                    format!("these were damaged, and are removed: `{}`", damaged.join("`, `"));
                Err(Error::new(Code::ReadFailed, message)
                    .help("they are fetched again when they are needed"))
            }
            Action::Clean => match Contents::clean(&folder)? {
                0 => Ok(()),
                left => Err(Error::new(
                    Code::WriteFailed,
                    format!("{left} repositories are being fetched"),
                )
                .help("try again when the other builds have ended")),
            },
        }
    }
}

fn text(folder: &str, contents: &Contents) -> String {
    let Contents { repositories, files, file_bytes, charts, chart_bytes, .. } = contents;
    let sum = repositories.iter().map(|repository| repository.bytes).sum();
    let mut text = format!(
        "folder         {folder}\nrepositories   {} ({})\nfiles          {files} ({})\ncharts         {charts} ({})\n",
        repositories.len(),
        size(sum),
        size(*file_bytes),
        size(*chart_bytes),
    );
    for repository in repositories {
        let (url, size) = (escape::visible(&repository.url), size(repository.bytes));
        text.extend(["\n", &url, " (", &size, ")\n"]);
        for (name, commit) in repository.references.iter().filter(|(name, commit)| name != commit) {
            text.extend(["  ", &*escape::visible(name), " ", commit, "\n"]);
        }
    }
    text
}

/// A size with a unit.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let (mut rest, mut unit) = (bytes, 0);
    while rest >= 10 * 1024 && unit + 1 < UNITS.len() {
        rest /= 1024;
        unit += 1;
    }
    format!("{rest} {}", UNITS[unit])
}
