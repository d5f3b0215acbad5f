//! `--dry-run`: the differences between what is there and what would be written.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::process::ExitCode;

use super::destination::Destination;
use super::source::{Source, TargetPlace};
use crate::cli::diff::{self as command, ReviewForm};
use crate::{
    Threads,
    diff::{Failure, Options, Rendered, Review, Side, Target, TargetReview},
    error::{Error, Result},
    fleet::Run,
    hydrate::{Hydrated, Plan, Record},
    limits::Budget,
    parallel::in_order,
    report::reviews::markdown::Place,
    resource::{Resource, secret::Shield},
    schema::Schema,
};

/// Prints the differences of the targets with files that are written or removed.
pub(super) fn show(
    source: &Source,
    destination: &Destination,
    (record, plan, files): (&Record, &Plan, &[Hydrated]),
    threads: &Threads,
    form: ReviewForm,
) -> Result<ExitCode> {
    let written = plan.write.iter().filter_map(|&number| Some(&*files.get(number)?.target));
    let removed = plan.remove.iter().filter_map(|path| Some(&*record.0.get(path)?.target));
    let targets: BTreeSet<&str> = written.chain(removed).collect();
    let targets: Vec<&str> = targets.into_iter().collect();
    let mut owned: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, file) in &record.0 {
        owned.entry(&file.target).or_default().push(path);
    }
    let places: BTreeMap<&str, &TargetPlace> =
        source.targets.iter().map(|place| (&*place.path, place)).collect();
    let options = Options {
        mask: Some(command::random_key()?),
        renders: form.needs_renders(),
        ..Options::default()
    };
    let run = Run::new(&source.loader, &source.build);
    let failed = |error: Error| {
        Side::Failed(Failure::of(&error, source.loader.sources(), &Shield::default()))
    };
    let work = |number: usize| {
        let name = targets[number];
        let files = owned.get(name).map(Vec::as_slice).unwrap_or_default();
        let before = match files {
            [] => Side::Absent,
            // Others may have written anything there.
            files => before(source, destination, files).map_or_else(failed, Side::Rendered),
        };
        let after = match places.get(name) {
            Some(place) => {
                Side::Rendered(run.build_from(&place.directory, &mut Vec::new())?.into())
            }
            None => Side::Absent,
        };
        let name = if name.is_empty() { ".".to_owned() } else { name.to_owned() };
        Ok(TargetReview::of(&Target { name, moved_from: None, before, after }, &options))
    };
    let mut reviews: Result<Vec<TargetReview>> = Ok(Vec::new());
    in_order(targets.len(), threads, work, |_, review: Result<TargetReview>| {
        match (review, &mut reviews) {
            (Ok(review), Ok(reviews)) => {
                reviews.push(review);
                ControlFlow::Continue(())
            }
            (Err(error), _) => {
                reviews = Err(error);
                ControlFlow::Break(())
            }
            (Ok(_), Err(_)) => ControlFlow::Break(()),
        }
    });
    form.print(&Review::of(reviews?), Place::GitHub)?;
    let has_changes = plan.has_changes();
    Ok(if has_changes { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The objects of files that are there.
fn before(source: &Source, destination: &Destination, files: &[&str]) -> Result<Rendered> {
    let budget = Budget::new(source.loader.limits());
    let mut resources: Vec<Resource> = Vec::new();
    for path in files {
        if let Some(content) = destination.read(path)? {
            let file = source.loader.text(&format!("{}:{path}", destination.name()), content)?;
            resources.extend(command::manifests(&file, &budget)?);
        }
    }
    Ok(Rendered { resources: resources.into(), schema: Schema::built_in() })
}
