//! A serde deserializer that reads from a [`Node`].
//!
//! A value of the wrong type is reported and read as the zero value of its type, as in Go, so one pass finds all
//! mistakes.

use std::borrow::Cow;
use std::vec;

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::{Error, Result};
use crate::source::Span;
use crate::yaml::{Node, Scalar, Value, resolve_1_1};

use super::embedded::EMBEDDED;
use super::entries::{JsonEntry, entries};
use super::fields::fields;
use super::spanned::SPANNED;
use super::text::value_text;
use super::wording::{Expected, mismatch};
use super::{Reader, Rules};

#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'a> {
    pub(super) node: &'a Node,
    pub(super) reader: &'a Reader,
    /// True for a field of an embedded struct.
    embedded: bool,
}

impl<'a> NodeDeserializer<'a> {
    pub(super) const fn new(node: &'a Node, reader: &'a Reader) -> Self {
        Self { node, reader, embedded: false }
    }

    /// The scalar with its value; `None` for a collection.
    fn value(self) -> Result<Option<(&'a Scalar, Value<'a>)>> {
        self.node.as_scalar().map(|scalar| Ok((scalar, resolve_1_1(scalar)?))).transpose()
    }

    /// Reports a value of the wrong type; null is accepted for every type.
    fn complain(self, expected: Expected) {
        if !self.node.is_null() {
            self.reader.report(|| mismatch(self.node, expected));
        }
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let text = match self.value()? {
            Some((scalar, value @ (Value::Str(_) | Value::Timestamp(_)))) => {
                value_text(scalar, value)
            }
            Some((scalar, value))
                if matches!(self.reader.rules, Rules::Strict | Rules::Lenient)
                    && !self.embedded =>
            {
                value_text(scalar, value)
            }
            _ => {
                self.complain(Expected::Text);
                Cow::Borrowed("")
            }
        };
        self.placed(visitor.visit_str(&text))
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        /// The first whole number that does not fit a signed integer of 64 bits.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        self.placed(match self.value()? {
            Some((_, Value::Int(number))) => visitor.visit_i64(number),
            #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
            Some((_, Value::Float(number))) if number.fract() == 0.0 && number.abs() < LIMIT => {
                // JSON has one kind of numbers: 3.0 is written as 3.
                visitor.visit_i64(number as i64)
            }
            _ => {
                self.complain(Expected::Integer);
                visitor.visit_i64(0)
            }
        })
    }

    fn placed<T>(self, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.at(self.node.span()))
    }
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.integer(visitor)
        })*
    };
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.text(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Error;

    integers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value()? {
            Some((_, Value::Uint(number))) => self.placed(visitor.visit_u64(number)),
            _ => self.integer(visitor),
        }
    }

    texts! { deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier }

    forward_to_deserialize_any! { i128 u128 }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.node.as_sequence().is_some() {
            return self.deserialize_seq(visitor);
        }
        let Some((scalar, value)) = self.value()? else {
            return self.deserialize_map(visitor);
        };
        self.placed(match value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Int(number) => visitor.visit_i64(number),
            Value::Uint(number) => visitor.visit_u64(number),
            Value::Float(number) => visitor.visit_f64(number),
            Value::Str(_) | Value::Timestamp(_) => visitor.visit_str(&value_text(scalar, value)),
        })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Some((_, Value::Bool(truth))) = self.value()? {
            return self.placed(visitor.visit_bool(truth));
        }
        self.complain(Expected::Boolean);
        visitor.visit_bool(false)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value()? {
            Some((_, Value::Float(number))) => visitor.visit_f64(number),
            Some((_, Value::Int(number))) => visitor.visit_i64(number),
            Some((_, Value::Uint(number))) => visitor.visit_u64(number),
            _ => {
                self.complain(Expected::Number);
                visitor.visit_f64(0.0)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(Self { embedded: self.embedded || name == EMBEDDED, ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let items = self.node.as_sequence().map_or_else(
            || {
                self.complain(Expected::List);
                [].iter()
            },
            |sequence| sequence.items().iter(),
        );
        self.placed(visitor.visit_seq(Elements { items, reader: self.reader }))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let entries = match self.node.as_mapping() {
            Some(mapping) => entries(mapping)?,
            None => {
                self.complain(Expected::Mapping);
                Vec::new()
            }
        };
        let entries =
            EntriesAccess { entries: entries.into_iter(), value: None, reader: self.reader };
        self.placed(visitor.visit_map(entries))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if name == SPANNED {
            return visitor.visit_seq(SpannedParts {
                span: self.node.span(),
                value: Some(self),
                next: 0,
            });
        }
        let fields = match self.node.as_mapping() {
            Some(mapping) => fields(mapping, names, self.reader)?,
            None => {
                self.complain(Expected::Mapping);
                Vec::new()
            }
        };
        self.placed(visitor.visit_map(Fields {
            fields: fields.into_iter(),
            value: None,
            reader: self.reader,
        }))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.value()? {
            Some((scalar, value @ (Value::Str(_) | Value::Timestamp(_)))) => {
                let text = value_text(scalar, value);
                self.placed(
                    visitor.visit_enum(IntoDeserializer::<Error>::into_deserializer(&*text)),
                )
            }
            _ => Err(mismatch(self.node, Expected::Text)),
        }
    }
}

/// The elements of a list.
struct Elements<'a> {
    items: std::slice::Iter<'a, Node>,
    reader: &'a Reader,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let reader = self.reader;
        self.items
            .next()
            .map(|node| seed.deserialize(NodeDeserializer::new(node, reader)))
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a mapping whose keys are free.
struct EntriesAccess<'a> {
    entries: vec::IntoIter<JsonEntry<'a>>,
    value: Option<&'a Node>,
    reader: &'a Reader,
}

impl<'de> MapAccess<'de> for EntriesAccess<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some(JsonEntry { text, key, value }) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(KeyDeserializer { text, span: key.span() }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let node = self.value.take().ok_or_else(value_before_key)?;
        seed.deserialize(NodeDeserializer::new(node, self.reader))
    }
}

/// The fields of a struct, with their names in the struct.
struct Fields<'a> {
    fields: vec::IntoIter<(&'static str, Cow<'a, Node>)>,
    value: Option<Cow<'a, Node>>,
    reader: &'a Reader,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        // As in Go, a null leaves the field at its default.
        let Some((name, value)) = self.fields.find(|(_, value)| !value.is_null()) else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let value = self.value.take().ok_or_else(value_before_key)?;
        seed.deserialize(NodeDeserializer::new(&value, self.reader))
    }
}

fn value_before_key() -> Error {
    serde::de::Error::custom("a value was asked for before its key")
}

/// The key of a mapping: text with a place.
struct KeyDeserializer<'a> {
    text: Cow<'a, str>,
    span: Span,
}

impl<'de> Deserializer<'de> for KeyDeserializer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(&self.text)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if name == SPANNED {
            return visitor.visit_seq(SpannedParts { span: self.span, value: Some(self), next: 0 });
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The parts of a [`Spanned`](super::Spanned): start, length, value.
struct SpannedParts<D> {
    span: Span,
    value: Option<D>,
    next: u8,
}

impl<'de, D: Deserializer<'de, Error = Error>> SeqAccess<'de> for SpannedParts<D> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(U32Deserializer::new(self.span.start())).map(Some),
            2 => seed.deserialize(U32Deserializer::new(self.span.length())).map(Some),
            _ => self.value.take().map(|value| seed.deserialize(value)).transpose(),
        }
    }
}
