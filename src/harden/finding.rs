//! A finding: a violation with all that reports need.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::edit::{Operation, apply, operation};
use super::handle::RuleRef;
use super::path::by_name;
use super::rule::Rule;
use super::settings::Settings;
use super::violation::{Eased, Fix, List, Severity, Violation};
use crate::error::{Code, Error};
use crate::resource::{ResId, Resource};
use crate::schema::Gvk;
use crate::source::Span;
use crate::text::hex;
use crate::yaml::path::Path;
use crate::yaml::{Mapping, Text};

/// A violation of a rule by an object.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: RuleRef,
    /// The part of the rule that is violated, if it has several: a condition, or the name of a policy.
    pub part: Option<Text>,
    /// The severity.
    pub severity: Severity,
    /// The reason for which it is lower than that of the rule, if what the render shows is one.
    pub eased: Option<Box<Eased>>,
    /// The description: a phrase that begins with the container, if it is about one.
    pub message: String,
    /// The values by which it is compared with earlier ones; empty if the message says all.
    pub(super) values: Vec<String>,
    /// The index of the object.
    pub place: usize,
    /// The object.
    pub object: Arc<ResId>,
    /// The container, and the list that contains it.
    pub container: Option<(List, Text)>,
    /// The field.
    pub path: Path,
    /// The span of the last write to the field, or to the nearest existing parent of a missing field.
    pub span: Span,
    /// The span of the object.
    pub object_span: Span,
    /// The fix, if there is one.
    pub fix: Option<Fix>,
    /// The suppression, if the finding is accepted.
    pub suppressed: Option<Box<Suppression>>,
}

/// The acceptance of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The means by which it is accepted.
    pub by: SuppressedBy,
    /// The reason; empty if none is given.
    pub reason: String,
}

/// The means by which a finding is accepted.
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
    /// The target had it at the revision with which it is compared.
    Revision,
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
            Self::Revision => "revision",
        }
    }

    /// True if the suppression is in the sources of the checked objects.
    #[must_use]
    pub const fn is_in_source(self) -> bool {
        matches!(self, Self::Annotation | Self::Comment)
    }
}

impl Finding {
    pub(super) fn new(
        rule: impl Into<RuleRef>,
        violation: Violation,
        place: usize,
        object: &Resource,
    ) -> Self {
        let span = violation.path.span(object.node());
        Self::written_at(span, rule, violation, place, object)
    }

    /// A finding with a given span.
    pub(super) fn written_at(
        span: Span,
        rule: impl Into<RuleRef>,
        violation: Violation,
        place: usize,
        object: &Resource,
    ) -> Self {
        Self::of(span, rule, violation, (place, object, Arc::new(object.id().clone())))
    }

    /// A finding with a given span, by an object with its place and its id, which the findings of the object share.
    pub(super) fn of(
        span: Span,
        rule: impl Into<RuleRef>,
        violation: Violation,
        (place, object, id): (usize, &Resource, Arc<ResId>),
    ) -> Self {
        let Violation { path, container, message, values, severity, eased, assumption: _, fix } =
            violation;
        let rule = rule.into();
        Self {
            severity: severity.unwrap_or(rule.severity()),
            eased,
            rule,
            part: None,
            message,
            values,
            place,
            object: id,
            container,
            span,
            object_span: written(object),
            path,
            fix,
            suppressed: None,
        }
    }

    /// A violation by the sources of a kustomization, which `place` is the index of.
    #[must_use]
    pub fn of_source(
        rule: &'static Rule,
        (place, kustomization): (usize, &Resource),
        path: Path,
        message: String,
        span: Span,
    ) -> Self {
        Self::written_at(span, rule, Violation::at(path, message), place, kustomization)
    }

    /// A violation by a whole target, of a rule that the command line checks.
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
            rule: rule.into(),
            part: None,
            severity,
            eased: None,
            message,
            values: Vec::new(),
            place: 0,
            object: Arc::new(object),
            container: None,
            path,
            span,
            object_span: span,
            fix: None,
            suppressed: None,
        }
    }

    /// The reason for which its severity is lower, if it is.
    #[must_use]
    pub fn lowered(&self) -> Option<&Eased> {
        self.eased.as_deref().filter(|eased| self.severity < eased.from)
    }

    /// True if the finding makes a build fail: its severity counts, and it is not accepted. Annotations and comments
    /// accept it only if the settings allow that ([`Settings::allows_ignores`]).
    #[must_use]
    pub fn counts_in_build(&self, settings: &Settings) -> bool {
        let is_accepted = |one: &Suppression| settings.allows_ignores || !one.by.is_in_source();
        settings.fail_on.counts(self.severity)
            && !self.suppressed.as_deref().is_some_and(is_accepted)
    }

    /// The fix as a JSON patch of the object; empty if there is none.
    #[must_use]
    pub fn patch(&self, object: &Resource) -> Vec<Operation> {
        match self.fix.as_ref().map_or(&[][..], |fix| &fix.edits) {
            [edit] => operation(object.node(), edit).into_iter().collect(),
            edits => apply(&mut object.node().clone(), edits),
        }
    }

    /// An identifier that stays the same while other parts of the object change: 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self, object: &Resource) -> String {
        let parts = [
            self.rule.id(),
            &object.gvk().group,
            object.kind(),
            object.namespace(),
            &object.original_id().name,
            self.container.as_ref().map(|(_, name)| &**name).unwrap_or_default(),
            &by_name(&self.path, object.node()),
        ];
        let mut text = parts.join("\n");
        if let Some(part) = &self.part {
            text.push('\n');
            text += part;
        }
        let digest = Sha256::digest(text);
        hex(&digest[..8])
    }

    /// An identifier that stays the same in all targets that have the finding from one source, and while other parts of
    /// the object change: 32 hexadecimal digits. `file` is the file of the finding.
    #[must_use]
    pub fn source_fingerprint(&self, object: Option<&Resource>, file: &str) -> String {
        let original = object.map_or_else(|| (*self.object).clone(), Resource::original_id);
        let path = object.map(|object| by_name(&self.path, object.node())).unwrap_or_default();
        let parts = [
            self.rule.id(),
            &self.object.gvk.group,
            &self.object.gvk.kind,
            &original.namespace,
            &original.name,
            self.container.as_ref().map(|(_, name)| &**name).unwrap_or_default(),
            &path,
            file,
            self.part.as_deref().unwrap_or_default(),
        ];
        let told = if self.part.is_some() { &parts[..] } else { &parts[..parts.len() - 1] };
        hex(&Sha256::digest(told.join("\n"))[..16])
    }

    /// The finding as an error, without the reason for its rule.
    #[must_use]
    pub fn failure(&self) -> Error {
        self.failure_about(&self.subject())
    }

    /// The finding as an error, with another description of its object.
    #[must_use]
    pub fn failure_about(&self, subject: &str) -> Error {
        let message = format!("{subject}: {}", self.message);
        let class = self.fix.as_ref().map(|fix| format!(" ({} fix)", fix.class.as_str()));
        let error = Error::new(Code::RuleViolated, message).rule(self.rule.title()).at(self.span);
        match (self.rule.advice(), class) {
            ("", None) => error,
            (advice, class) => error.help(format!("{advice}{}", class.unwrap_or_default())),
        }
    }

    /// The finding as an error of a build, which mentions a suppression that is not allowed to accept it.
    #[must_use]
    pub fn failure_of_build(&self) -> Error {
        let error = self.failure();
        match self.suppressed.as_deref() {
            Some(Suppression { by, .. }) => error.help(format!(
                "a build uses the {} that accepts this only if its configuration has `allowIgnores: true`",
                by.as_str()
            )),
            None => error,
        }
    }

    /// The object for people: its kind, and in backticks its namespace and name.
    #[must_use]
    pub fn subject(&self) -> String {
        let ResId { gvk, name, namespace, .. } = &*self.object;
        match namespace.is_empty() {
            true => format!("{} `{name}`", gvk.kind),
            false => format!("{} `{namespace}/{name}`", gvk.kind),
        }
    }
}

/// The span of an object: that of the key `kind`. Name and kind may be those of a patch, which writes them again to say
/// which object it changes.
fn written(object: &Resource) -> Span {
    let entries = object.node().as_mapping().map(Mapping::entries).unwrap_or_default();
    let kind = entries.iter().find(|(key, _)| key.text() == "kind");
    let kind = kind.map_or(Span::NONE, |(key, _)| key.span());
    if kind.is_none() { object.span() } else { kind }
}
