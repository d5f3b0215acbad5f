//! Alignment of the elements of two lists.

use std::collections::BTreeMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::schema::Keys;
use crate::yaml::{Kind, Node};

use super::text_of;

/// Alignment of two lists.
pub(super) struct Alignment {
    /// Indices of elements that correspond, or that only one list has. Elements of the second list are in its order;
    /// those of the first only keep their place among them.
    pub pairs: Vec<(Option<usize>, Option<usize>)>,
    /// Names of the elements of both lists, if they have names.
    pub names: Option<[Vec<String>; 2]>,
}

/// Aligns two lists by the names of their elements, or else by equal elements. `renamed` returns the name of an element
/// of the first list in the second. Linear if there are names.
pub(super) fn align(
    before: &[Node],
    after: &[Node],
    field: Option<&str>,
    keys: Option<Keys<'_>>,
    renamed: &dyn Fn(&str) -> Option<String>,
) -> Alignment {
    match (names(before, field, keys), names(after, field, keys)) {
        (Some(old), Some(new)) if !(old.is_empty() && new.is_empty()) => {
            let pairs = by_name(&old, &new, renamed);
            Alignment { pairs, names: Some([old, new]) }
        }
        _ => Alignment { pairs: in_common(before, after), names: None },
    }
}

/// Names of the elements: the values of the merge keys of the list, or else of `name`, or else of the fields that people
/// tell the elements of this field by. `None` if an element has no name, or two have the same.
pub(super) fn names(
    items: &[Node],
    field: Option<&str>,
    keys: Option<Keys<'_>>,
) -> Option<Vec<String>> {
    let merged = keys.filter(|keys| !keys.is_empty()).map(|keys| keys.iter().collect::<Vec<_>>());
    let found = merged.and_then(|keys| names_by(items, &keys));
    found.or_else(|| names_by(items, &["name"])).or_else(|| names_of_field(items, field?))
}

/// Names in lists that Kubernetes replaces as a whole.
fn names_of_field(items: &[Node], field: &str) -> Option<Vec<String>> {
    match field {
        "tolerations" => names_with(items, |item| {
            let text = |key: &str| item.get(key).and_then(Node::as_text).unwrap_or_default();
            // Without a key, it is for all taints.
            let key = if text("key").is_empty() { "*" } else { text("key") };
            Some(match text("effect") {
                "" => key.to_owned(),
                effect => format!("{key}:{effect}"),
            })
        }),
        "volumeClaimTemplates" => {
            names_with(items, |item| Some(item.get("metadata")?.get("name")?.as_text()?.to_owned()))
        }
        "rules" => names_by(items, &["host"]),
        "paths" => names_by(items, &["path"]),
        _ => None,
    }
}

fn names_by(items: &[Node], keys: &[&str]) -> Option<Vec<String>> {
    let (primary, others) = keys.split_first()?;
    names_with(items, |item| {
        let mut name = item.get(primary)?.as_text()?.to_owned();
        for value in others.iter().filter_map(|key| item.get(key)?.as_text()) {
            // The default value, which is often omitted.
            if value != "TCP" {
                name = name + "/" + value;
            }
        }
        Some(name)
    })
}

fn names_with(items: &[Node], name: impl Fn(&Node) -> Option<String>) -> Option<Vec<String>> {
    let names = items.iter().map(name).collect::<Option<Vec<String>>>()?;
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    let is_unique = sorted.windows(2).all(|pair| pair[0] != pair[1]);
    is_unique.then_some(names)
}

fn by_name(
    old: &[String],
    new: &[String],
    renamed: &dyn Fn(&str) -> Option<String>,
) -> Vec<(Option<usize>, Option<usize>)> {
    let mut places: BTreeMap<&str, usize> =
        old.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let mut partners: Vec<Option<usize>> =
        new.iter().map(|name| places.remove(name.as_str())).collect();
    // Remaining elements may have followed the new name of the object that they refer to.
    for (name, place) in places {
        let partner = renamed(name).and_then(|name| new.iter().position(|other| *other == name));
        if let Some(partner) = partner.filter(|&partner| partners[partner].is_none()) {
            partners[partner] = Some(place);
        }
    }
    interleave(old.len(), &partners)
}

/// Places the elements that only the first list has before those that they preceded there.
fn interleave(old: usize, partners: &[Option<usize>]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut is_paired = vec![false; old];
    for &place in partners.iter().flatten() {
        is_paired[place] = true;
    }
    let (mut pairs, mut next) = (Vec::with_capacity(partners.len()), 0);
    for (after, &before) in partners.iter().enumerate() {
        if let Some(before) = before {
            let gone = (next..before).filter(|&place| !is_paired[place]);
            pairs.extend(gone.map(|place| (Some(place), None)));
            next = next.max(before);
        }
        pairs.push((before, Some(after)));
    }
    pairs.extend((next..old).filter(|&place| !is_paired[place]).map(|place| (Some(place), None)));
    pairs
}

/// Pairs equal elements, in order; between them, as many unequal ones as possible.
fn in_common(before: &[Node], after: &[Node]) -> Vec<(Option<usize>, Option<usize>)> {
    let start = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let [old, new] = [before, after].map(|items| &items[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let [old_end, new_end] = [before, after].map(|items| items.len() - end);
    let middle = in_common_between(&before[start..old_end], &after[start..new_end]);
    let after_start = |place: Option<usize>| place.map(|place| start + place);
    let mut pairs: Vec<_> = (0..start).map(|place| (Some(place), Some(place))).collect();
    pairs.extend(middle.iter().map(|(old, new)| (after_start(*old), after_start(*new))));
    pairs.extend((0..end).map(|place| (Some(old_end + place), Some(new_end + place))));
    pairs
}

/// As [`in_common`], for lists whose first and last elements differ.
fn in_common_between(before: &[Node], after: &[Node]) -> Vec<(Option<usize>, Option<usize>)> {
    if let ([_], [_]) = (before, after) {
        return vec![(Some(0), Some(0))];
    }
    let [old, new] = [before, after].map(|items| items.iter().map(text_of).collect::<Vec<_>>());
    // The result may depend on the order of the two lists: sorting them makes it symmetric.
    let is_swapped = old > new;
    let (first, second) = if is_swapped { (&new, &old) } else { (&old, &new) };
    let mut pairs = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, first, second) {
        let (_, left, right) = operation.as_tag_tuple();
        if matches!(operation, DiffOp::Equal { .. }) {
            pairs.extend(left.zip(right).map(|(left, right)| (Some(left), Some(right))));
            continue;
        }
        let (old, new) = if is_swapped { (right, left) } else { (left, right) };
        let may_be_same = old.len() == new.len()
            || old.clone().all(|place| before[place].kind() != Kind::Scalar)
                && new.clone().all(|place| after[place].kind() != Kind::Scalar);
        let shared = if may_be_same { old.len().min(new.len()) } else { 0 };
        let changed = old.clone().zip(new.clone()).take(shared);
        let swap = |(old, new): (Option<usize>, Option<usize>)| {
            if is_swapped { (new, old) } else { (old, new) }
        };
        pairs.extend(changed.map(|(old, new)| swap((Some(old), Some(new)))));
        pairs.extend(old.skip(shared).map(|old| swap((Some(old), None))));
        pairs.extend(new.skip(shared).map(|new| swap((None, Some(new)))));
    }
    if is_swapped {
        pairs.iter_mut().for_each(|(old, new)| std::mem::swap(old, new));
    }
    pairs
}
