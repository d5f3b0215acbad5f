//! Finds the targets of a tree: kustomizations that no other one includes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::run::Run;
use crate::build::directories;
use crate::error::{Error, Result};
use crate::load::{Root, Tree};
use crate::parallel::in_order;
use crate::source::Span;
use crate::text::escape;

/// A directory to build, found in a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The argument for [`build()`](crate::build::build()), relative to the name that was given for the top of the tree.
    pub directory: String,
    /// The path from the top of the tree; empty for the top itself.
    pub below: String,
    /// The reason why it cannot be built: a directory that cannot be listed, or whose name is not UTF-8. The names are
    /// for display only in this case.
    pub refused: Option<Error>,
}

impl Run<'_> {
    /// The kustomizations in and below a directory that no other one there includes, in the order of their paths,
    /// followed by directories that cannot be built.
    ///
    /// A kustomization includes another one if it lists its directory in `resources` (or `bases`), `components`,
    /// `generators`, `transformers` or `validators`. Components are not targets, because they work on the resources of
    /// others. Of kustomizations in a cycle, the first is a target, so that its build reports the cycle; one whose file
    /// cannot be read is a target for the same reason.
    ///
    /// # Errors
    /// Those of [`Loader::kustomizations`](crate::load::Loader::kustomizations).
    pub fn targets(&self, directory: &str) -> Result<Vec<Target>> {
        let top = self.session.loader().root(directory)?;
        let Tree { found: roots, refused } = self.session.loader().kustomizations(directory)?;
        let nodes = Node::all(&roots, self);
        let is_target = targets(&nodes);
        let found = nodes.iter().zip(is_target).filter(|(_, is_target)| *is_target);
        let found = found.map(|(node, _)| named(directory, top.path(), &node.path));
        let refused = refused.into_iter();
        let refused = refused.map(|(below, error)| target(directory, below, Some(error)));
        Ok(found.chain(refused).collect())
    }

    /// The targets in and below a directory, and all other kustomizations there. Hidden directories (except `.git`) and
    /// links to directories are searched for these, too.
    ///
    /// # Errors
    /// As [`Run::targets`].
    pub fn survey(&self, directory: &str) -> Result<Survey> {
        let top = self.session.loader().root(directory)?;
        let Tree { found: roots, refused } = self.session.loader().kustomizations(directory)?;
        let nodes = Node::all(&roots, self);
        let is_target = targets(&nodes);
        let mut survey = Survey::default();
        let mut includes: Vec<Option<(usize, Span)>> = vec![None; nodes.len()];
        for (number, node) in nodes.iter().enumerate() {
            for &(included, entry) in node.includes.iter().filter(|(other, _)| *other != number) {
                includes[included].get_or_insert((number, entry));
            }
        }
        let named = |path: &Path| named(directory, top.path(), path);
        for (number, node) in nodes.iter().enumerate() {
            let (why, span) = match includes[number] {
                _ if is_target[number] => {
                    survey.targets.push(named(&node.path));
                    continue;
                }
                _ if node.is_component => (Why::Component, beginning(&roots[number])),
                Some((by, entry)) => (Why::Included(named(&nodes[by].path).directory), entry),
                None => (Why::Included(named(&node.path).directory), beginning(&roots[number])),
            };
            survey.passed_over.push(PassedOver { target: named(&node.path), why, span });
        }
        for (root, is_link) in self.session.loader().kustomizations_apart(directory)? {
            let read = self.session.kustomization(&root);
            let why = match is_link {
                true => Why::Link,
                false if read.is_ok_and(|read| read.kustomization.is_component()) => Why::Component,
                false => Why::Hidden,
            };
            let (target, span) = (named(root.path()), beginning(&root));
            survey.passed_over.push(PassedOver { target, why, span });
        }
        let refused = refused.into_iter();
        let refused = refused.map(|(below, error)| target(directory, below, Some(error)));
        survey.targets.extend(refused);
        Ok(survey)
    }
}

/// The kustomizations of a tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// The targets, in the order of their paths.
    pub targets: Vec<Target>,
    /// The other kustomizations.
    pub passed_over: Vec<PassedOver>,
}

/// A kustomization that is not a target.
#[derive(Clone, Debug, PartialEq)]
pub struct PassedOver {
    /// Its directory.
    pub target: Target,
    /// The reason.
    pub why: Why,
    /// The span of the entry that includes it, or of the beginning of its kustomization file.
    pub span: Span,
}

/// The reason why a kustomization is not a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The kustomization of this directory includes it.
    Included(String),
    /// It is a component, which works on the resources of others.
    Component,
    /// It is in a hidden directory.
    Hidden,
    /// A link points to its directory.
    Link,
    /// Its name says that it is for others.
    Base,
}

impl std::fmt::Display for Why {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Included(by) => write!(formatter, "included by `{by}`"),
            Self::Component => formatter.write_str("a component"),
            Self::Hidden => formatter.write_str("hidden"),
            Self::Link => formatter.write_str("a link"),
            Self::Base => formatter.write_str("a base by its name"),
        }
    }
}

/// Returns for each kustomization whether it is a target: no other one includes it, or it is the first of a cycle.
fn targets(nodes: &[Node]) -> Vec<bool> {
    let mut reached = vec![false; nodes.len()];
    let mut found = vec![false; nodes.len()];
    let free = (0..nodes.len()).filter(|&number| !nodes[number].is_included);
    for number in free.chain(0..nodes.len()) {
        if !reached[number] && !nodes[number].is_component {
            found[number] = true;
            reach(number, nodes, &mut reached);
        }
    }
    found
}

/// A kustomization with the others that it includes.
struct Node {
    path: PathBuf,
    is_component: bool,
    is_included: bool,
    /// The included kustomizations with the spans of their entries.
    includes: Vec<(usize, Span)>,
}

impl Node {
    fn all(roots: &[Root], run: &Run<'_>) -> Vec<Self> {
        let numbers: BTreeMap<&OsStr, usize> = roots
            .iter()
            .enumerate()
            .map(|(number, root)| (root.path().as_os_str(), number))
            .collect();
        let mut nodes = Vec::with_capacity(roots.len());
        let work = |number: usize| Self::of(&roots[number], &numbers, run);
        in_order(roots.len(), &run.options().threads, work, |_, node| {
            nodes.push(node);
            ControlFlow::Continue(())
        });
        for number in 0..nodes.len() {
            for (included, _) in nodes[number].includes.clone() {
                nodes[included].is_included |= included != number;
            }
        }
        nodes
    }

    fn of(root: &Root, numbers: &BTreeMap<&OsStr, usize>, run: &Run<'_>) -> Self {
        let kustomization = run
            .session
            .kustomization(root)
            .map_or_else(|_| Arc::default(), |read| Arc::clone(&read.kustomization));
        Self {
            path: root.path().to_path_buf(),
            is_component: kustomization.is_component(),
            is_included: false,
            includes: directories(root, &kustomization)
                .filter_map(|(_, child)| {
                    Some((*numbers.get(child.path().as_os_str())?, child.span()))
                })
                .collect(),
        }
    }
}

/// The span of the first line of a kustomization file; [`Span::NONE`] if it cannot be read.
pub(super) fn beginning(root: &Root) -> Span {
    root.kustomization_file().map_or(Span::NONE, |file| {
        let end = file.text().find(['\r', '\n']).unwrap_or(file.text().len());
        file.span(0, end)
    })
}

/// Marks a kustomization, and everything that it includes.
fn reach(number: usize, nodes: &[Node], reached: &mut [bool]) {
    let mut pending = vec![number];
    while let Some(number) = pending.pop() {
        if !std::mem::replace(&mut reached[number], true) {
            pending.extend(nodes[number].includes.iter().map(|(included, _)| included));
        }
    }
}

/// The target for a path, given the name and the path of the top of the tree.
fn named(name: &str, top: &Path, path: &Path) -> Target {
    let below = path.strip_prefix(top).unwrap_or(path);
    target(name, escape::file_name(below.as_os_str()).into_owned(), None)
}

/// The target for a path below the top of a tree with this name.
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
    use super::*;
    use crate::build::{Options, tests::loader};

    #[track_caller]
    fn found(tree: &str, directory: &str) -> String {
        let (loader, options) = (loader(tree), Options::default());
        let found = Run::new(&loader, &options).targets(directory).unwrap();
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
        // Only the tree counts: the kustomization that includes this one is outside.
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
