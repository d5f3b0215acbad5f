//! The value of the field that a variable refers to.

use crate::yaml::{Node, Tag, Text, Value, path, push_general, resolve};

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
        let mut node = root;
        for part in parts(path) {
            node = step(node, &part)?;
        }
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

/// One step of a path: an index, `-` for the last element, `[key=value]` for an element with that field, or a key.
fn step<'n>(node: &'n Node, part: &str) -> Option<&'n Node> {
    let items = || Some(node.as_sequence()?.items());
    if let Ok(index) = part.parse::<i64>() {
        return items()?.get(usize::try_from(index).ok()?);
    }
    if part == "-" {
        return items()?.last();
    }
    if let Some(element) = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')) {
        let (key, value) = element.split_once('=')?;
        let is_meant = |item: &&Node| match key {
            "" => item.as_text().unwrap_or_default() == value,
            key => item.get(key).and_then(Node::as_text) == Some(value),
        };
        return items()?.iter().find(is_meant);
    }
    node.get(part)
}

/// The parts of a path. `\.` is a dot in a key; brackets keep `[a.b]` together; `ports[0]` is a key and an index.
fn parts(path: &str) -> Vec<String> {
    let mut open = false;
    let mut joined: Vec<String> = Vec::new();
    for part in path::split(path, '.') {
        match joined.last_mut() {
            Some(last) if open => {
                last.push('.');
                last.push_str(&part);
                open = !part.ends_with(']');
            }
            _ => {
                open = part.starts_with('[') && !part.ends_with(']');
                joined.push(part.into_owned());
            }
        }
    }
    joined.into_iter().flat_map(|part| with_index(&part)).collect()
}

/// Splits a part into a key and an index, and removes brackets around a key.
fn with_index(part: &str) -> Vec<String> {
    // A bracketed part with a dot is a key, unless it contains `=`.
    let part = match part.strip_prefix('[') {
        Some(_) if part.contains('.') && !part.contains('=') => part.trim_matches(['[', ']']),
        _ => part,
    };
    let index = part.strip_suffix(']').and_then(|part| part.rsplit_once('['));
    let parts: &[&str] = match index {
        Some((key, index))
            if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            &[key, index]
        }
        _ => &[part],
    };
    let parts = parts.iter().map(|part| part.trim());
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
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
        assert_eq!(value("s"), "Some(Text(\"5\"))");
        assert_eq!(value("e"), "Some(Text(\"~\"))");
        assert_eq!(value("m"), "Some(Collection)");
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        for path in ["x", "a.d[5]", "a.d[7].x", "n", "t.x", "a.*"] {
            assert_eq!(value(path), "None", "{path}");
        }
    }
}
