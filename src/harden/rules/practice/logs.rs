//! KR-CLN-004: logs in files.

use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::yaml::Node;

pub(super) static LOG_TO_FILE: Rule = Rule {
    id: "KR-CLN-004",
    name: "log-to-file",
    text: text!("KR-CLN-004"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Container(log_to_file)),
};

fn log_to_file(container: &Container<'_>, pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if pod.shape != Shape::Known {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, entry) in items(container.node.get("env")).iter().enumerate() {
        let name = text(entry, "name").unwrap_or_default();
        if is_log(name) && text(entry, "value").is_some_and(is_file) {
            let path = container.path(&["env"]).index(index).keys(&["value"]);
            let message = format!("writes its log to a file, as the variable `{name}` says");
            found.push(Violation::at(path, message).of_container(container));
        }
    }
    for list in ["command", "args"] {
        let words = items(container.node.get(list));
        for (index, word) in words.iter().filter_map(Node::as_text).enumerate() {
            let (flag, value) = word.split_once('=').unwrap_or((word, ""));
            let next = || words.get(index + 1).and_then(Node::as_text).unwrap_or_default();
            let value = if value.is_empty() { next() } else { value };
            if flag.starts_with("--") && is_log(flag.trim_start_matches('-')) && is_file(value) {
                let path = container.path(&[list]).index(index);
                let message = format!("writes its log to a file, as `{flag}` says");
                found.push(Violation::at(path, message).of_container(container));
            }
        }
    }
    for (index, mount) in items(container.node.get("volumeMounts")).iter().enumerate() {
        let place = text(mount, "mountPath").unwrap_or_default().trim_end_matches('/');
        if place != "/var/log" && !place.starts_with("/var/log/") {
            continue;
        }
        let name = text(mount, "name");
        let mut volumes = pod.volumes().filter(|(_, volume)| text(volume, "name") == name);
        // Collectors read the logs of the node.
        let is_own = |volume: &Node| {
            present(volume, "emptyDir").is_some()
                || present(volume, "persistentVolumeClaim").is_some()
        };
        if volumes.any(|(_, volume)| is_own(volume)) {
            let path = container.path(&["volumeMounts"]).index(index);
            let message = format!("writes logs to files in `{place}`");
            found.push(Violation::at(path, message).of_container(container));
        }
    }
    found
}

/// True for names of variables and flags that tell the file of a log.
fn is_log(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    const NAMES: &str =
        "log_file log_filename log_output_file log_path logfile logging_file logging_file_name";
    NAMES.split_ascii_whitespace().any(|one| name == one || name.ends_with(&format!("_{one}")))
}

fn is_file(value: &str) -> bool {
    value.starts_with('/') && !value.starts_with("/dev/") && !value.starts_with("/proc/")
}
