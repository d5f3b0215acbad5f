//! Flags and output that the commands with findings share: `check` and `lint`.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::check::baseline::Baseline;
use super::check::known::Known;
use super::check::lowered;
use super::check::output::{self, FindingsForm};
use super::configuration::{self, Base, Configuration, ConfigurationFlags};
use super::reading::{Reading, top_of, working_directory};
use super::terminal::{self, Format};
use super::told::Told;
use crate::error::{Code, Error, Result};
use crate::harden::{
    Date, FailOn, Lowering, LoweringKind, Phase, Profile, Rule, RuleRef, Settings,
};
use crate::limits::Budget;
use crate::load::{self, Loader};
use crate::report::findings::{self, Context, Findings, Judged, Remark, Repository, Subject};
use crate::resource::secret::Shield;
use crate::source::{Sources, Span};

/// Flags for findings: which count, and how they are written.
#[derive(Args)]
pub(super) struct FindingFlags {
    #[command(flatten)]
    pub(super) configuration: ConfigurationFlags,

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: FindingsForm,

    /// Write the findings to a file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<String>,

    /// Accept findings that are in this report, written by an earlier run with `--format json`
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<String>,

    /// Ignore the configuration, and all suppressions by annotations and comments
    #[arg(long)]
    no_ignore: bool,

    /// Read the configuration and the baseline from a commit, branch or tag, such as the target branch of a pull
    /// request; `origin/main...` is the merge base with `origin/main`. `check` also reports hardening steps that were
    /// removed or changed since
    #[arg(long, value_name = "REV")]
    pub(super) config_from: Option<String>,

    /// Lowest severity that fails the check with exit code 1 [default: the configuration's, else error]
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Severities>,

    /// Report targets that cannot be rendered, but let the others decide on the exit code
    #[arg(long)]
    allow_unrendered: bool,
}

/// The lowest severity that fails a command.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Severities {
    Error,
    Warning,
    Note,
    Never,
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

/// The rules that a command applies, from its own flags.
pub(super) struct AskedRules<'a> {
    /// Subject of its rules.
    pub(super) subject: Subject,
    /// The profile that a flag names.
    pub(super) profile: Option<Profile>,
    /// The only rules to apply; empty for those of the profile.
    pub(super) only: &'a [String],
}

impl AskedRules<'_> {
    /// The rule that `--rule` names: one of krender's, or of the configuration.
    fn rule(&self, name: &str, settings: &Settings) -> Result<RuleRef> {
        let rule = settings.known(name)?;
        if self.subject == Subject::Objects && rule.known().is_some_and(Rule::is_of_sources) {
            let id = rule.id();
            let message = format!("`{id}` is about kustomizations, and not about rendered objects");
            return Err(Error::new(Code::InvalidArgument, message).help("`krender lint` checks it"));
        }
        if rule.known().is_some_and(Rule::is_of_reviews) {
            let message = format!("`{}` is about the differences of two renders", rule.id());
            return Err(Error::new(Code::InvalidArgument, message).help("`krender diff` judges it"));
        }
        Ok(rule)
    }
}

/// Results of a run, to be written.
pub(super) struct Results {
    pub(super) judged: Vec<Judged>,
    pub(super) context: Context,
    pub(super) baseline: Baseline,
    /// Findings that are not new.
    pub(super) known: Option<Known>,
    /// True for a table of the targets.
    pub(super) with_table: bool,
}

/// Exit code if there are findings.
pub(super) const FOUND: u8 = 1;
/// Exit code if a target could not be checked, and there are no findings in the others.
pub(super) const NOT_DONE: u8 = 2;

/// Runs a command that can end without a verdict, and returns the exit code: that of `work`, or [`NOT_DONE`] after an
/// error, which is shown.
pub(super) fn run(
    reading: &Reading,
    format: Format,
    work: impl FnOnce(&'static Loader) -> Result<u8>,
) -> ExitCode {
    let (outcome, sources) = match reading.loader() {
        Ok(loader) => {
            let loader = &*super::until_exit(loader);
            (work(loader), loader.sources())
        }
        Err(error) => (Err(error), &Sources::new()),
    };
    let exit = outcome.unwrap_or_else(|error| {
        terminal::errors(&error, sources, format);
        NOT_DONE
    });
    exit.into()
}

impl FindingFlags {
    /// Opens the revision that an argument names. `named` are the paths of other arguments.
    ///
    /// # Errors
    /// Those of [`Base::open`].
    pub(super) fn base(
        &self,
        name: Option<&str>,
        named: &[String],
        loader: &Loader,
    ) -> Result<Option<Base>> {
        let open = |name| {
            let directory = working_directory()?;
            let budget = Budget::new(loader.limits());
            let named = named.iter().chain(&self.configuration.config).chain(&self.baseline);
            let named: Vec<&str> = named.map(String::as_str).collect();
            Base::open(name, &directory, &named, &budget, loader)
        };
        name.map(open).transpose()
    }

    /// Reads the baseline.
    ///
    /// # Errors
    /// Those of [`Baseline::read`].
    pub(super) fn baseline(&self, loader: &Loader, base: Option<&Base>) -> Result<Baseline> {
        Baseline::read(self.baseline.as_deref(), loader, base)
    }

    /// Settings of the configuration, overridden by the arguments, with remarks about both.
    ///
    /// # Errors
    /// Those of [`super::configuration::Wanted::read`].
    pub(super) fn context(
        &self,
        loader: &Loader,
        base: Option<&Base>,
        asked: &AskedRules<'_>,
        today: Option<Date>,
    ) -> Result<Context> {
        let directory = working_directory()?;
        let usual = Profile::default();
        let mut wanted = self.configuration.wanted(&directory, usual);
        wanted.ignored |= self.no_ignore;
        let mut configuration = wanted.read(loader, base)?;
        let settings = &mut configuration.settings;
        self.override_settings(settings, asked, usual);
        settings.today = today;
        let lowerings = settings.lowerings(usual).into_iter();
        let lowerings: Vec<Lowering> = lowerings.filter(|one| self.is_said(one, asked)).collect();
        let only = asked.only.iter().map(|name| asked.rule(name, settings));
        settings.only = only.collect::<Result<_>>()?;
        let newer = configuration::newer(settings.facts.profile);
        configuration.tell(&lowerings);
        let Configuration { settings, file, digest: _, mut remarks } = configuration;
        remarks.extend(newer);
        let is_of_objects = asked.subject == Subject::Objects;
        if is_of_objects && settings.fail_on == FailOn::Never && self.fail_on.is_some() {
            remarks.push(Remark::note("flags", "no finding fails (`--fail-on never`)".to_owned()));
        }
        if !asked.only.is_empty() {
            let ids: Vec<&str> = settings.only.iter().map(RuleRef::id).collect();
            let text = format!("only these rules are checked: {}", ids.join(", "));
            remarks.push(Remark::note("flags", text));
        }
        Ok(Context {
            subject: asked.subject,
            settings,
            configuration: file,
            lowerings,
            passed_over: Vec::new(),
            remarks,
            revision: None,
            repository: repository(&directory),
        })
    }

    fn override_settings(&self, settings: &mut Settings, asked: &AskedRules<'_>, usual: Profile) {
        settings.facts.profile = asked.profile.unwrap_or(settings.facts.profile);
        if asked.subject == Subject::Kustomizations {
            // The profile of the configuration is one for rendered objects.
            settings.facts.profile = Profile { set: usual.set, ..settings.facts.profile };
            settings.phase = Phase::Sources;
        }
        settings.facts.ignores_suppressions = self.no_ignore;
        if let Some(severity) = self.fail_on {
            settings.fail_on = severity.into();
        }
    }

    /// True if a lowering concerns this run.
    fn is_said(&self, one: &Lowering, asked: &AskedRules<'_>) -> bool {
        let is_of_sources = asked.subject == Subject::Kustomizations;
        match one.kind {
            LoweringKind::FailOn => self.fail_on.is_none(),
            LoweringKind::Profile => !is_of_sources && asked.profile.is_none(),
            LoweringKind::RuleOff | LoweringKind::Severity if is_of_sources => {
                one.rule.is_some_and(Rule::is_of_sources)
            }
            LoweringKind::Exclusion => true,
            _ => !is_of_sources,
        }
    }

    /// Accepts known findings, writes the others, the remarks and the failures, and returns the exit code.
    ///
    /// # Errors
    /// Those of [`output::write`].
    pub(super) fn write(&self, results: Results, loader: &Loader, format: Format) -> Result<u8> {
        let Results { judged, mut context, mut baseline, known, with_table } = results;
        let judged = super::until_exit(judged);
        let shield = Shield::default();
        for Judged { target, outcome, .. } in judged.iter_mut() {
            match outcome {
                Ok(checked) => {
                    baseline.accept(target, checked);
                    if let Some(known) = &known {
                        known.accept(target, checked);
                    }
                }
                // Every format has the message.
                Err(error) => *error = shield.redacted(error, loader.sources()).into_owned(),
            }
        }
        context.remarks.extend(lowered::remark(judged));
        let (told, exit) = self.outcome(judged, &mut context);
        context.remarks.append(&mut baseline.remarks);
        context.remarks.extend(baseline.unused(judged, &context.settings));
        let (sources, file) =
            (loader.sources(), self.output.as_deref().filter(|file| *file != "-"));
        if let Some(file) = file.filter(|file| self.baseline.as_deref() != Some(*file)) {
            apart_from_inputs(file, loader)?;
        }
        let findings = Findings::new(judged, &context, sources);
        output::write(self.format, &findings, with_table, file)?;
        // Where both outputs are read together, the text has shown them already.
        if !(self.format.is_text() && file.is_none() && terminal::is_shared()) {
            for Remark { severity, text, .. } in &context.remarks {
                terminal::warning(&format!("{severity}: {text}"), Span::NONE, sources, format);
            }
        }
        told.into_outcome().unwrap_or_else(|error| terminal::errors(&error, sources, format));
        Ok(exit)
    }

    /// The failures to report, and the exit code: findings come before targets that could not be checked, so that a
    /// caller who accepts the latter misses none of the former.
    fn outcome(&self, judged: &[Judged], context: &mut Context) -> (Told, u8) {
        let (mut told, mut is_found, mut failed) = (Told::default(), false, 0);
        for Judged { target, outcome, .. } in judged {
            match outcome {
                Ok(checked) => {
                    let fail_on = context.settings.fail_on;
                    is_found |= checked.open().any(|one| fail_on.counts(one.severity));
                    told.add(target, Vec::new(), None);
                }
                Err(error) => {
                    told.add(target, Vec::new(), Some(error.clone()));
                    match findings::are_findings(error) {
                        true => is_found = true,
                        false => failed += 1,
                    }
                }
            }
        }
        // If no target is left, nothing was checked at all.
        let is_accepted = self.allow_unrendered && failed < judged.len();
        if failed > 0 && is_accepted {
            let count = match failed {
                1 => "1 target is".to_owned(),
                count => format!("{count} targets are"),
            };
            let text = format!("{count} not checked, and accepted by `--allow-unrendered`");
            context.remarks.push(Remark::warning("targets", text));
        }
        let exit = match (is_found, failed) {
            (true, _) => FOUND,
            (false, 1..) if !is_accepted => NOT_DONE,
            _ => 0,
        };
        (told, exit)
    }
}

/// Refuses an output that is a file which was read: it would be overwritten.
///
/// # Errors
/// [`Code::InvalidArgument`].
pub(super) fn apart_from_inputs(output: &str, loader: &Loader) -> Result<()> {
    let path = Path::new(output);
    let Some(there) = load::resolved(path) else { return Ok(()) };
    let is_there = |name: &str| {
        let name = Path::new(name);
        // Only files of the same name are looked up.
        [path.file_name(), there.file_name()].contains(&name.file_name())
            && load::resolved(name).is_some_and(|one| one == there)
    };
    if !loader.sources().has(is_there) {
        return Ok(());
    }
    let message = format!("`{output}` is an input, and would be overwritten by the output");
    Err(Error::new(Code::InvalidArgument, message).help("name another file for the output"))
}

/// The repository that a directory is in.
fn repository(directory: &Path) -> Repository {
    top_of(directory).and_then(|top| Repository::of(top, directory)).unwrap_or_default()
}
