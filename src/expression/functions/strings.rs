//! Functions of text, and patterns.

use std::ops::Range;

use super::super::run::{Failure, Run};
use super::super::value::{Outcome, Value};
use super::{Function, both, int, items, member, text, unsuitable};

pub(super) const FUNCTIONS: &[Function] = &[
    member("contains", (1, 1), |values, run| {
        compare("contains", values, run, |text, part| text.contains(part))
    }),
    member("startsWith", (1, 1), |values, run| {
        compare("startsWith", values, run, |text, part| text.starts_with(part))
    }),
    member("endsWith", (1, 1), |values, run| {
        compare("endsWith", values, run, |text, part| text.ends_with(part))
    }),
    both("matches", (2, 2), matches),
    member("find", (1, 1), find),
    member("findAll", (1, 2), find_all),
    member("charAt", (1, 1), char_at),
    member("lowerAscii", (0, 0), |values, run| {
        changed("lowerAscii", values, run, |text| text.to_ascii_lowercase())
    }),
    member("upperAscii", (0, 0), |values, run| {
        changed("upperAscii", values, run, |text| text.to_ascii_uppercase())
    }),
    member("trim", (0, 0), |values, run| {
        changed("trim", values, run, |text| text.trim().to_owned())
    }),
    member("reverse", (0, 0), |values, run| {
        changed("reverse", values, run, |text| text.chars().rev().collect())
    }),
    member("replace", (2, 3), replace),
    member("split", (1, 2), split),
    member("substring", (1, 2), substring),
    member("join", (0, 1), join),
];

fn compare<'a>(
    name: &str,
    values: &[Value<'a>],
    run: &Run,
    is_so: fn(&str, &str) -> bool,
) -> Outcome<'a> {
    let (whole, part) = (text(name, values, 0)?, text(name, values, 1)?);
    run.step(whole.len() / 32)?;
    Ok(Value::Bool(is_so(whole, part)))
}

fn changed<'a>(
    name: &str,
    values: &[Value<'a>],
    run: &Run,
    change: fn(&str) -> String,
) -> Outcome<'a> {
    let whole = text(name, values, 0)?;
    run.make(whole.len())?;
    Ok(Value::text(change(whole)))
}

fn matches<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let (whole, pattern) = (text("matches", values, 0)?, text("matches", values, 1)?);
    let pattern = run.pattern(pattern)?;
    run.step(whole.len() / 8)?;
    Ok(Value::Bool(pattern.matches(whole)))
}

fn find<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let found = found("find", values, run, 1)?;
    Ok(found.into_iter().next().unwrap_or(Value::Text(super::super::value::Chars::Borrowed(""))))
}

fn find_all<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let most = match values.get(2) {
        Some(_) => int("findAll", values, 2)?,
        None => -1,
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    Ok(Value::list(found("findAll", values, run, most)?))
}

/// The first matches of a pattern.
fn found<'a>(
    name: &str,
    values: &[Value<'a>],
    run: &Run,
    most: usize,
) -> Result<Vec<Value<'a>>, Box<Failure>> {
    let (whole, pattern) = (text(name, values, 0)?, text(name, values, 1)?);
    let pattern = run.pattern(pattern)?;
    run.step(whole.len() / 8)?;
    let mut all = Vec::new();
    let mut rest = 0;
    while all.len() < most {
        run.step(1 + (whole.len() - rest.min(whole.len())) / 8)?;
        let Some(Range { start, end }) = pattern.find_at(whole, rest) else { break };
        run.make(size_of::<Value<'_>>() + end - start)?;
        all.push(Value::text(&whole[start..end]));
        // An empty match is followed by one behind the next character.
        let next = whole[end..].chars().next().map_or(1, char::len_utf8);
        rest = if end > start { end } else { end + next };
        if rest > whole.len() {
            break;
        }
    }
    Ok(all)
}

fn char_at<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let (whole, place) = (text("charAt", values, 0)?, int("charAt", values, 1)?);
    run.step(whole.len() / 32)?;
    let place = usize::try_from(place).map_err(|_| outside())?;
    match whole.chars().nth(place) {
        Some(letter) => Ok(Value::text(letter.to_string())),
        None if whole.chars().count() == place => Ok(Value::borrowed("")),
        None => Err(outside()),
    }
}

#[cold]
fn outside() -> Box<Failure> {
    Failure::new("the index is outside of the text")
}

fn replace<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let name = "replace";
    let (whole, old, new) =
        (text(name, values, 0)?, text(name, values, 1)?, text(name, values, 2)?);
    let most = match values.get(3) {
        Some(_) => usize::try_from(int(name, values, 3)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    // An empty text stands before each character and at the end.
    run.step(whole.len() / 8)?;
    let count = match old {
        "" => whole.chars().count() + 1,
        _ => whole.matches(old).count(),
    };
    run.make(whole.len() + count.min(most).saturating_mul(new.len()))?;
    Ok(Value::text(whole.replacen(old, new, most)))
}

fn split<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let (whole, separator) = (text("split", values, 0)?, text("split", values, 1)?);
    let most = match values.get(2) {
        Some(_) => int("split", values, 2)?,
        None => -1,
    };
    run.make((whole.len() + 1) * size_of::<Value<'_>>())?;
    let most = match most {
        0 => return Ok(Value::list(Vec::new())),
        most => usize::try_from(most).unwrap_or(usize::MAX),
    };
    // Rust finds an empty part at both ends, and Go does not.
    let parts: Vec<Value<'a>> = match separator {
        "" => {
            let mut rest = whole;
            let mut parts = Vec::new();
            while let Some(letter) = rest.chars().next() {
                let length = if parts.len() + 1 == most { rest.len() } else { letter.len_utf8() };
                parts.push(Value::text(&rest[..length]));
                rest = &rest[length..];
            }
            parts
        }
        _ => whole.splitn(most, separator).map(Value::text).collect(),
    };
    Ok(Value::list(parts))
}

fn substring<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let whole = text("substring", values, 0)?;
    run.make(whole.len())?;
    let count = whole.chars().count();
    let start = usize::try_from(int("substring", values, 1)?).map_err(|_| outside())?;
    let end = match values.get(2) {
        Some(_) => usize::try_from(int("substring", values, 2)?).map_err(|_| outside())?,
        None => count,
    };
    if start > end || end > count {
        return Err(outside());
    }
    let text: String = whole.chars().skip(start).take(end - start).collect();
    Ok(Value::text(text))
}

fn join<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let separator = match values.get(1) {
        Some(_) => text("join", values, 1)?,
        None => "",
    };
    let mut joined = String::new();
    for (place, item) in items("join", values, 0)?.enumerate() {
        let part = item.as_text().ok_or_else(|| unsuitable("join", values))?;
        run.make(part.len() + separator.len())?;
        if place > 0 {
            joined += separator;
        }
        joined += part;
    }
    Ok(Value::text(joined))
}

/// The places of a part in text, counted in characters: `indexOf` and `lastIndexOf`.
pub(super) fn position<'a>(values: &[Value<'a>], run: &Run, is_last: bool) -> Outcome<'a> {
    let name = if is_last { "lastIndexOf" } else { "indexOf" };
    let (whole, part) = (text(name, values, 0)?, text(name, values, 1)?);
    run.step(whole.len() / 8)?;
    let bound = match values.get(2) {
        Some(_) => Some(usize::try_from(int(name, values, 2)?).map_err(|_| outside())?),
        None => None,
    };
    let offset = |place: usize| {
        let offset = whole.char_indices().nth(place).map(|(offset, _)| offset);
        offset.or_else(|| (whole.chars().count() == place).then_some(whole.len()))
    };
    let found = match (bound, is_last) {
        (None, false) => whole.find(part),
        (None, true) => whole.rfind(part),
        (Some(start), false) => {
            let start = offset(start).ok_or_else(outside)?;
            whole[start..].find(part).map(|found| found + start)
        }
        (Some(last), true) => {
            let last = offset(last).ok_or_else(outside)?;
            let end = whole.len().min(last + part.len());
            let end = (end..=whole.len()).find(|end| whole.is_char_boundary(*end));
            whole[..end.unwrap_or(whole.len())].rfind(part)
        }
    };
    let place =
        found.map_or(-1, |found| i64::try_from(whole[..found].chars().count()).unwrap_or(i64::MAX));
    Ok(Value::Int(place))
}
