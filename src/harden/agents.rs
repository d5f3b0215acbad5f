//! Agents of nodes that read the state of the kubelet: which pods have which devices.

use std::collections::BTreeSet;

use super::host::tidy;
use super::pod::{Container, Pod};
use super::value::{is_false, is_true, items, present, text};
use crate::yaml::Node;

/// The folder of the kubelet.
const FOLDER: &str = "/var/lib/kubelet";

/// Words in the options of such agents: those for the socket of the kubelet, and for its files.
const OPTIONS: [&str; 3] = ["podresources-socket", "pod-resources-socket", "kubelet-state-dir"];

/// The volumes of a pod with the folder of the kubelet, or with that of its socket.
pub(super) struct Kubelet<'a> {
    /// Their names.
    all: BTreeSet<&'a str>,
    /// The names of those that all containers only read which mount them, each of them told by an option where it finds
    /// this state.
    read: BTreeSet<&'a str>,
}

impl<'a> Kubelet<'a> {
    /// The volumes of a pod. Linear.
    pub(super) fn of(pod: &Pod<'a>) -> Self {
        let volumes = pod.volumes().map(|(_, volume)| volume).filter(|one| is_of_kubelet(one));
        let all: BTreeSet<&str> = volumes.filter_map(|volume| text(volume, "name")).collect();
        let (mut read, mut others) = (BTreeSet::new(), BTreeSet::new());
        for container in pod.containers.iter().filter(|_| !all.is_empty()) {
            let is_told = is_told(container);
            for mount in items(container.node.get("volumeMounts")) {
                let Some(name) = text(mount, "name") else { continue };
                let reads = is_told && is_true(present(mount, "readOnly"));
                if reads {
                    read.insert(name)
                } else {
                    others.insert(name)
                };
            }
        }
        read.retain(|name| all.contains(name) && !others.contains(name));
        Self { all, read }
    }

    /// True for the name of a volume that is only read by containers which are told where they find this state.
    pub(super) fn is_read(&self, volume: &str) -> bool {
        self.read.contains(volume)
    }

    /// True for a container that is root to read this state, and may do nothing else: it drops all capabilities, gains no
    /// privileges, and does not write its own files.
    pub(super) fn is_bare_reader(&self, container: &Container<'_>) -> bool {
        let names = items(container.node.get("volumeMounts")).iter();
        let names = names.filter_map(|mount| text(mount, "name"));
        let mut own = names.filter(|name| self.all.contains(name)).peekable();
        is_told(container)
            && container.capabilities("drop").any(|one| one == "ALL")
            && container.capabilities("add").next().is_none()
            && is_false(container.security("allowPrivilegeEscalation"))
            && is_true(container.security("readOnlyRootFilesystem"))
            && own.peek().is_some()
            && own.all(|name| self.is_read(name))
    }
}

fn is_of_kubelet(volume: &Node) -> bool {
    let host = present(volume, "hostPath").and_then(|one| text(one, "path"));
    host.is_some_and(|host| {
        tidy(host, false).strip_prefix(FOLDER).is_some_and(|rest| {
            rest.is_empty() || rest == "/pod-resources" || rest.starts_with("/pod-resources/")
        })
    })
}

/// True if an option of a container says where it finds the state of the kubelet.
fn is_told(container: &Container<'_>) -> bool {
    let lists = ["command", "args"].into_iter().flat_map(|key| items(container.node.get(key)));
    let mut words = lists.filter_map(Node::as_text).filter(|word| word.starts_with('-'));
    words.any(|word| OPTIONS.iter().any(|option| word.contains(option)))
}
