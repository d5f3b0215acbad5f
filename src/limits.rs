//! Limits of the work that a target and a run may cause, so that a small input cannot exhaust the machine.
//!
//! Work that input can multiply (texts, copies, resources, visits of directories, patterns, files, git objects) is
//! charged to a [`Budget`] before it is done. A spent budget ends the work with an [`Error`] that shows the position of
//! the last charge and the option that raises the limit. The defaults are far above the needs of real repositories
//! (`docs/security.md` lists the margins).
//!
//! Each target has its own budget, so that a run over thousands of targets does not fail because of their sum, and the
//! result of a target does not depend on the others. Only files and git objects, which a run keeps in memory, are
//! charged to one budget per run.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Code, Error, Result};
use crate::source::Span;

/// A kind of work that is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Bytes that a target produces: parsed documents, copies of values, concatenated text, output.
    Bytes,
    /// Resources that a target accumulates, counted by each kustomization and component that processes them.
    Resources,
    /// Kustomizations and components that a target visits, counting repeated visits.
    Directories,
    /// Bytes of the patterns (regular expressions) that a target compiles.
    Patterns,
    /// Bytes of the files that a run reads.
    Files,
    /// Git objects that a run reads.
    GitObjects,
    /// Repositories and files that a run asks other machines for.
    Requests,
    /// Bytes that git receives in a run, and the memory that it needs meanwhile.
    Fetched,
    /// Findings that a run of checks holds.
    Findings,
    /// Steps of the expressions of rules and admission policies that a target is checked by.
    Expressions,
}

/// A row of the table of limits.
struct Row {
    limit: Limit,
    /// The name that `--limit NAME=VALUE` takes.
    name: &'static str,
    /// True if the unit is bytes.
    bytes: bool,
    /// The counted unit.
    unit: &'static str,
    default: u64,
}

const ROWS: &[Row] = &[
    Row {
        limit: Limit::Bytes,
        name: "bytes",
        bytes: true,
        unit: "of documents, copies and output",
        default: 512 << 20,
    },
    Row {
        limit: Limit::Resources,
        name: "resources",
        bytes: false,
        unit: "resources, counted on each level",
        default: 400_000,
    },
    Row {
        limit: Limit::Directories,
        name: "directories",
        bytes: false,
        unit: "visits of kustomizations",
        default: 30_000,
    },
    Row {
        limit: Limit::Patterns,
        name: "patterns",
        bytes: true,
        unit: "of compiled patterns",
        default: 64 << 20,
    },
    Row {
        limit: Limit::Files,
        name: "files",
        bytes: true,
        unit: "of files in one run",
        default: 512 << 20,
    },
    Row {
        limit: Limit::GitObjects,
        name: "git-objects",
        bytes: false,
        unit: "git objects in one run",
        default: 2_000_000,
    },
    Row {
        limit: Limit::Requests,
        name: "requests",
        bytes: false,
        unit: "remote repositories and files in one run",
        default: 1_000,
    },
    Row {
        limit: Limit::Fetched,
        name: "fetched",
        bytes: true,
        unit: "of remote repositories in one run",
        default: 2 << 30,
    },
    Row {
        limit: Limit::Findings,
        name: "findings",
        bytes: false,
        unit: "findings in one run",
        default: 1_000_000,
    },
    Row {
        limit: Limit::Expressions,
        name: "expressions",
        bytes: false,
        unit: "steps of expressions",
        default: 200_000_000,
    },
];

impl Limit {
    /// All limits, in the order of lists.
    pub const ALL: &[Self] = &[
        Self::Bytes,
        Self::Resources,
        Self::Directories,
        Self::Patterns,
        Self::Files,
        Self::GitObjects,
        Self::Requests,
        Self::Fetched,
        Self::Findings,
        Self::Expressions,
    ];

    const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The name on the command line, in kebab-case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The default value.
    #[must_use]
    pub const fn default_value(self) -> u64 {
        self.row().default
    }

    /// True if the limit applies to a run instead of each target.
    #[must_use]
    pub const fn is_of_run(self) -> bool {
        matches!(
            self,
            Self::Files | Self::GitObjects | Self::Requests | Self::Fetched | Self::Findings
        )
    }

    /// An amount in the form of the option: `512MiB`, `20000`.
    #[must_use]
    pub fn amount(self, amount: u64) -> String {
        let unit = if self.row().bytes { UNITS } else { &[] };
        let whole = unit.iter().filter(|(name, _)| name.len() == 3);
        match whole.into_iter().find(|(_, size)| amount >= *size && amount.is_multiple_of(*size)) {
            Some((name, size)) => format!("{}{name}", amount / size),
            None => amount.to_string(),
        }
    }
}

/// The limits for each kind of work.
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
    /// Returns the limits with another value for one.
    #[must_use]
    pub const fn with(mut self, limit: Limit, value: u64) -> Self {
        self.0[limit as usize] = value;
        self
    }

    /// A part of these limits.
    pub(crate) fn divided(self, by: u64) -> Self {
        Self(self.0.map(|value| value / by.max(1)))
    }

    /// The limit for a kind of work.
    #[must_use]
    pub const fn get(&self, limit: Limit) -> u64 {
        self.0[limit as usize]
    }
}

/// A value for a limit: `NAME=VALUE`, where sizes may have a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The limit.
    pub limit: Limit,
    /// Its value.
    pub value: u64,
}

/// Units of sizes; those with three letters are powers of 1,024.
const UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

impl FromStr for Setting {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::new(Code::InvalidArgument, format!("`{text}` is not a limit"));
        let names = || Limit::ALL.iter().map(|limit| limit.name());
        let Some((name, value)) = text.split_once('=') else {
            return Err(invalid().did_you_mean(text, names()).help("write `NAME=VALUE`"));
        };
        let Some(limit) = Limit::ALL.iter().copied().find(|limit| limit.name() == name) else {
            let known = names().collect::<Vec<_>>().join("`, `");
            return Err(invalid()
                .did_you_mean(name, names())
                .help(format!("the limits are `{known}`")));
        };
        let value = parse(value, limit).ok_or_else(|| {
            invalid().help(match limit.row().bytes {
                true => "write a size such as `2GiB`, `500MB` or `1000000`",
                false => "write a whole number such as `100000`",
            })
        })?;
        Ok(Self { limit, value })
    }
}

fn parse(text: &str, limit: Limit) -> Option<u64> {
    let units = if limit.row().bytes { UNITS } else { &[] };
    let unit = units.iter().find(|(name, _)| {
        let start = text.len().saturating_sub(name.len());
        text.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(name))
    });
    let (number, size) = match unit {
        Some((name, size)) => (&text[..text.len() - name.len()], *size),
        None => (text, 1),
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(size)
}

/// A condition that ends builds early, such as a deadline or a request of the user. Whenever work is charged to a
/// [`Budget`], it is evaluated; by default it is never true, which costs nothing.
///
/// ```
/// use std::time::{Duration, Instant};
/// use krender::limits::Cancel;
///
/// let deadline = Instant::now() + Duration::from_secs(10);
/// let cancel = Cancel::when(move || Instant::now() >= deadline);
/// ```
#[derive(Clone, Default)]
pub struct Cancel(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Cancel {
    /// Ends builds once a condition is true. It is evaluated often, so it should be quick.
    #[must_use]
    pub fn when(condition: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(condition)))
    }

    /// True once the condition is.
    pub(crate) fn is_due(&self) -> bool {
        self.0.as_ref().is_some_and(|condition| condition())
    }

    /// True if there is a condition.
    pub(crate) const fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Cancel::when" } else { "Cancel" })
    }
}

/// A counter of work. Any number of threads may charge it; cloning makes another handle to it.
#[derive(Clone, Default)]
pub struct Budget(Arc<Account>);

#[derive(Default)]
struct Account {
    limits: Limits,
    cancel: Cancel,
    spent: [AtomicU64; ROWS.len()],
}

impl Budget {
    /// Creates a budget with no work charged.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::cancelled_by(limits, Cancel::default())
    }

    /// Creates a budget with no work charged, and a condition that ends the work.
    #[must_use]
    pub fn cancelled_by(limits: Limits, cancel: Cancel) -> Self {
        Self(Arc::new(Account { limits, cancel, ..Account::default() }))
    }

    /// The condition that ends the work.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.0.cancel
    }

    /// Charges work before it is done.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`] at `span`, the entry that causes the work, if the limit is exceeded; [`Code::Cancelled`]
    /// if the work was [cancelled](Cancel).
    pub fn spend(&self, limit: Limit, amount: u64, span: Span) -> Result<()> {
        let spent = self.0.spent[limit as usize].fetch_add(amount, Ordering::Relaxed);
        match spent.saturating_add(amount) > self.0.limits.get(limit) {
            true => Err(self.exceeded(limit, span)),
            false if self.0.cancel.is_due() => Err(cancelled(span)),
            false => Ok(()),
        }
    }

    /// Replaces an earlier charge, for work whose amount is known only while it is done.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`] if the limit is exceeded by more work than before.
    pub fn charge_instead(&self, limit: Limit, before: u64, now: u64) -> Result<()> {
        let spent = &self.0.spent[limit as usize];
        if now <= before {
            spent.fetch_sub(before - now, Ordering::Relaxed);
            return Ok(());
        }
        let all = spent.fetch_add(now - before, Ordering::Relaxed).saturating_add(now - before);
        match all > self.0.limits.get(limit) {
            true => Err(self.exceeded(limit, Span::NONE)),
            false => Ok(()),
        }
    }

    /// Charges a text that is inserted into a field. Texts as short as names and namespaces are free: the field was
    /// charged when it was read.
    ///
    /// # Errors
    /// As [`Budget::spend`].
    #[inline]
    pub fn text(&self, length: usize, span: Span) -> Result<()> {
        if length <= SHORT { Ok(()) } else { self.bytes(length, span) }
    }

    /// Charges bytes before they are allocated.
    ///
    /// # Errors
    /// As [`Budget::spend`].
    pub fn bytes(&self, amount: usize, span: Span) -> Result<()> {
        self.spend(Limit::Bytes, amount as u64, span)
    }

    /// The amount charged for a kind of work so far.
    #[must_use]
    pub fn spent(&self, limit: Limit) -> u64 {
        self.0.spent[limit as usize].load(Ordering::Relaxed)
    }

    /// The amounts charged for all kinds of work so far.
    #[must_use]
    pub fn all_spent(&self) -> Spent {
        Spent(std::array::from_fn(|place| self.0.spent[place].load(Ordering::Relaxed)))
    }

    /// Charges the same amounts again, for work whose result is reused: so the charges of a target do not depend on
    /// what other targets have cached.
    ///
    /// # Errors
    /// As [`Budget::spend`].
    pub fn spend_again(&self, spent: &Spent, span: Span) -> Result<()> {
        let all = Limit::ALL.iter().zip(spent.0).filter(|(_, amount)| *amount > 0);
        all.into_iter().try_for_each(|(&limit, amount)| self.spend(limit, amount, span))
    }

    /// The remaining amount for a kind of work.
    #[must_use]
    pub fn left(&self, limit: Limit) -> u64 {
        self.0.limits.get(limit).saturating_sub(self.spent(limit))
    }

    /// The error for a limit that is exceeded by the work at `span`.
    #[cold]
    #[must_use]
    pub fn exceeded(&self, limit: Limit, span: Span) -> Error {
        let allowed = self.0.limits.get(limit);
        let (name, amount) = (limit.name(), limit.amount(allowed));
        let message = format!("this takes more than {amount} {}", limit.row().unit);
        let more = limit.amount(allowed.max(1).saturating_mul(2));
        Error::new(Code::LimitExceeded, message)
            .at(span)
            .help(format!("if that is intended, allow more with `--limit {name}={more}`"))
    }
}

/// The error for work at `span` that was cancelled.
#[cold]
pub(crate) fn cancelled(span: Span) -> Error {
    Error::new(Code::Cancelled, "the build was cancelled").at(span)
}

/// The longest text that is inserted for free: Kubernetes names and namespaces have at most 253 bytes.
const SHORT: usize = 256;

/// The amounts charged for each kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent([u64; ROWS.len()]);

impl Spent {
    /// The difference to an earlier state of the same budget.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place].saturating_sub(before.0[place])))
    }

    /// Returns the amounts with that of one kind set to zero.
    #[must_use]
    pub const fn without(mut self, limit: Limit) -> Self {
        self.0[limit as usize] = 0;
        self
    }

    /// The amount for a kind of work.
    #[must_use]
    pub const fn get(&self, limit: Limit) -> u64 {
        self.0[limit as usize]
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_map()
            .entries(Limit::ALL.iter().map(|&limit| (limit.name(), self.spent(limit))))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends_where_its_limit_is() {
        let budget = Budget::new(Limits::default().with(Limit::Resources, 3));
        assert!(budget.spend(Limit::Resources, 3, Span::NONE).is_ok());
        assert_eq!((budget.spent(Limit::Resources), budget.left(Limit::Resources)), (3, 0));
        let error = budget.spend(Limit::Resources, 1, Span::new(7, 1)).unwrap_err();
        assert_eq!((error.code(), error.span()), (Code::LimitExceeded, Span::new(7, 1)));
        assert_eq!(error.message(), "this takes more than 3 resources, counted on each level");
        assert!(error.helps()[0].ends_with("`--limit resources=6`"));
        assert!(budget.spend(Limit::Resources, u64::MAX, Span::NONE).is_err());
    }

    #[test]
    fn each_limit_has_its_row() {
        for (place, limit) in Limit::ALL.iter().enumerate() {
            assert_eq!((ROWS[place].limit, *limit as usize), (*limit, place));
            assert_eq!(Limits::default().get(*limit), limit.default_value());
            let text = format!("{}={}", limit.name(), limit.amount(limit.default_value()));
            let value = limit.default_value();
            assert_eq!(text.parse::<Setting>().unwrap(), Setting { limit: *limit, value });
        }
        assert_eq!(Limit::ALL.len(), ROWS.len());
    }

    #[test]
    fn sizes_have_units() {
        let value = |text: &str| text.parse::<Setting>().ok().map(|setting| setting.value);
        assert_eq!(value("bytes=2GiB"), Some(2 << 30));
        assert_eq!(value("bytes=500mb"), Some(500_000_000));
        assert_eq!(value("files=7"), Some(7));
        assert_eq!(value("patterns=7B"), Some(7));
        assert_eq!(value("resources=0"), Some(0));
        for text in ["", "bytes", "bytes=", "bytes=GiB", "bytes=-1", "bytes=+1", "bytes=1.5GiB"] {
            assert_eq!(value(text), None, "{text}");
        }
        for text in ["resources=1KB", "bytes=20000000000GiB", "byte=1", "bytes=1é", "bytes =1"] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn an_unknown_limit_is_near_to_a_known_one() {
        let helps = |text: &str| text.parse::<Setting>().unwrap_err().helps().to_vec();
        assert_eq!(helps("byts=1")[0], "did you mean `bytes`?");
        assert_eq!(helps("gitobjects")[0], "did you mean `git-objects`?");
        assert!(helps("memory=1")[0].starts_with("the limits are `bytes`, `resources`"));
    }
}
