//! A schema in a comment, written in JSON: `ports: # {"type":"array","x-kubernetes-patch-strategy":"merge",…}`.

use super::openapi::{self, SETTER};
use super::table::{Definition, Field, Table};
use super::{Schema, Type};
use crate::source::Sources;
use crate::yaml::{CollectionStyle, Kind, Node, Style, parse};

/// The schema of a field, from a comment next to it. (kyaml, `fieldmeta`.)
///
/// Any JSON object replaces the schema of the field: one with another purpose, such as `{"$imagepolicy": "…"}`, makes
/// the type of the field unknown.
pub struct Inline(Table);

impl Inline {
    /// Reads a comment that begins with `{`. `None` if it is not a JSON object, empty, or not a schema.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let source = Sources::new().add("", object(text)?).ok()?;
        let document = parse::document(&source).ok()??;
        let entries = document.root.as_mapping().filter(|_| is_json(&document.root))?;
        if entries.is_empty() {
            return None;
        }
        // The short form of a reference to a setter. If other members are not strings, it is a schema.
        let setter = entries.get("$openapi").and_then(Node::as_text).filter(|name| {
            !name.is_empty() && entries.iter().all(|(_, value)| value.kind() == Kind::Scalar)
        });
        let text = match setter {
            Some(name) => format!("\n{NAME}\t{SETTER}{name}\n"),
            None => openapi::compile_inline(NAME, &document.root).ok()?,
        };
        Some(Self(Table::new(text)))
    }

    /// The type that the comment describes. A reference without a definition gives an unknown type.
    #[must_use]
    pub fn of<'a>(&'a self, schema: &'a Schema) -> Type<'a> {
        let known = |own| Type::new(schema, &self.0, Definition::without_fields(own, 0));
        let Some(definition) = self.0.definition(NAME) else { return known("") };
        match definition.own.as_bytes().first() {
            None | Some(b'[' | b'{') => Type::new(schema, &self.0, definition),
            Some(_) => {
                let reference = Field { text: definition.own, line: definition.line };
                known("").read(reference).unwrap_or_else(|| known(""))
            }
        }
    }
}

/// The name of the definition in the table of a comment.
const NAME: &str = "comment";

/// A JSON object at the start of a text. As in kustomize, anything may follow it.
fn object(text: &str) -> Option<&str> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(..=place);
                }
            }
            _ => {}
        }
    }
    None
}

/// True if a node read as YAML is written in JSON.
fn is_json(root: &Node) -> bool {
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        let fits = match (node.as_scalar(), node.as_mapping(), node.as_sequence()) {
            (Some(scalar), ..) if scalar.style() == Style::Plain => {
                matches!(scalar.text(), "true" | "false" | "null")
                    || scalar
                        .text()
                        .bytes()
                        .all(|byte| byte.is_ascii_digit() || b"-+.eE".contains(&byte))
            }
            (Some(scalar), ..) => scalar.style() == Style::DoubleQuoted,
            (_, Some(mapping), _) => {
                pending.extend(mapping.iter().map(|(_, value)| value));
                mapping.style() == CollectionStyle::Flow
                    && mapping.iter().all(|(key, _)| key.style() == Style::DoubleQuoted)
            }
            (_, _, Some(list)) => {
                pending.extend(list.items());
                list.style() == CollectionStyle::Flow
            }
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    true
}
