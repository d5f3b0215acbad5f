//! Rendering of one target to text: built, or taken from the cache.

use std::{collections::BTreeSet, ffi::OsString, path::Path};

use serde_json::Value;

use super::{
    Build, Origins, output,
    terminal::Format,
    timings::{Outcome, Size},
};
use crate::{
    build,
    cli::harden::Work,
    config::Warning,
    error::{Error, Result},
    fleet::{Found, Keeper, Kept, Run},
    limits::Spent,
    load::{self, Loader},
    report::traces::{self, Annotated},
    resource::{ResMap, Resource},
    schema::Schema,
    trace::{self, History, Recorder},
};

/// Renders targets with the flags of a run.
pub(super) struct Renderer<'a> {
    pub(super) build: &'a Build,
    pub(super) loader: &'a Loader,
    pub(super) run: &'a Run<'a>,
    pub(super) keeper: Option<&'a Keeper<'a>>,
    /// The hardening to apply, if any.
    pub(super) work: Option<&'a Work>,
    /// The file that a single target is written to, if it is one and no result is cached.
    pub(super) file: Option<&'a Path>,
    /// True if each resource is a separate text.
    pub(super) split: bool,
    /// True if there is only one target. With many, hardening reports only what cannot be fixed.
    pub(super) is_one: bool,
}

/// A target that was built.
pub(super) struct Built {
    resources: ResMap,
    /// The schema in force.
    schema: Schema,
    /// Directories that it was built from.
    pub(super) directories: BTreeSet<OsString>,
    /// True if the result does not depend on the date.
    lasts: bool,
    /// Warnings of the build.
    said: Vec<Warning>,
    /// The states of each object, if origins are asked for.
    recorder: Option<Recorder>,
}

/// A target that is ready to be written.
pub(super) struct Rendered {
    /// Named texts, or the pieces of one text with empty names.
    pub(super) texts: Vec<(String, String)>,
    pub(super) size: Size,
    pub(super) outcome: Outcome,
    /// The error that kept the result from being cached, if any.
    pub(super) unkept: Option<Error>,
    /// Warnings about file names.
    pub(super) warnings: Vec<Warning>,
    /// The outcome of writing the text to [`Renderer::file`].
    pub(super) written: Option<Result<()>>,
}

impl Renderer<'_> {
    /// Reads a cached result, and adds its warnings. `None` if its file has been lost.
    pub(super) fn read(
        &self,
        found: Option<&Found>,
        warnings: &mut Vec<Warning>,
    ) -> Option<Rendered> {
        let Kept { texts, resources, warnings: said } = self.keeper?.read(found?)?;
        warnings.extend(said);
        Some(Rendered::new(texts, resources, Outcome::Kept))
    }

    /// Builds a target, and adds its warnings.
    ///
    /// # Errors
    /// Those of the build, and its warnings with `--strict`.
    pub(super) fn build(&self, target: &str, warnings: &mut Vec<Warning>) -> Result<Built> {
        let mut said = Vec::new();
        let mut recorder = self.build.annotate_origin.map(|_| Recorder::default());
        let built = match &mut recorder {
            Some(recorder) => self.run.build_observed(target, &mut said, recorder),
            None => self.run.build_from(target, &mut said),
        };
        warnings.extend_from_slice(&said);
        let built = self.build.heed(built, warnings).map_err(|error| self.explained(target, error));
        let build::Built { resources, schema, directories, lasts, hardening: _ } = built?;
        Ok(Built { resources, schema, directories, lasts, said, recorder })
    }

    /// Hardens and serialises a built target, and caches the result. Changes of hardening are stored in `hardened` if a
    /// report on many targets is requested, and else become warnings.
    ///
    /// # Errors
    /// Those of hardening and of writing YAML.
    pub(super) fn finish(
        &self,
        target: &str,
        built: Built,
        hardened: &mut Option<Value>,
        warnings: &mut Vec<Warning>,
        format: Format,
    ) -> Result<Rendered> {
        let Built { mut resources, schema, directories, lasts, mut said, recorder } = built;
        if let Some(work) = self.work {
            let told = self.harden(work, target, (&mut resources, &schema), hardened, format)?;
            warnings.extend_from_slice(&told);
            said.extend(told);
        }
        let count = resources.len();
        let mut warnings = Vec::new();
        let budget = resources.budget();
        if let Some(path) = self.file {
            let threads = &self.run.options().threads;
            // The end of the process frees the resources.
            let resources = crate::cli::until_exit(resources);
            let written = load::write_by(path, |write| resources.write_yaml(threads, write))?;
            let used = budget.all_spent();
            let mut rendered = Rendered::new(Vec::new(), count, Outcome::Rendered).using(used);
            (rendered.size.bytes, rendered.written) = (written.0, Some(written.1));
            return Ok(rendered);
        }
        let marks: Vec<_> =
            recorder.iter().flat_map(|_| resources.iter()).map(Resource::mark).collect();
        let texts =
            output::texts(resources, self.split, &mut warnings, &self.run.options().threads);
        let texts = match recorder {
            Some(recorder) => texts.and_then(|texts| self.annotated(texts, recorder, &marks)),
            None => texts,
        };
        let texts = self.build.heed(texts, &mut warnings)?;
        let used = budget.all_spent();
        let lasts = lasts && !self.work.is_some_and(Work::depends_on_day);
        let Some(keeper) = self.keeper.filter(|_| lasts) else {
            let rendered = Rendered::new(texts, count, Outcome::Rendered).using(used);
            return Ok(Rendered { warnings, ..rendered });
        };
        said.extend_from_slice(&warnings);
        let result = Kept { texts, resources: count, warnings: said };
        let unkept = keeper.keep(target, &directories, &result).err();
        let rendered = Rendered::new(result.texts, count, Outcome::Rendered).using(used);
        Ok(Rendered { unkept, warnings, ..rendered })
    }
}

impl Renderer<'_> {
    /// An error of a target with the layers that met where it occurred. The target is built again, up to the error, unless
    /// functions may run: one that has the network or writes somewhere must not run twice.
    #[cold]
    fn explained(&self, target: &str, error: Error) -> Error {
        if self.run.options().plugins.enabled || !trace::may_explain(&error) {
            return error;
        }
        let mut recorder = Recorder::default();
        drop(self.run.build_observed(target, &mut Vec::new(), &mut recorder));
        let trace = recorder.finish(ResMap::new());
        trace::explain(error, &trace, self.loader.sources())
    }

    /// The texts of resources with comments that name their origins.
    fn annotated(
        &self,
        texts: Vec<(String, String)>,
        recorder: Recorder,
        marks: &[Option<u32>],
    ) -> Result<Vec<(String, String)>> {
        let (trace, sources) = (recorder.finish(ResMap::new()), self.loader.sources());
        let annotated = match self.build.annotate_origin {
            Some(Origins::Field) => Annotated::Fields,
            Some(Origins::Object) | None => Annotated::Objects,
        };
        let histories = marks.iter().map(|mark| trace.histories.get((*mark)? as usize));
        let annotate = |((name, text), history): ((String, String), Option<&History>)| {
            let text = match history {
                Some(history) => traces::annotate(&text, history, &trace, sources, annotated)?,
                None => text,
            };
            Ok((name, text))
        };
        texts.into_iter().zip(histories).map(annotate).collect()
    }

    /// Hardens a built target. Changes are reported at once for a single target, and at the end of the run for many.
    fn harden(
        &self,
        work: &Work,
        target: &str,
        (resources, schema): (&mut ResMap, &Schema),
        hardened: &mut Option<Value>,
        format: Format,
    ) -> Result<Vec<Warning>> {
        let Build { hardening, quiet, .. } = self.build;
        let done = work.run(resources, self.loader.sources(), schema)?;
        let mut told = Vec::new();
        match (hardening.wants_report(), self.is_one) {
            (true, true) => hardening.report(&[done.as_json(target, resources)])?,
            (true, false) => *hardened = Some(done.as_json(target, resources)),
            (false, true) if !quiet => done.tell(resources, self.loader.sources(), format),
            (false, true) => {}
            (false, false) => told = done.warnings(resources),
        }
        done.outcome().map(|()| told)
    }
}

impl Rendered {
    /// Sets the used amounts of the limits.
    fn using(mut self, used: Spent) -> Self {
        self.size.used = Some(used);
        self
    }

    fn new(texts: Vec<(String, String)>, resources: usize, outcome: Outcome) -> Self {
        let bytes = texts.iter().map(|(_, text)| text.len()).sum();
        let size = Size { resources, bytes, used: None };
        Self { texts, size, outcome, unkept: None, warnings: Vec::new(), written: None }
    }
}
