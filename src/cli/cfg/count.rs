//! `krender cfg count`: counts resources.

use clap::Args;

use super::super::plugins::Truth;
use super::super::reading::Limit;
use super::{Recursion, from_standard_input};
use crate::{
    cli,
    error::Result,
    load::Loader,
    package::{self, Item},
    text::escape,
};

/// Count the resources of a folder or of standard input
#[derive(Args)]
#[command(
    args_override_self = true,
    after_help = "\
Examples:
  krender cfg count manifests
  krender build overlays/prod | krender cfg count"
)]
pub(super) struct Count {
    /// Folder or file [default: standard input]
    #[arg(value_name = "DIR")]
    path: Option<String>,

    /// Count each kind by itself [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    kind: Option<bool>,

    #[command(flatten)]
    recursion: Recursion,

    #[command(flatten)]
    pub(super) limit: Limit,
}

impl Count {
    pub(super) fn run(&self, loader: &Loader) -> Result<()> {
        let text = match &self.path {
            None => self.text(&from_standard_input(loader)?),
            Some(path) => self.recursion.each(loader, path, |folder, items| {
                Ok(format!("{}/\n{}", escape::visible(&folder.name()), self.text(&items)))
            })?,
        };
        cli::print(&text)
    }

    fn text(&self, items: &[Item]) -> String {
        if self.kind == Some(false) {
            return format!("{}\n", items.len());
        }
        let counts = package::count_by_kind(items);
        let line = |(kind, count): (&str, usize)| format!("{}: {count}\n", escape::visible(kind));
        counts.into_iter().map(line).collect()
    }
}
