//! Scalars as text, for fields that take only text.

use std::borrow::Cow;

use crate::yaml::{Scalar, Value};

/// The text of a scalar. A timestamp keeps the text that it was written as.
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

/// A number as `strconv.FormatFloat(number, 'g', -1, 32)` writes it: with the precision of 32 bits, which
/// `sigs.k8s.io/yaml` uses for keys and for text.
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
