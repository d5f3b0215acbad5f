//! Gathers what a kustomization is made of, depth first, and does on each level what its kustomization says.
//!
//! Levels lie in a list and not on the stack: a chain of bases may be long.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::{Kustomization, Warning};
use crate::error::{Code, Error, Result};
use crate::load::{Entry, File, Root};
use crate::resource::{self, ResMap};
use crate::schema::Schema;
use crate::source::Span;

/// What a kustomization comes to, with everything below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Accumulator {
    /// Its resources in order: those of an entry after those of the entries before it.
    pub(super) resources: ResMap,
}

/// Accumulates the kustomization of a directory. Bases that several kustomizations share are accumulated at most
/// twice.
///
/// # Errors
/// What is wrong in the first level that cannot be completed, each failure of it; and the failures that were found
/// before in the levels around it.
pub(super) fn target(
    root: Root,
    kustomization: Kustomization,
    schema: &Schema,
    warnings: &mut Vec<Warning>,
) -> Result<Accumulator> {
    let mut build = Build { schema, warnings, bases: BTreeMap::new(), around: Vec::new() };
    let mut level = Level::new(root, kustomization)?;
    loop {
        match build.advance(&mut level) {
            Ok(Some(accumulated)) => return Ok(accumulated),
            Ok(None) => {}
            Err(error) => return Err(build.explain(level, error)),
        }
    }
}

struct Build<'a> {
    schema: &'a Schema,
    warnings: &'a mut Vec<Warning>,
    /// The bases that are complete. What a base came to is kept from its second use on: most have one.
    bases: BTreeMap<PathBuf, Option<Accumulator>>,
    /// The levels around the one at work, the outermost first.
    around: Vec<Level>,
}

/// A kustomization at work.
struct Level {
    root: Root,
    kustomization: Kustomization,
    /// The next entry of `resources`.
    next: usize,
    accumulator: Accumulator,
    /// What is wrong with the entries so far.
    errors: Vec<Error>,
}

/// The fields that are read and not acted on yet.
const NOT_YET: &[&str] = &[
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "components",
    "crds",
    "configMapGenerator",
    "secretGenerator",
    "helmCharts",
    "helmChartInflationGenerator",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
];

impl Build<'_> {
    /// One step: on to the next base, or back from one. The result, once the outermost level is complete.
    fn advance(&mut self, level: &mut Level) -> Result<Option<Accumulator>> {
        if let Some((base, span)) = level.accumulate_files(self.schema) {
            match self.bases.get(base.path()) {
                Some(Some(known)) => level.merge(known.clone(), span),
                _ => {
                    let base = self.open(base)?;
                    self.around.push(std::mem::replace(level, base));
                }
            }
            return Ok(None);
        }
        if let Some(errors) = Error::all(level.errors.drain(..)) {
            return Err(errors);
        }
        let accumulated = std::mem::take(&mut level.accumulator);
        let Some(parent) = self.around.pop() else {
            return Ok(Some(accumulated));
        };
        let base = std::mem::replace(level, parent);
        let is_used_again = self.bases.contains_key(base.root.path());
        self.bases
            .insert(base.root.path().to_path_buf(), is_used_again.then(|| accumulated.clone()));
        level.merge(accumulated, base.root.span());
        Ok(None)
    }

    fn open(&mut self, root: Root) -> Result<Level> {
        let (kustomization, warnings) = Kustomization::read(&*root.kustomization_file()?)?;
        if !self.bases.contains_key(root.path()) {
            self.warnings.extend(warnings);
        }
        if kustomization.is_component() {
            let message = format!("`{}` is a component", root.name());
            return Err(Error::new(Code::UnexpectedComponent, message)
                .at(root.span())
                .label("a base is expected here")
                .help("list it under `components`"));
        }
        Level::new(root, kustomization)
    }

    /// Adds to an error what else is wrong around it, and the way that leads to it.
    fn explain(&mut self, level: Level, error: Error) -> Error {
        let mut error = error;
        let mut level = level;
        while let Some(parent) = self.around.pop() {
            error = error.step(format!("while accumulating the base `{}`", level.root.name()));
            level = parent;
            let found = level.errors.drain(..).chain([error.clone()]);
            error = Error::all(found).unwrap_or(error);
        }
        error
    }
}

impl Level {
    fn new(root: Root, kustomization: Kustomization) -> Result<Self> {
        kustomization.refuse(NOT_YET)?;
        Ok(Self {
            root,
            kustomization,
            next: 0,
            accumulator: Accumulator::default(),
            errors: Vec::new(),
        })
    }

    /// Goes on with the entries of `resources` until one is a base: with the place where it is written.
    fn accumulate_files(&mut self, schema: &Schema) -> Option<(Root, Span)> {
        while let Some(path) = self.kustomization.resources.get(self.next) {
            self.next += 1;
            let span = path.span;
            match self.root.entry(path, span) {
                Ok(Entry::Directory(base)) => return Some((base, span)),
                Ok(Entry::File(file)) => match read(&file, schema) {
                    Ok(resources) => self.merge(Accumulator { resources }, span),
                    Err(error) => self.errors.push(error),
                },
                Err(error) => self.errors.push(error),
            }
        }
        None
    }

    /// Adds what an entry came to.
    fn merge(&mut self, other: Accumulator, entry: Span) {
        let Accumulator { resources } = other;
        if let Err(error) = self.accumulator.resources.append_all(resources) {
            self.errors.push(error.note(entry, "it comes in here"));
        }
    }
}

fn read(file: &File, schema: &Schema) -> Result<ResMap> {
    Ok(resource::read(file.source()?, file.documents()?, schema)?.into())
}
