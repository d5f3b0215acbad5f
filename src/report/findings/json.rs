//! Findings as one JSON document.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::place::{Place, Places};
use super::{Checked, Findings, Subject};
use crate::harden::{Finding, Lowering, Operation, Scope, Severity};
use crate::report::patch::Operations;
use crate::text::escape;

/// Writes the document, and a line break.
///
/// # Errors
/// Those of the writer.
pub fn write(findings: &Findings<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Findings { targets, context, places } = findings;
    let count = |severity| {
        let open = findings.checked().flat_map(|(_, one)| one.open());
        open.filter(|one| one.severity == severity).count()
    };
    let failed = targets.iter().filter(|one| one.outcome.is_err()).map(|one| &*one.target);
    let failures = targets.iter().filter_map(|one| {
        let error = one.outcome.as_ref().err()?;
        Some(FailureJson {
            target: &one.target,
            code: error.code().as_str(),
            message: error.message(),
            location: places.of(error.span()).map(LocationJson),
        })
    });
    let passed_over = context.passed_over.iter();
    let passed_over = passed_over.map(|(target, why)| PassedOver { target, why });
    let remarks = context.remarks.iter().map(|one| Said {
        severity: one.severity.as_str(),
        topic: one.topic,
        message: &one.text,
    });
    let report = ReportJson {
        version: 1,
        krender: env!("CARGO_PKG_VERSION"),
        profile: context.settings.facts.profile.set.as_str(),
        psa_version: context.settings.facts.profile.version().to_string(),
        roots: Each(|| {
            findings.checked().map(|(target, one)| root(target, one, context.subject, places))
        }),
        failed: failed.collect(),
        failures: failures.collect(),
        configuration: ConfigurationJson {
            file: context.configuration.as_deref(),
            lowers: context.lowerings.iter().map(Lowered::from).collect(),
        },
        passed_over: passed_over.collect(),
        remarks: remarks.collect(),
        summary: Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        },
    };
    escape::write_json(out, &report)?;
    out.write_all(b"\n")
}

/// A list whose elements are created while they are written.
pub(super) struct Each<F>(pub(super) F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportJson<'a, R: Serialize> {
    version: u8,
    krender: &'static str,
    profile: &'static str,
    psa_version: String,
    roots: R,
    failed: Vec<&'a str>,
    failures: Vec<FailureJson<'a>>,
    configuration: ConfigurationJson<'a>,
    passed_over: Vec<PassedOver<'a>>,
    remarks: Vec<Said<'a>>,
    summary: Summary,
}

/// A target that could not be checked.
#[derive(Serialize)]
struct FailureJson<'a> {
    target: &'a str,
    code: &'static str,
    message: &'a str,
    location: Option<LocationJson>,
}

/// The configuration in force, and what it and the flags disable or lower.
#[derive(Serialize)]
struct ConfigurationJson<'a> {
    file: Option<&'a str>,
    lowers: Vec<Lowered<'a>>,
}

#[derive(Serialize)]
struct Lowered<'a> {
    what: &'static str,
    rule: Option<&'static str>,
    message: &'a str,
}

impl<'a> From<&'a Lowering> for Lowered<'a> {
    fn from(Lowering { kind, rule, text }: &'a Lowering) -> Self {
        Self { what: kind.as_str(), rule: rule.map(|rule| rule.id), message: text }
    }
}

#[derive(Serialize)]
struct PassedOver<'a> {
    target: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct Said<'a> {
    severity: &'static str,
    topic: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    notes: usize,
}

#[derive(Serialize)]
struct RootJson<'a, F: Serialize> {
    root: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kustomizations: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dockerfiles: Option<usize>,
    findings: F,
}

fn root<'a>(
    target: &'a str,
    checked: &'a Checked,
    subject: Subject,
    places: &'a Places<'_>,
) -> RootJson<'a, impl Serialize> {
    let written = move |finding| FindingJson::new(finding, checked, places);
    let findings = Each(move || checked.findings.iter().map(written));
    let (count, pods) = (Some(checked.resources.len()), Some(checked.pods));
    let (objects, pods, kustomizations, dockerfiles) = match subject {
        _ if checked.is_of_dockerfiles() => (None, None, None, count),
        Subject::Objects => (count, pods, None, None),
        Subject::Kustomizations => (None, None, count, None),
    };
    RootJson { root: target, objects, pods, kustomizations, dockerfiles, findings }
}

/// A finding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingJson<'a> {
    rule: &'a str,
    name: &'a str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    lowered: Option<LoweredJson>,
    security_severity: Option<String>,
    message: &'a str,
    object: ObjectJson<'a>,
    container: Option<&'a str>,
    container_list: Option<&'static str>,
    path: String,
    location: Option<LocationJson>,
    object_location: Option<LocationJson>,
    fix: Option<Fix>,
    psa: Option<Psa>,
    suppressed: Option<SuppressedJson<'a>>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

/// The severity without the reason for which it is lower, and the kind of that.
#[derive(Serialize)]
struct LoweredJson {
    from: &'static str,
    by: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectJson<'a> {
    api_version: String,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    original_name: Option<String>,
}

struct LocationJson(Place);

#[derive(Serialize)]
struct Fix {
    class: &'static str,
    patch: Operations<Vec<Operation>>,
}

#[derive(Serialize)]
struct Psa {
    check: &'static str,
    level: &'static str,
    since: String,
}

#[derive(Serialize)]
struct SuppressedJson<'a> {
    by: &'static str,
    reason: &'a str,
}

impl<'a> FindingJson<'a> {
    fn new(finding: &'a Finding, checked: &'a Checked, places: &Places<'_>) -> Self {
        let object = checked.resources.get(finding.place);
        let patch = || object.map(|object| finding.patch(object)).unwrap_or_default();
        let psa = match finding.rule.scope() {
            Scope::PodSecurity(check) => Some(Psa {
                check: check.check,
                level: check.level.as_str(),
                since: format!("v1.{}", check.since),
            }),
            Scope::Recommended | Scope::Paranoid | Scope::Always | Scope::Named => None,
        };
        Self {
            rule: finding.rule.id(),
            name: finding.rule.name(),
            severity: finding.severity.as_str(),
            lowered: (finding.lowered())
                .map(|one| LoweredJson { from: one.from.as_str(), by: one.by.as_str() }),
            security_severity: finding.rule.score().map(|score| score.to_string()),
            message: &finding.message,
            object: ObjectJson {
                api_version: finding.object.gvk.api_version().to_string(),
                kind: &finding.object.gvk.kind,
                namespace: &finding.object.namespace,
                name: &finding.object.name,
                original_name: object.map(|object| object.original_id().name.to_string()),
            },
            container: finding
                .container
                .as_ref()
                .map(|(_, name)| &**name)
                .filter(|name| !name.is_empty()),
            container_list: finding.container.as_ref().map(|(list, _)| list.field()),
            path: finding.path.pointer(),
            location: places.of(finding.span).map(LocationJson),
            object_location: places.of(finding.object_span).map(LocationJson),
            fix: (finding.fix.as_ref())
                .map(|fix| Fix { class: fix.class.as_str(), patch: Operations(patch()) }),
            psa,
            suppressed: (finding.suppressed.as_ref())
                .map(|one| SuppressedJson { by: one.by.as_str(), reason: &one.reason }),
            fingerprint: checked.fingerprint(finding),
            values: checked.values(finding),
        }
    }
}

impl Serialize for LocationJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            file: &'a str,
            line: usize,
            col: usize,
        }
        Fields { file: self.0.name(), line: self.0.line, col: self.0.column }.serialize(serializer)
    }
}
