//! KR-RES-009, 010: the space that pods use on their nodes is bounded.

use super::OF_RESOURCES;
use crate::harden::demand::Demand;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{below, present, text};
use crate::harden::violation::{Class, Edit, List, Severity, Violation, plain};

pub(super) static EMPTY_DIR_SIZE: Rule = Rule {
    id: "KR-RES-009",
    name: "empty-dir-size",
    text: text!("KR-RES-009"),
    fix_order: 63,
    needs: Needs::Object(Check::Pod(empty_dirs)),
    ..OF_RESOURCES
};

pub(super) static EPHEMERAL_STORAGE: Rule = Rule {
    id: "KR-RES-010",
    name: "ephemeral-storage",
    text: text!("KR-RES-010"),
    severity: Severity::Note,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Container(ephemeral)),
    ..OF_RESOURCES
};

/// The start of the names of volumes that hardening adds.
const ADDED: &str = "krender-w-";

fn empty_dirs(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, volume) in pod.volumes() {
        let Some(source) = present(volume, "emptyDir") else { continue };
        let name = text(volume, "name").unwrap_or_default();
        // Volumes that hardening added have the limit that the configuration sets.
        if present(source, "sizeLimit").is_some() || name.starts_with(ADDED) {
            continue;
        }
        // Memory limits of all containers bound what they write to memory.
        let is_memory = text(source, "medium") == Some("Memory");
        let severity = match is_memory && !Demand::of(pod).is_limited("memory") {
            true => Severity::Warning,
            false if scene.facts.is_paranoid() => Severity::Note,
            false => continue,
        };
        let message = match severity {
            Severity::Warning => {
                format!(
                    "the volume `{name}` may take all memory of its node: it has no `sizeLimit`"
                )
            }
            _ => {
                format!("the volume `{name}` may fill the disk of its node: it has no `sizeLimit`")
            }
        };
        let path = pod.path(&["volumes"]).index(index).keys(&["emptyDir", "sizeLimit"]);
        let violation = Violation::at(path.clone(), message).severity(severity);
        let limit = &scene.facts.values.empty_dir_size_limit;
        found.push(match limit.is_empty() {
            true => violation,
            false => violation.fix(Class::Unsafe, vec![Edit::Set(path, plain(limit))]),
        });
    }
    found
}

fn ephemeral(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if container.list != List::App {
        return Vec::new();
    }
    let keys = ["resources", "limits", "ephemeral-storage"];
    if below(container.node, &keys).is_some() {
        return Vec::new();
    }
    let message = "may fill the disk of its node: it has no limit of `ephemeral-storage`";
    vec![container.violation(&keys, message)]
}
