//! Fixes of kustomization files: deprecated fields become their successors, and a missing version and kind are added.
//!
//! A fix is that of `edit fix`. It is applied only if every target that includes the kustomization renders to the same
//! bytes as before.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Linted;
use super::scene::Scene;
use crate::build;
use crate::edit::fix::{Fix, FixedFile};
use crate::edit::kustomization::KustomizationFile;
use crate::error::{Code, Error, Result};
use crate::fleet::Run;
use crate::harden::{Finding, Rule};
use crate::load::{self, Disk, Loader, Overlay, replace_together};

/// A kustomization with findings that have a fix.
#[derive(Debug)]
pub(super) struct Fixable {
    /// Its directory.
    directory: PathBuf,
    /// Its name.
    name: String,
    /// The names of the targets that include it.
    targets: Vec<String>,
    /// The rules.
    rules: Vec<&'static Rule>,
}

/// Planned and proved fixes.
#[derive(Debug, Default)]
pub struct Fixes {
    /// The files, each with the rules that ask for its change.
    pub files: Vec<(FixedFile, Vec<&'static Rule>)>,
    /// The kustomizations that are not fixed.
    pub refused: Vec<Refused>,
}

/// A kustomization that is not fixed.
#[derive(Debug)]
pub struct Refused {
    /// Its directory.
    pub name: String,
    /// The reason.
    pub error: Error,
}

/// The kustomizations with open findings that have a fix.
pub(super) fn fixable(findings: &[Finding], scene: &Scene<'_>, targets: &[String]) -> Vec<Fixable> {
    let has_fix = |finding: &&Finding| finding.suppressed.is_none() && finding.fix.is_some();
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered().filter(|(_, one)| one.root.remote().is_none()) {
        let own = findings.iter().filter(has_fix).filter(|finding| finding.place == number);
        let mut rules: Vec<&'static Rule> =
            own.filter_map(|finding| finding.rule.known()).collect();
        rules.sort_unstable_by_key(|rule| rule.id);
        rules.dedup();
        if rules.is_empty() {
            continue;
        }
        let target = |number: &usize| targets.get(*number).cloned();
        found.push(Fixable {
            directory: layer.root.path().to_path_buf(),
            name: layer.root.name().to_owned(),
            targets: layer.targets.iter().filter_map(target).collect(),
            rules,
        });
    }
    found
}

/// Plans the fixes of findings, and proves each by the targets that include the kustomization.
#[must_use]
pub fn fix(linted: &Linted, load: &load::Options, options: &build::Options) -> Fixes {
    let mut fixes = Fixes::default();
    let planned = linted.fixable.iter().filter_map(|one| match plan(one, load) {
        Ok(fix) => Some((one, fix)),
        Err(error) => {
            fixes.refused.push(Refused { name: one.name.clone(), error });
            None
        }
    });
    let planned: Vec<(&Fixable, Fix)> = planned.collect();
    let all: Vec<&(&Fixable, Fix)> = planned.iter().collect();
    // Most fixes change no byte of a render: all of them are proved together, and only if that fails each alone.
    let accepted = match prove(&all, load, options) {
        Ok(()) => all,
        Err(_) => all
            .into_iter()
            .filter(|one| match prove(&[one], load, options) {
                Ok(()) => true,
                Err(error) => {
                    fixes.refused.push(Refused { name: one.0.name.clone(), error });
                    false
                }
            })
            .collect(),
    };
    for (fixable, fix) in accepted {
        let files = fix.files().iter().map(|file| (file.clone(), fixable.rules.clone()));
        fixes.files.extend(files);
    }
    fixes
}

fn plan(fixable: &Fixable, load: &load::Options) -> Result<Fix> {
    if fixable.targets.is_empty() {
        let message =
            "no target of this run includes the kustomization, so that a fix cannot be proved";
        return Err(Error::new(Code::EditRefused, message)
            .help("`krender edit fix` in its directory fixes it without a proof"));
    }
    let file = KustomizationFile::find(&fixable.directory)?;
    let here = load::Options { working_directory: fixable.directory.clone(), ..load.clone() };
    Fix::plan(&file, &here, false)
}

/// Builds the targets of kustomizations from the files on disk, and from those of the fixes.
fn prove(fixes: &[&(&Fixable, Fix)], load: &load::Options, options: &build::Options) -> Result<()> {
    let targets: BTreeSet<&String> = fixes.iter().flat_map(|(one, _)| &one.targets).collect();
    let targets: Vec<&String> = targets.into_iter().collect();
    let files = fixes.iter().flat_map(|(_, fix)| fix.files());
    let overlay = files.fold(Overlay::new(Disk), |all, file| all.file(file.path(), &file.after));
    let (before, after) = (Loader::new(Disk, load.clone()), Loader::new(overlay, load.clone()));
    let (before, after) = (Run::new(&before, options), Run::new(&after, options));
    before.expect(&targets);
    after.expect(&targets);
    for target in targets {
        let render = |run: &Run<'_>| run.build(target, &mut Vec::new())?.to_yaml();
        if render(&before)? != render(&after)? {
            let message = format!("`{target}` would render to other bytes");
            return Err(Error::new(Code::EditRefused, message)
                .help("`krender edit fix` in its directory shows the difference"));
        }
    }
    Ok(())
}

impl Fixes {
    /// Replaces the files, all or none. False if one of them has changed since the fixes were planned.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] and [`Code::TimedOut`].
    pub fn write(&self) -> Result<bool> {
        let files: Vec<_> = self
            .files
            .iter()
            .map(|(file, _)| (file.path(), file.before.as_bytes(), file.after.as_bytes()))
            .collect();
        replace_together(&files)
    }
}
