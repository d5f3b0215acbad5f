//! KR-KUS-017: kustomization files without version or kind.

use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::scene::Scene;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        let (version, kind) = (&layer.written.api_version, &layer.written.kind);
        let message = match (version.is_empty(), kind.is_empty()) {
            (true, true) => "the file has neither `apiVersion` nor `kind`",
            (true, false) => "the file has no `apiVersion`",
            (false, true) => "the file has no `kind`",
            (false, false) => continue,
        };
        let one = Found::at(number, layer.beginning(), &["kind"], message.to_owned());
        found.push(one.fixable());
    }
    Ok(found)
}
