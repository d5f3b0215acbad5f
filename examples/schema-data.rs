//! Creates a file of `src/schema/data`. From the OpenAPI document of a version of Kubernetes: `cargo run --example
//! schema-data swagger.json > src/schema/data/v1.36.1.txt`; then add a line to `src/schema/data.rs`. From the file
//! `applyconfigurations/internal/internal.go` of client-go, which has the fields of all kinds: `cargo run --example
//! schema-data internal.go > src/schema/data/fields.txt`.
#![expect(
    clippy::disallowed_methods,
    reason = "a tool for the workbench, not a part of the program"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write;

use krender::yaml::Node;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the swagger.json of a version of Kubernetes")?;
    let mut text = std::fs::read(&path)?;
    let is_go = std::path::Path::new(&path).extension().is_some_and(|ending| ending == "go");
    if is_go {
        // The schema is a raw string.
        let whole = String::from_utf8(text)?;
        let start = whole.find("`types:").ok_or("the file has no schema")?;
        text = whole[start + 1..].split('`').next().unwrap_or_default().as_bytes().to_vec();
    }
    let source = krender::source::Sources::new().add(path.as_str(), text)?;
    let document = krender::yaml::parse::document(&source)?.ok_or("the document is empty")?;
    let compiled = match is_go {
        true => fields(&document.root)?,
        false => krender::schema::compile(&document.root)?,
    };
    std::io::stdout().write_all(compiled.as_bytes())?;
    Ok(())
}

/// The fields of the kinds in a schema of client-go, without alpha versions, and without states that the cluster writes.
fn fields(root: &Node) -> Result<String, Box<dyn Error>> {
    let types = root.get("types").ok_or("the schema has no types")?;
    let named = |node: &'_ Node| node.get("name").and_then(Node::as_text).map(str::to_owned);
    let types: BTreeMap<String, &Node> =
        types.items().iter().filter_map(|one| Some((named(one)?, one))).collect();
    let fields_of = |name: &str| {
        let fields = types.get(name).and_then(|one| one.get_path(&["map", "fields"]));
        fields.map(Node::items).unwrap_or_default()
    };
    let has = |name: &str, wanted: &str| {
        fields_of(name).iter().any(|field| named(field).as_deref() == Some(wanted))
    };
    let mut kinds = BTreeSet::new();
    let mut wanted = Vec::new();
    for name in types.keys() {
        let is_kind = ["apiVersion", "kind", "metadata"].iter().all(|field| has(name, field));
        let Some((api_version, kind)) = api_version(name).filter(|_| is_kind) else { continue };
        kinds.insert(format!("{api_version}\t{kind}\t\t{}", short(name)));
        wanted.push(name.clone());
    }
    let mut found = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        if found.contains_key(&short(&name)) {
            continue;
        }
        let mut lines = BTreeSet::new();
        for field in fields_of(&name) {
            let (Some(label), Some(of)) = (named(field), field.get("type")) else { continue };
            let (told, used) = if label == "status" { ("?".to_owned(), None) } else { type_of(of) };
            wanted.extend(used.filter(|used| types.contains_key(used)));
            lines.insert(if told.is_empty() { label } else { format!("{label}\t{told}") });
        }
        // A type without fields is a scalar, or not known.
        let own = if lines.is_empty() { "\t?" } else { "" };
        found.insert(short(&name), (own, lines));
    }
    let mut text = String::new();
    for line in kinds {
        writeln!(text, "{line}")?;
    }
    text.push('\n');
    for (name, (own, lines)) in found {
        writeln!(text, "{name}{own}")?;
        for line in lines {
            writeln!(text, " {line}")?;
        }
    }
    Ok(text)
}

/// The type of a field in the format of the table, and the definition that it uses.
fn type_of(node: &Node) -> (String, Option<String>) {
    if let Some(name) = node.get("namedType").and_then(Node::as_text) {
        let is_known = !name.starts_with("__");
        let told = if is_known { short(name) } else { "?".to_owned() };
        return (told, is_known.then(|| name.to_owned()));
    }
    if node.get("scalar").is_some() {
        let is_known = node.get("scalar").and_then(Node::as_text) != Some("untyped");
        return (if is_known { String::new() } else { "?".to_owned() }, None);
    }
    for (key, mark) in [("list", "[]"), ("map", "{}")] {
        if let Some(inner) = node.get_path(&[key, "elementType"]) {
            let (told, used) = type_of(inner);
            return (format!("{mark}{told}"), used);
        }
    }
    ("?".to_owned(), None)
}

/// The name of a definition without the part that all have.
fn short(name: &str) -> String {
    let name = name.strip_prefix("io.k8s.").unwrap_or(name);
    name.strip_prefix("api.").or(name.strip_prefix("apimachinery.pkg.")).unwrap_or(name).to_owned()
}

/// The API version and the kind of a definition: `io.k8s.api.apps.v1.Deployment`.
fn api_version(name: &str) -> Option<(String, &str)> {
    let mut parts = name.strip_prefix("io.k8s.api.")?.split('.');
    let (package, version, kind) = (parts.next()?, parts.next()?, parts.next()?);
    if version.contains("alpha") {
        return None;
    }
    let group = match package {
        "core" => return Some((version.to_owned(), kind)),
        "apps" | "autoscaling" | "batch" | "policy" | "extensions" => package.to_owned(),
        "rbac" => "rbac.authorization.k8s.io".to_owned(),
        "flowcontrol" => "flowcontrol.apiserver.k8s.io".to_owned(),
        _ => format!("{package}.k8s.io"),
    };
    Some((format!("{group}/{version}"), kind))
}
