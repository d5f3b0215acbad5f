//! The proof that changed files render as `build --harden` would.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::files::{NewTexts, overlay};
use super::renders::{Hardening, Render, subject};
use super::same::difference;
use crate::build;
use crate::error::{Code, Error, Result};
use crate::fleet::{Run, affected};
use crate::harden::{self, Change, ChosenFixes, by_name};
use crate::limits::{Budget, Limit};
use crate::load::{self, Disk, Loader};
use crate::resource::{ResMap, Resource};
use crate::source::Span;

/// The input of proofs.
pub(super) struct Prover<'a> {
    /// The options of loaders.
    pub(super) load: &'a load::Options,
    /// The options of builds.
    pub(super) options: &'a build::Options,
    pub(super) hardening: Hardening<'a>,
    /// The targets to fix.
    pub(super) renders: &'a [Render],
    /// The targets to fix that cannot be rendered.
    pub(super) failed: &'a [(String, Error)],
    /// The other targets of the repository.
    pub(super) others: &'a [String],
    /// The budget of the run, which edits and proofs are charged to.
    pub(super) budget: &'a Budget,
}

impl Prover<'_> {
    /// Proves that the new files change the objects that `is_fixed` names, by target and index, to what hardening makes of
    /// them, and nothing else in any target to fix; and that the other targets of the repository change only as hardening
    /// would change them. Returns those others. With `only_affected`, targets without a changed file are not built.
    ///
    /// # Errors
    /// [`Code::EditRefused`] for each object that would change in another way, and those of builds.
    pub(super) fn prove(
        &self,
        files: &NewTexts,
        is_fixed: &dyn Fn(usize, usize) -> bool,
        only_affected: bool,
    ) -> std::result::Result<Vec<String>, Unproved> {
        let loader = Loader::new(overlay(files), self.load.clone());
        let run = Run::new(&loader, self.options);
        let paths: BTreeSet<PathBuf> = files.keys().cloned().collect();
        let names: Vec<String> = self.renders.iter().map(|render| render.name.clone()).collect();
        let asked = match only_affected {
            true => among(&names, &loader, &paths)?,
            false => names,
        };
        run.expect(&asked);
        let mut unproved = Unproved::default();
        for (number, render) in self.renders.iter().enumerate() {
            if !only_affected || asked.contains(&render.name) {
                // Otherwise each is compared once.
                let objects = if only_affected { render.before.len() as u64 } else { 0 };
                self.budget.spend(Limit::Resources, objects, Span::NONE)?;
                self.compare(&run, (number, render), is_fixed, &mut unproved);
            }
        }
        let failed: Vec<String> = self.failed.iter().map(|(name, _)| name.clone()).collect();
        for name in among(&failed, &loader, &paths)? {
            let error = self.failed.iter().find(|(failed, _)| *failed == name);
            let message = format!("`{name}` includes a changed file, and cannot be built");
            let proof = Error::new(Code::EditRefused, message);
            unproved.errors.push(match error {
                Some((_, error)) => proof.help(format!("its error: {}", error.message())),
                None => proof,
            });
        }
        let others = among(self.others, &loader, &paths)?;
        let disk = Loader::new(Disk, self.load.clone());
        let before = Run::new(&disk, self.options);
        for name in &others {
            unproved.errors.extend(self.compare_other(&before, &run, name).err());
        }
        if unproved.errors.is_empty() { Ok(others) } else { Err(unproved) }
    }

    /// Compares a target to fix with what is expected.
    fn compare(
        &self,
        run: &Run<'_>,
        (number, render): (usize, &Render),
        is_fixed: &dyn Fn(usize, usize) -> bool,
        unproved: &mut Unproved,
    ) {
        let Render { name, before, after, .. } = render;
        let found = match run.build(name, &mut Vec::new()) {
            Ok(found) => found,
            Err(error) => {
                unproved.errors.push(error.step(format!("while building `{name}`")));
                return;
            }
        };
        let expected = |place| match is_fixed(number, place) {
            true => after.get(place),
            false => before.get(place),
        };
        for (place, error) in differences(name, &found, before.len(), expected) {
            unproved.objects.extend(place.map(|place| (number, place)));
            unproved.errors.push(error);
        }
    }

    /// Compares what hardening makes of another target before and after the change, and proves that the change makes whole
    /// fixes in it: what some of its rules, and no others, would make of its objects. Half of a fix may be worse than none.
    fn compare_other(&self, before: &Run<'_>, after: &Run<'_>, name: &str) -> Result<()> {
        let Hardening { settings, fixes } = self.hardening;
        let hardened = |run: &Run<'_>| {
            let built = run.build_from(name, &mut Vec::new())?;
            let mut resources = built.resources.clone();
            let sources = run.loader().sources();
            let changes = harden::harden(&mut resources, sources, &built.schema, settings, fixes)?;
            Ok((built, resources, changes))
        };
        let with_step = |error: Error| error.step(format!("while building `{name}`"));
        let (old, expected, old_changes) = hardened(before).map_err(with_step)?;
        let (new, found, new_changes) = hardened(after).map_err(with_step)?;
        let mut errors = differences(name, &found, expected.len(), |place| expected.get(place));
        if errors.is_empty() {
            let key = |change: &Change| (change.place, change.rule.id, change.container.clone());
            let left: BTreeSet<_> = new_changes.iter().map(key).collect();
            let mut only = ChosenFixes::new();
            for (place, rule, container) in old_changes.iter().map(key) {
                if !left.contains(&(place, rule, container.clone())) {
                    only.entry(place).or_default().push((rule, container));
                }
            }
            let mut partly = old.resources;
            let sources = before.loader().sources();
            let inputs = (&mut partly, sources);
            harden::harden_only(inputs, &old.schema, settings, fixes, &only).map_err(with_step)?;
            errors = differences(name, &new.resources, partly.len(), |place| partly.get(place));
        }
        let errors = errors.into_iter().map(|(_, error)| {
            error.help("it includes the file, and is not among the targets to fix")
        });
        Error::all(errors).map_or(Ok(()), Err)
    }
}

/// The objects of a target that are not as expected, by their indices; `None` for others than those.
fn differences<'r>(
    name: &str,
    found: &ResMap,
    count: usize,
    expected: impl Fn(usize) -> Option<&'r Resource>,
) -> Vec<(Option<usize>, Error)> {
    let differs = |object: String| {
        let message = format!("`{name}` would render {object} otherwise than hardening does");
        Error::new(Code::EditRefused, message)
    };
    if found.len() != count {
        return vec![(None, differs("other objects".to_owned()))];
    }
    let mut errors = Vec::new();
    for (place, object) in found.iter().enumerate() {
        let expected = expected(place).filter(|expected| expected.id() == object.id());
        let Some(expected) = expected else {
            return vec![(None, differs(subject(object)))];
        };
        if let Some(path) = difference(expected.node(), object.node()) {
            let field = by_name(&path, object.node());
            let error = differs(format!("`{field}` of {}", subject(object)));
            errors.push((Some(place), error.at(path.span(object.node()))));
        }
    }
    errors
}

/// The result of a proof that failed.
#[derive(Debug, Default)]
pub(super) struct Unproved {
    /// The errors.
    pub(super) errors: Vec<Error>,
    /// The objects that would be others, by target and index.
    pub(super) objects: BTreeSet<(usize, usize)>,
}

impl Unproved {
    /// The error of a spent budget, if it was.
    pub(super) fn spent(&self) -> Option<&Error> {
        self.errors.iter().find(|error| error.code() == Code::LimitExceeded)
    }

    /// All errors as one.
    pub(super) fn into_error(self) -> Option<Error> {
        Error::all(self.errors)
    }
}

impl From<Error> for Unproved {
    fn from(error: Error) -> Self {
        Self { errors: error.into_each(), objects: BTreeSet::new() }
    }
}

/// The targets that may include one of these files.
fn among(targets: &[String], loader: &Loader, files: &BTreeSet<PathBuf>) -> Result<Vec<String>> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let affected = affected(loader, targets, files)?.targets;
    Ok(targets.iter().zip(affected).filter(|(_, is)| *is).map(|(name, _)| name.clone()).collect())
}
