//! Git repositories: the cache, references, submodules, and faults.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use super::lab::{Lab, config_map, text, wait_for};

/// The folder of the only repository in the cache.
fn store(lab: &Lab) -> PathBuf {
    let entries = fs::read_dir(lab.path("home/.cache/krender/git")).unwrap().flatten();
    entries.map(|entry| entry.path()).find(|path| path.is_dir()).unwrap()
}

#[test]
fn a_repository_is_fetched_once_by_a_run() {
    let lab = Lab::with_app();
    let url = lab.url("app");
    for name in ["one", "two", "three"] {
        let suffix = format!("nameSuffix: -{name}\n");
        let resources = format!("resources: ['{url}//base?ref=v1', deep]\n{suffix}");
        lab.write(&format!("all/{name}/kustomization.yaml"), &resources);
        let deep = format!("resources: ['{url}?ref=v1']\nnamePrefix: deep-\n");
        lab.write(&format!("all/{name}/deep/kustomization.yaml"), &deep);
    }
    let output = lab.build(&["--all", "all", "--jobs", "4"]);
    assert_eq!(output.matches("a: one").count(), 6, "{output}");
    assert_eq!(lab.calls(), ["fetch"]);
    assert!(lab.is_tidy());
}

#[test]
fn a_commit_in_the_cache_needs_no_network_and_a_branch_one_request() {
    let lab = Lab::with_app();
    let first = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    let (branch, pinned) =
        (format!("{}//base", lab.url("app")), format!("{}//base?ref={first}", lab.url("app")));
    assert!(lab.build(&[&pinned]).contains("a: one"));
    assert_eq!(lab.calls(), ["fetch"]);
    assert!(lab.build(&[&branch]).contains("a: one"));
    assert_eq!(lab.calls(), ["fetch"]);
    assert!(lab.build(&[&branch]).contains("a: one"));
    assert_eq!(lab.calls(), ["ls-remote"]);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    assert!(lab.build(&[&branch]).contains("a: two"));
    assert_eq!(lab.calls(), ["ls-remote", "fetch"]);
    fs::rename(lab.path("app"), lab.path("gone")).unwrap();
    assert!(lab.build(&[&pinned]).contains("a: one"));
    assert_eq!(lab.calls(), [""; 0]);
    assert!(lab.fail(&[&branch]).contains("error[fetch-failed]: git cannot fetch"));
    // As it was last resolved.
    assert!(lab.build(&["--offline", &branch]).contains("a: two"));
    assert_eq!(lab.calls(), ["ls-remote"]);
}

#[test]
fn all_branches_and_tags_of_a_repository_need_one_request() {
    let lab = Lab::with_app();
    lab.git("app", &["tag", "v0"]);
    lab.git("app", &["tag", "--annotate", "--message", "two", "v2"]);
    lab.git("app", &["branch", "side/v0"]);
    let entry = |reference: &str| format!("'{}//base?ref={reference}'", lab.url("app"));
    for (number, reference) in ["main", "v0", "v2", "side/v0"].into_iter().enumerate() {
        let text = format!("namePrefix: x{number}-\nresources: [{}]\n", entry(reference));
        lab.write(&format!("all/{number}/kustomization.yaml"), &text);
    }
    assert_eq!(lab.build(&["--all", "all"]).matches("a: one").count(), 4);
    assert_eq!(lab.calls(), ["fetch"; 4]);
    assert_eq!(lab.build(&["--all", "all"]).matches("a: one").count(), 4);
    assert_eq!(lab.calls(), ["ls-remote"]);
    // Only the branch that has moved is fetched.
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    let output = lab.build(&["--all", "all"]);
    assert_eq!((output.matches("a: one").count(), output.matches("a: two").count()), (3, 1));
    assert_eq!(lab.calls(), ["ls-remote", "fetch"]);
}

/// Objects that a build has read are kept: the next build of the same commit starts no program at all.
#[test]
fn a_pinned_base_that_was_built_before_needs_no_program() {
    let lab = Lab::with_app();
    let first = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    let target = format!("{}?ref={first}", lab.url("app"));
    lab.build(&[&target]);
    assert_eq!(lab.all_calls(), ["fetch", "cat-file"]);
    assert!(lab.build(&[&target]).contains("a: one"));
    assert_eq!(lab.all_calls(), [""; 0]);
    // Another folder of it has objects that were not read.
    lab.commit("app", "other/kustomization.yaml", "resources: [../base]\nnamePrefix: other-\n");
    let target = format!("{}//other", lab.url("app"));
    lab.build(&[&target]);
    lab.all_calls();
    lab.build(&[&target]);
    assert_eq!(lab.all_calls(), ["ls-remote"]);
}

/// Four repositories are fetched at the same time: a second each takes less than four.
#[test]
fn repositories_are_fetched_at_the_same_time() {
    let lab = Lab::with_app();
    lab.program("case \"$*\" in *' fetch '*) sleep 1;; esac; exec git \"$@\"");
    let mut entries = Vec::new();
    for name in ["a", "b", "c", "d"] {
        fs::create_dir(lab.path(name)).unwrap();
        lab.git(".", &["clone", "-q", "--bare", "app", &format!("{name}/app.git")]);
        lab.write(
            &format!("k/{name}/kustomization.yaml"),
            &format!(
                "resources: ['{}/app.git//base?ref=v1']\nnameSuffix: -{name}\n",
                lab.url(name)
            ),
        );
        entries.push(name);
    }
    lab.write("k/kustomization.yaml", &format!("resources: [{}]\n", entries.join(", ")));
    let start = Instant::now();
    assert_eq!(lab.build(&["k"]).matches("a: one").count(), 4);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(lab.calls(), ["fetch"; 4]);
}

/// Another file of the repository is read when its objects are damaged.
#[test]
fn a_damaged_repository_is_removed_and_fetched_again() {
    let lab = Lab::with_app();
    lab.commit("app", "other/kustomization.yaml", "resources: [../base]\nnamePrefix: other-\n");
    let (first, second) =
        (format!("{}//base", lab.url("app")), format!("{}//other", lab.url("app")));
    lab.build(&[&first]);
    let store = store(&lab);
    for pack in fs::read_dir(store.join("objects/pack")).unwrap().flatten() {
        fs::set_permissions(pack.path(), fs::Permissions::from_mode(0o600)).unwrap();
        if pack.path().extension().is_some_and(|end| end == "pack") {
            fs::write(pack.path(), "damaged").unwrap();
        }
    }
    let said = lab.fail(&[&second]);
    assert!(said.contains("is damaged, and has been removed"), "{said}");
    assert!(lab.build(&[&second]).contains("name: other-c"));
}

/// Failures that say nothing about the objects leave the repository as it is.
#[test]
fn a_failure_of_git_removes_nothing_from_the_cache() {
    let lab = Lab::with_app();
    lab.commit("app", "other/kustomization.yaml", "resources: [../base]\nnamePrefix: other-\n");
    let (first, second) =
        (format!("{}//base", lab.url("app")), format!("{}//other", lab.url("app")));
    lab.build(&[&first]);
    let store = store(&lab);
    for reads in [
        "echo 'fatal: unable to open objects: Permission denied' >&2; exit 128",
        "exit 1",
        "kill -9 $$",
    ] {
        lab.program(&format!("case \"$*\" in *' cat-file '*) {reads};; *) exec git \"$@\";; esac"));
        lab.fail(&[&second]);
        assert!(store.join("objects/pack").is_dir(), "{reads}");
    }
    for asks in ["echo 'fatal: unable to access: Could not resolve host' >&2; exit 128", "sleep 9"]
    {
        let asks = format!("case \"$*\" in *' ls-remote '*) {asks};; *) exec git \"$@\";; esac");
        lab.program(&asks);
        lab.fail(&[&format!("{second}?timeout=1")]);
        assert!(store.join("objects/pack").is_dir(), "{asks}");
    }
    // What looks damaged is looked at again under the lock, which a process that fetches has.
    let lies = "echo 'fatal: loose object is corrupt' >&2; exit 128";
    lab.program(&format!("case \"$*\" in *' cat-file '*) {lies};; *) exec git \"$@\";; esac"));
    let lock = store.with_extension("lock");
    let held = fs::File::options().write(true).open(lock).unwrap();
    held.lock().unwrap();
    let id = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    let said = lab.fail(&[&format!("{second}?ref={id}")]);
    assert!(said.contains("another process is changing the repository"), "{said}");
    drop(held);
    lab.program("exec git \"$@\"");
    assert!(lab.build(&[&second]).contains("name: other-c"));
    assert_eq!(lab.calls().iter().filter(|call| *call == "fetch").count(), 1);
}

/// Bytes of the packs and of the files beside them that are changed never become the bytes of a build.
#[test]
fn a_changed_byte_of_the_cache_is_noticed() {
    let lab = Lab::with_app();
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    let (first, second) =
        (format!("{}//base?ref=v1", lab.url("app")), format!("{}//base?ref=main", lab.url("app")));
    let expected = [lab.build(&[&first]), lab.build(&[&second])];
    let store = store(&lab);
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut pending = vec![store.clone()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path().is_dir() {
                true => pending.push(entry.path()),
                false => paths.push(entry.path()),
            }
        }
    }
    let whole: Vec<(PathBuf, Vec<u8>)> =
        paths.iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    let restore = || {
        drop(fs::remove_dir_all(&store));
        for (path, bytes) in &whole {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    };
    let mut seed = 1_u64;
    for round in 0..60 {
        restore();
        let (path, bytes) = &whole[round % whole.len()];
        if bytes.is_empty() {
            continue;
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut damaged = bytes.clone();
        let place = (seed >> 33) as usize % bytes.len();
        damaged[place] ^= 1 << (round % 8);
        if round % 5 == 4 {
            damaged.truncate(place);
        }
        fs::write(path, &damaged).unwrap();
        // The list of objects would hide what is damaged.
        if round % 2 == 0 {
            drop(fs::remove_file(store.join("read")));
        }
        let shown = format!("byte {place} of {}", path.strip_prefix(&store).unwrap().display());
        for (target, expected) in [&first, &second].into_iter().zip(&expected) {
            for last in [false, true] {
                let output = lab.krender(&["build", target]).output().unwrap();
                let (output, said) = (text(&output.stdout), text(&output.stderr));
                if output == *expected {
                    break;
                }
                assert!(output.is_empty() && said.contains("error["), "{shown}: {output}{said}");
                assert!(!last, "{shown}: it fails again: {said}");
            }
        }
    }
}

#[test]
fn annotated_tags_that_move_are_noticed() {
    let lab = Lab::with_app();
    lab.git("app", &["tag", "-a", "-m", "x", "annotated"]);
    let target = format!("{}//base?ref=annotated", lab.url("app"));
    lab.build(&[&target]);
    lab.calls();
    lab.build(&[&target]);
    assert_eq!(lab.calls(), ["ls-remote"]);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.git("app", &["tag", "-f", "-a", "-m", "x", "annotated"]);
    assert!(lab.build(&[&target]).contains("a: two"));
}

/// The name of a branch may be the end of that of another one, and of a tag.
#[test]
fn references_are_those_that_git_takes() {
    let lab = Lab::with_app();
    lab.git("app", &["checkout", "-q", "-b", "x/rel"]);
    lab.commit("app", "base/cm.yaml", &config_map("other"));
    lab.git("app", &["checkout", "-q", "main"]);
    lab.git("app", &["branch", "rel"]);
    let target = format!("{}//base?ref=rel", lab.url("app"));
    for _ in 0..2 {
        assert!(lab.build(&[&target]).contains("a: one"));
    }
    assert_eq!(lab.calls(), ["fetch", "ls-remote"]);
    let target = format!("{}//base?ref=refs/heads/x/rel", lab.url("app"));
    assert!(lab.build(&[&target]).contains("a: other"));
}

#[test]
fn what_is_missing_offline_is_named() {
    let lab = Lab::with_app();
    let target = format!("{}//base?ref=v1", lab.url("app"));
    let said = lab.fail(&["--offline", &target]);
    assert!(said.contains("error[fetch-refused]: `v1` of `file://"), "{said}");
    assert_eq!(lab.calls(), [""; 0]);
    lab.build(&[&target]);
    assert!(lab.build(&["--offline", &target]).contains("a: one"));
    assert!(lab.fail(&["--offline", &lab.url("app")]).contains("is not in the cache"));
}

#[test]
fn nothing_is_kept_without_a_cache() {
    let lab = Lab::with_app();
    let target = format!("{}//base?ref=v1", lab.url("app"));
    for arguments in [&["--no-cache", &*target][..], &["--no-cache", "--quiet", &target]] {
        assert!(lab.build(arguments).contains("a: one"));
        assert_eq!(lab.calls(), ["fetch"]);
        assert!(!lab.path("home/.cache/krender").exists());
        assert!(lab.is_tidy());
    }
}

/// A cache that others may have written to, or that cannot be written, is not used.
#[test]
fn a_cache_that_cannot_be_used_is_no_failure() {
    let lab = Lab::with_app();
    let target = format!("{}//base?ref=v1", lab.url("app"));
    let cache = lab.path("home/.cache/krender");
    lab.write("home/.cache/krender/notes", "of others");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(lab.build(&[&target]).contains("a: one"));
    assert!(!cache.join("git").exists() && lab.is_tidy());
    fs::remove_dir_all(&cache).unwrap();
    lab.write("home/.cache/krender", "a file");
    assert!(lab.build(&[&target]).contains("a: one"));
    assert!(lab.is_tidy());
}

#[test]
fn a_server_without_commits_is_fetched_as_a_whole() {
    let lab = Lab::with_app();
    let first = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.git("app", &["tag", "-d", "v1"]);
    lab.git("home", &["config", "--global", "protocol.version", "0"]);
    let target = format!("{}//base?ref={first}", lab.url("app"));
    assert!(lab.build(&[&target]).contains("a: one"));
    assert_eq!(lab.calls(), ["fetch", "fetch"]);
    lab.build(&[&target]);
    assert_eq!(lab.calls(), [""; 0]);
    let missing = "0".repeat(40);
    let said = lab.fail(&[&format!("{}//base?ref={missing}", lab.url("app"))]);
    assert!(said.contains("error[fetch-failed]"), "{said}");
}

#[test]
fn submodules_are_fetched_once_and_left_out_on_request() {
    let lab = Lab::with_app();
    lab.repository("top");
    let url = lab.url("app");
    lab.git("top", &["submodule", "--quiet", "add", &url, "mods/app"]);
    lab.commit("top", "kustomization.yaml", "resources: [mods/app/base]\n");
    let target = lab.url("top");
    assert!(lab.build(&[&target]).contains("a: one"));
    assert_eq!(lab.calls(), ["fetch", "config", "fetch"]);
    assert!(lab.build(&[&target]).contains("a: one"));
    assert_eq!(lab.calls(), ["ls-remote", "config"]);
    let said = lab.fail(&[&format!("{target}?submodules=false")]);
    assert!(said.contains("it is in the submodule `mods/app`"), "{said}");
    // A submodule on disk needs the permission of the user: the repository has named it.
    lab.git("home", &["config", "--global", "--unset", "protocol.file.allow"]);
    let said = lab.fail(&["--no-cache", &target]);
    assert!(said.contains("transport 'file' not allowed"), "{said}");
    assert!(said.contains("while fetching the submodule `mods/app`"), "{said}");
}

#[test]
fn a_submodule_runs_no_program() {
    let lab = Lab::with_app();
    let pwned = lab.path("PWNED");
    lab.git("home", &["config", "--global", "protocol.ext.allow", "always"]);
    let url = lab.url("app");
    lab.git("app", &["submodule", "--quiet", "add", &url, "mods/self"]);
    for url in ["ext::sh -c touch% @", "--upload-pack=touch @", "ssh://-oProxyCommand=touch @/x"] {
        let url = url.replace('@', &pwned.display().to_string());
        let module = format!("[submodule \"m\"]\n\tpath = mods/self\n\turl = \"{url}\"\n");
        lab.commit("app", ".gitmodules", &module);
        let said = lab.fail(&[&format!("{}//base", lab.url("app"))]);
        assert!(said.contains("while fetching") || said.contains("which is not fetched"), "{said}");
        assert!(!pwned.exists(), "{url}");
    }
}

/// `.gitmodules` may not include files of this machine, and submodules are where the tree has them.
#[test]
fn a_description_of_submodules_reads_no_other_file() {
    let lab = Lab::with_app();
    lab.git("app", &["submodule", "--quiet", "add", &lab.url("app"), "mods/self"]);
    lab.write("secret", "token: not a line of a configuration\n");
    let secret = lab.path("secret").display().to_string();
    let outside = "[submodule \"x\"]\n\tpath = ../x\n\turl = /none\n[submodule \"y\"]\n\tpath = link/x\n\turl = /none\n[submodule \"z\"]\n\tpath = \"a\\nb\"\n\turl = /none\n";
    lab.commit("app", ".gitmodules", &format!("[include]\n\tpath = {secret}\n{outside}"));
    std::os::unix::fs::symlink("mods", lab.path("app/link")).unwrap();
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    assert!(lab.build(&[&format!("{}//base", lab.url("app"))]).contains("a: two"));
    assert_eq!(lab.calls(), ["fetch", "config"]);
    // A URL with control characters is refused before git sees it.
    let module = "[submodule \"m\"]\n\tpath = mods/self\n\turl = \"https://host.example/a\\nb\"\n";
    lab.commit("app", ".gitmodules", module);
    let said = lab.fail(&[&format!("{}//base", lab.url("app"))]);
    assert!(said.contains("which is not fetched"), "{said}");
}

/// Variables of git that name another repository or start programs have no effect; those of the user's connections have.
#[test]
fn variables_of_git_lead_to_no_other_repository() {
    let mut lab = Lab::with_app();
    lab.repository("other");
    lab.commit("other", "x", "x");
    let other = lab.path("other/.git").display().to_string();
    let pwned = lab.path("PWNED").display().to_string();
    let ssh = lab.path("ssh").display().to_string();
    lab.write("ssh", "#!/bin/sh\nfor last do :; done\neval \"$last\"\n");
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    for (name, value) in [
        ("GIT_DIR", &*other),
        ("GIT_WORK_TREE", &other),
        ("GIT_INDEX_FILE", "/none"),
        ("GIT_OBJECT_DIRECTORY", &format!("{other}/objects")),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/none"),
        ("GIT_COMMON_DIR", &other),
        ("GIT_NAMESPACE", "x"),
        ("GIT_SHALLOW_FILE", "/none"),
        ("GIT_EXTERNAL_DIFF", &format!("touch {pwned}")),
        ("GIT_PAGER", &format!("touch {pwned}")),
        ("GIT_CONFIG", "/none"),
        ("GIT_CONFIG_PARAMETERS", "'core.hooksPath=/none'"),
        ("GIT_SSH_COMMAND", &ssh),
    ] {
        lab.variables.push((name.to_owned(), value.to_owned()));
    }
    // Paths in URLs of ssh are those of the machine.
    let path = lab.path("app").canonicalize().unwrap();
    let target = format!("ssh://git@host.example{}//base?ref=v1", path.display());
    assert!(lab.build(&[&target]).contains("a: one"));
    assert!(lab.build(&[&format!("{}//base", lab.url("app"))]).contains("a: one"));
    assert!(!lab.path("PWNED").exists());
    let count = lab.git("other", &["count-objects"]);
    assert!(count.starts_with("3 objects"), "{count}");
}

/// Repositories with SHA-256 are fetched, whether their algorithm is known before or not.
#[test]
fn repositories_may_have_other_ids() {
    let lab = Lab::with_app();
    let old = format!("{}//base?ref=main", lab.url("app"));
    assert!(lab.build(&[&old]).contains("a: one"));
    lab.git(".", &["init", "-q", "--object-format=sha256", "new"]);
    lab.write("new/base/kustomization.yaml", "resources: [cm.yaml]\n");
    let first = lab.commit("new", "base/cm.yaml", &config_map("first"));
    assert_eq!(first.len(), 64);
    let target = |reference: &str| format!("{}//base?ref={reference}", lab.url("new"));
    lab.calls();
    assert!(lab.build(&[&target("main")]).contains("a: first"));
    assert_eq!(lab.calls(), ["fetch", "fetch"]);
    let second = lab.commit("new", "base/cm.yaml", &config_map("second"));
    assert!(lab.build(&[&target("main")]).contains("a: second"));
    assert_eq!(lab.calls(), ["ls-remote", "fetch"]);
    for (reference, value) in [(&first, "first"), (&second, "second")] {
        assert!(lab.build(&[&target(reference)]).contains(&format!("a: {value}")));
        assert_eq!(lab.calls(), [""; 0]);
    }
    fs::remove_dir_all(lab.path("home/.cache")).unwrap();
    assert!(lab.build(&[&target(&first)]).contains("a: first"));
    // A repository may be replaced by one with other ids.
    lab.build(&[&old]);
    fs::rename(lab.path("app"), lab.path("gone")).unwrap();
    fs::rename(lab.path("new"), lab.path("app")).unwrap();
    assert!(lab.build(&[&old]).contains("a: second"));
    assert!(lab.build(&[&old]).contains("a: second"));
}

/// A branch whose name has the form of an id of SHA-256 is a branch, and moves.
#[test]
fn a_branch_that_looks_like_a_commit_is_one() {
    let lab = Lab::with_app();
    let name = "a".repeat(64);
    lab.git("app", &["checkout", "-q", "-b", &name]);
    let target = format!("{}//base?ref={name}", lab.url("app"));
    assert!(lab.build(&[&target]).contains("a: one"));
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    assert!(lab.build(&[&target]).contains("a: two"));
    assert_eq!(lab.calls(), ["fetch", "fetch", "ls-remote", "fetch"]);
    let missing = format!("{}//base?ref={}", lab.url("app"), "b".repeat(64));
    assert!(lab.fail(&["--no-cache", &missing]).contains("has no branch, tag or commit `bbb"));
}

/// A record whose time is in the future, as after a clock was set back, does not stay for ever.
#[test]
fn a_record_of_the_future_is_resolved_again() {
    let lab = Lab::with_app();
    let target = format!("{}//base?ref=main", lab.url("app"));
    lab.build(&[&target]);
    for record in fs::read_dir(store(&lab).join("references")).unwrap().flatten() {
        let time = std::time::SystemTime::now() + Duration::from_secs(86_400);
        fs::File::options().write(true).open(record.path()).unwrap().set_modified(time).unwrap();
    }
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    assert!(lab.build(&[&target]).contains("a: two"));
}

/// Hooks, filters and file watchers of the user's configuration have no effect on fetching.
#[test]
fn fetching_runs_no_hooks() {
    let lab = Lab::with_app();
    let pwned = lab.path("PWNED");
    let hook = format!("#!/bin/sh\ntouch '{}'\n", pwned.display());
    for name in ["reference-transaction", "post-checkout", "pre-auto-gc", "post-index-change"] {
        lab.write(&format!("hooks/{name}"), &hook);
        let path = lab.path(&format!("hooks/{name}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let hooks = lab.path("hooks").display().to_string();
    let watcher = lab.path("hooks/post-checkout").display().to_string();
    lab.git("home", &["config", "--global", "core.hooksPath", &hooks]);
    lab.git("home", &["config", "--global", "core.fsmonitor", &watcher]);
    lab.git("home", &["config", "--global", "gc.auto", "1"]);
    lab.build(&[&format!("{}//base", lab.url("app"))]);
    assert!(!pwned.exists());
}

#[test]
fn a_build_that_was_killed_while_fetching_leaves_a_cache_that_works() {
    let lab = Lab::with_app();
    let target = format!("{}//base?ref=v1", lab.url("app"));
    let ended = |signal: &str| lab.path(&format!("ended-{signal}"));
    for signal in ["KILL", "TERM"] {
        // Fetches, and hangs before it ends.
        let ended = ended(signal).display().to_string();
        let hang =
            format!("git \"$@\"; case \"$*\" in *' fetch '*) sleep 2; touch '{ended}';; esac");
        lab.program(&hang);
        let mut build = lab.krender(&["build", &target]).spawn().unwrap();
        let calls = || fs::read_to_string(lab.path("calls"));
        wait_for(|| calls().is_ok_and(|calls| calls.contains("fetch")));
        thread::sleep(Duration::from_millis(50));
        let id = build.id().to_string();
        let killed = Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap();
        assert!(killed.success());
        build.wait().unwrap();
        assert_eq!(lab.is_tidy(), signal != "KILL", "{signal}");
        lab.program("exec git \"$@\"");
        lab.calls();
        assert!(lab.build(&[&target]).contains("a: one"), "{signal}");
        fs::remove_dir_all(lab.path("home/.cache")).unwrap();
    }
    // What was started has been ended, by krender or by its guard.
    thread::sleep(Duration::from_secs(3));
    assert!(!ended("TERM").exists() && !ended("KILL").exists());
}

/// A folder that a killed build has left is removed when it is old, or when its lock shows that the build has ended.
#[test]
fn old_temporary_folders_are_removed() {
    let lab = Lab::with_app();
    let mut held = Vec::new();
    for (name, hours) in [("old", 48), ("new", 1), ("left", 1), ("held", 1), ("just", 0)] {
        let path = format!("home/.cache/krender/git/.krender-{name}.tmp/objects/x");
        lab.write(&path, "");
        let folder = lab.path(&path).parent().unwrap().parent().unwrap().to_owned();
        if !matches!(name, "old" | "new") {
            held.push(fs::File::create(folder.join("krender-held")).unwrap());
        }
        if name == "held" {
            held.last().unwrap().lock().unwrap();
        }
        let time = std::time::SystemTime::now() - Duration::from_secs(hours * 3600);
        fs::File::open(folder).unwrap().set_modified(time).unwrap();
    }
    let cache = lab.path("home/.cache/krender");
    for folder in [cache.clone(), cache.join("git")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
    lab.build(&[&lab.url("app")]);
    for (name, stays) in
        [("old", false), ("new", true), ("left", false), ("held", true), ("just", true)]
    {
        assert_eq!(cache.join(format!("git/.krender-{name}.tmp")).exists(), stays, "{name}");
    }
}

#[test]
fn a_hanging_fetch_is_ended_in_time() {
    let lab = Lab::with_app();
    lab.program("case \"$*\" in *' fetch '*) sleep 30 & wait;; *) exec git \"$@\";; esac");
    let start = Instant::now();
    let said = lab.fail(&[&format!("{}//base?timeout=1", lab.url("app"))]);
    assert!(said.contains("error[timed-out]: git cannot fetch `file://"), "{said}");
    assert!(said.contains("it was ended after a second") && said.contains("?timeout=4s"));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(lab.is_tidy());
}

#[test]
fn damaged_records_are_resolved_again() {
    let lab = Lab::with_app();
    let first = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    let target = format!("{}//base?ref={first}", lab.url("app"));
    lab.build(&[&target]);
    let store = store(&lab);
    for damage in ["", "x", &format!("{}\n{first} {first} {first}\n{first}\n", "0".repeat(64))] {
        for record in fs::read_dir(store.join("references")).unwrap().flatten() {
            fs::write(record.path(), damage).unwrap();
        }
        fs::write(store.join("config"), damage).unwrap();
        lab.calls();
        assert!(lab.build(&[&target]).contains("a: one"), "{damage}");
        assert_eq!(lab.calls(), ["fetch"]);
    }
}

#[test]
fn the_cache_is_listed_checked_and_removed() {
    let lab = Lab::with_app();
    let cache = |arguments: &[&str]| {
        let output = lab.krender(&[&["cache"], arguments].concat()).output().unwrap();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    assert!(cache(&["info"]).1.contains("repositories   0 (0 bytes)"));
    lab.build(&[&format!("{}?ref=v1", lab.url("app"))]);
    let (_, info, _) = cache(&["info"]);
    assert!(info.contains("repositories   1") && info.contains(&lab.url("app")), "{info}");
    assert!(info.contains("  v1 "), "{info}");
    let (_, info, _) = cache(&["info", "--format", "json"]);
    assert!(info.contains("{\"commit\":\"") && info.contains("\"ref\":\"v1\""), "{info}");
    assert_eq!(cache(&["verify"]), (true, "1 repositories are whole\n".into(), String::new()));
    let store = store(&lab);
    for pack in fs::read_dir(store.join("objects/pack")).unwrap().flatten() {
        if pack.path().extension().is_some_and(|end| end == "pack") {
            fs::set_permissions(pack.path(), fs::Permissions::from_mode(0o600)).unwrap();
            let mut bytes = fs::read(pack.path()).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            fs::write(pack.path(), bytes).unwrap();
        }
    }
    let (is_whole, _, said) = cache(&["verify"]);
    assert!(!is_whole && said.contains("were damaged") && said.contains(&lab.url("app")), "{said}");
    assert!(!store.exists());
    lab.build(&[&lab.url("app")]);
    assert!(cache(&["clean"]).0 && !store.exists());
    assert!(lab.build(&[&lab.url("app")]).contains("a: one"));
}

/// The repository that was not used for the longest time goes first, and never the one that is being fetched.
#[test]
fn a_cache_that_is_too_large_is_made_smaller() {
    let lab = Lab::with_app();
    let url = |name: &str| format!("{}/app.git//base", lab.url(name));
    for name in ["a", "b", "c"] {
        fs::create_dir(lab.path(name)).unwrap();
        lab.git(".", &["clone", "-q", "--bare", "app", &format!("{name}/app.git")]);
        lab.build(&["--cache-size", "1GiB", &url(name)]);
        thread::sleep(Duration::from_millis(20));
    }
    lab.git(".", &["clone", "-q", "--bare", "app", "d.git"]);
    lab.build(&["--cache-size", "1", &format!("{}//base", lab.url("d.git"))]);
    assert!(lab.fail(&["--offline", &url("c")]).contains("is not in the cache"));
    assert!(lab.build(&["--offline", &format!("{}//base", lab.url("d.git"))]).contains("a: one"));
}

/// The credentials of a URL are not written into the cache.
#[test]
fn the_cache_holds_no_credentials() {
    let lab = Lab::with_app();
    let url = "https://user:s3cr3ttoken@host.example/app.git";
    let to = format!("url.{}.insteadOf", lab.url("app"));
    lab.git("home", &["config", "--global", &to, url]);
    assert!(lab.build(&[&format!("{url}//base?ref=v1")]).contains("a: one"));
    let found =
        Command::new("grep").args(["-r", "s3cr3ttoken"]).arg(lab.path("home/.cache")).output();
    assert_eq!(text(&found.unwrap().stdout), "");
    let output = lab.krender(&["cache", "info"]).output().unwrap();
    assert!(text(&output.stdout).contains("https://host.example/app.git"));
}

#[test]
fn a_lock_decides_which_commits_are_used() {
    let lab = Lab::with_app();
    let (url, first) = (lab.url("app"), lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned());
    lab.write("k/kustomization.yaml", &format!("resources: ['{url}//base?ref=main']\n"));
    let lock = |arguments: &[&str]| {
        let output = lab.krender(&[&["lock", "k"], arguments].concat()).output().unwrap();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    assert!(lab.fail(&["--locked", "k"]).contains("kustomization.lock"));
    assert!(!lock(&["--check"]).0);
    let named = "(k/kustomization.yaml)";
    assert_eq!(lock(&[]), (true, format!("+ {url}@main {first} {named}\n"), String::new()));
    assert_eq!(lock(&["--check"]), (true, String::new(), String::new()));
    let second = lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.calls();
    assert!(lab.build(&["--locked", "k"]).contains("a: one"));
    assert_eq!(lock(&["--check"]), (true, String::new(), String::new()));
    assert_eq!(lab.calls(), [""; 0]);
    assert!(lab.build(&["k"]).contains("a: two"));
    // Updates of other repositories leave it as it is.
    let (is_done, changes, said) = lock(&["--update", "elsewhere"]);
    assert!(is_done && changes.is_empty(), "{said}");
    assert!(said.contains("no URL in the list contains `elsewhere`"), "{said}");
    let expected = format!("~ {url}@main {first} → {second} {named}\n");
    let (is_done, changes, said) = lock(&["--update", "--check"]);
    assert!(!is_done && changes == expected, "{said}");
    assert!(said.contains("`krender lock --update` writes them"), "{said}");
    assert_eq!(lock(&["--update"]), (true, expected, String::new()));
    assert_eq!(lock(&["--update", "--check"]), (true, String::new(), String::new()));
    assert!(lab.build(&["--locked", "k"]).contains("a: two"));
    lab.write("k/kustomization.yaml", &format!("resources: ['{url}//base?ref=v1']\n"));
    let said = lab.fail(&["--locked", "k"]);
    assert!(said.contains("@v1` is not in `kustomization.lock`"), "{said}");
    assert!(!lock(&["--check"]).0);
    assert!(lock(&[]).1.contains("@v1"));
    // A cold cache and a branch that has moved are no hindrance.
    fs::remove_dir_all(lab.path("home/.cache")).unwrap();
    assert!(lab.build(&["--locked", "k"]).contains("a: one"));
}

/// A reference that is a commit is that commit, whatever a lock says that others have changed.
#[test]
fn a_lock_gives_a_commit_no_other_content() {
    let lab = Lab::with_app();
    let first = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    let second = lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.git("app", &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let lock = |arguments: &[&str]| {
        let output = lab.krender(&[&["lock", "k"], arguments].concat()).output().unwrap();
        (output.status.success(), text(&output.stdout))
    };
    let entry = format!("resources: ['{}//base?ref={first}']\n", lab.url("app"));
    lab.write("k/kustomization.yaml", &entry);
    assert!(lock(&[]).0);
    let own = fs::read_to_string(lab.path("kustomization.lock")).unwrap();
    let commit = format!("\"commit\": \"{first}\"");
    assert!(own.contains(&commit), "{own}");
    lab.write("kustomization.lock", &own.replace(&commit, &commit.replace(&first, &second)));
    let said = lab.fail(&["--locked", "k"]);
    assert!(said.contains(&format!("has the commit {first} as `{first}`, and {second}")), "{said}");
    let (is_done, changes) = lock(&["--check"]);
    assert!(!is_done && changes.contains(&format!("{second} → {first}")), "{changes}");
    assert!(lock(&[]).0);
    assert!(lab.build(&["--locked", "k"]).contains("a: one"));
    // The lock is no kustomization with a mistake in its name.
    let said = lab.fail(&[]);
    assert!(said.contains("there is one in") && !said.contains("rename"), "{said}");
}

/// `krender diff --git` shows what another ref of a remote base brings.
#[test]
fn a_bumped_ref_is_compared() {
    let lab = Lab::with_app();
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.git("app", &["tag", "v2"]);
    lab.repository("site");
    let entry = |tag: &str| format!("resources: ['{}//base?ref={tag}']\n", lab.url("app"));
    lab.commit("site", "prod/kustomization.yaml", &entry("v1"));
    lab.commit("site", "prod/kustomization.yaml", &entry("v2"));
    let mut diff = lab.krender(&["diff", "--git", "HEAD~1..HEAD"]);
    let output = diff.current_dir(lab.path("site")).output().unwrap();
    let (shown, said) = (text(&output.stdout), text(&output.stderr));
    assert!(shown.contains("data.a: one → two"), "{shown}{said}");
    let calls = lab.calls();
    assert_eq!(calls.iter().filter(|call| *call == "fetch").count(), 2, "{calls:?}");
}

/// `krender diff` compares two refs of a remote base, and other commands take one as their target.
#[test]
fn remote_bases_are_targets_of_all_commands() {
    let lab = Lab::with_app();
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.git("app", &["tag", "v2"]);
    let target = |tag: &str| format!("{}//base?ref={tag}", lab.url("app"));
    let run = |arguments: &[&str]| {
        let output = lab.krender(arguments).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (code, said) = run(&["diff", &target("v1"), &target("v2")]);
    assert!(code == Some(1) && said.contains("data.a: one → two"), "{said}");
    let (code, said) = run(&["check", &target("v1")]);
    assert!(code == Some(0) && said.contains("1 object"), "{said}");
    let (code, said) = run(&["inputs", "--format", "json", &target("v1")]);
    assert!(code == Some(0) && said.contains("\"ref\":\"v1\""), "{said}");
    assert_eq!(lab.build(&[&target("v1"), &target("v2")]).matches("name: c").count(), 2);
    let said = lab.fail(&[&format!("{}//bse", lab.url("app"))]);
    assert!(
        said.contains("there is no directory `bse`") && said.contains("did you mean `base`?"),
        "{said}"
    );
}

/// A daemon of git, on a port of this machine.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn branches_and_commits_come_from_a_daemon() {
    let mut lab = Lab::with_app();
    let programs = lab.git(".", &["--exec-path"]);
    let program = Path::new(programs.trim()).join("git-daemon");
    assert!(program.is_file(), "git is installed without `git daemon`");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let daemon = Command::new(program)
        .args(["--export-all", "--listen=127.0.0.1", &format!("--port={port}")])
        .arg(format!("--base-path={}", lab.path(".").display()))
        .stderr(std::process::Stdio::null())
        .spawn();
    let _daemon = Daemon(daemon.unwrap());
    wait_for(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    let settings = [
        ("GIT_CONFIG_COUNT", "1".to_owned()),
        ("GIT_CONFIG_KEY_0", format!("url.git://127.0.0.1:{port}/.insteadOf")),
        ("GIT_CONFIG_VALUE_0", "ssh://daemon.example/".to_owned()),
    ];
    lab.variables.extend(settings.map(|(name, value)| (name.to_owned(), value)));
    let first = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    let target = |reference: &str| format!("ssh://daemon.example/app/.git//base?ref={reference}");
    assert!(lab.build(&[&target("main")]).contains("a: two"));
    assert!(lab.build(&[&target(&first)]).contains("a: one"));
    assert!(lab.build(&[&target("main")]).contains("a: two"));
    assert_eq!(lab.calls(), ["fetch", "fetch", "ls-remote"]);
}
