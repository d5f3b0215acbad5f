//! `krender check` renders, and judges what was rendered by rules.

use std::collections::BTreeSet;
use std::io::Read;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::findings::{self, Checked, Form};
use super::reading::working_directory;
use super::report::{self, Format};
use crate::build;
use crate::error::{Code, Error, Result};
use crate::harden::{self, Profile, Settings, Severity};
use crate::load::{self, Disk, File, Loader};
use crate::resource::{self, ResMap};
use crate::schema::Schema;
use crate::source::{Sources, Span};
use crate::yaml::parse;

/// Render, and judge what was rendered by rules
///
/// Renders the kustomization in each DIR, or reads rendered YAML from FILE or, for `-`, from standard input, and prints
/// what violates the rules of the profile: which object and container, where the field was written last, why it
/// matters, and what to do. The exit code is 0 if there is nothing to report, 1 if there is, and 2 for what could not
/// be done.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Check {
    /// Directories with a kustomization file, files of rendered YAML, or `-`
    #[arg(value_name = "DIR|FILE|-", default_value = ".")]
    targets: Vec<String>,

    /// The rules: privileged, baseline, restricted, recommended or paranoid, at a version of Pod Security
    /// [default: that of the configuration, else recommended]
    #[arg(long, value_name = "PROFILE[@VERSION]")]
    profile: Option<Profile>,

    /// A configuration: `apiVersion: krender.dev/v1alpha1`, `kind: Hardening`
    #[arg(long, value_name = "FILE")]
    config: Option<String>,

    /// How the findings are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,

    /// A report of `--format json`: what it has is accepted
    #[arg(long, value_name = "FILE")]
    baseline: Option<String>,

    /// Count the findings too that annotations and comments accept
    #[arg(long)]
    no_ignore: bool,

    /// The severity from which on a finding makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    Never,
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
        let loader = match loader() {
            Ok(loader) => loader,
            Err(error) => {
                report::errors(&error, &Sources::new(), format);
                return NOT_DONE.into();
            }
        };
        let asked = self
            .settings(&loader)
            .and_then(|settings| self.accepted(&loader).map(|accepted| (settings, accepted)));
        let (settings, accepted) = match asked {
            Ok(asked) => asked,
            Err(error) => {
                report::errors(&error, loader.sources(), format);
                return NOT_DONE.into();
            }
        };
        let (mut checked, mut exit) = (Vec::new(), 0);
        for outcome in self.judge_all(&loader, &settings) {
            match outcome {
                Ok(mut one) => {
                    one.accept(&accepted);
                    checked.push(one);
                }
                Err(error) => {
                    report::errors(&error, loader.sources(), format);
                    exit = NOT_DONE;
                }
            }
        }
        let fails = checked.iter().flat_map(Checked::open).any(|one| self.fails(one.severity));
        if fails {
            exit = exit.max(FOUND);
        }
        if let Err(error) = findings::write(self.format, &checked, &settings, loader.sources()) {
            report::errors(&error, loader.sources(), format);
            exit = NOT_DONE;
        }
        // The process ends here, and its memory with it.
        std::mem::forget((checked, loader));
        exit.into()
    }

    /// What the configuration asks for, and then the arguments.
    fn settings(&self, loader: &Loader) -> Result<Settings> {
        let mut settings = read_settings(self.config.as_deref(), loader)?;
        settings.profile = self.profile.unwrap_or(settings.profile);
        settings.ignores_suppressions = self.no_ignore;
        Ok(settings)
    }

    /// The fingerprints of the findings in the baseline.
    fn accepted(&self, loader: &Loader) -> Result<BTreeSet<String>> {
        let Some(path) = &self.baseline else { return Ok(BTreeSet::new()) };
        let report: Baseline =
            serde_json::from_slice(file(loader, path)?.bytes()).map_err(|error| {
                Error::new(
                    Code::InvalidArgument,
                    format!("`{path}` is no report of findings: {error}"),
                )
                .help("write one with `krender check --format json --fail-on never`")
            })?;
        let roots = report.roots.into_iter();
        Ok(roots.flat_map(|root| root.findings).map(|finding| finding.fingerprint).collect())
    }

    fn fails(&self, severity: Severity) -> bool {
        match self.fail_on {
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Note => true,
            FailOn::Never => false,
        }
    }

    /// The outcome for each target, in their order. Several are judged at once, and share their bases.
    fn judge_all(&self, loader: &Loader, settings: &Settings) -> Vec<Result<Checked>> {
        let (options, jobs) = (build::Options::default(), super::processors());
        let run = build::Run::new(loader, &options);
        run.expect(&self.targets, jobs);
        let mut outcomes = Vec::with_capacity(self.targets.len());
        let work = |number: usize| judge(loader, &run, &self.targets[number], settings);
        build::in_order(self.targets.len(), jobs, work, |_, outcome| {
            outcomes.push(outcome);
            ControlFlow::Continue(())
        });
        outcomes
    }
}

fn loader() -> Result<Loader> {
    let working_directory = working_directory()?;
    Ok(Loader::new(Disk, load::Options { working_directory, ..load::Options::default() }))
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
    Ok(Checked { target: target.to_owned(), resources, findings })
}

/// What a configuration asks for; the usual where there is none.
pub(super) fn read_settings(path: Option<&str>, loader: &Loader) -> Result<Settings> {
    let Some(path) = path else { return Ok(Settings::default()) };
    let source = Arc::clone(file(loader, path)?.source()?);
    let document = parse::document(&source)?
        .ok_or_else(|| Error::new(Code::InvalidValue, format!("`{path}` says nothing")))?;
    Settings::read(&document.root).map_err(|error| error.step(format!("while reading `{path}`")))
}

fn from_file(loader: &Loader, target: &str) -> Result<ResMap> {
    let file = file(loader, target)?;
    Ok(resource::read(file.source()?, &file.documents()?, &Schema::default())?.into())
}

fn file(loader: &Loader, path: &str) -> Result<File> {
    let (folder, name) = match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
        None => (".", path),
    };
    loader.root(folder)?.file(name, Span::NONE)
}

fn from_standard_input(loader: &Loader) -> Result<ResMap> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
        Error::new(Code::ReadFailed, format!("standard input could not be read: {error}"))
    })?;
    let source = loader.sources().add("standard input", bytes)?;
    let documents = parse::documents(&source)?;
    Ok(resource::read(&source, &documents, &Schema::default())?.into())
}
