//! KR-SEC-038, 039, 040: containers do not see the parts of the node that control it, and write to no others.

use std::collections::BTreeMap;

use crate::harden::pod::Pod;
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{is_true, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::text::path;
use crate::yaml::Node;

pub(super) static RUNTIME_SOCKET: Rule = Rule {
    id: "KR-SEC-038",
    name: "runtime-socket",
    text: text!("KR-SEC-038"),
    severity: Severity::Error,
    score: Some(9.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| judge(pod, Part::Socket))),
};

pub(super) static SENSITIVE_HOST_MOUNT: Rule = Rule {
    id: "KR-SEC-039",
    name: "sensitive-host-mount",
    text: text!("KR-SEC-039"),
    severity: Severity::Error,
    score: Some(7.5),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| judge(pod, Part::Sensitive))),
};

pub(super) static WRITABLE_HOST_MOUNT: Rule = Rule {
    id: "KR-SEC-040",
    name: "writable-host-mount",
    text: text!("KR-SEC-040"),
    severity: Severity::Warning,
    score: Some(6.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| judge(pod, Part::Other))),
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
enum Part {
    /// The socket of the container runtime, or a directory that contains it.
    Socket,
    /// A directory that controls the node.
    Sensitive,
    /// A directory in which the kubelet looks for the sockets of drivers, which make them there.
    Plugins,
    /// All others.
    Other,
}

/// Files below `/run` by which programs control the container runtime.
const SOCKETS: &str = "docker.sock docker containerd/containerd.sock containerd crio/crio.sock crio cri-dockerd.sock \
    k3s/containerd/containerd.sock k3s/containerd k3s podman/podman.sock podman";

/// Directories that control the node.
const SENSITIVE: &str = "/boot /dev /etc /lib /proc /sys /usr /root /var/lib/kubelet /var/lib/etcd";

impl Part {
    /// The part that a tidy path leads to.
    fn of(path: &str) -> Self {
        let path = if path == "/" { "" } else { path };
        let run = path.strip_prefix("/var/run").or_else(|| path.strip_prefix("/run"));
        let is_socket = run.is_some_and(|rest| match rest.strip_prefix('/') {
            Some(file) => SOCKETS.split(' ').any(|socket| socket == file),
            None => rest.is_empty(),
        });
        let is_within = |directory: &str| {
            let rest = directory.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if is_socket {
            Self::Socket
        } else if SENSITIVE.split(' ').any(is_within) {
            Self::Sensitive
        } else if path.starts_with("/var/lib/kubelet/plugins") {
            Self::Plugins
        } else {
            Self::Other
        }
    }
}

/// The path of a node as the shortest one: without `.`, `..`, empty names and a slash at the end, and without the root of a
/// process, which is mostly that of the node.
fn tidy(host: &str) -> String {
    let path = path::clean(host);
    let mut rest = &*path;
    while let Some(below) = below_process(rest) {
        rest = below;
    }
    if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }
}

/// The path below the root of a process; empty for that itself.
fn below_process(path: &str) -> Option<&str> {
    let (process, rest) = path.strip_prefix("/proc/")?.split_once('/')?;
    let is_process = process == "self" || process.bytes().all(|byte| byte.is_ascii_digit());
    let below = rest.strip_prefix("root").filter(|_| is_process)?;
    (below.is_empty() || below.starts_with('/')).then_some(below)
}

fn is_root(host: &str) -> bool {
    tidy(host) == "/"
}

/// The mounts of a volume.
struct Mounts<'a> {
    /// The first container that mounts it.
    container: String,
    /// The first container that may write to it, with the directory.
    writer: Option<(String, &'a str)>,
}

/// The mounts of each volume by its name.
fn mounts<'a>(pod: &Pod<'a>) -> BTreeMap<&'a str, Mounts<'a>> {
    let mut found: BTreeMap<&str, Mounts<'_>> = BTreeMap::new();
    for container in &pod.containers {
        for mount in items(container.node.get("volumeMounts")) {
            let Some(name) = text(mount, "name") else { continue };
            let of = found
                .entry(name)
                .or_insert_with(|| Mounts { container: container.label(), writer: None });
            if !is_true(present(mount, "readOnly")) && of.writer.is_none() {
                of.writer = Some((container.label(), text(mount, "mountPath").unwrap_or_default()));
            }
        }
    }
    found
}

fn judge(pod: &Pod<'_>, part: Part) -> Vec<Violation> {
    let mut found = Vec::new();
    // The paths and pipes of Windows are others.
    if pod.is_bound_to_windows() {
        return found;
    }
    let mut mounted = None;
    let whole = if part == Part::Sensitive { whole_node(pod, &mut mounted) } else { None };
    for (index, volume) in pod.volumes() {
        let Some(host) = present(volume, "hostPath").and_then(|one| text(one, "path")) else {
            continue;
        };
        let tidy = tidy(host);
        if Part::of(&tidy) != part {
            continue;
        }
        let mounted = mounted.get_or_insert_with(|| mounts(pod));
        let Some(mounts) = text(volume, "name").and_then(|name| mounted.get(name)) else {
            continue;
        };
        let Mounts { container, writer } = mounts;
        // A mount of `/` shows all others.
        if whole.is_some_and(|is_written| tidy != "/" && (is_written || writer.is_none())) {
            continue;
        }
        let message = match (part, writer) {
            (Part::Socket, _) => {
                format!("{container} can control the container runtime through `{host}`")
            }
            (Part::Sensitive, Some((writer, _))) => {
                format!("{writer} can write to `{host}` of the node")
            }
            (Part::Sensitive, None) => format!("{container} can read `{host}` of the node"),
            (Part::Other, Some((writer, directory))) => {
                format!("{writer} can write to `{host}` of the node, at `{directory}`")
            }
            (Part::Other, None) | (Part::Plugins, _) => continue,
        };
        let field = pod.path(&["volumes"]).index(index).keys(&["hostPath", "path"]);
        let violation = Violation::at(field, message);
        // Programs that measure the node need these, and they have no secrets.
        let is_public = matches!(&*tidy, "/boot" | "/lib" | "/sys" | "/usr");
        let is_seen = writer.is_none() && is_public;
        found.push(if is_seen { violation.severity(Severity::Note) } else { violation });
    }
    found
}

/// True if a container mounts `/` of the node and may write to it, false if it only reads it; `None` if none does.
fn whole_node<'a>(
    pod: &Pod<'a>,
    mounted: &mut Option<BTreeMap<&'a str, Mounts<'a>>>,
) -> Option<bool> {
    let is_of_root = |volume: &&Node| {
        let host = present(volume, "hostPath").and_then(|one| text(one, "path"));
        host.is_some_and(is_root)
    };
    let roots = pod.volumes().map(|(_, volume)| volume).filter(is_of_root);
    let written = roots.filter_map(|volume| {
        let name = text(volume, "name")?;
        let mounts = mounted.get_or_insert_with(|| mounts(pod)).get(name)?;
        Some(mounts.writer.is_some())
    });
    written.max()
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

#[cfg(test)]
mod tests {
    use super::{Part, is_root, tidy};

    #[test]
    fn parts_of_the_node_are_told_apart() {
        let is = |path, part| Part::of(&tidy(path)) == part;
        for path in [
            "/var/run/docker.sock",
            "/run/containerd",
            "/run/containerd/containerd.sock",
            "/run",
            "/var/run/",
            "/var//run/docker.sock",
            "/var/run/../run/docker.sock",
            "/var/run/./docker.sock/",
            "/proc/1/root/run/docker.sock",
            "/proc/self/root/proc/1/root/var/run",
        ] {
            assert!(is(path, Part::Socket), "{path}");
        }
        for path in [
            "/",
            "/etc",
            "/etc/",
            "/var",
            "/var/lib",
            "/var/lib/kubelet",
            "/proc",
            "//",
            "/opt/../etc/.",
        ] {
            assert!(is(path, Part::Sensitive), "{path}");
        }
        for path in ["/var/log", "/etcd", "/etc/ssl/certs", "/run/xtables.lock", "/opt"] {
            assert!(is(path, Part::Other), "{path}");
        }
        assert!(
            ["/", "//", "/.", "/etc/..", "/proc/1/root", "/proc/self/root/"]
                .into_iter()
                .all(is_root)
        );
        assert!(!["/etc", "/proc", "/proc/1"].into_iter().any(is_root));
    }
}
