//! Commands that keep or compare results know remote content: `build --cache`, `affected`, `build --watch`.

use std::fs;
use std::process::{Child, Stdio};

use super::lab::{Lab, config_map, text, wait_for};

/// Builds the target `k` with a cache of results. Returns the output, and true if it was kept from an earlier run.
#[track_caller]
fn kept(lab: &Lab, arguments: &[&str]) -> (String, bool) {
    let flags = ["build", "k", "--cache", "--timings", "--error-format", "json"];
    let output = lab.krender(&[&flags, arguments].concat()).output().unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    (text(&output.stdout), said.contains("\"outcome\":\"kept\""))
}

#[test]
fn a_result_is_kept_until_a_branch_moves() {
    let lab = Lab::with_app();
    let url = lab.url("app");
    // A base of a base that is remote, too.
    lab.repository("top");
    lab.commit("top", "kustomization.yaml", &format!("resources: ['{url}//base?ref=main']\n"));
    lab.write("k/kustomization.yaml", &format!("resources: ['{}?ref=main']\n", lab.url("top")));
    assert!(!kept(&lab, &[]).1);
    lab.calls();
    let (output, is_kept) = kept(&lab, &[]);
    assert!(is_kept && output.contains("a: one"), "{output}");
    assert_eq!(lab.all_calls(), ["ls-remote", "ls-remote"]);
    assert!(kept(&lab, &["--offline"]).1);
    assert_eq!(lab.all_calls(), [""; 0]);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    let (output, is_kept) = kept(&lab, &[]);
    assert!(!is_kept && output.contains("a: two"), "{output}");
    assert!(kept(&lab, &[]).1);
    // A change on disk is noticed without a request.
    lab.write("k/kustomization.yaml", "namePrefix: x-\nresources: []\n");
    lab.all_calls();
    assert!(!kept(&lab, &[]).1);
    assert_eq!(lab.all_calls(), [""; 0]);
}

#[test]
fn a_result_of_commits_needs_no_request() {
    let lab = Lab::with_app();
    let first = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    let entry =
        |reference: &str| format!("resources: ['{}//base?ref={reference}']\n", lab.url("app"));
    lab.write("k/kustomization.yaml", &entry(&first));
    kept(&lab, &[]);
    lab.all_calls();
    assert!(kept(&lab, &[]).1);
    // A lock names commits.
    lab.write("k/kustomization.yaml", &entry("main"));
    assert!(lab.krender(&["lock", "k"]).status().unwrap().success());
    kept(&lab, &["--locked"]);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.all_calls();
    assert!(kept(&lab, &["--locked"]).1);
    assert_eq!(lab.all_calls(), [""; 0]);
    assert!(kept(&lab, &[]).0.contains("a: two"));
    // Credentials are not written into the cache of results.
    let to = format!("url.{}.insteadOf", lab.url("app"));
    let url = "https://user:s3cr3ttoken@host.example/app.git";
    lab.git("home", &["config", "--global", &to, url]);
    lab.write("k/kustomization.yaml", &format!("resources: ['{url}//base']\n"));
    for _ in 0..2 {
        assert!(!kept(&lab, &[]).1);
    }
    let found = std::process::Command::new("grep")
        .args(["-rl", "s3cr3ttoken"])
        .arg(lab.path("home/.cache"))
        .output();
    assert_eq!(text(&found.unwrap().stdout), "");
}

/// A target in a repository is kept, too.
#[test]
fn a_remote_target_is_kept() {
    let lab = Lab::with_app();
    let target = format!("{}//base", lab.url("app"));
    let build = || {
        let arguments = ["build", &target, "--cache", "--timings", "--error-format", "json"];
        let output = lab.krender(&arguments).output().unwrap();
        (text(&output.stdout), text(&output.stderr).contains("\"outcome\":\"kept\""))
    };
    assert!(!build().1);
    assert!(build().1);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    let (output, is_kept) = build();
    assert!(!is_kept && output.contains("a: two"), "{output}");
}

#[test]
fn a_moved_tag_affects_what_names_it() {
    let lab = Lab::with_app();
    lab.repository("site");
    let entry =
        |reference: &str| format!("resources: ['{}//base?ref={reference}']\n", lab.url("app"));
    lab.write("site/a/kustomization.yaml", &entry("v1"));
    lab.write("site/b/kustomization.yaml", "namePrefix: x-\nresources: [../base]\n");
    lab.write("site/base/kustomization.yaml", &entry("main"));
    lab.commit("site", "c/kustomization.yaml", "resources: []\n");
    let run = |arguments: &[&str]| {
        let output = lab.krender(arguments).current_dir(lab.path("site")).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    // Without a lock, nothing is known of earlier commits.
    assert_eq!(run(&["affected", "--since", "HEAD"]), "");
    run(&["lock", "--all", "."]);
    lab.git("site", &["add", "-A"]);
    lab.git("site", &["commit", "-qm", "lock"]);
    assert_eq!(run(&["affected", "--since", "HEAD"]), "");
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    assert_eq!(run(&["affected", "--since", "HEAD"]), "b\n");
    lab.git("app", &["tag", "-f", "v1"]);
    assert_eq!(run(&["affected", "--since", "HEAD"]), "a\nb\n");
    let json = run(&["affected", "--since", "HEAD", "--format", "json", "--include", "a"]);
    let expected =
        format!("{{\"changed\":[],\"remotes\":[\"{}@v1\"],\"target\":\"a\"}}\n", lab.url("app"));
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    assert_eq!(sorted(&json), sorted(&expected), "{json}");
    // With the lock, what moves is the lock.
    assert_eq!(run(&["affected", "--since", "HEAD", "--locked"]), "");
    run(&["lock", "--all", ".", "--update"]);
    assert_eq!(run(&["affected", "--since", "HEAD", "--locked"]), "a\nb\n");
}

/// With `--locked`, each side of `diff --git` uses its own lock.
#[test]
fn a_bumped_lock_is_compared() {
    let lab = Lab::with_app();
    lab.repository("site");
    let run = |arguments: &[&str]| {
        let output = lab.krender(arguments).current_dir(lab.path("site")).output().unwrap();
        text(&output.stdout) + &text(&output.stderr)
    };
    let entry = format!("resources: ['{}//base?ref=main']\n", lab.url("app"));
    lab.write("site/base/kustomization.yaml", &entry);
    lab.write("site/prod/kustomization.yaml", "resources: [../base]\n");
    lab.commit("site", "other/kustomization.yaml", "resources: []\n");
    run(&["lock", "--all", "."]);
    lab.git("site", &["add", "-A"]);
    lab.git("site", &["commit", "-qm", "lock"]);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    run(&["lock", "--all", ".", "--update"]);
    let shown = run(&["diff", "--git", "HEAD", "--locked"]);
    assert!(shown.contains("data.a: one → two") && shown.contains("prod"), "{shown}");
    lab.git("site", &["commit", "-qam", "bump"]);
    let shown = run(&["diff", "--git", "HEAD~1..HEAD", "--locked"]);
    assert!(shown.contains("data.a: one → two"), "{shown}");
    // Before there was a lock, the branch is as it is now.
    let shown = run(&["diff", "--git", "HEAD~2..HEAD", "--locked"]);
    assert!(!shown.contains("data.a") && !shown.contains("error"), "{shown}");
}

/// Files that name an entry are in the lock, and in the changes that are printed.
#[test]
fn a_lock_tells_where_its_entries_are_named() {
    let lab = Lab::with_app();
    let entry = format!("resources: ['{}//base?ref=v1']\n", lab.url("app"));
    for name in ["k/a", "k/b"] {
        lab.write(&format!("{name}/kustomization.yaml"), &entry);
    }
    lab.repository("top");
    lab.commit("top", "kustomization.yaml", &entry);
    lab.write("k/c/kustomization.yaml", &format!("resources: ['{}']\n", lab.url("top")));
    let lock = |arguments: &[&str]| {
        let output = lab.krender(&[&["lock", "--all", "k"], arguments].concat()).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let top = lab.url("top");
    let names =
        format!("({top}//kustomization.yaml, k/a/kustomization.yaml, k/b/kustomization.yaml)\n");
    let changes = lock(&[]);
    assert!(changes.contains(&names), "{changes}");
    assert!(changes.ends_with("(k/c/kustomization.yaml)\n"), "{changes}");
    let written = fs::read_to_string(lab.path("kustomization.lock")).unwrap();
    assert!(
        written.contains("\"namedIn\": [\n        \"k/c/kustomization.yaml\"\n      ]"),
        "{written}"
    );
    // Another file that names an entry is no change of what is built; the next `lock` writes it down.
    lab.write("k/d/kustomization.yaml", &entry);
    assert_eq!(lock(&["--check"]) + &lock(&[]), "");
    let written = fs::read_to_string(lab.path("kustomization.lock")).unwrap();
    assert!(written.contains("k/d/kustomization.yaml"), "{written}");
}

/// A lock may come from others: a link is not followed, and another file is not shown.
#[test]
fn a_lock_that_is_a_link_is_refused() {
    let lab = Lab::with_app();
    lab.write("k/kustomization.yaml", &format!("resources: ['{}//base']\n", lab.url("app")));
    lab.write("home/secret", "\"s3cr3t\"\n");
    std::os::unix::fs::symlink("home/secret", lab.path("kustomization.lock")).unwrap();
    for arguments in [&["lock", "k"][..], &["lock", "k", "--check"], &["lock", "k", "--update"]] {
        let output = lab.krender(arguments).output().unwrap();
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains("is a link"), "{said}");
    }
    let said = lab.fail(&["--locked", "k"]);
    assert!(said.contains("is not a lock") && !said.contains("s3cr3t"), "{said}");
    assert_eq!(fs::read_to_string(lab.path("home/secret")).unwrap(), "\"s3cr3t\"\n");
}

/// Ends a program when a test fails.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A local change fetches nothing again; another reference does.
#[cfg(feature = "watch")]
#[test]
fn a_watch_resolves_a_branch_once() {
    let lab = Lab::with_app();
    let text = |suffix: &str, reference: &str| {
        format!("resources: ['{}//base?ref={reference}']\nnameSuffix: {suffix}\n", lab.url("app"))
    };
    lab.write("k/kustomization.yaml", &text("-a", "main"));
    let mut command = lab.krender(&["build", "--watch", "k", "-o", "out.yaml"]);
    let _watch = Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let shows = |name: &str, value: &str| {
        let output = fs::read_to_string(lab.path("out.yaml")).unwrap_or_default();
        output.contains(&format!("name: c{name}\n")) && output.contains(&format!("a: {value}\n"))
    };
    wait_for(|| shows("-a", "one"));
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.git("app", &["tag", "v2"]);
    assert_eq!(lab.calls(), ["fetch"]);
    for suffix in ["-b", "-c"] {
        lab.write("k/kustomization.yaml", &text(suffix, "main"));
        wait_for(|| shows(suffix, "one"));
    }
    assert_eq!(lab.calls(), [""; 0]);
    lab.write("k/kustomization.yaml", &text("-d", "v2"));
    wait_for(|| shows("-d", "two"));
    assert_eq!(lab.calls(), ["fetch"]);
    // A failure is not kept for ever.
    lab.write("k/kustomization.yaml", &text("-e", "v3"));
    wait_for(|| fs::read_to_string(lab.path("calls")).is_ok_and(|calls| calls.contains("fetch")));
    lab.git("app", &["tag", "v3"]);
    lab.write("k/kustomization.yaml", &text("-f", "v3"));
    wait_for(|| shows("-f", "two"));
}

#[cfg(feature = "http")]
#[test]
fn a_result_is_kept_until_a_file_changes() {
    use super::server::{Server, file};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let version = Arc::new(AtomicUsize::new(1));
    let current = Arc::clone(&version);
    let server = Server::new(move |_, _, _| {
        file(config_map(&format!("n{}", current.load(Ordering::SeqCst))))
    });
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", &format!("resources: ['{}']\n", server.url("cm.yaml")));
    assert!(!kept(&lab, &[]).1);
    assert!(kept(&lab, &[]).1);
    version.store(2, Ordering::SeqCst);
    let (output, is_kept) = kept(&lab, &[]);
    assert!(!is_kept && output.contains("a: n2"), "{output}");
    let output = lab.krender(&["inputs", "--format", "json", "k"]).output().unwrap();
    let inputs = text(&output.stdout);
    assert!(inputs.contains("\"downloads\":[{") && inputs.contains("\"sha256\":\""), "{inputs}");
}
