//! Budgets: what one target and one run may use, so that small input cannot exhaust the machine.
//!
//! Work that input can multiply (texts, copies, resources, visits of directories, patterns, objects of git) is charged to
//! a [`Budget`]. A budget that is spent ends the work with an [`Error`] that names the place that spent it and the option
//! that raises it. The defaults are far above what real repositories need (`docs/security.md` has the margins).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Code, Error, Result};
use crate::source::Span;

/// A kind of work that is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Bytes that are made: texts, output, copies of values.
    Bytes,
    /// Resources that are accumulated, each time anew where a base is used several times.
    Resources,
    /// Visits of directories by kustomizations.
    Directories,
    /// Bytes of compiled patterns (regular expressions).
    Patterns,
    /// Objects that are read from git.
    GitObjects,
}

/// A row of [`Limit::ALL`]: the name that `--limit NAME=VALUE` takes, and the default.
struct Row {
    limit: Limit,
    name: &'static str,
    unit: &'static str,
    default: u64,
}

const ROWS: &[Row] = &[
    Row { limit: Limit::Bytes, name: "bytes", unit: "bytes of text", default: 512 << 20 },
    Row { limit: Limit::Resources, name: "resources", unit: "resources", default: 500_000 },
    Row {
        limit: Limit::Directories,
        name: "directories",
        unit: "visits of directories",
        default: 100_000,
    },
    Row {
        limit: Limit::Patterns,
        name: "patterns",
        unit: "bytes of compiled patterns",
        default: 64 << 20,
    },
    Row {
        limit: Limit::GitObjects,
        name: "git-objects",
        unit: "objects of git",
        default: 2_000_000,
    },
];

impl Limit {
    /// Every limit, in the order in which they are listed.
    pub const ALL: &[Self] =
        &[Self::Bytes, Self::Resources, Self::Directories, Self::Patterns, Self::GitObjects];

    const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The name on the command line, in kebab-case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What is counted, for people.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        self.row().unit
    }

    /// How much one target may use if no option says otherwise.
    #[must_use]
    pub const fn default_value(self) -> u64 {
        self.row().default
    }
}

/// How much of each kind of work is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits([u64; ROWS.len()]);

impl Default for Limits {
    fn default() -> Self {
        let mut values = [0; ROWS.len()];
        for row in ROWS {
            values[row.limit as usize] = row.default;
        }
        Self(values)
    }
}

impl Limits {
    /// The same limits with another value for one.
    #[must_use]
    pub const fn with(mut self, limit: Limit, value: u64) -> Self {
        self.0[limit as usize] = value;
        self
    }

    /// How much of a kind of work is allowed.
    #[must_use]
    pub const fn get(&self, limit: Limit) -> u64 {
        self.0[limit as usize]
    }
}

/// An account of work. Any number of threads may charge it; cloning makes another handle to the same account.
#[derive(Clone, Debug, Default)]
pub struct Budget(Arc<Account>);

#[derive(Debug, Default)]
struct Account {
    limits: Limits,
    spent: [AtomicU64; ROWS.len()],
}

impl Budget {
    /// An account on which nothing is spent yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Account { limits, ..Account::default() }))
    }

    /// Charges work before it is done.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`] at `span`, the entry that asks for the work, when more is spent than is allowed.
    pub fn spend(&self, limit: Limit, amount: u64, span: Span) -> Result<()> {
        let spent = self.0.spent[limit as usize].fetch_add(amount, Ordering::Relaxed);
        match spent.saturating_add(amount) > self.0.limits.get(limit) {
            true => Err(exceeded(limit, self.0.limits.get(limit), span)),
            false => Ok(()),
        }
    }

    /// How much of a kind of work was done so far.
    #[must_use]
    pub fn spent(&self, limit: Limit) -> u64 {
        self.0.spent[limit as usize].load(Ordering::Relaxed)
    }
}

/// The error of a budget that is spent.
#[cold]
fn exceeded(limit: Limit, allowed: u64, span: Span) -> Error {
    Error::new(Code::LimitExceeded, format!("this takes more than {allowed} {}", limit.unit()))
        .at(span)
        .help(format!("if that is intended, allow more with `--limit {}=NUMBER`", limit.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends_where_its_limit_is() {
        let budget = Budget::new(Limits::default().with(Limit::Resources, 3));
        assert!(budget.spend(Limit::Resources, 3, Span::NONE).is_ok());
        let error = budget.spend(Limit::Resources, 1, Span::NONE).unwrap_err();
        assert_eq!(error.code(), Code::LimitExceeded);
        assert_eq!(error.message(), "this takes more than 3 resources");
        assert!(error.helps()[0].contains("--limit resources=NUMBER"));
    }

    #[test]
    fn each_limit_has_its_row() {
        for (place, limit) in Limit::ALL.iter().enumerate() {
            assert_eq!((ROWS[place].limit, *limit as usize), (*limit, place));
            assert_eq!(Limits::default().get(*limit), limit.default_value());
        }
        assert_eq!(Limit::ALL.len(), ROWS.len());
    }
}
