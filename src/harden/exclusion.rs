//! What a configuration excludes from rules: objects by a selector, for a reason, until a day.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

use super::finding::Finding;
use super::path::Path;
use super::phase::Phase;
use super::rule::Rule;
use super::rules::suppressions::{
    EXPIRED_EXCLUSION, SUPPRESSION_WITHOUT_REASON, UNUSED_SUPPRESSION,
};
use super::scene::Scene;
use super::settings::Settings;
use super::suppress::{SuppressedBy, Suppression};
use super::violation::Violation;
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
    fn takes(&self, rule: &Rule, object: &Resource) -> bool {
        (self.rules.is_empty() || self.rules.contains(&rule))
            && self.selection.takes(object).is_ok_and(|takes| takes)
    }

    fn is_expired(&self, settings: &Settings) -> bool {
        self.until.zip(settings.today).is_some_and(|(until, today)| until < today)
    }

    /// What there is to say of it, once it is known whether it excludes anything.
    fn complaint(&self, is_used: bool, settings: &Settings) -> Option<(&'static Rule, String)> {
        let ids: Vec<String> = self.rules.iter().map(|rule| format!("`{}`", rule.id)).collect();
        let rules = if ids.is_empty() { "all rules".to_owned() } else { ids.join(", ") };
        if let Some(until) = self.until.filter(|_| self.is_expired(settings)) {
            let message =
                format!("it is not excluded from {rules} any more: that ended on {until}");
            return Some((&EXPIRED_EXCLUSION, message));
        }
        if self.reason.is_empty() {
            let message = format!("nobody says why it is excluded from {rules}");
            return Some((&SUPPRESSION_WITHOUT_REASON, message));
        }
        let is_asked = self.rules.is_empty() || self.rules.iter().any(|rule| settings.asks(rule));
        let message = || format!("it is excluded from {rules}, and there is no such finding");
        (is_asked && !is_used).then(|| (&UNUSED_SUPPRESSION, message()))
    }
}

/// Marks the findings that the configuration excludes, and adds what there is to say about exclusions: of each that
/// takes any object, at the first one.
pub(super) fn exclude(findings: &mut Vec<Finding>, scenes: &[Scene<'_>], settings: &Settings) {
    let phase = settings.phase;
    let is_due = |exclusion: &Exclusion| match &*exclusion.rules {
        [] => !matches!(phase, Phase::Final(_)),
        [rule, ..] => phase.asks(rule),
    };
    for exclusion in &settings.exclusions {
        let taken = |place: usize, rule| {
            scenes.get(place).is_some_and(|scene| exclusion.takes(rule, scene.object))
        };
        let is_used = Cell::new(false);
        if !exclusion.is_expired(settings) {
            for finding in findings.iter_mut().filter(|one| taken(one.place, one.rule)) {
                is_used.set(true);
                finding.suppressed.get_or_insert_with(|| Suppression {
                    by: SuppressedBy::Configuration,
                    reason: exclusion.reason.clone(),
                });
            }
        }
        let is_selected = |(_, scene): &(usize, &Scene<'_>)| {
            phase.looks_at(scene.object)
                && exclusion.selection.takes(scene.object).is_ok_and(|takes| takes)
        };
        let complaint = exclusion.complaint(is_used.get(), settings).filter(|_| is_due(exclusion));
        let Some((rule, message)) = complaint else { continue };
        let Some((place, scene)) = scenes.iter().enumerate().find(is_selected) else { continue };
        let violation = Violation::at(Path::default(), message);
        let mut finding = Finding::new(rule, violation, place, scene.object);
        finding.span = exclusion.span;
        findings.push(finding);
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
