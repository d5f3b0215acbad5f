//! What must hold for every key and scalar of a document before any of it is read, used or not.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::yaml::{Kind, Mapping, Node, Scalar};
use crate::yaml::{Value, resolve_1_1};

use super::Rules;
use super::wording::shown;

/// How deep a value may nest. Go's limit is 10,000; no configuration needs more than a dozen, and what follows recurses.
const MOST_LEVELS: usize = 100;

/// Checks that the document can be read at all: the reference turns the whole of it into JSON first.
pub(super) fn check(root: &Node, rules: Rules) -> Result<()> {
    let mut pending = vec![(root, 1)];
    while let Some((node, level)) = pending.pop() {
        if level > MOST_LEVELS && node.kind() != Kind::Scalar {
            return Err(Error::new(
                Code::NestingTooDeep,
                format!("values are nested more than {MOST_LEVELS} levels deep"),
            )
            .at(node.span()));
        }
        if let Some(scalar) = node.as_scalar() {
            check_scalar(scalar)?;
        } else if let Some(sequence) = node.as_sequence() {
            pending.extend(sequence.items().iter().rev().map(|item| (item, level + 1)));
        } else if let Some(mapping) = node.as_mapping() {
            check_keys(mapping, rules)?;
            pending.extend(mapping.iter().rev().map(|(_, value)| (value, level + 1)));
        }
    }
    Ok(())
}

fn check_scalar(scalar: &Scalar) -> Result<()> {
    match resolve_1_1(scalar)? {
        Value::Float(number) if !number.is_finite() => Err(Error::new(
            Code::UnrepresentableValue,
            format!("`{}` has no form in JSON", shown(scalar.text())),
        )
        .at(scalar.span())
        .help(format!("if text is meant, put it in quotes: `\"{}\"`", shown(scalar.text())))),
        _ => Ok(()),
    }
}

fn check_keys(mapping: &Mapping, rules: Rules) -> Result<()> {
    let mut seen = BTreeMap::new();
    for (key, _) in mapping.iter() {
        let text = key_text(key)?;
        if rules != Rules::Strict {
            continue;
        }
        if let Some(first) = seen.insert(text, key.span()) {
            return Err(Error::new(
                Code::DuplicateKey,
                format!("the key `{}` is there twice", shown(key.text())),
            )
            .at(key.span())
            .note(first, "here for the first time"));
        }
    }
    Ok(())
}

/// A key as text: JSON has no other keys.
///
/// # Errors
/// `InvalidKey` for a null and for a number beyond 64 bits with sign, which `sigs.k8s.io/yaml` refuses.
pub(super) fn key_text(key: &Scalar) -> Result<Cow<'_, str>> {
    let refused = |what: &str| {
        Err(Error::new(Code::InvalidKey, format!("{what} cannot be a key"))
            .at(key.span())
            .help(format!("if text is meant, put it in quotes: `\"{}\"`", shown(key.text()))))
    };
    match resolve_1_1(key)? {
        Value::Null => refused("null"),
        Value::Uint(number) if i64::try_from(number).is_err() => {
            refused(&format!("the number `{number}`"))
        }
        value => Ok(value_text(key, value)),
    }
}

/// A scalar as text where only text will do.
pub(super) fn value_text<'a>(scalar: &'a Scalar, value: Value<'a>) -> Cow<'a, str> {
    match value {
        Value::Str(text) => text,
        Value::Timestamp(_) => scalar.text().into(),
        Value::Null => "".into(),
        Value::Bool(truth) => truth.to_string().into(),
        Value::Int(number) => number.to_string().into(),
        Value::Uint(number) => number.to_string().into(),
        Value::Float(number) => short_float(number).into(),
    }
}

/// A number as `strconv.FormatFloat(number, 'g', -1, 32)` writes it: with the precision of 32 bits, because
/// `sigs.k8s.io/yaml` says so for keys and for text.
fn short_float(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the reference shortens it so")]
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{number}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_text_as_in_go() {
        let table = [
            (1.5, "1.5"),
            (-0.25, "-0.25"),
            (0.1, "0.1"),
            (-0.0, "-0"),
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (123_456.789, "123456.79"),
            (12_345_678.9, "1.2345679e+07"),
            (16_777_217.0, "1.6777216e+07"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1e22, "1e+22"),
            (1e39, ".inf"),
        ];
        for (number, text) in table {
            assert_eq!(short_float(number), text);
        }
    }
}
