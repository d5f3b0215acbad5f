//! Typed values from a document: configuration as the reference reads it, with a span in every error.
//!
//! The reference converts YAML 1.1 to JSON (`sigs.k8s.io/yaml`) and reads that with Go's `encoding/json`. So field
//! names match in any case, the last of several equal keys counts, a null equals an absent field, and `n` is a boolean.
//! Structs derive `serde::Deserialize` with `#[serde(default)]` on the struct: every field may be absent.
//!
//! Go continues after a wrong field, and so does this module: all unknown fields and wrong types of a file are reported
//! together.

mod capture;
mod check;
mod deserializer;
mod embedded;
mod entries;
mod fields;
mod shape;
mod spanned;
#[cfg(test)]
mod tests;
mod text;
mod wording;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};

use crate::error::{Error, Result};
use crate::source::Span;
use crate::yaml::{Node, Scalar};

use deserializer::NodeDeserializer;

pub use capture::mapping;
pub use embedded::embedded;
pub use entries::{JsonEntry, entries};
pub use fields::same_name;
pub use shape::shape;
pub use spanned::Spanned;
pub(crate) use wording::{form, shown};

/// The strictness of reading configuration. The reference reads each kind of file in one of these ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// An unknown field is an error, and so is a number or a boolean where text is expected. For kustomization files
    /// (`YAMLToJSON`, then a decoder with `DisallowUnknownFields`).
    Exact,
    /// An unknown field is an error, and so is a repeated key; numbers and booleans become text where text is expected.
    /// For transformer configurations and function specifications (`UnmarshalStrict`).
    Strict,
    /// Unknown fields are ignored; numbers and booleans become text where text is expected. For configurations of
    /// builtin plugins and replacement files (`Unmarshal`).
    Lenient,
    /// Unknown fields are ignored; a number or a boolean where text is expected is an error. For configurations of
    /// builtin generators and replacements: `Unmarshal` converts numbers to text only for fields of the struct that it
    /// is given, and theirs are in embedded structs.
    Embedded,
}

/// Reads a value by [`Rules::Exact`].
///
/// # Errors
/// As [`from_node_by`].
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T> {
    from_node_by(node, Rules::Exact)
}

/// Reads a value by the given rules.
///
/// # Errors
/// All mistakes in the document as one error, in the order of the text. The codes are `UnknownField`, `InvalidType`,
/// `InvalidValue` (a word that is none of those allowed), `InvalidKey` (a key that cannot be converted to text),
/// `UnrepresentableValue` (infinity or NaN), `DuplicateKey` ([`Rules::Strict`] only) and `NestingTooDeep`.
pub fn from_node_by<T: DeserializeOwned>(node: &Node, rules: Rules) -> Result<T> {
    read(node, Reader { rules, errors: RefCell::default(), spellings: None })
        .map(|(value, _)| value)
}

/// The keys that name a field in another case than it is documented, each with the name of the field.
///
/// # Errors
/// As [`from_node`].
pub fn other_spellings<T: DeserializeOwned>(node: &Node) -> Result<BTreeMap<Span, &'static str>> {
    let spellings = Some(RefCell::default());
    read::<T>(node, Reader { rules: Rules::Exact, errors: RefCell::default(), spellings })
        .map(|(_, spellings)| spellings)
}

fn read<T: DeserializeOwned>(
    node: &Node,
    reader: Reader,
) -> Result<(T, BTreeMap<Span, &'static str>)> {
    check::check(node, reader.rules)?;
    let value = T::deserialize(NodeDeserializer::new(node, &reader));
    let mut errors = reader.errors.into_inner();
    let value = value.map_err(|error| errors.push(error));
    errors.sort_by_key(Error::span);
    match (Error::all(errors), value) {
        (None, Ok(value)) => Ok((value, reader.spellings.unwrap_or_default().into_inner())),
        (error, _) => Err(error.unwrap_or_else(|| Error::custom("a value that cannot be read"))),
    }
}

/// The state that all parts of one deserialization share.
struct Reader {
    rules: Rules,
    errors: RefCell<Vec<Error>>,
    /// The keys in another spelling than their fields, if they are asked for.
    spellings: Option<RefCell<BTreeMap<Span, &'static str>>>,
}

/// The number of errors after which no more are collected: hostile input may cause millions.
const MOST_ERRORS: usize = 20;

impl Reader {
    /// Notes the spelling of a key.
    fn note(&self, key: &Scalar, text: &str, name: &'static str) {
        if let Some(spellings) = &self.spellings
            && text != name
        {
            spellings.borrow_mut().insert(key.span(), name);
        }
    }

    /// Collects an error without stopping.
    fn report(&self, error: impl FnOnce() -> Error) {
        let mut errors = self.errors.borrow_mut();
        if errors.len() < MOST_ERRORS {
            errors.push(error());
        }
    }
}
