//! Inputs for which earlier versions took quadratic time: each is large enough to take minutes then, and must end
//! quickly, with the same output or error as a small input.

use crate::lab::{Lab, Outcome};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n";

/// Builds a kustomization with one file of resources.
fn build(kustomization: &str, resources: &str) -> Outcome {
    run(kustomization, resources, &["build"])
}

fn run(kustomization: &str, resources: &str, arguments: &[&str]) -> Outcome {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", format!("resources: [r.yaml]\n{kustomization}"));
    lab.write("k/r.yaml", resources);
    lab.krender("k", arguments)
}

/// A text repeated, with the number of the repetition in place of each `#`.
fn lines(text: &str, count: usize) -> String {
    (0..count).map(|number| text.replace('#', &number.to_string())).collect()
}

#[track_caller]
fn rendered(outcome: &Outcome) -> &str {
    assert_eq!(outcome.code, 0, "{}", &outcome.stderr[..outcome.stderr.len().min(1_000)]);
    &outcome.stdout
}

#[test]
fn misspelt_files_among_many() {
    let lab = Lab::new();
    for number in 0..3_000 {
        lab.write(&format!("k/a-file-with-a-long-name-{number}x.yaml"), "");
    }
    let entries = lines("- a-file-with-a-long-name-#.yamm\n", 3_000);
    lab.write("k/kustomization.yaml", format!("resources:\n{entries}"));
    let outcome = lab.krender("k", &["build"]);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.stderr.matches("did you mean `a-file-with-a-long-name-").count(), 100);
    assert!(outcome.stderr.contains("2900 more failures are not shown"), "{}", outcome.stderr);
}

#[test]
fn tag_directives() {
    // The reference splits files into documents before it reads directives, so none is read after them.
    let directives = lines("%TAG !t#! tag:x#:\n", 150_000);
    let outcome = build("", &format!("{directives}---\n{CONFIG_MAP}"));
    assert!(outcome.stderr.contains("expected `---` after the directives"), "{}", outcome.stderr);
    let twice = build("", &format!("{directives}%TAG !t7! tag:y:\n---\n{CONFIG_MAP}"));
    assert!(
        twice.stderr.contains("found a second `%TAG` directive for `!t7!`"),
        "{}",
        twice.stderr
    );
}

#[test]
fn references_that_are_not_closed() {
    let vars = "vars:\n- {name: V, objref: {apiVersion: v1, kind: ConfigMap, name: c}, fieldref: {fieldpath: metadata.name}}\n";
    let text = "$(V".repeat(300_000);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: x, args: ['$(V) {text}']}}]}}\n"
    );
    let outcome = build(vars, &format!("{CONFIG_MAP}---\n{pod}"));
    assert!(rendered(&outcome).contains(&format!("c {text}")));
}

#[test]
fn pairs_of_labels() {
    let pairs = lines("l#: v, ", 20_000);
    let outcome = build(&format!("labels:\n- pairs: {{{pairs}}}\n"), CONFIG_MAP);
    assert_eq!(rendered(&outcome).matches(": v\n").count(), 20_000);
    let entries = lines("- pairs: {l#: v}\n", 20_000);
    let apart = build(&format!("labels:\n{entries}"), CONFIG_MAP);
    assert_eq!(rendered(&apart), outcome.stdout);
}

#[test]
fn accounts_of_transformers() {
    let entries = lines("- {pairs: {l#: v}}\n", 8_000);
    let outcome =
        build(&format!("buildMetadata: [transformerAnnotations]\nlabels:\n{entries}"), CONFIG_MAP);
    assert_eq!(rendered(&outcome).matches("kind: LabelTransformer").count(), 8_001);
}

#[test]
fn merges_into_one_generated_map() {
    let merges = lines("- {name: g, behavior: merge, literals: [k#=v]}\n", 20_000);
    let lab = Lab::new();
    lab.write(
        "k/kustomization.yaml",
        format!("configMapGenerator:\n- {{name: g, literals: [a=b]}}\n{merges}"),
    );
    let outcome = lab.krender("k", &["build"]);
    assert_eq!(rendered(&outcome).matches(": v\n").count(), 20_000);
}

#[test]
fn patches_of_one_object() {
    let patch =
        "- patch: |\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k#: v}}\n";
    let outcome = build(&format!("patches:\n{}", lines(patch, 500)), CONFIG_MAP);
    assert_eq!(rendered(&outcome).matches(": v\n").count(), 500);
    let arguments = &["build", "--limit", "bytes=2MiB"];
    let outcome = run(&format!("patches:\n{}", lines(patch, 500)), CONFIG_MAP, arguments);
    assert!(outcome.code == 1 && outcome.stderr.contains("limit"), "{}", outcome.stderr);
}

#[test]
fn objects_that_patches_remove() {
    let object = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c#}\n";
    let patch =
        "- patch: |\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: c#}, $patch: delete}\n";
    let resources = format!("{}---\n{CONFIG_MAP}", lines(object, 5_000));
    let outcome = build(&format!("patches:\n{}", lines(patch, 5_000)), &resources);
    assert_eq!(rendered(&outcome), CONFIG_MAP);
    let again = format!("patches:\n{}{}", lines(patch, 3), lines(patch, 1));
    let outcome = build(&again, &resources);
    assert!(
        outcome.code == 1 && outcome.stderr.contains("patch-target-not-found"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn images_of_many_objects() {
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p#}\nspec: {containers: [{name: a, image: 'r.io/i#:1'}]}\n";
    let images = lines("- {name: r.io/i#, newTag: v#}\n", 4_000);
    let outcome = build(&format!("images:\n{images}"), &lines(pod, 4_000));
    let text = rendered(&outcome);
    assert!((0..4_000).all(|number| text.contains(&format!("image: r.io/i{number}:v{number}\n"))));
}

#[test]
fn names_of_long_chains() {
    let lab = Lab::new();
    let prefix = "p".repeat(200);
    for number in 0..700 {
        let text = format!("namePrefix: {prefix}-\nresources: [../b{}]\n", number + 1);
        lab.write(&format!("b{number}/kustomization.yaml"), text);
    }
    let object = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c#}\n";
    lab.write("b700/kustomization.yaml", "resources: [r.yaml]\n");
    lab.write("b700/r.yaml", lines(object, 50));
    let outcome = lab.krender("b0", &["build"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("limit-exceeded"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("while setting `metadata/name`"), "{}", outcome.stderr);
}

#[test]
fn kinds_in_an_order_of_their_own() {
    let kinds = lines("K#, ", 20_000);
    let order = format!(
        "sortOptions: {{order: legacy, legacySortOptions: {{orderFirst: [{kinds}], orderLast: [K5]}}}}\n"
    );
    let object = "---\napiVersion: a/v1\nkind: K#\nmetadata: {name: c}\n";
    let outcome = build(&order, &lines(object, 20_000));
    let kinds: Vec<&str> =
        rendered(&outcome).lines().filter(|line| line.starts_with("kind: ")).collect();
    let expected: Vec<String> = (0..20_000)
        .filter(|kind| *kind != 5)
        .chain([5])
        .map(|kind| format!("kind: K{kind}"))
        .collect();
    assert!(kinds == expected);
}

#[test]
fn comments_that_ignore_findings() {
    let comments = "# krender: ignore host-pid -- r\n".repeat(20_000);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\n{comments}spec: {{hostPID: true, containers: [{{name: c, image: x}}]}}\n"
    );
    let outcome = run("", &pod, &["check", "--rule", "host-pid", "--rule", "unused-suppression"]);
    assert!(
        outcome.stdout.contains("(1 ignored)"),
        "{}",
        &outcome.stdout[outcome.stdout.len().saturating_sub(500)..]
    );
}

#[test]
fn annotations_that_ignore_findings() {
    let annotations = lines("    ignore.krender.dev/host-pid.c#: r\n", 10_000);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations:\n{annotations}    ignore.krender.dev/host-pid: r\nspec: {{hostPID: true, containers: [{{name: c, image: x}}]}}\n"
    );
    let outcome = run("", &pod, &["check", "--rule", "host-pid"]);
    assert!(outcome.stdout.contains("(1 ignored)"), "{}", outcome.stdout);
}

#[test]
fn keys_that_json_patches_remove() {
    let removed = |count| {
        let operation = "- {op: remove, path: /x/k#}\n      ";
        let operations = lines(operation, count);
        let patch =
            format!("patches:\n- target: {{kind: ConfigMap}}\n  patch: |\n      {operations}\n");
        build(&patch, &format!("{CONFIG_MAP}x: {{{}}}\n", lines("k#: 1, ", count + 1)))
    };
    let outcome = removed(30_000);
    assert!(outcome.code == 1 && outcome.stderr.contains("--limit bytes="), "{}", outcome.stderr);
    assert!(rendered(&removed(2_000)).ends_with("x:\n  k2000: 1\n"));
}

#[test]
fn failures_with_texts_that_may_be_secret() {
    let patches = lines(
        "- target: {kind: Secret}\n  patch: |\n    - {op: test, path: /stringData/k#, value: other#}\n",
        2_000,
    );
    let keys = lines("  k#: hunter#\n", 2_000);
    let secret =
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData:\n{keys}");
    let outcome = build(&format!("patches:\n{patches}"), &secret);
    assert!(outcome.stderr.contains("error[patch-test-failed]"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("hunter"), "{}", outcome.stderr);
    let patches =
        lines("- target: {kind: Secret}\n  patch: '[{op: test, value: other#}]'\n", 2_000);
    let outcome = build(&format!("patches:\n{patches}"), &secret);
    assert!(outcome.stderr.contains("error[invalid-patch]"), "{}", outcome.stderr);
}

#[test]
fn patterns_of_images() {
    let lab = Lab::new();
    let entries = lines("- {name: 'i(a|b|c)*#', newTag: x}\n", 100);
    lab.write("k/kustomization.yaml", format!("resources: [r.yaml]\nimages:\n{entries}"));
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p#}\nspec: {containers: [{name: c, image: 'iabc#:z'}]}\n---\n";
    lab.write("k/r.yaml", lines(pod, 50));
    let outcome = lab.krender("k", &["build", "--limit", "bytes=2MB"]);
    assert!(
        outcome.code == 1 && outcome.stderr.contains("--limit bytes=4000000"),
        "{}",
        outcome.stderr
    );
    let outcome = lab.krender("k", &["build"]);
    assert_eq!(rendered(&outcome).matches(":x\n").count(), 50);
}

#[test]
fn containers_of_one_pod() {
    let containers = lines("  - {name: c#, image: 'x:1'}\n", 10_000);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{containers}"
    );
    let outcome = run("", &pod, &["check", "--rule", "run-as-non-root"]);
    let last = &outcome.stdout[outcome.stdout.len().saturating_sub(300)..];
    assert!(outcome.code == 1 && last.contains("10000 errors"), "{last}");
}

#[test]
fn exclusions_of_objects_with_many_findings() {
    let lab = Lab::new();
    let exclusions = lines("  - {kind: Pod, name: 'x.*#', reason: r}\n", 1_000);
    let configuration = "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec:\n  exclude:\n";
    lab.write("k/.krender.yaml", format!("{configuration}{exclusions}"));
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    let containers = "{name: c, image: x}, ".repeat(50);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p#}}\nspec: {{containers: [{containers}]}}\n---\n"
    );
    lab.write("k/r.yaml", lines(&pod, 100));
    let outcome =
        lab.krender("k", &["check", "--config", ".krender.yaml", "--profile", "paranoid"]);
    assert!(outcome.code == 1 && !outcome.stdout.contains("ignored"), "{}", outcome.stderr);
}

#[test]
fn objects_in_one_line() {
    let pods = lines(
        "{apiVersion: v1, kind: Pod, metadata: {name: p#}, spec: {hostPID: true, containers: [{name: c, image: x}]}}, ",
        3_000,
    );
    let list = format!("{{apiVersion: v1, kind: List, items: [{pods}]}}\n");
    let outcome = run("", &list, &["check", "--rule", "host-pid", "--format", "json"]);
    assert_eq!((outcome.code, outcome.stdout.matches("\"fingerprint\"").count()), (1, 3_000));
}
