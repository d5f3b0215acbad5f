//! Comparison of objects by what they mean to the API server.

use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Kind, Node, Scalar, resolve};

/// The order of the elements of these lists has no meaning, and a strategic merge patch adds elements in front.
const UNORDERED: [(&str, &str); 2] = [("volumes", "name"), ("volumeMounts", "mountPath")];

/// The first field in which two documents differ; `None` if they have the same values, whatever their styles, the order of
/// their keys, and the order of volumes. A null is as good as no field, and a strategic merge patch removes it.
pub(super) fn difference<'n>(one: &'n Node, other: &'n Node) -> Option<Path> {
    let mut pending = vec![(Path::default(), one, other)];
    while let Some((path, one, other)) = pending.pop() {
        if one.is_same(other) {
            continue;
        }
        let pairs: Option<Vec<(Path, &Node, &Node)>> = match (one.kind(), other.kind()) {
            (Kind::Scalar, Kind::Scalar) => {
                let (one, other) = (one.as_scalar().map(resolve), other.as_scalar().map(resolve));
                let is_same =
                    matches!((one, other), (Some(Ok(one)), Some(Ok(other))) if one == other);
                is_same.then(Vec::new)
            }
            (Kind::Mapping, Kind::Mapping) => {
                let at = |key: &Scalar| path.clone().keys(&[key.text()]);
                let is_extra = |(key, value): &&(Scalar, Node), other: &Node| {
                    !value.is_null() && other.get(key.text()).is_none_or(Node::is_null)
                };
                let extra = one.entries().iter().find(|entry| is_extra(entry, other));
                let extra =
                    extra.or_else(|| other.entries().iter().find(|entry| is_extra(entry, one)));
                if let Some((key, _)) = extra {
                    return Some(at(key));
                }
                let pair = |(key, value): &'n (Scalar, Node)| {
                    Some((at(key), value, other.get(key.text())?))
                };
                Some(one.entries().iter().filter_map(pair).collect())
            }
            (Kind::Sequence, Kind::Sequence) if one.items().len() == other.items().len() => {
                let pairs = sorted(&path, one).into_iter().zip(sorted(&path, other)).enumerate();
                let pair = |(index, (one, other)): (usize, (&'n Node, &'n Node))| {
                    (path.clone().index(index), one, other)
                };
                Some(pairs.map(pair).collect())
            }
            _ => None,
        };
        match pairs {
            Some(pairs) => pending.extend(pairs.into_iter().rev()),
            None => return Some(path),
        }
    }
    None
}

/// The elements of a list in an order that has a meaning.
fn sorted<'n>(path: &Path, list: &'n Node) -> Vec<&'n Node> {
    let mut items: Vec<&Node> = list.items().iter().collect();
    let is_it =
        |name: &str| matches!(path.steps().last(), Some(PathStep::Key(key)) if *key == *name);
    if let Some((_, key)) = UNORDERED.iter().find(|(name, _)| is_it(name)) {
        items.sort_by_key(|item| item.get(key).and_then(Node::as_text));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::parse::document;

    #[test]
    fn styles_and_the_order_of_volumes_do_not_count() {
        let node = |text: &str| document(&Source::detached(text)).unwrap().unwrap().root;
        let same = |one, other| difference(&node(one), &node(other)).is_none();
        assert!(same("{a: x, b: [1]}", "b:\n- 1\na: 'x'\n"));
        assert!(same("volumes: [{name: a}, {name: b}]", "volumes: [{name: b}, {name: a}]"));
        assert!(!same("other: [{name: a}, {name: b}]", "other: [{name: b}, {name: a}]"));
        assert!(!same("{a: 1}", "{a: '1'}"));
        assert!(same("{a: 1}", "{a: 1, b: ~}"));
        assert!(same("{a: ~}", "{a: ~}"));
        assert!(!same("{a: 1}", "{a: ~}"));
        assert!(!same("[a]", "[a, b]"));
        assert!(!same("volumes: [{name: a}]", "volumes: [{name: a, b: 1}]"));
    }
}
