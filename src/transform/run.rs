//! The runner applies changes in as few passes over the resources as possible.
//!
//! The documents of a large build do not fit into the caches of a processor: fetching one costs more than changing a
//! field of it. So steps that look at one resource at a time share a pass: all of them on one resource, then all on the
//! next one.

use std::mem;

use super::{AnyStep, Begun, Cause, Change, Counted, Fate, Observer, Outcome, Report, Work};
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::resource::{ResMap, Resource};

/// Applies changes in order. The result, or the error, is the same as if each part was applied to all resources before
/// the next one began; with an observer, this is done. Only the charge that exceeds a limit depends on the order of
/// threads: a target that fails because of one must be built again on one thread.
///
/// # Errors
/// That of the first part that fails, and those of the observer.
pub fn run<'c>(
    changes: impl IntoIterator<Item = Change<'c>>,
    resources: &mut ResMap,
    observer: Option<&mut (dyn Observer + '_)>,
    threads: &Threads,
) -> Result<Outcome> {
    match observer {
        Some(observer) => run_observed(changes, resources, observer),
        None => run_fused(changes, resources, threads),
    }
}

fn run_fused<'c>(
    changes: impl IntoIterator<Item = Change<'c>>,
    resources: &mut ResMap,
    threads: &Threads,
) -> Result<Outcome> {
    let (mut steps, mut report) = (Vec::new(), Report::default());
    for Change { cause, work, is_named } in changes {
        let context = is_named.then_some(cause);
        for work in work {
            match work {
                Work::Step(step) => steps.push(Part { step, context }),
                Work::Whole(work) => {
                    pass(&mem::take(&mut steps), resources, &mut report, threads)?;
                    work(resources, &mut report).map_err(|error| explain(context, error))?;
                }
            }
        }
    }
    pass(&steps, resources, &mut report, threads)?;
    Ok(report.outcome)
}

fn run_observed<'c>(
    changes: impl IntoIterator<Item = Change<'c>>,
    resources: &mut ResMap,
    observer: &mut (dyn Observer + '_),
) -> Result<Outcome> {
    let (mut outcome, alone) = (Outcome::default(), Threads::default());
    for change in changes {
        observer.before(&change, resources)?;
        let Change { cause, work, is_named } = change;
        let context = is_named.then_some(cause);
        let mut report = Report { observed: Some((&mut *observer, cause)), outcome };
        for work in work {
            match work {
                Work::Step(step) => {
                    pass(&[Part { step, context }], resources, &mut report, &alone)?;
                }
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
    step: Box<dyn AnyStep + 'c>,
    /// The cause, if failures name it.
    context: Option<Cause<'c>>,
}

fn pass(
    steps: &[Part<'_>],
    resources: &mut ResMap,
    report: &mut Report<'_, '_>,
    threads: &Threads,
) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let all = resources.iter_mut().into_slice();
    let shares = shares(all.len(), steps.len(), threads);
    let mut passed = if shares > 1 {
        let size = all.len().div_ceil(shares);
        let parts = (0..).step_by(size).zip(all.chunks_mut(size)).collect();
        threads.map(parts, |(start, part)| Passed::over(steps, start, part))
    } else {
        vec![Passed::over(steps, 0, all)]
    };
    // Only the steps before the first one that failed matter.
    let first = passed.iter().filter_map(|part| Some(part.failed.as_ref()?.0)).min();
    let mut failed = passed.iter_mut().filter_map(|part| part.failed.take());
    let failed = failed.find(|(number, _)| Some(*number) == first);
    let ends = steps.iter().take(first.unwrap_or(steps.len()));
    let mut counted: Vec<_> = passed.iter_mut().map(|part| part.counted.drain(..)).collect();
    for Part { step, context } in ends {
        let counted = counted.iter_mut().filter_map(Iterator::next).collect();
        step.end(counted, resources, report).map_err(|error| explain(*context, error))?;
    }
    drop(counted);
    let gone: Vec<usize> = passed.into_iter().flat_map(|part| part.gone).collect();
    resources.remove(&gone);
    failed.map_or(Ok(()), |(_, error)| Err(error))
}

/// The number of parts that a pass is divided into: one, unless several threads have enough to do.
fn shares(resources: usize, steps: usize, threads: &Threads) -> usize {
    match resources.saturating_mul(steps) >= MANY && threads.are_several() {
        true => threads.count().get().saturating_mul(SHARES_EACH).min(resources),
        false => 1,
    }
}

/// From this number of pairs of a resource and a step on, threads share a pass. A step takes about 0.3 µs for a resource
/// (40,000 generated objects): to wake a thread, and to wait for it, takes as long as some hundred pairs.
const MANY: usize = 1024;

/// The number of parts of a pass for each thread, so that none of them waits long for another in the end.
const SHARES_EACH: usize = 16;

/// A pass over a part of the resources.
struct Passed {
    /// The tallies of the steps, as far as none has failed.
    counted: Vec<Counted>,
    /// The places of the resources that are dropped.
    gone: Vec<usize>,
    /// The failure of the first step that failed, with its number.
    failed: Option<(usize, Error)>,
}

impl Passed {
    fn over(steps: &[Part<'_>], start: usize, resources: &mut [Resource]) -> Self {
        let mut begun: Vec<_> = steps.iter().map(|part| part.step.begin()).collect();
        let (mut gone, mut failed) = (Vec::new(), None);
        for (place, resource) in (start..).zip(resources) {
            match change(&mut begun, place, resource) {
                Ok(Fate::Stays) => {}
                Ok(Fate::Goes) => gone.push(place),
                Err((number, error)) => {
                    // Only the steps before it matter now: one of them may fail on a later resource.
                    begun.truncate(number);
                    let context = steps.get(number).and_then(|part| part.context);
                    failed = Some((number, explain(context, error)));
                }
            }
        }
        let counted = begun.into_iter().map(|step| step.counted()).collect();
        Self { counted, gone, failed }
    }
}

/// Runs all steps on a resource, until it is dropped. An error is returned with the index of its step.
fn change(
    steps: &mut [Box<dyn Begun + '_>],
    place: usize,
    resource: &mut Resource,
) -> std::result::Result<Fate, (usize, Error)> {
    for (number, step) in steps.iter_mut().enumerate() {
        if step.change(place, resource).map_err(|error| (number, error))? == Fate::Goes {
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
