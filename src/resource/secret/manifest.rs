//! Finds secret values in documents: Secrets at any depth, and the objects that make or change them.

use std::ops::Range;

use super::marks::Marks;
use super::{generator, lines};
use crate::source::Source;
use crate::yaml::Node;
use crate::yaml::parse::{self, Document};

/// True if text may concern Secrets: it contains the word, in any case.
#[must_use]
pub fn mentions_secret(text: &str) -> bool {
    // `memmem` for the first letters in either case: kinds and fields are written `Secret` and `secret`.
    text.contains("ecret") || text.contains("ECRET") || text.contains("stringData")
}

/// True if a kind is that of Secrets. The group is ignored: `core/v1` is a common mistake.
#[must_use]
pub fn is_secret(kind: &str) -> bool {
    kind.trim().eq_ignore_ascii_case("Secret")
}

/// True if objects of a kind make Secrets, and may contain their values: `SealedSecret`, `ExternalSecret`,
/// `SecretGenerator`.
#[must_use]
pub fn makes_secrets(kind: &str) -> bool {
    kind.to_ascii_lowercase().contains("secret")
}

/// True for a field of an object that makes Secrets which has the text of an entry, such as
/// `spec.destination.transformation.templates.NAME.text` of a `VaultStaticSecret`, and `spec.target.template.templateFrom[].literal`
/// of an `ExternalSecret`.
#[must_use]
pub fn is_template(field: &str) -> bool {
    matches!(field, "text" | "literal")
}

/// True if a text contains a manifest of a Secret, in YAML or JSON, as `kubectl apply` and others write into
/// annotations.
#[must_use]
pub fn embeds_secret(text: &str) -> bool {
    let is_long = || memchr::memchr2(b'\n', b'{', text.as_bytes()).is_some();
    is_long() && mentions_secret(text) && lines::mentions_object(text)
}

/// Adds the secret values of documents.
pub(super) fn hide(source: &Source, documents: &[Document], ranges: &mut Vec<Range<usize>>) {
    let mut walk = ManifestWalk { marks: Marks { source, ranges }, objects: Vec::new() };
    for document in documents {
        walk.top(&document.root);
    }
    walk.comments();
}

struct ManifestWalk<'a> {
    marks: Marks<'a>,
    /// Start of each object, with a flag that is true for Secrets.
    objects: Vec<(usize, bool)>,
}

impl ManifestWalk<'_> {
    /// Visits a document. Top-level fields of a kustomization are recognised even if misspelt or misindented.
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

    /// Visits a node. `makes_secrets` is true if its object makes Secrets.
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
            // A selector has a kind too, but no values.
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
                key if in_maker && is_template(key) => self.marks.values(value),
                "literals" if in_maker => self.marks.literals(value),
                key if key.eq_ignore_ascii_case("secretGenerator") => self.generators(value),
                _ => self.node(value, in_maker),
            }
        }
    }

    /// Marks the annotations of a Secret, and all other fields except its type and metadata.
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

    /// Marks the entries of `secretGenerator`.
    fn generators(&mut self, field: &Node) {
        for entry in field.as_sequence().into_iter().flat_map(|list| list.items()) {
            self.object(entry, true);
        }
        generator::field(field, &mut self.marks);
    }

    fn object(&mut self, node: &Node, is_secret: bool) {
        self.objects.extend(self.marks.place(node.span()).map(|range| (range.start, is_secret)));
    }

    /// Marks comments next to a Secret: they may contain former values.
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

/// True if a replacement copies a value from or to Secrets.
fn concerns_secret(replacement: &Node) -> bool {
    let is_secret =
        |selector: Option<&Node>| selector?.get("kind").and_then(Node::as_text).map(makes_secrets);
    let targets = replacement.get("targets").and_then(Node::as_sequence);
    let mut targets = targets.into_iter().flat_map(|targets| targets.items());
    is_secret(replacement.get("source")) == Some(true)
        || targets.any(|target| is_secret(target.get("select")) == Some(true))
}

/// True if a mapping selects objects by type: it has only fields of selectors.
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
