//! KR-SHD-007, 011, 012: signals reach programs, in the right order.

use super::OF_SHUTDOWN;
use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{below, is_true, items};
use crate::harden::violation::{List, Severity, Violation};
use crate::resource::ImageReference;
use crate::yaml::Node;

pub(super) static SHELL_PID1: Rule = Rule {
    id: "KR-SHD-007",
    name: "shell-pid1",
    text: text!("KR-SHD-007"),
    fix_order: 0,
    needs: Needs::Object(Check::Container(shell)),
    ..OF_SHUTDOWN
};

pub(super) static STOP_SIGNAL: Rule = Rule {
    id: "KR-SHD-011",
    name: "stop-signal",
    text: text!("KR-SHD-011"),
    severity: Severity::Error,
    fix_order: 0,
    needs: Needs::Object(Check::Container(stop_signal)),
    ..OF_SHUTDOWN
};

pub(super) static SIDECAR_ORDER: Rule = Rule {
    id: "KR-SHD-012",
    name: "sidecar-order",
    text: text!("KR-SHD-012"),
    severity: Severity::Note,
    fix_order: 0,
    needs: Needs::Object(Check::Container(sidecar)),
    ..OF_SHUTDOWN
};

fn shell(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.is_job() || !container.is_running() {
        return Vec::new();
    }
    let Some(end) = script(container).and_then(end_in_shell) else { return Vec::new() };
    // With a shared process namespace the shell is not the first process, and ends by the signal.
    if is_true(pod.get(&["shareProcessNamespace"])) {
        return Vec::new();
    }
    let message = format!(
        "ends only when it is killed: the shell is its first process, ignores the signal, and waits for {end}"
    );
    vec![container.violation(&["command"], message)]
}

/// The script that a container runs in a shell.
fn script<'a>(container: &Container<'a>) -> Option<&'a str> {
    // Without a command the image decides which program gets the arguments.
    let mut command = items(container.node.get("command")).iter().filter_map(Node::as_text);
    let shell = command.next()?;
    let name = shell.rsplit('/').next().unwrap_or(shell);
    if !matches!(name, "sh" | "bash" | "ash" | "dash") {
        return None;
    }
    let mut is_command = false;
    for word in command.chain(items(container.node.get("args")).iter().filter_map(Node::as_text)) {
        if word.starts_with(['-', '+']) || word == "pipefail" {
            is_command |= word.ends_with('c');
        } else {
            return is_command.then_some(word);
        }
    }
    None
}

/// The end of a script for which a shell certainly stays the first process; `None` if it may `exec` the last command, or
/// handles the signal.
fn end_in_shell(script: &str) -> Option<&'static str> {
    if script.contains("trap") || script.contains("<<") || script.contains("exec ") {
        return None;
    }
    let mut lines = script.lines().map(str::trim);
    let last = lines.rfind(|line| !line.is_empty() && !line.starts_with('#'))?;
    let last = last.rsplit([';', '&']).map(str::trim).find(|part| !part.is_empty())?;
    let is_quoted = last.contains(['\'', '"', '`', '(', '\\']);
    match last.split_whitespace().next()? {
        "done" => Some("a loop"),
        "wait" => Some("programs in the background"),
        _ if !is_quoted && last.replace("||", "").contains('|') => Some("a pipeline"),
        _ => None,
    }
}

fn stop_signal(container: &Container<'_>, pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let signal = below(container.node, &["lifecycle", "stopSignal"]).and_then(Node::as_text);
    let Some(signal) = signal else { return Vec::new() };
    if pod.get(&["os", "name"]).is_some() {
        return Vec::new();
    }
    let message =
        format!("has the stop signal `{signal}`, which the API server refuses without `os.name`");
    vec![container.violation(&["lifecycle", "stopSignal"], message)]
}

/// Programs that run beside others, by the last part of their image.
const SIDECARS: [&str; 9] = [
    "cloud-sql-proxy",
    "cloudsql-proxy",
    "gce-proxy",
    "filebeat",
    "fluent-bit",
    "fluentd",
    "linkerd-proxy",
    "proxyv2",
    "vault-agent",
];

/// The first minor version of Kubernetes in which init containers may be sidecars without a feature gate.
const SIDECARS_SINCE: u16 = 29;

/// Words of requests by which a program tells the proxy beside it to end, in commands and arguments.
const ENDINGS: [&str; 2] = ["quitquitquit", "/shutdown"];

/// The maximum number of commands and arguments that are looked at.
const MOST_WORDS: usize = 64;

/// True if a command or argument of a container is about the end of a proxy.
fn tells_to_end(container: &Node) -> bool {
    let lists = ["command", "args"].into_iter().flat_map(|list| items(container.get(list)));
    let mut words = lists.take(MOST_WORDS).filter_map(Node::as_text);
    words.any(|word| ENDINGS.iter().any(|ending| word.contains(ending)))
}

fn sidecar(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if container.list != List::App
        || scene.facts.kubernetes().is_some_and(|minor| minor < SIDECARS_SINCE)
    {
        return Vec::new();
    }
    let name = ImageReference::new(container.image()).name;
    let name = name.rsplit('/').next().unwrap_or(name);
    let is_beside = pod.containers.iter().filter(|one| one.list == List::App).count() > 1;
    let is_told_to_end = || {
        let mut all = pod.containers.iter().filter(|one| one.list == List::App);
        all.any(|one| tells_to_end(one.node))
    };
    if !is_beside || !SIDECARS.contains(&name) || scene.is_job() && is_told_to_end() {
        return Vec::new();
    }
    let message = match scene.is_job() {
        true => "keeps its Job from ending: it runs beside the program, and does not end by itself",
        false => {
            "starts and ends together with the program that needs it, as an ordinary container"
        }
    };
    vec![container.violation(&[], message)]
}
