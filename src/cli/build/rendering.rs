//! A target on its way to the texts that it is written as: rendered, or kept from an earlier run.

use std::{collections::BTreeSet, ffi::OsString};

use super::{
    Build, output,
    report::Format,
    timings::{Outcome, Size},
};
use crate::{
    build::{Found, Keeper, Kept, Run},
    config::Warning,
    error::{Error, Result},
    load::Loader,
    resource::ResMap,
};

/// Renders targets as they were asked for.
pub(super) struct Renderer<'a> {
    pub(super) build: &'a Build,
    pub(super) loader: &'a Loader,
    pub(super) run: &'a Run<'a>,
    pub(super) keeper: Option<&'a Keeper<'a>>,
    /// Whether each resource is a text of its own.
    pub(super) split: bool,
    /// Whether there is one target only. Of many, hardening tells only what is left to repair.
    pub(super) is_one: bool,
}

/// A target that was built.
pub(super) struct Built {
    resources: ResMap,
    directories: BTreeSet<OsString>,
    /// What there was to say.
    said: Vec<Warning>,
}

/// A target that is ready to be written.
pub(super) struct Rendered {
    /// Each with its name.
    pub(super) texts: Vec<(String, String)>,
    pub(super) size: Size,
    pub(super) outcome: Outcome,
    /// Why it could not be kept for later ones.
    pub(super) unkept: Option<Error>,
}

impl Renderer<'_> {
    /// What was found of an earlier run, unless it was lost since. Adds what there is to say of it.
    pub(super) fn read(
        &self,
        found: Option<&Found>,
        warnings: &mut Vec<Warning>,
    ) -> Option<Rendered> {
        let Kept { texts, resources, warnings: said } = self.keeper?.read(found?)?;
        warnings.extend(said);
        Some(Rendered::new(texts, resources, Outcome::Kept))
    }

    /// Builds a target, and adds what there is to say of it.
    ///
    /// # Errors
    /// What is wrong with it, and its warnings where none are allowed.
    pub(super) fn build(&self, target: &str, warnings: &mut Vec<Warning>) -> Result<Built> {
        let mut said = Vec::new();
        let built = self.run.build_from(target, &mut said);
        warnings.extend_from_slice(&said);
        let (resources, directories) = self.build.heed(built, warnings)?;
        Ok(Built { resources, directories, said })
    }

    /// Makes the texts of what was built, and keeps them.
    ///
    /// # Errors
    /// Those of hardening and of writing YAML.
    pub(super) fn finish(&self, target: &str, built: Built, format: Format) -> Result<Rendered> {
        let Built { mut resources, directories, said } = built;
        let Build { hardening, quiet, .. } = self.build;
        hardening.apply(&mut resources, self.loader, *quiet || !self.is_one, format)?;
        let texts = output::texts(&resources, self.split)?;
        let count = resources.len();
        if self.is_one {
            // The process ends soon, and its memory with it: walking what was built to free it would only take time.
            std::mem::forget(resources);
        }
        let Some(keeper) = self.keeper else {
            return Ok(Rendered::new(texts, count, Outcome::Rendered));
        };
        let result = Kept { texts, resources: count, warnings: said };
        let unkept = keeper.keep(target, &directories, &result).err();
        Ok(Rendered { unkept, ..Rendered::new(result.texts, count, Outcome::Rendered) })
    }
}

impl Rendered {
    fn new(texts: Vec<(String, String)>, resources: usize, outcome: Outcome) -> Self {
        let bytes = texts.iter().map(|(_, text)| text.len()).sum();
        Self { texts, size: Size { resources, bytes }, outcome, unkept: None }
    }

    /// The text of what is not split.
    pub(super) fn text(&self) -> &str {
        self.texts.first().map_or("", |(_, text)| text)
    }
}
