//! Faults of the machine: many processes, a full disk, a cache that cannot be written, a process that is killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;

use super::lab::{Lab, text};

/// A full disk, and a process that is killed while it writes, at every stage: the next build works.
#[test]
fn a_full_disk_leaves_a_cache_that_works() {
    for is_killed in [false, true] {
        let lab = Lab::with_app();
        lab.large();
        let target = format!("{}//base?ref=main", lab.url("app"));
        let mut failures = 0;
        for blocks in [0, 1, 2, 4, 16, 32, 64, 100] {
            let output = lab.limited(blocks, is_killed, &["build", &target]);
            let said = text(&output.stderr);
            match output.status.success() {
                true => assert!(text(&output.stdout).contains("a: one"), "{blocks}: {said}"),
                false => {
                    failures += 1;
                    let is_told = said.contains("error[") || output.status.signal().is_some();
                    assert!(is_told && output.stdout.is_empty(), "{blocks}: {said}");
                }
            }
            if blocks % 4 == 0 {
                assert!(lab.build(&[&target]).contains("a: one"), "{blocks}");
                assert!(lab.build(&["--offline", &target]).contains("a: one"), "{blocks}");
                fs::remove_dir_all(lab.path("home/.cache")).unwrap();
            }
        }
        assert!(failures > 0, "the limits have no effect");
        assert!(lab.build(&[&target]).contains("a: one"));
    }
}

/// Only the owner's processes are bound by permissions.
fn binds(lab: &Lab) -> bool {
    lab.write("locked/file", "");
    fs::set_permissions(lab.path("locked"), fs::Permissions::from_mode(0o500)).unwrap();
    fs::write(lab.path("locked/other"), "").is_err()
}

#[test]
fn a_cache_that_is_not_used_is_told_once() {
    let lab = Lab::with_app();
    let target = format!("{}//base?ref=v1", lab.url("app"));
    let told = |arguments: &[&str]| {
        let arguments = [&["build", &target], arguments].concat();
        let output = lab.krender(&arguments).output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.success() && text(&output.stdout).contains("a: one"), "{said}");
        assert!(lab.is_tidy());
        said
    };
    assert_eq!(told(&[]), "");
    let git = lab.path("home/.cache/krender/git");
    fs::set_permissions(&git, fs::Permissions::from_mode(0o500)).unwrap();
    if binds(&lab) {
        let said = told(&[]);
        assert!(said.contains("Permission denied") && said.contains("takes its place"), "{said}");
    }
    fs::set_permissions(&git, fs::Permissions::from_mode(0o777)).unwrap();
    let said = told(&[]);
    assert_eq!(said.matches("a temporary folder takes its place").count(), 1, "{said}");
    assert!(said.contains("is open to other users") && said.contains("remove it"), "{said}");
    let said = told(&["--error-format", "json"]);
    assert!(said.starts_with('{') && said.contains("takes its place"), "{said}");
    assert_eq!(told(&["--quiet"]) + &told(&["--no-cache"]), "");
}

/// The number of processes may be set for a longer test.
#[test]
fn hundreds_of_builds_on_one_cold_cache_fetch_once() {
    let number = std::env::var("KRENDER_TEST_BUILDS").ok().and_then(|text| text.parse().ok());
    let lab = Lab::with_app();
    let target = format!("{}//base?ref=v1", lab.url("app"));
    let builds: Vec<Child> = (0..number.unwrap_or(200))
        .map(|_| lab.krender(&["build", &target]).spawn().unwrap())
        .collect();
    for build in builds {
        let output = build.wait_with_output().unwrap();
        assert!(text(&output.stdout).contains("a: one"), "{}", text(&output.stderr));
    }
    let calls = lab.calls();
    assert_eq!(calls.iter().filter(|call| *call == "fetch").count(), 1, "{calls:?}");
    assert!(lab.is_tidy());
}
