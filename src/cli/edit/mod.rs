//! `krender edit`: changes the kustomization file of the working directory.

mod add;
mod fix;
mod flags;
mod generators;
mod remove;
mod set;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::reading::working_directory;
use super::remote::Remote;
use super::terminal::{self, Format};
use crate::{
    diff::unified,
    edit::kustomization::{Draft, KustomizationFile},
    error::Result,
    load::{self, Disk, Loader},
    plugin,
    source::{Sources, Span},
    text::escape,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  krender edit set image web=registry.example/web:1.4.2
  krender edit set namespace staging
  krender edit add resource deployment.yaml service.yaml
  krender edit add label team:web
  krender edit remove resource old.yaml --dry-run
  krender edit fix";

/// Change the kustomization file in the working directory
///
/// Comments, order, quotes and indentation of everything else stay as they are. The file is replaced as a whole; changes at the
/// same time wait for each other. Values of `bases`, `imageTags`, `helmChartInflationGenerator` and `env` move to the fields
/// that replace these, and missing fields `apiVersion` and `kind` are added, as `kustomize edit` does.
#[derive(Args)]
pub(super) struct Edit {
    #[command(subcommand)]
    action: Action,

    /// Print the change as a unified diff, and write nothing
    #[arg(long, global = true, display_order = 899)]
    dry_run: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Add an entry
    #[command(subcommand, after_help = add::EXAMPLES)]
    Add(add::Add),

    /// Set a value
    #[command(subcommand, after_help = set::EXAMPLES)]
    Set(set::Set),

    /// Remove entries
    #[command(subcommand, after_help = remove::EXAMPLES)]
    Remove(remove::Remove),

    /// Replace deprecated fields by their successors
    ///
    /// `patchesJson6902` and `patchesStrategicMerge` become entries of `patches`, `commonLabels` becomes an entry of `labels`.
    /// Comments move along. The kustomization is built before and after, and a warning tells if the output differs.
    #[command(after_help = fix::EXAMPLES)]
    Fix(Box<fix::FixArguments>),

    /// List the builtin plugins
    #[command(after_help = "Examples:\n  krender edit alpha-list-builtin-plugin")]
    AlphaListBuiltinPlugin,
}

/// Changes a draft. False if the file is to stay as it is.
type Work<'w> = Box<dyn Fn(&mut Draft<'_>) -> Result<bool> + 'w>;

/// The state that sub-commands share while they read their arguments.
struct Context {
    /// The working directory.
    directory: PathBuf,
    /// The files of the working directory.
    loader: Loader,
    /// Messages about arguments.
    notes: Vec<String>,
}

impl Edit {
    /// Makes the change, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        if let Action::Fix(fix) = &self.action {
            return fix.run(self.dry_run, format);
        }
        let context = working_directory().map(Context::new);
        match context {
            Ok(context) => {
                let loader = context.loader.clone();
                super::finish(self.edit(context, format), loader.sources(), format)
            }
            Err(error) => super::finish(Err(error), &Sources::new(), format),
        }
    }

    fn edit(&self, mut context: Context, format: Format) -> Result<()> {
        let loader = context.loader.clone();
        let sources = loader.sources();
        let work = match &self.action {
            Action::Add(add) => add.work(&mut context),
            Action::Set(set) => set.work(&context).map(Some),
            Action::Remove(remove) => remove.work().map(Some),
            // It changes several files, and has run by itself.
            Action::Fix(_) => Ok(None),
            Action::AlphaListBuiltinPlugin => return list_builtin_plugins(),
        };
        let note = |notes: &[String]| {
            for note in notes {
                terminal::warning(&escape::visible(note), Span::NONE, sources, format);
            }
        };
        note(&context.notes);
        let Some(work) = work? else { return Ok(()) };
        let file = KustomizationFile::find(&context.directory)?;
        super::clean_up_on_signals();
        let changed = match self.dry_run {
            true => file.preview(sources, work)?,
            false => file.change(sources, work)?,
        };
        note(&changed.notes);
        if self.dry_run {
            terminal::print_diff(&unified(file.name(), &changed.before, &changed.after))
        } else {
            Ok(())
        }
    }
}

fn list_builtin_plugins() -> Result<()> {
    let kinds = plugin::builtin_kinds();
    let lines: Vec<String> = kinds.iter().map(|kind| format!(" * {kind}\n")).collect();
    super::print(&format!("Builtin plugins:\n\n{}", lines.concat()))
}

impl Context {
    fn new(directory: PathBuf) -> Self {
        let options = load::Options {
            working_directory: directory.clone(),
            remotes: Remote::default().source(&directory),
            ..load::Options::default()
        };
        Self { directory, loader: Loader::new(Disk, options), notes: Vec::new() }
    }

    /// The paths that match patterns. Patterns without a match are left out, with a message.
    fn glob(&mut self, patterns: &[String]) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for pattern in patterns {
            let paths = self.loader.glob(pattern)?;
            if paths.is_empty() {
                self.notes.push(format!("{pattern} has no match"));
            }
            found.extend(paths);
        }
        Ok(found)
    }
}
