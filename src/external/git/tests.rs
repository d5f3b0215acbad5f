#![expect(clippy::disallowed_methods, reason = "repositories are made on disk, and git is run")]

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::*;
use crate::load::git::Changed;
use crate::load::{Disk, Files, Kind};

fn git(top: &Path, arguments: &[&str]) {
    let settings =
        ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let git = Command::new("git").args(settings).args(arguments).current_dir(top).output();
    let git = git.unwrap();
    assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
}

/// The repository of a directory, with variables set by the user.
fn of(directory: &Path, variables: &[(&str, &Path)]) -> Result<Repository> {
    let path = ("PATH".into(), std::env::var_os("PATH").unwrap());
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let variables: Vec<(OsString, OsString)> = variables.chain([path]).collect();
    Repository::of(directory, &Environment::new(variables, directory), &Budget::default())
}

fn repository() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap().join("top");
    fs::create_dir_all(top.join("a/b")).unwrap();
    for (path, content) in [("a/b/c.yaml", "c\n"), ("a-b", ""), ("a/b.yaml", "b\n"), ("ä ö", "x")]
    {
        fs::write(top.join(path), content).unwrap();
    }
    for (path, target) in [("up", "a/b"), ("loop", "loop"), ("out", "/etc"), ("a/back", "../up")] {
        symlink(target, top.join(path)).unwrap();
    }
    git(&top, &["init", "-q"]);
    git(&top, &["add", "."]);
    git(&top, &["commit", "-qm", "one"]);
    (folder, top)
}

#[test]
fn a_revision_and_the_working_tree_agree() {
    let (_folder, top) = repository();
    let revision = of(&top.join("a"), &[]).unwrap().revision("HEAD").unwrap();
    revision.read_trees(&top).unwrap();
    for path in [
        "",
        "a",
        "a/b",
        "a/b/c.yaml",
        "a-b",
        "ä ö",
        "up",
        "up/c.yaml",
        "a/back/c.yaml",
        "loop",
        "a-b/x",
        "none",
    ] {
        let path = &top.join(path);
        assert_eq!(revision.canonicalize(path).ok(), Disk.canonicalize(path).ok(), "{path:?}");
        let whole = &Disk.canonicalize(path).unwrap_or_default();
        assert_eq!(revision.read(path, 9).ok(), Disk.read(whole, 9).ok(), "{path:?}");
        if !path.starts_with(top.join("up")) && !path.starts_with(top.join("a/back")) {
            assert_eq!(revision.kind(path).unwrap(), Disk.kind(path).unwrap(), "{path:?}");
        }
        let listed = |list: io::Result<Vec<(OsString, Kind)>>| {
            let list = list.ok()?.into_iter().filter(|(name, _)| name != ".git");
            Some(list.collect::<Vec<_>>())
        };
        assert_eq!(listed(revision.list(path)), listed(Disk.list(whole)), "{path:?}");
    }
    assert!(revision.canonicalize(&top.join("out")).is_err(), "what is outside is not there");
    assert_eq!(revision.kind(top.parent().unwrap()).unwrap(), Kind::Directory);
}

/// The paths, among those given, that have changed.
fn changed<'p>(changes: &Changes, top: &Path, paths: &[&'p str]) -> Vec<&'p str> {
    let is_changed = |path: &&&str| changes.is_changed(&top.join(path)).unwrap();
    paths.iter().filter(is_changed).copied().collect()
}

const PATHS: [&str; 9] =
    ["a/b/c.yaml", "a-b", "a-b/new/d", "a/b.yaml", "ä ö", "up", "loop", "a/back", "new"];

#[test]
fn changes_are_found() {
    let (_folder, top) = repository();
    let repository = of(&top, &[]).unwrap();
    let first = repository.revision("HEAD").unwrap();
    assert!(changed(&repository.changed_since(&first).unwrap(), &top, &PATHS).is_empty());
    fs::write(top.join("a/b/c.yaml"), "d\n").unwrap();
    fs::remove_file(top.join("a-b")).unwrap();
    fs::create_dir_all(top.join("a-b/new")).unwrap();
    fs::write(top.join("a-b/new/d"), "").unwrap();
    fs::remove_file(top.join("up")).unwrap();
    symlink("a", top.join("up")).unwrap();
    let expected = ["a/b/c.yaml", "a-b", "a-b/new/d", "up"];
    assert_eq!(changed(&repository.changed_since(&first).unwrap(), &top, &PATHS), expected);
    // Same content, other time.
    fs::write(top.join("a/b.yaml"), "b\n").unwrap();
    assert_eq!(changed(&repository.changed_since(&first).unwrap(), &top, &PATHS), expected);
    git(&top, &["add", "."]);
    assert_eq!(changed(&repository.changed_since(&first).unwrap(), &top, &PATHS), expected);
    git(&top, &["commit", "-qm", "two"]);
    let second = repository.revision("HEAD").unwrap();
    assert_eq!(changed(&repository.changed(&first, &second), &top, &PATHS), expected);
    assert_eq!(changed(&repository.changed(&second, &first), &top, &PATHS), expected);
    assert!(repository.changed(&second, &second).is_empty());
    assert!(repository.changed_since(&second).unwrap().is_changed_below(&top).is_ok_and(|is| !is));
    assert_eq!(repository.merge_base("HEAD", "HEAD~1").unwrap().len(), 40);
    for name in ["", "none", "HEAD~7", "HEAD\nHEAD", "--help", "HEAD:a/b.yaml"] {
        assert_eq!(repository.revision(name).err().unwrap().code(), Code::FileNotFound, "{name}");
    }
}

#[test]
fn states_of_the_working_tree_are_known() {
    let (_folder, top) = repository();
    fs::write(top.join(".gitignore"), "*.log\n").unwrap();
    git(&top, &["add", "."]);
    git(&top, &["commit", "-qm", "two"]);
    let repository = of(&top, &[]).unwrap();
    let head = repository.revision("HEAD").unwrap();
    let now = || changed(&repository.changed_since(&head).unwrap(), &top, &PATHS);
    // Untracked, ignored, and added with `--intent-to-add`.
    fs::write(top.join("a/x.log"), "").unwrap();
    assert!(now().is_empty());
    fs::write(top.join("new"), "x").unwrap();
    assert_eq!(now(), ["new"]);
    git(&top, &["add", "--intent-to-add", "new"]);
    assert_eq!(now(), ["new"]);
    git(&top, &["rm", "-qf", "--cached", "new"]);
    fs::remove_file(top.join("new")).unwrap();
    // Untracked now, but unchanged.
    git(&top, &["rm", "-q", "--cached", "a/b.yaml"]);
    assert!(now().is_empty());
    git(&top, &["reset", "-q"]);
    // `assume-unchanged` is ignored: builds read the file on disk.
    git(&top, &["update-index", "--assume-unchanged", "a/b.yaml"]);
    git(&top, &["update-index", "--skip-worktree", "a/b/c.yaml", "a-b"]);
    assert!(now().is_empty());
    fs::write(top.join("a/b.yaml"), "other").unwrap();
    fs::write(top.join("a/b/c.yaml"), "other").unwrap();
    assert_eq!(now(), ["a/b/c.yaml", "a/b.yaml"]);
    // Left out of the checkout.
    fs::remove_file(top.join("a-b")).unwrap();
    assert_eq!(now(), ["a/b/c.yaml", "a/b.yaml"]);
    // A link replaces a directory: the files below it are not tracked.
    fs::rename(top.join("a"), top.join("moved")).unwrap();
    symlink("moved", top.join("a")).unwrap();
    assert_eq!(now(), ["a/b/c.yaml", "a/b.yaml", "a/back"]);
}

#[test]
fn permissions_and_special_files_are_known() {
    use std::os::unix::fs::PermissionsExt;

    let (_folder, top) = repository();
    let repository = of(&top, &[]).unwrap();
    let head = repository.revision("HEAD").unwrap();
    let now = || changed(&repository.changed_since(&head).unwrap(), &top, &PATHS);
    fs::set_permissions(top.join("a/b.yaml"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(now().is_empty());
    fs::remove_file(top.join("ä ö")).unwrap();
    let status = Command::new("mkfifo").arg(top.join("ä ö")).status().unwrap();
    assert!(status.success());
    assert_eq!(now(), ["ä ö"], "it is not opened");
}

#[test]
fn submodules_are_compared() {
    let (_folder, top) = repository();
    let (_part_folder, part) = repository();
    let add = ["-c", "protocol.file.allow=always", "submodule", "add", "-q"];
    git(&top, &[&add[..], &[part.to_str().unwrap(), "part"]].concat());
    git(&top, &["commit", "-qam", "two"]);
    let repository = of(&top, &[]).unwrap();
    let head = repository.revision("HEAD").unwrap();
    let now = || {
        let changes = repository.changed_since(&head).unwrap();
        changes.on_the_way(&top.join("part/a/b.yaml")).unwrap()
    };
    assert_eq!(now(), None);
    assert!(!repository.changed_since(&head).unwrap().is_changed_below(&top).unwrap());
    // The files belong to the inner repository.
    let inner = of(&top.join("part/a"), &[]).unwrap();
    assert_eq!(inner.top(), top.join("part"));
    fs::write(top.join("part/a/b.yaml"), "other").unwrap();
    assert_eq!(now(), Some(top.join("part")));
    git(&top.join("part"), &["commit", "-qam", "two"]);
    assert_eq!(now(), Some(top.join("part")));
    git(&top, &["submodule", "--quiet", "deinit", "-f", "part"]);
    assert_eq!(now(), None, "it is not checked out");
}

#[test]
fn a_repository_is_found_where_git_finds_it() {
    let (_folder, top) = repository();
    let below = top.join("a/b");
    assert_eq!(of(&below, &[]).unwrap().top(), top);
    assert_eq!(of(&below.join("not/there"), &[]).unwrap().top(), top);
    let ceiling = [("GIT_CEILING_DIRECTORIES", top.join("a"))];
    let ceiling = ceiling.each_ref().map(|(name, path)| (*name, path.as_path()));
    assert_eq!(of(&below, &ceiling).err().unwrap().code(), Code::FileNotFound);
    assert_eq!(of(&top.join("a"), &ceiling).unwrap().top(), top, "as with git");
    // A linked working tree, and one with a separate git directory.
    let other = top.with_file_name("other");
    git(&top, &["worktree", "add", "-q", other.to_str().unwrap()]);
    assert_eq!(of(&other.join("a"), &[]).unwrap().top(), other);
    let elsewhere = top.with_file_name("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let named = [("GIT_DIR", top.join(".git")), ("GIT_WORK_TREE", top.clone())];
    let named = named.each_ref().map(|(name, path)| (*name, path.as_path()));
    let repository = of(&elsewhere, &named).unwrap();
    assert_eq!(repository.top(), top);
    assert!(repository.has_working_tree() && repository.revision("HEAD").is_ok());
    // A bare repository named `.git`.
    git(&top, &["config", "core.bare", "true"]);
    fs::remove_file(top.join(".git/index")).unwrap();
    let repository = of(&top, &[]).unwrap();
    let head = repository.revision("HEAD").unwrap();
    let error = repository.changed_since(&head).err().unwrap();
    assert!(error.message().contains("has no working tree"), "{error}");
}

#[test]
fn a_folder_that_looks_like_a_repository_is_a_folder() {
    let (_folder, top) = repository();
    let fake = top.join("fake");
    git(&top, &["init", "-q", "--bare", "fake"]);
    assert_eq!(of(&fake, &[]).unwrap().top(), top);
    assert_eq!(of(&fake.join("refs"), &[]).unwrap().top(), top);
    // Without a `.git` above, a bare repository that is named itself is accepted.
    let bare = top.with_file_name("bare");
    fs::rename(&fake, &bare).unwrap();
    assert!(!of(&bare, &[]).unwrap().has_working_tree());
    assert_eq!(of(&bare.join("refs"), &[]).err().unwrap().code(), Code::FileNotFound);
    // A file `.git` that does not name a repository.
    for text in ["gitdir: ../nowhere\n", "gitdir: \n", "x", ""] {
        fs::write(top.join("a/.git"), text).unwrap();
        let error = of(&top.join("a"), &[]).err().unwrap();
        assert!(error.message().contains("does not name a git repository"), "{error}");
    }
    // A directory `.git` that is not a repository is ignored.
    fs::remove_file(top.join("a/.git")).unwrap();
    fs::create_dir(top.join("a/.git")).unwrap();
    assert_eq!(of(&top.join("a"), &[]).unwrap().top(), top);
}

/// Git before 2.36 has no commands for objects, and is asked by names then.
#[test]
fn an_old_git_is_asked_by_names() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, top) = repository();
    for number in 0..ASKED_BY_TWO_GROUPS {
        fs::write(top.join(format!("a/{number}.yaml")), format!("{number}\n")).unwrap();
    }
    git(&top, &["add", "."]);
    git(&top, &["commit", "-qm", "many"]);
    let (programs, calls) = (folder.path().join("programs"), folder.path().join("calls"));
    fs::create_dir(&programs).unwrap();
    let script = format!(
        "#!/bin/sh\nPATH={}\necho \"$*\" >>{}\ncase \"$*\" in\n*batch-command*)\n  echo \"error: unknown option \\`batch-command'\" >&2\n  exit 129;;\nesac\nexec git \"$@\"\n",
        std::env::var("PATH").unwrap(),
        calls.display(),
    );
    fs::write(programs.join("git"), script).unwrap();
    fs::set_permissions(programs.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let old = of(&top, &[("PATH", &programs)]).unwrap().revision("HEAD").unwrap();
    let new = of(&top, &[]).unwrap().revision("HEAD").unwrap();
    for number in 0..ASKED_BY_TWO_GROUPS {
        let path = top.join(format!("a/{number}.yaml"));
        let expected = format!("{number}\n").into_bytes();
        assert_eq!(old.read(&path, 9).unwrap(), expected);
        assert_eq!(new.read(&path, 9).unwrap(), expected);
    }
    let calls = fs::read_to_string(calls).unwrap();
    let refused = calls.lines().filter(|call| call.contains("--batch-command")).count();
    assert_eq!(refused, 1, "{calls}");
}

/// Number of files whose objects are requested in more than one group.
const ASKED_BY_TWO_GROUPS: usize = 100;
