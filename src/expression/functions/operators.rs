//! Operators.

use super::super::run::{Failure, Run};
use super::super::value::{Outcome, Value};

/// Operators with two operands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::expression) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// The result of an operator with two operands.
pub(in super::super) fn operate<'a>(
    operator: Operator,
    left: &Value<'a>,
    right: &Value<'a>,
    run: &Run,
) -> Outcome<'a> {
    use std::cmp::Ordering::{Greater, Less};
    Ok(Value::Bool(match operator {
        Operator::Equal => left.equals(right, run)?,
        Operator::NotEqual => !left.equals(right, run)?,
        Operator::Less => left.order(right)? == Less,
        Operator::LessOrEqual => left.order(right)? != Greater,
        Operator::Greater => left.order(right)? == Greater,
        Operator::GreaterOrEqual => left.order(right)? != Less,
        Operator::In => is_in(left, right, run)?,
        Operator::Add => return add(left, right, run),
        Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => {
            return arithmetic(operator, left, right);
        }
    }))
}

/// A number with the opposite sign.
pub(in super::super) fn negative<'a>(value: &Value<'a>) -> Outcome<'a> {
    match value {
        Value::Int(value) => value.checked_neg().map(Value::Int).ok_or_else(overflow),
        Value::Double(value) => Ok(Value::Double(-value)),
        Value::Duration(value) => value.checked_neg().map(Value::Duration).ok_or_else(overflow),
        other => Err(Failure::new(format!("`-` cannot be applied to {}", other.type_name()))),
    }
}

fn is_in(value: &Value<'_>, among: &Value<'_>, run: &Run) -> Result<bool, Box<Failure>> {
    if let Some(mut items) = among.items() {
        return items.try_fold(false, |found, item| Ok(found || value.equals(&item, run)?));
    }
    match among.type_name() {
        "map" => Ok(among.at(value)?.is_some()),
        found => Err(Failure::new(format!("`in` needs a list or a map, not {found}"))),
    }
}

fn add<'a>(left: &Value<'a>, right: &Value<'a>, run: &Run) -> Outcome<'a> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => {
            let (left, right) = (left.as_str(), right.as_str());
            run.make(left.len() + right.len())?;
            Ok(Value::text([left, right].concat()))
        }
        (Value::Bytes(left), Value::Bytes(right)) => {
            run.make(left.len() + right.len())?;
            Ok(Value::Bytes([&**left, &**right].concat().into()))
        }
        _ => match (left.items(), right.items()) {
            (Some(first), Some(second)) => {
                let count = left.len().unwrap_or_default() + right.len().unwrap_or_default();
                run.make(count * size_of::<Value<'_>>())?;
                Ok(Value::list(first.chain(second).collect()))
            }
            _ => arithmetic(Operator::Add, left, right),
        },
    }
}

fn arithmetic<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Outcome<'a> {
    match (left, right) {
        (Value::Int(_), Value::Int(_)) | (Value::Uint(_), Value::Uint(_)) => {
            let (Some(first), Some(second)) = (left.whole(), right.whole()) else {
                return Err(overflow());
            };
            let result = whole(operator, first, second)?;
            match left {
                Value::Int(_) => i64::try_from(result).map(Value::Int),
                _ => u64::try_from(result).map(Value::Uint),
            }
            .map_err(|_| overflow())
        }
        (Value::Double(first), Value::Double(second)) => Ok(Value::Double(match operator {
            Operator::Add => first + second,
            Operator::Subtract => first - second,
            Operator::Multiply => first * second,
            Operator::Divide => first / second,
            _ => return Err(unsuitable(operator, left, right)),
        })),
        _ => times(operator, left, right),
    }
}

fn whole(operator: Operator, left: i128, right: i128) -> Result<i128, Box<Failure>> {
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        _ if right == 0 => return Err(Failure::new("a number is divided by zero")),
        Operator::Divide => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    result.ok_or_else(overflow)
}

/// Sums and differences of moments and spans of time.
fn times<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Outcome<'a> {
    let value = match (operator, left, right) {
        (Operator::Add, Value::Duration(left), Value::Duration(right)) => {
            left.checked_add(*right).map(Value::Duration)
        }
        (Operator::Subtract, Value::Duration(left), Value::Duration(right)) => {
            left.checked_sub(*right).map(Value::Duration)
        }
        (Operator::Add, Value::Timestamp(moment), Value::Duration(span))
        | (Operator::Add, Value::Duration(span), Value::Timestamp(moment)) => {
            Some(Value::Timestamp(moment + i128::from(*span)))
        }
        (Operator::Subtract, Value::Timestamp(moment), Value::Duration(span)) => {
            Some(Value::Timestamp(moment - i128::from(*span)))
        }
        (Operator::Subtract, Value::Timestamp(left), Value::Timestamp(right)) => {
            i64::try_from(left - right).ok().map(Value::Duration)
        }
        _ => return Err(unsuitable(operator, left, right)),
    };
    value.ok_or_else(overflow)
}

#[cold]
fn overflow() -> Box<Failure> {
    Failure::new("the result is too large")
}

#[cold]
fn unsuitable(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Box<Failure> {
    let sign = match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        _ => "%",
    };
    let [left, right] = [left.type_name(), right.type_name()];
    Failure::new(format!("`{sign}` cannot be applied to {left} and {right}"))
}
