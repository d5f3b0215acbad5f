//! The conformance cases in `testdata/deliberate-differences.txt`: most are edits, in which `krender edit` leaves a kustomization file with other bytes
//! than kustomize, because it keeps what it does not change. Each of them has the same meaning to kustomize, and output,
//! exit code and all other files are the same.
//!
//! The cases are expected next to the checkout, at `../shared/conformance/cli`, or in `$KRENDER_CONFORMANCE/cli`. Without them
//! the test is skipped, or fails if `CI=true`.
#![expect(clippy::disallowed_methods, reason = "the test makes files and runs the program")]
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use krender::config::{Kustomization, Places};
use krender::source::Sources;
use serde::Deserialize as _;
use serde_yaml::Value;

const LIST: &str = include_str!("../testdata/deliberate-differences.txt");

/// Cases whose output differs, too: the help of kustomize has other words than ours.
const OTHER_OUTPUT: [&str; 1] = ["edit-add-bogus"];

/// Cases of other commands: `docs/differences.md` describes them.
const NO_EDITS: [&str; 1] = ["helm/localize-not-enabled"];

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

#[test]
fn differences_have_the_same_meaning() {
    let Some(corpus) = corpus() else { return };
    let mut count = 0;
    for line in LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, reason) = line.split_once('#').expect("every case has a reason");
        assert!(!reason.trim().is_empty(), "{line}");
        if NO_EDITS.contains(&name.trim()) {
            continue;
        }
        let Some(name) = name.trim().strip_prefix("cli/") else {
            refused_by_the_reference(name.trim(), &corpus);
            continue;
        };
        if !OTHER_OUTPUT.contains(&name) {
            check(name, &corpus.join(name));
            count += 1;
        }
    }
    assert!(count > 0);
}

/// Other cases are builds that the reference refuses, for a reason that is none.
fn refused_by_the_reference(name: &str, corpus: &Path) {
    let case = corpus.parent().unwrap().join(name).join("case.json");
    let description: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(case).unwrap()).unwrap();
    assert_eq!(description["argv"][0], "build", "{name}");
    assert_eq!(description["exit_code"], 1, "{name}");
}

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("KRENDER_CONFORMANCE").map_or(beside, PathBuf::from).join("cli");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none_or(|it| it != "true"), "no cases in {folder:?}");
    println!("skipped: no cases in {}", folder.display());
    None
}

fn check(name: &str, case: &Path) {
    let text = fs::read_to_string(case.join("case.json")).unwrap();
    let description: serde_json::Value = serde_json::from_str(&text).unwrap();
    let arguments: Vec<&str> =
        description["argv"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(arguments[0], "edit", "{name}");
    assert_eq!(description["exit_code"], 0, "{name}: a failure writes no file");
    let folder = tempfile::tempdir().unwrap();
    let before = files(&case.join("input"));
    for (path, content) in &before {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(&arguments)
        .current_dir(folder.path().join(description["cwd"].as_str().unwrap()))
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
    let stdout = fs::read_to_string(case.join("expected/stdout")).unwrap();
    let mut differ = check_output(name, &String::from_utf8(output.stdout).unwrap(), &stdout);

    let (ours, theirs) = (files(folder.path()), files(&case.join("expected/tree")));
    assert!(ours.keys().eq(theirs.keys()), "{name}: other files");
    for (path, ours) in &ours {
        let theirs = &theirs[path];
        if ours == theirs {
            continue;
        }
        assert!(NAMES.iter().any(|name| path.ends_with(name)), "{name}: {path:?}");
        let (ours, theirs) =
            (std::str::from_utf8(ours).unwrap(), std::str::from_utf8(theirs).unwrap());
        assert_eq!(values(ours), values(theirs), "{name}: {path:?}");
        assert_eq!(fields(ours), fields(theirs), "{name}: {path:?}");
        differ = true;
    }
    assert!(differ, "{name} is no difference any more: take it off the list");
}

/// Compares standard output. `edit fix` ends with the error of the build, which is in our words. True if it differs.
fn check_output(name: &str, ours: &str, theirs: &str) -> bool {
    const ERROR: &str = "now produces the error when running `kustomize build`: ";
    let Some((before, _)) = theirs.split_once(ERROR) else {
        assert_eq!(ours, theirs, "{name}: standard output");
        return false;
    };
    let (start, error) = ours.split_once(ERROR).expect("our build fails, too");
    assert_eq!(start, before, "{name}: standard output");
    assert!(error.len() > 20 && error.ends_with('\n') && error.lines().count() == 1, "{error}");
    true
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut pending) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(place) = pending.pop() {
        for entry in fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A file as an independent reader reads it; the order of keys does not count.
fn values(text: &str) -> Value {
    // kustomize drops further documents, which it does not read.
    let first = serde_yaml::Deserializer::from_str(text).next().unwrap();
    let mut root = Value::deserialize(first).unwrap();
    without_empty(&mut root);
    if let Value::Mapping(fields) = &mut root {
        fields.retain(|_, field| !field.as_sequence().is_some_and(Vec::is_empty));
    }
    for field in ["images", "replicas"] {
        if let Some(Value::Sequence(items)) = root.get_mut(field) {
            are_independent(items);
            items.sort_by_key(name);
        }
    }
    root
}

fn name(entry: &Value) -> String {
    entry["name"].as_str().unwrap_or_default().to_owned()
}

/// kustomize sorts these lists. Their order has no meaning as long as no entry changes what another one names.
fn are_independent(items: &[Value]) {
    for (at, item) in items.iter().enumerate() {
        let others = items.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, other) in others {
            assert_ne!(name(item), name(other));
            assert_ne!(item["newName"].as_str(), Some(&*name(other)));
        }
    }
}

/// Leaves out nulls and empty mappings: kustomize writes `fieldref: {}` for a variable without one.
fn without_empty(value: &mut Value) {
    match value {
        Value::Mapping(entries) => {
            entries.values_mut().for_each(without_empty);
            entries.retain(|_, value| {
                !value.is_null() && !value.as_mapping().is_some_and(|entries| entries.is_empty())
            });
        }
        Value::Sequence(items) => items.iter_mut().for_each(without_empty),
        _ => {}
    }
}

/// A file as a build reads it.
fn fields(text: &str) -> Kustomization {
    let source = Sources::new().add("kustomization.yaml", text).unwrap();
    let (mut fields, _) =
        Kustomization::read(&source).unwrap_or_else(|error| panic!("{error}: {text}"));
    fields.places = Places::default();
    fields.images.sort_by(|left, right| left.name.cmp(&right.name));
    fields.replicas.sort_by(|left, right| left.name.cmp(&right.name));
    for chart in &mut fields.helm_charts {
        // Its spans differ; the other reader has compared it.
        chart.value.values_inline = None;
    }
    fields
}
