//! Findings in SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use serde::Serialize;

use super::json::Each;
use super::merge::{self, Merged};
use super::place::Place;
use super::{Findings, Judged, Repository};
use crate::error::Error;
use crate::harden::{RuleRef, Settings, SuppressedBy, Suppression, rules};
use crate::source::Span;
use crate::text::escape;

/// Writes the document, and a line break.
///
/// # Errors
/// Those of the writer.
pub fn write(findings: &Findings<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Findings { targets, places, .. } = findings;
    let groups = merge::groups(targets, places, |_| true);
    let known: Vec<RuleRef> = described(&findings.context.settings).collect();
    let indices: BTreeMap<&str, usize> =
        known.iter().enumerate().map(|(at, rule)| (rule.id(), at)).collect();
    let results = Each(|| {
        let found = groups.iter().flat_map(|group| &group.members);
        let found = found.map(|one| Result::new(one, findings, &indices));
        found.chain(targets.iter().filter_map(|one| Result::of_failure(one, findings)))
    });
    let driver = Driver {
        name: "krender",
        version: env!("CARGO_PKG_VERSION"),
        rules: known.iter().map(Descriptor::new).collect(),
    };
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver },
            invocations: [Invocation::new(findings)],
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    escape::write_json(out, &log)?;
    out.write_all(b"\n")
}

/// The rules that findings may be about: krender's, and those of the configuration.
fn described(settings: &Settings) -> impl Iterator<Item = RuleRef> {
    let own = settings.own.iter().map(|rule| RuleRef::Own(Arc::clone(rule)));
    rules().map(RuleRef::Known).chain(own)
}

#[derive(Serialize)]
struct Log<R: Serialize> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R: Serialize> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: R,
}

/// The run: the configuration in force, and the targets that could not be rendered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_configuration_notifications: Vec<Notification>,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<[NotificationLocation; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationLocation {
    physical_location: Physical,
}

impl Invocation {
    fn new(findings: &Findings<'_>) -> Self {
        let failed =
            findings.targets.iter().filter_map(|one| Some((one, one.outcome.as_ref().err()?)));
        let failed = failed.map(|(judged, error)| Notification {
            level: "error",
            message: Message { text: not_checked(judged, error) },
            locations: Some([NotificationLocation {
                physical_location: Physical::of(findings, error.span(), judged),
            }]),
        });
        let failed: Vec<Notification> = failed.collect();
        let remarks = findings.context.remarks.iter().map(|remark| Notification {
            level: remark.severity.as_str(),
            message: Message { text: remark.text.clone() },
            locations: None,
        });
        Self {
            execution_successful: failed.is_empty(),
            tool_configuration_notifications: remarks.collect(),
            tool_execution_notifications: failed,
        }
    }
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor>,
}

/// A rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: String,
    name: String,
    short_description: Message,
    full_description: Message,
    help: Help,
    default_configuration: ReportingConfiguration,
    properties: Properties,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct ReportingConfiguration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Properties {
    #[serde(skip_serializing_if = "Option::is_none")]
    security_severity: Option<String>,
    tags: &'static [&'static str],
}

impl Descriptor {
    fn new(rule: &RuleRef) -> Self {
        // Own rules may have neither a reason nor advice.
        let advice = match rule.advice() {
            "" => String::new(),
            advice => format!("To do: {advice}."),
        };
        let parts = [rule.why(), &rule.condition(), &advice];
        let help: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let help = help.join("\n\n");
        let why = if rule.why().is_empty() { rule.summary() } else { rule.why() };
        Self {
            id: rule.id().to_owned(),
            name: rule.name().to_owned(),
            short_description: Message { text: rule.summary().to_owned() },
            full_description: Message { text: why.to_owned() },
            help: Help { text: help.clone(), markdown: help },
            default_configuration: ReportingConfiguration { level: rule.severity().as_str() },
            properties: Properties {
                security_severity: rule.score().map(|score| score.to_string()),
                tags: if rule.score().is_some() {
                    &["kubernetes", "security"]
                } else {
                    &["kubernetes"]
                },
            },
        }
    }
}

/// A finding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Result<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    related_locations: Option<[Related; 1]>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Suppressed<'a>; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    logical_locations: [Logical; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Related {
    id: u8,
    message: Message,
    physical_location: Physical,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "krender/v2")]
    krender: String,
}

#[derive(Serialize)]
struct Suppressed<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    justification: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

/// The rule of results for targets that could not be checked. Without such a result, a service would take the findings of
/// these targets for fixed.
const NOT_CHECKED: &str = "target-not-checked";

fn not_checked(judged: &Judged, error: &Error) -> String {
    format!("`{}` is not judged: {}", judged.target, error.message())
}

impl<'a> Result<'a> {
    fn new(one: &Merged<'a>, findings: &Findings<'a>, indices: &BTreeMap<&str, usize>) -> Self {
        let Findings { targets, context, places } = findings;
        let (finding, subject) = (one.finding, one.subject());
        let physical =
            |span| places.of(span).map(|place| Physical::new(&place, &context.repository));
        let related = physical(finding.object_span).map(|physical_location| {
            let message =
                Message { text: without_links(&format!("the {}", finding.object.gvk.kind)) };
            [Related { id: 1, message, physical_location }]
        });
        let by_revision = |one: &&Suppression| one.by == SuppressedBy::Revision;
        let suppressed = finding.suppressed.as_deref();
        let state = match suppressed.filter(by_revision) {
            Some(_) => "unchanged",
            None => "new",
        };
        let suppressed = suppressed.filter(|one| !by_revision(one));
        let suppressed = suppressed.map(|Suppression { by, reason }| {
            let kind = if by.is_in_source() { "inSource" } else { "external" };
            [Suppressed { kind, justification: reason }]
        });
        let target = one.targets.first().and_then(|number| targets.get(*number));
        let of_target = target.map(|target| Physical::of(findings, finding.span, target));
        let file = findings.file_of(one);
        let suffix = one.suffix(targets, context.subject);
        let message = format!("{subject}: {}{suffix}", finding.message);
        Self {
            rule_id: finding.rule.id(),
            rule_index: indices.get(finding.rule.id()).copied(),
            level: finding.severity.as_str(),
            message: Message { text: without_links(&message) },
            locations: [Location {
                physical_location: physical(finding.span).or(of_target),
                logical_locations: [Logical {
                    fully_qualified_name: format!("{}{}", subject.replace('`', ""), finding.path),
                    kind: "object",
                }],
            }],
            related_locations: related,
            partial_fingerprints: Fingerprints { krender: one.fingerprint(&file) },
            baseline_state: context.revision.as_ref().map(|_| state),
            suppressions: suppressed,
        }
    }

    /// The result for a target that could not be checked.
    fn of_failure(judged: &Judged, findings: &Findings<'_>) -> Option<Self> {
        let error = judged.outcome.as_ref().err()?;
        Some(Self {
            rule_id: NOT_CHECKED,
            rule_index: None,
            level: "error",
            message: Message { text: without_links(&not_checked(judged, error)) },
            locations: [Location {
                physical_location: Some(Physical::of(findings, error.span(), judged)),
                logical_locations: [Logical {
                    fully_qualified_name: judged.target.clone(),
                    kind: "module",
                }],
            }],
            related_locations: None,
            partial_fingerprints: Fingerprints {
                krender: format!("{NOT_CHECKED}/{}", judged.target),
            },
            baseline_state: None,
            suppressions: None,
        })
    }
}

impl Physical {
    /// The place of a span, or else the file of its target.
    fn of(findings: &Findings<'_>, span: Span, judged: &Judged) -> Self {
        let repository = &findings.context.repository;
        match findings.places.of(span) {
            Some(place) => Self::new(&place, repository),
            None => Self {
                artifact_location: Artifact { uri: reference(&findings.position(span, judged).0) },
                region: None,
            },
        }
    }

    fn new(place: &Place, repository: &Repository) -> Self {
        let (end_line, end_column) = place.end();
        let region =
            Region { start_line: place.line, start_column: place.column, end_line, end_column };
        Self {
            artifact_location: Artifact { uri: reference(&repository.path(place.file())) },
            region: Some(region).filter(|_| !place.is_inline()),
        }
    }
}

/// Message text without links: SARIF (3.11.6) reads `[text](target)` as a link, and `\[` as a bracket.
fn without_links(text: &str) -> String {
    if text.contains("](") { text.replace('[', r"\[").replace(']', r"\]") } else { text.to_owned() }
}

/// A path as a URI reference (RFC 3986).
fn reference(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
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
