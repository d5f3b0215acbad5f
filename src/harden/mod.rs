//! Rules about rendered resources: what is violated where, why it matters, and what heals it.
//!
//! [`RULES`] is the table. A rule judges pods, wherever they are written ([`check()`] finds them in everything that
//! makes pods), and says for each violation which field it is about; the place of a finding is who wrote that field
//! last. The rules of the Pod Security Standards decide as the admission of Kubernetes does, at every version.

mod edit;
mod finding;
mod path;
mod pod;
mod profile;
mod rule;
mod rules;
mod scene;
mod settings;
#[cfg(test)]
mod tests;
mod value;
mod violation;

use crate::resource::{ResMap, Resource};
use scene::Scene;

pub use edit::Operation;
pub use finding::Finding;
pub use path::{Path, Step};
pub use pod::List;
pub use profile::{Profile, Set, Version};
pub use rule::{Level, PodSecurity, Rule, Scope, Severity};
pub use rules::{RULES, find};
pub use settings::{PodPath, Settings};
pub use violation::{Class, Edit, Fix, Turn};

/// Judges resources by the rules of a profile: the findings of each resource in order, those of a resource in the order
/// of the rules. Linear in the number of resources and rules.
#[must_use]
pub fn check(resources: &ResMap, settings: &Settings) -> Vec<Finding> {
    let rules: Vec<&'static Rule> =
        RULES.iter().copied().filter(|rule| settings.profile.has(rule)).collect();
    let judge = |(place, object)| judge(place, object, &rules, settings);
    resources.iter().enumerate().flat_map(judge).collect()
}

fn judge(
    place: usize,
    object: &Resource,
    rules: &[&'static Rule],
    settings: &Settings,
) -> Vec<Finding> {
    let pods = pod::pods(object, settings);
    let scene = Scene { settings };
    let mut findings = Vec::new();
    for rule in rules {
        let violations = match rule.judge {
            rule::Judge::Pod(judge) => {
                pods.iter().flat_map(|pod| judge(pod, scene)).collect::<Vec<_>>()
            }
            rule::Judge::Container(judge) => {
                let of_pod = |pod| {
                    let pod: &pod::Pod<'_> = pod;
                    pod.containers.iter().flat_map(|container| judge(container, pod, scene))
                };
                pods.iter().flat_map(of_pod).collect()
            }
        };
        let found =
            violations.into_iter().map(|violation| Finding::new(rule, violation, place, object));
        findings.extend(found);
    }
    findings
}
