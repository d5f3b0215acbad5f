//! Masks for values of Secrets: they are replaced by hashes before objects are compared, in Secrets and in objects that
//! create or contain Secrets. Copies elsewhere are masked at the end of a run, when all values are known: [`super::copies`].

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::text_of;
use crate::resource::secret::{
    embeds_secret, is_secret, is_selector, is_template, makes_secrets, with_values,
};
use crate::resource::{ResMap, Resource};
use crate::source::Span;
use crate::text::hex;
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence};

/// Annotation in which `kubectl apply` stores the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Masks for the objects of a target.
pub(super) struct Masks<'a> {
    hashes: &'a Hashes,
    /// Names of objects that are a Secret on one side and of another kind on the other.
    turned: BTreeSet<(String, String)>,
}

impl<'a> Masks<'a> {
    /// Finds the objects that are Secrets on one side only. Linear in the objects.
    pub(super) fn of(sides: [&ResMap; 2], hashes: &'a Hashes) -> Self {
        // For each name and side: true if there is a Secret, and if there is another object with data.
        let mut names: BTreeMap<(String, String), [[bool; 2]; 2]> = BTreeMap::new();
        for (side, resources) in sides.iter().enumerate() {
            for resource in *resources {
                let is_secret = is_secret(resource.kind());
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
        Self { hashes, turned }
    }

    /// Replaces each secret value of an object by a hash.
    pub(super) fn mask(&self, node: &mut Node, resource: &Resource) {
        // Those of a Secret are hidden below, once.
        if !is_secret(resource.kind()) && self.turned.contains(&name_of(resource)) {
            for field in ["data", "stringData", "binaryData"] {
                if let Some(values) = node.get_mut(field) {
                    self.hide_each(values);
                }
            }
        }
        if !may_have_values(node) {
            return;
        }
        let place = SecretPlace { is_identity: false, makes_secrets: false };
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
                field if place.makes_secrets && is_template(field) => self.hide(value),
                "data" if place.makes_secrets && value.as_sequence().is_none() => {
                    self.hide_each(value);
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
            pending.push((value, SecretPlace { is_identity, ..place }));
        }
    }

    /// A text with its secrets masked; `None` if there are none.
    fn text(&self, text: &str, place: SecretPlace) -> Option<String> {
        let is_meant = !place.is_identity && embeds_secret(text);
        is_meant.then(|| with_values(text, |value| self.hashes.of(value)))
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
        *value = Scalar::string(&self.hashes.of(&text), Span::NONE).into();
    }
}

/// Hashes that replace values. Equal values have equal hashes. Without the key, hashes cannot be compared with those of
/// guessed values.
#[derive(Debug)]
pub(super) struct Hashes {
    pub(super) key: Vec<u8>,
}

impl Hashes {
    /// The hash of a value.
    pub(super) fn of(&self, text: &str) -> String {
        // The inner hash of the key has a fixed length, so that key and value cannot be confused.
        let digest =
            Sha256::new().chain_update(Sha256::digest(&self.key)).chain_update(text).finalize();
        format!("{PREFIX}{}", hex(&digest[..BYTES]))
    }
}

const PREFIX: &str = "masked-";
/// Number of bytes of a hash that are shown.
const BYTES: usize = 5;

/// False for an object without values to mask, as most are: it is not copied then.
fn may_have_values(node: &Node) -> bool {
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        if node.as_text().is_some_and(embeds_secret) {
            return true;
        }
        pending.extend(node.items());
        for (key, value) in node.entries() {
            let is_value = match key.text() {
                "stringData" => true,
                "kind" => {
                    let kind = value.as_text().unwrap_or_default();
                    is_secret(kind) || makes_secrets(kind)
                }
                _ => false,
            };
            if is_value {
                return true;
            }
            pending.push(value);
        }
    }
    false
}

/// Nodes that are still to be masked, with their places.
type Pending<'n> = Vec<(&'n mut Node, SecretPlace)>;

/// Properties of the place of a value.
#[derive(Clone, Copy)]
struct SecretPlace {
    /// True for parts of the object's id.
    is_identity: bool,
    /// True if the object creates Secrets.
    makes_secrets: bool,
}

/// The namespace of an object, and its name without a generator's hash.
fn name_of(resource: &Resource) -> (String, String) {
    (resource.namespace().to_owned(), super::pair::stem(resource))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    fn masked(text: &str, key: &str) -> String {
        let resource = resource(text);
        let mut node = resource.node().clone();
        let none = ResMap::new();
        let hashes = Hashes { key: key.into() };
        Masks::of([&none, &none], &hashes).mask(&mut node, &resource);
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
        // What has no values is not even copied.
        let plain =
            resource("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}");
        let (mut node, none) = (plain.node().clone(), ResMap::new());
        let hashes = Hashes { key: "one".into() };
        Masks::of([&none, &none], &hashes).mask(&mut node, &plain);
        assert!(node.is_same(plain.node()));
        let other = text.replace("Secret", "ConfigMap");
        assert!(masked(&other, "one").contains("k: value"));
    }
}
