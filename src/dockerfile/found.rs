//! A finding of a rule about Dockerfiles, before it is completed by [`crate::dockerfile::check`].

use crate::harden::Severity;
use crate::source::Span;
use crate::yaml::path::Path;

/// A violation of a rule.
#[derive(Debug)]
pub(super) struct Found {
    /// The place.
    pub(super) span: Span,
    /// The stage, the instruction and the operand that identify it while other parts of the file change.
    pub(super) path: Path,
    /// The description: a phrase.
    pub(super) message: String,
    /// Another severity than that of the rule.
    pub(super) severity: Option<Severity>,
    /// A text that is not shown.
    pub(super) hides: Option<Span>,
}

impl Found {
    /// A violation at a place.
    pub(super) fn at(span: Span, path: &[&str], message: impl Into<String>) -> Self {
        Self { span, path: Path::of(path), message: message.into(), severity: None, hides: None }
    }

    /// The same violation with another severity than that of its rule.
    pub(super) fn graded(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}
