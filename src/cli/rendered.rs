//! Objects of inputs: renders of kustomizations, and manifests in files, in folders or on standard input.

use std::ops::ControlFlow;

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
    if target == "-" || load::is_file(target.as_ref()) {
        return true;
    }
    let mut files = KUSTOMIZATION_FILES.iter().map(|file| format!("{target}/{file}"));
    loader.kind(target) == Kind::Directory
        && files.all(|file| loader.kind(&file) == Kind::Missing)
        && run.targets(target).is_ok_and(|targets| targets.is_empty())
        && loader.manifests(target).is_ok_and(|files| !files.found.is_empty())
}

/// The objects of an input of manifests.
///
/// # Errors
/// Those of reading, and [`Code::NoObjects`].
pub(super) fn manifests(loader: &Loader, target: &str) -> Result<ResMap> {
    // One budget for all files of an input.
    let budget = Budget::new(loader.limits());
    let objects = if target == "-" {
        objects(&standard_input(loader)?, &budget)?
    } else if load::is_file(target.as_ref()) {
        objects(&loader.file(target)?, &budget)?
    } else {
        let root = loader.root(target)?;
        let Tree { found, refused } = loader.manifests(target)?;
        Error::all(refused.into_iter().map(|(_, error)| error)).map_or(Ok(()), Err)?;
        let mut all = Vec::new();
        for below in found {
            all.extend(objects(&root.file(&below, Span::NONE)?, &budget)?);
        }
        all
    };
    let mut objects: ResMap = objects.into();
    objects.charge_to(&budget);
    objects.check_yaml()?;
    some_objects(target, objects)
}

fn objects(file: &File, budget: &Budget) -> Result<Vec<Resource>> {
    resource::read(file.source()?, &file.whole_documents(budget)?, &Schema::default())
}

fn some_objects(target: &str, objects: ResMap) -> Result<ResMap> {
    if !objects.is_empty() {
        return Ok(objects);
    }
    let what = if target == "-" { "standard input".to_owned() } else { format!("`{target}`") };
    Err(Error::new(Code::NoObjects, format!("there is no object in {what}"))
        .help("the command that renders it may have failed"))
}
