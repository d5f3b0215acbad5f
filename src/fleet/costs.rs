//! Estimates the costs of targets without building any. The result is the same on every machine.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::named::{Named, named};
use crate::load::{Loader, Root};
use crate::parallel::{Threads, in_order};
use crate::source::Span;
use crate::sync::lock;

/// Returns the cost of each target in bytes: the size of its kustomizations and of the files that they list, including
/// everything below, each file once. A missing target costs nothing.
#[must_use]
pub fn costs(loader: &Loader, targets: &[String], threads: &Threads) -> Vec<u64> {
    let known: Mutex<BTreeMap<PathBuf, Directory>> = Mutex::default();
    let work = |number: usize| {
        let mut pending: Vec<Root> = loader.root(&targets[number]).into_iter().collect();
        let mut seen = BTreeSet::new();
        let mut bytes = 0_u64;
        while let Some(root) = pending.pop() {
            if !seen.insert(root.path().to_path_buf()) {
                continue;
            }
            let directory = lock(&known).get(root.path()).cloned();
            // Two threads may both compute it; the result is the same.
            let directory = directory.unwrap_or_else(|| Directory::of(&root));
            bytes = bytes.saturating_add(directory.bytes);
            pending.extend(directory.below.iter().cloned());
            lock(&known).entry(root.path().to_path_buf()).or_insert(directory);
        }
        bytes
    };
    let mut costs = Vec::with_capacity(targets.len());
    in_order(targets.len(), threads, work, |_, cost| {
        costs.push(cost);
        ControlFlow::Continue(())
    });
    costs
}

/// A directory with a kustomization.
#[derive(Clone)]
struct Directory {
    bytes: u64,
    below: Vec<Root>,
}

impl Directory {
    fn of(root: &Root) -> Self {
        let mut files: BTreeMap<PathBuf, u64> = BTreeMap::new();
        let mut below = Vec::new();
        named(root, &mut |named| match named {
            Named::File(path) => {
                if let Some(file) = path.to_str().and_then(|path| root.canonical(path)) {
                    files.entry(file).or_insert_with_key(|file| size(root, file));
                }
            }
            Named::Kustomization { root, .. } => below.push(root),
            Named::Word(_) | Named::Other(_) | Named::Charts => {}
        });
        let own = root.kustomization_file().map_or(0, |source| source.text().len() as u64);
        Self { bytes: files.values().sum::<u64>().saturating_add(own), below }
    }
}

/// The size of a file; 0 if it must not be read.
fn size(root: &Root, file: &Path) -> u64 {
    let read = file.to_str().and_then(|path| root.file(path, Span::NONE).ok());
    read.map_or(0, |file| file.bytes().len() as u64)
}

/// Distributes costs to `shares` of about equal size, and returns the share of each: the largest costs go first, each
/// to the smallest share (the longest-processing-time rule: no share is more than a third above the optimum). The
/// result depends only on the arguments.
#[must_use]
pub fn share(costs: &[u64], shares: NonZeroUsize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by_key(|&number| (std::cmp::Reverse(costs[number]), number));
    // The smallest share; the first one of several.
    let mut loads: BTreeSet<(u64, usize)> =
        (0..shares.get().min(costs.len())).map(|share| (0, share)).collect();
    let mut shared = vec![0; costs.len()];
    for number in order {
        if let Some((load, share)) = loads.pop_first() {
            shared[number] = share;
            // Targets without costs are distributed evenly, too.
            loads.insert((load.saturating_add(costs[number].max(1)), share));
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::build::tests::loader;

    const TREE: &str = "\
== base/kustomization.yaml
resources: [pod.yaml, pod.yaml]
== base/pod.yaml
0123456789
== one/kustomization.yaml
resources: [../base, ../two]
== two/kustomization.yaml
resources: [../base]
patches: [{path: ../one/patch.yaml}, {path: patch.yaml}]
== two/patch.yaml
0123
== one/patch.yaml
far too long for what is outside
== circle/kustomization.yaml
resources: [../circle, missing.yaml]
";

    #[test]
    fn a_target_costs_what_it_is_made_of() {
        let targets = ["one", "two", "base", "circle", "missing"].map(str::to_owned);
        let jobs = |jobs| {
            let threads = Threads::new(NonZeroUsize::new(jobs).unwrap());
            costs(&loader(TREE), &targets, &threads)
        };
        let lines = |lines: &[&str]| lines.iter().map(|line| line.len() as u64 + 1).sum::<u64>();
        let base = lines(&["resources: [pod.yaml, pod.yaml]", "0123456789"]);
        // A file outside of the root is not read.
        let patches = "patches: [{path: ../one/patch.yaml}, {path: patch.yaml}]";
        let two = base + lines(&["resources: [../base]", patches, "0123"]);
        let one = two + lines(&["resources: [../base, ../two]"]);
        let circle = lines(&["resources: [../circle, missing.yaml]"]);
        assert_eq!(jobs(1), [one, two, base, circle, 0]);
        assert_eq!(jobs(1), jobs(3));
    }

    proptest! {
        #[test]
        fn shares_are_all_and_about_equal(costs in prop::collection::vec(0_u64..1000, 0..60), shares in 1_usize..9) {
            let shared = share(&costs, NonZeroUsize::new(shares).unwrap());
            prop_assert_eq!(shared.len(), costs.len());
            prop_assert!(shared.iter().all(|share| *share < shares));
            let mut loads = vec![0; shares];
            for (share, cost) in shared.iter().zip(&costs) {
                loads[*share] += (*cost).max(1);
            }
            // One cost above the lightest at most, or the share would have been given to another.
            let (least, most) = (loads.iter().min().unwrap(), loads.iter().max().unwrap());
            let largest = costs.iter().max().map_or(1, |cost| (*cost).max(1));
            prop_assert!(most - least <= largest, "{:?}", loads);
        }
    }

    #[test]
    fn the_order_of_the_largest_decides() {
        let shares = |costs: &[u64], shares| share(costs, NonZeroUsize::new(shares).unwrap());
        assert_eq!(shares(&[1, 5, 3, 4, 2], 2), [0, 0, 1, 1, 0]);
        assert_eq!(shares(&[0, 0, 0, 0], 2), [0, 1, 0, 1]);
        assert_eq!(shares(&[7], 3), [0]);
        assert!(shares(&[], 3).is_empty());
    }
}
