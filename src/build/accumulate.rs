//! Accumulates a kustomization depth first: on each level its resources, generators, components, transformers and
//! validators.
//!
//! Levels are kept in a list instead of the stack: a chain of bases may be long.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::account::{self, Account};
use super::accumulator::Accumulator;
use super::bases::{Base, Complete, Way, say};
use super::configurations::Configurations;
use super::files::read;
use super::provenance::{Idle, Provenance};
use super::routes;
use super::session::{Read, Session};
use crate::config::{Kustomization, TransformerConfig, Warning};
use crate::error::{Code, Error, Result};
use crate::generate::{self, Generated};
use crate::limits::{Limit, Spent};
use crate::load::{Entry, Root};
use crate::parallel::Threads;
use crate::plugin::{self, Field, Inflated, Plugin, validate};
use crate::resource::{Absorber, ResMap, Resource, TWICE};
use crate::schema::{BuiltIn, Schema};
use crate::source::{Source, Span};
use crate::transform::{self, Asked, Cause, Context, Observer, Observers};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// Accumulates the kustomization of a directory. Returns the result, the schema in force at the end, and the
/// directories that were entered on the way. A base that several kustomizations of the run list is accumulated once, unless
/// something differs for it.
///
/// # Errors
/// All errors of the first level that cannot be completed, and errors found before in the levels around it.
pub(super) fn target(
    session: &Session<'_>,
    root: Root,
    kustomization: Arc<Kustomization>,
    warnings: &mut Vec<Warning>,
    observer: Option<&mut (dyn Observer + '_)>,
    threads: &Threads,
) -> Result<(Accumulator, Schema, Way)> {
    let mut build = Build::new(session, threads, warnings, observer);
    build.settle_schema(&root, &kustomization)?;
    let account = Account::top(&kustomization, &root)?;
    let level = Level::new(root, kustomization, account, Accumulator::default())?;
    build.observe_entry(&level);
    let (accumulated, way) = build.run(level)?;
    Ok((accumulated, build.schema, way))
}

/// Accumulates a base for the [store](super::bases::Bases). Returns `None` if its result cannot be reused: a component,
/// and a base that sets a schema.
///
/// # Errors
/// As [`target`].
pub(super) fn base(
    session: &Session<'_>,
    root: Root,
    account: Option<Account>,
) -> Result<Option<Complete>> {
    let top = root.clone();
    let spent = top.budget().all_spent();
    let read = session.kustomization(&root)?;
    let kustomization = Arc::clone(&read.kustomization);
    if kustomization.is_component() || !kustomization.openapi.is_empty() {
        return Ok(None);
    }
    let (mut warnings, threads) = (Vec::new(), Threads::default());
    let mut build = Build::new(session, &threads, &mut warnings, None);
    let mut level = Level::new(root, kustomization, account, Accumulator::default())?;
    level.way.said.clone_from(&read.warnings);
    let (accumulated, way) = build.run(level)?;
    let (spent, files) = (top.budget().all_spent().since(&spent), top.read_ahead());
    Ok((!build.schema_is_set).then_some(Complete { accumulated, way, spent, files }))
}

struct Build<'a, 'o> {
    /// The state shared with other targets.
    session: &'a Session<'a>,
    /// The threads that work on the target.
    threads: &'a Threads,
    /// The observer of changes, if there is one. It must see all changes, so no accumulated base is reused then.
    observer: Option<&'a mut (dyn Observer + 'o)>,
    /// The schema in force: the first `openapi` field applies to everything after it.
    schema: Schema,
    schema_is_set: bool,
    /// The use of the built-in schema so far.
    asked: BuiltIn,
    warnings: &'a mut Vec<Warning>,
    /// The bases that were accumulated with a schema set by this build. Other builds cannot reuse them.
    bases: BTreeMap<Base, Arc<Complete>>,
    /// The levels around the current one, the outermost first.
    around: Vec<Level>,
}

/// A function that reads field specs from a file.
type ReadConfiguration = fn(&Source) -> Result<TransformerConfig>;

/// A kustomization that is being accumulated.
struct Level {
    root: Root,
    kustomization: Arc<Kustomization>,
    /// The location for the origins of its resources; `None` if they are not recorded.
    account: Option<Account>,
    /// True if a schema was set before this level.
    schema_was_set: bool,
    /// The side results so far.
    way: Way,
    stage: Stage,
    /// The index of the next entry in the field of the current stage.
    next: usize,
    accumulator: Accumulator,
    /// The plugins of the stage.
    plugins: Configurations,
    /// The errors in entries so far.
    errors: Vec<Error>,
    /// The charges of the target before this level.
    spent: Spent,
}

/// The stages of a level, in order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Resources,
    Generators,
    Components,
    Transformers,
    Validators,
}

impl<'a, 'o> Build<'a, 'o> {
    fn new(
        session: &'a Session<'a>,
        threads: &'a Threads,
        warnings: &'a mut Vec<Warning>,
        observer: Option<&'a mut (dyn Observer + 'o)>,
    ) -> Self {
        Self {
            session,
            threads,
            schema: Schema::built_in(),
            schema_is_set: false,
            asked: BuiltIn::Replaced,
            warnings,
            observer,
            bases: BTreeMap::new(),
            around: Vec::new(),
        }
    }

    /// Accumulates a level and all that it lists. Returns the result and the directories that were entered.
    fn run(&mut self, mut level: Level) -> Result<(Accumulator, Way)> {
        loop {
            match self.advance(&mut level) {
                Ok(Some(accumulated)) => return Ok((accumulated, level.way)),
                Ok(None) => {}
                Err(error) => return Err(self.explain(level, error)),
            }
        }
    }

    /// Makes one step: enters the next base or component, or completes the current level. Returns the result when the
    /// outermost level is complete.
    fn advance(&mut self, level: &mut Level) -> Result<Option<Accumulator>> {
        match level.stage {
            Stage::Resources => match self.accumulate_files(level)? {
                Some((base, path)) => match self.known(level, &base, &path)? {
                    Some(known) => level.merge(known, path.span, self.session.defaults()),
                    None => self.enter(level, base, &path)?,
                },
                None => {
                    if let Some(errors) = Error::all(level.errors.drain(..)) {
                        return Err(errors);
                    }
                    self.configure(level)?;
                    level.begin(Stage::Generators, &self.schema)?;
                }
            },
            Stage::Components => match self.open_component(level)? {
                Some(component) => self.around.push(std::mem::replace(level, component)),
                None => level.begin(Stage::Transformers, &self.schema)?,
            },
            Stage::Generators | Stage::Transformers | Stage::Validators => {
                if self.gather_plugins(level)? {
                    return Ok(None);
                }
                match level.stage {
                    Stage::Generators => {
                        self.generate(level)?;
                        level.begin(Stage::Components, &self.schema)?;
                    }
                    Stage::Transformers => {
                        self.transform(level)?;
                        level.begin(Stage::Validators, &self.schema)?;
                    }
                    _ => return self.complete(level),
                }
            }
        }
        Ok(None)
    }

    /// Completes a level, and returns to the level around it.
    fn complete(&mut self, level: &mut Level) -> Result<Option<Accumulator>> {
        self.validate(level)?;
        level.collect_variables()?;
        if let Some(observer) = &mut self.observer {
            observer.leave(&level.root, &level.accumulator.resources);
        }
        let accumulated = std::mem::take(&mut level.accumulator);
        let Some(parent) = self.around.pop() else {
            return Ok(Some(accumulated));
        };
        let complete = std::mem::replace(level, parent);
        level.way.pass(&complete.way);
        if complete.kustomization.is_component() {
            level.accumulator = accumulated;
            return Ok(None);
        }
        let base = Base::new(&complete.root, complete.account.as_ref());
        let spent = complete.root.budget().all_spent().since(&complete.spent);
        let result = || Complete {
            accumulated: accumulated.clone(),
            way: complete.way.clone(),
            spent,
            files: Vec::new(),
        };
        if self.observer.is_some() || complete.way.is_for_one_place() {
            // With an observer, bases are not reused.
        } else if !self.schema_is_set {
            self.session.bases().keep(base, result);
        } else if complete.schema_was_set {
            self.bases.insert(base, Arc::new(result()));
        }
        match level.stage {
            Stage::Resources => {
                level.merge(accumulated, complete.root.span(), self.session.defaults());
            }
            _ => level.plugins.merge(accumulated.resources, complete.root.span())?,
        }
        Ok(None)
    }

    /// The result of a base that was accumulated already, if it would be the same on this level. A schema set in
    /// between applies only to what comes after it, so earlier results cannot be reused then.
    fn known(&mut self, level: &mut Level, base: &Root, path: &str) -> Result<Option<Accumulator>> {
        if self.observer.is_some() {
            return Ok(None);
        }
        let account = level.below(path, base)?;
        let key = Base::new(base, account.as_ref());
        let known = match self.schema_is_set {
            true => self.bases.get(&key).cloned(),
            false => self.session.bases().take(&key),
        };
        let Some(known) = known else { return Ok(None) };
        self.session.loader().charge_ahead(&known.files)?;
        // Reusing a base costs as much as the number of its directories; without resources, nothing else is copied.
        let visits = known.way.directories.len() as u64;
        base.budget().spend(Limit::Directories, visits, base.span())?;
        if !known.accumulated.resources.is_empty() {
            base.budget().spend_again(&known.spent.without(Limit::Directories), base.span())?;
        }
        let directories = known.way.directories.iter().map(Path::new);
        if !base.admits(directories, &known.way.remotes, known.way.height) {
            return Ok(None);
        }
        level.way.pass(&known.way);
        self.asked = self.asked.max(known.way.asked);
        known.way.said.iter().for_each(|warning| say(self.warnings, warning));
        let known = Arc::try_unwrap(known);
        Ok(Some(known.map_or_else(|known| known.accumulated.clone(), |known| known.accumulated)))
    }

    /// Reads entries of `resources` up to the next base.
    fn accumulate_files(&mut self, level: &mut Level) -> Result<Option<(Root, Spanned<Text>)>> {
        let before = level.accumulator.resources.len();
        let base = level.accumulate_files(&self.schema);
        let Some(observer) = &mut self.observer else { return Ok(base) };
        let Level { root, accumulator, .. } = level;
        let places: Vec<usize> = (before..accumulator.resources.len()).collect();
        let cause =
            Cause { builtin: "", asked: Asked::Field("resources"), span: root.span(), layer: root };
        observer.added(&cause, &places, &mut accumulator.resources)?;
        Ok(base)
    }

    /// Reports a level that is entered.
    fn observe_entry(&mut self, level: &Level) {
        if let Some(observer) = &mut self.observer {
            observer.enter(&level.root, &level.accumulator.resources);
        }
    }

    /// Enters a base.
    fn enter(&mut self, level: &mut Level, base: Root, path: &str) -> Result<()> {
        let base = self.open_base(level, base, path)?;
        self.observe_entry(&base);
        self.around.push(std::mem::replace(level, base));
        Ok(())
    }

    /// Collects configurations of plugins up to one that is a directory, which is entered. Returns false when all are
    /// collected.
    fn gather_plugins(&mut self, level: &mut Level) -> Result<bool> {
        let Level { root, account, plugins, .. } = level;
        let directory = plugins.next_directory(root, account.as_ref(), &self.schema)?;
        // Kinds of plugins are not in the built-in schema.
        if plugins.gathered().iter().next().is_some() {
            self.asked = self.asked.max(BuiltIn::First);
            level.way.asked = level.way.asked.max(BuiltIn::First);
        }
        let Some((directory, path)) = directory else { return Ok(false) };
        match self.known(level, &directory, &path)? {
            Some(known) => level.plugins.merge(known.resources, path.span)?,
            None => self.enter(level, directory, &path)?,
        }
        Ok(true)
    }

    fn open_base(&mut self, level: &Level, root: Root, path: &str) -> Result<Level> {
        let account = level.below(path, &root)?;
        let schema_was_set = self.schema_is_set;
        // Taken before its kustomization file is read, which is part of its cost.
        let spent = root.budget().all_spent();
        let read = self.read(&root, level)?;
        let kustomization = Arc::clone(&read.kustomization);
        if kustomization.is_component() {
            let message = format!("`{}` is a component", root.name());
            return Err(Error::new(Code::UnexpectedComponent, message)
                .at(root.span())
                .label("a base is expected here")
                .help("list it under `components`"));
        }
        let mut base = Level::new(root, kustomization, account, Accumulator::default())?;
        base.schema_was_set = schema_was_set;
        base.spent = spent;
        base.way.said.clone_from(&read.warnings);
        Ok(base)
    }

    /// The next component of a level, which works on the resources that the level has accumulated.
    fn open_component(&mut self, level: &mut Level) -> Result<Option<Level>> {
        let Some(path) = level.kustomization.components.get(level.next) else {
            return Ok(None);
        };
        level.next += 1;
        let root = level.root.child(path, path.span)?;
        let account = level.below(path, &root)?;
        let read = self.read(&root, level)?;
        let kustomization = Arc::clone(&read.kustomization);
        if !kustomization.is_component() {
            let message = format!("`{}` is no component", root.name());
            return Err(Error::new(Code::ExpectedComponent, message)
                .at(root.span())
                .label(format!("its kind is `{}`", kustomization.kind.as_str()))
                .help("list it under `resources`, or make it `kind: Component`"));
        }
        let accumulator = std::mem::take(&mut level.accumulator);
        let mut component = Level::new(root, kustomization, account, accumulator)?;
        component.way.said.clone_from(&read.warnings);
        self.observe_entry(&component);
        Ok(Some(component))
    }

    /// Reads the kustomization of a directory that a level lists.
    fn read(&mut self, root: &Root, level: &Level) -> Result<Arc<Read>> {
        let read = self.session.kustomization(root)?;
        read.warnings.iter().for_each(|warning| say(self.warnings, warning));
        if !self.schema_is_set && read.kustomization.openapi.contains_key("path") {
            // The scopes of kinds were looked up in the built-in schema when their files were read.
            let mut levels = self.around.iter().chain([level]);
            let is_asked =
                levels.any(|level| level.accumulator.resources.iter().any(Resource::is_foreign));
            if is_asked {
                self.asked = self.asked.max(BuiltIn::First);
            }
        }
        self.settle_schema(root, &read.kustomization)?;
        Ok(read)
    }

    /// Sets the schema of `openapi`, unless one was set before. (`kyaml/openapi/openapi.go`: `SetSchema`.)
    fn settle_schema(&mut self, root: &Root, kustomization: &Kustomization) -> Result<()> {
        let (path, version) =
            (kustomization.openapi.get("path"), kustomization.openapi.get("version"));
        if self.schema_is_set {
            return Ok(());
        }
        match (path, version) {
            (None, None) => return Ok(()),
            (Some(path), Some(version)) => {
                return Err(Error::new(
                    Code::InvalidValue,
                    "found both `path` and `version` in `openapi`",
                )
                .at(version.span)
                .note(path.span, "the path")
                .help("keep one of them"));
            }
            (Some(path), None) => {
                let file = root.file(path, path.span)?;
                let source = file.source().map(Arc::clone).map_err(|error| error.at(path.span));
                self.schema = Schema::of_document(source, self.asked);
            }
            (None, Some(version)) => {
                self.schema =
                    Schema::of_version(version).map_err(|error| error.at(version.span))?;
            }
        }
        self.schema_is_set = true;
        Ok(())
    }

    /// Adds the field specs of the level: the defaults, its `configurations`, and its `crds`.
    fn configure(&self, level: &mut Level) -> Result<()> {
        let Level { root, kustomization, accumulator, .. } = level;
        let merged = |field: &str, paths: &[Spanned<Text>], read: ReadConfiguration| {
            let mut files = Arc::new(TransformerConfig::default());
            for path in paths {
                let read = root.read(path, path.span).and_then(|source| read(&source));
                let merged = read.and_then(|configuration| {
                    files.merged(&Arc::new(configuration), root.budget(), path.span)
                });
                files = merged.map_err(|error| {
                    error.at(path.span).step(format!("while reading `{field}`"))
                })?;
            }
            Ok(files)
        };
        let Kustomization { configurations, crds, .. } = &**kustomization;
        let defaults = self.session.defaults();
        let configuration = if configurations.is_empty() {
            Arc::clone(defaults)
        } else {
            let files = merged("configurations", configurations, TransformerConfig::read)?;
            defaults.merged(&files, root.budget(), root.span())?
        };
        accumulator.configure(&configuration, defaults, root)?;
        if !crds.is_empty() {
            let configuration = merged("crds", crds, TransformerConfig::of_crds)?;
            accumulator.configure(&configuration, defaults, root)?;
        }
        Ok(())
    }

    /// Runs the builtin generators, then those of `generators`.
    fn generate(&mut self, level: &mut Level) -> Result<()> {
        let mut above = self.around.iter().rev().map(|level| &level.kustomization.namespace);
        let above = above.find(|namespace| !namespace.is_empty());
        let Level { root, kustomization, account, accumulator, plugins, way, .. } = level;
        let context = generate::Context { kustomization, root, schema: &self.schema };
        let mut errors = Vec::new();
        let mut keep = |made: Result<Vec<((&'static str, Asked<'static>), Resource)>>| {
            made.map_err(|error| errors.push(error)).unwrap_or_default()
        };
        let account = |Generated { generator, field, entry, mut resource }| {
            let origin = account.as_ref().map(|account| account.builtin(generator));
            let made = (generator, Asked::Entry(field, entry));
            account::generated(&mut resource, origin.as_ref()).map(|()| (made, resource))
        };
        let accounted = |generated: Result<Vec<Generated>>| {
            generated.and_then(|generated| generated.into_iter().map(account).collect())
        };
        let (options, host) = (&self.session.options().plugins, self.session.host());
        let mut said = Vec::new();
        let builtin = keep(accounted(generate::generate(&context)));
        let above = above.map_or("", |namespace| namespace.as_str());
        let inflated = plugin::charts(&context, above, options);
        let inflated = inflated.map(|Inflated { resources, takes_namespace, varies }| {
            way.takes_namespace |= takes_namespace;
            way.varies |= varies;
            resources
        });
        let charts = keep(accounted(inflated));
        let configured = plugins.generate(root, &self.schema, host, &mut said, &mut way.varies);
        let by_document = |resource| (("", Asked::Field("generators")), resource);
        let configured = keep(configured.map(|all| all.into_iter().map(by_document).collect()));
        for warning in said {
            say(&mut way.said, &warning);
            say(self.warnings, &warning);
        }
        if errors.is_empty() {
            // If a generator failed, those with `behavior: merge` for its resource would report further errors.
            let (mut absorber, mut added) = (Absorber::new(&mut accumulator.resources), Vec::new());
            for ((builtin, asked), new) in builtin.into_iter().chain(charts).chain(configured) {
                let cause = Cause { builtin, asked, span: new.span(), layer: root };
                match absorber.absorb(new) {
                    Ok(place) if self.observer.is_some() => added.push((cause, place)),
                    Ok(_) => {}
                    Err(error) => errors.push(generate::explain_behavior(kustomization, error)),
                }
            }
            absorber.finish();
            if let Some(observer) = &mut self.observer {
                let resources = &mut accumulator.resources;
                added
                    .iter()
                    .try_for_each(|(cause, place)| observer.added(cause, &[*place], resources))?;
            }
        }
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// Runs the builtin transformers, then those of `transformers`.
    fn transform(&mut self, level: &mut Level) -> Result<()> {
        let count = level.accumulator.resources.len() as u64;
        level.root.budget().spend(Limit::Resources, count, level.root.span())?;
        let Self { session, threads, schema, observer, .. } = self;
        let options = session.options();
        let account = level.account.clone();
        let (mut idle, mut provenance) = (Idle::default(), Provenance::new(account.as_ref()));
        let mut observers = Observers::default();
        if options.strict {
            observers.add(&mut idle);
        }
        let (mut context, resources, configurations) = context((session, threads), schema, level);
        let plugins = configurations.plugins(
            &context,
            Field::Transformers,
            session.host(),
            observers.as_one(),
        )?;
        if account.is_some() || plugins.iter().any(Plugin::has_origin) {
            observers.add(&mut provenance);
            context.by_entry = true;
        }
        if let Some(observer) = observer {
            observers.add(&mut **observer);
            context.by_entry = true;
        }
        let mut outcome = transform::transform(&context, resources, observers.as_one())?;
        for plugin in &plugins {
            let change = [plugin.change(&context)];
            outcome = outcome.and(transform::run(
                change,
                resources,
                observers.as_one(),
                context.threads,
            )?);
            resources.retain(|resource| !resource.node().is_empty());
        }
        let said: Vec<Warning> = plugins.iter().flat_map(Plugin::warnings).collect();
        level.accumulator.leave(plugins.iter());
        let asked = if outcome.has_merged {
            BuiltIn::Second
        } else if level.accumulator.resources.iter().any(Resource::is_foreign) {
            BuiltIn::First
        } else {
            BuiltIn::Replaced
        };
        self.asked = self.asked.max(asked);
        level.way.asked = level.way.asked.max(asked);
        let idle = idle.0.into_iter().map(|failure| Warning { text: None, failure });
        for warning in idle.chain(said) {
            say(&mut level.way.said, &warning);
            say(self.warnings, &warning);
        }
        Ok(())
    }

    /// Runs the validators.
    fn validate(&mut self, level: &mut Level) -> Result<()> {
        let Self { session, threads, schema, observer, .. } = self;
        let (context, resources, configurations) = context((session, threads), schema, level);
        let plugins = configurations.plugins(&context, Field::Validators, session.host(), None)?;
        for plugin in &plugins {
            validate(plugin, &context, resources, observer.as_deref_mut())?;
        }
        level.accumulator.leave(plugins.iter());
        for warning in plugins.iter().flat_map(Plugin::warnings) {
            say(&mut level.way.said, &warning);
            say(self.warnings, &warning);
        }
        Ok(())
    }

    /// Adds to an error the errors of outer levels, and the chain of bases that leads to it.
    fn explain(&mut self, level: Level, error: Error) -> Error {
        let mut error = error;
        let mut level = level;
        while let Some(parent) = self.around.pop() {
            let kind = if level.kustomization.is_component() { "component" } else { "base" };
            error = error.step(format!("while accumulating the {kind} `{}`", level.root.name()));
            level = parent;
            let found = level.errors.drain(..).chain([error.clone()]);
            error = Error::all(found).unwrap_or(error);
        }
        let explained = error.clone().into_each().into_iter();
        let explained = explained.map(|error| routes::explain(self.session, &level.root, error));
        Error::all(explained).unwrap_or(error)
    }
}

/// The context of the transformers of a level, the resources, and the configurations of plugins.
fn context<'l>(
    (session, threads): (&'l Session<'_>, &'l Threads),
    schema: &'l Schema,
    level: &'l mut Level,
) -> (Context<'l>, &'l mut ResMap, &'l Configurations) {
    let Accumulator { resources, configuration, .. } = &mut level.accumulator;
    let context = Context {
        kustomization: &level.kustomization,
        configuration: configuration.as_deref().unwrap_or(session.defaults()),
        root: &level.root,
        schema,
        builtins: session.builtins(),
        by_entry: false,
        threads,
    };
    (context, resources, &level.plugins)
}

impl Level {
    fn new(
        root: Root,
        kustomization: Arc<Kustomization>,
        account: Option<Account>,
        accumulator: Accumulator,
    ) -> Result<Self> {
        let spent = root.budget().all_spent();
        root.budget().spend(Limit::Directories, 1, root.span())?;
        let directories = std::iter::once(root.path().into()).collect();
        let remotes = root.remote().map(str::to_owned).into_iter().collect();
        let has_namespace = !kustomization.namespace.is_empty();
        Ok(Self {
            root,
            kustomization,
            account,
            schema_was_set: false,
            way: Way { directories, remotes, has_namespace, ..Way::default() },
            stage: Stage::Resources,
            next: 0,
            accumulator,
            plugins: Configurations::default(),
            errors: Vec::new(),
            spent,
        })
    }

    /// The account of a directory in an entry.
    fn below(&self, path: &str, root: &Root) -> Result<Option<Account>> {
        self.account.as_ref().map(|account| account.below(path, root)).transpose()
    }

    /// Begins a stage, and reads its inline configurations of plugins.
    fn begin(&mut self, stage: Stage, schema: &Schema) -> Result<()> {
        let Kustomization { generators, transformers, validators, .. } = &*self.kustomization;
        let (field, entries) = match stage {
            Stage::Generators => ("generators", generators),
            Stage::Transformers => ("transformers", transformers),
            Stage::Validators => ("validators", validators),
            Stage::Resources | Stage::Components => ("", &Vec::new()),
        };
        self.plugins =
            Configurations::of_field(field, entries, &self.root, self.account.as_ref(), schema)?;
        (self.stage, self.next) = (stage, 0);
        Ok(())
    }

    /// Reads entries of `resources` up to the next base, which is returned with its path.
    fn accumulate_files(&mut self, schema: &Schema) -> Option<(Root, Spanned<Text>)> {
        while let Some(path) = self.kustomization.resources.get(self.next) {
            self.next += 1;
            let span = path.span;
            let read = match self.root.entry(path, span) {
                Ok(Entry::Directory(base)) => return Some((base, path.clone())),
                Ok(Entry::File(file)) => {
                    let read = read(&file, path, self.account.as_ref(), schema, &self.root);
                    if read.is_err()
                        && let Some(base) = self.root.instead(path, span)
                    {
                        return Some((base, path.clone()));
                    }
                    read
                }
                Err(error) => Err(error),
            };
            match read {
                Ok(resources) => {
                    if let Err(error) = self.accumulator.resources.append_all(resources) {
                        self.errors.push(comes_in(error, span));
                    }
                }
                Err(error) => {
                    let is_spent = error.is_spent();
                    self.errors.push(error.at(span));
                    if is_spent {
                        break;
                    }
                }
            }
        }
        None
    }

    /// Adds the variables of the level, after all transformers have run.
    fn collect_variables(&mut self) -> Result<()> {
        let Accumulator { resources, variables, .. } = &mut self.accumulator;
        let collected = variables.collect(&self.kustomization.vars, resources);
        collected.map_err(|error| error.step("while collecting `vars`"))
    }

    /// Adds the result of an entry.
    fn merge(&mut self, other: Accumulator, entry: Span, defaults: &Arc<TransformerConfig>) {
        if let Err(error) = self.accumulator.merge(other, defaults, &self.root) {
            self.errors.push(comes_in(error, entry));
        }
    }
}

/// Adds a note with the entry that lists a resource. For a resource that is included twice, both entries are noted
/// later.
#[cold]
fn comes_in(error: Error, entry: Span) -> Error {
    if error.label_text() == TWICE { error } else { error.note(entry, "it comes in here") }
}
