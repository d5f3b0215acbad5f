//! Ways through a tree: children by key and by position, and all nodes of it.

use std::iter;

use super::{Kind, Mapping, Node, Scalar, Sequence};

impl Node {
    /// The items of a sequence; empty for other nodes.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        self.as_sequence().map(Sequence::items).unwrap_or_default()
    }

    /// The entries of a mapping in order; empty for other nodes.
    #[must_use]
    pub fn entries(&self) -> &[(Scalar, Self)] {
        self.as_mapping().map(Mapping::entries).unwrap_or_default()
    }

    /// The items of a sequence, or the values of a mapping, in order.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.items().iter().chain(self.entries().iter().map(|(_, value)| value))
    }

    /// The value at a path of keys.
    ///
    /// ```
    /// use krender::{source::Source, yaml::parse};
    ///
    /// let document = parse::document(&Source::detached("spec: {replicas: 3}"))?.unwrap();
    /// let replicas = document.root.get_path(&["spec", "replicas"]);
    /// assert_eq!(replicas.and_then(|node| node.as_scalar()).map(|scalar| scalar.text()), Some("3"));
    /// # Ok::<(), krender::error::Error>(())
    /// ```
    #[must_use]
    pub fn get_path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The item of a sequence, or the value of an entry of a mapping, at a position.
    #[must_use]
    pub fn child(&self, position: usize) -> Option<&Self> {
        match self.kind() {
            Kind::Mapping => self.entries().get(position).map(|(_, value)| value),
            Kind::Sequence | Kind::Scalar => self.items().get(position),
        }
    }

    /// The child at a position, mutable. A shared collection is copied.
    pub fn child_mut(&mut self, position: usize) -> Option<&mut Self> {
        match self.kind() {
            Kind::Mapping => self.as_mapping_mut()?.value_at_mut(position),
            Kind::Sequence | Kind::Scalar => self.as_sequence_mut()?.items_mut().get_mut(position),
        }
    }

    /// The node at a list of [positions](Node::child), the first one below this node; the node itself if it is empty.
    #[must_use]
    pub fn at(&self, positions: &[usize]) -> Option<&Self> {
        positions.iter().try_fold(self, |node, &position| node.child(position))
    }

    /// The node at a list of positions, mutable. Shared collections on the way are copied.
    pub fn at_mut(&mut self, positions: &[usize]) -> Option<&mut Self> {
        positions.iter().try_fold(self, |node, &position| node.child_mut(position))
    }

    /// The number of nodes below this one, without keys.
    #[must_use]
    pub fn count_below(&self) -> usize {
        let mut count = 0;
        let mut pending = vec![self];
        while let Some(node) = pending.pop() {
            for item in node.items() {
                count += 1;
                if item.kind() != Kind::Scalar {
                    pending.push(item);
                }
            }
            for (_, value) in node.entries() {
                count += 1;
                if value.kind() != Kind::Scalar {
                    pending.push(value);
                }
            }
        }
        count
    }

    /// The node and all nodes below it, each before its children. Needs no stack of calls, however deep the tree is.
    pub fn walk(&self) -> impl Iterator<Item = &Self> {
        let mut pending = vec![self];
        iter::from_fn(move || {
            let node = pending.pop()?;
            let before = pending.len();
            pending.extend(node.children());
            pending[before..].reverse();
            Some(node)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::sample;

    fn read(text: &str) -> Node {
        sample::document(&Sources::new(), text).unwrap()
    }

    fn text(node: Option<&Node>) -> Option<&str> {
        node.and_then(Node::as_text)
    }

    #[test]
    fn children_are_found_by_key_and_by_position() {
        let mut root = read("{a: [x, y], b: {c: {d: z}}, e: w}");
        assert_eq!(root.get("a").unwrap().items().len(), 2);
        assert_eq!(root.entries().len(), 3);
        assert!(root.items().is_empty() && root.get("e").unwrap().entries().is_empty());
        assert_eq!(text(root.get_path(&["b", "c", "d"])), Some("z"));
        assert!(root.get_path(&["b", "x"]).is_none() && root.get_path(&["a", "x"]).is_none());
        assert_eq!(text(root.at(&[0, 1])), Some("y"));
        assert_eq!(text(root.at(&[1, 0, 0])), Some("z"));
        assert!(root.at(&[0, 2]).is_none() && root.at(&[2, 0]).is_none());
        assert_eq!(root.at(&[]), Some(&root));
        let copy = root.clone();
        *root.at_mut(&[0, 1]).unwrap() = read("new");
        assert_eq!(text(root.at(&[0, 1])), Some("new"));
        assert_eq!(text(copy.at(&[0, 1])), Some("y"));
        assert!(root.at_mut(&[2, 0]).is_none());
    }

    #[test]
    fn a_walk_visits_each_node_before_its_children() {
        let root = read("{a: [x, {b: y}], c: z}");
        let texts: Vec<_> = root.walk().filter_map(Node::as_text).collect();
        assert_eq!(texts, ["x", "y", "z"]);
        assert_eq!(root.walk().count(), 6);
        assert_eq!(root.count_below(), 5);
    }
}
