//! Probes that check nothing: commands that always succeed, and probes that take longer than an hour to fail.

use super::scripts::always_succeeds;
use crate::harden::value::{below, integer, items, present};
use crate::yaml::Node;

/// The maximum time until a probe has an effect, in seconds.
const LONGEST: i64 = 3600;

/// True if a probe can fail, within an hour.
pub(super) fn can_fail(probe: &Node) -> bool {
    let seconds = |key: &str, usual: i64| present(probe, key).and_then(integer).unwrap_or(usual);
    let tries = seconds("failureThreshold", 3);
    let time = tries.saturating_mul(seconds("periodSeconds", 10));
    let time = time.saturating_add(seconds("initialDelaySeconds", 0));
    let command = below(probe, &["exec", "command"]);
    let words: Vec<&str> = items(command).iter().filter_map(Node::as_text).collect();
    let is_idle = || always_succeeds(&words, seconds("timeoutSeconds", 1).max(1));
    !probe.is_empty() && time <= LONGEST && !(command.is_some() && is_idle())
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
