//! Selection of the targets of a run: named directories, or targets of a tree that match patterns.

use std::ops::ControlFlow;

use clap::Args;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::text::phrase;
use crate::{
    error::{Code, Error, Result},
    fleet::{Run, Survey, Target},
    load::Loader,
    parallel::{Threads, in_order},
};

/// Which of the targets that are found.
#[derive(Args, Debug, Default)]
pub(super) struct Select {
    /// Only targets whose path, or a parent of it, matches GLOB, such as `overlays/*` or `**/prod`
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
            return all(run, loader, directories, self);
        }
        let flags = [("--include", &self.include), ("--exclude", &self.exclude)];
        if let Some((flag, _)) = flags.iter().find(|(_, patterns)| !patterns.is_empty()) {
            return Err(senseless(flag, "--all").help("to find all targets below DIR, add `--all`"));
        }
        let targets = named(loader, directories, &run.options().threads)?;
        Ok(Selected { targets, refused: Vec::new() })
    }
}

/// The first of some names, and the number of the others.
pub(super) fn few(names: &[String]) -> String {
    phrase::few(names, 3, |name| format!("`{name}`"))
}

impl Select {
    /// A condition that is true for the directories that the patterns select, by their paths below a tree.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`].
    pub(super) fn condition(&self) -> Result<impl Fn(&str) -> bool + Sync + use<>> {
        let included = patterns("--include", &self.include)?;
        let excluded = patterns("--exclude", &self.exclude)?;
        let is_all = self.include.is_empty();
        Ok(move |below: &str| (is_all || included.is_match(below)) && !excluded.is_match(below))
    }

    /// The targets of trees, and the other kustomizations there, whose directories match the patterns.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`], and those of [`Run::survey`].
    pub(super) fn survey(&self, run: &Run<'_>, directories: &[String]) -> Result<Survey> {
        let is_selected = self.condition()?;
        let fits = |target: &Target| is_selected(&target.below);
        let mut all = Survey::default();
        for directory in directories {
            let Survey { targets, passed_over } = run.survey(directory)?;
            all.targets.extend(targets.into_iter().filter(fits));
            all.passed_over.extend(passed_over.into_iter().filter(|one| fits(&one.target)));
        }
        Ok(all)
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

/// The targets of trees whose directories match the patterns, in the order of the trees.
///
/// A pattern matches a directory, or all directories below it, by its path relative to the tree; without a slash it
/// matches a name at any level. `*` matches any text without a slash, `**` any directories.
///
/// # Errors
/// [`Code::InvalidPattern`], [`Code::KustomizationNotFound`] if no target is left, and those of [`Run::targets`].
fn all(
    run: &Run<'_>,
    loader: &Loader,
    directories: &[String],
    select: &Select,
) -> Result<Selected> {
    let is_selected = select.condition()?;
    let (mut selected, mut refused) = (Vec::new(), Vec::new());
    let mut found = 0;
    for directory in directories {
        let targets = run.targets(directory)?;
        found += targets.len();
        let fits = |target: &Target| is_selected(&target.below);
        for Target { directory, below: _, refused: error } in targets.into_iter().filter(fits) {
            match error {
                None => selected.push(directory),
                Some(error) => refused.push((directory, error)),
            }
        }
    }
    if !selected.is_empty() || !refused.is_empty() {
        let targets = named(loader, &selected, &run.options().threads)?;
        return Ok(Selected { targets, refused });
    }
    let tree = format!("`{}`", directories.join("`, `"));
    Err(if found == 0 {
        Error::new(Code::KustomizationNotFound, format!("there is no kustomization in {tree}"))
            .help("hidden directories and components are skipped")
    } else {
        let message = format!("none of the {found} targets in {tree} matches the patterns");
        Error::new(Code::KustomizationNotFound, message)
            .help("patterns match paths relative to the directory: `overlays/*`, `**/prod`")
    })
}

fn patterns(flag: &str, patterns: &[String]) -> Result<GlobSet> {
    let invalid = |pattern: &str, error: &globset::Error| {
        let message = format!("the pattern `{pattern}` of `{flag}` is invalid");
        Error::new(Code::InvalidPattern, message).help(error.kind().to_string())
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let whole = pattern.trim_start_matches("./").trim_matches('/');
        let whole = if whole.contains('/') { whole.to_owned() } else { format!("**/{whole}") };
        let glob = |text: &str| -> Result<Glob> {
            GlobBuilder::new(text)
                .literal_separator(true)
                .build()
                .map_err(|error| invalid(pattern, &error))
        };
        set.add(glob(&whole)?).add(glob(&format!("{whole}/**"))?);
    }
    set.build().map_err(|error| invalid(&patterns.join("`, `"), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_directories_and_what_is_below() {
        for (pattern, path, expected) in [
            ("overlays/*", "overlays/prod", true),
            ("overlays/*", "overlays/prod/eu", true),
            ("overlays/*", "team/overlays/prod", false),
            ("**/prod", "team/overlays/prod", true),
            ("**/prod", "prod", true),
            ("prod", "team/overlays/prod/eu", true),
            ("prod", "team/overlays/product", false),
            ("pr*", "team/product", true),
            ("./team/", "team", true),
            ("{dev,test}", "a/test", true),
            ("team/**/eu", "team/eu", true),
            ("*", "", true),
        ] {
            let set = patterns("--include", &[pattern.to_owned()]).unwrap();
            assert_eq!(set.is_match(path), expected, "{pattern} {path}");
        }
        let error = patterns("--include", &["a[".to_owned()]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidPattern);
    }
}
