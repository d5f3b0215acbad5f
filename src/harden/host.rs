//! Folders and files of a node that a pod mounts, and what they let a container do.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::LazyLock;

use super::pod::{Container, Pod};
use super::value::{integer, is_true, items, present, text};
use crate::text::{path, wildcard};
use crate::yaml::Node;

/// The kinds of folders and files, the most dangerous last. The table says what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Others.
    Open,
    /// Folders in which drivers make their sockets.
    Drivers,
    /// Files that control the node if they are written to.
    Control,
    /// Folders of programs that drivers put there.
    Plugin,
    /// Folders that control the node, and have no secrets.
    Seen,
    /// Views of the node.
    View,
    /// The volumes of all pods.
    Volumes,
    /// Folders with secrets and other files.
    Root,
    /// Secrets.
    Secret,
    /// The socket of the container runtime.
    Socket,
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "open" => Self::Open,
            "drivers" => Self::Drivers,
            "control" => Self::Control,
            "plugin" => Self::Plugin,
            "seen" => Self::Seen,
            "view" => Self::View,
            "volumes" => Self::Volumes,
            "root" => Self::Root,
            "secret" => Self::Secret,
            "socket" => Self::Socket,
            _ => return None,
        })
    }

    /// True if reading gives secrets.
    fn has_secrets(self) -> bool {
        matches!(self, Self::Volumes | Self::Root | Self::Secret)
    }

    /// The kind of a folder that has one of this kind.
    const fn of_folder_above(self) -> Option<Self> {
        match self {
            Self::Open | Self::Drivers | Self::Socket => None,
            Self::Control | Self::Plugin | Self::Seen => Some(Self::Control),
            Self::View => Some(Self::View),
            Self::Volumes | Self::Root | Self::Secret => Some(Self::Root),
        }
    }
}

/// A line of the table.
struct Line {
    path: &'static str,
    kind: Kind,
    reason: &'static str,
}

static LINES: LazyLock<Vec<Line>> =
    LazyLock::new(|| include_str!("data/host.txt").lines().filter_map(Line::read).collect());

impl Line {
    fn read(line: &'static str) -> Option<Self> {
        let mut words = line.splitn(3, ' ');
        let (path, kind, reason) = (words.next()?, words.next()?, words.next()?);
        Some(Self { path, kind: Kind::of(kind).filter(|_| path.starts_with('/'))?, reason })
    }

    fn has_star(&self) -> bool {
        self.path.contains('*')
    }
}

/// A folder or file of the node, as the table has it.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) kind: Kind,
    /// The statement about it, to follow a colon.
    pub(super) reason: &'static str,
    /// The folder or file in it that is meant, if it is one above.
    pub(super) has: Option<&'static str>,
}

impl Part {
    /// The part at a [`tidy`] path, apart from sockets.
    pub(super) fn of(path: &str) -> Self {
        let at = |line: &Line| Self { kind: line.kind, reason: line.reason, has: None };
        let lines = || LINES.iter().filter(|line| line.kind != Kind::Socket);
        if let Some(line) = lines().find(|line| line.path == path) {
            return at(line);
        }
        let within = lines().filter(|line| is_within(line.path, path));
        let found = within.max_by_key(|line| names(line.path).count()).map(at);
        let found = found.unwrap_or(Self { kind: Kind::Open, reason: "", has: None });
        let above = lines().filter(|line| !line.has_star() && is_within(path, line.path));
        let above = above.filter_map(|line| {
            let kind = line.kind.of_folder_above()?;
            Some(Self { kind, reason: line.reason, has: Some(line.path) })
        });
        // The first of the worst.
        above.fold(found, |worst, one| if one.kind > worst.kind { one } else { worst })
    }
}

/// True if a tidy path is that of a socket of the container runtime, or of a folder above one.
pub(super) fn shows_socket(path: &str) -> bool {
    let mut sockets = LINES.iter().filter(|line| line.kind == Kind::Socket);
    sockets.any(|line| is_within(path, line.path))
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// True if a path is at or below a folder. Names of the folder may have `*`.
fn is_within(folder: &str, path: &str) -> bool {
    let mut rest = names(path);
    names(folder).all(|name| rest.next().is_some_and(|other| wildcard::fits(name, other)))
}

/// The path of a node as the shortest one: without `.`, `..`, empty names and a slash at the end, and without the root of a
/// process, which is mostly that of the node. `/var/run` is `/run`, and every process the first.
pub(super) fn tidy(host: &str) -> String {
    let path = path::clean(host);
    let mut rest = &*path;
    while let Some(below) = below_process(rest) {
        rest = below;
    }
    if let Some(below) = rest.strip_prefix("/var/run").filter(|below| is_end(below)) {
        return format!("/run{below}");
    }
    match process(rest) {
        Some((number, below)) if number != "self" => format!("/proc/1{below}"),
        _ if rest.is_empty() => "/".to_owned(),
        _ => rest.to_owned(),
    }
}

/// True for the rest of a path after a name.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// A process that a path begins with, and the rest of the path.
fn process(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix("/proc/")?;
    let (process, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    (process == "self" || is_number).then_some((process, rest))
}

/// The path below the root of a process; empty for that itself.
fn below_process(path: &str) -> Option<&str> {
    let (_, rest) = process(path)?;
    rest.strip_prefix("/root").filter(|below| is_end(below))
}

/// A mount of a folder or file of the node.
pub(super) struct Mount<'a, 'p> {
    pub(super) container: &'p Container<'a>,
    /// The path of the volume.
    host: &'a str,
    /// The [`tidy`] path of the node that the container sees.
    pub(super) path: Rc<str>,
    /// The path in the container.
    pub(super) place: &'a str,
    pub(super) is_written: bool,
    /// True if the container sees only a part of the volume.
    is_part: bool,
}

impl Mount<'_, '_> {
    /// The path of the node that the container sees, as it is written.
    pub(super) fn host(&self) -> &str {
        if self.is_part { &self.path } else { self.host }
    }
}

/// The longest path of a volume below which a part is looked at. No folder of the table is as deep.
const DEEP: usize = 256;

/// The mounts of the `hostPath` volumes of a pod, by the name of the volume.
pub(super) fn mounts<'a, 'p>(pod: &'p Pod<'a>) -> BTreeMap<&'a str, Vec<Mount<'a, 'p>>> {
    let hosts = pod.volumes().filter_map(|(_, volume)| {
        let host = text(present(volume, "hostPath")?, "path")?;
        Some((text(volume, "name")?, (host, Rc::from(tidy(host)))))
    });
    let hosts: BTreeMap<&str, (&str, Rc<str>)> = hosts.collect();
    let mut found: BTreeMap<&str, Vec<Mount<'_, '_>>> = BTreeMap::new();
    if hosts.is_empty() {
        return found;
    }
    for container in &pod.containers {
        for mount in items(container.node.get("volumeMounts")) {
            let Some(name) = text(mount, "name") else { continue };
            let Some((host, whole)) = hosts.get(name) else { continue };
            let part = text(mount, "subPath").filter(|part| !part.is_empty());
            let part = part.filter(|_| whole.len() <= DEEP);
            found.entry(name).or_default().push(Mount {
                container,
                host,
                path: part.map_or_else(
                    || Rc::clone(whole),
                    |part| tidy(&format!("{whole}/{part}")).into(),
                ),
                place: text(mount, "mountPath").unwrap_or_default(),
                is_written: !is_true(present(mount, "readOnly")),
                is_part: part.is_some(),
            });
        }
    }
    found
}

/// The names of volumes with secrets of the node that a container can read which may be root.
pub(super) fn open_secrets<'a>(pod: &Pod<'a>) -> BTreeSet<&'a str> {
    let is_open = |mount: &Mount<'a, '_>| {
        Part::of(&mount.path).kind.has_secrets() && !is_stranger(mount.container, pod)
    };
    let open = mounts(pod).into_iter().filter(|(_, mounts)| mounts.iter().any(is_open));
    open.map(|(name, _)| name).collect()
}

/// The first number of groups of people. Those of the system open its files: 0 all of root's group, others `/etc/shadow` and
/// the socket of Docker.
const PEOPLE: i64 = 1000;

/// True if a container certainly can open no file of root, and none of the groups of the system.
pub(super) fn is_confined<'a>(container: &Container<'a>, pod: &Pod<'a>) -> bool {
    // Without one, a user that the image does not know has root's group.
    is_stranger(container, pod) && container.effective(pod, "runAsGroup").is_some()
}

/// True if a container is not root, and is given no group of the system.
fn is_stranger<'a>(container: &Container<'a>, pod: &Pod<'a>) -> bool {
    let is_of_people = |group: Option<&Node>| {
        group.is_none_or(|group| integer(group).is_some_and(|group| group >= PEOPLE))
    };
    container.is_non_root(pod)
        && container.user(pod) != Some(0)
        && is_of_people(container.effective(pod, "runAsGroup"))
        && is_of_people(pod.security("fsGroup"))
        && items(pod.security("supplementalGroups")).is_empty()
        && !container.is_privileged()
        && container.capabilities("add").next().is_none()
}

#[cfg(test)]
mod tests {
    use super::{Kind, LINES, Line, Part, shows_socket, tidy};

    #[test]
    fn the_table_is_well_formed() {
        let lines = include_str!("data/host.txt").lines().filter(|line| !line.starts_with('#'));
        for line in lines.clone() {
            let read = Line::read(line).expect("a path, a kind and a reason");
            assert!(!read.reason.is_empty(), "{line}");
            assert_eq!(tidy(read.path), read.path, "{line}");
        }
        assert_eq!(LINES.len(), lines.count());
    }

    #[test]
    fn sockets_and_folders_above_are_known() {
        for path in [
            "/var/run/docker.sock",
            "/run/containerd",
            "/run/containerd/containerd.sock",
            "/run",
            "/run/k3s",
            "/var/run/",
            "/var//run/docker.sock",
            "/var/run/../run/docker.sock",
            "/var/run/./docker.sock/",
            "/proc/1/root/run/docker.sock",
            "/proc/self/root/proc/1/root/var/run",
            "/",
            "/proc/1/root",
        ] {
            assert!(shows_socket(&tidy(path)), "{path}");
        }
        for path in ["/run/xtables.lock", "/run/docker.sock.old", "/runs", "/var", "/etc"] {
            assert!(!shows_socket(&tidy(path)), "{path}");
        }
    }

    #[test]
    fn parts_of_the_node_are_told_apart() {
        for (kind, paths) in [
            (
                Kind::Secret,
                "/etc/kubernetes/manifests /etc/kubernetes/pki/ca.key /etc/kubernetes/admin.conf /etc/shadow /etc/shadow- \
                 /root /root/.ssh /root/.ssh/id_rsa /var/lib/kubelet/pki /var/lib/kubelet/kubeconfig /var/lib/etcd \
                 /var/lib/etcd/member /var/lib/rancher /var/lib/rancher/k3s/server /home/admin/.ssh /proc/7/root/etc/shadow",
            ),
            (
                Kind::Root,
                "/ // /etc /etc/ /var /var/lib /var/lib/kubelet /opt/../etc/. /etc/kubernetes",
            ),
            (Kind::Volumes, "/var/lib/kubelet/pods /var/lib/kubelet/pods/1/volumes"),
            (
                Kind::View,
                "/dev /proc /proc/1 /proc/4711/environ /proc/self /dev/sda /dev/sda1 /dev/mem /dev/nvme0n1 /dev/disk/by-id",
            ),
            (Kind::Seen, "/usr /bin /sbin /lib /lib64 /boot /sys"),
            (
                Kind::Control,
                "/etc/cron.d /etc/cron.d/job /etc/crontab /usr/bin /usr/local/bin/x /bin/sh /lib/systemd /boot/grub \
                 /var/lib/containerd /var/lib/docker/containers /var/spool/cron /var/spool /etc/ssl/certs /etc/localtime \
                 /usr/share /etc/os-release /opt /etc/systemd/system /proc/sys/kernel /etc/cni",
            ),
            (Kind::Plugin, "/opt/cni/bin /etc/cni/net.d/10-x.conflist"),
            (Kind::Drivers, "/var/lib/kubelet/plugins_registry /var/lib/kubelet/plugins/x"),
            (
                Kind::Open,
                "/var/log /etcd /run/xtables.lock /opt/app /lib/modules /dev/fuse /dev/dri/card0 /sys/fs/cgroup \
                 /home/admin /etc/app /proc/meminfo /var/lib/kubelet/pod-resources /var/lib/app /rootless /var/lib/etcd2",
            ),
        ] {
            for path in paths.split_whitespace() {
                assert_eq!(Part::of(&tidy(path)).kind, kind, "{path}");
            }
        }
    }
}
