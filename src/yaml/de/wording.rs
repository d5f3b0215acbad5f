//! Error messages for values of the wrong type, and serde's own errors as [`Error`].

use std::borrow::Cow;
use std::fmt;

use serde::de::{Expected as Expectation, Unexpected};

use crate::error::{Code, Error};
use crate::text::phrase::{first_line, listed, quoted};
use crate::yaml::{Kind, Node, Scalar, Value, resolve_1_1};

/// The type of value that a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Text,
    Boolean,
    Integer,
    Number,
    List,
    Mapping,
}

impl fmt::Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text => "text",
            Self::Boolean => "`true` or `false`",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::List => "a list",
            Self::Mapping => "a mapping",
        })
    }
}

/// The error for a value of the wrong type.
#[cold]
pub(super) fn mismatch(node: &Node, expected: Expected) -> Error {
    let error =
        Error::new(Code::InvalidType, format!("found {}, expected {expected}", found(node)))
            .at(node.span());
    let Some(scalar) = node.as_scalar() else {
        return match (node.kind(), expected) {
            (Kind::Mapping, Expected::Text) if is_manifest(node) => {
                error.help("to write a document in place, make it a block of text with `|-`")
            }
            (Kind::Sequence, Expected::Text) => match node.items() {
                [only] if only.as_scalar().is_some() => {
                    let text = shown(only.as_scalar().map_or("", Scalar::text));
                    error.help(format!("only one is possible: write `{text}`, without `[` or `- `"))
                }
                _ => error.help("only one is possible here"),
            },
            (Kind::Mapping, Expected::List) => error.help("begin each element with `- `"),
            (Kind::Sequence, Expected::Mapping) => error.help("write `key: value`, without `- `"),
            _ => error,
        };
    };
    let text = shown(scalar.text());
    match (resolve_1_1(scalar), expected) {
        (Ok(Value::Float(number)), Expected::Integer) if number.fract() == 0.0 => {
            beyond_64_bits(&text).at(node.span())
        }
        (Ok(Value::Uint(_)), Expected::Integer) => beyond_64_bits(&text).at(node.span()),
        (Ok(Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_)), Expected::Text) => {
            error.help(format!("put it in quotes: `\"{text}\"`"))
        }
        (Ok(Value::Str(_)), Expected::Boolean) => match &*scalar.text().to_ascii_lowercase() {
            "true" | "yes" | "on" | "y" | "1" => error.help("write `true`, without quotes"),
            "false" | "no" | "off" | "n" | "0" => error.help("write `false`, without quotes"),
            _ => error,
        },
        (Ok(Value::Str(_)), Expected::Integer | Expected::Number)
            if scalar.text().parse::<f64>().is_ok() =>
        {
            error.help(format!("take the quotes away: `{text}`"))
        }
        (_, Expected::List) => error.help(format!("make it a list: `[{text}]`")),
        _ => error,
    }
}

/// The error for a whole number that does not fit 64 bits.
fn beyond_64_bits(number: &str) -> Error {
    let message =
        format!("found the number `{number}`, expected a whole number of at most 64 bits");
    Error::new(Code::InvalidType, message).help(format!("the largest one is {}", i64::MAX))
}

/// True if a mapping looks like a resource or a part of one.
fn is_manifest(node: &Node) -> bool {
    ["kind", "metadata", "spec", "data"].iter().any(|key| node.get(key).is_some())
}

/// The type of a node in words. The value is not quoted: it may be secret.
pub(crate) fn form(node: &Node) -> String {
    let Some(scalar) = node.as_scalar() else { return node.kind().to_string() };
    let form = match resolve_1_1(scalar) {
        Ok(Value::Null) => "null",
        Ok(Value::Bool(_)) => "a boolean",
        Ok(Value::Int(_) | Value::Uint(_) | Value::Float(_)) => "a number",
        Ok(Value::Str(_) | Value::Timestamp(_)) | Err(_) => "a text",
    };
    form.to_owned()
}

fn found(node: &Node) -> String {
    let Some(scalar) = node.as_scalar() else {
        return node.kind().to_string();
    };
    let text = shown(scalar.text());
    match resolve_1_1(scalar) {
        Ok(Value::Null) => "null".to_owned(),
        Ok(Value::Bool(_)) => format!("the boolean `{text}`"),
        Ok(Value::Int(_) | Value::Uint(_) | Value::Float(_)) => format!("the number `{text}`"),
        Ok(Value::Str(_) | Value::Timestamp(_)) | Err(_) => format!("the text `{text}`"),
    }
}

/// Text from the input, short enough for a message.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    first_line(text, 40)
}

/// Errors of types that validate their own input, such as a word from a fixed set or a number in a range.
impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Code::InvalidValue, message.to_string())
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expectation) -> Self {
        match found {
            Unexpected::Unsigned(number) => {
                Self::custom(format_args!("found the number `{number}`, expected {expected}"))
            }
            Unexpected::Signed(number) => {
                Self::custom(format_args!("found the number `{number}`, expected {expected}"))
            }
            found => Self::custom(format_args!("found {found}, expected {expected}")),
        }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let words = listed(quoted(expected), "or");
        let message = format!("found `{}`, expected {words}", shown(variant));
        Self::new(Code::InvalidValue, message).did_you_mean(variant, expected.iter().copied())
    }
}
