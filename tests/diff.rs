//! `krender diff --git` in a repository: revisions, the working tree, and targets that are added, removed or broken.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "makes a repository, and runs git and the program")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::path::Path;
use std::process::Command;

struct Repository(tempfile::TempDir);

impl Repository {
    /// A base used by three overlays, and an independent target.
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "-q"]);
        repository.write("base/kustomization.yaml", "resources: [deployment.yaml]\n");
        repository.write("base/deployment.yaml", &deployment("web:1"));
        for overlay in ["dev", "prod", "test"] {
            let text = format!("namespace: {overlay}\nresources: [../../base]\n");
            repository.write(&format!("overlays/{overlay}/kustomization.yaml"), &text);
        }
        repository.write(
            "other/kustomization.yaml",
            "configMapGenerator:\n- {name: other, files: [a.txt]}\n",
        );
        repository.write("other/a.txt", "one\n");
        repository.commit();
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let settings =
            ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let output =
            Command::new("git").args(settings).args(arguments).current_dir(self.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "change"]);
    }

    /// The standard output of the program, and its exit code.
    fn diff(&self, arguments: &[&str]) -> (String, i32) {
        let (written, _, code) = diff(self.path(), &[], arguments);
        (written, code)
    }
}

/// Both output streams of the program, and its exit code.
fn diff(
    directory: &Path,
    environment: &[(&str, &Path)],
    arguments: &[&str],
) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .arg("diff")
        .args(arguments)
        .current_dir(directory)
        .env("COLUMNS", "100")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    spec:\n      containers: [{{name: app, image: '{image}'}}]\n"
    )
}

/// Each kind of `--fail-on`, tried on each change: it fails on those of its kind, and on no other.
#[test]
fn each_kind_of_difference_fails_on_its_own() {
    const KINDS: [&str; 14] = [
        "loosened",
        "granted",
        "exposed",
        "removed",
        "recreate",
        "lost",
        "at-risk",
        "breaks",
        "less-available",
        "resources",
        "version",
        "other-stage",
        "restart",
        "error",
    ];
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/diff/fail-on-kinds/input");
    for (before, after, expected) in [
        ("before", "at-risk", &["at-risk"][..]),
        ("before", "lost", &["removed", "recreate", "lost"]),
        ("definition", "breaks", &["breaks"]),
        ("workload", "less-available", &["less-available"]),
        ("workload", "resources", &["loosened", "resources", "restart"]),
        ("workload", "growth", &["resources", "restart"]),
        ("workload", "version", &["version", "restart"]),
        ("workload", "restart", &["restart"]),
        ("restart", "restart", &[]),
    ] {
        let paths = [before, after].map(|name| format!("{name}.yaml"));
        let fails = |kind: &str| {
            let (_, _, code) = diff(&input, &[], &[&paths[0], &paths[1], "--fail-on", kind]);
            assert!(code < 2, "{before} {after} {kind}");
            code == 1
        };
        let found: Vec<&str> = KINDS.into_iter().filter(|kind| fails(kind)).collect();
        assert_eq!(found, expected, "{before} {after}");
        assert_eq!(fails("any"), !expected.is_empty());
    }
}

#[test]
fn a_target_of_another_stage_fails_on_its_own() {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/diff/other-stage/input");
    for (before, after, kind, code) in [
        ("plain", "plain-moved", "other-stage", 1),
        ("plain", "plain-moved", "any", 1),
        ("plain", "plain-moved", "granted,exposed,removed,restart,lost", 0),
        ("before", "same", "other-stage", 0),
        ("before", "before", "other-stage", 0),
    ] {
        let (_, _, found) = diff(&input, &[], &[before, after, "--fail-on", kind]);
        assert_eq!(found, code, "{before} {after} {kind}");
    }
}

#[test]
fn a_change_of_a_base_is_told_once_for_all_overlays() {
    let repository = Repository::new();
    repository.write("base/deployment.yaml", &deployment("web:2"));
    repository.commit();
    let expected = "\
3 of 3 targets differ · 3 restart · 3 changed

! VERSION Deployment web: takes another major version of web: 1 → 2 — overlays/dev, overlays/prod,
  overlays/test
* image web: 1 → 2 in Deployment web, 3 restart — overlays/dev, overlays/prod, overlays/test
";
    assert_eq!(repository.diff(&["--git", "HEAD~1..HEAD"]), (expected.to_owned(), 1));
    // The same revisions in other notations, and compared with the working tree.
    assert_eq!(repository.diff(&["--git", "HEAD~1.."]), (expected.to_owned(), 1));
    assert_eq!(repository.diff(&["--git", "HEAD~1...HEAD"]), (expected.to_owned(), 1));
    assert_eq!(repository.diff(&["--git", "HEAD~1"]), (expected.to_owned(), 1));
    assert_eq!(repository.diff(&["--git", "HEAD"]), ("no differences\n".to_owned(), 0));
    let (other_way, code) = repository.diff(&["--git", "HEAD..HEAD~1", "overlays/dev"]);
    assert!(
        other_way.contains("* image web: 2 → 1 in Deployment dev/web, restarts"),
        "{other_way}"
    );
    assert!(other_way.starts_with("overlays/dev: 1 restarts · 1 changed\n"), "{other_way}");
    assert_eq!(code, 1);
}

/// Git writes files into the working tree with the line ends that `.gitattributes` demands. What it takes as the same on
/// both sides is the same.
#[test]
fn line_ends_of_the_working_tree_are_no_difference() {
    let repository = Repository::new();
    repository.write(".gitattributes", "*.txt text eol=crlf\n");
    repository.write("other/b.txt", "same\n");
    let files = "configMapGenerator:\n- {name: other, files: [a.txt, b.txt]}\n";
    repository.write("other/kustomization.yaml", files);
    repository.commit();
    fs::remove_file(repository.path().join("other/b.txt")).unwrap();
    repository.git(&["checkout", "-q", "--", "other/b.txt"]);
    assert_eq!(fs::read(repository.path().join("other/b.txt")).unwrap(), b"same\r\n");
    assert_eq!(repository.diff(&["--git", "HEAD"]), ("no differences\n".to_owned(), 0));
    let options = "generatorOptions: {disableNameSuffixHash: true, labels: {a: b}}\n";
    repository.write("other/kustomization.yaml", &format!("{files}{options}"));
    let (told, code) = repository.diff(&["--git", "HEAD"]);
    assert!(code == 1 && told.contains("labels") && !told.contains("b.txt"), "{told}");
    // A file that has changed is shown, also by its line ends if git does not convert these.
    repository.write("other/a.txt", "other\r\n");
    let (told, _) = repository.diff(&["--git", "HEAD"]);
    assert!(told.contains("data[a.txt]") && !told.contains("b.txt"), "{told}");
    let repository = Repository::new();
    repository.write("other/a.txt", "one\r\n");
    let (told, code) = repository.diff(&["--git", "HEAD"]);
    assert!(code == 1 && told.contains("data[a.txt]"), "{told}");
}

/// Git converts no line ends of a file that does not look like text, unless it is told that it is text.
#[test]
fn line_ends_that_git_does_not_convert_are_a_difference() {
    let files = "generatorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator:\n- {name: other, files: [a.txt]}\n";
    let none = "no differences\n";
    let auto = "* text=auto\n";
    for (attributes, setting, content, is_converted) in [
        (auto, "", "a\nc\n", true),
        (auto, "", "a\rb\nc\n", false),
        (auto, "", "a\0b\nc\n", false),
        (auto, "", "\u{1}a\n", false),
        ("* text\n", "", "a\rb\nc\n", true),
        ("* crlf\n", "", "a\nc\n", true),
        ("* -crlf\n", "true", "a\nc\n", false),
        ("* text=auto eol=crlf\n", "", "a\rb\nc\n", false),
        ("", "true", "a\nc\n", true),
        ("", "true", "a\rb\nc\n", false),
        ("", "YES", "a\nc\n", true),
        ("", "on", "a\nc\n", true),
        ("", "1", "a\nc\n", true),
        ("", "Input", "a\nc\n", true),
        ("", "no", "a\nc\n", false),
    ] {
        let repository = Repository::new();
        repository.write(".gitattributes", attributes);
        repository.write("other/a.txt", content);
        repository.write("other/kustomization.yaml", files);
        repository.commit();
        if !setting.is_empty() {
            repository.git(&["config", "core.autocrlf", setting]);
        }
        repository.write("other/a.txt", &content.replace('\n', "\r\n"));
        // The label makes a difference, so that both sides are read.
        let labels = "labels: [{pairs: {a: b}}]\n";
        repository.write("other/kustomization.yaml", &format!("{files}{labels}"));
        let (told, code) = repository.diff(&["--git", "HEAD"]);
        let case = format!("{attributes}{setting}{content:?}: {told}");
        assert!(code == 1 && told.contains("labels"), "{case}");
        assert_eq!(!told.contains("data[a.txt]"), is_converted, "{case}");
        repository.write("other/kustomization.yaml", files);
        let (told, _) = repository.diff(&["--git", "HEAD"]);
        assert_eq!(told == none, is_converted, "{case}");
    }
}

#[test]
fn a_target_that_is_renamed_with_its_namespace_is_the_same_target() {
    let repository = Repository::new();
    repository.git(&["mv", "overlays/dev", "overlays/qa"]);
    repository.write("overlays/qa/kustomization.yaml", "namespace: qa\nresources: [../../base]\n");
    repository.commit();
    let (out, code) = repository.diff(&["--git", "HEAD~1..HEAD"]);
    assert_eq!(code, 1);
    assert!(out.contains("overlays/qa was overlays/dev before"), "{out}");
    assert!(out.contains("must be recreated: Deployment qa/web (dev → qa)"), "{out}");
    assert!(!out.contains("removed") && !out.contains(" new"), "{out}");
    // With a prefix, too, and in the other direction.
    repository.git(&["mv", "overlays/qa", "overlays/test-2"]);
    repository.write(
        "overlays/test-2/kustomization.yaml",
        "namespace: test-2\nnamePrefix: t-\nresources: [../../base]\n",
    );
    repository.commit();
    for (range, told) in [
        ("HEAD~1..HEAD", "overlays/test-2 was overlays/qa before"),
        ("HEAD..HEAD~1", "overlays/qa was overlays/test-2 before"),
    ] {
        let (out, _) = repository.diff(&["--git", range]);
        assert!(out.contains(told) && !out.contains("removed"), "{out}");
    }
    // Renamed and broken at the same time: git finds such renames by the files.
    repository.git(&["mv", "overlays/prod", "overlays/live"]);
    repository.write(
        "overlays/live/kustomization.yaml",
        "namespace: prod\nresources: [../../base]\npatches: [{path: none.yaml}]\n",
    );
    repository.commit();
    let (out, code) = repository.diff(&["--git", "HEAD~1..HEAD"]);
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("overlays/live cannot be rendered") && !out.contains("removed"), "{out}");
}

#[test]
fn patterns_that_match_nothing_do_not_pass() {
    let repository = Repository::new();
    let fails = |arguments: &[&str], told: &str| {
        let (out, err, code) = diff(repository.path(), &[], arguments);
        assert_eq!((out.as_str(), code), ("", 2), "{arguments:?}: {err}");
        assert!(err.contains(told), "{arguments:?}: {err}");
    };
    let passes = |arguments: &[&str], expected: &str, code: i32| {
        let (out, found) = repository.diff(arguments);
        assert!(out.contains(expected) && found == code, "{arguments:?}: {found}: {out}");
    };
    // Without a change, and with one of another target.
    for _ in 0..2 {
        fails(
            &["--git", "HEAD", "--include", "overlays/prd"],
            "did you mean `--include overlays/prod`?",
        );
        fails(
            &["--git", "HEAD", "overlays", "--include", "overlays/prd"],
            "did you mean `--include overlays/prod`?",
        );
        fails(&["--git", "HEAD", "--exclude", "*"], "leave none of the 4 targets in `.`");
        fails(
            &["--git", "HEAD", "--only", "Deploymnt/web"],
            "did you mean `--only Deployment/web`?",
        );
        fails(&["--git", "HEAD", "--include", "prod", "--only", "ConfigMap"], "kinds `Deployment`");
        for pattern in ["overlays/prod", "prod", "./overlays/prod/", "overlays"] {
            passes(&["--git", "HEAD", "--include", pattern], "no differences", 0);
        }
        passes(&["--git", "HEAD", "overlays", "--include", "prod"], "no differences", 0);
        // Objects of targets that are not affected.
        passes(&["--git", "HEAD", "--only", "deployment/w*"], "no differences", 0);
        passes(&["--git", "HEAD", "--exclude", "nowhere", "overlays"], "no differences", 0);
        repository.write("other/a.txt", "two\n");
    }
    // The last target of a pattern is deleted, with the change and before it.
    for directory in ["base", "overlays"] {
        fs::remove_dir_all(repository.path().join(directory)).unwrap();
    }
    passes(&["--git", "HEAD", "--include", "overlays/**"], "3 of 3 targets differ", 1);
    passes(&["--git", "HEAD", "--only", "Deployment/web"], "3 removed", 1);
    repository.commit();
    repository.write("other/a.txt", "three\n");
    passes(&["--git", "HEAD~1", "--include", "overlays/**"], "3 of 3 targets differ", 1);
    fails(&["--git", "HEAD", "--include", "overlays/**"], "does not match the only target in `.`");
    fails(&["--git", "HEAD", "--only", "Deployment/web"], "kinds `ConfigMap`");
    // What cannot be rendered may have the object.
    repository.write("broken/kustomization.yaml", "resources: [none.yaml]\n");
    let (_, err, code) = diff(repository.path(), &[], &["--git", "HEAD", "--only", "Pod"]);
    assert!(code == 2 && !err.contains("--only"), "{err}");
    repository.commit();
    repository.write("other/a.txt", "four\n");
    passes(&["--git", "HEAD", "--only", "Pod"], "no differences", 0);
}

#[test]
fn the_working_tree_counts_with_what_is_not_committed() {
    let repository = Repository::new();
    repository.write("other/a.txt", "two\n");
    repository.write("overlays/new/kustomization.yaml", "resources: [../../base]\n");
    fs::remove_dir_all(repository.path().join("overlays/test")).unwrap();
    repository.write("unrelated.txt", "");
    let (text, code) = repository.diff(&["--git", "HEAD"]);
    assert_eq!(code, 1);
    for part in [
        "3 of 3 targets differ",
        "── overlays/new (new)",
        "- removed Deployment test/web — overlays/test (gone)",
        "~ a.txt: one → two",
    ] {
        assert!(text.contains(part) || part.starts_with('~'), "{part}\n{text}");
    }
    assert!(!text.contains("overlays/dev"), "{text}");
    // Nothing is checked out or written.
    assert!(!repository.path().join("overlays/test").exists());
}

#[test]
fn overlays_that_move_are_the_same_targets() {
    let repository = Repository::new();
    repository.git(&["mv", "overlays", "clusters"]);
    repository.commit();
    let (text, code) = repository.diff(&["--git", "HEAD~1..HEAD"]);
    let expected = "\
no differences

clusters/dev was overlays/dev before
clusters/prod was overlays/prod before
clusters/test was overlays/test before
";
    assert_eq!((text.as_str(), code), (expected, 0));
    repository.write(
        "clusters/prod/kustomization.yaml",
        "namespace: prod\nnamePrefix: a-\nresources: [../../base]\n",
    );
    fs::create_dir(repository.path().join("eu")).unwrap();
    repository.git(&["mv", "clusters/prod", "eu/prod"]);
    let (text, code) = repository.diff(&["--git", "HEAD"]);
    assert!(text.contains("Deployment prod/a-web (web → a-web)"), "{text}");
    assert!(text.contains("eu/prod was clusters/prod before"), "{text}");
    assert_eq!(code, 1);
}

#[test]
fn broken_overlays_are_told_in_their_place() {
    let repository = Repository::new();
    repository.write("broken/kustomization.yaml", "resources: [missing.yaml, ../base]\n");
    repository.write("dropped/kustomization.yaml", "resources: [missing.yaml]\n");
    repository.commit();
    repository.write("base/deployment.yaml", &deployment("web:2"));
    fs::remove_dir_all(repository.path().join("dropped")).unwrap();
    let (text, error, code) = diff(repository.path(), &[], &["--git", "HEAD"]);
    let expected = "\
4 of 5 targets differ · 3 restart · 3 changed

! VERSION Deployment web: takes another major version of web: 1 → 2 — overlays/dev, overlays/prod,
  overlays/test
* image web: 1 → 2 in Deployment web, 3 restart — overlays/dev, overlays/prod, overlays/test

- dropped is gone; it could not be rendered before

not rendered, as before the change: broken: broken/kustomization.yaml:1:13: there is no file or
  directory `missing.yaml` [file-not-found]
";
    assert_eq!((text.as_str(), error.as_str(), code), (expected, "", 1));
    let (_, _, code) = diff(repository.path(), &[], &["--git", "HEAD", "--fail-on", "error"]);
    assert_eq!(code, 1);
    let (_, _, code) = diff(repository.path(), &[], &["--git", "HEAD", "--fail-on", "removed"]);
    assert_eq!(code, 0);
    repository.write("base/deployment.yaml", &deployment("web:1"));
    let (text, _, code) = diff(repository.path(), &[], &["--git", "HEAD", "broken"]);
    assert_eq!((text.as_str(), code), ("no differences\n", 0), "nothing of it changed");
}

#[test]
fn a_target_that_breaks_hides_no_other() {
    let repository = Repository::new();
    repository.write("base/deployment.yaml", &deployment("web:2"));
    repository.write("overlays/prod/kustomization.yaml", "resources: [../../bass]\n");
    repository.commit();
    let (text, code) = repository.diff(&["--git", "HEAD~1..HEAD"]);
    assert_eq!(code, 2);
    assert!(text.starts_with("! overlays/prod cannot be rendered after the change\n"), "{text}");
    assert!(text.contains("2 of 3 targets differ") && text.contains("1 not rendered"), "{text}");
    assert!(
        text.contains("1 → 2 in Deployment web, 2 restart — overlays/dev, overlays/test"),
        "{text}"
    );
}

#[test]
fn errors_of_both_sides_show_the_text_of_their_own_side() {
    let repository = Repository::new();
    repository.write("other/kustomization.yaml", "namePrefix: [former]\n");
    repository.commit();
    repository.write("other/kustomization.yaml", "# The fields.\nnameSuffix: {is: latter}\n");
    let (_, error, code) = diff(repository.path(), &[], &["--git", "HEAD", "other"]);
    assert_eq!(code, 2);
    for line in ["1 | namePrefix: [former]", "2 | nameSuffix: {is: latter}"] {
        assert!(error.contains(line), "{line}\n{error}");
    }
}

#[test]
fn what_breaks_many_targets_is_told_once() {
    let repository = Repository::new();
    repository.write("base/kustomization.yaml", "resources: [deploymnet.yaml]\n");
    let (text, error, code) = diff(repository.path(), &[], &["--git", "HEAD"]);
    let first =
        "! all 3 targets in overlays/: dev, prod, test cannot be rendered after the change\n";
    assert!(text.starts_with(first), "{text}");
    assert_eq!(error.matches("there is no file or directory `deploymnet.yaml`").count(), 1);
    assert_eq!((text.matches("cannot be rendered").count(), code), (1, 2), "{text}");
}

#[test]
fn what_git_does_not_know_is_said() {
    let repository = Repository::new();
    repository.git(&["branch", "feature/login"]);
    repository.git(&["update-ref", "refs/remotes/origin/release", "HEAD"]);
    for (revisions, said) in [
        ("none", "git knows no revision `none`"),
        ("HEAD..none", "git knows no revision `none`"),
        ("none...HEAD", "git knows no revision `none`"),
        ("--output=x..HEAD", "git knows no revision `--output=x`"),
        ("feature/logn..", "did you mean `feature/login`?"),
        ("release~0...", "did you mean `origin/release~0`?"),
        ("HEAD~7", "`HEAD` exists, but its history does not go back so far"),
    ] {
        let (written, error, code) = diff(repository.path(), &[], &[&format!("--git={revisions}")]);
        assert_eq!((written.as_str(), code), ("", 2), "{revisions}");
        assert!(error.contains(said), "{revisions}: {error}");
    }
    let (_, error, code) = diff(repository.path(), &[], &["--git", "HEAD", "overlays/dev"]);
    assert_eq!((error.as_str(), code), ("", 0), "nothing changed");
    repository.write("other/a.txt", "two\n");
    let (_, error, code) = diff(repository.path(), &[], &["--git", "HEAD", "overlays/de"]);
    assert!(error.contains("`overlays/de` is not a directory in either revision"), "{error}");
    assert_eq!(code, 2);
}

#[test]
fn histories_that_are_not_here_are_said() {
    let repository = Repository::new();
    repository.write("other/a.txt", "two\n");
    repository.commit();
    repository.git(&["branch", "first"]);
    repository.git(&["checkout", "-q", "--orphan", "second"]);
    repository.commit();
    let (_, error, _) = diff(repository.path(), &[], &["--git", "first...second"]);
    assert!(error.contains("`first` and `second` have no commit in common"), "{error}");
    repository.git(&["checkout", "-q", "first"]);
    let shallow = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repository.path().display());
    let clone = shallow.path().join("clone");
    repository.git(&["clone", "-q", "--depth", "1", &url, clone.to_str().unwrap()]);
    let (_, error, code) = diff(&clone, &[], &["--git", "HEAD~1"]);
    assert!(error.contains("`git fetch --unshallow` fetches the rest"), "{error}");
    assert_eq!(code, 2);
    let empty = tempfile::tempdir().unwrap();
    let init = Command::new("git").args(["init", "-q"]).current_dir(&empty).status();
    assert!(init.unwrap().success());
    let (_, error, _) = diff(empty.path(), &[], &["--git", "HEAD"]);
    assert!(error.contains("the repository has no branch with a commit yet"), "{error}");
}

#[test]
fn repositories_need_no_working_tree() {
    let repository = Repository::new();
    repository.write("base/deployment.yaml", &deployment("web:2"));
    repository.commit();
    let arguments = ["--git", "HEAD~1..HEAD", "overlays/dev"];
    let (expected, _) = repository.diff(&arguments);
    assert!(expected.contains("web: 1 → 2"), "{expected}");
    let folder = tempfile::tempdir().unwrap();
    let [bare, elsewhere, tree] =
        ["bare.git", "elsewhere", "tree"].map(|name| folder.path().join(name));
    fs::create_dir(&elsewhere).unwrap();
    repository.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    assert_eq!(diff(&bare, &[], &arguments).0, expected);
    // Git passes the location of the repository to hooks.
    assert_eq!(diff(&bare, &[("GIT_DIR", Path::new("."))], &arguments).0, expected);
    assert_eq!(diff(&elsewhere, &[("GIT_DIR", &bare)], &arguments).0, expected);
    assert_eq!(diff(&elsewhere, &[("GIT_DIR", Path::new("../bare.git"))], &arguments).0, expected);
    let (_, error, code) = diff(&bare, &[], &["--git", "HEAD~1"]);
    assert!(error.contains("has no working tree") && error.contains("name two revisions"));
    assert_eq!(code, 2);
    // Another working tree of the same repository.
    repository.git(&["worktree", "add", "-q", "--detach", tree.to_str().unwrap(), "HEAD~1"]);
    assert_eq!(diff(&tree, &[], &["--git", "HEAD"]).2, 0);
    fs::write(tree.join("base/deployment.yaml"), deployment("web:2")).unwrap();
    assert_eq!(diff(&tree, &[], &["--git", "HEAD", "overlays/dev"]).0, expected);
    assert_eq!(diff(&tree.join("overlays"), &[], &["--git", "HEAD", "dev"]).2, 1);
}

#[test]
fn paths_lead_to_the_repository() {
    let repository = Repository::new();
    repository.write("base/deployment.yaml", &deployment("web:2"));
    repository.commit();
    let elsewhere = tempfile::tempdir().unwrap();
    let top = repository.path().canonicalize().unwrap();
    for path in [top.clone(), top.join("overlays/dev"), top.join("overlays")] {
        let path = path.to_str().unwrap();
        let (text, _, code) = diff(elsewhere.path(), &[], &["--git", "HEAD~1..HEAD", path]);
        assert!(text.contains("web: 1 → 2") || text.contains("web:1 → web:2"), "{path}: {text}");
        assert_eq!(code, 1);
    }
    let (_, error, code) = diff(elsewhere.path(), &[], &["--git", "HEAD~1..HEAD"]);
    assert!(error.contains("is not in a git repository"), "{error}");
    assert_eq!(code, 2);
}

#[test]
fn revisions_in_other_forms_are_led_to_the_right_one() {
    let repository = Repository::new();
    repository.git(&["branch", "stable"]);
    let help = "to compare two revisions: `--git stable..HEAD`";
    for (arguments, expected) in [
        (&["stable", "HEAD"][..], help),
        (&["--git", "stable", "HEAD"], help),
        (&["--git", "stable..HEAD", "nowhere"], "`nowhere` is not a directory in either revision"),
        (&["--since", "stable"], "a revision is named by `--git`"),
        (&["stable"], "two revisions: `krender diff --git main..HEAD`"),
    ] {
        let (text, error, code) = diff(repository.path(), &[], arguments);
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert_eq!((text.as_str(), code), ("", 2), "{arguments:?}");
    }
}

#[test]
fn what_is_in_a_submodule_is_said() {
    let part = Repository::new();
    let repository = Repository::new();
    let settings = ["-c", "protocol.file.allow=always"];
    let add = ["submodule", "add", "-q", part.path().to_str().unwrap(), "part"];
    repository.git(&[&settings[..], &add].concat());
    repository.write("uses/kustomization.yaml", "resources: [../part/base]\n");
    repository.commit();
    part.write("base/deployment.yaml", &deployment("web:2"));
    part.commit();
    let update = ["submodule", "update", "-q", "--remote"];
    repository.git(&[&settings[..], &update].concat());
    repository.commit();
    let (written, _, code) = diff(repository.path(), &[], &["--git", "HEAD~1..HEAD"]);
    let words: Vec<&str> = written.split_whitespace().collect();
    assert!(words.join(" ").contains("it is in the submodule `part`"), "{written}");
    assert!(written.contains("not rendered, as before the change: uses: "), "{written}");
    assert_eq!(code, 2);
}

/// Properties of every diff, checked on real neighbouring kustomizations, mostly overlays of one base.
#[test]
fn neighbours_of_the_real_world_keep_the_laws() {
    use krender::{
        build,
        diff::{Options, Side, Status, Target, TargetReview},
        fleet,
        load::{self, Disk, Loader},
        yaml::{Form, Node, write_json},
    };

    /// The number of pairs per repository, spread over all of it.
    const PAIRS: usize = 3;
    let repositories =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/realworld/repos");
    let Ok(found) = fs::read_dir(&repositories) else {
        let message = format!("there are no real kustomizations in {}", repositories.display());
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{message}");
        eprintln!("skipped: {message}");
        return;
    };
    let json = |nodes: &[Node]| {
        let mut text = String::new();
        let list = Node::sequence(nodes.to_vec(), krender::source::Span::NONE);
        write_json(&list, Form::Compact, &mut text).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let mut compared = 0;
    for repository in found {
        let working_directory = repository.unwrap().path().canonicalize().unwrap();
        let options = load::Options {
            restrictor: load::Restrictor::None,
            working_directory,
            ..load::Options::default()
        };
        let loader = Loader::new(Disk, options);
        let default = build::Options::default();
        let run = fleet::Run::new(&loader, &default);
        let targets = run.targets(".").unwrap();
        let step = (targets.len() / PAIRS).max(1);
        for pair in targets.windows(2).step_by(step) {
            let side = |place: usize| {
                let built = run.build_from(&pair[place].directory, &mut Vec::new());
                built.ok().map(|built| Side::Rendered(built.into()))
            };
            let (Some(one), Some(other)) = (side(0), side(1)) else { continue };
            let options = Options { renders: true, ..Options::default() };
            let name = pair[1].directory.clone();
            let target = Target { name, moved_from: None, before: one, after: other };
            let there = TargetReview::of(&target, &options);
            let back = Target { before: target.after, after: target.before, ..target };
            let here = TargetReview::of(&back, &options);
            let changes = |review: &TargetReview| {
                review.objects.iter().map(|object| object.changes.len()).sum::<usize>()
            };
            assert_eq!(changes(&there), changes(&here), "{}", there.name);
            for review in [&there, &here] {
                let [before, after] = &review.renders;
                let operations = review.operations().unwrap();
                let mut patched = json(before);
                json_patch::patch(&mut patched, &operations).unwrap();
                assert_eq!(patched, json(after), "{}", review.name);
            }
            let Side::Rendered(rendered) = &back.before else { continue };
            let same = || Side::Rendered(rendered.clone());
            let same =
                Target { name: String::new(), moved_from: None, before: same(), after: same() };
            assert_eq!(TargetReview::of(&same, &options).status, Status::Same);
            compared += 1;
        }
    }
    assert!(compared > 25, "{compared}");
}
