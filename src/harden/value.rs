//! Values as the API server reads them.
//!
//! `kubectl` reads manifests by the rules of YAML 1.1: `yes` is true. A null counts as absent.

use crate::yaml::{Node, Value, resolve_1_1};

/// The value of a key, unless it is null.
pub(crate) fn present<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|value| !value.is_null())
}

/// The value at a path of keys, unless it or a node on the path is null.
pub(crate) fn below<'a>(node: &'a Node, keys: &[&str]) -> Option<&'a Node> {
    keys.iter().try_fold(node, |node, key| present(node, key))
}

/// The elements of a list; empty if there is none.
pub(crate) fn items(node: Option<&Node>) -> &[Node] {
    node.map(Node::items).unwrap_or_default()
}

/// The boolean value of a scalar.
pub(crate) fn boolean(node: &Node) -> Option<bool> {
    match resolve_1_1(node.as_scalar()?) {
        Ok(Value::Bool(value)) => Some(value),
        _ => None,
    }
}

/// True if a value exists and is true.
pub(crate) fn is_true(node: Option<&Node>) -> bool {
    node.and_then(boolean) == Some(true)
}

/// True if a value exists and is false.
pub(crate) fn is_false(node: Option<&Node>) -> bool {
    node.and_then(boolean) == Some(false)
}

/// The integer value of a scalar.
pub(crate) fn integer(node: &Node) -> Option<i64> {
    match resolve_1_1(node.as_scalar()?) {
        Ok(Value::Int(value)) => Some(value),
        // JSON does not distinguish 0 and 0.0.
        #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
        Ok(Value::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 => Some(value as i64),
        _ => None,
    }
}

/// The text of the value of a key, unless it is null.
pub(crate) fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    present(node, key).and_then(Node::as_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    #[test]
    fn values_are_read_as_kubectl_sends_them() {
        let object =
            resource("{kind: A, metadata: {name: a}, a: yes, b: 'true', c: 0x0, d: 0.0, e: ~}");
        let node = object.node();
        assert!(is_true(present(node, "a")) && !is_true(present(node, "b")));
        assert_eq!(["c", "d"].map(|key| integer(node.get(key).unwrap())), [Some(0), Some(0)]);
        assert!(present(node, "e").is_none() && !is_false(present(node, "e")));
    }
}
