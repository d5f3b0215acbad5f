//! The runner applies changes in as few passes over the resources as possible.
//!
//! The documents of a large build do not fit into the caches of a processor: fetching one costs more than changing a
//! field of it. So steps that look at one resource at a time share a pass: all of them on one resource, then all on the
//! next one.

use std::mem;

use super::{Cause, Change, Fate, Observer, Outcome, Report, Step, Work};
use crate::error::{Error, Result};
use crate::resource::{ResMap, Resource};

/// Applies changes in order. The result, or the error, is the same as if each part was applied to all resources before
/// the next one began; with an observer, this is done.
///
/// # Errors
/// That of the first part that fails, and those of the observer.
pub fn run<'c>(
    changes: impl IntoIterator<Item = Change<'c>>,
    resources: &mut ResMap,
    observer: Option<&mut (dyn Observer + '_)>,
) -> Result<Outcome> {
    match observer {
        Some(observer) => run_observed(changes, resources, observer),
        None => run_fused(changes, resources),
    }
}

fn run_fused<'c>(
    changes: impl IntoIterator<Item = Change<'c>>,
    resources: &mut ResMap,
) -> Result<Outcome> {
    let (mut steps, mut report) = (Vec::new(), Report::default());
    for Change { cause, work, is_named } in changes {
        let context = is_named.then_some(cause);
        for work in work {
            match work {
                Work::Step(step) => steps.push(Part { step, context }),
                Work::Whole(work) => {
                    pass(mem::take(&mut steps), resources, &mut report)?;
                    work(resources, &mut report).map_err(|error| explain(context, error))?;
                }
            }
        }
    }
    pass(steps, resources, &mut report)?;
    Ok(report.outcome)
}

fn run_observed<'c>(
    changes: impl IntoIterator<Item = Change<'c>>,
    resources: &mut ResMap,
    observer: &mut (dyn Observer + '_),
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for change in changes {
        observer.before(&change, resources)?;
        let Change { cause, work, is_named } = change;
        let context = is_named.then_some(cause);
        let mut report = Report { observed: Some((&mut *observer, cause)), outcome };
        for work in work {
            match work {
                Work::Step(step) => pass(vec![Part { step, context }], resources, &mut report)?,
                Work::Whole(work) => {
                    work(resources, &mut report).map_err(|error| explain(context, error))?;
                }
            }
        }
        outcome = report.outcome;
        observer.after(&cause, resources)?;
    }
    observer.finish(resources)?;
    Ok(outcome)
}

/// A step that shares a pass with others.
struct Part<'c> {
    step: Box<dyn Step + 'c>,
    /// The cause, if failures name it.
    context: Option<Cause<'c>>,
}

fn pass(
    mut steps: Vec<Part<'_>>,
    resources: &mut ResMap,
    report: &mut Report<'_, '_>,
) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let (mut gone, mut failed) = (Vec::new(), None);
    for (place, resource) in resources.iter_mut().enumerate() {
        match change(&mut steps, place, resource) {
            Ok(Fate::Stays) => {}
            Ok(Fate::Goes) => gone.push(place),
            Err((number, error)) => {
                // Only earlier steps matter now: one of them may fail on a later resource.
                steps.truncate(number);
                failed = Some(error);
            }
        }
    }
    for Part { step, context } in &mut steps {
        step.finish(resources, report).map_err(|error| explain(*context, error))?;
    }
    resources.remove(&gone);
    failed.map_or(Ok(()), Err)
}

/// Runs all steps on a resource, until it is dropped. An error is returned with the index of its step.
fn change(
    steps: &mut [Part<'_>],
    place: usize,
    resource: &mut Resource,
) -> std::result::Result<Fate, (usize, Error)> {
    for (number, Part { step, context }) in steps.iter_mut().enumerate() {
        let fate = step.change(place, resource);
        if fate.map_err(|error| (number, explain(*context, error)))? == Fate::Goes {
            return Ok(Fate::Goes);
        }
    }
    Ok(Fate::Stays)
}

#[cold]
fn explain(context: Option<Cause<'_>>, error: Error) -> Error {
    match context {
        Some(cause) => cause.explain(error),
        None => error,
    }
}
