//! The type of rules: what a rule asks for and why, in which profiles, and the condition that decides.

use std::fmt;

use super::foreign::{Checks, Tool};
use super::pod::{Container, Pod, Shape};
use super::profile::Scope;
use super::scene::{Render, Scene};
use super::violation::{Class, Severity, Violation};
use crate::resource::Resource;

/// A rule. Its id stands for ever; id and name are accepted wherever a rule is named.
pub struct Rule {
    /// The id: `KR-SEC-001`.
    pub id: &'static str,
    /// The name: `privileged-container`.
    pub name: &'static str,
    /// What it is about.
    pub topic: Topic,
    /// How bad a violation is, unless the violation says otherwise.
    pub severity: Severity,
    /// How bad it is for security, from 0 to 10, as GitHub's code scanning takes it; `None` if it is not about that.
    pub score: Option<f32>,
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
    /// When its fixes are carried out among those of all rules, lower numbers first.
    pub fix_order: u8,
    /// What to do where nothing heals it by itself, or before something does.
    pub advice: &'static str,
    /// An example; `None` if it is not about manifests and configurations.
    pub example: Option<Example>,
    /// The checks of other tools that it stands for.
    pub elsewhere: &'static [(Tool, &'static [&'static str])],
    /// What it looks at, and its condition.
    pub(super) needs: Needs,
}

/// What a rule is about: the middle part of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// `KR-CFG`: the judging itself.
    Judging,
    /// `KR-IMG`
    Images,
    /// `KR-PRB`
    Probes,
    /// `KR-REF`: references to other objects.
    References,
    /// `KR-RES`: requests and limits.
    Resources,
    /// `KR-SEC`
    Security,
    /// `KR-SHD`: the end of pods.
    Shutdown,
}

/// A manifest or configuration that violates a rule, and the same without a violation of it.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The one that violates it.
    pub bad: &'static str,
    /// The other one.
    pub good: &'static str,
}

/// The input of a rule, with its condition.
#[derive(Clone, Copy)]
pub(super) enum Needs {
    /// Each object by itself. It can be judged before the render is complete.
    Object(Check),
    /// Each object, and all that is rendered with it, with the names that it has in the end.
    Render(RenderCheck),
    /// The findings of all other rules, and what accepts them.
    Suppressions,
    /// The targets of a run: the command line judges them.
    Targets,
}

/// A condition that looks at one object.
#[derive(Clone, Copy)]
pub(super) enum Check {
    /// Looks at each object.
    Object(fn(&Resource, Scene<'_>) -> Vec<Violation>),
    /// Looks at each pod.
    Pod(fn(&Pod<'_>, Scene<'_>) -> Vec<Violation>),
    /// Looks at each container of each pod.
    Container(fn(&Container<'_>, &Pod<'_>, Scene<'_>) -> Vec<Violation>),
}

/// A condition that looks at one object among all that are rendered.
#[derive(Clone, Copy)]
pub(super) enum RenderCheck {
    /// Looks at each object.
    Object(fn(&Resource, Scene<'_>, &Render<'_>) -> Vec<Violation>),
    /// Looks at each pod.
    Pod(fn(&Pod<'_>, Scene<'_>, &Render<'_>) -> Vec<Violation>),
    /// Looks at each container of each pod.
    Container(fn(&Container<'_>, &Pod<'_>, Scene<'_>, &Render<'_>) -> Vec<Violation>),
}

impl Rule {
    /// Id and name, as findings show them.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.id, self.name)
    }

    /// The checks of other tools that it stands for, for people: `trivy KSV-0009; checkov CKV_K8S_19`.
    #[must_use]
    pub fn elsewhere(&self) -> String {
        let told =
            |(tool, checks): &(Tool, &[&str])| format!("{} {}", tool.name(), checks.join(", "));
        self.elsewhere.iter().map(told).collect::<Vec<_>>().join("; ")
    }

    /// Whether it stands for one of these checks of a tool.
    pub(super) fn is_among(&self, tool: Tool, checks: &Checks<'_>) -> bool {
        let own = self.elsewhere.iter().filter(|(one, _)| *one == tool);
        let mut own = own.flat_map(|(_, checks)| *checks);
        match checks {
            Checks::All => own.next().is_some(),
            Checks::Of(checks) => own.any(|check| checks.contains(check)),
        }
    }

    /// Whether it judges pods of which so much is there.
    pub(super) fn judges(&self, shape: Shape) -> bool {
        let is_of_standards = matches!(self.scope, Scope::PodSecurity(_));
        match shape {
            Shape::Known => true,
            Shape::Template => {
                matches!(self.topic, Topic::Security | Topic::Images | Topic::Resources)
            }
            Shape::Step => is_of_standards || self.topic == Topic::Images,
            Shape::Part => is_of_standards,
        }
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
