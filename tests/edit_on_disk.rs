//! `krender edit` and files on disk: edits at the same time, permissions, links, and failures.
#![expect(clippy::disallowed_methods, reason = "the test makes files and runs the program")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_krender"));
    command.arg("edit").args(arguments).current_dir(folder).env_clear();
    command
}

fn edit(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn edits_at_once_are_all_kept() {
    const PROCESSES: usize = 24;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kustomization.yaml");
    fs::write(&file, "# the parts\nresources:\n- first.yaml # kept\n").unwrap();
    for round in 0..2 {
        let start = |number: usize| -> Child {
            let path = format!("r{round}-{number}.yaml");
            let image = format!("i{round}-{number}:1");
            let arguments = match number % 2 {
                0 => vec!["add", "resource", "--no-verify", &path],
                _ => vec!["set", "image", &image],
            };
            command(folder.path(), &arguments).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running: Vec<Child> = (0..PROCESSES).map(start).collect();
        for process in running {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
    }
    let text = fs::read_to_string(&file).unwrap();
    for round in 0..2 {
        for number in 0..PROCESSES {
            let line = match number % 2 {
                0 => format!("- r{round}-{number}.yaml\n"),
                _ => format!("- name: i{round}-{number}\n"),
            };
            assert_eq!(text.matches(&line).count(), 1, "{line}{text}");
        }
    }
    assert!(text.starts_with("# the parts\nresources:\n- first.yaml # kept\n"), "{text}");
    assert_eq!(names(folder.path()), ["kustomization.yaml"], "nothing else is left");
}

/// Threads of the library wait for each other, too, and notice what a program writes that does not lock.
#[test]
fn changes_of_one_file_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list");
    fs::write(&file, "").unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope.spawn(move || {
                for turn in 0..20 {
                    krender::load::change(file, |bytes| {
                        let mut text = bytes.to_vec();
                        text.extend_from_slice(format!("{number}-{turn}\n").as_bytes());
                        Ok(Some(text))
                    })
                    .unwrap();
                }
            });
        }
    });
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 160);

    let mut calls = 0;
    krender::load::change(&file, |bytes| {
        calls += 1;
        if calls == 1 {
            fs::write(&file, "written meanwhile\n").unwrap();
        }
        Ok(Some([bytes, b"added\n"].concat()))
    })
    .unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "written meanwhile\nadded\n");
    assert_eq!(calls, 2);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_directory_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::write(folder.path().join("k.yaml"), "resources: []\n").unwrap();
    std::os::unix::fs::symlink("../k.yaml", own.join("kustomization.yaml")).unwrap();
    for arguments in
        [&["set", "namespace", "shop"][..], &["fix"], &["add", "label", "a:b", "--dry-run"]]
    {
        let output = edit(&own, arguments);
        assert_eq!(output.status.code(), Some(1));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("is a link that leads out of its directory"), "{message}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("k.yaml")).unwrap(), "resources: []\n");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    let shared = own.join("shared");
    fs::create_dir_all(&shared).unwrap();
    let target = shared.join("k.yaml");
    fs::write(&target, "resources: []\n").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("shared/k.yaml", own.join("kustomization.yaml")).unwrap();
    let output = edit(&own, &["set", "namespace", "shop"]);
    assert!(output.status.success(), "{output:?}");
    assert!(fs::symlink_metadata(own.join("kustomization.yaml")).unwrap().is_symlink());
    let text = fs::read_to_string(&target).unwrap();
    assert!(text.ends_with("namespace: shop\n"), "{text}");
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(names(&shared), ["k.yaml"]);

    // Only the superuser may give a file away.
    if chown(&target, Some(12345), Some(23456)).is_ok() {
        assert!(edit(&own, &["set", "nameprefix", "a-"]).status.success());
        let metadata = fs::metadata(&target).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (12345, 23456));
        assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    }
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_stays() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kustomization.yaml");
    let fails = |reason: &str| {
        let output = edit(folder.path(), &["set", "namespace", "shop"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(reason), "{told}");
        assert!(output.stdout.is_empty());
    };
    // A link to nothing, a folder, and a pipe, which is not waited for.
    symlink("gone.yaml", &file).unwrap();
    fails("missing kustomization file");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    fails("is a directory");
    fs::remove_dir(&file).unwrap();
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    fails("not a regular file");
    fs::remove_file(&file).unwrap();

    fs::write(&file, "resources: []\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    // The superuser may write anything.
    if fs::File::options().append(true).open(&file).is_err() {
        fails("permission denied");
        assert_eq!(fs::read_to_string(&file).unwrap(), "resources: []\n");
    }
}

#[test]
fn a_failed_edit_and_one_without_effect_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kustomization.yaml");
    let text =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- a\n";
    fs::write(&file, text).unwrap();
    let before = fs::metadata(&file).unwrap().modified().unwrap();
    for (arguments, code) in [
        (&["add", "resource", "--no-verify", "a"][..], 0),
        (&["remove", "resource", "gone"], 0),
        (&["set", "image", "a:1", "wrong"], 1),
        (&["set", "namespace", "shop", "--dry-run"], 0),
    ] {
        assert_eq!(edit(folder.path(), arguments).status.code(), Some(code), "{arguments:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "{arguments:?}");
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before, "{arguments:?}");
    }
}

/// The diff of `--dry-run` is one that `git apply` understands.
#[test]
fn a_dry_run_prints_a_patch() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kustomization.yaml");
    fs::write(&file, "# top\nresources:\n- a\nimages:\n- name: web\n  newTag: \"1\"").unwrap();
    let arguments = ["set", "image", "web:2", "api:3"];
    let patch = edit(folder.path(), &[&arguments[..], &["--dry-run"]].concat()).stdout;
    fs::write(folder.path().join("patch"), patch).unwrap();
    assert!(edit(folder.path(), &arguments).status.success());
    let expected = fs::read_to_string(&file).unwrap();
    fs::write(&file, "# top\nresources:\n- a\nimages:\n- name: web\n  newTag: \"1\"").unwrap();
    let status =
        Command::new("git").args(["apply", "patch"]).current_dir(folder.path()).status().unwrap();
    assert!(status.success());
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
}

/// A file with many entries takes a time linear in its size, also for many changes.
#[test]
fn many_entries_are_added_and_removed_at_once() {
    const MANY: usize = 3000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kustomization.yaml");
    fs::write(&file, "resources:\n- kept.yaml # kept\n").unwrap();
    for number in 0..MANY {
        fs::write(folder.path().join(format!("x{number}.yaml")), "").unwrap();
    }
    assert!(edit(folder.path(), &["add", "resource", "x*.yaml"]).status.success());
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("- x").count(), MANY);
    assert!(edit(folder.path(), &["remove", "resource", "x*.yaml"]).status.success());
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("resources:\n- kept.yaml # kept\napiVersion"), "{text}");
}

/// So is that of `fix`, with all files that it changes.
#[test]
fn a_dry_run_of_fix_prints_a_patch_of_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        (
            "kustomization.yaml",
            "resources: [base]\nvars:\n- name: A # one\n  objref: {kind: Pod, name: web, apiVersion: v1}\n",
        ),
        ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
        (
            "base/pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations: {a: x-$(A)} # $(A)",
        ),
    ];
    let write = || {
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    };
    let read = || files.map(|(name, _)| fs::read_to_string(folder.path().join(name)).unwrap());
    write();
    let patch = edit(folder.path(), &["fix", "--vars", "--dry-run"]).stdout;
    assert_eq!(read(), files.map(|(_, text)| text.to_owned()));
    fs::write(folder.path().join("patch"), patch).unwrap();
    assert!(edit(folder.path(), &["fix", "--vars"]).status.success());
    let expected = read();
    assert!(expected[2].ends_with("{a: x-A_PLACEHOLDER} # A_PLACEHOLDER"), "{expected:?}");
    write();
    let status =
        Command::new("git").args(["apply", "patch"]).current_dir(folder.path()).status().unwrap();
    assert!(status.success());
    assert_eq!(read(), expected);
}
