//! Numbers, as Go's `strconv` reads and writes them.

use std::borrow::Cow;

use super::Implied;

/// Reads text that begins with a digit or a sign the way go-yaml does: an integer with or without a base prefix
/// (a leading zero means octal), or a float; underscores count for nothing.
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
            // A sign rules out ParseUint, and what follows reads decimal digits as a float.
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

/// Reads text that begins with a point: `ParseFloat` alone, which wants underscores to stand between digits.
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

/// What is left of text that may be a number when its underscores are gone; nothing for other text with underscores.
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

/// A float; what is too large for one stays a string, as `ParseFloat` fails on it.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|float: &f64| float.is_finite())
}
