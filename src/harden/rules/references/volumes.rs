//! KR-REF-008: mounted volumes exist, and volumes are mounted.

use std::collections::BTreeSet;

use crate::error::nearest;
use crate::harden::pod::Pod;
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{below, items, text};
use crate::harden::violation::{Severity, Violation};

pub(super) static VOLUME_MOUNT: Rule = Rule {
    id: "KR-REF-008",
    name: "volume-mount",
    text: text!("KR-REF-008"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(volume_mount)),
};

fn volume_mount(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let templates = items(below(scene.object.node(), &["spec", "volumeClaimTemplates"]));
    let claims = || {
        let names = templates.iter().filter_map(|one| below(one, &["metadata", "name"])?.as_text());
        names.collect::<BTreeSet<&str>>()
    };
    let claims = if templates.is_empty() { BTreeSet::new() } else { claims() };
    let mut found = Vec::new();
    for container in &pod.containers {
        for (list, what) in [("volumeMounts", "mounts"), ("volumeDevices", "uses")] {
            for (index, mount) in items(container.node.get(list)).iter().enumerate() {
                let Some(name) = text(mount, "name") else { continue };
                if pod.has_volume(name) || claims.contains(name) {
                    continue;
                }
                let known = pod.volumes().filter_map(|(_, volume)| text(volume, "name"));
                let near = nearest(name, known.chain(claims.iter().copied()));
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                let message =
                    format!("{what} the volume `{name}`, which the pod does not have{near}");
                let path = container.path(&[list]).index(index).keys(&["name"]);
                found.push(Violation::at(path, message).of_container(container));
            }
        }
    }
    found.extend(unmounted(pod));
    found
}

/// Volumes that no container mounts.
fn unmounted(pod: &Pod<'_>) -> Vec<Violation> {
    if pod.volumes().next().is_none() {
        return Vec::new();
    }
    let lists = pod.containers.iter().flat_map(|container| {
        ["volumeMounts", "volumeDevices"]
            .into_iter()
            .flat_map(|list| items(container.node.get(list)))
    });
    let mounted: BTreeSet<&str> = lists.filter_map(|mount| text(mount, "name")).collect();
    let is_left = |name: &str| !mounted.contains(name);
    let left = pod.volumes().filter_map(|(index, volume)| Some((index, text(volume, "name")?)));
    let left = left.filter(|(_, name)| is_left(name));
    left.map(|(index, name)| {
        let path = pod.path(&["volumes"]).index(index);
        let message = format!("no container mounts the volume `{name}`");
        Violation::at(path, message).severity(Severity::Note)
    })
    .collect()
}
