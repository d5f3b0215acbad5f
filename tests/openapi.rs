//! `krender openapi`, with a program in place of `kubectl`.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a program is made on disk and started")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// The exit code, standard output and standard error of a command, where `kubectl` is this script.
fn run(kubectl: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubectl");
    fs::write(&path, format!("#!/bin/sh\n{kubectl}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(arguments)
        .env_clear()
        .env("PATH", folder.path())
        .env("KUBECONFIG", "of the test")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const SCHEMA: &str =
    r#"echo '{"swagger":"2.0","paths":{},"definitions":{"b":{"x":[1,1.5,"<&>"]},"a":null}}'"#;

#[test]
fn the_schema_is_printed_in_both_formats() {
    let json = "{\n  \"definitions\": {\n    \"a\": null,\n    \"b\": {\n      \"x\": [\n        1,\n        1.5,\n        \"\\u003c\\u0026\\u003e\"\n      ]\n    }\n  },\n  \"paths\": {},\n  \"swagger\": \"2.0\"\n}\n";
    for arguments in [&["openapi", "fetch"][..], &["openapi", "fetch", "--format=json"]] {
        assert_eq!(run(SCHEMA, arguments), (Some(0), json.to_owned(), String::new()));
    }
    let (code, yaml, _) = run(SCHEMA, &["openapi", "fetch", "--format", "yaml"]);
    let expected = "definitions:\n  a: null\n  b:\n    x:\n    - 1\n    - 1.5\n    - <&>\npaths: {}\nswagger: \"2.0\"\n\n";
    assert_eq!((code, &*yaml), (Some(0), expected));
}

#[test]
fn kubectl_gets_its_arguments_and_its_environment() {
    let script = r#"echo "{\"arguments\": \"$*\", \"config\": \"$KUBECONFIG\"}""#;
    let (_, json, _) = run(script, &["openapi", "fetch"]);
    assert!(json.contains("\"get --raw /openapi/v2\"") && json.contains("of the test"), "{json}");
}

#[test]
fn failures_say_what_kubectl_says() {
    for (script, expected) in [
        ("echo 'no cluster\u{1b}[31m' >&2; exit 1", "failed: no cluster\\u{1b}[31m"),
        ("exit 0", "failed: it says nothing"),
        ("echo '<html>'", "is not a schema in JSON"),
        ("echo '[1]'", "it is no object"),
    ] {
        let (code, printed, said) = run(script, &["openapi", "fetch"]);
        assert_eq!((code, &*printed), (Some(1), ""), "{script}");
        assert!(said.contains(expected), "{said}");
    }
    let (code, _, said) = run("", &["openapi", "fetch", "--format", "toml"]);
    assert!(code == Some(1) && said.contains("`json`, `yaml`"), "{said}");
}

#[test]
fn the_version_of_the_schema_is_that_of_kustomize() {
    let (code, printed, _) = run("", &["openapi", "info"]);
    assert_eq!((code, &*printed), (Some(0), "{title:Kubernetes,version:v1.21.2}\n"));
}
