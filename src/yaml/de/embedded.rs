//! Fields of structs that Go embeds in another struct.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};

/// The name of the newtype struct by which the deserializer recognizes [`embedded`].
pub(super) const EMBEDDED: &str = "$embedded";

/// Deserializes a field of an embedded struct, for `deserialize_with`. Numbers never become text there: the reference
/// converts them only for fields that a struct declares itself. (sigs.k8s.io/yaml, `convertToJSONableObject`.)
///
/// # Errors
/// Those of the value.
pub fn embedded<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_newtype_struct(EMBEDDED, Inside(PhantomData))
}

struct Inside<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Inside<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}
