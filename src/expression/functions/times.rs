//! Moments and spans of time: `timestamp('2026-01-31T00:00:00Z')`, `duration('1h30m')`.

use jiff::civil::{DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};

use super::super::run::Failure;
use super::super::value::{Outcome, Value};
use super::{Function, global, member, text, unreadable, unsuitable};

pub(super) const FUNCTIONS: &[Function] = &[
    global("timestamp", (1, 1), |values, _| match &values[0] {
        moment @ Value::Timestamp(_) => Ok(moment.clone()),
        Value::Int(seconds) => Ok(Value::Timestamp(i128::from(*seconds) * SECOND)),
        _ => {
            let moment = text("timestamp", values, 0)?.parse::<jiff::Timestamp>();
            let moment = moment.map_err(|_| unreadable("a timestamp"))?;
            Ok(Value::Timestamp(moment.as_nanosecond()))
        }
    }),
    global("duration", (1, 1), |values, _| match &values[0] {
        span @ Value::Duration(_) => Ok(span.clone()),
        _ => {
            let span = duration(text("duration", values, 0)?);
            span.map(Value::Duration).ok_or_else(|| unreadable("a duration"))
        }
    }),
    member("getFullYear", (0, 1), |values, _| {
        of_moment("getFullYear", values, |at| i64::from(at.year()))
    }),
    member("getMonth", (0, 1), |values, _| {
        of_moment("getMonth", values, |at| i64::from(at.month()) - 1)
    }),
    member("getDate", (0, 1), |values, _| of_moment("getDate", values, |at| i64::from(at.day()))),
    member("getDayOfMonth", (0, 1), |values, _| {
        of_moment("getDayOfMonth", values, |at| i64::from(at.day()) - 1)
    }),
    member("getDayOfWeek", (0, 1), |values, _| {
        of_moment("getDayOfWeek", values, |at| i64::from(at.weekday().since(Weekday::Sunday)))
    }),
    member("getDayOfYear", (0, 1), |values, _| {
        of_moment("getDayOfYear", values, |at| i64::from(at.day_of_year()) - 1)
    }),
    member("getHours", (0, 1), |values, _| {
        part("getHours", values, 3600 * SECOND, |at| i64::from(at.hour()))
    }),
    member("getMinutes", (0, 1), |values, _| {
        part("getMinutes", values, 60 * SECOND, |at| i64::from(at.minute()))
    }),
    member("getSeconds", (0, 1), |values, _| {
        part("getSeconds", values, SECOND, |at| i64::from(at.second()))
    }),
    member("getMilliseconds", (0, 1), |values, _| match &values[0] {
        Value::Duration(span) => Ok(Value::Int(span / 1_000_000 % 1000)),
        _ => of_moment("getMilliseconds", values, |at| i64::from(at.millisecond())),
    }),
];

/// A second, in nanoseconds.
pub(super) const SECOND: i128 = 1_000_000_000;

/// The units of durations, in nanoseconds; longer names first.
const UNITS: [(&str, f64); 7] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)];

/// Reads a duration as Go does: `1h30m`, `-1.5s`.
fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0;
    loop {
        let is_digit = |letter: char| letter.is_ascii_digit() || letter == '.';
        let length = rest.find(|letter| !is_digit(letter))?;
        let number: f64 = rest[..length].parse().ok()?;
        rest = &rest[length..];
        let (unit, factor) = UNITS.into_iter().find(|(unit, _)| rest.starts_with(unit))?;
        total += number * factor;
        rest = &rest[unit.len()..];
        if rest.is_empty() {
            break;
        }
    }
    (total < 9.2e18).then_some((sign * total) as i64)
}

pub(super) fn duration_text(nanoseconds: i64) -> String {
    format!("{}s", nanoseconds as f64 / 1e9)
}

pub(super) fn timestamp_text(nanoseconds: i128) -> Option<String> {
    jiff::Timestamp::from_nanosecond(nanoseconds).ok().map(|moment| moment.to_string())
}

/// A moment on the calendar, in the time zone of the second argument: a fixed offset, or UTC.
fn civil(name: &str, values: &[Value<'_>]) -> Result<DateTime, Box<Failure>> {
    let Value::Timestamp(moment) = &values[0] else { return Err(unsuitable(name, values)) };
    let moment = jiff::Timestamp::from_nanosecond(*moment);
    let moment = moment.map_err(|_| Failure::new("the year is outside of the calendar"))?;
    let zone = match values.get(1) {
        None => TimeZone::UTC,
        Some(_) => zone(text(name, values, 1)?).ok_or_else(|| {
            Failure::new("only UTC and offsets such as `+01:00` are known as time zones")
        })?,
    };
    Ok(zone.to_datetime(moment))
}

fn zone(text: &str) -> Option<TimeZone> {
    if matches!(text, "" | "UTC" | "Etc/UTC" | "Z") {
        return Some(TimeZone::UTC);
    }
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = sign * hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?;
    Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?))
}

fn of_moment<'a>(name: &str, values: &[Value<'a>], told: fn(DateTime) -> i64) -> Outcome<'a> {
    Ok(Value::Int(told(civil(name, values)?)))
}

/// A part of a moment, or a whole duration in a unit.
fn part<'a>(
    name: &str,
    values: &[Value<'a>],
    unit: i128,
    told: fn(DateTime) -> i64,
) -> Outcome<'a> {
    match &values[0] {
        Value::Duration(span) => {
            Ok(Value::Int(i64::try_from(i128::from(*span) / unit).unwrap_or(i64::MAX)))
        }
        _ => of_moment(name, values, told),
    }
}
