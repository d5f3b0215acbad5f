//! Fields that loosen security by their value alone, in kinds of which few fields do: `fields.txt` has a line for each.

mod entries;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use entries::{Entry, entries};

use super::admission::has_moved;
use super::work::Work;
use super::{Judgement, Phrase, Sides};
use crate::harden::differences::{
    ADMISSION_LOOSENED, EXPOSURE_GREW, POSTURE_LOOSENED, PRIVILEGE_GRANTED,
};
use crate::harden::{Rule, Severity};
use crate::text::wildcard::fits;

/// Judges the fields of an object of which `fields.txt` knows the kind.
pub(super) fn weigh(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(rows), Some(_)) = (ROWS.get(&(sides.group, sides.kind)), sides.after) else { return };
    let mut reader = Reader { sides, work: sides.work(), seen: BTreeSet::new() };
    let mut shared: Vec<(&Row, Severity, Vec<Phrase>)> = Vec::new();
    for row in rows {
        let Some(phrase) = reader.told(row) else { continue };
        let is_like = |other: &Row| other.words.0 == row.words.0 && other.rule == row.rule;
        match shared.iter_mut().find(|(other, ..)| !row.words.0.is_empty() && is_like(other)) {
            Some((_, severity, phrases)) => {
                *severity = row.severity.max(*severity);
                phrases.push(phrase);
            }
            None => shared.push((row, row.severity, vec![phrase])),
        }
    }
    for (row, severity, phrases) in shared {
        let phrase = Phrase::new(row.words.0).apart("; ", phrases, Phrase::and);
        found.push(Judgement::new(row.rule, "", phrase).with_severity(severity).at(row.place()));
    }
    if reader.work.was_refused() {
        let phrase =
            Phrase::new("is not judged as a whole: its values are too many to be compared");
        found.push(Judgement::new(&ADMISSION_LOOSENED, "", phrase));
    }
}

/// A line of the file.
#[derive(Debug)]
struct Row {
    path: &'static str,
    change: Change,
    values: Vec<&'static str>,
    rule: &'static Rule,
    severity: Severity,
    /// The words that several lines share, and the own ones.
    words: (&'static str, &'static str),
    unless: Vec<&'static str>,
}

/// A change of a field that is told; `fields.txt` describes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Keep,
    Avoid,
    Never,
    Same,
    New,
    Fewer,
    Loses,
    Also,
    First,
    Opens,
}

/// The lines by group and kind.
type Rows = BTreeMap<(&'static str, &'static str), Vec<Row>>;

static ROWS: LazyLock<Rows> = LazyLock::new(|| {
    let mut rows = Rows::new();
    for line in include_str!("fields.txt").lines().filter(|line| !line.starts_with('#')) {
        let Some((kinds, rest)) = line.split_once('\t') else { continue };
        for kind in kinds.split(',').filter_map(|kind| kind.split_once('/')) {
            rows.entry(kind).or_default().extend(Row::read(rest));
        }
    }
    rows
});

impl Row {
    fn read(line: &'static str) -> Option<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [path, change, values, rule, severity, words, ref unless @ ..] = columns[..] else {
            return None;
        };
        let change = match change {
            "keep" => Change::Keep,
            "avoid" => Change::Avoid,
            "never" => Change::Never,
            "same" => Change::Same,
            "new" => Change::New,
            "fewer" => Change::Fewer,
            "loses" => Change::Loses,
            "also" => Change::Also,
            "first" => Change::First,
            "opens" => Change::Opens,
            _ => return None,
        };
        let rule = match rule {
            "granted" => &PRIVILEGE_GRANTED,
            "exposed" => &EXPOSURE_GREW,
            "admits" => &ADMISSION_LOOSENED,
            "weaker" => &POSTURE_LOOSENED,
            _ => return None,
        };
        let severity = if severity == "error" { Severity::Error } else { Severity::Warning };
        let unless = unless.iter().flat_map(|paths| paths.split(',')).collect();
        let words = words.split_once('|').unwrap_or(("", words));
        Some(Self {
            path,
            change,
            values: values.split(',').collect(),
            rule,
            severity,
            words,
            unless,
        })
    }

    /// True if the line is about a value; `None` is a missing one.
    fn has(&self, value: Option<&str>) -> bool {
        self.values.iter().any(|one| match value {
            None => *one == "-",
            // A star alone is itself.
            Some(value) => *one == "any" || *one == value || one.len() > 1 && fits(one, value),
        })
    }

    /// True if the line is about one of the values, or about a missing one.
    fn has_any(&self, entries: &[Entry]) -> bool {
        match entries {
            [] => self.has(None),
            all => all.iter().any(|one| self.has(Some(&one.text()))),
        }
    }

    /// The field, as far as it is the same for all values.
    fn place(&self) -> String {
        let steps = self.path.split('/').take_while(|step| *step != "*" && !step.contains('+'));
        steps.collect::<Vec<_>>().join(".")
    }

    /// The own words, followed by values.
    fn with(&self, entries: &[&Entry]) -> Phrase {
        let phrase = Phrase::new(self.words.1).say(" ");
        phrase.each(entries, |phrase, one| match one.refused() {
            Some(_) => phrase.name(&one.text()).say(" (is refused no longer)"),
            None => phrase.name(&one.text()),
        })
    }
}

/// A reader of the fields of an object.
struct Reader<'s, 'a> {
    sides: &'s Sides<'s, 'a>,
    work: Work,
    /// The values that are told, by path.
    seen: BTreeSet<(&'static str, String)>,
}

impl Reader<'_, '_> {
    /// The phrase for a line, if it is told.
    fn told(&mut self, row: &Row) -> Option<Phrase> {
        let (before, after) = (self.sides.before, self.sides.after);
        let is_new = before.is_none();
        if is_new && !matches!(row.change, Change::Never | Change::First) {
            return None;
        }
        let [old, new] = [before, after].map(|node| entries(node, row.path, &self.work));
        if old == new && !is_new {
            return None;
        }
        let plain = |is_told: bool| is_told.then(|| Phrase::new(row.words.1));
        match row.change {
            Change::Keep => plain(row.has_any(&old) && !row.has_any(&new) && !self.is_excused(row)),
            Change::Avoid | Change::Never => {
                let was = !is_new && row.has_any(&old);
                plain(!was && row.has_any(&new) && !self.is_excused(row))
            }
            Change::New => plain(new.iter().any(|one| !old.contains(one))),
            Change::Same => {
                let (old, new) = (old.first()?, new.first()?);
                let phrase = row.with(&[new]).say(" in place of ").name(&old.text());
                (old != new && !self.follows(old, new)).then_some(phrase)
            }
            Change::Fewer | Change::Loses => self.lost(row, &old, &new),
            Change::Opens if old.is_empty() => None,
            Change::Opens if new.is_empty() => Some(Phrase::new(row.words.1).say(" anything")),
            Change::Also | Change::First | Change::Opens => self.gained(row, &old, &new),
        }
    }

    /// True if a field that makes the change harmless is there.
    fn is_excused(&self, row: &Row) -> bool {
        let is_there = |path: &&str| {
            let values = entries(self.sides.after, path, &self.work);
            values.iter().any(|one| one.text() != "false")
        };
        row.unless.iter().any(is_there)
    }

    /// The phrase for values that are gone.
    fn lost(&self, row: &Row, old: &[Entry], new: &[Entry]) -> Option<Phrase> {
        let after = |path: &str| entries(self.sides.after, path, &self.work);
        let elsewhere: Vec<Entry> = row.unless.iter().flat_map(|path| after(path)).collect();
        let elsewhere: BTreeSet<&str> = elsewhere.iter().filter_map(Entry::last).collect();
        let owners = match row.change {
            Change::Loses => after(row.path.split('+').next().unwrap_or_default()),
            _ => Vec::new(),
        };
        let owners: BTreeSet<&str> = owners.iter().filter_map(Entry::first).collect();
        let mut lost = self.beyond(new, old, |one, other| self.follows(one, other));
        lost.retain(|one| {
            row.has(Some(&one.text()))
                && one.last().is_none_or(|last| !elsewhere.contains(last))
                && (row.change == Change::Fewer
                    || one.first().is_some_and(|first| owners.contains(first)))
        });
        (!lost.is_empty()).then(|| row.with(&lost))
    }

    /// The phrase for values that are new, and for those that are refused no longer.
    fn gained(&mut self, row: &Row, old: &[Entry], new: &[Entry]) -> Option<Phrase> {
        let mut gained = self.beyond(old, new, |one, other| self.follows(other, one));
        gained.retain(|one| one.refused().is_none());
        gained.extend(self.allowed(old, new));
        gained.retain(|one| row.has(Some(&one.text())) && self.seen.insert((row.path, one.text())));
        (!gained.is_empty()).then(|| row.with(&gained))
    }

    /// The refusals that are gone, of what other values allow.
    fn allowed<'e>(&self, old: &'e [Entry], new: &[Entry]) -> Vec<&'e Entry> {
        let is_gone = |one: &&Entry| !new.contains(one);
        let is_allowed = |refused: &Entry| {
            let allowing = new.iter().filter(|other| other.refused().is_none());
            let mut allowing = allowing.take_while(|_| self.work.takes(refused.steps()));
            allowing.any(|other| other.covers(refused) || refused.covers(other))
        };
        let refusing = old.iter().filter(|one| one.refused().is_some_and(|of| is_allowed(&of)));
        refusing.filter(is_gone).collect()
    }

    /// The values that others do not cover, and that are not the same under another name.
    fn beyond<'e>(
        &self,
        known: &[Entry],
        all: &'e [Entry],
        is_renamed: impl Fn(&Entry, &Entry) -> bool,
    ) -> Vec<&'e Entry> {
        let exact: BTreeSet<&Entry> = known.iter().collect();
        let allowing = known.iter().filter(|one| one.refused().is_none());
        let patterns: Vec<&Entry> = allowing.filter(|one| one.is_pattern()).collect();
        let takes = |one: &Entry| self.work.takes(one.steps());
        let is_known = |one: &&Entry| {
            exact.contains(*one)
                || patterns.iter().any(|pattern| takes(one) && pattern.covers(one))
                || known.iter().any(|other| takes(one) && is_renamed(one, other))
        };
        let mut told = BTreeSet::new();
        all.iter().filter(|one| !is_known(one) && told.insert(*one)).collect()
    }

    /// True if a value follows an object that has another name or namespace.
    fn follows(&self, old: &Entry, new: &Entry) -> bool {
        let (sides, [old, new]) = (self.sides, [old, new].map(|entry| &entry.0[..]));
        if let ([was, old], [is, new]) = (old, new)
            && has_moved(sides, [(was, old), (is, new)])
        {
            return true;
        }
        let is_same = |(old, new): (&String, &String)| {
            old == new || sides.renames().follows(old, new).is_some() || self.moves(old, new)
        };
        old.len() == new.len() && old.iter().zip(new).all(is_same)
    }

    /// True if users are the same account, which has moved.
    fn moves(&self, old: &str, new: &str) -> bool {
        let account = |user: &str| -> Option<(String, String)> {
            let (namespace, name) = user.strip_prefix("system:serviceaccount:")?.split_once(':')?;
            Some((namespace.to_owned(), name.to_owned()))
        };
        let (Some(old), Some(new)) = (account(old), account(new)) else { return false };
        self.sides.whole.moved(&old.0, &old.1) == Some(&new)
    }
}
