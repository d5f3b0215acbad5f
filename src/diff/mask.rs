//! What nobody is to see of Secrets.

use sha2::{Digest, Sha256};

use crate::schema::Gvk;
use crate::source::Span;
use crate::yaml::{Node, Scalar};

use super::text_of;

/// `kubectl apply` writes the whole object into it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Puts a hash in place of every value of a Secret: equal values have equal hashes. Who does not know the key cannot
/// try values.
pub(super) fn mask(node: &mut Node, gvk: &Gvk, key: &[u8]) {
    if gvk.kind != "Secret" || !gvk.group.is_empty() {
        return;
    }
    for field in ["data", "stringData"] {
        if let Some(values) = node.get_mut(field) {
            match values.as_mapping_mut() {
                Some(mapping) => mapping.iter_mut().for_each(|(_, value)| hide(value, key)),
                None => hide(values, key),
            }
        }
    }
    let annotations = node.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(value) = annotations.and_then(|annotations| annotations.get_mut(LAST_APPLIED)) {
        hide(value, key);
    }
}

fn hide(value: &mut Node, key: &[u8]) {
    let text = value.as_text().map_or_else(|| text_of(value), str::to_owned);
    // The inner hash of the key makes one length of it, so that no key and value run into each other.
    let digest = Sha256::new().chain_update(Sha256::digest(key)).chain_update(text).finalize();
    let digits: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    *value = Scalar::string(&format!("masked-{digits}"), Span::NONE).into();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    fn masked(text: &str, key: &str) -> String {
        let resource = resource(text);
        let mut node = resource.node().clone();
        mask(&mut node, resource.gvk(), key.as_bytes());
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
}
