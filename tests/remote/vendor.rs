//! `krender vendor`: copies of remote content, and the proof that nothing else changes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use krender::load::Digest;

use super::lab::{Lab, config_map, text};

/// The exit code, standard output and standard error of `krender vendor site`.
fn vendor(lab: &Lab, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = lab.krender(&[&["vendor", "site"], arguments].concat()).output().unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn vendored(lab: &Lab, arguments: &[&str]) -> String {
    let (code, changes, said) = vendor(lab, arguments);
    assert_eq!(code, Some(0), "{said}");
    changes
}

#[track_caller]
fn refused(lab: &Lab, arguments: &[&str]) -> String {
    let (code, changes, said) = vendor(lab, arguments);
    assert_eq!((code, &*changes), (Some(1), ""), "{said}");
    said
}

/// All files below a folder of the lab, with their contents and permissions.
fn files(lab: &Lab, folder: &str) -> Vec<(String, String, u32)> {
    let top = lab.path(folder);
    let (mut files, mut pending) = (Vec::new(), vec![top.clone()]);
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, metadata) = (entry.path(), entry.metadata().unwrap());
            if metadata.is_dir() {
                pending.push(path);
                continue;
            }
            let name = path.strip_prefix(&top).unwrap().display().to_string();
            let content = fs::read(&path).unwrap_or_default();
            files.push((name, text(&content), metadata.permissions().mode() & 0o777));
        }
    }
    files.sort();
    files
}

fn names(lab: &Lab, folder: &str) -> Vec<String> {
    files(lab, folder).into_iter().map(|(name, ..)| name).collect()
}

/// The folder of copies of a repository of the lab, below `vendor`.
fn folder(lab: &Lab, name: &str) -> String {
    format!("file{}", lab.url(name).strip_prefix("file://").unwrap())
}

#[test]
fn copies_take_the_place_of_remote_bases() {
    let lab = Lab::with_app();
    let (url, app) = (lab.url("app"), folder(&lab, "app"));
    // The base of a base is remote too, and one more folder of the first repository is not needed.
    lab.repository("top");
    lab.write("top/unused/kustomization.yaml", "resources: []\n");
    lab.write("top/own/cm.yaml", &config_map("own").replace("name: c", "name: d"));
    lab.write("top/own/kustomization.yaml", "resources: [cm.yaml]\n");
    let nested =
        format!("resources:\n  - '{url}//base?ref=v1' # deep\n  - ../own\nnamePrefix: x-\n");
    lab.commit("top", "x/kustomization.yaml", &nested);
    let before = format!(
        "# The site\r\nresources:\r\n-  \"{}//x?ref=main\"   # pinned?\r\n- {url}//base?ref=v1&timeout=30s\r\n\r\nnameSuffix: '-s'\r\n",
        lab.url("top")
    );
    lab.write("site/prod/kustomization.yaml", &before);
    let path = lab.path("site/prod/kustomization.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let rendered = lab.build(&["site/prod"]);
    assert!(refused(&lab, &["--check"]).contains("is remote, and nothing is fetched here"));
    let planned = vendored(&lab, &["--dry-run"]);
    assert_eq!(names(&lab, "site"), ["prod/kustomization.yaml"]);

    assert_eq!(vendored(&lab, &[]), planned);
    let top = folder(&lab, "top");
    let commit = |name: &str| lab.git(name, &["rev-parse", "HEAD"]).trim().to_owned();
    assert_eq!(
        planned,
        format!(
            "+ {url}@v1 {} vendor/{app}@v1\n+ {}@main {} vendor/{top}@main\n~ prod/kustomization.yaml\n",
            commit("app"),
            lab.url("top"),
            commit("top")
        )
    );
    let expected = before
        .replace(&format!("{}//x?ref=main", lab.url("top")), &format!("../vendor/{top}@main/x"))
        .replace(&format!("{url}//base?ref=v1&timeout=30s"), &format!("../vendor/{app}@v1/base"));
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    let mut copies = vec![
        "krender.json".to_owned(),
        format!("{app}@v1/base/cm.yaml"),
        format!("{app}@v1/base/kustomization.yaml"),
        format!("{top}@main/own/cm.yaml"),
        format!("{top}@main/own/kustomization.yaml"),
        format!("{top}@main/x/kustomization.yaml"),
    ];
    copies.sort();
    assert_eq!(names(&lab, "site/vendor"), copies);
    let inner =
        fs::read_to_string(lab.path(&format!("site/vendor/{top}@main/x/kustomization.yaml")));
    assert!(inner.unwrap().contains("app@v1/base' # deep\n"));

    // Neither git nor a cache is needed from now on.
    fs::remove_dir_all(lab.path("home/.cache")).unwrap();
    fs::rename(lab.path("app"), lab.path("gone")).unwrap();
    lab.calls();
    assert_eq!(lab.build(&["site/prod"]), rendered);
    assert_eq!(vendored(&lab, &["--check"]) + &vendored(&lab, &[]), "");
    assert_eq!(lab.all_calls(), [""; 0]);
    assert!(lab.is_tidy());
}

#[test]
fn copies_are_checked_updated_and_removed() {
    let lab = Lab::with_app();
    let (url, app) = (lab.url("app"), folder(&lab, "app"));
    let entry = |reference: &str| format!("resources: ['{url}//base?ref={reference}']\n");
    lab.write("site/kustomization.yaml", &entry("main"));
    let first = lab.git("app", &["rev-parse", "HEAD"]).trim().to_owned();
    vendored(&lab, &[]);
    let second = lab.commit("app", "base/cm.yaml", &config_map("two"));
    // The branch has moved: copies stay at their commit, also where another entry needs more of it.
    lab.write("site/more/kustomization.yaml", &entry("main").replace("//base", ""));
    assert_eq!(vendored(&lab, &[]), "~ more/kustomization.yaml\n");
    assert!(
        lab.build(&["site"]).contains("a: one") && lab.build(&["site/more"]).contains("a: one")
    );
    let changes = vendored(&lab, &["--update", "elsewhere"]);
    assert_eq!(changes, "");
    let expected = format!("~ {url}@main {first} → {second} vendor/{app}@main\n");
    assert_eq!(vendored(&lab, &["--update", "--dry-run"]), expected);
    assert_eq!(vendored(&lab, &["--update", &url]), expected);
    assert!(
        lab.build(&["site"]).contains("a: two") && lab.build(&["site/more"]).contains("a: two")
    );
    assert_eq!(vendored(&lab, &["--check"]), "");

    // By hand: a changed file, a missing one, one that is no copy.
    let copy = format!("site/vendor/{app}@main");
    lab.write(&format!("{copy}/base/cm.yaml"), &config_map("by hand"));
    lab.write(&format!("{copy}/other.yaml"), "");
    let said = refused(&lab, &["--check"]);
    assert!(said.contains("base/cm.yaml` was changed since it was copied"), "{said}");
    assert!(said.contains("other.yaml` is no copy\nhelp: remove it, or keep it"), "{said}");
    let said = refused(&lab, &["--update"]);
    assert!(said.contains("base/cm.yaml` was changed since it was copied"), "{said}");
    fs::remove_file(lab.path(&format!("{copy}/base/cm.yaml"))).unwrap();
    fs::remove_file(lab.path(&format!("{copy}/other.yaml"))).unwrap();
    assert!(refused(&lab, &["--check"]).contains("base/cm.yaml` is missing"));
    vendored(&lab, &["--update"]);
    assert_eq!(vendored(&lab, &["--check"]), "");

    // A copy that was changed together with the list is that of no commit.
    let path = format!("{copy}/base/cm.yaml");
    let [own, other] = [config_map("two"), config_map("evil")];
    let list = fs::read_to_string(lab.path("site/vendor/krender.json")).unwrap();
    let [old, new] = [&own, &other].map(|text| Digest::of(text).to_string());
    assert!(list.contains(&old));
    lab.write(&path, &other);
    lab.write("site/vendor/krender.json", &list.replace(&old, &new));
    assert_eq!(vendored(&lab, &["--check"]), "");
    let expected = format!("~ vendor/{app}@main/base/cm.yaml\n");
    assert_eq!(vendored(&lab, &["--update", "--dry-run"]), expected);
    assert_eq!(vendored(&lab, &["--update"]), expected);
    assert_eq!(fs::read_to_string(lab.path(&path)).unwrap(), own);

    // What no kustomization needs goes.
    lab.write("site/more/kustomization.yaml", "resources: []\n");
    let said = refused(&lab, &["--check"]);
    assert!(said.contains("main/kustomization.yaml`"), "{said}");
    lab.write("site/kustomization.yaml", "resources: []\n");
    let said = refused(&lab, &["--check"]);
    assert!(said.contains(&format!("no kustomization needs `vendor/{app}@main`")), "{said}");
    assert_eq!(vendored(&lab, &[]), format!("- {url}@main {second} vendor/{app}@main\n"));
    assert!(!lab.path("site/vendor").exists());
}

/// References to the same commit share a copy; with `--update` each goes its own way.
#[test]
fn a_commit_is_copied_once() {
    let lab = Lab::with_app();
    let (url, app) = (lab.url("app"), folder(&lab, "app"));
    for (name, reference) in [("a", "main"), ("b", "v1")] {
        let entry = format!("resources: ['{url}//base?ref={reference}']\n");
        lab.write(&format!("site/{name}/kustomization.yaml"), &entry);
    }
    vendored(&lab, &[]);
    assert_eq!(names(&lab, "site/vendor").len(), 3);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    vendored(&lab, &["--update"]);
    assert!(lab.build(&["site/a"]).contains("a: two") && lab.build(&["site/b"]).contains("a: one"));
    let mut expected = vec!["krender.json".to_owned()];
    for reference in ["main", "v1"] {
        let files = ["cm.yaml", "kustomization.yaml"];
        expected.extend(files.map(|file| format!("{app}@{reference}/base/{file}")));
    }
    expected.sort();
    assert_eq!(names(&lab, "site/vendor"), expected);
    assert_eq!(vendored(&lab, &["--check"]), "");
}

/// Links of a repository become files, and entries that lead through them name the directory itself.
#[test]
fn links_become_what_they_lead_to() {
    let lab = Lab::with_app();
    symlink("cm.yaml", lab.path("app/base/link.yaml")).unwrap();
    symlink("base", lab.path("app/latest")).unwrap();
    lab.write("app/top/kustomization.yaml", "resources: [../latest]\n");
    lab.commit("app", "base/kustomization.yaml", "resources: [link.yaml]\n");
    lab.write("site/kustomization.yaml", &format!("resources: ['{}//top']\n", lab.url("app")));
    let rendered = lab.build(&["site"]);
    vendored(&lab, &[]);
    assert_eq!(lab.build(&["site"]), rendered);
    let copy = format!("site/vendor/{}@HEAD", folder(&lab, "app"));
    assert_eq!(
        names(&lab, &copy),
        ["base/kustomization.yaml", "base/link.yaml", "top/kustomization.yaml"]
    );
    assert!(fs::symlink_metadata(lab.path(&copy).join("base/link.yaml")).unwrap().is_file());
}

#[test]
fn files_of_submodules_are_copied() {
    let lab = Lab::with_app();
    lab.repository("top");
    lab.git("top", &["submodule", "--quiet", "add", &lab.url("app"), "mods/app"]);
    lab.commit("top", "kustomization.yaml", "resources: [mods/app/base]\n");
    lab.write(
        "site/kustomization.yaml",
        &format!("components: []\nresources: ['{}']\n", lab.url("top")),
    );
    vendored(&lab, &[]);
    let copy = format!("site/vendor/{}@HEAD/mods/app/base", folder(&lab, "top"));
    assert_eq!(names(&lab, &copy), ["cm.yaml", "kustomization.yaml"]);
    assert_eq!(vendored(&lab, &["--check"]), "");
}

/// Tags a commit whose tree has a file of this name, which its kustomization lists.
fn hostile(lab: &Lab, name: &str, listed: &str) {
    let hash = |text: &str| {
        lab.write("blob", text);
        lab.git("app", &["hash-object", "-w", "../blob"]).trim().to_owned()
    };
    let (file, list) = (hash(&config_map("evil")), hash(&format!("resources: [{listed}]\n")));
    let entry = "printf '100644 blob %s\\t%s\\0'";
    let script =
        format!("{{ {entry} {list} kustomization.yaml; {entry} {file} \"$0\"; }} | git mktree -z");
    let mut made = Command::new("sh");
    let made = made.args(["-c", &script, name]).current_dir(lab.path("app")).output();
    let tree = text(&made.unwrap().stdout).trim().to_owned();
    let commit = lab.git("app", &["commit-tree", "-m", "x", &tree]).trim().to_owned();
    lab.git("app", &["tag", "-f", "evil", &commit]);
}

#[test]
fn hostile_names_are_not_written() {
    let lab = Lab::with_app();
    let entry = format!("resources: ['{}?ref=evil']\n", lab.url("app"));
    for (name, listed) in [
        ("a\\b.yaml", "'a\\b.yaml'"),
        (".GIT", "'.GIT'"),
        ("git~1", "'git~1'"),
        ("a\tb.yaml", "\"a\\tb.yaml\""),
        ("Kustomization.YAML", "Kustomization.YAML"),
    ] {
        hostile(&lab, name, listed);
        lab.write("site/kustomization.yaml", &entry);
        assert!(lab.build(&["site"]).contains("a: evil"), "{name}");
        let said = refused(&lab, &[]);
        assert!(said.contains("error[invalid-path]"), "{name}: {said}");
        assert_eq!(names(&lab, "site"), ["kustomization.yaml"], "{name}");
    }
}

/// Folders and files that are links, or of others, are not written to.
#[test]
fn files_of_others_are_not_replaced() {
    let lab = Lab::with_app();
    let entry = format!("resources: ['{}//base?ref=v1']\n", lab.url("app"));
    lab.write("site/kustomization.yaml", &entry);
    lab.write("elsewhere/x", "");
    symlink("../elsewhere", lab.path("site/vendor")).unwrap();
    assert!(refused(&lab, &[]).contains("is not a folder"));
    // A folder of `go mod vendor`.
    fs::remove_file(lab.path("site/vendor")).unwrap();
    lab.write("site/vendor/modules.txt", "");
    assert!(refused(&lab, &[]).contains("choose another folder with `--into`"));
    fs::create_dir_all(lab.path("site/third/party")).unwrap();
    symlink("../../../elsewhere", lab.path("site/third/party/file")).unwrap();
    assert!(refused(&lab, &["--into", "third/party"]).contains("`--into`"));
    fs::remove_file(lab.path("site/third/party/file")).unwrap();
    vendored(&lab, &["--into", "third/party"]);
    assert_eq!(vendored(&lab, &["--into", "third/party", "--check"]), "");
    // The copies in that folder are not looked at.
    fs::remove_file(lab.path("site/vendor/modules.txt")).unwrap();
    let (code, _, said) = vendor(&lab, &["--check"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("there are no copies in `vendor`"), "{said}");
    lab.write("site/vendor/modules.txt", "");
    // A link that has come later is no way out.
    fs::remove_dir_all(lab.path("site/third/party/file")).unwrap();
    symlink("../../../elsewhere", lab.path("site/third/party/file")).unwrap();
    let said = refused(&lab, &["--into", "third/party", "--update"]);
    assert!(said.contains("nothing was written"), "{said}");
    assert_eq!(names(&lab, "elsewhere"), ["x"]);
    assert_eq!(names(&lab, "site/vendor"), ["modules.txt"]);
    for into in ["", "../x", "/x", ".hidden", "a//b"] {
        assert!(refused(&lab, &["--into", into]).contains("error[invalid-argument]"), "{into}");
    }
}

/// A lock that has moved on gives new entries another commit than that of the copies.
#[test]
fn copies_of_two_commits_do_not_stand_in_one_folder() {
    let lab = Lab::with_app();
    let (url, app) = (lab.url("app"), folder(&lab, "app"));
    lab.write("app/more/kustomization.yaml", "resources: [cm.yaml]\n");
    lab.commit("app", "more/cm.yaml", &config_map("more"));
    lab.write("site/a/kustomization.yaml", &format!("resources: ['{url}//base?ref=main']\n"));
    vendored(&lab, &[]);
    lab.commit("app", "more/cm.yaml", &config_map("later"));
    lab.write("site/b/kustomization.yaml", &format!("resources: ['{url}//more?ref=main']\n"));
    assert!(lab.krender(&["lock", "site/b"]).output().unwrap().status.success());
    let before = files(&lab, "site");
    let said = refused(&lab, &["--locked"]);
    assert!(
        said.contains(&format!("`vendor/{app}@main` would have files of two commits")),
        "{said}"
    );
    assert_eq!(files(&lab, "site"), before);
    vendored(&lab, &["--locked", "--update"]);
    assert!(lab.build(&["site/b"]).contains("a: later"));
    assert_eq!(vendored(&lab, &["--check"]), "");
}

/// A file that is the kustomization of two directories would need two texts. A remote directory cannot be written to.
#[test]
fn a_kustomization_of_two_directories_is_not_rewritten() {
    let lab = Lab::with_app();
    let (url, app) = (lab.url("app"), folder(&lab, "app"));
    let both = format!("resources: [&u '{url}//base']\n");
    lab.write("site/b/real/kustomization.yaml", &both);
    symlink("real/kustomization.yaml", lab.path("site/b/kustomization.yaml")).unwrap();
    let said = refused(&lab, &["--into", "third/"]);
    assert!(said.contains("another path for each of two directories that use this file"), "{said}");
    assert!(said.contains("site/b/real/kustomization.yaml:1:"), "{said}");
    fs::remove_file(lab.path("site/b/kustomization.yaml")).unwrap();
    vendored(&lab, &["--into", "third/"]);
    assert!(lab.path(&format!("site/third/{app}@HEAD/base/cm.yaml")).exists());
    let output = lab.krender(&["vendor", &url]).output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains(&format!("`{url}` is remote")), "{said}");
}

/// A list of copies that others have changed removes none of the other files, here or elsewhere.
#[test]
fn a_list_of_copies_removes_no_other_file() {
    let lab = Lab::with_app();
    lab.write("site/kustomization.yaml", &format!("resources: ['{}//base']\n", lab.url("app")));
    vendored(&lab, &[]);
    let list = fs::read_to_string(lab.path("site/vendor/krender.json")).unwrap();
    lab.write("outside.txt", "x\n");
    lab.write("site/own.txt", "x\n");
    let before = files(&lab, ".");
    for file in ["../outside.txt", "own.txt", &lab.path("outside.txt").display().to_string()] {
        let entry = format!("\"files\": {{\n\"{file}\": \"{}\",", Digest::of("x\n"));
        lab.write("site/vendor/krender.json", &list.replace("\"files\": {", &entry));
        for arguments in [&[][..], &["--update"], &["--check"]] {
            let said = refused(&lab, arguments);
            assert!(
                said.contains(&format!("it has `{file}`, which `krender vendor` does not write")),
                "{said}"
            );
        }
    }
    lab.write("site/vendor/krender.json", &list);
    assert_eq!(names(&lab, "."), before.iter().map(|it| it.0.clone()).collect::<Vec<_>>());
    // Targets that are left out may use the same copies.
    let said = refused(&lab, &["--update", "--include", "x"]);
    assert!(said.contains("`--update` cannot be used with `--include`"), "{said}");
    let said = text(&lab.krender(&["vendor", "site", "--update", "typo"]).output().unwrap().stderr);
    assert!(said.contains("no URL in the list contains `typo`"), "{said}");
}

/// Copies that were changed together with the list, in which the entry that leads to them is left out, or leads elsewhere.
#[test]
fn copies_that_no_entry_leads_to_are_told() {
    let lab = Lab::with_app();
    lab.write("site/kustomization.yaml", &format!("resources: ['{}//base']\n", lab.url("app")));
    vendored(&lab, &[]);
    let copy = format!("site/vendor/{}@HEAD/base/cm.yaml", folder(&lab, "app"));
    let list = fs::read_to_string(lab.path("site/vendor/krender.json")).unwrap();
    let [old, new] = [config_map("one"), config_map("evil")].map(|it| Digest::of(it).to_string());
    assert!(list.contains(&old));
    lab.write(&copy, &config_map("evil"));
    let list = list.replace(&old, &new);
    let (start, end) = (list.find("\"entries\": [").unwrap(), list.find("\"files\"").unwrap());
    let without = format!("{}\"entries\": [],\n{}", &list[..start], &list[end..]);
    lab.write("site/vendor/krender.json", &without);
    assert_eq!(vendored(&lab, &["--check"]), "");
    for arguments in [&["--update", "--dry-run"][..], &["--update"]] {
        let said = refused(&lab, arguments);
        assert!(said.contains("do not lead to `vendor/") && said.contains("cm.yaml`"), "{said}");
    }
    // A folder of the tree with the same content.
    lab.write("site/other/kustomization.yaml", "resources: [cm.yaml]\n");
    lab.write("site/other/cm.yaml", &config_map("evil"));
    let was = format!("\"was\": \"{}//base\"", lab.url("app"));
    assert!(list.contains(&was), "{list}");
    lab.write("site/vendor/krender.json", &list.replace(&was, "\"was\": \"other\""));
    assert!(refused(&lab, &["--update", "--dry-run"]).contains("it has `other`, which"));
}

/// If the disk is full, the files that were written are as before; after a kill, the next run completes them.
#[test]
fn a_failure_in_between_leaves_everything_as_it_was() {
    let lab = Lab::with_app();
    lab.large();
    // The second copy does not fit.
    lab.write("app/first/kustomization.yaml", "resources: [cm.yaml]\n");
    lab.commit("app", "first/cm.yaml", &config_map("first").replace("name: c", "name: d"));
    let url = lab.url("app");
    lab.write(
        "site/kustomization.yaml",
        &format!("resources: ['{url}//a/../first', '{url}//base']\n"),
    );
    let rendered = lab.build(&["site"]);
    let before = files(&lab, "site");
    let output = lab.limited(16, false, &["vendor", "site"]);
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("error[write-failed]"), "{said}");
    assert_eq!(files(&lab, "site"), before);
    let output = lab.limited(16, true, &["vendor", "site"]);
    // Where the signal is ignored, it has failed once more.
    assert!(!output.status.success(), "{}", text(&output.stderr));
    assert_eq!(lab.build(&["site"]), rendered);
    vendored(&lab, &[]);
    assert_eq!(lab.build(&["site"]), rendered);
    fs::remove_dir_all(lab.path("app")).unwrap();
    let left = names(&lab, "site").into_iter().filter(|name| name.ends_with(".tmp"));
    for name in left {
        fs::remove_file(lab.path("site").join(name)).unwrap();
    }
    assert_eq!(vendored(&lab, &["--check"]), "");
}

/// Annotations of origins name the copies, which is said. A base that would contain what is built is refused.
#[test]
fn other_output_is_refused_except_for_origins() {
    let lab = Lab::with_app();
    let url = lab.url("app");
    let annotated =
        format!("resources: ['{url}//base?ref=v1']\nbuildMetadata: [originAnnotations]\n");
    lab.write("site/kustomization.yaml", &annotated);
    let (code, _, said) = vendor(&lab, &[]);
    assert!(code == Some(0) && said.contains("annotations of origins in `site`"), "{said}");
    assert!(lab.build(&["site"]).contains("path: vendor/file"));
    // The repository as a whole contains the folder that names it.
    lab.write(
        "app/deep/kustomization.yaml",
        &format!("resources: ['{url}?ref=v1']\nnamePrefix: y-\n"),
    );
    lab.commit("app", "README", "");
    lab.git("app", &["tag", "v2"]);
    lab.git("app", &["tag", "-f", "v1"]);
    lab.write("other/kustomization.yaml", &format!("resources: ['{url}//deep?ref=v2']\n"));
    assert!(lab.build(&["other"]).contains("name: y-c"));
    let output = lab.krender(&["vendor", "other"]).output().unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("while building from the copies"), "{said}");
    assert_eq!(names(&lab, "other"), ["kustomization.yaml"]);
}

/// Components, folders of transformers, and paths in configurations of plugins.
#[test]
fn every_kind_of_entry_is_rewritten() {
    let lab = Lab::with_app();
    let part = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -part\n";
    lab.write("app/part/kustomization.yaml", part);
    lab.write("app/plugins/kustomization.yaml", "resources: [prefix.yaml]\n");
    let prefix = "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: p}\nprefix: pre-\nfieldSpecs: [{path: metadata/name}]\n";
    lab.commit("app", "plugins/prefix.yaml", prefix);
    let url = lab.url("app");
    let text = format!(
        "bases:\n- {url}//base\ncomponents: [ {url}//part ]\ntransformers:\n  # all\n  - >-\n    {url}//plugins\n"
    );
    lab.write("site/kustomization.yaml", &text);
    let rendered = lab.build(&["--quiet", "site"]);
    assert!(rendered.contains("name: pre-c-part"), "{rendered}");
    vendored(&lab, &[]);
    lab.calls();
    assert_eq!(lab.build(&["--quiet", "site"]), rendered);
    assert_eq!(vendored(&lab, &["--check"]), "");
    assert_eq!(lab.calls(), [""; 0]);
}

/// A lock decides which commits are copied.
#[test]
fn a_lock_decides_what_is_copied() {
    let lab = Lab::with_app();
    lab.write("site/kustomization.yaml", &format!("resources: ['{}//base']\n", lab.url("app")));
    assert!(refused(&lab, &["--locked"]).contains("kustomization.lock"));
    assert!(lab.krender(&["lock", "site"]).status().unwrap().success());
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    vendored(&lab, &["--locked"]);
    assert!(lab.build(&["site"]).contains("a: one"));
}

#[test]
fn only_the_tree_is_rewritten() {
    let lab = Lab::with_app();
    let entry = format!("resources: ['{}//base?ref=v1']\n", lab.url("app"));
    lab.write("base/kustomization.yaml", &entry);
    lab.write("site/kustomization.yaml", "resources: [../base]\n");
    let said = refused(&lab, &[]);
    assert!(said.contains("is outside of `site`") && said.contains("contains both"), "{said}");
    // An entry in an embedded document is not rewritten.
    lab.write(
        "site/kustomization.yaml",
        &format!("resources: [cm.yaml]\ntransformers:\n- '{}//base?ref=v1'\n", lab.url("app")),
    );
    refused(&lab, &[]);
    assert_eq!(fs::read_to_string(lab.path("base/kustomization.yaml")).unwrap(), entry);
}

#[cfg(feature = "http")]
mod http {
    use super::super::server::{Server, file, status};
    use super::*;

    #[test]
    fn files_are_copied_beside_what_names_them() {
        let server = Server::new(|path, _, _| match path {
            "a/cm.yaml" => file(config_map("one")),
            "a/conf.txt" => file("x=1\r\n"),
            "p.yaml" => {
                file("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  b: two\n")
            }
            _ => status("404 Not Found"),
        });
        let lab = Lab::new();
        let text = format!(
            "resources:\n- {}\nconfigMapGenerator:\n- name: g\n  files: [key={url}, {url}]\npatches: [path: '{}']\n",
            server.url("a/cm.yaml"),
            server.url("p.yaml"),
            url = server.url("a/conf.txt")
        );
        lab.write("site/prod/kustomization.yaml", &text);
        let rendered = lab.build(&["site/prod"]);
        assert!(rendered.contains("b: two") && rendered.contains("conf.txt"), "{rendered}");
        let changes = vendored(&lab, &[]);
        assert_eq!(changes.lines().count(), 4, "{changes}");
        let host = server.url("").replace("http://", "").replace(':', "_");
        let copies = ["a/cm.yaml", "a/conf.txt", "p.yaml"].map(|name| format!("{host}{name}"));
        assert_eq!(names(&lab, "site/prod/vendor"), copies);
        server.requests();
        assert_eq!(lab.build(&["site/prod"]), rendered);
        assert_eq!(vendored(&lab, &["--check"]), "");
        assert_eq!(server.requests(), [""; 0]);
        assert_eq!(vendored(&lab, &["--update"]), "");
        assert_eq!(server.requests().len(), 3);
        lab.write(&format!("site/prod/vendor/{host}a/conf.txt"), "x=2\n");
        assert!(refused(&lab, &["--check"]).contains("conf.txt` was changed"));
    }

    /// A file that a kustomization in a repository names is copied into the copy of its directory.
    #[test]
    fn files_that_copies_name_are_copied() {
        let server = Server::new(|_, _, _| file(config_map("http").replace("name: c", "name: d")));
        let lab = Lab::with_app();
        let url = server.url("x/cm.yaml?raw=1");
        lab.commit("app", "base/kustomization.yaml", &format!("resources: [cm.yaml, '{url}']\n"));
        lab.write("site/kustomization.yaml", &format!("resources: ['{}//base']\n", lab.url("app")));
        let rendered = lab.build(&["site"]);
        vendored(&lab, &[]);
        let copies = names(&lab, &format!("site/vendor/{}@HEAD/base", folder(&lab, "app")));
        assert_eq!(copies.len(), 3, "{copies:?}");
        let copy = copies.iter().find(|name| name.starts_with("vendor/127.0.0.1_")).unwrap();
        assert!(copy.ends_with("/cm.yaml"), "{copy}");
        server.requests();
        assert_eq!(lab.build(&["site"]), rendered);
        assert_eq!(vendored(&lab, &["--check"]), "");
        assert_eq!(server.requests(), [""; 0]);
        assert_eq!(vendored(&lab, &["--update"]), "");
    }
}
