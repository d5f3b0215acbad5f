//! A finding of a rule about sources, before it is completed by [`crate::lint::lint`].

use crate::harden::Severity;
use crate::source::Span;
use crate::yaml::path::Path;

/// A violation of a rule.
pub(super) struct Found {
    /// The index of the kustomization.
    pub(super) layer: usize,
    /// The place.
    pub(super) span: Span,
    /// The field, and for a list the text that identifies the entry. It stays the same when other entries move.
    pub(super) path: Path,
    /// The description: a phrase.
    pub(super) message: String,
    /// Another severity than that of the rule.
    pub(super) severity: Option<Severity>,
}

impl Found {
    /// A violation at a place of a kustomization.
    pub(super) fn at(layer: usize, span: Span, path: &[&str], message: String) -> Self {
        Self { layer, span, path: Path::of(path), message, severity: None }
    }

    /// The same violation with another severity than that of its rule.
    pub(super) fn graded(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}
