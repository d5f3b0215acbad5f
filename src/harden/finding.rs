//! A finding: a violation with everything that is to be told about it.

use sha2::{Digest, Sha256};

use super::edit::{Operation, apply, operation};
use super::path::Path;
use super::rule::Rule;
use super::settings::Settings;
use super::violation::{Fix, List, Severity, Violation};
use crate::error::{Code, Error};
use crate::resource::{ResId, Resource};
use crate::schema::Gvk;
use crate::source::Span;
use crate::text::hex;
use crate::yaml::{Node, Text};

/// A violation of a rule by an object.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: a phrase that begins with the container, if it is about one.
    pub message: String,
    /// The number of the object among those judged.
    pub place: usize,
    /// The object.
    pub object: ResId,
    /// The container, and the list it stands in.
    pub container: Option<(List, Text)>,
    /// The field.
    pub path: Path,
    /// Who wrote the field last, or the nearest parent of a field that is not there.
    pub span: Span,
    /// Where the object is written.
    pub object_span: Span,
    /// What would heal it.
    pub fix: Option<Fix>,
    /// Its acceptance, if it is accepted.
    pub suppressed: Option<Suppression>,
}

/// The acceptance of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The means by which it is accepted.
    pub by: SuppressedBy,
    /// The reason; empty if none is given.
    pub reason: String,
}

/// Who accepts a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// An annotation of the object or of its pods.
    Annotation,
    /// A comment in the source.
    Comment,
    /// An exclusion of the configuration.
    Configuration,
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
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
        }
    }

    /// Whether that is said in the sources of what is judged.
    #[must_use]
    pub const fn is_in_source(self) -> bool {
        matches!(self, Self::Annotation | Self::Comment)
    }
}

impl Finding {
    pub(super) fn new(
        rule: &'static Rule,
        violation: Violation,
        place: usize,
        object: &Resource,
    ) -> Self {
        let span = violation.path.span(object.node());
        Self::written_at(span, rule, violation, place, object)
    }

    /// A finding whose field was written at a known place.
    pub(super) fn written_at(
        span: Span,
        rule: &'static Rule,
        violation: Violation,
        place: usize,
        object: &Resource,
    ) -> Self {
        let Violation { path, container, message, severity, fix } = violation;
        Self {
            rule,
            severity: severity.unwrap_or(rule.severity),
            message,
            place,
            object: object.id().clone(),
            container,
            span,
            object_span: written(object),
            path,
            fix,
            suppressed: None,
        }
    }

    /// A violation by a whole target of a rule that the command line judges by.
    #[must_use]
    pub fn of_target(
        rule: &'static Rule,
        target: &str,
        message: String,
        severity: Severity,
        span: Span,
    ) -> Self {
        let gvk = Gvk::new("kustomize.config.k8s.io", "v1beta1", "Kustomization");
        let object = ResId { gvk, name: target.into(), namespace: "".into(), cluster_scoped: true };
        let path = Path::default();
        Self {
            rule,
            severity,
            message,
            place: 0,
            object,
            container: None,
            path,
            span,
            object_span: span,
            fix: None,
            suppressed: None,
        }
    }

    /// Whether it counts in a build: it is accepted by nothing, or by an annotation or a comment only, and the settings do
    /// not let these accept anything ([`Settings::allows_ignores`]).
    #[must_use]
    pub fn counts_in_build(&self, settings: &Settings) -> bool {
        let is_accepted = |one: &Suppression| settings.allows_ignores || !one.by.is_in_source();
        settings.fail_on.counts(self.severity) && !self.suppressed.as_ref().is_some_and(is_accepted)
    }

    /// What would heal it as a JSON patch of the object it is about; empty where nothing does.
    #[must_use]
    pub fn patch(&self, object: &Resource) -> Vec<Operation> {
        match self.fix.as_ref().map_or(&[][..], |fix| &fix.edits) {
            [edit] => operation(object.node(), edit).into_iter().collect(),
            edits => apply(&mut object.node().clone(), edits),
        }
    }

    /// What stays the same while the finding does, whatever else changes around the object: 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self, object: &Resource) -> String {
        let parts = [
            self.rule.id,
            &object.gvk().group,
            object.kind(),
            object.namespace(),
            &object.original_id().name,
            self.container.as_ref().map(|(_, name)| &**name).unwrap_or_default(),
            &self.path.by_name(object.node()),
        ];
        let digest = Sha256::digest(parts.join("\n"));
        hex(&digest[..8])
    }

    /// The finding as a failure, without the reason for its rule.
    #[must_use]
    pub fn failure(&self) -> Error {
        let message = format!("{}: {}", self.subject(), self.message);
        let class = self.fix.as_ref().map(|fix| format!(" ({} fix)", fix.class.as_str()));
        let error = Error::new(Code::RuleViolated, message).rule(self.rule.title()).at(self.span);
        error.help(format!("{}{}", self.rule.advice, class.unwrap_or_default()))
    }

    /// The finding as a failure of a build, in which an annotation or a comment may not accept it.
    #[must_use]
    pub fn failure_of_build(&self) -> Error {
        let error = self.failure();
        match &self.suppressed {
            Some(Suppression { by, .. }) => error.help(format!(
                "a build heeds the {} that accepts this only if its configuration has `allowIgnores: true`",
                by.as_str()
            )),
            None => error,
        }
    }

    /// The object for people: its kind, and in backticks its namespace and name.
    #[must_use]
    pub fn subject(&self) -> String {
        let ResId { gvk, name, namespace, .. } = &self.object;
        match namespace.is_empty() {
            true => format!("{} `{name}`", gvk.kind),
            false => format!("{} `{namespace}/{name}`", gvk.kind),
        }
    }
}

/// Where an object is written: its kind, for a name may come from elsewhere.
fn written(object: &Resource) -> Span {
    let kind = object.node().get("kind").map_or(Span::NONE, Node::span);
    if kind.is_none() { object.span() } else { kind }
}
