//! Exclusions of a configuration: objects that are excluded from rules, with a reason and a last day.

use std::fmt;
use std::str::FromStr;

use jiff::{Timestamp, civil, tz::TimeZone};

use super::handle::RuleRef;
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
    /// The rules; empty for all.
    pub(super) rules: Vec<RuleRef>,
    pub(super) reason: String,
    /// The last day on which it holds.
    pub(super) until: Option<Date>,
    /// The span of the entry.
    pub(super) span: Span,
}

/// A day: `2027-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(civil::Date);

impl Date {
    /// The day of a moment, in seconds since the beginning of 1970 UTC; `None` if it is too far away.
    #[must_use]
    pub fn at(seconds: i64) -> Option<Self> {
        let moment = Timestamp::from_second(seconds).ok()?;
        Some(Self(TimeZone::UTC.to_datetime(moment).date()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// Reads `2027-01-31`.
impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // `civil::Date` accepts other notations, and times, too.
        let day = text.parse::<civil::Date>().ok().filter(|day| day.to_string() == text);
        day.map(Self).ok_or_else(|| {
            Error::new(Code::InvalidArgument, format!("`{text}` is no day"))
                .help("write a day as `2027-01-31`")
        })
    }
}

impl Exclusion {
    /// A description for people: objects, rules, last day and reason.
    pub(super) fn told(&self) -> String {
        let objects = if self.objects.is_empty() { "all objects" } else { &self.objects };
        let ids: Vec<&str> = self.rules.iter().map(RuleRef::id).collect();
        let rules = if ids.is_empty() { "all rules".to_owned() } else { ids.join(", ") };
        let until = self.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let reason = if self.reason.is_empty() { "no reason" } else { &self.reason };
        format!("{objects} from {rules}{until} ({reason})")
    }

    /// True if it excludes from a rule.
    pub(super) fn has(&self, rule: &RuleRef) -> bool {
        self.rules.is_empty() || self.rules.contains(rule)
    }

    /// True if it selects an object.
    pub(super) fn takes(&self, object: &Resource) -> bool {
        self.selection.takes(object).is_ok_and(|takes| takes)
    }

    /// True if its last day has passed.
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
            assert_eq!(Date::at(days * 24 * 60 * 60).unwrap().to_string(), expected);
        }
    }
}
