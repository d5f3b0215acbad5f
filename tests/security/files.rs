//! Attacks through the file system: links, pipes and files of other users in paths that krender reads and writes.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use krender::build;
use krender::load::{Disk, Loader, Options};

use crate::lab::{Lab, Outcome};

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
/// A manifest outside of the project, whose content must not be shown.
const OUTSIDE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: o}\ndata: {token: OUTSIDE-CONTENT}\n";
/// The maximum duration of a build, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kustomization `k` with a file, and files outside of it.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n").write("k/r.yaml", OBJECT);
    lab.write("home/config", OUTSIDE).write("home/keys", "precious\n");
    lab
}

/// Creates a pipe without a writer or a reader.
fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Runs krender in the top folder of a lab. If it takes too long, it is killed, and the test fails.
#[track_caller]
fn run(lab: &Lab, arguments: &[&str]) -> Outcome {
    run_in(lab, "", arguments)
}

#[track_caller]
#[expect(clippy::print_stderr, reason = "a thread that waits for ever keeps the test from failing")]
fn run_in(lab: &Lab, folder: &str, arguments: &[&str]) -> Outcome {
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        scope.spawn(move || drop(sender.send(lab.krender(folder, arguments))));
        match receiver.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome,
            Err(_) => {
                eprintln!("{arguments:?} hangs");
                std::process::abort();
            }
        }
    })
}

/// Asserts that the content of outside files is not shown.
#[track_caller]
fn shows_nothing(outcome: &Outcome) {
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.contains("OUTSIDE-CONTENT") && !text.contains("precious"), "{text}");
    }
}

#[track_caller]
fn is_refused(outcome: &Outcome, code: i32, words: &str) {
    shows_nothing(outcome);
    assert_eq!(outcome.code, code, "{}\n{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
}

// Reading.

#[test]
fn a_resource_that_is_a_link_out_of_its_directory_is_refused() {
    let lab = lab();
    fs::remove_file(lab.path("k/r.yaml")).unwrap();
    lab.link("../home/config", "k/r.yaml");
    is_refused(&run(&lab, &["build", "k"]), 1, "`r.yaml` resolves to `home/config`");
    lab.link("../home", "k/home");
    lab.write("k/kustomization.yaml", "configMapGenerator: [{name: a, files: [home/keys]}]\n");
    is_refused(&run(&lab, &["build", "k"]), 1, "`home/keys` resolves to `home/keys`");
    for form in ["files: [k=../home/keys]", "envs: [../home/keys]"] {
        lab.write("k/kustomization.yaml", format!("secretGenerator: [{{name: a, {form}}}]\n"));
        is_refused(&run(&lab, &["build", "k"]), 1, "is not in or below `k`");
    }
}

#[test]
fn a_kustomization_file_that_is_a_link_out_of_its_directory_is_refused() {
    let lab = lab();
    fs::remove_file(lab.path("k/kustomization.yaml")).unwrap();
    lab.link("../home/config", "k/kustomization.yaml");
    for command in ["build", "check", "inputs"] {
        let outcome = run(&lab, &[command, "k"]);
        is_refused(&outcome, if command == "check" { 2 } else { 1 }, "resolves to `home/config`");
    }
    is_refused(&run(&lab, &["build", "--all", "."]), 1, "resolves to `home/config`");
    is_refused(&run(&lab, &["diff", "k", "k"]), 2, "resolves to `home/config`");
}

#[test]
fn pipes_and_devices_are_not_waited_for() {
    let lab = lab();
    for name in ["r.yaml", "kustomization.yaml"] {
        fs::remove_file(lab.path("k").join(name)).unwrap();
        pipe(&lab.path("k").join(name));
        for arguments in [
            &["build", "k"][..],
            &["build", "k", "--load-restrictor", "LoadRestrictionsNone"],
            &["check", "k"],
            &["inputs", "k"],
            &["diff", "k", "k"],
        ] {
            assert_ne!(run(&lab, arguments).code, 0, "{arguments:?}");
        }
        fs::remove_file(lab.path("k").join(name)).unwrap();
        lab.write("k/r.yaml", OBJECT);
    }
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    fs::remove_file(lab.path("k/r.yaml")).unwrap();
    lab.link("/dev/zero", "k/r.yaml");
    let everything = ["build", "k", "--load-restrictor", "LoadRestrictionsNone"];
    is_refused(&run(&lab, &everything), 1, "is a device or a pipe");
    // The kernel reports it as a regular file, but reads block until there is new content.
    fs::remove_file(lab.path("k/r.yaml")).unwrap();
    lab.link("/proc/kmsg", "k/r.yaml");
    assert_eq!(run(&lab, &everything).code, 1);
}

#[test]
fn named_files_may_be_links_within_their_folder_only() {
    let lab = lab();
    lab.write("ci/report.json", "{\"roots\": []}\n").link("report.json", "ci/inside.json");
    lab.link("../home/config", "ci/outside.json").link("../home/keys", "ci/.krender.yaml");
    assert_eq!(run(&lab, &["check", "k", "--baseline", "ci/inside.json"]).code, 0);
    for arguments in [
        &["check", "k", "--baseline", "ci/outside.json"][..],
        &["check", "k", "--config", "ci/outside.json"],
        &["check", "ci/outside.json"],
        &["diff", "ci/outside.json", "k/r.yaml"],
    ] {
        is_refused(&run(&lab, arguments), 2, "resolves to `home/config`");
    }
    for arguments in [
        &["shard", "1/2", ".", "--costs", "ci/outside.json"][..],
        &["build", "--all", ".", "--shard", "1/2", "--costs", "ci/outside.json"],
        &["build", "k", "--harden", "--harden-config", "ci/outside.json"],
    ] {
        is_refused(&run(&lab, arguments), 1, "resolves to `home/config`");
    }
    let found = run_in(&lab, "ci", &["check", "../k"]);
    is_refused(&found, 2, "resolves to");
}

#[test]
fn no_names_from_outside_of_the_tree_are_told() {
    let lab = lab();
    // The tree is a repository, or the working directory.
    lab.git(".", &["init", "-q", "tree"]);
    for tree in ["tree", "loose"] {
        lab.write(&format!("{tree}/base/kustomization.yaml"), "resources: [r.yaml]\n");
        lab.write(&format!("{tree}/base/r.yaml"), OBJECT)
            .write(&format!("{tree}/k/r.yaml"), OBJECT);
        lab.link("../../home", &format!("{tree}/k/link"));
    }
    lab.write("home/sub/kustomization.yaml", "").write("home/manifest.yaml", OBJECT);
    let home = lab.path("home");
    let absolute = home.join("kesy");
    let fields = [
        "resources: [../../hame]",
        "resources: [../../home/kesy]",
        "resources: [../../home]",
        "resources: [link/kesy]",
        "resources: [link]",
        "components: [../../hame]",
        "configMapGenerator: [{name: c, files: [../../home/kesy, link/kesy]}]",
        "patches: [{path: ../../home/kesy}]",
        "configurations: [link/kesy]",
        &format!("resources: [{}]", absolute.display()),
    ];
    let tells_nothing = |folder: &str, arguments: &[&str]| {
        let Outcome { code, stdout, stderr } = run_in(&lab, folder, arguments);
        let text = stdout + &stderr;
        let told = ["did you mean", "home/keys", "home/sub", "manifest.yaml", "rename"];
        let is_told = told.iter().any(|name| text.contains(name));
        assert!(code != 0 && !is_told, "{folder} {arguments:?} {code}\n{text}");
    };
    for tree in ["tree", "loose"] {
        for field in fields {
            lab.write(&format!("{tree}/k/kustomization.yaml"), format!("{field}\n"));
            for restrictor in ["LoadRestrictionsRootOnly", "LoadRestrictionsNone"] {
                tells_nothing(tree, &["build", "k", "--load-restrictor", restrictor]);
            }
            tells_nothing("home", &["build", &format!("../{tree}/k")]);
            tells_nothing(tree, &["check", "k"]);
            tells_nothing(tree, &["diff", "base", "k"]);
        }
        lab.write(&format!("{tree}/k/kustomization.yaml"), "resources: [r.yaml]\n");
        for named in ["../home/kesy".to_owned(), absolute.display().to_string()] {
            tells_nothing(tree, &["check", "k", "--baseline", &named]);
            tells_nothing(tree, &["check", "k", "--config", &named]);
            tells_nothing(tree, &["build", &named]);
            tells_nothing(tree, &["diff", &named, "k"]);
        }
        // Files in the tree may be suggested.
        for (path, near) in
            [("../bsae", "../base"), ("../base/q.yaml", "../base/r.yaml"), ("q.yaml", "r.yaml")]
        {
            lab.write(&format!("{tree}/k/kustomization.yaml"), format!("resources: [{path}]\n"));
            let outcome = run_in(&lab, tree, &["build", "k"]);
            assert!(
                outcome.stderr.contains(&format!("did you mean `{near}`?")),
                "{}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn links_in_folders_of_manifests_are_not_followed_out_of_them() {
    let lab = lab();
    for side in ["old", "new"] {
        lab.write(&format!("{side}/a.yaml"), OBJECT);
    }
    lab.link("../home/config", "new/z.yaml");
    for format in ["text", "unified", "markdown", "json"] {
        let outcome = run(&lab, &["diff", "old", "new", "--format", format]);
        is_refused(&outcome, 2, "`z.yaml` resolves to `home/config`");
        shows_nothing(&run(&lab, &["diff", "new", "old", "--format", format]));
        shows_nothing(&run(&lab, &["diff", "new/z.yaml", "old/a.yaml", "--format", format]));
        shows_nothing(&run(&lab, &["diff", "k", "new", "--format", format]));
    }
    fs::remove_file(lab.path("new/z.yaml")).unwrap();
    // Not a manifest: an error would quote its lines.
    lab.link("../home/keys", "new/z.yaml");
    is_refused(&run(&lab, &["diff", "old", "new"]), 2, "`z.yaml` resolves to `home/keys`");
    fs::remove_file(lab.path("new/z.yaml")).unwrap();
    // Linked folders are not entered; links within the folder are allowed.
    lab.link("../home", "new/sub").link("a.yaml", "new/b.yaml");
    let outcome = run(&lab, &["diff", "old", "new"]);
    shows_nothing(&outcome);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
}

#[test]
fn the_user_may_allow_links_out_of_folders() {
    let lab = lab();
    lab.write("old/a.yaml", OBJECT).link("../home/config", "new/a.yaml");
    let arguments = ["diff", "old", "new", "--load-restrictor", "LoadRestrictionsNone"];
    let outcome = run(&lab, &arguments);
    assert!(outcome.stdout.contains("OUTSIDE-CONTENT"), "{}", outcome.stderr);
}

/// Replaces a path by something else atomically.
fn swap(lab: &Lab, path: &str, make: impl FnOnce(&Path)) {
    let new = lab.path("next");
    make(&new);
    let place = lab.path(path);
    if fs::rename(&new, &place).is_err() {
        // A directory cannot replace a link, nor a link a directory.
        let old = lab.path("last");
        drop(fs::rename(&place, &old));
        fs::rename(&new, &place).unwrap();
        if fs::remove_file(&old).is_err() {
            drop(fs::remove_dir_all(&old));
        }
    }
}

/// One thread replaces a file and a directory by links and pipes, while builds in other threads read inside files or
/// fail.
#[test]
fn what_is_swapped_while_it_is_read_is_not_followed() {
    const BUILDS: usize = 1500;
    let lab = lab();
    lab.write("k/kustomization.yaml", "configMapGenerator: [{name: a, files: [f, g=sub/f]}]\n");
    lab.write("k/f", "inside").write("k/sub/f", "inside").write("home/f", "OUTSIDE-CONTENT");
    let (outside, home) = (lab.path("home/f"), lab.path("home"));
    let is_over = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    let build = |sender: mpsc::Sender<(usize, usize)>| {
        let (mut built, mut failed) = (0, 0);
        for _ in 0..BUILDS {
            let working_directory = lab.path("");
            let options = Options { working_directory, ..Options::default() };
            let loader = Loader::new(Disk, options);
            let text = match build::build(&loader, "k", &build::Options::default()) {
                Ok(output) => output.resources.to_yaml().unwrap(),
                Err(error) => format!("{error:?}"),
            };
            assert!(!text.contains("OUTSIDE-CONTENT"), "{text}");
            *(if text.contains("inside") { &mut built } else { &mut failed }) += 1;
            sender.send((built, failed)).unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                swap(&lab, "k/f", |new| symlink(&outside, new).unwrap());
                swap(&lab, "k/f", |new| fs::write(new, "inside").unwrap());
                swap(&lab, "k/f", pipe_quickly);
                swap(&lab, "k/f", |new| fs::write(new, "inside").unwrap());
                swap(&lab, "k/sub", |new| symlink(&home, new).unwrap());
                swap(&lab, "k/sub", |new| {
                    fs::create_dir(new).unwrap();
                    fs::write(new.join("f"), "inside").unwrap();
                });
            }
        });
        let builders = [sender.clone(), sender].map(|sender| scope.spawn(|| build(sender)));
        let mut last = [0, 0];
        loop {
            match receiver.recv_timeout(PATIENCE) {
                Ok((built, failed)) => last = [last[0].max(built), last[1].max(failed)],
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                // A blocked thread would keep the test from failing.
                Err(mpsc::RecvTimeoutError::Timeout) => std::process::abort(),
            }
        }
        is_over.store(true, Ordering::Relaxed);
        for builder in builders {
            builder.join().unwrap();
        }
        assert!(last[0] > 0, "no build succeeded: {last:?}");
    });
}

/// Creates a pipe without starting a process.
fn pipe_quickly(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

// Writing.

#[test]
fn files_below_an_output_folder_are_not_written_through_links() {
    for victim in ["home/keys", "home/new"] {
        let lab = lab();
        let target = lab.path(victim).display().to_string();
        lab.link(&target, "rendered/k.yaml").link(&target, "out/v1_configmap_c.yaml");
        lab.link(&target, "split/k/v1_configmap_c.yaml");
        for arguments in [
            &["build", "--all", ".", "-o", "rendered"][..],
            &["build", "k", "-o", "out"],
            &["build", "--all", ".", "-o", "split", "--split"],
        ] {
            let outcome = run(&lab, arguments);
            assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        }
        assert_eq!(lab.read("home/keys"), "precious\n");
        assert!(!lab.has("home/new"));
        for path in ["rendered/k.yaml", "out/v1_configmap_c.yaml", "split/k/v1_configmap_c.yaml"] {
            assert!(fs::symlink_metadata(lab.path(path)).unwrap().is_file(), "{path}");
            assert!(lab.read(path).contains("name: c"), "{path}");
        }
    }
}

#[test]
fn folders_below_an_output_folder_are_not_entered_through_links() {
    let lab = lab();
    lab.write("site/overlays/prod/kustomization.yaml", "resources: [r.yaml]\n");
    lab.write("site/overlays/prod/r.yaml", OBJECT);
    for link in ["rendered/overlays", "split/overlays/prod", "split2/overlays"] {
        lab.link(&lab.path("home").display().to_string(), link);
    }
    let before = fs::read_dir(lab.path("home")).unwrap().count();
    for arguments in [
        &["build", "--all", "site", "-o", "rendered"][..],
        &["build", "--all", "site", "-o", "split", "--split"],
        &["build", "--all", "site", "-o", "split2", "--split"],
    ] {
        let outcome = run(&lab, arguments);
        assert_eq!(outcome.code, 1, "{arguments:?}");
        assert!(outcome.stderr.contains("` is a link"), "{}", outcome.stderr);
    }
    assert_eq!(fs::read_dir(lab.path("home")).unwrap().count(), before);
}

#[test]
fn a_file_that_the_user_names_may_be_a_link_and_stays_one() {
    let lab = lab();
    lab.link("home/keys", "out.yaml");
    assert_eq!(run(&lab, &["build", "k", "-o", "out.yaml"]).code, 0);
    assert!(lab.read("home/keys").contains("name: c"));
    assert!(fs::symlink_metadata(lab.path("out.yaml")).unwrap().is_symlink());
}

#[test]
fn hard_links_pipes_and_devices_below_an_output_folder_are_replaced() {
    let lab = lab();
    lab.write("out/other", "");
    let place = lab.path("out/v1_configmap_c.yaml");
    fs::hard_link(lab.path("home/keys"), &place).unwrap();
    assert_eq!(run(&lab, &["build", "k", "-o", "out"]).code, 0);
    assert_eq!(lab.read("home/keys"), "precious\n");
    fs::remove_file(&place).unwrap();
    pipe(&place);
    assert_eq!(run(&lab, &["build", "k", "-o", "out"]).code, 0);
    assert!(lab.read("out/v1_configmap_c.yaml").contains("name: c"));
    fs::remove_file(&place).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(&place).unwrap();
    assert_eq!(run(&lab, &["build", "k", "-o", "out"]).code, 0);
    drop(socket);
    assert!(fs::symlink_metadata(&place).unwrap().is_file());
}

#[test]
fn rights_of_an_old_file_stay_and_give_no_more() {
    let lab = lab();
    lab.write("out/v1_configmap_c.yaml", "");
    let place = lab.path("out/v1_configmap_c.yaml");
    for (old, new) in [(0o640, 0o640), (0o4755, 0o755), (0o600, 0o600)] {
        fs::set_permissions(&place, fs::Permissions::from_mode(old)).unwrap();
        assert_eq!(run(&lab, &["build", "k", "-o", "out"]).code, 0);
        assert_eq!(fs::metadata(&place).unwrap().mode() & 0o7777, new, "{old:o}");
    }
    let files: Vec<_> = fs::read_dir(lab.path("out")).unwrap().collect();
    assert_eq!(files.len(), 1, "no temporary file is left: {files:?}");
}

#[test]
fn a_signal_leaves_no_temporary_file() {
    let lab = lab();
    // Large enough for the writing to take some time.
    lab.write("k/f", "x".repeat(1 << 24));
    let options = "options: {disableNameSuffixHash: true}";
    let generator = format!("[{{name: a, files: [a=f, b=f, c=f, d=f], {options}}}]");
    lab.write("k/kustomization.yaml", format!("configMapGenerator: {generator}\n"));
    for signal in ["TERM", "INT", "HUP"] {
        lab.write("out/other", "");
        let mut child = Command::new(env!("CARGO_BIN_EXE_krender"))
            .args(["build", "k", "-o", "out"])
            .current_dir(lab.path(""))
            .spawn()
            .unwrap();
        let left_over = || {
            let names = fs::read_dir(lab.path("out")).unwrap().flatten();
            names.filter(|name| name.file_name().to_string_lossy().ends_with(".tmp")).count()
        };
        while left_over() == 0 && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let arguments = [format!("-{signal}"), child.id().to_string()];
        drop(Command::new("kill").args(arguments).output());
        child.wait().unwrap();
        assert_eq!(left_over(), 0, "SIG{signal}");
    }
}

// The cache.

/// Builds twice with a cache. Returns true if the second build used it.
fn uses_cache(lab: &Lab, cache: &str) -> (bool, Outcome) {
    let flag = format!("--cache={cache}");
    let arguments = ["build", "k", &flag, "--timings"];
    run(lab, &arguments);
    let outcome = run(lab, &arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stdout, run(lab, &["build", "k"]).stdout);
    (outcome.stderr.contains("from the cache"), outcome)
}

#[track_caller]
fn is_unused(lab: &Lab, cache: &str, reason: &str) {
    let (is_used, outcome) = uses_cache(lab, cache);
    assert!(!is_used && outcome.stderr.contains(reason), "{}", outcome.stderr);
}

#[test]
fn a_cache_of_ones_own_is_used() {
    let lab = lab();
    assert!(uses_cache(&lab, "new/cache").0);
    fs::create_dir(lab.path("empty")).unwrap();
    assert!(uses_cache(&lab, "empty").0);
    assert_eq!(fs::metadata(lab.path("empty")).unwrap().mode() & 0o777, 0o700);
    // A link given by the user is followed, to a folder of this user.
    lab.link("new/cache", "link");
    assert!(uses_cache(&lab, "link").0);
    for folder in [lab.path("new/cache"), lab.path("empty")] {
        for file in entries(&folder) {
            let mode = fs::metadata(&file).unwrap().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
        }
    }
}

/// The entries of a cache.
fn entries(cache: &Path) -> Vec<PathBuf> {
    let below = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let shelves = ["values", "texts"].map(|shelf| cache.join(shelf));
    shelves.into_iter().flat_map(below).flat_map(below).collect()
}

#[test]
fn a_cache_that_is_open_to_others_is_not_used() {
    for mode in [0o777, 0o1777, 0o770, 0o755, 0o750] {
        let lab = lab();
        lab.write("cache/values/README", "");
        fs::set_permissions(lab.path("cache"), fs::Permissions::from_mode(mode)).unwrap();
        is_unused(&lab, "cache", "is open to other users");
        assert_eq!(fs::read_dir(lab.path("cache")).unwrap().count(), 1, "nothing is written there");
    }
}

#[test]
fn a_cache_of_another_user_is_not_used() {
    let lab = lab();
    let cache = lab.path("cache");
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
    // Only root can create such a folder.
    match chown(&cache, Some(65534), None) {
        Ok(()) => is_unused(&lab, "cache", "belongs to another user"),
        Err(_) => is_unused(&lab, "/", "belongs to another user"),
    }
}

#[test]
fn a_cache_that_a_pull_request_brings_is_not_used() {
    let lab = lab();
    assert!(uses_cache(&lab, "cache").0);
    poison(&lab);
    lab.git("", &["init", "-q"]);
    lab.git("", &["add", "-f", "cache", "k"]);
    lab.git("", &["commit", "-qm", "a cache"]);
    lab.git("", &["clone", "-q", ".", "clone"]);
    let (is_used, outcome) = {
        let outcome = run_in(&lab, "clone", &["build", "k", "--cache=cache", "--timings"]);
        (outcome.stderr.contains("from the cache"), outcome)
    };
    assert!(!is_used && outcome.stdout.contains("name: c\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("came with other files"), "{}", outcome.stderr);
}

/// Replaces the text of each entry, with a correct digest.
fn poison(lab: &Lab) {
    for file in entries(&lab.path("cache")) {
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, String::from_utf8_lossy(&bytes).replace("name: c", "name: x")).unwrap();
    }
}

#[test]
fn entries_that_were_changed_or_moved_are_rendered_anew() {
    let lab = lab();
    assert!(uses_cache(&lab, "cache").0);
    poison(&lab);
    assert!(run(&lab, &["build", "k", "--cache=cache"]).stdout.contains("name: c\n"));
    // Two targets with swapped entries.
    lab.write("l/kustomization.yaml", "resources: [r.yaml]\n");
    lab.write("l/r.yaml", OBJECT.replace("name: c", "name: l"));
    let known = entries(&lab.path("cache/"));
    run(&lab, &["build", "l", "--cache=cache"]);
    let values = |file: &&PathBuf| file.starts_with(lab.path("cache/values"));
    let all = entries(&lab.path("cache"));
    let new = all.iter().filter(values).find(|file| !known.contains(file)).unwrap().clone();
    for old in known.iter().filter(values) {
        fs::copy(&new, old).unwrap();
    }
    assert!(run(&lab, &["build", "k", "--cache=cache"]).stdout.contains("name: c\n"));
}

#[test]
fn entries_that_are_no_files_of_ones_own_are_replaced() {
    let lab = lab();
    for make in [
        |_: &Lab, place: &Path| pipe(place),
        |lab: &Lab, place: &Path| symlink(lab.path("home/keys"), place).unwrap(),
        |_: &Lab, place: &Path| {
            fs::write(place, "").unwrap();
            fs::set_permissions(place, fs::Permissions::from_mode(0o666)).unwrap();
        },
        |_: &Lab, place: &Path| {
            fs::write(place, "").unwrap();
            drop(chown(place, Some(65534), None));
        },
    ] {
        assert!(uses_cache(&lab, "cache").0);
        for place in entries(&lab.path("cache")) {
            fs::remove_file(&place).unwrap();
            make(&lab, &place);
        }
        assert!(uses_cache(&lab, "cache").0, "it is mended");
        assert_eq!(lab.read("home/keys"), "precious\n");
    }
}

#[test]
fn tidying_a_cache_follows_no_links() {
    let lab = lab();
    assert!(uses_cache(&lab, "cache").0);
    let name = "0".repeat(62);
    lab.write(&format!("home/{name}"), "precious\n");
    let old = SystemTime::now() - Duration::from_hours(24 * 365);
    for path in [format!("home/{name}"), "home/keys".to_owned()] {
        fs::File::options().append(true).open(lab.path(&path)).unwrap().set_modified(old).unwrap();
    }
    fs::remove_file(lab.path("cache/tidied")).unwrap();
    lab.link("../home/keys", "cache/tidied").link("../../home", "cache/values/zz");
    lab.link("../../../home/keys", &format!("cache/values/00/{name}"));
    lab.write("cache/texts/00/notes", "mine");
    let kept = fs::File::options().append(true).open(lab.path("cache/texts/00/notes")).unwrap();
    kept.set_modified(old).unwrap();
    assert_eq!(run(&lab, &["build", "k", "--cache=cache"]).code, 0);
    assert_eq!(lab.read("home/keys"), "precious\n");
    assert!(lab.has(&format!("home/{name}")) && lab.has("cache/texts/00/notes"));
    assert!(fs::symlink_metadata(lab.path("cache/tidied")).unwrap().is_file());
}

// Names.

/// Names that are not UTF-8, next to names equal to their escaped form.
fn odd_names() -> Lab {
    let lab = lab();
    for name in [&b"t/bad\xff"[..], "t/bad\u{FFFD}".as_bytes(), b"t/good"] {
        let folder = lab.path("").join(OsStr::from_bytes(name));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("kustomization.yaml"), "resources: [r.yaml]\n").unwrap();
        let name = if name.contains(&0xff) { "odd" } else { "plain" };
        fs::write(folder.join("r.yaml"), OBJECT.replace("name: c", &format!("name: {name}")))
            .unwrap();
    }
    lab
}

#[test]
fn inputs_whose_names_are_not_utf8_are_refused_or_written_as_they_are() {
    let lab = Lab::new();
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n";
    lab.write("k/kustomization.yaml", "resources: [a.yaml]\n");
    // A file whose name is the escaped form of another one.
    lab.write("k/\\xfe.yaml", map);
    fs::write(lab.path("k").join(OsStr::from_bytes(b"\xfe.yaml")), map).unwrap();
    symlink(OsStr::from_bytes(b"\xfe.yaml"), lab.path("k/a.yaml")).unwrap();
    for format in ["text", "json"] {
        let outcome = run(&lab, &["inputs", "k", "--format", format]);
        assert_eq!((outcome.code, &*outcome.stdout), (1, ""), "{format}");
        let words = "the path `k/\\xfe.yaml` is not UTF-8";
        assert!(outcome.stderr.contains(words), "{format}: {}", outcome.stderr);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(["inputs", "--null", "k"])
        .current_dir(lab.path("."))
        .output()
        .unwrap();
    let names: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
    let expected: [&[u8]; 4] = [b"k/a.yaml", b"k/kustomization.yaml", b"k/\xfe.yaml", b""];
    assert_eq!(names, expected);
    lab.git("", &["init", "-q"]);
    lab.git("", &["commit", "-q", "--allow-empty", "-m", "one"]);
    let outcome = run(&lab, &["affected", "--since", "HEAD", "k"]);
    assert_eq!((outcome.code, &*outcome.stdout), (0, "k\n"), "{}", outcome.stderr);
    let outcome = run(&lab, &["affected", "--since", "HEAD", "k", "--format", "json"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("is not UTF-8"), "{}", outcome.stderr);
}

#[test]
fn a_name_that_is_not_utf8_is_refused_by_name_and_not_taken_for_another() {
    let lab = odd_names();
    for (arguments, code) in [
        (&["build", "--all", "t"][..], 1),
        (&["build", "--all", "t", "-o", "rendered"], 1),
        (&["check", "--all", "t"], 2),
        (&["shard", "1/1", "t"], 1),
    ] {
        let outcome = run(&lab, arguments);
        assert_eq!(outcome.code, code, "{arguments:?} {}", outcome.stderr);
        assert!(outcome.stderr.contains("`bad\\xff` is not UTF-8"), "{}", outcome.stderr);
        assert!(!outcome.stdout.contains("name: odd"), "{}", outcome.stdout);
    }
    // A failure on both sides is no difference, and is told.
    let compared = run(&lab, &["diff", "t", "t"]);
    assert!(
        compared.code == 0 && compared.stdout.contains("`bad\\xff` is not UTF-8"),
        "{}",
        compared.stdout
    );
    let rendered = run(&lab, &["build", "--all", "t"]).stdout;
    assert_eq!(rendered.matches("name: plain").count(), 2, "the others are built: {rendered}");
    let named = Command::new(env!("CARGO_BIN_EXE_krender"))
        .arg("build")
        .arg(lab.path("t").join(OsStr::from_bytes(b"bad\xff")))
        .output()
        .unwrap();
    let stderr = String::from_utf8(named.stderr).unwrap();
    assert!(
        named.status.code() == Some(1) && stderr.contains("bad\\xff` is not UTF-8"),
        "{stderr}"
    );
    lab.git("", &["init", "-q"]);
    lab.git("", &["add", "k"]);
    lab.git("", &["commit", "-qm", "one"]);
    let outcome = run(&lab, &["affected", "--since", "HEAD", "t"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, "t/bad\u{FFFD}\nt/good\n"));
    assert!(outcome.stderr.contains("`bad\\xff` is not UTF-8"), "{}", outcome.stderr);
}

#[test]
fn a_manifest_whose_name_is_not_utf8_is_refused() {
    let lab = lab();
    for side in ["old", "new"] {
        lab.write(&format!("{side}/a.yaml"), OBJECT)
            .write(&format!("{side}/bad\u{FFFD}.yaml"), OBJECT);
    }
    fs::write(lab.path("new").join(OsStr::from_bytes(b"bad\xff.yaml")), OUTSIDE).unwrap();
    is_refused(&run(&lab, &["diff", "old", "new"]), 2, "`bad\\xff.yaml` is not UTF-8");
    is_refused(&run(&lab, &["diff", "k", "new"]), 2, "`bad\\xff.yaml` is not UTF-8");
}

/// A directory that even root cannot list: its path is longer than the system allows.
#[test]
fn a_folder_that_cannot_be_listed_does_not_keep_others_from_being_built() {
    use rustix::fs::{Mode, OFlags, mkdirat, openat};

    let lab = lab();
    fs::create_dir(lab.path("k/deep")).unwrap();
    let mut folder = fs::File::open(lab.path("k/deep")).unwrap();
    for _ in 0..25 {
        let name = "d".repeat(200);
        mkdirat(&folder, &name, Mode::RWXU).unwrap();
        folder = openat(&folder, &name, OFlags::DIRECTORY, Mode::empty()).unwrap().into();
    }
    for (arguments, code) in
        [(&["build", "--all", "."][..], 1), (&["check", "--all", "."], 2), (&["shard", "1/1"], 1)]
    {
        let outcome = run(&lab, arguments);
        assert_eq!(outcome.code, code, "{arguments:?}");
        assert!(outcome.stderr.contains("cannot read `k/deep/d"), "{}", outcome.stderr);
        assert!(outcome.stdout.contains(if code == 1 && arguments[0] == "build" {
            "name: c"
        } else {
            "k"
        }));
    }
}

#[test]
fn objects_whose_files_fall_together_are_named() {
    let lab = lab();
    let object = |namespace: &str, name: &str| {
        format!(
            "apiVersion: own/v1\nkind: Own\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        )
    };
    for (first, second, file) in [
        (object("a", "x"), object("a", "X"), "own_v1_own_x.yaml"),
        (object("a", "b_c") + "---\n" + &object("d", "e"), object("a_own_v1_own_b", "c"), ""),
    ] {
        lab.write("k/r.yaml", format!("{first}---\n{second}"));
        let outcome = run(&lab, &["build", "k", "-o", "out", "--split"]);
        assert_eq!(
            (outcome.code, outcome.stderr.contains("only the last one stays")),
            (0, !file.is_empty())
        );
        assert!(outcome.stderr.contains(file), "{}", outcome.stderr);
        let outcome = run(&lab, &["build", "k", "-o", "out", "--split", "--strict"]);
        let many = run(&lab, &["build", "--all", ".", "-o", "all", "--split", "--strict"]);
        // The API server refuses the namespace of the second row.
        for strict in [outcome, many] {
            let is_told = strict.stderr.contains("are both written to");
            assert_eq!((strict.code, is_told), (1, !file.is_empty()), "{}", strict.stderr);
        }
        // A cached build repeats the warning.
        for _ in 0..2 {
            let cached = run(&lab, &["build", "k", "-o", "out", "--split", "--cache=cache"]);
            assert_eq!(cached.stderr.contains("only the last one stays"), !file.is_empty());
        }
    }
}

#[test]
fn outputs_that_would_surprise_are_refused_or_told() {
    let lab = lab();
    lab.write("l/kustomization.yaml", "resources: [r.yaml]\n").write("l/r.yaml", OBJECT);
    let outcome = run(&lab, &["build", "k", "l", "-o", "x.yaml"]);
    assert!(
        outcome.code == 1 && outcome.stderr.contains("is named like a file"),
        "{}",
        outcome.stderr
    );
    assert!(!lab.has("x.yaml"));
    let outcome = run(&lab, &["build", "k", "-o", "-"]);
    assert!(outcome.stdout.contains("name: c") && !lab.has("-"), "{}", outcome.stderr);
    assert_eq!(run(&lab, &["build", "--all", ".", "-o", "out"]).stderr, "");
    fs::remove_dir_all(lab.path("l")).unwrap();
    lab.write("k/r.yaml", "[");
    let outcome = run(&lab, &["build", "--all", ".", "-o", "out"]);
    assert_eq!(outcome.code, 1);
    for words in [
        "still has files of targets that failed: `k.yaml`",
        "still has files of no target of this run: `l.yaml`",
    ] {
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    assert!(lab.has("out/k.yaml") && lab.has("out/l.yaml"));
}

#[test]
fn watching_ends_where_it_would_never_or_for_ever_render() {
    let lab = lab();
    let outcome = run(&lab, &["build", "nowhere", "--watch"]);
    assert!(
        outcome.code == 1 && outcome.stderr.contains("no directory `nowhere`"),
        "{}",
        outcome.stderr
    );
    lab.write("k/v1_configmap_c.yaml", OBJECT);
    lab.write("k/kustomization.yaml", "resources: [v1_configmap_c.yaml]\n");
    lab.link("k/v1_configmap_c.yaml", "link.yaml");
    for output in ["k/v1_configmap_c.yaml", "link.yaml", "k"] {
        let outcome = run(&lab, &["build", "k", "--watch", "-o", output]);
        assert_eq!(outcome.code, 1);
        assert!(outcome.stderr.contains("cannot be its output"), "{}", outcome.stderr);
    }
    assert_eq!(lab.read("k/v1_configmap_c.yaml"), OBJECT);
}

/// `cfg`, `create` and `localize` read files that others may have put there.
#[test]
fn commands_for_files_neither_hang_nor_leave_the_folder() {
    let lab = lab();
    let path = |path: &str| lab.path(path);
    for name in ["pipe.yaml", "out.yaml", "zero.yaml"] {
        lab.write("d/a.yaml", OBJECT);
        match name {
            "pipe.yaml" => pipe(&path("d/pipe.yaml")),
            "out.yaml" => symlink("../home/config", path("d/out.yaml")).unwrap(),
            _ => symlink("/dev/zero", path("d/zero.yaml")).unwrap(),
        }
        for command in ["cat", "count", "tree"] {
            let outcome = run(&lab, &["cfg", command, "d"]);
            assert_eq!((outcome.code, &*outcome.stdout), (1, ""), "{command} {name}");
            assert!(!outcome.stderr.contains("OUTSIDE-CONTENT"), "{}", outcome.stderr);
        }
        let outcome = run(&lab, &["cfg", "grep", "kind", "d"]);
        assert_eq!((outcome.code, &*outcome.stdout), (1, ""), "{name}");

        let outcome = run_in(&lab, "d", &["create", "--autodetect"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let text = fs::read_to_string(path("d/kustomization.yaml")).unwrap();
        assert!(text.contains("- a.yaml") && !text.contains(name), "{text}");

        lab.write("d/kustomization.yaml", format!("resources: [a.yaml, {name}]\n"));
        let outcome = run(&lab, &["localize", "d", "copy", "--no-verify"]);
        assert_eq!(outcome.code, 1, "{name}");
        assert!(!outcome.stderr.contains("OUTSIDE-CONTENT"), "{}", outcome.stderr);
        assert!(fs::symlink_metadata(path("copy")).is_err());
        fs::remove_dir_all(path("d")).unwrap();
    }
}

/// A link in place of a new file leads elsewhere, even if nothing is there.
#[test]
fn new_files_are_not_made_through_links() {
    let lab = lab();
    fs::create_dir(lab.path("n")).unwrap();
    symlink("../home/new", lab.path("n/kustomization.yaml")).unwrap();
    let outcome = run_in(&lab, "n", &["create"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("is there already"), "{}", outcome.stderr);
    symlink("home/new", lab.path("copy")).unwrap();
    let outcome = run(&lab, &["localize", "k", "copy"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("is there already"), "{}", outcome.stderr);
    assert!(fs::symlink_metadata(lab.path("home/new")).is_err());
    let made: Vec<_> = fs::read_dir(lab.path("n")).unwrap().flatten().collect();
    assert_eq!(made.len(), 1, "{made:?}");
}
