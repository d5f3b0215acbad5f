//! Numbers, as Go's `strconv` reads and writes them.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use super::Implied;

/// Parses text that begins with a digit or a sign as go-yaml does: an integer with or without a base prefix (a leading
/// zero means octal), or a float. Underscores are ignored.
///
/// `octal_signs`: go-yaml v3 also reads a sign after `0o`; both versions read one after `0b`.
pub(super) fn parse(text: &str, octal_signs: bool) -> Option<Implied> {
    let plain = without_underscores(text)?;
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, &*plain),
    };
    match magnitude(digits) {
        Some(magnitude) if negative && magnitude <= i64::MIN.unsigned_abs() => {
            return Some(Implied::Int(0i64.wrapping_sub_unsigned(magnitude)));
        }
        Some(magnitude) if !negative => match i64::try_from(magnitude) {
            Ok(integer) => return Some(Implied::Int(integer)),
            // `ParseUint` refuses a sign; the code below reads decimal digits as a float.
            Err(_) if !plain.starts_with('+') => return Some(Implied::Uint(magnitude)),
            Err(_) => {}
        },
        _ => {}
    }
    if is_decimal_float(plain.as_bytes()) {
        return finite(&plain).map(Implied::Float);
    }
    let (digits, radix) = match plain.strip_prefix("0b") {
        Some(digits) => (digits, 2),
        None if octal_signs => (plain.strip_prefix("0o")?, 8),
        None => return None,
    };
    i64::from_str_radix(digits, radix).ok().map(Implied::Int)
}

/// Parses text that begins with a dot: `ParseFloat` alone, which allows underscores only between digits.
pub(super) fn fraction(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digit = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_digit);
    if bytes
        .iter()
        .enumerate()
        .any(|(place, &byte)| byte == b'_' && !(digit(place - 1) && digit(place + 1)))
    {
        return None;
    }
    let plain = without_underscores(text)?;
    if is_decimal_float(plain.as_bytes()) { finite(&plain) } else { None }
}

/// True for a number in base 60 of YAML 1.1, such as `1:30`. go-yaml never reads one and always quotes one.
#[inline]
pub(super) fn is_sexagesimal(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'9' | b'+' | b'-', ..])
        && text.contains(':')
        && matches_sexagesimal(text)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn matches_sexagesimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let digits_and_underscores =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let (text, decimals) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = text.split(':');
    parts.next().is_some_and(digits_and_underscores)
        && parts.all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
        && digits_and_underscores(decimals)
}

/// Text that may be a number, without its underscores; `None` for other text with underscores.
fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let of_a_number =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-' | b'.');
    text.bytes().all(of_a_number).then(|| Cow::Owned(text.replace('_', "")))
}

/// The digits of an integer without its sign: `ParseUint` in base 0.
fn magnitude(digits: &str) -> Option<u64> {
    let (digits, radix) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (&digits[2..], 16),
        [b'0', b'b' | b'B', _, ..] => (&digits[2..], 2),
        [b'0', b'o' | b'O', _, ..] => (&digits[2..], 8),
        [b'0', _, ..] => (&digits[1..], 8),
        _ => (digits, 10),
    };
    // Rust allows a second plus sign here.
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, the floats of YAML 1.2.
fn is_decimal_float(text: &[u8]) -> bool {
    fn after_digits(text: &[u8]) -> (usize, &[u8]) {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count, &text[count..])
    }
    let text = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let (whole, mut rest) = after_digits(text);
    let mut decimals = 0;
    if let [b'.', after @ ..] = rest {
        (decimals, rest) = after_digits(after);
    }
    if whole + decimals == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            matches!(after_digits(exponent), (1.., []))
        }
        _ => false,
    }
}

/// A float; `None` if it is too large, because `ParseFloat` fails and the text stays a string.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|float: &f64| float.is_finite())
}

/// Writes a float as `FormatFloat(float, 'g', -1, 64)` does: `1.5`, `1e+06`, `1e-05`.
pub fn push_general(float: f64, out: &mut String) {
    push(float, -4..6, 2, out);
}

/// Writes a float as `encoding/json` does: with an exponent only below 1e-6 and from 1e21 on.
pub(in crate::yaml) fn push_json(float: f64, out: &mut String) {
    push(float, -6..21, 1, out);
}

/// Writes a float without an exponent if the exponent is in `plain`, otherwise with an exponent of at least `width`
/// digits.
fn push(float: f64, plain: Range<i32>, width: usize, out: &mut String) {
    let text = shortest(float);
    let Some((digits, exponent)) = text.split_once('e') else { return };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if plain.contains(&exponent) {
        return push_plain(digits, exponent, out);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing to a String cannot fail.
    let _ = write!(out, "{digits}e{sign}{:0width$}", exponent.unsigned_abs());
}

/// The fewest digits that give the float again, as `1.5e-7`.
///
/// If two candidates are equally near, Go's `strconv` takes the even one and Rust's `{:e}` the larger one: for
/// 0.98023223876953125 Go's digits end in 12, and Rust's in 13. With a given number of digits, Rust takes the even one
/// too.
fn shortest(float: f64) -> String {
    let shortest = format!("{float:e}");
    let digits =
        shortest.bytes().take_while(|&byte| byte != b'e').filter(u8::is_ascii_digit).count();
    let nearest = format!("{float:.*e}", digits.saturating_sub(1));
    // Just above a power of two, the nearest number with this many digits can belong to another float.
    if nearest.parse() == Ok(float) { nearest } else { shortest }
}

/// Writes `d.ddd` times ten to the `exponent` in full.
fn push_plain(digits: &str, exponent: i32, out: &mut String) {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let digits = digits.replace('.', "");
    // Writing to a String cannot fail.
    let _ = match usize::try_from(exponent) {
        Ok(exponent) => match digits.split_at_checked(exponent + 1) {
            Some((whole, fraction)) if !fraction.is_empty() => {
                write!(out, "{sign}{whole}.{fraction}")
            }
            _ => write!(out, "{sign}{digits:0<width$}", width = exponent + 1),
        },
        Err(_) => {
            write!(
                out,
                "{sign}0.{:0<zeros$}{digits}",
                "",
                zeros = exponent.unsigned_abs() as usize - 1
            )
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(
        clippy::excessive_precision,
        reason = "these digits lie exactly between two shorter numbers"
    )]
    fn floats_have_the_digits_that_go_gives_them() {
        let cases = [
            (0.980_232_238_769_531_25, "0.9802322387695312", "0.9802322387695312"),
            (7.610_641_918_945_312_5e8, "7.610641918945312e+08", "761064191.8945312"),
            (-0.000_012_5, "-1.25e-05", "-0.0000125"),
            (0.000_1, "0.0001", "0.0001"),
            (-123_456.5, "-123456.5", "-123456.5"),
            (1e-7, "1e-07", "1e-7"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (5e-324, "5e-324", "5e-324"),
            (9_007_199_254_740_992.0, "9.007199254740992e+15", "9007199254740992"),
            (0.0, "0", "0"),
            (-0.0, "-0", "-0"),
        ];
        for (float, general, json) in cases {
            let mut texts = [String::new(), String::new()];
            push_general(float, &mut texts[0]);
            push_json(float, &mut texts[1]);
            assert_eq!(texts, [general, json]);
        }
    }
}
