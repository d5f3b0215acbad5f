//! Programs that are known by the names of their images.

use std::sync::LazyLock;

use super::images::{last_part, rows, short};
use super::pod::Container;
use super::started::starts_only;
use super::value::items;
use crate::resource::ImageReference;
use crate::text::wildcard::fits;
use crate::yaml::Node;

/// The kind of a program. The table says what the words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A controller that applies what a repository holds.
    Applier,
    /// A command line that ends.
    Client,
    /// A part of an applier that applies nothing itself.
    Companion,
    /// A small sidecar of a storage driver.
    Helper,
    /// A program that serves the machines of the network of its node.
    Network,
    /// A base image, of which a container shows the log of another one.
    Reader,
    /// A program that its makers publish without a limit for memory.
    Unlimited,
}

/// A row of the table.
struct Program {
    /// The pattern of the names of its images.
    image: &'static str,
    role: Role,
    /// Patterns of the names of its files, with commas between them.
    files: &'static str,
}

static PROGRAMS: LazyLock<Vec<Program>> = LazyLock::new(|| {
    rows(include_str!("data/programs.txt")).filter_map(|row| Program::read(&row)).collect()
});

impl Program {
    fn read(row: &[&'static str]) -> Option<Self> {
        let (image, role, files) = match *row {
            [image, role] => (image, role, ""),
            [image, role, files] => (image, role, files),
            _ => return None,
        };
        Some(Self { image, role: Role::read(role)?, files })
    }

    fn of(image: &str) -> Option<&'static Self> {
        let name = short(ImageReference::new(image).name);
        PROGRAMS.iter().find(|program| fits(program.image, name))
    }
}

impl Role {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "applier" => Self::Applier,
            "client" => Self::Client,
            "companion" => Self::Companion,
            "helper" => Self::Helper,
            "network" => Self::Network,
            "reader" => Self::Reader,
            "unlimited" => Self::Unlimited,
            _ => return None,
        })
    }
}

/// The role of the program of an image, as it is published. Others may have its name.
pub(super) fn role(image: &str) -> Option<Role> {
    Program::of(image).map(|program| program.role)
}

/// True if a container runs a controller that applies what a repository holds: the program of such an image, and nothing else. So
/// does one that shows its log.
pub(super) fn applies(container: &Container<'_>) -> bool {
    Program::of(container.image()).is_some_and(|one| match one.role {
        Role::Applier => starts_only(container, one.files),
        Role::Reader => reads_logs(container) && starts_only(container, one.files),
        _ => false,
    })
}

/// True if a container is a part of such a controller: it runs a program of an image that they publish, and nothing else.
pub(super) fn accompanies(container: &Container<'_>) -> bool {
    let program = Program::of(container.image()).filter(|one| one.role == Role::Companion);
    program.is_some_and(|one| starts_only(container, one.files)) || applies(container)
}

/// True if the command of a container names files of logs, and no others.
fn reads_logs(container: &Container<'_>) -> bool {
    let words = ["command", "args"].into_iter().flat_map(|key| items(container.node.get(key)));
    let mut files = words.filter_map(Node::as_text).skip(1).filter(|word| !word.starts_with('-'));
    let is_log =
        |file: &str| file.starts_with("/var/log/") && !file.contains("..") && !file.contains('$');
    files.next().is_some_and(is_log) && files.all(is_log)
}

/// Programs and runtimes whose versions are streams: of each, the images of a stream differ by corrections only.
const STREAMS: &str = "dotnet eap httpd java jdk mariadb mongodb mysql nginx node nodejs openjdk perl php postgres \
    postgresql python redis ruby sso tomcat valkey varnish";

/// The registries of Red Hat, and of its projects, whose images are named after streams.
const OF_STREAMS: [&str; 4] =
    ["registry.access.redhat.com/", "registry.redhat.io/", "quay.io/fedora/", "quay.io/sclorg/"];

/// The program and its version in the last part of the name of such an image: `postgresql-10`, `python-312`, `sso74`. The version
/// of the system that it is built for, such as `rhel8`, is none.
pub(super) fn stream(image: &str) -> Option<&str> {
    if !OF_STREAMS.iter().any(|registry| image.starts_with(registry)) {
        return None;
    }
    let name = last_part(image);
    let is_program = |word: &str| STREAMS.split_ascii_whitespace().any(|one| one == word);
    let is_version = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut start = 0;
    let mut before: Option<&str> = None;
    for part in name.split('-') {
        let end = start + part.len();
        if let Some(word) = before.filter(|word| is_program(word) && is_version(part, 3)) {
            return name.get(start - word.len() - 1..end);
        }
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        // One digit may be a part of the name, or a version with many others in it.
        let version = part.get(word.len()..).unwrap_or_default();
        if version.len() > 1 && is_version(version, 3) && is_program(word) {
            return Some(part);
        }
        (start, before) = (end + 1, Some(part));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        let rows: Vec<_> = rows(include_str!("data/programs.txt")).collect();
        assert_eq!(PROGRAMS.len(), rows.len());
        for (number, row) in rows.iter().enumerate() {
            let name = row[0].replace('*', "x");
            let first = PROGRAMS.iter().position(|one| fits(one.image, &name));
            assert_eq!(first, Some(number), "{row:?}");
            let program = &PROGRAMS[number];
            let has_files = matches!(program.role, Role::Applier | Role::Companion | Role::Reader);
            assert_eq!(has_files, !program.files.is_empty(), "{row:?}");
        }
    }

    #[test]
    fn programs_are_known_by_the_names_that_their_makers_publish() {
        for (image, expected) in [
            ("registry.redhat.io/openshift4/ose-cli:latest", Some(Role::Client)),
            ("docker.io/alpine/git", Some(Role::Client)),
            ("registry.k8s.io/sig-storage/csi-provisioner:v5.2.0", Some(Role::Helper)),
            ("registry.k8s.io/sig-storage/nfsplugin:v4.9.0", None),
            ("registry.k8s.io/ingress-nginx/controller:v1.12.1", Some(Role::Unlimited)),
            ("ghcr.io/fluxcd/kustomize-controller:v1.5.0", Some(Role::Applier)),
            ("ghcr.io/fluxcd/source-controller:v1.5.0", Some(Role::Companion)),
            ("registry.example.com/source-controller", None),
            ("quay.io/metal3-io/ironic:v26", Some(Role::Network)),
            ("docker.io/osixia/keepalived:2.0.20", Some(Role::Network)),
            ("registry.example.com/dnsmasq", None),
            ("dnsmasq", None),
            ("registry.example.com/alpine/git", None),
            ("acme/ose-cli", None),
            ("git", None),
        ] {
            assert_eq!(role(image), expected, "{image}");
        }
    }

    #[test]
    fn streams_are_versions_of_programs() {
        for (image, expected) in [
            ("registry.redhat.io/rhel8/postgresql-10:latest", Some("postgresql-10")),
            ("registry.redhat.io/ubi9/python-312", Some("python-312")),
            ("registry.redhat.io/rh-sso-7/sso74-openshift-rhel8", Some("sso74")),
            ("quay.io/sclorg/legacy-php81:latest", Some("php81")),
            ("acme/postgresql-10:latest", None),
            ("registry.access.redhat.com/ubi9", None),
            ("registry.access.redhat.com/ubi9/ubi-minimal", None),
            ("registry.redhat.io/acme/web-2", None),
            ("registry.redhat.io/acme/python3", None),
            ("registry.redhat.io/acme/python-", None),
            ("registry.redhat.io/acme/postgresql-2024", None),
            ("registry.redhat.io/postgresql-10/web", None),
            ("registry.redhat.io/oauth2-proxy", None),
        ] {
            assert_eq!(stream(image), expected, "{image}");
        }
    }
}
