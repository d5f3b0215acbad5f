//! krender in the place of other programs: as `kustomize`, as plugins of kubectl and Helm, and in shells.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the program is run, and files are made")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}}\n";

/// A folder with files, in which programs run.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs krender, or a link to it in this folder.
    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.run_with(program, arguments, &[], "")
    }

    fn run_with(
        &self,
        program: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        input: &str,
    ) -> Output {
        let link = self.path().join(program);
        let program = if link.exists() { link } else { env!("CARGO_BIN_EXE_krender").into() };
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its input has closed it.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        child.wait_with_output().unwrap()
    }

    /// The names of the files below a folder.
    fn files(&self, below: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path().join(below)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[track_caller]
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn complained(output: &Output) -> String {
    assert!(!output.status.success());
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_link_takes_the_place_of_kustomize() {
    let folder = Folder::with(&[
        ("app/kustomization.yaml", "resources: [pod.yaml]\n"),
        ("app/pod.yaml", POD),
    ]);
    let made = folder.run("krender", &["install", "kustomize", "."]);
    assert_eq!(printed(&made), "./kustomize\n");
    assert_eq!(printed(&folder.run("kustomize", &["version"])), "v5.8.1\n");
    // Argo CD strips the braces and doubled spaces, and takes the first number.
    let short = folder.run("kustomize", &["version", "--short"]);
    assert!(printed(&short).starts_with("{kustomize/v5.8.1  20"));
    assert_eq!(
        String::from_utf8(short.stderr).unwrap(),
        "Flag --short has been deprecated, and will be removed in the future.\n"
    );
    assert!(!printed(&folder.run("kustomize", &["version", "-o", "json"])).contains("krender"));
    let rendered = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n";
    for arguments in [
        &["build", "app"][..],
        &["build", "./app/"],
        &["build", "app", "--load-restrictor=LoadRestrictionsNone"],
        &["build", "--load-restrictor", "LoadRestrictionsNone", "--enable-alpha-plugins", "app"],
        &["build", "--enable_alpha_plugins", "app"],
        &[
            "build",
            "app",
            "--enable-helm",
            "--helm-command",
            "helm",
            "--env",
            "A=B",
            "--output",
            "-",
        ],
        &["-o", "-", "build", "--enable-helm", "app"],
        &["build", "-o=-", "--", "app"],
    ] {
        assert_eq!(printed(&folder.run("kustomize", arguments)), rendered, "{arguments:?}");
    }
    let help = printed(&folder.run("kustomize", &["build", "--help"]));
    assert!(help.contains("Usage: kustomize build") && help.contains("  kustomize build overlays"));
    for arguments in [&[][..], &["edit"], &["help", "completion"]] {
        let help = printed(&folder.run("kustomize", arguments));
        assert!(help.contains("Usage: kustomize") && !help.contains("  krender "), "{help}");
    }
    let error = complained(&folder.run("kustomize", &["bogus"]));
    assert!(error.contains("`kustomize --help`"), "{error}");
}

#[test]
fn a_link_replaces_nothing_but_a_link_to_krender() {
    let folder = Folder::with(&[("bin/kustomize", "another program")]);
    let error = complained(&folder.run("krender", &["install", "kustomize", "bin"]));
    assert!(
        error.contains("`bin/kustomize` is there already") && error.contains("--force"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(folder.path().join("bin/kustomize")).unwrap(), "another program");
    for _ in 0..2 {
        printed(&folder.run("krender", &["install", "kustomize", "bin", "--force"]));
        printed(&folder.run("krender", &["install", "kustomize", "bin"]));
    }
    assert_eq!(printed(&folder.run("bin/kustomize", &["version"])), "v5.8.1\n");
}

/// The test of kubebuilder's Makefile for a tool that need not be downloaded, and what it does then.
#[test]
fn a_project_of_kubebuilder_has_its_tool() {
    let folder = Folder::with(&[]);
    for _ in 0..2 {
        let made = folder.run("krender", &["install", "kubebuilder", "bin"]);
        assert_eq!(printed(&made), "bin/kustomize\n");
    }
    let (link, copy) =
        (folder.path().join("bin/kustomize"), folder.path().join("bin/kustomize-v5.8.1"));
    for _ in 0..2 {
        assert!(fs::symlink_metadata(&copy).unwrap().is_file());
        assert_eq!(fs::read_link(&link).unwrap(), copy);
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(fs::canonicalize(&copy).unwrap(), &link).unwrap();
    }
    assert_eq!(printed(&folder.run("bin/kustomize", &["version"])), "v5.8.1\n");
    printed(
        &folder.run("krender", &["install", "kubebuilder", "bin", "--kustomize-version", "v5.7.1"]),
    );
    let error =
        folder.run("krender", &["install", "kubebuilder", "bin", "--kustomize-version", "../x"]);
    assert!(complained(&error).contains("cannot be `../x`"));
}

#[test]
fn a_link_is_a_plugin_of_kubectl() {
    let folder = Folder::with(&[]);
    printed(&folder.run("krender", &["install", "kubectl-krender", "."]));
    let help = printed(&folder.run("kubectl-krender", &["build", "--help"]));
    assert!(help.contains("Usage: kubectl krender build"), "{help}");
    assert!(help.contains("\n  kubectl krender build overlays/prod\n"), "{help}");
}

#[test]
fn a_folder_is_a_plugin_of_helm() {
    let folder = Folder::with(&[("kustomization.yaml", "namePrefix: a-\n")]);
    assert_eq!(printed(&folder.run("krender", &["install", "helm-plugin", "."])), "./krender\n");
    let description = fs::read_to_string(folder.path().join("krender/plugin.yaml")).unwrap();
    assert!(description.contains("type: postrenderer/v1"));
    let rendered = folder.run_with("krender/krender", &["post-render"], &[], POD);
    assert!(printed(&rendered).contains("name: a-web"));
}

#[test]
fn install_replaces_nothing_of_others() {
    let folder = Folder::with(&[
        ("h/krender/plugin.yaml", "name: other\n"),
        ("b/kustomize-v5.8.1", "other"),
    ]);
    for (role, place, file) in
        [("helm-plugin", "h", "h/krender/plugin.yaml"), ("kubebuilder", "b", "b/kustomize-v5.8.1")]
    {
        let before = fs::read_to_string(folder.path().join(file)).unwrap();
        let error = complained(&folder.run("krender", &["install", role, place]));
        assert!(error.contains("is there already") && error.contains("--force"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join(file)).unwrap(), before);
        printed(&folder.run("krender", &["install", role, place, "--force"]));
    }
    printed(&folder.run("krender", &["install", "helm-plugin", "h"]));
    fs::create_dir(folder.path().join("l")).unwrap();
    std::os::unix::fs::symlink("../h", folder.path().join("l/krender")).unwrap();
    let error = complained(&folder.run("krender", &["install", "helm-plugin", "l"]));
    assert!(error.contains("is a link"), "{error}");
}

#[test]
fn standard_input_is_read_up_to_a_limit() {
    let folder = Folder::with(&[("kustomization.yaml", "namePrefix: a-\n")]);
    let much = "# ".repeat(5_000);
    for arguments in [&["post-render"][..], &["cfg", "count"]] {
        let arguments = [arguments, &["--limit", "files=9KB"]].concat();
        let error = complained(&folder.run_with("krender", &arguments, &[], &much));
        assert!(error.contains("limit-exceeded"), "{error}");
    }
}

#[test]
fn manifests_of_another_program_are_rendered_with_a_kustomization() {
    let rendered = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a-web\n";
    for kustomization in [
        "namePrefix: a-\n",
        "resources: [all.yaml]\nnamePrefix: a-\n",
        "resources: [./all.yaml] # from helm\nnamePrefix: a-\n",
        "# only this\nresources: []\nnamePrefix: a-\n",
        "resources:\nnamePrefix: a-\n",
    ] {
        let folder = Folder::with(&[("o/kustomization.yml", kustomization)]);
        let output = folder.run_with("krender", &["post-render", "o"], &[], POD);
        assert_eq!(printed(&output), rendered, "{kustomization}");
        assert_eq!(folder.files("o"), BTreeSet::from(["kustomization.yml".to_owned()]));
    }
    let named = Folder::with(&[("kustomization.yaml", "resources: [helm.yaml]\nnamePrefix: a-\n")]);
    let output = named.run_with("krender", &["post-render", "--as", "helm.yaml"], &[], POD);
    assert_eq!(printed(&output), rendered);
}

#[test]
fn errors_of_a_post_renderer_name_the_manifests() {
    let folder = Folder::with(&[
        ("kustomization.yaml", "namePrefix: a-\n"),
        ("b/kustomization.yaml", ""),
        ("b/all.yaml", POD),
    ]);
    let run = |arguments: &[&str], input: &str| {
        complained(&folder.run_with("krender", &[&["post-render"], arguments].concat(), &[], input))
    };
    let error = run(&[], "kind: Pod\nmetadata: {}\n");
    assert!(error.contains("all.yaml"), "{error}");
    let error = run(&["b"], POD);
    assert!(error.contains("`b/all.yaml` is there already"), "{error}");
    for name in ["../all.yaml", "", "kustomization.yaml"] {
        let error = run(&["--as", name], POD);
        assert!(error.contains(&format!("`--as` cannot be `{name}`")), "{error}");
    }
}

#[test]
fn shells_are_told_what_is_in_the_files() {
    let folder = Folder::with(&[
        ("apps/shop/kustomization.yaml", "resources: [pod.yaml]\nimages: [{name: other}]\n"),
        (
            "apps/shop/pod.yaml",
            "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a, image: 'reg:5000/a/b:1'}]}}\n",
        ),
        ("apps/empty/text", ""),
    ]);
    let words = |folder: &Folder, below: &str, words: &[&str]| {
        let index = words.len().to_string();
        let environment = [
            ("KRENDER_COMPLETE", "bash"),
            ("_CLAP_COMPLETE_INDEX", &*index),
            ("_CLAP_COMPLETE_COMP_TYPE", "9"),
            ("_CLAP_IFS", "\n"),
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_krender"));
        command.args(["--", "krender"]).args(words).current_dir(folder.path().join(below));
        printed(&command.env_clear().envs(environment).output().unwrap())
    };
    assert!(words(&folder, "", &["expl"]).contains("explain"));
    assert!(words(&folder, "", &["explain", "KR-SEC-02"]).contains("KR-SEC-022"));
    assert_eq!(words(&folder, "", &["build", "apps/"]), "apps/shop");
    assert_eq!(words(&folder, "", &["build", "ap"]), "apps/");
    // Shells put candidates on the command line as they are.
    let hostile = Folder::with(&[
        (
            "kustomization.yaml",
            "resources: [\"w$(touch x)\", 'w;x', 'w`x`', \"w\\nx\", -w, 'w x', web.yaml]\nimages: [{name: 'w$(x)'}, {name: web}]\n",
        ),
        ("w$(touch x)/kustomization.yaml", ""),
        ("wide/kustomization.yaml", ""),
    ]);
    assert_eq!(words(&hostile, "", &["edit", "remove", "resource", "w"]), "web.yaml");
    assert_eq!(words(&hostile, "", &["edit", "set", "image", "w"]), "web=");
    assert_eq!(words(&hostile, "", &["build", "w"]), "wide");
    // Without a tag, but with the port of a registry.
    let images = words(&folder, "apps/shop", &["edit", "set", "image", "r"]);
    assert_eq!(images, "reg:5000/a/b=");
    let images = words(&folder, "apps/shop", &["edit", "set", "image", "o"]);
    assert_eq!(images, "other=");
    assert_eq!(words(&folder, "apps/shop", &["edit", "remove", "resource", "p"]), "pod.yaml");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = printed(&folder.run("krender", &["completion", shell]));
        assert!(script.contains("krender") && script.contains("KRENDER_COMPLETE"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::with(&[]);
    printed(&folder.run("krender", &["man", "man1"]));
    let pages = folder.files("man1");
    for page in ["krender.1", "krender-build.1", "krender-check.1", "krender-post-render.1"] {
        assert!(pages.contains(page), "{page}");
    }
    let page = fs::read_to_string(folder.path().join("man1/krender-build.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("krender build overlays/prod"), "{page}");
    assert!(printed(&folder.run("krender", &["man"])).contains(".TH krender 1"));
}

#[test]
fn files_of_targets_that_are_gone_are_removed() {
    let text = "configMapGenerator: [{name: a}]\n";
    let folder = Folder::with(&[
        ("site/a/kustomization.yaml", text),
        ("site/b/kustomization.yaml", text),
        ("out/own.yaml", "not of krender\n"),
    ]);
    let build =
        |flags: &[&str]| folder.run("krender", &[&["build", "-q", "-o", "out"], flags].concat());
    let names =
        |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    printed(&build(&["--all", "site", "--prune"]));
    assert_eq!(folder.files("out"), names(&[".krender-files", "a.yaml", "b.yaml", "own.yaml"]));
    // A target that fails keeps its file.
    fs::write(folder.path().join("site/b/kustomization.yaml"), "resources: [gone]\n").unwrap();
    assert!(!build(&["--all", "site", "--prune"]).status.success());
    assert_eq!(folder.files("out"), names(&[".krender-files", "a.yaml", "b.yaml", "own.yaml"]));
    fs::remove_dir_all(folder.path().join("site/b")).unwrap();
    printed(&build(&["--all", "site"]));
    assert_eq!(folder.files("out"), names(&[".krender-files", "a.yaml", "b.yaml", "own.yaml"]));
    printed(&build(&["--all", "site", "--prune"]));
    assert_eq!(folder.files("out"), names(&[".krender-files", "a.yaml", "own.yaml"]));
    // One target: a file per resource.
    printed(&build(&["site/a", "--prune"]));
    let files = folder.files("out");
    assert!(!files.contains("a.yaml") && files.len() == 3, "{files:?}");
}

#[test]
fn a_forged_list_removes_nothing_outside() {
    let folder = Folder::with(&[
        ("site/a/kustomization.yaml", "configMapGenerator: [{name: a}]\n"),
        ("out/.krender-files", "../precious.yaml\n"),
        ("precious.yaml", ""),
        ("own/kustomization.yaml", "configMapGenerator: [{name: a}]\n"),
        ("own/.krender-files", "kustomization.yaml\n"),
    ]);
    // The kustomization itself could have the name of an output file.
    for arguments in [&["build", "own", "-o", "own"][..], &["build", "--all", "own", "-o", "."]] {
        let error = complained(&folder.run("krender", &[arguments, &["--prune"]].concat()));
        assert!(error.contains("in it"), "{error}");
    }
    assert!(folder.path().join("own/kustomization.yaml").exists());
    let output = folder.run("krender", &["build", "--all", "site", "-o", "out", "--prune"]);
    let error = complained(&output);
    assert!(error.contains("`out/.krender-files`: it has the line `../precious.yaml`"), "{error}");
    assert!(folder.path().join("precious.yaml").exists());
    for arguments in [
        &["build", "site/a", "--prune"][..],
        &["build", "site/a", "-o", "a.yaml", "--prune"],
        &["build", "--all", "site", "--prune"],
        &["build", "--all", "site", "-o", "out", "--prune", "--include", "a"],
        &["build", "--all", "site", "-o", "out", "--prune", "--shard", "1/2"],
    ] {
        assert!(complained(&folder.run("krender", arguments)).contains("--prune"), "{arguments:?}");
    }
}
