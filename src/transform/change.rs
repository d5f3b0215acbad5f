//! Changes: parts of the work on resources, each with its cause.

use std::any::Any;

use super::Report;
use crate::error::{Error, Result};
use crate::load::Root;
use crate::resource::{Origin, ResMap, Resource, Unique};
use crate::source::Span;

/// A change of resources: one instance of a builtin as the reference counts them, or a step that ends every build.
///
/// Unless [`Context::by_entry`](super::Context::by_entry) is set, one change may stand for several entries of a field.
pub struct Change<'c> {
    /// The cause.
    pub cause: Cause<'c>,
    /// The parts of the work, in order.
    pub(super) work: Vec<Work<'c>>,
    /// True if errors mention the cause: its span and a step "while applying …".
    pub(super) is_named: bool,
}

/// The reason for a change.
#[derive(Clone, Copy)]
pub struct Cause<'c> {
    /// The kind of the builtin, such as `ImageTagTransformer`.
    pub builtin: &'c str,
    /// The part of the configuration that asks for the change.
    pub asked: Asked<'c>,
    /// The span of that part.
    pub span: Span,
    /// The directory whose kustomization asks for the change.
    pub layer: &'c Root,
}

/// The part of the configuration that asks for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'c> {
    /// A field of a kustomization.
    Field(&'static str),
    /// An entry of such a field, by its index.
    Entry(&'static str, usize),
    /// A document that configures a builtin.
    Document {
        /// The name of the document.
        name: &'c str,
        /// The origin of the document, if it is known: only a build with `buildMetadata` records it.
        origin: Option<&'c Origin>,
    },
    /// No part: one of the named steps at the end of every build.
    End(&'static str),
}

/// A part of a change.
pub enum Work<'c> {
    /// Work on one resource at a time.
    Step(Box<dyn AnyStep + 'c>),
    /// Work on all resources together.
    Whole(Whole<'c>),
}

/// Work on all resources together.
pub type Whole<'c> = Box<dyn FnOnce(&mut ResMap, &mut Report<'_, '_>) -> Result<()> + 'c>;

/// Work that looks at one resource at a time, so that it does not depend on changes of the others. Several threads may do
/// it, each on a part of the resources.
pub trait Step: Send + Sync {
    /// The facts that are gathered while resources are changed, for [`Step::finish`].
    type Tally: Tally;

    /// Changes a resource; `place` is its position in the build.
    ///
    /// # Errors
    /// An error that ends the step. A step that has failed is not called again.
    fn change(
        &self,
        tally: &mut Self::Tally,
        place: usize,
        resource: &mut Resource,
    ) -> Result<Fate>;

    /// Finishes the step after all resources were changed. Later steps may have changed some of them already, and
    /// resources that this step drops are still present.
    ///
    /// # Errors
    /// An error that concerns several resources.
    fn finish(&self, _: Self::Tally, _: &ResMap, _: &mut Report<'_, '_>) -> Result<()> {
        Ok(())
    }

    /// True if the step neither reads nor changes annotations, and drops no resource.
    fn ignores_annotations(&self) -> bool {
        false
    }
}

/// The facts that a step gathers about a part of the resources.
pub trait Tally: Default + Send + 'static {
    /// Adds the facts about the resources that follow. The result is the same as if one tally was kept of both parts.
    fn add(&mut self, following: Self);
}

/// The tally of a step that gathers no facts.
impl Tally for () {
    fn add(&mut self, (): ()) {}
}

/// The tally of a step that gathers failures, in the order of the resources.
impl Tally for Vec<Error> {
    fn add(&mut self, following: Self) {
        self.extend(following);
    }
}

/// The tally of a step behind which all ids must be different.
impl Tally for Unique {
    fn add(&mut self, following: Self) {
        self.add_all(following);
    }
}

/// A step of any type.
pub trait AnyStep: Send + Sync {
    /// Begins with a part of the resources.
    fn begin<'s>(&'s self) -> Box<dyn Begun + 's>;

    /// [`Step::finish`], with the tallies of all parts in order.
    ///
    /// # Errors
    /// Those of [`Step::finish`].
    fn end(&self, _: Vec<Counted>, _: &ResMap, _: &mut Report<'_, '_>) -> Result<()>;

    /// [`Step::ignores_annotations`].
    fn leaves_annotations(&self) -> bool;
}

/// A step applied to a part of the resources, with its tally of this part.
pub trait Begun: Send {
    /// [`Step::change`].
    ///
    /// # Errors
    /// Those of [`Step::change`].
    fn change(&mut self, place: usize, resource: &mut Resource) -> Result<Fate>;

    /// The tally of the part.
    fn counted(self: Box<Self>) -> Counted;
}

/// A [`Tally`] of any type.
pub type Counted = Box<dyn Any + Send>;

struct Part<'s, S: Step> {
    step: &'s S,
    tally: S::Tally,
}

impl<S: Step> AnyStep for S {
    fn begin<'s>(&'s self) -> Box<dyn Begun + 's> {
        Box::new(Part { step: self, tally: S::Tally::default() })
    }

    fn end(
        &self,
        counted: Vec<Counted>,
        resources: &ResMap,
        report: &mut Report<'_, '_>,
    ) -> Result<()> {
        let tallies = counted.into_iter().filter_map(|counted| counted.downcast::<S::Tally>().ok());
        let add = |mut all: S::Tally, following: S::Tally| {
            all.add(following);
            all
        };
        let tally = tallies.map(|tally| *tally).reduce(add).unwrap_or_default();
        self.finish(tally, resources, report)
    }

    fn leaves_annotations(&self) -> bool {
        self.ignores_annotations()
    }
}

impl<S: Step> Begun for Part<'_, S> {
    fn change(&mut self, place: usize, resource: &mut Resource) -> Result<Fate> {
        self.step.change(&mut self.tally, place, resource)
    }

    fn counted(self: Box<Self>) -> Counted {
        Box::new(self.tally)
    }
}

/// The fate of a resource after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Stays,
    /// It is dropped from the build.
    Goes,
}

impl<'c> Change<'c> {
    /// A change with its cause.
    #[must_use]
    pub fn new(cause: Cause<'c>, work: impl IntoIterator<Item = Work<'c>>) -> Self {
        Self { cause, work: work.into_iter().collect(), is_named: false }
    }

    /// The same change, whose errors mention the cause ([`Cause::explain`]).
    #[must_use]
    pub fn named(self) -> Self {
        Self { is_named: true, ..self }
    }

    /// True if the change neither reads nor changes annotations, and drops no resource.
    #[must_use]
    pub fn ignores_annotations(&self) -> bool {
        self.work.iter().all(|work| match work {
            Work::Step(step) => step.leaves_annotations(),
            Work::Whole(_) => false,
        })
    }
}

impl Cause<'_> {
    /// The same cause, at an entry of its field.
    #[must_use]
    pub const fn at_entry(self, number: usize, span: Span) -> Self {
        let asked = match self.asked {
            Asked::Field(field) => Asked::Entry(field, number),
            asked => asked,
        };
        Self { asked, span, ..self }
    }

    /// Adds the cause to an error: its span, if the error has none, and the step that failed.
    #[cold]
    #[must_use]
    pub fn explain(&self, error: Error) -> Error {
        error.at(self.span).step(match self.asked {
            Asked::Field(field) => format!("while applying `{field}`"),
            Asked::Entry(field, number) => format!("while applying `{field}[{number}]`"),
            Asked::Document { name, .. } => format!("while running the {} `{name}`", self.builtin),
            Asked::End(step) => format!("while completing the build: {step}"),
        })
    }
}

impl<'c> Work<'c> {
    /// Work on one resource at a time.
    pub fn step(step: impl Step + 'c) -> Self {
        Self::Step(Box::new(step))
    }

    /// Work on all resources together, without a report.
    pub fn whole(work: impl FnOnce(&mut ResMap) -> Result<()> + 'c) -> Self {
        Self::reporting(|resources, _| work(resources))
    }

    /// Work on all resources together.
    pub fn reporting(
        work: impl FnOnce(&mut ResMap, &mut Report<'_, '_>) -> Result<()> + 'c,
    ) -> Self {
        Self::Whole(Box::new(work))
    }

    /// Work that fails.
    pub fn failed(error: Error) -> Self {
        Self::whole(|_| Err(error))
    }
}
