//! The fields that a type reads, for tests that compare a schema or a page with them.

use std::collections::BTreeMap;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use super::spanned::SPANNED;

/// The fields of the structs in a type, and the words of its enums, each by its path: `spec`, `spec.exclude[]`. A value of
/// any key is `*`.
///
/// Nothing is read: the type is asked for its fields, and each gets an empty value.
#[must_use]
pub fn shape<'de, T: Deserialize<'de>>() -> BTreeMap<String, &'static [&'static str]> {
    let mut found = BTreeMap::new();
    // A type that refuses empty values has been asked for its fields before.
    drop(T::deserialize(Asked { path: String::new(), found: &mut found }));
    found
}

/// Asks the type of a value for its fields.
struct Asked<'a> {
    path: String,
    found: &'a mut BTreeMap<String, &'static [&'static str]>,
}

impl Asked<'_> {
    fn below(&mut self, name: &str) -> Asked<'_> {
        let path = match (self.path.is_empty(), name) {
            (true, _) => name.to_owned(),
            (false, "[]") => format!("{}[]", self.path),
            (false, _) => format!("{}.{name}", self.path),
        };
        Asked { path, found: self.found }
    }
}

/// Methods that give an empty value of their type.
macro_rules! empty {
    ($($method:ident => $visit:ident($value:expr),)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    empty! {
        deserialize_any => visit_str(""),
        deserialize_bool => visit_bool(false),
        deserialize_i8 => visit_i8(0),
        deserialize_i16 => visit_i16(0),
        deserialize_i32 => visit_i32(0),
        deserialize_i64 => visit_i64(0),
        deserialize_u8 => visit_u8(0),
        deserialize_u16 => visit_u16(0),
        deserialize_u32 => visit_u32(0),
        deserialize_u64 => visit_u64(0),
        deserialize_f32 => visit_f32(0.0),
        deserialize_f64 => visit_f64(0.0),
        deserialize_char => visit_char(' '),
        deserialize_str => visit_str(""),
        deserialize_string => visit_str(""),
        deserialize_identifier => visit_str(""),
        deserialize_bytes => visit_bytes(b""),
        deserialize_byte_buf => visit_bytes(b""),
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(One { asked: self, is_left: true })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Keys { asked: self, left: &["*"], of_struct: false })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == SPANNED {
            return visitor.visit_seq(Parts { asked: self, number: 0 });
        }
        self.found.insert(self.path.clone(), fields);
        visitor.visit_map(Keys { asked: self, left: fields, of_struct: true })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let first = words.first().copied().unwrap_or_default();
        self.found.insert(self.path, words);
        visitor.visit_enum(first.into_deserializer())
    }
}

/// A list with one element.
struct One<'a> {
    asked: Asked<'a>,
    is_left: bool,
}

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        match std::mem::take(&mut self.is_left) {
            true => seed.deserialize(self.asked.below("[]")).map(Some),
            false => Ok(None),
        }
    }
}

/// The parts of a value with its span: start, length and value.
struct Parts<'a> {
    asked: Asked<'a>,
    number: usize,
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.number += 1;
        let path = self.asked.path.clone();
        seed.deserialize(Asked { path, found: self.asked.found }).map(Some)
    }
}

/// A mapping with all fields of a struct, or with one key.
struct Keys<'a, 'k> {
    asked: Asked<'a>,
    left: &'k [&'static str],
    of_struct: bool,
}

impl<'de> MapAccess<'de> for Keys<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.left.first() else { return Ok(None) };
        let key: StrDeserializer<'_, Error> = name.into_deserializer();
        match self.of_struct {
            true => seed.deserialize(key).map(Some),
            false => seed.deserialize(self.asked.below("")).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let name = self.left.first().copied().unwrap_or_default();
        self.left = self.left.get(1..).unwrap_or_default();
        seed.deserialize(self.asked.below(name))
    }
}

/// Deserialization from the inside of a path is the same as from a document.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Node;
    use crate::yaml::Text;
    use crate::yaml::de::{Spanned, mapping};

    #[derive(Default, serde::Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Outer {
        plain: i64,
        some_text: Spanned<Text>,
        many: Vec<Spanned<Inner>>,
        #[serde(deserialize_with = "mapping")]
        free: Option<Node>,
        by_key: BTreeMap<String, Inner>,
        word: Word,
    }

    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Inner {
        maybe: Option<bool>,
    }

    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        #[default]
        One,
        Two,
    }

    #[test]
    fn fields_and_words_are_found_by_their_paths() {
        let found = shape::<Outer>();
        let found: Vec<String> =
            found.iter().map(|(path, names)| format!("{path}: {}", names.join(" "))).collect();
        assert_eq!(
            found,
            [
                ": plain someText many free byKey word",
                "byKey.*: maybe",
                "many[]: maybe",
                "word: one two",
            ]
        );
    }
}
