//! KR-KUS-004: patches, replacements, images and labels without effect.

use crate::error::Result;
use crate::harden::Severity;
use crate::lint::found::Found;
use crate::lint::scene::Scene;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (directory, _, effect) in scene.effects.iter() {
        let Some(number) = scene.layers.index(directory) else { continue };
        let Some(layer) = scene.layers.get(number) else { continue };
        for (span, (count, error)) in &effect.idle {
            if *count < effect.runs {
                continue;
            }
            let is_certain = effect.field.starts_with("patches") || effect.field == "replacements";
            let severity = match is_certain && !layer.fields.is_component() {
                true => Severity::Error,
                false => Severity::Warning,
            };
            let span = if error.span().is_none() { *span } else { error.span() };
            let message = match error.helps().first().filter(|help| help.contains("did you mean")) {
                Some(help) => format!("{}; {help}", error.message()),
                None => error.message().to_owned(),
            };
            let one = Found::at(number, span, &[&effect.field, error.message()], message);
            found.push(one.graded(severity));
        }
    }
    Ok(found)
}
