//! Findings that somebody accepted: in an annotation of the object, or in a comment beside the field.
//!
//! An annotation `ignore.krender.dev/<rule>: "<reason>"` holds for the object or pod that has it, and
//! `ignore.krender.dev/<rule>.<container>` for one container. A comment `# krender: ignore <rule> -- <reason>` holds
//! for the line it ends, or for the next one if it has a line to itself, and for what is written below that.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::finding::Finding;
use super::path::Path;
use super::rule::{Rule, Severity};
use super::rules::{find, suppressions};
use super::scene::Scene;
use super::violation::Violation;
use crate::resource::Resource;
use crate::source::{Source, Sources, Span};

/// That somebody accepted a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Who says so.
    pub by: SuppressedBy,
    /// Why; empty where that is not said.
    pub reason: String,
}

/// Who accepts a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// An annotation of the object or of its pods.
    Annotation,
    /// A comment in the source.
    Comment,
    /// A report of earlier findings.
    Baseline,
}

impl SuppressedBy {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::Comment => "comment",
            Self::Baseline => "baseline",
        }
    }
}

const ANNOTATION: &str = "ignore.krender.dev/";
const COMMENT: &str = "# krender: ignore ";

/// One place that accepts findings of a rule.
struct Mark {
    by: SuppressedBy,
    /// The rule as it is named there.
    named: String,
    rule: Option<&'static Rule>,
    reason: String,
    /// Only findings about this container.
    container: Option<String>,
    /// Only findings in this range of addresses.
    within: Option<(u32, u32)>,
    /// What the mark itself is about, for what is to be said of it.
    object: usize,
    path: Path,
    span: Span,
    is_used: Cell<bool>,
}

/// Marks the findings that are accepted, and adds what there is to say about that: nobody said why, or there is
/// nothing to accept. Each text is walked through once.
pub(super) fn suppress(
    findings: &mut Vec<Finding>,
    scenes: &[Scene<'_>],
    sources: &Sources,
    is_asked: impl Fn(&Rule) -> bool,
) {
    let of_objects: Vec<Vec<Mark>> =
        scenes.iter().enumerate().map(|(place, scene)| annotations(place, *scene)).collect();
    let mut of_texts: BTreeMap<u32, Vec<Mark>> = BTreeMap::new();
    let written = findings.iter().map(|finding| (finding.span, finding.place));
    let objects = scenes.iter().enumerate().map(|(place, scene)| (scene.object.span(), place));
    for (span, place) in written.chain(objects) {
        if let Some(source) = sources.source_of(span) {
            of_texts.entry(source.base()).or_insert_with(|| comments(&source, place));
        }
    }
    of_texts.retain(|_, marks| !marks.is_empty());
    for finding in findings.iter_mut() {
        let own = of_objects.get(finding.place).into_iter().flatten();
        let near = of_texts.range(..=finding.span.start()).next_back();
        let near = near.into_iter().flat_map(|(_, marks)| marks);
        let mark = own.chain(near).find(|mark| mark.accepts(finding));
        finding.suppressed = mark.map(|mark| {
            mark.is_used.set(true);
            Suppression { by: mark.by, reason: mark.reason.clone() }
        });
    }
    for mark in of_objects.iter().flatten().chain(of_texts.values().flatten()) {
        let Some(scene) = scenes.get(mark.object) else { continue };
        findings.extend(mark.complaint(scene.object, &is_asked));
    }
}

impl Mark {
    fn accepts(&self, finding: &Finding) -> bool {
        let container = finding.container.as_ref().map(|(_, name)| &**name);
        let start = finding.span.start();
        self.rule == Some(finding.rule)
            && self.container.as_deref().is_none_or(|name| container == Some(name))
            && self
                .within
                .is_none_or(|(from, to)| !finding.span.is_none() && from <= start && start < to)
    }

    fn complaint(&self, object: &Resource, is_asked: impl Fn(&Rule) -> bool) -> Option<Finding> {
        let name = &self.named;
        let (rule, message) = match self.rule {
            None => (
                &suppressions::UNUSED_SUPPRESSION,
                format!("this is to ignore `{name}`, and there is no such rule"),
            ),
            Some(_) if self.reason.is_empty() => (
                &suppressions::SUPPRESSION_WITHOUT_REASON,
                format!("nobody says why `{name}` is ignored here"),
            ),
            Some(rule) if !self.is_used.get() && is_asked(rule) => (
                &suppressions::UNUSED_SUPPRESSION,
                format!("there is nothing of `{name}` to ignore here"),
            ),
            Some(_) => return None,
        };
        let mut violation = Violation::at(self.path.clone(), message);
        if self.rule.is_none() {
            violation = violation.severity(Severity::Warning);
        }
        let mut finding = Finding::new(rule, violation, self.object, object);
        finding.span = self.span;
        Some(finding)
    }
}

fn annotations(place: usize, scene: Scene<'_>) -> Vec<Mark> {
    let own = scene
        .object
        .annotations()
        .map(|(key, value)| (key, value, Path::of(&["metadata", "annotations", key])));
    let of_pods = scene.pods.iter().flat_map(|pod| {
        pod.annotations().map(|(key, value)| (key, value, pod.annotation_path(key)))
    });
    let mut marks: Vec<Mark> = Vec::new();
    for (key, reason, path) in own.chain(of_pods) {
        // The annotations of a pod are those of the object, if it is one.
        let Some(named) = key.strip_prefix(ANNOTATION) else { continue };
        if marks.iter().any(|mark| mark.path == path) {
            continue;
        }
        let (named, container) = match named.split_once('.') {
            Some((named, container)) => (named, Some(container.to_owned())),
            None => (named, None),
        };
        let span = path.span(scene.object.node());
        marks.push(Mark {
            by: SuppressedBy::Annotation,
            named: named.to_owned(),
            rule: find(named),
            reason: reason.trim().to_owned(),
            container,
            within: None,
            object: place,
            path,
            span,
            is_used: Cell::new(false),
        });
    }
    marks
}

fn comments(source: &Source, object: usize) -> Vec<Mark> {
    let text = source.text();
    if !text.contains(COMMENT) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = lines.last().map_or(0, |(start, line): &(usize, &str)| start + line.len());
        lines.push((start, line));
    }
    let mut marks = Vec::new();
    for (number, (start, line)) in lines.iter().enumerate() {
        let Some(column) = line.find(COMMENT) else { continue };
        let before = &line[..column];
        if !before.is_empty() && !before.ends_with([' ', '\t']) {
            continue;
        }
        let is_alone = before.trim().is_empty();
        let is_comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let rest = lines.iter().skip(number + usize::from(is_alone));
        let mut rest = rest.skip_while(|(_, line)| is_alone && is_comment(line));
        let within = rest.next().map_or((0, 0), |(from, first)| {
            let inner = rest.take_while(|(_, line)| is_comment(line) || is_below(first, line));
            let to = inner.last().map_or(from + first.len(), |(start, line)| start + line.len());
            let span = source.span(*from, to);
            (span.start(), span.end())
        });
        let words = line[column + COMMENT.len()..].trim_end();
        let (rules, reason) = words.split_once("--").unwrap_or((words, ""));
        let span = source.span(start + column, start + line.trim_end().len());
        marks.extend(rules.split(',').map(|named| Mark {
            by: SuppressedBy::Comment,
            named: named.trim().to_owned(),
            rule: find(named.trim()),
            reason: reason.trim().to_owned(),
            container: None,
            within: Some(within),
            object,
            path: Path::default(),
            span,
            is_used: Cell::new(false),
        }));
    }
    marks
}

/// Whether a line belongs to what another one begins: it is indented further, or it is an element of its list.
fn is_below(first: &str, line: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_key = first.split(" #").next().unwrap_or_default().trim_end().ends_with(':');
    let is_element = |line: &str| line.trim_start().starts_with("- ");
    let of_list = is_key && is_element(line) && !is_element(first);
    indent(line) > indent(first) || of_list && indent(line) == indent(first)
}
