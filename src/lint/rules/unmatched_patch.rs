//! KR-KUS-004: patches, replacements and labels without effect.

use crate::error::{Error, Result};
use crate::harden::Severity;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::source::Span;

/// The field whose entries another rule is about.
pub(super) const IMAGES: &str = "images";

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for Idle { number, field, span, error } in idle(scene) {
        let Some(layer) = scene.layers.get(number).filter(|_| field != IMAGES) else { continue };
        let is_certain = field.starts_with("patches") || field == "replacements";
        let severity = match is_certain && !layer.fields.is_component() {
            true => Severity::Error,
            false => Severity::Warning,
        };
        let message = match error.helps().first().filter(|help| help.contains("did you mean")) {
            Some(help) => format!("{}; {help}", error.message()),
            None => error.message().to_owned(),
        };
        let one = Found::at(number, span, &[field, error.message()], message);
        found.push(one.graded(severity));
    }
    Ok(found)
}

/// A part of an entry that had no effect in any build.
pub(super) struct Idle<'a> {
    /// The number of its layer.
    pub(super) number: usize,
    /// The field.
    pub(super) field: &'a str,
    /// Its place.
    pub(super) span: Span,
    /// The reason.
    pub(super) error: &'a Error,
}

/// The parts of entries that had no effect in any build.
pub(super) fn idle<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = Idle<'a>> {
    scene.effects.iter().flat_map(|(directory, _, effect)| {
        let number = scene.layers.index(directory);
        let parts = effect.idle.iter().filter(|(_, (count, _))| *count >= effect.runs);
        parts.filter_map(move |(span, (_, error))| {
            let span = if error.span().is_none() { *span } else { error.span() };
            Some(Idle { number: number?, field: &effect.field, span, error })
        })
    })
}
