//! `krender hydrate`: rendered manifests in branches and folders, in repositories made for the tests.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "makes repositories, and runs git and the program")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with the source repository `source`: a base, and the targets `overlays/dev` and `overlays/prod`.
struct Scene(tempfile::TempDir);

/// Both output streams of the program, and its exit code.
#[derive(Debug)]
struct Ran {
    out: String,
    err: String,
    code: i32,
}

impl Scene {
    fn new() -> Self {
        Self::with(&["init", "-q", "-b", "main"])
    }

    fn with(init: &[&str]) -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        fs::create_dir(scene.source()).unwrap();
        scene.git(init);
        scene.write("base/kustomization.yaml", "resources: [objects.yaml]\n");
        scene.write("base/objects.yaml", &objects("web:1"));
        for overlay in ["dev", "prod"] {
            let text = format!("namespace: {overlay}\nresources: [../../base]\n");
            scene.write(&format!("overlays/{overlay}/kustomization.yaml"), &text);
        }
        scene.commit("first");
        scene
    }

    fn top(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn source(&self) -> PathBuf {
        self.top().join("source")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.source().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.source(), arguments)
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", message]);
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        krender(&self.source(), arguments, &[])
    }

    /// Runs a command that must succeed.
    fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran
    }

    /// The paths of a revision.
    fn files(&self, revision: &str) -> Vec<String> {
        let list = self.git(&["ls-tree", "-r", "--name-only", revision]);
        list.lines().map(str::to_owned).collect()
    }

    fn show(&self, object: &str) -> String {
        self.git(&["show", object])
    }
}

fn git(top: &Path, arguments: &[&str]) -> String {
    let settings =
        ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git")
        .args(settings)
        .args(arguments)
        .current_dir(top)
        .env("GIT_AUTHOR_DATE", "1700000000 +0100")
        .env("GIT_COMMITTER_DATE", "1700000100 +0100")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn krender(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .arg("hydrate")
        .args(arguments)
        .current_dir(directory)
        .env("COLUMNS", "100")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { out: text(output.stdout), err: text(output.stderr), code: output.status.code().unwrap() }
}

fn objects(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    spec:\n      containers: [{{name: app, image: '{image}'}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\n"
    )
}

const ALL: &[&str] = &["--all", ".", "--branch", "env/all"];

fn all<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [ALL, more].concat()
}

const RECORD: &str = ".krender-hydrate";

#[test]
fn targets_are_committed_to_a_branch() {
    let scene = Scene::new();
    scene.git(&["remote", "add", "origin", "https://user:token@example.com/a/b.git"]);
    let before = (scene.git(&["status", "--porcelain"]), scene.git(&["rev-parse", "HEAD"]));
    let ran = scene.done(ALL);
    let tip = scene.git(&["rev-parse", "env/all"]);
    assert_eq!(ran.out, tip);
    let expected =
        [RECORD, "hydrator.metadata", "overlays/dev/manifest.yaml", "overlays/prod/manifest.yaml"];
    assert_eq!(scene.files("env/all"), expected);
    for target in ["overlays/dev", "overlays/prod"] {
        let built = Command::new(env!("CARGO_BIN_EXE_krender"))
            .args(["build", target])
            .current_dir(scene.source())
            .output()
            .unwrap();
        let built = String::from_utf8(built.stdout).unwrap();
        assert_eq!(scene.show(&format!("env/all:{target}/manifest.yaml")), built);
    }
    let source = scene.git(&["rev-parse", "HEAD"]);
    let source = source.trim();
    let expected = format!(
        r#"{{
  "repoURL": "https://example.com/a/b.git",
  "drySha": "{source}",
  "commands": [
    "krender hydrate --all ."
  ],
  "author": "a <a@example.com>",
  "date": "2023-11-14T23:13:20+01:00",
  "subject": "first"
}}
"#
    );
    assert_eq!(scene.show("env/all:hydrator.metadata"), expected);
    let note = scene.git(&["notes", "--ref=hydrator.metadata", "show", "env/all"]);
    assert_eq!(note, format!("{{\"drySha\":\"{source}\"}}\n"));
    let log = scene.git(&[
        "log",
        "--format=%an|%ae|%ct|%at|%P|%s|%(trailers:key=Source-Commit,valueonly)",
        "env/all",
    ]);
    let short = &source[..7];
    assert_eq!(
        log.trim(),
        format!("krender|krender@localhost|1700000100|1700000100||Hydrate {short}: first|{source}")
    );
    assert_eq!((scene.git(&["status", "--porcelain"]), scene.git(&["rev-parse", "HEAD"])), before);
    assert_eq!(scene.git(&["for-each-ref", "refs/krender"]), "", "no reference is left");
    scene.git(&["fsck", "--strict"]);
}

#[test]
fn what_is_the_same_makes_no_commit() {
    let scene = Scene::new();
    scene.done(ALL);
    let tip = scene.git(&["rev-parse", "env/all"]);
    let ran = scene.done(ALL);
    assert_eq!((ran.out.as_str(), scene.git(&["rev-parse", "env/all"])), ("", tip.clone()));
    // A commit that changes no manifest only moves the note.
    scene.write("README.md", "text");
    scene.commit("second");
    let ran = scene.done(ALL);
    assert_eq!((ran.out.as_str(), scene.git(&["rev-parse", "env/all"])), ("", tip.clone()));
    let head = scene.git(&["rev-parse", "HEAD"]);
    let note = || scene.git(&["notes", "--ref=hydrator.metadata", "show", "env/all"]);
    assert_eq!(note(), format!("{{\"drySha\":\"{}\"}}\n", head.trim()));
    let notes = scene.git(&["rev-parse", "refs/notes/hydrator.metadata"]);
    scene.done(ALL);
    assert_eq!(scene.git(&["rev-parse", "refs/notes/hydrator.metadata"]), notes);
    scene.write("README.md", "more");
    scene.commit("third");
    scene.done(&all(&["--no-note"]));
    assert_eq!(scene.git(&["rev-parse", "refs/notes/hydrator.metadata"]), notes);
}

#[test]
fn the_same_commit_gives_the_same_branch() {
    let [one, other] = [Scene::new(), Scene::new()];
    let tips = [&one, &other].map(|scene| scene.done(&all(&["--jobs", "3"])).out);
    assert_eq!(tips[0], tips[1]);
    // In a clone, and from another directory.
    git(&other.top(), &["clone", "-q", "source", "clone"]);
    let ran = krender(
        &other.top().join("clone/base"),
        &["--all", "..", "--branch", "env/all", "--repo-url", ""],
        &[],
    );
    assert_eq!((ran.code, ran.out), (0, tips[0].clone()), "{}", ran.err);
}

#[test]
fn owned_files_follow_and_others_stay() {
    let scene = Scene::new();
    scene.done(&all(&["--per", "object"]));
    let prod =
        ["overlays/prod/prod_apps_deployment_web.yaml", "overlays/prod/prod_service_web.yaml"];
    for path in prod {
        assert!(scene.files("env/all").contains(&path.to_owned()), "{:?}", scene.files("env/all"));
    }
    // Others add files to the branch.
    scene.git(&["worktree", "add", "-q", "../other", "env/all"]);
    let other = scene.top().join("other");
    fs::write(other.join("README.md"), "by hand").unwrap();
    fs::write(other.join("overlays/prod/more.yaml"), "by hand").unwrap();
    git(&other, &["add", "-A"]);
    git(&other, &["commit", "-qm", "by hand"]);
    scene.git(&["worktree", "remove", "../other"]);
    // An object and a target go.
    scene.write("base/objects.yaml", objects("web:2").split("---").next().unwrap());
    fs::remove_dir_all(scene.source().join("overlays/dev")).unwrap();
    scene.commit("less");
    let ran = scene.done(&all(&["--per", "object"]));
    assert!(ran.err.contains("env/all: 1 file written, 3 removed"), "{}", ran.err);
    let expected = [RECORD, "README.md", "hydrator.metadata", "overlays/prod/more.yaml", prod[0]];
    assert_eq!(scene.files("env/all"), expected);
    assert!(scene.show(&format!("env/all:{}", prod[0])).contains("web:2"));
    assert_eq!(scene.git(&["rev-list", "--count", "env/all"]).trim(), "3");
    // Another layout: the files of the old one go.
    scene.done(ALL);
    let expected = [
        RECORD,
        "README.md",
        "hydrator.metadata",
        "overlays/prod/manifest.yaml",
        "overlays/prod/more.yaml",
    ];
    assert_eq!(scene.files("env/all"), expected);
}

#[test]
fn runs_for_some_targets_leave_the_files_of_others() {
    let scene = Scene::new();
    scene.done(&["overlays/dev", "--branch", "env/all"]);
    scene.done(&["overlays/prod", "--branch", "env/all"]);
    let both = scene.files("env/all");
    assert_eq!(both.len(), 4, "{both:?}");
    scene.done(ALL);
    assert_eq!(scene.files("env/all"), both);
    fs::remove_dir_all(scene.source().join("overlays/dev")).unwrap();
    scene.commit("less");
    scene.done(&["overlays/prod", "--branch", "env/all"]);
    assert_eq!(scene.files("env/all"), both, "the run was not about dev");
    scene.done(&all(&["--include", "**/prod"]));
    assert_eq!(scene.files("env/all"), both);
    scene.done(
        &all(&["--exclude", "**/prod"])
            .iter()
            .map(|word| if *word == "**/prod" { "**/x" } else { word })
            .collect::<Vec<_>>(),
    );
    assert_eq!(scene.files("env/all").len(), 3);
}

#[test]
fn a_pattern_without_a_target_removes_what_it_had_or_fails() {
    let scene = Scene::new();
    scene.done(ALL);
    let ran = scene.run(&all(&["--include", "prd"]));
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    for told in [
        "`--include prd` does not match any of the 2 targets in `.`",
        "did you mean `--include prod`?",
        "the targets are `overlays/dev`, `overlays/prod`",
    ] {
        assert!(ran.err.contains(told), "{ran:?}");
    }
    // The target is gone, and its files go.
    fs::remove_dir_all(scene.source().join("overlays/dev")).unwrap();
    scene.commit("less");
    let ran = scene.run(&all(&["--include", "overlays/d*", "--dry-run"]));
    assert!(ran.code == 1 && ran.out.contains("overlays/dev"), "{ran:?}");
    scene.done(&all(&["--include", "overlays/d*"]));
    let expected = [RECORD, "hydrator.metadata", "overlays/prod/manifest.yaml"];
    assert_eq!(scene.files("env/all"), expected);
    let ran = scene.run(&all(&["--include", "overlays/d*"]));
    assert!(ran.code == 2 && ran.err.contains("does not match the only target"), "{ran:?}");
}

#[test]
fn the_last_target_goes_only_if_that_is_allowed() {
    let scene = Scene::new();
    let run = ["--all", "overlays", "--branch", "env/all"];
    let allowed = [&run[..], &["--allow-empty"]].concat();
    // With targets, the flag changes nothing.
    scene.done(&allowed);
    let tip = scene.git(&["rev-parse", "env/all"]);
    assert_eq!(scene.files("env/all").len(), 4);
    fs::remove_dir_all(scene.source().join("overlays")).unwrap();
    scene.write("overlays/README.md", "none\n");
    scene.commit("no targets");
    let ran = scene.run(&run);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("there is no kustomization in `overlays`"), "{ran:?}");
    assert!(ran.err.contains("`--allow-empty` removes its files"), "{ran:?}");
    assert_eq!(scene.git(&["rev-parse", "env/all"]), tip);
    let ran = scene.run(&[&allowed[..], &["--dry-run"]].concat());
    assert!(ran.code == 1 && ran.out.contains("removed"), "{ran:?}");
    // A pattern is about targets that were there.
    let ran = scene.run(&[&allowed[..], &["--include", "prd"]].concat());
    assert!(ran.code == 2 && ran.err.contains("`--include prd` does not match"), "{ran:?}");
    let ran = scene.done(&[&allowed[..], &["--include", "prod"]].concat());
    assert!(ran.err.contains("0 files written, 1 removed"), "{ran:?}");
    let dev = "dev/manifest.yaml".to_owned();
    assert_eq!(scene.files("env/all"), [RECORD, &dev, "hydrator.metadata"]);
    // The directory is gone, too.
    fs::remove_dir_all(scene.source().join("overlays")).unwrap();
    scene.commit("no directory");
    assert_eq!(scene.run(&run).code, 2);
    assert!(scene.files("env/all").contains(&dev));
    scene.done(&allowed);
    assert_eq!(scene.files("env/all"), [RECORD, "hydrator.metadata"]);
    let ran = scene.done(&allowed);
    assert!(ran.out.is_empty() && ran.err.contains("already"), "{ran:?}");
    // There was none, and there is none.
    for place in [&["--branch", "env/new"][..], &["--output", "new"]] {
        let ran = scene.run(&[&["--all", "overlays", "--allow-empty"], place].concat());
        assert!(ran.code == 2 && ran.err.contains("there is no kustomization"), "{ran:?}");
    }
    assert!(!scene.source().join("new").exists());
    let ran = scene.run(&["overlays/dev", "--branch", "env/new", "--allow-empty"]);
    assert!(ran.code == 2 && ran.err.contains("--all"), "{ran:?}");
}

#[test]
fn folders_of_git_are_no_output() {
    let scene = Scene::new();
    git(&scene.top(), &["init", "-q", "--bare", "bare"]);
    let git = scene.source().join(".git");
    scene.git(&["worktree", "add", "-q", "--detach", "../tree"]);
    symlink(&git, scene.top().join("link")).unwrap();
    for output in [
        ".git",
        ".git/hooks",
        ".git/new/folder",
        "../source/.git/refs",
        "../link",
        "../link/new",
        "../bare",
        "../bare/hooks",
        ".GIT/x",
        "a/.git/x",
        ".git/worktrees/tree",
    ] {
        let ran = scene.run(&["--all", "overlays", "--output", output, "--adopt"]);
        assert_eq!(ran.code, 2, "{output}: {ran:?}");
        assert!(ran.err.contains("git keeps a repository there"), "{output}: {ran:?}");
    }
    let ran = scene.run(&["--all", "overlays", "--output", ".", "--path", ".git/hooks"]);
    assert!(ran.code == 2 && !git.join("hooks/dev").exists(), "{ran:?}");
    assert!(!git.join("dev").exists() && !git.join(RECORD).exists());
    assert!(!scene.top().join("bare/dev").exists());
    // The working tree of another clone is a place for manifests.
    scene.done(&["--all", "overlays", "--output", "../tree/out"]);
    assert!(scene.top().join("tree/out/dev/manifest.yaml").exists());
}

#[test]
fn links_in_the_place_of_own_files_are_not_replaced() {
    for name in [RECORD, "hydrator.metadata"] {
        let scene = Scene::new();
        let target = scene.top().join("target");
        fs::write(&target, "of others\n").unwrap();
        let out = scene.top().join("out");
        fs::create_dir(&out).unwrap();
        symlink(&target, out.join(name)).unwrap();
        scene.git(&["checkout", "-q", "--orphan", "env/all"]);
        scene.git(&["rm", "-rqf", "."]);
        symlink(&target, scene.source().join(name)).unwrap();
        scene.commit("a link");
        scene.git(&["checkout", "-q", "main"]);
        let tip = scene.git(&["rev-parse", "env/all"]);
        for place in [&["--output", "../out"], &["--branch", "env/all"]] {
            for more in [&[][..], &["--adopt"], &["--dry-run"]] {
                let ran = scene.run(&[&["--all", "."], &place[..], more].concat());
                assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
                let told = format!("`{name}` would be replaced, and only plain files ever are");
                assert!(ran.err.contains(&told), "{ran:?}");
            }
        }
        assert_eq!(scene.git(&["rev-parse", "env/all"]), tip);
        assert!(fs::symlink_metadata(out.join(name)).unwrap().is_symlink());
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(&target).unwrap(), "of others\n");
    }
}

#[test]
fn folders_of_a_branch_are_apart() {
    let scene = Scene::new();
    scene.done(&["--all", "overlays/dev", "--branch", "env", "--path", "apps/one"]);
    scene.done(&["--all", "overlays/prod", "--branch", "env", "--path", "apps/two/"]);
    let files = ["one", "two"].map(|app| {
        [RECORD, "hydrator.metadata", "manifest.yaml"].map(|file| format!("apps/{app}/{file}"))
    });
    assert_eq!(scene.files("env"), files.concat());
    for path in ["..", "a/../b", ".git", "a/.GIT/x", "a\\b", "a\nb"] {
        let ran = scene.run(&["--all", ".", "--branch", "env", "--path", path]);
        assert_eq!(ran.code, 2, "{path:?}: {ran:?}");
        let out = scene.top().join("out");
        let ran = scene.run(&["--all", ".", "--output", out.to_str().unwrap(), "--path", path]);
        assert_eq!((ran.code, out.exists()), (2, false), "{path:?}: {ran:?}");
    }
}

#[test]
fn files_of_others_are_not_replaced() {
    let scene = Scene::new();
    scene.git(&["checkout", "-q", "--orphan", "env/all"]);
    scene.write("overlays/dev/manifest.yaml", "by hand\n");
    scene.commit("by hand");
    scene.git(&["checkout", "-q", "main"]);
    // The branch has all files of `main`, too.
    let tip = scene.git(&["rev-parse", "env/all"]);
    let ran = scene.run(ALL);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("`overlays/dev/manifest.yaml` would be replaced"), "{}", ran.err);
    assert_eq!(scene.git(&["rev-parse", "env/all"]), tip);
    let ran = scene.done(&all(&["--adopt"]));
    assert!(
        ran.err.contains("`overlays/dev/manifest.yaml`: not written by krender so far"),
        "{}",
        ran.err
    );
    assert!(scene.show("env/all:overlays/dev/manifest.yaml").contains("web:1"));
    assert!(scene.files("env/all").contains(&"base/objects.yaml".to_owned()));
}

#[test]
fn owned_files_that_were_edited_are_restored_and_named() {
    let scene = Scene::new();
    scene.done(ALL);
    scene.git(&["worktree", "add", "-q", "../other", "env/all"]);
    let other = scene.top().join("other");
    fs::write(other.join("overlays/dev/manifest.yaml"), "by hand").unwrap();
    let prod = other.join("overlays/prod/manifest.yaml");
    fs::set_permissions(&prod, fs::Permissions::from_mode(0o755)).unwrap();
    git(&other, &["commit", "-qam", "by hand"]);
    // The branch is in use.
    let ran = scene.run(ALL);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("the branch `env/all` is checked out in `"), "{}", ran.err);
    scene.git(&["worktree", "remove", "../other"]);
    let tree = scene.git(&["rev-parse", "env/all~1^{tree}"]);
    let ran = scene.done(ALL);
    assert!(
        ran.err.contains(
            "`overlays/dev/manifest.yaml`, `overlays/prod/manifest.yaml`: changed by others"
        ),
        "{}",
        ran.err
    );
    assert_eq!(scene.git(&["rev-parse", "env/all^{tree}"]), tree);
}

#[test]
fn a_target_that_fails_keeps_all_from_being_written() {
    let scene = Scene::new();
    scene.done(ALL);
    let tip = scene.git(&["rev-parse", "env/all"]);
    scene.write("base/objects.yaml", &objects("web:2"));
    scene.write("overlays/prod/kustomization.yaml", "resources: [../../bass]\n");
    scene.commit("broken");
    let ran = scene.run(ALL);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("1 of 2 targets failed; nothing was written"), "{}", ran.err);
    assert!(ran.err.contains("../../bass"), "{}", ran.err);
    assert_eq!(scene.git(&["rev-parse", "env/all"]), tip);
    let out = scene.top().join("out");
    let ran = scene.run(&["--all", ".", "--output", out.to_str().unwrap()]);
    assert_eq!((ran.code, out.exists()), (2, false));
    for arguments in [
        &["--dry-run", "--all", ".", "--branch", "env/all"][..],
        &["none", "--branch", "b"],
        &["--all", "."],
    ] {
        assert_eq!(scene.run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn only_commits_are_rendered() {
    let scene = Scene::new();
    scene.write("notes.txt", "no input of a target");
    scene.done(ALL);
    scene.write("base/objects.yaml", &objects("web:2"));
    let ran = scene.run(ALL);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("not committed, which affect `overlays/dev`, `overlays/prod`"),
        "{}",
        ran.err
    );
    scene.done(&all(&["--source", "HEAD"]));
    assert!(scene.show("env/all:overlays/dev/manifest.yaml").contains("web:1"));
    scene.git(&["checkout", "-q", "base"]);
    scene.write("overlays/new/kustomization.yaml", "resources: [../../base]\n");
    let ran = scene.run(ALL);
    assert_eq!(ran.code, 2, "a target that is not committed yet");
    scene.commit("new");
    scene.done(ALL);
    // An older commit, by any name.
    scene.done(&all(&["--source", "HEAD~1"]));
    assert_eq!(scene.files("env/all").len(), 4);
    let ran = scene.run(&all(&["--source", "nonsense"]));
    assert!(ran.code == 2 && ran.err.contains("git knows no revision `nonsense`"), "{}", ran.err);
}

#[test]
fn a_dry_run_shows_the_differences() {
    let scene = Scene::new();
    let ran = scene.run(&all(&["--dry-run"]));
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("overlays/dev") && ran.out.contains("Deployment"), "{}", ran.out);
    assert_eq!(scene.git(&["branch", "--list", "env/all"]), "", "nothing was written");
    scene.done(ALL);
    let ran = scene.run(&all(&["--dry-run"]));
    assert_eq!((ran.code, ran.out.as_str()), (0, "no differences\n"));
    scene.write("base/objects.yaml", &objects("web:2"));
    fs::remove_dir_all(scene.source().join("overlays/dev")).unwrap();
    scene.commit("second");
    let ran = scene.run(&all(&["--dry-run"]));
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("web: 1 → 2") && ran.out.contains("overlays/dev"), "{}", ran.out);
    let ran = scene.run(&all(&["--dry-run", "--format", "unified"]));
    assert!(
        ran.out.contains("-      - image: web:1") && ran.out.contains("+      - image: web:2"),
        "{}",
        ran.out
    );
}

#[test]
fn a_dry_run_pairs_targets_that_were_renamed() {
    let scene = Scene::new();
    for per in ["target", "object"] {
        scene.done(&all(&["--per", per]));
        scene.git(&["mv", "overlays", &format!("sites-{per}")]);
        scene.commit("move");
        let ran = scene.run(&all(&["--per", per, "--dry-run"]));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!ran.out.contains("removed") && !ran.out.contains(" new"), "{}", ran.out);
        assert!(
            ran.out.contains("/dev was ") && ran.out.contains("/prod was "),
            "the targets that moved: {}",
            ran.out
        );
        scene.git(&["mv", &format!("sites-{per}"), "overlays"]);
        scene.commit("back");
    }
    // Renamed together with its namespace and prefix.
    scene.done(ALL);
    scene.git(&["mv", "overlays/dev", "overlays/test"]);
    scene.write(
        "overlays/test/kustomization.yaml",
        "namespace: test\nnamePrefix: t-\nresources: [../../base]\n",
    );
    scene.commit("rename");
    let ran = scene.run(&all(&["--dry-run"]));
    assert!(ran.out.contains("overlays/test was overlays/dev before"), "{}", ran.out);
    assert!(!ran.out.contains("removed"), "{}", ran.out);
}

#[test]
fn targets_that_do_not_render_the_same_twice_are_refused() {
    let scene = Scene::new();
    let (script, count) = (scene.source().join("app/run.sh"), scene.top().join("count"));
    scene.write("app/kustomization.yaml", "resources: [../base]\ngenerators: [generator.yaml]\n");
    scene.write(
        "app/generator.yaml",
        "apiVersion: example.com/v1\nkind: Generator\nmetadata:\n  name: g\n  annotations:\n    \
         config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n",
    );
    // The first run of the function writes 1, the second one 2.
    let write = |value: &str| {
        let text = format!(
            "#!/bin/sh\ncat > /dev/null\nn=$(cat '{0}' || echo 0)\nn=$((n + 1))\necho $n > '{0}'\n\
             printf 'apiVersion: config.kubernetes.io/v1\\nkind: ResourceList\\nitems:\\n\
             - {{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{n: \"%s\"}}}}\\n' \"{value}\"\n",
            count.display()
        );
        scene.write("app/run.sh", &text);
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        scene.commit(value);
    };
    let arguments = ["app", "--branch", "b", "--enable-alpha-plugins", "--enable-exec"];
    let runs = || fs::read_to_string(&count).unwrap_or_default().trim().to_owned();
    write("$n");
    for more in [&[][..], &["--per", "object"], &["--dry-run"]] {
        let before = runs().parse().unwrap_or(0);
        let ran = scene.run(&[&arguments[..], more].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains("`app` does not render the same twice: `app/"), "{ran:?}");
        assert_eq!(runs(), (before + 2).to_string());
    }
    assert_eq!(scene.git(&["branch", "--list", "b"]), "");
    let out = scene.top().join("out");
    let path = out.to_str().unwrap();
    let ran = scene.run(&["app", "--output", path, "--enable-alpha-plugins", "--enable-exec"]);
    assert_eq!((ran.code, out.exists()), (2, false), "{ran:?}");
    // The same function with a result that does not depend on the number of runs.
    write("always");
    let before: usize = runs().parse().unwrap();
    scene.done(&arguments);
    assert_eq!(runs(), (before + 2).to_string());
    // A target whose output is there already is rendered once.
    scene.done(&arguments);
    assert_eq!(runs(), (before + 3).to_string());
}

#[test]
fn targets_are_hardened_as_by_build() {
    let scene = Scene::new();
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: app, image: 'web@sha256:0123456789012345678901234567890123456789012345678901234567890123'}]\n";
    scene.write("app/kustomization.yaml", "resources: [pod.yaml]\n");
    scene.write("app/pod.yaml", pod);
    scene.commit("app");
    let hardened = ["app", "--branch", "b", "--harden=baseline", "--harden-report", "../report"];
    scene.done(&hardened);
    let built = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(["build", "app", "--harden=baseline"])
        .current_dir(scene.source())
        .output()
        .unwrap();
    let built = String::from_utf8(built.stdout).unwrap();
    assert!(built.contains("kind: Pod"), "{built}");
    assert_eq!(scene.show("b:app/manifest.yaml"), built);
    assert!(scene.show("b:hydrator.metadata").contains("\"krender hydrate --harden=baseline@v"));
    assert!(fs::read_to_string(scene.top().join("report")).unwrap().contains("\"target\":\"app\""));
    assert_eq!(scene.run(&[&hardened[..], &["--dry-run"]].concat()).code, 0);
    // What cannot be fixed is not written.
    scene.write("app/pod.yaml", &pod.replace("spec:\n", "spec:\n  hostNetwork: true\n"));
    scene.commit("host");
    let tip = scene.git(&["rev-parse", "b"]);
    let ran = scene.run(&["app", "--branch", "b", "--harden=baseline", "--fix-level", "none"]);
    assert!(ran.code == 2 && ran.err.contains("host-network"), "{ran:?}");
    assert_eq!(scene.git(&["rev-parse", "b"]), tip);
    // What is fixed is told and written.
    let fixed = ["app", "--branch", "b", "--harden=baseline", "--fix-level", "override"];
    let ran = scene.done(&fixed);
    assert!(ran.err.contains("hostNetwork"), "{ran:?}");
    let shown = scene.show("b:app/manifest.yaml");
    assert!(shown.contains("kind: Pod") && !shown.contains("hostNetwork"), "{shown}");
    assert_eq!(scene.run(&[&fixed[..], &["--dry-run"]].concat()).code, 0);
    assert_eq!(scene.run(&["app", "--branch", "b", "--dry-run"]).code, 1);
}

#[test]
fn bare_repositories_and_other_ids_are_fine() {
    let scene = Scene::with(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    scene.done(ALL);
    assert_eq!(scene.git(&["rev-parse", "env/all"]).trim().len(), 64);
    scene.git(&["fsck", "--strict"]);
    git(&scene.top(), &["clone", "-q", "--bare", "source", "bare.git"]);
    let bare = scene.top().join("bare.git");
    let ran = krender(&bare, &["--all", ".", "--branch", "env/bare"], &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let trees =
        ["env/bare", "env/all"].map(|name| git(&bare, &["rev-parse", &format!("{name}:overlays")]));
    assert_eq!(trees[0], trees[1]);
    // To another repository, with other ids, that has no commit yet.
    let target = scene.top().join("target");
    fs::create_dir(&target).unwrap();
    git(&target, &["init", "-q", "-b", "main"]);
    let path = target.to_str().unwrap();
    let ran = krender(
        &scene.source(),
        &all(&["--repo", path]),
        &[("GIT_DIR", scene.source().join(".git").to_str().unwrap())],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(git(&target, &["rev-parse", "env/all"]), ran.out);
    assert_eq!(ran.out.trim().len(), 40);
    assert!(
        git(&target, &["show", "env/all:hydrator.metadata"])
            .contains(scene.git(&["rev-parse", "HEAD"]).trim())
    );
    // The branch that is checked out, although it does not exist yet.
    let ran = scene.run(&["--all", ".", "--branch", "main", "--repo", path]);
    assert_eq!(ran.code, 2, "{ran:?}");
    // And again: what is there is found.
    assert_eq!(scene.done(&all(&["--repo", path])).out, "");
    for repo in ["../none", ".."] {
        assert_eq!(scene.run(&all(&["--repo", repo])).code, 2, "{repo}");
    }
}

#[test]
fn writers_at_the_same_time_all_succeed() {
    let scene = Scene::new();
    for name in ["a", "b", "c", "d"] {
        scene.write(
            &format!("apps/{name}/kustomization.yaml"),
            "namePrefix: x-\nresources: [../../base]\n",
        );
    }
    scene.commit("apps");
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let scene = &scene;
            scope.spawn(move || {
                scene.done(&[&format!("apps/{name}"), "--branch", "env"]);
            });
        }
    });
    let files = ["a", "b", "c", "d"].map(|name| format!("apps/{name}/manifest.yaml"));
    let expected = [&[RECORD.to_owned()][..], &files, &["hydrator.metadata".to_owned()]].concat();
    assert_eq!(scene.files("env"), expected);
    assert_eq!(scene.git(&["rev-list", "--count", "env"]).trim(), "4");
    assert_eq!(scene.git(&["for-each-ref", "refs/krender"]), "");
}

#[test]
fn nothing_of_the_repository_runs() {
    let scene = Scene::new();
    let trap = scene.top().join("ran");
    let script = format!("#!/bin/sh\ntouch '{}'\nexit 1\n", trap.display());
    for hook in [
        "reference-transaction",
        "pre-commit",
        "commit-msg",
        "post-commit",
        "post-checkout",
        "update",
        "pre-receive",
    ] {
        let path = scene.source().join(".git/hooks").join(hook);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let program = scene.source().join(".git/trap");
    fs::write(&program, &script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for setting in ["core.fsmonitor", "core.pager", "core.editor", "gpg.program", "filter.x.clean"]
    {
        scene.git(&["config", setting, program.to_str().unwrap()]);
    }
    scene.git(&["config", "commit.gpgSign", "true"]);
    fs::write(scene.source().join(".git/info/attributes"), "* filter=x\n").unwrap();
    fs::remove_file(&trap).unwrap_or_default();
    scene.done(&all(&["--source", "HEAD"]));
    assert!(!trap.exists());
}

#[test]
fn folders_are_written_and_owned_alike() {
    let scene = Scene::new();
    let out = scene.top().join("out");
    let path = out.to_str().unwrap();
    let arguments = ["--all", "overlays", "--output", path];
    let ran = scene.done(&arguments);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("2 files written, 0 removed"), "{}", ran.err);
    let dev = out.join("dev/manifest.yaml");
    assert!(fs::read_to_string(&dev).unwrap().contains("web:1"));
    fs::write(out.join("README.md"), "by hand").unwrap();
    let record = || fs::metadata(out.join(RECORD)).unwrap().modified().unwrap();
    let written = record();
    assert!(scene.done(&arguments).err.contains("already"));
    assert_eq!(record(), written);
    assert_eq!(scene.run(&[&arguments[..], &["--dry-run"]].concat()).code, 0);
    fs::write(&dev, "by hand").unwrap();
    assert_eq!(scene.run(&[&arguments[..], &["--dry-run"]].concat()).code, 1);
    assert!(scene.done(&arguments).err.contains("`dev/manifest.yaml`: changed by others"));
    assert!(fs::read_to_string(&dev).unwrap().contains("web:1"));
    fs::remove_dir_all(scene.source().join("overlays/dev")).unwrap();
    scene.commit("less");
    scene.done(&arguments);
    assert!(!out.join("dev").exists() && out.join("README.md").exists());
    // Links are not followed.
    fs::remove_dir_all(out.join("prod")).unwrap();
    fs::create_dir(scene.top().join("elsewhere")).unwrap();
    symlink(scene.top().join("elsewhere"), out.join("prod")).unwrap();
    for adopt in [&[][..], &["--adopt"]] {
        let ran = scene.run(&[&arguments[..], adopt].concat());
        assert!(ran.code == 2 && ran.err.contains("`prod` would be replaced"), "{ran:?}");
        assert!(ran.err.contains("only plain files ever are"), "{ran:?}");
        assert!(!ran.err.contains("--adopt"), "it would not help: {ran:?}");
    }
    assert_eq!(fs::read_dir(scene.top().join("elsewhere")).unwrap().count(), 0);
    // Nor is a list of files that others have made.
    fs::write(
        out.join(RECORD),
        format!("# krender hydrate 1:\n{}\ta\t../source/base/objects.yaml\n", "0".repeat(40)),
    )
    .unwrap();
    let ran = scene.run(&arguments);
    assert!(ran.code == 2 && ran.err.contains("line 2 is not of a file"), "{ran:?}");
}

#[test]
fn secrets_with_values_are_told() {
    let scene = Scene::new();
    scene.write(
        "overlays/dev/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2}\n",
    );
    scene.write("overlays/dev/kustomization.yaml", "resources: [../../base, secret.yaml]\n");
    scene.write("overlays/prod/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {password: 'ENC[AES256]'}\nsops: {version: 3.9.0}\n");
    scene.write("overlays/prod/kustomization.yaml", "resources: [../../base, secret.yaml]\n");
    scene.commit("secrets");
    let ran = scene.run(&all(&["--secrets", "refuse"]));
    assert!(ran.code == 2 && ran.err.contains("of overlays/dev"), "{ran:?}");
    assert!(!ran.err.contains("overlays/prod") && !ran.err.contains("hunter2"), "{}", ran.err);
    let ran = scene.run(&all(&["--dry-run"]));
    assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"), "{ran:?}");
    assert!(scene.done(ALL).err.contains("Secrets are rendered with their values"));
    scene.write("base/objects.yaml", &objects("web:3"));
    scene.commit("more");
    assert!(!scene.done(&all(&["--secrets", "write"])).err.contains("Secrets"));
}

#[test]
fn branches_have_names_that_git_accepts() {
    let scene = Scene::new();
    for name in [
        "",
        "-x",
        "a..b",
        "a b",
        "a/.b",
        "a.lock",
        "a/",
        "/a",
        "HEAD",
        "@",
        "a@{b",
        "a\nb",
        "refs/heads/",
    ] {
        let ran = scene.run(&["--all", ".", &format!("--branch={name}")]);
        assert_eq!(ran.code, 2, "{name:?}: {ran:?}");
    }
    for name in ["main", "refs/heads/main"] {
        assert_eq!(scene.run(&["--all", ".", "--branch", name]).code, 2, "{name}");
    }
    scene.git(&["branch", "same"]);
    let ran = scene.run(&["--all", ".", "--branch", "same"]);
    assert!(ran.code == 2 && ran.err.contains("at the commit that is rendered"), "{ran:?}");
    scene.git(&["symbolic-ref", "refs/heads/link", "refs/heads/other"]);
    scene.done(&["--all", ".", "--branch", "other"]);
    let ran = scene.run(&["--all", ".", "--branch", "link"]);
    assert!(ran.code == 2 && ran.err.contains("symbolic reference"), "{ran:?}");
    scene.done(&["--all", ".", "--branch", "refs/heads/full"]);
    scene.done(&["--all", ".", "--branch", "bücher/ü"]);
    // A branch cannot be a folder of branches.
    scene.git(&["branch", "deep/er/down"]);
    for (name, told) in [
        ("full/below", "the branch `full` is above it"),
        ("refs/heads/full/be/low", "the branch `full` is above it"),
        ("deep/er", "the branch `deep/er/down` is below it"),
        ("deep", "the branch `deep/er/down` is below it"),
    ] {
        for dry in [&[][..], &["--dry-run"]] {
            let ran = scene.run(&[&["--all", ".", "--branch", name][..], dry].concat());
            assert!(ran.code == 2 && ran.err.contains(told), "{name}: {ran:?}");
            assert!(ran.err.contains("help: git keeps branches as files in folders"), "{ran:?}");
        }
    }
    scene.done(&["--all", ".", "--branch", "deep/er/beside"]);
    scene.done(&["--all", ".", "--branch", "full-below"]);
    assert_eq!(scene.git(&["for-each-ref", "refs/krender"]), "");
}

#[test]
fn urls_are_published_without_credentials() {
    let scene = Scene::new();
    let url = "https://user:hunter2@example.com/a/b.git?private_token=hunter2#hunter2";
    let ran = scene.done(&all(&["--repo-url", url]));
    let message = scene.git(&["log", "-1", "--format=%B", "env/all"]);
    let metadata = scene.show("env/all:hydrator.metadata");
    let note = scene.git(&["notes", "--ref=hydrator.metadata", "show", "env/all"]);
    for text in [&message, &metadata, &note, &ran.out, &ran.err] {
        assert!(!text.contains("hunter2") && !text.contains("private_token"), "{text}");
    }
    assert!(message.contains("\nSource-Repository: https://example.com/a/b.git\n"), "{message}");
    assert!(metadata.contains("\"repoURL\": \"https://example.com/a/b.git\","), "{metadata}");
    // That of `origin` may have a token, too.
    for (url, expected) in [
        ("https://example.com/a;token=hunter2/b.git", Some("https://example.com/a/b.git")),
        ("https://example.com/x-token-auth/hunter2/a/b.git", None),
        ("https://example.com/glpat-hunter2hunter2hunter2/b.git", None),
    ] {
        scene.git(&["config", "remote.origin.url", url]);
        scene.write("base/objects.yaml", &objects(&format!("web:{}", url.len())));
        scene.commit("another");
        scene.done(ALL);
        let message = scene.git(&["log", "-1", "--format=%B", "env/all"]);
        let metadata = scene.show("env/all:hydrator.metadata");
        let note = scene.git(&["notes", "--ref=hydrator.metadata", "show", "env/all"]);
        for text in [&message, &metadata, &note] {
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert_eq!(metadata.contains("repoURL"), expected.is_some(), "{metadata}");
        assert!(
            expected.is_none_or(|url| message.contains(&format!("Source-Repository: {url}\n"))),
            "{message}"
        );
    }
    let tip = scene.git(&["rev-parse", "env/all"]);
    for url in [
        "/srv/hunter2",
        "file:///srv/hunter2",
        "user:hunter2@example.com:a/b",
        "https://example.com/hunter2\nSource-Commit: 1",
        " ",
    ] {
        let ran = scene.run(&all(&["--repo-url", url]));
        assert!(ran.code == 2 && ran.err.contains("`--repo-url` is no URL"), "{url}: {ran:?}");
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
    assert_eq!(scene.git(&["rev-parse", "env/all"]), tip);
    scene.write("base/objects.yaml", &objects("web:2"));
    scene.commit("second");
    scene.done(&all(&["--repo-url", ""]));
    assert!(!scene.git(&["log", "-1", "--format=%B", "env/all"]).contains("Source-Repository"));
}

#[test]
fn wrong_arguments_are_told_with_what_to_do() {
    let scene = Scene::new();
    fs::create_dir_all(scene.source().join("overlays/new")).unwrap();
    fs::create_dir(scene.top().join("elsewhere")).unwrap();
    let head = scene.git(&["rev-parse", "HEAD"]);
    let has_not = format!("the commit {} has no directory `overlays/new`", &head[..7]);
    let cases: &[(&[&str], &str, &str)] = &[
        (&["--all", "."], "`--branch` or `--output` is needed", "such as `--output ../rendered`"),
        (&["overlays/new", "--branch", "b"], &has_not, "commit the directory first"),
        (
            &["overlays/dev", "../elsewhere", "--branch", "b"],
            "`../elsewhere` is not in the git repository",
            "targets of one run are in one repository",
        ),
        (&["overlays/none", "--branch", "b"], "there is no directory `overlays/none`", "relative"),
        (
            &["overlays/dev", "--branch", "b", "--path", "/apps/one/"],
            "`--path` cannot be `/apps/one/`",
            "did you mean `--path apps/one`?",
        ),
        (
            &["overlays/dev", "--output", "o", "--path", "/apps"],
            "`--path` cannot be `/apps`",
            "A folder of this machine is named by `--output`",
        ),
        (
            &["overlays/dev", "--branch", "b", "--path", "/"],
            "`--path` cannot be `/`",
            "leave `--path` out",
        ),
        (
            &["overlays/dev", "--branch", "b", "--repo", "../none"],
            "which `--repo` names",
            "`git init` or `git clone`",
        ),
    ];
    for (arguments, message, help) in cases {
        let ran = scene.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(message), "{message}: {}", ran.err);
        assert!(ran.err.contains(help), "{help}: {}", ran.err);
    }
    assert_eq!(scene.git(&["branch", "--list", "b"]), "");
    assert!(!scene.source().join("o").exists());
}

#[test]
fn hostile_names_stay_below_the_folder() {
    let scene = Scene::new();
    let objects = ["../../../x", "A", "a", "a/b", "\\u202e", &"n".repeat(300)]
        .map(|name| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: \"{name}\"}}\n"));
    scene.write("odd dir's/kustomization.yaml", "resources: [objects.yaml]\n");
    scene.write("odd dir's/objects.yaml", &objects.join("---\n"));
    scene.commit("odd");
    scene.done(&["odd dir's", "--branch", "odd", "--per", "object"]);
    let files = scene.git(&["ls-tree", "-r", "-z", "--name-only", "odd"]);
    let files: Vec<&str> = files.split_terminator('\0').collect();
    assert_eq!(files.len(), 8, "{files:?}");
    assert!(
        files.contains(&"odd dir's/configmap_a.yaml")
            && files.contains(&"odd dir's/configmap_%41.yaml"),
        "{files:?}"
    );
    assert!(
        files.iter().all(|file| file.split('/').all(|part| part != ".." && part.len() < 255)),
        "{files:?}"
    );
    assert!(
        scene
            .show("odd:hydrator.metadata")
            .contains(r#""krender hydrate --per object 'odd dir'\\''s'""#)
    );
    // Directories that differ in case only, and names that are no text.
    scene.write("Case/kustomization.yaml", "resources: [../base]\n");
    scene.write("case/kustomization.yaml", "resources: [../base]\n");
    scene.commit("case");
    let ran = scene.run(&["Case", "case", "--branch", "case"]);
    assert!(ran.code == 2 && ran.err.contains("would both be written to"), "{ran:?}");
    scene.write("line\nbreak/kustomization.yaml", "resources: [../base]\n");
    scene.commit("line");
    let ran = scene.run(&["line\nbreak", "--branch", "case"]);
    assert!(ran.code == 2 && ran.err.contains("is no path for rendered files"), "{ran:?}");
}

#[test]
fn an_identity_of_git_is_used() {
    let scene = Scene::new();
    scene.git(&["config", "user.name", "Set"]);
    scene.git(&["config", "user.email", "set@example.com"]);
    scene.done(ALL);
    let who = || scene.git(&["log", "-1", "--format=%an <%ae> %cn <%ce>", "env/all"]);
    assert_eq!(who().trim(), "Set <set@example.com> Set <set@example.com>");
    scene.write("base/objects.yaml", &objects("web:2"));
    scene.commit("second");
    let environment =
        [("GIT_COMMITTER_NAME", "E<n>v\n"), ("GIT_COMMITTER_EMAIL", "env@example.com")];
    assert_eq!(krender(&scene.source(), ALL, &environment).code, 0);
    assert_eq!(who().trim(), "Env <env@example.com> Env <env@example.com>");
}
