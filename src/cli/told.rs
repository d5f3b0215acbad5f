//! What there is to tell of many targets: each thing once, with the targets that it is about.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{self, Format};
use crate::{
    config::Warning,
    error::{Error, Result},
    source::{Sources, Span},
};

/// The warnings and failures of a run, in the order of its targets.
#[derive(Default)]
pub(super) struct Told {
    targets: usize,
    failed: usize,
    warnings: Vec<Warning>,
    /// Which warnings there are already: targets that share a base share what there is to say of it.
    known: BTreeSet<(Span, String)>,
    failures: Vec<Failure>,
}

/// What is wrong with one target or more.
struct Failure {
    error: Error,
    targets: Vec<String>,
}

/// So many different failures are compared with each other: more are not shown in any case.
const MOST: usize = 100;
/// So many targets are named that have the same failure.
const NAMED: usize = 3;

impl Told {
    /// Adds what there is to say of a target.
    pub(super) fn add(&mut self, target: &str, warnings: Vec<Warning>, error: Option<Error>) {
        self.targets += 1;
        for warning in warnings {
            let failure = &warning.failure;
            if self.known.insert((failure.span(), failure.message().to_owned())) {
                self.warnings.push(warning);
            }
        }
        let Some(error) = error else { return };
        self.failed += 1;
        for error in error.into_each() {
            match self.failures.iter_mut().take(MOST).find(|failure| failure.error == error) {
                Some(failure) => failure.targets.push(target.to_owned()),
                None => self.failures.push(Failure { error, targets: vec![target.to_owned()] }),
            }
        }
    }

    /// Prints the warnings. People get those of one text as one line, with the files that it is about.
    pub(super) fn warn(&self, sources: &Sources, format: Format) {
        let mut lines: Vec<(&str, Vec<Span>)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for Warning { text, failure } in &self.warnings {
            let Some(text) = text else { continue };
            match places.get(text.as_str()) {
                Some(&place) if format == Format::Human => lines[place].1.push(failure.span()),
                _ => {
                    places.insert(text, lines.len());
                    lines.push((text, vec![failure.span()]));
                }
            }
        }
        for (text, spans) in lines {
            let file = sources.source_of(spans[0]);
            let line = match (format, file, spans.len()) {
                (Format::Json, ..) | (_, None, _) => text.to_owned(),
                (_, Some(file), 1) => format!("{text} (in {})", file.name()),
                (_, Some(file), count) => {
                    format!("{text} (in {count} files, the first is {})", file.name())
                }
            };
            report::warning(&line, spans[0], sources, format);
        }
    }

    /// All failures as one, each with its targets; nothing when there are none.
    ///
    /// # Errors
    /// Those failures.
    pub(super) fn into_outcome(self) -> Result<()> {
        let errors = self.failures.into_iter().map(|Failure { error, targets }| {
            let named: Vec<String> =
                targets.iter().take(NAMED).map(|target| format!("`{target}`")).collect();
            let more = match targets.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            error.step(format!("while building {}{more}", named.join(", ")))
        });
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// How many targets failed, for the last line; nothing when none did.
    pub(super) fn verdict(&self) -> Option<String> {
        (self.failed > 0).then(|| format!("{} of {} targets failed", self.failed, self.targets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

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
    }
}
