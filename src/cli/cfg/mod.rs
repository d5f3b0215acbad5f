//! `krender cfg`: shows resources as they are written.

mod cat;
mod count;
mod grep;
mod tree;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::plugins::Truth;
use super::reading::{self, Limit, standard_input, working_directory};
use super::terminal::Format;
use crate::{
    error::{Error, Result},
    load::{self, Disk, Loader},
    package::{self, Folder, Item, Subpackages},
    source::Sources,
    text::escape,
};

/// Show resources in files: print, search, count or draw them
///
/// Resources are those of files `*.yaml` and `*.yml` in a folder, or of standard input, as they are written: with their
/// comments, and without a kustomization. Files that `.krmignore` names are left out, and a folder with a `Krmfile` is a
/// package of its own.
#[derive(Args)]
pub(super) struct Cfg {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    Cat(cat::Cat),
    Count(count::Count),
    Grep(grep::Grep),
    Tree(tree::Tree),
}

impl Cfg {
    /// Runs the command, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let Some(action) = &self.action else {
            let mut command = Self::augment_args(clap::Command::new("krender cfg"));
            let help = command.render_help().to_string();
            return super::finish(super::print(&help), &Sources::new(), format);
        };
        let limit = match action {
            Action::Cat(cat::Cat { limit, .. })
            | Action::Count(count::Count { limit, .. })
            | Action::Grep(grep::Grep { limit, .. })
            | Action::Tree(tree::Tree { limit, .. }) => limit,
        };
        let work = |loader: &Loader| match action {
            Action::Cat(cat) => cat.run(loader),
            Action::Count(count) => count.run(loader),
            Action::Grep(grep) => grep.run(loader),
            Action::Tree(tree) => tree.run(loader),
        };
        reading::run_with(loader(limit), work, format)
    }
}

fn loader(limit: &Limit) -> Result<Loader> {
    let (working_directory, limits) = (working_directory()?, limit.limits());
    let options = load::Options { working_directory, limits, ..load::Options::default() };
    Ok(Loader::new(Disk, options))
}

/// The flag for packages in packages.
#[derive(Args)]
struct Recursion {
    /// Also show the packages in the package, each by itself [default: true]
    #[arg(short = 'R', long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    recurse_subpackages: Option<bool>,
}

impl Recursion {
    /// Runs over all packages at a path, and joins their texts by line breaks. All failures are reported.
    fn each(
        &self,
        loader: &Loader,
        path: &str,
        mut work: impl FnMut(&Folder, Vec<Item>) -> Result<String>,
    ) -> Result<String> {
        let folders = package::folders(loader, path, self.recurse_subpackages != Some(false))?;
        let texts = folders.iter().map(|folder| {
            let read = package::read(loader, folder, Subpackages::Apart);
            let done = read.and_then(|items| work(folder, items));
            done.map_err(|error| match folders.len() {
                1 => error,
                _ => error.step(format!("in the package `{}`", escape::visible(&folder.name()))),
            })
        });
        let texts: Vec<String> = Error::collect(texts)?;
        Ok(texts.join("\n"))
    }
}

/// The resources of standard input.
fn from_standard_input(loader: &Loader) -> Result<Vec<Item>> {
    package::stream(loader, &standard_input(loader)?)
}

/// The texts of packages, which end with a separator each, without the last one.
fn without_last_separator(text: &str) -> &str {
    text.strip_suffix("---").unwrap_or(text)
}
