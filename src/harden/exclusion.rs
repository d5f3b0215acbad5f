//! What a configuration excludes from rules: objects by a selector, for a reason, until a day.

use std::fmt;
use std::str::FromStr;

use super::rule::Rule;
use crate::error::{Code, Error};
use crate::resource::Resource;
use crate::source::Span;
use crate::transform::select::Selection;

/// Objects that a configuration excludes from rules.
#[derive(Clone, Debug)]
pub struct Exclusion {
    pub(super) selection: Selection,
    /// The objects in words, by the fields of the selector; empty for all.
    pub(super) objects: String,
    /// The rules; all of them if there is none.
    pub(super) rules: Vec<&'static Rule>,
    pub(super) reason: String,
    /// The last day on which it holds.
    pub(super) until: Option<Date>,
    /// Where it is written.
    pub(super) span: Span,
}

/// A day: `2027-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day so many days after the first of January 1970.
    #[must_use]
    pub fn of_days(days: u64) -> Self {
        // Years that begin in March have their odd day at the end, and 400 of them are always as long.
        const DAYS_OF_400_YEARS: u64 = 146_097;
        let days = days + 719_468;
        let (cycle, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, is_next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        Self {
            year: u16::try_from(cycle * 400 + year + is_next).unwrap_or(u16::MAX),
            month: u8::try_from(month).unwrap_or(u8::MAX),
            day: u8::try_from(day).unwrap_or(u8::MAX),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Reads `2027-01-31`.
impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_well_formed = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let read = || {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
            let is_leap = |year: u16| {
                year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
            };
            let last = match month {
                1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
                4 | 6 | 9 | 11 => 30,
                2 if is_leap(year) => 29,
                2 => 28,
                _ => 0,
            };
            (1..=last).contains(&day).then_some(Self { year, month, day })
        };
        is_well_formed.then(read).flatten().ok_or_else(|| {
            Error::new(Code::InvalidArgument, format!("`{text}` is no day"))
                .help("write a day as `2027-01-31`")
        })
    }
}

impl Exclusion {
    /// Which objects it excludes from which rules, why and until when.
    pub(super) fn told(&self) -> String {
        let objects = if self.objects.is_empty() { "all objects" } else { &self.objects };
        let ids: Vec<&str> = self.rules.iter().map(|rule| rule.id).collect();
        let rules = if ids.is_empty() { "all rules".to_owned() } else { ids.join(", ") };
        let until = self.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let reason = if self.reason.is_empty() { "no reason" } else { &self.reason };
        format!("{objects} from {rules}{until} ({reason})")
    }

    /// Whether it excludes an object from a rule, as long as it holds.
    pub(super) fn takes(&self, rule: &Rule, object: &Resource) -> bool {
        (self.rules.is_empty() || self.rules.contains(&rule))
            && self.selection.takes(object).is_ok_and(|takes| takes)
    }

    /// Whether its last day has passed.
    pub(super) fn is_expired(&self, today: Option<Date>) -> bool {
        self.until.zip(today).is_some_and(|(until, today)| until < today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_counted_and_compared() {
        let day = |text: &str| text.parse::<Date>().ok();
        assert_eq!(day("2024-02-29").unwrap().to_string(), "2024-02-29");
        for wrong in
            ["2023-02-29", "2023-13-01", "2023-00-01", "2023-1-1", "2023-01-00", "+023-01-01"]
        {
            assert_eq!(day(wrong), None, "{wrong}");
        }
        assert!(day("2026-12-31") < day("2027-01-01") && day("2026-09-30") < day("2026-10-01"));
        for (days, expected) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_819, "2027-01-01")]
        {
            assert_eq!(Date::of_days(days).to_string(), expected);
        }
    }
}
