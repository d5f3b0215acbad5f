//! Findings as they are written: drawn for people, or in the forms that other programs read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::report;
use crate::error::{Code, Error, Result};
use crate::harden::{Finding, RULES, Rule, Scope, Settings, Severity, SuppressedBy, Suppression};
use crate::resource::ResMap;
use crate::source::{Sources, Span};
use crate::yaml::{Form as JsonForm, write_json};

/// What was judged, and what was found.
pub(super) struct Checked {
    /// The target as it was named.
    pub(super) target: String,
    /// What it renders to.
    pub(super) resources: ResMap,
    /// What was found about that.
    pub(super) findings: Vec<Finding>,
}

impl Checked {
    /// The findings that nobody accepts.
    pub(super) fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }

    /// Accepts the findings of these fingerprints.
    pub(super) fn accept(&mut self, fingerprints: &BTreeSet<String>) {
        for finding in self.findings.iter_mut().filter(|one| one.suppressed.is_none()) {
            if fingerprints.contains(&finding.fingerprint) {
                let (by, reason) = (SuppressedBy::Baseline, String::new());
                finding.suppressed = Some(Suppression { by, reason });
            }
        }
    }
}

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Drawn for people
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Commands of GitHub Actions
    Github,
    /// `JUnit` XML, a suite for each target
    Junit,
}

/// Writes findings to standard output.
///
/// # Errors
/// [`Code::WriteFailed`].
pub(super) fn write(
    form: Form,
    checked: &[Checked],
    settings: &Settings,
    sources: &Sources,
) -> Result<()> {
    match form {
        Form::Text => report::print(&text(checked, settings, sources)),
        Form::Json => super::print(&(json_report(checked, settings, sources).to_string() + "\n")),
        Form::Sarif => super::print(&(sarif(checked, sources).to_string() + "\n")),
        Form::Github => super::print(&github(checked, sources)),
        Form::Junit => super::print(&junit(checked, sources)),
    }
}

/// So many findings are drawn with the text around them: nobody reads more, and the others have a line each.
const MOST_DRAWN: usize = 100;

fn text(checked: &[Checked], settings: &Settings, sources: &Sources) -> String {
    let mut places = Places::new(sources);
    let mut out = String::new();
    let (mut drawn, mut told) = (0, BTreeSet::new());
    for one in checked {
        let Checked { target, resources, .. } = one;
        let before = drawn;
        for finding in one.open() {
            if drawn < MOST_DRAWN {
                let error = told_once(finding, target, &mut told, sources);
                out += &report::finding(finding.severity, &title(finding.rule), &error, sources);
                out.push('\n');
            } else {
                out += &line(finding, &mut places);
            }
            drawn += 1;
        }
        if drawn > before.max(MOST_DRAWN) {
            out.push('\n');
        }
        let profile = &settings.profile;
        let objects = counted(resources.len(), "object");
        let _ = writeln!(
            out,
            "{}: {} in {objects}, by {profile}",
            report::visible(target),
            summary(one)
        );
    }
    if drawn > 0 {
        out.push_str("`krender explain RULE` tells more of a rule\n");
    }
    out
}

/// A finding as a failure is told. Why a rule matters is told once.
fn told_once(
    finding: &Finding,
    target: &str,
    told: &mut BTreeSet<&'static str>,
    sources: &Sources,
) -> Error {
    let message = format!("{}: {}", finding.subject(), finding.message);
    let file = |span| sources.source_of(span).map(|source| source.id());
    let mut error = Error::new(Code::RuleViolated, message).at(finding.span);
    if file(finding.span) != file(finding.object_span) && !finding.object_span.is_none() {
        error = error.note(finding.object_span, format!("the {}", finding.object.gvk.kind));
    }
    if finding.span.is_none() {
        error = error.step(format!("in what `{target}` renders to"));
    }
    if told.insert(finding.rule.id) {
        error = error.step(finding.rule.why);
    }
    let class = finding.fix.as_ref().map(|fix| format!(" ({} fix)", fix.class.as_str()));
    error.help(format!("{}{}", finding.rule.advice, class.unwrap_or_default()))
}

fn line(finding: &Finding, places: &mut Places<'_>) -> String {
    let place = places.of(finding.span).map(|place| format!("{place}: ")).unwrap_or_default();
    let (severity, title) = (finding.severity, title(finding.rule));
    let text = format!("{place}{severity} {title}: {}: {}", finding.subject(), finding.message);
    report::visible(&text).into_owned() + "\n"
}

/// Id and name of a rule.
pub(super) fn title(rule: &Rule) -> String {
    format!("{} {}", rule.id, rule.name)
}

/// `2 errors, 1 warning`.
fn summary(checked: &Checked) -> String {
    let count = |severity| checked.open().filter(|one| one.severity == severity).count();
    let counts = [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| (count(severity), severity));
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| counted(count, severity.as_str()))
        .collect();
    let ignored = checked.findings.len() - checked.open().count();
    let ignored = if ignored > 0 { format!(" ({ignored} ignored)") } else { String::new() };
    let counts = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    counts + &ignored
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn json_report(checked: &[Checked], settings: &Settings, sources: &Sources) -> Value {
    let mut places = Places::new(sources);
    let roots: Vec<Value> = checked
        .iter()
        .map(|one| {
            let findings: Vec<Value> = one
                .findings
                .iter()
                .map(|finding| json_finding(finding, one, &mut places))
                .collect();
            json!({"root": one.target, "objects": one.resources.len(), "findings": findings})
        })
        .collect();
    let count = |severity| {
        checked.iter().flat_map(Checked::open).filter(|one| one.severity == severity).count()
    };
    json!({
        "version": 1,
        "krender": env!("CARGO_PKG_VERSION"),
        "profile": settings.profile.set.as_str(),
        "psaVersion": settings.profile.version.to_string(),
        "roots": roots,
        "summary": {
            "errors": count(Severity::Error),
            "warnings": count(Severity::Warning),
            "notes": count(Severity::Note),
        },
    })
}

fn json_finding(finding: &Finding, checked: &Checked, places: &mut Places<'_>) -> Value {
    let place = |place: Option<Place>| {
        place.map(|place| json!({"file": place.file, "line": place.line, "col": place.column}))
    };
    let object = checked.resources.get(finding.place);
    let operations = object.map(|object| finding.patch(object)).unwrap_or_default();
    let patch: Vec<Value> = operations
        .iter()
        .map(|operation| {
            let (name, path, value) = operation.parts();
            match value {
                Some(value) => {
                    json!({"op": name, "path": path.to_string(), "value": as_json(value)})
                }
                None => json!({"op": name, "path": path.to_string()}),
            }
        })
        .collect();
    let fix = finding.fix.as_ref().map(|fix| json!({"class": fix.class.as_str(), "patch": patch}));
    let check = match finding.rule.scope {
        Scope::PodSecurity(check) => Some(json!({
            "check": check.check,
            "level": check.level.as_str(),
            "since": format!("v1.{}", check.since),
        })),
        Scope::Recommended | Scope::Paranoid | Scope::Always => None,
    };
    json!({
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "severity": finding.severity.as_str(),
        "securitySeverity": Some(finding.rule.score).filter(|score| !score.is_empty()),
        "message": finding.message,
        "object": {
            "apiVersion": &*finding.object.gvk.api_version(),
            "kind": &*finding.object.gvk.kind,
            "namespace": &*finding.object.namespace,
            "name": &*finding.object.name,
            "originalName": &*finding.original_name,
        },
        "container": finding.container.as_ref().map(|(_, name)| &**name),
        "containerList": finding.container.as_ref().map(|(list, _)| list.field()),
        "path": finding.path.to_string(),
        "location": place(places.of(finding.span)),
        "objectLocation": place(places.of(finding.object_span)),
        "fix": fix,
        "psa": check,
        "suppressed": finding.suppressed.as_ref().map(|one| json!({"by": one.by.as_str(), "reason": one.reason})),
        "fingerprint": finding.fingerprint,
    })
}

/// A value to be written.
pub(super) fn as_json(node: &crate::yaml::Node) -> Value {
    let mut text = String::new();
    let written = write_json(node, JsonForm::Compact, &mut text);
    written.ok().and_then(|()| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn sarif(checked: &[Checked], sources: &Sources) -> Value {
    let mut places = Places::new(sources);
    let mut results = Vec::new();
    for finding in checked.iter().flat_map(|one| &one.findings) {
        let index = RULES.iter().position(|rule| *rule == finding.rule);
        let mut location = json!({"logicalLocations": [{
            "fullyQualifiedName": format!("{}{}", finding.subject().replace('`', ""), finding.path),
            "kind": "object",
        }]});
        if let Some(place) = places.of(finding.span) {
            location["physicalLocation"] = place.sarif();
        }
        let mut result = json!({
            "ruleId": finding.rule.id,
            "ruleIndex": index,
            "level": finding.severity.as_str(),
            "message": {"text": format!("{}: {}", finding.subject(), finding.message)},
            "locations": [location],
            "partialFingerprints": {"krender/v1": finding.fingerprint},
        });
        if let Some(place) = places.of(finding.object_span) {
            result["relatedLocations"] = json!([{
                "id": 1,
                "message": {"text": format!("the {}", finding.object.gvk.kind)},
                "physicalLocation": place.sarif(),
            }]);
        }
        if let Some(Suppression { by, reason }) = &finding.suppressed {
            let kind = if *by == SuppressedBy::Baseline { "external" } else { "inSource" };
            result["suppressions"] = json!([{"kind": kind, "justification": reason}]);
        }
        results.push(result);
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "krender",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": RULES.iter().map(|rule| sarif_rule(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn sarif_rule(rule: &Rule) -> Value {
    let mut properties = json!({"tags": ["kubernetes"]});
    if !rule.score.is_empty() {
        properties["security-severity"] = json!(rule.score);
        properties["tags"] = json!(["kubernetes", "security"]);
    }
    let help = format!("{}\n\n{}\n\nTo do: {}.", rule.why, rule.condition, rule.advice);
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": help, "markdown": help},
        "defaultConfiguration": {"level": rule.severity.as_str()},
        "properties": properties,
    })
}

/// Commands that a step of GitHub Actions prints, and that become annotations of the change.
fn github(checked: &[Checked], sources: &Sources) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut places = Places::new(sources);
    let mut out = String::new();
    for finding in checked.iter().flat_map(Checked::open) {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let place = match places.of(finding.span) {
            Some(place) if place.is_inline() => format!("file={},", property(place.path())),
            Some(Place { file, line, column, .. }) => {
                format!("file={},line={line},col={column},", property(&file))
            }
            None => String::new(),
        };
        let (title, advice) = (property(&title(finding.rule)), finding.rule.advice);
        let message = format!("{}: {}; {advice}", finding.subject(), finding.message);
        let _ = writeln!(out, "::{command} {place}title={title}::{}", data(&message));
    }
    out
}

/// A suite for each target; a case for each object and rule that it violates, and one for each object that violates
/// none.
fn junit(checked: &[Checked], sources: &Sources) -> String {
    let mut places = Places::new(sources);
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"krender\">\n");
    for one in checked {
        let Checked { target, resources, .. } = one;
        let mut cases: BTreeMap<(usize, &str), Vec<&Finding>> = BTreeMap::new();
        for finding in one.open() {
            cases.entry((finding.place, finding.rule.id)).or_default().push(finding);
        }
        let failing: BTreeSet<usize> = cases.keys().map(|(place, _)| *place).collect();
        let (failures, tests) = (cases.len(), cases.len() + resources.len() - failing.len());
        let suite = escaped(target);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\">"
        );
        for (_, object) in
            resources.iter().enumerate().filter(|(place, _)| !failing.contains(place))
        {
            let name = escaped(&object.id().to_string());
            let _ = writeln!(out, "    <testcase classname=\"{suite}\" name=\"{name}\"/>");
        }
        for found in cases.values() {
            let Some(first) = found.first() else { continue };
            let name = escaped(&format!("{}: {}", first.subject(), title(first.rule)));
            let lines: String = found.iter().map(|finding| line(finding, &mut places)).collect();
            let (message, lines) = (escaped(&first.message), escaped(&lines));
            let _ = writeln!(
                out,
                "    <testcase classname=\"{suite}\" name=\"{name}\"><failure message=\"{message}\">{lines}</failure></testcase>"
            );
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

/// Text as it may stand in XML 1.0, which has no form for control characters.
fn escaped(text: &str) -> String {
    let escape = |character: char| match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\n' | '\t' => character.to_string(),
        '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}'.to_string(),
        _ if character.is_control() => '\u{FFFD}'.to_string(),
        _ => character.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Finds lines and columns. Each text is walked through once, however many places in it are asked for.
struct Places<'a> {
    sources: &'a Sources,
    /// Where the lines of a text begin, by the address of the text.
    lines: BTreeMap<u32, Vec<usize>>,
}

/// A place in a text: line and column count from 1, the column in characters.
struct Place {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl<'a> Places<'a> {
    const fn new(sources: &'a Sources) -> Self {
        Self { sources, lines: BTreeMap::new() }
    }

    fn of(&mut self, span: Span) -> Option<Place> {
        let source = self.sources.source_of(span)?;
        let text = source.text();
        let lines = self.lines.entry(source.base()).or_insert_with(|| {
            std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect()
        });
        let find = |address: u32| {
            let offset = text.floor_char_boundary((address - source.base()) as usize);
            let line = lines.partition_point(|start| *start <= offset);
            let start = lines.get(line - 1).copied().unwrap_or_default();
            (line, text[start..offset].chars().count() + 1)
        };
        let ((line, column), (end_line, end_column)) = (find(span.start()), find(span.end()));
        Some(Place { file: source.name().to_owned(), line, column, end_line, end_column })
    }
}

impl Place {
    /// Whether it is in a text that stands in a field of the file: its lines are not those of the file.
    fn is_inline(&self) -> bool {
        self.file.ends_with(')') && self.file.contains(" (")
    }

    /// The file without the name of the field.
    fn path(&self) -> &str {
        self.file.split(" (").next().unwrap_or_default()
    }

    fn sarif(&self) -> Value {
        let path = if self.is_inline() { self.path() } else { &self.file };
        let mut location = json!({"artifactLocation": {"uri": reference(path)}});
        if !self.is_inline() {
            location["region"] = json!({
                "startLine": self.line,
                "startColumn": self.column,
                "endLine": self.end_line,
                "endColumn": self.end_column,
            });
        }
        location
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A path as a URI reference (RFC 3986).
fn reference(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
