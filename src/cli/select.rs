//! Selection of the targets of a run: named directories, or targets of a tree that match patterns.

use std::ops::ControlFlow;

use super::patterns::{Found, Patterns};
use crate::text::phrase;
use crate::{
    error::{Code, Error, Result},
    fleet::{PassedOver, Run, Survey, Target},
    load::{Kind, Loader},
    parallel::{Threads, in_order},
};
use clap::Args;

/// Which of the targets that are found.
#[derive(Args, Debug, Default)]
pub(super) struct Select {
    /// Only targets whose path, or a parent of it, matches GLOB, such as `overlays/*` or `**/prod`. Each GLOB must match a
    /// target
    #[arg(long, value_name = "GLOB")]
    pub(super) include: Vec<String>,

    /// Skip targets whose path, or a parent of it, matches GLOB
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
}

/// The targets of a run.
#[derive(Default)]
pub(super) struct Selected {
    pub(super) targets: Vec<String>,
    /// Directories that cannot be targets, by name, with the error.
    pub(super) refused: Vec<(String, Error)>,
}

impl Selected {
    /// Fails if a directory was refused.
    ///
    /// # Errors
    /// The first of `refused`, joined with the others.
    pub(super) fn outcome(self) -> Result<()> {
        Error::all(self.refused.into_iter().map(|(_, error)| error)).map_or(Ok(()), Err)
    }
}

impl Select {
    /// The targets of a run: all that are found in the directories, or the directories themselves.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for patterns without a search, and those of [`all`] and [`named`].
    pub(super) fn targets(
        &self,
        is_all: bool,
        run: &Run<'_>,
        loader: &Loader,
        directories: &[String],
    ) -> Result<Selected> {
        if is_all {
            return all(run, loader, directories, self, &|| Ok(Vec::new()));
        }
        self.refuse("--all")?;
        let targets = named(loader, directories, &run.options().threads)?;
        Ok(Selected { targets, refused: Vec::new() })
    }
}

impl Select {
    /// The targets that are found in a directory. Patterns may also match those that it had at another revision, which is
    /// read only if they match none now.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`], [`Code::KustomizationNotFound`], [`Code::NothingSelected`], and those of [`Run::targets`].
    pub(super) fn targets_since(
        &self,
        run: &Run<'_>,
        directory: &String,
        before: &Loader,
    ) -> Result<Selected> {
        let directories = std::slice::from_ref(directory);
        let elsewhere = || match before.kind(directory) {
            Kind::Directory => {
                Ok(Self::found(&Run::new(before, run.options()), directories)?.targets)
            }
            _ => Ok(Vec::new()),
        };
        all(run, run.loader(), directories, self, &elsewhere)
    }
}

/// The first of some names, and the number of the others.
pub(super) fn few(names: &[String]) -> String {
    phrase::few(names, 3, |name| format!("`{name}`"))
}

impl Select {
    /// Refuses patterns without another flag, which searches for targets.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub(super) fn refuse(&self, other: &str) -> Result<()> {
        let flags = [("--include", &self.include), ("--exclude", &self.exclude)];
        match flags.iter().find(|(_, patterns)| !patterns.is_empty()) {
            Some((flag, _)) => Err(senseless(flag, other)
                .help(format!("to find all targets below DIR, add `{other}`"))),
            None => Ok(()),
        }
    }

    /// The patterns.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`].
    pub(super) fn patterns(&self) -> Result<Patterns> {
        Patterns::parse(&self.include, &self.exclude)
    }

    /// The targets of trees, and the other kustomizations there, whose directories match the patterns; and all that were
    /// found, to check the patterns by.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`], and those of [`Run::survey`].
    pub(super) fn survey(&self, run: &Run<'_>, directories: &[String]) -> Result<(Survey, Found)> {
        let patterns = self.patterns()?;
        let fits = |target: &Target| patterns.selects(&target.below);
        let (mut all, mut found) = (Survey::default(), Found::default());
        for directory in directories {
            let Survey { targets, passed_over } = run.survey(directory)?;
            if !patterns.is_empty() {
                found.add(&targets, &passed_over);
            }
            all.targets.extend(targets.into_iter().filter(fits));
            all.passed_over.extend(passed_over.into_iter().filter(|one| fits(&one.target)));
        }
        Ok((all, found))
    }

    /// The targets of trees, selected or not, by their paths below these.
    ///
    /// # Errors
    /// Those of [`Run::survey`].
    pub(super) fn found(run: &Run<'_>, directories: &[String]) -> Result<Found> {
        let mut found = Found::default();
        for directory in directories {
            let Survey { targets, passed_over } = run.survey(directory)?;
            found.add(&targets, &passed_over);
        }
        Ok(found)
    }
}

impl Found {
    fn add(&mut self, targets: &[Target], passed_over: &[PassedOver]) {
        self.targets.extend(targets.iter().map(|target| target.below.clone()));
        let other = |one: &PassedOver| (one.target.below.clone(), one.why.to_string());
        self.others.extend(passed_over.iter().map(other));
    }
}

/// The error for a flag that requires another one.
pub(super) fn senseless(flag: &str, other: &str) -> Error {
    Error::new(Code::InvalidArgument, format!("`{flag}` requires `{other}`"))
}

/// The directories as named, which must differ.
///
/// # Errors
/// [`Code::InvalidArgument`] for one that is named twice.
fn named(loader: &Loader, directories: &[String], threads: &Threads) -> Result<Vec<String>> {
    let mut seen = std::collections::BTreeMap::new();
    let mut twice = None;
    // A missing directory is reported when it is built.
    let find = |number: usize| loader.root(&directories[number]).ok();
    let threads = threads.for_small(directories.len());
    in_order(directories.len(), &threads, find, |number, root| {
        let directory = &directories[number];
        let path = root.map(|root| root.path().as_os_str().to_owned());
        match path.and_then(|path| seen.insert(path, directory)) {
            None => ControlFlow::Continue(()),
            Some(first) => {
                twice = Some((first, directory));
                ControlFlow::Break(())
            }
        }
    });
    let Some((first, second)) = twice else { return Ok(directories.to_vec()) };
    let message = match first == second {
        true => format!("`{first}` is named twice"),
        false => format!("`{first}` and `{second}` are the same directory"),
    };
    Err(Error::new(Code::InvalidArgument, message).help("name it once"))
}

/// The targets of trees whose directories match the patterns, in the order of the trees. `elsewhere` has paths of more
/// targets that patterns may be about.
///
/// # Errors
/// [`Code::InvalidPattern`], [`Code::KustomizationNotFound`] if there is no target, [`Code::NothingSelected`] if an
/// included pattern matches none, and those of [`Run::targets`].
fn all(
    run: &Run<'_>,
    loader: &Loader,
    directories: &[String],
    select: &Select,
    elsewhere: &dyn Fn() -> Result<Vec<String>>,
) -> Result<Selected> {
    let patterns = select.patterns()?;
    let (selected, found) = unchecked(run, loader, directories, &patterns)?;
    if patterns.check(&found, directories).is_err() {
        // The error also tells of kustomizations that are no targets.
        let mut found = Select::found(run, directories)?;
        found.targets.extend(elsewhere()?);
        patterns.check(&found, directories)?;
    }
    Ok(selected)
}

/// The error for trees without a target.
#[cold]
pub(super) fn no_kustomization(directories: &[String]) -> Error {
    let tree = format!("`{}`", directories.join("`, `"));
    Error::new(Code::KustomizationNotFound, format!("there is no kustomization in {tree}"))
        .help("hidden directories and components are skipped")
}

/// The targets of trees whose directories match the patterns, and all that were found, by which the patterns are still
/// to be checked.
///
/// # Errors
/// [`Code::KustomizationNotFound`] if there is no target, and those of [`Run::targets`].
pub(super) fn unchecked(
    run: &Run<'_>,
    loader: &Loader,
    directories: &[String],
    patterns: &Patterns,
) -> Result<(Selected, Found)> {
    let (mut selected, mut refused) = (Vec::new(), Vec::new());
    let mut found = Found::default();
    for directory in directories {
        let targets = run.targets(directory)?;
        found.add(&targets, &[]);
        let fits = |target: &Target| patterns.selects(&target.below);
        for Target { directory, below: _, refused: error } in targets.into_iter().filter(fits) {
            match error {
                None => selected.push(directory),
                Some(error) => refused.push((directory, error)),
            }
        }
    }
    if found.targets.is_empty() {
        return Err(no_kustomization(directories));
    }
    let targets = named(loader, &selected, &run.options().threads)?;
    Ok((Selected { targets, refused }, found))
}
