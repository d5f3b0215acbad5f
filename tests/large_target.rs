//! One large target is the same for any number of threads: its output, its warnings and its failures.
#![expect(clippy::disallowed_methods, reason = "trees are written to disk for the program")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Two bases of many objects, together with more than 256 KiB of text, and an overlay with every kind of step.
struct Tree {
    files: Vec<(String, String)>,
}

/// The number of files of each base, and of the objects in each.
const FILES: usize = 16;
const OBJECTS: usize = 30;

impl Tree {
    fn new() -> Self {
        let mut files = Vec::new();
        for base in ["a", "b"] {
            let mut list = "resources:\n".to_owned();
            for file in 0..FILES {
                writeln!(list, "- f{file}.yaml").unwrap();
                let objects = (0..OBJECTS).map(|number| object(base, file * OBJECTS + number));
                files.push((format!("{base}/f{file}.yaml"), objects.collect()));
            }
            writeln!(list, "namePrefix: {base}-").unwrap();
            files.push((format!("{base}/kustomization.yaml"), list));
        }
        files.push(("overlay/kustomization.yaml".to_owned(), OVERLAY.to_owned()));
        Self { files }
    }

    /// Replaces text in a file, once.
    fn with(mut self, path: &str, before: &str, after: &str) -> Self {
        let (_, text) = self.files.iter_mut().find(|(name, _)| name == path).unwrap();
        assert!(text.contains(before), "{path} has no {before}");
        *text = text.replacen(before, after, 1);
        self
    }

    fn write(&self, folder: &Path) {
        for (path, text) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// Renders with one thread and with several, and compares.
    #[track_caller]
    fn check(&self, arguments: &[&str]) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        let one = render(folder.path(), "1", arguments);
        for jobs in ["2", "8"] {
            let several = render(folder.path(), jobs, arguments);
            assert_eq!(several.code, one.code, "{jobs} threads: {}", several.stderr);
            assert_eq!(several.stderr, one.stderr, "{jobs} threads");
            assert!(several.stdout == one.stdout, "the output of {jobs} threads differs");
        }
        for jobs in ["1", "2"] {
            let arguments = [&["-o", "out.yaml"], arguments].concat();
            let written = render(folder.path(), jobs, &arguments);
            assert_eq!(written.code, one.code, "{jobs} threads, to a file");
            let file = fs::read(folder.path().join("out.yaml")).ok();
            assert!(file == one.code.filter(|code| *code == 0).map(|_| one.stdout.clone()));
        }
        one
    }
}

const OVERLAY: &str = r#"resources: [../a, ../b]
namespace: shop
nameSuffix: -v1
labels:
- pairs: {team: shop}
  includeSelectors: true
commonAnnotations: {contact: shop}
images:
- {name: app, newTag: '2'}
- {name: unused, newTag: '3'}
replicas:
- {name: d7, count: 4}
patches:
- target: {kind: Deployment}
  patch: '[{"op": "add", "path": "/spec/paused", "value": true}]'
- target: {kind: ConfigMap, name: '.*5'}
  patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: any}
    data: {patched: 'yes'}
- target: {kind: Job}
  patch: '[{"op": "add", "path": "/spec/x", "value": 1}]'
replacements:
- source: {kind: ConfigMap, name: a-c1, fieldPath: data.key}
  targets:
  - select: {kind: Deployment}
    fieldPaths: [metadata.annotations.copied]
    options: {create: true}
configMapGenerator:
- name: made
  literals: [a=b]
"#;

fn object(base: &str, number: usize) -> String {
    match number % 3 {
        0 => format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{}\ndata:\n  key: {base}{number}\n  text: |\n    {}\n",
            number / 3,
            "some text ".repeat(20)
        ),
        1 => format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{number}}}\nspec:\n  selector: {{app: d{number}}}\n  ports: [{{port: {}}}]\n",
            number + 1
        ),
        _ => format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{}}}\nspec:\n  selector: {{matchLabels: {{app: x}}}}\n  template:\n    metadata: {{labels: {{app: x}}}}\n    spec:\n      containers:\n      - name: app\n        image: app:1\n        envFrom: [{{configMapRef: {{name: c{}}}}}]\n        env:\n        - {{name: TEXT, value: '{}'}}\n",
            number / 3,
            number / 3,
            "value ".repeat(40)
        ),
    }
}

struct Outcome {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

fn render(folder: &Path, jobs: &str, arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(["build", "overlay", "-j", jobs])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    Outcome { code: output.status.code(), stdout: output.stdout, stderr }
}

#[test]
fn output_and_warnings_are_the_same() {
    let size: usize = Tree::new().files.iter().map(|(_, text)| text.len()).sum();
    assert!(size > 300_000, "{size}");
    let plain = Tree::new().check(&[]);
    assert_eq!(plain.code, Some(0), "{}", plain.stderr);
    assert!(plain.stdout.len() > 400_000);
    // An image and a target of a patch that nothing has.
    let strict = Tree::new().check(&["--strict"]);
    assert_eq!((strict.code, strict.stderr.matches("no-effect").count()), (Some(1), 2));
    let origins = Tree::new().with(
        "overlay/kustomization.yaml",
        "namespace: shop\n",
        "namespace: shop\nbuildMetadata: [originAnnotations, transformerAnnotations]\n",
    );
    assert_eq!(origins.check(&[]).code, Some(0));
}

#[test]
fn the_first_failure_is_the_same() {
    let overlay = "overlay/kustomization.yaml";
    let failing: &[(&str, Tree)] = &[
        // Text: in two files of a base, in both bases, and with what is wrong elsewhere.
        (
            "malformed-yaml",
            Tree::new().with("a/f9.yaml", "kind: Service", "kind: [Service").with(
                "a/f3.yaml",
                "data:",
                "data: {",
            ),
        ),
        (
            "malformed-yaml",
            Tree::new().with("b/f2.yaml", "data:", "data: {").with(
                "a/f12.yaml",
                "data:",
                "data: {",
            ),
        ),
        (
            "malformed-yaml",
            Tree::new().with("b/f2.yaml", "data:", "data: {").with(
                "a/f12.yaml",
                "key: ",
                "key: \u{1}",
            ),
        ),
        (
            "malformed-yaml",
            Tree::new().with(
                "a/f5.yaml",
                "---\napiVersion: v1\nkind: Service",
                "--- x\napiVersion: v1\nkind: Service",
            ),
        ),
        (
            "file-not-found",
            Tree::new().with("b/kustomization.yaml", "- f3.yaml", "- f3.yml").with(
                "b/f2.yaml",
                "data:",
                "data: {",
            ),
        ),
        ("missing-kind", Tree::new().with("b/f2.yaml", "kind: Service", "kynd: Service")),
        // Resources: what comes in twice, or is the same after a step.
        (
            "duplicate-id",
            Tree::new().with("a/f9.yaml", "name: c93", "name: c3").with(
                "a/f8.yaml",
                "name: c81",
                "name: c1",
            ),
        ),
        (
            "duplicate-id",
            Tree::new().with("a/kustomization.yaml", "namePrefix: a-", "namePrefix: b-"),
        ),
        ("replica-target-not-found", Tree::new().with(overlay, "name: d7", "name: none")),
        // Steps: the first one that fails, and the first resource that it fails on.
        ("", Tree::new().with(overlay, "/spec/paused", "/spec/none/paused")),
        (
            "",
            Tree::new().with("a/f9.yaml", "image: app:1", "image: [app]").with(
                "b/f1.yaml",
                "spec:\n  selector: {matchLabels",
                "spec: x\ny:\n  selector: {matchLabels",
            ),
        ),
        (
            "",
            Tree::new().with("b/f14.yaml", "image: app:1", "image: [app]").with(
                "a/f9.yaml",
                "image: app:1",
                "image: {app: 1}",
            ),
        ),
        // Output: values that have no form in YAML.
        (
            "unrepresentable-value",
            Tree::new().with("b/f9.yaml", "port: 2", "port: .inf, x: 1").with(
                "a/f2.yaml",
                "port: 6",
                "port: .nan, x: 1",
            ),
        ),
    ];
    for (code, tree) in failing {
        let outcome = tree.check(&[]);
        assert_eq!(outcome.code, Some(1), "{code}: it fails");
        assert!(outcome.stderr.contains(code), "{code}: {}", outcome.stderr);
    }
}

#[test]
fn a_budget_ends_at_the_same_place() {
    let tree = Tree::new();
    // From the first files to the last part of the output.
    for limit in [
        "bytes=50KB",
        "bytes=700KB",
        "bytes=2MB",
        "bytes=4MB",
        "bytes=5MB",
        "resources=1000",
        "directories=2",
        "files=200KB",
    ] {
        let outcome = tree.check(&["--limit", limit]);
        let is_spent = outcome.code == Some(1) && outcome.stderr.contains("limit-exceeded");
        assert!(is_spent || limit == "bytes=5MB", "{limit}: {}", outcome.stderr);
    }
}
