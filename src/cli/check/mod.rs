//! `krender check`: renders targets, and checks the objects against rules.

pub(super) mod baseline;
mod dockerfiles;
mod inputs;
pub(super) mod output;
mod steps;
mod targets;

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::configuration::{Base, Configuration, Wanted, newer};
use super::reading::{Jobs, Reading, working_directory};
use super::select::{Select, Selected, senseless};
use super::terminal::{self, Format};
use super::told::Told;
use crate::build;
use crate::error::{Code, Error, Result};
use crate::fleet::{self, PassedOver};
use crate::harden::{
    self, Date, FailOn, HARDENING_STEP_CHANGED, Lowering, LoweringKind, Profile, Rule,
    TARGET_NOT_JUDGED,
};
use crate::limits::Budget;
use crate::load::{Kind, Loader};
use crate::report::findings::{self, Context, Findings, Judged, Remark, Subject};
use crate::source::{Sources, Span};
use baseline::Baseline;
use dockerfiles::Dockerfiles;
use inputs::Inputs;
use output::FindingsForm;
use steps::Steps;

/// Check rendered objects against rules
///
/// Renders the kustomization in each DIR, or reads rendered YAML from FILE or from standard input (`-`), and prints
/// each violation of a rule of the profile: the object and container, the place in the sources that set the field, the
/// reason for the rule, and a fix. With `--all`, a table at the end summarises the targets.
///
/// Exit codes: 0 if all checks pass, 1 if there are findings, 2 if an input could not be checked. A target that cannot
/// be rendered does not stop the others.
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
    #[arg(long = "rule", value_name = "RULE", value_parser = rule)]
    rules: Vec<&'static Rule>,

    /// Configuration file: `apiVersion: krender.dev/v1alpha1`, `kind: Hardening`
    /// [default: the nearest `.krender.yaml` between the working directory and the top of the repository]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: FindingsForm,

    /// Write the findings to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,

    /// Accept findings that are in this report, written by an earlier run with `--format json`
    #[arg(long, value_name = "FILE")]
    baseline: Option<String>,

    /// Ignore the configuration, and all suppressions by annotations and comments
    #[arg(long)]
    no_ignore: bool,

    /// Ignore the configuration
    #[arg(long)]
    no_config: bool,

    /// Read the configuration and the baseline from a commit, branch or tag, such as the target branch of a pull
    /// request; `origin/main...` is the merge base with `origin/main`. Hardening steps that were removed or changed
    /// since are findings
    #[arg(long, value_name = "REV")]
    config_from: Option<String>,

    /// Check Dockerfiles: those at and below each DIR, and each FILE that is none of manifests. A DIR without a
    /// kustomization is only searched for Dockerfiles. Pods of the other inputs are compared with the images that they use
    #[arg(long)]
    dockerfiles: bool,

    /// Accept inputs without objects
    #[arg(long)]
    allow_empty: bool,

    /// Lowest severity that fails the check with exit code 1 [default: the configuration's, else error]
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Severities>,

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

    /// With `--all`: report targets of this commit, branch or tag that are no longer targets, or whose hardening steps
    /// have changed
    #[arg(long, value_name = "REV", visible_alias = "since")]
    git: Option<String>,

    #[command(flatten)]
    select: Select,

    #[command(flatten)]
    jobs: Jobs,
}

/// The lowest severity that fails a command.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Severities {
    Error,
    Warning,
    Note,
    Never,
}

fn rule(name: &str) -> Result<&'static Rule> {
    let rule = harden::known(name)?;
    if rule.is_of_sources() {
        let message =
            format!("`{}` is about kustomizations, and not about rendered objects", rule.id);
        return Err(Error::new(Code::InvalidArgument, message).help("`krender lint` checks it"));
    }
    Ok(rule)
}

/// Applies the baseline. Returns the failures to report, and the exit code.
pub(super) fn settled(
    judged: &mut [Judged],
    baseline: &mut Baseline,
    fail_on: FailOn,
) -> (Told, u8) {
    let (mut told, mut exit) = (Told::default(), 0);
    for Judged { target, outcome } in judged {
        match outcome {
            Ok(checked) => {
                baseline.accept(target, checked);
                if checked.open().any(|one| fail_on.counts(one.severity)) {
                    exit = exit.max(FOUND);
                }
                told.add(target, Vec::new(), None);
            }
            Err(error) => {
                told.add(target, Vec::new(), Some(error.clone()));
                exit = exit.max(if findings::are_findings(error) { FOUND } else { NOT_DONE });
            }
        }
    }
    (told, exit)
}

/// Exit code if there are findings.
pub(super) const FOUND: u8 = 1;
/// Exit code if a target could not be checked.
pub(super) const NOT_DONE: u8 = 2;

impl Check {
    /// Checks all targets, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let loader = match self.reading.loader() {
            Ok(loader) => &*super::until_exit(loader),
            Err(error) => {
                terminal::errors(&error, &Sources::new(), format);
                return NOT_DONE.into();
            }
        };
        let exit = self.judge_and_write(loader, format).unwrap_or_else(|error| {
            terminal::errors(&error, loader.sources(), format);
            NOT_DONE
        });
        exit.into()
    }

    /// Checks all targets and writes the findings. Returns the exit code.
    fn judge_and_write(&self, loader: &Loader, format: Format) -> Result<u8> {
        let options = self.reading.options(self.many.jobs.threads());
        let base = self.base(self.config_from.as_deref(), loader)?;
        let mut context = self.context(loader, base.as_ref(), options.plugins.today)?;
        let mut baseline = Baseline::read(self.baseline.as_deref(), loader, base.as_ref())?;
        context.remarks.append(&mut baseline.remarks);
        let run = fleet::Run::new(loader, &options);
        let dockerfiles = self.find_dockerfiles(loader, &run)?;
        let git = self.base(self.many.git.as_deref(), loader)?;
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
            allow_empty: self.allow_empty,
        };
        let (judged, remarks) = inputs.judge(&targets.targets);
        let refused = targets.refused.into_iter();
        let judged = super::until_exit(judged);
        judged.extend(refused.map(|(target, error)| Judged { target, outcome: Err(error) }));
        context.remarks.extend(remarks);
        if let Some(base) = git.as_ref().or(base.as_ref())
            && context.settings.asks(&HARDENING_STEP_CHANGED)
        {
            let steps = Steps { base, options: &options, loader, run: &run };
            context.remarks.extend(steps.compare(judged));
        }
        if let Some(found) = &dockerfiles {
            let more = found.judge(loader, judged, &mut context)?;
            judged.extend(more);
        }
        judged.extend(lost);
        let (told, exit) = settled(judged, &mut baseline, context.settings.fail_on);
        context.remarks.extend(baseline.unused(judged.iter().map(|one| &*one.target)));
        let (sources, file) =
            (loader.sources(), self.output.as_deref().filter(|file| *file != "-"));
        let with_table = self.many.all || self.many.every;
        let findings = Findings::new(judged, &context, sources);
        output::write(self.format, &findings, with_table, file)?;
        for Remark { severity, text, .. } in &context.remarks {
            terminal::warning(&format!("{severity}: {text}"), Span::NONE, sources, format);
        }
        told.into_outcome()
            .unwrap_or_else(|error| terminal::errors(&error, loader.sources(), format));
        Ok(exit)
    }

    /// Searches for Dockerfiles, if they are asked for.
    fn find_dockerfiles(
        &self,
        loader: &Loader,
        run: &fleet::Run<'_>,
    ) -> Result<Option<Dockerfiles>> {
        if !self.dockerfiles {
            let is_meant = self.rules.iter().any(|rule| rule.is_of_dockerfiles());
            return if is_meant { Err(dockerfiles::not_asked()) } else { Ok(None) };
        }
        let every = self.many.all || self.many.every;
        Dockerfiles::find(loader, run, &self.targets, every).map(Some)
    }

    /// Opens the revision that an argument names.
    fn base(&self, name: Option<&str>, loader: &Loader) -> Result<Option<Base>> {
        let open = |name| {
            let directory = working_directory()?;
            let budget = Budget::new(loader.limits());
            let named = self.targets.iter().chain(&self.config).chain(&self.baseline);
            let named: Vec<&str> = named.map(String::as_str).collect();
            Base::open(name, &directory, &named, &budget, loader)
        };
        name.map(open).transpose()
    }

    /// Settings of the configuration, overridden by the arguments.
    fn context(
        &self,
        loader: &Loader,
        base: Option<&Base>,
        today: Option<Date>,
    ) -> Result<Context> {
        let directory = working_directory()?;
        let usual = Profile::default();
        let asked = Wanted {
            named: self.config.as_deref(),
            near: Some(&directory),
            ignored: self.no_ignore || self.no_config,
            usual,
        };
        let mut configuration = asked.read(loader, base)?;
        let settings = &mut configuration.settings;
        settings.facts.profile = self.profile.unwrap_or(settings.facts.profile);
        settings.facts.ignores_suppressions = self.no_ignore;
        settings.today = today;
        if let Some(severity) = self.fail_on {
            settings.fail_on = severity.into();
        }
        let is_said = |one: &Lowering| match one.kind {
            LoweringKind::Profile => self.profile.is_none(),
            LoweringKind::FailOn => self.fail_on.is_none(),
            _ => true,
        };
        let lowerings: Vec<Lowering> =
            settings.lowerings(usual).into_iter().filter(is_said).collect();
        settings.only.clone_from(&self.rules);
        configuration.tell(&lowerings);
        configuration.remarks.extend(newer(configuration.settings.facts.profile));
        let Configuration { settings, file, digest: _, mut remarks } = configuration;
        if settings.fail_on == FailOn::Never && self.fail_on.is_some() {
            remarks.push(Remark::note("flags", "no finding fails (`--fail-on never`)".to_owned()));
        }
        if !self.rules.is_empty() {
            let ids: Vec<&str> = self.rules.iter().map(|rule| rule.id).collect();
            let text = format!("only these rules are checked: {}", ids.join(", "));
            remarks.push(Remark::note("flags", text));
        }
        let (subject, passed_over) = (Subject::Objects, Vec::new());
        Ok(Context { subject, settings, configuration: file, lowerings, passed_over, remarks })
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
        let Many { all, every, git: _, select, jobs: _ } = &self.many;
        if !*all && !*every {
            if base.is_some() {
                return Err(senseless("--git", "--all").help("it compares the targets of a tree"));
            }
            let targets = select.targets(false, run, loader, named)?;
            return Ok((targets, Vec::new()));
        }
        let survey = select.survey(run, named)?;
        let (targets, passed_over) = targets::chosen(survey, *every, loader);
        if targets.targets.is_empty() && targets.refused.is_empty() && base.is_none() {
            // Returns the error.
            select.targets(true, run, loader, named)?;
        }
        let lost = match base {
            Some(base) if context.settings.asks(&TARGET_NOT_JUDGED) => {
                let before = fleet::Run::new(&base.loader, options);
                let is_there = |name: &&String| base.loader.kind(name) == Kind::Directory;
                let names: Vec<String> = named.iter().filter(is_there).cloned().collect();
                let before = select.survey(&before, &names)?.targets;
                targets::lost(&before, &targets, &passed_over, base)
            }
            _ => Vec::new(),
        };
        context.remarks.extend(targets::told(&passed_over));
        let told = |one: PassedOver| (one.target.directory, one.why.to_string());
        context.passed_over = passed_over.into_iter().map(told).collect();
        Ok((targets, lost))
    }
}

impl From<Severities> for FailOn {
    fn from(severity: Severities) -> Self {
        match severity {
            Severities::Error => Self::Error,
            Severities::Warning => Self::Warning,
            Severities::Note => Self::Note,
            Severities::Never => Self::Never,
        }
    }
}
