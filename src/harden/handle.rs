//! Handles of rules: those of krender, and those of a configuration.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::own::OwnRule;
use super::profile::Scope;
use super::rule::{Rule, Topic};
use super::violation::Severity;

/// A rule: one of krender's, or one of a configuration. Handles are equal, and ordered, by the id of the rule.
#[derive(Clone)]
pub enum RuleRef {
    /// One of krender's.
    Known(&'static Rule),
    /// One of a configuration, which lives as long as its handles.
    Own(Arc<OwnRule>),
}

impl RuleRef {
    /// The id: `KR-SEC-001`.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Known(rule) => rule.id,
            Self::Own(rule) => &rule.id,
        }
    }

    /// The name: `privileged-container`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Known(rule) => rule.name,
            Self::Own(rule) => &rule.name,
        }
    }

    /// The id and the name, as shown in findings.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.id(), self.name())
    }

    /// The severity of a violation, unless the violation sets another one.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Known(rule) => rule.severity,
            Self::Own(rule) => rule.severity,
        }
    }

    /// The security severity from 0 to 10; `None` for other topics, and for own rules.
    #[must_use]
    pub fn score(&self) -> Option<f32> {
        self.known().and_then(|rule| rule.score)
    }

    /// The profiles that include it: all for own rules.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.known().map_or(Scope::Always, |rule| rule.scope)
    }

    /// The topic; that of the check itself for own rules.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.known().map_or(Topic::Judging, Rule::topic)
    }

    /// The requirement: a sentence.
    #[must_use]
    pub fn summary(&self) -> &str {
        match self {
            Self::Known(rule) => rule.summary(),
            Self::Own(rule) => &rule.summary,
        }
    }

    /// The reason.
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Self::Known(rule) => rule.why(),
            Self::Own(rule) => &rule.why,
        }
    }

    /// The exact condition of a violation.
    #[must_use]
    pub fn condition(&self) -> Cow<'static, str> {
        match self {
            Self::Known(rule) => Cow::Borrowed(rule.condition()),
            Self::Own(rule) => Cow::Owned(rule.condition()),
        }
    }

    /// Advice for violations without a fix, or before a fix is applied.
    #[must_use]
    pub fn advice(&self) -> &str {
        match self {
            Self::Known(rule) => rule.advice(),
            Self::Own(rule) => &rule.advice,
        }
    }

    /// The rule, if it is one of krender's.
    #[must_use]
    pub const fn known(&self) -> Option<&'static Rule> {
        match self {
            Self::Known(rule) => Some(rule),
            Self::Own(_) => None,
        }
    }
}

impl From<&'static Rule> for RuleRef {
    fn from(rule: &'static Rule) -> Self {
        Self::Known(rule)
    }
}

impl fmt::Debug for RuleRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.title())
    }
}

impl PartialEq for RuleRef {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for RuleRef {}

impl PartialEq<Rule> for RuleRef {
    fn eq(&self, other: &Rule) -> bool {
        self.id() == other.id
    }
}

impl PartialOrd for RuleRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RuleRef {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id().cmp(other.id())
    }
}
