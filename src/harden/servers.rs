//! Programs that need the network of the node: those that serve the machines of a network, and controllers of drivers.

use super::images::last_part;
use super::pod::{Container, Pod};
use super::programs::{Role, role};
use super::started::starts_first;
use super::value::{is_true, items};
use crate::yaml::Node;

/// Programs that give machines of a network their addresses, or boot them from it.
const PROGRAMS: &str = "dhcpd dnsmasq in.tftpd kea-dhcp4 kea-dhcp6 keepalived radvd tftpd";

/// The names of their files, also such as `rundnsmasq`.
const FILES: &str = "*dhcpd,*dnsmasq,*in.tftpd,*kea-dhcp4,*kea-dhcp6,*keepalived,*radvd,*tftpd";

/// Options of dnsmasq for programs that it starts.
const OF_SCRIPTS: [&str; 3] = ["--conf-s", "--dhcp-lu", "--dhcp-sc"];

/// Controllers of storage drivers, by their images and the names of their files.
const CONTROLLERS: [&str; 3] = ["csi-provisioner", "csi-attacher", "csi-resizer"];

/// Capabilities by which such a program opens its sockets.
const OF_SOCKETS: [&str; 3] = ["NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW"];

/// The program of a container that serves the machines of a network, if it has an image with such a program and starts that: by
/// the name of the image, or of what its command runs. Others may have these names.
fn program(container: &Container<'_>) -> Option<&'static str> {
    if role(container.image()) != Some(Role::Network)
        || !container.is_running()
        || !starts_first(container, FILES)
    {
        return None;
    }
    let command = ["command", "args"].into_iter().map(|key| items(container.node.get(key)));
    let command: Vec<&str> =
        command.flat_map(|list| list.iter().filter_map(Node::as_text)).collect();
    let mut words = command.iter().flat_map(|one| one.split_ascii_whitespace());
    // Long options of dnsmasq may be shortened.
    let is_long = |word: &str| OF_SCRIPTS.iter().any(|option| word.starts_with(option));
    if words.any(|word| is_long(word) || is_short(word)) {
        return None;
    }
    let is_shell = command.first().is_some_and(|first| first.ends_with("sh"));
    let script = command.iter().filter(|_| is_shell).flat_map(|one| one.split_ascii_whitespace());
    let names = command.first().copied().into_iter().chain(script);
    let names = names.map(|name| name.rsplit('/').next().unwrap_or(name));
    // Such as `rundnsmasq`.
    let known =
        |name: &str| PROGRAMS.split_ascii_whitespace().find(|program| name.ends_with(*program));
    names.chain([last_part(container.image())]).find_map(known)
}

/// True for the short option of dnsmasq for a script, maybe after others: `-6`, `-k6`.
fn is_short(word: &str) -> bool {
    let options = word.strip_prefix('-').and_then(|rest| rest.split_once('6'));
    options.is_some_and(|(before, _)| before.bytes().all(|one| one.is_ascii_alphabetic()))
}

/// The statement about a pod that needs the network of the node. `starts_others` says that the files of a container start other
/// programs.
pub(super) fn told<'a>(
    pod: &Pod<'a>,
    starts_others: impl Fn(&Container<'a>) -> bool,
) -> Option<String> {
    let known = |one: &Container<'a>| program(one).filter(|_| !starts_others(one));
    if let Some(program) = pod.containers.iter().find_map(known) {
        return Some(format!("assumed: `{program}` serves the machines of the node's network"));
    }
    let is_controller = |one: &Container<'_>| {
        let name = last_part(one.image());
        role(one.image()) == Some(Role::Helper)
            && CONTROLLERS.contains(&name)
            && one.is_running()
            && starts_first(one, name)
    };
    pod.containers.iter().any(is_controller).then(|| {
        "assumed: a controller of a storage driver asks the service for metadata of its node"
            .to_owned()
    })
}

/// The statement about capabilities that a program which serves the machines of a network adds. `starts_others` says that its files
/// start other programs.
pub(super) fn told_of_capabilities<'a>(
    container: &Container<'a>,
    pod: &Pod<'a>,
    added: &[String],
    starts_others: impl Fn(&Container<'a>) -> bool,
) -> Option<String> {
    let is_of_sockets = |one: &String| OF_SOCKETS.contains(&one.as_str());
    let needs =
        is_true(pod.get(&["hostNetwork"])) && !added.is_empty() && added.iter().all(is_of_sockets);
    let program = program(container).filter(|_| needs && !starts_others(container))?;
    Some(format!("assumed: `{program}` needs them for the sockets of its protocol"))
}

/// True if a container has its capabilities only by those of its files, which need `allowPrivilegeEscalation`: it is not root,
/// and adds some to none.
pub(super) fn has_capabilities_of_files(container: &Container<'_>, pod: &Pod<'_>) -> bool {
    container.is_non_root(pod)
        && container.user(pod).is_some_and(|user| user > 0)
        && container.capabilities("drop").any(|one| one == "ALL")
        && container.capabilities("add").next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harden::facts::Facts;
    use crate::harden::workload::pods;
    use crate::resource::sample::resource;

    #[test]
    fn programs_that_run_need_the_network_of_the_node() {
        let provisioner = "image: registry.k8s.io/sig-storage/csi-provisioner:v5.2.0";
        let dnsmasq = "image: dockurr/dnsmasq:2.90";
        for (field, fields, expected) in [
            ("containers", provisioner.to_owned(), true),
            ("containers", format!("{provisioner}, args: ['--csi-address=/csi/csi.sock']"), true),
            ("containers", format!("{provisioner}, command: [/csi-provisioner, --v=2]"), true),
            ("containers", format!("{provisioner}, command: [/bin/true]"), false),
            ("initContainers", provisioner.to_owned(), false),
            ("initContainers", format!("{provisioner}, restartPolicy: Always"), true),
            ("containers", format!("{dnsmasq}, args: [--keep-in-foreground]"), true),
            ("containers", format!("{dnsmasq}, args: ['--dhcp-range=10.0.0.5,10.0.0.9']"), true),
            ("containers", format!("{dnsmasq}, envFrom: [{{configMapRef: {{name: a}}}}]"), true),
            ("containers", format!("{dnsmasq}, env: [{{name: LD_PRELOAD, value: /cm/a}}]"), false),
            ("containers", format!("{dnsmasq}, args: ['--dhcp-script=/cm/a.sh']"), false),
            ("containers", format!("{dnsmasq}, args: [--dhcp-scr, /cm/a.sh]"), false),
            ("containers", format!("{dnsmasq}, command: [dnsmasq, -6, /cm/a.sh]"), false),
            ("containers", format!("{dnsmasq}, args: [-k6/cm/a.sh]"), false),
            ("containers", format!("{dnsmasq}, args: ['-F10.0.0.5,10.0.0.9,16h']"), true),
            ("containers", format!("{dnsmasq}, args: ['--conf-script=/cm/a.sh']"), false),
            ("initContainers", format!("{dnsmasq}, args: ['--test']"), false),
        ] {
            let text = format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{{field}: [{{name: a, {fields}}}]}}}}"
            );
            let text = match field {
                "containers" => text,
                _ => text.replace("spec: {", "spec: {containers: [{name: b, image: 'b:1'}], "),
            };
            let object = resource(&text);
            let found = pods(&object, &Facts::default());
            assert_eq!(told(&found[0], |_| false).is_some(), expected, "{text}");
            assert_eq!(
                told(&found[0], |_| true).is_some(),
                expected && text.contains("csi-"),
                "{text}"
            );
        }
    }
}
