//! Changes in the pods of a workload: images, protection, quality of service.

mod account;
mod controls;
mod images;
mod probes;
mod protection;
mod quality;
mod scripts;
mod tokens;

pub(super) use account::account;
pub(super) use images::{images, is_of_version, named};
pub(super) use protection::{account_of, protection};
pub(super) use quality::{quality, succeeded};

use super::Sides;
use crate::diff::containers::paired_pods;
use crate::harden::PodTemplate;

/// The pods of an object that is there on both sides, before and after.
pub(super) fn pods<'a>(sides: &'a Sides<'_, '_>) -> Vec<[PodTemplate<'a>; 2]> {
    let Some([before, after]) = sides.resources() else { return Vec::new() };
    paired_pods(before, after)
}
