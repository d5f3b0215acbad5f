//! Drivers of nodes: plugins for storage, networks and devices, which the kubelet and the container runtime call.

use std::collections::{BTreeMap, BTreeSet};

use super::host::{Kind, Part, is_whole, tidy};
use super::pod::{Container, Pod};
use super::scene::Scene;
use super::value::{is_true, items, present, text};
use crate::yaml::Node;

/// The folders in which such programs put their sockets and files.
const FOLDERS: &str = "/var/lib/kubelet/plugins /var/lib/kubelet/plugins_registry /var/lib/kubelet/device-plugins \
    /opt/cni/bin /etc/cni/net.d";

/// A driver of nodes: a pod of a `DaemonSet` with a container that writes to one of
/// [`FOLDERS`], or to one below: it puts its socket or its files there.
pub(super) struct Driver<'a> {
    /// The first of these folders that a container writes to.
    pub(super) folder: &'a str,
    /// The folders by the names of their volumes.
    folders: BTreeMap<&'a str, &'a str>,
    /// The names of volumes that a container may write to.
    written: BTreeSet<&'a str>,
    /// True if it runs on Windows.
    is_on_windows: bool,
}

/// The need of a driver for a folder of the node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It works there.
    Own,
    /// It may need it.
    Some,
    /// No driver does: it has secrets, or is one above the folder that it may need.
    No,
}

impl<'a> Driver<'a> {
    /// The driver of a pod, if it is one.
    pub(super) fn of(scene: Scene<'_>, pod: &Pod<'a>) -> Option<Self> {
        if !is_daemon_set(scene.maker(pod)) {
            return None;
        }
        let hosts = pod.volumes().filter_map(|(_, volume)| {
            Some((text(volume, "name")?, text(present(volume, "hostPath")?, "path")?))
        });
        let is_on_windows = pod.is_bound_to_windows();
        let hosts = hosts.filter(|(_, host)| is_of_drivers(host, is_on_windows));
        let folders: BTreeMap<&str, &str> = hosts.collect();
        if folders.is_empty() {
            return None;
        }
        let mut containers = pod.containers.iter();
        let folder = containers.find_map(|container| written_by(&folders, container))?;
        Some(Self { folder, folders, written: written(pod), is_on_windows })
    }

    /// The folder that a container writes to.
    pub(super) fn folder_of(&self, container: &Container<'a>) -> Option<&'a str> {
        written_by(&self.folders, container)
    }

    /// The need for the folder of a volume; `None` if it is not one of the node.
    pub(super) fn need(&self, volume: &Node) -> Option<Need> {
        let host = present(volume, "hostPath").and_then(|one| text(one, "path"))?;
        let part = Part::of(&tidy(host, self.is_on_windows));
        Some(match part.kind {
            _ if part.has.is_some() => Need::No,
            Kind::Plugin | Kind::Volumes => Need::Own,
            Kind::Secret | Kind::Root => Need::No,
            _ => Need::Some,
        })
    }

    /// True for a volume with all files of the node, if a container may write to it: no driver needs that.
    pub(super) fn writes_to_all(&self, volume: &Node) -> bool {
        let host = present(volume, "hostPath").and_then(|one| text(one, "path"));
        host.is_some_and(|host| is_whole(&tidy(host, self.is_on_windows)))
            && text(volume, "name").is_some_and(|name| self.written.contains(name))
    }
}

/// True for a `DaemonSet`, which runs a pod on each node. Other groups may have kinds of this name.
pub(super) fn is_daemon_set((group, kind): (&str, &str)) -> bool {
    kind == "DaemonSet" && matches!(group, "apps" | "extensions" | "apps.kruise.io")
}

/// The names of volumes that a container of a pod may write to.
pub(super) fn written<'a>(pod: &Pod<'a>) -> BTreeSet<&'a str> {
    let mounts = pod.containers.iter().flat_map(mounts);
    mounts.filter(|(_, is_written)| *is_written).map(|(name, _)| name).collect()
}

fn written_by<'a>(folders: &BTreeMap<&str, &'a str>, container: &Container<'a>) -> Option<&'a str> {
    let mut written = mounts(container).filter(|(_, is_written)| *is_written);
    written.find_map(|(name, _)| folders.get(name).copied())
}

/// The names of the volumes that a container mounts, each with true if it may write there.
fn mounts<'a>(container: &Container<'a>) -> impl Iterator<Item = (&'a str, bool)> + use<'a> {
    let mounts = items(container.node.get("volumeMounts")).iter();
    mounts.filter_map(|mount| Some((text(mount, "name")?, !is_true(present(mount, "readOnly")))))
}

fn is_of_drivers(host: &str, is_on_windows: bool) -> bool {
    let path = tidy(host, is_on_windows);
    let path = path.strip_prefix("c:").unwrap_or(&path);
    let is_of = |folder: &str| {
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    FOLDERS.split_ascii_whitespace().any(is_of)
}

#[cfg(test)]
mod tests {
    use super::is_of_drivers;

    #[test]
    fn folders_of_drivers_are_known() {
        for host in [
            "/var/lib/kubelet/plugins/efs.csi.example.com/",
            "/var/lib/kubelet/plugins_registry",
            "C:\\var\\lib\\kubelet\\plugins\\pd.csi.example.com",
            "/opt/cni/bin",
        ] {
            assert!(is_of_drivers(host, false), "{host}");
        }
        for host in [
            "/var/lib/kubelet",
            "/var/lib/kubelet/pods",
            "/var/lib/kubelet/plugins-of-mine",
            "/opt",
            "/opt/cni/bin/../../../etc",
        ] {
            assert!(!is_of_drivers(host, false), "{host}");
        }
    }
}
