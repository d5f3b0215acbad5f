//! KR-IMG-007: entries of `images` that match no container.

use super::unmatched_patch::{IMAGES, Idle, idle};
use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::scene::Scene;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let of_images = idle(scene).filter(|idle| idle.field == IMAGES);
    let found = of_images.map(|Idle { number, field, span, error }| {
        Found::at(number, span, &[field, error.message()], error.message().to_owned())
    });
    Ok(found.collect())
}
