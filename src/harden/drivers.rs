//! Drivers of nodes: plugins for storage, networks and devices, which the kubelet and the container runtime call.

use super::pod::Pod;
use super::value::{present, text};
use crate::resource::Resource;

/// The folders in which such programs put their sockets and files.
const FOLDERS: &str = "/var/lib/kubelet/plugins /var/lib/kubelet/plugins_registry /var/lib/kubelet/device-plugins \
    /opt/cni/bin /etc/cni/net.d";

/// The folder of the node in which a pod works, if it is a driver of nodes: a pod of a `DaemonSet` that mounts one of
/// [`FOLDERS`], or one below.
pub(super) fn folder_of_driver<'a>(object: &Resource, pod: &Pod<'a>) -> Option<&'a str> {
    if object.kind() != "DaemonSet" {
        return None;
    }
    let hosts = pod.volumes().filter_map(|(_, volume)| text(present(volume, "hostPath")?, "path"));
    let mut hosts = hosts.filter(|host| is_of_drivers(host));
    hosts.next()
}

fn is_of_drivers(host: &str) -> bool {
    // On Windows, the drive may come first.
    let path = host.replace('\\', "/");
    let path = path.strip_prefix("C:").unwrap_or(&path);
    FOLDERS.split_ascii_whitespace().any(|folder| {
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
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
            assert!(is_of_drivers(host), "{host}");
        }
        for host in [
            "/var/lib/kubelet",
            "/var/lib/kubelet/pods",
            "/var/lib/kubelet/plugins-of-mine",
            "/opt",
        ] {
            assert!(!is_of_drivers(host), "{host}");
        }
    }
}
