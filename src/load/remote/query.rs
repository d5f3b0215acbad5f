//! The query of a repository's URL: `?ref=v1&submodules=false&timeout=30s`.

use std::time::Duration;

/// The parameters of a repository's URL (kustomize, `api/internal/git/repospec.go`). Unknown parameters are ignored, and
/// so are values that do not parse.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// `ref`, or else `version`; `None` if neither is set.
    pub(super) reference: Option<String>,
    /// `timeout`: seconds, or a duration of Go.
    pub(super) timeout: Option<Duration>,
    /// `submodules`.
    pub(super) submodules: Option<bool>,
}

impl Query {
    /// Parses the text after `?`. If one parameter is malformed, all are ignored.
    pub(super) fn parse(text: &str) -> Self {
        let Some(parameters) = parameters(text) else { return Self::default() };
        // As in Go, the first value of a parameter counts, and an empty one is none.
        let value = |name: &str| {
            let (_, value) = parameters.iter().find(|(other, _)| other == name)?;
            (!value.is_empty()).then_some(value.as_str())
        };
        Self {
            reference: value("ref").or_else(|| value("version")).map(str::to_owned),
            timeout: value("timeout").and_then(|text| seconds(text).or_else(|| duration(text))),
            submodules: value("submodules").and_then(boolean),
        }
    }
}

/// Names and values, decoded; `None` if one is malformed (Go, `url.ParseQuery`).
fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        if pair.contains(';') {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name)?, decoded(value)?))
    });
    pairs.collect()
}

/// Text with `%2F` and `+` decoded; `None` if a `%` is not followed by two digits. Bytes that are not UTF-8 are
/// replaced: no parameter has such a value.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => u8::try_from(digit()? << 4 | digit()?).ok()?,
            byte => byte,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A positive number of seconds (Go, `strconv.Atoi`).
fn seconds(text: &str) -> Option<Duration> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: i64 = digits.parse().ok().filter(|_| is_number)?;
    u64::try_from(seconds).ok().filter(|&seconds| seconds > 0).map(Duration::from_secs)
}

/// A positive duration such as `1h15m` or `1.5s` (Go, `time.ParseDuration`).
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut sum = 0_u128;
    while !rest.is_empty() {
        let whole = digits(&mut rest);
        let fraction = match rest.strip_prefix('.') {
            Some(behind) => {
                rest = behind;
                digits(&mut rest)
            }
            None => "",
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = rest.find(|letter: char| letter == '.' || letter.is_ascii_digit());
        let (unit, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        let unit = nanoseconds(unit)?;
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        // Further digits are less than a nanosecond.
        let fraction = &fraction[..fraction.len().min(18)];
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        sum += u128::from(whole) * unit + part * unit / scale;
        if sum > i64::MAX as u128 {
            return None;
        }
    }
    u64::try_from(sum).ok().filter(|&sum| sum > 0).map(Duration::from_nanos)
}

/// Splits off the digits at the start.
fn digits<'a>(rest: &mut &'a str) -> &'a str {
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(end);
    *rest = behind;
    digits
}

/// The length of a unit of time.
fn nanoseconds(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        // The micro sign, and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// A truth value (Go, `strconv.ParseBool`).
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_the_first_value_of_ref_or_else_of_version() {
        let rows = [
            ("", None),
            ("ref=v1", Some("v1")),
            ("version=v1", Some("v1")),
            ("version=v1&ref=v2", Some("v2")),
            ("ref=&version=v1", Some("v1")),
            ("ref=v1&ref=v2", Some("v1")),
            ("ref=&ref=v2", None),
            ("ref", None),
            ("Ref=v1", None),
            ("branch=v1&depth=1", None),
            ("&&ref=a=b&", Some("a=b")),
            ("ref=release%2Fone+two", Some("release/one two")),
            ("r%65f=v1", Some("v1")),
            // Malformed: the whole query is ignored.
            ("ref=v1;timeout=3", None),
            ("ref=v1&other=%zz", None),
            ("ref=v1&other=%2", None),
        ];
        for (text, reference) in rows {
            assert_eq!(Query::parse(text).reference.as_deref(), reference, "{text}");
        }
    }

    #[test]
    fn a_timeout_is_a_number_of_seconds_or_a_duration() {
        let timeout = |text: &str| Query::parse(&format!("timeout={text}")).timeout;
        let rows = [
            ("61", 61_000_000_000),
            ("%2B5", 5_000_000_000),
            ("90s", 90_000_000_000),
            ("1h2m3s", 3_723_000_000_000),
            ("1.5m", 90_000_000_000),
            (".5s", 500_000_000),
            ("2.s", 2_000_000_000),
            ("7ms", 7_000_000),
            ("1us1ns", 1_001),
            ("3\u{b5}s", 3_000),
            ("0.00000000000000000099s1ns", 1),
        ];
        for (text, nanoseconds) in rows {
            assert_eq!(timeout(text), Some(Duration::from_nanos(nanoseconds)), "{text}");
        }
        for text in ["", "0", "-1", "-1s", "0s", "s", ".s", "1 s", "1d", "x", "1s2", "9999999999h"]
        {
            assert_eq!(timeout(text), None, "{text}");
        }
    }

    #[test]
    fn submodules_is_a_truth_value() {
        let submodules = |text: &str| Query::parse(&format!("submodules={text}")).submodules;
        for (text, value) in [("0", false), ("False", false), ("t", true), ("TRUE", true)] {
            assert_eq!(submodules(text), Some(value), "{text}");
        }
        for text in ["", "no", "fALSE", "2"] {
            assert_eq!(submodules(text), None, "{text}");
        }
    }
}
