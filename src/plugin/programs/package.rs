//! Functions over the resources of a package: those that its own documents declare, those of other folders, and one that
//! the command line names. (kyaml, `runfn/runfn.go`.)

use std::path::Path;

use super::Programs;
use super::command::{Command, check_mount, outside};
use super::spec::FunctionSpec;
use crate::config::Warning;
use crate::error::{Code, Error, Result};
use crate::load::{self, Loader};
use crate::package::{self, Item, Passage, Scope};
use crate::plugin::Options;
use crate::text::escape;

/// The functions to run over a package. If there are any, those that it declares itself do not run.
#[derive(Debug, Default)]
pub struct Given {
    /// The documents of other folders.
    pub declared: Vec<Item>,
    /// The one that the command line names.
    pub named: Option<Item>,
    /// True if other folders were named, even if they have no documents.
    pub is_elsewhere: bool,
    /// True if functions of the package get all resources, and not only those of their folders.
    pub is_global: bool,
}

/// The result of functions over a package.
#[derive(Debug, Default)]
pub struct Passed {
    /// The resources; `None` if a function left none, which changes nothing.
    pub items: Option<Vec<Item>>,
    /// The results that functions reported, by their numbers.
    pub results: Vec<(usize, Item)>,
    /// The failures of functions that let the others run.
    pub deferred: Vec<Error>,
    /// The functions that no flag allows.
    pub warnings: Vec<Warning>,
}

/// A function that runs.
struct Ready {
    spec: FunctionSpec,
    command: Command,
    config: Item,
    /// The number of its document in the package.
    own: Option<usize>,
    scope: Scope,
    /// The number of its results.
    number: usize,
}

/// Runs functions over the resources of a package, each on the output of the one before. `started` is called with the name of
/// each.
///
/// # Errors
/// Those of the specifications, of running the functions, and of their output.
pub fn run(
    loader: &Loader,
    items: Vec<Item>,
    given: Given,
    options: &Options,
    started: &mut dyn FnMut(&str),
) -> Result<Passed> {
    let mut passed = Passed::default();
    let mut ready = ready(loader, &items, given, options, &mut passed.warnings)?;
    let (programs, mut items) = (Programs::default(), items);
    for number in 0..ready.len() {
        let function = &ready[number];
        started(function.command.name());
        let passage = Passage::begin(items, &function.config.root, function.scope)?;
        if number == 0 {
            // They are documents of the package, and so have its annotations from now on.
            for function in &mut ready {
                if let Some(config) = function.own.and_then(|own| passage.item(own)) {
                    function.config = config.clone();
                }
            }
        }
        let Ready { spec, command, config, number, .. } = &ready[number];
        let input = passage.input(config)?;
        let outcome = programs.run(command, &input, options, (loader.budget(), loader.budget()));
        let outcome = outcome.map_err(|error| command.not_run(&error))?;
        let failure = (!outcome.is_success).then(|| command.failed(&outcome, &input));
        let failure = match failure {
            Some(failure) if !spec.defer_failure => return Err(failure),
            failure => failure,
        };
        let name = format!("output of {}", escape::visible(command.name()));
        let file = loader.text(&name, outcome.output.clone())?;
        let unusable = |error: Error| command.explain(error);
        let printed = package::output(loader, &file, loader.budget()).map_err(unusable)?;
        passed.results.extend(printed.results.clone().map(|results| (*number, results)));
        passed.deferred.extend(failure);
        items = passage.end(printed).map_err(unusable)?;
        if items.is_empty() {
            return Ok(passed);
        }
    }
    passed.items = Some(items);
    Ok(passed)
}

fn ready(
    loader: &Loader,
    items: &[Item],
    given: Given,
    options: &Options,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Ready>> {
    let Given { declared, named, is_elsewhere, is_global } = given;
    let mut configs: Vec<(Option<usize>, Item)> = Vec::new();
    if !is_elsewhere && named.is_none() {
        let mut own = Vec::new();
        for (number, item) in items.iter().enumerate() {
            if FunctionSpec::of(&item.root, loader.sources())?.is_some() {
                own.push((number, item.clone()));
            }
        }
        package::sort_functions(&mut own);
        configs.extend(own.into_iter().map(|(number, item)| (Some(number), item)));
    }
    configs.extend(declared.into_iter().chain(named).map(|item| (None, item)));
    let folder = options.host.environment.working_directory();
    let mut ready = Vec::new();
    let mut number = 0;
    for (own, config) in configs {
        let Some(spec) = FunctionSpec::of(&config.root, loader.sources())? else { continue };
        for mount in &spec.container.mounts {
            check_mount(mount)?;
            let real = |path: &Path| load::resolved(path);
            let (whole, top) = (load::join(folder, Path::new(mount.src.as_str())), real(folder));
            let is_inside = real(&whole).zip(top).is_none_or(|(path, top)| path.starts_with(top));
            if !is_inside {
                return Err(outside(&mount.src));
            }
        }
        let command = Command::of(&spec, &options.functions, folder, ".")?;
        let own_number = number;
        number += 1;
        if spec.is_exec() && !options.functions.exec {
            warnings.push(skipped(&spec));
            continue;
        }
        let Some(command) = command else { continue };
        let scope = match spec.is_exec() {
            _ if is_global => Scope::Global,
            false if own.is_none() => Scope::Global,
            _ => Scope::OfFolder,
        };
        ready.push(Ready { spec, command, config, own, scope, number: own_number });
    }
    Ok(ready)
}

#[cold]
fn skipped(spec: &FunctionSpec) -> Warning {
    let name = spec.name().map_or("", |name| name.as_str());
    let message = format!("the function `{}` is not run", escape::visible(name));
    let help = "`--enable-exec` allows functions that are programs; never use it with a package that you do not trust";
    let failure =
        Error::new(Code::PluginNotEnabled, message.clone()).at(spec.exec.path.span).help(help);
    Warning { text: Some(format!("{message}; {help}")), failure }
}
