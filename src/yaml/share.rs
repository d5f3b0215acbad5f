//! Shared values: one value in several places of a document, where setting it in one place changes all of them.
//!
//! A setter of the reference puts one and the same node into all fields that it adds, such as a label into
//! `metadata/labels` and a selector. A later setter of one of these fields changes all of them, until the document
//! passes through JSON. Here each place has its own scalar, and a [`Share`](super::Share) identifies the
//! group; [`settle`] copies the last value to all places of a group.

use super::node::Node;

/// Copies the value that was set last to all places of its group. "Last" is in the order in which a patch walks: sorted
/// by key.
///
/// Costs one walk through the document; only changed nodes are copied.
pub fn settle(root: &mut Node) {
    let places = places(root);
    for (_, last) in places.iter().filter(|(_, place)| place.is_changed()) {
        let Some(scalar) = last.as_scalar() else { continue };
        for (way, _) in places.iter().filter(|(_, place)| place.share() == last.share()) {
            put(root, way, Node::sharing(scalar.clone(), last.share()));
        }
    }
}

/// Removes all shares: each place keeps its current value.
pub fn forget(root: &mut Node) {
    for (way, place) in places(root) {
        place.as_scalar().into_iter().for_each(|scalar| put(root, &way, scalar.clone().into()));
    }
}

/// The paths to all shared values, as positions, with the values.
fn places(root: &Node) -> Vec<(Vec<usize>, Node)> {
    let mut places = Vec::new();
    let mut way: Vec<usize> = Vec::new();
    let mut pending = vec![(0, None, root)];
    while let Some((depth, step, node)) = pending.pop() {
        way.truncate(depth);
        way.extend(step);
        let depth = way.len();
        if !node.share().is_none() {
            places.push((way.clone(), node.clone()));
        } else if let Some(list) = node.as_sequence() {
            let items = list.items().iter().enumerate().rev();
            pending.extend(items.map(|(place, item)| (depth, Some(place), item)));
        } else if let Some(mapping) = node.as_mapping() {
            let mut entries: Vec<_> = mapping.entries().iter().enumerate().collect();
            entries.sort_by(|(_, (left, _)), (_, (right, _))| right.text().cmp(left.text()));
            pending
                .extend(entries.into_iter().map(|(place, (_, value))| (depth, Some(place), value)));
        }
    }
    places
}

fn put(root: &mut Node, way: &[usize], value: Node) {
    if let Some(node) = root.at_mut(way) {
        *node = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::source::Span;
    use crate::yaml::Share;
    use crate::yaml::{Tag, json_passage, sample};

    fn read(text: &str) -> Node {
        sample::document(&Sources::new(), text).unwrap()
    }

    fn label(root: &mut Node, field: &str, text: &str, share: Share) {
        let field = root.get_mut(field).unwrap();
        field.set_shared_field("k", &Node::new_field(text, Tag::Str, Span::NONE, share)).unwrap();
    }

    #[test]
    fn what_is_set_in_one_place_is_set_in_all() {
        let share = Share::of(Span::new(7, 1));
        let mut root = read("{a: {}, b: {k: own}, c: [{k: 1}], d: {}}");
        for field in ["a", "b", "d"] {
            label(&mut root, field, "first", share);
        }
        label(&mut root, "d", "second", Share::of(Span::new(9, 1)));
        settle(&mut root);
        assert_eq!(
            format!("{root:?}"),
            r#"{a: {k: !!Str "second"}, b: {k: !!Str "first"}, c: [{k: 1}], d: {k: !!Str "second"}}"#
        );
        json_passage(&mut root).unwrap();
        label(&mut root, "a", "third", Share::default());
        settle(&mut root);
        assert_eq!(root.get("d").unwrap().get("k").unwrap().as_text(), Some("second"));
    }

    #[test]
    fn the_last_in_the_order_of_keys_wins() {
        let share = Share::of(Span::new(7, 1));
        let mut root = read("{z: {}, a: {}}");
        for text in ["first", "second"] {
            label(&mut root, "z", text, share);
            label(&mut root, "a", &format!("{text} too"), share);
        }
        settle(&mut root);
        assert_eq!(root.get("a").unwrap().get("k").unwrap().as_text(), Some("second"));
    }
}
