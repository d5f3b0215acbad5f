//! `krender report`: summaries of rendered targets.

use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::configuration::{Configuration, ConfigurationFlags};
use super::findings::{self, NOT_DONE, apart_from_inputs};
use super::reading::{Jobs, Reading, working_directory};
use super::rendered::{Rendered, is_of_manifests, manifests, rendered};
use super::select::{Select, Selected};
use super::terminal::{self, Format};
use super::told::Told;
use crate::error::{Error, Result};
use crate::fleet::Run;
use crate::harden::{self, Capacity, Profile, Settings};
use crate::load::{self, Loader};
use crate::parallel::in_order;
use crate::report::findings::Remark;
use crate::report::summaries::{self, By, Posture, Summarized, Summary, Use};
use crate::source::Span;
use crate::trace::Trace;

/// Summarize quality of service, resources, posture or images of all targets
///
/// Renders the kustomization in each DIR, or reads rendered YAML, and writes one of these summaries:
///
/// - qos: the class of quality of service of each pod, with the reason.
///
/// - resources: requests and limits of each namespace times the number of pods, between the bounds of autoscalers, and the
///   quotas of the render that they meet.
///
/// - posture: the Pod Security level of each target, and its findings by topic.
///
/// - images: every image with the file, line and entry that set it, and the targets that have it.
///
/// Exit codes: 0, or 2 if an input could not be rendered.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Report {
    /// The summary
    #[arg(value_name = "REPORT")]
    kind: ReportKind,

    /// Directories with a kustomization file, files or directories of rendered YAML, or `-`
    #[arg(value_name = "DIR|FILE|-", default_value = ".")]
    directories: Vec<String>,

    /// Summarize every kustomization at or below DIR that is not included by another one there
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    select: Select,

    /// Output format [default: that of the ending of `--output`, otherwise text]
    #[arg(long, value_name = "FORMAT")]
    format: Option<ReportForm>,

    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,

    /// For resources: a row for each namespace or workload
    #[arg(long, value_name = "UNIT", default_value = "namespace")]
    by: Unit,

    /// For resources: the number of nodes, on each of which a DaemonSet has a pod
    #[arg(long, value_name = "N", default_value_t = 1)]
    nodes: u64,

    /// For posture: the profile, optionally at a version of the Pod Security Standards
    /// [default: the configuration's, else recommended]
    #[arg(long, value_name = "PROFILE[@VERSION]")]
    profile: Option<Profile>,

    #[command(flatten)]
    configuration: ConfigurationFlags,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// The summaries.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportKind {
    /// Classes of quality of service
    Qos,
    /// Requests, limits and quotas
    Resources,
    /// Pod Security levels, and findings by topic
    Posture,
    /// Images with their places
    Images,
}

/// Output format of a summary.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportForm {
    /// Tables, for people
    Text,
    /// One JSON document
    Json,
    /// The main table as comma-separated values
    Csv,
    /// One page with plots, which loads nothing
    Html,
}

/// The unit of a row.
#[derive(Clone, Copy, ValueEnum)]
enum Unit {
    Namespace,
    Workload,
}

impl Report {
    /// Writes the summary, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        findings::run(&self.reading, format, |loader| self.summarize_and_write(loader, format))
    }

    fn summarize_and_write(&self, loader: &Loader, format: Format) -> Result<u8> {
        let options = self.reading.options(self.jobs.threads());
        let settings = self.settings(loader, options.plugins.today, format)?;
        let run = super::until_exit(Run::new(loader, &options));
        let Selected { targets, refused } =
            self.select.targets(self.all, run, loader, &self.directories)?;
        let mut told = Told::default();
        let sources = loader.sources();
        let summary = match self.kind {
            ReportKind::Images => {
                let uses = images(run, &targets, &settings);
                let uses = with(uses, refused, &mut told);
                summaries::images(&uses, sources)
            }
            ReportKind::Posture => {
                let renders = rendered(run, &targets);
                let postures = with(postures(run, renders, &settings), refused, &mut told);
                summaries::posture(&postures, &settings)
            }
            ReportKind::Qos => {
                let renders = self.capacities(run, &targets, &settings);
                summaries::qos(&with(renders, refused, &mut told), sources)
            }
            ReportKind::Resources => {
                let by = match self.by {
                    Unit::Namespace => By::Namespace,
                    Unit::Workload => By::Workload,
                };
                let renders = self.capacities(run, &targets, &settings);
                summaries::resources(&with(renders, refused, &mut told), by, sources)
            }
        };
        if let Some(file) = self.output.as_deref().filter(|file| *file != "-") {
            apart_from_inputs(file, loader)?;
        }
        self.write(&summary)?;
        let exit = match told.into_outcome() {
            Ok(()) => 0,
            Err(error) => {
                terminal::errors(&error, sources, format);
                NOT_DONE
            }
        };
        Ok(exit)
    }

    /// Settings of the configuration, overridden by the arguments.
    fn settings(
        &self,
        loader: &Loader,
        today: Option<harden::Date>,
        format: Format,
    ) -> Result<Settings> {
        let directory = working_directory()?;
        let wanted = self.configuration.wanted(&directory, Profile::default());
        let Configuration { mut settings, remarks, .. } = wanted.read(loader, None)?;
        settings.facts.profile = self.profile.unwrap_or(settings.facts.profile);
        settings.today = today;
        for Remark { severity, text, .. } in remarks {
            let text = format!("{severity}: {text}");
            terminal::warning(&text, Span::NONE, loader.sources(), format);
        }
        Ok(settings)
    }

    fn capacities(
        &self,
        run: &Run<'_>,
        targets: &[String],
        settings: &Settings,
    ) -> Vec<Summarized<Capacity>> {
        let capacity = |(target, objects): Rendered| {
            let outcome =
                objects.map(|objects| harden::capacity(&objects, &settings.facts, self.nodes));
            Summarized { target, outcome }
        };
        rendered(run, targets).into_iter().map(capacity).collect()
    }

    fn write(&self, summary: &Summary) -> Result<()> {
        let text = match self.form() {
            ReportForm::Text => summary.text(),
            ReportForm::Json => summary.json(),
            ReportForm::Csv => summary.csv(),
            ReportForm::Html => summary.html(),
        };
        match self.output.as_deref().filter(|file| *file != "-") {
            Some(file) => load::write(file.as_ref(), &[&text]),
            None => super::print(&text),
        }
    }

    fn form(&self) -> ReportForm {
        let ends = |ending: &str| self.output.as_ref().is_some_and(|file| file.ends_with(ending));
        self.format.unwrap_or(match () {
            () if ends(".html") => ReportForm::Html,
            () if ends(".json") => ReportForm::Json,
            () if ends(".csv") => ReportForm::Csv,
            () => ReportForm::Text,
        })
    }
}

/// Adds the targets that cannot be rendered, and tells the failures.
fn with<T>(
    mut targets: Vec<Summarized<T>>,
    refused: Vec<(String, Error)>,
    told: &mut Told,
) -> Vec<Summarized<T>> {
    let refused = refused.into_iter();
    targets.extend(refused.map(|(target, error)| Summarized { target, outcome: Err(error) }));
    for Summarized { target, outcome } in &targets {
        told.add(target, Vec::new(), outcome.as_ref().err().cloned());
    }
    targets
}

fn postures(
    run: &Run<'_>,
    renders: Vec<Rendered>,
    settings: &Settings,
) -> Vec<Summarized<Posture>> {
    let sources = run.loader().sources();
    let mut postures = Vec::with_capacity(renders.len());
    let work = |number: usize| {
        let objects = renders[number].1.as_ref().ok()?;
        let findings = harden::check(objects, sources, settings);
        let pods = harden::count_pods(objects, settings);
        Some(Posture::of(objects, &findings, pods, settings))
    };
    in_order(renders.len(), &run.options().threads, work, |_, posture: Option<Posture>| {
        postures.push(posture);
        ControlFlow::Continue(())
    });
    let with_errors = renders.into_iter().zip(postures);
    let summarized = with_errors.filter_map(|((target, objects), posture)| {
        let outcome = match (objects, posture) {
            (Err(error), _) => Err(error),
            (Ok(_), posture) => Ok(posture?),
        };
        Some(Summarized { target, outcome })
    });
    summarized.collect()
}

/// The images of each target. The build of a kustomization is traced, one target on each thread.
fn images(run: &Run<'_>, targets: &[String], settings: &Settings) -> Vec<Summarized<Vec<Use>>> {
    let (loader, facts) = (run.loader(), &settings.facts);
    let mut summarized = Vec::with_capacity(targets.len());
    let work = |number: usize| {
        let target = &targets[number];
        if is_of_manifests(run, target) {
            return manifests(loader, target).map(|one| summaries::of_manifests(&one, facts));
        }
        let trace = Trace::of(run, target, &mut Vec::new())?;
        Ok(summaries::of_trace(&trace, facts, loader.sources()))
    };
    in_order(targets.len(), &run.options().threads, work, |number, outcome: Result<Vec<Use>>| {
        summarized.push(Summarized { target: targets[number].clone(), outcome });
        ControlFlow::Continue(())
    });
    summarized
}
