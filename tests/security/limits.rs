//! Small inputs that would make much: each ends in an error that names the entry and the limit, or renders.

use std::fmt::Write as _;

use crate::lab::{Lab, Outcome};

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n";

/// Renders `k` with limits that are set low, so that little has to be made until they are reached.
fn build(lab: &Lab, limits: &[&str]) -> Outcome {
    let set = limits.iter().flat_map(|limit| ["--limit", limit]);
    lab.krender("k", &["build"].into_iter().chain(set).collect::<Vec<_>>())
}

/// A build that ends where a limit is reached, with nothing printed; `place` is what the error points at.
#[track_caller]
fn ends(lab: &Lab, limit: &str, place: &str) {
    let name = limit.split('=').next().unwrap();
    let Outcome { code, stdout, stderr } = build(lab, &[limit]);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert_eq!(stderr.matches("error[limit-exceeded]").count(), 1, "{stderr}");
    assert!(stderr.contains(place), "no `{place}` in:\n{stderr}");
    assert!(stderr.contains(&format!("`--limit {name}=")), "{stderr}");
}

/// A build that its limits allow.
#[track_caller]
fn renders(lab: &Lab, limits: &[&str]) -> String {
    let Outcome { code, stdout, stderr } = build(lab, limits);
    assert_eq!((code, stderr.as_str()), (0, ""));
    stdout
}

/// Directories `a0`, `b0` … in pairs, where each of a pair names both of the next one.
fn diamonds(lab: &Lab, levels: usize, kustomization: impl Fn(&str, usize) -> String, last: &str) {
    for level in 0..levels {
        for side in ["a", "b"] {
            let text = kustomization(side, level + 1);
            lab.write(&format!("{side}{level}/kustomization.yaml"), text);
        }
    }
    for side in ["a", "b"] {
        lab.write(&format!("{side}{levels}/kustomization.yaml"), last);
        lab.write(&format!("{side}{levels}/r.yaml"), MAP);
    }
}

const COMPONENT: &str = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";

#[test]
fn components_that_include_each_other_in_diamonds() {
    let lab = Lab::new();
    let component = |_: &str, next| format!("{COMPONENT}components: [../a{next}, ../b{next}]\n");
    diamonds(&lab, 40, component, &format!("{COMPONENT}commonLabels: {{a: b}}\n"));
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\ncomponents: [../a0, ../b0]\n");
    lab.write("k/r.yaml", MAP);
    ends(&lab, "directories=1000", "39/kustomization.yaml:3:");
}

#[test]
fn bases_that_double_their_resources_on_each_level() {
    let lab = Lab::new();
    let base =
        |side: &str, next| format!("namePrefix: {side}-\nresources: [../a{next}, ../b{next}]\n");
    diamonds(&lab, 26, base, "resources: [r.yaml]\nnamePrefix: x-\n");
    for side in ["a", "b"] {
        let last = format!("resources: [r.yaml]\nnamePrefix: {side}-\n");
        lab.write(&format!("{side}26/kustomization.yaml"), last);
    }
    lab.write("k/kustomization.yaml", "resources: [../a0, ../b0]\n");
    ends(&lab, "resources=1000", "kustomization.yaml:2:");
}

#[test]
fn aliases_of_a_long_text() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    let mut text = format!("{MAP}a: &a {}\nlist:\n", "x".repeat(10_000));
    for _ in 0..1000 {
        text.push_str("- *a\n");
    }
    lab.write("k/r.yaml", text);
    ends(&lab, "bytes=1MB", "r.yaml:");
    assert!(renders(&lab, &["bytes=40MB"]).len() > 10_000_000);
}

#[test]
fn indentation_of_deep_nesting() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    let text = format!("{MAP}x: {}1{}\n", "{a: ".repeat(2000), "}".repeat(2000));
    lab.write("k/r.yaml", text);
    ends(&lab, "bytes=1MB", "r.yaml:5:");
    assert!(renders(&lab, &["bytes=10MB"]).len() > 4_000_000);
}

#[test]
fn lines_of_a_text_that_is_deeply_nested() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    for text in ["a\\n".repeat(1000), "a ".repeat(1000)] {
        let text = format!("{MAP}x: {}\"{text}a\"{}\n", "[".repeat(900), "]".repeat(900));
        lab.write("k/r.yaml", text);
        ends(&lab, "bytes=1MB", "r.yaml:");
    }
}

#[test]
fn files_of_a_run() {
    let lab = Lab::new();
    let mut kustomization = "configMapGenerator:\n".to_owned();
    for number in 0..4 {
        writeln!(kustomization, "- {{name: c{number}, files: [f{number}]}}").unwrap();
        lab.write(&format!("k/f{number}"), vec![0; 300_000]);
    }
    lab.write("k/kustomization.yaml", kustomization);
    ends(&lab, "files=1MB", "f3");
}

#[test]
fn a_limit_that_makes_no_sense() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    lab.write("k/r.yaml", MAP);
    let Outcome { code, stderr, .. } = build(&lab, &["resorces=1"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("did you mean `resources`?"), "{stderr}");
    // Of several for one limit the last one holds.
    renders(&lab, &["bytes=1", "bytes=1MB"]);
    for command in ["check", "inputs", "shard", "affected"] {
        let outcome = lab.krender("k", &[command, "--limit", "byte=1"]);
        assert!(outcome.stderr.contains("did you mean `bytes`?"), "{command} {}", outcome.stderr);
    }
    let outcome = lab.krender("k", &["diff", ".", ".", "--limit", "bytes=1"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("limit-exceeded"), "{}", outcome.stderr);
}
