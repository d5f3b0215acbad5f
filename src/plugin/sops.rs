//! Placeholders for values that are encrypted by SOPS: a build can be reviewed without the key.
//!
//! They take the place of generators that would decrypt files: ksops, and `SopsSecretGenerator`. A placeholder depends on the
//! ciphertext and on the code that authenticates the file (`mac`), so that another value has another placeholder.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::config::Warning;
use crate::error::{Code, Error, Result};
use crate::load::{Digest, Root};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::source::Span;
use crate::text::escape;
use crate::yaml::{Mapping, Node, Scalar, Style, Tag, parse};

/// The kinds of generators that decrypt: group, and kind.
const GENERATORS: [(&str, &str); 2] =
    [("viaduct.ai", "ksops"), ("goabout.com", "SopsSecretGenerator")];
/// The beginning of an encrypted value.
const ENCRYPTED: &str = "ENC[";
/// The field of an encrypted document that describes the encryption.
const SOPS: &str = "sops";
const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";
const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";

/// True for the document of a generator that decrypts.
pub(super) fn is_meant(configuration: &Resource) -> bool {
    let gvk = configuration.gvk();
    GENERATORS.iter().any(|(group, kind)| gvk.group == *group && gvk.kind == *kind)
}

/// The resources that the generator would make, with placeholders.
///
/// # Errors
/// Those of reading the files, and [`Code::InvalidValue`] for one that is not encrypted.
pub(super) fn generate(
    configuration: &Resource,
    root: &Root,
    schema: &Schema,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Resource>> {
    let config = configuration.node();
    let mut roots = Vec::new();
    if configuration.kind() == "ksops" {
        for (path, span) in texts(config.get("files")) {
            roots.extend(manifests(root, path, span)?);
        }
        for entry in items(config.get("secretFrom")) {
            roots.push(secret(entry, &["files", "binaryFiles"], root)?);
        }
    } else {
        let mut made = secret(config, &["files"], root)?;
        annotate(&mut made, config);
        roots.push(made);
    }
    let name = configuration.name();
    let message = format!(
        "the Secrets of `{}` have placeholders in place of their values",
        escape::visible(name)
    );
    let failure = Error::new(Code::NoEffect, message.clone())
        .at(configuration.span())
        .help("deploy what a build without `--sops placeholder` prints");
    warnings.push(Warning {
        text: Some(format!("{message} (`--sops placeholder`): do not deploy them")),
        failure,
    });
    let resource = |root| Resource::new(root, schema)?.from_generator(schema);
    roots.into_iter().map(resource).collect()
}

/// The documents of an encrypted file of manifests.
fn manifests(root: &Root, path: &str, span: Span) -> Result<Vec<Node>> {
    let file = root.file(path, span)?;
    let documents = file.documents(root.budget()).map_err(|error| error.at(span))?;
    let mut roots = Vec::new();
    for document in documents.iter() {
        let mut node = document.root.clone();
        let Some(mac) = mac_of(&node).map(str::to_owned) else {
            return Err(not_encrypted(path, span));
        };
        if let Some(mapping) = node.as_mapping_mut() {
            mapping.remove(SOPS);
            for (key, value) in mapping.entries_mut() {
                let is_binary = key.text() == "data";
                replace(value, &mac, is_binary);
            }
        }
        roots.push(node);
    }
    Ok(roots)
}

/// Replaces all encrypted values in a tree.
fn replace(node: &mut Node, mac: &str, is_binary: bool) {
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        let span = node.span();
        let found = node.as_text().filter(|text| text.starts_with(ENCRYPTED));
        if let Some(text) = found.map(|text| placeholder(mac, text)) {
            let text = if is_binary { BASE64_STANDARD.encode(text) } else { text };
            *node = string(&text, span).into();
        } else if node.as_sequence().is_some() {
            pending.extend(node.as_sequence_mut().into_iter().flat_map(|list| list.items_mut()));
        } else if let Some(mapping) = node.as_mapping_mut() {
            pending.extend(mapping.entries_mut().iter_mut().map(|(_, value)| value));
        }
    }
}

/// A Secret of encrypted files, one for each key, and of encrypted variables.
fn secret(entry: &Node, fields: &[&str], root: &Root) -> Result<Node> {
    let mut data: Vec<(Scalar, Node)> = Vec::new();
    let mut add = |key: &str, text: &str, span: Span| {
        data.retain(|(known, _)| known.text() != key);
        data.push((string(key, span), string(&BASE64_STANDARD.encode(text), span).into()));
    };
    for (text, span) in fields.iter().flat_map(|field| texts(entry.get(field))) {
        let (key, path) = match text.split_once('=') {
            Some((key, path)) => (key, path),
            None => {
                (Path::new(text).file_name().and_then(|name| name.to_str()).unwrap_or(text), text)
            }
        };
        let source = root.read(path, span)?;
        let mac = mac_in(source.text()).ok_or_else(|| not_encrypted(path, span))?;
        add(key, &placeholder(&mac, source.text()), span);
    }
    for (path, span) in texts(entry.get("envs")) {
        let source = root.read(path, span)?;
        let mac = mac_in(source.text()).ok_or_else(|| not_encrypted(path, span))?;
        for (key, value) in variables(source.text()) {
            add(&key, &placeholder(&mac, &value), span);
        }
    }
    let text = |text: &str| Scalar::untagged(text, Span::NONE);
    let metadata = entry.get("metadata").cloned();
    let metadata = metadata.unwrap_or_else(|| Node::mapping(Vec::new(), Span::NONE));
    let mut fields = vec![
        (text("apiVersion"), text("v1").into()),
        (text("kind"), text("Secret").into()),
        (text("metadata"), metadata),
    ];
    fields.extend(entry.get("type").cloned().map(|kind| (text("type"), kind)));
    fields.push((text("data"), Node::mapping(data, Span::NONE)));
    Ok(Node::mapping(fields, Span::NONE))
}

/// Adds the annotations that `SopsSecretGenerator` sets for kustomize.
fn annotate(secret: &mut Node, config: &Node) {
    let is_disabled = config.get("disableNameSuffixHash").and_then(Node::as_text) == Some("true");
    let behavior = config.get("behavior").and_then(Node::as_text).unwrap_or_default().to_owned();
    let Some(metadata) = secret.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    let known = metadata.remove("annotations").map(|(_, annotations)| annotations);
    let mut entries: Vec<(Scalar, Node)> = known
        .as_ref()
        .and_then(Node::as_mapping)
        .map(Mapping::entries)
        .unwrap_or_default()
        .to_vec();
    let mut add = |key: &str, value: &str| {
        entries.retain(|(known, _)| known.text() != key);
        entries.push((Scalar::untagged(key, Span::NONE), string(value, Span::NONE).into()));
    };
    add(NEEDS_HASH, if is_disabled { "false" } else { "true" });
    if !behavior.is_empty() {
        add(BEHAVIOR, &behavior);
    }
    metadata.push(Scalar::untagged("annotations", Span::NONE), Node::mapping(entries, Span::NONE));
}

/// The placeholder of a value.
fn placeholder(mac: &str, value: &str) -> String {
    let digest = Digest::of_all([mac.as_bytes(), value.as_bytes()]).to_string();
    format!("sops-placeholder-{}", digest.get(..16).unwrap_or_default())
}

/// The code that authenticates a document.
fn mac_of(root: &Node) -> Option<&str> {
    root.get(SOPS)?.get("mac")?.as_text()
}

/// The code that authenticates a file of any format that SOPS writes: YAML, JSON, variables, INI.
fn mac_in(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    let line = lines.find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "sops_mac" | "mac").then(|| value.trim().to_owned())
    });
    line.filter(|value| value.starts_with(ENCRYPTED)).or_else(|| {
        let source = crate::source::Source::detached(text);
        let document = parse::document(&source).ok()??;
        mac_of(&document.root).map(str::to_owned)
    })
}

/// The variables of an encrypted file: lines `NAME=value`, or the fields of a document.
fn variables(text: &str) -> Vec<(String, String)> {
    let source = crate::source::Source::detached(text);
    let document = parse::document(&source).ok().flatten();
    if let Some(fields) = document.as_ref().and_then(|document| document.root.as_mapping()) {
        let fields = fields.iter().filter(|(key, _)| key.text() != SOPS);
        let text = |node: &Node| node.as_text().unwrap_or_default().to_owned();
        return fields.map(|(key, value)| (key.text().to_owned(), text(value))).collect();
    }
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    let pairs = pairs.filter(|(key, _)| !key.starts_with("sops_"));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.to_owned())).collect()
}

fn string(text: &str, span: Span) -> Scalar {
    Scalar::parsed(text, Tag::Str, Style::DoubleQuoted, span)
}

/// The elements of a list.
fn items(list: Option<&Node>) -> &[Node] {
    list.and_then(Node::as_sequence).map(|list| list.items()).unwrap_or_default()
}

/// The texts of a list, with their spans.
fn texts(list: Option<&Node>) -> Vec<(&str, Span)> {
    let texts = items(list).iter().filter_map(|item| Some((item.as_text()?, item.span())));
    texts.collect()
}

#[cold]
fn not_encrypted(path: &str, span: Span) -> Error {
    let message = format!("`{}` is not encrypted by SOPS: it has no `mac`", escape::visible(path));
    Error::new(Code::InvalidValue, message)
        .at(span)
        .help("encrypt it with `sops encrypt --in-place`")
}
