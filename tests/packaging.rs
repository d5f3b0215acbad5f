//! The recipes in `packaging/` for hosts of git, and the hooks of pre-commit.
//!
//! The tests are those in `tests/packaging/`, in Python as the script that they test: they run the scripts of the recipes in
//! a repository, with the program of this build and a stand-in of the hosts' APIs on loopback. Python's standard library
//! reads no YAML, so this test gives them the YAML files as JSON. Without python3 they are skipped, or fail if `CI=true`.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "programs are run, and files are written")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The YAML files of the recipes.
const FILES: [&str; 5] = [
    ".pre-commit-hooks.yaml",
    "packaging/bitbucket/bitbucket-pipelines.yml",
    "packaging/github/action.yml",
    "packaging/github/workflow.yml",
    "packaging/gitlab/krender.gitlab-ci.yml",
];

#[test]
fn recipes_work_from_end_to_end() {
    let missing: Vec<&str> = ["python3", "bash", "sh", "curl", "git"]
        .into_iter()
        .filter(|program| Command::new(program).args(["-c", ""]).output().is_err())
        .collect();
    if !missing.is_empty() {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "missing: {missing:?}");
        eprintln!("skipped: missing: {missing:?}");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let yaml = tempfile::tempdir().unwrap();
    for file in FILES {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        let name = Path::new(file).file_stem().unwrap().to_str().unwrap();
        fs::write(yaml.path().join(format!("{name}.json")), value.to_string()).unwrap();
    }
    let modules = modules(&root.join("tests/packaging"));
    assert!(modules.len() >= 5, "{modules:?}");
    // They wait for programs most of the time: all modules run at once.
    let running: Vec<_> = modules
        .iter()
        .map(|module| {
            Command::new("python3")
                .args(["-m", "unittest", module])
                .current_dir(root.join("tests/packaging"))
                .env("KRENDER", env!("CARGO_BIN_EXE_krender"))
                .env("KRENDER_YAML", yaml.path())
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut said = Vec::new();
    for (module, child) in modules.iter().zip(running) {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        // A module without tests ends well, too.
        if !output.status.success() || text.contains("Ran 0 tests") {
            said.push(format!("{module}: {text}{}", String::from_utf8_lossy(&output.stdout)));
        }
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
}

/// The modules of tests in a folder.
fn modules(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut modules: Vec<String> = names
        .filter_map(|name| name.to_str()?.strip_suffix(".py").map(str::to_owned))
        .filter(|name| name.starts_with("test_"))
        .collect();
    modules.sort();
    modules
}
