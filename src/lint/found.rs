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
    /// True if [`crate::lint::fix`](fn@crate::lint::fix) can fix it.
    pub(super) has_fix: bool,
}

impl Found {
    /// A violation at a place of a kustomization.
    pub(super) fn at(layer: usize, span: Span, path: &[&str], message: String) -> Self {
        Self { layer, span, path: Path::of(path), message, severity: None, has_fix: false }
    }

    /// The same violation, which a change of the kustomization file fixes.
    pub(super) fn fixable(mut self) -> Self {
        self.has_fix = true;
        self
    }

    /// The same violation with another severity than that of its rule.
    pub(super) fn graded(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}
