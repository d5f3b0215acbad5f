//! KR-SEC-020: only restricted volume types are used.

use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::text;
use crate::harden::violation::{Severity, Violation};
use crate::yaml::{Mapping, Node};

pub(super) static RESTRICTED_VOLUME_TYPES: Rule = Rule {
    id: "KR-SEC-020",
    name: "restricted-volume-types",
    text: text!("KR-SEC-020"),
    severity: Severity::Error,
    score: Some(6.0),
    scope: PodSecurity::restricted("restrictedVolumes", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(judge)),
};

const ALLOWED: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

fn judge(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, volume) in pod.volumes() {
        let keys = volume.as_mapping().map(Mapping::entries).unwrap_or_default();
        for (key, value) in keys {
            let kind = key.text();
            if kind != "name" && !value.is_null() && !ALLOWED.contains(&kind) {
                let name = text(volume, "name").unwrap_or_default();
                let path = pod.path(&["volumes"]).index(index).keys(&[kind]);
                let message = format!("the volume `{name}` is of the kind `{kind}`");
                found.push(Violation::at(path, message).values(values(kind, value)));
            }
        }
    }
    found
}

/// The kind of a volume, and what it leads to.
fn values(kind: &str, volume: &Node) -> Vec<String> {
    let keys = ["path", "server", "endpoints", "pdName", "volumeID", "repository"];
    let told =
        keys.into_iter().filter_map(|key| Some(format!("{kind} {key} {}", text(volume, key)?)));
    std::iter::once(kind.to_owned()).chain(told).collect()
}
