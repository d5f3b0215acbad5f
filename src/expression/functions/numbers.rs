//! Functions of numbers: `math`.

use std::cmp::Ordering;

use super::super::run::{Failure, Run};
use super::super::value::{Outcome, Value};
use super::{Function, global, unsuitable};

pub(super) const FUNCTIONS: &[Function] = &[
    global("math.greatest", (1, 32), |values, run| {
        extreme("math.greatest", values, run, Ordering::Greater)
    }),
    global("math.least", (1, 32), |values, run| extreme("math.least", values, run, Ordering::Less)),
    global("math.abs", (1, 1), |values, _| match &values[0] {
        Value::Int(value) => {
            let positive = value.checked_abs().map(Value::Int);
            positive.ok_or_else(|| Failure::new("the result is too large"))
        }
        Value::Uint(value) => Ok(Value::Uint(*value)),
        Value::Double(value) => Ok(Value::Double(value.abs())),
        _ => Err(unsuitable("math.abs", values)),
    }),
    global("math.sign", (1, 1), |values, _| match &values[0] {
        Value::Int(value) => Ok(Value::Int(value.signum())),
        Value::Uint(value) => Ok(Value::Uint(u64::from(*value > 0))),
        Value::Double(value) if *value == 0.0 => Ok(Value::Double(0.0)),
        Value::Double(value) => Ok(Value::Double(value.signum())),
        _ => Err(unsuitable("math.sign", values)),
    }),
    global("math.ceil", (1, 1), |values, _| rounded("math.ceil", values, f64::ceil)),
    global("math.floor", (1, 1), |values, _| rounded("math.floor", values, f64::floor)),
    global("math.round", (1, 1), |values, _| rounded("math.round", values, f64::round)),
    global("math.trunc", (1, 1), |values, _| rounded("math.trunc", values, f64::trunc)),
];

fn extreme<'a>(name: &str, values: &[Value<'a>], run: &Run, wanted: Ordering) -> Outcome<'a> {
    // A single argument may be a list.
    let all: Vec<Value<'a>> = match values {
        [one] if one.items().is_some() => one.items().into_iter().flatten().collect(),
        all => all.to_vec(),
    };
    run.step(all.len())?;
    let mut all = all.into_iter();
    let mut best = all.next().ok_or_else(|| Failure::new("the list is empty"))?;
    for one in all {
        if one.order(&best)? == wanted {
            best = one;
        }
    }
    match best {
        Value::Int(_) | Value::Uint(_) | Value::Double(_) => Ok(best),
        _ => Err(unsuitable(name, values)),
    }
}

fn rounded<'a>(name: &str, values: &[Value<'a>], round: fn(f64) -> f64) -> Outcome<'a> {
    match &values[0] {
        Value::Double(value) => Ok(Value::Double(round(*value))),
        _ => Err(unsuitable(name, values)),
    }
}
