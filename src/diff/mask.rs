//! Masks for values of Secrets: they are replaced by hashes before objects are compared, in Secrets, in objects that
//! create Secrets, and wherever a value of a Secret of the same target is repeated.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::text_of;
use crate::resource::secret::{embeds_secret, is_secret, is_selector, makes_secrets, with_values};
use crate::resource::{ResMap, Resource};
use crate::source::Span;
use crate::text::hex;
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence};

/// Annotation in which `kubectl apply` stores the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Secret values of a target, on both sides, and the key of the hashes that replace them.
pub(super) struct Masks<'a> {
    key: &'a [u8],
    values: SecretValues,
    /// Names of objects that are a Secret on one side and of another kind on the other.
    turned: BTreeSet<(String, String)>,
}

impl<'a> Masks<'a> {
    /// Collects the secret values of both sides. Linear in the objects, and in the text of Secrets.
    pub(super) fn of(sides: [&ResMap; 2], key: &'a [u8]) -> Self {
        let mut values = SecretValues::default();
        // For each name and side: true if there is a Secret, and if there is another object with data.
        let mut names: BTreeMap<(String, String), [[bool; 2]; 2]> = BTreeMap::new();
        for (side, resources) in sides.iter().enumerate() {
            for resource in *resources {
                let is_secret = is_secret(resource.kind());
                if is_secret {
                    values.add_secret(resource.node());
                }
                if is_secret || resource.node().get("data").is_some() {
                    names.entry(name_of(resource)).or_default()[side][usize::from(!is_secret)] =
                        true;
                }
            }
        }
        let is_turned = |sides: &[[bool; 2]; 2]| {
            sides.iter().all(|[secret, other]| secret != other) && sides[0] != sides[1]
        };
        let turned = names.into_iter().filter(|(_, sides)| is_turned(sides));
        let turned = turned.map(|(name, _)| name).collect();
        values.finish();
        Self { key, values, turned }
    }

    /// Replaces each secret value of an object by a hash. Equal values have equal hashes. Without the key, hashes
    /// cannot be compared with those of guessed values.
    pub(super) fn mask(&self, node: &mut Node, resource: &Resource) {
        if self.turned.contains(&name_of(resource)) {
            for field in ["data", "stringData", "binaryData"] {
                if let Some(values) = node.get_mut(field) {
                    self.hide_each(values);
                }
            }
        }
        let place = SecretPlace { is_identity: false, is_text: false, makes_secrets: false };
        // A list instead of calls of itself: documents may be 10,000 levels deep, and threads have small stacks.
        let mut pending = vec![(node, place)];
        while let Some((node, place)) = pending.pop() {
            self.node(node, place, &mut pending);
        }
    }

    /// Masks a node; its children are left in `pending`.
    fn node<'n>(&self, node: &'n mut Node, place: SecretPlace, pending: &mut Pending<'n>) {
        match node.kind() {
            Kind::Sequence => {
                let items = node.as_sequence_mut().map(Sequence::items_mut);
                pending.extend(items.into_iter().flatten().map(|item| (item, place)));
            }
            Kind::Mapping => {
                let kind = node.get("kind").and_then(Node::as_text).unwrap_or_default();
                let is_object = is_secret(kind) && !is_selector(node);
                let makes_secrets = place.makes_secrets || makes_secrets(kind);
                self.mapping(node, is_object, SecretPlace { makes_secrets, ..place }, pending);
            }
            Kind::Scalar => {
                if let Some(masked) = node.as_text().and_then(|text| self.text(text, place)) {
                    *node = Scalar::string(&masked, node.span()).into();
                }
            }
        }
    }

    fn mapping<'n>(
        &self,
        node: &'n mut Node,
        is_secret: bool,
        place: SecretPlace,
        pending: &mut Pending<'n>,
    ) {
        let Some(mapping) = node.as_mapping_mut() else { return };
        for (key, value) in mapping.iter_mut() {
            match key.text() {
                "apiVersion" | "kind" => {}
                "metadata" => self.metadata(value, place, pending),
                "type" | "immutable" if is_secret => {}
                _ if is_secret => self.hide_each(value),
                "stringData" => self.hide_each(value),
                "data" if place.makes_secrets && value.as_sequence().is_none() => {
                    self.hide_each(value);
                }
                "data" | "value" | "args" | "command" => {
                    pending.push((value, SecretPlace { is_text: true, ..place }));
                }
                _ => pending.push((value, place)),
            }
        }
    }

    /// Masks annotations that hold manifests of Secrets; names stay.
    fn metadata<'n>(&self, node: &'n mut Node, place: SecretPlace, pending: &mut Pending<'n>) {
        if node.as_mapping().is_none() {
            pending.push((node, place));
            return;
        }
        for (key, value) in node.as_mapping_mut().into_iter().flat_map(Mapping::iter_mut) {
            let is_identity = matches!(key.text(), "name" | "namespace");
            let is_text = key.text() == "annotations";
            if let Some(annotations) = value.as_mapping_mut().filter(|_| is_text) {
                for (key, value) in annotations.iter_mut() {
                    if key.text() == LAST_APPLIED && place.makes_secrets
                        || value.as_text().is_some_and(embeds_secret)
                    {
                        self.hide(value);
                    }
                }
            }
            pending.push((value, SecretPlace { is_identity, is_text, ..place }));
        }
    }

    /// A text with its secrets masked; `None` if there are none.
    fn text(&self, text: &str, place: SecretPlace) -> Option<String> {
        if place.is_identity {
            return None;
        }
        if self.values.is_strong(text) || place.is_text && self.values.is_weak(text) {
            return Some(self.hash(text));
        }
        let masked = self.values.replaced(text, |value| self.hash(value));
        let shown = masked.as_deref().unwrap_or(text);
        match embeds_secret(shown) {
            true => Some(with_values(shown, |value| self.hash(value))),
            false => masked,
        }
    }

    /// Masks each value of a mapping, or any other node as a whole.
    fn hide_each(&self, node: &mut Node) {
        match node.as_mapping_mut() {
            Some(mapping) => mapping.iter_mut().for_each(|(_, value)| self.hide(value)),
            None => self.hide(node),
        }
    }

    fn hide(&self, value: &mut Node) {
        let text = value.as_text().map_or_else(|| text_of(value), str::to_owned);
        *value = Scalar::string(&self.hash(&text), Span::NONE).into();
    }

    fn hash(&self, text: &str) -> String {
        if text.starts_with(PREFIX) && text.len() == PREFIX.len() + 2 * BYTES {
            return text.to_owned();
        }
        // The inner hash of the key has a fixed length, so that key and value cannot be confused.
        let digest =
            Sha256::new().chain_update(Sha256::digest(self.key)).chain_update(text).finalize();
        format!("{PREFIX}{}", hex(&digest[..BYTES]))
    }
}

const PREFIX: &str = "masked-";
/// Number of bytes of a hash that are shown.
const BYTES: usize = 5;

/// Nodes that are still to be masked, with their places.
type Pending<'n> = Vec<(&'n mut Node, SecretPlace)>;

/// Properties of the place of a value.
#[derive(Clone, Copy)]
struct SecretPlace {
    /// True for parts of the object's id.
    is_identity: bool,
    /// True for data, environment variables, arguments and annotations, which values of Secrets are copied to.
    is_text: bool,
    /// True if the object creates Secrets.
    makes_secrets: bool,
}

/// The namespace of an object, and its name without a generator's hash.
fn name_of(resource: &Resource) -> (String, String) {
    (resource.namespace().to_owned(), super::pair::stem(resource))
}

/// The values of Secrets, as text and in base64.
#[derive(Default)]
struct SecretValues {
    /// Values that are most likely secrets.
    strong: BTreeSet<String>,
    /// Values that may also be words or names.
    weak: BTreeSet<String>,
    /// Searcher for strong values within text.
    finder: Option<AhoCorasick>,
}

impl SecretValues {
    /// Maximum length of values that are searched within text.
    const LONGEST: usize = 4096;

    fn add_secret(&mut self, node: &Node) {
        for (key, value) in node.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            if matches!(key.text(), "apiVersion" | "kind" | "metadata" | "type" | "immutable") {
                continue;
            }
            let entries = value.as_mapping().into_iter().flat_map(|mapping| mapping.iter());
            for text in entries.filter_map(|(_, value)| value.as_text()) {
                self.add(text);
                if key.text() == "data" {
                    let packed: String = text.split_whitespace().collect();
                    let bytes = BASE64_STANDARD.decode(packed).unwrap_or_default();
                    std::str::from_utf8(&bytes).into_iter().for_each(|text| self.add(text));
                } else {
                    self.add(&BASE64_STANDARD.encode(text));
                }
            }
        }
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        // Names of users, services and hosts have this form.
        let is_name = text.bytes().all(|byte| byte.is_ascii_lowercase() || b"-.".contains(&byte));
        let is_number = text.len() < 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() < 4 || is_number || matches!(text, "true" | "false" | "null" | "none") {
            return;
        }
        match text.len() < 6 || is_name && text.len() < 64 {
            true => self.weak.insert(text.to_owned()),
            false => self.strong.insert(text.to_owned()),
        };
    }

    fn finish(&mut self) {
        let needles = self.strong.iter().filter(|value| value.len() <= Self::LONGEST);
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(needles);
        self.finder = finder.ok().filter(|_| !self.strong.is_empty());
    }

    fn is_strong(&self, text: &str) -> bool {
        self.strong.contains(text.trim())
    }

    fn is_weak(&self, text: &str) -> bool {
        self.weak.contains(text.trim())
    }

    /// A text with its strong values replaced; `None` if there are none. A value inside of a longer word does not
    /// count.
    fn replaced(&self, text: &str, write: impl Fn(&str) -> String) -> Option<String> {
        let finder = self.finder.as_ref()?;
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let (mut out, mut done) = (String::new(), 0);
        for found in finder.find_iter(text) {
            let (before, after) =
                (text[..found.start()].chars().next_back(), text[found.end()..].chars().next());
            if !is_letter(before) && !is_letter(after) {
                out += &text[done..found.start()];
                out += &write(&text[found.range()]);
                done = found.end();
            }
        }
        (done > 0).then(|| out + &text[done..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    fn masked(text: &str, key: &str) -> String {
        let resource = resource(text);
        let mut node = resource.node().clone();
        let none = ResMap::new();
        Masks::of([&none, &none], key.as_bytes()).mask(&mut node, &resource);
        text_of(&node)
    }

    #[test]
    fn no_value_of_a_secret_is_seen() {
        let text = "{apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {kubectl.kubernetes.io/last-applied-configuration: value}}, data: {k: value, l: value, m: [value]}, stringData: value}";
        let one = masked(text, "one");
        assert!(!one.contains("value"), "{one}");
        let hashes: Vec<&str> = one.split("masked-").skip(1).map(|rest| &rest[..10]).collect();
        assert_eq!((hashes.len(), hashes[0] == hashes[1]), (5, true), "{one}");
        assert_ne!(one, masked(text, "two"));
        let other = text.replace("Secret", "ConfigMap");
        assert!(masked(&other, "one").contains("k: value"));
    }

    #[test]
    fn values_are_known_by_what_they_are_like() {
        let mut values = SecretValues::default();
        for text in ["true", "5432", "abc", "postgres", "hunter2", "12345678", "s3cr"] {
            values.add(text);
        }
        values.finish();
        assert_eq!(values.weak.into_iter().collect::<Vec<_>>(), ["postgres", "s3cr"]);
        assert_eq!(values.strong.iter().collect::<Vec<_>>(), ["12345678", "hunter2"]);
        let mut values = SecretValues::default();
        values.add("hunter2");
        values.finish();
        let masked = |text: &str| values.replaced(text, |_| "*".to_owned());
        assert_eq!(masked("db://u:hunter2@h?hunter22").as_deref(), Some("db://u:*@h?hunter22"));
        assert_eq!(masked("hunter"), None);
    }
}
