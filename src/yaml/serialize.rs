//! Documents as values for [`serde`]: with the types that the output has.

use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::node::{CollectionStyle, Node, View};
use super::scalar::Value;
use super::typed::{self, Order, TypedPlace};

/// The maximum depth of collections: a [`Serializer`] needs stack for each.
const MAX_DEPTH: usize = 400;

/// Integers of at most this size are exact as floats. In the output, such a float has no fraction: `1e3` is `1000`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Every key must be a string; mappings are sorted by key, as in the output.
///
/// ```
/// use krender::{source::Sources, yaml::parse};
///
/// let source = Sources::new().add("web.yaml", "replicas: 2\nargs: [a, \"2\"]\n")?;
/// let document = parse::document(&source)?.unwrap();
/// assert_eq!(
///     serde_json::to_string(&document.root).unwrap(),
///     r#"{"args":["a","2"],"replicas":2}"#,
/// );
/// # Ok::<(), krender::error::Error>(())
/// ```
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Part { node: self, is_root: false, in_flow: false, depth: 0 }.serialize(serializer)
    }
}

/// Serializes a whole document. Unlike those of other mappings, its keys may be numbers and booleans: they are text in
/// the output.
pub(crate) fn serialize<S: Serializer>(root: &Node, serializer: S) -> Result<S::Ok, S::Error> {
    Part { node: root, is_root: true, in_flow: false, depth: 0 }.serialize(serializer)
}

/// A node in its document.
#[derive(Clone, Copy)]
struct Part<'a> {
    node: &'a Node,
    is_root: bool,
    /// True in a flow collection.
    in_flow: bool,
    depth: usize,
}

impl Part<'_> {
    /// A node in the collection of this one.
    fn below<'n>(&self, node: &'n Node, style: CollectionStyle) -> Part<'n> {
        let in_flow = self.in_flow || style == CollectionStyle::Flow;
        Part { node, is_root: false, in_flow, depth: self.depth + 1 }
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.depth > MAX_DEPTH {
            let message = format!("collections are nested more than {MAX_DEPTH} deep");
            return Err(S::Error::custom(message));
        }
        match self.node.view() {
            View::Scalar(scalar) => {
                match typed::value(scalar, self.in_flow).map_err(S::Error::custom)? {
                    Value::Null => serializer.serialize_unit(),
                    Value::Bool(value) => serializer.serialize_bool(value),
                    Value::Int(value) => serializer.serialize_i64(value),
                    Value::Uint(value) => serializer.serialize_u64(value),
                    Value::Float(value) if value.fract() == 0.0 && value.abs() < EXACT => {
                        serializer.serialize_i64(value as i64)
                    }
                    Value::Float(value) if value.is_finite() => serializer.serialize_f64(value),
                    Value::Float(_) => Err(S::Error::custom(typed::no_number(scalar))),
                    Value::Timestamp(text) => serializer.serialize_str(&text),
                    Value::Str(text) => serializer.serialize_str(&text),
                }
            }
            View::Sequence(sequence) => {
                let mut items = serializer.serialize_seq(Some(sequence.items.len()))?;
                for item in &sequence.items {
                    items.serialize_element(&self.below(item, sequence.style))?;
                }
                items.end()
            }
            View::Mapping(mapping) => {
                let in_flow = self.in_flow || mapping.style == CollectionStyle::Flow;
                let place = TypedPlace { root: self.is_root, in_flow };
                let mut entries = Vec::with_capacity(mapping.len());
                typed::collect(mapping, place, Order::Bytes, &mut entries)
                    .map_err(S::Error::custom)?;
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for entry in &entries {
                    map.serialize_entry(&*entry.key, &self.below(entry.value, mapping.style))?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::sample::{document, nested};
    use crate::yaml::{Form, write_json};

    /// As JSON, it is what the writer of JSON writes.
    #[test]
    fn values_have_the_types_of_the_output() {
        for text in [
            "{}",
            "b: [1, {}, [x], ~]\na10: true\na9: {c: d, e: }\nB: ''",
            "a: [18446744073709551615, -7, 0x10, 0o17, 1.5, 1e3, on, 2020-01-01, 010]",
            "? a\n: |\n  b\n  c\nd: !!str 1\ne: \"2\"\nf: {g: a:b, h: 1}",
            "base: &x {a: 1}\nother: {<<: *x, b: 2}",
        ] {
            let node = document(&Sources::new(), text).unwrap();
            let mut written = String::new();
            write_json(&node, Form::Compact, &mut written).unwrap();
            let written: serde_json::Value = serde_json::from_str(&written).unwrap();
            assert_eq!(serde_json::to_value(&node).unwrap(), written, "{text}");
        }
    }

    #[test]
    fn values_without_a_form_are_errors() {
        for text in ["a: .inf", "a: {1: b}", "1: b", "{a: 1, a: 2}", "a: !!int b"] {
            let node = document(&Sources::new(), text).unwrap();
            assert!(serde_json::to_value(&node).is_err(), "{text}");
        }
        let number = document(&Sources::new(), "1: b").unwrap();
        let written = serialize(&number, serde_json::value::Serializer).unwrap();
        assert_eq!(written, serde_json::json!({"1": "b"}));
    }

    #[test]
    fn depth_is_bounded() {
        assert!(serde_json::to_string(&nested(MAX_DEPTH / 2)).is_ok());
        let error = serde_json::to_string(&nested(MAX_DEPTH + 1)).unwrap_err();
        assert!(error.to_string().contains("nested"), "{error}");
    }
}
