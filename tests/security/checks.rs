//! Attempts to switch checks off unseen, or to pass without being judged.

use crate::lab::{Lab, Outcome};

/// A pod that violates two rules of the level `baseline`.
const BAD: &str = "apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  hostPID: true
  containers: [{name: c, image: x, securityContext: {privileged: true}}]
";

/// A kustomization in `k` that renders [`BAD`].
fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n").write("k/r.yaml", BAD);
    lab
}

fn check(lab: &Lab, arguments: &[&str]) -> Outcome {
    lab.krender("", &[&["check", "--profile", "baseline"], arguments].concat())
}

/// How `check` ends for a manifest.
#[track_caller]
fn ends(manifest: &str, expected: i32) {
    let lab = Lab::new();
    lab.write("pod.yaml", manifest);
    let outcome = check(&lab, &["pod.yaml"]);
    assert_eq!(outcome.code, expected, "{manifest}\n{}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn a_suppression_in_a_scalar_is_no_comment() {
    const SAID: &str = "# krender: ignore host-pid, privileged-container -- x";
    let with = |field: &str| BAD.replace("  hostPID: true\n", field);
    ends(&with(&format!("  hostname: \"a {SAID}\"\n  hostPID: true\n")), 1);
    let flow = format!("{{hostname: 'a {SAID}', hostPID: true, containers: [{{name: c}}]}}\n");
    ends(&format!("{}spec: {flow}", BAD.split("spec:").next().unwrap_or_default()), 1);
    ends(&with(&format!("  \"hostPID\": true\n  subdomain: 'a\n    {SAID}\n    b'\n")), 1);
    let block = |style: &str| format!("  dnsPolicy: {style}\n    {SAID}\n  hostPID: true\n");
    ends(&with(&block("|-")), 1);
    ends(&with(&block(">-")), 1);
    // A plain scalar cannot hold it.
    ends(&with(&format!("  hostPID: true\n  note: a{SAID}\n")), 2);
    // What is a comment still counts.
    ends(&BAD.replace("spec:\n", &format!("spec: {SAID}\n")), 0);
    ends(&with(&block("| # about the policy")), 1);
}

#[test]
fn a_suppression_in_the_text_of_a_config_map_is_no_comment() {
    let text = "apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  pod.yaml: |
    # krender: ignore host-pid, privileged-container -- x
    spec:
      hostPID: true
---
";
    ends(&format!("{text}{BAD}"), 1);
}

#[test]
fn a_system_namespace_makes_no_notes_of_errors() {
    let system = "{name: p, namespace: kube-system}";
    ends(&BAD.replace("{name: p}", system), 1);
    ends(&BAD.replace("  hostPID", "  priorityClassName: system-node-critical\n  hostPID"), 1);
    let lab = lab();
    lab.write("k/r.yaml", BAD.replace("{name: p}", system));
    assert_eq!(check(&lab, &["k"]).code, 1);
    assert_eq!(check(&lab, &["--no-ignore", "k"]).code, 1);
    lab.write("k/r.yaml", BAD)
        .write("k/kustomization.yaml", "namespace: kube-system\nresources: [r.yaml]\n");
    assert_eq!(check(&lab, &["k"]).code, 1);
}
