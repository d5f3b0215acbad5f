//! Text in a struct inside of another, as Go embeds the type of an object in what speaks of it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};

/// The name by which [`embedded`] makes itself known to the deserializer.
pub(super) const EMBEDDED: &str = "$embedded";

/// Reads a field that lies in an embedded struct, for `deserialize_with`: no rules make text of a number there, for the
/// reference looks for text to make only in the fields that a struct has itself. (sigs.k8s.io/yaml, `convertToJSONableObject`.)
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
