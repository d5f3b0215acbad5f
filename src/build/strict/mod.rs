//! Checks of strict builds: parts of the inputs that kustomize ignores, and rendered objects that no API server accepts.
//!
//! Parts of a kustomization that change no resource are reported by the changes themselves
//! ([`Report::idle`](crate::transform::Report::idle)).

mod fields;
mod files;
mod names;
mod objects;

pub(super) use objects::objects;

use crate::config::{Kustomization, Warning};
use crate::error::Error;
use crate::load::Root;
use crate::source::Source;

/// The warnings for a kustomization file and the files that it lists.
pub(super) fn kustomization(
    root: &Root,
    source: &Source,
    kustomization: &Kustomization,
) -> Vec<Warning> {
    let mut found = fields::document(source, root.budget());
    found.extend(fields::values(kustomization));
    found.extend(files::resources(root, kustomization));
    found.extend(files::variables(root, kustomization));
    found.extend(files::patches(root, kustomization));
    found.into_iter().map(warning).collect()
}

/// A warning that only strict builds give: as an error.
fn warning(failure: Error) -> Warning {
    Warning { text: None, failure }
}
