//! `krender trace`: the steps of a build that set a field.

use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::reading::{Jobs, List, Reading};
use super::select::Select;
use super::terminal::{self, Format};
use super::told::Told;
use crate::config::Warning;
use crate::error::{Code, Error, Result};
use crate::fleet::Run;
use crate::load::Loader;
use crate::parallel::in_order;
use crate::report::traces::{self, Across, Field, ObjectName};
use crate::source::Sources;
use crate::text::{escape, wildcard};
use crate::trace::{Chain, FieldPath, FieldQuery, FoundObject, ObjectQuery, Trace, leaves};

/// Show which layers set a field, and which values they replaced
///
/// Builds the kustomization in DIR, and prints for a field the value that is rendered and under it each value that it
/// replaced, with the directory of the kustomization, the entry that set it (a patch, `images`, a generator, a name
/// reference, the content hash), and file, line and column. Fields and objects that a patch removed are found too.
///
/// OBJECT is `KIND/NAME`, with the name in the output or in the file, as in `Deployment/web`, `deploy/web-*` or
/// `deployment.apps/web`. FIELD is a path as in kustomize's replacements, with `*` for any key or element:
/// `spec.template.spec.containers.[name=web].image`. Without FIELD, all fields of the object are listed by layer; without
/// OBJECT, all objects.
#[derive(Args)]
pub(super) struct TraceCommand {
    /// Directory with a kustomization file
    #[arg(value_name = "DIR", default_value = ".")]
    directory: String,

    /// Object, as `KIND/NAME` or `KIND`
    #[arg(value_name = "OBJECT")]
    object: Option<String>,

    /// Path of a field, such as `spec.replicas` or `spec.template.spec.containers.*.image`
    #[arg(value_name = "FIELD")]
    field: Option<String>,

    /// Namespace of the object
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// Find the fields with a value, such as `nginx:1.25`; `*` stands for any text
    #[arg(long, value_name = "VALUE")]
    value: Option<String>,

    /// Compare the field in all targets at or below DIR: each value, its targets, and the layer that decides
    #[arg(long)]
    all: bool,

    /// Path of a field, in place of FIELD
    #[arg(long = "field", value_name = "PATH")]
    path: Option<String>,

    #[command(flatten)]
    select: Select,

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: List,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// The fields that are asked for.
struct Question {
    object: Option<ObjectQuery>,
    field: Option<FieldQuery>,
    value: Option<String>,
}

impl TraceCommand {
    /// Prints the trace, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let loader = match self.reading.loader() {
            Ok(loader) => loader,
            Err(error) => return super::finish(Err(error), &Sources::new(), format),
        };
        let outcome = self.check(&loader).and_then(|()| match self.all {
            true => self.compare(&loader, format),
            false => self.explain(&loader).map(|()| ExitCode::SUCCESS),
        });
        match outcome {
            Ok(exit) => exit,
            Err(error) => super::finish(Err(error), loader.sources(), format),
        }
    }

    /// Refuses arguments without a meaning.
    fn check(&self, loader: &Loader) -> Result<()> {
        let invalid = |message: &str| Error::new(Code::InvalidArgument, message);
        let is_object = |text: &str| {
            let kind = text.split('/').next().unwrap_or_default();
            text.contains('/') && !kind.is_empty() && kind.chars().all(char::is_alphanumeric)
        };
        if self.object.is_none()
            && is_object(&self.directory)
            && loader.kind(&self.directory) == crate::load::Kind::Missing
        {
            let directory = &self.directory;
            let message = format!("there is no directory `{directory}`");
            return Err(Error::new(Code::FileNotFound, message)
                .help(format!("the directory comes first: `krender trace . {directory}`")));
        }
        if self.path.is_some() && self.field.is_some() {
            return Err(invalid("`--field` and FIELD both name a field").help("omit one of them"));
        }
        if self.path.is_some() && self.object.is_none() && !self.all {
            return Err(invalid("`--field` needs an object, or `--all`")
                .help("name the object: `krender trace DIR Deployment/web spec.replicas`"));
        }
        if !self.all {
            self.select.refuse("--all")?;
        }
        if self.all && self.field().is_none() && self.value.is_none() {
            return Err(invalid("`--all` needs a field to compare")
                .help("name it: `krender trace --all . Deployment/web spec.replicas`"));
        }
        if self.field().is_some() && self.value.is_some() {
            return Err(
                invalid("`--value` finds fields itself").help("omit the path, or `--value`")
            );
        }
        Ok(())
    }

    fn field(&self) -> Option<&String> {
        self.field.as_ref().or(self.path.as_ref())
    }

    fn question(&self) -> Question {
        let object = self.object.as_deref().or_else(|| self.namespace.as_ref().map(|_| "*"));
        let namespace = self.namespace.as_deref();
        Question {
            object: object.map(|text| ObjectQuery::new(text, namespace)),
            field: self.field().map(|text| FieldQuery::new(text)),
            value: self.value.clone(),
        }
    }

    /// Prints the trace of a target.
    fn explain(&self, loader: &Loader) -> Result<()> {
        let options = self.reading.options(crate::parallel::Threads::default());
        let run = Run::new(loader, &options);
        let trace = super::until_exit(Trace::of(&run, &self.directory, &mut Vec::new())?);
        let (question, sources) = (self.question(), loader.sources());
        if question.object.is_none() && question.value.is_none() && self.format == List::Text {
            return terminal::print(&traces::overview(trace, loader.sources()));
        }
        let fields: Vec<Field> = question
            .answer(trace)?
            .iter()
            .map(|(object, path, chain)| Field::of(trace, *object, path, chain, sources))
            .collect();
        let is_table = fields.len() > MOST_DETAILED && question.value.is_none();
        match self.format {
            List::Json => print_json(&traces::json(&self.directory, &fields)),
            List::Text if is_table => {
                let mut layers: Vec<String> = Vec::new();
                for step in &trace.steps {
                    layers.retain(|layer| *layer != step.layer);
                    layers.push(step.layer.clone());
                }
                let objects = fields.chunk_by(|one, other| one.object == other.object);
                let texts: Vec<String> =
                    objects.map(|fields| traces::object(fields, &layers)).collect();
                terminal::print(&texts.join("\n"))
            }
            List::Text => terminal::print(&traces::text(&fields)),
        }
    }

    /// Compares the fields of all targets.
    fn compare(&self, loader: &Loader, format: Format) -> Result<ExitCode> {
        let options = self.reading.options(self.jobs.threads());
        let run = Run::new(loader, &options);
        let directories = std::slice::from_ref(&self.directory);
        let selected = self.select.targets(true, &run, loader, directories)?;
        let (question, sources) = (self.question(), loader.sources());
        let work = |number: usize| {
            let mut warnings: Vec<Warning> = Vec::new();
            let trace = Trace::of(&run, &selected.targets[number], &mut warnings)?;
            // A target without such an object or field has no part in the comparison.
            let (found, missed) = match question.answer(&trace) {
                Ok(found) => (found, None),
                Err(error) => (Vec::new(), Some(error)),
            };
            let fields = found.iter().map(|(object, path, chain)| {
                let name = ObjectName::of(&object.history.first_id(), object.is_rendered);
                (name, Field::of(&trace, *object, path, chain, sources))
            });
            Ok((fields.collect::<Vec<_>>(), missed))
        };
        let (mut across, mut told) = (Across::default(), Told::default());
        let mut first_missed = None;
        in_order(selected.targets.len(), &options.threads, work, |number, fields: Result<_>| {
            let target = &selected.targets[number];
            match fields {
                Ok((fields, missed)) => {
                    across.add(target, fields);
                    if let Some(error) = missed {
                        first_missed.get_or_insert((target, error));
                    }
                }
                Err(error) => {
                    across.add_failed(target);
                    told.add(target, Vec::new(), Some(error));
                }
            }
            ControlFlow::Continue(())
        });
        for (target, error) in selected.refused {
            across.add_failed(&target);
            told.add(&target, Vec::new(), Some(error));
        }
        let outcome = told.into_outcome();
        let missed = first_missed.filter(|_| across.is_empty()).map(|(target, error)| {
            let count = selected.targets.len();
            let step =
                format!("while looking into {count} targets, of which none has it: `{target}`");
            error.step(step)
        });
        if let Some(missed) = missed {
            return Error::all(outcome.err().into_iter().chain([missed]))
                .map_or(Ok(ExitCode::SUCCESS), Err);
        }
        match self.format {
            List::Text => terminal::print(&traces::across_text(&across))?,
            List::Json => print_json(&traces::across_json(&across))?,
        }
        Ok(super::finish(outcome, sources, format))
    }
}

fn print_json(value: &Value) -> Result<()> {
    super::print(&escape::json_line(value))
}

/// The fields of an answer, each with its object and states.
type Answer<'t> = Vec<(FoundObject<'t>, FieldPath, Chain<'t>)>;

impl Question {
    /// The fields that are asked for.
    ///
    /// # Errors
    /// [`Code::ObjectNotFound`] and [`Code::FieldNotFound`], with near names.
    fn answer<'t>(&self, trace: &'t Trace) -> Result<Answer<'t>> {
        let objects = self.objects(trace)?;
        if let Some(value) = &self.value {
            return with_value(value, &objects, trace);
        }
        let Some(field) = &self.field else {
            let whole = |object: &FoundObject<'t>| {
                (*object, FieldPath::default(), Chain::of(object.history))
            };
            return Ok(objects.iter().map(whole).flat_map(fields).collect());
        };
        let of = |is_rendered: bool| -> Answer<'t> {
            let objects = objects.iter().filter(|object| object.is_rendered == is_rendered);
            let found = objects.flat_map(|object| {
                let fields = field.find(Chain::of(object.history)).into_iter();
                fields.map(move |(path, chain)| (*object, path, chain))
            });
            found.flat_map(fields).collect()
        };
        // Only if no rendered object has the field, one that was removed may have had it.
        let found = of(true);
        let found = if found.is_empty() { of(false) } else { found };
        if found.is_empty() {
            return Err(no_field(field, &objects));
        }
        Ok(found)
    }

    fn objects<'t>(&self, trace: &'t Trace) -> Result<Vec<FoundObject<'t>>> {
        let Some(query) = &self.object else {
            let all = trace.rendered();
            let object = |(_, history)| FoundObject { history, is_rendered: true };
            return Ok(all.map(object).collect());
        };
        let objects = trace.find(query);
        if objects.is_empty() {
            let near = trace.names_near(query);
            let place =
                query.namespace().map(|namespace| format!(" in the namespace `{namespace}`"));
            let place = place.unwrap_or_default();
            let message = format!("the build has no object `{query}`{place}");
            let error = Error::new(Code::ObjectNotFound, message);
            let error = match query.kind_meant(trace) {
                Some(kind) => error.help(format!("did you mean the kind `{kind}`?")),
                None => error.did_you_mean(&query.to_string(), near.iter().map(String::as_str)),
            };
            let error = match query.name() {
                Some(_) if near.len() <= MOST_NAMED && !near.is_empty() => {
                    error.help(format!("there are: {}", near.join(", ")))
                }
                _ => error.help("list all objects: `krender trace DIR`"),
            };
            return Err(error);
        }
        Ok(objects)
    }
}

/// The fields without fields below them that a field consists of.
fn fields<'t>(
    (object, path, chain): (FoundObject<'t>, FieldPath, Chain<'t>),
) -> impl Iterator<Item = (FoundObject<'t>, FieldPath, Chain<'t>)> {
    leaves(path, chain, true).into_iter().map(move |leaf| (object, leaf.path, leaf.chain))
}

/// The maximum number of fields that are shown with all their values; more are shown as a table.
const MOST_DETAILED: usize = 12;

/// The maximum number of objects that a message names.
const MOST_NAMED: usize = 12;

/// The rendered fields that have a value.
fn with_value<'t>(
    value: &str,
    objects: &[FoundObject<'t>],
    trace: &'t Trace,
) -> Result<Answer<'t>> {
    let mut found = Vec::new();
    for object in objects.iter().filter(|object| object.is_rendered) {
        for leaf in leaves(FieldPath::default(), Chain::of(object.history), false) {
            let text = leaf.chain.value().and_then(|node| node.as_text());
            if text.is_some_and(|text| wildcard::fits(value, text)) {
                found.push((*object, leaf.path, leaf.chain));
            }
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    // A value that was replaced.
    let had = |history: &'t crate::trace::History| {
        let nodes = history.versions.iter().flat_map(|version| version.node.walk());
        nodes.filter_map(|node| node.as_text()).any(|text| wildcard::fits(value, text))
    };
    let replaced = trace.histories.iter().find(|history| had(history));
    let error =
        Error::new(Code::FieldNotFound, format!("no rendered field has the value `{value}`"));
    Err(match replaced {
        Some(history) => {
            let id = history.id();
            error.help(format!(
                "a field of {}/{} had it, and it was replaced or removed",
                id.gvk.kind,
                id.name.as_str()
            ))
        }
        None => error.help("`*` stands for any text: `--value '*nginx*'`"),
    })
}

fn no_field(field: &FieldQuery, objects: &[FoundObject<'_>]) -> Error {
    let message = match objects {
        [object] => {
            let id = object.history.id();
            let (kind, name) = (&id.gvk.kind, id.name.as_str());
            format!("{kind}/{name} has no field `{}`, and had none during the build", field.text())
        }
        _ => format!("no object has a field `{}`", field.text()),
    };
    let error = Error::new(Code::FieldNotFound, message);
    let Some(object) = objects.first() else { return error };
    let (name, known) = field.nearest(&Chain::of(object.history));
    let is_near = error.clone().did_you_mean(&name, known.iter().map(String::as_str));
    if known.is_empty() || known.len() > MOST_NAMED {
        return is_near;
    }
    is_near.help(format!("in place of `{name}` there are: {}", known.join(", ")))
}
