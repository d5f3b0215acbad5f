//! `krender krm`, and krender as an executable in kustomize's folder of plugins.
#![expect(clippy::disallowed_methods, reason = "the program is run, and files are made")]
#![expect(clippy::unwrap_used, reason = "this is a test")]
#![cfg(unix)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_krender");

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    config.kubernetes.io/index: '0'
    internal.config.kubernetes.io/path: web.yaml
    kustomize.config.k8s.io/id: web-id
spec:
  containers:
  - name: web
    image: example.com/web:1
";

fn config(kind: &str, spec: &str) -> String {
    format!("apiVersion: krender.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: h}}\nspec: {spec}\n")
}

fn list(items: &str, config: &str) -> String {
    let indented =
        |text: &str, by: &str| text.lines().map(|line| format!("{by}{line}\n")).collect::<String>();
    let items = indented(items, "  ").replacen("  ", "- ", 1);
    format!(
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n{items}functionConfig:\n{}",
        indented(config, "  ")
    )
}

fn run(program: &Path, arguments: &[&str], input: &str, folder: &Path) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may fail before it reads.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

fn krm(input: &str) -> Output {
    run(Path::new(PROGRAM), &["krm"], input, Path::new("."))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_function_hardens_and_keeps_the_bookkeeping() {
    let output = krm(&list(POD, &config("HardeningTransformer", "{profile: restricted}")));
    let found = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for part in [
        "kind: ResourceList",
        "runAsNonRoot: true",
        "internal.config.kubernetes.io/path: web.yaml",
        "kustomize.config.k8s.io/id: web-id",
        "config.kubernetes.io/index: \"0\"",
        "rule: KR-SEC-021",
        "severity: info",
    ] {
        assert!(found.replace("'0'", "\"0\"").contains(part), "{part}\n{found}");
    }
    let plain = text(&krm(&list(POD, &config("HardeningTransformer", "{}"))).stdout);
    assert!(plain.contains("allowPrivilegeEscalation: false"), "{plain}");
    assert!(!plain.contains("runAsNonRoot: true"), "{plain}");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: h}\ndata: {profile: restricted}\n";
    assert!(text(&krm(&list(POD, map)).stdout).contains("runAsNonRoot: true"));
}

#[test]
fn a_function_fails_closed() {
    let transformer = config("HardeningTransformer", "{profile: restricted}");
    let failing = [
        list(POD, &config("HardeningValidator", "{profile: restricted}")),
        list(POD, &config("HardeningTransformer", "{profil: restricted}")),
        list(POD, &config("HardeningThing", "{}")),
        list(POD, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: h}\ndata: {other: a}\n"),
        list("name: nothing\n", &transformer),
        list(POD, &transformer).replace("ResourceList", "List"),
        "items: [".to_owned(),
        String::new(),
    ];
    for input in failing {
        let output = krm(&input);
        assert_eq!(output.status.code(), Some(1), "{input}");
        assert_eq!(text(&output.stdout), "", "{input}");
        assert!(!output.stderr.is_empty(), "{input}");
    }
    let accepted = krm(&list(POD, &config("HardeningValidator", "{profile: privileged}")));
    assert!(accepted.status.success(), "{}", text(&accepted.stderr));
    assert!(text(&accepted.stdout).contains("items: []"), "{}", text(&accepted.stdout));
}

#[test]
fn a_validator_gives_back_what_others_than_kustomize_give_to_it() {
    let pod = POD.replace("    kustomize.config.k8s.io/id: web-id\n", "");
    let accepted = krm(&list(&pod, &config("HardeningValidator", "{profile: privileged}")));
    let found = text(&accepted.stdout);
    assert!(accepted.status.success() && found.contains("image: example.com/web:1"), "{found}");
}

#[test]
fn a_function_refuses_what_it_would_drop_or_others_read_otherwise() {
    for kind in ["HardeningTransformer", "HardeningValidator"] {
        let config = config(kind, "{profile: privileged}");
        let whole = list(POD, &config);
        assert!(krm(&whole).status.success());
        let pod = list(&POD.replace("    image:", "    image: other:1\n    image:"), &config);
        for input in [
            format!("{whole}---\n{whole}"),
            format!("{whole}---\nkind: Pod\n"),
            format!("{whole}...\nkind: Pod\n"),
            format!("{whole}items: []\n"),
            format!("{whole}functionConfig: {{kind: ConfigMap}}\n"),
            format!("{whole}  kind: ConfigMap\n"),
            pod,
        ] {
            let output = krm(&input);
            assert_eq!(output.status.code(), Some(1), "{input}");
            assert_eq!(text(&output.stdout), "", "{input}");
        }
    }
}

/// A folder with links to krender for kustomize's plugins, and an overlay that is hardened.
fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let own = |line: &&str| !line.contains("kubernetes.io") && !line.contains("k8s.io");
    let pod: Vec<&str> = POD.lines().filter(own).filter(|line| !line.contains("annot")).collect();
    write("app/pod.yaml", &(pod.join("\n") + "\n"));
    write(
        "app/kustomization.yaml",
        "resources: [pod.yaml]\nnamePrefix: eu-\ntransformers: [harden.yaml]\nvalidators: [check.yaml]\n",
    );
    write("app/harden.yaml", &config("HardeningTransformer", "{profile: restricted}"));
    write("app/check.yaml", &config("HardeningValidator", "{profile: restricted}"));
    let plugins = folder.path().join("config/kustomize/plugin");
    let installed = Command::new(PROGRAM).args(["install", "plugin"]).arg(&plugins).output();
    assert!(installed.unwrap().status.success());
    folder
}

#[test]
fn an_executable_of_plugins_reads_documents() {
    let folder = tree();
    let program = folder.path().join(
        "config/kustomize/plugin/krender.dev/v1alpha1/hardeningtransformer/HardeningTransformer",
    );
    let two = format!("{POD}---\n{}", POD.replace("web", "two"));
    let output = run(&program, &["app/harden.yaml"], &two, folder.path());
    let found = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(found.matches("runAsNonRoot: true").count(), 2, "{found}");
    assert!(found.contains("kustomize.config.k8s.io/id: web-id"), "{found}");
    for arguments in [&[][..], &["missing.yaml"], &["app/check.yaml"], &["app/pod.yaml"]] {
        let output = run(&program, arguments, POD, folder.path());
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
    }
    let validator = folder
        .path()
        .join("config/kustomize/plugin/krender.dev/v1alpha1/hardeningvalidator/HardeningValidator");
    let output = run(&validator, &["app/check.yaml"], POD, folder.path());
    assert!(!output.status.success() && output.stdout.is_empty());
    let output = run(&validator, &["app/check.yaml"], &found, folder.path());
    assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output.stderr));
}

/// krender runs itself as a function.
#[test]
fn krender_runs_itself_as_a_function() {
    let folder = tree();
    let function = |data: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: h\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {{path: {PROGRAM}, args: [krm]}}\ndata: {{{data}}}\n"
        )
    };
    let write = |name: &str, text: &str| fs::write(folder.path().join("app").join(name), text);
    let build = |arguments: &[&str]| {
        Command::new(PROGRAM).args(arguments).current_dir(folder.path()).output().unwrap()
    };
    let native = build(&["build", "app"]);
    assert!(native.status.success(), "{}", text(&native.stderr));
    write("harden.yaml", &function("profile: restricted")).unwrap();
    let flags = ["build", "--enable-alpha-plugins", "--enable-exec", "app"];
    let found = build(&flags);
    assert_eq!(text(&found.stdout), text(&native.stdout), "{}", text(&found.stderr));
    write("harden.yaml", &function("profile: unknown")).unwrap();
    let failed = build(&flags);
    assert!(!failed.status.success() && failed.stdout.is_empty());
}

/// kubectl calls the program by its link, and gives the same bytes as krender.
#[test]
fn kubectl_runs_the_executable() {
    let is_there = Command::new("kubectl").args(["version", "--client"]).output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: kubectl is not installed");
        return;
    }
    let folder = tree();
    let kubectl = |flags: &[&str]| {
        Command::new("kubectl")
            .arg("kustomize")
            .args(flags)
            .arg("app")
            .current_dir(folder.path())
            .env("XDG_CONFIG_HOME", folder.path().join("config"))
            .output()
            .unwrap()
    };
    let native = Command::new(PROGRAM).args(["build", "app"]).current_dir(folder.path()).output();
    let native = native.unwrap();
    let found = kubectl(&["--enable-alpha-plugins"]);
    assert_eq!(text(&found.stdout), text(&native.stdout), "{}", text(&found.stderr));
    assert!(text(&found.stdout).contains("runAsNonRoot: true"));
    // Without the flag it fails.
    assert!(!kubectl(&[]).status.success());
    // A validator that finds something fails the build.
    fs::write(
        folder.path().join("app/kustomization.yaml"),
        "resources: [pod.yaml]\nvalidators: [check.yaml]\n",
    )
    .unwrap();
    let failed = kubectl(&["--enable-alpha-plugins"]);
    assert!(!failed.status.success() && failed.stdout.is_empty(), "{}", text(&failed.stdout));
}
