//! Quantities: `quantity('500m')`.

use super::super::kinds::Library;
use super::super::run::Failure;
use super::super::value::{Outcome, Value};
use super::{Function, global, member, text, unreadable, unsuitable};
use crate::resource::Quantity;

pub(super) const FUNCTIONS: &[Function] = &[
    global("quantity", (1, 1), |values, _| {
        let quantity = Quantity::parse(text("quantity", values, 0)?);
        Ok(Library::Quantity(quantity.ok_or_else(|| unreadable("a quantity"))?).value())
    }),
    global("isQuantity", (1, 1), |values, _| {
        Ok(Value::Bool(Quantity::parse(text("isQuantity", values, 0)?).is_some()))
    }),
    member("sign", (0, 0), |values, _| {
        Ok(Value::Int(quantity("sign", values, 0)?.signum() as i64))
    }),
    member("isInteger", (0, 0), |values, _| {
        Ok(Value::Bool(as_integer(quantity("isInteger", values, 0)?).is_some()))
    }),
    member("asInteger", (0, 0), |values, _| {
        let whole = as_integer(quantity("asInteger", values, 0)?);
        whole.map(Value::Int).ok_or_else(|| unreadable("an integer"))
    }),
    member("asApproximateFloat", (0, 0), |values, _| {
        let name = "asApproximateFloat";
        Ok(Value::Double(quantity(name, values, 0)? as f64 / ONE as f64))
    }),
    member("add", (1, 1), |values, _| combined("add", values, i128::checked_add)),
    member("sub", (1, 1), |values, _| combined("sub", values, i128::checked_sub)),
];

const ONE: i128 = 1_000_000_000;

/// An argument that is a quantity, in billionths.
pub(super) fn quantity(
    name: &str,
    values: &[Value<'_>],
    place: usize,
) -> Result<i128, Box<Failure>> {
    match values.get(place) {
        Some(Value::Library(value)) => match &**value {
            Library::Quantity(quantity) => Ok(quantity.billionths()),
            _ => Err(unsuitable(name, values)),
        },
        _ => Err(unsuitable(name, values)),
    }
}

fn as_integer(billionths: i128) -> Option<i64> {
    (billionths % ONE == 0).then(|| i64::try_from(billionths / ONE).ok())?
}

/// A sum or a difference with a quantity or an integer.
fn combined<'a>(
    name: &str,
    values: &[Value<'a>],
    combine: fn(i128, i128) -> Option<i128>,
) -> Outcome<'a> {
    let left = quantity(name, values, 0)?;
    let right = match values.get(1) {
        Some(Value::Int(whole)) => i128::from(*whole) * ONE,
        _ => quantity(name, values, 1)?,
    };
    let result = combine(left, right).ok_or_else(|| Failure::new("the result is too large"))?;
    Ok(Library::Quantity(Quantity::of_billionths(result)).value())
}
