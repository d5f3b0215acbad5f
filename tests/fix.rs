//! `krender fix`: the edited sources render to what `build --harden` makes of the original ones, and a second run changes
//! nothing. Over the examples of the rules, and over cases of builds.
#![expect(clippy::disallowed_methods, reason = "the program is run, and files are made")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FORMS: [&str; 3] = ["inline", "patch", "component"];

/// Everything is fixed, and findings do not make a build fail.
const CONFIGURATION: &str = "\
apiVersion: krender.dev/v1alpha1
kind: Hardening
metadata: {name: all}
spec: {profile: paranoid, fix: override, failOn: never, kubernetesVersion: v1.35}
";

fn krender(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_krender");
    Command::new(program).args(arguments).current_dir(folder).env_clear().output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &target),
            kind if kind.is_file() => drop(fs::copy(entry.path(), target).unwrap()),
            _ => {}
        }
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => pending.push(path),
                false => drop(found.insert(path.clone(), fs::read(path).unwrap())),
            }
        }
    }
    found
}

/// The lines of a render in an order that does not depend on that of volumes.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> =
        text.lines().map(|line| line.trim_start_matches([' ', '-'])).collect();
    lines.sort_unstable();
    lines
}

/// Fixes a tree in one form. Returns true if something was fixed.
fn check(tree: &Path, form: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (folder, app) = (folder.path(), folder.path().join("app"));
    copy(tree, &app);
    fs::write(folder.join("h.yaml"), CONFIGURATION).unwrap();
    let harden = ["build", "--harden", "--harden-config", "h.yaml", "app"];
    let hardened = krender(folder, &harden);
    if !hardened.status.success() || hardened.stdout == krender(folder, &["build", "app"]).stdout {
        return false;
    }
    let before = files(folder);
    let fix = ["fix", "--config", "h.yaml", "--as", form, "app"];
    let fixed = krender(folder, &fix);
    let told = format!("{}: {form}\n{}", tree.display(), String::from_utf8_lossy(&fixed.stderr));
    if !fixed.status.success() {
        assert!(fixed.status.code() == Some(1) || files(folder) == before, "{told}");
        return false;
    }
    let (expected, found) = (text(&hardened), text(&krender(folder, &["build", "app"])));
    match form {
        "inline" => assert_eq!(found, expected, "{told}"),
        _ => assert_eq!(sorted(&found), sorted(&expected), "{told}\n{found}"),
    }
    let after = files(folder);
    let again = krender(folder, &fix);
    assert!(again.status.success() && text(&again) == "nothing to fix\n", "{told}");
    assert!(files(folder) == after, "{told}");
    true
}

/// The folders of a tree with a name that have a kustomization.
fn inputs(area: &str) -> Vec<PathBuf> {
    let area = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(area);
    let cases = fs::read_dir(area).unwrap().map(|case| case.unwrap().path().join("input"));
    let mut inputs: Vec<PathBuf> =
        cases.filter(|input| input.join("kustomization.yaml").is_file()).collect();
    inputs.sort();
    inputs
}

#[test]
fn cases_of_hardening_and_builds_are_fixed_as_they_are_hardened() {
    let mut count = 0;
    for input in inputs("harden").into_iter().chain(inputs("build")) {
        for form in FORMS {
            count += usize::from(check(&input, form));
        }
    }
    assert!(count >= 40, "{count}");
}

#[test]
fn bad_examples_of_rules_are_fixed_as_they_are_hardened() {
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/harden/rules/texts");
    let mut count = 0;
    let mut pages: Vec<PathBuf> =
        fs::read_dir(texts).unwrap().map(|page| page.unwrap().path()).collect();
    pages.sort();
    for (number, page) in pages.into_iter().enumerate() {
        let page = fs::read_to_string(page).unwrap();
        let bad = page.split("## Bad").nth(1).and_then(|rest| rest.split("```").nth(1));
        let Some(bad) = bad.and_then(|bad| bad.strip_prefix("yaml\n")) else { continue };
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bad.yaml"), bad).unwrap();
        fs::write(folder.path().join("kustomization.yaml"), "resources: [bad.yaml]\n").unwrap();
        // One form for each, in turns: there are many.
        let form = FORMS[number % FORMS.len()];
        count += usize::from(check(folder.path(), form));
    }
    assert!(count >= 20, "{count}");
}

#[test]
fn documents_of_a_file_are_edited_apart_and_keep_all_other_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pod = |name: &str| {
        format!(
            "# {name}\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n    - name: c # {name}\n      image: x:1\n"
        )
    };
    let note = "---\n# a note\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: n}\ndata:\n  a: |\n    x\n    --- y\n";
    let text = format!("# head\n---\n{}{note}--- \n{}---\n# end\n", pod("a"), pod("b"));
    fs::write(folder.join("all.yaml"), text).unwrap();
    fs::write(folder.join("kustomization.yaml"), "resources: [all.yaml]\n").unwrap();
    assert!(check(folder, "inline"));
    let fixed = krender(folder, &["fix", "--fix", "override", "."]);
    assert!(fixed.status.success(), "{}", String::from_utf8_lossy(&fixed.stderr));
    let after = fs::read_to_string(folder.join("all.yaml")).unwrap();
    assert!(after.starts_with("# head\n---\n# a\n") && after.ends_with("---\n# end\n"), "{after}");
    assert!(after.contains(note) && after.contains("- name: c # b\n"), "{after}");
    assert_eq!(after.matches("allowPrivilegeEscalation: false").count(), 2, "{after}");
}

/// A fix of an overlay in its base that would leave an overlay with half of a fix is refused.
#[test]
fn half_of_a_fix_of_another_target_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["base", "one", "two"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    drop(Command::new("git").args(["init", "-q"]).current_dir(folder).output().unwrap());
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: c\n    image: x:1\n";
    fs::write(folder.join("base/d.yaml"), pod).unwrap();
    fs::write(folder.join("base/kustomization.yaml"), "resources: [d.yaml]\n").unwrap();
    let overlay = "resources: [../base]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: Pod\n    metadata: {name: a}\n    spec: {containers: [{name: c, securityContext: {privileged: true}}]}\n";
    fs::write(folder.join("one/kustomization.yaml"), overlay).unwrap();
    fs::write(folder.join("two/kustomization.yaml"), "resources: [../base]\n").unwrap();
    let before = files(&folder.join("base"));
    let fixed = krender(folder, &["fix", "--fix", "override", "two"]);
    let told = String::from_utf8_lossy(&fixed.stderr);
    assert!(!fixed.status.success() && told.contains("--as patch"), "{told}");
    assert!(files(&folder.join("base")) == before, "{told}");
    let fixed = krender(folder, &["fix", "--fix", "override", "--as", "patch", "two"]);
    assert_eq!(fixed.status.code(), Some(0), "{}", String::from_utf8_lossy(&fixed.stderr));
}
