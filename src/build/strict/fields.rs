//! Checks of the text and the values of a kustomization file.

use crate::config::{Image, Kustomization};
use crate::error::{Code, Error, nearest};
use crate::limits::Budget;
use crate::source::Source;
use crate::yaml::de::Spanned;
use crate::yaml::{Node, Text, parse, twice};

/// The words of `buildMetadata`.
const METADATA: [&str; 3] = ["originAnnotations", "transformerAnnotations", "managedByLabel"];

/// Finds keys that occur twice, of which the second one wins, and documents after the first one, which are ignored.
pub(super) fn document(source: &Source, budget: &Budget) -> Vec<Error> {
    // A file that cannot be read as a whole fails by itself, or has ignored content.
    let documents = match parse::whole_documents(source, budget) {
        Ok(documents) => documents,
        Err(error) => return vec![error],
    };
    let mut found = Vec::new();
    if let Some(first) = documents.first() {
        let mut pending = vec![&first.root];
        while let Some(node) = pending.pop() {
            pending.extend(node.items());
            pending.extend(node.entries().iter().map(|(_, value)| value));
            found.extend(second_keys(node));
        }
    }
    found.extend(documents.iter().skip(1).filter(|it| !it.root.is_null()).map(|document| {
        Error::new(Code::NoEffect, "found a second document in a kustomization file")
            .at(document.root.span())
            .label("this is ignored")
            .help("move its fields into the first document, or its resource into a file")
    }));
    found
}

/// The errors for the keys of a mapping that occur twice.
fn second_keys(node: &Node) -> Vec<Error> {
    let mut keys: Vec<_> = node.entries().iter().map(|(key, _)| key).collect();
    // Equal keys stay in the order of the text.
    keys.sort_by_key(|key| key.text());
    let pairs = keys.windows(2).filter(|pair| pair[0].text() == pair[1].text());
    pairs.map(|pair| twice(pair[0], pair[1])).collect()
}

/// Finds values that have no effect, or that no cluster accepts.
pub(super) fn values(kustomization: &Kustomization) -> Vec<Error> {
    let mut found = Vec::new();
    for word in &kustomization.build_metadata {
        if !METADATA.contains(&word.as_str()) {
            let message = format!("`buildMetadata` has no option `{}`", word.as_str());
            let near = nearest(word, METADATA).map(|near| format!("did you mean `{near}`?"));
            let help =
                near.unwrap_or_else(|| format!("its options are `{}`", METADATA.join("`, `")));
            found.push(Error::new(Code::NoEffect, message).at(word.span).help(help));
        }
    }
    for replica in kustomization.replicas.iter().filter(|replica| *replica.count < 0) {
        let message = format!("found {} replicas, expected 0 or more", *replica.count);
        found.push(Error::new(Code::InvalidValue, message).at(replica.count.span));
    }
    found.extend(kustomization.images.iter().filter_map(|image| digest(image)));
    found
}

/// The error for a digest that names no content. (The OCI image specification, `descriptor.md`: digests.)
fn digest(image: &Image) -> Option<Error> {
    let digest: &Spanned<Text> = &image.digest;
    if digest.is_empty() {
        return None;
    }
    let (algorithm, code) = digest.split_once(':').unwrap_or((digest.as_str(), ""));
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => 32,
    };
    let is_whole = match algorithm {
        "sha256" | "sha512" => code.len() == length,
        _ => code.len() >= length,
    };
    let is_hex = code.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_whole && is_hex {
        return None;
    }
    let message = format!("`{}` is no digest", digest.as_str());
    Some(
        Error::new(Code::InvalidValue, message).at(digest.span).help(
            "a digest is `sha256:` and 64 digits of 0 to 9 and a to f, as registries show it",
        ),
    )
}
