//! Secrets in documents: objects of the kind, wherever they stand, and what makes or changes them.

use std::ops::Range;

use super::lines;
use crate::source::{Source, Span};
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

/// The fields of a generator that hold no values. What is misspelt may hold some.
const GENERATOR: &[&str] =
    &["name", "namespace", "behavior", "type", "options", "envs", "env", "files", "kvSources"];

/// Adds what is secret in documents.
pub(super) fn hide(source: &Source, documents: &[Document], ranges: &mut Vec<Range<usize>>) {
    let mut walk = Walk { source, ranges, objects: Vec::new() };
    for document in documents {
        walk.node(&document.root, Near::default());
    }
    walk.comments();
}

/// What stands around a node.
#[derive(Clone, Copy, Default)]
struct Near {
    /// Whether the object that it is in makes Secrets.
    makes_secrets: bool,
    /// Whether it is in an entry of `secretGenerator`.
    is_generator: bool,
}

struct Walk<'a> {
    source: &'a Source,
    ranges: &'a mut Vec<Range<usize>>,
    /// Where objects begin, and whether they are Secrets.
    objects: Vec<(usize, bool)>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, near: Near) {
        if let Some(list) = node.as_sequence() {
            list.items().iter().for_each(|item| self.node(item, near));
        } else if node.as_mapping().is_some() {
            self.mapping(node, near);
        } else if node.as_text().is_some_and(embeds_secret) {
            self.embedded(node);
        }
    }

    fn mapping(&mut self, node: &Node, mut near: Near) {
        let text = |key: &str| node.get(key).and_then(Node::as_text);
        if let Some(kind) = text("kind").filter(|_| !near.is_generator) {
            near.makes_secrets = makes_secrets(kind);
            // A selector has a kind too, and holds no values.
            let is_object = is_secret(kind) && !is_selector(node);
            self.objects
                .extend(self.place(node.span()).map(|range| (range.start, near.makes_secrets)));
            if is_object {
                return self.secret(node);
            }
        }
        if near.is_generator {
            self.objects.extend(self.place(node.span()).map(|range| (range.start, true)));
        }
        let of_secret =
            |target: &Node| target.get("kind").and_then(Node::as_text).is_some_and(makes_secrets);
        let is_patch_of_secret = node.get("target").is_some_and(of_secret);
        let is_operation = text("op").is_some()
            && text("path").is_some_and(|path| path.starts_with("/stringData"));
        for (key, value) in node.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            match key.text() {
                "value" if is_operation => self.values(value),
                "patch" | "jsonOp" if is_patch_of_secret => self.embedded(value),
                "stringData" => self.values(value),
                "data" if near.makes_secrets && value.as_sequence().is_none() => self.values(value),
                "literals" if near.makes_secrets || near.is_generator => self.literals(value),
                key if near.is_generator && !GENERATOR.contains(&key) => self.values(value),
                "secretGenerator" => self.node(value, Near { is_generator: true, ..near }),
                _ => self.node(value, near),
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
                            self.values(value);
                        }
                    }
                }
                _ => self.values(value),
            }
        }
    }

    /// Every scalar below a node.
    fn values(&mut self, node: &Node) {
        if let Some(list) = node.as_sequence() {
            list.items().iter().for_each(|item| self.values(item));
        } else if let Some(mapping) = node.as_mapping() {
            mapping.iter().for_each(|(_, value)| self.values(value));
        } else {
            self.ranges.extend(self.place(node.span()));
        }
    }

    /// The values in a list of `key=value`.
    fn literals(&mut self, node: &Node) {
        for literal in node.as_sequence().map_or(std::slice::from_ref(node), |list| list.items()) {
            match (literal.as_text(), self.place(literal.span())) {
                (Some(_), Some(range)) => lines::variables(self.source.text(), range, self.ranges),
                _ => self.values(literal),
            }
        }
    }

    /// The values in a text that is a manifest or a patch itself.
    fn embedded(&mut self, node: &Node) {
        if let Some(range) = self.place(node.span()) {
            lines::values(self.source.text(), range, self.ranges);
        }
    }

    /// Comments between two objects of which one is a Secret: they may hold former values.
    fn comments(&mut self) {
        if !self.objects.iter().any(|(_, is_secret)| *is_secret) {
            return;
        }
        self.objects.sort_unstable();
        for comment in parse::comments(self.source) {
            let Some(range) = self.place(comment) else { continue };
            let behind = self.objects.partition_point(|(start, _)| *start <= range.start);
            let near = self.objects[behind.saturating_sub(1)..].iter().take(if behind == 0 {
                1
            } else {
                2
            });
            if near.into_iter().any(|(_, is_secret)| *is_secret) {
                self.ranges.push(range);
            }
        }
    }

    /// The bytes of a span, if it lies in this text: what a merge key or an alias gives stands there too.
    fn place(&self, span: Span) -> Option<Range<usize>> {
        let start = span.start().checked_sub(self.source.base())? as usize;
        let end = start + span.length() as usize;
        (!span.is_none() && end <= self.source.text().len()).then_some(start..end)
    }
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
        "options",
        "optional",
        "path",
        "create",
    ];
    let mut keys = node.as_mapping().into_iter().flat_map(|mapping| mapping.iter());
    keys.all(|(key, _)| FIELDS.contains(&key.text()))
}
