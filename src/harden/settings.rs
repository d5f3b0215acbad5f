//! Settings: the rules that hold, what is excluded from them, and how much fixes may change.

use std::sync::Arc;

use serde::Deserialize;

use super::exclusion::{Date, Exclusion};
use super::facts::Facts;
use super::foreign::Tool;
use super::profile::Profile;
use super::rule::{Needs, Rule};
use super::violation::{Class, Severity};
use crate::resource::Resource;
use crate::source::Span;
use crate::transform::select::Selection;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What is known of the cluster and of images, and the values that rules go by.
    pub facts: Facts,
    /// Rules of which something is said: whatever the profile has, they hold or are off.
    pub severities: Vec<(&'static Rule, Holds)>,
    /// Only these rules, whatever the profile has; all that it has if this is empty.
    pub only: Vec<&'static Rule>,
    /// How much any fix may change; where nothing is said, as the profile has it.
    pub fix: Option<Most>,
    /// How much the fixes of some rules may change.
    pub fixes: Vec<(&'static Rule, Most)>,
    /// From which severity on a finding is a failure.
    pub fail_on: FailOn,
    /// The objects that hardening changes; all if this is empty.
    pub select: Vec<Arc<Selected>>,
    /// The objects that are excluded from rules.
    pub exclusions: Vec<Arc<Exclusion>>,
    /// The day that exclusions are judged by; without one none of them ends.
    pub today: Option<Date>,
    /// Whether what runs the cluster itself (objects of the namespace `kube-system`, and pods of a `system-…-critical`
    /// priority) is not hardened, and violations of it are notes.
    pub excludes_system: bool,
    /// Tools whose annotations count as those of krender do.
    pub honored: Vec<Tool>,
    /// Whether hardening removes the annotations that only krender reads.
    pub strips_annotations: bool,
    /// Whether annotations and comments may accept findings of what is hardened, or validated in a build.
    pub allows_ignores: bool,
    /// How far what is judged has come in its build.
    pub phase: Phase,
}

/// How much a fix may change; nothing where it may change nothing.
pub type Most = Option<Class>;

/// Whether a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It does not.
    Off,
    /// It does.
    On,
    /// It does, and each violation is as bad as this.
    As(Severity),
}

/// From which severity on a finding is a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Errors are.
    #[default]
    Error,
    /// Errors and warnings are.
    Warning,
    /// Every finding is.
    Note,
    /// None is.
    Never,
}

impl FailOn {
    /// Whether a finding is a failure.
    #[must_use]
    pub fn counts(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

/// How far what is judged has come in its build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It is complete: every rule is asked about every object.
    #[default]
    Complete,
    /// More comes, and names change: only rules are asked that look at one object alone.
    Early,
    /// It is complete now. The other rules are asked about the objects that wait for the configuration of this place
    /// ([`Ties::awaited_by`](crate::resource::Ties::awaited_by)).
    Final(Span),
}

/// Objects that a selector takes.
#[derive(Debug)]
pub struct Selected(pub(super) Selection);

impl Settings {
    /// What a profile asks for, everything else as it is without being said.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        Self { facts: Facts { profile, ..Facts::default() }, ..Self::default() }
    }

    /// What is said of a rule.
    pub(super) fn said(&self, rule: &Rule) -> Option<Holds> {
        self.severities.iter().rev().find(|(said, _)| *said == rule).map(|(_, holds)| *holds)
    }

    /// Whether a rule holds, and is asked now.
    #[must_use]
    pub fn asks(&self, rule: &Rule) -> bool {
        let is_said = || self.said(rule).map(|holds| holds != Holds::Off);
        self.phase.asks(rule)
            && match &*self.only {
                [] => is_said().unwrap_or_else(|| self.facts.profile.has(&rule.scope)),
                only => only.contains(&rule),
            }
    }

    /// How much the fixes of a rule may change: what is said of the rule, or else of all, or else up to
    /// [`Class::Safe`].
    pub(super) fn most(&self, rule: &Rule) -> Most {
        self.most_said(rule).or(self.fix).unwrap_or(Some(Class::Safe))
    }

    /// How much the fixes of a rule may change, if that is said of it.
    pub(super) fn most_said(&self, rule: &Rule) -> Option<Most> {
        self.fixes.iter().rev().find(|(said, _)| *said == rule).map(|(_, most)| *most)
    }

    /// Whether what holds depends on the day: some exclusion ends.
    #[must_use]
    pub fn depends_on_day(&self) -> bool {
        self.exclusions.iter().any(|exclusion| exclusion.until.is_some())
    }

    /// Whether hardening changes an object at all.
    pub(super) fn selects(&self, object: &Resource) -> bool {
        let takes = |selected: &Arc<Selected>| selected.0.takes(object).is_ok_and(|takes| takes);
        self.select.is_empty() || self.select.iter().any(takes)
    }

    /// How bad a violation is.
    pub(super) fn severity(&self, rule: &Rule, usual: Severity) -> Severity {
        match self.said(rule) {
            Some(Holds::As(severity)) => severity,
            Some(Holds::On | Holds::Off) | None => usual,
        }
    }
}

impl Phase {
    /// Whether a rule is asked.
    pub(super) fn asks(self, rule: &Rule) -> bool {
        match (self, &rule.needs) {
            // What is accepted is looked at together with the rule that it is about.
            (Self::Complete, _) | (_, Needs::Suppressions) => true,
            (Self::Early, needs) => !matches!(needs, Needs::Render(_)),
            (Self::Final(_), needs) => matches!(needs, Needs::Render(_)),
        }
    }

    /// Whether an object is looked at.
    pub(super) fn looks_at(self, object: &Resource) -> bool {
        match self {
            Self::Complete | Self::Early => true,
            Self::Final(configuration) => object.ties().awaited_by.contains(&configuration),
        }
    }
}
