//! `krender affected` in a repository. These tests run git, so they cannot be cases under testdata.
#![expect(clippy::disallowed_methods, reason = "programs are run, and files are changed")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A base, two overlays on it, and one on its own.
const FILES: [(&str, &str); 5] = [
    ("site/base/kustomization.yaml", "resources: [pod.yaml]\n"),
    ("site/base/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n"),
    ("site/prod/kustomization.yaml", "resources: [../base]\n"),
    ("site/test/kustomization.yaml", "resources: [../base]\nnamePrefix: test-\n"),
    ("site/lone/kustomization.yaml", "configMapGenerator: [{name: c, files: [text]}]\n"),
];

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    let nowhere = folder.join("no-settings");
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", &nowhere)
        .env("GIT_CONFIG_SYSTEM", &nowhere)
        .output()
        .unwrap()
}

fn git(folder: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    let output = run(folder, "git", &[&who, arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn affected(folder: &Path, arguments: &[&str]) -> String {
    let program = env!("CARGO_BIN_EXE_krender");
    let output = run(folder, program, &[&["affected"], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::write(folder.path().join("site/lone/text"), "one\n").unwrap();
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "--all"]);
    git(folder.path(), &["commit", "--quiet", "--message", "Begin"]);
    folder
}

#[test]
fn a_change_reaches_the_targets_that_are_rendered_from_it() {
    let repository = repository();
    let folder = repository.path();
    assert_eq!(affected(folder, &["--since", "HEAD"]), "");
    // A file that no target uses affects no target.
    fs::write(folder.join("site/base/unused.yaml"), "a: 1\n").unwrap();
    assert_eq!(affected(folder, &["--since", "HEAD"]), "");
    fs::write(folder.join("site/lone/text"), "two\n").unwrap();
    assert_eq!(affected(folder, &["--since", "HEAD"]), "site/lone\n");
    git(folder, &["commit", "--quiet", "--all", "--message", "Change"]);
    fs::write(folder.join("site/base/pod.yaml"), "{kind: Broken\n").unwrap();
    assert_eq!(affected(folder, &["--since", "HEAD"]), "site/prod\nsite/test\n");
    assert_eq!(affected(folder, &["--since", "HEAD", "--exclude", "test"]), "site/prod\n");
    assert_eq!(affected(folder, &["--since", "HEAD~1"]), "site/lone\nsite/prod\nsite/test\n");
    assert_eq!(affected(&folder.join("site"), &["--since", "HEAD", "prod"]), "prod\n");
    fs::remove_file(folder.join("site/base/pod.yaml")).unwrap();
    assert_eq!(
        affected(folder, &["--since", "HEAD", "--format", "json", "--jobs", "1"]),
        "{\"target\":\"site/prod\",\"changed\":[\"site/base/pod.yaml\"]}\n\
         {\"target\":\"site/test\",\"changed\":[\"site/base/pod.yaml\"]}\n"
    );
}

#[test]
fn patterns_match_targets_of_both_sides() {
    let repository = repository();
    let folder = repository.path();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_krender"))
            .arg("affected")
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, error) = run(&["--since", "HEAD", "--include", "prd"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("did you mean `--include prod`?"), "{error}");
    // A target that is gone was one.
    fs::remove_dir_all(folder.join("site/lone")).unwrap();
    assert_eq!(affected(folder, &["--since", "HEAD", "--include", "site/lone"]), "");
    git(folder, &["commit", "--quiet", "--all", "--message", "Remove"]);
    assert_eq!(run(&["--since", "HEAD", "--include", "site/lone"]).0, Some(2));
    assert_eq!(affected(folder, &["--since", "HEAD~1", "--include", "site/lone"]), "");
}

#[test]
fn a_file_that_is_new_reaches_those_that_looked_for_it() {
    let repository = repository();
    let folder = repository.path();
    // With a second kustomization file, the target fails.
    fs::write(folder.join("site/prod/Kustomization"), "").unwrap();
    assert_eq!(affected(folder, &["--since", "HEAD"]), "site/prod\n");
}

#[test]
fn what_git_cannot_do_is_told() {
    let repository = repository();
    let told = |folder: &Path, revision: &str| {
        let since = format!("--since={revision}");
        let output = run(folder, env!("CARGO_BIN_EXE_krender"), &["affected", &since]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(told(repository.path(), "nowhere").contains("git knows no revision `nowhere`"));
    assert!(told(repository.path(), "--output=x").contains("git knows no revision `--output=x`"));
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(told(elsewhere.path(), "HEAD").contains("is not in a git repository"));
}

#[cfg(unix)]
#[test]
fn a_path_may_lead_through_a_link_outside_of_the_repository() {
    let repository = repository();
    let links = tempfile::tempdir().unwrap();
    fs::write(repository.path().join("site/lone/text"), "two\n").unwrap();
    let link = |target: &str, name: &str| {
        let link = links.path().join(name);
        std::os::unix::fs::symlink(repository.path().join(target), &link).unwrap();
        link.to_str().unwrap().to_owned()
    };
    let (top, lone) = (link("", "top"), link("site/lone", "lone"));
    let below = format!("{top}/site/lone");
    for path in [&lone, &below] {
        assert_eq!(affected(repository.path(), &["--since", "HEAD", path]), format!("{path}\n"));
    }
    let program = env!("CARGO_BIN_EXE_krender");
    let diff = |arguments: &[&str]| {
        let output = run(repository.path(), program, &[&["diff", "--git"], arguments].concat());
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let (expected, _) = diff(&["HEAD", "site/lone"]);
    assert!(expected.starts_with("site/lone: 1 renamed") || expected.contains("two"), "{expected}");
    let committed = |folder: &Path| {
        git(folder, &["add", "--all"]);
        git(folder, &["commit", "--quiet", "--message", "Change"]);
    };
    for revisions in ["HEAD", "HEAD~1..HEAD"] {
        if revisions != "HEAD" {
            committed(repository.path());
        }
        for path in [&lone, &below] {
            let (text, code) = diff(&[revisions, path]);
            assert_eq!(code, Some(1), "{revisions} {text}");
            assert_eq!(text.replace(path.as_str(), "site/lone"), expected, "{revisions}");
        }
    }
    // A lost target is reported for this path, too.
    fs::remove_dir_all(repository.path().join("site/lone")).unwrap();
    let check = ["check", "--all", "--git", "HEAD", "--rule", "KR-CFG-004"];
    let output = run(repository.path(), program, &[&check[..], &[&top]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("KR-CFG-004") && text.contains(&below), "{text}");
}

/// Findings of Dockerfiles are compared with those at the revision, as those of targets are.
#[test]
fn findings_of_dockerfiles_are_new_or_known() {
    let repository = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_krender");
    let write = |name: &str, text: &str| fs::write(repository.path().join(name), text).unwrap();
    write("Dockerfile", "FROM debian:latest\nRUN make\n");
    git(repository.path(), &["init", "--quiet"]);
    git(repository.path(), &["add", "--all"]);
    git(repository.path(), &["commit", "--quiet", "--message", "Add"]);
    let check = |arguments: &[&str]| {
        let all = ["check", "--dockerfiles", "--rule", "base-unpinned", "--format", "github"];
        let output = run(repository.path(), program, &[&all[..], arguments].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .filter(|line| line.contains("title=KR-DKR-"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(check(&["."]).len(), 1);
    for argument in [".", "Dockerfile"] {
        assert_eq!(check(&["--git", "HEAD", argument]), [""; 0], "{argument}");
    }
    write("Dockerfile", "FROM debian:latest\nRUN make\nFROM alpine:latest\nCOPY --from=0 a b\n");
    write("other.Dockerfile", "FROM nginx:latest\n");
    let found = check(&["--git", "HEAD", "."]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|line| !line.contains("debian")), "{found:?}");
}
