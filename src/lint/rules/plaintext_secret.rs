//! KR-KUS-006: Secrets in plain text.

use std::path::Path;

use crate::error::Result;
use crate::harden::Severity;
use crate::harden::secrecy::{is_encrypted, is_harmless, is_open, is_open_in_base64, is_public};
use crate::lint::entries::Role;
use crate::lint::found::Found;
use crate::lint::layers::Layer;
use crate::lint::scene::Scene;
use crate::load::{Kind, Loader};
use crate::package::Ignore;
use crate::text::phrase::{counted, few};
use crate::yaml::{Node, parse};

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        if layer.root.remote().is_some() {
            continue;
        }
        let mut own = Vec::new();
        literals(number, layer, &mut own);
        files(number, layer, scene.loader, &mut own);
        manifests(number, layer, &mut own);
        // Tests need values that look like secrets.
        let is_test = scene.layers.is_of_tests(layer);
        let graded = |one: Found| if is_test { one.graded(Severity::Note) } else { one };
        found.extend(own.into_iter().map(graded));
    }
    Ok(found)
}

/// The values in `literals` of generators.
fn literals(number: usize, layer: &Layer, found: &mut Vec<Found>) {
    for secret in &layer.fields.secret_generator {
        let pair = |literal: &str| {
            let (key, value) = literal.split_once('=')?;
            is_open(key, value.trim_matches(['"', '\''])).then(|| key.to_owned())
        };
        let open = secret.args.literals.iter();
        let open: Vec<(String, _)> =
            open.filter_map(|literal| Some((pair(literal)?, literal.span))).collect();
        let Some((_, span)) = open.first() else { continue };
        let name = &**secret.args.name;
        let message = told(name, &open.iter().map(|(key, _)| key).collect::<Vec<_>>());
        found.push(Found::at(number, *span, &["secretGenerator", name, "literals"], message));
    }
}

/// The message for the values of a Secret. The values themselves are never shown.
fn told(name: &str, keys: &[&String]) -> String {
    let values = counted(keys.len(), "value");
    let keys = few(keys, 3, |key| format!("`{key}`"));
    format!("the Secret `{name}` has {values} in plain text: {keys}")
}

/// The files that generators read.
fn files(number: usize, layer: &Layer, loader: &Loader, found: &mut Vec<Found>) {
    for entry in &layer.entries {
        let Role::Secret(generator) = entry.role else { continue };
        if layer.root.kind_of(&entry.path) != Kind::File {
            continue;
        }
        let Ok(file) = layer.root.file(&entry.path, entry.span) else { continue };
        let text = String::from_utf8_lossy(file.bytes()).into_owned();
        let Some(path) = layer.root.canonical(&entry.path) else { continue };
        // The end of `shop.env` says nothing of its variables, which have names of their own.
        let name = entry.path.trim_end_matches(".env");
        if is_public(name) || is_harmless(&text) || !has_open_line(&text) {
            continue;
        }
        if is_ignored(&path, loader) {
            continue;
        }
        let secret = layer.fields.secret_generator.get(generator);
        let name = secret.map(|secret| secret.args.name.to_string()).unwrap_or_default();
        let message =
            format!("the Secret `{name}` is generated from `{}`, which is plain text", entry.path);
        let path = ["secretGenerator", &*name, &*entry.path];
        found.push(Found::at(number, entry.span, &path, message).graded(Severity::Warning));
    }
}

/// True if a text is a secret, or has lines `KEY=VALUE` of which one is.
fn has_open_line(text: &str) -> bool {
    let lines =
        || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    match lines().all(|line| line.contains('=')) {
        true => lines()
            .filter_map(|line| line.split_once('='))
            .any(|(key, value)| is_open(key, value.trim_matches(['"', '\'']))),
        false => is_open("", text),
    }
}

/// True if `.gitignore` files in or above the directory of a file match it.
fn is_ignored(path: &Path, loader: &Loader) -> bool {
    for directory in path.ancestors().skip(1) {
        let patterns = loader.file_at(&directory.join(".gitignore")).ok();
        let patterns = patterns.map(|file| String::from_utf8_lossy(file.bytes()).into_owned());
        if let Some(text) = patterns {
            let ignore = Ignore::parse(&text);
            let below = path.strip_prefix(directory).ok().and_then(Path::to_str);
            let parents = |below: &str| {
                let ends: Vec<usize> = below.match_indices('/').map(|(end, _)| end).collect();
                ends.iter().any(|end| ignore.fits(&below[..*end], true))
            };
            if below.is_some_and(|below| ignore.fits(below, false) || parents(below)) {
                return true;
            }
        }
        let mut has_git = false;
        let visited = loader.visit(directory, |below, _| {
            has_git |= below == Path::new(".git");
            Ok(false)
        });
        if has_git || visited.is_err() {
            return false;
        }
    }
    false
}

/// The manifests that are listed.
fn manifests(number: usize, layer: &Layer, found: &mut Vec<Found>) {
    for entry in layer.entries.iter().filter(|entry| entry.role == Role::Listed) {
        if layer.root.kind_of(&entry.path) != Kind::File {
            continue;
        }
        let Ok(source) = layer.root.read(&entry.path, entry.span) else { continue };
        if !source.text().contains("Secret") || is_encrypted(source.text()) {
            continue;
        }
        for document in parse::documents(&source).unwrap_or_default() {
            let root = &document.root;
            let text = |path: &[&str]| root.get_path(path).and_then(Node::as_text);
            if text(&["kind"]) != Some("Secret") || text(&["apiVersion"]) != Some("v1") {
                continue;
            }
            let open = |field: &str, is_open: fn(&str, &str) -> bool| -> Vec<String> {
                let entries = root.get(field).map(Node::entries).unwrap_or_default();
                let pair = |(key, value): &(crate::yaml::Scalar, Node)| {
                    let value = value.as_scalar()?;
                    is_open(key.text(), value.text()).then(|| key.text().to_owned())
                };
                entries.iter().filter_map(pair).collect()
            };
            let keys = [open("data", is_open_in_base64), open("stringData", is_open)].concat();
            if keys.is_empty() {
                continue;
            }
            let name = text(&["metadata", "name"]).unwrap_or_default();
            let span = root.get("kind").map_or(root.span(), Node::span);
            let message = told(name, &keys.iter().collect::<Vec<_>>());
            found.push(Found::at(number, span, &["resources", &entry.path, name], message));
        }
    }
}
