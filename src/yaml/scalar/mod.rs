//! The type and value of a scalar: null, boolean, number, timestamp or string, by the rules of go-yaml.

mod binary;
pub(super) mod number;
mod timestamp;

use std::borrow::Cow;

use super::node::{Scalar, Style, Tag};
use crate::error::{Code, Error, Result};
use crate::text::phrase::shortened;
use timestamp::Timestamp;

/// The typed value of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`, `~`, or empty text.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer, in any notation of YAML 1.1 but the sexagesimal one.
    Int(i64),
    /// An integer too large for [`Value::Int`].
    Uint(u64),
    /// A floating-point number; infinities and NaN are possible.
    Float(f64),
    /// A point in time, written as Go's `encoding/json` writes it (RFC 3339).
    Timestamp(String),
    /// A string.
    Str(Cow<'a, str>),
}

/// The value of a scalar of a resource or a merge patch, by the rules of go-yaml v3.
///
/// A quoted or block scalar is a string. Plain text is a null, a boolean (`true` and `false` only), a number, a
/// timestamp or a string. An explicit tag decides the type, and the text must match it.
///
/// # Errors
/// [`Code::InvalidValue`] if the text does not match the tag; [`Code::UnrepresentableValue`] for a timestamp with an
/// offset of 24 hours, which Go reads and cannot write.
#[inline]
pub fn resolve(scalar: &Scalar) -> Result<Value<'_>> {
    resolve_by(Rules::V3, scalar)
}

/// The value of a scalar of a kustomization file, a configuration or a JSON patch, by the rules of go-yaml v2, as
/// sigs.k8s.io/yaml uses it. `y`, `yes` and `on` are booleans here, and timestamps stay strings.
///
/// # Errors
/// [`Code::InvalidValue`] if the text does not match the tag.
pub fn resolve_1_1(scalar: &Scalar) -> Result<Value<'_>> {
    resolve_by(Rules::V2, scalar)
}

/// True if go-yaml v3 reads this plain text without a tag as a string.
#[inline]
pub(super) fn is_string(text: &str) -> bool {
    begins_like_string(text) || matches!(implied(Rules::V3, text, true), Implied::Str)
}

/// True if YAML 1.1 reads this text as a string too: go-yaml v2 writes it without quotes.
#[inline]
pub(super) fn is_string_1_1(text: &str) -> bool {
    begins_like_string(text) || is_string_1_1_in_all(text)
}

/// The full check of [`is_string_1_1`].
#[inline(never)]
fn is_string_1_1_in_all(text: &str) -> bool {
    matches!(implied(Rules::V2, text, true), Implied::Str) && !number::is_sexagesimal(text)
}

/// True if the first byte, with the length, shows that text is a string, as for most text. False if all of the text
/// must be checked.
#[inline]
pub(super) fn begins_like_string(text: &str) -> bool {
    match text.as_bytes().first() {
        None | Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'~' | b'\t') => false,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => {
            text.len() > "false".len()
        }
        Some(_) => true,
    }
}

/// The versions of go-yaml. They differ in booleans, in timestamps, and in signs after `0o`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    V2,
    V3,
}

/// The type inferred from plain text.
#[derive(Clone, Copy)]
enum Implied {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Timestamp(Timestamp),
    Str,
}

#[inline]
fn resolve_by(rules: Rules, scalar: &Scalar) -> Result<Value<'_>> {
    match scalar.tag() {
        Tag::None if scalar.style() == Style::Plain => {
            value(rules, scalar, implied(rules, scalar.text(), true))
        }
        Tag::None | Tag::Str | Tag::Merge | Tag::Seq | Tag::Map | Tag::Other => {
            Ok(Value::Str(Cow::Borrowed(scalar.text())))
        }
        Tag::Binary => match binary::decode(scalar.text()) {
            Some(text) => Ok(Value::Str(Cow::Owned(text))),
            None => Err(contradiction(scalar, "!!binary", "base64 text")),
        },
        Tag::Null | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp => tagged(rules, scalar),
    }
}

#[cold]
fn tagged(rules: Rules, scalar: &Scalar) -> Result<Value<'_>> {
    let implied = implied(rules, scalar.text(), scalar.tag() == Tag::Timestamp);
    let (tag, expected) = match (scalar.tag(), implied) {
        (Tag::Null, Implied::Null)
        | (Tag::Bool, Implied::Bool(_))
        | (Tag::Int, Implied::Int(_) | Implied::Uint(_))
        | (Tag::Float, Implied::Float(_))
        | (Tag::Timestamp, Implied::Timestamp(_)) => return value(rules, scalar, implied),
        // go-yaml converts an int64 to a float here, but not a uint64.
        (Tag::Float, Implied::Int(integer)) => return Ok(Value::Float(integer as f64)),
        (Tag::Null, _) => ("!!null", "`null`, `~` or nothing"),
        (Tag::Bool, _) => ("!!bool", "`true` or `false`"),
        (Tag::Int, _) => ("!!int", "an integer"),
        (Tag::Float, _) => ("!!float", "a number"),
        (Tag::Timestamp, _) => ("!!timestamp", "a date, or a date and a time"),
        (Tag::None | Tag::Str | Tag::Binary | Tag::Merge | Tag::Seq | Tag::Map | Tag::Other, _) => {
            return Ok(Value::Str(Cow::Borrowed(scalar.text())));
        }
    };
    Err(contradiction(scalar, tag, expected))
}

#[inline]
fn value(rules: Rules, scalar: &Scalar, implied: Implied) -> Result<Value<'_>> {
    Ok(match implied {
        Implied::Str => Value::Str(Cow::Borrowed(scalar.text())),
        Implied::Null => Value::Null,
        Implied::Bool(bool) => Value::Bool(bool),
        Implied::Int(integer) => Value::Int(integer),
        Implied::Uint(integer) => Value::Uint(integer),
        Implied::Float(float) => Value::Float(float),
        // go-yaml v2 keeps the text unless a Go field of type `time.Time` asks for a time.
        Implied::Timestamp(_) if rules == Rules::V2 => Value::Str(Cow::Borrowed(scalar.text())),
        Implied::Timestamp(timestamp) => {
            Value::Timestamp(timestamp.to_rfc3339().ok_or_else(|| {
                Error::new(
                    Code::UnrepresentableValue,
                    format!("timestamp `{}` is in no time zone of this world", scalar.text()),
                )
                .at(scalar.span())
                .label("24 hours or more from UTC")
                .help("quote it if it is a string")
            })?)
        }
    })
}

#[cold]
fn contradiction(scalar: &Scalar, tag: &str, expected: &str) -> Error {
    let text = shortened(scalar.text(), 40);
    let error = Error::new(Code::InvalidValue, format!("found `{text}`, expected {expected}"))
        .at(scalar.span())
        .label(format!("expected {expected}"));
    // A value that was set later keeps the tag of the old value, and its span is that of its cause.
    match scalar.span().length() as usize == scalar.text().len() {
        true => error.help(format!("correct the value, or remove the tag `{tag}`")),
        false => error.help(format!(
            "the field was {expected} when it was first written, and its type stays: give it such a value, or write \
             the first one as text, in quotes"
        )),
    }
}

#[inline]
fn implied(rules: Rules, text: &str, timestamps: bool) -> Implied {
    // As in go-yaml, the first byte selects the candidates; for nearly all texts the result is a string.
    match text.as_bytes().first() {
        None => Implied::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => implied_number(rules, text, timestamps),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => {
            implied_word(rules, text)
        }
        Some(_) => Implied::Str,
    }
}

fn implied_word(rules: Rules, text: &str) -> Implied {
    match text {
        "true" | "True" | "TRUE" => Implied::Bool(true),
        "false" | "False" | "FALSE" => Implied::Bool(false),
        "null" | "Null" | "NULL" | "~" => Implied::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if rules == Rules::V2 => {
            Implied::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if rules == Rules::V2 => {
            Implied::Bool(false)
        }
        _ => Implied::Str,
    }
}

fn implied_number(rules: Rules, text: &str, timestamps: bool) -> Implied {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Implied::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Implied::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Implied::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if text.starts_with('.') {
        return number::fraction(text).map_or(Implied::Str, Implied::Float);
    }
    if timestamps && let Some(timestamp) = timestamp::parse(text) {
        return Implied::Timestamp(timestamp);
    }
    number::parse(text, rules == Rules::V3).unwrap_or(Implied::Str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn scalar(text: &str, tag: Tag, style: Style) -> Scalar {
        Scalar::parsed(text, tag, style, Span::new(7, 3))
    }

    fn plain(text: &str) -> Scalar {
        scalar(text, Tag::None, Style::Plain)
    }

    /// `null`, `bool true`, `int 1`, `uint 1`, `float 1e0`, `time 2001-…`, `str …` or `error`.
    fn shown(value: &Result<Value<'_>>) -> String {
        match value {
            Ok(Value::Null) => "null".to_owned(),
            Ok(Value::Bool(bool)) => format!("bool {bool}"),
            Ok(Value::Int(integer)) => format!("int {integer}"),
            Ok(Value::Uint(integer)) => format!("uint {integer}"),
            Ok(Value::Float(float)) => format!("float {float:e}"),
            Ok(Value::Timestamp(text)) => format!("time {text}"),
            Ok(Value::Str(text)) => format!("str {text}"),
            Err(error) => {
                assert_eq!(error.span(), Span::new(7, 3), "{error:?}");
                format!("error {}", error.code())
            }
        }
    }

    /// Text, its meaning by v3, and its meaning by v2 where that is another.
    type Row = (&'static str, &'static str, Option<&'static str>);

    const WORDS: &[Row] = &[
        ("", "null", None),
        ("~", "null", None),
        ("Null", "null", None),
        ("nULL", "str nULL", None),
        ("true", "bool true", None),
        ("FALSE", "bool false", None),
        ("tRue", "str tRue", None),
        ("y", "str y", Some("bool true")),
        ("No", "str No", Some("bool false")),
        ("on", "str on", Some("bool true")),
        ("OFF", "str OFF", Some("bool false")),
        ("oN", "str oN", None),
        ("<<", "str <<", None),
        ("=", "str =", None),
    ];

    const NUMBERS: &[Row] = &[
        ("0", "int 0", None),
        ("-0", "int 0", None),
        ("+1", "int 1", None),
        ("0777", "int 511", None),
        ("0o777", "int 511", None),
        ("-0O17", "int -15", None),
        ("0x1F", "int 31", None),
        ("-0b101", "int -5", None),
        ("1_000", "int 1000", None),
        ("_1", "str _1", None),
        ("+_", "str +_", None),
        ("0b-1", "int -1", None),
        ("0o-7", "int -7", Some("str 0o-7")),
        ("+0b-1", "str +0b-1", None),
        ("0x", "str 0x", None),
        ("++1", "str ++1", None),
        ("0x+1", "str 0x+1", None),
        ("08", "float 8e0", None),
        ("9223372036854775807", "int 9223372036854775807", None),
        ("-9223372036854775808", "int -9223372036854775808", None),
        ("9223372036854775808", "uint 9223372036854775808", None),
        ("+9223372036854775808", "float 9.223372036854776e18", None),
        ("-9223372036854775809", "float -9.223372036854776e18", None),
        ("18446744073709551616", "float 1.8446744073709552e19", None),
        ("0xFFFFFFFFFFFFFFFF", "uint 18446744073709551615", None),
        ("0x10000000000000000", "str 0x10000000000000000", None),
        ("07777777777777777777777777", "float 7.777777777777778e24", None),
        ("1.", "float 1e0", None),
        ("-1.5e3", "float -1.5e3", None),
        ("1e5", "float 1e5", None),
        ("1e", "str 1e", None),
        ("1e400", "str 1e400", None),
        ("1e-400", "float 0e0", None),
        ("1_0.5_0", "float 1.05e1", None),
        ("0x1p-2", "str 0x1p-2", None),
        (".5", "float 5e-1", None),
        ("+.5", "float 5e-1", None),
        (".5_0", "float 5e-1", None),
        (".5_", "str .5_", None),
        ("._5", "str ._5", None),
        (".", "str .", None),
        (".inf", "float inf", None),
        ("-.INF", "float -inf", None),
        ("+.nan", "str +.nan", None),
        (".NaN", "float NaN", None),
        ("1:30", "str 1:30", None),
        ("10.0.0.1", "str 10.0.0.1", None),
        ("100m", "str 100m", None),
        ("-", "str -", None),
    ];

    #[test]
    fn plain_text_means_what_go_yaml_reads() {
        for &(text, v3, v2) in WORDS.iter().chain(NUMBERS) {
            assert_eq!(shown(&resolve(&plain(text))), v3, "{text}");
            assert_eq!(shown(&resolve_1_1(&plain(text))), v2.unwrap_or(v3), "{text}");
        }
    }

    #[test]
    fn timestamps_are_those_of_gos_time_parse() {
        let table = [
            ("2001-12-14", "time 2001-12-14T00:00:00Z"),
            ("2001-1-2", "time 2001-01-02T00:00:00Z"),
            ("2001-12-14t21:59:43.10-05:00", "time 2001-12-14T21:59:43.1-05:00"),
            ("2001-1-1T1:2:3Z", "time 2001-01-01T01:02:03Z"),
            ("2001-1-1T1:2:3,5-00:00", "time 2001-01-01T01:02:03.5Z"),
            ("2001-1-1T1:2:3.1234567899+05:30", "time 2001-01-01T01:02:03.123456789+05:30"),
            ("2001-12-14 21:59:43.10", "time 2001-12-14T21:59:43.1Z"),
            ("2001-12-14   1:2:3", "time 2001-12-14T01:02:03Z"),
            ("2000-02-29", "time 2000-02-29T00:00:00Z"),
            ("0000-1-1", "time 0000-01-01T00:00:00Z"),
            ("2001-1-1T1:2:3+05:60", "time 2001-01-01T01:02:03+06:00"),
            ("2001-1-1T1:2:3+24:00", "error unrepresentable-value"),
            ("2001-1-1T1:2:3+23:60", "error unrepresentable-value"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(&resolve(&plain(text))), expected, "{text}");
            assert_eq!(shown(&resolve_1_1(&plain(text))), format!("str {text}"));
        }
        let strings = [
            "1900-02-29",
            "2001-13-01",
            "2001-04-31",
            "2001-1-0",
            "2001-001-01",
            "20010-1-1",
            "2001-1-1 ",
            "2001-1-1T1:2:3",
            "2001-1-1  T1:2:3Z",
            "2001-1-1 1:2:3Z",
            "2001-1-1T24:2:3Z",
            "2001-1-1T1:2:60Z",
            "2001-1-1T1:2:3.Z",
            "2001-1-1T1:2:3+0530",
            "2001-1-1T1:2:3+25:00",
            "2001-1-1T1:2:3+05:61",
            "2001-1-1T1:2:3Zz",
        ];
        for text in strings {
            assert_eq!(shown(&resolve(&plain(text))), format!("str {text}"));
        }
    }

    #[test]
    fn quotes_and_blocks_make_strings() {
        for style in [Style::SingleQuoted, Style::DoubleQuoted, Style::Literal, Style::Folded] {
            assert_eq!(shown(&resolve(&scalar("1", Tag::None, style))), "str 1");
            assert_eq!(shown(&resolve_1_1(&scalar("yes", Tag::None, style))), "str yes");
        }
    }

    #[test]
    fn a_tag_decides_and_the_text_must_agree() {
        let table = [
            (Tag::Str, "1", "str 1"),
            (Tag::Str, "", "str "),
            (Tag::Other, "1", "str 1"),
            (Tag::Merge, "<<", "str <<"),
            (Tag::Int, "0x10", "int 16"),
            (Tag::Int, "18446744073709551615", "uint 18446744073709551615"),
            (Tag::Int, "1.0", "error invalid-value"),
            (Tag::Int, "", "error invalid-value"),
            (Tag::Int, "2001-01-01", "error invalid-value"),
            (Tag::Float, "1", "float 1e0"),
            (Tag::Float, ".5", "float 5e-1"),
            (Tag::Float, "18446744073709551615", "error invalid-value"),
            (Tag::Bool, "True", "bool true"),
            (Tag::Bool, "yess", "error invalid-value"),
            (Tag::Null, "", "null"),
            (Tag::Null, "nothing", "error invalid-value"),
            (Tag::Binary, "aGk=", "str hi"),
            (Tag::Binary, "aG\nk=\n", "str hi"),
            (Tag::Binary, "8J/4gA==", "str \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            (Tag::Binary, "", "str "),
            (Tag::Binary, "aGk", "error invalid-value"),
            (Tag::Binary, "aGk=aGk=", "error invalid-value"),
            (Tag::Binary, "a===", "error invalid-value"),
        ];
        for (tag, text, expected) in table {
            for style in [Style::Plain, Style::SingleQuoted] {
                assert_eq!(shown(&resolve(&scalar(text, tag, style))), expected, "{tag:?} {text}");
                assert_eq!(
                    shown(&resolve_1_1(&scalar(text, tag, style))),
                    expected,
                    "{tag:?} {text}"
                );
            }
        }
        let yes = scalar("yes", Tag::Bool, Style::Plain);
        assert_eq!(shown(&resolve(&yes)), "error invalid-value");
        assert_eq!(shown(&resolve_1_1(&yes)), "bool true");
        let date = scalar("2001-01-01", Tag::Timestamp, Style::SingleQuoted);
        assert_eq!(shown(&resolve(&date)), "time 2001-01-01T00:00:00Z");
        assert_eq!(shown(&resolve_1_1(&date)), "str 2001-01-01");
    }

    #[test]
    fn a_contradiction_names_what_to_do() {
        let error = resolve(&scalar("yes", Tag::Bool, Style::Plain)).unwrap_err();
        assert_eq!(error.message(), "found `yes`, expected `true` or `false`");
        assert_eq!(error.helps(), ["correct the value, or remove the tag `!!bool`"]);
    }

    #[test]
    fn what_yaml_1_1_takes_for_another_type_is_quoted() {
        for text in [
            "yes",
            "N",
            "1",
            "1e3",
            "~",
            "",
            ".5",
            "2001-01-01",
            "1:30",
            "-190:20:30.15",
            "1_0:59",
            "1:5.",
        ] {
            assert!(!is_string_1_1(text), "{text}");
        }
        for text in [
            "yess", "1:60", "1:", ":30", "1.5:30", "1:30:", "a:30", "10.0.0.1", "0o-7", "1e400",
            "<<",
        ] {
            assert!(is_string_1_1(text), "{text}");
        }
    }
}
