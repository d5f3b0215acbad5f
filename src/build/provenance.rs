//! The observers that a build itself has: provenance for `buildMetadata`, and the collector of strict builds.

use super::account::Account;
use crate::error::{Error, Result};
use crate::resource::{Origin, ResMap, Transformations};
use crate::transform::{Asked, Cause, Change, Observer};

/// Notes in the annotations of each resource which changes were made while it was there, for
/// `buildMetadata: [transformerAnnotations]`. (`api/resmap/reswrangler.go`: `AddTransformerAnnotation`.)
pub(super) struct Provenance<'a> {
    /// The account of the level; without one only documents of a known origin are noted.
    account: Option<&'a Account>,
    known: Transformations,
    /// The origin of the change at work, and whether that change ignores annotations.
    current: Option<Origin>,
    is_ignorant: bool,
    /// The origin of the changes that were noted last, and how many of it are still to be noted.
    noted: Option<Origin>,
    left: usize,
}

impl<'a> Provenance<'a> {
    /// No notes yet.
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
    /// Changes of one origin that ignore annotations are noted together behind the last of them, except the first: it
    /// finds out whether the annotations can be written.
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

/// Collects what changes nothing, for strict builds.
#[derive(Default)]
pub(super) struct Idle(pub(super) Vec<Error>);

impl Observer for Idle {
    fn idle(&mut self, _: &Cause<'_>, found: Error) {
        self.0.push(found);
    }
}
