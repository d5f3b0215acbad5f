//! The recorder: an observer of a build that keeps the states of each object.

use super::Trace;
use crate::error::Result;
use crate::limits::Limit;
use crate::resource::{ResId, ResMap, Resource};
use crate::source::Span;
use crate::transform::{Asked, Cause, Change, Observer};
use crate::yaml::Node;

/// An observer that keeps the states of each object of a build.
#[derive(Debug, Default)]
pub struct Recorder {
    steps: Vec<Step>,
    histories: Vec<History>,
    /// The objects of the level before the current change.
    before: Vec<u32>,
    /// The number of changes so far.
    changes: u32,
}

/// A step of a build: objects were read or generated, or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The kind of the builtin, such as `ImageTagTransformer`; empty for files, and for steps that are no builtin.
    pub builtin: String,
    /// The part of the configuration that asked for it.
    pub asked: Asker,
    /// The span of that part; [`Span::NONE`] for steps at the end of every build.
    pub span: Span,
    /// The directory of the kustomization, relative to the working directory.
    pub layer: String,
}

/// The part of the configuration that asked for a step: an [`Asked`] that outlives the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A field of a kustomization.
    Field(&'static str),
    /// An entry of such a field, by its index.
    Entry(&'static str, usize),
    /// A document under `generators`, `transformers` or `validators`, by its name.
    Document(String),
    /// A step at the end of every build, by its name.
    End(&'static str),
}

/// The states of an object during a build.
#[derive(Debug)]
pub struct History {
    /// The states, oldest first. Neighbours differ. There is at least one.
    pub versions: Vec<Version>,
    /// The index of the step that removed the object; `None` if it was rendered, or configures a plugin.
    pub gone: Option<usize>,
    /// The number of the change in which it was seen last.
    seen: u32,
}

/// A state of an object.
#[derive(Clone, Debug)]
pub struct Version {
    /// The index of the step that led to it.
    pub step: usize,
    /// The document.
    pub node: Node,
    /// The id.
    pub id: ResId,
}

impl Recorder {
    /// The trace of the build with its rendered resources.
    #[must_use]
    pub fn finish(self, resources: ResMap) -> Trace {
        Trace { resources, steps: self.steps, histories: self.histories }
    }

    /// Begins a history of an object that is not known yet.
    fn begin(&mut self, step: usize, resource: &mut Resource) {
        let Ok(mark) = u32::try_from(self.histories.len()) else { return };
        let version = Version { step, node: resource.node().clone(), id: resource.id().clone() };
        self.histories.push(History { versions: vec![version], gone: None, seen: self.changes });
        resource.ties_mut().mark = Some(mark);
    }

    /// Adds the current state of an object to its history, if it has changed.
    fn update(
        &mut self,
        mark: u32,
        resource: &Resource,
        step: &mut NextStep<'_, '_>,
    ) -> Result<()> {
        let Some(history) = self.histories.get_mut(mark as usize) else { return Ok(()) };
        history.seen = self.changes;
        let Some(last) = history.versions.last() else { return Ok(()) };
        let weight = match resource.node().is_same(&last.node) {
            true => 0,
            false => resource.node().weight_of_change(&last.node),
        };
        if weight > 0 {
            let cause = step.cause;
            cause.layer.budget().spend(Limit::Bytes, weight, cause.span)?;
            let step = step.index(&mut self.steps);
            let version =
                Version { step, node: resource.node().clone(), id: resource.id().clone() };
            history.versions.push(version);
        }
        Ok(())
    }

    /// The objects of the level that are there no more.
    fn missing(&self) -> Vec<u32> {
        let is_missing = |mark: &u32| {
            let history = self.histories.get(*mark as usize);
            history.is_some_and(|history| history.seen != self.changes)
        };
        self.before.iter().copied().filter(is_missing).collect()
    }
}

/// A step that is recorded once an object has changed.
struct NextStep<'s, 'c> {
    cause: &'s Cause<'c>,
    index: Option<usize>,
}

impl NextStep<'_, '_> {
    fn index(&mut self, steps: &mut Vec<Step>) -> usize {
        *self.index.get_or_insert_with(|| {
            steps.push(Step::of(self.cause));
            steps.len() - 1
        })
    }
}

impl Step {
    /// The part of the configuration that asked for it, in the words of kustomization.yaml: `patches[0]`, `namePrefix`. For a
    /// name reference, that to the object whose name it follows.
    #[must_use]
    pub fn by(&self, follows: Option<&ResId>) -> String {
        match (&self.asked, follows) {
            (Asker::Field(field), _) => (*field).to_owned(),
            (Asker::Entry(field, entry), _) => format!("{field}[{entry}]"),
            (Asker::Document(name), _) if self.builtin.is_empty() => format!("plugin {name}"),
            (Asker::Document(name), _) => format!("{} {name}", self.builtin),
            (Asker::End("name references"), Some(id)) => {
                format!("name of {}/{}", id.gvk.kind, id.name.as_str())
            }
            (Asker::End("name references"), None) => "name reference".to_owned(),
            (Asker::End("hash suffixes"), _) => "content hash".to_owned(),
            (Asker::End(step), _) => (*step).to_owned(),
        }
    }

    fn of(cause: &Cause<'_>) -> Self {
        let asked = match cause.asked {
            Asked::Field(field) => Asker::Field(field),
            Asked::Entry(field, entry) => Asker::Entry(field, entry),
            Asked::Document { name, .. } => Asker::Document(name.to_owned()),
            Asked::End(step) => Asker::End(step),
        };
        let (builtin, layer) = (cause.builtin.to_owned(), cause.layer.name().to_owned());
        Self { builtin, asked, span: cause.span, layer }
    }
}

impl Observer for Recorder {
    fn before(&mut self, _: &Change<'_>, resources: &mut ResMap) -> Result<()> {
        self.before.clear();
        self.before.extend(resources.iter().filter_map(|resource| resource.mark()));
        Ok(())
    }

    /// Costs a look at each object of the level, and a comparison of what has changed in it.
    fn after(&mut self, cause: &Cause<'_>, resources: &mut ResMap) -> Result<()> {
        self.changes += 1;
        let (mut step, mut unknown) = (NextStep { cause, index: None }, Vec::new());
        for (place, resource) in resources.iter().enumerate() {
            match resource.mark() {
                // An object without content is about to be dropped.
                _ if resource.node().is_empty() => {}
                Some(mark) => self.update(mark, resource, &mut step)?,
                None => unknown.push(place),
            }
        }
        if unknown.is_empty() && self.before.len() == resources.len() {
            // Only then each object may have been seen.
            let is_empty = |resource: &Resource| resource.node().is_empty();
            if !resources.iter().any(is_empty) {
                return Ok(());
            }
        }
        let mut missing = self.missing();
        for place in unknown {
            let Some(resource) = resources.get(place) else { continue };
            let is_it = |mark: &u32| {
                let history = self.histories.get(*mark as usize);
                let last = history.and_then(|history| history.versions.last());
                last.is_some_and(|last| last.id == *resource.id())
            };
            // A function returns other resources, which have the ids of those that it was given.
            let known = missing.iter().position(is_it).map(|at| missing.swap_remove(at));
            if let Some(mark) = known {
                self.update(mark, resource, &mut step)?;
            }
            let index = if known.is_none() { step.index(&mut self.steps) } else { 0 };
            resources.change(place, |resource| match known {
                Some(mark) => resource.ties_mut().mark = Some(mark),
                None => self.begin(index, resource),
            });
        }
        for mark in missing {
            let index = step.index(&mut self.steps);
            if let Some(history) = self.histories.get_mut(mark as usize) {
                history.gone.get_or_insert(index);
            }
        }
        Ok(())
    }

    fn added(&mut self, cause: &Cause<'_>, places: &[usize], resources: &mut ResMap) -> Result<()> {
        let mut step = NextStep { cause, index: None };
        for &place in places {
            let Some(resource) = resources.get(place) else { continue };
            match resource.mark() {
                Some(mark) => self.update(mark, resource, &mut step)?,
                None => {
                    let index = step.index(&mut self.steps);
                    resources.change(place, |resource| self.begin(index, resource));
                }
            }
        }
        Ok(())
    }
}
