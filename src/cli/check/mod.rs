//! `krender check`: renders targets, and checks the objects against rules.

mod accepted;
mod appliers;
pub(super) mod baseline;
mod compared;
mod dockerfiles;
mod inputs;
pub(super) mod known;
mod located;
pub(super) mod lowered;
pub(super) mod output;
mod plain;
mod platform;
mod start;
mod steps;
pub(super) mod targets;
mod unproved;

use std::process::ExitCode;

use clap::Args;

use super::configuration::{self, Base};
use super::findings::{self, AskedRules, FindingFlags, Results};
use super::reading::{Jobs, Reading, working_directory};
use super::rendered::is_of_manifests;
use super::select::{Select, Selected};
use super::terminal::Format;
use crate::build;
use crate::error::Result;
use crate::fleet::{self, PassedOver};
use crate::harden::{self, HARDENING_STEP_CHANGED, Profile, Rule, TARGET_NOT_JUDGED};
use crate::load::{Kind, Loader};
use crate::report::findings::{Context, Judged, Subject};
use dockerfiles::Dockerfiles;
use inputs::Inputs;
use known::Known;
use steps::Steps;

/// Check rendered objects against rules
///
/// Renders the kustomization in each DIR, or reads rendered YAML from FILE or from standard input (`-`), and prints
/// each violation of a rule of the profile once, with the number of overlays that have it: object and container, and the
/// place in the sources that set the field. A few findings are shown with source, reason and advice. With `--all`, a table
/// at the end has the targets that do not pass.
///
/// Exit codes: 0 if all checks pass, 1 if there are findings, 2 if there are none, but an input could not be checked. A
/// target that cannot be rendered does not stop the others; `--allow-unrendered` accepts it.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Check {
    /// Directories with a kustomization file, files or directories of rendered YAML, or `-`
    #[arg(value_name = "DIR|FILE|-", default_value = ".")]
    targets: Vec<String>,

    /// Profile: privileged, baseline, restricted, recommended, paranoid or custom, optionally at a version of the Pod
    /// Security Standards [default: the configuration's, else recommended]
    #[arg(long, value_name = "PROFILE[@VERSION]")]
    profile: Option<Profile>,

    /// Check only this rule, by id or name, even if it is not in the profile (may be repeated)
    #[arg(long = "rule", value_name = "RULE")]
    rules: Vec<String>,

    #[command(flatten)]
    findings: FindingFlags,

    /// Check Dockerfiles: those at and below each DIR, and each FILE that is none of manifests. A DIR without a
    /// kustomization is only searched for Dockerfiles. Pods of the other inputs are compared with the images that they use
    #[arg(long)]
    dockerfiles: bool,

    /// Keep the severities of rules: findings are not lowered because folders, objects or fields say that they matter less
    #[arg(long)]
    keep_severities: bool,

    /// Accept inputs without objects
    #[arg(long)]
    allow_empty: bool,

    /// Write a configuration to start with, with comments, to `.krender.yaml` or the file of `--config`, and check nothing
    #[arg(long)]
    write_config: bool,

    /// With `--write-config`: replace the file if it exists
    #[arg(long, requires = "write_config")]
    overwrite: bool,

    #[command(flatten)]
    many: Many,

    #[command(flatten)]
    reading: Reading,
}

/// Flags that select and judge many targets.
#[derive(Args)]
#[command(next_help_heading = "Many targets")]
struct Many {
    /// Check every kustomization at or below DIR that is not included by another one there
    #[arg(long)]
    all: bool,

    /// Check every kustomization at or below DIR, also included and hidden ones, except components
    #[arg(long)]
    every: bool,

    /// Show only findings that are new since this commit, branch or tag; `origin/main...` is the merge base with
    /// `origin/main`. Targets whose hardening steps have changed since, and with `--all` those that are no longer targets,
    /// are findings too
    #[arg(long, value_name = "REV", visible_alias = "since")]
    git: Option<String>,

    /// With `--git`: let the configuration, the baseline, annotations and comments that are new since REV accept findings, and
    /// let other objects, mounts of drivers and folders that are new lower severities. What an object is by its own kind and
    /// fields (a Job, `replicas: 0`, a DaemonSet that only reads the node, a tool, Windows) counts also without it
    #[arg(long, requires = "git")]
    trust_change: bool,

    #[command(flatten)]
    select: Select,

    #[command(flatten)]
    jobs: Jobs,
}

impl Check {
    /// Checks all targets, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        findings::run(&self.reading, format, |loader| self.judge_and_write(loader, format))
    }

    /// Checks all targets and writes the findings. Returns the exit code.
    fn judge_and_write(&self, loader: &Loader, format: Format) -> Result<u8> {
        let flags = &self.findings;
        if self.write_config {
            let path =
                flags.configuration.config.as_deref().unwrap_or(configuration::CONFIGURATION);
            return start::write(path, self.overwrite, loader).map(|()| 0);
        }
        let options = self.reading.options(self.many.jobs.threads());
        let git = self.revision(loader)?;
        let named = flags.base(flags.config_from.as_deref(), &self.targets, loader)?;
        let base = named.as_ref().or(git.as_ref().filter(|_| !self.many.trust_change));
        let asked =
            AskedRules { subject: Subject::Objects, profile: self.profile, only: &self.rules };
        let mut context = flags.context(loader, base, &asked, options.plugins.today)?;
        context.settings.facts.keeps_severities |= self.keep_severities;
        let baseline = flags.baseline(loader, base)?;
        let directory = working_directory()?;
        let run = fleet::Run::new(loader, &options);
        let dockerfiles = self.find_dockerfiles(loader, &run)?;
        let (targets, lost) = match &dockerfiles {
            Some(found) if found.targets.is_empty() => (Selected::default(), Vec::new()),
            found => {
                let named = found.as_ref().map_or(&self.targets, |found| &found.targets);
                self.targets(named, loader, &run, &options, git.as_ref(), &mut context)?
            }
        };
        let inputs = Inputs {
            loader,
            run: &run,
            settings: &context.settings,
            directory: &directory,
            appliers: &[],
            keeps_evidence: false,
            trees: if self.many.all || self.many.every { &self.targets } else { &[] },
            allow_empty: self.allow_empty,
        };
        let (mut judged, remarks) = inputs.judge(&targets.targets);
        let refused = targets.refused.into_iter();
        judged.extend(refused.map(|(target, error)| Judged {
            target,
            file: None,
            outcome: Err(error),
        }));
        context.remarks.extend(remarks);
        let known = git.as_ref().map(|git| {
            let (known, remarks) = Known::at(git, &judged, dockerfiles.as_ref(), &inputs);
            context.remarks.extend(remarks);
            context.revision = Some(git.name.clone());
            known
        });
        let untrusted = known.as_ref().filter(|_| !self.many.trust_change);
        let settings = &context.settings;
        let kept = untrusted.and_then(|known| unproved::restore(&mut judged, known, settings));
        context.remarks.extend(kept);
        context.remarks.extend(platform::remark(&judged, known.as_ref()));
        if let Some(base) = git.as_ref().or(base)
            && context.settings.asks(&HARDENING_STEP_CHANGED)
        {
            let steps = Steps { base, options: &options, loader, run: &run };
            context.remarks.extend(steps.compare(&mut judged));
        }
        if let Some(found) = &dockerfiles {
            let (more, remarks) = found.judge(loader, &judged, &context.settings)?;
            judged.extend(more);
            context.remarks.extend(remarks);
        }
        let is_trusted = self.many.trust_change;
        let accepted =
            known.as_ref().and_then(|known| accepted::settle(&mut judged, known, is_trusted));
        context.remarks.extend(accepted);
        judged.extend(lost);
        let with_table = self.many.all || self.many.every;
        let results = Results { judged, context, baseline, known, with_table };
        flags.write(results, loader, format)
    }

    /// The revision of `--git`, from which configuration and baseline are read, too, unless the change is trusted.
    fn revision(&self, loader: &Loader) -> Result<Option<Base>> {
        let Some(git) = self.findings.base(self.many.git.as_deref(), &self.targets, loader)? else {
            return Ok(None);
        };
        let head = self.findings.base(Some("HEAD"), &self.targets, loader)?;
        Ok(Some(Base { head: head.map(|head| head.loader), ..git }))
    }

    /// Searches for Dockerfiles, if they are asked for.
    fn find_dockerfiles(
        &self,
        loader: &Loader,
        run: &fleet::Run<'_>,
    ) -> Result<Option<Dockerfiles>> {
        if !self.dockerfiles {
            let is_meant = self
                .rules
                .iter()
                .any(|name| harden::find(name).is_some_and(Rule::is_of_dockerfiles));
            return if is_meant { Err(dockerfiles::not_asked()) } else { Ok(None) };
        }
        let every = self.many.all || self.many.every;
        Dockerfiles::find(loader, run, &self.targets, every).map(Some)
    }

    /// The targets, and findings about targets that existed at a revision. Records which kustomizations are passed
    /// over.
    fn targets(
        &self,
        named: &[String],
        loader: &Loader,
        run: &fleet::Run<'_>,
        options: &build::Options,
        base: Option<&Base>,
        context: &mut Context,
    ) -> Result<(Selected, Vec<Judged>)> {
        let Many { all, every, git: _, trust_change: _, select, jobs: _ } = &self.many;
        if !*all && !*every {
            let targets = select.targets(false, run, loader, named)?;
            let is_folder =
                |one: &&String| loader.kind(one) == Kind::Directory && is_of_manifests(run, one);
            let folders = targets.targets.iter().filter(is_folder);
            context.passed_over = folders.flat_map(|one| plain::passed_over(loader, one)).collect();
            context.remarks.extend(plain::told(&context.passed_over));
            return Ok((targets, Vec::new()));
        }
        let (survey, mut found) = select.survey(run, named)?;
        let (targets, passed_over) = targets::chosen(survey, *every, loader);
        if targets.targets.is_empty() && targets.refused.is_empty() && base.is_none() {
            // Returns the error.
            select.targets(true, run, loader, named)?;
        }
        if *every {
            let others = found.others.drain(..);
            found.targets.extend(others.map(|(other, _)| other));
        }
        let mut lost = Vec::new();
        let patterns = select.patterns()?;
        let asks_for_lost = context.settings.asks(&TARGET_NOT_JUDGED);
        // Patterns may be about targets that are gone.
        if let Some(base) = base
            && (asks_for_lost || patterns.check(&found, named).is_err())
        {
            let before = fleet::Run::new(&base.loader, options);
            let is_there = |name: &&String| base.loader.kind(name) == Kind::Directory;
            let names: Vec<String> = named.iter().filter(is_there).cloned().collect();
            let (survey, more) = select.survey(&before, &names)?;
            found.targets.extend(more.targets);
            if asks_for_lost {
                let before = targets::without_bases(survey).targets;
                lost = targets::lost(&before, &targets, &passed_over, base);
            }
        }
        patterns.check(&found, named)?;
        context.remarks.extend(targets::told(&passed_over));
        let told = |one: PassedOver| (one.target.directory, one.why.to_string());
        context.passed_over = passed_over.into_iter().map(told).collect();
        Ok((targets, lost))
    }
}
