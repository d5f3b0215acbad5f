//! The Pod Security verdict of an object: the strictest level that its pods satisfy, and the violations of stricter
//! levels.

use super::check::violations_alone;
use super::facts::Facts;
use super::path::by_name;
use super::profile::{Level, Profile, Scope, Set, Version};
use super::rule::{Needs, Rule};
use super::rules::rules;
use super::scene::Scene;
use super::workload::pods;
use crate::resource::Resource;
use crate::yaml::Text;
use crate::yaml::path::Path;

/// The result of checking an object against the Pod Security Standards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The violations, in the order of the rules.
    pub violated: Vec<Violated>,
}

/// A violation of a rule of the Pod Security Standards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violated {
    /// The rule.
    pub rule: &'static Rule,
    /// The lowest level that has the rule.
    pub level: Level,
    /// The container, if it concerns one.
    pub container: Option<Text>,
    /// The field, with names of list elements in place of indices.
    pub field: String,
}

impl Verdict {
    /// Checks the pods of an object, without the rest of the render; `None` if it creates no pods.
    #[must_use]
    pub fn of(object: &Resource, version: Version) -> Option<Self> {
        let found = violations(object, &Facts::default(), version)?;
        Some(Self { violated: found.into_iter().map(|(violated, _)| violated).collect() })
    }

    /// The strictest level: privileged, baseline or restricted.
    #[must_use]
    pub fn level(&self) -> Set {
        match self.violated.iter().map(|violated| violated.level).min() {
            Some(Level::Baseline) => Set::Privileged,
            Some(Level::Restricted) => Set::Baseline,
            None => Set::Restricted,
        }
    }
}

/// The violations of an object by its pods, with the paths of the fields; `None` if it creates no pods.
pub(super) fn violations(
    object: &Resource,
    facts: &Facts,
    version: Version,
) -> Option<Vec<(Violated, Path)>> {
    let pods = pods(object, facts);
    if pods.is_empty() {
        return None;
    }
    // Conditions depend on the version in force.
    let profile = Profile { version: Some(version), ..facts.profile };
    let facts = &Facts { profile, ..facts.clone() };
    let scene = Scene { facts, object, pods: &pods };
    let mut found = Vec::new();
    for (rule, level) in standard(version) {
        // Rules of the standards look at one object only.
        let Needs::Object(check) = rule.needs else { continue };
        found.extend(violations_alone(rule, check, scene).into_iter().map(|violation| {
            let container = violation.container.map(|(_, name)| name);
            let field = by_name(&violation.path, object.node());
            (Violated { rule, level, container, field }, violation.path)
        }));
    }
    Some(found)
}

/// The rules of the standards, each with the lowest level that has it.
fn standard(version: Version) -> impl Iterator<Item = (&'static Rule, Level)> {
    rules().filter_map(move |rule| {
        let Scope::PodSecurity(check) = rule.scope else { return None };
        let levels = [Level::Baseline, Level::Restricted];
        let lowest = levels.into_iter().find(|level| check.is_in(*level, version.minor()));
        lowest.map(|level| (rule, level))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    fn verdict(spec: &str) -> Verdict {
        let text = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {spec}}}");
        Verdict::of(&resource(&text), Version::LATEST).unwrap()
    }

    #[test]
    fn an_object_has_the_strictest_level_that_its_pods_satisfy() {
        let restricted = "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: app, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}";
        assert_eq!(verdict(restricted).level(), Set::Restricted);
        assert_eq!(verdict(&restricted.replace("[ALL]", "[]")).level(), Set::Baseline);
        assert_eq!(verdict("{containers: [{name: app}]}").level(), Set::Baseline);
        let privileged = verdict("{hostNetwork: true, containers: [{name: app}]}");
        assert_eq!(privileged.level(), Set::Privileged);
        assert_eq!(privileged.violated[0].rule.name, "host-network");
        assert_eq!(privileged.violated[0].field, "/spec/hostNetwork");
        let service = "{apiVersion: v1, kind: Service, metadata: {name: web}}";
        assert_eq!(Verdict::of(&resource(service), Version::LATEST), None);
    }

    #[test]
    fn rules_that_stricter_ones_replace_still_count_for_baseline() {
        let unconfined = verdict(
            "{securityContext: {seccompProfile: {type: Unconfined}}, containers: [{name: app}]}",
        );
        assert_eq!(unconfined.level(), Set::Privileged);
    }
}
