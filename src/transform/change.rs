//! Changes: parts of the work on resources, each with its cause.

use super::Report;
use crate::error::{Error, Result};
use crate::load::Root;
use crate::resource::{Origin, ResMap, Resource};
use crate::source::Span;

/// A change of resources: one instance of a builtin as the reference counts them, or a step that ends every build.
///
/// Unless changes are told apart ([`Context::by_entry`](super::Context::by_entry)), one change may stand for several
/// entries of a field.
pub struct Change<'c> {
    /// The cause.
    pub cause: Cause<'c>,
    /// The work, part after part.
    pub(super) work: Vec<Work<'c>>,
    /// Whether failures name the cause: its place, and what was going on.
    pub(super) is_named: bool,
}

/// The reason for a change.
#[derive(Clone, Copy)]
pub struct Cause<'c> {
    /// The kind of the builtin, such as `ImageTagTransformer`.
    pub builtin: &'c str,
    /// The part of the configuration that asks for the change.
    pub asked: Asked<'c>,
    /// The place of that part.
    pub span: Span,
    /// The directory whose kustomization asks for the change.
    pub layer: &'c Root,
}

/// The part of the configuration that asks for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'c> {
    /// A field of a kustomization.
    Field(&'static str),
    /// An entry of such a field, by its number.
    Entry(&'static str, usize),
    /// A document that configures a builtin.
    Document {
        /// The name of the document.
        name: &'c str,
        /// The origin of the document, if it is known: only a build with `buildMetadata` notes it.
        origin: Option<&'c Origin>,
    },
    /// No part: a step of this name ends every build.
    End(&'static str),
}

/// A part of a change.
pub enum Work<'c> {
    /// Work on each resource alone.
    Step(Box<dyn Step + 'c>),
    /// Work on all resources at once.
    Whole(Whole<'c>),
}

/// Work on all resources at once.
pub type Whole<'c> = Box<dyn FnOnce(&mut ResMap, &mut Report<'_, '_>) -> Result<()> + 'c>;

/// Work that looks at one resource alone, so that it does not matter what else was done to the others.
pub trait Step {
    /// Changes a resource, which stands at a place among all.
    ///
    /// # Errors
    /// A failure that ends the step. A step that has failed is not asked again.
    fn change(&mut self, place: usize, resource: &mut Resource) -> Result<Fate>;

    /// Ends the step when all resources are changed. Steps behind this one may have changed some of them too, and the
    /// resources that this one drops are still there.
    ///
    /// # Errors
    /// A failure that concerns the resources together.
    fn finish(&mut self, _: &ResMap, _: &mut Report<'_, '_>) -> Result<()> {
        Ok(())
    }

    /// Whether the step neither sees nor changes annotations, and drops no resource.
    fn ignores_annotations(&self) -> bool {
        false
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

    /// The same change, whose failures name the cause ([`Cause::explain`]).
    #[must_use]
    pub fn named(self) -> Self {
        Self { is_named: true, ..self }
    }

    /// Whether the change neither sees nor changes annotations, and drops no resource.
    #[must_use]
    pub fn ignores_annotations(&self) -> bool {
        self.work.iter().all(|work| match work {
            Work::Step(step) => step.ignores_annotations(),
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

    /// Adds the cause to a failure: its place, unless the failure has one, and what was going on.
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
    /// Work on each resource alone.
    pub fn step(step: impl Step + 'c) -> Self {
        Self::Step(Box::new(step))
    }

    /// Work on all resources at once, which has nothing to report.
    pub fn whole(work: impl FnOnce(&mut ResMap) -> Result<()> + 'c) -> Self {
        Self::reporting(|resources, _| work(resources))
    }

    /// Work on all resources at once.
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
