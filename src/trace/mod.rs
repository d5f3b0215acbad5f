//! Traces: each step of a build that set a field, from the file or generator that it comes from to its rendered value.
//!
//! A [`Recorder`] observes a build and keeps the states of each object, which share what did not change. A [`Chain`] is
//! the states of one field, found in them when it is asked for.

mod chain;
mod explain;
mod mark;
mod names;
mod origin;
mod path;
mod question;
mod record;
mod setting;
#[cfg(test)]
mod tests;

pub use chain::{Chain, State};
pub use explain::{explain, may_explain};
pub use mark::{Marked, mark_lines};
pub use origin::{Leaf, leaves};
pub use path::{FieldPath, FieldQuery, Segment};
pub use question::{FoundObject, ObjectQuery};
pub use record::{Asker, History, Recorder, Step, Version};
pub use setting::{Setting, settings};

use crate::config::Warning;
use crate::error::Result;
use crate::fleet::Run;
use crate::resource::{ResMap, Resource};

/// A build with its trace.
#[derive(Debug)]
pub struct Trace {
    /// The rendered resources, in the order of the output.
    pub resources: ResMap,
    /// The steps that changed something, in order.
    pub steps: Vec<Step>,
    /// The objects of the build, rendered or not.
    pub histories: Vec<History>,
}

impl Trace {
    /// Builds a target, and records the changes of each object. Warnings are added to `warnings` even if the build fails.
    ///
    /// The cost is that of a build on one thread, in which each change is a pass of its own; the states take as much memory as
    /// the changed parts of the documents, which are charged to the budget of the target.
    ///
    /// # Errors
    /// Those of the build, and [`Code::LimitExceeded`](crate::error::Code::LimitExceeded) for states that do not fit into
    /// the budget.
    pub fn of(run: &Run<'_>, target: &str, warnings: &mut Vec<Warning>) -> Result<Self> {
        let mut recorder = Recorder::default();
        let built = run.build_observed(target, warnings, &mut recorder)?;
        Ok(recorder.finish(built.resources))
    }

    /// The history of a rendered resource.
    #[must_use]
    pub fn history(&self, resource: &Resource) -> Option<&History> {
        self.histories.get(resource.mark()? as usize)
    }

    /// The rendered resources with their histories, in the order of the output.
    pub fn rendered(&self) -> impl Iterator<Item = (&Resource, &History)> {
        self.resources.iter().filter_map(|resource| Some((resource, self.history(resource)?)))
    }

    /// The histories of objects that a step removed, in the order in which they appeared.
    pub fn removed(&self) -> impl Iterator<Item = &History> {
        self.histories.iter().filter(|history| history.gone.is_some())
    }

    /// The step of an index.
    #[must_use]
    pub fn step(&self, index: usize) -> Option<&Step> {
        self.steps.get(index)
    }
}
