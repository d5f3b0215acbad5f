//! The value of the field that a variable refers to.

use std::iter;

use crate::yaml::path::{self, ValuePath};
use crate::yaml::{Node, Tag, Text, Value, push_general, resolve};

/// The value of a variable.
#[derive(Clone, Debug)]
pub(super) enum FieldValue {
    Text(Text),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A list or a mapping, which cannot be inserted into text.
    Collection,
}

impl FieldValue {
    /// The value at a path with dots between its parts; `None` if it does not exist or its number is not a number in
    /// Go. (`kyaml/yaml/rnode.go`, `GetFieldValue`.)
    pub(super) fn of(root: &Node, path: &str) -> Option<Self> {
        let names = path::split_bracketed(path);
        let path = ValuePath::of_names(names.iter().flat_map(|name| with_index(name))).ok()?;
        let (node, _) = path.find(root).ok()??;
        let Some(scalar) = node.as_scalar() else { return Some(Self::Collection) };
        let text = scalar.text();
        match resolve(scalar) {
            Ok(Value::Int(_) | Value::Uint(_)) => text.parse().ok().map(Self::Integer),
            Ok(Value::Float(_)) => {
                text.parse().ok().filter(|float: &f64| float.is_finite()).map(Self::Float)
            }
            Ok(Value::Bool(value)) => Some(Self::Bool(value)),
            Ok(Value::Null | Value::Timestamp(_) | Value::Str(_)) => {
                Some(Self::Text(scalar.shared_text().clone()))
            }
            Err(_) => None,
        }
    }

    /// Its form within a text.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Float(float) => {
                let mut text = String::new();
                push_general(*float, &mut text);
                Some(text)
            }
            Self::Collection => None,
            _ => Some(self.alone()),
        }
    }

    /// Its form as a whole text.
    pub(super) fn alone(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Integer(integer) => integer.to_string(),
            Self::Float(float) => float.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Collection => String::new(),
        }
    }

    /// Its type as a whole text.
    pub(super) const fn tag(&self) -> Tag {
        match self {
            Self::Text(_) | Self::Collection => Tag::Str,
            Self::Integer(_) => Tag::Int,
            Self::Float(_) => Tag::Float,
            Self::Bool(_) => Tag::Bool,
        }
    }
}

/// Splits a name with an index at its end: `ports[0]` is a key and an index.
fn with_index(name: &str) -> impl Iterator<Item = &str> {
    let is_index =
        |index: &str| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    let split = name.strip_suffix(']').and_then(|name| name.rsplit_once('['));
    let (key, index) = match split.filter(|(_, index)| is_index(index)) {
        Some((key, index)) => (key, Some(index)),
        None => (name, None),
    };
    iter::once(key).chain(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse::document;

    #[track_caller]
    fn value(path: &str) -> String {
        let text = "{a: {b.c: 1, d: [x, {k: v, w: 1.5}]}, n: 0x10, t: true, s: '5', e: ~, m: {}}";
        let root = document(&Sources::new().add("text.yaml", text).unwrap()).unwrap().unwrap().root;
        format!("{:?}", FieldValue::of(&root, path))
    }

    #[test]
    fn paths_lead_to_values() {
        for path in [r"a.b\.c", "a.[b.c]", r".a.b\.c"] {
            assert_eq!(value(path), "Some(Integer(1))", "{path}");
        }
        for path in ["a.d[1].w", "a.d.1.w", "a.d.-.w", "a.d.[k=v].w"] {
            assert_eq!(value(path), "Some(Float(1.5))", "{path}");
        }
        assert_eq!(value("a.d.[=x]"), "Some(Text(\"x\"))");
        assert_eq!(value("t"), "Some(Bool(true))");
        // An open bracket at the end is dropped.
        assert_eq!(value("[t"), "Some(Bool(true))");
        assert_eq!(value("s"), "Some(Text(\"5\"))");
        assert_eq!(value("e"), "Some(Text(\"~\"))");
        assert_eq!(value("m"), "Some(Collection)");
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        for path in ["x", "a.d[5]", "a.d[7].x", "n", "t.x", "a.*", "a.d.[k]", "m.-"] {
            assert_eq!(value(path), "None", "{path}");
        }
    }
}
