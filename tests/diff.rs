//! `krender diff --git` over a repository: revisions, the working tree, targets that come, go and break.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "makes a repository, and runs git and the program")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;

struct Repository(tempfile::TempDir);

impl Repository {
    /// A base that three overlays use, and a target of its own.
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

    /// What the program writes, and its exit code.
    fn diff(&self, arguments: &[&str]) -> (String, i32) {
        let output = Command::new(env!("CARGO_BIN_EXE_krender"))
            .arg("diff")
            .args(arguments)
            .current_dir(self.path())
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    }
}

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    spec:\n      containers: [{{name: app, image: '{image}'}}]\n"
    )
}

#[test]
fn a_change_of_a_base_is_told_once_for_all_overlays() {
    let repository = Repository::new();
    repository.write("base/deployment.yaml", &deployment("web:2"));
    repository.commit();
    let expected = "\
3 of 3 targets differ · 1 changed · 1 restarting

* image web: 1 → 2 — all 3 targets

── all 3 targets

~ Deployment web
    ! restarts: image
    ~ spec.template.spec.containers[app].image: web:1 → web:2
";
    assert_eq!(repository.diff(&["--git", "HEAD~1..HEAD"]), (expected.to_owned(), 1));
    // The same revisions in other words, and as seen from the working tree.
    assert_eq!(repository.diff(&["--git", "HEAD~1.."]), (expected.to_owned(), 1));
    assert_eq!(repository.diff(&["--git", "HEAD~1...HEAD"]), (expected.to_owned(), 1));
    assert_eq!(repository.diff(&["--git", "HEAD~1"]), (expected.to_owned(), 1));
    assert_eq!(repository.diff(&["--git", "HEAD"]), ("no differences\n".to_owned(), 0));
    let (other_way, code) = repository.diff(&["--git", "HEAD..HEAD~1", "overlays/dev"]);
    assert!(other_way.contains("containers[app].image: web:2 → web:1"), "{other_way}");
    assert!(other_way.starts_with("1 target compared"), "{other_way}");
    assert_eq!(code, 1);
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
        "── overlays/test (gone)",
        "~ a.txt: one → two",
    ] {
        assert!(text.contains(part) || part.starts_with('~'), "{part}\n{text}");
    }
    assert!(!text.contains("overlays/dev"), "{text}");
    // Nothing is checked out or written.
    assert!(!repository.path().join("overlays/test").exists());
}

#[test]
fn a_target_that_breaks_hides_no_other() {
    let repository = Repository::new();
    repository.write("base/deployment.yaml", &deployment("web:2"));
    repository.write("overlays/prod/kustomization.yaml", "resources: [../../bass]\n");
    repository.commit();
    let (text, code) = repository.diff(&["--git", "HEAD~1..HEAD"]);
    assert_eq!(code, 2);
    assert!(text.starts_with("! overlays/prod cannot be rendered after\n"), "{text}");
    assert!(text.contains("2 of 3 targets differ") && text.contains("1 not rendered"), "{text}");
    assert!(text.contains("── overlays/dev, overlays/test"), "{text}");
}

#[test]
fn what_git_does_not_know_is_said() {
    let repository = Repository::new();
    for revisions in ["none", "HEAD..none", "none...HEAD", "--output=x..HEAD"] {
        let (text, code) = repository.diff(&[&format!("--git={revisions}")]);
        assert_eq!((text.as_str(), code), ("", 2), "{revisions}");
    }
}

/// What always holds, over real kustomizations that stand side by side: overlays of one base, mostly.
#[test]
fn neighbours_of_the_real_world_keep_the_laws() {
    use krender::{
        build,
        diff::{Options, Side, Status, Target, TargetReview},
        load::{self, Disk, Loader},
        yaml::{Form, Node, write_json},
    };

    /// Pairs of each repository: spread over all of it.
    const PAIRS: usize = 3;
    let repositories =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/realworld/repos");
    let Ok(repositories) = fs::read_dir(repositories) else {
        eprintln!("skipped: the repositories of the real world are not here");
        return;
    };
    let json = |nodes: &[Node]| {
        let mut text = String::new();
        let list = Node::sequence(nodes.to_vec(), krender::source::Span::NONE);
        write_json(&list, Form::Compact, &mut text).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let mut compared = 0;
    for repository in repositories {
        let working_directory = repository.unwrap().path().canonicalize().unwrap();
        let options = load::Options { restrictor: load::Restrictor::None, working_directory };
        let loader = Loader::new(Disk, options);
        let default = build::Options::default();
        let run = build::Run::new(&loader, &default);
        let targets = run.targets(".", NonZeroUsize::MIN).unwrap();
        let step = (targets.len() / PAIRS).max(1);
        for pair in targets.windows(2).step_by(step) {
            let side = |place: usize| {
                let built = run.build(&pair[place].directory, &mut Vec::new());
                built.ok().map(Side::Rendered)
            };
            let (Some(one), Some(other)) = (side(0), side(1)) else { continue };
            let options = Options { renders: true, ..Options::default() };
            let target = Target { name: pair[1].directory.clone(), before: one, after: other };
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
            let same = Target { name: String::new(), before: same(), after: same() };
            assert_eq!(TargetReview::of(&same, &options).status, Status::Same);
            compared += 1;
        }
    }
    assert!(compared > 25, "{compared}");
}
