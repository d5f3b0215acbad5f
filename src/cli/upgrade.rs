//! `krender upgrade`: the effects of an upgrade of Kubernetes on rendered objects.

use std::process::ExitCode;

use clap::Args;

use super::findings::{self, FOUND, NOT_DONE, Severities, apart_from_inputs};
use super::reading::{Jobs, List, Reading};
use super::rendered::{Rendered, rendered};
use super::select::{Select, Selected};
use super::terminal::{self, Format};
use super::told::Told;
use crate::error::{Code, Error, Result};
use crate::fleet::Run;
use crate::harden::{Definitions, FailOn, Upgrade, Version};
use crate::load::{self, Loader};
use crate::report::upgrades::{self, Effects, Found, Judged};

/// Show what an upgrade of Kubernetes breaks
///
/// Renders the kustomization in each DIR, or reads rendered YAML, and lists the objects on which an upgrade has an effect:
/// versions of the API that are deprecated or not served any more, with the version that replaces them and the fields that
/// move; Pod Security verdicts that differ; fields and annotations that mean something else; and versions of custom
/// resources that no definition of the inputs serves. An effect that several targets share is shown once.
///
/// Exit codes: 0 if nothing breaks, 1 if something does, 2 if an input could not be rendered.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct UpgradeCommand {
    /// Directories with a kustomization file, files or directories of rendered YAML, or `-`
    #[arg(value_name = "DIR|FILE|-", default_value = ".")]
    directories: Vec<String>,

    /// Version of Kubernetes before the upgrade, such as 1.34
    #[arg(long, value_name = "VERSION", value_parser = version)]
    from: Version,

    /// Version of Kubernetes after the upgrade [default: the newest one that krender knows]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    to: Option<Version>,

    /// Judge every kustomization at or below DIR that is not included by another one there
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    select: Select,

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: List,

    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,

    /// Lowest severity that fails with exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: Severities,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

impl UpgradeCommand {
    /// Judges all targets, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        findings::run(&self.reading, format, |loader| self.judge_and_write(loader, format))
    }

    fn judge_and_write(&self, loader: &Loader, format: Format) -> Result<u8> {
        let upgrade = Upgrade { from: self.from, to: self.to.unwrap_or(Version::LATEST) };
        if upgrade.from >= upgrade.to {
            let message = format!("`--from {}` is not before `--to {}`", upgrade.from, upgrade.to);
            return Err(Error::new(Code::InvalidArgument, message)
                .help("name the version that the cluster has, and one after it"));
        }
        let options = self.reading.options(self.jobs.threads());
        let run = super::until_exit(Run::new(loader, &options));
        let Selected { targets, refused } =
            self.select.targets(self.all, run, loader, &self.directories)?;
        let renders = super::until_exit(rendered(run, &targets));
        let mut judged = judged(upgrade, renders);
        judged.extend(
            refused.into_iter().map(|(target, error)| Judged { target, outcome: Err(error) }),
        );
        let judged = super::until_exit(judged);
        let effects = Effects { upgrade, targets: judged, sources: loader.sources() };
        let text = match self.format {
            List::Text => upgrades::text(&effects),
            List::Json => upgrades::json(&effects),
        };
        match &self.output {
            Some(file) => {
                apart_from_inputs(file, loader)?;
                load::write(file.as_ref(), &[&text])?;
            }
            None => super::print(&text)?,
        }
        let (mut told, mut exit) = (Told::default(), 0);
        let fail_on = FailOn::from(self.fail_on);
        for Judged { target, outcome } in judged {
            match outcome {
                Ok(found) if found.effects.iter().any(|one| fail_on.counts(one.severity)) => {
                    exit = exit.max(FOUND);
                }
                Ok(_) => {}
                Err(error) => {
                    exit = NOT_DONE;
                    told.add(target, Vec::new(), Some(error.clone()));
                }
            }
        }
        told.into_outcome()
            .unwrap_or_else(|error| terminal::errors(&error, loader.sources(), format));
        Ok(exit)
    }
}

/// The version of a cluster, also one with a patch as a cluster tells it: `v1.34.2`.
fn version(text: &str) -> Result<Version> {
    let patch = text.match_indices('.').nth(1).and_then(|(at, _)| text.split_at_checked(at));
    let is_patch = |patch: &str| {
        let number = patch.split(['-', '+']).next().unwrap_or_default();
        number.len() > 1 && number[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    let version: Version = match patch {
        Some((minor, patch)) if is_patch(patch) => minor.parse(),
        _ => text.parse(),
    }?;
    if version > Version::LATEST {
        let message = format!("Kubernetes {version} is not known");
        let newest = Version::LATEST;
        return Err(Error::new(Code::InvalidArgument, message)
            .help(format!("the newest version that krender knows is {newest}")));
    }
    Ok(version)
}

/// The effects on each render.
fn judged(upgrade: Upgrade, renders: &[Rendered]) -> Vec<Judged> {
    let mut of_all = Definitions::default();
    for objects in renders.iter().filter_map(|(_, objects)| objects.as_ref().ok()) {
        of_all.add(objects);
    }
    let judged = renders.iter().map(|(target, objects)| {
        let outcome = match objects {
            Ok(objects) => {
                let effects = upgrade.effects(objects, &of_all);
                Ok(Found { objects: objects.len(), effects })
            }
            Err(error) => Err(error.clone()),
        };
        Judged { target: target.clone(), outcome }
    });
    judged.collect()
}
