//! `krender tree`: the graph of kustomizations.

use std::{ops::ControlFlow, process::ExitCode};

use clap::{Args, ValueEnum};

use super::reading::{Jobs, Reading};
use super::select::{Select, Selected};
use super::terminal::Format;
use super::told::Told;
use crate::{
    error::{Code, Error, Result},
    fleet,
    graph::{self, Counted, Graph},
    load::{self, Loader},
    parallel::in_order,
    report::graphs,
    trace::Trace,
};

/// Show what a kustomization consists of, and what each part adds and changes
///
/// Draws the bases, components, files, generators, patches and other transformers of the kustomization in DIR, in the order
/// of a build, each with its effect: objects that it adds, objects and fields that it changes, or that it matches nothing.
/// Lists files beside the kustomizations that nothing reads. A kustomization that is listed again is drawn once.
#[derive(Args)]
pub(super) struct Tree {
    /// Directories with kustomization files
    #[arg(value_name = "DIR", default_value = ".")]
    directories: Vec<String>,

    /// Draw every kustomization at or below DIR that is not included by another one there
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    select: Select,

    /// Output format [default: html for a FILE that ends in `.html`, otherwise text]
    #[arg(long, value_name = "FORMAT")]
    format: Option<TreeForm>,

    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// Output format of the graph.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TreeForm {
    /// Trees, one for each target
    Text,
    /// One JSON document with places and counts
    Json,
    /// For Graphviz
    Dot,
    /// For Mermaid
    Mermaid,
    /// A page with the rendered YAML of one target, and the layer and source of each line
    Html,
}

impl Tree {
    /// Draws the graph, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        self.reading.run(|loader| self.draw(loader, format), format)
    }

    fn draw(&self, loader: &Loader, format: Format) -> Result<()> {
        let options = self.reading.options(self.jobs.threads());
        let run: &fleet::Run<'_> = super::until_exit(fleet::Run::new(loader, &options));
        let Selected { targets, refused } =
            self.select.targets(self.all, run, loader, &self.directories)?;
        let (mut graph, mut told) = (Graph::default(), Told::default());
        let work = |number: usize| graph::count(run, &targets[number]);
        in_order(targets.len(), &options.threads, work, |number, counted: Result<Counted>| {
            let target = &targets[number];
            match counted {
                Ok(mut counted) => {
                    let warnings = std::mem::take(&mut counted.warnings);
                    told.add(target, warnings, counted.failure.take());
                    graph.add(run, counted);
                }
                Err(error) => told.add(target, Vec::new(), Some(error)),
            }
            ControlFlow::Continue(())
        });
        for (target, error) in refused {
            told.add(&target, Vec::new(), Some(error));
        }
        graph.find_unused(run);
        told.warn(loader.sources(), format);
        if graph.targets.is_empty() {
            return told.into_outcome();
        }
        let text = match self.form() {
            TreeForm::Text => graphs::text(&graph),
            TreeForm::Json => graphs::json(&graph, loader.sources()),
            TreeForm::Dot => graphs::dot(&graph),
            TreeForm::Mermaid => graphs::mermaid(&graph),
            TreeForm::Html if graph.targets.iter().any(|target| target.objects.is_none()) => {
                return told.into_outcome();
            }
            TreeForm::Html => self.page(&targets, &graph, run)?,
        };
        match &self.output {
            Some(file) => load::write(file.as_ref(), &[&text])?,
            None => super::print(&text)?,
        }
        told.into_outcome()
    }

    fn form(&self) -> TreeForm {
        let is_page = self.output.as_ref().is_some_and(|file| file.ends_with(".html"));
        self.format.unwrap_or(if is_page { TreeForm::Html } else { TreeForm::Text })
    }

    /// The page of the only target.
    fn page(&self, targets: &[String], graph: &Graph, run: &fleet::Run<'_>) -> Result<String> {
        let [target] = targets else {
            let message = format!("a page shows one target, found {}", targets.len());
            return Err(Error::new(Code::InvalidArgument, message)
                .help("name one directory, or choose another `--format`"));
        };
        let trace = Trace::of(run, target, &mut Vec::new())?;
        graphs::html(target, graph, &trace, run.loader().sources())
    }
}
