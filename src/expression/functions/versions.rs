//! Semantic versions: `semver('1.2.3')`, and the comparison of versions and quantities.

use std::cmp::Ordering;

use super::super::run::{Failure, Outcome, Run};
use super::super::value::Value;
use super::conversions::unreadable;
use super::library::Library;
use super::{Function, global, member, quantities, text, unsuitable};

pub(super) const FUNCTIONS: &[Function] = &[
    global("semver", (1, 2), |values, _| {
        let version = read("semver", values)?;
        let version = version.ok_or_else(|| unreadable("a semantic version"))?;
        Ok(Library::Version(Box::new(version)).value())
    }),
    global("isSemver", (1, 2), |values, _| Ok(Value::Bool(read("isSemver", values)?.is_some()))),
    member("major", (0, 0), |values, _| part("major", values, 0)),
    member("minor", (0, 0), |values, _| part("minor", values, 1)),
    member("patch", (0, 0), |values, _| part("patch", values, 2)),
];

/// A semantic version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    before: Vec<Identifier>,
}

/// An identifier of a pre-release; numbers are lower than text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Text(String),
}

fn read(name: &str, values: &[Value<'_>]) -> Result<Option<Version>, Box<Failure>> {
    let is_lenient = match values.get(1) {
        None => false,
        Some(Value::Bool(is_lenient)) => *is_lenient,
        Some(_) => return Err(unsuitable(name, values)),
    };
    Ok(Version::parse(text(name, values, 0)?, is_lenient))
}

impl Version {
    /// Parses a version. If that is lenient, a `v` in front, missing parts and leading zeros are accepted.
    fn parse(text: &str, is_lenient: bool) -> Option<Self> {
        let text = if is_lenient { text.strip_prefix('v').unwrap_or(text) } else { text };
        let (text, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
        let (core, before) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
        let number = |part: &str| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let is_plain = part == "0" || !part.starts_with('0') || is_lenient;
            (is_number && is_plain).then(|| part.parse().ok())?
        };
        let parts: Option<Vec<u64>> = core.split('.').map(number).collect();
        let numbers = match parts?[..] {
            [major, minor, patch] => [major, minor, patch],
            [major, minor] if is_lenient => [major, minor, 0],
            [major] if is_lenient => [major, 0, 0],
            _ => return None,
        };
        let is_identifier = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !build.is_none_or(|build| build.split('.').all(is_identifier)) {
            return None;
        }
        let identifier = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
            true => number(part).map(Identifier::Number),
            false => is_identifier(part).then(|| Identifier::Text(part.to_owned())),
        };
        let before = match before {
            Some(before) => {
                let parts = before.split('.');
                parts.map(|part| is_identifier(part).then(|| identifier(part))?).collect()
            }
            None => Some(Vec::new()),
        };
        Some(Self { numbers, before: before? })
    }

    fn order(&self, other: &Self) -> Ordering {
        // A version without a pre-release follows those with one.
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| match (self.before.is_empty(), other.before.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.before.cmp(&other.before),
        })
    }
}

fn part<'a>(name: &str, values: &[Value<'a>], place: usize) -> Outcome<'a> {
    match version(values.first()) {
        Some(version) => Ok(Value::Int(i64::try_from(version.numbers[place]).unwrap_or(i64::MAX))),
        None => Err(unsuitable(name, values)),
    }
}

fn version<'v>(value: Option<&'v Value<'_>>) -> Option<&'v Version> {
    match value? {
        Value::Library(value) => match &**value {
            Library::Version(version) => Some(version),
            _ => None,
        },
        _ => None,
    }
}

/// The order of two versions or two quantities.
fn order(name: &str, values: &[Value<'_>]) -> Result<Ordering, Box<Failure>> {
    match (version(values.first()), version(values.get(1))) {
        (Some(left), Some(right)) => Ok(left.order(right)),
        _ => {
            let left = quantities::quantity(name, values, 0)?;
            Ok(left.cmp(&quantities::quantity(name, values, 1)?))
        }
    }
}

pub(super) fn is_less<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    Ok(Value::Bool(order("isLessThan", values)? == Ordering::Less))
}

pub(super) fn is_greater<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    Ok(Value::Bool(order("isGreaterThan", values)? == Ordering::Greater))
}

pub(super) fn compare<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    Ok(Value::Int(order("compareTo", values)? as i64))
}
