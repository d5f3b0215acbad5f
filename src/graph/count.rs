//! Counts what each entry of each kustomization adds and changes, by observing a build.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::difference::{Effect, Snapshot};
use crate::config::Warning;
use crate::error::{Error, Result};
use crate::fleet::Run;
use crate::load::Root;
use crate::resource::ResMap;
use crate::source::Span;
use crate::transform::{Asked, Cause, Change, Observer};

/// A target that was built to be counted.
pub struct Counted {
    /// The directory that it is built from.
    pub(super) root: Root,
    /// The number of rendered objects; `None` if it cannot be built.
    pub(super) objects: Option<usize>,
    pub(super) counts: Counts,
    /// The warnings of the build.
    pub warnings: Vec<Warning>,
    /// The failure of the build.
    pub failure: Option<Error>,
}

/// Builds a target, and counts. The failure of a build is part of the result.
///
/// # Errors
/// Those of [`Loader::root`](crate::load::Loader::root) and of reading its kustomization file: then there is no graph.
pub fn count(run: &Run<'_>, target: &str) -> Result<Counted> {
    let root = run.root(target)?;
    run.kustomization(&root)?;
    let mut counts = Counts::default();
    let mut warnings = Vec::new();
    let built = run.build_observed(target, &mut warnings, &mut counts);
    let (objects, failure) = match built {
        Ok(built) => (Some(built.resources.len()), None),
        Err(error) => (None, Some(error)),
    };
    Ok(Counted { root, objects, counts, warnings, failure })
}

/// The counts of a build.
#[derive(Default)]
pub(super) struct Counts {
    /// The kustomizations that are complete, by path. One that is listed again is counted once.
    pub(super) layers: BTreeMap<PathBuf, Counting>,
    /// The steps at the end.
    pub(super) ending: Vec<Record>,
    /// The kustomizations that were entered, the outermost first.
    open: Vec<Counting>,
    /// The resources before the current change.
    before: Option<Snapshot>,
    /// True if the current change reported that a part of it has no effect.
    is_idle: bool,
}

/// The counts of one kustomization.
pub(super) struct Counting {
    /// The number of its objects when it is complete.
    pub(super) objects: usize,
    pub(super) records: Vec<Record>,
    /// The spans of the resources that it read from files.
    pub(super) read: Vec<Span>,
    /// The resources that it began with.
    begun: Snapshot,
}

/// The effect of a part of a kustomization.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The field; the kind of the plugin for a document; the name of a step at the end.
    pub(super) field: String,
    pub(super) part: Part,
    pub(super) span: Span,
    pub(super) effect: Effect,
    /// The kustomization that the entry lists.
    pub(super) leads_to: Option<Root>,
}

/// A part of a kustomization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A whole field.
    Field,
    /// An entry of it.
    Entry(usize),
    /// A document that configures a plugin, by its name.
    Document(String),
}

impl Record {
    fn new(cause: &Cause<'_>, effect: Effect) -> Self {
        let (field, part) = match cause.asked {
            Asked::Field(field) | Asked::End(field) => (field, Part::Field),
            Asked::Entry(field, number) => (field, Part::Entry(number)),
            Asked::Document { name, .. } => (cause.builtin, Part::Document(name.to_owned())),
        };
        Self { field: field.to_owned(), part, span: cause.span, effect, leads_to: None }
    }
}

impl Counts {
    fn record(&mut self, cause: &Cause<'_>, effect: Effect) {
        let records = match self.open.last_mut() {
            Some(layer) => &mut layer.records,
            None => &mut self.ending,
        };
        let record = Record::new(cause, effect);
        let is_known = |known: &&mut Record| {
            (&known.field, &known.part, known.span) == (&record.field, &record.part, record.span)
        };
        match records.iter_mut().rev().find(is_known) {
            Some(known) => known.effect.join(effect),
            None => records.push(record),
        }
    }
}

impl Observer for Counts {
    fn enter(&mut self, _: &Root, resources: &ResMap) {
        let begun = Snapshot::of(resources);
        self.open.push(Counting { objects: 0, records: Vec::new(), read: Vec::new(), begun });
    }

    fn added(&mut self, cause: &Cause<'_>, places: &[usize], resources: &mut ResMap) -> Result<()> {
        match self.open.last_mut() {
            Some(layer) if cause.asked == Asked::Field("resources") => {
                let spans = places.iter().filter_map(|place| Some(resources.get(*place)?.span()));
                layer.read.extend(spans);
            }
            _ => {
                // The spans of the resources of one entry differ.
                let cause = Cause { span: Span::NONE, ..*cause };
                self.record(&cause, Effect { added: places.len(), ..Effect::default() });
            }
        }
        Ok(())
    }

    fn leave(&mut self, layer: &Root, resources: &ResMap) {
        let Some(mut complete) = self.open.pop() else { return };
        complete.objects = resources.len();
        if let Some(parent) = self.open.last_mut() {
            let effect = complete.begun.until(resources);
            let (span, leads_to) = (layer.span(), Some(layer.clone()));
            let (field, part) = (String::new(), Part::Field);
            parent.records.push(Record { field, part, span, effect, leads_to });
        }
        self.layers.entry(layer.path().to_path_buf()).or_insert(complete);
    }

    fn before(&mut self, _: &Change<'_>, resources: &mut ResMap) -> Result<()> {
        self.before = Some(Snapshot::of(resources));
        self.is_idle = false;
        Ok(())
    }

    fn idle(&mut self, _: &Cause<'_>, _: Error) {
        self.is_idle = true;
    }

    fn after(&mut self, cause: &Cause<'_>, resources: &mut ResMap) -> Result<()> {
        if let Some(before) = self.before.take() {
            let is_idle = std::mem::take(&mut self.is_idle);
            let effect = Effect { is_idle, ..before.until(resources) };
            self.record(cause, effect);
        }
        Ok(())
    }
}
