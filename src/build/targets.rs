//! The targets of a tree: the kustomizations that no other one includes.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::many::in_order;
use super::run::{Run, directories};
use crate::error::{Error, Result};
use crate::load::{Root, Tree};
use crate::text::escape;

/// A directory to build that was found in a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What [`build()`](super::build()) takes: the directory as one who named the top of the tree would name it.
    pub directory: String,
    /// The way to it from the top of the tree, empty for the top itself.
    pub below: String,
    /// Why it cannot be built: there is a directory that cannot be listed, or one whose name is not UTF-8. Then the names
    /// are for people only.
    pub refused: Option<Error>,
}

impl Run<'_> {
    /// The kustomizations at and below a directory that no other one there includes, in the order of their paths, and
    /// behind them what was refused.
    ///
    /// One includes another by naming its directory in `resources` (or `bases`), `components`, `generators`,
    /// `transformers` or `validators`. Components are no targets: they work on what others gather. Of kustomizations that
    /// include each other in a circle, the first is a target, so that its build says so; one whose file cannot be read is a
    /// target for the same reason.
    ///
    /// # Errors
    /// Those of [`Loader::kustomizations`](crate::load::Loader::kustomizations).
    pub fn targets(&self, directory: &str, jobs: NonZeroUsize) -> Result<Vec<Target>> {
        let top = self.loader().root(directory)?;
        let Tree { found: roots, refused } = self.loader().kustomizations(directory)?;
        let nodes = Node::all(&roots, self, jobs);
        let mut reached = vec![false; nodes.len()];
        let mut found = Vec::new();
        let free = (0..nodes.len()).filter(|&number| !nodes[number].is_included);
        // What nothing free leads to stands in a circle.
        for number in free.chain(0..nodes.len()) {
            if !reached[number] && !nodes[number].is_component {
                found.push(number);
                reach(number, &nodes, &mut reached);
            }
        }
        found.sort_unstable();
        let targets = found.into_iter().map(|number| {
            let path = &nodes[number].path;
            let below = path.strip_prefix(top.path()).unwrap_or(path);
            target(directory, escape::file_name(below.as_os_str()).into_owned(), None)
        });
        let refused = refused.into_iter();
        let refused = refused.map(|(below, error)| target(directory, below, Some(error)));
        Ok(targets.chain(refused).collect())
    }
}

/// A kustomization, and what it includes.
struct Node {
    path: PathBuf,
    is_component: bool,
    is_included: bool,
    includes: Vec<usize>,
}

impl Node {
    fn all(roots: &[Root], run: &Run<'_>, jobs: NonZeroUsize) -> Vec<Self> {
        let numbers: BTreeMap<&Path, usize> =
            roots.iter().enumerate().map(|(number, root)| (root.path(), number)).collect();
        let mut nodes = Vec::with_capacity(roots.len());
        let work = |number: usize| Self::of(&roots[number], &numbers, run);
        in_order(roots.len(), jobs, work, |_, node| {
            nodes.push(node);
            ControlFlow::Continue(())
        });
        for number in 0..nodes.len() {
            for included in nodes[number].includes.clone() {
                nodes[included].is_included |= included != number;
            }
        }
        nodes
    }

    fn of(root: &Root, numbers: &BTreeMap<&Path, usize>, run: &Run<'_>) -> Self {
        let kustomization = run
            .kustomization(root)
            .map_or_else(|_| Arc::default(), |read| Arc::clone(&read.kustomization));
        Self {
            path: root.path().to_path_buf(),
            is_component: kustomization.is_component(),
            is_included: false,
            includes: directories(root, &kustomization)
                .filter_map(|(_, child)| numbers.get(child.path()).copied())
                .collect(),
        }
    }
}

/// Marks a kustomization, and everything that it includes.
fn reach(number: usize, nodes: &[Node], reached: &mut [bool]) {
    let mut pending = vec![number];
    while let Some(number) = pending.pop() {
        if !std::mem::replace(&mut reached[number], true) {
            pending.extend(&nodes[number].includes);
        }
    }
}

/// A directory that was found, by the name of the tree's top and the way to it from there.
fn target(name: &str, below: String, refused: Option<Error>) -> Target {
    let directory = match name.trim_end_matches('/') {
        _ if below.is_empty() => name.to_owned(),
        "." => below.clone(),
        "" => format!("/{below}"),
        name => format!("{name}/{below}"),
    };
    Target { directory, below, refused }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, tests::loader};
    use super::*;

    #[track_caller]
    fn found(tree: &str, directory: &str) -> String {
        let (loader, options) = (loader(tree), Options::default());
        let found = Run::new(&loader, &options).targets(directory, NonZeroUsize::MIN).unwrap();
        let directories: Vec<String> = found.into_iter().map(|target| target.directory).collect();
        directories.join(" ")
    }

    const TREE: &str = "\
== site/base/kustomization.yaml
resources: [pod.yaml]
== site/old/kustomization.yaml
bases: [../base]
== site/overlays/prod/kustomization.yaml
resources: [../../base, ../../missing]
components: [../../parts/used]
transformers: [../../plugins]
== site/parts/used/kustomization.yaml
kind: Component
namePrefix: b-
== site/parts/unused/kustomization.yaml
kind: Component
namePrefix: a-
== site/plugins/kustomization.yaml
resources: [labels.yaml]
== site/broken/kustomization.yaml
resources: [
== site/top/kustomization.yaml
resources: [../overlays/prod]
";

    #[test]
    fn what_nobody_includes_is_a_target() {
        assert_eq!(found(TREE, "site"), "site/broken site/old site/top");
        assert_eq!(found(TREE, "/site/"), "/site/broken /site/old /site/top");
        assert_eq!(found(TREE, "."), "site/broken site/old site/top");
        // Only the tree counts: what includes this one stands outside.
        assert_eq!(found(TREE, "site/overlays"), "site/overlays/prod");
        assert_eq!(found(TREE, "site/base"), "site/base");
        assert_eq!(found(TREE, "site/parts"), "");
    }

    #[test]
    fn of_a_circle_the_first_is_a_target() {
        let tree = "\
== b/kustomization.yaml
resources: [../c]
== c/kustomization.yaml
resources: [../b, ../d]
== d/kustomization.yaml
resources: [a.yaml]
== e/kustomization.yaml
resources: [.]
== f/below/kustomization.yaml
resources: [..]
== f/kustomization.yaml
resources: [below]
";
        assert_eq!(found(tree, "."), "b e f");
    }
}
