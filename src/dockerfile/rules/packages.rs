//! KR-DKR-011: packages are installed without traces, in fixed versions.

use crate::dockerfile::found::Found;
use crate::dockerfile::read::{Action, Run};
use crate::dockerfile::scene::Scene;
use crate::dockerfile::shell::Simple;
use crate::harden::Set;

/// A package manager.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manager {
    Apt,
    Apk,
    /// `yum` and its successors.
    Yum,
}

pub(super) fn find(scene: &Scene<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, stage) in scene.stages() {
        let Some(commands) = scene.commands.get(number) else { continue };
        for (step, commands) in stage.steps.iter().zip(commands) {
            let Action::Run(run) = &step.action else { continue };
            found.extend(of_layer(scene, number, run, commands));
        }
    }
    found
}

/// The finding about a `RUN`: at most one.
fn of_layer(scene: &Scene<'_>, stage: usize, run: &Run, commands: &[Simple]) -> Option<Found> {
    let (one, manager) = commands.iter().find_map(|one| Some((one, installs(one)?)))?;
    let mut faults = Vec::new();
    let is_cached = run.mounts.iter().any(|mount| mount.text.contains("type=cache"));
    if !is_cached && !commands.iter().any(|one| cleans(one, manager)) && !is_lean(one, manager) {
        faults.push(match manager {
            Manager::Apt => "leaves the package lists in the layer (`rm -rf /var/lib/apt/lists/*`)",
            Manager::Apk => "leaves the package index in the layer (`--no-cache`)",
            Manager::Yum => "leaves its cache in the layer (`clean all`)",
        });
    }
    if scene.facts.profile.set == Set::Paranoid && has_unpinned(one, manager) {
        faults.push("installs packages without a version");
    }
    if faults.is_empty() {
        return None;
    }
    let message = format!("`{}` {}", one.program(), faults.join(", and "));
    Some(Found::at(one.span, &[&scene.label(stage), "RUN", one.program()], message))
}

fn installs(one: &Simple) -> Option<Manager> {
    let has = |operation: &str| one.operands().any(|word| word == operation);
    match one.program() {
        "apt-get" | "apt" if has("install") => Some(Manager::Apt),
        "apk" if has("add") => Some(Manager::Apk),
        "yum" | "dnf" | "microdnf" | "tdnf" if has("install") => Some(Manager::Yum),
        _ => None,
    }
}

/// True if the command itself keeps no lists.
fn is_lean(one: &Simple, manager: Manager) -> bool {
    manager == Manager::Apk && one.has(&["--no-cache"])
}

/// True if a command removes what a package manager leaves.
fn cleans(one: &Simple, manager: Manager) -> bool {
    let removes = |place: &str| {
        one.operands()
            .any(|word| word.contains(place) || word == "/var/lib/apt" || word == "/var/cache")
    };
    match (one.program(), manager) {
        ("rm", Manager::Apt) => removes("/var/lib/apt/"),
        ("rm", Manager::Apk) => removes("/var/cache/apk"),
        ("rm", Manager::Yum) => removes("/var/cache/"),
        ("find", Manager::Apt) => one.has(&["-delete"]) && removes("/var/lib/apt"),
        ("yum" | "dnf" | "microdnf" | "tdnf", Manager::Yum) => {
            one.operands().any(|word| word == "clean")
        }
        _ => false,
    }
}

/// True if a package has no version.
fn has_unpinned(one: &Simple, manager: Manager) -> bool {
    if manager == Manager::Yum {
        return false;
    }
    let operands = one.operands().skip_while(|word| !matches!(*word, "install" | "add")).skip(1);
    operands.into_iter().any(|word| {
        let is_name = word.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        is_name && !word.contains(['=', '~', '$', '/', '<', '>'])
    })
}
