//! Comparison of a node with its earlier state.

use super::{NODE_BYTES, Node};

impl Node {
    /// The weight of the nodes that differ from those of an earlier state, in bytes: [`NODE_BYTES`] for each, and their
    /// text. Zero if content, order and spans of scalars are equal.
    ///
    /// Parts that both share are not visited, so the cost is that of the changed part.
    #[must_use]
    pub fn weight_of_change(&self, before: &Self) -> u64 {
        let mut weight = 0;
        // Copied collections whose content may be the same, with their size.
        let mut copied = 0;
        let mut pending = vec![(self, Some(before))];
        while let Some((node, before)) = pending.pop() {
            if before.is_some_and(|before| node.is_same(before)) {
                continue;
            }
            match before {
                Some(before) if are_alike(node, before) => {
                    copied += NODE_BYTES * node.children().count() as u64;
                    pending.extend(node.children().zip(before.children().map(Some)));
                }
                _ => {
                    if before.is_some() {
                        copied += NODE_BYTES * node.children().count() as u64;
                    }
                    weight += NODE_BYTES + node.as_text().map_or(0, str::len) as u64;
                    let entries = node.entries().iter().enumerate();
                    pending.extend(entries.map(|(place, (key, value))| {
                        (value, before.and_then(|before| before.get_near(key.text(), place)))
                    }));
                    let items = before.map_or(&[][..], Self::items);
                    let item = |place| items.get(place);
                    pending.extend(
                        node.items().iter().enumerate().map(|(place, value)| (value, item(place))),
                    );
                }
            }
        }
        if weight == 0 { 0 } else { weight + copied }
    }
}

impl Node {
    /// As [`Node::get`], for a key that is probably at a position, or next to it.
    fn get_near(&self, key: &str, place: usize) -> Option<&Self> {
        let near = [Some(place), place.checked_sub(1), place.checked_add(1)];
        let mut near = near.into_iter().flatten().filter_map(|place| self.entries().get(place));
        near.find(|(known, _)| known.text() == key)
            .map_or_else(|| self.get(key), |(_, value)| Some(value))
    }
}

/// True for collections of one kind and length with the same keys in the same order.
fn are_alike(one: &Node, two: &Node) -> bool {
    let keys = |node: &Node| node.entries().len();
    one.kind() == two.kind()
        && one.as_scalar().is_none()
        && one.items().len() == two.items().len()
        && keys(one) == keys(two)
        && one
            .entries()
            .iter()
            .zip(two.entries())
            .all(|((one, _), (two, _))| one.text() == two.text())
}

#[cfg(test)]
mod tests {
    use crate::source::{Source, Span};
    use crate::yaml::{Node, Scalar, parse};

    fn node(text: &str) -> Node {
        parse::document(&Source::detached(text)).unwrap().unwrap().root
    }

    #[test]
    fn only_what_changed_weighs() {
        let before = node("{a: {b: 1, c: [x, y]}, d: {e: f}}");
        let mut after = before.clone();
        assert!(after.is_same(&before));
        assert_eq!(after.weight_of_change(&before), 0);
        // Copied, with the same content.
        let _ = after.get_mut("a").and_then(Node::as_mapping_mut);
        assert!(!after.is_same(&before));
        assert_eq!(after.weight_of_change(&before), 0);
        *after.get_mut("a").and_then(|a| a.get_mut("b")).unwrap() =
            Scalar::string("2", Span::NONE).into();
        let changed = after.weight_of_change(&before);
        assert!(changed > 0 && changed < 10 * super::NODE_BYTES, "{changed}");
        let mapping = after.as_mapping_mut().unwrap();
        mapping.remove("d");
        assert!(after.weight_of_change(&before) >= changed);
        assert_eq!(before.weight_of_change(&before.clone()), 0);
    }

    #[test]
    fn another_span_is_a_change() {
        let before = node("{a: x}");
        let after = Node::mapping(
            vec![(Scalar::string("a", Span::NONE), Scalar::string("x", Span::NONE).into())],
            Span::NONE,
        );
        assert!(after.weight_of_change(&before) > 0);
    }

    /// Linear, although each collection is compared with its counterpart.
    #[test]
    fn depth_needs_no_stack() {
        let text = "[".repeat(900) + "x" + &"]".repeat(900);
        let (one, two) = (node(&text), node(&text));
        assert_eq!(one.weight_of_change(&two), two.weight_of_change(&one));
    }
}
