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
    /// Its page, which the methods read: a heading with the requirement, and a section for each further text.
    pub(super) text: &'static str,
    /// The severity of a violation, unless the violation sets another one.
    pub severity: Severity,
    /// The security severity from 0 to 10, as GitHub's code scanning expects it; `None` for other topics.
    pub score: Option<f32>,
    /// The profiles that include it.
    pub scope: Scope,
    /// The position of its fixes among those of all rules; lower numbers are applied first.
    pub fix_order: u8,
    /// The input, and the condition.
    pub(super) needs: Needs,
}

/// The topic of a rule: the middle part of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// `KR-AVL`: copies, and their places.
    Availability,
    /// `KR-CFG`: the check itself.
    Judging,
    /// `KR-CLN`: twelve-factor programs.
    Practice,
    /// `KR-DIF`: differences of two renders.
    Differences,
    /// `KR-DKR`: Dockerfiles.
    Dockerfiles,
    /// `KR-IMG`
    Images,
    /// `KR-K8S`: the quality of manifests.
    Objects,
    /// `KR-KUS`: the sources of kustomizations.
    Kustomizations,
    /// `KR-NET`
    Network,
    /// `KR-PRB`
    Probes,
    /// `KR-RBAC`: rights within the cluster.
    Rights,
    /// `KR-REF`: references to other objects.
    References,
    /// `KR-RES`: requests and limits.
    Resources,
    /// `KR-SEC`
    Security,
    /// `KR-SHD`: the end of pods.
    Shutdown,
}

impl Topic {
    /// True for topics whose rules matter only where a workload is kept running for its users.
    pub(super) const fn is_of_operation(self) -> bool {
        matches!(
            self,
            Self::Availability
                | Self::Images
                | Self::Network
                | Self::Probes
                | Self::Resources
                | Self::Shutdown
        )
    }

    /// The topics, in the order of the ids of their rules.
    pub const ALL: [Self; 15] = [
        Self::Availability,
        Self::Judging,
        Self::Practice,
        Self::Differences,
        Self::Dockerfiles,
        Self::Images,
        Self::Objects,
        Self::Kustomizations,
        Self::Network,
        Self::Probes,
        Self::Rights,
        Self::References,
        Self::Resources,
        Self::Security,
        Self::Shutdown,
    ];

    /// The middle part of the ids of its rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Availability => "AVL",
            Self::Judging => "CFG",
            Self::Practice => "CLN",
            Self::Differences => "DIF",
            Self::Dockerfiles => "DKR",
            Self::Images => "IMG",
            Self::Objects => "K8S",
            Self::Kustomizations => "KUS",
            Self::Network => "NET",
            Self::Probes => "PRB",
            Self::Rights => "RBAC",
            Self::References => "REF",
            Self::Resources => "RES",
            Self::Security => "SEC",
            Self::Shutdown => "SHD",
        }
    }

    /// The topic with this middle part of ids.
    fn of(part: &str) -> Option<Self> {
        Some(match part {
            "AVL" => Self::Availability,
            "CFG" => Self::Judging,
            "CLN" => Self::Practice,
            "DIF" => Self::Differences,
            "DKR" => Self::Dockerfiles,
            "IMG" => Self::Images,
            "K8S" => Self::Objects,
            "KUS" => Self::Kustomizations,
            "NET" => Self::Network,
            "PRB" => Self::Probes,
            "RBAC" => Self::Rights,
            "REF" => Self::References,
            "RES" => Self::Resources,
            "SEC" => Self::Security,
            "SHD" => Self::Shutdown,
            _ => return None,
        })
    }
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
    /// The whole render, by expressions of the configuration or of policies in the render.
    Expressions,
    /// The targets of a run, which the command line checks.
    Targets,
    /// The sources of kustomizations. The conditions are in `crate::lint`, a layer below.
    Sources,
    /// Dockerfiles. The conditions are in `crate::dockerfile`, a layer below.
    Dockerfiles,
    /// Two renders of a target. The conditions are in `crate::diff`, a layer below.
    Reviews,
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

/// The start of a section of a page.
const SECTION: &str = "\n## ";

impl Rule {
    /// The id and the name, as shown in findings.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.id, self.name)
    }

    /// The topic. [`Topic::Judging`] if the id has none.
    #[must_use]
    pub fn topic(&self) -> Topic {
        let behind = self.id.strip_prefix("KR-").unwrap_or_default();
        let end = behind.bytes().position(|byte| byte == b'-').unwrap_or_default();
        Topic::of(&behind[..end]).unwrap_or(Topic::Judging)
    }

    /// The requirement: a sentence.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.trim_start_matches("# ")
    }

    /// The reason.
    #[must_use]
    pub fn why(&self) -> &'static str {
        self.section("Why").unwrap_or_default()
    }

    /// The exact condition of a violation.
    #[must_use]
    pub fn condition(&self) -> &'static str {
        self.section("Violated when").unwrap_or_default()
    }

    /// Advice for violations without a fix, or before a fix is applied.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.section("What to do").unwrap_or_default()
    }

    /// The fixes, by class.
    pub fn fixes(&self) -> impl Iterator<Item = (Class, &'static str)> + use<> {
        self.items("Fixes").filter_map(|(class, text)| {
            let class = Class::ALL.into_iter().find(|one| one.as_str() == class)?;
            Some((class, text))
        })
    }

    /// The rules that an object may violate only since the fix of this rule, each with the reason: what it removes kept the
    /// other rule from applying, or what it writes is to be verified. Fixes lead to no other findings.
    pub fn follow_ups(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        self.items("Leads to")
    }

    /// The equivalent checks of other tools.
    pub(super) fn equivalents(&self) -> impl Iterator<Item = (Tool, &'static str)> + use<> {
        self.items("Other tools").flat_map(|(tool, checks)| {
            let tool = Tool::ALL.into_iter().find(|one| one.name() == tool);
            checks.split(", ").filter_map(move |check| Some((tool?, check)))
        })
    }

    /// The equivalent checks of other tools as text: `trivy KSV-0009; checkov CKV_K8S_19`.
    #[must_use]
    pub fn elsewhere(&self) -> String {
        let told = |(tool, checks)| format!("{tool} {checks}");
        self.items("Other tools").map(told).collect::<Vec<_>>().join("; ")
    }

    /// An example; `None` if the rule is not about manifests and configurations.
    #[must_use]
    pub fn example(&self) -> Option<Example> {
        let block = |title| {
            let text = self.section(title)?.strip_prefix("```")?;
            text.split_once('\n')?.1.strip_suffix("```")
        };
        Some(Example { bad: block("Bad")?, good: block("Good")? })
    }

    /// A section of its page.
    fn section(&self, title: &str) -> Option<&'static str> {
        let start = |(at, _): &(usize, &str)| {
            let rest = self.text[at + SECTION.len()..].strip_prefix(title);
            rest.is_some_and(|rest| rest.starts_with('\n'))
        };
        let (at, _) = self.text.match_indices(SECTION).find(start)?;
        let body = &self.text[at + SECTION.len() + title.len()..];
        Some(body.split_once(SECTION).map_or(body, |(body, _)| body).trim())
    }

    /// The elements of a list in a section: the part before the colon, and the rest.
    fn items(&self, title: &str) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let lines = self.section(title).unwrap_or_default().lines();
        lines.filter_map(|line| line.strip_prefix("- ")?.split_once(": "))
    }

    /// True for a rule of `krender lint`: about the sources of kustomizations, and not about rendered objects.
    #[must_use]
    pub const fn is_of_sources(&self) -> bool {
        matches!(self.needs, Needs::Sources)
    }

    /// True for a rule about Dockerfiles.
    #[must_use]
    pub const fn is_of_dockerfiles(&self) -> bool {
        matches!(self.needs, Needs::Dockerfiles)
    }

    /// True for a rule about the differences of two renders, which `krender diff` judges.
    #[must_use]
    pub const fn is_of_reviews(&self) -> bool {
        matches!(self.needs, Needs::Reviews)
    }

    /// True if it is equivalent to one of these checks of a tool.
    pub(super) fn is_among(&self, tool: Tool, checks: &Checks<'_>) -> bool {
        let mut own = self.equivalents().filter(|(one, _)| *one == tool);
        match checks {
            Checks::All => own.next().is_some(),
            Checks::Of(checks) => own.any(|(_, check)| checks.contains(&check)),
        }
    }

    /// The part of pods of this completeness that it checks; `None` if it does not check them.
    pub(super) fn extent(&self, shape: Shape) -> Option<Extent> {
        let is_of_standards = matches!(self.scope, Scope::PodSecurity(_));
        let is_secure = || matches!(self.topic(), Topic::Security | Topic::Images);
        match shape {
            Shape::Known => Some(Extent::Whole),
            Shape::Template => {
                (is_secure() || self.topic() == Topic::Resources).then_some(Extent::Whole)
            }
            Shape::Step if is_of_standards => Some(Extent::Whole),
            Shape::Step | Shape::Part => is_secure().then_some(Extent::Written),
        }
    }
}

/// The part of a pod that a rule checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The whole pod.
    Whole,
    /// The fields that are written, since missing ones may be added elsewhere.
    Written,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_named_by_ids() {
        for topic in Topic::ALL {
            assert_eq!(Topic::of(topic.as_str()), Some(topic));
        }
        assert_eq!(Topic::of("XYZ"), None);
    }
}
