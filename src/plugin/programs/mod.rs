//! Programs that are plugins: functions (KRM), and executables in the folder of plugins.
//!
//! A function is a program or a container. It reads a list of resources from its standard input, and prints the list
//! that takes its place. Which program that is, the configuration says: so none runs unless a flag allows it.

mod command;
mod errors;
mod executable;
mod function;
mod package;
mod resources;
mod spec;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use command::Command;
use executable::Executable;
use function::Function;
pub use package::{Given, Passed, run};

use super::Options;
use crate::config::Warning;
use crate::error::Result;
use crate::external::Outcome;
use crate::limits::{Budget, Limit};
use crate::load::{self, Digest, Exported, Root, TemporaryFolder};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::source::Span;
use crate::sync::lock;
use crate::transform::{Configured, Context, Work};

/// The programs that ran in a session. One that gets the same input in the same folder again is not run twice.
#[derive(Debug, Default)]
pub struct Programs {
    known: Mutex<BTreeMap<Digest, Arc<OnceLock<Ran>>>>,
    exported: Exported,
}

/// The result of a run.
type Ran = Result<Arc<Outcome>>;

/// Permissions for the programs of a session, and their results so far.
#[derive(Clone, Copy, Debug)]
pub struct Host<'h> {
    /// The options of the run.
    pub options: &'h Options,
    /// The programs of the run.
    pub programs: &'h Arc<Programs>,
}

/// A plugin that is a program, with its configuration.
#[derive(Debug)]
pub(super) enum External {
    /// A function.
    Function(Box<Function>),
    /// An executable in the folder of plugins.
    Executable(Box<Executable>),
}

impl External {
    /// The plugin that a document configures.
    ///
    /// # Errors
    /// [`Code::PluginNotEnabled`](crate::error::Code::PluginNotEnabled) if no flag allows such plugins, and those of
    /// [`Function::of`] and [`Executable::of`].
    pub(super) fn of(
        config: &Resource,
        root: &Root,
        host: Host<'_>,
        is_validator: bool,
    ) -> Result<Arc<Self>> {
        if !host.options.enabled {
            return Err(super::not_enabled(config));
        }
        let folder = host.programs.folder(root, host.options)?;
        let function = Function::of(config, root, &folder, host, is_validator)?;
        Ok(Arc::new(match function {
            Some(function) => Self::Function(Box::new(function)),
            None => Self::Executable(Box::new(Executable::of(config, root, &folder, host)?)),
        }))
    }

    /// Runs it as a generator.
    ///
    /// # Errors
    /// Those of running it, and of its output.
    pub(super) fn generate(&self, root: &Root, schema: &Schema) -> Result<Vec<Resource>> {
        match self {
            Self::Function(function) => function.generate(root, schema),
            Self::Executable(executable) => executable.generate(root, schema),
        }
    }

    /// The warnings of its runs so far.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        match self {
            Self::Function(function) => function.warnings(),
            Self::Executable(_) => Vec::new(),
        }
    }
}

impl Configured for Arc<External> {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let (root, schema) = (context.root, context.schema);
        vec![Work::whole(move |resources| match &**self {
            External::Function(function) => function.transform(resources, root, schema),
            External::Executable(executable) => executable.transform(resources, root, schema),
        })]
    }
}

impl Programs {
    /// The folder of a kustomization on the disk. One that is not there is copied, with all that belongs to it.
    ///
    /// # Errors
    /// Those of [`Exported::folder`].
    fn folder(&self, root: &Root, options: &Options) -> Result<PathBuf> {
        self.exported.folder(root, &temporary(options))
    }

    /// Runs a command with this standard input, unless it is pure and has run with it before. The output is charged to the
    /// budget of the run.
    ///
    /// # Errors
    /// Those of [`Program::run`](crate::external::Program::run). A program that fails is no error.
    fn run(
        &self,
        command: &Command,
        input: &str,
        options: &Options,
        (budget, files): (&Budget, &Budget),
    ) -> Result<Arc<Outcome>> {
        let run = || {
            let program = command.program(options)?.cancelled_by(budget.cancel());
            let program = program.output_at_most(files.left(Limit::Files));
            let given = command.configuration.as_deref().map(|text| written(text, options));
            let (program, given) = match given.transpose()? {
                Some(given) => (program.argument(given.path().join(CONFIGURATION)), Some(given)),
                None => (program, None),
            };
            let outcome = program.run_with(&command.arguments, input.as_bytes().to_vec())?;
            drop(given);
            files.spend(Limit::Files, outcome.output.len() as u64, Span::NONE)?;
            command.tell(&outcome, input, options);
            Ok(Arc::new(outcome))
        };
        if !command.is_pure {
            return run();
        }
        let cell = Arc::clone(lock(&self.known).entry(command.digest(input)).or_default());
        cell.get_or_init(run).clone()
    }
}

/// The name of the file with the configuration of an executable.
const CONFIGURATION: &str = "kust-plugin-config.yaml";

/// A temporary folder with a configuration.
fn written(text: &str, options: &Options) -> Result<TemporaryFolder> {
    let folder = TemporaryFolder::create(&temporary(options))?;
    load::write(&folder.path().join(CONFIGURATION), &[text])?;
    Ok(folder)
}

/// The folder for temporary files.
fn temporary(options: &Options) -> PathBuf {
    let folder = options.host.environment.path("TMPDIR").filter(|path| load::is_directory(path));
    folder.unwrap_or_else(|| "/tmp".into())
}
