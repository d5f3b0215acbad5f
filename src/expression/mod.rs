//! Expressions in the Common Expression Language (CEL), of rules in configurations and of admission policies.
//!
//! The crate `cel` reads the syntax ([`parse`]). Expressions are compiled once: variables become slots, functions
//! entries of a table, so that an unknown name is a mistake with a place before anything is evaluated. Values borrow the
//! documents: nothing is converted ahead. Each step is charged to a budget, because a pull request may bring the
//! expression; depth, length and memory are bounded.
#![cfg_attr(
    not(feature = "cel"),
    allow(dead_code, reason = "only the parser, which the feature adds, makes expressions")
)]

mod code;
mod evaluate;
mod functions;
mod kinds;
mod parse;
mod run;
mod value;

use std::fmt;
use std::ops::Range;

use code::Code;
pub use evaluate::Scope;
pub use kinds::{Format, Library, Network, Url, Version};
pub use run::{At, Failure, Run};
pub use value::{Chars, Entries, Key, Outcome, Value};

use crate::source::{Source, Span};
use crate::yaml::Scalar;

/// The maximum length of an expression, in bytes.
pub const LONGEST: usize = 16 << 10;

/// A compiled expression.
pub struct Program {
    code: Code,
    /// True for each variable, by its slot, that the expression uses.
    used: Vec<bool>,
    text: Box<str>,
}

/// The variables of expressions.
#[derive(Clone, Copy, Default)]
pub struct Names<'n> {
    /// The names of variables; the position is the slot.
    pub variables: &'n [&'n str],
    /// The fields of the variable `variables`; their slots follow.
    pub fields: &'n [String],
    /// Variables that Kubernetes has and krender has not, with the reason.
    pub lacking: &'n [(&'n str, &'n str)],
}

/// A mistake in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The description.
    pub message: String,
    /// Advice; may be empty.
    pub help: String,
    /// The range of the text of the expression, in bytes.
    pub at: Range<usize>,
    /// True if the expression may be valid, and needs what krender does not have.
    pub is_lacking: bool,
}

impl Mistake {
    fn new(message: impl Into<String>, at: Range<usize>) -> Self {
        Self { message: message.into(), help: String::new(), at, is_lacking: false }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    const fn lacking(mut self) -> Self {
        self.is_lacking = true;
        self
    }
}

impl Program {
    /// Compiles an expression.
    ///
    /// # Errors
    /// The first mistake: of syntax, a variable or function that does not exist, too long or too deep an expression.
    pub fn compile(text: &str, names: Names<'_>) -> Result<Self, Mistake> {
        if text.len() > LONGEST {
            let message = format!("the expression is longer than {} KiB", LONGEST >> 10);
            return Err(Mistake::new(message, 0..0).help("split it into several rules"));
        }
        let (code, used) = parse::parse(text, names)?;
        Ok(Self { code, used, text: text.into() })
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// A failure, such as a field that does not exist, or a spent budget.
    pub fn evaluate<'a>(&'a self, scope: &dyn Scope<'a>, run: &Run) -> Outcome<'a> {
        evaluate::evaluate(&self.code, scope, run)
    }

    /// True if the expression uses the variable with a slot.
    #[must_use]
    pub fn uses(&self, slot: usize) -> bool {
        self.used.get(slot).is_some_and(|used| *used)
    }

    /// The field of a variable that the expression is about: the first one that it selects.
    #[must_use]
    pub fn field_of(&self, slot: usize) -> Vec<&str> {
        self.code.field_of(slot).unwrap_or_default()
    }

    /// The text of the expression.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Program({})", self.text)
    }
}

/// The span of a part of the text of a scalar, in its source: the text may be quoted, or an indented block. If it cannot
/// be found, the span of the whole scalar.
#[must_use]
pub fn span_within(scalar: &Scalar, source: &Source, part: &Range<usize>) -> Span {
    place_within(scalar, source, part).unwrap_or_else(|| scalar.span())
}

fn place_within(scalar: &Scalar, source: &Source, part: &Range<usize>) -> Option<Span> {
    let (text, span) = (scalar.text(), scalar.span());
    let start = usize::try_from(span.start().checked_sub(source.base())?).ok()?;
    let length = usize::try_from(span.length()).ok()?;
    let written = source.text().get(start..start + length)?;
    // Each line of the text, in a line of the source: those of a block are indented, others are on one line.
    let before = text.get(..part.start)?;
    let line = before.matches('\n').count();
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let wanted = text.get(begin..)?.lines().next().unwrap_or_default();
    let header = usize::from(written.starts_with(['|', '>']));
    let mut lines = written.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some((*end - line.len(), line))
    });
    let (offset, found) = lines.nth(line + header)?;
    let column = found.find(wanted)?;
    let at = start + offset + column + (part.start - begin);
    let end = at + part.len().min(wanted.len().saturating_sub(part.start - begin)).max(1);
    Some(source.span(at, end.min(source.text().len())))
}
