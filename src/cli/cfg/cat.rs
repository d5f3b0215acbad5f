//! `krender cfg cat`: prints resources.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::plugins::Truth;
use super::super::reading::Limit;
use super::{Recursion, from_standard_input, without_last_separator};
use crate::{
    cli,
    error::{Code, Error, Result},
    load::{self, Loader},
    package::{self, Folder, Item, Output, Prepared, Style, Subpackages},
};

/// Print the resources of a folder or of standard input
///
/// Comments stay. Resources with the annotation `config.kubernetes.io/local-config` are left out.
#[derive(Args)]
#[command(
    args_override_self = true,
    after_help = "\
Examples:
  krender cfg cat manifests
  krender cfg cat manifests --wrap-kind ResourceList --wrap-version config.kubernetes.io/v1
  krender cfg cat < list.yaml"
)]
pub(super) struct Cat {
    /// Folder or file [default: standard input]
    #[arg(value_name = "DIR")]
    path: Option<String>,

    /// Sort the fields as people expect them [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    format: Option<bool>,

    /// Annotate resources with their files
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    annotate: Option<bool>,

    /// Print a list of this kind that contains all resources
    #[arg(long, value_name = "KIND", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    wrap_kind: String,

    /// The version of the list
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    wrap_version: String,

    /// File with the configuration of a function, for the list
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    function_config: Option<String>,

    /// Styles of the outermost mappings (may be repeated): `FlowStyle`, `TaggedStyle`, and others without effect
    #[arg(long, value_name = "STYLE", value_delimiter = ',', allow_hyphen_values = true)]
    style: Vec<String>,

    /// Remove comments
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    strip_comments: Option<bool>,

    /// Print also resources that are for local tools
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    include_local: Option<bool>,

    /// Print no others than those
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    exclude_non_local: Option<bool>,

    /// Write to a file
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    dest: Option<PathBuf>,

    #[command(flatten)]
    recursion: Recursion,

    #[command(flatten)]
    pub(super) limit: Limit,
}

impl Cat {
    pub(super) fn run(&self, loader: &Loader) -> Result<()> {
        let output = self.output(loader)?;
        let text = match &self.path {
            None => self.text(from_standard_input(loader)?, &output)?,
            Some(path) => {
                let text = self.recursion.each(loader, path, |_, items| {
                    let mut text = self.text(items, &output)?;
                    if !text.is_empty() {
                        text.push_str("---");
                    }
                    Ok(text)
                })?;
                without_last_separator(&text).to_owned()
            }
        };
        match self.dest.as_deref().filter(|file| !file.as_os_str().is_empty()) {
            None => cli::print(&text),
            Some(file) => {
                cli::clean_up_on_signals();
                load::write(file, &[text])
            }
        }
    }

    fn output(&self, loader: &Loader) -> Result<Output> {
        let keeps = self.annotate == Some(true);
        let wrapping = (self.wrap_kind.clone(), self.wrap_version.clone());
        let config = self.function_config.as_deref().filter(|file| !file.is_empty());
        Ok(Output {
            keeps_index: keeps,
            keeps_path: keeps,
            style: Style::named(self.style.iter().map(String::as_str)),
            wrapping: (!self.wrap_kind.is_empty()).then_some(wrapping),
            function_config: config.map(|file| self.config(loader, file)).transpose()?,
        })
    }

    /// The configuration of a function: the only resource at a path.
    fn config(&self, loader: &Loader, path: &str) -> Result<Item> {
        let mut items = package::read(loader, &Folder::named(path), Subpackages::Within)?;
        match (items.pop(), items.len()) {
            (Some(mut item), 0) => {
                if self.annotate != Some(true) {
                    item.remove_annotations();
                }
                Ok(item)
            }
            (last, others) => {
                let found = others + usize::from(last.is_some());
                let name = Path::new(path).display();
                let message = format!("found {found} resources in `{name}`, expected one");
                Err(Error::new(Code::InvalidArgument, message)
                    .help("`--function-config` takes a file `*.yaml` with one resource"))
            }
        }
    }

    /// The resources as text.
    fn text(&self, items: Vec<Item>, output: &Output) -> Result<String> {
        let mut prepared = Prepared::new(items)?;
        let (local, other) =
            (self.include_local == Some(true), self.exclude_non_local != Some(true));
        prepared.items.retain(|item| if package::is_local(item) { local } else { other });
        let mut items = prepared.finish()?;
        if items.is_empty() {
            return Ok(String::new());
        }
        for item in &mut items {
            if self.format != Some(false) {
                package::format(item)?;
            }
            item.has_comments = self.strip_comments != Some(true);
        }
        package::write(items, output)
    }
}
