//! Tests that cannot be cases under testdata: names, pipes, colours, the working directory, and the README.
#![expect(clippy::disallowed_methods, reason = "the program is run from outside")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const SAMPLE: &str = "testdata/sample/bookshop/input/overlays/production";

fn krender() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_krender"));
    command.env_clear().stdin(Stdio::null()).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn shows_sample(output: &Output) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        text("testdata/sample/bookshop/expected.yaml")
    );
    assert!(output.status.success());
}

#[test]
fn without_a_directory_the_current_one_is_built() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(SAMPLE);
    shows_sample(&krender().arg("build").current_dir(folder).output().unwrap());
}

#[cfg(unix)]
#[test]
fn it_is_the_same_program_under_the_name_kustomize() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("kustomize");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_krender"), &named).unwrap();
    let kustomize = |arguments: &[&str]| {
        Command::new(&named)
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .output()
            .unwrap()
    };
    shows_sample(&kustomize(&["build", SAMPLE]));
    let output = kustomize(&["bulid"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let output = kustomize(&["build", "--wrong"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("`kustomize build --help`"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = krender()
        .args(["build", SAMPLE])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
        (Some(0), "")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = krender().args(["build", SAMPLE]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with("error[write-failed]: standard output ")
    );
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    let stderr = |variables: &[(&str, &str)]| {
        let output = krender().arg("bulid").envs(variables.iter().copied()).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(!stderr(&[]).contains('\x1b'));
    assert!(stderr(&[("CLICOLOR_FORCE", "1")]).contains('\x1b'));
    assert!(!stderr(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\x1b'));
}

#[test]
fn the_readme_tells_the_truth() {
    let readme = text("README.md");
    let blocks = |language: &str| -> Vec<String> {
        let fence = format!("```{language}\n");
        let parts = readme.split(&fence).skip(1);
        parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
    };
    assert_eq!(
        blocks("sh"),
        [
            format!("cargo build --release\ntarget/release/krender build {SAMPLE}\n"),
            "cargo test\n".to_owned()
        ]
    );
    let sample = text("testdata/sample/bookshop/expected.yaml");
    let step = text("testdata/check/hardened/input/hardened/hardening.yaml");
    let shown = blocks("yaml");
    assert!(shown.contains(&step), "a case shows what it does");
    for shown in shown.iter().filter(|shown| **shown != step) {
        assert!(sample.contains(shown), "not in the render of the sample:\n{shown}");
    }
    let failure = text("testdata/errors/missing-file/expected.err");
    assert_eq!(blocks("text"), [failure]);
}

#[test]
fn the_page_of_rules_is_current() {
    let output = krender().args(["rules", "--format", "markdown"]).output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("KRENDER_BLESS").is_some_and(|value| value == "1") {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md"), &page).unwrap();
    }
    assert!(page == text("docs/rules.md"), "KRENDER_BLESS=1 writes docs/rules.md anew");
}

/// The configuration that is found without a flag: from the working directory up to the top of the repository, and no
/// further.
#[test]
fn the_nearest_configuration_is_found_within_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let configuration = |rule: &str| {
        format!(
            "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec: {{profile: custom, rules: {{{rule}: {{severity: error}}}}}}\n"
        )
    };
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true, hostIPC: true}\n";
    write(".krender.yaml", &configuration("host-pid"));
    write("repository/app/pod.yaml", pod);
    let found = |directory: &str| {
        let output = krender()
            .args(["check", "--format", "github", "pod.yaml"])
            .current_dir(folder.path().join(directory))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        // The configuration is named, because it sets a profile other than the default.
        assert!(
            stderr.is_empty() || stderr.starts_with("warning: the configuration `"),
            "{stderr}"
        );
        let findings = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors: Vec<&str> =
            findings.lines().filter(|line| line.starts_with("::error ")).collect();
        ["host-pid", "host-ipc"].map(|rule| errors.iter().any(|line| line.contains(rule)))
    };
    // Outside of a repository, parent folders may belong to other users: the default profile has both rules.
    assert_eq!(found("repository/app"), [true, true]);
    write("repository/.git/HEAD", "");
    assert_eq!(found("repository/app"), [true, true]);
    write("repository/.krender.yaml", &configuration("host-ipc"));
    assert_eq!(found("repository/app"), [false, true]);
    write("repository/app/.krender.yaml", &configuration("host-pid"));
    assert_eq!(found("repository/app"), [true, false]);
}

/// The findings and their order do not depend on the number of threads.
#[test]
fn findings_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..12 {
        let target = folder.path().join(format!("target-{number}"));
        fs::create_dir_all(&target).unwrap();
        let privileged = if number % 3 == 0 { "true" } else { "false" };
        fs::write(target.join("kustomization.yaml"), "resources: [pod.yaml]\n").unwrap();
        fs::write(target.join("pod.yaml"), format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a{number}}}\nspec: {{containers: [{{name: a, securityContext: {{privileged: {privileged}}}}}]}}\n")).unwrap();
    }
    let judged = |jobs: &str| {
        let output = krender()
            .args(["check", "--all", "--jobs", jobs, "."])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let one = judged("1");
    assert!(one.contains("12 targets by"));
    assert_eq!(judged("7"), one);
}

/// The timings of a run are the costs by which the next one distributes targets to shards.
#[test]
fn timings_are_lines_for_programs_and_costs_for_shards() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in
        [("a", "namePrefix: a-"), ("b", "namePrefix: b-"), ("c", "resources: [x.yaml]")]
    {
        fs::create_dir(folder.path().join(name)).unwrap();
        let text = format!("{text}\nconfigMapGenerator: [{{name: c}}]\n");
        fs::write(folder.path().join(name).join("kustomization.yaml"), text).unwrap();
    }
    let run =
        |arguments: &[&str]| krender().args(arguments).current_dir(folder.path()).output().unwrap();
    let output = run(&["build", "--all", ".", "--timings", "--error-format", "json"]);
    let told = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let timings: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            Some(format!("{} {} {}", line["timing"].as_str()?, line["target"], line["outcome"]))
        })
        .collect();
    assert_eq!(
        timings,
        [
            "target \"a\" \"rendered\"",
            "target \"b\" \"rendered\"",
            "target \"c\" \"failed\"",
            "run null null",
        ]
    );
    let run_line = &lines[lines.len() - 1];
    assert_eq!((&run_line["targets"], &run_line["failed"]), (&3.into(), &1.into()));
    let told = told.replace("\"target\":\"a\"", "\"target\":\"unknown\"");
    fs::write(folder.path().join("costs.json"), told).unwrap();
    let parts = ["1/2", "2/2"].map(|part| {
        let output = run(&["shard", part, ".", "--costs", "costs.json"]);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    });
    let mut targets: Vec<&str> = parts.iter().flat_map(|part| part.lines()).collect();
    targets.sort_unstable();
    assert_eq!(targets, ["a", "b", "c"]);
}

#[test]
fn patterns_that_match_no_target_fail_in_every_command() {
    const TREE: &str = "testdata/sample/bookshop/input";
    let commands: [&[&str]; 14] = [
        &["build", "--all", TREE],
        &["build", "--all", TREE, "--shard", "1/2"],
        &["shard", "1/2", TREE],
        &["tree", "--all", TREE],
        &["trace", "--all", TREE, "Deployment", "spec.replicas"],
        &["vendor", TREE],
        &["lock", "--all", TREE, "--check"],
        &["check", "--all", TREE],
        &["check", "--every", TREE],
        &["lint", "--all", TREE],
        &["report", "qos", "--all", TREE],
        &["diff", TREE, TREE],
        &["fix", "--all", TREE, "--dry-run"],
        &["upgrade", "--from", "1.30", "--all", TREE],
    ];
    for words in commands {
        let output = krender().args(words).args(["--include", "productoin"]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {error}");
        assert!(output.stdout.is_empty(), "{words:?}");
        for told in [
            "`--include productoin` does not match",
            "did you mean `--include production`?",
            "overlays/production`",
        ] {
            assert!(error.contains(told), "{words:?}: {error}");
        }
    }
    // One that matches something else does not help.
    let output = krender()
        .args(["check", "--all", TREE, "--include", "production", "--include", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    // What kustomize refuses ends as there.
    for words in [&["build", "nowhere"][..], &["build", TREE, "--unknown"]] {
        assert_eq!(krender().args(words).output().unwrap().status.code(), Some(1), "{words:?}");
    }
}
