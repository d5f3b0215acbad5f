//! Messages of a run over many targets: each once, with the targets that it is about.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::select;
use super::terminal::{self, Format};
use crate::{
    config::Warning,
    error::{Code, Error, Result},
    resource::secret::Shield,
    source::{Sources, Span},
    text::escape::visible,
};

/// Warnings and failures of a run, in the order of its targets.
#[derive(Default)]
pub(super) struct Told {
    targets: usize,
    failed: usize,
    /// Warnings with their targets.
    warnings: Vec<(Warning, Vec<String>)>,
    /// Indices of the warnings: targets that share a base have the same ones.
    known: BTreeMap<(Span, String), usize>,
    failures: Vec<Failure>,
    /// Indices of the failures by message and place: one that is reached by several paths is reported once.
    places: BTreeMap<(Span, Code, String), usize>,
}

/// A failure of one or more targets.
struct Failure {
    error: Error,
    targets: Vec<String>,
}

/// Minimum number of different failures for a table.
const MANY: usize = 4;
/// Maximum number of rows of the table.
const ROWS: usize = 20;

impl Told {
    /// Prints the failures, the table of their causes, and the verdict with what follows from it.
    pub(super) fn close(self, then: &str, sources: &Sources, format: Format) {
        let verdict = self.verdict();
        let table = self.table(sources).filter(|_| format == Format::Human);
        if let Err(errors) = self.into_outcome() {
            terminal::errors(&errors, sources, format);
        }
        if let Some(table) = table {
            terminal::plain(&format!("\n{table}"));
        }
        if let Some(verdict) = verdict {
            terminal::closing(&format!("{verdict}{then}"), sources, format);
        }
    }

    /// Adds the warnings and the failure of a target.
    pub(super) fn add(&mut self, target: &str, warnings: Vec<Warning>, error: Option<Error>) {
        self.targets += 1;
        for warning in warnings {
            let failure = &warning.failure;
            let next = self.warnings.len();
            let place = (failure.span(), failure.message().to_owned());
            let number = *self.known.entry(place).or_insert(next);
            match self.warnings.get_mut(number) {
                Some((_, targets)) if targets.last().is_some_and(|last| last == target) => {}
                Some((_, targets)) => targets.push(target.to_owned()),
                None => self.warnings.push((warning, vec![target.to_owned()])),
            }
        }
        let Some(error) = error else { return };
        self.failed += 1;
        for error in error.into_each() {
            let place = (error.span(), error.code(), error.message().to_owned());
            let next = self.failures.len();
            let number = *self.places.entry(place).or_insert(next);
            let Some(failure) = self.failures.get_mut(number) else {
                self.failures.push(Failure { error, targets: vec![target.to_owned()] });
                continue;
            };
            failure.error.share_steps(&error);
            if failure.targets.last().is_none_or(|last| last != target) {
                failure.targets.push(target.to_owned());
            }
        }
    }

    /// Prints the warnings. As text, those of equal wording are one line, with their files or, if there are none, their
    /// targets.
    pub(super) fn warn(&self, sources: &Sources, format: Format) {
        let mut lines: Vec<(&str, Vec<Span>, &[String])> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (Warning { text, failure }, targets) in &self.warnings {
            let Some(text) = text else { continue };
            match places.get(text.as_str()) {
                Some(&place) if format == Format::Human => lines[place].1.push(failure.span()),
                _ => {
                    places.insert(text, lines.len());
                    lines.push((text, vec![failure.span()], targets));
                }
            }
        }
        for (text, spans, targets) in lines {
            let file = sources.source_of(spans[0]);
            let line = match (format, file, spans.len()) {
                (Format::Json, ..) => text.to_owned(),
                (_, None, _) => format!("{text} (in {})", select::few(targets)),
                (_, Some(file), 1) => format!("{text} (in {})", file.name()),
                (_, Some(file), count) => {
                    format!("{text} (in {count} files, the first is {})", file.name())
                }
            };
            terminal::warning_of(&line, spans[0], targets, sources, format);
        }
    }

    /// All failures as one error, each with its targets; `Ok` if there are none.
    ///
    /// # Errors
    /// Those failures.
    pub(super) fn into_outcome(self) -> Result<()> {
        let errors = self.failures.into_iter().map(|Failure { error, targets }| {
            let step = format!("while building {}", select::few(&targets));
            error.step(step).for_targets(&targets)
        });
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// The table of failures, if there are many: cause, place, number of targets and advice; those of most targets
    /// first.
    pub(super) fn table(&self, sources: &Sources) -> Option<String> {
        if self.failures.len() < MANY {
            return None;
        }
        let mut failures: Vec<&Failure> = self.failures.iter().collect();
        failures.sort_by_key(|failure| Reverse(failure.targets.len()));
        let mut rows = vec![("cause".to_owned(), "targets".to_owned(), "what to try".to_owned())];
        let shield = Shield::default();
        rows.extend(failures.iter().take(ROWS).map(|Failure { error, targets }| {
            let error = shield.redacted(error, sources);
            let place = sources.locate(error.span());
            let place = place.map(|place| format!(" {}:{}", place.source.name(), place.line));
            let cause = format!("{}{}", error.code(), place.unwrap_or_default());
            let help = error.helps().first().map_or(error.message(), String::as_str);
            (cause, targets.len().to_string(), help.to_owned())
        }));
        let width = rows.iter().map(|(cause, ..)| cause.chars().count()).max().unwrap_or_default();
        let mut table: String = rows
            .iter()
            .map(|(cause, targets, help)| format!("{cause:width$}  {targets:>7}  {help}\n"))
            .map(|line| visible(line.trim_end()).into_owned() + "\n")
            .collect();
        let more = failures.len().saturating_sub(ROWS);
        if more > 0 {
            table.extend(["and ", &more.to_string(), " more causes\n"]);
        }
        Some(table)
    }

    /// The number of failed targets, for the last line; `None` if all succeeded.
    pub(super) fn verdict(&self) -> Option<String> {
        (self.failed > 0).then(|| format!("{} of {} targets failed", self.failed, self.targets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_of_many_targets_is_told_once() {
        let mut told = Told::default();
        let error = |text: &str| Error::new(Code::FileNotFound, text);
        for target in ["a", "b", "c", "d", "e"] {
            told.add(target, Vec::new(), Some(error("same")));
        }
        told.add("f", Vec::new(), None);
        told.add("g", Vec::new(), Error::all([error("other"), error("same")]));
        assert_eq!(told.verdict().as_deref(), Some("6 of 7 targets failed"));
        let failures = told.into_outcome().unwrap_err();
        let steps: Vec<&str> = failures.iter().map(|error| error.steps()[0].as_str()).collect();
        assert_eq!(steps, ["while building `a`, `b`, `c` and 3 more", "while building `g`"]);
        let targets: Vec<usize> = failures.iter().map(|error| error.targets().len()).collect();
        assert_eq!(targets, [6, 1]);
    }

    #[test]
    fn a_failure_that_bases_lead_to_on_several_ways_is_one() {
        let mut told = Told::default();
        let error = |base: &str| {
            let error = Error::new(Code::FileNotFound, "same").at(Span::new(1, 2));
            error.step("while reading").step(format!("while accumulating the base `{base}`"))
        };
        told.add("a", Vec::new(), Some(error("one")));
        told.add("b", Vec::new(), Error::all([error("two"), error("three")]));
        let failures = told.into_outcome().unwrap_err();
        assert_eq!(failures.iter().count(), 1);
        assert_eq!(failures.steps(), ["while reading", "while building `a`, `b`"]);
    }

    #[test]
    fn many_failures_end_in_a_table() {
        let mut told = Told::default();
        for (target, text) in [("a", "1"), ("b", "2"), ("c", "2"), ("d", "3"), ("e", "4")] {
            let error = Error::new(Code::FileNotFound, text).help(format!("try {text}"));
            told.add(target, Vec::new(), Some(error));
        }
        let expected = "\
cause           targets  what to try
file-not-found        2  try 2
file-not-found        1  try 1
file-not-found        1  try 3
file-not-found        1  try 4
";
        assert_eq!(told.table(&Sources::new()).as_deref(), Some(expected));
        assert_eq!(Told::default().table(&Sources::new()), None);
    }
}
