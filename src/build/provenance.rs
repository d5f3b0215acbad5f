//! Observers that a build uses itself: provenance for `buildMetadata`, and the collector for `--strict`.

use super::account::Account;
use crate::error::{Error, Result};
use crate::resource::{Origin, ResMap, Transformations};
use crate::transform::{Asked, Cause, Change, Observer};

/// An observer that records in annotations of each resource the transformers that ran on it, for `buildMetadata:
/// [transformerAnnotations]`. (`api/resmap/reswrangler.go`: `AddTransformerAnnotation`.)
pub(super) struct Provenance<'a> {
    /// The account of the level; if `None`, only documents with a known origin are recorded.
    account: Option<&'a Account>,
    known: Transformations,
    /// The origin of the current change, and whether that change ignores annotations.
    current: Option<Origin>,
    is_ignorant: bool,
    /// The origin that was recorded last, and the number of further changes with it that are not recorded yet.
    noted: Option<Origin>,
    left: usize,
}

impl<'a> Provenance<'a> {
    /// An observer without records.
    pub(super) fn new(account: Option<&'a Account>) -> Self {
        Self {
            account,
            known: Transformations::default(),
            current: None,
            is_ignorant: false,
            noted: None,
            left: 0,
        }
    }

    fn origin(&self, cause: &Cause<'_>) -> Option<Origin> {
        match cause.asked {
            Asked::Document { origin, .. } => origin.cloned(),
            _ => self.account.map(|account| account.builtin(cause.builtin)),
        }
    }
}

impl Observer for Provenance<'_> {
    /// Several changes of one origin that ignore annotations are recorded together after the last of them, except for
    /// the first, which fails early if the annotations cannot be written.
    fn before(&mut self, change: &Change<'_>, resources: &mut ResMap) -> Result<()> {
        self.current = self.origin(&change.cause);
        self.is_ignorant = change.ignores_annotations();
        if self.is_ignorant && self.current == self.noted { Ok(()) } else { self.finish(resources) }
    }

    fn after(&mut self, _: &Cause<'_>, resources: &mut ResMap) -> Result<()> {
        let Some(origin) = self.current.take() else { return Ok(()) };
        if self.is_ignorant && self.noted.as_ref() == Some(&origin) {
            self.left += 1;
            return Ok(());
        }
        self.known.add(resources, &origin, 1)?;
        self.noted = Some(origin);
        resources.retain(|resource| !resource.node().is_empty());
        Ok(())
    }

    fn finish(&mut self, resources: &mut ResMap) -> Result<()> {
        let left = std::mem::take(&mut self.left);
        match self.noted.take() {
            Some(origin) if left > 0 => self.known.add(resources, &origin, left),
            _ => Ok(()),
        }
    }
}

/// An observer that collects entries without effect, for strict builds.
#[derive(Default)]
pub(super) struct Idle(pub(super) Vec<Error>);

impl Observer for Idle {
    fn idle(&mut self, _: &Cause<'_>, found: Error) {
        self.0.push(found);
    }
}
