//! KR-KUS-012: overlays of one environment that include those of another, and deep chains.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::lint::stage::Stage;

/// The maximum number of levels below a target.
const DEEPEST: usize = 4;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        let Some(own) = Stage::of(scene.layers.below_common(layer)) else { continue };
        for child in layer.bases() {
            let Some(base) = scene.layers.get(child.layer) else { continue };
            let Some(other) = Stage::of(scene.layers.below_common(base)) else { continue };
            // Directories of different places may have a word in common with an environment.
            if own.0 != other.0 && own.1 == other.1 {
                let name = base.root.name();
                let message = format!("it includes `{name}`, an overlay of another environment");
                found.push(Found::at(number, child.span, &["resources", name], message));
            }
        }
    }
    let mut known = BTreeMap::new();
    for (number, layer) in scene.layers.numbered().filter(|(_, one)| one.included_by.is_empty()) {
        let depth = depth(scene, number, &mut known);
        if depth > DEEPEST {
            let message = format!("the bases are nested {depth} levels deep");
            let span = layer.bases().next().map_or_else(|| layer.beginning(), |base| base.span);
            found.push(Found::at(number, span, &["resources"], message));
        }
    }
    Ok(found)
}

/// The number of levels of bases below a kustomization.
fn depth(scene: &Scene<'_>, number: usize, known: &mut BTreeMap<usize, usize>) -> usize {
    if let Some(depth) = known.get(&number) {
        return *depth;
    }
    // A cycle ends here.
    known.insert(number, 0);
    let Some(layer) = scene.layers.get(number) else { return 0 };
    let below = layer.bases().map(|base| base.layer).collect::<Vec<_>>();
    let deepest = below.into_iter().map(|base| 1 + depth(scene, base, known)).max().unwrap_or(0);
    known.insert(number, deepest);
    deepest
}
