//! The comparison of versions and of quantities.

use std::cmp::Ordering;

use super::super::run::{Failure, Run};
use super::super::value::{Outcome, Value};
use super::quantities::quantity;
use super::versions::version;
use super::{Function, member};

pub(super) const FUNCTIONS: &[Function] = &[
    member("isLessThan", (1, 1), is_less),
    member("isGreaterThan", (1, 1), is_greater),
    member("compareTo", (1, 1), compare),
];

/// The order of two versions or two quantities.
fn order(name: &str, values: &[Value<'_>]) -> Result<Ordering, Box<Failure>> {
    match (version(values.first()), version(values.get(1))) {
        (Some(left), Some(right)) => Ok(left.order(right)),
        _ => {
            let left = quantity(name, values, 0)?;
            Ok(left.cmp(&quantity(name, values, 1)?))
        }
    }
}

fn is_less<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    Ok(Value::Bool(order("isLessThan", values)? == Ordering::Less))
}

fn is_greater<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    Ok(Value::Bool(order("isGreaterThan", values)? == Ordering::Greater))
}

fn compare<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    Ok(Value::Int(order("compareTo", values)? as i64))
}
