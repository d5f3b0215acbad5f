//! Probes that check nothing: commands that always succeed, and probes that take longer than an hour to fail.

use crate::harden::value::{below, integer, items, present};
use crate::yaml::Node;

/// The maximum time until a probe has an effect, in seconds.
const LONGEST: i64 = 3600;

/// The maximum length of a script that is read.
const LONGEST_SCRIPT: usize = 4096;

/// Commands that always succeed.
const IDLE: [&str; 8] =
    [":", "true", "exit 0", "exit", "return 0", "/bin/true", "/usr/bin/true", "busybox true"];

/// The names of shells.
const SHELLS: [&str; 7] = ["ash", "bash", "busybox", "dash", "ksh", "sh", "zsh"];

/// True if a probe can fail, within an hour.
pub(super) fn can_fail(probe: &Node) -> bool {
    let seconds = |key: &str, usual: i64| present(probe, key).and_then(integer).unwrap_or(usual);
    let tries = seconds("failureThreshold", 3);
    let time = tries.saturating_mul(seconds("periodSeconds", 10));
    let time = time.saturating_add(seconds("initialDelaySeconds", 0));
    let command = below(probe, &["exec", "command"]);
    let words: Vec<&str> = items(command).iter().filter_map(Node::as_text).collect();
    !probe.is_empty() && time <= LONGEST && !(command.is_some() && always_succeeds(&words))
}

/// True if a command cannot fail.
fn always_succeeds(words: &[&str]) -> bool {
    let [program, rest @ ..] = words else { return false };
    let name = program.rsplit('/').next().unwrap_or(program);
    let is_shell = SHELLS.contains(&name);
    let flags: Vec<&&str> =
        rest.iter().take_while(|word| word.starts_with('-') || **word == "sh").collect();
    let is_script =
        |flag: &&&str| flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c');
    match rest.get(flags.len()) {
        Some(script) if is_shell && flags.iter().any(is_script) => {
            let stops = flags.iter().any(|flag| flag.starts_with('-') && flag.contains('e'));
            script.len() <= LONGEST_SCRIPT && never_fails(script, stops)
        }
        _ => IDLE.contains(&words.join(" ").trim()) || matches!(name, "echo" | "printf" | "sleep"),
    }
}

/// True if the last command of a script always succeeds, and none before it ends the script. `stops` is true if the first
/// failure ends it.
fn never_fails(script: &str, stops: bool) -> bool {
    let script = script.trim().trim_end_matches([';', '\n', ' ', '\t']);
    let ends = [';', '\n'];
    let (before, last) = match script.rfind(ends) {
        Some(place) => (&script[..place], script[place + 1..].trim()),
        None => ("", script),
    };
    let is_idle = |command: &str| {
        let command = command.trim().trim_end_matches([')', '}']).trim();
        IDLE.contains(&command)
            || command.starts_with("echo ") && !command.contains(['|', '&', '>'])
    };
    // The last alternative, if all others fail.
    let alternative = last.rsplit("||").next().unwrap_or(last);
    let is_kept = last.contains("||") && !last.contains("exit 1");
    let may_end =
        stops || ["exit", "return", "set -e", "errexit"].iter().any(|word| before.contains(word));
    match before.trim().is_empty() {
        true => is_idle(last) || is_kept && is_idle(alternative),
        false => !may_end && (is_idle(last) || is_kept && is_idle(alternative)),
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn deployment(probe: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {{containers: [{{name: a, image: a, {probe}}}]}}}}}}}}"
        )
    }

    #[test]
    fn probes_that_cannot_fail_are_lost() {
        let real = "{httpGet: {path: /, port: 80}}";
        let script = |text: &str| format!("{{exec: {{command: [sh, -c, '{text}']}}}}");
        for idle in [
            "{exec: {command: ['true']}}".to_owned(),
            "{exec: {command: [/bin/true]}}".to_owned(),
            "{exec: {command: [':']}}".to_owned(),
            "{exec: {command: [echo, ok]}}".to_owned(),
            "{exec: {command: [/bin/bash, -ec, exit 0]}}".to_owned(),
            script("true"),
            script("exit 0;"),
            script("curl -f localhost || true"),
            script("curl -f localhost || exit 0"),
            script("curl -f localhost; true"),
            script("curl -f localhost; exit 0"),
            script("(curl -f localhost || :)"),
            "{httpGet: {path: /, port: 80}, failureThreshold: 1000, periodSeconds: 3600}".to_owned(),
            "{httpGet: {path: /, port: 80}, initialDelaySeconds: 999999}".to_owned(),
            "{httpGet: {path: /, port: 80}, failureThreshold: 9223372036854775807, periodSeconds: 2}".to_owned(),
        ] {
            for (name, severity) in [("readinessProbe", "warning"), ("livenessProbe", "warning")] {
                let of = |probe: &str| deployment(&format!("{name}: {probe}"));
                let label = format!("001 {severity} Deployment d: no longer has a {name} that can fail in container a");
                told(&of(real), &of(&idle), &[&*label]);
                assert_eq!(judged(&deployment("stdin: false"), &of(&idle)), [""; 0], "{idle}");
                assert_eq!(judged(&of(&idle), &deployment("stdin: false")), [""; 0], "{idle}");
            }
        }
    }

    #[test]
    fn other_probes_may_fail() {
        let of = |probe: &str| deployment(&format!("readinessProbe: {probe}"));
        let real = of("{httpGet: {path: /, port: 80}}");
        let script = |flags: &str, text: &str| {
            of(&format!("{{exec: {{command: [sh, {flags}, '{text}']}}}}"))
        };
        for other in [
            of("{tcpSocket: {port: 80}}"),
            of("{exec: {command: [cat, /tmp/ready]}}"),
            of("{httpGet: {path: /, port: 80}, failureThreshold: 60, periodSeconds: 30}"),
            script("-c", "curl -f localhost"),
            script("-c", "curl -f localhost && exit 0"),
            script("-c", "curl -f localhost || exit 1"),
            script("-c", "curl -f localhost || exit 1; exit 0"),
            script("-c", "if ! pg_isready; then exit 1; fi; exit 0"),
            script("-ec", "curl -f localhost; true"),
            script("-c", "set -e; curl -f localhost; true"),
            script("-c", "test -f /a || test -f /b"),
        ] {
            assert_eq!(judged(&real, &other), [""; 0], "{other}");
        }
    }
}
