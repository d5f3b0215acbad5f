//! Folders and files of a node that a pod mounts, and what they let a container do.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::LazyLock;

use super::pod::{Container, Pod};
use super::value::{integer, is_true, items, present, text};
use super::windows;
use crate::text::{path, wildcard};
use crate::yaml::Node;

/// The kinds of folders and files, the most dangerous last. The table says what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Others.
    Open,
    /// Folders in which drivers make their sockets.
    Drivers,
    /// Folders of logs, in which the kubelet follows links.
    Logs,
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
    /// The folder of the kubelet.
    Kubelet,
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
            "open" | "rest" => Self::Open,
            "drivers" => Self::Drivers,
            "logs" => Self::Logs,
            "control" => Self::Control,
            "plugin" => Self::Plugin,
            "seen" => Self::Seen,
            "view" => Self::View,
            "volumes" => Self::Volumes,
            "kubelet" => Self::Kubelet,
            "root" => Self::Root,
            "secret" => Self::Secret,
            "socket" => Self::Socket,
            _ => return None,
        })
    }

    /// True if reading tells nothing that is secret, and opens no way into the node.
    const fn is_harmless_to_read(self) -> bool {
        matches!(self, Self::Open | Self::Drivers | Self::Logs | Self::Control | Self::Plugin)
    }

    /// True if reading gives secrets.
    fn has_secrets(self) -> bool {
        matches!(self, Self::Volumes | Self::Kubelet | Self::Root | Self::Secret)
    }

    /// The kind of a folder that has one of this kind.
    const fn of_folder_above(self) -> Option<Self> {
        match self {
            Self::Open | Self::Drivers | Self::Socket => None,
            Self::Logs | Self::Control | Self::Plugin | Self::Seen => Some(Self::Control),
            Self::View => Some(Self::View),
            Self::Volumes | Self::Kubelet | Self::Root | Self::Secret => Some(Self::Root),
        }
    }
}

/// A line of the table.
struct Line {
    path: &'static str,
    kind: Kind,
    reason: &'static str,
    /// True unless it is about what is left.
    is_known: bool,
}

/// The tables: of Linux, and of Windows.
const TABLES: [&str; 2] = [include_str!("data/host.txt"), include_str!("data/windows.txt")];

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
    TABLES.iter().flat_map(|table| table.lines()).filter_map(Line::read).collect()
});

impl Line {
    fn read(line: &'static str) -> Option<Self> {
        let mut words = line.splitn(3, ' ');
        let (path, kind, reason) = (words.next()?, words.next()?, words.next()?);
        let is_known = kind != "rest";
        let kind = Kind::of(kind).filter(|_| !path.starts_with('#'))?;
        Some(Self { path, kind, reason, is_known })
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
    /// True if a line is about it, and not about what is left. Others are not known to be harmless.
    pub(super) is_known: bool,
}

impl Part {
    /// The part at a [`tidy`] path, apart from sockets.
    pub(super) fn of(path: &str) -> Self {
        let at = |line: &Line| {
            let Line { kind, reason, is_known, .. } = *line;
            Self { kind, reason, has: None, is_known }
        };
        let lines = || LINES.iter().filter(|line| line.kind != Kind::Socket);
        if let Some(line) = lines().find(|line| line.path == path) {
            return at(line);
        }
        let within = lines().filter(|line| is_within(line.path, path));
        let found = within.max_by_key(|line| names(line.path).count()).map(at);
        let unknown = Self { kind: Kind::Open, reason: "", has: None, is_known: false };
        let found = found.unwrap_or(unknown);
        let above = lines().filter(|line| !line.has_star() && is_within(path, line.path));
        let above = above.filter_map(|line| {
            let kind = line.kind.of_folder_above()?;
            Some(Self { kind, reason: line.reason, has: Some(line.path), is_known: false })
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
/// process, which is mostly that of the node. `/var/run` is `/run`, and every process the first. Paths of Windows are as
/// [`windows::path`] writes them; with `is_bound`, all paths are.
pub(super) fn tidy(host: &str, is_bound: bool) -> String {
    if let Some(path) = windows::path(host, is_bound) {
        return path;
    }
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

/// True for a path with all that a node has.
pub(super) fn is_whole(path: &str) -> bool {
    matches!(path, "/" | "c:/")
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
        Some((text(volume, "name")?, host, false))
    });
    mounts_of(pod, hosts)
}

/// The mounts of some volumes of a pod, by the name of the volume. `hosts` has the name of each, the path of the node that it
/// leads to, and true if all containers only read it.
pub(super) fn mounts_of<'a, 'p>(
    pod: &'p Pod<'a>,
    hosts: impl Iterator<Item = (&'a str, &'a str, bool)>,
) -> BTreeMap<&'a str, Vec<Mount<'a, 'p>>> {
    let hosts = hosts.map(|(name, host, is_read)| {
        let whole = tidy(host, pod.is_bound_to_windows());
        (name, (host, Rc::from(whole), is_read))
    });
    let hosts: BTreeMap<&str, (&str, Rc<str>, bool)> = hosts.collect();
    let mut found: BTreeMap<&str, Vec<Mount<'_, '_>>> = BTreeMap::new();
    if hosts.is_empty() {
        return found;
    }
    for container in &pod.containers {
        for mount in items(container.node.get("volumeMounts")) {
            let Some(name) = text(mount, "name") else { continue };
            let Some((host, whole, is_read)) = hosts.get(name) else { continue };
            let part = text(mount, "subPath").filter(|part| !part.is_empty());
            let part = part.filter(|_| whole.len() <= DEEP);
            found.entry(name).or_default().push(Mount {
                container,
                host,
                path: part.map_or_else(
                    || Rc::clone(whole),
                    |part| tidy(&format!("{whole}/{part}"), false).into(),
                ),
                place: text(mount, "mountPath").unwrap_or_default(),
                is_written: !is_read && !is_true(present(mount, "readOnly")),
                is_part: part.is_some(),
            });
        }
    }
    found
}

/// The names of volumes of the node by what containers see of them.
#[derive(Default)]
pub(super) struct Views<'a> {
    /// Those with secrets that a container can read which may be root.
    pub(super) open_secrets: BTreeSet<&'a str>,
    /// Those to which a container may write, apart from folders of logs.
    pub(super) written: BTreeSet<&'a str>,
    /// Those of which the table says that what containers do is harmless: they only read, or put sockets of drivers there.
    pub(super) harmless: BTreeSet<&'a str>,
    /// Those of which it says nothing.
    pub(super) unknown: BTreeSet<&'a str>,
    /// All that a container mounts.
    mounted: BTreeSet<&'a str>,
}

impl Views<'_> {
    /// True if a container mounts a volume.
    pub(super) fn is_mounted(&self, volume: &str) -> bool {
        self.mounted.contains(volume)
    }
}

/// The volumes of a pod with folders of the node. Linear.
pub(super) fn views<'a>(pod: &Pod<'a>) -> Views<'a> {
    let mut found = Views::default();
    for (name, mounts) in mounts(pod) {
        found.mounted.insert(name);
        let parts: Vec<(&Mount<'_, '_>, Part)> =
            mounts.iter().map(|mount| (mount, Part::of(&mount.path))).collect();
        let add = |names: &mut BTreeSet<&'a str>, is_meant: bool| {
            if is_meant {
                names.insert(name);
            }
        };
        let is_open = |(mount, part): &(&Mount<'a, '_>, Part)| {
            let is_of_windows = !mount.path.starts_with('/');
            part.kind.has_secrets() && (is_of_windows || !is_confined(mount.container, pod))
        };
        add(&mut found.open_secrets, parts.iter().any(is_open));
        let is_written =
            |(mount, part): &(&Mount<'_, '_>, Part)| mount.is_written && part.kind != Kind::Logs;
        add(&mut found.written, parts.iter().any(is_written));
        let is_quiet = |mount: &Mount<'_, '_>| !mount.is_written && !shows_socket(&mount.path);
        let is_harmless = |(mount, part): &(&Mount<'_, '_>, Part)| {
            let is_read = part.kind.is_harmless_to_read() && is_quiet(mount);
            part.is_known && (is_read || part.kind == Kind::Drivers)
        };
        add(&mut found.harmless, parts.iter().all(is_harmless));
        let is_unknown = |(mount, part): &(&Mount<'_, '_>, Part)| {
            !part.is_known && part.kind == Kind::Open && is_quiet(mount)
        };
        add(&mut found.unknown, parts.iter().all(is_unknown));
    }
    found
}

/// The first number of groups of people. Those of the system open its files: 0 all of root's group, others `/etc/shadow` and
/// the socket of Docker.
const PEOPLE: i64 = 1000;

/// True if a container certainly can open no file of root, and none of the groups of the system: it is not root, and its group
/// is one of people. Without a group, a user that the image does not know has root's. Windows has other users and groups.
pub(super) fn is_confined<'a>(container: &Container<'a>, pod: &Pod<'a>) -> bool {
    let is_of_people =
        |group: Option<&Node>| group.and_then(integer).is_some_and(|group| group >= PEOPLE);
    let of_files = pod.security("fsGroup");
    !pod.is_bound_to_windows()
        && container.is_non_root(pod)
        && container.user(pod) != Some(0)
        && is_of_people(container.effective(pod, "runAsGroup"))
        && (of_files.is_none() || is_of_people(of_files))
        && items(pod.security("supplementalGroups")).is_empty()
        && !container.is_privileged()
        && container.capabilities("add").next().is_none()
}

#[cfg(test)]
mod tests {
    use super::{Kind, LINES, Line, Part, TABLES, shows_socket, tidy};

    #[test]
    fn the_table_is_well_formed() {
        let lines = TABLES.iter().flat_map(|table| table.lines());
        let lines = lines.filter(|line| !line.starts_with('#'));
        for line in lines.clone() {
            let read = Line::read(line).expect("a path, a kind and a reason");
            assert!(!read.reason.is_empty(), "{line}");
            assert_eq!(tidy(read.path, false), read.path, "{line}");
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
            "\\\\.\\pipe\\docker_engine",
            "\\\\.\\pipe\\containerd-containerd",
            "\\\\.\\pipe",
        ] {
            assert!(shows_socket(&tidy(path, false)), "{path}");
        }
        for path in [
            "\\\\.\\pipe\\csi-proxy-disk-v1",
            "/run/xtables.lock",
            "/run/docker.sock.old",
            "/runs",
            "/var",
            "/etc",
        ] {
            assert!(!shows_socket(&tidy(path, false)), "{path}");
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
                "/ // /etc /etc/ /var /var/lib /opt/../etc/. /etc/kubernetes /home /home/admin /home/admin/.config /var/lib/k0s",
            ),
            (Kind::Kubelet, "/var/lib/kubelet /var/lib/kubelet/"),
            (Kind::Logs, "/var/log /var/log/pods /var/log/pods/a/b /var/log/containers"),
            (Kind::Volumes, "/var/lib/kubelet/pods /var/lib/kubelet/pods/1/volumes"),
            (
                Kind::View,
                "/dev /proc /proc/1 /proc/4711/environ /proc/self /dev/sda /dev/sda1 /dev/mem /dev/nvme0n1 /dev/disk/by-id \
                 /etc/docker /etc/containerd/config.toml /etc/crio /etc/containers /var/lib/containerd /var/lib/docker/containers",
            ),
            (
                Kind::Seen,
                "/usr /bin /sbin /lib /lib64 /boot /sys /etc/passwd /etc/sudoers /etc/sudoers.d/ops /etc/group /etc/pam.d",
            ),
            (
                Kind::Control,
                "/etc/cron.d /etc/cron.d/job /etc/crontab /usr/bin /usr/local/bin/x /bin/sh /lib/systemd /boot/grub \
                 /opt/cni /home/admin/.bashrc /var/spool/cron /var/spool /etc/ssl/certs /etc/localtime \
                 /usr/share /etc/os-release /opt /etc/systemd/system /proc/sys/kernel /etc/cni",
            ),
            (Kind::Plugin, "/opt/cni/bin /etc/cni/net.d/10-x.conflist"),
            (
                Kind::Root,
                "C:\\ c:/ C: \\ C:\\Users C:\\users\\Ops C:\\Windows\\System32 C:\\etc C:\\ProgramData \\\\.\\C:",
            ),
            (
                Kind::Secret,
                "C:\\Windows\\System32\\config\\SAM \\Windows\\..\\windows\\system32\\config \\var\\lib\\kubelet\\pki",
            ),
            (Kind::Control, "C:\\Windows\\Fonts C:\\ProgramData\\app c:/progra~1/x"),
            (Kind::Volumes, "\\var\\lib\\kubelet\\pods C:/var/lib/kubelet/pods/1"),
            (
                Kind::Drivers,
                "\\var\\lib\\kubelet\\plugins\\a \\\\.\\pipe\\csi-proxy-disk-v1 \\\\.\\PIPE\\CSI-Proxy-Volume-v1beta1",
            ),
            (Kind::Open, "D:\\data \\\\.\\pipe\\other C:\\data"),
            (Kind::Drivers, "/var/lib/kubelet/plugins_registry /var/lib/kubelet/plugins/x"),
            (
                Kind::Open,
                "/var/log/app /home/admin/app /home/admin/.config/app /etcd /run/xtables.lock /opt/app /lib/modules /dev/fuse /dev/dri/card0 /sys/fs/cgroup \
                 /etc/app /proc/meminfo /var/lib/kubelet/pod-resources /var/lib/app /rootless /var/lib/etcd2",
            ),
        ] {
            for path in paths.split_whitespace() {
                assert_eq!(Part::of(&tidy(path, false)).kind, kind, "{path}");
            }
        }
    }
}
