//! `krender cfg grep`: prints the resources that a query fits.

use clap::Args;

use super::super::plugins::Truth;
use super::super::reading::Limit;
use super::{Recursion, from_standard_input, without_last_separator};
use crate::{
    cli,
    error::{Error, Result},
    limits::Budget,
    load::Loader,
    package::{self, Item, Output, Prepared, Query},
};

/// Print the resources of a folder or of standard input that have a field with a value
///
/// QUERY is a path of fields, an operator and a value: `kind=^(Job|CronJob)$`, `metadata.name=shop`, `spec.replicas>1`,
/// `spec.template.spec.containers[name=web].image=nginx`. `=` takes a regular expression that may match anywhere in the text of
/// the field; `>`, `>=`, `<` and `<=` compare numbers and quantities. A dot in a name or a value is written `\.`. Without an
/// operator, all resources that have the field are printed.
#[derive(Args)]
#[command(
    args_override_self = true,
    after_help = "\
Examples:
  krender cfg grep 'kind=Deployment' manifests
  krender cfg grep 'metadata.name=^shop$' --invert-match manifests
  krender build overlays/prod | krender cfg grep 'spec.replicas>1'"
)]
pub(super) struct Grep {
    /// Path of a field, operator and value
    #[arg(value_name = "QUERY")]
    query: String,

    /// Folder or file [default: standard input]
    #[arg(value_name = "DIR")]
    path: Option<String>,

    /// Annotate resources with their files and places [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    annotate: Option<bool>,

    /// Print the resources that the query does not fit
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    invert_match: Option<bool>,

    #[command(flatten)]
    recursion: Recursion,

    #[command(flatten)]
    pub(super) limit: Limit,
}

impl Grep {
    pub(super) fn run(&self, loader: &Loader) -> Result<()> {
        let query = Query::parse(&self.query, &Budget::new(loader.limits()))?;
        let Some(path) = &self.path else {
            return cli::print(&self.text(&query, from_standard_input(loader)?)?);
        };
        let text = self.recursion.each(loader, path, |_, items| {
            let mut text = self.text(&query, items)?;
            if !text.is_empty() {
                text.push_str("---");
            }
            Ok(text)
        })?;
        cli::print(without_last_separator(&text))
    }

    /// The resources that the query fits, as text.
    fn text(&self, query: &Query, items: Vec<Item>) -> Result<String> {
        let mut prepared = Prepared::new(items)?;
        let is_inverted = self.invert_match == Some(true);
        let fits = Error::collect(prepared.items.iter().map(|item| query.fits(item)))?;
        let mut fits = fits.into_iter();
        prepared.items.retain(|_| fits.next() == Some(!is_inverted));
        let output = Output {
            keeps_index: self.annotate != Some(false),
            keeps_path: true,
            ..Output::default()
        };
        package::write(prepared.finish()?, &output)
    }
}
