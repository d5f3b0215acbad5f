//! The properties for the fixtures of the Kubernetes admission tests, and the verdicts on these after each class of
//! fixes.
//!
//! The fixtures are expected next to the checkout, at `../shared/conformance/pod-security`. Without them the test is
//! skipped, and fails if `CI=true`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use krender::harden::{Class, Fixes};

use super::laws::{LEVELS, Run, hardened, read, settings, violated};

/// The folder of the fixtures, if there is one.
fn root() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/pod-security");
    if !root.is_dir() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{}", root.display());
        println!("skipped: there is no {}", root.display());
        return None;
    }
    Some(root)
}

/// Each text once, though many versions have the same, with the level and version that it is of.
fn all(root: &Path) -> (usize, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let archive = root.join("all-versions.tar.gz");
    let tar = Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(folder.path()).status();
    assert!(tar.unwrap().success());
    let (mut count, mut found) = (0, BTreeMap::new());
    for level in ["baseline", "restricted"] {
        for version in entries(&folder.path().join(level)) {
            let name = version.file_name().unwrap().to_str().unwrap();
            for text in ["pass", "fail"].iter().flat_map(|one| texts(&version.join(one))) {
                count += 1;
                found.insert(text, format!("{level}@{name}"));
            }
        }
    }
    (count, found)
}

#[test]
fn the_laws_hold_of_every_fixture() {
    let Some(root) = root() else { return };
    let (count, fixtures) = all(&root);
    assert_eq!(count, 4537, "fixtures are missing");
    for (text, profile) in &fixtures {
        for profile in [profile, "paranoid"] {
            for fixes in LEVELS {
                let run = Run::new(text, settings(profile), fixes);
                assert_eq!(run.obeys_all(), Ok(()));
            }
        }
    }
}

const CLASSES: [Class; 3] = [Class::Safe, Class::Unsafe, Class::Override];

/// Which pods pass the level `restricted` after each class of fixes, among all, over the fixtures of the newest version.
#[test]
fn the_fixtures_of_kubernetes_become_compliant() {
    let Some(root) = root() else { return };
    let settings = settings("restricted@v1.37");
    let count = |folders: &[&str]| {
        let texts: Vec<String> =
            folders.iter().flat_map(|folder| texts(&root.join(folder))).collect();
        let passes = |resources| violated(&resources, &settings).is_empty();
        let as_written = texts.iter().filter(|text| passes(read(text))).count();
        let after = CLASSES.map(|class| {
            let after =
                |text: &&String| passes(hardened(&read(text), &settings, Fixes::UpTo(class)));
            texts.iter().filter(after).count()
        });
        (texts.len(), as_written, after)
    };
    assert_eq!(count(&["restricted/v1.37/fail"]), (76, 0, [8, 9, 54]));
    assert_eq!(count(&["baseline/v1.37/pass", "baseline/v1.37/fail"]), (49, 0, [0, 13, 47]));
    assert_eq!(count(&["restricted/v1.37/pass"]), (23, 23, [23, 23, 23]));
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    paths
}

fn texts(folder: &Path) -> Vec<String> {
    entries(folder).iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}
