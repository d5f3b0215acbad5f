//! Chains: the states of one field during a build.

use std::collections::BTreeSet;

use super::names::name_of;
use super::{History, Segment};
use crate::yaml::{Kind, Node, Scalar, Style, Text, resolve};

/// The states of one field during a build, oldest first. Neighbours differ; the first state has a value.
#[derive(Clone, Debug, Default)]
pub struct Chain<'t> {
    states: Vec<State<'t>>,
}

/// The state of a field after a step.
#[derive(Clone, Copy, Debug)]
pub struct State<'t> {
    /// The index of the step.
    pub step: usize,
    /// The value; `None` if the field was removed.
    pub node: Option<&'t Node>,
}

impl<'t> Chain<'t> {
    /// The states of a whole object.
    #[must_use]
    pub fn of(history: &'t History) -> Self {
        let states = history.versions.iter().map(|version| (version.step, Some(&version.node)));
        states.chain(history.gone.map(|step| (step, None))).collect()
    }

    /// The states, oldest first.
    #[must_use]
    pub fn states(&self) -> &[State<'t>] {
        &self.states
    }

    /// The last value; `None` if the field was removed, or never set.
    #[must_use]
    pub fn value(&self) -> Option<&'t Node> {
        self.states.last().and_then(|state| state.node)
    }

    /// The last state in which the field had a value.
    #[must_use]
    pub fn last_value(&self) -> Option<&'t Node> {
        self.states.iter().rev().find_map(|state| state.node)
    }

    /// The states of the value of a key below. Linear in the number of states, with a look-up of the key in each.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.map(|node| node.get(key))
    }

    fn map(&self, below: impl Fn(&'t Node) -> Option<&'t Node>) -> Self {
        self.states.iter().map(|state| (state.step, state.node.and_then(&below))).collect()
    }

    /// The states of the element at an index of the last list. Its predecessors are those in the same place, with the
    /// same name, or with the same text.
    #[must_use]
    pub fn element(&self, index: usize) -> Self {
        let mut newer: Option<(&'t Node, usize)> = None;
        // True once a list has no such element: those in the same place in older lists are others.
        let mut is_new = false;
        let mut states = Vec::with_capacity(self.states.len());
        for state in self.states.iter().rev() {
            let list = state.node.filter(|node| node.kind() == Kind::Sequence);
            let place = match (list, newer) {
                (Some(_), None) => Some(index),
                (Some(list), Some((newer, index))) => predecessor(newer, index, list, is_new),
                (None, _) => None,
            };
            match (list, place) {
                (Some(list), Some(place)) => (newer, is_new) = (Some((list, place)), false),
                _ => is_new |= newer.is_some(),
            }
            states.push((state.step, list.zip(place).and_then(|(list, at)| list.items().get(at))));
        }
        states.into_iter().rev().collect()
    }

    /// The children of the last value, in its order.
    #[must_use]
    pub fn children(&self) -> Vec<(Segment, Self)> {
        let Some(node) = self.value() else { return Vec::new() };
        match node.kind() {
            Kind::Scalar => Vec::new(),
            Kind::Mapping => {
                let entries = node.entries().iter().enumerate();
                let child = |(place, (key, _)): (usize, &'t (Scalar, Node))| {
                    let chain = self.map(|node| get_near(node, key.text(), place));
                    (Segment::Key(key.shared_text().clone()), chain)
                };
                entries.map(child).collect()
            }
            Kind::Sequence => {
                let segments = Segment::of_elements(node).into_iter().enumerate();
                segments.map(|(index, segment)| (segment, self.element(index))).collect()
            }
        }
    }

    /// The keys and elements below that were removed, with their states. Elements are known by their names or texts.
    #[must_use]
    pub fn removed(&self) -> Vec<(Segment, Self)> {
        let (mut keys, mut removed): (Vec<Text>, Vec<_>) = (Vec::new(), Vec::new());
        let last = self.value();
        for node in self.states.iter().filter_map(|state| state.node) {
            for (key, _) in node.entries() {
                let stays = last.is_some_and(|last| last.get(key.text()).is_some());
                if !stays && !keys.contains(key.shared_text()) {
                    keys.push(key.shared_text().clone());
                }
            }
        }
        removed.extend(keys.into_iter().map(|key| (Segment::Key(key.clone()), self.key(&key))));
        removed.extend(self.removed_elements());
        removed
    }

    /// The elements of lists that were removed, with their states.
    fn removed_elements(&self) -> Vec<(Segment, Self)> {
        let lists = |state: &State<'t>| state.node.filter(|node| node.kind() == Kind::Sequence);
        let names = |list: &'t Node| list.items().iter().filter_map(mark_of);
        let last = self.states.last().and_then(lists);
        let mut known: BTreeSet<_> = last.into_iter().flat_map(names).collect();
        let mut removed = Vec::new();
        for (place, state) in self.states.iter().enumerate().rev().skip(1) {
            let Some(list) = lists(state) else { continue };
            let lost: Vec<usize> = (0..list.items().len())
                .filter(|index| {
                    list.items()
                        .get(*index)
                        .and_then(mark_of)
                        .is_some_and(|mark| known.insert(mark))
                })
                .collect();
            if lost.is_empty() {
                continue;
            }
            let segments = Segment::of_elements(list);
            let until: Self =
                self.states[..=place].iter().map(|state| (state.step, state.node)).collect();
            let gone = self.states.get(place + 1).map(|state| (state.step, None));
            for index in lost {
                let Some(segment) = segments.get(index) else { continue };
                let older = until.element(index);
                let states = older.states.iter().map(|state| (state.step, state.node));
                removed.push((segment.clone(), states.chain(gone).collect()));
            }
        }
        removed.reverse();
        removed
    }
}

/// The field that names an element, and its text; of a scalar its text.
fn mark_of(element: &Node) -> Option<(&'static str, &str)> {
    match element.as_scalar() {
        Some(scalar) => Some(("", scalar.text())),
        None => name_of(element),
    }
}

/// The value of a key that is probably at a position.
fn get_near<'n>(node: &'n Node, key: &str, place: usize) -> Option<&'n Node> {
    match node.entries().get(place) {
        Some((known, value)) if known.text() == key => Some(value),
        _ => node.get(key),
    }
}

/// Collects the states of a field: those that differ from the one before.
impl<'t> FromIterator<(usize, Option<&'t Node>)> for Chain<'t> {
    fn from_iter<I: IntoIterator<Item = (usize, Option<&'t Node>)>>(states: I) -> Self {
        let mut chain = Self::default();
        for (step, node) in states {
            let is_known = match (chain.states.last().map(|state| state.node), node) {
                (None | Some(None), None) => true,
                (Some(Some(before)), Some(node)) => is_rewritten(before, node),
                _ => false,
            };
            if !is_known {
                chain.states.push(State { step, node });
            }
        }
        chain
    }
}

/// True if a step wrote a field again as it was: the JSON form that a JSON patch works on has other styles, and other spans
/// of collections. Costs a look at the parts that both do not share.
fn is_rewritten(before: &Node, now: &Node) -> bool {
    let mut pending = vec![(before, now)];
    while let Some((before, now)) = pending.pop() {
        if now.is_same(before) {
            continue;
        }
        let is_alike = match (before.as_scalar(), now.as_scalar()) {
            (Some(before), Some(now)) => before.span() == now.span() && has_value_of(before, now),
            (None, None) => {
                let keys = |node: &'_ Node| node.entries().len();
                let pairs = before.entries().iter().zip(now.entries());
                before.kind() == now.kind()
                    && before.items().len() == now.items().len()
                    && keys(before) == keys(now)
                    && pairs.clone().all(|((one, _), (two, _))| one.text() == two.text())
            }
            _ => false,
        };
        if !is_alike {
            return false;
        }
        pending.extend(before.children().zip(now.children()));
    }
    true
}

/// True if two scalars have the same value. The output of folded text has other line breaks than that of other text.
pub(super) fn has_value_of(one: &Scalar, other: &Scalar) -> bool {
    let is_folded = |scalar: &Scalar| scalar.style() == Style::Folded;
    one.text() == other.text()
        && is_folded(one) == is_folded(other)
        && matches!((resolve(one), resolve(other)), (Ok(one), Ok(other)) if one == other)
}

/// The maximum length of a list that is searched for an element.
const MOST_SEARCHED: usize = 1000;

/// The index in an older list of the element at an index of a newer one. With `is_new` only that of an element with the same
/// name or text, or of the same element.
fn predecessor(newer: &Node, index: usize, older: &Node, is_new: bool) -> Option<usize> {
    let (new, old) = (newer.items(), older.items());
    let item = new.get(index)?;
    let is_same = |place: usize| old.get(place).is_some_and(|old| old.is_same(item));
    if is_same(index) {
        return Some(index);
    }
    // In long lists only the neighbourhood is searched: the cost stays linear.
    let places = match old.len() <= MOST_SEARCHED {
        true => 0..old.len(),
        false => index.saturating_sub(1)..old.len().min(index.saturating_add(2)),
    };
    // A copy is the same as an element that stays where it is.
    let stays = |place: usize| {
        place != index
            && new.get(place).zip(old.get(place)).is_some_and(|(new, old)| is_rewritten(old, new))
    };
    if item.as_scalar().is_none()
        && let Some(place) = places.clone().find(|place| is_same(*place) && !stays(*place))
    {
        return Some(place);
    }
    let mark = mark_of(item);
    let is_copied = || new.iter().filter(|other| mark_of(other) == mark).nth(1).is_some();
    if is_new && is_copied() {
        return None;
    }
    let is_equal = |place: &usize| {
        mark.is_some() && old.get(*place).and_then(mark_of) == mark && !stays(*place)
    };
    if is_equal(&index) {
        return Some(index);
    }
    if let Some(place) = places.clone().find(is_equal) {
        return Some(place);
    }
    // Another value in the same place, unless that one has moved. An element with another name is another element.
    let before = old.get(index)?;
    let is_named = item.as_scalar().is_none() && (mark.is_some() || mark_of(before).is_some());
    let has_moved =
        || places.clone().any(|place| new.get(place).is_some_and(|new| new.is_same(before)));
    let is_here = !is_new && !is_named && new.len() == old.len() && before.kind() == item.kind();
    (is_here && !has_moved()).then_some(index)
}
