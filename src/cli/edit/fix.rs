//! `krender edit fix`.

use std::process::ExitCode;

use clap::Args;

use super::super::plugins::Truth;
use super::super::reading::{Reading, working_directory};
use super::super::terminal::{self, Format};
use crate::{
    diff::unified,
    edit::fix::{self, Fix, Outcome},
    edit::kustomization::KustomizationFile,
    error::Result,
    load,
    parallel::Threads,
    source::{Sources, Span},
    text::escape,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  krender edit fix
  krender edit fix --dry-run
  krender edit fix --vars";

/// The texts that kustomize prints: programs and people know them.
const FIXED: &str = "
Fixed fields:
  patchesJson6902 -> patches
  patchesStrategicMerge -> patches
  commonLabels -> labels
";
const FIXED_VARS: &str = "  vars -> replacements\n";
const HINT: &str = "
To convert vars -> replacements, run the command `kustomize edit fix --vars`

WARNING: Converting vars to replacements will potentially overwrite many resource files 
and the resulting files may not produce the same output when `kustomize build` is run. 
We recommend doing this in a clean git repository where the change is easy to undo.
";
const WARNING: &str = "Warning: 'Fixed' kustomization now produces";
const WHEN: &str = "when running `kustomize build`";

/// Arguments of `fix`.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct FixArguments {
    /// Convert `vars` to `replacements`, too. This changes the files of resources and patches that use them: `$(NAME)`
    /// becomes `NAME_PLACEHOLDER`, which the replacement sets
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, hide_possible_values = true, value_name = "BOOL")]
    vars: Option<bool>,

    /// Ignored, as kustomize does
    #[arg(value_name = "ARGUMENT", hide = true)]
    ignored: Vec<String>,

    #[command(flatten)]
    reading: Reading,
}

impl FixArguments {
    /// Makes the change, and returns the exit code. A dry run prints it.
    pub(super) fn run(&self, is_dry: bool, format: Format) -> ExitCode {
        let options = working_directory().map(|directory| self.reading.load_options(directory));
        match options {
            Ok(load) => {
                super::super::finish(self.fix(&load, is_dry, format), &load.sources, format)
            }
            Err(error) => super::super::finish(Err(error), &Sources::new(), format),
        }
    }

    fn fix(&self, load: &load::Options, is_dry: bool, format: Format) -> Result<()> {
        let file = KustomizationFile::find(&load.working_directory)?;
        let build = self.reading.options(Threads::default());
        let sources = &load.sources;
        super::super::clean_up_on_signals();
        let plan = || Fix::plan(&file, load, self.converts_vars());
        let prove = |fix: &Fix| Outcome::of(fix, load, &build);
        let (fix, outcome) = fix::fix(plan, prove, is_dry)?;
        for note in &fix.notes {
            terminal::warning(&escape::visible(note), Span::NONE, sources, format);
        }
        for (warning, span) in &fix.warnings {
            terminal::warning(warning, *span, sources, format);
        }
        if let Outcome::Failed(error) = &outcome {
            terminal::errors(error, sources, format);
        }
        if !is_dry {
            return super::super::print(&self.report(&outcome));
        }
        if let Some(warning) = warning(&outcome) {
            terminal::warning(&warning, Span::NONE, sources, format);
        }
        let files = fix.files().iter();
        let texts: String =
            files.map(|file| unified(&file.name, &file.before, &file.after)).collect();
        terminal::print_diff(&texts)
    }

    fn converts_vars(&self) -> bool {
        self.vars == Some(true)
    }

    /// The text on standard output.
    fn report(&self, outcome: &Outcome) -> String {
        let rest = if self.converts_vars() { FIXED_VARS } else { HINT };
        let warning = match outcome {
            Outcome::Same => String::new(),
            Outcome::Failed(error) => {
                let message = escape::visible(error.message());
                format!("{WARNING} the error {WHEN}: {message}\n")
            }
            Outcome::Different(output) => {
                format!("{WARNING} different output {WHEN}:\n...{output}...\n")
            }
        };
        format!("{FIXED}{rest}{warning}")
    }
}

/// The warning of a dry run.
fn warning(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Same => None,
        Outcome::Failed(_) => Some("the fixed kustomization could not be built".to_owned()),
        Outcome::Different(_) => {
            Some("the fixed kustomization would be built with different output".to_owned())
        }
    }
}
