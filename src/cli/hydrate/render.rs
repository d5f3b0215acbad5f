//! Rendering of targets to files.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Per;
use super::destination::Destination;
use super::source::{Source, TargetPlace};
use serde_json::Value;

use crate::cli::diff::git;
use crate::cli::reading::Reading;
use crate::cli::terminal::Format;
use crate::cli::told::Told;
use crate::{
    Threads,
    config::Warning,
    error::{Code, Error, Result},
    fleet::Run,
    hydrate::{Existing, FileNames, Hydrated, Plan},
    load::{git::Id, git::IdHasher, git::ObjectKind},
    parallel::in_order,
    resource::{ResMap, Resource, secret::is_secret},
    source::Sources,
    text::escape,
    yaml::{self, Node},
};

/// Name of the file with all objects of a target.
const WHOLE: &str = "manifest.yaml";

/// The files of all targets.
pub(super) struct AllRendered {
    targets: Vec<Outcome>,
}

/// The files of a target, or the reason why there are none.
struct Outcome {
    /// Its path from the top of the repository.
    target: String,
    files: Result<Vec<RenderedFile>>,
    warnings: Vec<Warning>,
    /// Secrets with values, by name.
    secrets: Vec<String>,
    /// The changes of hardening, as in a report.
    hardened: Option<Value>,
}

/// A file that was rendered.
struct RenderedFile {
    path: String,
    id: Id,
    /// The content, unless the same is there already.
    text: Option<String>,
}

/// Renders all targets. Contents that are in the destination already are not kept.
pub(super) fn all(
    source: &Source,
    destination: &Destination,
    threads: &Threads,
    per: Per,
) -> AllRendered {
    let run = Run::new(&source.loader, &source.build);
    let names: Vec<&str> = source.targets.iter().map(|target| &*target.directory).collect();
    run.expect(&names);
    let is_there = |path: &str, id: Id| Ok(destination.existing(path)? == Existing::File(id));
    let length = destination.id_length();
    let work = |number: usize| one(source, &run, &source.targets[number], per, length, &is_there);
    let mut targets = Vec::with_capacity(names.len());
    in_order(names.len(), threads, work, |_, outcome| {
        targets.push(outcome);
        ControlFlow::Continue(())
    });
    AllRendered { targets }
}

/// Renders the targets again that have new contents, with other threads and nothing kept from the first time.
///
/// # Errors
/// [`Code::InvalidValue`] if the result differs: the same commit would give other manifests on another day.
pub(super) fn again(
    source: &Source,
    rendered: &AllRendered,
    reading: &Reading,
    per: Per,
) -> Result<()> {
    let is_new = |outcome: &Outcome| {
        outcome.files.as_ref().is_ok_and(|files| files.iter().any(|file| file.text.is_some()))
    };
    let both = source.targets.iter().zip(&rendered.targets);
    let both: Vec<_> = both.filter(|(_, outcome)| is_new(outcome)).collect();
    if both.is_empty() {
        return Ok(());
    }
    let options = reading.load_options(crate::cli::reading::working_directory()?);
    let (loader, _) = git::side(source.revision.clone(), &options, &reading.remote)?;
    let build = reading.options(Threads::default());
    let run = Run::new(&loader, &build);
    let names: Vec<&str> = both.iter().map(|(place, _)| &*place.directory).collect();
    run.expect(&names);
    for (place, first) in both.into_iter().rev() {
        let Ok(first) = &first.files else { continue };
        let length = first.first().map_or(20, |file| file.id.length());
        let second = one(source, &run, place, per, length, &|_, _| Ok(true))
            .files
            .map_err(|error| error.step("while rendering it for the second time, to compare"))?;
        let ids = |files: &[RenderedFile]| -> BTreeMap<String, Id> {
            files.iter().map(|file| (file.path.clone(), file.id)).collect()
        };
        let (first, second) = (ids(first), ids(&second));
        let differs = |path: &&String| first.get(*path) != second.get(*path);
        if let Some(path) = first.keys().chain(second.keys()).find(differs) {
            let [target, path] = [&place.directory, path].map(|text| escape::visible(text));
            let message = format!("`{target}` does not render the same twice: `{path}` differs");
            return Err(Error::new(Code::InvalidValue, message).help(
                "a generator, a transformer or a chart depends on the time, on random numbers or on the network",
            ));
        }
    }
    Ok(())
}

/// Renders a target. Contents for which `is_there` is true are not kept.
fn one(
    source: &Source,
    run: &Run<'_>,
    place: &TargetPlace,
    per: Per,
    id_length: usize,
    is_there: &dyn Fn(&str, Id) -> Result<bool>,
) -> Outcome {
    let mut outcome = Outcome {
        target: place.path.clone(),
        files: Ok(Vec::new()),
        warnings: Vec::new(),
        secrets: Vec::new(),
        hardened: None,
    };
    let built = source.render(run, place, &mut outcome.warnings, &mut outcome.hardened);
    outcome.files = built.and_then(|built| {
        let values = built.resources.iter().filter(|resource| has_values(resource));
        outcome.secrets =
            values.map(|secret| format!("{} of {}", secret.id(), place.directory)).collect();
        let texts = texts(built.resources, per)?;
        let file = |(name, text): (String, String)| {
            let path = match &*place.folder {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            let id = IdHasher::hash(id_length, ObjectKind::Blob, text.as_bytes());
            let text = if is_there(&path, id)? { None } else { Some(text) };
            Ok(RenderedFile { path, id, text })
        };
        texts.into_iter().map(file).collect()
    });
    outcome
}

/// Contents of files by name. A target without objects has no file.
fn texts(resources: ResMap, per: Per) -> Result<Vec<(String, String)>> {
    if resources.is_empty() {
        return Ok(Vec::new());
    }
    if per == Per::Target {
        let text = resources.into_yaml(&Threads::default())?.concat();
        return Ok(vec![(WHOLE.to_owned(), text)]);
    }
    let (budget, mut names) = (resources.budget(), FileNames::default());
    let file = |resource: &Resource| {
        let mut text = String::new();
        yaml::emit_within(resource.node(), &mut text, &budget)
            .map_err(|error| error.step(format!("while writing `{}`", resource.id())))?;
        Ok((names.next(resource.id()), text))
    };
    resources.iter().map(file).collect()
}

/// True for a Secret with values that are not encrypted.
fn has_values(resource: &Resource) -> bool {
    let node = resource.node();
    let is_filled = |field: &str| {
        node.get(field)
            .and_then(Node::as_mapping)
            .is_some_and(|values| values.iter().next().is_some())
    };
    is_secret(&resource.gvk().kind)
        && node.get("sops").is_none()
        && (is_filled("data") || is_filled("stringData"))
}

impl AllRendered {
    /// True if a target could not be rendered. Its files are unknown then, so that nothing may be written.
    pub(super) fn has_failures(&self) -> bool {
        self.targets.iter().any(|outcome| outcome.files.is_err())
    }

    /// Prints warnings and failures.
    pub(super) fn tell(&self, sources: &Sources, format: Format) {
        let mut told = Told::default();
        for Outcome { target, files, warnings, .. } in &self.targets {
            told.add(target, warnings.clone(), files.as_ref().err().cloned());
        }
        told.warn(sources, format);
        told.close("; nothing was written", sources, format);
    }

    /// The changes of hardening of all targets.
    pub(super) fn hardened(&self) -> Vec<Value> {
        self.targets.iter().filter_map(|outcome| outcome.hardened.clone()).collect()
    }

    /// Secrets with values.
    pub(super) fn secrets(&self) -> Vec<String> {
        self.targets.iter().flat_map(|outcome| outcome.secrets.iter().cloned()).collect()
    }

    fn each(&self) -> impl Iterator<Item = (&Outcome, &RenderedFile)> {
        self.targets
            .iter()
            .flat_map(|outcome| outcome.files.iter().flatten().map(move |file| (outcome, file)))
    }

    /// All files, for a plan.
    pub(super) fn files(&self) -> impl Iterator<Item = Hydrated> {
        self.each().map(|(outcome, file)| Hydrated {
            path: file.path.clone(),
            target: outcome.target.clone(),
            id: file.id,
        })
    }

    /// The files that a plan writes, with their contents.
    pub(super) fn texts(&self, plan: &Plan) -> Vec<(String, &str)> {
        let files: Vec<&RenderedFile> = self.each().map(|(_, file)| file).collect();
        let written = plan.write.iter().filter_map(|&number| files.get(number));
        written.filter_map(|file| Some((file.path.clone(), file.text.as_deref()?))).collect()
    }
}
