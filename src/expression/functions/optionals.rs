//! Functions of optional values.

use std::sync::Arc;

use super::super::run::Failure;
use super::super::value::{Outcome, Value};
use super::{Function, global, member, unsuitable};

pub(super) const FUNCTIONS: &[Function] = &[
    global("optional.of", (1, 1), |values, _| {
        Ok(Value::Optional(Some(Arc::new(values[0].clone()))))
    }),
    global("optional.none", (0, 0), |_, _| Ok(Value::Optional(None))),
    global("optional.ofNonZeroValue", (1, 1), |values, _| {
        let value = &values[0];
        Ok(Value::Optional((!is_zero(value)).then(|| Arc::new(value.clone()))))
    }),
    member("hasValue", (0, 0), |values, _| match &values[0] {
        Value::Optional(value) => Ok(Value::Bool(value.is_some())),
        _ => Err(unsuitable("hasValue", values)),
    }),
    member("value", (0, 0), |values, _| match &values[0] {
        Value::Optional(Some(value)) => Ok(Value::clone(value)),
        Value::Optional(None) => Err(Failure::new("the optional value is absent")),
        _ => Err(unsuitable("value", values)),
    }),
    member("or", (1, 1), or),
    member("orValue", (1, 1), |values, _| match &values[0] {
        Value::Optional(Some(value)) => Ok(Value::clone(value)),
        Value::Optional(None) => Ok(values[1].clone()),
        _ => Err(unsuitable("orValue", values)),
    }),
];

fn or<'a>(values: &[Value<'a>], _: &super::Run) -> Outcome<'a> {
    match (&values[0], &values[1]) {
        (Value::Optional(None), other @ Value::Optional(_)) => Ok(other.clone()),
        (one @ Value::Optional(_), Value::Optional(_)) => Ok(one.clone()),
        _ => Err(unsuitable("or", values)),
    }
}

/// True for the zero, the empty value, and null.
fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::Uint(value) => *value == 0,
        Value::Double(value) => *value == 0.0,
        Value::Duration(value) => *value == 0,
        Value::Text(text) => text.as_str().is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Optional(value) => value.is_none(),
        other => other.len() == Some(0),
    }
}
