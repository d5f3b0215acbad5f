//! Semantic versions: `semver('1.2.3')`.

use super::super::kinds::{Library, Version};
use super::super::run::Failure;
use super::super::value::{Outcome, Value};
use super::{Function, global, member, text, unreadable, unsuitable};

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

fn read(name: &str, values: &[Value<'_>]) -> Result<Option<Version>, Box<Failure>> {
    let is_lenient = match values.get(1) {
        None => false,
        Some(Value::Bool(is_lenient)) => *is_lenient,
        Some(_) => return Err(unsuitable(name, values)),
    };
    Ok(Version::parse(text(name, values, 0)?, is_lenient))
}

fn part<'a>(name: &str, values: &[Value<'a>], place: usize) -> Outcome<'a> {
    match version(values.first()) {
        Some(version) => Ok(Value::Int(i64::try_from(version.numbers[place]).unwrap_or(i64::MAX))),
        None => Err(unsuitable(name, values)),
    }
}

pub(super) fn version<'v>(value: Option<&'v Value<'_>>) -> Option<&'v Version> {
    match value? {
        Value::Library(value) => match &**value {
            Library::Version(version) => Some(version),
            _ => None,
        },
        _ => None,
    }
}
