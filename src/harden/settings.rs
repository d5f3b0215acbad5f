//! Settings: the active rules, exclusions, and limits for fixes.

use std::sync::Arc;

use serde::Deserialize;

use super::exclusion::{Date, Exclusion};
use super::facts::Facts;
use super::foreign::Tool;
use super::handle::RuleRef;
use super::own::OwnRule;
use super::profile::{Profile, Scope, Set};
use super::rule::{Needs, Rule};
use super::rules;
use super::rules::judging::expressions::RULE_NOT_EVALUATED;
use super::violation::{Class, Severity};
use crate::error::{Code, Error, Result, nearest};
use crate::limits::Limits;
use crate::resource::Resource;
use crate::source::Span;
use crate::transform::select::Selection;

/// The settings of a check or of hardening.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Facts about the cluster and about images, and values for conditions and fixes.
    pub facts: Facts,
    /// Rules that are switched on or off, regardless of the profile.
    pub severities: Vec<(&'static Rule, Holds)>,
    /// The only active rules, regardless of the profile; empty for those of the profile.
    pub only: Vec<RuleRef>,
    /// The rules of the configuration.
    pub own: Vec<Arc<OwnRule>>,
    /// The limits of the expressions of own rules and admission policies.
    pub limits: Limits,
    /// The strongest class of fixes; `None` for the default.
    pub fix: Option<Most>,
    /// True if the default of each rule is that of the profile, because the user has named it; otherwise it is
    /// [`Class::Safe`].
    pub fixes_follow_profile: bool,
    /// The strongest class of fixes for some rules.
    pub fixes: Vec<(&'static Rule, Most)>,
    /// The lowest severity at which a finding counts as a failure.
    pub fail_on: FailOn,
    /// The objects that hardening changes; empty for all.
    pub select: Vec<Arc<Selected>>,
    /// The objects that are excluded from rules.
    pub exclusions: Vec<Arc<Exclusion>>,
    /// The day at which exclusions are evaluated; `None` if none expires.
    pub today: Option<Date>,
    /// True if system objects (objects of the namespace `kube-system`, and pods with a `system-…-critical` priority)
    /// are not hardened, and violations by them are notes.
    pub excludes_system: bool,
    /// Tools whose annotations count as suppressions.
    pub honored: Vec<Tool>,
    /// True if hardening removes the annotations that only krender reads.
    pub strips_annotations: bool,
    /// True if annotations and comments may accept findings in hardening, or in a validation within a build.
    pub allows_ignores: bool,
    /// The phase of the build in which the check runs.
    pub phase: Phase,
}

/// The strongest allowed class of fixes; `None` if no fix is allowed.
pub type Most = Option<Class>;

/// The state of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It is off.
    Off,
    /// It is on.
    On,
    /// It is on, with this severity.
    As(Severity),
}

/// The lowest severity at which a finding counts as a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Errors are failures.
    #[default]
    Error,
    /// Errors and warnings are failures.
    Warning,
    /// Every finding is a failure.
    Note,
    /// No finding is a failure.
    Never,
}

impl FailOn {
    /// True if a finding of this severity is a failure.
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

/// The phase of the build in which the check runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// The build is complete: every rule is applied to every object.
    #[default]
    Complete,
    /// The build is incomplete, and names may change: only rules about single objects are applied.
    Early,
    /// The build is complete. The remaining rules are applied to the objects that wait for the configuration with this
    /// span ([`Ties::awaited_by`](crate::resource::Ties::awaited_by)).
    Final(Span),
    /// There is no build: rules about the sources of kustomizations are applied.
    Sources,
    /// There is no build: rules about Dockerfiles are applied.
    Dockerfiles,
}

/// Objects that match a selector.
#[derive(Debug)]
pub struct Selected(pub(super) Selection);

impl Settings {
    /// The settings of a profile, with defaults for everything else.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        Self { facts: Facts { profile, ..Facts::default() }, ..Self::default() }
    }

    /// The configured state of a rule.
    pub(super) fn said(&self, rule: &Rule) -> Option<Holds> {
        self.severities.iter().rev().find(|(said, _)| *said == rule).map(|(_, holds)| *holds)
    }

    /// The own rules to evaluate: those that are asked for, and all if it is asked which can be evaluated.
    pub(super) fn own_to_judge(&self) -> Vec<&Arc<OwnRule>> {
        let asks_which =
            self.phase.asks_own() && self.only.iter().any(|one| *one == RULE_NOT_EVALUATED);
        let is_meant =
            |rule: &&Arc<OwnRule>| asks_which || self.asks_for(&RuleRef::Own(Arc::clone(rule)));
        self.own.iter().filter(is_meant).collect()
    }

    /// True if findings of a rule are shown. What was asked for and not evaluated is told, unless that is off.
    pub(super) fn shows(&self, rule: &RuleRef) -> bool {
        match rule {
            RuleRef::Known(rule) if matches!(rule.needs, Needs::Expressions) => {
                self.said(rule) != Some(Holds::Off)
            }
            RuleRef::Known(_) => true,
            RuleRef::Own(_) => self.asks_for(rule),
        }
    }

    /// True if a rule is active, and applied in this phase.
    #[must_use]
    pub fn asks(&self, rule: &Rule) -> bool {
        let is_said = || self.said(rule).map(|holds| holds != Holds::Off);
        self.phase.asks(rule)
            && match &*self.only {
                [] => is_said().unwrap_or_else(|| self.facts.profile.has(&rule.scope)),
                only => only.iter().any(|one| *one == *rule),
            }
    }

    /// True if a rule is active, as [`Settings::asks`]. Own rules are, except where only others are asked for; they look
    /// at the whole render.
    #[must_use]
    pub fn asks_for(&self, rule: &RuleRef) -> bool {
        match rule {
            RuleRef::Known(rule) => self.asks(rule),
            RuleRef::Own(_) => {
                self.phase.asks_own() && (self.only.is_empty() || self.only.contains(rule))
            }
        }
    }

    /// The rule with an id or a name, in any case of letters: one of krender's, or an own one.
    #[must_use]
    pub fn find(&self, id_or_name: &str) -> Option<RuleRef> {
        let is_meant = |rule: &&Arc<OwnRule>| {
            [&rule.id, &rule.name].into_iter().any(|word| word.eq_ignore_ascii_case(id_or_name))
        };
        let own = self.own.iter().find(is_meant).map(|rule| RuleRef::Own(Arc::clone(rule)));
        own.or_else(|| rules::find(id_or_name).map(RuleRef::Known))
    }

    /// The rule with an id or a name.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] if there is none, with a suggestion.
    pub fn known(&self, id_or_name: &str) -> Result<RuleRef> {
        if let Some(rule) = self.find(id_or_name) {
            return Ok(rule);
        }
        let own = self.own.iter().flat_map(|rule| [&*rule.id, &*rule.name]);
        match nearest(id_or_name, own) {
            Some(near) => {
                let message = format!("there is no rule `{id_or_name}`");
                let error = Error::new(Code::InvalidArgument, message);
                Err(error.help(format!("did you mean `{near}`?")))
            }
            None => rules::known(id_or_name).map(RuleRef::Known),
        }
    }

    /// The strongest class of fixes of a rule: the setting of the rule, or that of all, or that of the profile if it was
    /// named, or [`Class::Safe`].
    pub(super) fn most(&self, rule: &Rule) -> Most {
        let usual = || match self.fixes_follow_profile {
            true => fixes_of(self.facts.profile, rule),
            false => Some(Class::Safe),
        };
        self.most_said(rule).or(self.fix).unwrap_or_else(usual)
    }

    /// The strongest class of fixes of a rule, if it is configured for the rule.
    pub(super) fn most_said(&self, rule: &Rule) -> Option<Most> {
        self.fixes.iter().rev().find(|(said, _)| *said == rule).map(|(_, most)| *most)
    }

    /// True if the settings depend on the date: an exclusion has a last day.
    #[must_use]
    pub fn depends_on_day(&self) -> bool {
        self.exclusions.iter().any(|exclusion| exclusion.until.is_some())
    }

    /// True if hardening may change an object.
    pub(super) fn selects(&self, object: &Resource) -> bool {
        let takes = |selected: &Arc<Selected>| selected.0.takes(object).is_ok_and(|takes| takes);
        self.select.is_empty() || self.select.iter().any(takes)
    }

    /// The severity of a finding: that of an own rule is set where the rule is.
    pub(super) fn severity_of(&self, rule: &RuleRef, usual: Severity) -> Severity {
        rule.known().map_or(usual, |rule| self.severity(rule, usual))
    }

    /// True if the configuration sets the severity of a rule.
    pub(super) fn sets_severity(&self, rule: &RuleRef) -> bool {
        rule.known().is_some_and(|rule| matches!(self.said(rule), Some(Holds::As(_))))
    }

    /// The severity of a violation.
    pub(super) fn severity(&self, rule: &Rule, usual: Severity) -> Severity {
        match self.said(rule) {
            Some(Holds::As(severity)) => severity,
            Some(Holds::On | Holds::Off) | None => usual,
        }
    }
}

/// The rules of which [`Set::Paranoid`] applies unsafe fixes, although the Pod Security Standards do not ask for them: a
/// read-only root, a user, spreading, requests and limits.
const UNSAFE_IN_PARANOID: &str =
    "KR-SEC-030 KR-SEC-032 KR-AVL-002 KR-RES-001 KR-RES-002 KR-RES-003";

/// The strongest class of fixes that naming a profile asks for. A namespace that enforces the level `restricted` rejects
/// pods without its fields, so that setting them cannot make it worse: unsafe fixes of its rules are included. Nothing
/// that is set is overwritten.
fn fixes_of(profile: Profile, rule: &Rule) -> Most {
    let is_required = matches!(rule.scope, Scope::PodSecurity(_)) && profile.has(&rule.scope);
    let is_unsafe = || UNSAFE_IN_PARANOID.split(' ').any(|id| id == rule.id);
    match profile.set {
        Set::Privileged => None,
        Set::Custom | Set::Baseline => Some(Class::Safe),
        _ if is_required => Some(Class::Unsafe),
        Set::Paranoid if is_unsafe() => Some(Class::Unsafe),
        Set::Restricted | Set::Recommended | Set::Paranoid => Some(Class::Safe),
    }
}

impl Phase {
    /// True if a rule is applied in this phase.
    pub(super) fn asks(self, rule: &Rule) -> bool {
        match (self, &rule.needs) {
            // Suppressions are checked together with the rule that they suppress.
            (_, Needs::Suppressions) => true,
            (Self::Sources, needs) => matches!(needs, Needs::Sources),
            (Self::Dockerfiles, needs) => matches!(needs, Needs::Dockerfiles),
            (_, Needs::Sources | Needs::Dockerfiles | Needs::Reviews) => false,
            (Self::Complete, _) => true,
            (Self::Early, needs) => !matches!(needs, Needs::Render(_) | Needs::Expressions),
            (Self::Final(_), needs) => matches!(needs, Needs::Render(_) | Needs::Expressions),
        }
    }

    /// True if own rules are applied in this phase: they may look at the whole render.
    pub(super) const fn asks_own(self) -> bool {
        matches!(self, Self::Complete | Self::Final(_))
    }

    /// True if a rule is applied in this phase.
    pub(super) fn asks_for(self, rule: &RuleRef) -> bool {
        match rule {
            RuleRef::Known(rule) => self.asks(rule),
            RuleRef::Own(_) => self.asks_own(),
        }
    }

    /// True if an object is checked in this phase.
    pub(super) fn looks_at(self, object: &Resource) -> bool {
        match self {
            Self::Complete | Self::Early | Self::Sources | Self::Dockerfiles => true,
            Self::Final(configuration) => object.ties().awaited_by.contains(&configuration),
        }
    }
}
