//! Functions (KRM) that generators, transformers and validators name.
//! (kustomize, `api/internal/plugins/fnplugin/fnplugin.go`, `api/internal/plugins/loader/loader.go`.)

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::command::{Command, check_mount, outside};
use super::spec::FunctionSpec;
use super::{Host, Programs, resources};
use crate::config::Warning;
use crate::error::{Code, Error, Result};
use crate::load::{Loader, Root};
use crate::package::{self, Item, Output, Passage, Scope};
use crate::plugin::Options;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::sync::lock;
use crate::text::escape;
use crate::yaml;

/// A function with its configuration.
#[derive(Debug)]
pub(in crate::plugin) struct Function {
    spec: FunctionSpec,
    /// The document that configures it.
    config: Item,
    /// The command; `None` if it names neither a container nor a program, or no flag allows it.
    command: Option<Command>,
    /// The span of the document.
    span: Span,
    /// Its place to show: the file and the line.
    place: String,
    /// True if it only checks resources.
    is_validator: bool,
    options: Options,
    programs: Arc<Programs>,
    said: Mutex<Vec<Warning>>,
}

/// The annotation that keeps a document out of the output.
const LOCAL: &str = "config.kubernetes.io/local-config";

impl Function {
    /// The function that a document configures; `None` if it configures none.
    ///
    /// # Errors
    /// Those of [`FunctionSpec::of`] and [`Command::of`], and [`Code::OutsideRoot`] for a mount from outside of the folder.
    pub(in crate::plugin) fn of(
        config: &Resource,
        root: &Root,
        folder: &Path,
        host: Host<'_>,
        is_validator: bool,
    ) -> Result<Option<Self>> {
        let loader = root.loader();
        let Some(spec) = FunctionSpec::of(config.node(), loader.sources())? else {
            return Ok(None);
        };
        for mount in &spec.container.mounts {
            check_mount(mount)?;
            let is_inside =
                root.canonical(&mount.src).is_none_or(|path| path.starts_with(root.path()));
            if !is_inside {
                return Err(outside(&mount.src));
            }
        }
        let Host { options, programs } = host;
        let command = Command::of(&spec, &options.functions, folder, root.name())?;
        let is_allowed = !spec.is_exec() || options.functions.exec;
        let function = Self {
            config: configuration(config, loader)?,
            command: command.filter(|_| is_allowed),
            place: place(loader, spec.name().map_or(Span::NONE, |name| name.span), config.span()),
            is_validator,
            spec,
            span: config.span(),
            options: options.clone(),
            programs: Arc::clone(programs),
            said: Mutex::default(),
        };
        match is_allowed {
            true => Ok(Some(function)),
            // A check that is skipped would pass.
            false if is_validator => Err(function.not_enabled()),
            false => {
                function.warn(function.not_enabled());
                Ok(Some(function))
            }
        }
    }

    /// The warnings of its runs so far.
    pub(in crate::plugin) fn warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut lock(&self.said))
    }

    /// Runs it as a generator: its input is its configuration.
    ///
    /// # Errors
    /// Those of running it, and of its output.
    pub(in crate::plugin) fn generate(
        &self,
        root: &Root,
        schema: &Schema,
    ) -> Result<Vec<Resource>> {
        let mut input = String::new();
        let output = Output { keeps_index: true, keeps_path: true, ..Output::default() };
        input.push_str(&package::write(vec![self.config.clone()], &output)?);
        let printed = self.run(input, root)?;
        let resources = self.read(printed, root, schema)?;
        resources.into_iter().map(|resource| resource.from_generator(schema)).collect()
    }

    /// Runs it as a transformer.
    ///
    /// # Errors
    /// Those of running it, and of its output.
    pub(in crate::plugin) fn transform(
        &self,
        resources: &mut ResMap,
        root: &Root,
        schema: &Schema,
    ) -> Result<()> {
        let printed = self.run(resources::stream(resources)?, root)?;
        let printed = self.read(printed, root, schema)?;
        let deletes = printed.is_empty() && !resources.is_empty() && self.command.is_some();
        if deletes && !self.is_validator {
            self.warn(self.deletes_all(resources.len()));
        }
        resources::update(resources, printed, schema)
    }

    /// Passes a stream of resources through the function.
    fn run(&self, input: String, root: &Root) -> Result<String> {
        let (loader, budget) = (root.loader(), root.budget());
        let file = loader.text(&format!("input of {}", self.name()), input.into_bytes())?;
        let items = package::output(loader, &file, budget)?.items;
        let output = Output { keeps_path: true, ..Output::default() };
        let Some(command) = &self.command else {
            return package::write(items, &output);
        };
        let scope = if self.spec.is_exec() { Scope::OfFolder } else { Scope::Global };
        let passage = Passage::begin(items, &self.config.root, scope)?;
        let input = passage.input(&self.config)?;
        let outcome = self.programs.run(command, &input, &self.options, (budget, loader.budget()));
        let outcome = outcome.map_err(|error| command.not_run(&error))?;
        if !outcome.is_success {
            return Err(command.failed(&outcome, &input));
        }
        let name = format!("output of {}", self.name());
        let printed = loader.text(&name, outcome.output.clone())?;
        let unusable = |error: Error| {
            command.explain(error.step(format!("while reading the output of `{}`", self.name())))
        };
        let printed = package::output(loader, &printed, budget).map_err(unusable)?;
        package::write(passage.end(printed).map_err(unusable)?, &output)
    }

    /// The resources of a stream that the function printed.
    fn read(&self, text: String, root: &Root, schema: &Schema) -> Result<Vec<Resource>> {
        let file = root.loader().text(&format!("output of {}", self.name()), text.into_bytes())?;
        let resources = file.resources(root.budget(), schema);
        resources.map_err(|error| match &self.command {
            Some(command) => command.explain(error),
            None => error,
        })
    }

    fn name(&self) -> String {
        let name = self.spec.name().map_or("a function", |name| name.as_str());
        escape::visible(name).into_owned()
    }

    fn warn(&self, failure: Error) {
        let help = failure.helps().first().map_or("", String::as_str);
        let text = format!("{}: {}; {help}", self.place, failure.message());
        lock(&self.said).push(Warning { text: Some(text), failure });
    }

    #[cold]
    fn not_enabled(&self) -> Error {
        let message = format!("the function `{}` is not run", self.name());
        Error::new(Code::PluginNotEnabled, message)
            .at(self.spec.exec.path.span)
            .at(self.span)
            .help("`--enable-exec` allows functions that are programs; never use it with a kustomization that you do not trust")
    }

    #[cold]
    fn deletes_all(&self, count: usize) -> Error {
        let message = format!(
            "the function `{}` prints nothing, and so deletes all resources ({count})",
            self.name()
        );
        Error::new(Code::PluginFailed, message)
            .at(self.spec.name().map_or(Span::NONE, |name| name.span))
            .at(self.span)
            .help("a function prints the resources that it leaves as they are, too")
    }
}

/// The file and the line of the first span that has one.
fn place(loader: &Loader, name: Span, config: Span) -> String {
    let sources = loader.sources();
    let place = sources.locate(name).or_else(|| sources.locate(config));
    place.map(|place| format!("{}:{}", place.source.name(), place.line)).unwrap_or_default()
}

/// The configuration as the function gets it.
fn configuration(config: &Resource, loader: &Loader) -> Result<Item> {
    let mut text = String::new();
    yaml::emit(&config.annotated()?, &mut text)?;
    let file = loader.text("configuration of a function", text.into_bytes())?;
    let mut item = package::document(&file)?;
    item.annotate(LOCAL, "true")?;
    Ok(item)
}
