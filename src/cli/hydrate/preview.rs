//! `--dry-run`: the differences between what is there and what would be written.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::process::ExitCode;

use super::destination::Destination;
use super::source::{Source, TargetPlace};
use crate::cli::diff::{self as command, ReviewForm};
use crate::cli::terminal::Format;
use crate::{
    Threads,
    diff::{
        Failure, Masking, Options, Rendered, Review, Side, Single, Target, TargetReview,
        moved_targets,
    },
    error::{Code, Error, Result},
    fleet::Run,
    hydrate::{Hydrated, Plan, Record},
    limits::Budget,
    parallel::in_order,
    report::reviews::markdown::Place,
    resource::{
        Resource,
        secret::{Shield, mentions_secret},
    },
    schema::Schema,
    text::escape,
};

/// Prints the differences of the targets with files that are written or removed.
pub(super) fn show(
    source: &Source,
    destination: &Destination,
    (record, plan, files): (&Record, &Plan, &[Hydrated]),
    threads: &Threads,
    (form, format): (ReviewForm, Format),
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
        mask: Some(Masking::new(command::random_key()?)),
        renders: form.needs_renders(),
        around: form == ReviewForm::Html,
        ..Options::default()
    };
    let run = Run::new(&source.loader, &source.build);
    let failed = |error: Error| {
        Side::Failed(Failure::of(&error, source.loader.sources(), &Shield::default()))
    };
    let before = |name: &str| match owned.get(name).map(Vec::as_slice).unwrap_or_default() {
        [] => Side::Absent,
        // Others may have written anything there.
        files => before(source, destination, files).map_or_else(failed, Side::Rendered),
    };
    let after = |name: &str| -> Result<Side> {
        let Some(place) = places.get(name) else { return Ok(Side::Absent) };
        Ok(Side::Rendered(source.render(&run, place, &mut Vec::new(), &mut None)?.into()))
    };
    let (old, new): (Vec<&str>, Vec<&str>) = targets
        .iter()
        .filter(|name| owned.contains_key(*name) != places.contains_key(*name))
        .partition(|name| owned.contains_key(*name));
    let moved = moved(&old, &new, &before, &after)?;
    let read: BTreeSet<&str> = targets.iter().copied().collect();
    let gone: BTreeSet<&str> = moved.values().copied().collect();
    let targets: Vec<&str> = targets.into_iter().filter(|name| !gone.contains(name)).collect();
    let shown = |name: &str| if name.is_empty() { ".".to_owned() } else { name.to_owned() };
    let work = |number: usize| {
        let name = targets[number];
        let old = moved.get(name).copied();
        let before = before(old.unwrap_or(name));
        let (name, after) = (shown(name), after(name)?);
        let moved_from = old.map(shown);
        Ok(TargetReview::of(&Target { name, moved_from, before, after }, &options))
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
    let reviews = reviews?;
    let top = source.repository.top().to_str().unwrap_or(".").to_owned();
    let places = command::SecretPlaces::below(&[top]);
    let search = || {
        let rest = record.0.iter().filter(|(_, file)| !read.contains(&*file.target));
        let rest = read_secrets(source, destination, rest.map(|(path, _)| &**path));
        places.read([&run, &run]).and(rest)
    };
    command::shield(&options, &reviews, source.loader.sources(), &search, format);
    form.print(&Review::of(reviews, &options), Place::GitHub)?;
    let has_changes = plan.has_changes();
    Ok(if has_changes { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The old names of new targets that were renamed, found by their objects.
fn moved<'a>(
    old: &[&'a str],
    new: &[&'a str],
    before: &dyn Fn(&str) -> Side,
    after: &dyn Fn(&str) -> Result<Side>,
) -> Result<BTreeMap<&'a str, &'a str>> {
    if old.is_empty() || new.is_empty() {
        return Ok(BTreeMap::new());
    }
    let old_sides: Vec<Side> = old.iter().map(|name| before(name)).collect();
    let new_sides = new.iter().map(|name| after(name)).collect::<Result<Vec<Side>>>()?;
    let pairs = moved_targets(&singles(old, &old_sides), &singles(new, &new_sides));
    Ok(pairs.into_iter().map(|(before, after)| (new[after], old[before])).collect())
}

/// Targets that only one side has.
fn singles<'a>(names: &[&'a str], sides: &'a [Side]) -> Vec<Single<'a>> {
    let single = |(name, side): (&&'a str, &'a Side)| {
        let rendered = match side {
            Side::Rendered(rendered) => Some(rendered),
            Side::Absent | Side::Failed(_) => None,
        };
        Single { name, rendered, files: &[] }
    };
    names.iter().zip(sides).map(single).collect()
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

/// The most bytes of files of other targets that are searched for values of Secrets.
const MOST_SEARCHED: usize = 512 << 20;

/// Reads the files that mention Secrets: objects of other targets may have copied old values from them. What cannot be read is
/// reported at the end.
fn read_secrets<'a>(
    source: &Source,
    destination: &Destination,
    files: impl Iterator<Item = &'a str>,
) -> Result<()> {
    let (mut left, mut outcome) = (MOST_SEARCHED, Ok(()));
    for path in files {
        let content = match destination.read(path) {
            Ok(content) => content.unwrap_or_default(),
            Err(error) => {
                outcome = outcome.and(Err(error));
                continue;
            }
        };
        left = left.checked_sub(content.len()).ok_or_else(|| too_large(destination))?;
        if std::str::from_utf8(&content).is_ok_and(mentions_secret) {
            source.loader.text(&format!("{}:{path}", destination.name()), content)?;
        }
    }
    outcome
}

#[cold]
fn too_large(destination: &Destination) -> Error {
    let name = destination.name();
    let message = format!("the files of `{}` are larger than 512 MiB", escape::visible(&name));
    Error::new(Code::LimitExceeded, message)
}
