//! Functions of lists, also as sets.

use super::super::run::{Failure, Run};
use super::super::value::{Outcome, Value};
use super::operators::Operator;
use super::{Function, global, int, items, member, operators, strings, unsuitable};
use std::cmp::Ordering;

pub(super) const FUNCTIONS: &[Function] = &[
    member("isSorted", (0, 0), is_sorted),
    member("sum", (0, 0), sum),
    member("min", (0, 0), |values, run| extreme("min", values, run, Ordering::Less)),
    member("max", (0, 0), |values, run| extreme("max", values, run, Ordering::Greater)),
    member("indexOf", (1, 2), |values, run| index_of(values, run, false)),
    member("lastIndexOf", (1, 2), |values, run| index_of(values, run, true)),
    member("slice", (2, 2), slice),
    member("flatten", (0, 1), flatten),
    member("distinct", (0, 0), distinct),
    member("sort", (0, 0), sort),
    global("lists.range", (1, 1), range),
    global("sets.contains", (2, 2), |values, run| {
        contains_all("sets.contains", values, run, 0, 1).map(Value::Bool)
    }),
    global("sets.equivalent", (2, 2), |values, run| {
        let name = "sets.equivalent";
        let is_same =
            contains_all(name, values, run, 0, 1)? && contains_all(name, values, run, 1, 0)?;
        Ok(Value::Bool(is_same))
    }),
    global("sets.intersects", (2, 2), intersects),
];

fn is_sorted<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let all: Vec<Value<'a>> = items("isSorted", values, 0)?.collect();
    run.make(all.len() * size_of::<Value<'_>>())?;
    for pair in all.windows(2) {
        if pair[0].order(&pair[1])? == Ordering::Greater {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn sum<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let mut items = items("sum", values, 0)?;
    let Some(mut total) = items.next() else { return Ok(Value::Int(0)) };
    for item in items {
        total = operators::operate(Operator::Add, &total, &item, run)?;
        run.step(1)?;
    }
    match total {
        Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_) => Ok(total),
        _ => Err(unsuitable("sum", values)),
    }
}

fn extreme<'a>(name: &str, values: &[Value<'a>], run: &Run, wanted: Ordering) -> Outcome<'a> {
    let mut items = items(name, values, 0)?;
    let empty = || Failure::new(format!("`{name}` is called on an empty list"));
    let mut best = items.next().ok_or_else(empty)?;
    for item in items {
        run.step(1)?;
        if item.order(&best)? == wanted {
            best = item;
        }
    }
    Ok(best)
}

fn index_of<'a>(values: &[Value<'a>], run: &Run, is_last: bool) -> Outcome<'a> {
    if values[0].as_text().is_some() {
        return strings::position(values, run, is_last);
    }
    let name = if is_last { "lastIndexOf" } else { "indexOf" };
    let mut found = -1;
    for (place, item) in items(name, values, 0)?.enumerate() {
        if item.equals(&values[1], run)? {
            found = i64::try_from(place).unwrap_or(i64::MAX);
            if !is_last {
                break;
            }
        }
    }
    Ok(Value::Int(found))
}

fn slice<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let count = values[0].len().unwrap_or_default();
    let outside = || Failure::new(format!("the indices are outside of a list of {count} elements"));
    let place = |at| usize::try_from(int("slice", values, at)?).map_err(|_| outside());
    let (start, end) = (place(1)?, place(2)?);
    let items = items("slice", values, 0)?;
    if start > end || end > count {
        return Err(outside());
    }
    run.make((end - start) * size_of::<Value<'_>>())?;
    Ok(Value::list(items.skip(start).take(end - start).collect()))
}

fn flatten<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let depth = match values.get(1) {
        Some(_) => int("flatten", values, 1)?,
        None => 1,
    };
    let mut list: Vec<Value<'a>> = items("flatten", values, 0)?.collect();
    for _ in 0..depth.min(64) {
        let mut is_flat = true;
        let mut next = Vec::with_capacity(list.len());
        for item in list {
            run.make(size_of::<Value<'_>>() * (1 + item.len().unwrap_or_default()))?;
            match item.items() {
                Some(items) => {
                    is_flat = false;
                    next.extend(items);
                }
                None => next.push(item),
            }
        }
        list = next;
        if is_flat {
            break;
        }
    }
    Ok(Value::list(list))
}

/// Compares each element with the distinct ones before it; each comparison is charged.
fn distinct<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let mut list: Vec<Value<'a>> = Vec::new();
    for item in items("distinct", values, 0)? {
        let mut known = false;
        for other in &list {
            known = known || item.equals(other, run)?;
        }
        if !known {
            run.make(size_of::<Value<'_>>())?;
            list.push(item);
        }
    }
    Ok(Value::list(list))
}

fn sort<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let mut list: Vec<Value<'a>> = items("sort", values, 0)?.collect();
    run.make(list.len() * size_of::<Value<'_>>())?;
    run.step(list.len() * 16)?;
    // An order that fails for two elements fails for two neighbours, too: the types differ.
    for pair in list.windows(2) {
        let _ = pair[0].order(&pair[1])?;
    }
    list.sort_by(|left, right| left.order(right).unwrap_or(Ordering::Equal));
    Ok(Value::list(list))
}

fn range<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let count = int("lists.range", values, 0)?.max(0);
    run.make(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(size_of::<Value<'_>>()))?;
    Ok(Value::list((0..count).map(Value::Int).collect()))
}

/// True if a list contains all elements of another one.
fn contains_all(
    name: &str,
    values: &[Value<'_>],
    run: &Run,
    whole: usize,
    part: usize,
) -> Result<bool, Box<Failure>> {
    for wanted in items(name, values, part)? {
        let mut found = false;
        for item in items(name, values, whole)? {
            if item.equals(&wanted, run)? {
                found = true;
                break;
            }
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intersects<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    for wanted in items("sets.intersects", values, 1)? {
        for item in items("sets.intersects", values, 0)? {
            if item.equals(&wanted, run)? {
                return Ok(Value::Bool(true));
            }
        }
    }
    Ok(Value::Bool(false))
}
