//! Servers that send more than they should, and many requests.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::lab::{Lab, config_map};
use super::server::{Answer, SENT, Server, file, status};

const LIMIT: &str = "error[limit-exceeded]: this takes more than";

/// The number of repositories and locks in the cache.
fn stores(lab: &Lab) -> usize {
    let entries = fs::read_dir(lab.path("home/.cache/krender/git")).into_iter().flatten();
    entries.flatten().filter(|entry| entry.file_name() != "lock").count()
}

/// The list of references is held in memory by git: it is ended when that grows.
#[test]
fn references_without_an_end_are_refused() {
    let line = format!("003d{} refs/heads/a\n", "1".repeat(40));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n001e# service=git-upload-pack\n0000";
    let lines = line.repeat(1 << 12);
    let server = Server::new(move |_, _, _| {
        Answer::Endless(head.as_bytes().to_vec(), lines.clone().into_bytes())
    });
    let lab = Lab::new();
    let (start, before) = (Instant::now(), SENT.load(Ordering::Relaxed));
    let said =
        lab.fail(&["--limit", "fetched=64MiB", &server.url("a/b.git//base?ref=v1&timeout=60")]);
    assert!(said.contains(LIMIT), "{said}");
    assert!(said.contains("64MiB of remote repositories"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    let sent = SENT.load(Ordering::Relaxed) - before;
    assert!(sent < 2 << 30, "{sent}");
    assert!(lab.is_tidy() && stores(&lab) == 0);
}

#[test]
fn a_pack_that_is_too_large_is_not_kept() {
    let lab = Lab::with_app();
    let mut state = 7_u64;
    let noise = (0..8 << 20).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    });
    fs::write(lab.path("app/base/noise"), noise.collect::<Vec<u8>>()).unwrap();
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    let target = format!("{}//base", lab.url("app"));
    let said = lab.fail(&["--limit", "fetched=2MiB", &target]);
    assert!(said.contains(LIMIT), "{said}");
    assert!(said.contains("`--limit fetched=4MiB`"), "{said}");
    assert!(lab.is_tidy() && stores(&lab) == 0);
    assert!(lab.build(&["--limit", "fetched=200MiB", &target]).contains("a: two"));
}

#[test]
fn an_answer_of_git_without_an_end_is_refused() {
    let lab = Lab::with_app();
    let target = format!("{}//base", lab.url("app"));
    lab.build(&[&target]);
    lab.program("case \"$*\" in *' ls-remote '*) exec yes;; *) exec git \"$@\";; esac");
    let said = lab.fail(&[&target]);
    assert!(said.contains("error[too-large]: the answer of `git` has more than"), "{said}");
    lab.program("exec git \"$@\"");
    assert!(lab.build(&[&target]).contains("a: one"));
}

/// Files are charged while they come: several together do not take more than one.
#[test]
fn files_without_an_end_are_refused_together() {
    let server = Server::new(|_, _, _| {
        Answer::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'#'; 1 << 16])
    });
    let lab = Lab::new();
    let entries: Vec<String> =
        (0..8).map(|number| format!("'{}'", server.url(&format!("{number}.yaml")))).collect();
    lab.write("k/kustomization.yaml", &format!("resources: [{}]\n", entries.join(", ")));
    let before = SENT.load(Ordering::Relaxed);
    let said = lab.fail(&["--limit", "files=8MiB", "k"]);
    assert!(said.contains(LIMIT), "{said}");
    let sent = SENT.load(Ordering::Relaxed) - before;
    // Other tests send too, and each connection has its buffers.
    assert!(sent < 3 << 30, "{sent}");
    assert!(lab.calls().is_empty(), "it is not tried as a repository");
}

#[test]
fn requests_are_limited_and_a_failing_repository_is_asked_once() {
    let lab = Lab::new();
    let entry =
        |number: usize, reference: &str| format!("'file:///none/{number}//base?ref={reference}'");
    let entries: Vec<String> = (0..20).map(|number| entry(number, "v1")).collect();
    lab.write("many/kustomization.yaml", &format!("resources: [{}]\n", entries.join(", ")));
    let said = lab.fail(&["--limit", "requests=5", "many"]);
    assert!(said.contains(LIMIT), "{said}");
    assert!(said.contains("5 remote repositories and files in one run"), "{said}");
    assert_eq!(lab.calls(), ["fetch"; 5]);
    assert!(lab.is_tidy() && stores(&lab) == 0);
    let entries: Vec<String> =
        ["v1", "v2", "v3", "v4"].iter().map(|reference| entry(1, reference)).collect();
    lab.write("same/kustomization.yaml", &format!("resources: [{}]\n", entries.join(", ")));
    assert!(lab.fail(&["same"]).contains("git cannot fetch"));
    assert_eq!(lab.calls(), ["fetch"]);
    assert_eq!(stores(&lab), 0);
    // Files count too.
    let server = Server::new(|_, _, _| file(config_map("one")));
    let entries: Vec<String> =
        (0..3).map(|number| format!("'{}'", server.url(&format!("{number}.yaml")))).collect();
    lab.write("files/kustomization.yaml", &format!("resources: [{}]\n", entries.join(", ")));
    assert!(lab.fail(&["--limit", "requests=2", "files"]).contains(LIMIT));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn headers_without_an_end_are_refused() {
    let server = Server::new(|_, _, _| {
        Answer::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-A: b\r\n".repeat(1 << 12))
    });
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", &format!("resources: ['{}']\n", server.url("a.yaml")));
    let start = Instant::now();
    assert!(lab.fail(&["k"]).contains("error[fetch-failed]"));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// A process that does not release a repository is not waited for without an end.
#[test]
fn a_repository_that_another_process_holds_is_waited_for_in_time() {
    let lab = Lab::with_app();
    let target = format!("{}//base?timeout=1", lab.url("app"));
    lab.build(&[&target]);
    let entries = fs::read_dir(lab.path("home/.cache/krender/git")).unwrap().flatten();
    let mut paths = entries.map(|entry| entry.path());
    let lock = paths.find(|path| path.extension().is_some_and(|end| end == "lock")).unwrap();
    let held = fs::File::options().write(true).open(lock).unwrap();
    held.lock().unwrap();
    let said = lab.fail(&[&target]);
    assert!(said.contains("error[timed-out]") && said.contains("another process"), "{said}");
    assert!(lab.build(&["--offline", &target]).contains("a: one"));
    drop(held);
    assert!(lab.build(&[&target]).contains("a: one"));
}

/// A reference to something that is no commit is not kept.
#[test]
fn a_tag_of_a_file_leaves_nothing() {
    let lab = Lab::with_app();
    lab.git("app", &["tag", "file", "HEAD:base/cm.yaml"]);
    let said = lab.fail(&[&format!("{}//base?ref=file", lab.url("app"))]);
    assert!(said.contains("`file` of `file://") && said.contains("is not a commit"), "{said}");
    assert!(lab.is_tidy() && stores(&lab) == 0);
    assert!(lab.build(&[&format!("{}//base", lab.url("app"))]).contains("a: one"));
}

/// A reference that is missing says nothing about others of the repository.
#[test]
fn a_missing_reference_is_no_failure_of_the_repository() {
    let lab = Lab::with_app();
    let url = lab.url("app");
    lab.write("k/missing/kustomization.yaml", &format!("resources: ['{url}//base?ref=none']\n"));
    lab.write("k/there/kustomization.yaml", &format!("resources: ['{url}//base?ref=v1']\n"));
    let output = lab.krender(&["check", "--all", "k", "--jobs", "1"]).output().unwrap();
    let said = super::lab::text(&output.stdout) + &super::lab::text(&output.stderr);
    assert!(said.contains("has no branch, tag or commit `none`"), "{said}");
    assert_eq!(lab.calls(), ["fetch", "fetch"]);
}

/// All requests for an entry share one time.
#[test]
fn a_slow_server_takes_no_longer_than_the_timeout() {
    let lab = Lab::with_app();
    let target = format!("{}//base?timeout=2", lab.url("app"));
    lab.build(&[&target]);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    // Each command takes most of the time, and all together more than that.
    lab.program("case \"$*\" in *' cat-file '*) ;; *) sleep 1.4;; esac; exec git \"$@\"");
    let start = Instant::now();
    let said = lab.fail(&[&target]);
    assert!(said.contains("error[timed-out]"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

/// After three URLs of a host whose time ran out, the others are not asked for.
#[test]
fn a_host_that_does_not_answer_is_not_asked_for_ever() {
    let server = Server::new(|path, _, _| match path {
        "ok.yaml" => file(config_map("one")),
        _ => status("404 Not Found"),
    });
    let lab = Lab::new();
    lab.program("case \"$*\" in *' fetch '*) sleep 30;; *) exec git \"$@\";; esac");
    let entries: Vec<String> = (0..20)
        .map(|number| {
            format!("'{}'", server.url(&format!("{number}/x.git//base?ref=v1&timeout=1")))
        })
        .collect();
    for (number, entry) in entries.iter().enumerate() {
        lab.write(&format!("k/{number}/kustomization.yaml"), &format!("resources: [{entry}]\n"));
    }
    let output = lab.krender(&["check", "--all", "k", "--jobs", "1"]).output().unwrap();
    let said = super::lab::text(&output.stdout) + &super::lab::text(&output.stderr);
    assert!(said.contains("did not answer in time"), "{said}");
    // Eight are asked for at the same time.
    let calls = lab.calls().len();
    assert!((3..=8 + 2).contains(&calls), "{calls}");
}
