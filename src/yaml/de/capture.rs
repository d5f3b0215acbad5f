//! Deserialized values without a type of their own: [`Text`], and [`Node`] for fields of free form.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::source::Span;
use crate::yaml::{Node, Scalar, Style, Tag, Text};

use super::Spanned;

/// For fields of free form, and for fields that take text or a mapping.
///
/// The node has the value that the reference passes on: scalars are typed by YAML 1.1 and tagged with their type, keys
/// are text. The styles are lost, the spans are kept.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::<Shape>::deserialize(deserializer).map(|shape| shape.value.into_node(shape.span))
    }
}

/// For fields of free form that take a mapping: `#[serde(deserialize_with = "de::mapping")]`.
///
/// # Errors
/// `InvalidType` for a value that is not a mapping.
pub fn mapping<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Node>, D::Error> {
    let Spanned { value: CapturedEntries(entries), span } = Spanned::deserialize(deserializer)?;
    Ok(Some(Node::mapping(entries, span)))
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(AnyText)
    }
}

struct AnyText;

impl Visitor<'_> for AnyText {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(text.into())
    }
}

/// A value without its place.
enum Shape {
    Scalar { text: String, tag: Tag },
    List(Vec<Node>),
    Mapping(Vec<(Scalar, Node)>),
}

impl Shape {
    fn into_node(self, span: Span) -> Node {
        match self {
            Self::Scalar { text, tag } => Scalar::parsed(&text, tag, Style::Plain, span).into(),
            Self::List(items) => Node::sequence(items, span),
            Self::Mapping(entries) => Node::mapping(entries, span),
        }
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyShape)
    }
}

struct AnyShape;

impl AnyShape {
    fn scalar<E>(text: &(impl ToString + ?Sized), tag: Tag) -> Result<Shape, E> {
        Ok(Shape::Scalar { text: text.to_string(), tag })
    }
}

impl<'de> Visitor<'de> for AnyShape {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Self::scalar("null", Tag::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shape, E> {
        Self::scalar(&value, Tag::Bool)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Shape, E> {
        Self::scalar(&value, Tag::Int)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shape, E> {
        Self::scalar(&value, Tag::Int)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Shape, E> {
        // The shortest digits that give the same number again.
        Self::scalar(&format_args!("{value:?}"), Tag::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Shape, E> {
        Self::scalar(value, Tag::Str)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Shape::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Shape, A::Error> {
        EntriesVisitor.visit_map(map).map(|CapturedEntries(entries)| Shape::Mapping(entries))
    }
}

/// The entries of a mapping.
struct CapturedEntries(Vec<(Scalar, Node)>);

impl<'de> Deserialize<'de> for CapturedEntries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = CapturedEntries;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CapturedEntries, A::Error> {
        let mut entries: Vec<(Scalar, Node)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<Spanned<Text>, Node>()? {
            entries.push((Scalar::string(&key, key.span), value));
        }
        Ok(CapturedEntries(entries))
    }
}
