//! Faults of the machine: many processes, a full disk, a cache that cannot be written, a process that is killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};

use super::lab::{Lab, text};

/// Starts `krender build` with a limit of the size of files, in blocks of 512 bytes or 1 KiB. Writing beyond it fails, as
/// on a full disk, or kills the program.
fn limited(lab: &Lab, blocks: u32, is_killed: bool, target: &str) -> Output {
    let plain = lab.krender(&[]);
    let trap = if is_killed { "" } else { "trap '' XFSZ; " };
    let script = format!("{trap}ulimit -c 0; ulimit -f {blocks}; exec \"$0\" build \"$1\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(plain.get_program()).arg(target);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(lab.path(".")).stdin(Stdio::null()).output().unwrap()
}

/// A base with a file that is larger than the limits, and does not compress well.
fn large(lab: &Lab) {
    let mut number: u64 = 1;
    let mut noise = String::new();
    while noise.len() < 40_000 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        noise.extend([format!("{number:016x}")]);
    }
    let resource = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: one\n  noise: \"{noise}\"\n"
    );
    lab.commit("app", "base/cm.yaml", &resource);
}

/// A full disk, and a process that is killed while it writes, at every stage: the next build works.
#[test]
fn a_full_disk_leaves_a_cache_that_works() {
    for is_killed in [false, true] {
        let lab = Lab::with_app();
        large(&lab);
        let target = format!("{}//base?ref=main", lab.url("app"));
        let mut failures = 0;
        for blocks in [0, 1, 2, 4, 16, 32, 64, 100] {
            let output = limited(&lab, blocks, is_killed, &target);
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
