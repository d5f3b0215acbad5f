//! The builds of the targets of a run.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::effects::{Effects, Watch};
use crate::error::Error;
use crate::fleet::Run;
use crate::harden::Version;
use crate::parallel::in_order;
use crate::resource::ResMap;

/// The resources of each target, by number; none for a target that could not be built.
#[derive(Default)]
pub(super) struct Renders(BTreeMap<usize, ResMap>);

impl Renders {
    /// The resources of a target.
    pub(super) fn get(&self, target: usize) -> Option<&ResMap> {
        self.0.get(&target)
    }

    /// The targets that were built, with their resources.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &ResMap)> {
        self.0.iter().map(|(target, resources)| (*target, resources))
    }
}

/// Builds the targets. Returns their resources, the effects of the entries of kustomizations, and the failures.
pub(super) fn build(
    run: &Run<'_>,
    targets: &[String],
    version: Version,
) -> (Renders, Effects, Vec<(String, Error)>) {
    let (mut renders, mut effects, mut failed) =
        (Renders::default(), Effects::default(), Vec::new());
    let work = |number: usize| {
        let mut watch = Watch::new(number, version);
        let built = run.build_observed(&targets[number], &mut Vec::new(), &mut watch);
        (built.map(|built| built.resources), watch.into_effects())
    };
    in_order(targets.len(), &run.options().threads, work, |number, (built, seen)| {
        match built {
            Ok(resources) => {
                renders.0.insert(number, resources);
                effects.add(seen);
            }
            // What a build did before it failed says nothing about the rest.
            Err(error) => failed.push((targets[number].clone(), error)),
        }
        ControlFlow::Continue(())
    });
    (renders, effects, failed)
}
