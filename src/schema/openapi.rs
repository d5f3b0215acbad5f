//! Reads the definitions of an OpenAPI v2 document, and the scopes of its kinds from its paths.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::error::{Code, Error, Result};
use crate::source::Source;
use crate::yaml::path::of_pointer;
use crate::yaml::{Kind, Mapping, Node, not_json};

use super::table::Table;

/// A document that is read on first use.
pub(super) struct OpenApiDocument {
    source: Result<Arc<Source>>,
    table: OnceLock<Result<Table>>,
}

impl OpenApiDocument {
    pub(super) const fn new(source: Result<Arc<Source>>) -> Self {
        Self { source, table: OnceLock::new() }
    }

    /// Its text; `None` if the file is not text.
    pub(super) fn source(&self) -> Option<&Source> {
        self.source.as_deref().ok()
    }

    /// Its content, or the error of reading it.
    pub(super) fn table(&self) -> Result<&Table> {
        let read = || self.source.clone().and_then(|source| read(&source));
        self.table.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

fn read(source: &Source) -> Result<Table> {
    let document = crate::yaml::parse::document(source)?;
    let text = source.text();
    let is_json = text.starts_with('{') && !source.is_utf16();
    if let Some(place) = not_json(text).filter(|_| is_json) {
        let length = text[place..].chars().next().map_or(0, char::len_utf8);
        let message = "found an OpenAPI document that begins with `{` but is not JSON";
        return Err(Error::new(Code::InvalidSchema, message)
            .at(source.span(place, place + length))
            .label("not JSON from here on")
            .help(
                "correct the JSON, or begin the file with a line `---` to have it read as YAML",
            ));
    }
    let table = match document {
        Some(document) => compile(&document.root),
        // YAML without content is a schema without definitions; an empty file is not JSON.
        None if !text.is_empty() => Ok(Compiler::default().finish()),
        None => Err(no_schema("nothing").at(source.span(0, 0))),
    };
    table.map(Table::new).map_err(|error| {
        error.step(format!("while reading the OpenAPI document `{}`", source.name()))
    })
}

fn no_schema(found: impl std::fmt::Display) -> Error {
    Error::new(Code::InvalidSchema, format!("expected an OpenAPI schema, found {found}"))
        .help("an `openapi` file must be an OpenAPI v2 document: `kustomize openapi fetch` prints that of a cluster")
}

/// Compiles an OpenAPI v2 document to the text of a table. The files in `src/schema/data` are such texts; `table.rs`
/// describes the format.
///
/// Fields that kustomize does not use are left out, as are names with control characters: Kubernetes has none.
///
/// # Errors
/// [`Code::InvalidSchema`] if a part is not in the form of an OpenAPI document.
pub fn compile(document: &Node) -> Result<String> {
    let root =
        document.as_mapping().ok_or_else(|| no_schema(document.kind()).at(document.span()))?;
    let mut compiler = Compiler::default();
    for (name, schema) in entries(root, "definitions")? {
        if is_name(name) {
            compiler.kinds_of(name, schema);
            compiler.definition(name, schema)?;
        }
    }
    for (path, item) in entries(root, "paths")? {
        compiler.scope(path, item);
    }
    Ok(compiler.finish())
}

/// Prefix of the definition that the short reference in a comment means: `{"$openapi": "x"}`.
pub(super) const SETTER: &str = "io.k8s.cli.setters.";

/// Compiles a single schema that is not in a document.
pub(super) fn compile_inline(name: &str, schema: &Node) -> Result<String> {
    let mut compiler = Compiler::default();
    compiler.definition(name, schema)?;
    Ok(compiler.finish())
}

/// The entries of a mapping within a mapping; empty if it is absent or null.
fn entries<'a>(
    mapping: &'a Mapping,
    name: &str,
) -> Result<impl Iterator<Item = (&'a str, &'a Node)>> {
    let found = match mapping.get(name) {
        None => None,
        Some(node) => match node.as_mapping() {
            None if !node.is_null() => {
                return Err(no_schema(node.kind())
                    .at(node.span())
                    .label(format!("`{name}` is a mapping")));
            }
            found => found,
        },
    };
    Ok(found.into_iter().flat_map(Mapping::iter).map(|(key, value)| (key.text(), value)))
}

/// True if a table can contain the name.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.chars().any(char::is_control)
        && !name.starts_with([' ', '[', '{', '?'])
}

#[derive(Default)]
struct Compiler<'a> {
    /// By `apiVersion`, tab, kind: true if it is namespaced, and its definition.
    kinds: BTreeMap<String, (Option<bool>, &'a str)>,
    /// By name: its own type, and the types of its fields.
    definitions: BTreeMap<String, (String, BTreeMap<&'a str, String>)>,
    /// Nested schemas with fields; they become definitions with generated names.
    nested: Vec<(String, &'a Node)>,
}

impl<'a> Compiler<'a> {
    /// Records the kinds that a definition describes.
    fn kinds_of(&mut self, name: &'a str, schema: &'a Node) {
        let kinds = schema.get("x-kubernetes-group-version-kind").and_then(Node::as_sequence);
        for key in kinds.iter().flat_map(|kinds| kinds.items()).filter_map(kind_key) {
            self.kinds.entry(key).or_default().1 = name;
        }
    }

    /// Records the scope of a kind from its path: kinds that can be read below a namespace are namespaced.
    fn scope(&mut self, path: &str, item: &Node) {
        let kind =
            item.get("get").and_then(|operation| operation.get("x-kubernetes-group-version-kind"));
        if let Some(key) = kind.and_then(kind_key) {
            let scope = &mut self.kinds.entry(key).or_default().0;
            *scope = Some(*scope == Some(true) || path.contains("namespaces/{namespace}"));
        }
    }

    /// Adds a definition and those nested in it. Uses a list instead of recursion, since nesting is unbounded.
    fn definition(&mut self, name: &str, schema: &'a Node) -> Result<()> {
        let mut nested = 0;
        self.nested.push((name.to_owned(), schema));
        while let Some((own_name, schema)) = self.nested.pop() {
            let mut text =
                |schema, own| expression(schema, own, name, &mut nested, &mut self.nested);
            let own = text(schema, true)?;
            let mut fields = BTreeMap::new();
            if let Some(mapping) = schema.as_mapping() {
                for (field, schema) in
                    entries(mapping, "properties")?.filter(|(field, _)| is_name(field))
                {
                    fields.insert(field, text(schema, false)?);
                }
            }
            self.definitions.insert(own_name, (own, fields));
        }
        Ok(())
    }

    fn finish(self) -> String {
        let mut text = String::new();
        for (key, (namespaced, definition)) in &self.kinds {
            let scope = namespaced
                .map_or("", |namespaced| if namespaced { "namespaced" } else { "cluster" });
            line(&mut text, &[key, scope, definition]);
        }
        text.push('\n');
        for (name, (own, fields)) in &self.definitions {
            line(&mut text, &[name, own]);
            for (field, own) in fields {
                text.push(' ');
                line(&mut text, &[field, own]);
            }
        }
        text
    }
}

/// Writes the columns of a line, without empty ones at the end.
fn line(text: &mut String, columns: &[&str]) {
    text.push_str(columns.join("\t").trim_end_matches('\t'));
    text.push('\n');
}

/// `apiVersion`, tab, kind.
fn kind_key(kind: &Node) -> Option<String> {
    let part = |name| {
        kind.get(name).and_then(Node::as_text).filter(|text| !text.chars().any(char::is_control))
    };
    let (version, kind, group) = (part("version")?, part("kind")?, part("group").unwrap_or(""));
    let slash = if group.is_empty() { "" } else { "/" };
    Some(format!("{group}{slash}{version}\t{kind}"))
}

/// The type of a schema in the format of `table.rs`. A nested schema with fields is put on the list of definitions to
/// add and referred to by name, unless it is the definition's `own` type.
fn expression<'a>(
    mut schema: &'a Node,
    mut own: bool,
    parent: &str,
    number: &mut usize,
    nested: &mut Vec<(String, &'a Node)>,
) -> Result<String> {
    let mut text = String::new();
    loop {
        let Some(mapping) = schema.as_mapping() else {
            return if schema.is_null() {
                Ok(text)
            } else {
                Err(no_schema(schema.kind()).at(schema.span()))
            };
        };
        if let Some(reference) =
            mapping.get("$ref").and_then(Node::as_text).filter(|text| !text.is_empty())
        {
            return Ok(text + &referred(reference));
        }
        if !own && entries(mapping, "properties")?.next().is_some() {
            *number += 1;
            let name = format!("{parent}#{number}");
            text.push_str(&name);
            nested.push((name, schema));
            return Ok(text);
        }
        own = false;
        let (keys, list) = (merge_keys(mapping), is_list(mapping));
        if let (None, false) = (&keys, list) {
            let Some(values) =
                mapping.get("additionalProperties").filter(|node| node.kind() == Kind::Mapping)
            else {
                return Ok(text);
            };
            text.push_str("{}");
            schema = values;
            continue;
        }
        text.extend(["[", &keys.unwrap_or_default(), "]"]);
        match mapping.get("items").filter(|items| list && items.kind() == Kind::Mapping) {
            Some(items) => schema = items,
            None => return Ok(text + "?"),
        }
    }
}

/// The name of the definition that is referred to; `?` if there is none. Like kustomize, looks only at the part after
/// `#`.
fn referred(reference: &str) -> String {
    let name = reference.split_once("#/definitions/").map_or("", |(_, name)| name);
    let name = of_pointer(name);
    if is_name(&name) { name } else { "?".to_owned() }
}

/// True if the type is exactly `array`: kustomize uses the elements of no other type.
fn is_list(schema: &Mapping) -> bool {
    let Some(node) = schema.get("type") else { return false };
    match node.as_sequence() {
        Some(types) => matches!(types.items(), [only] if only.as_text() == Some("array")),
        None => node.as_text() == Some("array"),
    }
}

/// The merge keys of a list, in the format of a table; `None` for a list that is replaced.
fn merge_keys(schema: &Mapping) -> Option<String> {
    let strategy = schema.get("x-kubernetes-patch-strategy")?.as_text()?;
    strategy.split(',').find(|word| *word == "merge")?;
    let keys: Vec<&str> = match schema.get("x-kubernetes-list-map-keys").and_then(Node::as_sequence)
    {
        Some(keys) => keys.items().iter().filter_map(Node::as_text).collect(),
        None => {
            schema.get("x-kubernetes-patch-merge-key").and_then(Node::as_text).into_iter().collect()
        }
    };
    let fit = |key: &&str| is_name(key) && !key.contains([',', ']', '=']);
    let keys: Vec<&str> = keys.into_iter().filter(fit).collect();
    Some(if keys.is_empty() { "=".to_owned() } else { keys.join(",") })
}
