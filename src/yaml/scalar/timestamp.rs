//! Timestamps, as go-yaml reads them with Go's `time.Parse` and `encoding/json` writes them.

use std::fmt::Write;

/// A date and time with the offset of its zone from UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamp {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    zone_minutes: i16,
}

/// Parses one of go-yaml's four layouts: a date alone, with `T` or `t` and a time with zone, or with spaces and a time.
///
/// As in `time.Parse`, every field except the year may have one digit, the fraction may follow a comma, several spaces
/// equal one, and the day must exist in the calendar.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (year, rest) = text.as_bytes().split_first_chunk::<4>()?;
    if rest.first() != Some(&b'-') || !year.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = year.iter().fold(0, |year, digit| year * 10 + u16::from(digit - b'0'));
    let mut reader = TimestampReader { rest };
    let month = reader.number_after(b'-')?;
    let day = reader.number_after(b'-')?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(month, year) {
        return None;
    }
    let date = Timestamp {
        year,
        month,
        day,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        zone_minutes: 0,
    };
    let Some(&separator) = reader.rest.first() else {
        return Some(date);
    };
    while reader.rest.starts_with(b"  ") {
        reader.rest = &reader.rest[1..];
    }
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (hour, minute, second) =
        (reader.number_after(separator)?, reader.number_after(b':')?, reader.number_after(b':')?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanosecond = reader.fraction();
    let zone_minutes = if separator == b' ' { 0 } else { reader.zone()? };
    reader.rest.is_empty().then_some(Timestamp {
        hour,
        minute,
        second,
        nanosecond,
        zone_minutes,
        ..date
    })
}

impl Timestamp {
    /// The form that Go's `encoding/json` writes; `None` for an offset of 24 hours, which it refuses.
    pub(super) fn to_rfc3339(self) -> Option<String> {
        let Self { year, month, day, hour, minute, second, nanosecond, zone_minutes } = self;
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if nanosecond > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, ".{nanosecond:09}");
            text.truncate(text.trim_end_matches('0').len());
        }
        let sign = if zone_minutes < 0 { '-' } else { '+' };
        match (zone_minutes.unsigned_abs() / 60, zone_minutes.unsigned_abs() % 60) {
            (0, 0) => text.push('Z'),
            (24.., _) => return None,
            (hours, minutes) => {
                let _ = write!(text, "{sign}{hours:02}:{minutes:02}");
            }
        }
        Some(text)
    }
}

fn days_in(month: u8, year: u16) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct TimestampReader<'a> {
    rest: &'a [u8],
}

impl TimestampReader<'_> {
    /// Consumes the separator and a number of one or two digits.
    fn number_after(&mut self, separator: u8) -> Option<u8> {
        match *self.rest {
            [first, tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] if first == separator => {
                self.rest = &self.rest[3..];
                Some((tens - b'0') * 10 + (ones - b'0'))
            }
            [first, ones @ b'0'..=b'9', ..] if first == separator => {
                self.rest = &self.rest[2..];
                Some(ones - b'0')
            }
            _ => None,
        }
    }

    /// Consumes the fraction of a second, if there is one, in nanoseconds; digits after the ninth are dropped.
    fn fraction(&mut self) -> u32 {
        let [b'.' | b',', digits @ ..] = self.rest else {
            return 0;
        };
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count > 0 {
            self.rest = &digits[count..];
        }
        let digit = |place: usize| if place < count { u32::from(digits[place] - b'0') } else { 0 };
        (0..9).fold(0, |nanoseconds, place| nanoseconds * 10 + digit(place))
    }

    /// Consumes `Z`, or a sign, hours and minutes. Returns the offset in minutes.
    fn zone(&mut self) -> Option<i16> {
        if let [b'Z', rest @ ..] = self.rest {
            self.rest = rest;
            return Some(0);
        }
        let [sign @ (b'+' | b'-'), clock @ ..] = self.rest else {
            return None;
        };
        let (&[h1, h2, b':', m1, m2], rest) = clock.split_first_chunk::<5>()? else {
            return None;
        };
        if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.rest = rest;
        let two = |tens: u8, ones: u8| i16::from(tens - b'0') * 10 + i16::from(ones - b'0');
        let (hours, minutes) = (two(h1, h2), two(m1, m2));
        // Go allows 24 hours and 60 minutes here.
        let zone = hours * 60 + minutes;
        (hours <= 24 && minutes <= 60).then_some(if *sign == b'-' { -zone } else { zone })
    }
}
