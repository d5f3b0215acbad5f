//! KR-KUS-019: parts of a base that all overlays but one patch away.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::resource::{ResMap, Resource};
use crate::source::Span;
use crate::yaml::Node;

/// The minimum number of targets of a base.
const TARGETS: usize = 3;

/// A part of an object: the object, and the path of a field, which is empty for the object itself.
type Part = (String, String);

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = BTreeMap::new();
    for (number, layer) in scene.layers.numbered() {
        let renders: Vec<(usize, &ResMap)> = layer
            .targets
            .iter()
            .filter(|target| scene.layers.of_target(**target) != Some(number))
            .filter_map(|target| Some((*target, scene.renders.get(*target)?)))
            .collect();
        if layer.fields.is_component() || renders.len() < TARGETS || layer.root.remote().is_some() {
            continue;
        }
        // A base that is no target by itself cannot be compared.
        let Ok(base) = scene.run.build(layer.root.name(), &mut Vec::new()) else { continue };
        for (part, (place, keepers)) in kept(&base, &renders) {
            let [keeper] = &*keepers else { continue };
            // An inner base has reported it.
            let Some(place) = place.filter(|place| scene.defines(number, *place)) else { continue };
            let (object, field) = &part;
            let what = match field.is_empty() {
                true => object.clone(),
                false => format!("the field `{field}` of {object}"),
            };
            let Some(name) = scene.layers.of_target(*keeper).and_then(|top| scene.layers.get(top))
            else {
                continue;
            };
            let name = name.root.name();
            let message = format!(
                "only `{name}` keeps {what}: the other {} targets of this base remove it",
                renders.len() - 1
            );
            // Several parts for the sake of one target are one cause.
            let one = || Found::at(number, place, &["resources", object, field], message);
            found.entry((number, *keeper)).or_insert_with(|| (one(), 0)).1 += 1;
        }
    }
    let told = |(mut one, count): (Found, usize)| {
        if count > 1 {
            one.message = format!("{}, and {} more", one.message, count - 1);
        }
        one
    };
    Ok(found.into_values().map(told).collect())
}

/// The parts of a base that some targets lack: each with its place, and the targets that keep it.
fn kept(base: &ResMap, renders: &[(usize, &ResMap)]) -> BTreeMap<Part, (Option<Span>, Vec<usize>)> {
    let key =
        |one: &Resource| format!("{} `{}`", one.original_id().gvk.kind, one.original_id().name);
    let mut lacking: BTreeMap<Part, (Option<Span>, Vec<usize>)> = BTreeMap::new();
    let all: Vec<usize> = renders.iter().map(|(target, _)| *target).collect();
    for (target, resources) in renders {
        let there: BTreeMap<String, &Resource> =
            resources.iter().map(|one| (key(one), one)).collect();
        for object in base {
            let id = key(object);
            let mut lost = |field: String, place: Span| {
                let part = lacking.entry((id.clone(), field)).or_insert((None, all.clone()));
                part.0 = Some(place);
                part.1.retain(|keeper| keeper != target);
            };
            match there.get(&id) {
                None => lost(String::new(), object.span()),
                Some(other) => missing(object.node(), other.node(), "", &mut lost),
            }
        }
    }
    lacking
}

/// Calls `lost` for each topmost field that only the first of two nodes has.
fn missing(base: &Node, other: &Node, path: &str, lost: &mut impl FnMut(String, Span)) {
    let mut pending = vec![(base, other, path.to_owned())];
    while let Some((base, other, path)) = pending.pop() {
        for (key, value) in base.entries() {
            let below = if path.is_empty() {
                key.text().to_owned()
            } else {
                format!("{path}.{}", key.text())
            };
            match other.get(key.text()) {
                Some(other) => pending.push((value, other, below)),
                None if other.as_mapping().is_some() => lost(below, key.span()),
                None => {}
            }
        }
        let name = |node: &Node| node.get("name").and_then(Node::as_text).map(str::to_owned);
        for item in base.items() {
            let Some(own) = name(item) else { continue };
            let same = other.items().iter().find(|one| name(one).as_ref() == Some(&own));
            let below = format!("{path}[{own}]");
            match same {
                Some(other) => pending.push((item, other, below)),
                None if other.as_sequence().is_some() => lost(below, item.span()),
                None => {}
            }
        }
    }
}
