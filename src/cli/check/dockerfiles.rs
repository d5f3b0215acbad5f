//! `--dockerfiles`: Dockerfiles that are checked beside targets.

use crate::cli::select::senseless;
use crate::dockerfile::{self, is_dockerfile};
use crate::error::{Code, Error, Result};
use crate::fleet::Run;
use crate::harden::{self, Phase, Profile, Set, Settings};
use crate::load::{self, File, Kind, Loader};
use crate::report::findings::{Checked, Judged, Remark};
use crate::text::phrase::few;

use super::targets::is_kustomization;

/// The Dockerfiles of a run, and its other inputs.
#[derive(Default)]
pub(super) struct Dockerfiles {
    groups: Vec<Group>,
    /// The arguments that are targets.
    pub(super) targets: Vec<String>,
}

/// The Dockerfiles of an argument.
struct Group {
    /// The argument.
    argument: String,
    /// The name of the target in reports.
    target: String,
    /// True if the user named the file.
    is_named: bool,
    files: Vec<File>,
}

impl Dockerfiles {
    /// Searches for Dockerfiles. A directory is also a target if it has a kustomization, or with `every` if there is
    /// one below it; a file is one if its name is that of a manifest.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] and the like, and [`Code::NoObjects`] if there is neither a Dockerfile nor a target.
    pub(super) fn find(
        loader: &Loader,
        run: &Run<'_>,
        arguments: &[String],
        every: bool,
    ) -> Result<Self> {
        let mut found = Self::default();
        for argument in arguments {
            if argument == "-" || load::is_file(argument.as_ref()) && is_manifest(argument) {
                found.targets.push(argument.clone());
            } else if loader.kind(argument) == Kind::Directory {
                let files = dockerfile::find(loader, argument)?;
                let has_targets = || run.targets(argument).is_ok_and(|targets| !targets.is_empty());
                if is_kustomization(loader, argument) || every && has_targets() {
                    found.targets.push(argument.clone());
                } else if files.is_empty() {
                    return Err(nothing(argument));
                }
                let target = format!("{argument} (Dockerfiles)");
                let argument = argument.clone();
                found.groups.push(Group { argument, target, is_named: false, files });
            } else {
                let file = loader.file(argument)?;
                let (argument, target) = (argument.clone(), argument.clone());
                found.groups.push(Group { argument, target, is_named: true, files: vec![file] });
            }
        }
        found.groups.retain(|group| !group.files.is_empty());
        Ok(found)
    }

    /// The Dockerfiles of the same arguments at a revision, as far as they exist there.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] and the like.
    pub(super) fn at(&self, base: &Loader) -> Result<Self> {
        let mut found = Self::default();
        for Group { argument, target, is_named, .. } in &self.groups {
            let files = match base.kind(argument) {
                Kind::Directory if !is_named => dockerfile::find(base, argument)?,
                Kind::File if *is_named => vec![base.file(argument)?],
                _ => continue,
            };
            let (argument, target) = (argument.clone(), target.clone());
            found.groups.push(Group { argument, target, is_named: *is_named, files });
        }
        Ok(found)
    }

    /// Applies the rules to the Dockerfiles, with the pods of the targets that use their images. Returns remarks, too.
    ///
    /// # Errors
    /// Those of [`dockerfile::check`].
    pub(super) fn judge(
        &self,
        loader: &Loader,
        judged: &[Judged],
        settings: &Settings,
    ) -> Result<(Vec<Judged>, Vec<Remark>)> {
        let settings = settings_of(settings);
        let checked = judged.iter().filter_map(|one| one.outcome.as_ref().ok());
        let containers: Vec<_> =
            checked.flat_map(|one| harden::containers(&one.resources, &settings.facts)).collect();
        let (mut all, mut remarks) = (Vec::new(), Vec::new());
        for Group { target, is_named, files, .. } in &self.groups {
            let dockerfile::Judged { dockerfiles, findings, failed, templates } =
                dockerfile::check(loader, files, *is_named, &containers, &settings)?;
            if !dockerfiles.is_empty() {
                let checked = Checked {
                    resources: dockerfiles,
                    pods: 0,
                    findings,
                    evidence: Default::default(),
                };
                let (target, outcome) = (target.clone(), Ok(checked));
                all.push(Judged { target, file: None, outcome });
            }
            if !templates.is_empty() {
                let names = few(&templates, 3, |name| format!("`{name}`"));
                let text = format!("templates and parts of Dockerfiles are not judged: {names}");
                remarks.push(Remark::note("inputs", text));
            }
            let failed = failed.into_iter();
            all.extend(failed.map(|(target, error)| Judged {
                file: Some(target.clone()),
                target,
                outcome: Err(error),
            }));
        }
        Ok((all, remarks))
    }
}

/// The settings for rules about Dockerfiles. Profiles of the Pod Security Standards have none of them, and who asks for
/// Dockerfiles gets those that are recommended.
fn settings_of(settings: &Settings) -> Settings {
    let mut settings = Settings { phase: Phase::Dockerfiles, ..settings.clone() };
    let profile = settings.facts.profile;
    let set =
        if profile.set == Set::Custom { Set::Custom } else { profile.set.max(Set::Recommended) };
    settings.facts.profile = Profile { set, ..profile };
    settings
}

/// True for the name of a file with manifests.
fn is_manifest(name: &str) -> bool {
    !is_dockerfile(name) && [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end))
}

#[cold]
fn nothing(directory: &str) -> Error {
    let message = format!("there is no Dockerfile at or below `{directory}`");
    let help = "Dockerfiles are named `Dockerfile`, `Dockerfile.NAME`, `NAME.Dockerfile` or `Containerfile`; any other file can be given by name";
    Error::new(Code::NoObjects, message).help(help)
}

/// The error for rules about Dockerfiles without the flag.
#[cold]
pub(super) fn not_asked() -> Error {
    senseless("--rule", "--dockerfiles").help("the rule is about Dockerfiles")
}
