//! `krender krm`: hardening as a KRM function, and as an executable in kustomize's folder of plugins.
//!
//! Both fail closed: on any error nothing is printed to standard output, and the exit code is not 0. A function that kustomize
//! runs and that prints nothing would remove all objects.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::plugins::today;
use super::reading::{Limit, standard_input, working_directory};
use super::terminal::Format;
use crate::error::{Code, Error, Result};
use crate::harden::{self, Change, Finding, Fixes, Kind, Phase, Profile, Set, Settings, Severity};
use crate::load::{self, Disk, Loader};
use crate::report::fixes;
use crate::resource::{ResMap, Resource, validate};
use crate::schema::Schema;
use crate::source::{Sources, Span};
use crate::text::escape;
use crate::yaml::{Node, Scalar, emit, parse};

/// Harden or check the objects of a function's list
///
/// Reads a `ResourceList` from standard input, whose `functionConfig` is a `HardeningTransformer`, a `HardeningValidator`, or a
/// ConfigMap with `data.profile`, and prints the list with its hardened items and with results. On any error, and if a
/// `HardeningValidator` finds violations, nothing is printed and the exit code is 1. A `HardeningValidator` that finds none
/// prints the items as they are; only if kustomize calls it, the list is empty, by which kustomize keeps its own.
///
/// kustomize ignores functions of the form `exec` without a word if `--enable-exec` is missing: use `krender install plugin` there.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Krm {
    #[command(flatten)]
    limit: Limit,
}

/// The profile of configurations that name none; that of `build --harden`, too.
const PROFILE: Profile = Profile { set: Set::Restricted, version: None };
/// The versions of lists of resources.
const VERSIONS: [&str; 3] =
    ["config.kubernetes.io/v1", "config.kubernetes.io/v1beta1", "config.kubernetes.io/v1alpha1"];

/// The work on the objects of a call.
struct Work<'a> {
    kind: Kind,
    settings: Settings,
    sources: &'a Sources,
}

/// The result of a call.
struct Done {
    /// The documents, hardened.
    documents: Vec<Node>,
    objects: ResMap,
    changes: Vec<Change>,
    /// The violations that are left.
    findings: Vec<Finding>,
}

impl Krm {
    /// Runs the function, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        with_loader(&self.limit, call_of_function, format)
    }
}

/// The kind of configuration if the program is called by its name, as kustomize calls an executable in its folder of plugins.
pub(super) fn plugin(arguments: &[OsString]) -> Option<Kind> {
    let name = Path::new(arguments.first()?).file_stem()?.to_str()?;
    [Kind::Transformer, Kind::Validator].into_iter().find(|kind| kind.as_str() == name)
}

/// Runs as an executable of kustomize's plugins: the first argument is the file with the configuration, standard input has the
/// objects, and standard output gets them.
pub(super) fn run_plugin(kind: Kind, arguments: &[OsString], format: Format) -> ExitCode {
    let limit = Limit::default();
    with_loader(&limit, |loader| call_of_plugin(kind, arguments, loader), format)
}

fn with_loader(
    limit: &Limit,
    call: impl FnOnce(&Loader) -> Result<String>,
    format: Format,
) -> ExitCode {
    let options = working_directory().map(|working_directory| load::Options {
        working_directory,
        limits: limit.limits(),
        restrictor: load::Restrictor::None,
        ..load::Options::default()
    });
    let options = match options {
        Ok(options) => options,
        Err(error) => return super::finish(Err(error), &Sources::new(), format),
    };
    let loader = Loader::new(Disk, options);
    let outcome = call(&loader).and_then(|text| super::print(&text));
    super::finish(outcome, loader.sources(), format)
}

fn call_of_plugin(kind: Kind, arguments: &[OsString], loader: &Loader) -> Result<String> {
    let path = arguments.get(1).and_then(|path| path.to_str()).ok_or_else(|| {
        Error::new(Code::InvalidArgument, "no file with the configuration was given").help(format!(
            "kustomize calls the program as `{kind} FILE`, with objects on standard input"
        ))
    })?;
    let file = loader.file(path)?;
    let configuration = parse::document(file.source()?)?
        .ok_or_else(|| Error::new(Code::InvalidValue, format!("`{path}` is empty")))?;
    let settings = settings(&configuration.root, kind, loader)?;
    let input = standard_input(loader)?;
    let documents = parse::whole_documents(input.source()?, loader.budget())?.into_iter();
    let documents = documents.map(|document| document.root).filter(|root| !root.is_null());
    let documents: Vec<Node> = documents.collect();
    documents.iter().try_for_each(with_one_meaning)?;
    let done = Work { kind, settings, sources: loader.sources() }.run(documents)?;
    let mut text = String::new();
    // A validator of kustomize must not print other nodes than it was given, and nothing counts as the same ones.
    for document in done.documents.iter().filter(|_| kind == Kind::Transformer) {
        text.push_str("---\n");
        emit(document, &mut text)?;
    }
    Ok(text)
}

fn call_of_function(loader: &Loader) -> Result<String> {
    let input = standard_input(loader)?;
    let mut documents = parse::whole_documents(input.source()?, loader.budget())?.into_iter();
    let root = documents.next().map(|document| document.root);
    let root = root
        .ok_or_else(|| Error::new(Code::InvalidValue, "standard input is empty").help(EXPECTED))?;
    if let Some(other) = documents.next() {
        let message = "found a second document, expected a single `ResourceList`";
        return Err(Error::new(Code::InvalidValue, message).at(other.root.span()).help(EXPECTED));
    }
    with_one_meaning(&root)?;
    let text = |key: &str| root.get(key).and_then(Node::as_text).unwrap_or_default();
    let version = text("apiVersion");
    if text("kind") != "ResourceList" || !VERSIONS.contains(&version) {
        let message =
            format!("found a `{}` of `{version}`, expected a `ResourceList`", text("kind"));
        return Err(Error::new(Code::InvalidValue, message).at(root.span()).help(EXPECTED));
    }
    let config = root.get("functionConfig").filter(|config| !config.is_null()).ok_or_else(|| {
        Error::new(Code::InvalidValue, "the list has no `functionConfig`").help(
            "give a `HardeningTransformer` or `HardeningValidator` of `krender.dev/v1alpha1`, or a ConfigMap with `data.profile`",
        )
    })?;
    let (kind, settings) = of_function(config, loader)?;
    let items = root.get("items").filter(|items| !items.is_null());
    if let Some(items) = items.filter(|items| items.as_sequence().is_none()) {
        return Err(items.wrong_kind(crate::yaml::Kind::Sequence));
    }
    let items = items.map(Node::items).unwrap_or_default().to_vec();
    let done = Work { kind, settings, sources: loader.sources() }.run(items)?;
    let results = parse::document(&crate::source::Source::detached(&done.results()))?;
    let results = results.map_or_else(|| list(Vec::new()), |document| document.root);
    // A validator of kustomize must not print other nodes than it was given, and nothing counts as the same ones. Other
    // programs would remove the objects that are missing.
    let is_dropped = kind == Kind::Validator && done.documents.iter().any(is_of_kustomize);
    let items = if is_dropped { Vec::new() } else { done.documents };
    let list = Node::mapping(
        vec![
            entry("apiVersion", string(version)),
            entry("kind", string("ResourceList")),
            entry("items", list(items)),
            entry("functionConfig", config.clone()),
            entry("results", results),
        ],
        Span::NONE,
    );
    let mut text = String::new();
    emit(&list, &mut text)?;
    Ok(text)
}

/// True for an object that kustomize gives to a function: it has the annotation by which kustomize knows it again.
fn is_of_kustomize(object: &Node) -> bool {
    let annotations = object.get("metadata").and_then(|metadata| metadata.get("annotations"));
    annotations.is_some_and(|annotations| annotations.get("kustomize.config.k8s.io/id").is_some())
}

/// Returns an error for a text that others may read in another way, such as one with a duplicate key.
fn with_one_meaning(root: &Node) -> Result<()> {
    emit(root, &mut String::new())
}

const EXPECTED: &str =
    "a function reads a list of `apiVersion: config.kubernetes.io/v1`, `kind: ResourceList`";

/// The kind and the settings of a function's configuration.
fn of_function(config: &Node, loader: &Loader) -> Result<(Kind, Settings)> {
    let text = |key: &str| config.get(key).and_then(Node::as_text).unwrap_or_default();
    if text("kind") == "ConfigMap" {
        let (mut kind, mut spec) = (Kind::Transformer, Vec::new());
        let data = config.get("data").map(Node::entries).unwrap_or_default();
        for (key, value) in data {
            match key.text() {
                "kind" if value.as_text() == Some(Kind::Validator.as_str()) => {
                    kind = Kind::Validator;
                }
                "kind" if value.as_text() == Some(Kind::Transformer.as_str()) => {}
                "profile" | "fix" | "kubernetesVersion" | "failOn" => {
                    spec.push((key.clone(), value.clone()));
                }
                other => {
                    let message =
                        format!("found `data.{other}`, which is no setting of a ConfigMap");
                    let help = "expected `profile`, `fix`, `kubernetesVersion`, `failOn` or `kind`";
                    return Err(Error::new(Code::InvalidValue, message).at(key.span()).help(help));
                }
            }
        }
        let document = Node::mapping(
            vec![
                entry("apiVersion", string("krender.dev/v1alpha1")),
                entry("kind", string(kind.as_str())),
                entry("spec", Node::mapping(spec, config.span())),
            ],
            config.span(),
        );
        return Ok((kind, settings(&document, kind, loader)?));
    }
    let kind = match text("kind") {
        kind if kind == Kind::Validator.as_str() => Kind::Validator,
        _ => Kind::Transformer,
    };
    Ok((kind, settings(config, kind, loader)?))
}

/// The settings of a configuration. Names may still change: rules about the whole render are not applied.
fn settings(root: &Node, kind: Kind, loader: &Loader) -> Result<Settings> {
    let settings =
        Settings::read_within(root, &[kind], PROFILE, Some(loader.sources()), loader.budget())?;
    Ok(Settings { today: today(), phase: Phase::Early, ..settings })
}

impl Work<'_> {
    /// Hardens or checks objects.
    ///
    /// # Errors
    /// [`Code::RuleViolated`] for each finding of a validator that counts, and those of reading objects.
    fn run(&self, mut documents: Vec<Node>) -> Result<Done> {
        let Self { kind, settings, sources } = self;
        let schema = Schema::built_in();
        let wrong = documents.iter().filter_map(|root| validate(root).err());
        Error::all(wrong).map_or(Ok(()), Err)?;
        let objects = documents.iter().map(|root| Resource::new(root.clone(), &schema));
        let mut objects: ResMap = objects.collect::<Result<Vec<_>>>()?.into();
        let mut changes = Vec::new();
        if *kind == Kind::Transformer {
            changes = harden::harden(&mut objects, sources, &schema, settings, Fixes::OfSettings)?;
            // Bookkeeping in annotations, by which kustomize knows the objects again, stays as it is.
            for change in &changes {
                if let Some(document) = documents.get_mut(change.place) {
                    change.apply(document);
                }
            }
        }
        let findings = harden::check(&objects, sources, settings);
        if *kind == Kind::Validator {
            let failures = findings.iter().filter(|finding| finding.counts_in_build(settings));
            let failures = failures.map(Finding::failure_of_build);
            Error::all(failures).map_or(Ok(()), Err)?;
        }
        Ok(Done { documents, objects, changes, findings })
    }
}

impl Done {
    /// The changes, and the violations that are left, as results of a function.
    fn results(&self) -> String {
        let object = |place: usize| {
            let id = self.objects.get(place)?.id();
            Some(json!({
                "apiVersion": &*id.gvk.api_version(),
                "kind": &*id.gvk.kind,
                "name": &*id.name,
                "namespace": &*id.namespace,
            }))
        };
        let changes = self.changes.iter().flat_map(|change| {
            let lines = fixes::lines(change, &self.objects).into_iter();
            let paths = change.operations.iter().map(|operation| operation.parts().1.pointer());
            lines.zip(paths).map(|((rule, line), path)| {
                json!({
                    "message": line,
                    "severity": "info",
                    "resourceRef": object(change.place),
                    "field": {"path": path},
                    "tags": {"rule": rule.id},
                })
            })
        });
        let left = self.findings.iter().filter(|finding| finding.suppressed.is_none());
        let left = left.map(|finding| {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                _ => "info",
            };
            json!({
                "message": format!("{}: {}", finding.rule.title(), finding.message),
                "severity": severity,
                "resourceRef": object(finding.place),
                "field": {"path": finding.path.pointer()},
                "tags": {"rule": finding.rule.id()},
            })
        });
        escape::json_line(&changes.chain(left).collect::<Vec<_>>())
    }
}

fn string(text: &str) -> Node {
    Scalar::string(text, Span::NONE).into()
}

fn entry(key: &str, value: Node) -> (Scalar, Node) {
    (Scalar::string(key, Span::NONE), value)
}

fn list(items: Vec<Node>) -> Node {
    Node::sequence(items, Span::NONE)
}
