//! Targets whose directory moved: an old and a new target with the same objects are one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::{Named, Sides, TargetInput};
use crate::{
    diff::{Rendered, Single, SourceFile, moved_targets},
    error::Result,
    load::Tree,
    parallel::{Threads, in_order},
};

/// Targets that only one side has, rendered to find those that moved.
#[derive(Default)]
pub(super) struct Moved {
    /// The renders by the index of the target.
    rendered: BTreeMap<usize, Result<Rendered>>,
    /// The old target of each new one.
    old: BTreeMap<usize, usize>,
}

impl Moved {
    /// Renders targets of one side only, if both sides have some, and pairs them.
    pub(super) fn find(sides: &Sides<'_>, threads: &Threads) -> Self {
        let targets = sides.targets.iter().enumerate();
        let is_single = |target: &Named| target.before.is_some() != target.after.is_some();
        let single: Vec<usize> =
            targets.filter(|(_, target)| is_single(target)).map(|(number, _)| number).collect();
        let is_old = |number: usize| sides.targets[number].before.is_some();
        let mut moved = Self::default();
        if single.iter().all(|&number| is_old(number)) || !single.iter().any(|&of| is_old(of)) {
            return moved;
        }
        let render = |place: usize| {
            let Named { before, after, .. } = &sides.targets[single[place]];
            match (before, after) {
                (Some(input), _) => Some(input.render(sides.runs[0])),
                (None, input) => Some(input.as_ref()?.render(sides.runs[1])),
            }
        };
        in_order(single.len(), threads, render, |place, rendered| {
            moved.rendered.extend(rendered.map(|rendered| (single[place], rendered)));
            ControlFlow::Continue(())
        });
        let files: BTreeMap<usize, Vec<SourceFile>> =
            single.iter().map(|&number| (number, files(sides, number))).collect();
        let side = |wanted: bool| -> Vec<(usize, Single<'_>)> {
            let rendered = moved.rendered.iter().filter(|(number, _)| is_old(**number) == wanted);
            rendered
                .map(|(&number, rendered)| {
                    let name = sides.targets[number].name.as_str();
                    let files = files.get(&number).map(Vec::as_slice).unwrap_or_default();
                    (number, Single { name, rendered: rendered.as_ref().ok(), files })
                })
                .collect()
        };
        let (numbers_before, before): (Vec<usize>, Vec<Single<'_>>) =
            side(true).into_iter().unzip();
        let (numbers_after, after): (Vec<usize>, Vec<Single<'_>>) = side(false).into_iter().unzip();
        let pairs = moved_targets(&before, &after).into_iter();
        moved.old =
            pairs.map(|(before, after)| (numbers_after[after], numbers_before[before])).collect();
        moved
    }

    /// The old target of a new one, if it moved.
    pub(super) fn old(&self, number: usize) -> Option<usize> {
        self.old.get(&number).copied()
    }

    /// The old targets that moved.
    pub(super) fn all_old(&self) -> BTreeSet<usize> {
        self.old.values().copied().collect()
    }

    /// The render of a target, if it was rendered to find it.
    pub(super) fn rendered(&self, number: usize) -> Option<Result<Rendered>> {
        self.rendered.get(&number).cloned()
    }
}

/// Maximum number of files by which a directory is compared with others.
const MOST_FILES: usize = 256;

/// The files of YAML and JSON in the directory of a target that only one side has.
fn files(sides: &Sides<'_>, number: usize) -> Vec<SourceFile> {
    let Named { before, after, .. } = &sides.targets[number];
    let (input, loader) = match before {
        Some(input) => (Some(input), sides.runs[0].loader()),
        None => (after.as_ref(), sides.runs[1].loader()),
    };
    let Some(directory) = input.and_then(TargetInput::directory) else { return Vec::new() };
    // What cannot be read is reported by the build.
    let Ok(Tree { found, .. }) = loader.manifests(directory) else { return Vec::new() };
    let file = |path: String| {
        let file = loader.file_below(directory, &path).ok()?;
        Some(SourceFile::new(&path, file.source().ok()?.text()))
    };
    found.into_iter().take(MOST_FILES).filter_map(file).collect()
}
