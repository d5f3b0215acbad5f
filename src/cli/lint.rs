//! `krender lint`: checks the sources of kustomizations against rules.

use std::process::ExitCode;

use clap::Args;

use super::check::baseline::Baseline;
use super::check::output::{self, FindingsForm};
use super::check::{NOT_DONE, Severities, settled};
use super::configuration::{Configuration, Wanted};
use super::reading::{Jobs, Reading, Restrictor, working_directory};
use super::select::Select;
use super::terminal::{self, Format};
use crate::build;
use crate::diff::unified;
use crate::error::{Code, Error, Result};
use crate::fleet::{Run, Survey, Why};
use crate::harden::{self, Lowering, LoweringKind, Phase, Profile, Rule};
use crate::lint::{self, Fixes, Input, Linted, Refused};
use crate::load::{self, Loader, Root};
use crate::report::findings::{Checked, Context, Findings, Judged, Remark, Subject};
use crate::source::{Sources, Span};
use crate::text::escape;

/// Check kustomizations for mistakes
///
/// Reads the kustomization in each DIR with all kustomizations of this tree that it includes, builds it, and prints each
/// violation of a rule (`KR-KUS`): patches and images without effect, remote bases without a version, Secrets in plain
/// text, deprecated fields, manifests that no kustomization lists, overlays that loosen the hardening of a base, and more.
/// Every kustomization is checked once, however many targets include it.
///
/// Exit codes: 0 if all checks pass, 1 if there are findings, 2 if a target could not be built, so that rules about the
/// effects of entries have not judged it.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Lint {
    /// Directories with a kustomization file
    #[arg(value_name = "DIR", default_value = ".")]
    directories: Vec<String>,

    /// Check every kustomization at or below DIR, also components that no other one includes
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    select: Select,

    /// Check only this rule, by id or name, even if it is off (may be repeated)
    #[arg(long = "rule", value_name = "RULE", value_parser = rule)]
    rules: Vec<&'static Rule>,

    /// Replace deprecated fields by their successors, and add a missing version and kind. Files are changed in place, and
    /// only if every target that includes the kustomization renders to the same bytes
    #[arg(long)]
    fix: bool,

    /// With `--fix`: print the changes as a unified diff, and change no file
    #[arg(long, requires = "fix")]
    dry_run: bool,

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

    /// Ignore the configuration, and all suppressions by comments
    #[arg(long)]
    no_ignore: bool,

    /// Ignore the configuration
    #[arg(long)]
    no_config: bool,

    /// Lowest severity that fails the check with exit code 1 [default: the configuration's, else error]
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Severities>,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

fn rule(name: &str) -> Result<&'static Rule> {
    let rule = harden::known(name)?;
    if !rule.is_of_sources() {
        let message =
            format!("`{}` is about rendered objects, and not about kustomizations", rule.id);
        return Err(Error::new(Code::InvalidArgument, message).help("`krender check` checks it"));
    }
    Ok(rule)
}

impl Lint {
    /// Checks the kustomizations, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let loader = match self.reading.loader() {
            Ok(loader) => &*super::until_exit(loader),
            Err(error) => {
                terminal::errors(&error, &Sources::new(), format);
                return NOT_DONE.into();
            }
        };
        let exit = self.lint_and_write(loader, format).unwrap_or_else(|error| {
            terminal::errors(&error, loader.sources(), format);
            NOT_DONE
        });
        exit.into()
    }

    fn lint_and_write(&self, loader: &Loader, format: Format) -> Result<u8> {
        let options = self.reading.options(self.jobs.threads());
        let mut context = self.context(loader, &options)?;
        let mut baseline = Baseline::read(self.baseline.as_deref(), loader, None)?;
        context.remarks.append(&mut baseline.remarks);
        let run = Run::new(loader, &options);
        let linted = self.lint(loader, &run, &context)?;
        if self.fix {
            let fixed = self.fix(&linted, loader, &options, format)?;
            if fixed && !self.dry_run {
                // What is left is found in the files as they are now.
                let again = &*super::until_exit(self.reading.loader()?);
                let run = Run::new(again, &options);
                let linted = self.lint(again, &run, &context)?;
                return self.write(linted, again, context, baseline, format);
            }
        }
        if self.dry_run {
            return Ok(0);
        }
        self.write(linted, loader, context, baseline, format)
    }

    /// Writes the findings, and returns the exit code.
    fn write(
        &self,
        linted: Linted,
        loader: &Loader,
        mut context: Context,
        mut baseline: Baseline,
        format: Format,
    ) -> Result<u8> {
        let Linted { kustomizations, findings, failed, .. } = linted;
        let mut judged = Vec::new();
        if !kustomizations.is_empty() {
            let checked = Checked { resources: kustomizations, pods: 0, findings };
            judged.push(Judged { target: self.directories.join(", "), outcome: Ok(checked) });
        }
        let failed = failed.into_iter().map(|(target, error)| {
            let error = match error.code() {
                Code::KustomizationNotFound if !self.all && error.span().is_none() => {
                    error.help("to check the kustomizations below it, add `--all`")
                }
                _ => error,
            };
            Judged { target, outcome: Err(error) }
        });
        judged.extend(failed);
        let judged = super::until_exit(judged);
        let (told, exit) = settled(judged, &mut baseline, context.settings.fail_on);
        context.remarks.extend(baseline.unused(judged.iter().map(|one| &*one.target)));
        let (sources, file) =
            (loader.sources(), self.output.as_deref().filter(|file| *file != "-"));
        let findings = Findings::new(judged, &context, sources);
        output::write(self.format, &findings, false, file)?;
        for Remark { severity, text, .. } in &context.remarks {
            terminal::warning(&format!("{severity}: {text}"), Span::NONE, sources, format);
        }
        told.into_outcome().unwrap_or_else(|error| terminal::errors(&error, sources, format));
        Ok(exit)
    }

    fn lint(&self, loader: &Loader, run: &Run<'_>, context: &Context) -> Result<Linted> {
        let (targets, others) = self.targets(loader, run)?;
        let restrictor = match self.reading.load_restrictor {
            Restrictor::RootOnly => load::Restrictor::RootOnly,
            Restrictor::None => load::Restrictor::None,
        };
        let input = Input { targets: &targets, others, restrictor };
        lint::lint(run, loader, input, &context.settings)
    }

    /// The targets, and with `--all` the other kustomizations of the tree.
    fn targets(&self, loader: &Loader, run: &Run<'_>) -> Result<(Vec<String>, Vec<Root>)> {
        if !self.all {
            let selected = self.select.targets(false, run, loader, &self.directories)?;
            return Ok((selected.targets, Vec::new()));
        }
        let Survey { targets, passed_over } = self.select.survey(run, &self.directories)?;
        let (mut names, mut refused) = (Vec::new(), Vec::new());
        for target in targets {
            match target.refused {
                None => names.push(target.directory),
                Some(error) => refused.push(error),
            }
        }
        Error::all(refused).map_or(Ok(()), Err)?;
        if names.is_empty() && passed_over.is_empty() {
            // Returns the error.
            self.select.targets(true, run, loader, &self.directories)?;
        }
        let is_of_tree = |why: &Why| matches!(why, Why::Component | Why::Included(_));
        let others = passed_over.iter().filter(|one| is_of_tree(&one.why));
        let others = others.filter_map(|one| loader.root(&one.target.directory).ok());
        Ok((names, others.collect()))
    }

    /// Settings of the configuration, overridden by the arguments. The profile of the configuration is one for rendered
    /// objects: rules about sources are those of the usual one.
    fn context(&self, loader: &Loader, options: &build::Options) -> Result<Context> {
        let directory = working_directory()?;
        let usual = Profile::default();
        let asked = Wanted {
            named: self.config.as_deref(),
            near: Some(&directory),
            ignored: self.no_ignore || self.no_config,
            usual,
        };
        let mut configuration = asked.read(loader, None)?;
        let settings = &mut configuration.settings;
        settings.facts.profile = Profile { set: usual.set, ..settings.facts.profile };
        settings.facts.ignores_suppressions = self.no_ignore;
        settings.today = options.plugins.today;
        settings.phase = Phase::Sources;
        if let Some(severity) = self.fail_on {
            settings.fail_on = severity.into();
        }
        let is_said = |one: &Lowering| match one.kind {
            LoweringKind::RuleOff | LoweringKind::Severity => {
                one.rule.is_some_and(Rule::is_of_sources)
            }
            LoweringKind::FailOn => self.fail_on.is_none(),
            LoweringKind::Exclusion => true,
            _ => false,
        };
        let lowerings: Vec<Lowering> =
            settings.lowerings(usual).into_iter().filter(is_said).collect();
        settings.only.clone_from(&self.rules);
        configuration.tell(&lowerings);
        let Configuration { settings, file, digest: _, mut remarks } = configuration;
        if !self.rules.is_empty() {
            let ids: Vec<&str> = self.rules.iter().map(|rule| rule.id).collect();
            let text = format!("only these rules are checked: {}", ids.join(", "));
            remarks.push(Remark::note("flags", text));
        }
        let (subject, passed_over) = (Subject::Kustomizations, Vec::new());
        Ok(Context { subject, settings, configuration: file, lowerings, passed_over, remarks })
    }

    /// Makes the fixes, or prints them. Returns true if there are any.
    fn fix(
        &self,
        linted: &Linted,
        loader: &Loader,
        options: &build::Options,
        format: Format,
    ) -> Result<bool> {
        let load = self.reading.load_options(working_directory()?);
        super::clean_up_on_signals();
        let fixes = lint::fix(linted, &load, options);
        for Refused { name, error } in &fixes.refused {
            terminal::errors(
                &error.clone().step(format!("while fixing `{name}`")),
                &load.sources,
                format,
            );
        }
        let Fixes { files, .. } = &fixes;
        if self.dry_run {
            let texts = files
                .iter()
                .map(|(file, _)| unified(&loader.display(file.path()), &file.before, &file.after));
            terminal::print_diff(&texts.collect::<String>())?;
            return Ok(!files.is_empty());
        }
        if !fixes.write()? {
            let message = "another program changed a file while it was fixed";
            return Err(Error::new(Code::WriteFailed, message).help("run the command again"));
        }
        for (file, rules) in files {
            let rules: Vec<String> = rules.iter().map(|rule| rule.title()).collect();
            let path = escape::visible(&loader.display(file.path())).into_owned();
            let line = format!("fixed {path}: {}", rules.join(", "));
            match self.format {
                FindingsForm::Text if self.output.is_none() => super::print(&format!("{line}\n"))?,
                _ => terminal::warning(&line, Span::NONE, loader.sources(), format),
            }
        }
        Ok(!files.is_empty())
    }
}
