//! What a rule is: what it asks for and why, in which profiles, and the condition that decides.

use std::fmt;

use super::pod::{Container, Pod};
use super::scene::Scene;
use super::violation::{Class, Violation};
use crate::resource::Resource;

/// A rule. Its id stands for ever; id and name are accepted wherever a rule is named.
pub struct Rule {
    /// The id: `KR-SEC-001`.
    pub id: &'static str,
    /// The name: `privileged-container`.
    pub name: &'static str,
    /// How bad a violation is, unless the violation says otherwise.
    pub severity: Severity,
    /// How bad it is for security, from 0 to 10, as GitHub's code scanning takes it; empty where it is not about that.
    pub score: &'static str,
    /// The profiles it belongs to.
    pub scope: Scope,
    /// What it asks for: a sentence.
    pub summary: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// When exactly it is violated.
    pub condition: &'static str,
    /// What heals a violation, by the class of the change.
    pub fixes: &'static [(Class, &'static str)],
    /// What to do where nothing heals it by itself, or before something does.
    pub advice: &'static str,
    /// A manifest that violates it; empty if it is not about manifests.
    pub bad: &'static str,
    /// The same manifest without a violation of it; empty as well.
    pub good: &'static str,
    /// What other tools call it.
    pub elsewhere: &'static str,
    /// The condition.
    pub(super) judge: Judge,
}

/// How bad a violation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something to know.
    Note,
    /// Something to look at.
    Warning,
    /// Something to repair.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The profiles that a rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that the Pod Security Standards say.
    PodSecurity(PodSecurity),
    /// `recommended` and `paranoid`.
    Recommended,
    /// `paranoid` only.
    Paranoid,
    /// Every profile: it is about the judging itself.
    Always,
}

/// A check of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodSecurity {
    /// The id of the check.
    pub check: &'static str,
    /// The lowest level that has it.
    pub level: Level,
    /// The minor version of Kubernetes 1 that it came with.
    pub since: u16,
    /// The minor version from which on the level `restricted` has a stricter check in its place.
    pub replaced: Option<u16>,
}

/// A level of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What no ordinary program needs is forbidden.
    Baseline,
    /// Pods must be hardened.
    Restricted,
}

impl Level {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl PodSecurity {
    /// A check of the level `baseline`, which `restricted` has too.
    pub(super) const fn baseline(check: &'static str, since: u16) -> Scope {
        Scope::PodSecurity(Self { check, level: Level::Baseline, since, replaced: None })
    }

    /// A check of the level `baseline` that `restricted` has a stricter one for, from a version on.
    pub(super) const fn replaced(check: &'static str, since: u16, replaced: u16) -> Scope {
        let replaced = Some(replaced);
        Scope::PodSecurity(Self { check, level: Level::Baseline, since, replaced })
    }

    /// A check of the level `restricted`.
    pub(super) const fn restricted(check: &'static str, since: u16) -> Scope {
        Scope::PodSecurity(Self { check, level: Level::Restricted, since, replaced: None })
    }

    /// Whether a level has it at a minor version.
    pub(super) fn is_in(&self, level: Level, minor: u16) -> bool {
        let is_replaced = self.replaced.is_some_and(|replaced| minor >= replaced);
        self.since <= minor
            && self.level <= level
            && !(is_replaced && self.level == Level::Baseline && level == Level::Restricted)
    }
}

/// The condition of a rule: what it looks at, and which violations it finds there.
#[derive(Clone, Copy)]
pub(super) enum Judge {
    /// Each pod.
    Pod(fn(&Pod<'_>, Scene<'_>) -> Vec<Violation>),
    /// Each object, with the pods that it makes.
    Object(fn(&Resource, Scene<'_>) -> Vec<Violation>),
    /// What accepts findings, once these are there.
    Suppressions,
    /// The targets of a run: which of them are judged. The command line does it.
    Targets,
    /// Each container of each pod.
    Container(fn(&Container<'_>, &Pod<'_>, Scene<'_>) -> Vec<Violation>),
}

impl Rule {
    /// Id and name, as findings show them.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.id, self.name)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.id, self.name)
    }
}

/// A rule is the same as another of the same id.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}
