//! The type of own rules.

use std::fmt;

use crate::expression::Program;
use crate::harden::violation::Severity;
use crate::source::Span;
use crate::transform::select::Selection;
use crate::yaml::path::Path;
use crate::yaml::{Node, Scalar};

/// A rule of a configuration.
pub struct OwnRule {
    /// The id, which does not begin with `KR-`: `TEAM-001`.
    pub id: String,
    /// The name: `team-label`.
    pub name: String,
    /// The severity of a violation.
    pub severity: Severity,
    /// The requirement: a sentence.
    pub summary: String,
    /// The reason; may be empty.
    pub why: String,
    /// Advice; may be empty.
    pub advice: String,
    /// The conditions.
    pub(super) conditions: Vec<Condition>,
    /// The objects that it is about, as selectors; empty for all.
    pub(super) selections: Vec<Selection>,
    /// The value of the variable `params`.
    pub(super) parameters: Option<Node>,
    /// The examples.
    pub(super) examples: Vec<OwnExample>,
    /// The span of its entry.
    pub(super) span: Span,
}

/// A condition that holds for each object.
pub(super) struct Condition {
    pub(super) expression: Expression,
    /// The description of a violation.
    pub(super) message: Message,
    /// The field of the object that the expression is about.
    pub(super) path: Path,
}

/// A compiled expression, and the text that it was read from.
pub(super) struct Expression {
    pub(super) program: Program,
    pub(super) written: Scalar,
}

/// The description of a violation.
pub(super) enum Message {
    Text(String),
    Expression(Expression),
}

/// An example of an own rule.
#[derive(Clone)]
pub struct OwnExample {
    /// True if it violates the rule.
    pub is_bad: bool,
    /// The manifests, which are one render.
    pub(super) objects: Vec<Node>,
    /// The span of the example.
    pub span: Span,
}

impl OwnRule {
    /// The condition in words: the expressions.
    #[must_use]
    pub fn condition(&self) -> String {
        let text =
            |one: &Condition| format!("`{}` is not true", one.expression.program.text().trim());
        self.conditions.iter().map(text).collect::<Vec<_>>().join(", or ")
    }

    /// The examples.
    #[must_use]
    pub fn examples(&self) -> &[OwnExample] {
        &self.examples
    }

    /// The span of its entry in the configuration.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }
}

impl fmt::Debug for OwnRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.id, self.name)
    }
}
