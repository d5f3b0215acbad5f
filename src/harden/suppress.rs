//! Suppressions: findings that are accepted by an annotation of the object, or by a comment at the field.
//!
//! An annotation `ignore.krender.dev/<rule>: "<reason>"` applies to its object or pod, and
//! `ignore.krender.dev/<rule>.<container>` to one container. A comment `# krender: ignore <rule> -- <reason>` applies
//! to its line, or, on a line of its own, to the next line; in both cases also to the block below that line.
//!
//! An annotation `krender.dev/harden: "off"` suppresses no finding: it prevents hardening, and
//! `krender.dev/harden-reason` gives the reason.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::exclusion::Exclusion;
use super::finding::{Finding, SuppressedBy, Suppression};
use super::foreign::{Checks, Tool};
use super::handle::RuleRef;
use super::pod::Pod;
use super::quality::Quality;
use super::rule::Rule;
use super::rules::judging::suppressions::{
    EXPIRED_EXCLUSION, SUPPRESSION_WITHOUT_REASON, UNUSED_SUPPRESSION,
};
use super::rules::rules;
use super::runtime::Runtime;
use super::scene::Scene;
use super::settings::{Phase, Settings};
use super::violation::{Eased, Easing, Severity, Violation};
use crate::resource::Resource;
use crate::source::{Source, Sources, Span};
use crate::yaml::path::Path;
use crate::yaml::{Mapping, Node, parse};

/// The annotation that prevents the hardening of an object if it is `off`.
pub(super) const HARDEN: &str = "krender.dev/harden";
/// The annotation with the reason for it.
const HARDEN_REASON: &str = "krender.dev/harden-reason";
const ANNOTATION: &str = "ignore.krender.dev/";
const COMMENT: &str = "# krender: ignore ";

/// A comment that accepts findings, in a text that is not YAML: it begins with `# krender: ignore `.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// The place.
    pub span: Span,
    /// The range of the text that it is about.
    pub within: Span,
}

/// A suppression of a rule in one place.
struct Suppressor {
    by: SuppressedBy,
    /// The name of the rule as written.
    named: String,
    rule: Option<RuleRef>,
    reason: String,
    /// If set, only findings of this container are accepted.
    container: Option<String>,
    /// If set, only findings with a span in this range are accepted.
    within: Option<(u32, u32)>,
    /// The object, path and span for findings about the mark itself.
    object: usize,
    path: Path,
    span: Span,
    /// True if it was written for another tool: then it is never reported.
    is_foreign: bool,
    is_used: Cell<bool>,
}

/// Marks the accepted findings, and adds findings about suppressions: those without a reason, and those that match no
/// finding. Reads each text once.
pub(super) fn suppress(
    findings: &mut Vec<Finding>,
    scenes: &[Scene<'_>],
    sources: &Sources,
    settings: &Settings,
    given: Option<&[Comment]>,
) {
    let of_objects: Vec<Marks> = scenes
        .iter()
        .enumerate()
        .map(|(place, scene)| annotations(place, *scene, settings).into())
        .collect();
    let mut of_texts: BTreeMap<u32, Marks> = BTreeMap::new();
    let written = findings.iter().map(|finding| (finding.span, finding.place));
    let objects = scenes.iter().enumerate().map(|(place, scene)| (scene.object.span(), place));
    for (span, place) in written.chain(objects) {
        if let Some(source) = sources.source_of(span) {
            of_texts.entry(source.base()).or_insert_with(|| match given {
                Some(given) => given_comments(&source, place, given, settings).into(),
                None => comments(&source, place, scenes, settings).into(),
            });
        }
    }
    of_texts.retain(|_, marks| !marks.all.is_empty());
    for finding in findings.iter_mut() {
        let own = of_objects.get(finding.place).and_then(|marks| marks.of(finding));
        let near = || of_texts.range(..=finding.span.start()).next_back()?.1.of(finding);
        let mark = own.or_else(near);
        finding.suppressed = mark.map(|mark| {
            mark.is_used.set(true);
            Box::new(Suppression { by: mark.by, reason: mark.reason.clone() })
        });
    }
    // A comment in an inline patch is also a comment of the kustomization file that contains it.
    let line = |mark: &Suppressor| sources.locate(mark.span).map(|at| (at.source.id(), at.line));
    let in_texts = || of_texts.values().flat_map(|marks| &marks.all);
    let id = |mark: &Suppressor| mark.rule.as_ref().map(|rule| rule.id().to_owned());
    let used = in_texts().filter(|mark| mark.is_used.get());
    let used: BTreeSet<_> = used.filter_map(|mark| Some((line(mark)?, id(mark)))).collect();
    let is_known = |mark: &Suppressor| {
        !used.is_empty()
            && !mark.is_used.get()
            && mark.within.is_some()
            && line(mark).is_some_and(|line| used.contains(&(line, id(mark))))
    };
    for mark in of_objects.iter().flat_map(|marks| &marks.all).chain(in_texts()) {
        let Some(scene) = scenes.get(mark.object).filter(|_| !is_known(mark)) else { continue };
        findings.extend(mark.complaint(scene.object, settings));
    }
    if !matches!(settings.phase, Phase::Final(_)) {
        let refusals = scenes.iter().enumerate().flat_map(|(place, scene)| refusals(place, *scene));
        findings.extend(refusals);
    }
}

/// Marks in order, with indices of those that may accept a finding.
struct Marks {
    all: Vec<Suppressor>,
    /// Marks for an object, or one of its containers: the position of the first of each.
    anywhere: BTreeMap<(RuleRef, Option<String>), usize>,
    /// Marks for a range of a text, by rule. The ranges are sorted by their start.
    within: BTreeMap<RuleRef, Vec<Within>>,
}

/// A mark for a range of a text.
struct Within {
    place: usize,
    /// The maximum end of its range and of those before it.
    reach: u32,
}

impl From<Vec<Suppressor>> for Marks {
    fn from(all: Vec<Suppressor>) -> Self {
        let (mut anywhere, mut within) = (BTreeMap::new(), BTreeMap::<_, Vec<Within>>::new());
        for (place, mark) in all.iter().enumerate() {
            let Some(rule) = &mark.rule else { continue };
            match mark.within {
                None => {
                    anywhere.entry((rule.clone(), mark.container.clone())).or_insert(place);
                }
                Some((_, to)) => {
                    let parts = within.entry(rule.clone()).or_default();
                    let reach = parts.last().map_or(to, |before| before.reach.max(to));
                    parts.push(Within { place, reach });
                }
            }
        }
        Self { all, anywhere, within }
    }
}

impl Marks {
    /// The first mark that accepts a finding.
    fn of(&self, finding: &Finding) -> Option<&Suppressor> {
        if self.all.is_empty() {
            return None;
        }
        let rule = &finding.rule;
        let container = finding.container.as_ref().map(|(_, name)| name.to_string());
        let anywhere =
            [None, container].map(|container| self.anywhere.get(&(rule.clone(), container)));
        let within = self.within.get(rule).and_then(|parts| {
            // The first range that extends beyond the start of the finding: those before it end earlier, and those
            // after it begin later.
            let start = finding.span.start();
            parts.get(parts.partition_point(|part| part.reach <= start))
        });
        let places = anywhere.into_iter().flatten().copied();
        let places = places.chain(within.map(|part| part.place));
        let marks = places.filter_map(|place| Some((place, self.all.get(place)?)));
        let accepting = marks.filter(|(_, mark)| mark.accepts(finding));
        accepting.min_by_key(|(place, _)| *place).map(|(_, mark)| mark)
    }
}

impl Suppressor {
    fn accepts(&self, finding: &Finding) -> bool {
        let container = finding.container.as_ref().map(|(_, name)| &**name);
        let start = finding.span.start();
        self.rule.as_ref() == Some(&finding.rule)
            && self.container.as_deref().is_none_or(|name| container == Some(name))
            && self
                .within
                .is_none_or(|(from, to)| !finding.span.is_none() && from <= start && start < to)
    }

    fn complaint(&self, object: &Resource, settings: &Settings) -> Option<Finding> {
        let name = &self.named;
        let (rule, message) = match &self.rule {
            _ if self.is_foreign => return None,
            None if matches!(settings.phase, Phase::Final(_)) => return None,
            None => (&UNUSED_SUPPRESSION, format!("unknown rule `{name}`")),
            Some(rule) if !settings.phase.asks_for(rule) => return None,
            Some(_) if self.reason.is_empty() => (
                &SUPPRESSION_WITHOUT_REASON,
                format!("the suppression of `{name}` gives no reason"),
            ),
            Some(rule) if !self.is_used.get() && settings.asks_for(rule) => {
                (&UNUSED_SUPPRESSION, format!("no finding of `{name}` matches this suppression"))
            }
            Some(_) => return None,
        };
        let mut violation = Violation::at(self.path.clone(), message);
        if self.rule.is_none() {
            violation = violation.severity(Severity::Warning);
        }
        Some(Finding::written_at(self.span, rule, violation, self.object, object))
    }
}

/// The values that an annotation of krender may have, if it has another one.
fn allowed(key: &str, value: &str) -> Option<String> {
    let key = key.strip_prefix("krender.dev/")?;
    let of_runtime = key.strip_prefix("runtime");
    if of_runtime.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
        let names = Runtime::ALL.map(Runtime::as_str).join(", ");
        return value.parse::<Runtime>().is_err().then(|| format!("runtimes are {names}"));
    }
    match key {
        "qos" => {
            let is_known = Quality::ALL.into_iter().any(|one| one.as_str() == value);
            let names = Quality::ALL.map(Quality::as_str).join(", ");
            (!is_known).then(|| format!("classes are {names}"))
        }
        "drain-seconds" => {
            value.parse::<u32>().is_err().then(|| "only a number of seconds is allowed".to_owned())
        }
        _ => None,
    }
}

/// Findings about annotations whose values are not known, and about those that prevent hardening.
fn refusals(place: usize, scene: Scene<'_>) -> Vec<Finding> {
    let object = scene.object;
    let mut found: Vec<Violation> = Vec::new();
    let mut look = |key: &str, value: &str, path: Path, has_reason: bool| {
        if let Some(allowed) = allowed(key, value) {
            if !found.iter().any(|one| one.path == path) {
                let message = format!("`{key}` is `{value}`, and {allowed}");
                found.push(Violation::at(path, message).severity(Severity::Warning));
            }
            return;
        }
        if key != HARDEN || found.iter().any(|one| one.path == path) {
            return;
        }
        if value != "off" {
            let message = format!("`{HARDEN}` is `{value}`, and the only value allowed is `off`");
            found.push(Violation::at(path, message).severity(Severity::Warning));
        } else if !has_reason {
            found.push(Violation::at(path, "hardening is turned off without a reason"));
        }
    };
    let is_reason = |(key, value): (&str, &str)| key == HARDEN_REASON && !value.trim().is_empty();
    let has_reason = object.annotations().any(is_reason);
    for (key, value) in object.annotations() {
        look(key, value, Path::of(&["metadata", "annotations", key]), has_reason);
    }
    for pod in scene.pods {
        let has_reason = has_reason || pod.annotations().any(is_reason);
        for (key, value) in pod.annotations() {
            look(key, value, pod.annotation_path(key), has_reason);
        }
    }
    let finding = |violation: Violation| {
        let rule = match violation.severity {
            Some(_) => &UNUSED_SUPPRESSION,
            None => &SUPPRESSION_WITHOUT_REASON,
        };
        Finding::new(rule, violation, place, object)
    };
    found.into_iter().map(finding).collect()
}

fn annotations(place: usize, scene: Scene<'_>, settings: &Settings) -> Vec<Suppressor> {
    let own = scene
        .object
        .annotations()
        .map(|(key, value)| (key, value, Path::of(&["metadata", "annotations", key])));
    let of_pods = scene.pods.iter().flat_map(|pod| {
        pod.annotations().map(|(key, value)| (key, value, pod.annotation_path(key)))
    });
    let mut marks: Vec<Suppressor> = Vec::new();
    // The annotations of a Pod occur twice here.
    let mut seen = BTreeSet::new();
    let mut spans = Spans::default();
    for (key, value, path) in own.chain(of_pods) {
        let is_asked = key.starts_with(ANNOTATION) || !settings.honored.is_empty();
        if !is_asked || seen.contains(&path) {
            continue;
        }
        let span = spans.of(&path, key, scene.object.node());
        let mark = |named: &str, rule, container, reason: &str, is_foreign| Suppressor {
            by: SuppressedBy::Annotation,
            named: named.to_owned(),
            rule,
            reason: reason.trim().to_owned(),
            container,
            within: None,
            object: place,
            path: path.clone(),
            span,
            is_foreign,
            is_used: Cell::new(false),
        };
        if let Some(named) = key.strip_prefix(ANNOTATION) {
            let (named, container) = match named.split_once('.') {
                Some((named, container)) => (named, Some(container.to_owned())),
                None => (named, None),
            };
            marks.push(mark(named, settings.find(named), container, value, false));
            seen.insert(path);
            continue;
        }
        let before = marks.len();
        for tool in &settings.honored {
            let (checks, reason) = tool.checks(key, value);
            let meant = rules().filter(|rule| rule.is_among(*tool, &checks));
            let foreign =
                |rule| mark(key, Some(RuleRef::Known(rule)), None, reason.unwrap_or(key), true);
            marks.extend(meant.map(foreign));
        }
        if marks.len() > before {
            seen.insert(path);
        }
    }
    marks
}

/// The start of annotations of other tools.
const FOREIGN: [&str; 5] = [
    "checkov.io/",
    "ignore-check.kube-linter.io/",
    "kube-linter.io/",
    "kube-score/",
    "polaris.fairwinds.com/",
];

/// Completes the findings of an object that an annotation for another tool accepts, if such annotations are not honored:
/// the first one of each rule mentions it, and warnings become notes.
pub(super) fn mention_foreign(findings: &mut [Finding], scene: Scene<'_>, settings: &Settings) {
    if findings.is_empty() || !has_foreign(scene) {
        return;
    }
    // The findings of each rule that no annotation has accepted so far.
    let mut of_rules: BTreeMap<&str, (&Rule, Vec<usize>)> = BTreeMap::new();
    for (place, finding) in findings.iter().enumerate() {
        if let Some(rule) = finding.rule.known() {
            of_rules.entry(rule.id).or_insert_with(|| (rule, Vec::new())).1.push(place);
        }
    }
    for (key, value) in foreign(scene) {
        for tool in Tool::ALL.into_iter().filter(|tool| !settings.honored.contains(tool)) {
            let (checks, _) = tool.checks(key, value);
            if matches!(&checks, Checks::Of(none) if none.is_empty()) {
                continue;
            }
            of_rules.retain(|_, (rule, places)| {
                let is_accepted = rule.is_among(tool, &checks);
                if is_accepted {
                    let keeps = settings.facts.keeps_severities;
                    accept(findings, places, (key, tool), keeps);
                }
                !is_accepted
            });
        }
    }
}

/// The annotations for other tools of an object and its pods.
fn foreign(scene: Scene<'_>) -> impl Iterator<Item = (&str, &str)> {
    let of_pods = scene.pods.iter().flat_map(Pod::annotations);
    let is_foreign = |key: &str| FOREIGN.iter().any(|start| key.starts_with(start));
    scene.object.annotations().chain(of_pods).filter(move |(key, _)| is_foreign(key))
}

/// True if an object has annotations for other tools.
pub(super) fn has_foreign(scene: Scene<'_>) -> bool {
    foreign(scene).next().is_some()
}

/// Completes the findings of a rule at these places, which an annotation for another tool accepts.
fn accept(
    findings: &mut [Finding],
    places: &[usize],
    (key, tool): (&str, Tool),
    keeps_severities: bool,
) {
    for (number, place) in places.iter().enumerate() {
        let Some(finding) = findings.get_mut(*place) else { continue };
        if finding.severity == Severity::Warning && !keeps_severities {
            let eased = finding.eased.take();
            let from = eased.as_ref().map_or(Severity::Warning, |eased| eased.from);
            let elsewhere = eased.and_then(|eased| eased.elsewhere);
            let (by, told, proofs) = (Easing::Foreign, String::new(), Vec::new());
            finding.eased = Some(Box::new(Eased { by, from, told, proofs, elsewhere }));
            finding.severity = Severity::Note;
        }
        if number == 0 {
            let name = tool.name();
            finding.message = format!(
                "{} (the annotation `{key}` accepts it for {name}; `honorForeign: [{name}]` in the configuration accepts it here)",
                finding.message
            );
        }
    }
}

/// The spans of entries of mappings; each mapping is walked once.
#[derive(Default)]
struct Spans<'a>(BTreeMap<Path, BTreeMap<&'a str, Span>>);

impl<'a> Spans<'a> {
    /// As [`Path::span`], for the path of an existing key.
    fn of(&mut self, path: &Path, key: &str, root: &'a Node) -> Span {
        let Some(mapping) = path.parent() else { return path.span(root) };
        let known = self.0.entry(mapping).or_insert_with_key(|mapping| {
            let entries = mapping.find(root).and_then(Node::as_mapping).map(Mapping::entries);
            let entries = entries.unwrap_or_default().iter().rev();
            entries.map(|(key, value)| (key.text(), value.span())).collect()
        });
        match known.get(key) {
            Some(span) if !span.is_none() => *span,
            _ => path.span(root),
        }
    }
}

/// The marks in the comments of a text. `place` is an object with a field from this text.
fn comments(
    source: &Source,
    place: usize,
    scenes: &[Scene<'_>],
    settings: &Settings,
) -> Vec<Suppressor> {
    let text = source.text();
    if !text.contains(COMMENT) {
        return Vec::new();
    }
    let starts = scenes.iter().enumerate().map(|(place, scene)| (scene.object.span(), place));
    let starts = starts.filter(|(span, _)| !span.is_none() && span.start() >= source.base());
    let starts: BTreeMap<u32, usize> = starts.map(|(span, place)| (span.start(), place)).collect();
    // The last object that begins before a span.
    let object =
        |span: Span| starts.range(..span.start()).next_back().map_or(place, |(_, place)| *place);
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = lines.last().map_or(0, |(start, line): &(usize, &str)| start + line.len());
        lines.push((start, line));
    }
    let blocks = Blocks::of(&lines);
    let mut marks = Vec::new();
    for comment in parse::comments(source) {
        let from = (comment.start() - source.base()) as usize;
        let number = lines.partition_point(|(start, _)| *start <= from).saturating_sub(1);
        let Some((start, line)) = lines.get(number) else { continue };
        let Some(column) = said_in(line, from - start) else { continue };
        let before = &line[..from - start];
        let is_alone = before.trim().is_empty();
        let within = blocks.beginning_at(number + usize::from(is_alone), is_alone);
        let within = within.map_or((0, 0), |(from, to)| {
            let span = source.span(from, to);
            (span.start(), span.end())
        });
        let words = &line[column + COMMENT.len()..];
        let span = source.span(start + column, start + line.trim_end().len());
        marks.extend(named_in(words, within, object(span), span, settings));
    }
    marks
}

/// The marks in the comments of a text that is not YAML.
fn given_comments(
    source: &Source,
    place: usize,
    given: &[Comment],
    settings: &Settings,
) -> Vec<Suppressor> {
    let first = given.partition_point(|comment| comment.span.start() < source.base());
    let end = source.whole().end();
    let own = given[first..].iter().take_while(|comment| comment.span.start() < end);
    let marks = own.flat_map(|Comment { span, within }| {
        let start = (span.start() - source.base()) as usize;
        let text = source.text().get(start..start + span.length() as usize).unwrap_or_default();
        let words = text.strip_prefix(COMMENT).unwrap_or_default();
        named_in(words, (within.start(), within.end()), place, *span, settings)
    });
    marks.collect()
}

/// The marks of a comment, from the words behind [`COMMENT`].
fn named_in(
    words: &str,
    within: (u32, u32),
    object: usize,
    span: Span,
    settings: &Settings,
) -> impl Iterator<Item = Suppressor> {
    let (rules, reason) = words.split_once("--").unwrap_or((words, ""));
    let reason = reason.trim();
    rules.split(',').map(move |named| Suppressor {
        by: SuppressedBy::Comment,
        named: named.trim().to_owned(),
        rule: settings.find(named.trim()),
        reason: reason.to_owned(),
        container: None,
        within: Some(within),
        object,
        path: Path::default(),
        span,
        is_foreign: false,
        is_used: Cell::new(false),
    })
}

/// The column of the suppression in a comment that begins in a column of a line: at the start of the comment, or after
/// white space.
fn said_in(line: &str, comment: usize) -> Option<usize> {
    let column = comment + line.get(comment..)?.find(COMMENT)?;
    line[comment..column].chars().next_back().is_none_or(char::is_whitespace).then_some(column)
}

/// The blocks of a text: each line with the lines below that belong to it.
struct Blocks<'t> {
    /// The lines with their offsets.
    lines: &'t [(usize, &'t str)],
    /// For each line, the first line from there on that is neither empty nor a comment.
    content: Vec<Option<usize>>,
    /// For each line, the next such line that is not indented more.
    outer: Vec<Option<usize>>,
}

impl<'t> Blocks<'t> {
    /// Computes the blocks. Linear in the text.
    fn of(lines: &'t [(usize, &'t str)]) -> Self {
        let (mut content, mut outer) = (vec![None; lines.len()], vec![None; lines.len()]);
        // A stack of later lines with decreasing indentation.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut next = None;
        for (number, (_, line)) in lines.iter().enumerate().rev() {
            if !is_comment(line) {
                while open.last().is_some_and(|(_, inner)| *inner > indent(line)) {
                    open.pop();
                }
                outer[number] = open.last().map(|(number, _)| *number);
                open.push((number, indent(line)));
                next = Some(number);
            }
            content[number] = next;
        }
        Self { lines, content, outer }
    }

    /// The byte range of the block of a line, or of the first line from there on that is not a comment.
    fn beginning_at(&self, number: usize, behind_comments: bool) -> Option<(usize, usize)> {
        let number = if behind_comments { (*self.content.get(number)?)? } else { number };
        let (from, first) = *self.lines.get(number)?;
        let is_key = first.split(" #").next().unwrap_or_default().trim_end().ends_with(':');
        let is_element = |line: &str| line.trim_start().starts_with("- ");
        let mut end = *self.outer.get(number)?;
        if is_key && !is_element(first) {
            // A list may have the indentation of its key.
            let of_list =
                |(_, line): &(usize, &str)| indent(line) == indent(first) && is_element(line);
            while let Some(next) = end.filter(|end| self.lines.get(*end).is_some_and(of_list)) {
                end = self.outer.get(next).copied().flatten();
            }
        }
        let last = end.unwrap_or(self.lines.len()) - 1;
        self.lines.get(last).map(|(start, line)| (from, start + line.len()))
    }
}

fn is_comment(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Marks the findings that the configuration excludes, and adds findings about exclusions, each at the first object
/// that the exclusion selects.
pub(super) fn exclude(findings: &mut Vec<Finding>, scenes: &[Scene<'_>], settings: &Settings) {
    let phase = settings.phase;
    let is_due = |exclusion: &Exclusion| match &*exclusion.rules {
        [] => !matches!(phase, Phase::Final(_)),
        [rule, ..] => phase.asks_for(rule),
    };
    for exclusion in &settings.exclusions {
        // Each object is tested once, not once per finding.
        let taken: Vec<bool> = scenes.iter().map(|scene| exclusion.takes(scene.object)).collect();
        let is_taken = |place: usize| taken.get(place).is_some_and(|taken| *taken);
        let is_excluded = |one: &&mut Finding| is_taken(one.place) && exclusion.has(&one.rule);
        let is_used = Cell::new(false);
        if !exclusion.is_expired(settings.today) {
            for finding in findings.iter_mut().filter(is_excluded) {
                is_used.set(true);
                finding.suppressed.get_or_insert_with(|| {
                    let reason = exclusion.reason.clone();
                    Box::new(Suppression { by: SuppressedBy::Configuration, reason })
                });
            }
        }
        let is_selected =
            |(place, scene): &(usize, &Scene<'_>)| is_taken(*place) && phase.looks_at(scene.object);
        let complaint =
            complaint_about(exclusion, is_used.get(), settings).filter(|_| is_due(exclusion));
        let Some((rule, message)) = complaint else { continue };
        let Some((place, scene)) = scenes.iter().enumerate().find(is_selected) else { continue };
        let violation = Violation::at(Path::default(), message);
        let mut finding = Finding::new(rule, violation, place, scene.object);
        finding.span = exclusion.span;
        findings.push(finding);
    }
}

/// The finding about an exclusion, given whether it excluded any finding.
fn complaint_about(
    exclusion: &Exclusion,
    is_used: bool,
    settings: &Settings,
) -> Option<(&'static Rule, String)> {
    let ids: Vec<String> = exclusion.rules.iter().map(|rule| format!("`{}`", rule.id())).collect();
    let rules = if ids.is_empty() { "all rules".to_owned() } else { ids.join(", ") };
    if let Some(until) = exclusion.until.filter(|_| exclusion.is_expired(settings.today)) {
        let message = format!("it is not excluded from {rules} any more: that ended on {until}");
        return Some((&EXPIRED_EXCLUSION, message));
    }
    if exclusion.reason.is_empty() {
        let message = format!("it is excluded from {rules} without a reason");
        return Some((&SUPPRESSION_WITHOUT_REASON, message));
    }
    let is_asked =
        exclusion.rules.is_empty() || exclusion.rules.iter().any(|rule| settings.asks_for(rule));
    let message = || format!("it is excluded from {rules}, and there is no such finding");
    (is_asked && !is_used).then(|| (&UNUSED_SUPPRESSION, message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The block of a line, found by a walk over all later lines.
    fn walked(lines: &[(usize, &str)], number: usize, is_alone: bool) -> Option<(usize, usize)> {
        let is_below = |first: &str, line: &str| {
            let is_key = first.split(" #").next().unwrap_or_default().trim_end().ends_with(':');
            let is_element = |line: &str| line.trim_start().starts_with("- ");
            let of_list = is_key && is_element(line) && !is_element(first);
            indent(line) > indent(first) || of_list && indent(line) == indent(first)
        };
        let mut rest =
            lines.iter().skip(number).skip_while(|(_, line)| is_alone && is_comment(line));
        rest.next().map(|(from, first)| {
            let inner = rest.take_while(|(_, line)| is_comment(line) || is_below(first, line));
            let to = inner.last().map_or(from + first.len(), |(start, line)| start + line.len());
            (*from, to)
        })
    }

    #[test]
    fn blocks_are_those_that_a_walk_finds() {
        let pieces = [
            "a:\n",
            "- b\n",
            "  - c: d\n",
            "# e\n",
            "\n",
            "    f: # g\n",
            "  h\n",
            "    # i\n",
            " j:\n",
        ];
        let mut seed = 7_usize;
        for _ in 0..2_000 {
            let mut start = 0;
            let lines: Vec<(usize, &str)> = (0..12)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let line = pieces[(seed >> 33) % pieces.len()];
                    start += line.len();
                    (start - line.len(), line)
                })
                .collect();
            let blocks = Blocks::of(&lines);
            for number in 0..=lines.len() {
                let alone = blocks.beginning_at(number, true);
                assert_eq!(alone, walked(&lines, number, true), "{number} {lines:?}");
                if lines.get(number).is_some_and(|(_, line)| !is_comment(line)) {
                    let beside = blocks.beginning_at(number, false);
                    assert_eq!(beside, walked(&lines, number, false), "{number} {lines:?}");
                }
            }
        }
    }
}
