//! `krender lint`: checks the sources of kustomizations against rules.

use std::process::ExitCode;

use clap::Args;

use super::check::baseline::Baseline;
use super::findings::{self, AskedRules, FindingFlags, Results};
use super::reading::{Jobs, Reading, Restrictor, working_directory};
use super::select::Select;
use super::terminal::{self, Format};
use crate::build;
use crate::diff::unified;
use crate::error::{Code, Error, Result};
use crate::fleet::{Run, Survey, Why};
use crate::harden::{self, Rule};
use crate::lint::{self, Fixes, Input, Linted, Refused};
use crate::load::{self, Loader, Root};
use crate::report::findings::{Checked, Context, Judged, Subject};
use crate::source::Span;
use crate::text::escape;

/// Check kustomizations for mistakes
///
/// Reads the kustomization in each DIR with all kustomizations of this tree that it includes, builds it, and prints each
/// violation of a rule (`KR-KUS`): patches and images without effect, remote bases without a version, Secrets in plain
/// text, deprecated fields, manifests that no kustomization lists, overlays that loosen the hardening of a base, and more.
/// Every kustomization is checked once, however many targets include it.
///
/// Exit codes: 0 if all checks pass, 1 if there are findings, 2 if there are none, but a target could not be built, so that
/// rules about the effects of entries have not judged it.
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

    #[command(flatten)]
    findings: FindingFlags,

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
        findings::run(&self.reading, format, |loader| self.lint_and_write(loader, format))
    }

    fn lint_and_write(&self, loader: &Loader, format: Format) -> Result<u8> {
        let options = self.reading.options(self.jobs.threads());
        let flags = &self.findings;
        let base = flags.base(flags.config_from.as_deref(), &self.directories, loader)?;
        let rules: Vec<String> = self.rules.iter().map(|rule| rule.id.to_owned()).collect();
        let asked = AskedRules { subject: Subject::Kustomizations, profile: None, only: &rules };
        let context = flags.context(loader, base.as_ref(), &asked, options.plugins.today)?;
        let baseline = flags.baseline(loader, base.as_ref())?;
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
        context: Context,
        baseline: Baseline,
        format: Format,
    ) -> Result<u8> {
        let Linted { kustomizations, findings, failed, .. } = linted;
        let mut judged = Vec::new();
        if !kustomizations.is_empty() {
            let checked = Checked {
                resources: kustomizations,
                pods: 0,
                findings,
                evidence: Default::default(),
            };
            let target = self.directories.join(", ");
            judged.push(Judged { target, file: None, outcome: Ok(checked) });
        }
        let failed = failed.into_iter().map(|(target, error)| {
            let error = match error.code() {
                Code::KustomizationNotFound if !self.all && error.span().is_none() => {
                    error.help("to check the kustomizations below it, add `--all`")
                }
                _ => error,
            };
            Judged { target, file: None, outcome: Err(error) }
        });
        judged.extend(failed);
        let results = Results { judged, context, baseline, known: None, with_table: false };
        self.findings.write(results, loader, format)
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
        let (survey, mut found) = self.select.survey(run, &self.directories)?;
        let Survey { targets, passed_over } = survey;
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
        // Components and bases are linted, too.
        found.targets.extend(found.others.drain(..).map(|(other, _)| other));
        self.select.patterns()?.check(&found, &self.directories)?;
        let is_of_tree = |why: &Why| matches!(why, Why::Component | Why::Included(_));
        let others = passed_over.iter().filter(|one| is_of_tree(&one.why));
        let others = others.filter_map(|one| loader.root(&one.target.directory).ok());
        Ok((names, others.collect()))
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
            match self.findings.output {
                None if self.findings.format.is_text() => super::print(&format!("{line}\n"))?,
                _ => terminal::warning(&line, Span::NONE, loader.sources(), format),
            }
        }
        Ok(!files.is_empty())
    }
}
