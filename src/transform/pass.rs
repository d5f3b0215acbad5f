//! The work of transformers, done in as few passes over the resources as it allows.
//!
//! The documents of a large build do not fit into the caches of a processor: to fetch one costs more than to change a
//! field of it. So what looks at one resource alone is done together: all of it on one resource, then all on the next.

use std::mem;

use crate::error::{Error, Result};
use crate::resource::{ResMap, Resource};

/// A part of what a transformer does.
pub enum Work<'c> {
    /// On each resource alone.
    Step(Box<dyn Step + 'c>),
    /// On all at once.
    Whole(Whole<'c>),
}

/// Work on all resources at once.
pub type Whole<'c> = Box<dyn FnOnce(&mut ResMap) -> Result<()> + 'c>;

/// Work that looks at one resource alone, and so does not care what else was done to the others.
pub trait Step {
    /// Changes a resource, which stands at a place among all.
    ///
    /// # Errors
    /// What nobody can go on from. A step that has failed is not asked again.
    fn change(&mut self, place: usize, resource: &mut Resource) -> Result<Fate>;

    /// Ends the step, when all resources are changed. Some may have been changed by the steps behind this one too, and
    /// those that this one lets go are still there.
    ///
    /// # Errors
    /// What is wrong with the resources together.
    fn finish(&mut self, _: &ResMap) -> Result<()> {
        Ok(())
    }
}

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Stays,
    /// It is no part of the build any more.
    Goes,
}

/// How many steps may share a pass over the resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// As many as follow each other.
    Shared,
    /// None: at its end, each step finds the resources as it has left them.
    Apart,
}

impl<'c> Work<'c> {
    /// Work on each resource alone.
    pub fn step(step: impl Step + 'c) -> Self {
        Self::Step(Box::new(step))
    }

    /// Work on all resources at once.
    pub fn whole(work: impl FnOnce(&mut ResMap) -> Result<()> + 'c) -> Self {
        Self::Whole(Box::new(work))
    }

    /// Work that cannot be done.
    pub fn failed(error: Error) -> Self {
        Self::whole(|_| Err(error))
    }

    /// The same work, which says more of what goes wrong.
    pub fn explained(self, explain: impl Fn(Error) -> Error + 'c) -> Self {
        match self {
            Self::Step(step) => Self::step(Explained { step, explain }),
            Self::Whole(work) => Self::whole(move |resources| work(resources).map_err(explain)),
        }
    }
}

/// Does work in order. What it comes to, and how it fails, is the same as if each part was done on all resources before
/// the next one began.
///
/// # Errors
/// That of the first part that fails.
pub fn run<'c>(
    works: impl IntoIterator<Item = Work<'c>>,
    resources: &mut ResMap,
    passes: Passes,
) -> Result<()> {
    let mut steps = Vec::new();
    for work in works {
        match work {
            Work::Step(step) => {
                steps.push(step);
                if passes == Passes::Apart {
                    pass(mem::take(&mut steps), resources)?;
                }
            }
            Work::Whole(work) => {
                pass(mem::take(&mut steps), resources)?;
                work(resources)?;
            }
        }
    }
    pass(steps, resources)
}

fn pass(mut steps: Vec<Box<dyn Step + '_>>, resources: &mut ResMap) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let (mut gone, mut failed) = (Vec::new(), None);
    for (place, resource) in resources.iter_mut().enumerate() {
        match change(&mut steps, place, resource) {
            Ok(Fate::Stays) => {}
            Ok(Fate::Goes) => gone.push(place),
            Err((number, error)) => {
                // Only what comes before it matters now: one of those steps may fail on a later resource.
                steps.truncate(number);
                failed = Some(error);
            }
        }
    }
    steps.iter_mut().try_for_each(|step| step.finish(resources))?;
    resources.remove(&gone);
    failed.map_or(Ok(()), Err)
}

/// Does all steps on a resource, until it goes. Of a failure the number of the step is given too.
fn change(
    steps: &mut [Box<dyn Step + '_>],
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

struct Explained<'c, E> {
    step: Box<dyn Step + 'c>,
    explain: E,
}

impl<E: Fn(Error) -> Error> Step for Explained<'_, E> {
    fn change(&mut self, place: usize, resource: &mut Resource) -> Result<Fate> {
        self.step.change(place, resource).map_err(&self.explain)
    }

    fn finish(&mut self, resources: &ResMap) -> Result<()> {
        self.step.finish(resources).map_err(&self.explain)
    }
}
