//! The kustomizations of a run, each read once, and how they include each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entries::{Entry, Role, entries};
use crate::config::{Kustomization, Warning};
use crate::load::{Kind, Loader, Root};
use crate::source::{Source, Span};

/// The kustomizations of a run, sorted by path.
pub(super) struct Layers {
    all: Vec<Layer>,
    by_path: BTreeMap<PathBuf, usize>,
    /// The kustomization of each target.
    tops: Vec<Option<usize>>,
    /// The directory that all of them are in or below.
    common: PathBuf,
}

/// A kustomization.
pub(super) struct Layer {
    pub(super) root: Root,
    pub(super) source: Arc<Source>,
    /// The fields as they are written.
    pub(super) written: Kustomization,
    /// The fields with the values of deprecated ones moved to their successors.
    pub(super) fields: Kustomization,
    /// The warnings about deprecated fields.
    pub(super) warnings: Vec<Warning>,
    /// The entries that name files, directories and URLs.
    pub(super) entries: Vec<Entry>,
    /// The kustomizations that it includes.
    pub(super) includes: Vec<Inclusion>,
    /// The indices of the kustomizations that include it.
    pub(super) included_by: BTreeSet<usize>,
    /// The numbers of the targets that include it, or are it.
    pub(super) targets: BTreeSet<usize>,
}

/// A kustomization in a list of another one.
#[derive(Clone, Copy)]
pub(super) struct Inclusion {
    /// Its index.
    pub(super) layer: usize,
    /// The field.
    pub(super) field: &'static str,
    /// The span of the entry.
    pub(super) span: Span,
}

/// Names of directories with manifests that tests and charts apply.
const TESTS: [&str; 10] = [
    "test",
    "tests",
    "e2e",
    "testdata",
    "templates",
    "charts",
    "kuttl",
    "chainsaw",
    "fixtures",
    "node_modules",
];

impl Layers {
    /// Reads the kustomizations that targets include, and further ones. Those that cannot be read are left out: the build
    /// of a target reports them.
    pub(super) fn read(loader: &Loader, targets: &[String], others: Vec<Root>) -> Self {
        let tops: Vec<Option<Root>> = targets.iter().map(|name| loader.root(name).ok()).collect();
        let mut pending: Vec<Root> = tops.iter().flatten().cloned().chain(others).collect();
        let mut found: BTreeMap<PathBuf, Layer> = BTreeMap::new();
        while let Some(root) = pending.pop() {
            if found.contains_key(root.path()) {
                continue;
            }
            let Some(layer) = Layer::of(root) else { continue };
            let children = layer.children().map(|(_, child)| child);
            pending.extend(children.collect::<Vec<_>>());
            found.insert(layer.root.path().to_path_buf(), layer);
        }
        let by_path: BTreeMap<PathBuf, usize> = found.keys().cloned().zip(0..).collect();
        let common = common(found.keys());
        let all = found.into_values().collect();
        let mut layers = Self { all, by_path, tops: Vec::new(), common };
        layers.link();
        for (number, top) in tops.iter().enumerate() {
            let top = top.as_ref().and_then(|root| layers.index(root.path()));
            for layer in top.map(|top| layers.below(top)).unwrap_or_default() {
                layers.all[layer].targets.insert(number);
            }
            layers.tops.push(top);
        }
        layers
    }

    fn link(&mut self) {
        for number in 0..self.all.len() {
            let children: Vec<Inclusion> = self.all[number]
                .children()
                .filter_map(|(entry, child)| {
                    let layer = self.index(child.path())?;
                    Some(Inclusion { layer, field: entry.field, span: entry.span })
                })
                .collect();
            for child in &children {
                self.all[child.layer].included_by.insert(number);
            }
            self.all[number].includes = children;
        }
    }

    /// The kustomizations with their indices.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &Layer)> {
        self.all.iter().enumerate()
    }

    /// The kustomizations.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.all.iter()
    }

    /// The kustomization with an index.
    pub(super) fn get(&self, number: usize) -> Option<&Layer> {
        self.all.get(number)
    }

    /// The index of the kustomization in a directory.
    pub(super) fn index(&self, directory: &Path) -> Option<usize> {
        self.by_path.get(directory).copied()
    }

    /// The index of the kustomization of a target.
    pub(super) fn of_target(&self, target: usize) -> Option<usize> {
        self.tops.get(target).copied().flatten()
    }

    /// The path of a kustomization below the directory that all of them are in.
    pub(super) fn below_common<'l>(&self, layer: &'l Layer) -> &'l Path {
        let path = layer.root.path();
        path.strip_prefix(&self.common).unwrap_or(path)
    }

    /// True for a kustomization of tests or of a chart: below the directory that all kustomizations are in, a directory has
    /// such a name, or a hidden one.
    pub(super) fn is_of_tests(&self, layer: &Layer) -> bool {
        let parts = self.below_common(layer).components();
        parts
            .filter_map(|part| part.as_os_str().to_str())
            .any(|name| TESTS.contains(&name) || name.starts_with('.') && name.len() > 1)
    }

    /// A kustomization with all that it includes, directly or not.
    pub(super) fn below(&self, number: usize) -> BTreeSet<usize> {
        let (mut found, mut pending) = (BTreeSet::new(), vec![number]);
        while let Some(number) = pending.pop() {
            if let Some(layer) = self.all.get(number).filter(|_| found.insert(number)) {
                pending.extend(layer.includes.iter().map(|child| child.layer));
            }
        }
        found
    }

    /// The kustomizations that one includes as resources, directly or not; not itself.
    pub(super) fn bases_below(&self, number: usize) -> BTreeSet<usize> {
        let (mut found, mut pending) = (BTreeSet::new(), vec![number]);
        while let Some(layer) = pending.pop().and_then(|number| self.get(number)) {
            let bases = layer.bases().map(|base| base.layer);
            pending.extend(bases.filter(|base| found.insert(*base)));
        }
        found
    }

    /// The names of kustomizations.
    pub(super) fn names(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<&str> {
        numbers.into_iter().filter_map(|number| Some(self.get(number)?.root.name())).collect()
    }
}

/// The directory that all paths are in or below.
fn common<'p>(mut paths: impl Iterator<Item = &'p PathBuf>) -> PathBuf {
    let Some(first) = paths.next() else { return PathBuf::new() };
    paths.fold(first.clone(), |common, path| {
        let shared = common.components().zip(path.components());
        shared.take_while(|(left, right)| left == right).map(|(part, _)| part).collect()
    })
}

impl Layer {
    /// Reads the kustomization of a directory; `None` if it cannot be read.
    pub(super) fn of(root: Root) -> Option<Self> {
        let source = root.kustomization_file().ok()?;
        let (fields, warnings) = Kustomization::read(&source).ok()?;
        let written = Kustomization::fields(&source).ok()?;
        let entries = entries(&fields);
        Some(Self {
            root,
            source,
            written,
            fields,
            warnings,
            entries,
            includes: Vec::new(),
            included_by: BTreeSet::new(),
            targets: BTreeSet::new(),
        })
    }

    /// The directories of this tree that it lists. Content from elsewhere is not entered.
    fn children(&self) -> impl Iterator<Item = (&Entry, Root)> {
        let listed = self.entries.iter().filter(|entry| entry.role == Role::Listed);
        listed.filter_map(|entry| {
            let is_directory = self.root.kind_of(&entry.path) == Kind::Directory;
            let child = is_directory.then(|| self.root.child(&entry.path, entry.span).ok())?;
            Some((entry, child?))
        })
    }

    /// The first line of its file.
    pub(super) fn beginning(&self) -> Span {
        let text = self.source.text();
        let end = text.find(['\r', '\n']).unwrap_or(text.len());
        self.source.span(0, end)
    }

    /// The place of a field, or the beginning of the file.
    pub(super) fn place_of(&self, field: &str) -> Span {
        self.fields.places.of_field(field).unwrap_or_else(|| self.beginning())
    }

    /// The kustomizations that it includes as resources: its bases.
    pub(super) fn bases(&self) -> impl Iterator<Item = &Inclusion> {
        self.includes.iter().filter(|child| child.field == "resources")
    }
}
