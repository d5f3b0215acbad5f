//! Objects of inputs: renders of kustomizations, and manifests in files, in folders or on standard input.

use std::ops::ControlFlow;
use std::path::Path;

use super::reading::standard_input;
use crate::error::{Code, Error, Result};
use crate::fleet::Run;
use crate::limits::Budget;
use crate::load::{self, File, KUSTOMIZATION_FILES, Kind, Loader, Tree};
use crate::parallel::in_order;
use crate::resource::{self, ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;

/// An input, and its objects.
pub(super) type Rendered = (String, Result<ResMap>);

/// Reads all inputs, in order. Kustomizations are rendered in parallel, with shared bases.
pub(super) fn rendered(run: &Run<'_>, targets: &[String]) -> Vec<Rendered> {
    let loader = run.loader();
    let built: Vec<&String> = targets.iter().filter(|one| !is_of_manifests(run, one)).collect();
    run.expect(&built);
    let mut renders = Vec::with_capacity(built.len());
    let work = |number: usize| run.build(built[number], &mut Vec::new());
    in_order(built.len(), &run.options().threads, work, |number, outcome: Result<ResMap>| {
        let objects = outcome.and_then(|objects| some_objects(built[number], objects));
        renders.push((built[number].clone(), objects));
        ControlFlow::Continue(())
    });
    let mut renders = renders.into_iter().peekable();
    let read = |target: &String| {
        renders
            .next_if(|(name, _)| name == target)
            .unwrap_or_else(|| (target.clone(), manifests(loader, target)))
    };
    targets.iter().map(read).collect()
}

/// True for a file, for standard input, and for a folder with manifests that has no kustomization in it or below it.
pub(super) fn is_of_manifests(run: &Run<'_>, target: &str) -> bool {
    let loader = run.loader();
    if target == "-" || is_file(loader, target) {
        return true;
    }
    let mut files = KUSTOMIZATION_FILES.iter().map(|file| format!("{target}/{file}"));
    loader.kind(target) == Kind::Directory
        && files.all(|file| loader.kind(&file) == Kind::Missing)
        && run.targets(target).is_ok_and(|targets| targets.is_empty())
        && loader.manifests(target).is_ok_and(|files| !files.found.is_empty())
}

/// True for a file of the working tree or of a revision, also one that cannot be read.
pub(super) fn is_file(loader: &Loader, target: &str) -> bool {
    loader.kind(target) == Kind::File || load::is_file(target.as_ref())
}

/// The objects of an input of manifests.
///
/// # Errors
/// Those of reading, and [`Code::NoObjects`].
pub(super) fn manifests(loader: &Loader, target: &str) -> Result<ResMap> {
    let mut all = Vec::new();
    for (_, objects) in manifest_files(loader, target)? {
        all.extend(objects?);
    }
    some_objects(target, all.into())
}

/// A file of manifests, and its objects.
pub(super) type ManifestFile = (String, Result<Vec<Resource>>);

/// The files of an input of manifests: those of a folder, or the input itself. They have one budget.
///
/// # Errors
/// Those of reading a folder.
pub(super) fn manifest_files(loader: &Loader, target: &str) -> Result<Vec<ManifestFile>> {
    let budget = Budget::new(loader.limits());
    let read = |file: Result<File>| file.and_then(|file| objects(&file, &budget));
    if target == "-" || is_file(loader, target) {
        let file = if target == "-" { standard_input(loader) } else { loader.file(target) };
        let read = read(file).map_err(|error| match is_in_chart(loader, target) {
            true => error.help(CHART),
            false => error,
        });
        return Ok(vec![(target.to_owned(), read)]);
    }
    let chart = format!("{}/{CHART_FILE}", target.trim_end_matches('/'));
    if loader.kind(&chart) == Kind::File {
        let message = format!("`{target}` is a chart of Helm: its templates are no manifests yet");
        return Err(Error::new(Code::NoObjects, message).help(CHART));
    }
    let root = loader.root(target)?;
    let Tree { found, refused } = loader.manifests(target)?;
    Error::all(refused.into_iter().map(|(_, error)| error)).map_or(Ok(()), Err)?;
    let file = |below: String| {
        let name = format!("{}/{below}", target.trim_end_matches('/'));
        (name, read(root.file(&below, Span::NONE)))
    };
    Ok(found.into_iter().map(file).collect())
}

/// The file that makes a folder a chart.
const CHART_FILE: &str = "Chart.yaml";

/// Advice for what Helm renders.
const CHART: &str =
    "render the chart first: `helm template CHART | krender check -`; other commands read `-`, too";

/// True for a file in the folder of a chart.
fn is_in_chart(loader: &Loader, file: &str) -> bool {
    let folder = Path::new(file).parent().filter(|_| file != "-");
    let mut folders = folder.into_iter().flat_map(Path::ancestors).take(2);
    folders.any(|folder| {
        let chart = folder.join(CHART_FILE);
        chart.to_str().is_some_and(|chart| loader.kind(chart) == Kind::File)
    })
}

/// The objects of a file, if all of them can be written as YAML: krender and a cluster would read a duplicate key, for
/// example, in different ways.
fn objects(file: &File, budget: &Budget) -> Result<Vec<Resource>> {
    let documents = file.whole_documents(budget)?;
    let mut objects: ResMap =
        resource::read(file.source()?, &documents, &Schema::default())?.into();
    objects.charge_to(budget);
    objects.check_yaml()?;
    Ok(objects.into_iter().collect())
}

fn some_objects(target: &str, objects: ResMap) -> Result<ResMap> {
    if !objects.is_empty() {
        return Ok(objects);
    }
    Err(no_objects(target))
}

/// The error for an input without objects.
#[cold]
pub(super) fn no_objects(target: &str) -> Error {
    let what = if target == "-" { "standard input".to_owned() } else { format!("`{target}`") };
    Error::new(Code::NoObjects, format!("there is no object in {what}"))
        .help("the command that renders it may have failed")
}
