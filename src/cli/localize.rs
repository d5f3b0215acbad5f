//! `krender localize`: copies a kustomization with all that it uses.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::plugins::{Plugins, Truth};
use super::reading::{Limit, working_directory};
use super::remote::Remote;
use super::terminal::{self, Format};
use crate::{
    build,
    edit::localize::{Localized, Proof, Request, Same},
    error::{Code, Error, Result},
    fleet,
    load::{self, Disk, Loader, Remotes, without_credentials},
    source::Span,
    text::{escape, phrase::few},
};

/// Copy a kustomization, with everything that it uses, into a new folder
///
/// Bases and files from elsewhere are copied into folders `localized-files`, and the entries that name them become paths. The
/// kustomizations of the copy have the fields of the original, sorted and without comments. Nothing is written unless the
/// copy renders as the original does. Charts that helm fetches, and what functions name, stay where they are.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Localize {
    /// Directory with a kustomization file, or URL with `?ref=`
    #[arg(value_name = "TARGET", default_value = ".")]
    target: String,

    /// New folder [default: `localized-` and the name of the target]
    #[arg(value_name = "DESTINATION", default_value = "", hide_default_value = true)]
    destination: String,

    /// Directory that contains the target and all of its bases [default: the target, or its repository]
    #[arg(long, value_name = "DIR", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    scope: String,

    /// Do not build the target and the copy to compare them
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    no_verify: Option<bool>,

    #[command(flatten)]
    limit: Limit,

    #[command(flatten)]
    plugins: Plugins,

    #[command(flatten)]
    remote: Remote,
}

impl Localize {
    /// Copies, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let options = working_directory().map(|working_directory| {
            let remotes = self.remote.source(&working_directory);
            let limits = self.limit.limits();
            load::Options { working_directory, limits, remotes, ..load::Options::default() }
        });
        match options {
            Ok(options) => {
                let sources = Arc::clone(&options.sources);
                super::finish(self.copy(&options, format), &sources, format)
            }
            Err(error) => super::finish(Err(error), &Default::default(), format),
        }
    }

    fn copy(&self, options: &load::Options, format: Format) -> Result<()> {
        let Self { target, destination, scope, .. } = self;
        let loader = Loader::new(Disk, options.clone());
        let working_directory = &options.working_directory;
        let copy =
            Localized::of(&loader, Request { target, scope, destination, working_directory })?;
        let shown = escape::visible(&without_credentials(target)).into_owned();
        let folder = escape::visible(&copy.destination.display().to_string()).into_owned();
        if self.no_verify != Some(true) {
            self.verify(&loader, &copy, options, &shown, format)?;
        }
        if let Some(links) = left_out(&copy) {
            terminal::warning(&links, Span::NONE, loader.sources(), format);
        }
        super::clean_up_on_signals();
        copy.write()?;
        if format == Format::Human {
            if self.no_verify != Some(true) {
                terminal::plain(&format!(
                    "VERIFICATION SUCCESS: `{shown}` and the copy render the same\n"
                ));
            }
            terminal::plain(&format!("SUCCESS: localized `{shown}` to `{folder}`\n"));
        }
        Ok(())
    }

    /// Builds the target and its copy, which is not written yet, and compares them.
    fn verify(
        &self,
        loader: &Loader,
        copy: &Localized,
        options: &load::Options,
        shown: &str,
        format: Format,
    ) -> Result<()> {
        let skip = "`--no-verify` copies without building";
        let directory = &options.working_directory;
        let plugins = self
            .plugins
            .options(|charts| self.remote.charts(charts, self.remote.lock(directory), directory));
        let build = build::Options { plugins, ..build::Options::default() };
        let original = proof(loader, &self.target, &build)
            .map_err(|error| error.step(format!("while building `{shown}`")).help(skip))?;
        let own = load::Options { remotes: Remotes::default(), ..options.clone() };
        let copied = Loader::new(copy.overlay(), own);
        let target = copy.target.to_string_lossy();
        let rendered = proof(&copied, &target, &build)
            .map_err(|error| error.step("while building the copy").help(skip))?;
        match original.compare(&rendered) {
            Same::Whole => Ok(()),
            Same::ButOrigins => {
                let text = "the annotations of origins name the copies";
                terminal::warning(text, Span::NONE, &options.sources, format);
                Ok(())
            }
            Same::No => {
                let message = format!("the copy of `{shown}` would not render as the original");
                let error = Error::new(Code::EditRefused, message);
                let error = match left_out(copy) {
                    Some(links) => error.help(format!("{links}: replace them by the files")),
                    None => error,
                };
                Err(error.help("nothing was written").help(skip))
            }
        }
    }
}

/// The links that are not copied.
fn left_out(copy: &Localized) -> Option<String> {
    let links = few(&copy.links, MOST_NAMED, |link| format!("`{link}`"));
    (!copy.links.is_empty()).then(|| format!("links in folders of charts are not copied ({links})"))
}

/// The maximum number of links that a message names.
const MOST_NAMED: usize = 5;

fn proof(loader: &Loader, target: &str, options: &build::Options) -> Result<Proof> {
    let run = fleet::Run::new(loader, options);
    Proof::of(&run.build(target, &mut Vec::new())?)
}
