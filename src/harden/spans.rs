//! Spans of fields of one object: a field is found from the one before, whose path it mostly shares.

use crate::source::Span;
use crate::yaml::Node;
use crate::yaml::path::{Path, PathStep};

/// The way from an object to its field that was last looked up.
pub(super) struct Spans<'n> {
    root: &'n Node,
    /// The steps with the nodes and the spans that they lead to.
    steps: Vec<(PathStep, &'n Node, Span)>,
}

impl<'n> Spans<'n> {
    /// The spans of an object.
    pub(super) const fn new(root: &'n Node) -> Self {
        Self { root, steps: Vec::new() }
    }

    /// The span of a field, as [`Path::span`] returns it.
    pub(super) fn span(&mut self, path: &Path) -> Span {
        let steps = path.steps();
        let known = self.steps.iter().zip(steps);
        let shared = known.take_while(|((known, ..), step)| known == *step).count();
        self.steps.truncate(shared);
        let (mut node, mut span) = match self.steps.last() {
            Some((_, node, span)) => (*node, *span),
            None => (self.root, self.root.span()),
        };
        for step in steps.iter().skip(shared) {
            let Some(below) = step.down(node) else { break };
            node = below;
            // Nodes that the build created have no span.
            if !node.span().is_none() {
                span = node.span();
            }
            self.steps.push((step.clone(), node, span));
        }
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse;

    #[test]
    fn spans_are_those_of_paths() {
        let source =
            Sources::new().add("a.yaml", "a: {b: [{c: 1}, {c: 2, d: ~}]}\ne: f\n").unwrap();
        let root = parse::documents(&source).unwrap().remove(0).root;
        let paths = [
            Path::default(),
            Path::of(&["e"]),
            Path::of(&["e", "f"]),
            Path::of(&["x"]),
            Path::of(&["a"]),
            Path::of(&["a", "x", "y"]),
            Path::of(&["a", "b"]),
            Path::of(&["a", "b", "c"]),
            Path::of(&["a", "b"]).index(0),
            Path::of(&["a", "b"]).index(0).keys(&["c"]),
            Path::of(&["a", "b"]).index(1).keys(&["c"]),
            Path::of(&["a", "b"]).index(1).keys(&["d", "e"]),
            Path::of(&["a", "b"]).index(2).keys(&["c"]),
        ];
        let mut spans = Spans::new(&root);
        for one in &paths {
            for other in &paths {
                for path in [one, other] {
                    assert_eq!(spans.span(path), path.span(&root), "{path} after {one}");
                }
            }
        }
    }
}
