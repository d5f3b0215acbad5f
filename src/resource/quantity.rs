//! Quantities of Kubernetes (`100m`, `1.5Gi`), compared as numbers.

use std::fmt;

use crate::yaml::Node;

/// A quantity, in billionths: `1000m` and `1` are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

const ONE: i128 = 1_000_000_000;
const MEBI: i128 = ONE << 20;

/// Suffixes with their factors, in billionths.
const SUFFIXES: &[(&str, i128)] = &[
    ("Ki", ONE << 10),
    ("Mi", ONE << 20),
    ("Gi", ONE << 30),
    ("Ti", ONE << 40),
    ("Pi", ONE << 50),
    ("Ei", ONE << 60),
    ("n", 1),
    ("u", 1000),
    ("m", 1_000_000),
    ("k", ONE * 1000),
    ("M", ONE * 1_000_000),
    ("G", ONE * 1_000_000_000),
    ("T", ONE * 1_000_000_000_000),
    ("P", ONE * 1_000_000_000_000_000),
    ("E", ONE * 1_000_000_000_000_000_000),
    ("", ONE),
];

impl Quantity {
    /// None.
    pub const ZERO: Self = Self(0);

    /// Parses a quantity: a decimal number with a suffix or an exponent. Fractions of a billionth are rounded up, as in
    /// Kubernetes.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let is_number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        let end = text.bytes().position(|byte| !is_number(byte)).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let exponent = suffix.strip_prefix(['e', 'E']).and_then(|digits| digits.parse().ok());
        let unit = match SUFFIXES.iter().find(|(known, _)| *known == suffix) {
            Some((_, unit)) => *unit,
            None => match exponent? {
                exponent @ 0..=18_i32 => ONE.checked_mul(10_i128.pow(exponent.unsigned_abs()))?,
                exponent @ -9..0 => ONE / 10_i128.pow(exponent.unsigned_abs()),
                _ => return None,
            },
        };
        let mut total = 0_i128;
        for digit in whole.bytes() {
            total = total.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        total = total.checked_mul(unit)?;
        let (mut place, mut rest) = (unit, 0);
        for digit in fraction.bytes().map(|digit| i128::from(digit - b'0')) {
            rest += place % 10 * digit;
            place /= 10;
            total = total.checked_add(place.checked_mul(digit)?)?;
        }
        total = total.checked_add(i128::from(rest > 0))?;
        Some(Self(if negative { -total } else { total }))
    }

    /// True for a text in the form of a quantity, also of one that is too large: a number with an exponent or a suffix. (Kubernetes,
    /// `apimachinery/pkg/api/resource/quantity.go`, `ParseQuantity`.)
    #[must_use]
    pub fn is_written_as_one(text: &str) -> bool {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(text);
        let rest = &text[whole..];
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        let is_exponent = || {
            let exponent = suffix.strip_prefix(['e', 'E']).unwrap_or_default();
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        };
        let is_suffix = || SUFFIXES.iter().any(|(known, _)| *known == suffix);
        (whole > 0 || !fraction.is_empty()) && (is_suffix() || is_exponent())
    }

    /// The quantity in a field.
    pub fn of(node: Option<&Node>) -> Option<Self> {
        Self::parse(node?.as_text()?)
    }

    /// True if it is greater than zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// One.
    pub const ONE: Self = Self(ONE);

    /// The sum of two quantities.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The quantity in thousandths, as CPU is written (`250m`, `2`). Fractions of a thousandth are rounded up.
    #[must_use]
    pub fn thousandths(self) -> String {
        let thousandths = rounded_up(self.0, ONE / 1000);
        match thousandths % 1000 {
            0 => (thousandths / 1000).to_string(),
            _ => format!("{thousandths}m"),
        }
    }

    /// The quantity in bytes, with a binary unit (`1.5Gi`), rounded to two decimals.
    #[must_use]
    pub fn bytes(self) -> String {
        let unit = SUFFIXES[..6]
            .iter()
            .rev()
            .find(|(_, unit)| self.0.unsigned_abs() >= unit.unsigned_abs());
        let (suffix, unit) = unit.copied().unwrap_or(("", ONE));
        // A product with 100 may be too large.
        let (whole, rest) = (self.0.div_euclid(unit), self.0.rem_euclid(unit));
        let hundredths = whole * 100 + (rest * 100 + unit / 2).div_euclid(unit);
        let sign = if hundredths < 0 { "-" } else { "" };
        let digits = hundredths.unsigned_abs();
        let text = format!("{sign}{}.{:02}", digits / 100, digits % 100);
        format!("{}{suffix}", text.trim_end_matches('0').trim_end_matches('.'))
    }

    /// The quantity as a number, for plots.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a plot has fewer digits")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    /// The number, in billionths.
    pub const fn billionths(self) -> i128 {
        self.0
    }

    /// A number of billionths.
    pub const fn of_billionths(number: i128) -> Self {
        Self(number)
    }

    /// The product with a factor.
    pub const fn times(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(factor as i128))
    }
}

/// The quotient of a number and a positive one, rounded up.
const fn rounded_up(number: i128, unit: i128) -> i128 {
    number.div_euclid(unit) + (number.rem_euclid(unit) != 0) as i128
}

/// In whole mebibytes if possible, otherwise as a number.
impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % MEBI == 0 && self.0 != 0 {
            true => write!(formatter, "{}Mi", self.0 / MEBI),
            false => write!(formatter, "{}", rounded_up(self.0, ONE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn quantities_are_numbers() {
        let same = [
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1e3", "1k"),
            ("1E", "1000P"),
            (".5", "500m"),
            ("0.1n", "1n"),
            ("12e-3", "12m"),
        ];
        for (left, right) in same {
            assert_eq!(Quantity::parse(left), Quantity::parse(right), "{left} {right}");
            assert!(Quantity::parse(left).is_some(), "{left}");
        }
        assert!(Quantity::parse("100m") < Quantity::parse("1"));
        for text in ["", "m", "1.2.3", "1x", "--1", "1e99", "99999999999999999999999999E"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
        let written = |text: &str| Quantity::parse(text).unwrap().times(2).to_string();
        assert_eq!([written("128Mi"), written("1G")], ["256Mi", "2000000000"]);
        let of_memory = |text: &str| Quantity::parse(text).unwrap().bytes();
        assert_eq!(
            ["1536Mi", "128Mi", "1G", "512", "0"].map(of_memory),
            ["1.5Gi", "128Mi", "953.67Mi", "512", "0"]
        );
        let of_cpu = |text: &str| Quantity::parse(text).unwrap().thousandths();
        assert_eq!(["0.25", "2000m", "1n"].map(of_cpu), ["250m", "2", "1m"]);
    }

    #[test]
    fn the_largest_quantities_are_written() {
        let largest = Quantity::parse("9223372036854775807").unwrap();
        assert_eq!(largest.thousandths(), "9223372036854775807");
        for factor in [i64::MAX, i64::MIN] {
            let product = largest.times(factor);
            assert_eq!(product.plus(product), product);
            let written = [product.thousandths(), product.bytes(), product.to_string()];
            for text in written {
                assert_eq!(text.starts_with('-'), factor < 0, "{text}");
                assert!(text.trim_start_matches('-').starts_with(|one: char| one.is_ascii_digit()));
            }
        }
        let of_memory = |text: &str| Quantity::parse(text).unwrap().bytes();
        assert_eq!(["-1.5Gi", "-0.5", "8Ei"].map(of_memory), ["-1.5Gi", "-0.5", "8Ei"]);
    }
}
