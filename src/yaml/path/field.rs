//! The path of a known field, from the root of the document.

use std::fmt;

use super::to_pointer;
use crate::source::Span;
use crate::yaml::{Node, Text};

/// The keys and indices of a path. The field need not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<PathStep>);

/// A field as a list of steps that ends at the root, as a search has it: it becomes a [`Path`] only for what is found.
#[derive(Clone, Copy, Debug)]
pub struct Trail<'t> {
    above: Option<&'t Self>,
    step: TrailStep<'t>,
}

/// The last step of a trail.
#[derive(Clone, Copy, Debug)]
enum TrailStep<'t> {
    Key(&'t str),
    Index(usize),
}

impl<'t> Trail<'t> {
    /// The value of a key below a field; without one below the root.
    #[must_use]
    pub const fn key(above: Option<&'t Self>, key: &'t str) -> Self {
        Self { above, step: TrailStep::Key(key) }
    }

    /// An element of a list.
    #[must_use]
    pub const fn index(above: Option<&'t Self>, index: usize) -> Self {
        Self { above, step: TrailStep::Index(index) }
    }

    /// The path from the root; the root itself without a trail.
    #[must_use]
    pub fn path(trail: Option<&Self>) -> Path {
        trail.map_or_else(Path::default, |trail| {
            let above = Self::path(trail.above);
            match trail.step {
                TrailStep::Key(key) => above.keys(&[key]),
                TrailStep::Index(index) => above.index(index),
            }
        })
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathStep {
    /// The value of a key.
    Key(Text),
    /// An element of a list.
    Index(usize),
}

impl Path {
    /// A path of keys from the root.
    #[must_use]
    pub fn of(keys: &[&str]) -> Self {
        Self::default().keys(keys)
    }

    /// The path extended by keys.
    #[must_use]
    pub fn keys(mut self, keys: &[&str]) -> Self {
        self.0.extend(keys.iter().map(|key| PathStep::Key((*key).into())));
        self
    }

    /// A new path that is this one extended by keys, without room for more: reports hold many of them.
    #[must_use]
    pub fn below(&self, keys: &[&str]) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + keys.len());
        steps.extend_from_slice(&self.0);
        Self(steps).keys(keys)
    }

    /// The path extended by an index.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(PathStep::Index(index));
        self
    }

    /// The path extended by a step.
    #[must_use]
    pub fn step(mut self, step: PathStep) -> Self {
        self.0.push(step);
        self
    }

    /// The path extended by another one, from the field that it leads to.
    #[must_use]
    pub fn join(mut self, below: Self) -> Self {
        self.0.extend(below.0);
        self
    }

    /// The path without its last step; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, rest)| Self(rest.to_vec()))
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// The node at the path, if it exists.
    #[must_use]
    pub fn find<'a>(&self, root: &'a Node) -> Option<&'a Node> {
        self.0.iter().try_fold(root, |node, step| step.down(node))
    }

    /// The span of the last write to the field, or, if it does not exist, to its nearest existing parent.
    #[must_use]
    pub fn span(&self, root: &Node) -> Span {
        let mut node = root;
        let mut span = root.span();
        for step in &self.0 {
            let Some(below) = step.down(node) else { break };
            node = below;
            // Nodes that the build created have no span.
            if !node.span().is_none() {
                span = node.span();
            }
        }
        span
    }

    /// The path as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut text = String::with_capacity(self.length());
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            PathStep::Key(key) => out.write_str("/").and_then(|()| out.write_str(&to_pointer(key))),
            PathStep::Index(index) => write!(out, "/{index}"),
        })
    }

    /// The approximate length of the path as text, in bytes.
    fn length(&self) -> usize {
        let length = |step: &PathStep| match step {
            PathStep::Key(key) => 1 + key.len(),
            PathStep::Index(_) => 4,
        };
        self.0.iter().map(length).sum()
    }
}

impl PathStep {
    /// The child of a node, if it exists.
    #[must_use]
    pub fn down<'a>(&self, node: &'a Node) -> Option<&'a Node> {
        match self {
            Self::Key(key) => node.get(key),
            Self::Index(index) => node.as_sequence()?.items().get(*index),
        }
    }
}

/// As [`Path::pointer`].
impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::parse::document;

    #[test]
    fn a_missing_field_is_at_its_nearest_parent() {
        let text = "spec:\n  list:\n  - name: x\n";
        let root = document(&Source::detached(text)).unwrap().unwrap().root;
        let item = Path::of(&["spec", "list"]).index(0);
        let missing = item.clone().keys(&["b", "c"]);
        assert_eq!(missing.span(&root), item.find(&root).unwrap().span());
        assert_eq!(missing.to_string(), "/spec/list/0/b/c");
        assert_eq!(missing.pointer(), missing.to_string());
        assert_eq!(Path::of(&["a/b", "c~"]).to_string(), "/a~1b/c~0");
    }
}
