//! The entries of a mapping as JSON has them: keys are text and unique.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Code, Error, Result};
use crate::yaml::{Mapping, Node, Scalar, Value, resolve_1_1};

use super::text::value_text;
use super::wording::shown;

/// An entry of a mapping, as JSON has it.
#[derive(Clone, Debug)]
pub struct JsonEntry<'a> {
    /// The key as text.
    pub text: Cow<'a, str>,
    /// The key as it is written.
    pub key: &'a Scalar,
    /// The value of the key.
    pub value: &'a Node,
}

/// The entries of a mapping in order. Of several equal keys, only the last entry is returned.
///
/// # Errors
/// `InvalidKey` for a key that cannot be converted to text: a null, and a number beyond 64 bits with sign.
pub fn entries(mapping: &Mapping) -> Result<Vec<JsonEntry<'_>>> {
    let entry = |(key, value)| Ok(JsonEntry { text: key_text(key)?, key, value });
    let mut entries = mapping.iter().map(entry).collect::<Result<Vec<_>>>()?;
    if entries.len() <= FEW && !has_equal(&entries) {
        return Ok(entries);
    }
    let mut last = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        last.insert(&*entry.text, place);
    }
    if last.len() < entries.len() {
        let counts: BTreeSet<usize> = last.into_values().collect();
        let mut place = 0..;
        entries.retain(|_| place.next().is_some_and(|place| counts.contains(&place)));
    }
    Ok(entries)
}

/// Number of entries that are compared in pairs faster than with a map.
const FEW: usize = 8;

/// True if two keys are equal. Quadratic.
fn has_equal(entries: &[JsonEntry<'_>]) -> bool {
    let mut rest = entries;
    while let Some((one, others)) = rest.split_first() {
        if others.iter().any(|other| other.text == one.text) {
            return true;
        }
        rest = others;
    }
    false
}

/// A key as text: JSON allows no other keys.
///
/// # Errors
/// As [`entries`]: `sigs.k8s.io/yaml` refuses such keys.
pub(super) fn key_text(key: &Scalar) -> Result<Cow<'_, str>> {
    let refused = |what: &str| {
        Err(Error::new(Code::InvalidKey, format!("{what} cannot be a key"))
            .at(key.span())
            .help(format!("if text is meant, put it in quotes: `\"{}\"`", shown(key.text()))))
    };
    match resolve_1_1(key)? {
        Value::Null => refused("null"),
        Value::Uint(number) if i64::try_from(number).is_err() => {
            refused(&format!("the number `{number}`"))
        }
        value => Ok(value_text(key, value)),
    }
}
