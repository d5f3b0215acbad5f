//! Rules about Dockerfiles: what builds the images that pods run.
//!
//! [`find()`] searches for files, and [`check()`] reads each one into [stages](read), replaces [variables](expand), and
//! applies the [conditions](rules). Their texts are in [`crate::harden::dockerfiles`], with those of all rules. Where
//! containers are given, findings say which of them an image does not [suit](pods).

mod bases;
mod expand;
mod find;
mod found;
mod ignored;
mod pods;
mod read;
mod rules;
mod scene;
mod shell;
mod text;

pub use find::{find, is_dockerfile};

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::harden::{Comment, Container, Finding, Rule, Settings, settle_texts};
use crate::load::{File, Loader};
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::{Secrecy, Source, Span};
use crate::yaml::{Node, Scalar};
use found::Found;
use read::Dockerfile;
use scene::Scene;

/// The Dockerfiles of a run, and the findings about them.
#[derive(Debug)]
pub struct Judged {
    /// Each Dockerfile as an object, named by its path; findings refer to them by index.
    pub dockerfiles: ResMap,
    /// The findings, by file and place. Accepted ones are included.
    pub findings: Vec<Finding>,
    /// The files that could not be read.
    pub failed: Vec<(String, Error)>,
    /// The files that are no Dockerfiles, but templates or parts of some.
    pub templates: Vec<String>,
}

/// Applies the active rules to Dockerfiles. `are_named` is true if a user named these files, so that they are no templates, and
/// `containers` are those that may use their images. Linear in the files and containers.
///
/// # Errors
/// None of the files: those that cannot be read are part of the outcome.
pub fn check(
    loader: &Loader,
    files: &[File],
    are_named: bool,
    containers: &[Container],
    settings: &Settings,
) -> Result<Judged> {
    let (mut read, mut failed, mut templates) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        match one(file) {
            Ok((source, dockerfile)) => read.push((source, dockerfile)),
            Err(_) if !are_named && is_template(file) => templates.push(file.name().to_owned()),
            Err(error) => failed.push((file.name().to_owned(), error)),
        }
    }
    let objects: Vec<Resource> =
        read.iter().map(|(source, _)| object(source)).collect::<Result<_>>()?;
    let dockerfiles: ResMap = objects.into();
    let names: Vec<&str> = read.iter().map(|(source, _)| source.name()).collect();
    let uses = pods::uses(containers, &names, &settings.facts);
    let (mut findings, mut comments) = (Vec::new(), Vec::new());
    for (place, (source, dockerfile)) in read.iter().enumerate() {
        let Some(object) = dockerfiles.get(place) else { continue };
        let ignored = ignored::look_up(loader, source.name());
        let scene = Scene::new(source, dockerfile, &settings.facts, ignored);
        let with_pods = uses.get(&place).map_or_else(Vec::new, |uses| pods::find(&scene, uses));
        for (rule, Found { span, path, message, severity, hides }) in
            found(&scene, with_pods, settings)
        {
            if let Some(span) = hides {
                loader.sources().keep_secret(span, Secrecy::Whole);
            }
            let mut finding = Finding::of_source(rule, (place, object), path, message, span);
            finding.severity = severity.unwrap_or(finding.severity);
            findings.push(finding);
        }
        let marks = dockerfile.marks.iter();
        comments.extend(marks.map(|(span, within)| Comment { span: *span, within: *within }));
    }
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.place, finding.span);
        key(one).cmp(&key(other)).then_with(|| one.rule.cmp(&other.rule))
    });
    comments.sort_by_key(|comment| comment.span);
    settle_texts(&mut findings, &dockerfiles, loader.sources(), settings, &comments);
    Ok(Judged { dockerfiles, findings, failed, templates })
}

/// The violations by a Dockerfile. Those with pods replace those without.
fn found(
    scene: &Scene<'_>,
    with_pods: Vec<(&'static Rule, Found)>,
    settings: &Settings,
) -> Vec<(&'static Rule, Found)> {
    let mut all = Vec::new();
    for condition in rules::CONDITIONS.iter().filter(|one| settings.asks(one.rule)) {
        let own = with_pods.iter().filter(|(rule, _)| *rule == condition.rule);
        let places: Vec<Span> = own.map(|(_, found)| found.span).collect();
        let found = (condition.find)(scene).into_iter();
        let left = found.filter(|found| !places.contains(&found.span));
        all.extend(left.map(|found| (condition.rule, found)));
    }
    all.extend(with_pods.into_iter().filter(|(rule, _)| settings.asks(rule)));
    all
}

/// True if a file that cannot be read has the marks of a language for templates, or no `FROM`.
fn is_template(file: &File) -> bool {
    let text = file.source().map(|source| source.text()).unwrap_or_default();
    let begins_stage = |line: &str| {
        line.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("FROM "))
    };
    ["{{", "{%", "<%"].iter().any(|mark| text.contains(mark)) || !text.lines().any(begins_stage)
}

/// Reads a Dockerfile.
fn one(file: &File) -> Result<(Arc<Source>, Dockerfile)> {
    let source = Arc::clone(file.source()?);
    let mut dockerfile = read::read(&source)?;
    expand::expand(&mut dockerfile);
    Ok((source, dockerfile))
}

/// A Dockerfile as an object that findings are about.
fn object(source: &Arc<Source>) -> Result<Resource> {
    let start = source.span(0, 0);
    let text = |text: &str| Node::from(Scalar::new_string(text, Span::NONE));
    let key = |text: &str| Scalar::new_string(text, Span::NONE);
    let name = Node::from(Scalar::new_string(source.name(), start));
    let root = vec![
        (key("apiVersion"), text("krender.dev/v1alpha1")),
        (key("kind"), text("Dockerfile")),
        (key("metadata"), Node::mapping(vec![(key("name"), name)], Span::NONE)),
    ];
    Resource::new(Node::mapping(root, start), &Schema::built_in())
}
