//! Repositories that try to run code, hide changes or exhaust the machine when git or krender reads them.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::process::Command;

use krender::load::git::{Id, IdHasher, ObjectKind};

use super::lab::{Lab, Outcome};

const KUSTOMIZATION: &str = "resources: [r.yaml]\n";

fn config_map(value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{a: {value}}}\n")
}

/// A repository `top` with the target `deploy`, on the branch `main`.
fn repository() -> Lab {
    let lab = Lab::new();
    lab.write("top/deploy/kustomization.yaml", KUSTOMIZATION);
    lab.write("top/deploy/r.yaml", config_map("one"));
    lab.git(".", &["init", "-q", "top"]);
    commit(&lab);
    lab
}

fn commit(lab: &Lab) {
    lab.git("top", &["add", "-A", "-f"]);
    lab.git("top", &["commit", "-qm", "change"]);
}

/// A command for git configurations that leaves a file if it is run.
fn attack(lab: &Lab) -> String {
    format!("touch {}; false", lab.path("PWNED").display())
}

/// Runs krender, and asserts that the command was not run.
#[track_caller]
fn run(lab: &Lab, folder: &str, arguments: &[&str]) -> Outcome {
    let outcome = lab.krender(folder, arguments);
    assert!(!lab.has("PWNED"), "krender {arguments:?} runs code");
    outcome
}

/// Runs krender in several folders of the repository, and expects one changed target.
#[track_caller]
fn look(lab: &Lab) {
    for (folder, arguments, expected) in [
        ("top", &["affected", "--since", "main", "deploy"][..], "deploy\n"),
        ("top", &["affected", "--since", "main"], "deploy\n"),
        ("top/deploy", &["affected", "--since", "main..."], ".\n"),
    ] {
        let outcome = run(lab, folder, arguments);
        assert_eq!((&*outcome.stdout, outcome.code), (expected, 0), "{}", outcome.stderr);
    }
    for (folder, arguments) in [
        ("top", &["diff", "--git", "main"][..]),
        ("top", &["diff", "--git", "main", "deploy"]),
        ("top/deploy", &["diff", "--git", "main"]),
        ("top/deploy", &["diff", "--git", "main...HEAD"]),
    ] {
        let outcome = run(lab, folder, arguments);
        assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
        assert_eq!(outcome.code, 1, "{arguments:?}");
    }
}

/// A branch on which `deploy` is changed and also looks like a repository, with this configuration.
fn embedded(configuration: &str, more: &[(&str, &str)]) -> Lab {
    let lab = repository();
    lab.git("top", &["checkout", "-q", "-b", "pull"]);
    lab.write("top/deploy/r.yaml", config_map("two"));
    lab.git(".", &["init", "-q", "--bare", "fake.git"]);
    lab.write("fake/empty", "");
    let work = format!("--work-tree={}", lab.path("fake").display());
    lab.git("fake.git", &[&work, "add", "empty"]);
    lab.git("fake.git", &[&work, "commit", "-qm", "x"]);
    lab.git("fake.git", &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    for name in ["HEAD", "index", "refs", "objects"] {
        std::fs::rename(lab.path("fake.git").join(name), lab.path("top/deploy").join(name))
            .unwrap();
    }
    let configuration = configuration.replace("ATTACK", &attack(&lab));
    lab.write("top/deploy/config", format!("[core]\nrepositoryformatversion = 0\n{configuration}"));
    for (path, text) in more {
        lab.write(&format!("top/deploy/{path}"), text);
    }
    commit(&lab);
    lab
}

#[test]
fn embedded_repository_with_fsmonitor() {
    look(&embedded("bare = false\nworktree = .\nfsmonitor = \"ATTACK\"\n", &[]));
}

#[test]
fn embedded_repository_with_clean_filter() {
    let filter = "bare = false\nworktree = .\n[filter \"x\"]\nclean = \"ATTACK\"\nprocess = \"ATTACK\"\nrequired = true\n";
    look(&embedded(filter, &[(".gitattributes", "* filter=x\n")]));
}

#[test]
fn embedded_repository_with_worktree_elsewhere() {
    look(&embedded("bare = false\nworktree = ../..\nfsmonitor = \"ATTACK\"\n", &[]));
}

#[test]
fn embedded_repository_that_is_bare() {
    look(&embedded("bare = true\nfsmonitor = \"ATTACK\"\n", &[]));
}

#[test]
fn embedded_repository_with_hooks() {
    let hook = "#!/bin/sh\ntouch ../PWNED ../../PWNED\n";
    let lab = embedded(
        "bare = false\nworktree = .\nhooksPath = hooks\n",
        &[("hooks/post-index-change", hook), ("hooks/fsmonitor-watchman", hook)],
    );
    look(&lab);
    assert!(!lab.has("top/PWNED"));
}

#[test]
fn embedded_repository_with_include() {
    let included = "[include]\npath = more\n[includeIf \"gitdir:**\"]\npath = more\n";
    let lab = embedded(included, &[]);
    let more = format!("[core]\nfsmonitor = \"{}\"\n", attack(&lab));
    lab.write("top/deploy/more", more);
    commit(&lab);
    look(&lab);
}

#[test]
fn embedded_repository_with_promisor() {
    let remote = "bare = false\nworktree = .\nrepositoryformatversion = 1\n[extensions]\npartialClone = o\n[remote \"o\"]\nurl = \"ext::sh -c touch% PWNED\"\npromisor = true\n[protocol]\nallow = always\n";
    look(&embedded(remote, &[]));
}

/// Only an unpacked archive can contain a nested `.git`: it is used, and its configuration has no effect.
#[test]
fn file_git_in_a_folder() {
    let lab = embedded("bare = false\nworktree = .\nfsmonitor = \"ATTACK\"\n", &[]);
    lab.write("top/deploy/sub/kustomization.yaml", "");
    lab.write("top/deploy/sub/.git", "gitdir: ..\n");
    let outcome = run(&lab, "top/deploy/sub", &["diff", "--git", "HEAD"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stdout);
    run(&lab, "top", &["affected", "--since", "main", "deploy/sub"]);
    run(&lab, "top", &["affected", "--since", "main"]);
    look_at_revisions(&lab);
}

#[track_caller]
fn look_at_revisions(lab: &Lab) {
    let outcome = run(lab, "top", &["diff", "--git", "main..pull", "deploy"]);
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
}

/// A repository whose own configuration is hostile, as in an unpacked archive.
fn hostile(settings: &[(&str, &str)]) -> Lab {
    let lab = repository();
    lab.git("top", &["checkout", "-q", "-b", "pull"]);
    lab.write("top/deploy/r.yaml", config_map("two"));
    commit(&lab);
    // Its time stamp does not show the change: git has to read the file.
    lab.write("top/deploy/r.yaml", config_map("two"));
    for (name, value) in settings {
        lab.git("top", &["config", "--add", name, &value.replace("ATTACK", &attack(&lab))]);
    }
    lab
}

#[test]
fn configuration_with_fsmonitor() {
    look(&hostile(&[("core.fsmonitor", "ATTACK"), ("core.fsmonitorHookVersion", "2")]));
}

#[test]
fn configuration_with_clean_filter() {
    let lab = hostile(&[("filter.x.clean", "ATTACK"), ("filter.x.process", "ATTACK")]);
    lab.write("top/.git/info/attributes", "* filter=x\n");
    look(&lab);
}

#[test]
fn configuration_with_external_diff() {
    let settings = ["diff.external", "diff.x.command", "diff.x.textconv", "merge.x.driver"];
    let lab = hostile(&settings.map(|name| (name, "ATTACK")));
    lab.write("top/.git/info/attributes", "* diff=x merge=x\n");
    look(&lab);
}

#[test]
fn configuration_with_hooks() {
    let lab = hostile(&[("core.hooksPath", ".git/hostile")]);
    for hook in ["post-index-change", "reference-transaction", "pre-auto-gc"] {
        lab.write(&format!("top/.git/hostile/{hook}"), format!("#!/bin/sh\n{}\n", attack(&lab)));
        let hook = lab.path(&format!("top/.git/hostile/{hook}"));
        assert!(Command::new("chmod").arg("+x").arg(hook).status().unwrap().success());
    }
    look(&lab);
}

#[test]
fn configuration_with_includes() {
    let lab = hostile(&[("include.path", "more"), ("includeIf.gitdir:**.path", "more")]);
    let more = format!("[core]\nfsmonitor = \"{0}\"\npager = \"{0}\"\n", attack(&lab));
    lab.write("top/.git/more", more);
    look(&lab);
}

#[test]
fn configuration_with_pagers_and_aliases() {
    let mut settings = vec![("core.pager", "ATTACK"), ("core.editor", "ATTACK")];
    for name in ["pager.ls-files", "pager.cat-file", "alias.ls-files", "alias.cat-file"] {
        settings.push((name, "!ATTACK"));
    }
    settings.extend([("core.alternateRefsCommand", "ATTACK"), ("gpg.program", "ATTACK")]);
    look(&hostile(&settings));
}

#[test]
fn configuration_with_worktree_elsewhere() {
    let lab = hostile(&[]);
    lab.write("outside/deploy/kustomization.yaml", "namePrefix: outside-\n");
    let text = lab.read("top/.git/config") + "[core]\nworktree = ../../outside\nbare = false\n";
    lab.write("top/.git/config", text);
    look(&lab);
}

/// A missing blob, whose promisor remote runs a command.
fn promised(settings: &[(&str, &str)]) -> Lab {
    let lab = hostile(settings);
    let blob = lab.git("top", &["rev-parse", "main:deploy/r.yaml"]);
    let (folder, name) = blob.trim().split_at(2);
    std::fs::remove_file(lab.path(&format!("top/.git/objects/{folder}/{name}"))).unwrap();
    for (name, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "o"),
        ("remote.o.promisor", "true"),
        ("protocol.allow", "always"),
    ] {
        lab.git("top", &["config", name, value]);
    }
    lab
}

#[track_caller]
fn look_for_promised(lab: &Lab) {
    for arguments in
        [&["diff", "--git", "main..pull"][..], &["diff", "--git", "main"], &["check", "deploy"]]
    {
        run(lab, "top", arguments);
    }
    let outcome = run(lab, "top", &["diff", "--git", "main..pull"]);
    assert!(outcome.stderr.contains("is missing in the git repository"), "{}", outcome.stderr);
    assert_eq!(outcome.code, 2);
}

#[test]
fn missing_blob_with_promisor_that_runs_a_command() {
    let allow = ("protocol.ext.allow", "always");
    let lab = promised(&[allow]);
    let url = format!("ext::sh -c touch% {}", lab.path("PWNED").display());
    lab.git("top", &["config", "remote.o.url", &url]);
    look_for_promised(&lab);
}

#[test]
fn missing_blob_with_promisor_over_ssh() {
    let ssh = ("core.sshCommand", "ATTACK");
    look_for_promised(&promised(&[("remote.o.url", "ssh://localhost/x"), ssh]));
}

#[test]
fn missing_blob_with_promisor_and_upload_pack() {
    let pack = ("remote.o.uploadpack", "ATTACK");
    look_for_promised(&promised(&[("remote.o.url", "../other"), pack]));
}

#[test]
fn missing_blob_with_promisor_and_credentials() {
    let url = ("remote.o.url", "http://127.0.0.1:9/x");
    let helpers = [("credential.helper", "!ATTACK"), ("core.askPass", "ATTACK")];
    look_for_promised(&promised(&[url, helpers[0], helpers[1], ("remote.o.vcs", "ext")]));
}

/// A submodule has a configuration of its own.
#[test]
fn configuration_of_a_submodule() {
    let lab = repository();
    lab.git("top", &["checkout", "-q", "-b", "pull"]);
    lab.write("top/deploy/r.yaml", config_map("two"));
    lab.git(".", &["clone", "-q", "top", "other"]);
    let url = lab.path("other").display().to_string();
    let add = ["-c", "protocol.file.allow=always", "submodule", "add", "-q", &url, "part"];
    lab.git("top", &add);
    commit(&lab);
    let filter = ["core.fsmonitor", "filter.x.clean", "diff.external"];
    for name in filter {
        lab.git("top/part", &["config", name, &attack(&lab)]);
    }
    lab.write("top/.git/modules/part/info/attributes", "* filter=x\n");
    lab.write("top/part/deploy/r.yaml", config_map("three"));
    lab.write("top/uses/kustomization.yaml", "resources: [../part/deploy]\n");
    let outcome = run(&lab, "top", &["affected", "--since", "HEAD"]);
    assert_eq!(outcome.stdout, "uses\n", "{}", outcome.stderr);
    run(&lab, "top/part", &["affected", "--since", "HEAD", "deploy"]);
    run(&lab, "top/part", &["diff", "--git", "HEAD"]);
}

#[test]
fn replaced_objects_hide_nothing() {
    let lab = hostile(&[]);
    lab.git("top", &["replace", "pull", "main"]);
    lab.git("top", &["replace", "pull:deploy/r.yaml", "main:deploy/r.yaml"]);
    let outcome = run(&lab, "top", &["diff", "--git", "main..pull"]);
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stdout);
}

#[test]
fn grafted_history_hides_nothing() {
    let lab = hostile(&[]);
    // A rebase would have started from the current `main`.
    let pull = lab.git("top", &["rev-parse", "pull"]);
    lab.git("top", &["checkout", "-q", "--orphan", "other"]);
    commit(&lab);
    let other = lab.git("top", &["rev-parse", "other"]);
    lab.write("top/.git/info/grafts", format!("{} {}\n", pull.trim(), other.trim()));
    let outcome = run(&lab, "top", &["diff", "--git", "main...pull", "deploy"]);
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
}

/// krender does not wait for pipes.
#[test]
fn pipes_in_the_folder_of_the_repository() {
    for name in
        ["config", "HEAD", "index", "packed-refs", "info/exclude", "objects/info/alternates"]
    {
        let lab = hostile(&[]);
        let path = lab.path("top/.git").join(name);
        drop(std::fs::remove_file(&path));
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let outcome = run(&lab, "top", &["diff", "--git", "main"]);
        assert!(
            outcome.stderr.contains("is not in a git repository"),
            "{name}: {}",
            outcome.stderr
        );
        assert_eq!(outcome.code, 2);
    }
}

/// A pipe at a path of the lab.
fn pipe(lab: &Lab, path: &str) {
    assert!(Command::new("mkfifo").arg(lab.path(path)).status().unwrap().success());
}

/// Runs krender, and fails if it takes as long as the timeout for git.
#[track_caller]
fn run_at_once(lab: &Lab, arguments: &[&str]) -> Outcome {
    let started = std::time::Instant::now();
    let outcome = run(lab, "top", arguments);
    assert!(started.elapsed().as_secs() < 60, "it waits for git: {}", outcome.stderr);
    outcome
}

#[test]
fn pipes_that_git_would_wait_for_in_the_working_tree() {
    let lab = hostile(&[]);
    lab.write("top/deploy/new/deep/text", "one\n");
    for path in ["deploy/new/deep", "deploy", "."].map(|folder| format!("{folder}/.gitignore")) {
        pipe(&lab, &format!("top/{path}"));
        for command in ["diff --git main", "affected --since main", "check --all --git main ."] {
            let arguments: Vec<&str> = command.split(' ').collect();
            let outcome = run_at_once(&lab, &arguments);
            if command.starts_with("check") {
                // The working tree is not read.
                continue;
            }
            let words =
                format!("`{}` is a device, a pipe or a socket", path.trim_start_matches("./"));
            assert!(outcome.stderr.contains(&words), "{command}: {}", outcome.stderr);
        }
        std::fs::remove_file(lab.path(&format!("top/{path}"))).unwrap();
    }
    // A link to a pipe, and a dangling link.
    pipe(&lab, "pipe");
    lab.link("../../pipe", "top/deploy/.gitignore");
    assert!(run_at_once(&lab, &["diff", "--git", "main"]).stderr.contains("`deploy/.gitignore`"));
    std::fs::remove_file(lab.path("top/deploy/.gitignore")).unwrap();
    lab.link("../../missing", "top/deploy/.gitignore");
    // Attributes are not read.
    pipe(&lab, "top/.gitattributes");
    pipe(&lab, "top/deploy/.gitattributes");
    pipe(&lab, "top/.git/info/attributes");
    let outcome = run_at_once(&lab, &["diff", "--git", "main"]);
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
    // Nor for a file that may have other line ends only.
    lab.write("top/deploy/r.yaml", config_map("two").replace('\n', "\r\n"));
    let outcome = run_at_once(&lab, &["diff", "--git", "main"]);
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
}

#[test]
fn a_pipe_that_the_configuration_names_as_ignored() {
    let lab = hostile(&[("core.excludesFile", "deploy/pipe")]);
    pipe(&lab, "top/deploy/pipe");
    let outcome = run_at_once(&lab, &["diff", "--git", "main"]);
    assert!(outcome.stderr.contains("`deploy/pipe` is a device, a pipe"), "{}", outcome.stderr);
}

#[test]
fn pipes_in_the_folder_that_a_variable_names() {
    for name in ["HEAD", "config", "index", "info/exclude", "packed-refs"] {
        let lab = hostile(&[]);
        let path = format!("top/.git/{name}");
        drop(std::fs::remove_file(lab.path(&path)));
        pipe(&lab, &path);
        let folder = lab.path("top/.git");
        let variables = [("GIT_DIR", folder.to_str().unwrap())];
        let outcome = with(&lab, "top", &variables, &["diff", "--git", "main"]);
        assert!(outcome.stderr.contains("is not a regular file"), "{name}: {}", outcome.stderr);
    }
}

/// Runs krender with variables of the user.
fn with(lab: &Lab, folder: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(arguments)
        .current_dir(lab.path(folder))
        .env("HOME", lab.path("."))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn program_called_git_in_the_working_tree() {
    let lab = hostile(&[]);
    lab.write("top/git", format!("#!/bin/sh\n{}\n", attack(&lab)));
    let file = lab.path("top/git");
    assert!(Command::new("chmod").arg("+x").arg(file).status().unwrap().success());
    let path = std::env::var("PATH").unwrap();
    for start in [".:", ":", "../top:"] {
        let path = format!("{start}{path}");
        let outcome = with(&lab, "top", &[("PATH", &path)], &["diff", "--git", "main"]);
        assert!(!lab.has("PWNED"), "with PATH={path}");
        assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
    }
}

#[test]
fn repository_of_another_user() {
    let lab = hostile(&[]);
    let other = [("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")];
    for arguments in [&["diff", "--git", "main"][..], &["affected", "--since", "main"]] {
        let outcome = with(&lab, "top", &other, arguments);
        assert!(outcome.stderr.contains("dubious ownership"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("safe.directory") && outcome.stdout.is_empty());
    }
    lab.git(".", &["clone", "-q", "--bare", "top", "bare.git"]);
    let outcome = with(&lab, "bare.git", &other, &["diff", "--git", "main..pull"]);
    assert!(outcome.stderr.contains("dubious ownership"), "{}", outcome.stderr);
    let outcome = with(&lab, "bare.git", &[], &["diff", "--git", "main..pull"]);
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
}

#[test]
fn variables_for_other_uses_of_git() {
    let lab = hostile(&[]);
    let attack = attack(&lab);
    let variables = [
        ("GIT_EXTERNAL_DIFF", attack.as_str()),
        ("GIT_PAGER", &attack),
        ("GIT_SSH_COMMAND", &attack),
        ("GIT_ASKPASS", &attack),
        ("GIT_TRACE", "1"),
        ("GIT_INDEX_FILE", "none"),
        ("GIT_OBJECT_DIRECTORY", "none"),
        ("GIT_NAMESPACE", "none"),
    ];
    let outcome = with(&lab, "top", &variables, &["diff", "--git", "main"]);
    assert!(!lab.has("PWNED"));
    assert_eq!(outcome.stderr, "");
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stdout);
}

#[test]
fn revisions_named_like_options() {
    let lab = hostile(&[]);
    for name in ["--output=PWNED", "--upload-pack=x", "-h", "--", "--exec=x", "main\npull"] {
        for revisions in [name.to_owned(), format!("{name}..pull"), format!("{name}...pull")] {
            let outcome = run(&lab, "top", &["diff", &format!("--git={revisions}")]);
            assert_eq!(outcome.code, 2, "{revisions}");
            assert!(outcome.stderr.contains("git knows no revision"), "{}", outcome.stderr);
        }
    }
    assert!(!lab.has("top/PWNED"));
}

#[test]
fn what_git_says_becomes_part_of_an_error() {
    let lab = hostile(&[]);
    let outcome = run(&lab, "top", &["diff", "--git", "@{upstream}"]);
    let expected = "error[read-failed]: git failed: no upstream configured for branch 'pull'\n";
    assert_eq!((&*outcome.stderr, outcome.code), (expected, 2));
    for arguments in [["affected", "--since"], ["diff", "--git"]] {
        let arguments = [&arguments[..], &["@{upstream}", "--error-format", "json"]].concat();
        let outcome = run(&lab, "top", &arguments);
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        let line: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
        assert_eq!(line["code"], "read-failed");
    }
}

/// A writer of arbitrary git objects.
struct Forge<'l> {
    lab: &'l Lab,
    written: BTreeMap<&'static str, Vec<String>>,
    number: usize,
}

impl<'l> Forge<'l> {
    fn new(lab: &'l Lab) -> Self {
        Self { lab, written: BTreeMap::new(), number: 0 }
    }

    fn add(&mut self, kind: ObjectKind, content: &[u8]) -> Id {
        self.number += 1;
        let path = format!("forge/{}", self.number);
        self.lab.write(&path, content);
        self.written.entry(kind.name()).or_default().push(format!("../{path}"));
        IdHasher::hash(20, kind, content)
    }

    fn tree(&mut self, entries: &[(&str, &[u8], Id)]) -> Id {
        let mut content = Vec::new();
        for (mode, name, id) in entries {
            content.extend([mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat());
        }
        self.add(ObjectKind::Tree, &content)
    }

    /// Commits trees in which `deploy` changes and `more` exists in addition; returns `A..B`.
    fn commit(mut self, more: &[(&str, &[u8], Id)]) -> String {
        let mut commits = Vec::new();
        for value in ["one", "two"] {
            let kustomization = self.add(ObjectKind::Blob, KUSTOMIZATION.as_bytes());
            let resource = self.add(ObjectKind::Blob, config_map(value).as_bytes());
            let deploy = self.tree(&[
                ("100644", b"kustomization.yaml", kustomization),
                ("100644", b"r.yaml", resource),
            ]);
            let mut top: Vec<(&str, &[u8], Id)> = vec![("40000", b"deploy", deploy)];
            top.extend(if value == "two" { more } else { &[] });
            let top = self.tree(&top);
            self.write();
            let tree = top.to_string();
            let commit = self.lab.git("top", &["commit-tree", &tree, "-m", value]);
            commits.push(commit.trim().to_owned());
        }
        commits.join("..")
    }

    fn write(&mut self) {
        for (kind, paths) in std::mem::take(&mut self.written) {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let write = ["-c", "core.fsync=none", "hash-object", "-t", kind, "-w", "--literally"];
            self.lab.git("top", &[&write[..], &paths].concat());
        }
    }
}

/// Next to a changed target there are hostile trees: asking for the target gives the right answer, asking for all
/// targets gives the expected outcome.
#[track_caller]
fn beside(make: impl FnOnce(&mut Forge<'_>) -> (&'static str, Id), expected: &str) {
    let lab = repository();
    let mut forge = Forge::new(&lab);
    let (mode, id) = make(&mut forge);
    let revisions = forge.commit(&[(mode, b"z", id)]);
    let outcome = run(&lab, "top", &["diff", "--git", &revisions, "deploy"]);
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
    let outcome = run(&lab, "top", &["diff", "--git", &revisions]);
    let all = outcome.stdout + &outcome.stderr;
    assert!(all.contains(expected), "expected {expected}, found: {all}");
    // In the other direction, and against the working tree.
    let (before, after) = revisions.split_once("..").unwrap();
    run(&lab, "top", &["diff", "--git", &format!("{after}..{before}"), "deploy"]);
    for revision in [before, after] {
        let outcome = run(&lab, "top", &["affected", "--since", revision, "deploy"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
}

fn bomb(forge: &mut Forge<'_>, name: &str) -> Id {
    let blob = forge.add(ObjectKind::Blob, b"{}");
    let mut id = forge.tree(&[("100644", name.as_bytes(), blob)]);
    for _ in 0..10 {
        let names: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        let entries: Vec<_> = names.iter().map(|name| ("40000", name.as_bytes(), id)).collect();
        id = forge.tree(&entries);
    }
    id
}

#[test]
fn trees_with_ten_billion_paths() {
    beside(|forge| ("40000", bomb(forge, "file")), "data.a: one → two");
}

#[test]
fn trees_with_ten_billion_kustomizations() {
    beside(|forge| ("40000", bomb(forge, "kustomization.yaml")), "limit-exceeded");
}

#[test]
fn trees_within_each_other() {
    let deep = |forge: &mut Forge<'_>| {
        let blob = forge.add(ObjectKind::Blob, b"{}");
        let mut id = forge.tree(&[("100644", b"kustomization.yaml", blob)]);
        for _ in 0..6000 {
            id = forge.tree(&[("40000", b"d", id)]);
        }
        ("40000", id)
    };
    beside(deep, "data.a: one → two");
}

/// Asserts that a tree that git could not check out is refused.
#[track_caller]
fn refused(mode: &str, name: &[u8], expected: &str) {
    let lab = repository();
    let mut forge = Forge::new(&lab);
    let blob = forge.add(ObjectKind::Blob, b"{}");
    let below = forge.tree(&[("100644", b"kustomization.yaml", blob)]);
    let id = if mode.starts_with('4') { below } else { blob };
    let revisions = forge.commit(&[(mode, name, id)]);
    let outcome = run(&lab, "top", &["diff", "--git", &revisions, "deploy"]);
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert_eq!((outcome.code, &*outcome.stdout), (2, ""));
}

#[test]
fn entry_without_a_name() {
    refused("40000", b"", "an entry without a name");
}

#[test]
fn entries_that_lead_elsewhere() {
    refused("40000", b"..", "an entry named `..`");
    refused("40000", b".", "an entry named `.`");
    refused("100644", b"../../outside", "an entry named `../../outside`");
    refused("100644", b"/etc/passwd", "an entry named `/etc/passwd`");
}

#[test]
fn entries_of_one_name() {
    refused("100644", b"deploy", "two entries named `deploy`");
}

#[test]
fn entry_with_an_unknown_mode() {
    refused("777", b"x", "the unknown mode `777`");
    refused("60000", b"x", "the unknown mode `60000`");
}

#[test]
fn objects_of_another_kind() {
    let blob_for_tree = |forge: &mut Forge<'_>| ("40000", forge.add(ObjectKind::Blob, b"x"));
    beside(blob_for_tree, "is a blob, not a tree");
    let tree_for_blob = |forge: &mut Forge<'_>| {
        let empty = forge.tree(&[]);
        ("40000", forge.tree(&[("100644", b"kustomization.yaml", empty)]))
    };
    beside(tree_for_blob, "is a tree, not a blob");
}

#[test]
fn objects_that_are_missing() {
    let lost = Id::from_bytes(&[7; 20]).unwrap();
    beside(|_| ("40000", lost), "is missing in the git repository");
    let file =
        |forge: &mut Forge<'_>| ("40000", forge.tree(&[("100644", b"kustomization.yaml", lost)]));
    beside(file, "is missing in the git repository");
}

#[test]
fn tree_that_is_cut_off() {
    let cut = |forge: &mut Forge<'_>| ("40000", forge.add(ObjectKind::Tree, b"100644 a\0abc"));
    beside(cut, "an entry that is cut off");
}

#[test]
fn blob_that_unpacks_to_more_than_is_read() {
    let lab = repository();
    let huge = vec![b'#'; 2 << 20];
    let mut forge = Forge::new(&lab);
    let blob = forge.add(ObjectKind::Blob, &huge);
    let tree = forge.tree(&[("100644", b"kustomization.yaml", blob)]);
    let revisions = forge.commit(&[("40000", b"z", tree)]);
    let limited = ["diff", "--git", &revisions, "--limit", "files=1MiB"];
    let outcome = run(&lab, "top", &limited);
    assert!(outcome.stderr.contains("limit-exceeded"), "{}", outcome.stderr);
    let outcome = run(&lab, "top", &[&limited[..], &["deploy"]].concat());
    assert!(outcome.stdout.contains("data.a: one → two"), "{}", outcome.stderr);
}

#[test]
fn link_with_a_path_of_megabytes() {
    let link = |forge: &mut Forge<'_>| {
        let target = forge.add(ObjectKind::Blob, "a/".repeat(1 << 20).as_bytes());
        ("40000", forge.tree(&[("120000", b"kustomization.yaml", target)]))
    };
    beside(link, "data.a: one → two");
}
