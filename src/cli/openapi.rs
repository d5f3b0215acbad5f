//! `krender openapi`: the schema of Kubernetes' types.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::reading::working_directory;
use super::terminal::Format;
use crate::{
    error::{Code, Error, Result},
    external::{Environment, kubectl},
    schema::Schema,
    source::{Source, Sources},
    text::escape,
    yaml::{emit, parse},
};

/// Show the schema of Kubernetes' types: that of krender, or that of a cluster
#[derive(Args)]
pub(super) struct OpenApi {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// Print the version of the built-in schema
    #[command(after_help = "Examples:\n  krender openapi info")]
    Info,
    /// Print the schema of the cluster that `kubectl` uses
    #[command(after_help = "Examples:\n  krender openapi fetch --format yaml")]
    Fetch {
        /// Format of the schema
        #[arg(long, value_name = "FORMAT", default_value = "json")]
        format: Form,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Json,
    Yaml,
}

impl OpenApi {
    /// Prints, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let printed = match &self.action {
            None => {
                let mut command = Self::augment_args(clap::Command::new("krender openapi"));
                super::print(&command.render_help().to_string())
            }
            Some(Action::Info) => {
                let version = Schema::built_in_version();
                super::print(&format!("{{title:Kubernetes,version:{version}}}\n"))
            }
            Some(Action::Fetch { format }) => fetch(*format),
        };
        super::finish(printed, &Sources::new(), format)
    }
}

fn fetch(format: Form) -> Result<()> {
    super::clean_up_on_signals();
    let environment = Environment::new(std::env::vars_os(), &working_directory()?);
    let answer = kubectl::open_api(&environment)?;
    let schema: serde_json::Value = serde_json::from_slice(&answer).map_err(not_json)?;
    if !schema.is_object() {
        return Err(not_json("it is no object"));
    }
    let text = serde_json::to_string_pretty(&schema).map_err(not_json)?;
    // The line break after the text is kustomize's.
    match format {
        Form::Json => super::print(&(escape::as_go_json(text) + "\n")),
        Form::Yaml => {
            let mut yaml = String::new();
            if let Some(document) = parse::document(&Source::detached(&text))? {
                emit(&document.root, &mut yaml)?;
            }
            super::print(&(yaml + "\n"))
        }
    }
}

#[cold]
fn not_json(reason: impl std::fmt::Display) -> Error {
    Error::new(
        Code::FetchFailed,
        format!("the answer of `kubectl` is not a schema in JSON: {reason}"),
    )
}
