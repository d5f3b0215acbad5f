//! KR-CLN-006: environments with other containers, images, ports or probes than production.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::lint::containers::containers;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::lint::stage::Stage;
use crate::resource::ResMap;
use crate::text::phrase::few;
use crate::yaml::Node;

/// The containers of a render, by kind and original name of their object.
type Containers<'r> = BTreeMap<(String, String), BTreeMap<&'r str, &'r Node>>;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut staged = Vec::new();
    for (target, resources) in scene.renders.iter() {
        let Some(number) = scene.layers.of_target(target) else { continue };
        let Some(layer) = scene.layers.get(number) else { continue };
        if let Some((stage, place)) = Stage::of(scene.layers.below_common(layer)) {
            staged.push((stage, place, number, of_render(resources)));
        }
    }
    let mut found = Vec::new();
    for (stage, place, number, own) in &staged {
        if *stage != Stage::Production {
            continue;
        }
        let bases = scene.layers.bases_below(*number);
        for (other, beside, one, theirs) in &staged {
            let is_earlier = other < stage && beside == place;
            if !is_earlier || scene.layers.bases_below(*one).is_disjoint(&bases) {
                continue;
            }
            let differences = differences(theirs, own);
            let Some(layer) = scene.layers.get(*one).filter(|_| !differences.is_empty()) else {
                continue;
            };
            let name = scene.layers.names([*number]).concat();
            let told = few(&differences, 3, String::clone);
            let message = format!("it differs from `{name}` in more than values: {told}");
            found.push(Found::at(*one, layer.beginning(), &["parity", &name], message));
        }
    }
    Ok(found)
}

fn of_render(resources: &ResMap) -> Containers<'_> {
    let mut all = Containers::new();
    for resource in resources {
        let named = containers(resource)
            .filter_map(|one| Some((one.get("name").and_then(Node::as_text)?, one)));
        let named: BTreeMap<&str, &Node> = named.collect();
        if !named.is_empty() {
            let id = resource.original_id();
            all.insert((id.gvk.kind.to_string(), id.name.to_string()), named);
        }
    }
    all
}

/// The differences between objects that both renders have, in words.
fn differences(here: &Containers<'_>, production: &Containers<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (object, own) in here {
        let Some(theirs) = production.get(object) else { continue };
        let (kind, name) = object;
        for container in own.keys().filter(|container| !theirs.contains_key(*container)) {
            found.push(format!("{kind} `{name}` has the container `{container}` only here"));
        }
        for container in theirs.keys().filter(|container| !own.contains_key(*container)) {
            found.push(format!("{kind} `{name}` has the container `{container}` only there"));
        }
        for (container, node) in own {
            let Some(other) = theirs.get(container) else { continue };
            let of = format!("container `{container}` of {kind} `{name}`");
            if image(node) != image(other) {
                found.push(format!("{of} has another image"));
            }
            for (probe, what) in [
                ("livenessProbe", "liveness probe"),
                ("readinessProbe", "readiness probe"),
                ("startupProbe", "startup probe"),
            ] {
                let has = |node: &Node| node.get(probe).is_some_and(|probe| !probe.is_null());
                match (has(node), has(other)) {
                    (true, false) => found.push(format!("{of} has a {what} only here")),
                    (false, true) => found.push(format!("{of} has a {what} only there")),
                    _ => {}
                }
            }
            if ports(node) != ports(other) {
                found.push(format!("{of} has other ports"));
            }
        }
    }
    found
}

/// The last part of the name of an image: registries and tags may differ.
fn image(container: &Node) -> &str {
    let image = container.get("image").and_then(Node::as_text).unwrap_or_default();
    let image = image.rsplit_once('/').map_or(image, |(_, name)| name);
    image.split(['@', ':']).next().unwrap_or_default()
}

fn ports(container: &Node) -> BTreeSet<&str> {
    let ports = container.get("ports").map(Node::items).unwrap_or_default();
    ports.iter().filter_map(|port| port.get("containerPort").and_then(Node::as_text)).collect()
}
