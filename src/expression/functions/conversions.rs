//! Conversions between types, and `size`.

use super::super::run::Run;
use super::super::value::{Outcome, Value};
use super::{Function, both, global, times, unreadable, unsuitable};

pub(super) const FUNCTIONS: &[Function] = &[
    both("size", (1, 1), size),
    global("type", (1, 1), |values, _| Ok(Value::Type(values[0].type_name()))),
    global("dyn", (1, 1), |values, _| Ok(values[0].clone())),
    global("bool", (1, 1), to_bool),
    global("int", (1, 1), to_int),
    global("uint", (1, 1), to_uint),
    global("double", (1, 1), to_double),
    global("string", (1, 1), to_text),
    global("bytes", (1, 1), to_bytes),
];

fn size<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    let size = match &values[0] {
        Value::Text(text) => Some(text.as_str().chars().count()),
        Value::Bytes(bytes) => Some(bytes.len()),
        other => other.len(),
    };
    let size = size.ok_or_else(|| unsuitable("size", values))?;
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn to_bool<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    match &values[0] {
        Value::Bool(value) => Ok(Value::Bool(*value)),
        Value::Text(text) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(unreadable("a boolean")),
        },
        _ => Err(unsuitable("bool", values)),
    }
}

fn to_int<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    let value = match &values[0] {
        Value::Int(value) => Some(*value),
        Value::Uint(value) => i64::try_from(*value).ok(),
        Value::Double(value) => {
            (-9.2e18 < *value && *value < 9.2e18).then_some(value.trunc() as i64)
        }
        Value::Text(text) => text.as_str().parse().ok(),
        Value::Timestamp(moment) => i64::try_from(moment.div_euclid(times::SECOND)).ok(),
        _ => return Err(unsuitable("int", values)),
    };
    value.map(Value::Int).ok_or_else(|| unreadable("an integer"))
}

fn to_uint<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    let value = match &values[0] {
        Value::Uint(value) => Some(*value),
        Value::Int(value) => u64::try_from(*value).ok(),
        Value::Double(value) => (0.0 <= *value && *value < 1.8e19).then_some(value.trunc() as u64),
        Value::Text(text) => text.as_str().parse().ok(),
        _ => return Err(unsuitable("uint", values)),
    };
    value.map(Value::Uint).ok_or_else(|| unreadable("an integer without a sign"))
}

fn to_double<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    let value = match &values[0] {
        Value::Double(value) => Some(*value),
        Value::Int(value) => Some(*value as f64),
        Value::Uint(value) => Some(*value as f64),
        Value::Text(text) => text.as_str().parse().ok(),
        _ => return Err(unsuitable("double", values)),
    };
    value.map(Value::Double).ok_or_else(|| unreadable("a number"))
}

fn to_text<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    match &values[0] {
        text @ Value::Text(_) => Ok(text.clone()),
        Value::Bytes(bytes) => {
            run.make(bytes.len())?;
            let text = std::str::from_utf8(bytes).map_err(|_| unreadable("text"))?;
            Ok(Value::text(text))
        }
        other => {
            let text = as_text(other).ok_or_else(|| unsuitable("string", values))?;
            run.make(text.len())?;
            Ok(Value::text(text))
        }
    }
}

/// A scalar as text; `None` for other values.
pub(super) fn as_text(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.as_str().to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Duration(value) => times::duration_text(*value),
        Value::Timestamp(moment) => times::timestamp_text(*moment)?,
        Value::Library(value) => value.as_text()?,
        _ => return None,
    })
}

fn to_bytes<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    match &values[0] {
        bytes @ Value::Bytes(_) => Ok(bytes.clone()),
        Value::Text(text) => {
            run.make(text.as_str().len())?;
            Ok(Value::Bytes(text.as_str().as_bytes().into()))
        }
        _ => Err(unsuitable("bytes", values)),
    }
}
