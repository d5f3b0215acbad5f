//! Rules about rendered resources: what is violated where, why it matters, and what heals it.
//!
//! [`RULES`] is the table. A rule judges pods, wherever they are written ([`check()`] finds them in everything that
//! makes pods), and says for each violation which field it is about; the place of a finding is who wrote that field
//! last. The rules of the Pod Security Standards decide as the admission of Kubernetes does, at every version.

mod configuration;
mod edit;
mod exclusion;
mod finding;
mod fix;
mod foreign;
mod lowering;
mod path;
mod phase;
mod pod;
mod profile;
mod quantity;
mod render;
mod rule;
mod rules;
mod scene;
mod settings;
mod strip;
mod suppress;
#[cfg(test)]
mod tests;
mod value;
mod verdict;
mod violation;
mod workload;

use std::collections::BTreeSet;

use crate::resource::ResMap;
use crate::source::Sources;
use pod::{Pod, Shape};
use render::Render;
use rule::Judge;
use scene::Scene;
use violation::Violation;

pub use configuration::Kind;
pub use edit::Operation;
pub use exclusion::{Date, Exclusion};
pub use finding::Finding;
pub use fix::{Change, Fixes, harden};
pub use foreign::Tool;
pub use lowering::{Lowering, LoweringKind, told};
pub use path::{Path, Step};
pub use phase::Phase;
pub use pod::List;
pub use profile::{Profile, Set, Version};
pub use rule::{Level, PodSecurity, Rule, Scope, Severity};
pub use rules::judged::{HARDENING_STEP_CHANGED, TARGET_NOT_JUDGED};
pub use rules::{RULES, find, known};
pub use settings::{External, FailOn, Holds, Most, Placement, PodPath, Selected, Settings, Values};
pub use strip::strip;
pub use suppress::{SuppressedBy, Suppression};
pub use verdict::{Verdict, Violated};
pub use violation::{Class, Edit, Fix, Turn};
pub use workload::restarting;

/// Judges resources by the rules of a profile: the findings of each resource in order, those of a resource in the order
/// of the rules, those about suppressions last. Linear in the number of resources and rules. What somebody accepts
/// is a finding too, and says so; the texts of the sources are looked through for that.
#[must_use]
pub fn check(resources: &ResMap, sources: &Sources, settings: &Settings) -> Vec<Finding> {
    let is_asked = |rule: &&'static Rule| settings.asks(rule);
    let rules: Vec<&'static Rule> = RULES.iter().copied().filter(is_asked).collect();
    let render = Render::new(resources, settings);
    let scene = |(object, pods)| Scene { settings, render: &render, object, pods };
    let scenes: Vec<Scene<'_>> =
        resources.iter().zip(render.pods.iter().map(Vec::as_slice)).map(scene).collect();
    let mut findings = Vec::new();
    for (place, scene) in scenes.iter().enumerate() {
        if !settings.phase.looks_at(scene.object) {
            continue;
        }
        let is_system = settings.excludes_system && scene.is_system();
        for rule in &rules {
            let found = violations(rule, *scene).into_iter();
            findings.extend(found.map(|violation| {
                let mut finding = Finding::new(rule, violation, place, scene.object);
                finding.severity = settings.severity(rule, finding.severity);
                if is_system {
                    finding.severity = Severity::Note;
                }
                finding
            }));
        }
    }
    if !settings.ignores_suppressions {
        let judged = findings.len();
        suppress::suppress(&mut findings, &scenes, sources, settings);
        exclusion::exclude(&mut findings, &scenes, settings);
        let mut place = 0;
        findings.retain_mut(|finding| {
            place += 1;
            if place <= judged {
                return true;
            }
            finding.severity = settings.severity(finding.rule, finding.severity);
            let object = resources.get(finding.place);
            settings.asks(finding.rule) && object.is_some_and(|one| settings.phase.looks_at(one))
        });
    }
    findings
}

/// How many pods and templates of pods there are.
#[must_use]
pub fn count_pods(resources: &ResMap, settings: &Settings) -> usize {
    resources.iter().map(|object| workload::pods(object, settings).len()).sum()
}

/// How an object violates a rule. Of pods that are not all there, only what is written counts; and fixes are made in kinds
/// that are known to have these fields.
fn violations(rule: &Rule, scene: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let judge: &dyn Fn(&Pod<'_>) -> Vec<Violation> = match &rule.judge {
        Judge::Suppressions | Judge::Targets => return found,
        Judge::Object(judge) => return judge(scene.object, scene),
        Judge::Pod(judge) => &|pod| judge(pod, scene),
        Judge::Container(judge) => {
            &|pod| pod.containers.iter().flat_map(|one| judge(one, pod, scene)).collect()
        }
    };
    let root = scene.object.node();
    for pod in scene.pods.iter().filter(|pod| pod.is_judged_by(rule)) {
        let mut of_pod = judge(pod);
        if pod.shape == Shape::Part {
            let mut places = BTreeSet::new();
            of_pod.retain(|violation| {
                let is_written = violation.path.find(root).is_some_and(|node| !node.is_null());
                is_written && places.insert(violation.path.clone())
            });
        }
        if pod.shape != Shape::Known {
            of_pod.iter_mut().for_each(|violation| violation.fix = None);
        }
        found.extend(of_pod);
    }
    found
}
