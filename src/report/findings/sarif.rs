//! Findings in SARIF 2.1.0, for code scanning.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use super::json::Each;
use super::place::{Place, Places};
use super::{Checked, Findings};
use crate::harden::{Finding, Rule, Suppression, rules};
use crate::text::escape;

/// Writes the document, and a line break.
///
/// # Errors
/// Those of the writer.
pub fn write(findings: &Findings<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let results = Each(|| {
        findings.checked().flat_map(|(_, one)| {
            one.findings.iter().map(move |finding| Result::new(finding, one, &findings.places))
        })
    });
    let driver = Driver {
        name: "krender",
        version: env!("CARGO_PKG_VERSION"),
        rules: rules().map(Descriptor::new).collect(),
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
}

impl Invocation {
    fn new(findings: &Findings<'_>) -> Self {
        let failed = findings
            .targets
            .iter()
            .filter_map(|one| Some((&one.target, one.outcome.as_ref().err()?)));
        let failed = failed.map(|(target, error)| Notification {
            level: "error",
            message: Message { text: format!("`{target}` is not judged: {}", error.message()) },
        });
        let failed: Vec<Notification> = failed.collect();
        let remarks = findings.context.remarks.iter().map(|remark| Notification {
            level: remark.severity.as_str(),
            message: Message { text: remark.text.clone() },
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
    id: &'static str,
    name: &'static str,
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
    fn new(rule: &Rule) -> Self {
        let help = format!("{}\n\n{}\n\nTo do: {}.", rule.why(), rule.condition(), rule.advice());
        Self {
            id: rule.id,
            name: rule.name,
            short_description: Message { text: rule.summary().to_owned() },
            full_description: Message { text: rule.why().to_owned() },
            help: Help { text: help.clone(), markdown: help },
            default_configuration: ReportingConfiguration { level: rule.severity.as_str() },
            properties: Properties {
                security_severity: rule.score.map(|score| score.to_string()),
                tags: if rule.score.is_some() {
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
    rule_id: &'static str,
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    related_locations: Option<[Related; 1]>,
    partial_fingerprints: Fingerprints,
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
    #[serde(rename = "krender/v1")]
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

impl<'a> Result<'a> {
    fn new(finding: &'a Finding, checked: &Checked, places: &Places<'_>) -> Self {
        let subject = finding.subject();
        let physical = |span| places.of(span).map(|place| Physical::new(&place));
        let related = physical(finding.object_span).map(|physical_location| {
            let message =
                Message { text: without_links(&format!("the {}", finding.object.gvk.kind)) };
            [Related { id: 1, message, physical_location }]
        });
        let suppressed = |Suppression { by, reason }: &'a Suppression| {
            let kind = if by.is_in_source() { "inSource" } else { "external" };
            [Suppressed { kind, justification: reason }]
        };
        Self {
            rule_id: finding.rule.id,
            rule_index: rules().position(|rule| rule == finding.rule),
            level: finding.severity.as_str(),
            message: Message { text: without_links(&format!("{subject}: {}", finding.message)) },
            locations: [Location {
                physical_location: physical(finding.span),
                logical_locations: [Logical {
                    fully_qualified_name: format!("{}{}", subject.replace('`', ""), finding.path),
                    kind: "object",
                }],
            }],
            related_locations: related,
            partial_fingerprints: Fingerprints { krender: checked.fingerprint(finding) },
            suppressions: finding.suppressed.as_ref().map(suppressed),
        }
    }
}

impl Physical {
    fn new(place: &Place) -> Self {
        let region = Region {
            start_line: place.line,
            start_column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
        };
        Self {
            artifact_location: Artifact { uri: reference(place.file()) },
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
