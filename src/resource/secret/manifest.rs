//! Secrets in documents: objects of the kind, wherever they stand, and what makes or changes them.

use std::ops::Range;

use super::marks::Marks;
use super::{generator, lines};
use crate::source::Source;
use crate::yaml::Node;
use crate::yaml::parse::{self, Document};

/// Whether text may be about Secrets: it holds the word, in any case.
#[must_use]
pub fn mentions_secret(text: &str) -> bool {
    // `memmem` on both letters that begin it: kinds and fields are written `Secret` and `secret`.
    text.contains("ecret") || text.contains("ECRET") || text.contains("stringData")
}

/// Whether a kind is that of Secrets. Its group does not matter: `core/v1` is a mistake that is made.
#[must_use]
pub fn is_secret(kind: &str) -> bool {
    kind.trim().eq_ignore_ascii_case("Secret")
}

/// Whether objects of a kind make Secrets, and may hold what goes into them: `SealedSecret`, `ExternalSecret`,
/// `SecretGenerator`.
#[must_use]
pub fn makes_secrets(kind: &str) -> bool {
    kind.to_ascii_lowercase().contains("secret")
}

/// Whether a text holds a manifest of a Secret, in YAML or JSON: what `kubectl apply` and others write into annotations.
#[must_use]
pub fn embeds_secret(text: &str) -> bool {
    mentions_secret(text) && (text.contains(['\n', '{']) && lines::mentions_object(text))
}

/// Adds what is secret in documents.
pub(super) fn hide(source: &Source, documents: &[Document], ranges: &mut Vec<Range<usize>>) {
    let mut walk = Walk { marks: Marks { source, ranges }, objects: Vec::new() };
    for document in documents {
        walk.top(&document.root);
    }
    walk.comments();
}

struct Walk<'a> {
    marks: Marks<'a>,
    /// Where objects begin, and whether they are Secrets.
    objects: Vec<(usize, bool)>,
}

impl Walk<'_> {
    /// A document. The fields of a kustomization are known at its top even where they are misspelt or misindented.
    fn top(&mut self, root: &Node) {
        let kind = root.get("kind").and_then(Node::as_text).unwrap_or_default();
        if matches!(kind, "" | "Kustomization" | "Component") {
            for (key, value) in root.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
                match &*key.text().to_ascii_lowercase() {
                    "literals" => self.marks.literals(value),
                    key if key.starts_with("secret") => self.generators(value),
                    _ => {}
                }
            }
        }
        self.node(root, false);
    }

    /// `makes_secrets` says whether the object that the node is in does.
    fn node(&mut self, node: &Node, makes_secrets: bool) {
        if let Some(list) = node.as_sequence() {
            list.items().iter().for_each(|item| self.node(item, makes_secrets));
        } else if node.as_mapping().is_some() {
            self.mapping(node, makes_secrets);
        } else if node.as_text().is_some_and(embeds_secret) {
            self.marks.embedded(node);
        }
    }

    fn mapping(&mut self, node: &Node, mut in_maker: bool) {
        let text = |key: &str| node.get(key).and_then(Node::as_text);
        if let Some(kind) = text("kind") {
            in_maker = makes_secrets(kind);
            // A selector has a kind too, and holds no values.
            let is_object = !is_selector(node);
            self.object(node, in_maker);
            if is_secret(kind) && is_object {
                return self.secret(node);
            }
            if kind.eq_ignore_ascii_case("SecretGenerator") && is_object {
                return generator::document(node, &mut self.marks);
            }
        }
        let of_secret =
            |target: &Node| target.get("kind").and_then(Node::as_text).is_some_and(makes_secrets);
        let is_patch_of_secret = node.get("target").is_some_and(of_secret);
        let is_operation = text("op").is_some()
            && text("path").is_some_and(|path| path.starts_with("/stringData"));
        for (key, value) in node.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            match key.text() {
                "value" if is_operation => self.marks.values(value),
                "patch" | "jsonOp" if is_patch_of_secret => self.marks.embedded(value),
                "sourceValue" if concerns_secret(node) => self.marks.values(value),
                "stringData" => self.marks.values(value),
                "data" if in_maker && value.as_sequence().is_none() => self.marks.values(value),
                "literals" if in_maker => self.marks.literals(value),
                key if key.eq_ignore_ascii_case("secretGenerator") => self.generators(value),
                _ => self.node(value, in_maker),
            }
        }
    }

    /// All of a Secret but for what it is called.
    fn secret(&mut self, node: &Node) {
        for (key, value) in node.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            match key.text() {
                "apiVersion" | "kind" | "type" | "immutable" => {}
                "metadata" => {
                    for (key, value) in
                        value.as_mapping().into_iter().flat_map(|mapping| mapping.iter())
                    {
                        if key.text() == "annotations" {
                            self.marks.values(value);
                        }
                    }
                }
                _ => self.marks.values(value),
            }
        }
    }

    /// The entries of `secretGenerator`.
    fn generators(&mut self, field: &Node) {
        for entry in field.as_sequence().into_iter().flat_map(|list| list.items()) {
            self.object(entry, true);
        }
        generator::field(field, &mut self.marks);
    }

    fn object(&mut self, node: &Node, is_secret: bool) {
        self.objects.extend(self.marks.place(node.span()).map(|range| (range.start, is_secret)));
    }

    /// Comments between two objects of which one is a Secret: they may hold former values.
    fn comments(&mut self) {
        if !self.objects.iter().any(|(_, is_secret)| *is_secret) {
            return;
        }
        self.objects.sort_unstable();
        for comment in parse::comments(self.marks.source) {
            let Some(range) = self.marks.place(comment) else { continue };
            let behind = self.objects.partition_point(|(start, _)| *start <= range.start);
            let near = self.objects[behind.saturating_sub(1)..].iter().take(if behind == 0 {
                1
            } else {
                2
            });
            if near.into_iter().any(|(_, is_secret)| *is_secret) {
                self.marks.ranges.push(range);
            }
        }
    }
}

/// Whether a replacement copies a value out of Secrets or into them.
fn concerns_secret(replacement: &Node) -> bool {
    let is_secret =
        |selector: Option<&Node>| selector?.get("kind").and_then(Node::as_text).map(makes_secrets);
    let targets = replacement.get("targets").and_then(Node::as_sequence);
    let mut targets = targets.into_iter().flat_map(|targets| targets.items());
    is_secret(replacement.get("source")) == Some(true)
        || targets.any(|target| is_secret(target.get("select")) == Some(true))
}

/// Whether a mapping selects objects by their type: it has nothing but what selectors have.
#[must_use]
pub fn is_selector(node: &Node) -> bool {
    const FIELDS: &[&str] = &[
        "group",
        "version",
        "kind",
        "name",
        "namespace",
        "apiVersion",
        "annotationSelector",
        "labelSelector",
        "fieldPath",
        "fieldSpecs",
        "options",
        "optional",
        "path",
        "create",
    ];
    let mut keys = node.as_mapping().into_iter().flat_map(|mapping| mapping.iter());
    keys.all(|(key, _)| FIELDS.contains(&key.text()))
}
