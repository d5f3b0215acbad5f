//! KR-SEC-038, 039, 040: containers do not see the parts of the node that control it, and write to no others.

use crate::harden::claims::Claimed;
use crate::harden::host::{self, Kind, Mount, Part};
use crate::harden::pod::Pod;
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{present, text};
use crate::harden::violation::{Severity, Violation};
use crate::yaml::Node;

pub(super) static RUNTIME_SOCKET: Rule = Rule {
    id: "KR-SEC-038",
    name: "runtime-socket",
    text: text!("KR-SEC-038"),
    severity: Severity::Error,
    score: Some(9.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Pod(|pod, scene, render| {
        judge_all(pod, Reported::Socket, scene, render)
    })),
};

pub(super) static SENSITIVE_HOST_MOUNT: Rule = Rule {
    id: "KR-SEC-039",
    name: "sensitive-host-mount",
    text: text!("KR-SEC-039"),
    severity: Severity::Error,
    score: Some(7.5),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Pod(|pod, scene, render| {
        judge_all(pod, Reported::Sensitive, scene, render)
    })),
};

pub(super) static WRITABLE_HOST_MOUNT: Rule = Rule {
    id: "KR-SEC-040",
    name: "writable-host-mount",
    text: text!("KR-SEC-040"),
    severity: Severity::Warning,
    score: Some(6.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Pod(|pod, scene, render| {
        judge_all(pod, Reported::Other, scene, render)
    })),
};

pub(super) static GIT_REPO_VOLUME: Rule = Rule {
    id: "KR-SEC-052",
    name: "git-repo-volume",
    text: text!("KR-SEC-052"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(git_repo)),
};

/// The parts of a node, each reported by one rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reported {
    /// The socket of the container runtime, or a directory that contains it.
    Socket,
    /// Parts that control the node, or have its secrets.
    Sensitive,
    /// All others.
    Other,
}

fn judge(pod: &Pod<'_>, part: Reported) -> Vec<Violation> {
    let mounts = host::mounts(pod);
    // A mount of `/` shows all others.
    let of_root = mounts.values().flatten().filter(|mount| host::is_whole(&mount.path));
    let whole = of_root.map(|mount| mount.is_written).max();
    let mut found = Vec::new();
    for (index, volume) in pod.volumes() {
        let Some(of_volume) = text(volume, "name").and_then(|name| mounts.get(name)) else {
            continue;
        };
        if present(volume, "hostPath").is_none() {
            continue;
        }
        let Some((severity, message)) = worst(pod, part, of_volume, whole) else { continue };
        let field = pod.path(&["volumes"]).index(index).keys(&["hostPath", "path"]);
        let violation = Violation::at(field, message);
        let is_usual = severity == Severity::Error || part == Reported::Other;
        found.push(if is_usual { violation } else { violation.severity(severity) });
    }
    found
}

/// The severity and the message of the first of the worst violations by mounts of a volume.
fn worst(
    pod: &Pod<'_>,
    part: Reported,
    mounts: &[Mount<'_, '_>],
    whole: Option<bool>,
) -> Option<(Severity, String)> {
    let told = mounts.iter().filter_map(|mount| {
        let (severity, message) = match part {
            Reported::Socket => socket(pod, mount)?,
            Reported::Sensitive => sensitive(mount, whole)?,
            Reported::Other => other(mount)?,
        };
        Some((severity, mount.is_written, message))
    });
    let worst =
        told.reduce(|worst, one| if (one.0, one.1) > (worst.0, worst.1) { one } else { worst });
    worst.map(|(severity, _, message)| (severity, message))
}

/// The violations by parts of the node that a pod mounts, itself or by claims.
fn judge_all(
    pod: &Pod<'_>,
    part: Reported,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let mut found = judge(pod, part);
    let claims = |volume: &Node| {
        ["persistentVolumeClaim", "ephemeral"].iter().any(|key| present(volume, key).is_some())
    };
    let has_claims =
        scene.object.kind() == "StatefulSet" || pod.volumes().any(|(_, volume)| claims(volume));
    if !has_claims || render.views.claims().is_empty() {
        return found;
    }
    let folders = render.views.claims().folders(pod, scene.object, scene.namespace());
    let hosts = folders.iter().map(|one| (one.name, one.host, one.is_read));
    let mounts = host::mounts_of(pod, hosts);
    for Claimed { name, path, host, volume, is_local, is_certain, .. } in folders {
        // Such a volume is made for this.
        let is_meant = part != Reported::Other || !is_local;
        let Some(of_volume) = mounts.get(name).filter(|_| is_meant) else { continue };
        let Some((severity, message)) = worst(pod, part, of_volume, None) else { continue };
        let (severity, assumed) = match is_certain {
            true => (severity, ""),
            false => (
                severity.min(Severity::Warning),
                "; assumed: the cluster has no class that makes others",
            ),
        };
        let message = format!("{message}, by the PersistentVolume `{volume}`{assumed}");
        let violation = Violation::at(path, message).values([host.to_owned()]);
        found.push(violation.severity(severity));
    }
    found
}

/// The violation of a mount that shows the socket of the container runtime.
fn socket(pod: &Pod<'_>, mount: &Mount<'_, '_>) -> Option<(Severity, String)> {
    let Mount { container, path, is_written, .. } = mount;
    let host = mount.host();
    if !host::shows_socket(path) {
        return None;
    }
    let label = container.label();
    let told = format!("{label} can control the container runtime through `{host}`");
    // Only root and some groups open the socket. A mount of the socket or of its directory is meant for it.
    let is_by_the_way = host::is_whole(path) && !is_written && host::is_confined(container, pod);
    Some(match is_by_the_way {
        true => (Severity::Warning, format!("{told}, if its user and group may open the socket")),
        false => (Severity::Error, told),
    })
}

/// The violation of a mount that shows what controls the node; `whole` is true if the pod can write to all of it, and false
/// if it can read it.
fn sensitive(mount: &Mount<'_, '_>, whole: Option<bool>) -> Option<(Severity, String)> {
    let Mount { container, path, is_written, .. } = mount;
    let host = mount.host();
    let is_shown = whole.is_some_and(|all| !host::is_whole(path) && (all || !is_written));
    // KR-SEC-038 reports the directories of sockets.
    if is_shown || !host::is_whole(path) && host::shows_socket(path) {
        return None;
    }
    let Part { kind, reason, has, .. } = Part::of(path);
    let severity = match (kind, is_written) {
        (Kind::Open | Kind::Drivers, _) | (Kind::Logs | Kind::Control | Kind::Plugin, false) => {
            return None;
        }
        // Programs that measure the node need these, and they have no secrets.
        (Kind::Seen, false) => Severity::Note,
        _ => Severity::Error,
    };
    let can = if *is_written { "write to" } else { "read" };
    let told = format!("{} can {can} `{host}` of the node", container.label());
    Some((
        severity,
        match has {
            _ if host::is_whole(path) => told,
            Some(below) => format!("{told}, with `{below}`: {reason}"),
            None => format!("{told}: {reason}"),
        },
    ))
}

/// The violation of a mount that can write to another part of the node.
fn other(mount: &Mount<'_, '_>) -> Option<(Severity, String)> {
    let Mount { container, path, place, is_written, .. } = mount;
    let is_other = *is_written && Part::of(path).kind == Kind::Open && !host::shows_socket(path);
    is_other.then(|| {
        let (label, host) = (container.label(), mount.host());
        (Severity::Warning, format!("{label} can write to `{host}` of the node, at `{place}`"))
    })
}

fn git_repo(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let of_git = pod.volumes().filter_map(|(index, volume)| {
        present(volume, "gitRepo")?;
        let name = text(volume, "name").unwrap_or_default();
        let path = pod.path(&["volumes"]).index(index).keys(&["gitRepo"]);
        Some(Violation::at(path, format!("the node clones the volume `{name}` as root")))
    });
    of_git.collect()
}
