//! Checks of the files that a kustomization lists.

use super::names;
use crate::config::{GeneratorArgs, Kustomization, Selector};
use crate::error::{Code, Error, Result};
use crate::load::{Kind, Root};
use crate::schema::{Schema, Type};
use crate::source::{Source, Span};
use crate::yaml::de::Spanned;
use crate::yaml::parse::{self, Document};
use crate::yaml::{self, Node, Text};

/// Finds files of `resources` without a resource.
pub(super) fn resources(root: &Root, kustomization: &Kustomization) -> Vec<Error> {
    let is_file = |path: &&Spanned<Text>| root.kind_of(path) == Kind::File;
    let is_empty = |path: &&Spanned<Text>| {
        let file = root.file(path, path.span);
        let documents = file.and_then(|file| Ok(file.documents(root.budget())?.is_empty()));
        // A file that cannot be read fails in the build.
        documents.unwrap_or_default()
    };
    let found = kustomization.resources.iter().filter(is_file).filter(is_empty);
    found
        .map(|path| {
            Error::new(Code::NoEffect, format!("`{}` has no resource", path.as_str()))
                .at(path.span)
                .help("remove the entry, or write the resource")
        })
        .collect()
}

/// Finds lines of env files without `=`, whose key gets an empty value.
pub(super) fn variables(root: &Root, kustomization: &Kustomization) -> Vec<Error> {
    let config_maps = kustomization.config_map_generator.iter().map(|args| &args.value);
    let secrets = kustomization.secret_generator.iter().map(|secret| &secret.value.args);
    let mut found = Vec::new();
    for GeneratorArgs { envs, .. } in config_maps.chain(secrets) {
        for path in envs {
            let Ok(source) = root.read(path, path.span) else { continue };
            found.extend(lines(&source).into_iter().map(|span| {
                Error::new(Code::InvalidValue, "found a line without `=`")
                    .at(span)
                    .label("this key gets an empty value")
                    .help("write `KEY=VALUE`, or `KEY=` for an empty value")
            }));
        }
    }
    found
}

/// The spans of the lines without `=` that are neither empty nor comments.
fn lines(source: &Source) -> Vec<Span> {
    let (text, mut start, mut found) = (source.text(), 0, Vec::new());
    for line in text.split_inclusive('\n') {
        let key = line.trim();
        if !key.is_empty() && !key.starts_with('#') && !key.contains('=') {
            let at = start + line.len() - line.trim_start().len();
            found.push(source.span(at, at + key.len()));
        }
        start += line.len();
    }
    found
}

/// Finds operations of JSON patches without the value that they set, which becomes null, and elements of other patches that
/// are lost since they lack the key by which the list is merged, and names of fields with a slip.
pub(super) fn patches(root: &Root, kustomization: &Kustomization) -> Vec<Error> {
    let of_file = |path: &Spanned<Text>| parse::documents(&*root.read(path, path.span)?);
    let mut found = Vec::new();
    let mut check = |read: Result<Vec<Document>>,
                     target: Option<&Selector>,
                     place: Option<Span>| {
        for document in read.unwrap_or_default() {
            let root = &document.root;
            let (mut errors, names) = match (root.kind(), target) {
                (yaml::Kind::Sequence, None) => (operations(root), Vec::new()),
                (yaml::Kind::Sequence, Some(target)) => {
                    (operations(root), names::of_operations(root, target))
                }
                _ => (elements(root), names::of_merge(root)),
            };
            errors.extend(names);
            found.extend(errors.into_iter().map(|(error, span)| error.at(place.unwrap_or(span))));
        }
    };
    for entry in kustomization.patches.iter().chain(&kustomization.patches_json6902) {
        let target = entry.target.as_ref().map(|target| &target.value);
        match entry.path.is_empty() {
            true => {
                let read = parse::documents(&Source::detached(&entry.patch));
                check(read, target, Some(entry.patch.span));
            }
            false => check(of_file(&entry.path), target, None),
        }
    }
    for entry in &kustomization.patches_strategic_merge {
        match root.kind_of(entry) {
            Kind::File => check(of_file(entry), None, None),
            _ => check(parse::documents(&Source::detached(entry)), None, Some(entry.span)),
        }
    }
    found
}

/// The errors for the operations of a JSON patch, with their spans.
fn operations(patch: &Node) -> Vec<(Error, Span)> {
    let without = patch.items().iter().enumerate().filter(|(_, operation)| lacks_value(operation));
    let error = |(number, operation): (usize, &Node)| {
        let name = text(operation, "op");
        let message = format!("operation {number} is `{name}` without `value`");
        let error = Error::new(Code::InvalidPatch, message);
        (error.help("write the `value`, also if it is `null`"), operation.span())
    };
    without.map(error).collect()
}

/// The errors for the elements of a strategic merge patch, with their spans.
fn elements(patch: &Node) -> Vec<(Error, Span)> {
    let schema = Schema::built_in();
    let mut pending = vec![(patch, schema.of(text(patch, "apiVersion"), text(patch, "kind")), "")];
    let mut found = Vec::new();
    while let Some((node, kind, field)) = pending.pop() {
        for (key, value) in node.entries() {
            let kind = kind.and_then(|kind| kind.field(key.text()));
            pending.push((value, kind, key.text()));
        }
        let keys: Vec<&str> =
            kind.and_then(Type::merge_keys).map(|keys| keys.iter().collect()).unwrap_or_default();
        for item in node.items() {
            pending.push((item, kind.and_then(Type::elements), field));
            let has_one = keys.iter().chain(&["$patch"]).any(|key| item.get(key).is_some());
            if !keys.is_empty() && item.as_mapping().is_some() && !has_one {
                let keys = keys.join("` or `");
                let message = format!("an element of `{field}` has no `{keys}`");
                let help = format!("write `{keys}`, by which the elements of `{field}` are merged");
                found.push((
                    Error::new(Code::InvalidPatch, message)
                        .label("it is merged with no other element")
                        .help(help),
                    item.span(),
                ));
            }
        }
    }
    found
}

fn lacks_value(operation: &Node) -> bool {
    matches!(text(operation, "op"), "add" | "replace") && operation.get("value").is_none()
}

/// The text of a field, or an empty one.
fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::as_scalar).map_or("", |scalar| scalar.text())
}
