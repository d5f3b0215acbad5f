//! Checks of the files that a kustomization lists.

use crate::config::{GeneratorArgs, Kustomization};
use crate::error::{Code, Error};
use crate::load::{Kind, Root};
use crate::source::{Source, Span};
use crate::yaml::de::Spanned;
use crate::yaml::{Node, Text, parse};

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

/// Finds operations of JSON patches without the value that they set, which becomes null.
pub(super) fn patches(root: &Root, kustomization: &Kustomization) -> Vec<Error> {
    let entries = kustomization.patches.iter().chain(&kustomization.patches_json6902);
    let mut found = Vec::new();
    for entry in entries {
        let inline = Source::detached(&entry.patch);
        let (documents, place) = if entry.path.is_empty() {
            (parse::documents(&inline), Some(entry.patch.span))
        } else {
            let read = root.read(&entry.path, entry.path.span);
            (read.and_then(|source| parse::documents(&source)), None)
        };
        for document in documents.unwrap_or_default() {
            let without =
                document.root.items().iter().enumerate().filter(|(_, it)| lacks_value(it));
            found.extend(without.map(|(number, operation)| {
                let name = text(operation, "op");
                let message = format!("operation {number} is `{name}` without `value`");
                let place = place.unwrap_or_else(|| operation.span());
                Error::new(Code::InvalidPatch, message)
                    .at(place)
                    .help("write the `value`, also if it is `null`")
            }));
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
