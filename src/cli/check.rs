//! `krender check` renders, and judges what was rendered by rules.

use std::collections::BTreeSet;
use std::io::Read;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::findings::{self, Checked, Form, Judged};
use super::reading::{Reading, working_directory};
use super::report::{self, Format};
use super::select::Select;
use super::told::Told;
use crate::build;
use crate::error::{Code, Error, Result};
use crate::harden::{self, Date, FailOn, Kind, Profile, Rule, Settings};
use crate::limits::Budget;
use crate::load::{self, Loader};
use crate::resource::{self, ResMap, secret::Shield};
use crate::schema::Schema;
use crate::source::Sources;
use crate::yaml::parse;

/// Render, and judge what was rendered by rules
///
/// Renders the kustomization in each DIR, or reads rendered YAML from FILE or, for `-`, from standard input, and prints
/// what violates the rules of the profile: which object and container, where the field was written last, why it
/// matters, and what to do. With `--all`, a table at the end has a line for each target.
///
/// The exit code is 0 if there is nothing to report, 1 if there is, and 2 for what could not be done; a target that
/// cannot be rendered does not keep the others from being judged.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Check {
    /// Directories with a kustomization file, files of rendered YAML, or `-`
    #[arg(value_name = "DIR|FILE|-", default_value = ".")]
    targets: Vec<String>,

    /// The rules: privileged, baseline, restricted, recommended, paranoid or custom, at a version of Pod Security
    /// [default: that of the configuration, else recommended]
    #[arg(long, value_name = "PROFILE[@VERSION]")]
    profile: Option<Profile>,

    /// Only this rule, by its id or its name, whatever the profile has (may be repeated)
    #[arg(long = "rule", value_name = "RULE", value_parser = rule)]
    rules: Vec<&'static Rule>,

    /// A configuration: `apiVersion: krender.dev/v1alpha1`, `kind: Hardening` [default: the nearest `.krender.yaml` from
    /// the working directory up to the top of the repository]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,

    /// How the findings are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,

    /// Write the findings to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,

    /// A report of `--format json`: what it has is accepted
    #[arg(long, value_name = "FILE")]
    baseline: Option<String>,

    /// Count the findings too that annotations, comments and the configuration accept
    #[arg(long)]
    no_ignore: bool,

    /// The severity from which on a finding makes the exit code 1 [default: that of the configuration, else error]
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Severities>,

    #[command(flatten)]
    many: Many,

    #[command(flatten)]
    reading: Reading,
}

/// Which targets, and how.
#[derive(Args)]
#[command(next_help_heading = "Many targets")]
struct Many {
    /// Judge every kustomization at or below DIR that no other one there includes
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    select: Select,

    /// How many threads judge targets [default: one for each processor]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Severities {
    Error,
    Warning,
    Note,
    Never,
}

fn rule(name: &str) -> Result<&'static Rule> {
    harden::known(name)
}

/// What counts of a report that was written before.
#[derive(Deserialize)]
struct Baseline {
    roots: Vec<BaselineRoot>,
}

#[derive(Deserialize)]
struct BaselineRoot {
    findings: Vec<BaselineFinding>,
}

#[derive(Deserialize)]
struct BaselineFinding {
    fingerprint: String,
}

/// The exit code for findings.
const FOUND: u8 = 1;
/// The exit code for what could not be done.
pub(super) const NOT_DONE: u8 = 2;

impl Check {
    /// Judges all targets, and exits as the outcome asks.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let loader = match self.reading.loader() {
            Ok(loader) => loader,
            Err(error) => {
                report::errors(&error, &Sources::new(), format);
                return NOT_DONE.into();
            }
        };
        let exit = self.judge_and_write(&loader, format).unwrap_or_else(|error| {
            report::errors(&error, loader.sources(), format);
            NOT_DONE
        });
        // The process ends here, and its memory with it.
        std::mem::forget(loader);
        exit.into()
    }

    /// The exit code, once all is said.
    fn judge_and_write(&self, loader: &Loader, format: Format) -> Result<u8> {
        let options = self.reading.options();
        let settings = self.settings(loader, options.plugins.today)?;
        let accepted = self.accepted(loader)?;
        let run = build::Run::new(loader, &options);
        let jobs = self.many.jobs.unwrap_or_else(super::processors);
        let selected =
            self.many.select.targets(self.many.all, &run, loader, &self.targets, jobs)?;
        let mut judged = judge_all(&run, loader, &selected.targets, &settings, jobs);
        let refused = selected.refused.into_iter();
        judged.extend(refused.map(|(target, error)| Judged { target, outcome: Err(error) }));
        let (mut told, mut exit) = (Told::default(), 0);
        for Judged { target, outcome } in &mut judged {
            match outcome {
                Ok(checked) => {
                    checked.accept(&accepted);
                    if checked.open().any(|one| settings.fail_on.counts(one.severity)) {
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
        let (sources, file) =
            (loader.sources(), self.output.as_deref().filter(|file| *file != "-"));
        findings::write(self.format, &judged, &settings, sources, self.many.all, file)?;
        told.into_outcome()
            .unwrap_or_else(|error| report::errors(&error, loader.sources(), format));
        // Freeing it would only take time.
        std::mem::forget(judged);
        Ok(exit)
    }

    /// What the configuration asks for, and then the arguments.
    fn settings(&self, loader: &Loader, today: Option<Date>) -> Result<Settings> {
        let path = match &self.config {
            Some(path) => Some(path.clone()),
            None => nearest_configuration(&working_directory()?),
        };
        let usual = Profile::default();
        let mut settings = read_settings(path.as_deref(), usual, loader)?;
        settings.profile = self.profile.unwrap_or(settings.profile);
        settings.only.clone_from(&self.rules);
        settings.ignores_suppressions = self.no_ignore;
        settings.today = today;
        settings.fail_on = match self.fail_on {
            Some(Severities::Error) => FailOn::Error,
            Some(Severities::Warning) => FailOn::Warning,
            Some(Severities::Note) => FailOn::Note,
            Some(Severities::Never) => FailOn::Never,
            None => settings.fail_on,
        };
        Ok(settings)
    }

    /// The fingerprints of the findings in the baseline.
    fn accepted(&self, loader: &Loader) -> Result<BTreeSet<String>> {
        let Some(path) = &self.baseline else { return Ok(BTreeSet::new()) };
        let report: Baseline =
            serde_json::from_slice(loader.file(path)?.bytes()).map_err(|error| {
                Error::new(
                    Code::InvalidArgument,
                    format!("`{path}` is no report of findings: {error}"),
                )
                .help("write one with `krender check --format json --fail-on never`")
            })?;
        let roots = report.roots.into_iter();
        Ok(roots.flat_map(|root| root.findings).map(|finding| finding.fingerprint).collect())
    }
}

/// What comes of each target, in their order. Several are judged at once, and share their bases.
fn judge_all(
    run: &build::Run<'_>,
    loader: &Loader,
    targets: &[String],
    settings: &Settings,
    jobs: NonZeroUsize,
) -> Vec<Judged> {
    run.expect(targets, jobs);
    let mut judged = Vec::with_capacity(targets.len());
    let work = |number: usize| judge(loader, run, &targets[number], settings);
    build::in_order(targets.len(), jobs, work, |number, outcome| {
        // Every form that findings are written in has the words of failures.
        let outcome = outcome
            .map_err(|error| Shield::default().redacted(&error, loader.sources()).into_owned());
        judged.push(Judged { target: targets[number].clone(), outcome });
        ControlFlow::Continue(())
    });
    judged
}

fn judge(
    loader: &Loader,
    run: &build::Run<'_>,
    target: &str,
    settings: &Settings,
) -> Result<Checked> {
    let resources = match target {
        "-" => from_standard_input(loader)?,
        _ if load::is_file(target.as_ref()) => from_file(loader, target)?,
        _ => run.build(target, &mut Vec::new())?,
    };
    let findings = harden::check(&resources, loader.sources(), settings);
    let pods = harden::count_pods(&resources, settings);
    Ok(Checked { resources, pods, findings })
}

/// The configuration of a directory or of the nearest one around it, up to the top of the repository. Outside of a
/// repository only the directory itself is looked at: what lies above it may be anybody's.
fn nearest_configuration(directory: &Path) -> Option<String> {
    let is_top = |directory: &&Path| {
        let git = directory.join(".git");
        load::is_directory(&git) || load::is_file(&git)
    };
    let top = directory.ancestors().position(|ancestor| is_top(&ancestor)).unwrap_or(0);
    let found = directory
        .ancestors()
        .take(top + 1)
        .position(|ancestor| load::is_file(&ancestor.join(CONFIGURATION)));
    found.map(|height| "../".repeat(height) + CONFIGURATION)
}

/// The file with the configuration that nobody has to name.
const CONFIGURATION: &str = ".krender.yaml";

/// What a configuration asks for, in the `usual` profile where it names none.
pub(super) fn read_settings(
    path: Option<&str>,
    usual: Profile,
    loader: &Loader,
) -> Result<Settings> {
    let Some(path) = path else { return Ok(Settings::of(usual)) };
    let source = Arc::clone(loader.file(path)?.source()?);
    let document = parse::document(&source)?
        .ok_or_else(|| Error::new(Code::InvalidValue, format!("`{path}` says nothing")))?;
    Settings::read_within(&document.root, &Kind::ALL, usual, &Budget::new(loader.limits()))
        .map_err(|error| error.step(format!("while reading `{path}`")))
}

fn from_file(loader: &Loader, target: &str) -> Result<ResMap> {
    let file = loader.file(target)?;
    let budget = Budget::new(loader.limits());
    let documents = file.documents(&budget)?;
    Ok(resource::read(file.source()?, &documents, &Schema::default())?.into())
}

fn from_standard_input(loader: &Loader) -> Result<ResMap> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
        Error::new(Code::ReadFailed, format!("standard input could not be read: {error}"))
    })?;
    let source = loader.sources().add("standard input", bytes)?;
    let documents = parse::documents_within(&source, &Budget::new(loader.limits()))?;
    Ok(resource::read(&source, &documents, &Schema::default())?.into())
}
