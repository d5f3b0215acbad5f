//! The JSON Schema of configurations and `docs/configuration.md` have the fields that the reader has.
#![expect(clippy::disallowed_methods, reason = "the program is run as it is")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use krender::harden::{Kind, Profile, Settings, configuration_fields};
use krender::source::Source;
use krender::yaml::{Node, de, parse};
use serde_json::Value;

/// Fields that the reader only knows to refuse them: no rule uses them yet.
const REFUSED: &[&str] = &["spec.podSpecs[].replicasPath", "spec.podSpecs[].selectorPath"];

fn schema() -> Value {
    let output =
        Command::new(env!("CARGO_BIN_EXE_krender")).arg("schema").env_clear().output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A schema with its references replaced.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Names of properties by the path of their object, and the words of fields that take one of some.
fn described(
    schema: &Value,
    path: &str,
    root: &Value,
    found: &mut BTreeMap<String, BTreeSet<String>>,
) {
    let schema = resolved(schema, root);
    let below = |name: &str| match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    };
    // Entries of `rules` are of one type.
    let is_of_rules = path == "spec.rules";
    if let Some(properties) = schema["properties"].as_object().filter(|_| !is_of_rules) {
        found.entry(path.to_owned()).or_default().extend(properties.keys().cloned());
        for (name, schema) in properties {
            described(schema, &below(name), root, found);
        }
    }
    if schema["additionalProperties"].is_object() {
        described(&schema["additionalProperties"], &below("*"), root, found);
    }
    if schema["items"].is_object() {
        described(&schema["items"], &format!("{path}[]"), root, found);
    }
    for part in ["anyOf", "allOf"] {
        let parts = schema[part].as_array().into_iter().flatten();
        parts.for_each(|schema| described(schema, path, root, found));
    }
    if let Some(words) = schema["enum"].as_array()
        && words.iter().all(Value::is_string)
    {
        let words = words.iter().filter_map(Value::as_str).map(str::to_owned);
        found.entry(path.to_owned()).or_default().extend(words);
    }
}

#[test]
fn the_schema_has_the_fields_of_the_reader() {
    let schema = schema();
    let mut found = BTreeMap::new();
    described(&schema, "", &schema, &mut found);
    // The reader compares the kind itself.
    found.remove("kind");
    let is_refused = |path: &str, name: &str| REFUSED.contains(&&*format!("{path}.{name}"));
    let read: BTreeMap<String, BTreeSet<String>> = configuration_fields()
        .into_iter()
        .map(|(path, names)| {
            let names = names.iter().filter(|name| !is_refused(&path, name));
            let names = names.map(|name| (*name).to_owned()).collect();
            (path, names)
        })
        .collect();
    assert_eq!(found, read, "the schema (left) differs from the fields that are read (right)");
}

#[test]
fn the_page_names_every_field() {
    let page = fs::read_to_string("docs/configuration.md").unwrap();
    let fields = configuration_fields();
    let mut missing = Vec::new();
    for (path, names) in &fields {
        // Words of enums have no fields below them, and are in the text.
        let Some(place) = path.strip_prefix("spec") else { continue };
        let place = place.trim_start_matches('.');
        for name in *names {
            let whole = format!("{path}.{name}");
            // A group of fields is told by those.
            let is_group = page.contains(&format!("`{}.", whole.trim_start_matches("spec.")));
            if REFUSED.contains(&&*whole) || is_group {
                continue;
            }
            // Fields of list elements and of rules are told by their own names.
            let told = match place.is_empty() || place.ends_with("[]") || place.ends_with('*') {
                true => format!("`{name}`"),
                false => format!("`{place}.{name}`"),
            };
            if !page.contains(&told) && !page.contains(&format!("`{name}`")) {
                missing.push(told);
            }
            let example = format!("{name}:");
            if !page.contains(&example) && !page.contains(&format!("`{name}`")) {
                missing.push(example);
            }
        }
    }
    assert!(missing.is_empty(), "docs/configuration.md does not tell of {missing:?}");
}

/// The configurations in the folders of the cases, and the examples of the page.
fn configurations() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::from("testdata")];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                pending.push(path);
            } else if path.extension().is_some_and(|end| end == "yaml")
                && let Ok(text) = fs::read_to_string(&path)
            {
                let name = path.display().to_string();
                found.extend(text.split("\n---\n").map(|text| (name.clone(), text.to_owned())));
            }
        }
    }
    let page = fs::read_to_string("docs/configuration.md").unwrap();
    for (number, block) in page.split("```yaml\n").skip(1).enumerate() {
        let text = block.split("```").next().unwrap();
        let text = match text.starts_with("spec:") {
            true => format!("apiVersion: krender.dev/v1alpha1\nkind: Hardening\n{text}"),
            false => text.to_owned(),
        };
        found.push((format!("example {number} of the page"), text));
    }
    found.retain(|(_, text)| text.contains("apiVersion: krender.dev/v1alpha1\n"));
    found
}

fn root(text: &str) -> Option<Node> {
    parse::document(&std::sync::Arc::new(Source::detached(text)))
        .ok()?
        .map(|document| document.root)
}

#[test]
fn configurations_that_are_read_are_valid() {
    let schema = schema();
    let (mut valid, mut invalid) = (0, 0);
    for (name, text) in configurations() {
        let Some(root) = root(&text) else { continue };
        let Ok(value) = de::from_node::<Value>(&root) else { continue };
        let read = Settings::read(&root, &Kind::ALL, Profile::default());
        let faults = faults(&value, &schema, &schema, "");
        match read {
            Ok(_) => {
                valid += 1;
                assert!(faults.is_empty(), "{name}: {faults:?}\n{text}");
            }
            Err(error) => {
                let is_example = name.starts_with("example");
                assert!(!is_example, "{name}: {}\n{text}", error.message());
                invalid += usize::from(!faults.is_empty());
            }
        }
    }
    assert!(valid > 40 && invalid > 2, "{valid} {invalid}");
}

/// The keywords of the schema that [`faults`] knows, and annotations.
const KEYWORDS: &[&str] = &[
    "$schema",
    "$ref",
    "title",
    "description",
    "default",
    "examples",
    "definitions",
    "type",
    "const",
    "enum",
    "anyOf",
    "allOf",
    "properties",
    "additionalProperties",
    "required",
    "minProperties",
    "items",
    "pattern",
];

/// The places of a value that a schema refuses. Patterns are not compared.
fn faults(value: &Value, schema: &Value, root: &Value, path: &str) -> Vec<String> {
    for keyword in schema.as_object().into_iter().flatten().map(|(keyword, _)| keyword) {
        assert!(KEYWORDS.contains(&&**keyword), "{keyword}");
    }
    let schema = resolved(schema, root);
    let mut found = Vec::new();
    let mut need = |is_met: bool, what: &str| {
        if !is_met {
            found.push(format!("{path}: {what}: {value}"));
        }
    };
    let is_type = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    match &schema["type"] {
        Value::Null => {}
        Value::Array(types) => need(types.iter().any(is_type), "type"),
        one => need(is_type(one), "type"),
    }
    let constant = &schema["const"];
    need(constant.is_null() || constant == value, "const");
    if let Some(words) = schema["enum"].as_array() {
        need(words.contains(value), "enum");
    }
    if let Some(parts) = schema["anyOf"].as_array() {
        need(parts.iter().any(|part| faults(value, part, root, path).is_empty()), "anyOf");
    }
    if let Some(entries) = value.as_object() {
        let required = schema["required"].as_array().into_iter().flatten();
        required.for_each(|name| need(entries.contains_key(name.as_str().unwrap()), "required"));
        let least = schema["minProperties"].as_u64().unwrap_or_default();
        need(entries.len() as u64 >= least, "minProperties");
        for (name, value) in entries {
            let path = format!("{path}.{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Null, Value::Bool(false)) => found.push(format!("{path}: unknown")),
                (Value::Null, Value::Null) => {}
                (Value::Null, others) => found.extend(faults(value, others, root, &path)),
                (known, _) => found.extend(faults(value, known, root, &path)),
            }
        }
    }
    if schema["items"].is_object() {
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            found.extend(faults(item, &schema["items"], root, &format!("{path}[{place}]")));
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(faults(value, part, root, path));
    }
    found
}

#[test]
fn refused_fields_are_refused() {
    for field in REFUSED {
        let path: Vec<&str> = field.split('.').collect();
        let mut text = "1".to_owned();
        for name in path.iter().rev() {
            text = match name.strip_suffix("[]") {
                Some(name) => format!("{{{name}: [{text}]}}"),
                None => format!("{{{name}: {text}}}"),
            };
        }
        let spec = text.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
        let text = format!("apiVersion: krender.dev/v1alpha1\nkind: Hardening\n{spec}\n");
        let error = Settings::read(&root(&text).unwrap(), &Kind::ALL, Profile::default());
        let error = error.unwrap_err();
        assert_eq!(error.code().as_str(), "not-supported-yet", "{field}: {}", error.message());
    }
}

#[test]
fn rules_have_entries_in_the_schema() {
    let schema = schema();
    let rules = &schema["definitions"]["spec"]["properties"]["rules"]["properties"];
    for rule in krender::harden::rules() {
        assert!(rules[rule.id].is_object() && rules[rule.name].is_object(), "{}", rule.id);
    }
    assert!(Path::new("docs/configuration.md").is_file());
}
