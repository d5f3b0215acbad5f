//! The type of rules: texts, profiles, fixes and the condition.

use std::fmt;

use super::foreign::{Checks, Tool};
use super::pod::{Container, Pod, Shape};
use super::profile::Scope;
use super::scene::{Render, Scene};
use super::violation::{Class, Severity, Violation};
use crate::resource::Resource;

/// A rule. Its id never changes; id and name are accepted wherever a rule is named.
pub struct Rule {
    /// The id: `KR-SEC-001`.
    pub id: &'static str,
    /// The name: `privileged-container`.
    pub name: &'static str,
    /// The topic.
    pub topic: Topic,
    /// The severity of a violation, unless the violation sets another one.
    pub severity: Severity,
    /// The security severity from 0 to 10, as GitHub's code scanning expects it; `None` for other topics.
    pub score: Option<f32>,
    /// The profiles that include it.
    pub scope: Scope,
    /// The requirement: a sentence.
    pub summary: &'static str,
    /// The reason.
    pub why: &'static str,
    /// The exact condition of a violation.
    pub condition: &'static str,
    /// The fixes, by class.
    pub fixes: &'static [(Class, &'static str)],
    /// The position of its fixes among those of all rules; lower numbers are applied first.
    pub fix_order: u8,
    /// Advice for violations without a fix, or before a fix is applied.
    pub advice: &'static str,
    /// An example; `None` if the rule is not about manifests and configurations.
    pub example: Option<Example>,
    /// The equivalent checks of other tools.
    pub elsewhere: &'static [(Tool, &'static [&'static str])],
    /// The input, and the condition.
    pub(super) needs: Needs,
}

/// The topic of a rule: the middle part of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// `KR-CFG`: the check itself.
    Judging,
    /// `KR-IMG`
    Images,
    /// `KR-KUS`: the sources of kustomizations.
    Kustomizations,
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

/// A manifest or configuration that violates a rule, and a corrected one.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The violation.
    pub bad: &'static str,
    /// The corrected version.
    pub good: &'static str,
}

/// The input of a rule, with its condition.
#[derive(Clone, Copy)]
pub(super) enum Needs {
    /// One object. It can be checked before the render is complete.
    Object(Check),
    /// One object, and the whole render with final names.
    Render(RenderCheck),
    /// The findings of all other rules, and their suppressions.
    Suppressions,
    /// The targets of a run, which the command line checks.
    Targets,
    /// The sources of kustomizations. The conditions are in `crate::lint`, a layer below.
    Sources,
}

/// A condition on one object.
#[derive(Clone, Copy)]
pub(super) enum Check {
    /// Called for each object.
    Object(fn(&Resource, Scene<'_>) -> Vec<Violation>),
    /// Called for each pod.
    Pod(fn(&Pod<'_>, Scene<'_>) -> Vec<Violation>),
    /// Called for each container of each pod.
    Container(fn(&Container<'_>, &Pod<'_>, Scene<'_>) -> Vec<Violation>),
}

/// A condition on one object and the whole render.
#[derive(Clone, Copy)]
pub(super) enum RenderCheck {
    /// Called for each object.
    Object(fn(&Resource, Scene<'_>, &Render<'_>) -> Vec<Violation>),
    /// Called for each pod.
    Pod(fn(&Pod<'_>, Scene<'_>, &Render<'_>) -> Vec<Violation>),
    /// Called for each container of each pod.
    Container(fn(&Container<'_>, &Pod<'_>, Scene<'_>, &Render<'_>) -> Vec<Violation>),
}

impl Rule {
    /// The id and the name, as shown in findings.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.id, self.name)
    }

    /// The equivalent checks of other tools as text: `trivy KSV-0009; checkov CKV_K8S_19`.
    #[must_use]
    pub fn elsewhere(&self) -> String {
        let told =
            |(tool, checks): &(Tool, &[&str])| format!("{} {}", tool.name(), checks.join(", "));
        self.elsewhere.iter().map(told).collect::<Vec<_>>().join("; ")
    }

    /// True for a rule of `krender lint`: about the sources of kustomizations, and not about rendered objects.
    #[must_use]
    pub const fn is_of_sources(&self) -> bool {
        matches!(self.needs, Needs::Sources)
    }

    /// True if it is equivalent to one of these checks of a tool.
    pub(super) fn is_among(&self, tool: Tool, checks: &Checks<'_>) -> bool {
        let own = self.elsewhere.iter().filter(|(one, _)| *one == tool);
        let mut own = own.flat_map(|(_, checks)| *checks);
        match checks {
            Checks::All => own.next().is_some(),
            Checks::Of(checks) => own.any(|check| checks.contains(check)),
        }
    }

    /// True if it checks pods of this completeness.
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

/// Rules are equal if their ids are.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}
