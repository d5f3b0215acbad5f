//! The graph: targets and kustomizations.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::count::{Counted, Counts, Part, Record};
use super::entry::{Entry, LeadsTo};
use super::{entries, unused::unused};
use crate::fleet::Run;
use crate::load::{FilesId, Root};

/// The graph of some targets.
#[derive(Debug, Default)]
pub struct Graph {
    /// The targets, in the order in which they were added.
    pub targets: Vec<Target>,
    /// All kustomizations, each once.
    pub layers: Vec<Layer>,
    /// Files beside kustomizations that could be built, by the paths to show, which no target reads.
    pub unused: Vec<String>,
    /// The places of the kustomizations, by path.
    places: BTreeMap<PathBuf, usize>,
}

/// A target.
#[derive(Debug)]
pub struct Target {
    /// Its kustomization.
    pub layer: usize,
    /// The number of rendered objects; `None` if it cannot be built.
    pub objects: Option<usize>,
    /// The steps at the end of its build that have an effect.
    pub ending: Vec<Entry>,
}

/// A kustomization or a component.
#[derive(Debug)]
pub struct Layer {
    /// The path to show, or the URL of one that was fetched.
    pub name: String,
    /// True for a component.
    pub is_component: bool,
    /// True if it was fetched.
    pub is_remote: bool,
    /// The number of its objects; `None` if it was not built. That of a component includes the objects that it works on.
    pub objects: Option<usize>,
    /// Its entries, in the order of a build.
    pub entries: Vec<Entry>,
    path: PathBuf,
}

impl Graph {
    /// Adds a target, and the kustomizations that are not known yet. Those of a component that is used several times are
    /// counted at its first use.
    pub fn add(&mut self, run: &Run<'_>, counted: Counted) {
        let Counted { root, objects, counts, .. } = counted;
        let layer = self.place(&root, run, &counts);
        let is_shown = |record: &&Record| !record.effect.is_none() && record.field != "bookkeeping";
        let ending = counts.ending.iter().filter(is_shown);
        let ending = ending.map(step).collect();
        self.targets.push(Target { layer, objects, ending });
    }

    /// Finds the files that no target reads. To be called when all targets were added.
    pub fn find_unused(&mut self, run: &Run<'_>) {
        let loader = run.loader();
        // Of a kustomization that cannot be built, it is not known what it would read.
        let is_complete = |layer: &&Layer| !layer.is_remote && layer.objects.is_some();
        let own = self.layers.iter().filter(is_complete);
        let found = unused(loader, own.map(|layer| &*layer.path));
        self.unused = found.iter().map(|path| loader.display(path)).collect();
    }

    /// The place of a kustomization, which is read with all that it lists if it is new.
    fn place(&mut self, root: &Root, run: &Run<'_>, counts: &Counts) -> usize {
        let (place, is_new) = self.reserve(root, counts);
        let mut pending = Vec::from_iter(is_new.then(|| (place, root.clone())));
        while let Some((place, root)) = pending.pop() {
            let Ok(kustomization) = run.kustomization(&root) else { continue };
            let counting = counts.layers.get(root.path());
            let found = entries::of(&kustomization, &root, counting);
            let mut own = Vec::with_capacity(found.len());
            for (mut entry, child) in found {
                if let Some(child) = child {
                    let (below, is_new) = self.reserve(&child, counts);
                    entry.leads_to = LeadsTo::Layer(below);
                    pending.extend(is_new.then_some((below, child)));
                }
                own.push(entry);
            }
            if let Some(layer) = self.layers.get_mut(place) {
                layer.is_component = kustomization.is_component();
                layer.entries = own;
            }
        }
        place
    }

    /// The place of a kustomization, and true if it is new. One that an earlier target could not count is read again.
    fn reserve(&mut self, root: &Root, counts: &Counts) -> (usize, bool) {
        let objects = counts.layers.get(root.path()).map(|counting| counting.objects);
        let next = self.layers.len();
        let place = *self.places.entry(root.path().to_path_buf()).or_insert(next);
        if let Some(known) = self.layers.get_mut(place) {
            let is_better = known.objects.is_none() && objects.is_some();
            known.objects = known.objects.or(objects);
            return (place, is_better);
        }
        self.layers.push(Layer {
            name: root.name().to_owned(),
            is_component: false,
            is_remote: root.files() != FilesId::default(),
            objects,
            entries: Vec::new(),
            path: root.path().to_path_buf(),
        });
        (place, true)
    }
}

/// A step at the end of a build.
fn step(record: &Record) -> Entry {
    let name = match &record.part {
        Part::Document(name) => name.clone(),
        Part::Field | Part::Entry(_) => String::new(),
    };
    Entry {
        field: record.field.clone(),
        index: None,
        name,
        span: record.span,
        leads_to: LeadsTo::Setting,
        effect: Some(record.effect),
    }
}
