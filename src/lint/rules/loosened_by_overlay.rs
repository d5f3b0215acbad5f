//! KR-KUS-018: overlays that take back the hardening of a base.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::harden::{Severity, Verdict};
use crate::lint::effects::Loosened;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::text::phrase::few;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    // By kustomization and entry: the rules, and for each the object.
    let mut by_entry: BTreeMap<_, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for one in &scene.effects.loosened {
        let Some(number) = scene.layers.index(&one.layer) else { continue };
        if scene.defines(number, one.place) || !is_final(scene, one) {
            continue;
        }
        let object = match &one.container {
            Some(name) => {
                format!("{} `{}`, container `{name}`", one.object.gvk.kind, one.object.name)
            }
            None => format!("{} `{}`", one.object.gvk.kind, one.object.name),
        };
        by_entry
            .entry((number, one.span))
            .or_default()
            .entry(object)
            .or_default()
            .insert(one.rule.title());
    }
    let mut found = Vec::new();
    for ((number, span), objects) in by_entry {
        let told: Vec<String> = objects
            .iter()
            .map(|(object, rules)| {
                let rules: Vec<&String> = rules.iter().collect();
                format!("{object} now violates {}", few(&rules, 3, |rule| (*rule).clone()))
            })
            .collect();
        let key = objects.keys().next().cloned().unwrap_or_default();
        let message = few(&told, 2, String::clone);
        let one = Found::at(number, span, &["patches", &key], message);
        // A component is listed on purpose.
        let is_component = scene.layers.get(number).is_some_and(|one| one.fields.is_component());
        found.push(if is_component { one.graded(Severity::Note) } else { one });
    }
    Ok(found)
}

/// True if the render has the violation, too.
fn is_final(scene: &Scene<'_>, loosened: &Loosened) -> bool {
    let Some(resources) = scene.renders.get(loosened.target) else { return false };
    let object = resources.iter().find(|one| one.original_id() == loosened.object);
    let Some(verdict) = object.and_then(|one| Verdict::of(one, scene.version)) else {
        return false;
    };
    verdict.violated.iter().any(|violated| {
        violated.rule == loosened.rule
            && violated.container.as_deref() == loosened.container.as_deref()
    })
}
