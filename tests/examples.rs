//! Runs the examples of the library.
#![expect(clippy::disallowed_methods, reason = "programs are run")]
#![expect(clippy::unwrap_used, reason = "this is a test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::env;
use std::path::Path;
use std::process::Command;

/// The output of an example. Cargo builds the examples together with the tests.
fn run(example: &str, arguments: &[&str]) -> Option<String> {
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let program = folder.join(example).with_extension(env::consts::EXE_EXTENSION);
    if !program.is_file() {
        // `cargo test --test examples` does not build them.
        let is_required = env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!is_required, "{} is missing", program.display());
        eprintln!("skipped: {} is not built", program.display());
        return None;
    }
    let output = Command::new(program).args(arguments).output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_directory_is_rendered() {
    let directory = "testdata/sample/bookshop/input/overlays/production";
    let Some(output) = run("render", &[directory]) else { return };
    assert!(output.contains("\nkind: Deployment\n"), "{output}");
    let Some(inputs) = run("inputs", &[directory]) else { return };
    let base = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/sample/bookshop/input/base/deployment.yaml");
    assert!(inputs.lines().any(|line| Path::new(line) == base), "{inputs}");
}

#[test]
fn objects_in_memory_are_rendered() {
    let Some(output) = run("memory", &[]) else { return };
    let (first, yaml) = output.split_once('\n').unwrap();
    assert_eq!(first, "3 replicas");
    assert!(yaml.contains("  namespace: production\nspec:\n  replicas: 3\n"), "{yaml}");
}

#[test]
fn errors_are_shown() {
    let Some(output) = run("errors", &[]) else { return };
    let expected = "line 2: file-not-found\nline 3: file-not-found\nerror[file-not-found]: ";
    assert!(output.starts_with(expected), "{output}");
    assert!(output.contains("\nhelp: did you mean `service.yaml`?\n"), "{output}");
}
