//! Configuration files of network programs that start other programs: by options for scripts and modules, or as scripts themselves.

use std::collections::BTreeSet;

use super::pod::{Container, Pod};
use super::scene::{Render, Scene};
use super::secrecy::decoded;
use super::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// First words of lines of dnsmasq, keepalived, haproxy, nginx and their modules, and shells that start a program or load a module.
const OPTIONS: &str = "conf-script dhcp-luascript dhcp-script misc_path notify notify_backup notify_deleted notify_down \
    notify_fault notify_master notify_master_rx_lower_pri notify_stop notify_up quorum_down quorum_up script vrrp_script \
    external-check insecure-fork-wanted lua-load lua-load-per-thread program exec exec_publish exec_pull \
    exec_push exec_static js_import js_include load_module perl perl_modules perl_require perl_set \
    Action ExtFilterDefine ScriptAlias ScriptAliasMatch";

/// Parts of lines by which dhcpd, Kea, Apache and modules of nginx for Lua do.
const PARTS: [&str; 8] =
    ["execute(", "execute (", "run_script", "run-script", "\"|", "cgi-script", "_by_lua", "prg:"];

/// The starts of scripts that machines of the network run, and not this one.
const OF_OTHERS: [&str; 2] = ["#!ipxe", "#!gpxe"];

/// The greatest number of volumes of a pod that are looked at for each of its containers: with more, their files may do anything.
const MANY: usize = 256;

/// True if a container mounts a `ConfigMap` or a Secret of the render whose files start other programs. Linear in their size.
pub(super) fn starts_others(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> bool {
    if pod.volumes().nth(MANY).is_some() {
        return true;
    }
    let mounts = items(container.node.get("volumeMounts")).iter();
    let names: BTreeSet<&str> = mounts.filter_map(|mount| text(mount, "name")).collect();
    let is_mounted = |volume: &Node| text(volume, "name").is_some_and(|name| names.contains(name));
    let volumes = pod.volumes().map(|(_, volume)| volume).filter(|one| is_mounted(one));
    let sources = volumes.flat_map(|volume| {
        let projected = items(below(volume, &["projected", "sources"]));
        projected.iter().chain([volume])
    });
    let names = sources.filter_map(|source| {
        let map = below(source, &["configMap", "name"]).map(|name| ("ConfigMap", name));
        let secret = ["secretName", "name"].iter().find_map(|key| below(source, &["secret", key]));
        let (kind, name) = map.or_else(|| Some(("Secret", secret?)))?;
        Some((kind, name.as_text()?))
    });
    let names: BTreeSet<(&str, &str)> = names.collect();
    let mut objects =
        names.iter().filter_map(|(kind, name)| render.named(kind, scene.namespace(), name));
    objects.any(|object| render.views.has_scripts(object, has_scripts))
}

/// True if a text of an object starts other programs.
fn has_scripts(object: &Resource) -> bool {
    let texts = |key: &str| {
        let entries = present(object.node(), key).map(Node::entries).unwrap_or_default();
        entries.iter().filter_map(|(_, value)| value.as_text())
    };
    let is_secret = object.kind() == "Secret";
    let packed = if is_secret { "data" } else { "binaryData" };
    let plain = if is_secret { "stringData" } else { "data" };
    texts(plain).any(is_script) || texts(packed).any(|one| is_script(&decoded(one)))
}

/// True for a text that is a script or a program, or has an option that starts one.
fn is_script(text: &str) -> bool {
    let is_run = text.starts_with("#!") && !OF_OTHERS.iter().any(|start| text.starts_with(start));
    let is_option = |line: &str| {
        let line = line.trim_start();
        let is_comment = line.starts_with(['#', ';', '!']) || line.starts_with("//");
        let is_end = |letter: char| letter.is_whitespace() || "=:;({".contains(letter);
        let word = line.split(is_end).next().unwrap_or_default().trim_matches('"');
        !is_comment
            && (OPTIONS.split_ascii_whitespace().any(|option| option == word)
                || PARTS.iter().any(|part| line.contains(part)))
    };
    is_run || text.starts_with("\u{7f}ELF") || text.lines().any(is_option)
}

#[cfg(test)]
mod tests {
    use super::is_script;

    #[test]
    fn options_for_scripts_are_known() {
        for text in [
            "port=0\ndhcp-script=/cm/run.sh\n",
            "  dhcp-luascript = /cm/run.lua",
            "conf-script=/cm/run.sh",
            "vrrp_script check {\n  script \"/usr/bin/killall -0 haproxy\"\n}",
            "vrrp_instance a {\n  notify_master \"/cm/run.sh\"\n}",
            "vrrp_instance a {\n  notify /cm/run.sh\n}",
            "backend a\n  external-check command /cm/run.sh",
            "lua-load /cm/run.lua",
            "perl_set $a 'sub { system(\"id\") }';",
            "exec /cm/run.sh;",
            "load_module modules/ngx_http_perl_module.so;",
            "content_by_lua_block { os.execute('id') }",
            "on commit { execute(\"/cm/run.sh\"); }",
            "{\"hooks-libraries\": [{\"library\": \"/usr/lib/kea/hooks/libdhcp_run_script.so\"}]}",
            "CustomLog \"|/cm/run.sh\" common",
            "#!/bin/sh\nid\n",
            "\u{7f}ELF",
        ] {
            assert!(is_script(text), "{text}");
        }
        for text in [
            "",
            "port=0\ndhcp-range=10.0.0.5,10.0.0.9\nenable-tftp\n",
            "# dhcp-script=/cm/run.sh\n",
            "! notify /cm/run.sh\n",
            "#!ipxe\nchain http://10.0.0.1/boot\n",
            "vrrp_instance a {\n  state MASTER\n  virtual_ipaddress { 10.0.0.9 }\n}",
            "dhcp-scripted=a",
            "server { listen 80; location / { return 200; } }",
        ] {
            assert!(!is_script(text), "{text}");
        }
    }
}
