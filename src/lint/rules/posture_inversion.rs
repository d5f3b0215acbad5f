//! KR-KUS-013: production that is weaker than another environment.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::harden::Verdict;
use crate::lint::effects::has_container;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::lint::stage::Stage;
use crate::resource::{ResMap, Resource};
use crate::text::phrase::few;

/// The pods of a render with their violations, by kind and original name.
type Posture<'r> = BTreeMap<(String, String), (&'r Resource, BTreeSet<Violation>)>;

/// A rule, and the container that violates it, which is empty for the pod.
type Violation = (&'static str, String);

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut staged = Vec::new();
    for (target, resources) in scene.renders.iter() {
        let Some(number) = scene.layers.of_target(target) else { continue };
        let Some(layer) = scene.layers.get(number) else { continue };
        if let Some((stage, place)) = Stage::of(scene.layers.below_common(layer)) {
            staged.push((stage, place, number, target, posture(scene, resources)));
        }
    }
    let mut found = Vec::new();
    for (stage, place, number, target, own) in &staged {
        if *stage != Stage::Production {
            continue;
        }
        let bases = scene.layers.bases_below(*number);
        let earlier = staged.iter().filter(|(other, beside, one, ..)| {
            other < stage && beside == place && !scene.layers.bases_below(*one).is_disjoint(&bases)
        });
        for (_, _, other, _, posture) in earlier {
            let weaker = weaker(scene, *target, own, posture);
            let Some(layer) = scene.layers.get(*number).filter(|_| !weaker.is_empty()) else {
                continue;
            };
            let name = scene.layers.names([*other]).concat();
            let objects = few(&weaker, 2, String::clone);
            let message = format!("it is weaker than `{name}`: {objects}");
            found.push(Found::at(*number, layer.beginning(), &["posture", &name], message));
            break;
        }
    }
    Ok(found)
}

fn posture<'r>(scene: &Scene<'_>, resources: &'r ResMap) -> Posture<'r> {
    let mut all = Posture::new();
    for resource in resources {
        let Some(verdict) = Verdict::of(resource, scene.version) else { continue };
        let violated = verdict.violated.into_iter().map(|one| {
            (one.rule.id, one.container.map(|name| name.to_string()).unwrap_or_default())
        });
        let id = resource.original_id();
        let key = (id.gvk.kind.to_string(), id.name.to_string());
        all.insert(key, (resource, violated.collect()));
    }
    all
}

/// The objects that violate a rule here and not there, in words.
fn weaker(scene: &Scene<'_>, target: usize, own: &Posture<'_>, other: &Posture<'_>) -> Vec<String> {
    let is_loosened = |kind: &str, name: &str, rule: &str| {
        scene.effects.loosened.iter().any(|one| {
            one.target == target
                && *one.object.gvk.kind == *kind
                && *one.object.name == *name
                && one.rule.id == rule
        })
    };
    let mut found = Vec::new();
    for (object, (_, violated)) in own {
        let Some((twin, there)) = other.get(object) else { continue };
        let (kind, name) = object;
        let new: BTreeSet<&str> = violated
            .difference(there)
            // A container of one environment only is another matter.
            .filter(|(_, container)| container.is_empty() || has_container(twin, container))
            .map(|(rule, _)| *rule)
            .filter(|rule| !is_loosened(kind, name, rule))
            .collect();
        if !new.is_empty() {
            let new: Vec<&str> = new.into_iter().collect();
            let rules = few(&new, 3, |rule| (*rule).to_owned());
            found.push(format!("{kind} `{name}` violates {rules}"));
        }
    }
    found
}
